// Device registers that MmMapIoSpace mapped, touched by a driver's own instructions: what READ_REGISTER_ULONG
// is on x64.
#pragma once

#include <sys/ucontext.h>

#include <cstddef>
#include <cstdint>

#include "nt/mm/mm.h"

namespace portico::nt::hal {

// From a signal handler: the driver's instruction at rip has touched `address`, a mapped register. True: when
// the handler returns, each access is made once, on the bus, in its width, and the machine goes on behind the
// instruction with registers and flags as it leaves them. False: this instruction cannot be done.
bool begin_register_access(gregset_t& registers, std::uint64_t address);

bool move_on_bus(void* to, const void* from, std::size_t size);
bool fill_on_bus(void* to, std::uint8_t value, std::size_t size);

// What memmove and memset do with mapped registers, from lower addresses to higher ones: four bytes at a
// time, then the rest. False: there are none, or not all of it is mapped, and nothing was done. Any IRQL.
inline bool move_registers(void* to, const void* from, std::size_t size) {
    if (mm::in_io_range(to) || mm::in_io_range(from)) [[unlikely]]
        return move_on_bus(to, from, size);
    return false;
}
inline bool fill_registers(void* to, std::uint8_t value, std::size_t size) {
    if (mm::in_io_range(to)) [[unlikely]]
        return fill_on_bus(to, value, size);
    return false;
}

}  // namespace portico::nt::hal
