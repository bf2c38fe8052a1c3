// contract, missing-import: promises of an interface that the driver breaks, and functions that nobody
// implements.
#include <cstring>

#include "verifier/rules.h"
#include "verifier/verifier.h"

namespace portico::verifier {
namespace {

// These are habits that the documents call usual, not duties (FLD-031 and the P lines), what Portico does not
// have (FN-035), or what only makes no sense (CA-001): advice.
bool is_advice(const char* requirement) {
    static const char* const advices[] = {"PM-033", "PM-052", "PM-020", "MS-055",
                                          "IP-045", "FN-035", "CA-001"};
    for (const char* one : advices) {
        if (std::strcmp(one, requirement) == 0) return true;
    }
    return false;
}

void broken(const char* requirement, const void* object, const char* text) {
    auto finding = make(is_advice(requirement) ? nt::Severity::advice : nt::Severity::finding, requirement,
                        0x1C4, "%s", text);
    set_parameters(finding, {{"object", reinterpret_cast<std::uint64_t>(object)}});
    nt::report(finding);
}

void missing(const char* name, std::uint64_t caller) {
    auto finding = make(nt::Severity::bug_check, "missing-import", 0xC4,
                        "The driver calls %s, which Portico does not have.", name);
    set_parameters(finding, {{"caller", caller}});
    nt::report(finding);
}

}  // namespace

void tell_missing_import(const char* name, std::uint64_t stub, const char* hint) {
    auto finding =
        make(nt::Severity::advice, "missing-import", 0,
             "The driver imports %s, which Portico does not have; a call or an access of it stops the "
             "machine%s%s.",
             name, *hint != 0 ? ": " : "", hint);
    set_parameters(finding, {{"stub", stub}});
    nt::report(finding);
}

void install_contract_rule() {
    nt::probes.contract = broken;
    nt::probes.missing_import = missing;
}

}  // namespace portico::verifier
