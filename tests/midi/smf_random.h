// Random but valid MIDI files from a seed.
#pragma once

#include <array>
#include <random>
#include <string>
#include <vector>

#include "midi/smf.h"

namespace portico::midi::smf {

class RandomFile {
  public:
    explicit RandomFile(std::uint64_t seed) : random_(seed) {}

    File make(std::uint16_t format, std::uint16_t division) {
        File file;
        file.format = format;
        file.division = division;
        file.tracks.resize(format == 0 ? 1 : 1 + random_() % 5);
        for (auto& track : file.tracks) {
            std::uint64_t tick = 0;
            for (auto events = random_() % 60; events > 0; --events) {
                tick += delta();
                event(file, track, tick);
            }
            track.end_tick = tick + delta();
        }
        return file;
    }

  private:
    std::uint32_t delta() {
        constexpr std::array<std::uint32_t, 5> limits = {1, 2, 200, 20'000, 3'000'000};
        return static_cast<std::uint32_t>(random_() % limits[random_() % limits.size()]);
    }
    std::uint8_t data() { return static_cast<std::uint8_t>(random_() & 0x7F); }

    void event(File& file, Track& track, std::uint64_t tick) {
        switch (random_() % 10) {
            case 0:
                return file.add_tempo(track, tick, static_cast<std::uint32_t>(1 + random_() % 0xFF'FFFF));
            case 1:
                return file.add_text(track, tick, text_type(), text());
            case 2:
                return sysex(file, track, tick);
            case 3:
                return file.add(track, tick, {static_cast<std::uint8_t>(0xC0 | random_() % 32), data()});
            default: {
                constexpr std::array<std::uint8_t, 5> statuses = {0x80, 0x90, 0xA0, 0xB0, 0xE0};
                const auto channel = random_() % 3;
                const auto status =
                    static_cast<std::uint8_t>(statuses[random_() % statuses.size()] | channel);
                return file.add(track, tick, {status, data(), data()});
            }
        }
    }

    void sysex(File& file, Track& track, std::uint64_t tick) {
        std::vector<std::uint8_t> bytes = {0xF0};
        for (auto size = random_() % 300; size > 0; --size) bytes.push_back(data());
        const bool split = random_() % 3 == 0;
        if (!split) bytes.push_back(0xF7);
        file.add(track, tick, bytes);
        if (!split) return;
        file.add(track, tick, {data(), data()});
        file.add(track, tick, {data(), 0xF7});
    }

    std::uint8_t text_type() { return static_cast<std::uint8_t>(1 + random_() % 7); }
    std::string text() {
        constexpr std::string_view letters = "abc XYZ,\"\\\t\xE9\n019";
        std::string out;
        for (auto size = random_() % 20; size > 0; --size) out += letters[random_() % letters.size()];
        return out;
    }

    std::mt19937_64 random_;
};

}  // namespace portico::midi::smf
