// Raising on behalf of the driver that called.
#pragma once

#include "nt/seh/dispatch.h"

namespace portico::nt::seh {

// Finds a handler for the exception among the frames of the driver that called Portico; returns never, or to
// the caller's driver when a filter wants it. Bug check 0x1E or 0x7E when nobody takes it. Between the driver
// and here nothing may be held.
void raise(EXCEPTION_RECORD& record);

// The bug check of an exception that no handler takes: SYSTEM_THREAD_EXCEPTION_NOT_HANDLED in a thread that
// PsCreateSystemThread made and in a work item, outside DPCs and interrupts; else
// KMODE_EXCEPTION_NOT_HANDLED.
ULONG unhandled_code();

// How the sentence "no handler took it" ends.
const char* why_unhandled(const Dispatched& dispatched);

}  // namespace portico::nt::seh
