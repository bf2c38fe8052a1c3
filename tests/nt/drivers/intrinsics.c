/* The compiler's intrinsics as a driver uses them; the machine has a device with a register at each port from
 * 0x300. */
#include "rtl_checks.h"

#include <conio.h>
#include <intrin.h>

static void CheckPorts(const RtlChecks* checks) {
    unsigned char bytes[3] = {0, 0, 0};
    __outbyte(0x300, 0x5A);
    CHECK(__inbyte(0x300) == 0x5A && _inp(0x300) == 0x5A && inp(0x300) == 0x5A);
    CHECK(outp(0x301, 0x1AB) == 0x1AB && READ_PORT_UCHAR((PUCHAR)0x301) == 0xAB);
    __outword(0x304, 0x1234);
    CHECK(__inword(0x304) == 0x1234 && _inpw(0x304) == 0x1234 && outpw(0x304, 0x4321) == 0x4321 &&
          inpw(0x304) == 0x4321);
    __outdword(0x308, 0x89ABCDEF);
    CHECK(__indword(0x308) == 0x89ABCDEF && inpd(0x308) == 0x89ABCDEF && outpd(0x308, 7) == 7);
    __inbytestring(0x300, bytes, 3);
    CHECK(bytes[0] == 0x5A && bytes[2] == 0x5A);
    CHECK(__inbyte(0x3F0) == 0xFF); /* nobody there */
}

static void CheckProcessor(const RtlChecks* checks) {
    unsigned __int64 before = __rdtsc();
    unsigned __int64 flags = __readeflags();
    unsigned int processor = 9;
    int registers[4];
    CHECK(__readcr8() == PASSIVE_LEVEL);
    __writecr8(DISPATCH_LEVEL);
    CHECK(KeGetCurrentIrql() == DISPATCH_LEVEL && __readcr8() == DISPATCH_LEVEL);
    __writecr8(PASSIVE_LEVEL);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL);
    _disable();
    CHECK((__readeflags() & 0x200) == 0 && (flags & 0x200) != 0);
    __writeeflags(flags);
    CHECK(__readeflags() == flags);
    KeStallExecutionProcessor(10);
    CHECK(__rdtsc() - before >= 10000 && __rdtsc() - before < 20000); /* 1 GHz */
    CHECK(__rdtscp(&processor) > before && processor == KeGetCurrentProcessorNumber());
    __cpuid(registers, 1);
    CHECK((registers[3] & (1 << 26)) != 0); /* SSE2 */
}

static void CheckBits(const RtlChecks* checks) {
    unsigned long index = 99;
    volatile unsigned long mask = 0x00300000;
    volatile LONG shared = 5;
    long word = 8;
    unsigned char bytes[4] = {1, 2, 3, 4};
    unsigned __int64 high;
    CHECK(_BitScanForward(&index, mask) && index == 20 && _BitScanReverse(&index, mask) && index == 21 &&
          !_BitScanForward(&index, 0));
    CHECK(_rotl(0x80000001, 1) == 3 && _rotr64(1, 1) == 0x8000000000000000ULL && __popcnt(mask) == 2 &&
          _byteswap_ulong(1) == 0x01000000);
    CHECK(_bittest(&word, 3) && _bittestandset(&word, 0) == 0 && word == 9 &&
          _bittestandreset(&word, 3) == 1 && word == 1);
    CHECK(_umul128(0x8000000000000000ULL, 4, &high) == 0 && high == 2 && __umulh(1ULL << 63, 2) == 1);
    CHECK(_InterlockedIncrement(&shared) == 6 && _InterlockedExchangeAdd(&shared, 4) == 6 &&
          _InterlockedCompareExchange(&shared, 1, 10) == 10);
    CHECK(_InterlockedOr(&shared, 6) == 1 && shared == 7 && _interlockedbittestandreset(&shared, 1) == 1 &&
          shared == 5);
    __stosb(bytes, 9, 2);
    CHECK(bytes[1] == 9 && bytes[2] == 3);
    __movsb(bytes, bytes + 2, 2);
    CHECK(bytes[0] == 3 && bytes[1] == 4);
    _ReadWriteBarrier();
    _mm_mfence();
    _mm_pause();
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
    const RtlChecks* checks = (const RtlChecks*)DriverObject;
    UNREFERENCED_PARAMETER(RegistryPath);
    CheckPorts(checks);
    CheckProcessor(checks);
    CheckBits(checks);
    return STATUS_SUCCESS;
}
