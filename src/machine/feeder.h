// How a song gets to a render pin: packets of records, queued some time ahead.
#pragma once

#include "machine/state.h"
#include "machine/wire_tap.h"

namespace portico::machine {

// Feeds a render pin from a song.
class Feeder {
  public:
    // `exact`: a request for each message, with its time to 100 ns instead of whole milliseconds.
    Feeder(Machine& machine, Pin::State_& pin, const Song& song, bool exact)
        : machine_(machine), pin_(pin), song_(song), exact_(exact) {}

    bool done() const { return next_ == song_.messages().size(); }
    std::size_t fed() const { return next_; }

    // Queues what is due until then; on the client's thread.
    NTSTATUS feed(LONGLONG until_ms);

  private:
    NTSTATUS feed_single(LONGLONG until_ms);
    NTSTATUS feed_packets(LONGLONG until_ms);

    Machine& machine_;
    Pin::State_& pin_;
    const Song& song_;
    bool exact_;
    std::size_t next_ = 0;
};

}  // namespace portico::machine
