// spin-lock: acquired and released in pairs, by one processor, at the IRQL that its form demands.
#include "verifier/rules.h"

namespace portico::verifier {
namespace {

struct Kind {
    std::uint32_t code;
    std::uint64_t first;  // P1 of 0xC4
    const char* first_name;
    const char* text;
};

Kind kind_of(nt::SpinLockFault fault) {
    switch (fault) {
        case nt::SpinLockFault::already_owned:
            return {0x0F, 0, nullptr,
                    "A spin lock is acquired that this processor holds already: it would spin for ever."};
        case nt::SpinLockFault::not_owned:
            return {0x10, 0, nullptr, "A spin lock is released that this processor does not hold."};
        case nt::SpinLockFault::wrong_irql:
            return {0xC4, 0x40, "kind: lock at a wrong IRQL",
                    "A spin lock is acquired or released at %s, which its form does not allow."};
        case nt::SpinLockFault::deadlock:
            return {0xC4, 0x1001, "kind: lock order cycle",
                    "Processors wait for each other's spin locks: none of them will ever go on."};
        case nt::SpinLockFault::irql_not_restored:
            return {0xC4, 0x32, "kind: released to a wrong IRQL",
                    "A spin lock is released to %s, which is above the current IRQL."};
    }
    return {0xC4, 0, nullptr, ""};
}

void misused(nt::SpinLockFault fault, const volatile void* lock, sim::Irql irql) {
    const Kind kind = kind_of(fault);
    nt::Finding finding;
    finding.severity = nt::Severity::bug_check;
    finding.rule = "spin-lock";
    finding.code = kind.code;
    std::snprintf(finding.text, sizeof finding.text, kind.text, irql_name(irql));
    const auto address = reinterpret_cast<std::uint64_t>(lock);
    if (kind.code == 0xC4) {
        set_parameters(finding, {{kind.first_name, kind.first}, {"IRQL", irql}, {"spin lock", address}});
    } else {
        set_parameters(finding, {{"spin lock", address}, {"IRQL", irql}});
    }
    finding.subject.kind = "spin lock";
    finding.subject.address = address;
    nt::report(finding);
}

}  // namespace

void install_spin_lock_rule() {
    nt::probes.spin_lock = misused;
}

}  // namespace portico::verifier
