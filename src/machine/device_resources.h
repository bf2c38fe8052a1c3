// What a device model takes of the machine, and its place on the bus.
#pragma once

#include <vector>

#include "hardware/device.h"
#include "nt/io/pnp.h"
#include "portico/portico.h"

namespace portico::machine {

// As Plug and Play tells the driver.
std::vector<Resource> resources_of(hardware::Device& model);
nt::io::Resource to_nt(const Resource& resource);
// Puts the device on the bus, at its interrupt line.
Result<void> power_on(hardware::Device& model, Nanoseconds now_ns);

}  // namespace portico::machine
