// Numbers in words: bug-check codes, times, events.
#include <fmt/format.h>

#include <algorithm>

#include "base/encoding.h"
#include "nt/rtl/debug_output.h"
#include "report/page.h"
#include "sim/trace.h"
#include "wdm.h"

namespace portico::report {
namespace {

constexpr struct {
    std::uint32_t code;
    const char* name;
} bug_checks[] = {
    {0x0A, "IRQL_NOT_LESS_OR_EQUAL"},
    {0x0C, "MAXIMUM_WAIT_OBJECTS_EXCEEDED"},
    {0x0F, "SPIN_LOCK_ALREADY_OWNED"},
    {0x10, "SPIN_LOCK_NOT_OWNED"},
    {0x18, "REFERENCE_BY_POINTER"},
    {0xEA, "THREAD_STUCK_IN_DEVICE_DRIVER"},
    {0x1E, "KMODE_EXCEPTION_NOT_HANDLED"},
    {0x44, "MULTIPLE_IRP_COMPLETE_REQUESTS"},
    {0x48, "CANCEL_STATE_IN_COMPLETED_IRP"},
    {0x50, "PAGE_FAULT_IN_NONPAGED_AREA"},
    {0x7E, "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED"},
    {0x7F, "UNEXPECTED_KERNEL_MODE_TRAP"},
    {0x93, "INVALID_KERNEL_HANDLE"},
    {0x9F, "DRIVER_POWER_STATE_FAILURE"},
    {0xB8, "ATTEMPTED_SWITCH_FROM_DPC"},
    {0xBE, "ATTEMPTED_WRITE_TO_READONLY_MEMORY"},
    {0xC1, "SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION"},
    {0xC2, "BAD_POOL_CALLER"},
    {0xC4, "DRIVER_VERIFIER_DETECTED_VIOLATION"},
    {0xC7, "TIMER_OR_DPC_INVALID"},
    {0xC8, "IRQL_UNEXPECTED_VALUE"},
    {0xC9, "DRIVER_VERIFIER_IOMANAGER_VIOLATION"},
    {0xCC, "PAGE_FAULT_IN_FREED_SPECIAL_POOL"},
    {0xCD, "PAGE_FAULT_BEYOND_END_OF_ALLOCATION"},
    {0xCE, "DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS"},
    {0xD1, "DRIVER_IRQL_NOT_LESS_OR_EQUAL"},
    {0xD3, "DRIVER_PORTION_MUST_BE_NONPAGED"},
    {0xD5, "DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL"},
    {0xD6, "DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION"},
    {0xFC, "ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY"},
    {0x133, "DPC_WATCHDOG_VIOLATION"},
    {0x139, "KERNEL_SECURITY_CHECK_FAILURE"},
    {0x1C4, "DRIVER_VERIFIER_DETECTED_VIOLATION_LIVEDUMP"},
    {0xE2, "MANUALLY_INITIATED_CRASH"},
};

}  // namespace

const char* bug_check_name(std::uint32_t code) {
    for (const auto& known : bug_checks) {
        if (known.code == code) return known.name;
    }
    return "";
}

std::string time_text(Nanoseconds at_ns) {
    return fmt::format("{}.{:03} {:03} {:03} s", at_ns / second_ns, at_ns / millisecond_ns % 1000,
                       at_ns / microsecond_ns % 1000, at_ns % 1000);
}

// A text of the driver's that is still kept, on one line.
static std::string printed_text(std::uint64_t index) {
    const nt::rtl::DebugOutput& output = nt::rtl::debug_output();
    if (index < output.first() || index >= output.count()) return "prints to the debugger";
    std::string text(output.text(index));
    if (!is_utf8(text)) text = utf8_of_windows_1252(text);
    std::size_t end = 80;
    while (end < text.size() && (text[end] & 0xC0) == 0x80) --end;  // not within a letter
    text.resize(std::min(end, text.size()));
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    }
    while (!text.empty() && text.back() == ' ') text.pop_back();
    return fmt::format("prints \"{}\"", text);
}

std::string event_text(const sim::TraceRecord& record) {
    using sim::TraceKind;
    const char* const name = record.name == nullptr ? "" : record.name;
    switch (record.kind) {
        case TraceKind::call:
            return std::string_view(name) == "PorticoPagedCode" ? "PAGED_CODE" : name;
        case TraceKind::callback_enter:
            return fmt::format("> {}", name);
        case TraceKind::callback_leave:
            return fmt::format("< {} = {:#x}", name, record.a);
        case TraceKind::port_read:
            return fmt::format("port {:#x} -> {:#04x}", record.a, record.b);
        case TraceKind::port_write:
            return fmt::format("port {:#x} <- {:#04x}", record.a, record.b);
        case TraceKind::register_read:
            return fmt::format("register {:#x} -> {:#x}", record.a, record.b);
        case TraceKind::register_write:
            return fmt::format("register {:#x} <- {:#x}", record.a, record.b);
        case TraceKind::line_assert:
            return fmt::format("{} asserts IRQ {}", name, record.a);
        case TraceKind::line_deassert:
            return fmt::format("{} releases IRQ {}", name, record.a);
        case TraceKind::interrupt_enter:
            return record.name != nullptr ? fmt::format("{} tick", name)
                                          : fmt::format("interrupt: IRQ {}", record.a);
        case TraceKind::interrupt_leave:
            return record.b != 0 ? "interrupt ends" : "interrupt ends, not claimed";
        case TraceKind::dpc_enter:
            return "DPC runs";
        case TraceKind::dpc_leave:
            return "DPC ends";
        case TraceKind::thread_switch:
            return record.a == 0 ? "no thread to run" : fmt::format("thread {} \"{}\" runs", record.a, name);
        case TraceKind::thread_ready:
            return fmt::format("thread {} \"{}\" is ready", record.a, name);
        case TraceKind::wire_out:
            return fmt::format("{} sends {:02X}", name, record.a);
        case TraceKind::wire_in:
            return fmt::format("{} receives {:02X}", name, record.a);
        case TraceKind::chip_write:
            return fmt::format("{} register {:03X} = {:02X}", name, record.a, record.b);
        case TraceKind::irp_complete:
            return fmt::format("{} completes with {:#010x}", name, static_cast<std::uint32_t>(record.b));
        case TraceKind::message:
            return fmt::format("message {:02X} {}", record.a, name);
        case TraceKind::debug_print:
            return printed_text(record.a);
        case TraceKind::irql:
            return fmt::format("IRQL {} to {}", record.a, record.b);
        case TraceKind::finding:
            return fmt::format("finding: {} {:#x}", name, record.a);
        default:
            return fmt::format("{} {} {:#x} {:#x}", sim::name_of(record.kind), name, record.a, record.b);
    }
}

}  // namespace portico::report
