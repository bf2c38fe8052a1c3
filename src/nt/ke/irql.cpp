// Raising and lowering the IRQL, bug checks, floating-point state: what a driver asks of the processor
// itself.
#include <cstdio>

#include "nt/ke/apc.h"
#include "nt/ke/timer_queue.h"

namespace portico::nt::ke {
namespace {

// Raising must not lower, lowering must not raise: both hang or crash on Windows (0xC4/0x30, 0x31).
void check_change(bool raising, sim::Irql wanted) {
    const sim::Irql now = current_irql();
    const bool wrong = wanted > HIGH_LEVEL || (raising ? wanted < now : wanted > now);
    if (wrong) PORTICO_PROBE(irql_change, raising, now, wanted);
}

void below_floor(sim::Irql wanted) {
    PORTICO_PROBE(irql_below_routine, current_irql(), wanted);
}

[[noreturn]] void stop_machine() {
    sim::scheduler.freeze();
    __builtin_unreachable();
}

}  // namespace

void reset() {
    KeNumberProcessors = static_cast<CCHAR>(sim::scheduler.processor_count);
    sim::scheduler.hooks.below_floor = below_floor;
    reset_waits();
    reset_threads();
    reset_apcs();
    reset_timers();
    reset_time();
    reset_dpcs();
    reset_interrupts();
}

// Inline, so that the place is the exported function's caller.
[[gnu::always_inline]] inline sim::Irql raise_for_driver(sim::Irql irql) {
    const sim::Irql old = raise(irql);
    if (irql >= sim::dispatch_level) sim::paging.raised(__builtin_return_address(0));
    return old;
}

}  // namespace portico::nt::ke

using namespace portico::nt;

namespace {

// The checks of list macros stop the system, too: those of Portico's own lists are not the driver's doing in
// any other way than that it may have overwritten them.
[[noreturn]] void stop_system(ULONG code, const std::array<std::uint64_t, 4>& parameters,
                              const void* caller) {
    Finding finding;
    finding.severity = Severity::bug_check;
    finding.rule = "KeBugCheckEx";
    finding.code = code;
    finding.parameters = parameters;
    finding.parameter_names = {"parameter 1", "parameter 2", "parameter 3", "parameter 4"};
    const char* text = "The driver stopped the system itself with KeBugCheckEx.";
    if (code == KERNEL_SECURITY_CHECK_FAILURE) {
        finding.parameter_names[0] = "kind of failure: 3 corrupt list entry";
        text = "The links around an entry of a list disagree: it was overwritten, or is in no list.";
        if (!portico::sim::image_range.contains(caller)) {
            finding.rule = "stumble";
            text =
                "The links around an entry of a list that Portico keeps disagree: a driver overwrote it. If "
                "no driver did, it is Portico's own fault: please report it.";
        }
    }
    std::snprintf(finding.text, sizeof finding.text, "%s", text);
    report(finding);
    ke::stop_machine();
}

}  // namespace

