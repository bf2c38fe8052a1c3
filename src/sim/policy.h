// Who goes on when several can: the one place where the simulation chooses. Choices are recorded, so a run can be replayed.
#pragma once

#include <cstdint>

namespace portico::sim {

class Policy {
  public:
    virtual ~Policy() = default;

    // True: ask at every point. False: NT's order, asked only when times meet.
    virtual bool explores() const { return false; }

    // The index of the processor that goes on. `candidates` has a bit per processor that can run (never 0);
    // `by_time` is the one with the smallest time, then index.
    virtual unsigned choose_processor(std::uint32_t candidates, unsigned by_time) {
        (void)candidates;
        return by_time;
    }
};

}  // namespace portico::sim
