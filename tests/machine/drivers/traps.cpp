// A driver that does by instructions what Microsoft's compiler and wdm.h make of intrinsics on x64: ports,
// cr8, interrupts, the control region, the shared page. DriverEntry fails with the number of the first check
// that does not hold.
#include <ntddk.h>

extern "C" DRIVER_INITIALIZE DriverEntry;

#define CHECK(number, condition) \
    if (!(condition)) return (NTSTATUS)(0xE0000000 | (number))

static const ULONG_PTR kShared = 0xFFFFF78000000000;

template <class T>
static T Shared(ULONG_PTR Offset) {
    return *(volatile T*)(kShared + Offset);
}

static ULONG64 Cr8() {
    ULONG64 value;
    __asm__ __volatile__("movq %%cr8, %0" : "=r"(value));
    return value;
}

static void SetCr8(ULONG64 Value) {
    __asm__ __volatile__("movq %0, %%cr8" : : "r"(Value));
}

static NTSTATUS CheckIrql() {
    CHECK(1, Cr8() == PASSIVE_LEVEL);
    SetCr8(DISPATCH_LEVEL);
    CHECK(2, KeGetCurrentIrql() == DISPATCH_LEVEL);
    unsigned char irql;
    __asm__ __volatile__("movb %%gs:0x50, %0" : "=r"(irql));
    CHECK(3, irql == DISPATCH_LEVEL);
    ULONG64 high;
    __asm__ __volatile__("movq %%cr8, %%r13\n\tmovq %%r13, %0" : "=r"(high) : : "r13");
    CHECK(4, high == DISPATCH_LEVEL);
    SetCr8(PASSIVE_LEVEL);
    CHECK(5, KeGetCurrentIrql() == PASSIVE_LEVEL);
    __asm__ __volatile__("cli\n\tsti");
    return STATUS_SUCCESS;
}

static NTSTATUS CheckControlRegion() {
    ULONG64 self, thread;
    unsigned number;
    unsigned char legacy;
    __asm__ __volatile__("movq %%gs:0x18, %0" : "=r"(self));
    __asm__ __volatile__("movq %%gs:0x188, %0" : "=r"(thread));
    __asm__ __volatile__("movl %%gs:0x1a4, %0" : "=r"(number));
    __asm__ __volatile__("movb %%gs:0x184, %0" : "=r"(legacy));
    CHECK(10, thread == (ULONG64)KeGetCurrentThread());
    CHECK(11, number == KeGetCurrentProcessorNumber() && legacy == number);
    CHECK(12, *(volatile UCHAR*)(self + 0x50) == PASSIVE_LEVEL);
    CHECK(13, *(volatile ULONG64*)(self + 0x20) == self + 0x180);
    return STATUS_SUCCESS;
}

static NTSTATUS CheckSharedPage() {
    CHECK(20, Shared<ULONG>(0x26c) == 10 && Shared<ULONG>(0x260) == 22000);
    CHECK(21, Shared<UCHAR>(0x268) == 1 && Shared<USHORT>(0x26a) == 9);
    LARGE_INTEGER now, tick;
    KeQuerySystemTime(&now);
    CHECK(22, Shared<LONG64>(0x14) / 10000000 == now.QuadPart / 10000000);
    KeQueryTickCount(&tick);
    CHECK(23, Shared<ULONG64>(0x320) == (ULONG64)tick.QuadPart);
    CHECK(24, Shared<WCHAR>(0x30) == L'C');
    // Forms that compilers choose: zero and sign extension, a comparison, a vector, an absolute address.
    ULONG64 extended;
    LONG64 negative;
    __asm__ __volatile__("movzwl 0x26a(%1), %k0" : "=r"(extended) : "r"(kShared));
    __asm__ __volatile__("movsbq 0x268(%1), %0" : "=r"(negative) : "r"(kShared));
    CHECK(25, extended == 9 && negative == 1);
    unsigned char equal;
    __asm__ __volatile__("cmpl $10, 0x26c(%1)\n\tsete %0" : "=r"(equal) : "r"(kShared) : "cc");
    CHECK(26, equal == 1);
    WCHAR text[8];
    __asm__ __volatile__("movups 0x30(%1), %%xmm7\n\tmovups %%xmm7, (%0)"
                         :
                         : "r"(text), "r"(kShared)
                         : "xmm7", "memory");
    CHECK(27, text[0] == L'C' && text[1] == L':' && text[3] == L'W');
    ULONG64 absolute;
    __asm__ __volatile__("movabsq 0xFFFFF78000000320, %%rax\n\tmovq %%rax, %0" : "=r"(absolute) : : "rax");
    CHECK(28, absolute >= (ULONG64)tick.QuadPart);
    ULONG64 sum = 5;
    __asm__ __volatile__("addq 0x300(%1,%2,4), %0" : "+r"(sum) : "r"(kShared - 8), "r"((ULONG64)2) : "cc");
    CHECK(29, sum == 10000005);
    return STATUS_SUCCESS;
}