extern "C" {

KIRQL NTAPI KeGetCurrentIrql() {
    DDI(KeGetCurrentIrql, HIGH_LEVEL);
    return ke::current_irql();
}

KIRQL NTAPI KfRaiseIrql(KIRQL NewIrql) {
    DDI(KfRaiseIrql, HIGH_LEVEL);
    ke::check_change(true, NewIrql);
    return ke::raise_for_driver(NewIrql);
}

VOID NTAPI KeLowerIrql(KIRQL NewIrql) {
    DDI(KeLowerIrql, HIGH_LEVEL);
    ke::check_change(false, NewIrql);
    ke::lower(NewIrql);
}

KIRQL NTAPI KeRaiseIrqlToDpcLevel() {
    DDI(KeRaiseIrqlToDpcLevel, HIGH_LEVEL);
    ke::check_change(true, DISPATCH_LEVEL);
    return ke::raise_for_driver(DISPATCH_LEVEL);
}

KIRQL NTAPI KeRaiseIrqlToSynchLevel() {
    DDI(KeRaiseIrqlToSynchLevel, HIGH_LEVEL);
    ke::check_change(true, 12);
    return ke::raise_for_driver(12);
}

VOID NTAPI KeBugCheckEx(ULONG BugCheckCode, ULONG_PTR P1, ULONG_PTR P2, ULONG_PTR P3, ULONG_PTR P4) {
    DDI(KeBugCheckEx, HIGH_LEVEL);
    stop_system(BugCheckCode, {P1, P2, P3, P4}, __builtin_return_address(0));
}

VOID NTAPI KeBugCheck(ULONG BugCheckCode) {
    DDI(KeBugCheck, HIGH_LEVEL);
    stop_system(BugCheckCode, {}, __builtin_return_address(0));
}

// x64 keeps a thread's floating-point state on its own: both calls succeed and have nothing to do.
NTSTATUS NTAPI KeSaveFloatingPointState(PKFLOATING_SAVE FloatSave) {
    DDI(KeSaveFloatingPointState, DISPATCH_LEVEL);
    return FloatSave == nullptr ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

NTSTATUS NTAPI KeRestoreFloatingPointState(PKFLOATING_SAVE FloatSave) {
    DDI(KeRestoreFloatingPointState, DISPATCH_LEVEL);
    return FloatSave == nullptr ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

NTSTATUS NTAPI KeSaveExtendedProcessorState(ULONG64, PXSTATE_SAVE XStateSave) {
    DDI(KeSaveExtendedProcessorState, DISPATCH_LEVEL);
    return XStateSave == nullptr ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

VOID NTAPI KeRestoreExtendedProcessorState(PXSTATE_SAVE) {
    DDI(KeRestoreExtendedProcessorState, DISPATCH_LEVEL);
}

// A bug check freezes the machine at once: callbacks are registered, and never run.
BOOLEAN NTAPI KeRegisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD CallbackRecord,
                                         PKBUGCHECK_CALLBACK_ROUTINE Routine, PVOID Buffer, ULONG Length,
                                         PUCHAR Component) {
    DDI(KeRegisterBugCheckCallback, HIGH_LEVEL);
    if (CallbackRecord->State != 0) return FALSE;
    CallbackRecord->CallbackRoutine = Routine;
    CallbackRecord->Buffer = Buffer;
    CallbackRecord->Length = Length;
    CallbackRecord->Component = Component;
    CallbackRecord->State = 1;
    return TRUE;
}

BOOLEAN NTAPI KeDeregisterBugCheckCallback(PKBUGCHECK_CALLBACK_RECORD CallbackRecord) {
    DDI(KeDeregisterBugCheckCallback, HIGH_LEVEL);
    const bool registered = CallbackRecord->State == 1;
    CallbackRecord->State = 0;
    return registered;
}

BOOLEAN NTAPI KeRegisterBugCheckReasonCallback(PKBUGCHECK_REASON_CALLBACK_RECORD CallbackRecord,
                                               PKBUGCHECK_REASON_CALLBACK_ROUTINE Routine,
                                               KBUGCHECK_CALLBACK_REASON Reason, PUCHAR Component) {
    DDI(KeRegisterBugCheckReasonCallback, HIGH_LEVEL);
    if (CallbackRecord->State != 0) return FALSE;
    CallbackRecord->CallbackRoutine = Routine;
    CallbackRecord->Reason = Reason;
    CallbackRecord->Component = Component;
    CallbackRecord->State = 1;
    return TRUE;
}

BOOLEAN NTAPI KeDeregisterBugCheckReasonCallback(PKBUGCHECK_REASON_CALLBACK_RECORD CallbackRecord) {
    DDI(KeDeregisterBugCheckReasonCallback, HIGH_LEVEL);
    const bool registered = CallbackRecord->State == 1;
    CallbackRecord->State = 0;
    return registered;
}

}  // extern "C"
