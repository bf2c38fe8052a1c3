// From driver frame to driver frame, outwards.
#pragma once

#include "nt/seh/pe_unwind.h"

namespace portico::nt::seh {

// A call of the dispatcher that is still under way: an exception raised by what it called (a filter, a
// __finally block, a language handler) is searched through it, where that exception was.
struct Dispatch {
    Dispatch* outer = nullptr;
    // Where the walk goes on beyond this call: the exception's own place while it searches, the frame that is
    // being unwound afterwards.
    const CONTEXT* resume = nullptr;
    ULONG scope_index = 0;  // of the frame being unwound: scopes below it are done
    const DISPATCHER_CONTEXT* unwinding = nullptr;
    // The part of a .so's function that runs below everything: its frame pointer; 0 while none does.
    std::uint64_t funclet_frame = 0;
};

// One function of a driver.
struct DriverFrame {
    CONTEXT context;  // control is here
    CONTEXT caller;   // and here after it has returned
    // Scopes of .so code at lower addresses are this frame's, or were entered by what it called.
    std::uint64_t bound = 0;
    bool nested = false;  // reached through a Dispatch that searches
    // Of a .sys:
    UnwindImage image;
    const RUNTIME_FUNCTION* function = nullptr;
    VirtualUnwind unwind;
    ULONG scope_index = 0;
};

// How much of Portico lies between the start and the first driver frame.
enum class Lead : std::uint8_t {
    none,   // the start is a driver's, or a fault in what is PORTICO_UNWINDABLE
    raise,  // Portico raises on purpose, holding nothing
};

enum class WalkEnd : std::uint8_t {
    none,
    outermost,  // the stack ends here
    boundary,   // a function of Portico that is not unwound called the driver, or was interrupted
    damaged,    // unwind data or the stack make no sense
};

class Walk {
  public:
    Walk(const CONTEXT& start, Lead lead);

    // False at the end.
    bool next(DriverFrame& frame, ULONG handler_wanted);
    WalkEnd end() const { return end_; }
    // The instruction at which it ended.
    std::uint64_t place() const { return context_.Rip; }

  private:
    bool host_step();
    void jump();
    bool driver_step(DriverFrame& frame, ULONG handler_wanted);
    bool table_step(DriverFrame& frame, ULONG handler_wanted);
    bool stop(WalkEnd end) {
        end_ = end;
        return false;
    }

    StackView stack_;
    CONTEXT context_;
    Dispatch* dispatch_;
    Lead lead_;
    WalkEnd end_ = WalkEnd::none;
    bool returned_ = false;    // rip is a return address
    bool in_portico_ = false;  // a frame of Portico's own was passed since the start
    bool driver_seen_ = false;
    bool nested_ = false;
    ULONG next_scope_index_ = 0;
};

}  // namespace portico::nt::seh
