#include "sim/trace.h"

#include <algorithm>

namespace portico::sim {

constinit Trace trace;

void Trace::flush() {
    while (drain_ != nullptr && drained_ < next_) {
        const auto slot = drained_ & (capacity - 1);
        const auto count = std::min(next_ - drained_, capacity - slot);
        drain_(drain_context_, &records_[slot], count);
        drained_ += count;
    }
    plan_flush();
}

const char* name_of(TraceKind kind) {
    switch (kind) {
        case TraceKind::call:
            return "call";
        case TraceKind::callback_enter:
            return "callback";
        case TraceKind::callback_leave:
            return "return";
        case TraceKind::port_read:
            return "port-read";
        case TraceKind::port_write:
            return "port-write";
        case TraceKind::register_read:
            return "register-read";
        case TraceKind::register_write:
            return "register-write";
        case TraceKind::line_assert:
            return "line-assert";
        case TraceKind::line_deassert:
            return "line-deassert";
        case TraceKind::interrupt_enter:
            return "interrupt";
        case TraceKind::interrupt_leave:
            return "interrupt-end";
        case TraceKind::dpc_enter:
            return "dpc";
        case TraceKind::dpc_leave:
            return "dpc-end";
        case TraceKind::thread_switch:
            return "switch";
        case TraceKind::thread_ready:
            return "ready";
        case TraceKind::irql:
            return "irql";
        case TraceKind::wire_out:
            return "wire-out";
        case TraceKind::wire_in:
            return "wire-in";
        case TraceKind::chip_write:
            return "chip-write";
        case TraceKind::client:
            return "client";
        case TraceKind::irp_complete:
            return "irp-complete";
        case TraceKind::message:
            return "message";
        case TraceKind::debug_print:
            return "debug-print";
        case TraceKind::finding:
            return "finding";
    }
    return "unknown";
}

}  // namespace portico::sim
