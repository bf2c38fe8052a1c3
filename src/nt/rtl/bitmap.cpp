// Bit maps. Their documentation asks for IRQL <= APC_LEVEL where the map is pageable only.
#include <algorithm>

#include "nt/ddi.h"
#include "nt/seh/unwindable.h"
#include "wdm.h"

// A driver's memory may fault here; nothing is held.
PORTICO_UNWINDABLE

namespace portico::nt::rtl {
namespace {

constexpr ULONG none = 0xFFFFFFFF;

bool test(const RTL_BITMAP& map, ULONG bit) {
    return (map.Buffer[bit / 32] >> (bit % 32) & 1) != 0;
}

void assign(const RTL_BITMAP& map, ULONG first, ULONG count, bool set) {
    for (ULONG bit = first; bit < first + count; ++bit) {
        const ULONG mask = 1u << (bit % 32);
        if (set)
            map.Buffer[bit / 32] |= mask;
        else
            map.Buffer[bit / 32] &= ~mask;
    }
}

void assign_all(const RTL_BITMAP& map, bool set) {
    for (ULONG word = 0; word < (map.SizeOfBitMap + 31) / 32; ++word) map.Buffer[word] = set ? none : 0;
}

// The length of the run of bits with that value from `first` on, no longer than `most`.
ULONG run_length(const RTL_BITMAP& map, ULONG first, bool set, ULONG most) {
    ULONG length = 0;
    while (length < most && first + length < map.SizeOfBitMap && test(map, first + length) == set) ++length;
    return length;
}

// The first run of `count` such bits that begins in [from, to).
ULONG find(const RTL_BITMAP& map, bool set, ULONG count, ULONG from, ULONG to) {
    for (ULONG bit = from; bit < to;) {
        const ULONG length = run_length(map, bit, set, count);
        if (length == count) return bit;
        bit += length + 1;
    }
    return none;
}

// From the hint to the end, then from the beginning. A hint outside the map is none.
ULONG find_near(const RTL_BITMAP& map, bool set, ULONG count, ULONG hint) {
    if (hint >= map.SizeOfBitMap) hint = 0;
    if (count == 0) return hint;
    if (count > map.SizeOfBitMap) return none;
    const ULONG found = find(map, set, count, hint, map.SizeOfBitMap);
    return found != none ? found : find(map, set, count, 0, hint);
}

ULONG count(const RTL_BITMAP& map, bool set) {
    ULONG bits = 0;
    for (ULONG bit = 0; bit < map.SizeOfBitMap; ++bit) bits += test(map, bit) == set ? 1 : 0;
    return bits;
}

bool are(const RTL_BITMAP& map, ULONG first, ULONG length, bool set) {
    const bool inside = length != 0 && first < map.SizeOfBitMap && length <= map.SizeOfBitMap - first;
    return inside && run_length(map, first, set, length) == length;
}

// The first run of clear bits from `from` on: its length, 0 for none; then *start is the map's size.
ULONG next_clear(const RTL_BITMAP& map, ULONG from, ULONG* start) {
    const ULONG size = map.SizeOfBitMap;
    *start = from >= size ? from : std::min(size, from + run_length(map, from, true, size));
    return *start >= size ? 0 : run_length(map, *start, false, size);
}

ULONG longest_clear(const RTL_BITMAP& map, ULONG* start) {
    ULONG longest = 0;
    *start = 0;
    ULONG begin = 0;
    for (ULONG from = 0; const ULONG length = next_clear(map, from, &begin); from = begin + length) {
        if (length <= longest) continue;
        longest = length;
        *start = begin;
    }
    return longest;
}

}  // namespace
}  // namespace portico::nt::rtl

using namespace portico::nt;

extern "C" {

VOID NTAPI RtlInitializeBitMap(PRTL_BITMAP BitMapHeader, PULONG BitMapBuffer, ULONG SizeOfBitMap) {
    DDI(RtlInitializeBitMap, HIGH_LEVEL);
    *BitMapHeader = {SizeOfBitMap, BitMapBuffer};
}

VOID NTAPI RtlClearBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber) {
    DDI(RtlClearBit, HIGH_LEVEL);
    rtl::assign(*BitMapHeader, BitNumber, 1, false);
}

VOID NTAPI RtlSetBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber) {
    DDI(RtlSetBit, HIGH_LEVEL);
    rtl::assign(*BitMapHeader, BitNumber, 1, true);
}

BOOLEAN NTAPI RtlTestBit(PRTL_BITMAP BitMapHeader, ULONG BitNumber) {
    DDI(RtlTestBit, HIGH_LEVEL);
    return rtl::test(*BitMapHeader, BitNumber);
}

