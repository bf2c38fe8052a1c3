// Scenarios: what happens to a machine at given times of a run (docs/scenarios.md).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/nanoseconds.h"
#include "base/result.h"
#include "portico/portico.h"

namespace portico::machine {

struct ScenarioStep {
    enum class Action : std::uint8_t {
        query_stop,
        cancel_stop,
        stop,
        start,
        rebalance,  // parameters, device
        query_remove,
        cancel_remove,
        remove,
        disable,
        enable,
        surprise_remove,
        replug,
        power,  // number: 0 to 3
        sleep,  // number: 1 to 4
        resume,
        exit_latency,  // number: 0 to 2
        close,         // the client's pin
        open,
        open_device,   // target, as
        close_device,  // target
        ioctl,         // target, as, code, in, data, out_size
    };

    Nanoseconds at_ns = 0;  // from the song's start
    Action action = Action::resume;
    unsigned number = 0;
    std::map<std::string, std::string> parameters;  // of the device's model
    std::string device;                             // empty: the first
    std::string target;                             // what is opened: Machine::open
    As as = As::user;
    std::uint32_t code = 0;
    std::vector<std::uint8_t> in;
    std::vector<std::uint8_t> data;  // what the output buffer holds at first
    std::uint32_t out_size = 0;
    std::string text;  // as it was written, without its time
};

// In the order of their times; those of one time in the order of their lines.
using Scenario = std::vector<ScenarioStep>;

constexpr std::size_t scenario_bytes_max = 1 << 20;
constexpr std::size_t scenario_steps_max = 4096;

// `path` is what errors call the file: "PATH:LINE:COLUMN: what; what to do".
Result<Scenario> parse_scenario(std::string_view text, const std::string& path);

// The file's text, at most 1 MiB. Bytes that it takes from files are in it then: "--in FILE" has become
// hexadecimal; such a path counts from the scenario's folder.
Result<std::string> read_scenario(const std::string& path);

}  // namespace portico::machine
