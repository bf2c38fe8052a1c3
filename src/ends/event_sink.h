#pragma once

#include <cstdint>
#include <span>

#include "base/nanoseconds.h"
#include "base/result.h"

namespace portico::ends {

// Where MIDI goes: bytes of one wire, in any pieces, each with the time at which its last byte was complete.
//
// After an error, and without finish(), nothing of the output remains, and a file that was there before is
// untouched.
class EventSink {
  public:
    virtual ~EventSink() = default;

    // Times do not go back.
    virtual Result<void> write(Nanoseconds at_ns, std::span<const std::uint8_t> bytes) = 0;
    // Nothing comes before `at_ns` any more. What takes long, as sound does, is made in the silence then, not
    // all at once with the next write: it makes no difference to the output.
    virtual Result<void> silent_until(Nanoseconds) { return {}; }
    // Ends the output at `end_ns`, not before the last write, and puts it into its place. Called once, at any
    // time: what was written until then is whole. Nothing is written after it.
    virtual Result<void> finish(Nanoseconds end_ns) = 0;
};

}  // namespace portico::ends
