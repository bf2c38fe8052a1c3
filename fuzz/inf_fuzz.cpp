// Any bytes as an INF: read, or refused with a line for each thing that is wrong.
#include <cstdint>
#include <string>

#include "base/check.h"
#include "inf/package.h"

using namespace portico;

namespace {

void check_lines(const std::string& text) {
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        PORTICO_CHECK(text.compare(begin, 8, "fuzz.inf") == 0);
        PORTICO_CHECK(end - begin < 500);
        begin = end + 1;
    }
    for (const char c : text) PORTICO_CHECK(static_cast<unsigned char>(c) >= 0x20 || c == '\n');
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const inf::Package package = inf::read_package({reinterpret_cast<const char*>(data), size});
    check_lines(package.errors.text("fuzz.inf"));
    check_lines(package.warnings.text("fuzz.inf"));
    if (!package.errors.empty()) {
        PORTICO_CHECK(!package.other_class || package.errors.list().size() == 1);
        return 0;
    }
    PORTICO_CHECK(!package.models.empty());
    for (const inf::Model& model : package.models) {
        for (const inf::LogConfig& config : model.log_configs) {
            for (const inf::ResourceChoice& choice : config.choices) {
                PORTICO_CHECK(!choice.ranges.empty());
                for (const inf::Range& range : choice.ranges)
                    PORTICO_CHECK(range.first <= range.last_first && range.step != 0 && range.length != 0);
            }
        }
    }
    return 0;
}
