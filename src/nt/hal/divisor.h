// Why the processor refused a division.
#pragma once

#include <sys/ucontext.h>

namespace portico::nt::hal {

// The interrupted instruction is a div or idiv whose divisor is not zero: its quotient does not fit. From a
// signal handler, for the processor's division fault alone: the operand was read just now.
bool quotient_overflows(const gregset_t& registers);

}  // namespace portico::nt::hal
