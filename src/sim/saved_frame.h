// Where a fiber goes on when it is switched to: the innermost frame of a stack that does not run at the
// moment.
#pragma once

#include "sim/fiber.h"

namespace portico::sim {

struct SavedFrame {
    std::uint64_t rip = 0;
    std::uint64_t rbp = 0;  // 0: the fiber has no frame yet
};

// All zero for a fiber that was never prepared. Meaningless for the fiber that is running.
SavedFrame saved_frame(const Fiber& fiber);

}  // namespace portico::sim
