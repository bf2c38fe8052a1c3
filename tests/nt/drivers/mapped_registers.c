/* Device registers touched by instructions: each form that compilers make of a volatile pointer, and those of
 * string instructions. The device is 64 bytes of memory that begins as 80 81 82 ...; the test reads what came
 * over the bus. */
#include "mapped_registers.h"

#define REGISTERS 0xE0000000u
#define BYTES 4096

static volatile UCHAR* base;
static MappedTest* test;
static const RtlChecks* checks;
static volatile SIZE_T g_seven = 7, g_six = 6, g_forty = 40;

static void Loads(void) {
    ULONG64 value = ~0ull, other;
    UCHAR flag;
    __asm__ __volatile__("movb (%1), %b0" : "+q"(value) : "r"(base));
    CHECK(value == 0xffffffffffffff80);
    __asm__ __volatile__("movw 2(%1), %w0" : "+r"(value) : "r"(base));
    CHECK(value == 0xffffffffffff8382);
    __asm__ __volatile__("movl 4(%1), %k0" : "+r"(value) : "r"(base));
    CHECK(value == 0x87868584);
    __asm__ __volatile__("movq 8(%1), %0" : "=r"(value) : "r"(base));
    CHECK(value == 0x8f8e8d8c8b8a8988);
    __asm__ __volatile__("movb (%1), %%ah" : "=a"(value) : "D"(base), "a"(0x1122334455667788));
    CHECK(value == 0x1122334455668088);
    __asm__ __volatile__("movzbl 1(%1), %k0" : "=r"(value) : "r"(base));
    CHECK(value == 0x81);
    __asm__ __volatile__("movsbq 1(%1), %0" : "=r"(value) : "r"(base));
    CHECK(value == 0xffffffffffffff81);
    __asm__ __volatile__("movzwl (%1,%2,4), %k0" : "=r"(value) : "r"(base), "r"((ULONG64)3));
    CHECK(value == 0x8d8c);
    __asm__ __volatile__("movslq -4(%1,%2), %0" : "=r"(value) : "r"(base), "r"((ULONG64)4));
    CHECK(value == 0xffffffff83828180);
    __asm__ __volatile__("cmpl $0x83828180, (%1)\n\tsete %0" : "=q"(flag) : "r"(base) : "cc");
    CHECK(flag == 1);
    __asm__ __volatile__("testb $1, 1(%1)\n\tsetnz %0" : "=q"(flag) : "r"(base) : "cc");
    CHECK(flag == 1);
    value = 0x80000000;
    __asm__ __volatile__("addl (%2), %k0\n\tsetc %1" : "+r"(value), "=q"(flag) : "r"(base) : "cc");
    CHECK(value == 0x03828180 && flag == 1);
    __asm__ __volatile__("stc\n\tadcb (%1), %b0" : "=a"(value) : "r"(base), "a"(0) : "cc");
    CHECK(value == 0x81);
    __asm__ __volatile__("xorl %k0, %k0\n\tcmovzl 4(%1), %k0" : "=&r"(value) : "r"(base) : "cc");
    CHECK(value == 0x87868584);
    __asm__ __volatile__("imull $2, (%1), %k0" : "=r"(value) : "r"(base) : "cc");
    CHECK(value == 0x07050300);
    __asm__ __volatile__("btl $1, 1(%1)\n\tsetc %0" : "=q"(flag) : "r"(base) : "cc");
    CHECK(flag == 0);
    __asm__ __volatile__("btl %k2, (%1)\n\tsetc %0" : "=q"(flag) : "r"(base), "r"((ULONG64)42) : "cc");
    CHECK(flag == 1);
    __asm__ __volatile__("divb (%1)" : "=a"(value) : "r"(base), "a"(0x101) : "cc");
    CHECK(value == 0x0102);
    other = 0x1234;
    __asm__ __volatile__("movq %%rax, %%r12\n\tmovq %1, %%r13\n\torq (%%r13), %%r12\n\tmovq %%r12, %0"
                         : "=r"(value)
                         : "r"(base), "a"(other)
                         : "r12", "r13", "cc");
    CHECK(value == (0x8786858483828180 | 0x1234));
}

