// Kernel objects in memory that is being freed: the kernel still has them on its lists.
#pragma once

#include <cstdint>

namespace portico::nt::ex {

// Tells about (0xC4) and takes off their lists: armed timers, queued DPCs and work items, lookaside lists,
// resources. IRQL <= DISPATCH_LEVEL.
void forget_objects_in(std::uint64_t address, std::uint64_t size);

}  // namespace portico::nt::ex
