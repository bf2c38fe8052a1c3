// A recorder's MIDI wire and its bus master.
#include <algorithm>

#include "hardware/recorder/recorder.h"
#include "sim/dma.h"

namespace portico::hardware {
namespace {

using namespace recorder;

constexpr Nanoseconds lag_ns_max = millisecond_ns;

}  // namespace

// ---- the wire ----

std::uint32_t Recorder::status_bits(std::uint32_t value) {
    const MidiScript& midi = *script_.midi;
    value &= ~(midi.takes | midi.has | midi.overrun);
    if (takes_byte() != midi.takes_low) value |= midi.takes;
    if (rx_.empty() == midi.has_low) value |= midi.has;
    if (overrun_) value |= midi.overrun;
    if (midi.overrun != 0) overrun_ = false;
    return value;
}

void Recorder::transmit(std::uint8_t byte, Nanoseconds now_ns) {
    if (!takes_byte()) {
        ++lost_out_;
    } else if (wire_.out.busy()) {
        (void)tx_.push(byte);
    } else {
        wire_.out.send(byte, now_ns, byte_time_ns());
    }
}

std::uint32_t Recorder::receive() {
    if (rx_.empty()) return last_received_;
    last_received_ = rx_.front();
    rx_.pop();
    return last_received_;
}

void Recorder::byte_sent(void* self, Nanoseconds now_ns) {
    auto& recorder = *static_cast<Recorder*>(self);
    if (!recorder.tx_.empty()) {
        recorder.wire_.out.send(recorder.tx_.front(), now_ns, recorder.byte_time_ns());
        recorder.tx_.pop();
    } else {
        recorder.send_from_memory(now_ns);
    }
    recorder.update_line(now_ns);
}

void Recorder::byte_arrived(void* self, std::uint8_t byte, Nanoseconds now_ns) {
    auto& recorder = *static_cast<Recorder*>(self);
    const auto& dma = recorder.script_.dma;
    if (dma && dma->wire && dma->moves == DmaScript::Moves::to_memory) {
        recorder.write_to_memory(byte, now_ns);
    } else if (!recorder.script_.midi || recorder.rx_.size() >= recorder.script_.midi->receive_depth) {
        ++recorder.lost_in_;
        recorder.overrun_ = true;
    } else {
        (void)recorder.rx_.push(byte);
    }
    recorder.update_line(now_ns);
}

// ---- DMA ----

void Recorder::begin_transfer(Nanoseconds now_ns) {
    const DmaScript& dma = *script_.dma;
    transfer_.active = true;
    transfer_.address = registers_.find(dma.address)->at(now_ns);
    transfer_.left = registers_.find(dma.length)->at(now_ns);
    transfer_.next_fill = static_cast<std::uint8_t>(dma.fill);
    transfer_.begun_ns = now_ns;
    transfer_.since_begun = 0;
    if (transfer_.left == 0) return end_transfer(now_ns);
    if (!dma.wire) return arm_transfer(now_ns);
    if (!wire_.out.busy()) send_from_memory(now_ns);
}

void Recorder::arm_transfer(Nanoseconds now_ns) {
    const auto bytes = transfer_.since_begun + transfer_.left;
    const Nanoseconds end_ns =
        transfer_.begun_ns + static_cast<Nanoseconds>(bytes * second_ns / script_.dma->rate) + 1;
    sim::scheduler.schedule(transfer_event_, std::clamp(end_ns, now_ns + 1, now_ns + lag_ns_max));
}

void Recorder::transfer_due(void* self, Nanoseconds now_ns) {
    auto& recorder = *static_cast<Recorder*>(self);
    if (recorder.script_.dma->wire) return recorder.send_from_memory(now_ns);
    recorder.move_bytes(now_ns);
    if (recorder.transfer_.active) recorder.arm_transfer(now_ns);
}

// The bytes whose time has come. Without the right to use the bus, they wait.
void Recorder::move_bytes(Nanoseconds now_ns) {
    Transfer& t = transfer_;
    if (!may_master()) {
        t.begun_ns = now_ns;
        t.since_begun = 0;
        return;
    }
    const auto elapsed = static_cast<std::uint64_t>(now_ns - t.begun_ns);
    const std::uint64_t due =
        elapsed / second_ns * script_.dma->rate + elapsed % second_ns * script_.dma->rate / second_ns;
    std::uint64_t count = std::min<std::uint64_t>(due - std::min(due, t.since_begun), t.left);
    std::array<std::uint8_t, 256> piece;
    while (count > 0) {
        const auto here = static_cast<std::uint32_t>(std::min<std::uint64_t>(count, piece.size()));
        bool whole = true;
        if (script_.dma->moves == DmaScript::Moves::to_memory) {
            for (std::uint32_t i = 0; i < here; ++i) piece[i] = t.next_fill++;
            whole = sim::write_physical(t.address, piece.data(), here);
        } else {
            whole = sim::read_physical(t.address, piece.data(), here);
        }
        if (!whole) no_memory_ += here;
        t.address += here;
        t.left -= here;
        t.moved += here;
        t.since_begun += here;
        count -= here;
    }
    if (t.left == 0) end_transfer(now_ns);
}

// The wire is free: the next byte goes out.
void Recorder::send_from_memory(Nanoseconds now_ns) {
    const auto& dma = script_.dma;
    if (!transfer_.active || !dma->wire || dma->moves != DmaScript::Moves::from_memory) return;
    if (transfer_.left == 0) return end_transfer(now_ns);
    if (!may_master()) return sim::scheduler.schedule(transfer_event_, now_ns + lag_ns_max);
    if (wire_.out.busy()) return;
    std::uint8_t byte = 0;
    if (!sim::read_physical(transfer_.address, &byte, 1)) ++no_memory_;
    ++transfer_.address;
    ++transfer_.moved;
    --transfer_.left;
    wire_.out.send(byte, now_ns, byte_time_ns());
}

void Recorder::write_to_memory(std::uint8_t byte, Nanoseconds now_ns) {
    if (!transfer_.active || !may_master()) {
        ++lost_in_;
        return;
    }
    if (!sim::write_physical(transfer_.address, &byte, 1)) ++no_memory_;
    ++transfer_.address;
    ++transfer_.moved;
    if (--transfer_.left == 0) end_transfer(now_ns);
}

void Recorder::end_transfer(Nanoseconds now_ns) {
    const DmaScript& dma = *script_.dma;
    transfer_.active = false;
    sim::scheduler.events.cancel(transfer_event_);
    registers_.find(dma.at)->clear_bits(dma.begins, now_ns);
    if (dma.done_at != none) registers_.find(dma.done_at)->set_bits(dma.done, now_ns);
    update_line(now_ns);
}

}  // namespace portico::hardware