// No device is at these ports: they read as all ones.
static NTSTATUS CheckPorts() {
    ULONG64 rax = 0x1122334455667788;
    USHORT port = 0x4f0;
    __asm__ __volatile__("inb %%dx, %%al" : "+a"(rax) : "d"(port));
    CHECK(40, rax == 0x11223344556677ff);
    __asm__ __volatile__("inw %%dx, %%ax" : "+a"(rax) : "d"(port));
    CHECK(41, rax == 0x112233445566ffff);
    __asm__ __volatile__("inl %%dx, %%eax" : "+a"(rax) : "d"(port));
    CHECK(42, rax == 0xffffffff);
    __asm__ __volatile__("inb $0x71, %%al" : "+a"(rax));
    __asm__ __volatile__("outb %%al, %%dx\n\toutw %%ax, %%dx\n\toutl %%eax, %%dx\n\toutb %%al, $0x70"
                         :
                         : "a"(rax), "d"(port));
    UCHAR bytes[8] = {0};
    ULONG64 count = 5;
    UCHAR* to = bytes;
    __asm__ __volatile__("rep insb" : "+D"(to), "+c"(count) : "d"(port) : "memory");
    CHECK(43, count == 0 && to == bytes + 5 && bytes[4] == 0xff && bytes[5] == 0);
    USHORT words[3] = {0};
    USHORT* last = words + 2;
    count = 2;
    __asm__ __volatile__("std\n\trep insw\n\tcld" : "+D"(last), "+c"(count) : "d"(port) : "memory");
    CHECK(44, words[0] == 0 && words[1] == 0xffff && words[2] == 0xffff && last == words);
    const UCHAR* from = bytes;
    count = 3;
    __asm__ __volatile__("rep outsb" : "+S"(from), "+c"(count) : "d"(port) : "memory");
    CHECK(45, count == 0 && from == bytes + 3);
    return STATUS_SUCCESS;
}

// Every register, vector registers and flags included, is what it was.
static NTSTATUS CheckRegisters() {
    static const ULONG64 pattern[2] = {0x0123456789abcdef, 0xfedcba9876543210};
    ULONG64 vector[2], r11 = 0;
    unsigned char carry = 0;
    __asm__ __volatile__(
        "movups (%4), %%xmm3\n\tmovq $77, %%r11\n\tstc\n\tinb %%dx, %%al\n\tsetc %1\n\tmovq %%r11, "
        "%0\n\tmovups %%xmm3, (%3)"
        : "=&r"(r11), "=&r"(carry)
        : "d"((USHORT)0x4f0), "r"(vector), "r"(pattern)
        : "rax", "r11", "xmm3", "cc", "memory");
    CHECK(60, r11 == 77 && carry == 1 && vector[0] == pattern[0] && vector[1] == pattern[1]);
    unsigned low, high;
    __asm__ __volatile__("rdmsr" : "=a"(low), "=d"(high) : "c"(0xC0000101));
    ULONG64 self;
    __asm__ __volatile__("movq %%gs:0x18, %0" : "=r"(self));
    CHECK(61, ((ULONG64)high << 32 | low) == self);
    __asm__ __volatile__("rdtsc" : "=a"(low), "=d"(high));
    return STATUS_SUCCESS;
}

#ifdef MISDEED_missing_variable
extern "C"
#ifdef PORTICO_SYS
    __declspec(dllimport)
#endif
        ULONG KeNoSuchVariable;
static volatile ULONG g_Read;
#endif

static void Misdeed() {
#ifdef MISDEED_fast_fail
    __asm__ __volatile__("int $0x29" : : "c"(3));
#endif
#ifdef MISDEED_illegal
    __asm__ __volatile__("ud2");
#endif
#ifdef MISDEED_privileged
    __asm__ __volatile__("wrmsr" : : "c"(0x10), "a"(0), "d"(0));
#endif
#ifdef MISDEED_missing_variable
    g_Read = KeNoSuchVariable;
#endif
#ifdef MISDEED_assertion
    __asm__ __volatile__("int $0x2c");
#endif
}

#pragma code_seg("INIT")
static int OnlyAtFirst(int Value) {
    return Value + 1;
}
#pragma code_seg()

static int (*volatile g_OnlyAtFirst)(int) = OnlyAtFirst;

static NTSTATUS NTAPI AddDevice(PDRIVER_OBJECT, PDEVICE_OBJECT) {
#ifdef MISDEED_late_init
    return g_OnlyAtFirst(0);
#else
    return STATUS_NO_SUCH_DEVICE;
#endif
}

static VOID NTAPI Unload(PDRIVER_OBJECT) {}

extern "C" NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING) {
    DriverObject->DriverExtension->AddDevice = AddDevice;
    DriverObject->DriverUnload = Unload;
    Misdeed();
    CHECK(70, g_OnlyAtFirst(1) == 2);
#ifdef MISDEED_late_init
    return STATUS_SUCCESS;  // a .so has no traps to look at
#else
    NTSTATUS status = CheckIrql();
    if (NT_SUCCESS(status)) status = CheckControlRegion();
    if (NT_SUCCESS(status)) status = CheckSharedPage();
    if (NT_SUCCESS(status)) status = CheckPorts();
    if (NT_SUCCESS(status)) status = CheckRegisters();
    return status;
#endif
}
