// One note's way through the system as a picture: from the client's write to the bits on the wire.
#pragma once

#include <cstdint>
#include <string>

#include "sim/trace.h"

namespace portico::report {

// SVG of the first note-on among the records that was due alone, else of the first note-on; records in the
// order of the trace. Empty when none of them came out on a wire.
std::string one_note_svg(const sim::TraceRecord* records, std::uint64_t count);

}  // namespace portico::report
