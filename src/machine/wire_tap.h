// What came out, against what was asked for: messages of a wire in their order, their times and their
// lateness.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/histogram.h"
#include "midi/note_balance.h"
#include "midi/stream_parser.h"

namespace portico::machine {

// Messages and bytes of one direction.
struct MidiCount {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::uint64_t sysex_bytes = 0;
    midi::NoteBalance notes;
};

// A song as whole messages in the order of the wire.
class Song {
  public:
    // Raw bytes that are due at `at_ns` from the song's start, in order of time.
    void add(Nanoseconds at_ns, std::span<const std::uint8_t> bytes);

    struct Message {
        Nanoseconds at_ns;
        std::uint64_t begin;  // in bytes()
        std::uint64_t size;
        bool continues = false;  // the SysEx before the real-time messages in front of it
    };
    const std::vector<Message>& messages() const { return messages_; }
    std::span<const std::uint8_t> bytes_of(const Message& message) const {
        return {bytes_.data() + message.begin, message.size};
    }
    const MidiCount& count() const { return count_; }

  private:
    midi::StreamParser parser_;
    std::vector<Message> messages_;
    std::vector<std::uint8_t> bytes_;
    std::size_t sysex_piece_ = 0;  // the newest, in messages_
    MidiCount count_;
};

// Listens to a wire and compares it with the song.
class WireTap {
  public:
    // Where the wire and the song part for the first time: a message that is lost, at its time in the song,
    // or one that nobody asked for, at its first bit.
    struct Difference {
        bool lost = false;
        Nanoseconds at_ns = 0;  // from the song's start
        std::vector<std::uint8_t> bytes;
    };
    // `start_ns`: when the song's time 0 was.
    void expect(const Song* song, Nanoseconds start_ns) {
        song_ = song;
        start_ns_ = start_ns;
    }
    void byte(Nanoseconds first_bit_ns, std::uint8_t byte);
    // Nothing more comes: a SysEx that never ended is a message, too.
    void end();

    const MidiCount& count() const { return count_; }
    const Histogram& lateness() const { return lateness_; }
    // Messages that were the song's next, to the byte; the others are strangers.
    std::uint64_t matched() const { return matched_; }
    std::uint64_t strangers() const { return strangers_; }
    // Empty `bytes`: there is none.
    const Difference& first_difference() const { return first_difference_; }

  private:
    void message(std::span<const std::uint8_t> bytes, Nanoseconds first_bit_ns);
    void sysex_ended();
    void tell_difference(bool lost, Nanoseconds at_ns, std::span<const std::uint8_t> bytes);
    void tell_lost(std::size_t first, std::size_t end, bool real_time);
    bool is_at(std::size_t index, std::span<const std::uint8_t> bytes) const;

    const Song* song_ = nullptr;
    Nanoseconds start_ns_ = 0;
    midi::StreamParser parser_;
    std::vector<std::uint8_t> sysex_;
    Nanoseconds begun_ns_ = 0;  // first bit of the message in progress
    bool in_message_ = false;
    Nanoseconds sysex_begun_ns_ = 0;
    // Real-time messages may overtake a SysEx: each kind is in an order of its own.
    std::size_t next_ = 0;
    std::size_t next_real_time_ = 0;
    std::uint64_t matched_ = 0;
    std::uint64_t strangers_ = 0;
    Difference first_difference_;
    MidiCount count_;
    Histogram lateness_;
};

}  // namespace portico::machine
