// Fast mutexes and guarded mutexes: one structure, two ways to keep APCs off.
#pragma once

#include "wdm.h"

namespace portico::nt::ex {

void initialize_fast_mutex(PFAST_MUTEX mutex);
// The mutex alone, at the caller's IRQL (<= APC_LEVEL). Owner is the thread; a thread that acquires its own
// waits for ever, as on Windows, after the misuse was told.
void acquire_fast_mutex(PFAST_MUTEX mutex);
bool try_acquire_fast_mutex(PFAST_MUTEX mutex);
void release_fast_mutex(PFAST_MUTEX mutex);

}  // namespace portico::nt::ex
