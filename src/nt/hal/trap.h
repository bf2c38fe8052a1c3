// What a driver built by Microsoft's compiler does by instructions, where one built from source calls: ports,
// IRQL (cr8), interrupts, the processor's control region (gs) and the page that the kernel shares with
// everybody, registers of devices in memory. A host's program may do none of it; each attempt is a signal,
// and is done here instead.
#pragma once

#include <sys/ucontext.h>

#include <cstdint>

namespace portico::nt::hal {

// Once, before driver code runs that may need it. Opens the library that decodes instructions.
void prepare_traps();

struct FaultAccess {
    std::uint64_t address = 0;
    bool known = false;  // the processor says which address
    bool write = false;
};

// From a signal handler for SIGSEGV. True: when the handler returns, the machine does what the instruction
// asked for, on the interrupted stack, and goes on behind it. False: it is a fault.
bool take_trap(gregset_t& registers, const FaultAccess& access);

// A copy of a driver's instruction that runs in its place has faulted for a reason of its own (a division by
// what a register holds): the fault is the instruction's.
void leave_copy(gregset_t& registers);

}  // namespace portico::nt::hal
