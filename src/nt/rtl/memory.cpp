// Blocks of memory, byte order, random numbers.
#include "nt/ddi.h"
#include "nt/seh/unwindable.h"
#include "wdm.h"

// A driver's memory may fault here; nothing is held.
PORTICO_UNWINDABLE

namespace portico::nt::rtl {
namespace {

// The linear congruential generator that RtlUniform's documentation gives: below 2^31 - 1.
ULONG next_random(ULONG& seed) {
    seed = static_cast<ULONG>((0x7FFFFFEDull * seed + 0x7FFFFFC3ull) % 0x7FFFFFFF);
    return seed;
}

}  // namespace
}  // namespace portico::nt::rtl

using namespace portico::nt;

extern "C" {

// The number of bytes that are equal up to the first difference.
SIZE_T NTAPI RtlCompareMemory(const VOID* Source1, const VOID* Source2, SIZE_T Length) {
    DDI(RtlCompareMemory, HIGH_LEVEL);
    const auto* const a = static_cast<const unsigned char*>(Source1);
    const auto* const b = static_cast<const unsigned char*>(Source2);
    SIZE_T i = 0;
    while (i < Length && a[i] == b[i]) ++i;
    return i;
}

// In bytes; what is left over of Length behind the last whole ULONG does not count.
SIZE_T NTAPI RtlCompareMemoryUlong(PVOID Source, SIZE_T Length, ULONG Pattern) {
    DDI(RtlCompareMemoryUlong, HIGH_LEVEL);
    const auto* const bytes = static_cast<const unsigned char*>(Source);  // aligned or not
    SIZE_T same = 0;
    for (ULONG word; Length - same >= sizeof word; same += sizeof word) {
        __builtin_memcpy(&word, bytes + same, sizeof word);
        if (word != Pattern) break;
    }
    return same;
}

VOID NTAPI RtlPrefetchMemoryNonTemporal(PVOID, SIZE_T) {
    DDI(RtlPrefetchMemoryNonTemporal, HIGH_LEVEL);
}

PVOID NTAPI RtlSecureZeroMemory(PVOID Ptr, SIZE_T Count) {
    DDI(RtlSecureZeroMemory, HIGH_LEVEL);
    return __builtin_memset(Ptr, 0, Count);
}

USHORT NTAPI RtlUshortByteSwap(USHORT Source) {
    DDI(RtlUshortByteSwap, HIGH_LEVEL);
    return __builtin_bswap16(Source);
}

ULONG NTAPI RtlUlongByteSwap(ULONG Source) {
    DDI(RtlUlongByteSwap, HIGH_LEVEL);
    return __builtin_bswap32(Source);
}

ULONGLONG NTAPI RtlUlonglongByteSwap(ULONGLONG Source) {
    DDI(RtlUlonglongByteSwap, HIGH_LEVEL);
    return __builtin_bswap64(Source);
}

ULONG NTAPI RtlRandom(PULONG Seed) {
    DDI(RtlRandom, APC_LEVEL);
    return rtl::next_random(*Seed);
}

ULONG NTAPI RtlRandomEx(PULONG Seed) {
    DDI(RtlRandomEx, APC_LEVEL);
    return rtl::next_random(*Seed);
}

}  // extern "C"
