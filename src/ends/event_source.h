#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/nanoseconds.h"

namespace portico::ends {

struct SourceEvent {
    Nanoseconds at_ns = 0;
    std::span<const std::uint8_t> bytes;  // valid as long as the source
};

// Where MIDI comes from: events in order of time, each some bytes of the stream (a message, a SysEx or a part
// of one).
class EventSource {
  public:
    virtual ~EventSource() = default;

    // False after the last event.
    virtual bool next(SourceEvent& event) = 0;
    // Where the piece ends: at its last event or later.
    virtual Nanoseconds duration_ns() const = 0;
    // What was bent to read it, a line each.
    virtual const std::vector<std::string>& warnings() const = 0;
};

}  // namespace portico::ends
