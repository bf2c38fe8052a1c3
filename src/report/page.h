// The bug-check page: one finding with everything that is known about it, as text and as JSON (design,
// section 5).
#pragma once

#include <string>
#include <vector>

#include "nt/findings.h"

namespace portico::report {

// A return address made readable.
struct Line {
    std::string function;
    std::string file;  // as the compiler was given it
    unsigned line = 0;
    std::string module;
    std::uint64_t offset = 0;
    bool driver = false;
};

// The frames of a stack, inlined calls unfolded. `first_is_instruction`: the innermost is where a fault
// happened, not a return address.
std::vector<Line> lines_of(const nt::Stack& stack, bool first_is_instruction);
std::vector<Line> lines_of(const nt::Origin& origin);

// The innermost line of the driver that has a source place; an empty one when there is none.
Line place_of(const nt::Finding& finding);

struct PageOptions {
    bool colour = false;
    std::string replay_line;    // empty: none is shown
    unsigned event_count = 16;  // of the last events
    std::string driver;         // its name and hash, for the head
};

// The page of a bug check, or the shorter form of a finding that let the machine go on.
std::string page(const nt::Finding& finding, const PageOptions& options);
std::string page_json(const nt::Finding& finding, const PageOptions& options);

// The name that Windows gives a bug-check code: "DRIVER_IRQL_NOT_LESS_OR_EQUAL"; "" when it is none that
// drivers meet.
const char* bug_check_name(std::uint32_t code);

// "12.345 678 900 s"
std::string time_text(Nanoseconds at_ns);
// One record of the trace as a line of text, without its time.
std::string event_text(const sim::TraceRecord& record);

}  // namespace portico::report
