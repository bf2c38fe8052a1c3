#include "nt/io/bug_check.h"

#include <cstdio>

#include "nt/findings.h"
#include "nt/io/irp.h"

namespace portico::nt::io {

void stop_machine(std::uint32_t code, std::array<std::uint64_t, 4> parameters,
                  std::array<const char*, 4> names, const char* text, PIRP irp) {
    Finding finding;
    finding.severity = Severity::bug_check;
    finding.rule = "io";
    finding.code = code;
    finding.parameters = parameters;
    finding.parameter_names = names;
    std::snprintf(finding.text, sizeof finding.text, "%s.", text);
    if (irp != nullptr) {
        finding.subject = {"IRP", reinterpret_cast<std::uint64_t>(irp), irp->Size};
        if (const IrpRecord* const record = record_of(irp)) {
            finding.subject.made = record->made;
            finding.subject.last = record->completed;
        }
    }
    report(finding);
}

}  // namespace portico::nt::io
