// object: reference counts and dispatcher objects are not corrupted (0x18 and others).
#include "verifier/rules.h"

namespace portico::verifier {
namespace {

void misused(std::uint32_t code, const void* object, const char* text) {
    auto finding = make(nt::Severity::bug_check, "object", code, "%s", text);
    set_parameters(finding, {{"object", reinterpret_cast<std::uint64_t>(object)}});
    finding.subject.kind = "object";
    finding.subject.address = reinterpret_cast<std::uint64_t>(object);
    nt::report(finding);
}

// The place is where the driver completed the request: it has returned since.
void answered_badly(const nt::Subject& answer, const char* text) {
    auto finding = make(nt::Severity::bug_check, "io", 0xC9, "%s", text);
    set_parameters(finding, {{"answer", answer.address}});
    finding.subject = answer;
    for (const std::uint64_t frame : answer.last.frames) {
        if (frame != 0) finding.stack.frames[finding.stack.count++] = frame;
    }
    nt::report(finding);
}

}  // namespace

void install_object_rules() {
    nt::probes.bad_answer = answered_badly;
    nt::probes.object_misuse = misused;
}

}  // namespace portico::verifier
