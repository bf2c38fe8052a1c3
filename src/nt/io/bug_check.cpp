#include "nt/io/bug_check.h"

#include <cstdio>

#include "nt/findings.h"
#include "nt/io/irp.h"

namespace portico::nt {

Subject subject_of(PIRP irp) {
    Subject subject{"IRP", reinterpret_cast<std::uint64_t>(irp)};
    if (io::IrpRecord* const record = io::find_record(irp)) {
        subject.size = irp->Size;
        subject.made = record->made;
        subject.last = record->completed;
    }
    return subject;
}

}  // namespace portico::nt

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
    if (irp != nullptr) finding.subject = subject_of(irp);
    report(finding);
}

}  // namespace portico::nt::io
