#include "hardware/opl3/registers.h"

#include <bit>
#include <cmath>

namespace portico::hardware::opl3 {
namespace {

constexpr unsigned channels_an_array = 9;
constexpr unsigned operators_an_array = 18;

// Register 0x104: bit n joins channels n and n + 3, of array 1 from bit 3 on (OP-011).
bool joined(const Registers& registers, unsigned channel) {
    if (!is_new_mode(registers)) return false;
    const unsigned in_array = channel % channels_an_array;
    if (in_array >= 6) return false;
    const unsigned bit = in_array % 3 + (channel >= channels_an_array ? 3 : 0);
    return (registers[0x104] >> bit & 1) != 0;
}

}  // namespace

unsigned offset_of_operator(unsigned index) {
    const unsigned in_array = index % operators_an_array;
    return in_array / 6 * 8 + in_array % 6 + (index >= operators_an_array ? 0x100 : 0);
}

Operator operator_at(const Registers& registers, unsigned index) {
    const unsigned o = offset_of_operator(index);
    const unsigned modes = registers[0x20 + o];
    const unsigned levels = registers[0x40 + o];
    const unsigned rises = registers[0x60 + o];
    const unsigned falls = registers[0x80 + o];
    // Waveforms other than the sine are allowed by register 1 on an OPL2, and always on an OPL3.
    const unsigned allowed = is_new_mode(registers) ? 7 : (registers[0x01] & 0x20) != 0 ? 3 : 0;
    Operator out{};
    out.amplitude_modulation = (modes & 0x80) != 0;
    out.vibrato = (modes & 0x40) != 0;
    out.sustained = (modes & 0x20) != 0;
    out.key_scale_rate = (modes & 0x10) != 0;
    out.multiple = modes & 0x0f;
    out.key_scale_level = static_cast<std::uint8_t>(levels >> 6);
    out.total_level = levels & 0x3f;
    out.attack = static_cast<std::uint8_t>(rises >> 4);
    out.decay = rises & 0x0f;
    out.sustain = static_cast<std::uint8_t>(falls >> 4);
    out.release = falls & 0x0f;
    out.waveform = static_cast<std::uint8_t>(registers[0xe0 + o] & allowed);
    return out;
}

Channel channel_at(const Registers& registers, unsigned index) {
    const unsigned in_array = index % channels_an_array;
    const unsigned c = in_array + (index >= channels_an_array ? 0x100 : 0);
    const unsigned high = registers[0xb0 + c];
    const unsigned paths = registers[0xc0 + c];
    const bool chosen = is_new_mode(registers);
    Channel out{};
    out.f_number = static_cast<std::uint16_t>((high & 3) << 8 | registers[0xa0 + c]);
    out.block = high >> 2 & 7;
    out.key_on = (high & 0x20) != 0;
    out.feedback = paths >> 1 & 7;
    out.additive = (paths & 1) != 0;
    out.left = !chosen || (paths & 0x10) != 0;
    out.right = !chosen || (paths & 0x20) != 0;
    out.four_operator = joined(registers, index);
    const unsigned first =
        in_array / 3 * 6 + in_array % 3 + (index >= channels_an_array ? operators_an_array : 0);
    out.operators = {static_cast<std::uint8_t>(first), static_cast<std::uint8_t>(first + 3)};
    out.frequency_hz = out.f_number * std::ldexp(1.0, out.block - 20) * sample_rate_hz;
    return out;
}

Rhythm rhythm_of(const Registers& registers) {
    const unsigned bits = registers[0xbd];
    return {(bits & 0x80) != 0, (bits & 0x40) != 0, (bits & 0x20) != 0, (bits & 0x10) != 0,
            (bits & 0x08) != 0, (bits & 0x04) != 0, (bits & 0x02) != 0, (bits & 0x01) != 0};
}

Voices voices_of(const Registers& registers) {
    const bool all = is_new_mode(registers);
    Voices voices{all ? channel_count : channels_an_array, 0, 0};
    if (all) voices.four_operator = static_cast<unsigned>(std::popcount(registers[0x104] & 0x3fu));
    voices.two_operator -= 2 * voices.four_operator;
    if (!rhythm_of(registers).on) return voices;
    voices.two_operator -= 3;  // channels 6 to 8, which never join
    voices.drums = 5;
    return voices;
}

}  // namespace portico::hardware::opl3
