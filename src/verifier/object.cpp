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

}  // namespace

void install_object_rules() {
    nt::probes.object_misuse = misused;
}

}  // namespace portico::verifier
