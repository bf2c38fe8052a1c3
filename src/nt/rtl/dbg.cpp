// DbgPrint and its kind. Every component and level is shown until a driver closes its filter: a simulator has
// no reason to hide what a driver says, as a retail Windows does.
#include <algorithm>
#include <array>
#include <cstdio>

#include "nt/ddi.h"
#include "nt/findings.h"
#include "nt/rtl/debug_output.h"
#include "nt/rtl/format.h"
#include "nt/rtl/rtl.h"

using namespace portico::nt;

namespace portico::nt::rtl {
namespace {

// The levels that a driver closed, by component.
std::array<ULONG, DPFLTR_ENDOFTABLE_ID> closed;

ULONG mask_of(ULONG level) {
    return level < 32 ? 1u << level : level;
}
bool is_open(ULONG component, ULONG level) {
    return (mask_of(level) & ~closed[component < closed.size() ? component : DPFLTR_DEFAULT_ID]) != 0;
}

// %ws and its kind read pageable tables, which is documented as PASSIVE_LEVEL and fails from DISPATCH_LEVEL
// on.
void check_format(const Ddi& ddi, const char* text) {
    if (sim::this_processor->irql > APC_LEVEL && formats_unicode(text)) irql_violation(ddi);
}

constexpr Ddi unicode_row{"DbgPrint with %S, %ws, %wZ or another wide format", nullptr, 0, APC_LEVEL};

ULONG print(ULONG component, ULONG level, PCSTR prefix, PCSTR text, Arguments arguments) {
    if (!is_open(component, level)) return STATUS_SUCCESS;
    check_format(unicode_row, text);
    char buffer[DebugOutput::text_max];
    FormatBuffer<char> out{buffer, sizeof buffer};
    for (; prefix != nullptr && *prefix != 0; ++prefix) out.put(*prefix);
    format(out, text, arguments, WideAs::utf8);
    debug_output().add(component, level,
                       {buffer, static_cast<std::size_t>(std::min(out.length, out.capacity))});
    return STATUS_SUCCESS;
}

// Nobody catches a breakpoint's exception where no debugger is attached: KMODE_EXCEPTION_NOT_HANDLED.
void stop(NTSTATUS exception, const char* parameter_name, ULONG64 parameter, const char* text) {
    Finding finding;
    finding.severity = Severity::bug_check;
    finding.rule = "breakpoint";
    finding.code = KMODE_EXCEPTION_NOT_HANDLED;
    finding.parameters = {static_cast<ULONG>(exception), parameter, 0, 0};
    finding.parameter_names = {"exception", parameter_name, nullptr, nullptr};
    std::snprintf(finding.text, sizeof finding.text, "%s", text);
    report(finding);
}

void assertion_failed(PCSTR expression, PCSTR file, ULONG line, PCSTR message) {
    char text[DebugOutput::text_max];
    const bool has_message = message != nullptr && *message != 0;
    const int length =
        std::snprintf(text, sizeof text, "*** Assertion failed: %s%s%s\n***   Source File: %s, line %u\n",
                      has_message ? message : "", has_message ? ": " : "", expression, file, line);
    debug_output().add(DPFLTR_DEFAULT_ID, DPFLTR_ERROR_LEVEL,
                       {text, std::min<std::size_t>(static_cast<std::size_t>(length), sizeof text - 1)});
    char reason[sizeof Finding::text];
    std::snprintf(reason, sizeof reason, "The driver's assertion %s failed.", expression);
    stop(STATUS_ASSERTION_FAILURE, "line", line, reason);
}

BOOLEAN debugger_enabled = FALSE;
BOOLEAN debugger_not_present = TRUE;

void reset_debug() {
    closed.fill(0);
    debug_output().reset();
    debugger_enabled = FALSE;
    debugger_not_present = TRUE;
}

}  // namespace

void reset() {
    reset_debug();
    crt::reset();
}

}  // namespace portico::nt::rtl

extern "C" {

PBOOLEAN KdDebuggerEnabled = &rtl::debugger_enabled;
PBOOLEAN KdDebuggerNotPresent = &rtl::debugger_not_present;
EXPORT(KdDebuggerEnabled, KdDebuggerEnabled);
EXPORT(KdDebuggerNotPresent, KdDebuggerNotPresent);

ULONG NTAPI DbgPrint(PCSTR Format, ...) {
    DDI(DbgPrint, HIGH_LEVEL);
    rtl::Arguments arguments;
    __builtin_ms_va_start(arguments, Format);
    const ULONG status = rtl::print(DPFLTR_DEFAULT_ID, DPFLTR_INFO_LEVEL, nullptr, Format, arguments);
    __builtin_ms_va_end(arguments);
    return status;
}

ULONG NTAPI DbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, ...) {
    DDI(DbgPrintEx, HIGH_LEVEL);
    rtl::Arguments arguments;
    __builtin_ms_va_start(arguments, Format);
    const ULONG status = rtl::print(ComponentId, Level, nullptr, Format, arguments);
    __builtin_ms_va_end(arguments);
    return status;
}

