// Note-ons against note-offs, for each channel and key. Fixed size; for whole messages with their status
// byte.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "midi/message.h"

namespace portico::midi {

class NoteBalance {
  public:
    void add(std::span<const std::uint8_t> message) {
        if (message.empty()) return;
        if (message[0] == system_reset) release_all();
        if (message.size() != 3) return;
        const unsigned channel = message[0] & 0x0F;
        if (is_note_on(message[0], message[2])) {
            on(held_[channel][message[1] & 0x7F]);
        } else if (is_note_off(message[0], message[2])) {
            off(held_[channel][message[1] & 0x7F]);
        } else if ((message[0] & 0xF0) == 0xB0 && silences(message[1])) {
            release(channel);
        }
    }

    std::uint64_t note_ons() const { return note_ons_; }
    std::uint64_t note_offs() const { return note_offs_; }
    // Note-offs for keys that were not down.
    std::uint64_t unmatched_offs() const { return unmatched_offs_; }
    // Notes ended by "all sound off", "all notes off", a mode message or a system reset instead of their own
    // note-off.
    std::uint64_t released() const { return released_; }
    // Notes that still sound: the ons without an off.
    std::uint64_t held() const { return held_count_; }
    bool balanced() const { return held_count_ == 0 && unmatched_offs_ == 0; }

    // Calls visit(channel 0..15, key 0..127, count) for every key that is down.
    template <class Visit>
    void for_each_held(Visit&& visit) const {
        for (unsigned channel = 0; channel < held_.size(); ++channel) {
            for (unsigned key = 0; key < held_[channel].size(); ++key) {
                if (held_[channel][key] != 0) visit(channel, key, held_[channel][key]);
            }
        }
    }

  private:
    // Controllers 120 and 123 to 127; 121 (reset all controllers) and 122 (local) leave notes alone.
    static bool silences(std::uint8_t controller) { return controller == 120 || controller >= 123; }

    void on(std::uint32_t& count) {
        ++note_ons_;
        ++held_count_;
        ++count;
    }
    void off(std::uint32_t& count) {
        ++note_offs_;
        if (count == 0) {
            ++unmatched_offs_;
            return;
        }
        --held_count_;
        --count;
    }
    void release(unsigned channel) {
        for (auto& count : held_[channel]) {
            released_ += count;
            held_count_ -= count;
            count = 0;
        }
    }
    void release_all() {
        for (unsigned channel = 0; channel < held_.size(); ++channel) release(channel);
    }

    std::array<std::array<std::uint32_t, 128>, 16> held_{};
    std::uint64_t held_count_ = 0;
    std::uint64_t note_ons_ = 0;
    std::uint64_t note_offs_ = 0;
    std::uint64_t unmatched_offs_ = 0;
    std::uint64_t released_ = 0;
};

}  // namespace portico::midi
