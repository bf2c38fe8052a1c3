// A driver's code that a signal interrupted: where it was, and how it is left for good.
#pragma once

#include <sys/ucontext.h>

#include <cstdint>

#include "nt/findings.h"

namespace portico::verifier {

struct Interrupted {
    std::uint64_t rip = 0;
    std::uint64_t rbp = 0;
    std::uint64_t rsp = 0;     // 0: not known
    std::uint64_t caller = 0;  // of code that has no frame of its own
};

nt::Stack stack_of(const Interrupted& place);
// When the handler returns, `routine` runs on a stack of its own, because the interrupted one may be the
// reason.
void go_on_in(gregset_t& registers, void (*routine)());

}  // namespace portico::verifier
