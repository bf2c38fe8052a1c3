// pool: memory is freed once, with its tag, inside its bounds, at an IRQL that fits (verifier.md section 2).
#include "verifier/rules.h"

namespace portico::verifier {
namespace {

// As Windows documents them for each code.
void parameters_of(nt::Finding& finding, std::uint32_t code, const nt::Subject& block, std::uint64_t detail) {
    constexpr std::uint64_t written_past_the_end = 0x24;
    const std::uint64_t kind = detail & 0xffffffff;
    if (code == 0xC1) {
        set_parameters(finding, {{"block", block.address},
                                 {"first damaged byte", detail},
                                 {"reserved", 0},
                                 {"kind: written past the end", written_past_the_end}});
    } else if (code == 0xC2 && kind == 0x07) {
        set_parameters(
            finding,
            {{"kind: freed already", kind}, {"reserved", 0}, {"reserved", 0}, {"block", block.address}});
    } else if (code == 0xC2 && kind == 0x0A) {
        set_parameters(finding, {{"kind: wrong tag", kind},
                                 {"block", block.address},
                                 {"tag of the block", block.tag},
                                 {"tag freed with", detail >> 32}});
    } else {
        set_parameters(
            finding,
            {{"kind", kind}, {"block", block.address}, {"IRQL", detail >> 32}, {"size", block.size}});
    }
}

void misused(std::uint32_t code, const nt::Subject& block, std::uint64_t detail, const char* text) {
    auto finding = make(nt::Severity::bug_check, "pool", code, "%s", text);
    parameters_of(finding, code, block, detail);
    finding.subject = block;
    nt::report(finding);
}

}  // namespace

void install_pool_rule() {
    nt::probes.pool_misuse = misused;
}

}  // namespace portico::verifier
