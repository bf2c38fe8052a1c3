// What Plug and Play says of a device with a PCI configuration space: all of it follows from that (FLD-005).
#pragma once

#include <array>
#include <string>

#include "hardware/device.h"
#include "nt/io/pnp.h"

namespace portico::machine {

// The texts that a description of the device refers to.
struct PciNames {
    std::u16string device_id;
    std::u16string instance;
    std::array<std::u16string, 8> hardware_ids;
    std::array<std::u16string, 8> compatible_ids;
};

// The device has power. `hardware_id`: one that the configuration names comes first.
void describe_pci(hardware::ConfigSpace& space, const std::string& hardware_id, PciNames& names,
                  nt::io::DeviceDescription& description);

}  // namespace portico::machine
