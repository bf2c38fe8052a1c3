// What a status byte says about its message (MIDI 1.0 detailed specification, tables I to VI).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace portico::midi {

constexpr std::uint8_t sysex_begin = 0xF0;
constexpr std::uint8_t sysex_end = 0xF7;
constexpr std::uint8_t system_reset = 0xFF;

constexpr bool is_status(std::uint8_t byte) {
    return byte >= 0x80;
}
constexpr bool is_channel_status(std::uint8_t byte) {
    return byte >= 0x80 && byte < 0xF0;
}
constexpr bool is_system_common(std::uint8_t byte) {
    return byte >= 0xF0 && byte < 0xF8;
}
constexpr bool is_real_time(std::uint8_t byte) {
    return byte >= 0xF8;
}

// Bytes of a channel message, its status included.
constexpr unsigned channel_message_size(std::uint8_t status) {
    return 3u - ((status & 0xE0) == 0xC0);
}

// Bytes of the message that `status` begins, itself included. 0 for F0, whose length only its end tells, for
// F7, which begins nothing, and for data bytes. The undefined F4, F5, F9 and FD count as messages of one
// byte.
constexpr unsigned message_size(std::uint8_t status) {
    if (status < 0x80 || status == sysex_begin || status == sysex_end) return 0;
    if (status < 0xF0) return channel_message_size(status);
    if (status == 0xF2) return 3;
    return status == 0xF1 || status == 0xF3 ? 2 : 1;
}

constexpr bool is_note_on(std::uint8_t status, std::uint8_t velocity) {
    return (status & 0xF0) == 0x90 && velocity != 0;
}
constexpr bool is_note_off(std::uint8_t status, std::uint8_t velocity) {
    return (status & 0xF0) == 0x80 || ((status & 0xF0) == 0x90 && velocity == 0);
}

// "C4" for 60: middle C is C4, the lowest key is C-1. `key` is 0 to 127.
std::string note_name(unsigned key);

// "note on, channel 1, C4, velocity 100"; channels count from 1; a note-on of velocity 0 is a note off. For
// any bytes, also incomplete ones.
std::string describe(std::span<const std::uint8_t> message);

// "90 3C 64".
std::string hex(std::span<const std::uint8_t> bytes);

}  // namespace portico::midi
