#include "report/status_name.h"

#include <cstdint>

namespace portico::report {
namespace {

struct Name {
    std::uint32_t status;
    const char* name;
};

constexpr Name names[] = {
#include "status_names.inc"
};

}  // namespace

const char* status_name(NTSTATUS status) {
    for (const Name& entry : names) {
        if (entry.status == static_cast<std::uint32_t>(status)) return entry.name;
    }
    return "";
}

}  // namespace portico::report
