// The memory behind the address map. Reserved once per process; a Machine's reset reuses it in place.
#pragma once

#include "sim/address_map.h"

namespace portico::sim {

// Reserves every range but the images' (the loader maps those) at its fixed address. Idempotent.
// Ends the process with one line when the host has something else there: nothing could run then.
void reserve_arena();

// A file of `size` bytes in memory, for what is mapped more than once; -1 with errno when the host refuses.
int make_memory_file(const char* name, std::uint64_t size);

// Gives pages back to the host and leaves them zero; `range` must lie inside one arena range, page aligned.
void discard(AddressRange range);

}  // namespace portico::sim
