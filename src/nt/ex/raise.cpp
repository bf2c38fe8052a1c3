#include "nt/ex/raise.h"

#include <cstdio>

#include "base/check.h"
#include "nt/ke/ke.h"

namespace portico::nt::ex {

void (*dispatch_exception)(NTSTATUS status, std::uint64_t address) = nullptr;

void raise_status(NTSTATUS status, const void* address) {
    const auto place = reinterpret_cast<std::uint64_t>(address);
    if (dispatch_exception != nullptr) dispatch_exception(status, place);
    Finding finding;
    finding.severity = Severity::bug_check;
    finding.rule = "KMODE_EXCEPTION_NOT_HANDLED";
    finding.code = KMODE_EXCEPTION_NOT_HANDLED;
    finding.parameters = {static_cast<std::uint32_t>(status), place, 0, 0};
    finding.parameter_names = {"exception code", "address of the exception", nullptr, nullptr};
    std::snprintf(finding.text, sizeof finding.text,
                  "Exception 0x%08X was raised in the driver and no handler of the driver took it.",
                  static_cast<unsigned>(status));
    report(finding);
    PORTICO_CHECK(!"an exception was raised outside the simulation");
    __builtin_unreachable();
}

}  // namespace portico::nt::ex

using namespace portico::nt;

extern "C" {

VOID NTAPI ExRaiseStatus(NTSTATUS Status) {
    DDI(ExRaiseStatus, DISPATCH_LEVEL);
    ex::raise_status(Status, __builtin_return_address(0));
}

VOID NTAPI ExRaiseAccessViolation() {
    DDI(ExRaiseAccessViolation, APC_LEVEL);
    ex::raise_status(STATUS_ACCESS_VIOLATION, __builtin_return_address(0));
}

VOID NTAPI ExRaiseDatatypeMisalignment() {
    DDI(ExRaiseDatatypeMisalignment, APC_LEVEL);
    ex::raise_status(STATUS_DATATYPE_MISALIGNMENT, __builtin_return_address(0));
}

}  // extern "C"
