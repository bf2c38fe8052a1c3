// The requirements of docs/spec, for pages of findings that break one.
#pragma once

#include <string_view>

namespace portico::report {

struct Requirement {
    std::string_view id;    // "MS-041"
    std::string_view page;  // of docs/spec: "interfaces.md"
    std::string_view sentence;
};

// Null: docs/spec has none of that ID, or more to say of it than one sentence.
const Requirement* find_requirement(std::string_view id);

}  // namespace portico::report