static void Vectors(void) {
    ULONG64 pair[2];
    float single;
    __asm__ __volatile__("movups (%0), %%xmm9\n\tmovups %%xmm9, (%1)"
                         :
                         : "r"(base), "r"(pair)
                         : "xmm9", "memory");
    CHECK(pair[0] == 0x8786858483828180 && pair[1] == 0x8f8e8d8c8b8a8988);
    __asm__ __volatile__("movdqa 16(%0), %%xmm1\n\tmovdqa %%xmm1, 32(%0)" : : "r"(base) : "xmm1", "memory");
    __asm__ __volatile__("movq 8(%0), %%xmm2\n\tmovups %%xmm2, (%1)"
                         :
                         : "r"(base), "r"(pair)
                         : "xmm2", "memory");
    CHECK(pair[0] == 0x8f8e8d8c8b8a8988 && pair[1] == 0);
    __asm__ __volatile__(
        "movl $0x3f800000, (%0)\n\tmovss (%0), %%xmm3\n\taddss (%0), %%xmm3\n\tmovss %%xmm3, (%1)"
        :
        : "r"(base), "r"(&single)
        : "xmm3", "memory");
    CHECK(*(ULONG*)&single == 0x40000000);
    __asm__ __volatile__("movd %1, %%xmm4\n\tmovd %%xmm4, 4(%0)"
                         :
                         : "r"(base), "r"(0x55667788)
                         : "xmm4", "memory");
    __asm__ __volatile__("fildl 4(%0)\n\tfistpl 8(%0)" : : "r"(base) : "st", "memory");
}

static void Stores(void) {
    __asm__ __volatile__("movb %b1, (%0)" : : "r"(base), "q"(0x1234) : "memory");
    __asm__ __volatile__("movb %%ah, 1(%0)" : : "D"(base), "a"(0x1234) : "memory");
    __asm__ __volatile__("movw %w1, 2(%0)" : : "r"(base), "r"(0x5678) : "memory");
    __asm__ __volatile__("movl %k1, 4(%0)" : : "r"(base), "r"(0x9abcdef0) : "memory");
    __asm__ __volatile__("movq %1, 8(%0)" : : "r"(base), "r"(0x1122334455667788) : "memory");
    __asm__ __volatile__("movb $1, (%0)\n\tmovw $2, (%0)\n\tmovl $3, (%0)\n\tmovq $-2, (%0)"
                         :
                         : "r"(base)
                         : "memory");
    __asm__ __volatile__("stc\n\tsetc (%0)" : : "r"(base) : "memory", "cc");
    __asm__ __volatile__("movnti %k1, 4(%0)" : : "r"(base), "r"(77) : "memory");
    CHECK(*(volatile ULONG64*)base == 0x0000004dffffff01);
}

static void Changes(void) {
    volatile ULONG* const longs = (volatile ULONG*)base;
    ULONG64 value;
    UCHAR carry, zero;
    longs[0] = 0x10;
    __asm__ __volatile__("orl $4, (%0)" : : "r"(base) : "memory", "cc");
    __asm__ __volatile__("andb $0x10, (%0)" : : "r"(base) : "memory", "cc");
    __asm__ __volatile__("xorl %k1, (%0)" : : "r"(base), "r"(0xff) : "memory", "cc");
    __asm__ __volatile__("addl %k3, (%2)\n\tsetc %0\n\tsetz %1"
                         : "=&q"(carry), "=&q"(zero)
                         : "r"(base), "r"(0xffffff11)
                         : "memory", "cc");
    CHECK(carry == 1 && zero == 1);
    __asm__ __volatile__("incl (%0)\n\tnegl (%0)\n\tnotl (%0)\n\tshll $3, (%0)"
                         :
                         : "r"(base)
                         : "memory", "cc");
    value = 5;
    __asm__ __volatile__("xchgl %k0, (%1)" : "+r"(value) : "r"(base) : "memory");
    CHECK(value == 0);
    value = 5;
    __asm__ __volatile__("lock xaddl %k0, (%1)" : "+r"(value) : "r"(base) : "memory", "cc");
    CHECK(value == 5);
    __asm__ __volatile__("lock cmpxchgl %k3, (%2)\n\tsetz %0"
                         : "=q"(zero), "=a"(value)
                         : "r"(base), "r"(9), "a"(10)
                         : "memory", "cc");
    CHECK(zero == 1 && value == 10);
    __asm__ __volatile__("cmpxchgl %k3, (%2)\n\tsetz %0"
                         : "=q"(zero), "=a"(value)
                         : "r"(base), "r"(11), "a"(5)
                         : "memory", "cc");
    CHECK(zero == 0 && value == 9);
    __asm__ __volatile__("btsl $1, (%1)\n\tsetc %0" : "=q"(carry) : "r"(base) : "memory", "cc");
    CHECK(carry == 0);
    __asm__ __volatile__("btrl %k2, (%1)\n\tsetc %0"
                         : "=q"(carry)
                         : "r"(base + 8), "r"(-64 + 3)
                         : "memory", "cc");
    CHECK(carry == 1);
    __asm__ __volatile__("lock btcq %2, (%1)\n\tsetc %0"
                         : "=q"(carry)
                         : "r"(base), "r"(64ull)
                         : "memory", "cc");
    CHECK(carry == 0);
}

