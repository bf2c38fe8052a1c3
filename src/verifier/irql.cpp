// irql-ddi, irql-callback, irql-change, paged-code: who may be called at which IRQL (verifier.md sections 2
// and 3).
#include "verifier/rules.h"

namespace portico::verifier {
namespace {

void called_at_wrong_irql(const nt::Ddi& ddi) {
    const unsigned now = sim::this_processor->irql;
    const bool high = now > ddi.irql_max;
    auto finding = make(nt::Severity::bug_check, "irql-ddi", 0xC4,
                        "%s was called at %s; it may be called at %s or %s.", ddi.name, irql_name(now),
                        irql_name(high ? ddi.irql_max : ddi.irql_min), high ? "below" : "above");
    // 0x20004..: Windows has a code for a few functions each; the class code stands for all of them here.
    set_parameters(finding, {{"DDI compliance rule", 0x20002},
                             {"current IRQL", now},
                             {"highest IRQL allowed", ddi.irql_max},
                             {"lowest IRQL allowed", ddi.irql_min}});
    nt::report(finding);
}

void came_back_at_other_irql(const char* name, const void* routine, sim::Irql before, sim::Irql after) {
    auto finding = make(nt::Severity::bug_check, "irql-callback", 0xC8,
                        "%s was called at %s and returned at %s.", name, irql_name(before), irql_name(after));
    set_parameters(finding, {{"current IRQL << 16 | expected", std::uint64_t{after} << 16 | before},
                             {"routine", reinterpret_cast<std::uint64_t>(routine)}});
    nt::report(finding);
}

void changed(bool raising, sim::Irql now, sim::Irql wanted) {
    auto finding = make(nt::Severity::bug_check, "irql-change", 0xC4, "The IRQL was to be %s from %s to %s.",
                        raising ? "raised" : "lowered", irql_name(now), irql_name(wanted));
    set_parameters(finding, {{"kind: raise below, or lower above, the current IRQL", raising ? 0x30u : 0x31u},
                             {"current IRQL", now},
                             {"requested IRQL", wanted}});
    nt::report(finding);
}

void below_routine(sim::Irql floor, sim::Irql wanted) {
    auto finding =
        make(nt::Severity::bug_check, "irql-change", 0xC8,
             "The IRQL was to be lowered to %s in a DPC or an interrupt routine, which runs at %s or above "
             "until it returns.",
             irql_name(wanted), irql_name(floor));
    set_parameters(finding, {{"requested IRQL << 16 | lowest allowed", std::uint64_t{wanted} << 16 | floor}});
    nt::report(finding);
}

void paged_code(const char* file, unsigned line) {
    const unsigned now = sim::this_processor->irql;
    auto finding = make(nt::Severity::bug_check, "paged-code", 0xD3,
                        "Code that says PAGED_CODE() runs at %s (%s:%u).", irql_name(now), file, line);
    set_parameters(finding, {{"address", reinterpret_cast<std::uint64_t>(__builtin_return_address(0))},
                             {"IRQL", now},
                             {"access: execute", 8}});
    nt::report(finding);
}

}  // namespace

void install_irql_rules() {
    nt::irql_violation = called_at_wrong_irql;
    nt::callback_irql_changed = came_back_at_other_irql;
    nt::probes.irql_change = changed;
    nt::probes.irql_below_routine = below_routine;
    nt::probes.paged_code = paged_code;
}

}  // namespace portico::verifier
