// The driver whose bug only some interleavings show.
#pragma once

#include "portico/portico.h"

namespace portico::test {

inline MachineConfig race(Schedule schedule, std::uint64_t seed) {
    MachineConfig config;
    config.devices = {virtual_device("card")};
    config.devices[0].hardware_id = "race";
    config.driver = RACE_IMAGE;
    config.schedule = schedule;
    config.seed = seed;
    config.print_findings = false;
    return config;
}

}  // namespace portico::test
