#include "hardware/mc6850/mc6850.h"

#include <array>

namespace portico::hardware {
namespace {

namespace status_bit {
constexpr std::uint8_t receive_full = 0x01;
constexpr std::uint8_t transmit_empty = 0x02;
constexpr std::uint8_t framing_error = 0x10;
constexpr std::uint8_t overrun = 0x20;
constexpr std::uint8_t interrupt = 0x80;
}  // namespace status_bit

constexpr std::uint8_t master_reset = 3;  // in the divisor's place
constexpr unsigned divisors[] = {1, 16, 64};
// Start, data, parity and stop bits by word select: 7E2 7O2 7E1 7O1 8N2 8N1 8E1 8O1.
constexpr unsigned frame_bits[] = {11, 11, 10, 10, 11, 10, 11, 11};

using Options = Mc6850::Options;

constexpr std::array parameters{
    hexadecimal<&Options::port>("port", 0x100, 0xfffe, "base of the two I/O ports"),
    number<&Options::irq>("irq", 0, sim::irq_line_count - 1, "interrupt line"),
    number<&Options::clock_hz>("clock_hz", 1'000, 10'000'000, "the clock that the control register divides"),
};

constexpr Options defaults;

}  // namespace

const Model Mc6850::model{
    "mc6850", "serial MIDI port with a Motorola MC6850", parameters, &defaults,
    [](const char* name) -> std::unique_ptr<Device> { return std::make_unique<Mc6850>(name); }};

Mc6850::Mc6850(const char* name, const Options& options)
    : Device(model, name, &options_), options_(options) {}

std::vector<Counter> Mc6850::counters() const {
    return {{"bytes sent", wire_.out.count()},
            {"bytes received", wire_.in.count()},
            {"received, lost", lost_in_},
            {"written, lost", lost_out_}};
}

void Mc6850::start(Nanoseconds now_ns, Start why) {
    control_ = 0;
    in_reset_ = true;
    transmit_full_ = receive_full_ = framing_error_ = overrun_ = overrun_coming_ = false;
    if (why == Start::power_on) {
        lost_in_ = lost_out_ = 0;
        wire_.out.power_on(name());
    }
    wire_.in.power_on(name(), now_ns);
}

void Mc6850::stop(Nanoseconds) {
    wire_.out.cut();
    wire_.in.stop();
}

std::uint32_t Mc6850::read(std::uint32_t offset, unsigned width, Nanoseconds now_ns) {
    if (width != 1) return read_bytes(*this, offset, width, now_ns);
    return offset == 0 ? status() : read_data(now_ns);
}

void Mc6850::write(std::uint32_t offset, unsigned width, std::uint32_t value, Nanoseconds now_ns) {
    if (width != 1) {
        write_bytes(*this, offset, width, value, now_ns);
    } else if (offset == 0) {
        write_control(static_cast<std::uint8_t>(value), now_ns);
    } else {
        write_data(static_cast<std::uint8_t>(value), now_ns);
    }
}

void Mc6850::write_control(std::uint8_t control, Nanoseconds now_ns) {
    control_ = control;
    in_reset_ = (control & 3) == master_reset;
    if (in_reset_) {
        wire_.out.cut();
        transmit_full_ = receive_full_ = framing_error_ = overrun_ = overrun_coming_ = false;
    } else {
        frame_ns_ = second_ns * frame_bits[control >> 2 & 7] * divisors[control & 3] / options_.clock_hz;
    }
    update_line(now_ns);
}

std::uint8_t Mc6850::status() const {
    std::uint8_t bits = 0;
    if (receive_full_) bits |= status_bit::receive_full;
    if (!in_reset_ && !transmit_full_) bits |= status_bit::transmit_empty;
    if (framing_error_) bits |= status_bit::framing_error;
    if (overrun_) bits |= status_bit::overrun;
    if (interrupting()) bits |= status_bit::interrupt;
    return bits;
}

bool Mc6850::interrupting() const {
    const bool receive_enabled = (control_ & 0x80) != 0;
    const bool transmit_enabled = (control_ & 0x60) == 0x20;
    return (receive_enabled && receive_full_) || (transmit_enabled && !in_reset_ && !transmit_full_);
}

void Mc6850::write_data(std::uint8_t byte, Nanoseconds now_ns) {
    if (in_reset_ || transmit_full_) ++lost_out_;
    if (in_reset_) return;
    if (wire_.out.busy()) {
        transmit_ = byte;  // over one that is still there
        transmit_full_ = true;
    } else {
        wire_.out.send(byte, now_ns, frame_ns_);
    }
    update_line(now_ns);
}

void Mc6850::byte_sent(void* self, Nanoseconds now_ns) {
    auto& acia = *static_cast<Mc6850*>(self);
    if (!acia.transmit_full_) return;
    acia.transmit_full_ = false;
    acia.wire_.out.send(acia.transmit_, now_ns, acia.frame_ns_);
    acia.update_line(now_ns);
}

void Mc6850::byte_arrived(void* self, std::uint8_t byte, Nanoseconds now_ns) {
    auto& acia = *static_cast<Mc6850*>(self);
    if (acia.in_reset_ || acia.receive_full_) {
        ++acia.lost_in_;
        acia.overrun_coming_ = acia.receive_full_;
        return;
    }
    acia.receive_ = byte;
    acia.receive_full_ = true;
    acia.framing_error_ = acia.frame_ns_ != midi_byte_ns;
    acia.update_line(now_ns);
}

// After an overrun the register stays "full" for one more read, with the status' overrun bit set.
std::uint8_t Mc6850::read_data(Nanoseconds now_ns) {
    overrun_ = overrun_coming_;
    overrun_coming_ = false;
    receive_full_ = overrun_;
    if (!receive_full_) framing_error_ = false;
    update_line(now_ns);
    return receive_;
}

}  // namespace portico::hardware
