// Any bytes as a scenario file: read, or refused with one line that names the file; steps are in the order of
// their times.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "machine/scenario.h"

namespace machine = portico::machine;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto read = machine::parse_scenario({reinterpret_cast<const char*>(data), size}, "fuzz.txt");
    if (!read.ok()) {
        const std::string& line = read.error().message;
        PORTICO_CHECK(line.rfind("fuzz.txt:", 0) == 0);
        for (const char c : line) PORTICO_CHECK(c >= 0x20 && c < 0x7F);
        PORTICO_CHECK(line.size() < 500);
        return 0;
    }
    portico::Nanoseconds last_ns = 0;
    for (const machine::ScenarioStep& step : read.value()) {
        PORTICO_CHECK(step.at_ns >= last_ns && !step.text.empty());
        last_ns = step.at_ns;
    }
    return 0;
}
