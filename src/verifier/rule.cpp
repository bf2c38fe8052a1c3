#include "verifier/rule.h"

#include <cstdio>

namespace portico::verifier {

nt::Finding make(nt::Severity severity, const char* rule, std::uint32_t code, const char* format, ...) {
    nt::Finding finding;
    finding.severity = severity;
    finding.rule = rule;
    finding.code = code;
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(finding.text, sizeof finding.text, format, arguments);
    va_end(arguments);
    return finding;
}

void set_parameters(nt::Finding& finding, std::initializer_list<Parameter> parameters) {
    std::size_t i = 0;
    for (const Parameter& parameter : parameters) {
        finding.parameters[i] = parameter.value;
        finding.parameter_names[i++] = parameter.name;
    }
}

const char* irql_name(unsigned irql) {
    static const char* const names[16] = {
        "PASSIVE_LEVEL",  "APC_LEVEL",      "DISPATCH_LEVEL",  "device level 3",
        "device level 4", "device level 5", "device level 6",  "device level 7",
        "device level 8", "device level 9", "device level 10", "device level 11",
        "SYNCH_LEVEL",    "CLOCK_LEVEL",    "IPI_LEVEL",       "HIGH_LEVEL"};
    return names[irql & 15];
}

}  // namespace portico::verifier
