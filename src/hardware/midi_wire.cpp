#include "hardware/midi_wire.h"

#include <algorithm>

#include "sim/trace.h"

namespace portico::hardware {
namespace {

void trace_byte(sim::TraceKind kind, const char* name, const WireByte& sent, Nanoseconds now_ns) {
    const sim::Processor& p = *sim::this_processor;
    sim::trace.add(
        {now_ns, name, sent.byte, static_cast<std::uint64_t>(sent.first_bit_ns), 0, kind, p.index, p.irql});
}

}  // namespace

void WireOut::sent(void* self, Nanoseconds now_ns) {
    auto& out = *static_cast<WireOut*>(self);
    const WireByte byte = out.sending_;
    out.log_[out.count_++ & (log_capacity - 1)] = byte;
    trace_byte(sim::TraceKind::wire_out, out.name_, byte, now_ns);
    out.free_(out.device_, now_ns);
    if (out.sink_ != nullptr) out.sink_(out.sink_context_, byte);
}

bool WireIn::receive(std::uint8_t byte, Nanoseconds at_ns) {
    if (waiting() == queue_capacity) return false;
    if (waiting() > 0) at_ns = std::max(at_ns, queued(tail_ - 1).first_bit_ns);
    queued(tail_++) = {at_ns, byte};
    wake();
    return true;
}

void WireIn::connect(WireInput* input) {
    input_ = input;
    if (have_ahead_ && !from_queue_) sim::scheduler.events.cancel(event_);
    have_ahead_ = false;
    wake();
}

void WireIn::wake() {
    const Nanoseconds now_ns = sim::scheduler.now_ns();
    if (!on_wire(now_ns)) arm(now_ns);
}

void WireIn::power_on(const char* name, Nanoseconds now_ns) {
    name_ = name;
    free_ns_ = now_ns;
    count_ = 0;
    powered_ = true;
    arm(now_ns);
}

void WireIn::stop() {
    sim::scheduler.events.cancel(event_);
    powered_ = false;
}

// The earlier of what waits in the queue and what the input has; the queue at equal times.
void WireIn::arm(Nanoseconds now_ns) {
    if (!powered_) return;
    sim::scheduler.events.cancel(event_);
    if (!have_ahead_ && input_ != nullptr) have_ahead_ = input_->next(&ahead_.first_bit_ns, &ahead_.byte);
    const bool queue_has = waiting() > 0;
    if (!queue_has && !have_ahead_) return;
    from_queue_ = queue_has && (!have_ahead_ || queued(head_).first_bit_ns <= ahead_.first_bit_ns);
    const WireByte& next = from_queue_ ? queued(head_) : ahead_;
    first_bit_ns_ = std::max({next.first_bit_ns, free_ns_, now_ns - midi_byte_ns});
    sim::scheduler.schedule(event_, first_bit_ns_ + midi_byte_ns);
}

void WireIn::last_bit(void* self, Nanoseconds now_ns) {
    auto& in = *static_cast<WireIn*>(self);
    const WireByte byte{in.first_bit_ns_, in.from_queue_ ? in.queued(in.head_).byte : in.ahead_.byte};
    if (in.from_queue_) {
        ++in.head_;
    } else {
        in.have_ahead_ = false;
    }
    in.free_ns_ = byte.first_bit_ns + midi_byte_ns;
    ++in.count_;
    trace_byte(sim::TraceKind::wire_in, in.name_, byte, now_ns);
    in.arrived_(in.device_, byte.byte, now_ns);
    if (!in.event_.scheduled()) in.arm(now_ns);
}

}  // namespace portico::hardware
