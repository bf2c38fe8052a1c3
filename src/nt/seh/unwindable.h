// Which of Portico's functions a driver's exception may leave. Between the driver that raises and the driver
// that handles lie frames of the functions that one called and that called the other; their destructors do
// not run.
//
// A file, or a part of it, says `PORTICO_UNWINDABLE` before the functions that hold nothing when they touch a
// driver's memory or call a driver; what they call must be inlined or stand there, too.
// `PORTICO_UNWINDABLE_END` ends it. What such a function does hold it hands back in a HostScope.
#pragma once

#include "excpt.h"
#include "nt/seh/state.h"

#define PORTICO_UNWINDABLE _Pragma("clang section text = \"portico_unwindable\"")
#define PORTICO_UNWINDABLE_END _Pragma("clang section text = \"\"")

namespace portico::nt::seh {

// On the stack of a function that calls a driver: `unwound` is called, once, when an exception leaves it.
// Costs a link of the fiber's list.
class HostScope : PORTICO_SEH_FRAME {
  public:
    using Unwound = void (*)(HostScope& self);
    static constexpr int kind = 3;

    explicit HostScope(Unwound unwound) {
        Kind = kind;
        Phase = 0;
        Resume[1] = reinterpret_cast<void*>(unwound);
        Outer = static_cast<PORTICO_SEH_FRAME*>(state().frames);
        state().frames = static_cast<PORTICO_SEH_FRAME*>(this);
    }
    ~HostScope() { state().frames = Outer; }
    HostScope(const HostScope&) = delete;
    HostScope& operator=(const HostScope&) = delete;

    static void leave(PORTICO_SEH_FRAME& frame) {
        auto& self = static_cast<HostScope&>(frame);
        reinterpret_cast<Unwound>(self.Resume[1])(self);
    }
};

}  // namespace portico::nt::seh
