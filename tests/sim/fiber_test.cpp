#include <gtest/gtest.h>

#include <cstring>

#include "sim/arena.h"
#include "sim/fiber.h"

namespace portico::test {
namespace {

using sim::Fiber;

struct Pair {
    Fiber host;
    Fiber fiber;
    int steps = 0;
    std::uint64_t local = 0;
};

void step_for_ever(void* argument) {
    auto& pair = *static_cast<Pair*>(argument);
    volatile char frame[256];
    for (;;) {
        frame[pair.steps % 256] = static_cast<char>(pair.steps);
        pair.local = reinterpret_cast<std::uint64_t>(&frame[0]);
        ++pair.steps;
        Fiber::switch_to(pair.fiber, pair.host);
    }
}

TEST(Fibers, SwitchThereAndBack) {
    sim::reserve_arena();
    Pair pair;
    pair.fiber.prepare(step_for_ever, &pair);
    for (int i = 1; i <= 1'000; ++i) {
        Fiber::switch_to(pair.host, pair.fiber);
        ASSERT_EQ(pair.steps, i);
    }
    pair.fiber.release();
}

TEST(Fibers, RunOnTheArenasStacks) {
    sim::reserve_arena();
    Pair pair;
    pair.fiber.prepare(step_for_ever, &pair);
    Fiber::switch_to(pair.host, pair.fiber);
    EXPECT_EQ(pair.fiber.stack_high() - pair.fiber.stack_low(), sim::fiber_stack_size);
    EXPECT_TRUE(sim::stack_range.contains(pair.fiber.stack_low()));
#ifndef PORTICO_ASAN  // ASan may keep locals on its own fake stack
    EXPECT_TRUE(pair.fiber.owns(pair.local));
#endif
    EXPECT_FALSE(pair.fiber.owns(reinterpret_cast<std::uint64_t>(&pair)));
    pair.fiber.release();
}

TEST(Fibers, AnAbandonedOneStartsAnewOnTheSameStack) {
    sim::reserve_arena();
    Pair pair;
    pair.fiber.prepare(step_for_ever, &pair);
    Fiber::switch_to(pair.host, pair.fiber);
    const std::uint64_t low = pair.fiber.stack_low();
    pair.steps = 0;
    pair.fiber.prepare(step_for_ever, &pair);
    EXPECT_EQ(pair.fiber.stack_low(), low);
    Fiber::switch_to(pair.host, pair.fiber);
    EXPECT_EQ(pair.steps, 1);
    pair.fiber.release();
}

TEST(Fibers, StacksAreReusedInLifoOrder) {
    sim::reserve_arena();
    Fiber a;
    Fiber b;
    a.prepare(step_for_ever, nullptr);
    b.prepare(step_for_ever, nullptr);
    const std::uint64_t low_a = a.stack_low();
    const std::uint64_t low_b = b.stack_low();
    b.release();
    a.release();
    Fiber c;
    Fiber d;
    c.prepare(step_for_ever, nullptr);
    d.prepare(step_for_ever, nullptr);
    EXPECT_EQ(c.stack_low(), low_a);
    EXPECT_EQ(d.stack_low(), low_b);
    c.release();
    d.release();
}

// Uses its whole frame: what an earlier fiber left poisoned under ASan must not matter.
void fill_big_frame(void* argument) {
    auto& pair = *static_cast<Pair*>(argument);
    char big[48 * 1024];
    std::memset(big, 0x5a, sizeof big);
    pair.steps = big[sizeof big / 2];
    for (;;) Fiber::switch_to(pair.fiber, pair.host);
}

TEST(Fibers, ReusedStacksCarryNoPoison) {
    sim::reserve_arena();
    for (int round = 0; round < 3; ++round) {
        Pair steps;
        steps.fiber.prepare(step_for_ever, &steps);
        Fiber::switch_to(steps.host, steps.fiber);
        steps.fiber.release();
        Pair big;
        big.fiber.prepare(fill_big_frame, &big);
        Fiber::switch_to(big.host, big.fiber);
        EXPECT_EQ(big.steps, 0x5a);
        big.fiber.release();
    }
}

void overflow(void*) {
    volatile char* const below =
        static_cast<volatile char*>(__builtin_frame_address(0)) - sim::fiber_stack_size - 16;
    *below = 1;
    std::abort();
}

TEST(FibersDeathTest, AGuardPageLiesBelowEachStack) {
    sim::reserve_arena();
    Fiber host;
    Fiber fiber;
    fiber.prepare(overflow, nullptr);
    EXPECT_DEATH(Fiber::switch_to(host, fiber), "");
    fiber.release();
}

TEST(FibersDeathTest, BeyondTheLimitTheProcessEnds) {
    sim::reserve_arena();
    EXPECT_DEATH(
        {
            std::vector<Fiber> fibers(sim::fiber_limit() + 1);
            for (Fiber& fiber : fibers) fiber.prepare(step_for_ever, nullptr);
        },
        "stack_range");
}

TEST(Arena, LiesWhereTheAddressMapSays) {
    sim::reserve_arena();
    sim::reserve_arena();
    for (const sim::AddressRange range :
         {sim::user_range, sim::nonpaged_range, sim::paged_range, sim::physical_range}) {
        auto* const first = reinterpret_cast<volatile char*>(range.base);
        auto* const last = reinterpret_cast<volatile char*>(range.end() - 1);
        *first = 1;
        *last = 2;
        EXPECT_EQ(*first + *last, 3);
        EXPECT_TRUE(range.contains(const_cast<const char*>(last)));
        EXPECT_FALSE(range.contains(range.end()));
        sim::discard(range);
        EXPECT_EQ(*first + *last, 0);
    }
    EXPECT_LE(sim::user_range.end(), sim::image_range.base);
    EXPECT_GE(sim::user_probe_address, sim::user_range.end());
}

}  // namespace
}  // namespace portico::test
