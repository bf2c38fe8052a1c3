// Exploring policies: what they choose, and that what they chose can be recorded and played back.
#include "sim/exploring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "program.h"

namespace portico::test {
namespace {

using sim::ChoiceLog;
using sim::PctPolicy;
using sim::Playback;
using sim::RandomPolicy;
using sim::Recorder;

TEST(Exploring, AsksThePolicyAtEveryPoint) {
    RandomPolicy policy(1);
    ChoiceLog log;
    Recorder recorder(policy, log);
    Program program(1, &recorder);
    program.run(0);
    EXPECT_GT(log.count(), 10'000u);
}

TEST(Exploring, TheSameSeedChoosesTheSameAndAnotherDiffers) {
    const auto explore = [](std::uint64_t seed, Nanoseconds slice_ns) {
        RandomPolicy policy(seed);
        return Program(1, &policy).run(slice_ns);
    };
    const auto once = explore(5, 0);
    expect_same(once, explore(5, 0));
    EXPECT_NE(once, explore(6, 0));
    EXPECT_NE(once, trace_of(1));
}

TEST(Exploring, TheHostsSlicingIsNoChoice) {
    const auto explore = [](Nanoseconds slice_ns) {
        RandomPolicy policy(5);
        return Program(1, &policy).run(slice_ns);
    };
    // Processors may differ in time, so the unsliced run may lack what another processor still did before the
    // limit.
    const auto sliced = explore(millisecond_ns);
    expect_same(sliced, explore(500'000));
    expect_same(explore(0), explore(millisecond_ns));
}

// Two threads count to six; in NT's order the second never comes between the first's reading and its writing.
int total_of_two_counters(sim::Policy* policy) {
    Simulation simulation;
    if (policy != nullptr) scheduler.policy = policy;
    int counter = 0;
    const auto increment = [&] {
        for (int i = 0; i < 3; ++i) {
            sim::point(10'000);
            const int seen = counter;
            sim::point(50);
            counter = seen + 1;
        }
    };
    simulation.start("a", {8, 1}, increment);
    simulation.start("b", {8, 2}, [&] {
        sim::point(5'000);
        increment();
    });
    simulation.run(second_ns);
    return counter;
}

TEST(Exploring, RandomFindsALostUpdate) {
    EXPECT_EQ(total_of_two_counters(nullptr), 6);
    int lost = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
        RandomPolicy policy(seed);
        lost += total_of_two_counters(&policy) < 6 ? 1 : 0;
    }
    EXPECT_GT(lost, 10);
}

TEST(Exploring, PctFindsALostUpdateAtItsDepth) {
    const auto lost = [](unsigned depth) {
        int lost = 0;
        for (std::uint64_t seed = 0; seed < 400; ++seed) {
            PctPolicy policy(seed, depth);
            lost += total_of_two_counters(&policy) < 6 ? 1 : 0;
        }
        return lost;
    };
    // One thread must come between the other's two steps: an ordering more than priorities alone give.
    EXPECT_EQ(lost(1), 0);
    EXPECT_GT(lost(2), 4);
}

TEST(Exploring, PctKeepsItsPrioritiesBetweenChanges) {
    const auto switches = [](unsigned depth) {
        PctPolicy policy(1, depth);
        ChoiceLog log;
        Recorder recorder(policy, log);
        for (int i = 0; i < 100'000; ++i) recorder.choose_processor(0b1111, 0);
        return log.runs().size() / 2 - 1;
    };
    // 100000 choices are some 75 windows of 1360 on average.
    EXPECT_GT(switches(1), 20u);
    EXPECT_LT(switches(1), 200u);
    EXPECT_GT(switches(4), 2 * switches(1));
    EXPECT_LT(switches(4), 800u);
}

TEST(Exploring, PctChoosesAmongTheCandidatesOnly) {
    PctPolicy policy(3, 3);
    for (int i = 0; i < 10'000; ++i) {
        const std::uint32_t candidates = 1u + static_cast<std::uint32_t>(i) % 255;
        ASSERT_NE(candidates >> policy.choose_processor(candidates, 0) & 1u, 0u);
    }
}

// The policy would let the second processor wait for ever.
class FirstProcessor : public sim::Policy {
  public:
    bool explores() const override { return true; }
    unsigned choose_processor(std::uint32_t candidates, unsigned) override {
        ++choices;
        return static_cast<unsigned>(__builtin_ctz(candidates));
    }
    int choices = 0;
};

TEST(Exploring, NoProcessorFallsBehindWithoutEnd) {
    FirstProcessor first;
    Simulation simulation;
    scheduler.policy = &first;
    bool told = false;
    Nanoseconds heard_ns = 0;
    simulation.start("polls", {8, 1}, [&] {
        while (!told) sim::point(100);
        heard_ns = now_ns();
    });
    simulation.start("tells", {8, 2}, [&] { told = true; });
    simulation.run(second_ns);
    EXPECT_GT(heard_ns, 900'000);
    EXPECT_LT(heard_ns, 1'100'000);
}

TEST(Exploring, AStallGoesOnThoughAnotherProcessorLags) {
    FirstProcessor first;
    Simulation simulation;
    scheduler.policy = &first;
    bool stalled = false;
    simulation.start("stalls", {8, 1}, [&] {
        scheduler.stall(50 * millisecond_ns);
        stalled = true;
    });
    simulation.start("lags", {8, 2}, [&] { sim::point(50); });
    simulation.run(second_ns);
    EXPECT_TRUE(stalled);
    EXPECT_LT(first.choices, 100);
}

// ---- the record ----

TEST(Choices, AreKeptUpToTheBound) {
    ChoiceLog log;
    for (std::uint64_t i = 0; i < ChoiceLog::capacity + 5; ++i) log.add(static_cast<std::uint8_t>(i / 7 % 2));
    EXPECT_EQ(log.count(), ChoiceLog::capacity + 5);
    EXPECT_EQ(log.kept().size(), ChoiceLog::capacity);
}

TEST(Choices, AreWrittenAsRuns) {
    ChoiceLog log;
    for (const int choice : {0, 0, 0, 1, 16, 16, 7, 0}) log.add(static_cast<std::uint8_t>(choice));
    EXPECT_THAT(log.runs(), ::testing::ElementsAre(0, 3, 1, 1, 16, 2, 7, 1, 0, 1));
    std::vector<std::uint8_t> again;
    ASSERT_TRUE(ChoiceLog::from_runs(log.runs(), again));
    EXPECT_EQ(again, log.kept());
}

TEST(Choices, ThatAreNoneAreRefused) {
    std::vector<std::uint8_t> choices;
    for (const std::vector<unsigned>& runs :
         std::vector<std::vector<unsigned>>{{0},
                                            {8, 1},
                                            {18, 1},
                                            {0, 0},
                                            {0, ChoiceLog::capacity + 1},
                                            {0, ChoiceLog::capacity, 1, 1},
                                            {0, ~0u},
                                            {~0u, 1}}) {
        choices.clear();
        EXPECT_FALSE(ChoiceLog::from_runs(runs, choices)) << ::testing::PrintToString(runs);
        EXPECT_LE(choices.size(), ChoiceLog::capacity);
    }
    EXPECT_TRUE(ChoiceLog::from_runs({}, choices));
}

// What another seed's policy would choose does not matter while there is a record.
TEST(Choices, PlayedBackGiveTheSameTrace) {
    RandomPolicy policy(5);
    ChoiceLog log;
    Recorder recorder(policy, log);
    const auto recorded = Program(1, &recorder).run(0);
    ASSERT_EQ(log.kept().size(), log.count());
    RandomPolicy other(6);
    Playback playback(log.kept(), other);
    expect_same(recorded, Program(1, &playback).run(0));
    EXPECT_EQ(playback.misfits(), 0u);
    EXPECT_EQ(playback.played(), playback.recorded());
}

TEST(Choices, BeyondTheRecordThePolicyGoesOnWhereItWas) {
    RandomPolicy policy(5);
    ChoiceLog log;
    Recorder recorder(policy, log);
    const auto recorded = Program(1, &recorder).run(0);
    auto half = log.kept();
    half.resize(half.size() / 2);
    RandomPolicy same(5);
    Playback playback(half, same);
    expect_same(recorded, Program(1, &playback).run(0));
    EXPECT_EQ(playback.misfits(), 0u);
}

TEST(Choices, OfAnotherRunDoNotFit) {
    std::vector<std::uint8_t> choices(100, 0);
    choices[7] = 5;                        // a processor that the machine does not have
    choices[9] = ChoiceLog::tick_is_lost;  // and a tick where none was asked about
    RandomPolicy policy(5);
    Playback playback(choices, policy);
    Program(1, &playback).run(0);
    EXPECT_EQ(playback.misfits(), 2u);
    EXPECT_EQ(playback.first_misfit(), 7u);
}

}  // namespace
}  // namespace portico::test
