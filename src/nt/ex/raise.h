// Raised exceptions. Windows unwinds to the driver's own __except; here a driver's image brings that, and
// puts itself into `dispatch_exception`. Nobody there, or nobody who takes it: the bug check that Windows
// ends with.
#pragma once

#include <cstdint>

#include "wdm.h"

namespace portico::nt::ex {

// Does not return when a handler takes the exception raised at `address`; returns otherwise.
extern void (*dispatch_exception)(NTSTATUS status, std::uint64_t address);

// Raises `status` on behalf of the driver's code at `address`: KMODE_EXCEPTION_NOT_HANDLED (0x1E) unless it
// is handled.
[[noreturn]] void raise_status(NTSTATUS status, const void* address);

}  // namespace portico::nt::ex
