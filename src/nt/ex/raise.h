// Exceptions that Portico raises in the driver that called it. How they find the driver's __except: nt/seh.
#pragma once

#include "wdm.h"

namespace portico::nt::ex {

// Raises `status` on behalf of the driver's code at `address`: KMODE_EXCEPTION_NOT_HANDLED (0x1E) unless it
// is handled. Whoever calls this holds nothing: no lock, no reference, no memory.
[[noreturn]] void raise_status(NTSTATUS status, const void* address);

}  // namespace portico::nt::ex
