// __try blocks of .so drivers that are being executed: PORTICO_SEH_FRAMEs, linked per fiber, in the frames of
// their functions. They are the driver's memory: every link is looked at before it is followed.
#pragma once

#include <cstdint>

#include "excpt.h"
#include "wdm.h"

namespace portico::nt::seh {

// More scopes are not open on one stack: their links go in a circle.
constexpr unsigned scope_limit = 1024;

// It lies on the stack that runs, further out than what called, and leads to code of an image and to a scope
// that is not further in.
bool is_scope(const PORTICO_SEH_FRAME* frame);

// Where its function's frame is. Frames of one function lie in any order.
std::uint64_t place_of(const PORTICO_SEH_FRAME& frame);

// What its filter says. Below everything on the stack.
long ask_filter(PORTICO_SEH_FRAME& frame, EXCEPTION_POINTERS& pointers);

// It was unlinked because an exception leaves it: runs its __finally block, or what a HostScope has to do.
void leave_scope(PORTICO_SEH_FRAME& frame, const EXCEPTION_RECORD& record);

// Of a part of a driver's function that runs below everything: the one around it.
void* outer_running(void* running);

// Its handler is what runs next at its resume point.
void begin_handler(PORTICO_SEH_FRAME& frame, const EXCEPTION_RECORD& record);

}  // namespace portico::nt::seh
