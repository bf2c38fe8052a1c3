// Bytes of a wire to whole messages with their times: what the sinks that write messages have in common.
#pragma once

#include <vector>

#include "ends/event_sink.h"
#include "midi/stream_parser.h"

namespace portico::ends {

struct WireMessage {
    Nanoseconds begin_ns = 0;  // when the write came that brought its first byte
    Nanoseconds end_ns = 0;    // and its last
    std::span<const std::uint8_t> bytes;
    bool begins = true;  // false for a later part of a SysEx longer than `sysex_part_bytes`
    midi::SysExEnd end = midi::SysExEnd::complete;

    bool whole() const { return begins && end == midi::SysExEnd::complete; }
};

class MessageSink : public EventSink {
  public:
    // A longer SysEx comes in parts of this size.
    static constexpr std::size_t sysex_part_bytes = 64 * 1024;

    Result<void> write(Nanoseconds at_ns, std::span<const std::uint8_t> bytes) final;
    // A SysEx that never ended is passed on as far as it came; an incomplete short message is not.
    Result<void> finish(Nanoseconds end_ns) final;

  protected:
    virtual Result<void> message(const WireMessage& message) = 0;
    virtual Result<void> end(Nanoseconds end_ns) = 0;

  private:
    Result<void> event(Nanoseconds at_ns, const midi::StreamEvent& event);
    Result<void> sysex(Nanoseconds at_ns, const midi::StreamEvent& event);
    Result<void> sysex_part(Nanoseconds at_ns, midi::SysExEnd end);

    midi::StreamParser parser_;
    Nanoseconds begin_ns_ = 0;
    std::vector<std::uint8_t> sysex_;
    bool sysex_begins_ = true;
};

}  // namespace portico::ends