/* Every other register, and every flag, is what it was. */
static void Kept(void) {
    static const ULONG64 pattern[2] = {0x0123456789abcdef, 0xfedcba9876543210};
    ULONG64 vector[2], sum, before, after;
    __asm__ __volatile__(
        "movups (%5), %%xmm3\n\tmovq $77, %%r11\n\tmovq $88, %%r8\n\tpushfq\n\tpopq %1\n\tmovl (%3), "
        "%%eax\n\t"
        "movl %%eax, (%3)\n\tpushfq\n\tpopq %2\n\tmovq %%r11, %0\n\taddq %%r8, %0\n\tmovups %%xmm3, (%4)"
        : "=&r"(sum), "=&r"(before), "=&r"(after)
        : "r"(base), "r"(vector), "r"(pattern)
        : "rax", "r8", "r11", "xmm3", "cc", "memory");
    CHECK(sum == 165 && before == after && vector[0] == pattern[0] && vector[1] == pattern[1]);
}

static void Strings(void) {
    ULONG longs[4] = {0};
    UCHAR bytes[4] = {1, 2, 3, 4};
    const volatile void* from = base;
    volatile void* to = longs;
    ULONG64 count = 3, value;
    __asm__ __volatile__("rep movsl" : "+S"(from), "+D"(to), "+c"(count) : : "memory");
    CHECK(count == 0 && from == base + 12 && to == longs + 3);
    CHECK(longs[0] == 0x83828180 && longs[2] == 0x8b8a8988 && longs[3] == 0);
    from = bytes;
    to = base;
    count = 3;
    __asm__ __volatile__("rep movsb" : "+S"(from), "+D"(to), "+c"(count) : : "memory");
    CHECK(count == 0 && from == bytes + 3 && to == base + 3);
    from = base;
    to = base + 16;
    __asm__ __volatile__("movsq" : "+S"(from), "+D"(to) : : "memory");
    CHECK(from == base + 8 && to == base + 24);
    to = base + 4;
    count = 2;
    __asm__ __volatile__("std\n\trep stosw\n\tcld" : "+D"(to), "+c"(count) : "a"(0xabcd) : "memory");
    CHECK(count == 0 && to == base);
    from = base + 2;
    __asm__ __volatile__("lodsb" : "+S"(from), "=a"(value) : "a"(0x1122334455667788));
    CHECK(from == base + 3 && value == 0x11223344556677cd);
    count = 0;
    __asm__ __volatile__("rep stosb" : "+D"(to), "+c"(count) : "a"(0) : "memory");
}

static void Functions(void) {
    UCHAR bytes[48];
    ULONG i;
    RtlZeroMemory(bytes, sizeof bytes);
    RtlCopyMemory(bytes, (const void*)base, g_seven);
    CHECK(bytes[0] == 0x80 && bytes[6] == 0x86 && bytes[7] == 0);
    RtlCopyMemory((void*)(base + 8), bytes, g_six);
    RtlFillMemory((void*)base, g_six, 0x5a);
    for (i = 0; i < 40; ++i) bytes[i] = (UCHAR)i;
    RtlMoveMemory((void*)base, bytes, g_forty);
    RtlZeroMemory(bytes, g_forty);
    RtlCopyMemory(bytes, (const void*)base, g_forty);
    CHECK(bytes[0] == 0 && bytes[17] == 17 && bytes[39] == 39);
}

