// Stacks that are switched by hand: every thread and every idle loop of the simulated computer is one
// (design, section 3).
#pragma once

#include <cstddef>
#include <cstdint>

#include "sim/address_map.h"

namespace portico::sim {

// What structured exception handling (nt/seh) knows of the calls on a fiber's stack.
struct ExceptionState {
    void* frames = nullptr;      // __try blocks of .so drivers, innermost first
    void* dispatches = nullptr;  // calls of the dispatcher
    void* running = nullptr;     // filters and __finally blocks
};

class Fiber {
  public:
    using Entry = void (*)(void* argument);

    // Prepares the fiber to call entry(argument) on a kernel stack of the arena when it is first switched to.
    // The entry must never return. A fiber that was left half-way may be prepared again: its old frames are
    // forgotten.
    void prepare(Entry entry, void* argument);

    // Gives the stack back. The fiber must not be running.
    void release();

    // True when `address` lies on this fiber's stack.
    bool owns(std::uint64_t address) const { return address - stack_low_ < stack_high_ - stack_low_; }
    std::uint64_t stack_low() const { return stack_low_; }
    std::uint64_t stack_high() const { return stack_high_; }

    ExceptionState& exceptions() { return exceptions_; }

    // Saves the running context in `from` and goes on in `to`. Returns when something switches back to
    // `from`.
    static void switch_to(Fiber& from, Fiber& to);

  private:
    void* context_ = nullptr;
    Entry entry_ = nullptr;
    void* argument_ = nullptr;
    std::uint64_t stack_low_ = 0;
    std::uint64_t stack_high_ = 0;
    void* fake_stack_ = nullptr;
    ExceptionState exceptions_;

    friend struct FiberMain;
};

// The kernel stack, guard page excluded, that each prepared fiber gets.
extern const std::size_t fiber_stack_size;

// The stack at an address of stack_range, guard page excluded: an address below its base is in the guard.
inline AddressRange stack_at(std::uint64_t address) {
    const std::uint64_t slot = fiber_stack_size + page_size;
    return {address - (address - stack_range.base) % slot + page_size, fiber_stack_size};
}

// Every stack is free again: all fibers but the host's are forgotten, and must be made anew.
void reset_fibers();

// Most fibers that can exist at a time; prepare() ends the process beyond it (docs/limits.md).
std::size_t fiber_limit();

}  // namespace portico::sim
