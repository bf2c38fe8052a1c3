#include "hardware/sb16/dsp.h"

#include <algorithm>
#include <string_view>

#include "sim/scheduler.h"

namespace portico::hardware::sb16 {
namespace {

constexpr std::uint8_t flag_bit = 0x80;
constexpr std::uint8_t other_bits = 0x7f;
constexpr Nanoseconds reset_pulse_ns = 3 * microsecond_ns;
constexpr std::string_view copyright = "COPYRIGHT (C) CREATIVE TECHNOLOGY LTD, 1992.";

struct Command {
    std::uint8_t code;
    std::uint8_t arguments;
};
// Those that have arguments; B0 to CF have three on a Sound Blaster 16.
constexpr Command with_arguments[] = {
    {0x04, 1}, {0x05, 2}, {0x0e, 2}, {0x0f, 1}, {0x10, 1}, {0x14, 2}, {0x15, 2}, {0x16, 2},
    {0x17, 2}, {0x24, 2}, {0x38, 1}, {0x40, 1}, {0x41, 2}, {0x42, 2}, {0x48, 2}, {0x74, 2},
    {0x75, 2}, {0x76, 2}, {0x77, 2}, {0x80, 2}, {0xe0, 1}, {0xe2, 1}, {0xe4, 1},
};

}  // namespace

// ---- power and reset ----

void Dsp::power_on() {
    commands_ = unknown_ = lost_ = short_resets_ = 0;
    wave8_.forget();
    wave16_.forget();
    restart();
}

void Dsp::restart() {
    reset_high_ = false;
    last_reply_ = 0xff;
    test_register_ = 0;
    reset_state();
}

void Dsp::stop() {
    wave8_.end();
    wave16_.end();
    set_midi(Midi::off);
    sim::scheduler.events.cancel(reset_event_);
}

void Dsp::reset_state() {
    stop();
    replies_.clear();
    arguments_wanted_ = arguments_given_ = 0;
    busy_until_ns_ = 0;
    speaker_ = stereo_input_ = high_speed_ = extended_ = false;
    extended_registers_.fill(0);
    bytes_per_second_ = output_rate_hz_ = input_rate_hz_ = 22'050;
    block_samples_ = 0x800;
}

// A one and then a zero; the ready byte comes when the DSP has begun anew.
void Dsp::write_reset(std::uint8_t value, Nanoseconds now_ns) {
    const bool high = (value & 1) != 0;
    if (high && !reset_high_) {
        reset_high_ns_ = now_ns;
        reset_state();
    } else if (!high && reset_high_) {
        if (now_ns - reset_high_ns_ < reset_pulse_ns) ++short_resets_;
        busy_until_ns_ = now_ns + setup_.reset_ns;
        sim::scheduler.schedule(reset_event_, now_ns + setup_.reset_ns);
    }
    reset_high_ = high;
}

// ---- the ports ----

std::uint8_t Dsp::read_data() {
    if (replies_.empty()) return last_reply_;
    last_reply_ = replies_.front();
    replies_.pop();
    return last_reply_;
}

std::uint8_t Dsp::read_status() const {
    return other_bits | (replies_.empty() ? 0 : flag_bit);
}

bool Dsp::refuses_commands() const {
    return reset_high_ || (high_speed_ && (wave8_.active() || wave16_.active()));
}

std::uint8_t Dsp::write_status(Nanoseconds now_ns) const {
    const bool busy = now_ns < busy_until_ns_ || refuses_commands() || (uart_mode() && !mpu_.takes_byte());
    return other_bits | (busy ? flag_bit : 0);
}

void Dsp::write(std::uint8_t value, Nanoseconds now_ns) {
    if ((write_status(now_ns) & flag_bit) != 0) {
        ++lost_;
        return;
    }
    if (uart_mode()) {
        (void)mpu_.send(value, now_ns);
        return;
    }
    busy_until_ns_ = now_ns + setup_.command_ns;
    if (arguments_given_ < arguments_wanted_) {
        arguments_[arguments_given_++] = value;
    } else {
        code_ = value;
        arguments_given_ = 0;
        arguments_wanted_ = argument_count(value);
    }
    if (arguments_given_ < arguments_wanted_) return;
    arguments_given_ = arguments_wanted_ = 0;
    command(now_ns);
}

unsigned Dsp::argument_count(std::uint8_t code) const {
    if (setup_.chip == Chip::ess) {
        if (code >= 0xa0 && code <= 0xbf) return extended_ ? 1 : 0;
        if (code == 0xc0) return extended_ ? 1 : 0;
    } else if (code >= 0xb0 && code <= 0xcf) {
        return 3;
    }
    const auto* const found = std::find_if(std::begin(with_arguments), std::end(with_arguments),
                                           [&](const Command& c) { return c.code == code; });
    return found == std::end(with_arguments) ? 0 : found->arguments;
}

// ---- commands ----

void Dsp::command(Nanoseconds now_ns) {
    ++commands_;
    const bool known = (setup_.chip == Chip::ess && ess_command()) || general_command(now_ns) ||
                       midi_command(now_ns) || rate_command() || old_wave_command(now_ns) ||
                       control_command(now_ns) || (setup_.chip == Chip::sb16 && new_wave_command(now_ns));
    if (!known) ++unknown_;
}

bool Dsp::general_command(Nanoseconds now_ns) {
    switch (code_) {
        case 0xe0:
            reply(static_cast<std::uint8_t>(~arguments_[0]));
            return true;
        case 0xe1:
            reply(static_cast<std::uint8_t>(setup_.version >> 8));
            reply(static_cast<std::uint8_t>(setup_.version));
            return true;
        case 0xe3:
            for (const char c : copyright) reply(static_cast<std::uint8_t>(c));
            reply(0);
            return true;
        case 0xe4:
            test_register_ = arguments_[0];
            return true;
        case 0xe8:
            reply(test_register_);
            return true;
        case 0xf2:
            interrupt(irq_8bit, now_ns);
            return true;
        case 0xf3:
            interrupt(irq_16bit, now_ns);
            return true;
        case 0xf8:
            reply(0);
            return true;
        default:
            return false;
    }
}

bool Dsp::midi_command(Nanoseconds now_ns) {
    switch (code_) {
        case 0x30:
        case 0x31: {
            // The interrupt mode's command ends it, too.
            const Midi wanted = code_ == 0x30 ? Midi::poll : Midi::interrupt;
            set_midi(wanted == Midi::interrupt && midi_ == wanted ? Midi::off : wanted);
            return true;
        }
        case 0x34:
        case 0x36:
            set_midi(Midi::uart);
            return true;
        case 0x35:
        case 0x37:
            set_midi(Midi::uart_interrupts);
            return true;
        case 0x38:
            if (!mpu_.send(arguments_[0], now_ns)) ++lost_;
            return true;
        default:
            return false;
    }
}

void Dsp::set_midi(Midi midi) {
    midi_ = midi;
    mpu_.divert(midi == Midi::off ? nullptr : midi_arrived, this);
}

void Dsp::midi_arrived(void* self, std::uint8_t byte, Nanoseconds now_ns) {
    auto& dsp = *static_cast<Dsp*>(self);
    dsp.reply(byte);
    if (dsp.midi_ == Midi::interrupt || dsp.midi_ == Midi::uart_interrupts) dsp.interrupt(irq_8bit, now_ns);
    if (dsp.midi_ == Midi::poll) dsp.set_midi(Midi::off);
}

bool Dsp::rate_command() {
    switch (code_) {
        case 0x40:
            bytes_per_second_ = 1'000'000 / (256u - arguments_[0]);
            output_rate_hz_ = input_rate_hz_ = bytes_per_second_;
            return true;
        case 0x41:
        case 0x42:
            // These two come high byte first.
            (code_ == 0x41 ? output_rate_hz_ : input_rate_hz_) = arguments_[0] << 8 | arguments_[1];
            bytes_per_second_ = arguments_[0] << 8 | arguments_[1];
            return true;
        case 0x48:
            block_samples_ = word(0) + 1;
            return true;
        default:
            return false;
    }
}

void Dsp::begin_old(bool records, bool reloads, std::uint32_t samples, Nanoseconds now_ns) {
    wave8_.begin({setup_.dma8, records, reloads, samples, bytes_per_second_, 0x80}, now_ns);
}

// The 8-bit commands that older cards have, too.
bool Dsp::old_wave_command(Nanoseconds now_ns) {
    switch (code_) {
        case 0x10:
            return true;  // one sample, at once
        case 0x20:
            reply(0x80);
            return true;
        case 0x14:
        case 0x15:
        case 0x24:
            begin_old(code_ == 0x24, false, word(0) + 1, now_ns);
            return true;
        case 0x1c:
        case 0x2c:
            begin_old(code_ == 0x2c, true, block_samples_, now_ns);
            return true;
        case 0x90:
        case 0x91:
        case 0x98:
        case 0x99:
            // Before version 4 nothing but a reset ends such a transfer.
            begin_old(code_ >= 0x98, (code_ & 1) == 0, block_samples_, now_ns);
            high_speed_ = setup_.version < 0x0400;
            return true;
        case 0x80:
            wave8_.begin({sim::dma_cascade, false, false, word(0) + 1, bytes_per_second_, 0x80}, now_ns);
            return true;
        default:
            return false;
    }
}

// Bx: 16 bits, Cx: 8 bits. Bit 3: records. Bit 2: again and again. The mode: bit 5 stereo, bit 4 signed. The
// count: of samples of one channel each, less one.
bool Dsp::new_wave_command(Nanoseconds now_ns) {
    if (code_ < 0xb0 || code_ > 0xcf) return false;
    const bool wide = code_ < 0xc0;
    const bool records = (code_ & 0x08) != 0;
    const unsigned mode = arguments_[0];
    const std::uint32_t samples = word(1) + 1;
    const std::uint32_t bytes = wide ? 2 : 1;
    const std::uint32_t rate_hz = records ? input_rate_hz_ : output_rate_hz_;
    const std::uint32_t channels = (mode & 0x20) != 0 ? 2 : 1;
    const bool is_signed = (mode & 0x10) != 0;
    Transfer& transfer = wide ? wave16_ : wave8_;
    transfer.begin({wide ? setup_.dma16 : setup_.dma8, records, (code_ & 0x04) != 0, samples * bytes,
                    rate_hz * channels * bytes, static_cast<std::uint8_t>(is_signed ? 0x00 : 0x80)},
                   now_ns);
    return true;
}

bool Dsp::control_command(Nanoseconds now_ns) {
    switch (code_) {
        case 0xd0:
            wave8_.pause(now_ns);
            return true;
        case 0xd4:
            wave8_.resume(now_ns);
            return true;
        case 0xd5:
            wave16_.pause(now_ns);
            return true;
        case 0xd6:
            wave16_.resume(now_ns);
            return true;
        case 0xd9:
            wave16_.finish_block();
            return true;
        case 0xda:
            wave8_.finish_block();
            return true;
        case 0xd1:
        case 0xd3:
            speaker_ = code_ == 0xd1;
            return true;
        case 0xd8:
            reply(speaker_ ? 0xff : 0x00);
            return true;
        case 0xa0:
        case 0xa8:
            stereo_input_ = code_ == 0xa8;
            return true;
        default:
            return false;
    }
}

// C6 and C7 switch the extended commands on and off; A0 to BF write a register then, and C0 with the number
// of one reads it back.
bool Dsp::ess_command() {
    if (code_ == 0xc6 || code_ == 0xc7) {
        extended_ = code_ == 0xc6;
        return true;
    }
    if (code_ == 0xe7) {
        reply(0x68);
        reply(0x8b);
        return true;
    }
    if (!extended_) return false;
    if (code_ >= 0xa0 && code_ <= 0xbf) {
        extended_registers_[code_ - 0xa0] = arguments_[0];
        return true;
    }
    if (code_ != 0xc0) return false;
    const unsigned wanted = arguments_[0];
    reply(wanted >= 0xa0 && wanted <= 0xbf ? extended_registers_[wanted - 0xa0] : 0xff);
    return true;
}

void Dsp::block_done(void* self, Transfer& transfer, Nanoseconds now_ns) {
    auto& dsp = *static_cast<Dsp*>(self);
    if (!transfer.active()) dsp.high_speed_ = false;
    dsp.interrupt(&transfer == &dsp.wave16_ ? irq_16bit : irq_8bit, now_ns);
}

}  // namespace portico::hardware::sb16