/* What a driver in C does. */
typedef struct Card {
    ULONG Control;
    ULONG Status;
    USHORT Data[2];
    UCHAR Mode;
} Card;

static void InC(void) {
    volatile Card* const card = (volatile Card*)base;
    CHECK(card->Status == 0x87868584);
    card->Control = 1;
    card->Control |= 0x80;
    card->Control &= ~1u;
    card->Data[1] = 0x1234;
    card->Mode = (UCHAR)(card->Data[1] >> 8);
    while ((card->Status & 1) != 0) card->Status = 0;
    CHECK(card->Control == 0x80 && card->Mode == 0x12);
}

static DECLSPEC_NOINLINE ULONG64 ReadLong64(volatile ULONG64* place) {
    return *place;
}

static DECLSPEC_NOINLINE void SetBits(volatile ULONG64* place, ULONG64 bits) {
    __asm__ __volatile__("orq %1, (%0)" : : "r"(place), "r"(bits) : "memory", "cc");
}

static BOOLEAN NTAPI Service(PKINTERRUPT Interrupt, PVOID Context) {
    (void)Interrupt;
    (void)Context;
    if (!(*(volatile ULONG*)(base + 0x38) & 1)) return FALSE;
    CHECK(ReadLong64((volatile ULONG64*)(base + 8)) == 0x8f8e8d8c8b8a8988);
    SetBits((volatile ULONG64*)(base + 0x10), 1);
    *(volatile ULONG*)(base + 0x38) = 0;
    test->interrupts++;
    return TRUE;
}

/* A read of 0x30 asserts the line: the service routine runs the same instructions before the access is done.
 */
static void Interrupted(void) {
    int i;
    test->service = Service;
    test->connect();
    for (i = 0; i < 10; ++i) CHECK(ReadLong64((volatile ULONG64*)(base + 0x30)) == 0xb7b6b5b4b3b2b1b0);
    CHECK(test->interrupts == 10);
    for (i = 0; i < 10; ++i) SetBits((volatile ULONG64*)(base + 0x30), 2);
    CHECK(test->interrupts == 20);
    CHECK(*(volatile ULONG64*)(base + 0x10) == 0x9796959493929191);
}

static void Push(void) {
    __asm__ __volatile__("pushq (%0)\n\tpopq %%rax" : : "r"(base) : "rax", "memory");
}

static void Scan(void) {
    volatile void* to = base;
    __asm__ __volatile__("scasb" : "+D"(to) : "a"(0) : "cc");
}

static void Behind(void) {
    volatile void* to = base + BYTES - 2;
    ULONG64 count = 4;
    __asm__ __volatile__("rep stosb" : "+D"(to), "+c"(count) : "a"(7) : "memory");
}

static void Straddling(void) {
    *(volatile ULONG*)(base + BYTES - 2) = 1;
}

static void Divide(void) {
    ULONG value = 1;
    *(volatile ULONG*)base = 0;
    __asm__ __volatile__("divl (%1)" : "+a"(value) : "r"(base), "d"(0) : "cc");
}

static void Run(void) {
    void* unmapped;
    base[0] = 1;
    unmapped = (void*)base;
    MmUnmapIoSpace(unmapped, BYTES);
    base[0] = 2;
}

NTSTATUS NTAPI DriverEntry(MappedTest* Test, PVOID Unused) {
    static void (*const parts[])(void) = {Loads,   Vectors,   Stores,     Changes,     Kept,
                                          Strings, Functions, InC,        Interrupted, Push,
                                          Scan,    Behind,    Straddling, Divide,      Run};
    PHYSICAL_ADDRESS where;
    (void)Unused;
    where.QuadPart = REGISTERS;
    test = Test;
    checks = &Test->checks;
    base = (volatile UCHAR*)MmMapIoSpace(where, BYTES, MmNonCached);
    parts[Test->part]();
    MmUnmapIoSpace((void*)base, BYTES);
    return STATUS_SUCCESS;
}
