// pool: memory is freed once, with its tag, inside its bounds, at an IRQL that fits (verifier.md section 2).
#include "verifier/rules.h"

namespace portico::verifier {
namespace {

void misused(std::uint32_t code, const nt::Subject& block, std::uint64_t detail, const char* text) {
    auto finding = make(nt::Severity::bug_check, "pool", code, "%s", text);
    set_parameters(finding, {{"kind", detail & 0xffffffff},
                             {"block", block.address},
                             {"tag freed with, or IRQL", detail >> 32},
                             {"size", block.size}});
    finding.subject = block;
    nt::report(finding);
}

}  // namespace

void install_pool_rule() {
    nt::probes.pool_misuse = misused;
}

}  // namespace portico::verifier
