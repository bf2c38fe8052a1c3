// What the fiber that runs knows of exceptions.
#pragma once

#include "sim/processor.h"

namespace portico::nt::seh {

inline sim::ExceptionState& state() {
    static sim::ExceptionState outside;  // the simulation
    sim::Fiber* const fiber = sim::this_processor->fiber;
    return fiber != nullptr ? fiber->exceptions() : outside;
}

// The stack below `top` is dead: what was linked there is forgotten.
void forget_below(std::uint64_t top);

}  // namespace portico::nt::seh
