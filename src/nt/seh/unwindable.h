// Which of Portico's functions a driver's exception may leave. Between the driver that raises and the driver
// that handles lie frames of the functions that one called and that called the other; their destructors do
// not run.
//
// A file, or a part of it, says `PORTICO_UNWINDABLE` before the functions that hold nothing when they touch a
// driver's memory or call a driver; what they call must be inlined or stand there, too.
// `PORTICO_UNWINDABLE_END` ends it. What such a function does hold it hands back in a HostScope.
#pragma once

#include "excpt.h"

#define PORTICO_UNWINDABLE _Pragma("clang section text = \"portico_unwindable\"")
#define PORTICO_UNWINDABLE_END _Pragma("clang section text = \"\"")

namespace portico::nt::seh {

// On the stack of a function that calls a driver: `unwound` is called, once, when an exception leaves it.
// Costs a link of the fiber's list.
class HostScope : PORTICO_SEH_FRAME {
  public:
    using Unwound = void (*)(HostScope& self);
    explicit HostScope(Unwound unwound);
    ~HostScope();
    HostScope(const HostScope&) = delete;
    HostScope& operator=(const HostScope&) = delete;
};

}  // namespace portico::nt::seh
