// The few moves between stack pointers that a compiler cannot write. All of them keep to one fiber's stack.
#pragma once

#include <cstdint>

#include "wdm.h"

namespace portico::nt::seh {

// Everything of the caller as it is when this returns.
void capture(CONTEXT* context) asm("portico_seh_capture");

// Goes on with every register of the context.
[[noreturn]] void resume(const CONTEXT* context);

// A part of a driver's function runs below everything that is alive: at `address`, with the function's frame
// pointer. `*place` is where finish() comes back to; what that is told is returned. `stack` is given the
// stack pointer with which the code begins.
std::uint64_t run_below(std::uint64_t frame_pointer, std::uint64_t address, std::uint64_t* place,
                        std::uint64_t* stack);
[[noreturn]] void finish(std::uint64_t place, std::uint64_t value);

// Goes on in a driver's function with its own stack pointer.
[[noreturn]] void go_on(std::uint64_t frame_pointer, std::uint64_t address, std::uint64_t stack_pointer);

// A routine that does not return, on another stack.
[[noreturn]] void run_on(std::uint64_t stack_top, void (*routine)());

// Space left free above the stack pointer of run_below(): code of a function stores the arguments of its
// calls there.
constexpr std::uint64_t argument_space = 2048;

}  // namespace portico::nt::seh
