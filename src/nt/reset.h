// The whole executive as after power-on.
#pragma once

namespace portico::nt {

// After sim::scheduler.reset(), before any kernel code runs.
void reset();

}  // namespace portico::nt
