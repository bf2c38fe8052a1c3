// The kernel stack that runs, as something that may hold anything.
#pragma once

#include <cstdint>

#include "sim/processor.h"

namespace portico::nt::seh {

struct StackView {
    std::uint64_t low = 0;
    std::uint64_t high = 0;

    // Of the current fiber; empty outside the simulation.
    static StackView current() {
        const sim::Fiber* const fiber = sim::this_processor->fiber;
        if (fiber == nullptr) return {};
        return {fiber->stack_low(), fiber->stack_high()};
    }

    bool contains(std::uint64_t address, std::uint64_t size = 8) const {
        return address >= low && address <= high && size <= high - address;
    }
    template <class T>
    bool read(std::uint64_t address, T& value) const {
        if (!contains(address, sizeof value)) return false;
        __builtin_memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
        return true;
    }
};

}  // namespace portico::nt::seh
