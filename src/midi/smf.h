// Standard MIDI Files 1.0: types 0, 1 and 2, read and written. Bytes in, bytes out; the room `ends` opens the
// files.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/nanoseconds.h"
#include "base/result.h"
#include "midi/serializer.h"

namespace portico::midi::smf {

// Larger files are refused: on a wire of 31250 baud this much plays for more than an hour.
constexpr std::size_t file_bytes_max = 16u << 20;
// Further ones are only counted.
constexpr std::size_t warnings_max = 32;

enum class EventKind : std::uint8_t {
    message,  // a channel message, status byte first
    sysex,    // an F0 event: F0 first; its last byte is F7 unless escapes continue it
    escape,   // an F7 event: raw bytes for the wire; continues a SysEx or carries any other status
    meta,     // its data; never sent
};

enum : std::uint8_t { meta_text = 0x01, meta_track_name = 0x03, meta_end_of_track = 0x2F, meta_tempo = 0x51 };

struct Event {
    std::uint64_t tick = 0;  // from the start of its track
    std::uint32_t at = 0;    // its bytes are File::bytes[at, at + size)
    std::uint32_t size = 0;
    EventKind kind = EventKind::message;
    std::uint8_t meta_type = 0;  // of kind meta only
};

struct Track {
    std::vector<Event> events;   // in file order; ticks never go back; without the end-of-track event
    std::uint64_t end_tick = 0;  // where end-of-track stands
};

struct File {
    std::uint16_t format = 1;
    // As in the header: ticks in a quarter note, or, with bit 15 set, SMPTE: minus frames a second, ticks in
    // a frame.
    std::uint16_t division = 480;
    std::vector<Track> tracks;
    std::vector<std::uint8_t> bytes;
    std::vector<std::string> warnings;  // one line each, like an error's
    std::size_t warnings_left_out = 0;
    std::size_t unknown_chunks = 0;

    std::span<const std::uint8_t> bytes_of(const Event& event) const {
        return {bytes.data() + event.at, event.size};
    }

    // Appends to `track`; `tick` is not before the track's last event. The kind follows from the first byte:
    // channel status, F0, anything else an escape. `message` is not empty.
    void add(Track& track, std::uint64_t tick, std::span<const std::uint8_t> message);
    void add(Track& track, std::uint64_t tick, std::initializer_list<std::uint8_t> message) {
        add(track, tick, std::span(message.begin(), message.size()));
    }
    void add_meta(Track& track, std::uint64_t tick, std::uint8_t type, std::span<const std::uint8_t> data);
    void add_text(Track& track, std::uint64_t tick, std::uint8_t type, std::string_view text);
    // `quarter_us` 1 to 2^24 - 1.
    void add_tempo(Track& track, std::uint64_t tick, std::uint32_t quarter_us);
};

// `name` stands in errors and warnings: "NAME: track 2, byte 317: ...". Errors: bad_input.
Result<File> read(std::span<const std::uint8_t> data, std::string_view name);

struct TimedEvent {
    Nanoseconds at_ns = 0;
    std::uint32_t at = 0;  // its bytes are Timeline::bytes[at, at + size)
    std::uint32_t size = 0;
    EventKind kind = EventKind::message;
    std::uint8_t meta_type = 0;
    std::uint16_t track = 0;
};

// All tracks as one list in time order; events of the same time in track order. The tracks of a type 2 file
// play one after the other, each with its own tempo map.
struct Timeline {
    std::vector<TimedEvent> events;
    std::vector<std::uint8_t> bytes;
    Nanoseconds duration_ns = 0;  // the end-of-track that comes last

    std::span<const std::uint8_t> bytes_of(const TimedEvent& event) const {
        return {bytes.data() + event.at, event.size};
    }
};

// Refuses, as bad_input, times beyond `time_ns_max`.
Result<Timeline> timeline(File file, std::string_view name);
constexpr Nanoseconds time_ns_max = Nanoseconds{1} << 62;

struct WriteOptions {
    RunningStatus running = RunningStatus::expanded;
};

// The same file gives the same bytes. Format 0 wants exactly one track. Gaps longer than a delta time can say
// are filled with empty texts.
std::vector<std::uint8_t> write(const File& file, WriteOptions options = {});

// A type 0 file in the making, from messages with times: ticks of 20 us at 120 beats a minute.
class Recorder {
  public:
    static constexpr std::uint16_t division = 25'000;
    static constexpr std::uint32_t quarter_us = 500'000;
    static constexpr Nanoseconds tick_ns = 20'000;

    Recorder();
    // A whole message, a whole SysEx, or a piece of one; in the order of the wire. Times may go back (a
    // real-time message inside a SysEx comes before the end of it): the file is in order of time. False when
    // the file would exceed `file_bytes_max`: nothing was added.
    bool add(Nanoseconds at_ns, std::span<const std::uint8_t> message);
    // The file that ends at `end_ns`, or with its last message if that is later.
    std::vector<std::uint8_t> finish(Nanoseconds end_ns);

  private:
    File file_;
};

}  // namespace portico::midi::smf