VOID NTAPI RtlClearAllBits(PRTL_BITMAP BitMapHeader) {
    DDI(RtlClearAllBits, HIGH_LEVEL);
    rtl::assign_all(*BitMapHeader, false);
}

VOID NTAPI RtlSetAllBits(PRTL_BITMAP BitMapHeader) {
    DDI(RtlSetAllBits, HIGH_LEVEL);
    rtl::assign_all(*BitMapHeader, true);
}

ULONG NTAPI RtlFindClearBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex) {
    DDI(RtlFindClearBits, HIGH_LEVEL);
    return rtl::find_near(*BitMapHeader, false, NumberToFind, HintIndex);
}

ULONG NTAPI RtlFindSetBits(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex) {
    DDI(RtlFindSetBits, HIGH_LEVEL);
    return rtl::find_near(*BitMapHeader, true, NumberToFind, HintIndex);
}

ULONG NTAPI RtlFindClearBitsAndSet(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex) {
    DDI(RtlFindClearBitsAndSet, HIGH_LEVEL);
    const ULONG found = rtl::find_near(*BitMapHeader, false, NumberToFind, HintIndex);
    if (found != rtl::none) rtl::assign(*BitMapHeader, found, NumberToFind, true);
    return found;
}

ULONG NTAPI RtlFindSetBitsAndClear(PRTL_BITMAP BitMapHeader, ULONG NumberToFind, ULONG HintIndex) {
    DDI(RtlFindSetBitsAndClear, HIGH_LEVEL);
    const ULONG found = rtl::find_near(*BitMapHeader, true, NumberToFind, HintIndex);
    if (found != rtl::none) rtl::assign(*BitMapHeader, found, NumberToFind, false);
    return found;
}

VOID NTAPI RtlClearBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToClear) {
    DDI(RtlClearBits, HIGH_LEVEL);
    rtl::assign(*BitMapHeader, StartingIndex, NumberToClear, false);
}

VOID NTAPI RtlSetBits(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG NumberToSet) {
    DDI(RtlSetBits, HIGH_LEVEL);
    rtl::assign(*BitMapHeader, StartingIndex, NumberToSet, true);
}

ULONG NTAPI RtlNumberOfClearBits(PRTL_BITMAP BitMapHeader) {
    DDI(RtlNumberOfClearBits, HIGH_LEVEL);
    return rtl::count(*BitMapHeader, false);
}

ULONG NTAPI RtlNumberOfSetBits(PRTL_BITMAP BitMapHeader) {
    DDI(RtlNumberOfSetBits, HIGH_LEVEL);
    return rtl::count(*BitMapHeader, true);
}

BOOLEAN NTAPI RtlAreBitsClear(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length) {
    DDI(RtlAreBitsClear, HIGH_LEVEL);
    return rtl::are(*BitMapHeader, StartingIndex, Length, false);
}

BOOLEAN NTAPI RtlAreBitsSet(PRTL_BITMAP BitMapHeader, ULONG StartingIndex, ULONG Length) {
    DDI(RtlAreBitsSet, HIGH_LEVEL);
    return rtl::are(*BitMapHeader, StartingIndex, Length, true);
}

ULONG NTAPI RtlFindNextForwardRunClear(PRTL_BITMAP BitMapHeader, ULONG FromIndex, PULONG StartingRunIndex) {
    DDI(RtlFindNextForwardRunClear, HIGH_LEVEL);
    return rtl::next_clear(*BitMapHeader, FromIndex, StartingRunIndex);
}

ULONG NTAPI RtlFindFirstRunClear(PRTL_BITMAP BitMapHeader, PULONG StartingIndex) {
    DDI(RtlFindFirstRunClear, HIGH_LEVEL);
    return rtl::next_clear(*BitMapHeader, 0, StartingIndex);
}

ULONG NTAPI RtlFindLongestRunClear(PRTL_BITMAP BitMapHeader, PULONG StartingIndex) {
    DDI(RtlFindLongestRunClear, HIGH_LEVEL);
    return rtl::longest_clear(*BitMapHeader, StartingIndex);
}

// -1 when no bit is set.
CCHAR NTAPI RtlFindLeastSignificantBit(ULONGLONG Set) {
    DDI(RtlFindLeastSignificantBit, HIGH_LEVEL);
    return static_cast<CCHAR>(Set == 0 ? -1 : __builtin_ctzll(Set));
}

CCHAR NTAPI RtlFindMostSignificantBit(ULONGLONG Set) {
    DDI(RtlFindMostSignificantBit, HIGH_LEVEL);
    return static_cast<CCHAR>(Set == 0 ? -1 : 63 - __builtin_clzll(Set));
}

}  // extern "C"
