// Reads of memory that cannot be mapped, by any instruction: a copy of it reads a copy of the memory.
#pragma once

#include <sys/ucontext.h>

#include <cstdint>

namespace portico::nt::hal {

// The instruction at rip has read `address`. True: the registers now lead to a copy of it that reads what is
// there, and back. False: nothing can be read there, or the instruction has no copy.
bool redirect_load(gregset_t& registers, std::uint64_t address);

}  // namespace portico::nt::hal
