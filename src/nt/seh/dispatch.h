// The two phases of an exception: search and unwinding, over both kinds of driver frames.
#pragma once

#include "nt/seh/walk.h"

namespace portico::nt::seh {

enum class Outcome : std::uint8_t {
    unhandled,
    continued,  // a filter wants the interrupted code to go on: with `context`, unless Portico was
                // interrupted
};

struct Dispatched {
    Outcome outcome = Outcome::unhandled;
    bool in_driver = false;  // `context` was a driver's
    WalkEnd end = WalkEnd::none;
    std::uint64_t place = 0;       // where the search ended
    bool handlers_beyond = false;  // there are __except blocks where the search did not come
};

// Finds a handler for the exception of `record`, which happened at `context`, and goes on there; returns when
// there is none, or when the interrupted code is to go on. Any IRQL. The context that filters see is the
// innermost driver frame's; what they change of it is in `context` afterwards if it is the same.
Dispatched dispatch(EXCEPTION_RECORD& record, CONTEXT& context, Lead lead);

// Unwinds to a frame of a .sys and goes on at `address` in it, with `value` in rax. Null frame: out of
// everything (an exit unwind, which is a bug check in a kernel). Starts at `context`; Portico may lie between
// it and the first driver frame.
[[noreturn]] void unwind_to(void* frame, void* address, EXCEPTION_RECORD* record, void* value,
                            const CONTEXT& context);

// Goes on with the context: nothing below its stack pointer is alive. A context that leads out of the stack
// or to no address is a bug check.
[[noreturn]] void go_on_with(CONTEXT& context, const EXCEPTION_RECORD& record);

// Reports that unwinding cannot go on: damaged tables, links that lead nowhere.
[[noreturn]] void stop_unwinding(const EXCEPTION_RECORD& record, WalkEnd end, std::uint64_t place);

}  // namespace portico::nt::seh
