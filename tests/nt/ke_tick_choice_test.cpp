// Which clock tick comes is a choice of the schedule.
#include <gtest/gtest.h>

#include "kernel.h"

namespace portico::test::ke_tick_choice_test {
namespace {

// Would lose every tick.
class LosesTicks : public sim::Policy {
  public:
    bool explores() const override { return true; }
    bool choose_tick() override {
        ++asked;
        return false;
    }
    int asked = 0;
};

// How long a wait of 5 ms takes, in 100 ns.
LONGLONG waited(sim::Policy* policy) {
    Kernel kernel;
    if (policy != nullptr) sim::scheduler.policy = policy;
    LONGLONG took = 0;
    EXPECT_TRUE(kernel.run([&] {
        ExSetTimerResolution(10'000, TRUE);
        LARGE_INTEGER interval = relative_ms(5);
        const LONGLONG before = nt::ke::exact_time_100ns();
        KeDelayExecutionThread(KernelMode, FALSE, &interval);
        took = nt::ke::exact_time_100ns() - before;
    }));
    sim::scheduler.policy = nullptr;
    return took;
}

TEST(KeTickChoice, WhatWaitsForALostTickWaitsForTheNext) {
    LosesTicks policy;
    const LONGLONG ordered = waited(nullptr);
    EXPECT_GE(ordered, 50'000);
    EXPECT_LE(ordered, 61'000);
    // One tick, not more: two in a row are never lost.
    EXPECT_EQ(waited(&policy) - ordered, 10'000);
    EXPECT_EQ(policy.asked, 1);
}

}  // namespace
}  // namespace portico::test::ke_tick_choice_test
