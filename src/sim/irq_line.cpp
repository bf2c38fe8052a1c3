#include "sim/irq_line.h"

#include "sim/scheduler.h"

namespace portico::sim {
namespace {

// An idle processor first, then the one at the lowest IRQL, then the lowest index.
Processor& choose_target(std::uint32_t affinity) {
    Processor* best = nullptr;
    const auto rank = [](const Processor& p) { return p.idle ? -1 : static_cast<int>(p.irql); };
    for (unsigned i = 0; i < scheduler.processor_count; ++i) {
        Processor& p = scheduler.processors[i];
        if ((affinity >> i & 1u) == 0) continue;
        if (best == nullptr || rank(p) < rank(*best)) best = &p;
    }
    return best == nullptr ? scheduler.processors[0] : *best;
}

void trace_line(TraceKind kind, const char* device, unsigned irq, Nanoseconds now_ns) {
    const Processor& p = *this_processor;
    trace.add({now_ns, device, irq, 0, 0, kind, p.index, p.irql});
}

}  // namespace

void IrqLine::make_pending(Nanoseconds now_ns) {
    if (service_ == nullptr || masked_ || in_service_ || target_ != nullptr) return;
    target_ = &choose_target(affinity_);
    target_->pending_lines |= 1u << irq_;
    scheduler.poke(*target_, now_ns);
}

void IrqLine::raise(const char* device, Nanoseconds now_ns) {
    trace_line(TraceKind::line_assert, device, irq_, now_ns);
    if (level_++ > 0) return;
    edge_ = true;
    make_pending(now_ns);
}

void IrqLine::lower(const char* device, Nanoseconds now_ns) {
    trace_line(TraceKind::line_deassert, device, irq_, now_ns);
    if (--level_ > 0 || latched_) return;
    edge_ = false;
    if (target_ == nullptr) return;  // a level that went away before it was taken is no interrupt
    target_->pending_lines &= ~(1u << irq_);
    target_ = nullptr;
}

void IrqLine::connect(Service service, void* context, std::uint32_t affinity) {
    service_ = service;
    context_ = context;
    affinity_ = affinity;
    if (asserted() || (latched_ && edge_)) make_pending(this_processor->at_ns);
}

void IrqLine::disconnect() {
    service_ = nullptr;
    context_ = nullptr;
    if (target_ == nullptr) return;
    target_->pending_lines &= ~(1u << irq_);
    target_ = nullptr;
}

void IrqLine::mask() {
    masked_ = true;
    if (target_ == nullptr) return;
    target_->pending_lines &= ~(1u << irq_);
    target_ = nullptr;
}

void IrqLine::unmask() {
    masked_ = false;
    if (asserted() || (latched_ && edge_)) make_pending(this_processor->at_ns);
}

void IrqLine::deliver(Processor& p) {
    p.pending_lines &= ~(1u << irq_);
    target_ = nullptr;
    edge_ = false;
    in_service_ = true;
    record(TraceKind::interrupt_enter, nullptr, irq_);
    const bool claimed = service_(context_, *this);
    record(TraceKind::interrupt_leave, nullptr, irq_, claimed);
    in_service_ = false;
    if (latched_ ? edge_ : asserted()) make_pending(this_processor->at_ns);
}

}  // namespace portico::sim
