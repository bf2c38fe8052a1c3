// Exceptions that calls raise: RtlRaiseException, RtlRaiseStatus, ExRaiseXxx, and Portico's own for drivers.
#include <cstdio>

#include "base/check.h"
#include "nt/ddi.h"
#include "nt/ex/raise.h"
#include "nt/ex/work.h"
#include "nt/findings.h"
#include "nt/ps/ps.h"
#include "nt/seh/raise.h"
#include "nt/seh/switch.h"

namespace portico::nt::seh {
namespace {

void describe(Finding& finding, const EXCEPTION_RECORD& record, const CONTEXT& context) {
    if (finding.code == SYSTEM_THREAD_EXCEPTION_NOT_HANDLED) {
        finding.parameters = {static_cast<std::uint32_t>(record.ExceptionCode),
                              reinterpret_cast<std::uint64_t>(record.ExceptionAddress),
                              reinterpret_cast<std::uint64_t>(&record),
                              reinterpret_cast<std::uint64_t>(&context)};
        finding.parameter_names = {"exception code", "address of the exception", "exception record",
                                   "context record"};
        return;
    }
    finding.parameters = {static_cast<std::uint32_t>(record.ExceptionCode),
                          reinterpret_cast<std::uint64_t>(record.ExceptionAddress),
                          record.NumberParameters > 0 ? record.ExceptionInformation[0] : 0,
                          record.NumberParameters > 1 ? record.ExceptionInformation[1] : 0};
    finding.parameter_names = {"exception code", "address of the exception",
                               record.NumberParameters > 0 ? "parameter 0 of the exception" : nullptr,
                               record.NumberParameters > 1 ? "parameter 1 of the exception" : nullptr};
}

void report_unhandled(const EXCEPTION_RECORD& record, const CONTEXT& context, const Dispatched& dispatched) {
    Finding finding;
    finding.severity = Severity::bug_check;
    finding.rule = "KMODE_EXCEPTION_NOT_HANDLED";
    finding.code = unhandled_code();
    describe(finding, record, context);
    std::snprintf(finding.text, sizeof finding.text,
                  "Exception 0x%08X was raised in the driver and no handler of the driver took it%s",
                  static_cast<unsigned>(record.ExceptionCode), why_unhandled(dispatched));
    report(finding);
    PORTICO_CHECK(!"an exception was raised outside the simulation");
}

}  // namespace

ULONG unhandled_code() {
    const sim::Processor& p = *sim::this_processor;
    if (p.current == nullptr || p.in_dpc || p.irql > DISPATCH_LEVEL) return KMODE_EXCEPTION_NOT_HANDLED;
    const KTHREAD& thread = *ke::current_thread();
    return ps::made_by_driver(thread) || ex::runs_work_items(thread) ? SYSTEM_THREAD_EXCEPTION_NOT_HANDLED
                                                                     : KMODE_EXCEPTION_NOT_HANDLED;
}

const char* why_unhandled(const Dispatched& dispatched) {
    if (dispatched.end == WalkEnd::damaged)
        return ": unwind data, or the stack, make no sense where the search ended.";
    if (dispatched.handlers_beyond)
        return "; handlers beyond the function of Portico that called the driver, or beyond the code that "
               "was "
               "interrupted, are not reached.";
    return ".";
}

void raise(EXCEPTION_RECORD& record) {
    CONTEXT context;
    capture(&context);
    const Dispatched dispatched = dispatch(record, context, Lead::raise);
    if (dispatched.outcome == Outcome::continued) go_on_with(context, record);
    report_unhandled(record, context, dispatched);
}

}  // namespace portico::nt::seh

namespace portico::nt::ex {

void raise_status(NTSTATUS status, const void* address) {
    EXCEPTION_RECORD record{};
    record.ExceptionCode = status;
    record.ExceptionFlags = EXCEPTION_NONCONTINUABLE;
    record.ExceptionAddress = const_cast<void*>(address);
    seh::raise(record);
    __builtin_unreachable();
}

}  // namespace portico::nt::ex

using namespace portico::nt;

#define CALLER __builtin_return_address(0)

extern "C" {

VOID NTAPI RtlRaiseException(PEXCEPTION_RECORD ExceptionRecord) {
    DDI(RtlRaiseException, HIGH_LEVEL);
    ExceptionRecord->ExceptionAddress = CALLER;
    seh::raise(*ExceptionRecord);
}

VOID NTAPI RtlRaiseStatus(NTSTATUS Status) {
    DDI(RtlRaiseStatus, HIGH_LEVEL);
    ex::raise_status(Status, CALLER);
}

VOID NTAPI ExRaiseStatus(NTSTATUS Status) {
    DDI(ExRaiseStatus, DISPATCH_LEVEL);
    ex::raise_status(Status, CALLER);
}

VOID NTAPI ExRaiseAccessViolation() {
    DDI(ExRaiseAccessViolation, APC_LEVEL);
    ex::raise_status(STATUS_ACCESS_VIOLATION, CALLER);
}

VOID NTAPI ExRaiseDatatypeMisalignment() {
    DDI(ExRaiseDatatypeMisalignment, APC_LEVEL);
    ex::raise_status(STATUS_DATATYPE_MISALIGNMENT, CALLER);
}

}  // extern "C"
