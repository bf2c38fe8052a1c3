#include "hardware/mpu401/mpu401.h"

#include <algorithm>
#include <array>

#include "sim/scheduler.h"

namespace portico::hardware {
namespace {

constexpr std::uint8_t reset_command = 0xff;
constexpr std::uint8_t uart_command = 0x3f;
constexpr std::uint8_t ack_byte = 0xfe;
// Status bits; both are active low (MP-002).
constexpr std::uint8_t no_input = 0x80;
constexpr std::uint8_t output_busy = 0x40;
// How long a spurious interrupt stays when nobody looks at the status.
constexpr Nanoseconds spurious_ns = 50 * microsecond_ns;
constexpr Nanoseconds hour_ns = 3'600 * second_ns;

using Options = Mpu401::Options;

constexpr const char* empty_reads[] = {"last", "ones"};

constexpr std::array parameters{
    hexadecimal<&Options::port>("port", 0x100, 0xfffe, "base of the two I/O ports"),
    number<&Options::irq>("irq", 0, sim::irq_line_count - 1, "interrupt line"),
    number<&Options::rx_depth>("rx_depth", 1, 256, "bytes the receive FIFO holds"),
    number<&Options::tx_depth>("tx_depth", 1, 256, "bytes the transmit FIFO holds"),
    duration<&Options::ack_delay_ns>("ack_delay", 0, 10 * second_ns, "from a command to its ACK"),
    flag<&Options::ack_uart_reset>("ack_uart_reset", "a reset in UART mode is acknowledged"),
    flag<&Options::output_waits_for_input>("output_waits_for_input", "unread input blocks output"),
    hexadecimal<&Options::status_low_bits>("status_low_bits", 0, 0x3f,
                                           "what bits 0 to 5 of the status read as"),
    choice<&Options::empty_read>("empty_read", empty_reads, "what an empty data port reads as"),
    number_or<&Options::fault_lost_acks>("all", "fault_lost_acks", 0, 1'000'000, "commands that get no ACK"),
    duration<&Options::fault_ack_late_ns>("fault_ack_late", 0, 100 * second_ns, "added to ack_delay"),
    number_or<&Options::fault_drr_stuck_after>("never", "fault_drr_stuck_after", 0, 1'000'000'000,
                                               "data bytes, after which the device hangs"),
    duration_or<&Options::fault_drr_stuck_for_ns>("never", "fault_drr_stuck_for", 1, hour_ns,
                                                  "until it recovers"),
    duration_or<&Options::fault_spurious_every_ns>("never", "fault_spurious_every", 100 * microsecond_ns,
                                                   hour_ns, "from one spurious interrupt to the next"),
    duration_or<&Options::fault_line_stuck_at_ns>("never", "fault_line_stuck_at", 0, 1'000 * hour_ns,
                                                  "when the line sticks asserted"),
    duration_or<&Options::fault_storm_at_ns>("never", "fault_storm_at", 0, 1'000 * hour_ns,
                                             "when random bytes arrive"),
    number_or<&Options::fault_storm_bytes>("endless", "fault_storm_bytes", 1, 1'000'000'000, "how many"),
    duration<&Options::fault_storm_interval_ns>("fault_storm_interval", microsecond_ns, second_ns,
                                                "from one to the next"),
    number<&Options::fault_storm_seed>("fault_storm_seed", 0, no_limit - 1, "chooses them"),
    number_or<&Options::fault_remove_after>("never", "fault_remove_after", 1, 1'000'000'000,
                                            "data bytes, after which the device is gone"),
    duration_or<&Options::fault_remove_at_ns>("never", "fault_remove_at", 0, 1'000 * hour_ns,
                                              "when the device is gone"),
};

constexpr Options defaults;

}  // namespace

const Model Mpu401::model{
    "mpu401", "MPU-401 compatible MIDI port in UART mode", parameters, &defaults,
    [](const char* name) -> std::unique_ptr<Device> { return std::make_unique<Mpu401>(name); }};

Mpu401::Mpu401(const char* name, const Options& options)
    : Device(model, name, &options_), options_(options) {}

Resources Mpu401::resources() {
    return {{{options_.port, 2, this}}, {}, options_.irq, {}};
}

std::vector<Counter> Mpu401::counters() const {
    return {{"bytes sent", wire_.out.count()},
            {"bytes cut off", wire_.out.cut_count() + lost_in_fifo_},
            {"bytes received", wire_.in.count()},
            {"received, receive FIFO full", rx_overflow_},
            {"received outside UART mode", received_outside_uart_},
            {"written while busy", tx_overflow_},
            {"written outside UART mode", written_outside_uart_},
            {"commands ignored", commands_ignored_}};
}

// ---- power ----

void Mpu401::start(Nanoseconds now_ns, Start why) {
    uart_mode_ = stuck_ = spurious_ = line_stuck_ = false;
    ack_ = Ack::none;
    last_read_ = 0xff;
    rx_.clear();
    if (why == Start::power_on) {
        taken_ = lost_in_fifo_ = 0;
        rx_overflow_ = tx_overflow_ = written_outside_uart_ = received_outside_uart_ = commands_ignored_ = 0;
        acks_to_lose_ = options_.fault_lost_acks;
        wire_.out.power_on(name());
    }
    wire_.in.power_on(name(), now_ns);
    plan_faults(now_ns);
}

void Mpu401::stop(Nanoseconds) {
    for (sim::Event* event : {&ack_event_, &drr_event_, &spurious_event_, &spurious_end_event_, &line_event_,
                              &storm_event_, &remove_event_}) {
        sim::scheduler.events.cancel(*event);
    }
    wire_.out.cut();
    lost_in_fifo_ += tx_.size();
    tx_.clear();
    wire_.in.stop();
}

void Mpu401::plan(sim::Event& event, Nanoseconds after_power_on_ns, Nanoseconds now_ns) {
    if (after_power_on_ns == never_ns) return;
    const Nanoseconds due_ns = powered_on_ns() + after_power_on_ns;
    if (due_ns >= now_ns) sim::scheduler.schedule(event, due_ns);
}

void Mpu401::plan_faults(Nanoseconds now_ns) {
    next_fault_after_ = std::min(options_.fault_drr_stuck_after, options_.fault_remove_after);
    if (options_.fault_drr_stuck_after == 0) hang(now_ns);
    storm_left_ = options_.fault_storm_bytes;
    storm_bytes_ = sim::Random(options_.fault_storm_seed);
    plan(storm_event_, options_.fault_storm_at_ns, now_ns);
    plan(line_event_, options_.fault_line_stuck_at_ns, now_ns);
    if (options_.fault_line_stuck_at_ns < now_ns - powered_on_ns()) line_sticks(now_ns);  // no reset cures it
    plan(remove_event_, options_.fault_remove_at_ns, now_ns);
    if (options_.fault_spurious_every_ns != never_ns) {
        sim::scheduler.schedule(spurious_event_, now_ns + options_.fault_spurious_every_ns);
    }
}

// ---- registers ----

std::uint32_t Mpu401::read(std::uint32_t offset, unsigned width, Nanoseconds now_ns) {
    if (width != 1) return read_bytes(*this, offset, width, now_ns);
    return offset == 0 ? read_data(now_ns) : status(now_ns);
}

void Mpu401::write(std::uint32_t offset, unsigned width, std::uint32_t value, Nanoseconds now_ns) {
    if (width != 1) {
        write_bytes(*this, offset, width, value, now_ns);
    } else if (offset == 0) {
        write_data(static_cast<std::uint8_t>(value), now_ns);
    } else {
        command(static_cast<std::uint8_t>(value), now_ns);
    }
}

std::uint8_t Mpu401::status(Nanoseconds now_ns) {
    auto bits = static_cast<std::uint8_t>(options_.status_low_bits);
    if (!input_waits()) bits |= no_input;
    if (ack_ == Ack::coming || !takes_data()) bits |= output_busy;
    if (__builtin_expect(spurious_, false)) spurious_ends(now_ns);
    return bits;
}

std::uint8_t Mpu401::read_data(Nanoseconds now_ns) {
    if (!input_waits()) return options_.empty_read == EmptyRead::ones ? 0xff : last_read_;
    if (ack_ == Ack::waiting) {
        ack_ = Ack::none;
        last_read_ = ack_byte;
    } else {
        last_read_ = rx_.front();
        rx_.pop();
    }
    update_line(now_ns);
    return last_read_;
}

void Mpu401::write_data(std::uint8_t byte, Nanoseconds now_ns) {
    if (!uart_mode_) {
        ++written_outside_uart_;
        return;
    }
    if (!takes_data()) {
        ++tx_overflow_;
        return;
    }
    put_out(byte, now_ns);
    if (__builtin_expect(++taken_ >= next_fault_after_, false)) fault_after_byte(now_ns);
}

void Mpu401::put_out(std::uint8_t byte, Nanoseconds now_ns) {
    if (wire_.out.busy()) {
        tx_.push(byte);
    } else {
        wire_.out.send(byte, now_ns, midi_byte_ns);
    }
}

bool Mpu401::send(std::uint8_t byte, Nanoseconds now_ns) {
    if (!takes_byte()) return false;
    put_out(byte, now_ns);
    return true;
}

void Mpu401::fault_after_byte(Nanoseconds now_ns) {
    next_fault_after_ = options_.fault_remove_after;
    if (taken_ >= options_.fault_remove_after) {
        remove(now_ns);
    } else {
        hang(now_ns);
    }
}

void Mpu401::hang(Nanoseconds now_ns) {
    stuck_ = true;
    if (options_.fault_drr_stuck_for_ns == never_ns) return;
    sim::scheduler.schedule(drr_event_, now_ns + options_.fault_drr_stuck_for_ns);
}

void Mpu401::command(std::uint8_t code, Nanoseconds now_ns) {
    if (code == reset_command && !stuck_) {
        const bool acknowledge = !uart_mode_ || options_.ack_uart_reset;
        uart_mode_ = false;
        obey(acknowledge, now_ns);
    } else if (code == uart_command && !uart_mode_ && !stuck_) {
        uart_mode_ = true;
        obey(true, now_ns);
    } else {
        ++commands_ignored_;  // MP-004, MP-013; a unit that hangs obeys nothing
    }
}

// MP-005, MP-013: unread input is gone, and the ACK is the next byte read.
void Mpu401::obey(bool acknowledge, Nanoseconds now_ns) {
    rx_.clear();
    ack_ = Ack::none;
    sim::scheduler.events.cancel(ack_event_);
    if (acknowledge && acks_to_lose_ > 0) {
        if (acks_to_lose_ != no_limit) --acks_to_lose_;
    } else if (acknowledge) {
        ack_ = Ack::coming;
        sim::scheduler.schedule(ack_event_, now_ns + options_.ack_delay_ns + options_.fault_ack_late_ns);
    }
    update_line(now_ns);
}

// ---- time ----

void Mpu401::byte_sent(void* self, Nanoseconds now_ns) {
    auto& mpu = *static_cast<Mpu401*>(self);
    if (mpu.tx_.empty()) return;
    mpu.wire_.out.send(mpu.tx_.front(), now_ns, midi_byte_ns);
    mpu.tx_.pop();
}

void Mpu401::byte_arrived(void* self, std::uint8_t byte, Nanoseconds now_ns) {
    auto& mpu = *static_cast<Mpu401*>(self);
    if (mpu.diverted_ != nullptr) return mpu.diverted_(mpu.diverted_to_, byte, now_ns);
    if (!mpu.uart_mode_) {
        ++mpu.received_outside_uart_;
    } else if (mpu.rx_.size() >= mpu.options_.rx_depth) {
        ++mpu.rx_overflow_;  // MP-009: the new byte is lost
    } else {
        mpu.rx_.push(byte);
        mpu.update_line(now_ns);
    }
}

void Mpu401::acknowledged(Nanoseconds now_ns) {
    ack_ = Ack::waiting;
    update_line(now_ns);
}

void Mpu401::drr_freed(Nanoseconds) {
    stuck_ = false;
}

void Mpu401::spurious_begins(Nanoseconds now_ns) {
    spurious_ = true;
    update_line(now_ns);
    sim::scheduler.schedule(spurious_end_event_, now_ns + spurious_ns);
    sim::scheduler.schedule(spurious_event_, now_ns + options_.fault_spurious_every_ns);
}

void Mpu401::spurious_ends(Nanoseconds now_ns) {
    spurious_ = false;
    sim::scheduler.events.cancel(spurious_end_event_);
    update_line(now_ns);
}

void Mpu401::line_sticks(Nanoseconds now_ns) {
    line_stuck_ = true;
    update_line(now_ns);
}

void Mpu401::storm_byte(Nanoseconds now_ns) {
    if (storm_left_ != no_limit) --storm_left_;
    if (storm_left_ > 0) sim::scheduler.schedule(storm_event_, now_ns + options_.fault_storm_interval_ns);
    byte_arrived(this, static_cast<std::uint8_t>(storm_bytes_.below(256)), now_ns);
}

}  // namespace portico::hardware
