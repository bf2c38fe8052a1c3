#include "report/requirements.h"

#include <algorithm>
#include <iterator>

namespace portico::report {
namespace {

constexpr Requirement requirements[] = {
#include "requirements.inc"
};

}  // namespace

const Requirement* find_requirement(std::string_view id) {
    const auto* const found = std::find_if(std::begin(requirements), std::end(requirements),
                                           [id](const Requirement& one) { return one.id == id; });
    return found == std::end(requirements) ? nullptr : found;
}

}  // namespace portico::report