ULONG NTAPI DbgPrintReturnControlC(PCSTR Format, ...) {
    DDI(DbgPrintReturnControlC, HIGH_LEVEL);
    rtl::Arguments arguments;
    __builtin_ms_va_start(arguments, Format);
    const ULONG status = rtl::print(DPFLTR_DEFAULT_ID, DPFLTR_INFO_LEVEL, nullptr, Format, arguments);
    __builtin_ms_va_end(arguments);
    return status;
}

ULONG NTAPI vDbgPrintEx(ULONG ComponentId, ULONG Level, PCSTR Format, PORTICO_VA_LIST arglist) {
    DDI(vDbgPrintEx, HIGH_LEVEL);
    return rtl::print(ComponentId, Level, nullptr, Format, arglist);
}

ULONG NTAPI vDbgPrintExWithPrefix(PCSTR Prefix, ULONG ComponentId, ULONG Level, PCSTR Format,
                                  PORTICO_VA_LIST arglist) {
    DDI(vDbgPrintExWithPrefix, HIGH_LEVEL);
    return rtl::print(ComponentId, Level, Prefix, Format, arglist);
}

// Nobody answers.
ULONG NTAPI DbgPrompt(PCSTR Prompt, PCHAR Response, ULONG Length) {
    DDI(DbgPrompt, HIGH_LEVEL);
    rtl::debug_output().add(DPFLTR_DEFAULT_ID, DPFLTR_INFO_LEVEL, Prompt);
    if (Length != 0) Response[0] = 0;
    return 0;
}

NTSTATUS NTAPI DbgQueryDebugFilterState(ULONG ComponentId, ULONG Level) {
    DDI(DbgQueryDebugFilterState, HIGH_LEVEL);
    return rtl::is_open(ComponentId, Level) ? TRUE : FALSE;
}

NTSTATUS NTAPI DbgSetDebugFilterState(ULONG ComponentId, ULONG Level, BOOLEAN State) {
    DDI(DbgSetDebugFilterState, HIGH_LEVEL);
    if (ComponentId >= rtl::closed.size()) return STATUS_INVALID_PARAMETER_1;
    ULONG& closed = rtl::closed[ComponentId];
    closed = State ? closed & ~rtl::mask_of(Level) : closed | rtl::mask_of(Level);
    return STATUS_SUCCESS;
}

VOID NTAPI DbgBreakPoint() {
    DDI(DbgBreakPoint, HIGH_LEVEL);
    rtl::stop(STATUS_BREAKPOINT, nullptr, 0,
              "The driver runs into a breakpoint of its own, and no debugger is attached.");
}

VOID NTAPI DbgBreakPointWithStatus(ULONG Status) {
    DDI(DbgBreakPointWithStatus, HIGH_LEVEL);
    rtl::stop(STATUS_BREAKPOINT, "status", Status,
              "The driver runs into a breakpoint of its own, and no debugger is attached.");
}

BOOLEAN NTAPI KdRefreshDebuggerNotPresent() {
    DDI(KdRefreshDebuggerNotPresent, HIGH_LEVEL);
    return rtl::debugger_not_present;
}

NTSTATUS NTAPI KdDisableDebugger() {
    DDI(KdDisableDebugger, HIGH_LEVEL);
    return STATUS_DEBUGGER_INACTIVE;
}

NTSTATUS NTAPI KdEnableDebugger() {
    DDI(KdEnableDebugger, HIGH_LEVEL);
    return STATUS_DEBUGGER_INACTIVE;
}

VOID NTAPI RtlAssert(PVOID VoidFailedAssertion, PVOID VoidFileName, ULONG LineNumber, PSTR MutableMessage) {
    DDI(RtlAssert, HIGH_LEVEL);
    rtl::assertion_failed(static_cast<PCSTR>(VoidFailedAssertion), static_cast<PCSTR>(VoidFileName),
                          LineNumber, MutableMessage);
}

VOID NTAPI PorticoAssertionFailure(PCSTR Expression, PCSTR File, ULONG Line) {
    DDI(PorticoAssertionFailure, HIGH_LEVEL);
    rtl::assertion_failed(Expression, File, Line, nullptr);
}

}  // extern "C"
