// Time on the processors: points, stalls, interleaving, polling, and the host's run().
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulation.h"

namespace portico::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Until a new thread's first instruction.
constexpr Nanoseconds start_ns = 1'000;

TEST(Time, APointCostsItsTime) {
    Simulation simulation(1);
    std::vector<Nanoseconds> seen;
    simulation.start("t", [&] {
        seen.push_back(now_ns());
        sim::point(50);
        seen.push_back(now_ns());
        sim::point(1'000);
        seen.push_back(now_ns());
    });
    simulation.run(millisecond_ns);
    EXPECT_THAT(seen, ElementsAre(start_ns, start_ns + 50, start_ns + 1'050));
}

TEST(Time, TheHostsOwnCallsMoveNone) {
    Simulation simulation;
    simulation.run(5'000);
    EXPECT_EQ(scheduler.now_ns(), 5'000);
    sim::record(sim::TraceKind::client, "host");
    EXPECT_EQ(sim::trace.at(sim::trace.count() - 1).at_ns, 5'000);
}

TEST(Time, EventsFireBeforeThePointThatPassesThemReturns) {
    Simulation simulation(1);
    std::vector<std::string> order;
    Alarm at_due([&](Nanoseconds) { order.push_back("due"); });
    Alarm after([&](Nanoseconds) { order.push_back("later"); });
    at_due.at(start_ns + 100);
    after.at(start_ns + 101);
    simulation.start("t", [&] {
        sim::point(100);
        order.push_back("first point");
        sim::point(100);
        order.push_back("second point");
    });
    simulation.run(millisecond_ns);
    EXPECT_THAT(order, ElementsAre("due", "first point", "later", "second point"));
}

// Two processors take turns so that neither is ahead of the other by more than its last step; equal times go
// by index.
TEST(Time, ProcessorsInterleaveByTime) {
    Simulation simulation;
    std::vector<std::string> order;
    const auto walk = [&](const char* name, Nanoseconds step_ns) {
        return [&order, name, step_ns] {
            while (now_ns() < start_ns + 600) {
                order.push_back(name + std::to_string(now_ns() - start_ns));
                sim::point(step_ns);
            }
        };
    };
    simulation.start("a", {8, on_0}, walk("a", 200));
    simulation.start("b", {8, on_1}, walk("b", 300));
    simulation.run(millisecond_ns);
    EXPECT_THAT(order, ElementsAre("a0", "b0", "a200", "b300", "a400"));
}

TEST(Time, EightProcessorsKeepInStep) {
    Simulation simulation(8);
    Nanoseconds latest = 0;
    Nanoseconds most_behind = 0;
    for (unsigned i = 0; i < 8; ++i) {
        simulation.start("t", {8, 1u << i}, [&, i] {
            for (int n = 0; n < 200; ++n) {
                most_behind = std::max(most_behind, latest - now_ns());
                latest = std::max(latest, now_ns());
                sim::point(50 + 10 * static_cast<Nanoseconds>(i));
            }
        });
    }
    simulation.run(millisecond_ns);
    EXPECT_EQ(most_behind, 0) << "code ran although another processor was already past its time";
}

TEST(Time, AStallKeepsOnlyItsOwnProcessorBusy) {
    Simulation simulation;
    std::vector<std::string> order;
    simulation.start("stalls", {8, on_0}, [&] {
        order.push_back("stall");
        scheduler.stall(10'000);
        EXPECT_EQ(now_ns(), start_ns + 10'000);
        order.push_back("stalled");
    });
    simulation.start("works", {8, on_1}, [&] {
        for (int i = 0; i < 3; ++i) {
            sim::point(1'000);
            order.push_back("work");
        }
    });
    simulation.run(millisecond_ns);
    EXPECT_THAT(order, ElementsAre("stall", "work", "work", "work", "stalled"));
}

// Neither waits for the other a nanosecond at a time.
TEST(Time, StallsOfTwoProcessorsTakeFewSteps) {
    Simulation simulation;
    std::vector<std::string> order;
    Alarm alarm([&](Nanoseconds due_ns) { order.push_back("event at " + std::to_string(due_ns)); });
    alarm.at(millisecond_ns);
    for (const std::uint32_t affinity : {on_0, on_1}) {
        simulation.start("stalls", {8, affinity}, [&, affinity] {
            const Nanoseconds begin_ns = now_ns();
            scheduler.stall(affinity == on_0 ? 2 * millisecond_ns : 3 * millisecond_ns);
            order.push_back("stalled for " + std::to_string(now_ns() - begin_ns));
        });
    }
    int steps = 0;
    scheduler.run(
        10 * millisecond_ns,
        [](void* context) {
            ++*static_cast<int*>(context);
            return false;
        },
        &steps);
    EXPECT_THAT(order, ElementsAre("event at 1000000", "stalled for 2000000", "stalled for 3000000"));
    EXPECT_LT(steps, 50);
}

// One that stalls is interrupted when another processor asks it to, not before and not at the end.
TEST(Time, AStallIsInterruptedByAnotherProcessor) {
    Simulation simulation;
    Nanoseconds asked_ns = 0;
    Nanoseconds served_ns = 0;
    static Nanoseconds* served;
    served = &served_ns;
    scheduler.hooks.retire_dpcs = [](sim::Processor& p) {
        p.dpcs_pending = false;
        *served = p.at_ns;
    };
    simulation.start("stalls", {8, on_0}, [&] { scheduler.stall(millisecond_ns); });
    simulation.start("asks", {8, on_1}, [&] {
        scheduler.stall(millisecond_ns / 2);
        sim::point(1'000);
        asked_ns = now_ns();
        scheduler.processors[0].dpcs_pending = true;
        scheduler.poke(scheduler.processors[0], now_ns());
    });
    simulation.run(10 * millisecond_ns);
    EXPECT_GT(asked_ns, millisecond_ns / 2);
    EXPECT_GE(served_ns, asked_ns);
    EXPECT_LT(served_ns, asked_ns + 1'000);
}

TEST(Time, EventsFireDuringAStall) {
    Simulation simulation(1);
    std::vector<Nanoseconds> fired;
    Alarm tick([&](Nanoseconds due_ns) {
        fired.push_back(due_ns);
        tick.at(due_ns + 300);
    });
    tick.at(start_ns + 300);
    simulation.start("t", [&] {
        scheduler.stall(1'000);
        EXPECT_EQ(now_ns(), start_ns + 1'000);
        EXPECT_EQ(fired.size(), 3u);
    });
    simulation.run(start_ns + 1'000);
    EXPECT_THAT(fired, ElementsAre(start_ns + 300, start_ns + 600, start_ns + 900));
}

TEST(Time, IdleJumpsToTheNextEvent) {
    Simulation simulation;
    std::vector<Nanoseconds> fired;
    Alarm far([&](Nanoseconds due_ns) { fired.push_back(due_ns); });
    far.at(3'600 * second_ns);
    EXPECT_FALSE(simulation.run(3'600 * second_ns));
    EXPECT_THAT(fired, ElementsAre(3'600 * second_ns));
    EXPECT_EQ(scheduler.now_ns(), 3'600 * second_ns);
}

// ---- skip_ahead ----

TEST(Polling, SkipsToTheNextEvent) {
    Simulation simulation(1);
    Alarm event([](Nanoseconds) {});
    event.at(700'000);
    simulation.start("t", [&] {
        scheduler.skip_ahead(millisecond_ns);
        EXPECT_EQ(now_ns(), 700'000);
        EXPECT_FALSE(event.event().scheduled()) << "the event has fired when polling goes on";
    });
    simulation.run(10 * millisecond_ns);
}

TEST(Polling, SkipsNoFurtherThanItsCap) {
    Simulation simulation(1);
    Alarm event([](Nanoseconds) {});
    event.at(10 * millisecond_ns);
    simulation.start("t", [&] {
        scheduler.skip_ahead(millisecond_ns);
        EXPECT_EQ(now_ns(), start_ns + millisecond_ns);
        EXPECT_TRUE(event.event().scheduled());
    });
    simulation.run(10 * millisecond_ns);
}

TEST(Polling, DoesNotSkipPastAnotherProcessor) {
    Simulation simulation;
    bool flag = false;
    simulation.start("polls", {8, on_0}, [&] {
        while (!flag) scheduler.skip_ahead(millisecond_ns);
        EXPECT_GE(now_ns(), start_ns + 5'000);
        EXPECT_LE(now_ns(), start_ns + 5'001);
    });
    simulation.start("sets", {8, on_1}, [&] {
        sim::point(5'000);
        flag = true;
    });
    simulation.run(10 * millisecond_ns);
    EXPECT_TRUE(flag);
}

// ---- the host's run() ----

TEST(Run, StopsAtItsLimitAndGoesOn) {
    Simulation simulation(1);
    std::vector<Nanoseconds> seen;
    simulation.start("t", [&] {
        for (int i = 0; i < 4; ++i) {
            sim::point(1'000);
            seen.push_back(now_ns());
        }
    });
    EXPECT_FALSE(simulation.run(2'500));
    EXPECT_THAT(seen, ElementsAre(2'000));
    EXPECT_EQ(scheduler.now_ns(), 2'500);
    EXPECT_FALSE(simulation.run(4'000));
    EXPECT_THAT(seen, ElementsAre(2'000, 3'000, 4'000));
    simulation.run(millisecond_ns);
    EXPECT_EQ(seen.size(), 4u);
}

TEST(Run, AnEventAtTheLimitStillFires) {
    Simulation simulation;
    std::vector<Nanoseconds> fired;
    Alarm a([&](Nanoseconds due_ns) { fired.push_back(due_ns); });
    Alarm b([&](Nanoseconds due_ns) { fired.push_back(due_ns); });
    a.at(1'000);
    b.at(1'001);
    simulation.run(1'000);
    EXPECT_THAT(fired, ElementsAre(1'000));
    simulation.run(1'001);
    EXPECT_THAT(fired, ElementsAre(1'000, 1'001));
}

TEST(Run, ReturnsWhenTheConditionHolds) {
    Simulation simulation;
    int count = 0;
    Alarm tick([&](Nanoseconds due_ns) {
        ++count;
        tick.at(due_ns + 1'000);
    });
    tick.at(1'000);
    const auto five = [](void* context) { return *static_cast<int*>(context) == 5; };
    EXPECT_TRUE(scheduler.run(second_ns, five, &count));
    EXPECT_EQ(count, 5);
    EXPECT_EQ(scheduler.now_ns(), 5'000);
    EXPECT_TRUE(scheduler.run(second_ns, five, &count)) << "it holds already";
    EXPECT_EQ(scheduler.now_ns(), 5'000);
    count = 100;
    EXPECT_FALSE(scheduler.run(10'000, five, &count));
}

TEST(Run, AsksTheConditionWhenAThreadIsDone) {
    Simulation simulation;
    bool done = false;
    simulation.start("t", [&] {
        sim::point(1'000);
        done = true;
    });
    EXPECT_TRUE(scheduler.run(
        second_ns, [](void* d) { return *static_cast<bool*>(d); }, &done));
    EXPECT_LE(scheduler.now_ns(), start_ns + 1'000);
}

TEST(Run, StopReturnsToTheHostAndTheThreadGoesOnNextTime) {
    Simulation simulation(1);
    int step = 0;
    simulation.start("t", [&] {
        step = 1;
        scheduler.stop();
        sim::point(50);
        step = 2;
    });
    EXPECT_TRUE(simulation.run(second_ns));
    EXPECT_EQ(step, 1);
    EXPECT_FALSE(simulation.run(second_ns));
    EXPECT_EQ(step, 2);
}

TEST(Run, AFrozenMachineStaysFrozenUntilReset) {
    Simulation simulation;
    std::vector<std::string> order;
    Alarm after([&](Nanoseconds) { order.push_back("event"); });
    after.at(5'000);
    simulation.start("dies", {8, on_0}, [&] {
        order.push_back("dies");
        scheduler.freeze();
        order.push_back("never");
    });
    simulation.start("other", {8, on_1}, [&] {
        sim::point(1'000);
        order.push_back("never");
    });
    EXPECT_TRUE(simulation.run(second_ns));
    EXPECT_TRUE(scheduler.frozen());
    EXPECT_EQ(scheduler.now_ns(), start_ns);
    EXPECT_TRUE(simulation.run(second_ns));
    EXPECT_THAT(order, ElementsAre("dies"));
}

TEST(Run, FreezingInsideAnEventLeavesTheNextMachineWhole) {
    {
        Simulation simulation;
        Alarm dies([&](Nanoseconds) { scheduler.freeze(); });
        dies.at(5'000);
        EXPECT_TRUE(simulation.run(second_ns));
        EXPECT_EQ(scheduler.now_ns(), 5'000);
    }
    Simulation simulation;
    EXPECT_FALSE(scheduler.frozen());
    std::vector<Nanoseconds> fired;
    Alarm early([&](Nanoseconds due_ns) { fired.push_back(due_ns); });
    early.at(10);
    simulation.run(1'000);
    EXPECT_THAT(fired, ElementsAre(10));
}

TEST(Run, ResetPutsEverythingBack) {
    Simulation simulation(2, 7);
    const std::uint64_t first_number = scheduler.random.next();
    simulation.start("t", [&] {
        this_processor->irql = sim::high_level;
        sim::point(1'000);
        for (;;) scheduler.stall(1'000);
    });
    simulation.run(50'000);
    scheduler.reset(2, 7);
    EXPECT_EQ(scheduler.now_ns(), 0);
    EXPECT_EQ(scheduler.random.next(), first_number);
    for (unsigned i = 0; i < 2; ++i) {
        const sim::Processor& p = scheduler.processors[i];
        EXPECT_EQ(p.at_ns, 0);
        EXPECT_EQ(p.irql, sim::passive_level);
        EXPECT_TRUE(p.idle);
        EXPECT_EQ(p.current, nullptr);
        EXPECT_EQ(p.ready_mask, 0u);
    }
    EXPECT_FALSE(simulation.run(1'000));
}

}  // namespace
}  // namespace portico::test
