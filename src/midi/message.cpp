#include "midi/message.h"

#include <array>

#include <fmt/format.h>

namespace portico::midi {
namespace {

constexpr std::array<const char*, 12> pitch_names = {"C",  "C#", "D",  "D#", "E",  "F",
                                                     "F#", "G",  "G#", "A",  "A#", "B"};

struct Controller {
    std::uint8_t number;
    const char* name;
};

constexpr Controller controllers[] = {
    {0, "bank select"},
    {1, "modulation"},
    {2, "breath"},
    {4, "foot"},
    {5, "portamento time"},
    {6, "data entry"},
    {7, "volume"},
    {8, "balance"},
    {10, "pan"},
    {11, "expression"},
    {32, "bank select, low"},
    {38, "data entry, low"},
    {64, "sustain"},
    {65, "portamento"},
    {66, "sostenuto"},
    {67, "soft pedal"},
    {91, "reverb"},
    {93, "chorus"},
    {98, "NRPN, low"},
    {99, "NRPN, high"},
    {100, "RPN, low"},
    {101, "RPN, high"},
    {120, "all sound off"},
    {121, "reset all controllers"},
    {122, "local control"},
    {123, "all notes off"},
    {124, "omni off"},
    {125, "omni on"},
    {126, "mono"},
    {127, "poly"},
};

const char* controller_name(unsigned number) {
    for (const auto& controller : controllers) {
        if (controller.number == number) return controller.name;
    }
    return nullptr;
}

std::string describe_controller(unsigned channel, unsigned controller, unsigned value) {
    const char* name = controller_name(controller);
    if (name == nullptr) return fmt::format("controller {}, channel {}, {}", controller, channel, value);
    return fmt::format("{}, channel {}, {}", name, channel, value);
}

std::string describe_channel(std::span<const std::uint8_t> m) {
    const unsigned channel = (m[0] & 0x0Fu) + 1;
    if (m.size() > 2 && (is_note_on(m[0], m[2]) || is_note_off(m[0], m[2]))) {
        const char* what = is_note_on(m[0], m[2]) ? "on" : "off";
        return fmt::format("note {}, channel {}, {}, velocity {}", what, channel, note_name(m[1]), m[2]);
    }
    switch (m[0] & 0xF0) {
        case 0xA0:
            return fmt::format("key pressure, channel {}, {}, {}", channel, note_name(m[1]), m[2]);
        case 0xB0:
            return describe_controller(channel, m[1], m[2]);
        case 0xC0:
            return fmt::format("program, channel {}, {}", channel, m[1]);
        case 0xD0:
            return fmt::format("channel pressure, channel {}, {}", channel, m[1]);
        default:
            return fmt::format("pitch bend, channel {}, {:+d}", channel, (m[2] << 7 | m[1]) - 0x2000);
    }
}

std::string describe_system(std::span<const std::uint8_t> m) {
    switch (m[0]) {
        case 0xF1:
            return fmt::format("time code, piece {}, {}", m[1] >> 4, m[1] & 0x0F);
        case 0xF2:
            return fmt::format("song position, {}", m[2] << 7 | m[1]);
        case 0xF3:
            return fmt::format("song select, {}", m[1]);
        case 0xF6:
            return "tune request";
        case 0xF8:
            return "timing clock";
        case 0xFA:
            return "start";
        case 0xFB:
            return "continue";
        case 0xFC:
            return "stop";
        case 0xFE:
            return "active sensing";
        case 0xFF:
            return "system reset";
        default:
            return fmt::format("undefined status {:02X}", m[0]);
    }
}

}  // namespace

std::string note_name(unsigned key) {
    return fmt::format("{}{}", pitch_names[key % 12], static_cast<int>(key / 12) - 1);
}

std::string describe(std::span<const std::uint8_t> message) {
    if (message.empty()) return "nothing";
    if (message[0] == sysex_begin) {
        const bool ended = message.back() == sysex_end;
        return fmt::format("sysex, {} bytes{}", message.size(), ended ? "" : ", no end");
    }
    if (!is_status(message[0]) || message[0] == sysex_end) {
        const bool ended = message.back() == sysex_end;
        return fmt::format("data, {} bytes{}", message.size(), ended ? ", ends a sysex" : "");
    }
    if (message.size() < message_size(message[0])) {
        return fmt::format("incomplete message, {} of {} bytes", message.size(), message_size(message[0]));
    }
    return is_channel_status(message[0]) ? describe_channel(message) : describe_system(message);
}

std::string hex(std::span<const std::uint8_t> bytes) {
    std::string text;
    text.reserve(bytes.size() * 3);
    for (const auto byte : bytes)
        fmt::format_to(std::back_inserter(text), "{}{:02X}", text.empty() ? "" : " ", byte);
    return text;
}

}  // namespace portico::midi
