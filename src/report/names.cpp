// Numbers in words: bug-check codes, times, events.
#include <fmt/format.h>

#include "nt/rtl/debug_output.h"
#include "report/page.h"
#include "sim/trace.h"
#include "wdm.h"

namespace portico::report {

const char* bug_check_name(std::uint32_t code) {
    switch (code) {
        case 0x0A:
            return "IRQL_NOT_LESS_OR_EQUAL";
        case 0x0C:
            return "MAXIMUM_WAIT_OBJECTS_EXCEEDED";
        case 0x0F:
            return "SPIN_LOCK_ALREADY_OWNED";
        case 0x10:
            return "SPIN_LOCK_NOT_OWNED";
        case 0x18:
            return "REFERENCE_BY_POINTER";
        case 0x1E:
            return "KMODE_EXCEPTION_NOT_HANDLED";
        case 0x44:
            return "MULTIPLE_IRP_COMPLETE_REQUESTS";
        case 0x48:
            return "CANCEL_STATE_IN_COMPLETED_IRP";
        case 0x50:
            return "PAGE_FAULT_IN_NONPAGED_AREA";
        case 0x7F:
            return "UNEXPECTED_KERNEL_MODE_TRAP";
        case 0x93:
            return "INVALID_KERNEL_HANDLE";
        case 0x9F:
            return "DRIVER_POWER_STATE_FAILURE";
        case 0xB8:
            return "ATTEMPTED_SWITCH_FROM_DPC";
        case 0xBE:
            return "ATTEMPTED_WRITE_TO_READONLY_MEMORY";
        case 0xC1:
            return "SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION";
        case 0xC2:
            return "BAD_POOL_CALLER";
        case 0xC4:
            return "DRIVER_VERIFIER_DETECTED_VIOLATION";
        case 0xC7:
            return "TIMER_OR_DPC_INVALID";
        case 0xC8:
            return "IRQL_UNEXPECTED_VALUE";
        case 0xC9:
            return "DRIVER_VERIFIER_IOMANAGER_VIOLATION";
        case 0xCC:
            return "PAGE_FAULT_IN_FREED_SPECIAL_POOL";
        case 0xCD:
            return "PAGE_FAULT_BEYOND_END_OF_ALLOCATION";
        case 0xCE:
            return "DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS";
        case 0xD1:
            return "DRIVER_IRQL_NOT_LESS_OR_EQUAL";
        case 0xD3:
            return "DRIVER_PORTION_MUST_BE_NONPAGED";
        case 0xD5:
            return "DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL";
        case 0xD6:
            return "DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION";
        case 0xFC:
            return "ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY";
        case 0x133:
            return "DPC_WATCHDOG_VIOLATION";
        case 0x139:
            return "KERNEL_SECURITY_CHECK_FAILURE";
        case 0x1C4:
            return "DRIVER_VERIFIER_DETECTED_VIOLATION_LIVEDUMP";
        case 0xE2:
            return "MANUALLY_INITIATED_CRASH";
        default:
            return "";
    }
}

std::string time_text(Nanoseconds at_ns) {
    return fmt::format("{}.{:03} {:03} {:03} s", at_ns / second_ns, at_ns / millisecond_ns % 1000,
                       at_ns / microsecond_ns % 1000, at_ns % 1000);
}

// A text of the driver's that is still kept, on one line.
static std::string printed_text(std::uint64_t index) {
    const nt::rtl::DebugOutput& output = nt::rtl::debug_output();
    if (index < output.first() || index >= output.count()) return "prints to the debugger";
    std::string text(output.text(index).substr(0, 80));
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
