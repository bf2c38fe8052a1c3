// How a rule reports.
#pragma once

#include <cstdarg>
#include <cstdint>
#include <initializer_list>

#include "nt/findings.h"

namespace portico::verifier {

struct Parameter {
    const char* name;  // a literal
    std::uint64_t value;
};

// A finding with its text formatted; severity bug_check freezes the machine when it is reported.
__attribute__((format(printf, 4, 5))) nt::Finding make(nt::Severity severity, const char* rule,
                                                       std::uint32_t code, const char* format, ...);
void set_parameters(nt::Finding& finding, std::initializer_list<Parameter> parameters);

// "DISPATCH_LEVEL", "device level 7".
const char* irql_name(unsigned irql);

}  // namespace portico::verifier
