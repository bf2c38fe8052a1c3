// Asynchronous procedure calls, as threads' ends and the kernel's reset see them.
#pragma once

#include "nt/ke/thread.h"

namespace portico::nt::ke {

void reset_apcs();

// What is still queued to a thread that ends is given back to who queued it. By that thread, IRQL <=
// APC_LEVEL.
void run_down_apcs(KTHREAD& thread);

}  // namespace portico::nt::ke
