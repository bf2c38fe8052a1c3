// The hardware abstraction layer: ports and registers of the simulated buses, interrupt vectors, bus
// configuration.
#pragma once

namespace portico::nt::hal {

// Tells the bus where accesses to nothing are to be reported (FLD-025).
void reset();

}  // namespace portico::nt::hal
