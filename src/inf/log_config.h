// LogConfig: the hardware resources that a device may have.
#pragma once

#include <cstdint>
#include <vector>

#include "inf/file.h"

namespace portico::inf {

// One of the places where a resource may be.
struct Range {
    std::uint64_t first = 0;       // port, address, IRQ or DMA channel
    std::uint64_t length = 1;      // ports or bytes
    std::uint64_t last_first = 0;  // the last place where it may begin, at multiples of `step`
    std::uint64_t step = 1;
};

struct ResourceChoice {
    enum class Kind : std::uint8_t { port, interrupt, memory, dma };
    Kind kind = Kind::port;
    bool level = false;         // interrupts: level triggered
    bool shared = false;        // interrupts
    std::vector<Range> ranges;  // never empty
};

// From the most to the least preferred; a section without one is normal.
enum class ConfigPriority : std::uint8_t {
    desired,
    normal,
    suboptimal,
    restart,  // also REBOOT: takes effect when the computer starts
    power_off,
    hard_reconfig,  // a jumper
    hardwired,
    disabled,  // no configuration at all
};

struct LogConfig {
    ConfigPriority priority = ConfigPriority::normal;
    std::vector<ResourceChoice> choices;  // every line is a resource of the device, in the order of the lines
    // The device can get it while the computer runs.
    bool soft() const { return priority <= ConfigPriority::suboptimal; }
};

LogConfig read_log_config(const Section& section, Problems& problems);

}  // namespace portico::inf
