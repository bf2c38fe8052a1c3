// What the registers of a YMF262 say (OP-006 to OP-013): 512 of them in two arrays, array 1 from 0x100 on.
#pragma once

#include <array>
#include <cstdint>

namespace portico::hardware::opl3 {

constexpr unsigned register_count = 0x200;
constexpr unsigned channel_count = 18;   // two-operator channels; 9 an array
constexpr unsigned operator_count = 36;  // 18 an array
constexpr double sample_rate_hz = 14'318'180.0 / 288;

using Registers = std::array<std::uint8_t, register_count>;

// OP-007
struct Operator {
    bool amplitude_modulation;
    bool vibrato;
    bool sustained;  // EGT: the level stays at `sustain` until key-off
    bool key_scale_rate;
    std::uint8_t multiple;
    std::uint8_t key_scale_level;
    std::uint8_t total_level;  // 0.75 dB steps; 63: silent
    std::uint8_t attack;
    std::uint8_t decay;
    std::uint8_t sustain;
    std::uint8_t release;
    std::uint8_t waveform;
};

// OP-008
struct Channel {
    std::uint16_t f_number;
    std::uint8_t block;
    bool key_on;
    std::uint8_t feedback;
    bool additive;  // the connection bit
    bool left;
    bool right;
    bool four_operator;                       // the first or the second half of a pair
    std::array<std::uint8_t, 2> operators{};  // indices, 0 to 35
    double frequency_hz;                      // OP-009
};

// OP-010
struct Rhythm {
    bool deep_tremolo;
    bool deep_vibrato;
    bool on;
    bool bass_drum;
    bool snare_drum;
    bool tom_tom;
    bool cymbal;
    bool hi_hat;
};

// OPL3 mode (NEW): the second array sounds, outputs can be chosen, waveforms have three bits.
inline bool is_new_mode(const Registers& registers) {
    return (registers[0x105] & 1) != 0;
}
// The offset of an operator's registers from 0x20, 0x40, ...: 0 to 0x15, plus 0x100 in array 1 (OP-012).
unsigned offset_of_operator(unsigned index);
Operator operator_at(const Registers& registers, unsigned index);  // 0 to 35
Channel channel_at(const Registers& registers, unsigned index);    // 0 to 17
Rhythm rhythm_of(const Registers& registers);

// How many voices there are of each kind (OP-013).
struct Voices {
    unsigned two_operator;
    unsigned four_operator;
    unsigned drums;
};
Voices voices_of(const Registers& registers);

}  // namespace portico::hardware::opl3
