// The hardware abstraction layer: ports and registers of the simulated buses, interrupt vectors, bus
// configuration.
#pragma once

#include <cstdint>

namespace portico::nt::hal {

// Tells the bus where accesses to nothing are to be reported (FLD-025).
void reset();

// An instruction's own access of a device register that MmMapIoSpace mapped, without READ_REGISTER_xxx: what
// the decoder of a fault at such an address does. `width`: 1, 2, 4 or 8 bytes. False: no mapped register is
// there. Any IRQL.
bool read_mapped_register(const volatile void* address, unsigned width, std::uint64_t* value);
bool write_mapped_register(volatile void* address, unsigned width, std::uint64_t value);

}  // namespace portico::nt::hal
