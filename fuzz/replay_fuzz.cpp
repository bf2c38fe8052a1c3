// Any bytes as a replay file: refused with one line, or read, and then written and read again to the same.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "machine/replay.h"

using namespace portico;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto read = machine::replay_from_json({reinterpret_cast<const char*>(data), size}, "fuzz.replay");
    if (!read.ok()) {
        const std::string& line = read.error().message;
        PORTICO_CHECK(line.rfind("fuzz.replay: ", 0) == 0 && line.find('\n') == std::string::npos);
        return 0;
    }
    const auto again = machine::replay_from_json(machine::to_json(read.value()), "fuzz.replay");
    PORTICO_CHECK(again.ok());
    PORTICO_CHECK(again.value().choices == read.value().choices && again.value().input == read.value().input);
    PORTICO_CHECK(again.value().end == read.value().end &&
                  again.value().driver_hash == read.value().driver_hash);
    return 0;
}
