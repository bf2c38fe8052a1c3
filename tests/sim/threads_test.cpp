// Threads: priorities, preemption, quantum, affinity, and what a switch keeps.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/exploring.h"
#include "simulation.h"

namespace portico::test {
namespace {

using sim::Thread;
using ::testing::ElementsAre;

class Threads : public ::testing::Test {
  protected:
    void note(const char* what) { order.push_back(what); }
    // Works in steps of a microsecond.
    static void work(int steps) {
        for (int i = 0; i < steps; ++i) sim::point(1'000);
    }
    std::vector<std::string> order;
};

// Ticks that end quanta, as the executive's clock does: only while a thread waits behind an equal.
struct Clock {
    static constexpr Nanoseconds tick_ns = 15'625'000;

    Clock() {
        scheduler.hooks.quantum_wanted = [] { self->want(); };
        scheduler.hooks.clock = [](sim::Processor&) {
            for (unsigned i = 0; i < scheduler.processor_count; ++i) {
                sim::Processor& p = scheduler.processors[i];
                if (p.ready_mask == 0 || p.current == nullptr) continue;
                p.preempt = true;
                scheduler.poke(p, now_ns());
            }
        };
        self = this;
    }
    void want() {
        if (!tick.event().scheduled()) tick.at((scheduler.now_ns() / tick_ns + 1) * tick_ns);
    }
    Alarm tick{[](Nanoseconds due_ns) {
        sim::Processor& p = scheduler.processors[0];
        p.pending_lines |= 1u << sim::clock_line;
        scheduler.poke(p, due_ns);
    }};
    static inline Clock* self = nullptr;
};

TEST_F(Threads, RunByPriorityThenInOrderOfStart) {
    Simulation simulation(1);
    simulation.start("idle hog", {31}, [&] { work(1); });
    simulation.start("low", {8}, [&] { note("low"); });
    simulation.start("first", {10}, [&] { note("first"); });
    simulation.start("second", {10}, [&] { note("second"); });
    simulation.start("real-time", {16}, [&] { note("real-time"); });
    simulation.run(second_ns);
    EXPECT_THAT(order, ElementsAre("real-time", "first", "second", "low"));
}

TEST_F(Threads, ABlockedOneRunsWhenMadeReady) {
    Simulation simulation(1);
    Thread& waiter = simulation.start("waiter", [&] {
        note("wait");
        scheduler.block();
        note("woken");
        EXPECT_EQ(now_ns(), 5'000 + 1'000);
    });
    Alarm wake([&](Nanoseconds) { scheduler.make_ready(waiter); });
    wake.at(5'000);
    simulation.run(4'999);
    EXPECT_THAT(order, ElementsAre("wait"));
    EXPECT_EQ(waiter.state, Thread::State::waiting);
    simulation.run(second_ns);
    EXPECT_THAT(order, ElementsAre("wait", "woken"));
    EXPECT_EQ(waiter.state, Thread::State::terminated);
}

TEST_F(Threads, AHigherPriorityPreemptsAtTheNextPoint) {
    Simulation simulation(1);
    Thread& urgent = simulation.start("urgent", {15}, [&] {
        scheduler.block();
        note("urgent");
    });
    simulation.start("normal", {8}, [&] {
        scheduler.make_ready(urgent);
        note("before the point");
        work(1);
        note("after the point");
    });
    simulation.run(second_ns);
    EXPECT_THAT(order, ElementsAre("before the point", "urgent", "after the point"));
}

TEST_F(Threads, AnEqualOrLowerPriorityDoesNot) {
    Simulation simulation(1);
    Thread& equal = simulation.start("equal", {8}, [&] {
        scheduler.block();
        note("equal");
    });
    simulation.start("normal", {8}, [&] {
        scheduler.make_ready(equal);
        work(100);
        note("normal");
    });
    simulation.run(second_ns);
    EXPECT_THAT(order, ElementsAre("normal", "equal"));
}

TEST_F(Threads, NoneIsPreemptedAtDispatchLevel) {
    Simulation simulation(1);
    Thread& urgent = simulation.start("urgent", {15}, [&] {
        scheduler.block();
        note("urgent");
    });
    simulation.start("normal", {8}, [&] {
        scheduler.raise_irql(sim::dispatch_level);
        scheduler.make_ready(urgent);
        work(10);
        note("still at DISPATCH_LEVEL");
        scheduler.lower_irql(sim::passive_level);
        note("lowered");
    });
    simulation.run(second_ns);
    EXPECT_THAT(order, ElementsAre("still at DISPATCH_LEVEL", "urgent", "lowered"));
}

// A thread that is preempted goes to the head of its queue, one whose quantum is over to its tail.
TEST_F(Threads, APreemptedOneStaysBeforeItsEquals) {
    Simulation simulation(1);
    Thread& urgent = simulation.start("urgent", {15}, [&] { scheduler.block(); });
    simulation.start("first", {8}, [&] {
        scheduler.make_ready(urgent);
        work(1);
        note("first");
    });
    simulation.start("second", {8}, [&] { note("second"); });
    simulation.run(second_ns);
    EXPECT_THAT(order, ElementsAre("first", "second"));
}

TEST_F(Threads, EqualsShareByQuantum) {
    Simulation simulation(1);
    Clock clock;
    std::vector<Nanoseconds> turns;
    const auto hog = [&](const char* name) {
        return [&, name] {
            while (now_ns() < 180 * millisecond_ns) {
                if (order.empty() || order.back() != name) {
                    note(name);
                    turns.push_back(now_ns() / Clock::tick_ns);
                }
                sim::point(50);
            }
        };
    };
    simulation.start("a", hog("a"));
    simulation.start("b", hog("b"));
    simulation.run(200 * millisecond_ns);
    EXPECT_THAT(order, ElementsAre("a", "b", "a", "b", "a", "b"));
    EXPECT_THAT(turns, ElementsAre(0, 2, 4, 6, 8, 10));
}

TEST_F(Threads, AHigherPriorityIsNotCutByItsQuantum) {
    Simulation simulation(1);
    Clock clock;
    simulation.start("low", {8}, [&] { note("low"); });
    simulation.start("high", {9}, [&] {
        while (now_ns() < 200 * millisecond_ns) sim::point(10'000);
        note("high");
    });
    simulation.run(second_ns);
    EXPECT_THAT(order, ElementsAre("high", "low"));
}

TEST_F(Threads, YieldLetsEqualsRun) {
    Simulation simulation(1);
    simulation.start("a", {8}, [&] {
        note("a1");
        scheduler.yield();
        note("a2");
        scheduler.yield();
        note("a3");
    });
    simulation.start("b", {8}, [&] {
        note("b1");
        scheduler.yield();
        note("b2");
    });
    simulation.start("low", {7}, [&] { note("low"); });
    simulation.run(second_ns);
    EXPECT_THAT(order, ElementsAre("a1", "b1", "a2", "b2", "a3", "low"));
}

TEST_F(Threads, AYieldToNobodyKeepsTheQuantum) {
    Simulation simulation(1);
    simulation.start("a", [&] {
        const Nanoseconds end_ns = this_processor->current->quantum_end_ns;
        scheduler.yield();
        EXPECT_EQ(this_processor->current->quantum_end_ns, end_ns);
    });
    simulation.run(second_ns);
}

TEST_F(Threads, TwoProcessorsRunTwo) {
    Simulation simulation(2);
    sim::Processor* first = nullptr;
    sim::Processor* second = nullptr;
    simulation.start("a", [&] {
        work(5);
        first = this_processor;
    });
    simulation.start("b", [&] {
        work(5);
        second = this_processor;
    });
    simulation.run(second_ns);
    EXPECT_EQ(first, &scheduler.processors[0]);
    EXPECT_EQ(second, &scheduler.processors[1]);
}

TEST_F(Threads, AffinityIsKept) {
    Simulation simulation(2);
    for (int i = 0; i < 4; ++i) {
        simulation.start("t", {8, on_1}, [&] {
            for (int n = 0; n < 5; ++n) {
                EXPECT_EQ(this_processor->index, 1);
                work(1);
                scheduler.yield();
            }
            note("done");
        });
    }
    simulation.run(second_ns);
    EXPECT_EQ(order.size(), 4u);
    EXPECT_EQ(scheduler.processors[0].at_ns, 0);
}

TEST_F(Threads, AFreeProcessorTakesWhatWaitsForABusyOne) {
    Simulation simulation(2);
    simulation.start("long", {8, on_0}, [&] {
        work(100);
        note("long");
    });
    simulation.start("short", {8, on_1}, [&] {
        work(10);
        note("short");
    });
    simulation.start("waits", {8}, [&] { note("waits"); });
    simulation.run(second_ns);
    EXPECT_THAT(order, ElementsAre("short", "waits", "long"));
}

TEST_F(Threads, APreemptedOneGoesToAnIdleProcessor) {
    Simulation simulation(2);
    Thread& urgent = simulation.start("urgent", {15, on_0}, [&] {
        scheduler.block();
        work(100);
        note("urgent");
    });
    simulation.start("normal", {8}, [&] {
        scheduler.set_affinity(*this_processor->current, on_0);
        scheduler.set_affinity(*this_processor->current, ~0u);
        scheduler.make_ready(urgent);
        work(10);
        EXPECT_EQ(this_processor->index, 1);
        note("normal");
    });
    simulation.run(second_ns);
    EXPECT_THAT(order, ElementsAre("normal", "urgent"));
}

TEST_F(Threads, MoveAtOnceWhenTheirAffinityForbidsThePlace) {
    Simulation simulation(2);
    simulation.start("t", {8, on_0}, [&] {
        EXPECT_EQ(this_processor->index, 0);
        scheduler.set_affinity(*this_processor->current, on_1);
        EXPECT_EQ(this_processor->index, 1);
        work(3);
        scheduler.set_affinity(*this_processor->current, on_0);
        EXPECT_EQ(this_processor->index, 0);
        note("done");
    });
    simulation.run(second_ns);
    EXPECT_THAT(order, ElementsAre("done"));
}

TEST_F(Threads, MoveAfterDispatchLevelWhenTheirAffinityChangesThere) {
    Simulation simulation(2);
    simulation.start("t", {8, on_0}, [&] {
        scheduler.raise_irql(sim::dispatch_level);
        scheduler.set_affinity(*this_processor->current, on_1);
        work(3);
        EXPECT_EQ(this_processor->index, 0);
        scheduler.lower_irql(sim::passive_level);
        EXPECT_EQ(this_processor->index, 1);
        note("done");
    });
    simulation.run(second_ns);
    EXPECT_THAT(order, ElementsAre("done"));
}

TEST_F(Threads, AnotherOnesAffinityMovesItWhileItRunsOrWaits) {
    Simulation simulation(2);
    Thread& running = simulation.start("running", {8, on_0}, [&] {
        while (now_ns() < 50'000) sim::point(100);
        EXPECT_EQ(this_processor->index, 1);
        note("running");
    });
    Thread& queued = simulation.start("queued", {8, on_0}, [&] {
        EXPECT_EQ(this_processor->index, 1);
        note("queued");
    });
    simulation.start("mover", {9, on_1}, [&] {
        work(5);
        scheduler.set_affinity(queued, on_1);
        scheduler.set_affinity(running, on_1);
    });
    simulation.run(second_ns);
    EXPECT_THAT(order, ElementsAre("queued", "running"));
}

TEST_F(Threads, RaisedPriorityOfAReadyOnePreempts) {
    Simulation simulation(1);
    Thread* low = nullptr;
    simulation.start("normal", {8}, [&] {
        scheduler.set_priority(*low, 12);
        work(1);
        note("normal");
    });
    low = &simulation.start("low", {4}, [&] { note("low"); });
    simulation.run(second_ns);
    EXPECT_THAT(order, ElementsAre("low", "normal"));
}

TEST_F(Threads, LoweredPriorityOfTheRunningOneYields) {
    Simulation simulation(1);
    simulation.start("main", {8}, [&] {
        work(1);
        scheduler.set_priority(*this_processor->current, 4);
        work(1);
        note("main");
    });
    simulation.start("other", {6}, [&] { note("other"); });
    simulation.run(second_ns);
    EXPECT_THAT(order, ElementsAre("other", "main"));
}

TEST_F(Threads, ABoostIsOverTheBaseAndBelowTheRealTimePriorities) {
    Simulation simulation(1);
    Thread& waiter = simulation.start("waiter", {8}, [&] { scheduler.block(); });
    Thread& real_time = simulation.start("real-time", {16}, [&] { scheduler.block(); });
    simulation.run(millisecond_ns);
    scheduler.boost(waiter, 2);
    EXPECT_EQ(waiter.priority, 10);
    scheduler.boost(waiter, 1);
    EXPECT_EQ(waiter.priority, 10);
    scheduler.boost(waiter, 4);
    EXPECT_EQ(waiter.priority, 12);
    scheduler.boost(waiter, 200);
    EXPECT_EQ(waiter.priority, 15);
    EXPECT_EQ(waiter.base_priority, 8);
    scheduler.boost(real_time, 2);
    EXPECT_EQ(real_time.priority, 16);
}

// A thread that waits or is preempted at APC_LEVEL goes on there, and others do not inherit it.
TEST_F(Threads, EachKeepsItsIrql) {
    Simulation simulation(1);
    Thread& waiter = simulation.start("waiter", {8}, [&] {
        scheduler.raise_irql(sim::apc_level);
        scheduler.block();
        EXPECT_EQ(this_processor->irql, sim::apc_level);
        scheduler.lower_irql(sim::passive_level);
        note("waiter");
    });
    simulation.start("other", {8}, [&] {
        EXPECT_EQ(this_processor->irql, sim::passive_level);
        scheduler.set_priority(waiter, 12);
        scheduler.make_ready(waiter);
        work(1);
        EXPECT_EQ(this_processor->irql, sim::passive_level);
        note("other");
    });
    simulation.run(second_ns);
    EXPECT_THAT(order, ElementsAre("waiter", "other"));
    EXPECT_EQ(scheduler.processors[0].irql, sim::passive_level);
}

// A thread's clock never goes back, wherever it moves, although processors' times differ, most of all when a
// policy lets some lag.
void expect_time_to_go_forward(sim::Policy* policy) {
    Simulation simulation(3, 11);
    if (policy != nullptr) scheduler.policy = policy;
    sim::Random random(5);
    int done = 0;
    int moves = 0;
    const auto wander = [&] {
        Nanoseconds last = 0;
        unsigned where = 99;
        for (int n = 0; n < 300; ++n) {
            EXPECT_GE(now_ns(), last);
            if (where != this_processor->index) ++moves;
            where = this_processor->index;
            sim::point(50 + static_cast<Nanoseconds>(random.below(20'000)));
            last = now_ns();
            if (random.below(3) == 0) scheduler.yield();
            EXPECT_GE(now_ns(), last);
            last = now_ns();
            if (random.below(5) != 0) continue;
            scheduler.set_affinity(*this_processor->current, 1u << random.below(3));
            EXPECT_GE(now_ns(), last);
            scheduler.set_affinity(*this_processor->current, ~0u);
            last = now_ns();
        }
        ++done;
    };
    for (int i = 0; i < 6; ++i) simulation.start("t", wander);
    simulation.run(10 * second_ns);
    EXPECT_EQ(done, 6);
    EXPECT_GT(moves, 100);
}

TEST_F(Threads, SeeTimeGoForwardWhenTheyMove) {
    expect_time_to_go_forward(nullptr);
}

TEST_F(Threads, SeeTimeGoForwardWhateverThePolicy) {
    for (std::uint64_t seed = 0; seed < 5; ++seed) {
        sim::RandomPolicy policy(seed);
        expect_time_to_go_forward(&policy);
    }
}

TEST_F(Threads, KernelApcsAreDeliveredBelowApcLevel) {
    Simulation simulation(1);
    static std::vector<std::string>* notes;
    notes = &order;
    scheduler.hooks.deliver_apcs = [] {
        notes->push_back("apc");
        this_processor->current->apcs_pending = false;
    };
    simulation.start("t", {8}, [&] {
        scheduler.raise_irql(sim::apc_level);
        this_processor->current->apcs_pending = true;
        work(2);
        note("at APC_LEVEL");
        scheduler.lower_irql(sim::passive_level);
        note("lowered");
    });
    simulation.run(second_ns);
    EXPECT_THAT(order, ElementsAre("at APC_LEVEL", "apc", "lowered"));
}

TEST_F(Threads, ATerminatedOnesStackIsReused) {
    Simulation simulation(1);
    std::uint64_t first = 0;
    Thread& a = simulation.start("a", [&] { first = this_processor->current->fiber.stack_low(); });
    simulation.run(millisecond_ns);
    EXPECT_EQ(a.fiber.stack_low(), 0u);
    Thread& b = simulation.start("b", [&] {});
    EXPECT_EQ(b.fiber.stack_low(), first);
    simulation.run(2 * millisecond_ns);
}

TEST_F(Threads, ManyComeAndGo) {
    Simulation simulation(2);
    int done = 0;
    for (int round = 0; round < 200; ++round) {
        for (int i = 0; i < 5; ++i) {
            simulation.start("t", {static_cast<std::uint8_t>(1 + i)}, [&] {
                work(2);
                ++done;
            });
        }
        simulation.run(scheduler.now_ns() + millisecond_ns);
    }
    EXPECT_EQ(done, 1'000);
}

}  // namespace
}  // namespace portico::test
