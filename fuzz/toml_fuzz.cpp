// Any bytes as a machine file: read, or refused with one line that names file and line; what was read
// survives being written and read again.
#include <cctype>
#include <cstdint>
#include <string>

#include "base/check.h"
#include "machine/machine_file.h"

namespace machine = portico::machine;

namespace {

// "fuzz.toml:LINE: what".
void check_line(const std::string& line) {
    const std::string begin = "fuzz.toml:";
    PORTICO_CHECK(line.rfind(begin, 0) == 0 && line.find('\n') == std::string::npos);
    const auto colon = line.find(':', begin.size());
    PORTICO_CHECK(colon != std::string::npos && colon > begin.size());
    for (auto at = begin.size(); at < colon; ++at)
        PORTICO_CHECK(std::isdigit(static_cast<unsigned char>(line[at])));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    portico::MachineConfig config;
    machine::Ends ends;
    const auto read =
        machine::parse_machine({reinterpret_cast<const char*>(data), size}, "fuzz.toml", config, ends);
    if (!read.ok()) {
        check_line(read.error().message);
        return 0;
    }
    const std::string written = machine::machine_toml(config);
    portico::MachineConfig again;
    machine::Ends none;
    PORTICO_CHECK(machine::parse_machine(written, "again.toml", again, none).ok());
    PORTICO_CHECK(machine::machine_toml(again) == written);
    return 0;
}
