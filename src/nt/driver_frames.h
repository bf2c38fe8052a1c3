// Frames of drivers that were compiled without frame pointers: a PE image tells how to unwind each of its
// functions, and the loader reads it.
#pragma once

#include <cstdint>

#include "nt/findings.h"

namespace portico::nt {

struct CodeFrame {
    std::uint64_t rip = 0;
    std::uint64_t rsp = 0;  // 0: not known, frame pointers alone lead on
    std::uint64_t rbp = 0;
    bool called = true;  // rip is a return address: the call stands before it
};

// Makes the frame its caller's, reading the stack from rsp to `limit` only. False: no image with unwind
// information is there, or it makes no sense.
bool unwind_driver_frame(CodeFrame& frame, std::uint64_t limit);

// Adds the frame and its callers.
void walk_stack(Stack& stack, const CodeFrame& frame);

}  // namespace portico::nt
