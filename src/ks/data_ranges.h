// Data ranges: those of a pin's descriptor, those that a client sends along, and what both have in common
// (FF-001..FF-005, FF-020..FF-023).
#pragma once

#include "ks/property.h"

namespace portico::ks {

// Bytes of one range, and of one attribute (docs/limits.md).
constexpr ULONG data_range_limit = 4096;
constexpr ULONG attribute_limit = 4096;
// Attributes in one list (docs/limits.md).
constexpr ULONG attribute_count_limit = 64;

inline ULONG align_8(ULONG size) {
    return (size + 7) & ~ULONG{7};
}

// Can a range of a descriptor be what it says?
bool is_range(const KSDATARANGE& range);
bool is_attribute_list(const KSATTRIBUTE_LIST& list);

// A descriptor's ranges. One with KSDATARANGE_ATTRIBUTES is followed by the pointer to its KSATTRIBUTE_LIST
// (FF-023), which is no range of its own. visit(PKSDATARANGE, const KSATTRIBUTE_LIST*) returns true to stop.
template <class Visit>
bool walk_ranges(const PKSDATARANGE* ranges, ULONG count, Visit&& visit) {
    for (ULONG i = 0; i < count; ++i) {
        PKSDATARANGE const range = ranges[i];
        if (range == nullptr || !is_range(*range)) continue;
        const KSATTRIBUTE_LIST* attributes = nullptr;
        if ((range->Flags & KSDATARANGE_ATTRIBUTES) != 0 && i + 1 < count)
            attributes = reinterpret_cast<const KSATTRIBUTE_LIST*>(ranges[++i]);
        if (visit(range, attributes)) return true;
    }
    return false;
}

// KSMULTIPLE_ITEM, then each range on a multiple of 8, its attributes as a KSMULTIPLE_ITEM of KSATTRIBUTEs
// behind it (PR-002). Count counts both.
NTSTATUS answer_ranges(PropertyRequest& request, const PKSDATARANGE* ranges, ULONG count);

// The ranges of a client, behind a KSMULTIPLE_ITEM. Alone with its memory: a copy.
class ClientRanges {
  public:
    // STATUS_INVALID_BUFFER_SIZE when some size leads out of the buffer.
    NTSTATUS take(void* bytes, ULONG size);
    // Null: no more.
    PKSDATARANGE next();

  private:
    bool step(ULONG& at) const;

    char* bytes_ = nullptr;
    ULONG end_ = 0;   // bytes that are ranges
    ULONG left_ = 0;  // ranges that may still come
    ULONG at_ = 0;
};

// What the port's own handler makes of two ranges of music: the format that lies in both (FF-022, IM-025).
// False: none.
bool intersect_music(const KSDATARANGE& a, const KSDATARANGE& b, KSDATAFORMAT& format);

// Does a format lie in a range? Wildcards as PI-004 says.
bool range_holds(const KSDATARANGE& range, const KSDATAFORMAT& format);

}  // namespace portico::ks
