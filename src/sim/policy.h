// What the simulation chooses when several things may happen next, and who chooses. Exploring policies and
// the record of choices: sim/exploring.h.
#pragma once

#include <cstdint>

namespace portico::sim {

class Policy {
  public:
    virtual ~Policy() = default;

    // True: ask at every point. False: NT's order, and nothing else is asked.
    virtual bool explores() const { return false; }

    // The index of the processor that goes on. `candidates` has a bit per processor that may (at least two
    // when the policy explores); `by_time` is the one with the smallest time, then index. Of those that spin
    // on a lock that was released, whoever goes on first takes it: so this chooses the waiter, too.
    virtual unsigned choose_processor(std::uint32_t candidates, unsigned by_time) {
        (void)candidates;
        return by_time;
    }

    // Whether the clock's tick that is due comes. False: it is lost, and what waits for it waits for the next
    // one.
    virtual bool choose_tick() { return true; }
};

}  // namespace portico::sim
