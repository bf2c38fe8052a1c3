// irp: each IRP is completed once, with everything put right, or passed on, or pended (verifier.md section
// 2).
#include "verifier/rules.h"

namespace portico::verifier {
namespace {

struct IrpRule {
    std::uint32_t code;
    std::uint64_t first;
    const char* first_name;
    const char* text;
    nt::Severity severity;
};

IrpRule rule_of(nt::IrpFault fault) {
    using nt::IrpFault;
    constexpr auto stop = nt::Severity::bug_check;
    switch (fault) {
        case IrpFault::completed_twice:
            return {0x44, 0, nullptr,
                    "An IRP is completed that was completed before, or is not the driver's.", stop};
        case IrpFault::completed_pending:
            return {0xC9, 0x06, "kind: completed as pending",
                    "An IRP is completed with STATUS_PENDING or -1 as its status.", stop};
        case IrpFault::cancel_routine_left:
            return {0xC9, 0x07, "kind: cancel routine set",
                    "An IRP is completed while its cancel routine is still set.", stop};
        case IrpFault::status_mismatch:
            return {0xC9, 0x224, "kind: status and IRP disagree",
                    "A dispatch routine's result and the IRP disagree about whether it is pending.", stop};
        case IrpFault::freed_unowned:
            return {0xC9, 0x02, "kind: IRP of a thread freed",
                    "The driver freed an IRP that was sent to it: its sender waits for its completion.",
                    stop};
        case IrpFault::forgotten:
            return {0xC9, 0x226, "kind: IRP forgotten",
                    "A dispatch routine returned without completing, passing on or pending its IRP.", stop};
        case IrpFault::left_at_removal:
            return {0x9F, 0x3, "kind: IRP blocked too long",
                    "An IRP is still pending although its device is gone.", nt::Severity::finding};
    }
    return {0xC9, 0, "kind", "", stop};
}

void misused(nt::IrpFault fault, PIRP irp) {
    const IrpRule rule = rule_of(fault);
    auto finding = make(rule.severity, "irp", rule.code, "%s", rule.text);
    const auto address = reinterpret_cast<std::uint64_t>(irp);
    if (rule.code == 0x44) {
        set_parameters(finding, {{"IRP", address}});
    } else {
        set_parameters(finding, {{rule.first_name, rule.first}, {"IRP", address}});
    }
    finding.subject = nt::subject_of(irp);
    nt::report(finding);
}

}  // namespace

void install_irp_rules() {
    nt::probes.irp = misused;
}

}  // namespace portico::verifier
