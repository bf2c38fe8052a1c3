// How a song gets to a render pin: packets of records, queued some time ahead.
#pragma once

#include "machine/state.h"
#include "machine/wire_tap.h"

namespace portico::machine {

// Feeds a render pin from a song.
class Feeder {
  public:
    // `exact`: a request for each message, with its time to 100 ns instead of whole milliseconds.
    // `origin_ns`: the song's time at the stream's time 0; what is earlier is left out.
    Feeder(Machine& machine, Pin::State_& pin, const Song& song, bool exact, Nanoseconds origin_ns = 0);

    bool done() const { return next_ == song_.messages().size(); }
    std::size_t fed() const { return next_; }
    // Stream times of what was queued last and of what is queued next; without one, before and after all
    // time.
    LONGLONG queued_until_ms() const;
    LONGLONG next_ms() const;

    // Queues what is due until then, in stream time; on the client's thread.
    NTSTATUS feed(LONGLONG until_ms);

  private:
    NTSTATUS feed_single(LONGLONG until_ms);
    NTSTATUS feed_packets(LONGLONG until_ms);
    Nanoseconds stream_ns(const Song::Message& message) const { return message.at_ns - origin_ns_; }

    Machine& machine_;
    Pin::State_& pin_;
    const Song& song_;
    bool exact_;
    Nanoseconds origin_ns_;
    std::size_t next_ = 0;
};

}  // namespace portico::machine
