// Links of the kernel's lists that lie in a driver's memory, where the driver may overwrite them: looked at
// before they are followed.
#pragma once

#include "sim/address_map.h"
#include "wdm.h"

namespace portico::nt::ke {

// Whether memory of the kernel may lie there: in the machine, or among what Portico itself has: its data, and
// the host's heap and stack, where programs that embed it keep objects.
bool is_own_memory(ULONG_PTR address);
inline bool is_kernel_memory(ULONG_PTR address) {
    return sim::in_machine(address) || is_own_memory(address);
}

// What an overwritten link holds: null, freed memory's pattern, data.
inline bool plausible(const LIST_ENTRY* link) {
    const auto address = reinterpret_cast<ULONG_PTR>(link);
    return address % sizeof(void*) == 0 && is_kernel_memory(address);
}

inline bool intact(const LIST_ENTRY& entry) {
    return plausible(entry.Flink) && plausible(entry.Blink) && entry.Flink->Blink == &entry &&
           entry.Blink->Flink == &entry;
}

// A list that goes through `object` is corrupt: KERNEL_SECURITY_CHECK_FAILURE, as Windows finds it.
void tell_corrupt(const void* object, const char* text);

// Makes the list empty when its head was overwritten. False: it was.
bool check_head(LIST_ENTRY& head, const void* object, const char* text);

// Takes `entry` out of its list; leaves it when its links were overwritten.
void unlink(LIST_ENTRY& entry, const void* object, const char* text);

}  // namespace portico::nt::ke
