// Lines, DIRQLs, DPCs, and locks that processors spin on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "simulation.h"
#include "support/requires.h"

namespace portico::test {
namespace {

using sim::IrqLine;
using sim::IrqSource;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class Interrupts : public ::testing::Test {
  protected:
    static IrqLine& line(unsigned irq) { return scheduler.lines[irq]; }
    void connect(unsigned irq, std::function<bool()> service, std::uint32_t affinity = ~0u) {
        services_.push_back(std::make_unique<std::function<bool()>>(std::move(service)));
        line(irq).connect(
            [](void* context, IrqLine&) { return (*static_cast<std::function<bool()>*>(context))(); },
            services_.back().get(), affinity);
    }
    void note(const std::string& what) { order.push_back(what); }
    static void work(int steps) {
        for (int i = 0; i < steps; ++i) sim::point(1'000);
    }
    std::vector<std::string> order;

  private:
    std::vector<std::unique_ptr<std::function<bool()>>> services_;
};

TEST_F(Interrupts, ALevelIsServedAgainWhileItIsAsserted) {
    Simulation simulation(1);
    IrqSource device(line(9), "device");
    int left = 3;
    connect(9, [&] {
        EXPECT_EQ(this_processor->irql, line(9).irql());
        if (--left == 0) device.lower(now_ns());
        note("served");
        return true;
    });
    Alarm raise([&](Nanoseconds due_ns) { device.raise(due_ns); });
    raise.at(5'000);
    simulation.run(millisecond_ns);
    REQUIRES("FLD-020");
    EXPECT_THAT(order, ElementsAre("served", "served", "served"));
    EXPECT_EQ(scheduler.processors[0].interrupts, 3u);
    EXPECT_EQ(scheduler.processors[0].irql, sim::passive_level);
}

TEST_F(Interrupts, AnEdgeOfALatchedLineIsServedOnce) {
    Simulation simulation(1);
    line(9).set_latched(true);
    IrqSource device(line(9), "device");
    connect(9, [&] {
        note("served");
        return true;
    });
    Alarm pulse([&](Nanoseconds due_ns) {
        device.raise(due_ns);
        device.lower(due_ns);
    });
    pulse.at(5'000);
    simulation.run(millisecond_ns);
    EXPECT_THAT(order, ElementsAre("served")) << "an edge counts although the line is low again";
    Alarm hold([&](Nanoseconds due_ns) { device.raise(due_ns); });
    hold.at(2 * millisecond_ns);
    simulation.run(3 * millisecond_ns);
    EXPECT_EQ(order.size(), 2u) << "a latched line that stays high is served once";
}

TEST_F(Interrupts, AnEdgeDuringServiceOfALatchedLineIsServedAfterwards) {
    Simulation simulation(1);
    line(9).set_latched(true);
    IrqSource device(line(9), "device");
    connect(9, [&] {
        note("in");
        if (order.size() == 1) {
            device.lower(now_ns());
            device.raise(now_ns());
            work(3);
        }
        note("out");
        return true;
    });
    device.raise(0);
    simulation.run(millisecond_ns);
    EXPECT_THAT(order, ElementsAre("in", "out", "in", "out"));
}

TEST_F(Interrupts, ALevelThatGoesAwayBeforeItIsTakenIsNone) {
    Simulation simulation(1);
    IrqSource device(line(9), "device");
    connect(9, [&] {
        note("served");
        return true;
    });
    simulation.start("t", [&] {
        scheduler.raise_irql(sim::high_level);
        device.raise(now_ns());
        work(3);
        device.lower(now_ns());
        scheduler.lower_irql(sim::passive_level);
    });
    simulation.run(millisecond_ns);
    EXPECT_THAT(order, IsEmpty());
}

TEST_F(Interrupts, SourcesOnOneLineAreWiredOr) {
    Simulation simulation(1);
    IrqSource first(line(9), "first");
    IrqSource second(line(9), "second");
    connect(9, [&] {
        if (first.asserted()) {
            first.lower(now_ns());
            note("first");
            return true;
        }
        second.lower(now_ns());
        note("second");
        return true;
    });
    first.raise(0);
    first.raise(0);
    second.raise(0);
    simulation.run(millisecond_ns);
    REQUIRES("FLD-020");
    EXPECT_THAT(order, ElementsAre("first", "second"));
    EXPECT_FALSE(line(9).asserted());
}

TEST_F(Interrupts, AHigherDirqlInterruptsALowerOneNeverTheOtherWay) {
    Simulation simulation(1);
    ASSERT_GT(line(1).irql(), line(20).irql());
    IrqSource high(line(1), "high");
    IrqSource low(line(20), "low");
    connect(1, [&] {
        high.lower(now_ns());
        note("high in");
        low.raise(now_ns());
        work(3);
        note("high out");
        return true;
    });
    connect(20, [&] {
        low.lower(now_ns());
        note("low in");
        if (order.size() == 1) {
            high.raise(now_ns());
            work(3);
        }
        EXPECT_EQ(this_processor->irql, line(20).irql());
        note("low out");
        return true;
    });
    low.raise(0);
    simulation.run(millisecond_ns);
    EXPECT_THAT(order, ElementsAre("low in", "high in", "high out", "low out", "low in", "low out"));
}

TEST_F(Interrupts, TheHighestOfSeveralComesFirst) {
    Simulation simulation(1);
    std::vector<std::unique_ptr<IrqSource>> sources;
    for (unsigned irq : {20u, 9u, 1u}) {
        sources.push_back(std::make_unique<IrqSource>(line(irq), "device"));
        IrqSource& source = *sources.back();
        connect(irq, [this, irq, &source] {
            source.lower(now_ns());
            note(std::to_string(irq));
            return true;
        });
    }
    simulation.start("t", [&] {
        scheduler.raise_irql(sim::high_level);
        for (auto& source : sources) source->raise(now_ns());
        scheduler.lower_irql(sim::passive_level);
        note("thread");
    });
    simulation.run(millisecond_ns);
    EXPECT_THAT(order, ElementsAre("1", "9", "20", "thread"));
}

TEST_F(Interrupts, AServiceStaysAtItsIrql) {
    Simulation simulation(1);
    IrqSource device(line(9), "device");
    static std::vector<int> wanted_below;
    wanted_below.clear();
    scheduler.hooks.below_floor = [](sim::Irql wanted) { wanted_below.push_back(wanted); };
    scheduler.hooks.retire_dpcs = [](sim::Processor& p) { p.dpcs_pending = false; };
    connect(9, [&] {
        this_processor->dpcs_pending = true;
        scheduler.lower_irql(sim::passive_level);
        EXPECT_EQ(this_processor->irql, line(9).irql());
        EXPECT_TRUE(this_processor->dpcs_pending);
        this_processor->interrupts_disabled = true;  // a service routine's own matter
        device.lower(now_ns());
        return true;
    });
    simulation.start("t", [&] {
        device.raise(now_ns());
        work(3);
        EXPECT_FALSE(this_processor->dpcs_pending);
        EXPECT_FALSE(this_processor->interrupts_disabled);
        scheduler.raise_irql(sim::dispatch_level);
        scheduler.lower_irql(sim::passive_level);
    });
    simulation.run(millisecond_ns);
    EXPECT_THAT(wanted_below, ElementsAre(sim::passive_level));
}

TEST_F(Interrupts, WaitWhileDisabledOrMasked) {
    Simulation simulation(1);
    IrqSource device(line(9), "device");
    connect(9, [&] {
        device.lower(now_ns());
        note("served");
        return true;
    });
    simulation.start("t", [&] {
        this_processor->interrupts_disabled = true;
        device.raise(now_ns());
        work(3);
        note("disabled");
        this_processor->interrupts_disabled = false;
        scheduler.lower_irql(this_processor->irql);
        note("enabled");
        line(9).mask();
        device.raise(now_ns());
        work(3);
        note("masked");
        line(9).unmask();
        work(1);
        note("unmasked");
    });
    simulation.run(millisecond_ns);
    EXPECT_THAT(order, ElementsAre("disabled", "served", "enabled", "masked", "served", "unmasked"));
}

TEST_F(Interrupts, MaskedInServiceStormsNoMore) {
    Simulation simulation(1);
    IrqSource device(line(9), "device");
    int served = 0;
    connect(9, [&] {
        if (++served == 5) line(9).mask();
        return false;
    });
    device.raise(0);
    simulation.run(millisecond_ns);
    EXPECT_EQ(served, 5);
    EXPECT_TRUE(line(9).masked());
}

// A storm: nothing ever lowers the line. Time, events and other processors go on, and the host gets its
// limit.
TEST_F(Interrupts, AStormDoesNotStopTheMachine) {
    Simulation simulation(2);
    IrqSource device(line(9), "device");
    int served = 0;
    connect(
        9, [&] { return ++served < 0; }, on_0);
    Alarm event([&](Nanoseconds) { note("event"); });
    event.at(50'000);
    simulation.start("other", {8, on_1}, [&] {
        work(20);
        note("other");
    });
    device.raise(0);
    EXPECT_FALSE(simulation.run(100'000));
    EXPECT_THAT(order, ElementsAre("other", "event"));
    EXPECT_NEAR(served, 200, 2);
}

TEST_F(Interrupts, WhatIsAssertedWhenConnectedIsPendingAtOnce) {
    Simulation simulation(1);
    IrqSource device(line(9), "device");
    device.raise(0);
    simulation.run(1'000);
    connect(9, [&] {
        device.lower(now_ns());
        note("served");
        return true;
    });
    simulation.run(millisecond_ns);
    EXPECT_THAT(order, ElementsAre("served"));
}

TEST_F(Interrupts, ADisconnectedLineIsQuiet) {
    Simulation simulation(1);
    IrqSource device(line(9), "device");
    connect(9, [&] {
        note("served");
        return true;
    });
    simulation.start("t", [&] {
        scheduler.raise_irql(sim::high_level);
        device.raise(now_ns());
        line(9).disconnect();
        scheduler.lower_irql(sim::passive_level);
        work(5);
    });
    simulation.run(millisecond_ns);
    EXPECT_THAT(order, IsEmpty());
    EXPECT_TRUE(line(9).asserted());
}

TEST_F(Interrupts, GoToAProcessorOfTheLinesAffinity) {
    Simulation simulation(2);
    IrqSource device(line(9), "device");
    connect(
        9,
        [&] {
            device.lower(now_ns());
            EXPECT_EQ(this_processor->index, 1);
            note("served");
            return true;
        },
        on_1);
    device.raise(0);
    simulation.run(millisecond_ns);
    EXPECT_THAT(order, ElementsAre("served"));
}

TEST_F(Interrupts, PreferAnIdleProcessorThenTheLowestIrql) {
    Simulation simulation(2);
    IrqSource device(line(9), "device");
    connect(9, [&] {
        device.lower(now_ns());
        note("on " + std::to_string(this_processor->index));
        return true;
    });
    simulation.start("busy", {8, on_0}, [&] { work(10); });
    Alarm raise([&](Nanoseconds due_ns) { device.raise(due_ns); });
    raise.at(5'000);
    simulation.run(100'000);
    simulation.start("at DISPATCH", {8, on_0}, [&] {
        scheduler.raise_irql(sim::dispatch_level);
        work(20);
        scheduler.lower_irql(sim::passive_level);
    });
    simulation.start("busy too", {8, on_1}, [&] { work(20); });
    raise.at(110'000);
    simulation.run(millisecond_ns);
    EXPECT_THAT(order, ElementsAre("on 1", "on 1"));
}

TEST_F(Interrupts, ArriveAtTheirTimeOnAStallingProcessor) {
    Simulation simulation(1);
    IrqSource device(line(9), "device");
    connect(9, [&] {
        device.lower(now_ns());
        EXPECT_EQ(now_ns(), 5'000 + 500);
        work(2);
        note("served");
        return true;
    });
    Alarm raise([&](Nanoseconds due_ns) { device.raise(due_ns); });
    raise.at(5'000);
    simulation.start("t", [&] {
        const Nanoseconds begin_ns = now_ns();
        scheduler.stall(20'000);
        EXPECT_GE(now_ns(), begin_ns + 20'000);
        note("stalled");
    });
    simulation.run(millisecond_ns);
    EXPECT_THAT(order, ElementsAre("served", "stalled"));
}

TEST_F(Interrupts, WakeAnIdleProcessorAtTheirTime) {
    Simulation simulation(2);
    IrqSource device(line(9), "device");
    Nanoseconds served_ns = 0;
    connect(9, [&] {
        device.lower(now_ns());
        served_ns = now_ns();
        return true;
    });
    Alarm raise([&](Nanoseconds due_ns) { device.raise(due_ns); });
    raise.at(777'000);
    simulation.run(millisecond_ns);
    EXPECT_EQ(served_ns, 777'500);
}

TEST_F(Interrupts, ASourceThatOutlivesAResetAssertsNothing) {
    Simulation simulation(1);
    IrqSource old(line(9), "old");
    old.raise(0);
    scheduler.reset(1, 1);
    EXPECT_FALSE(old.asserted());
    EXPECT_FALSE(line(9).asserted());
    IrqSource fresh(line(9), "new");
    fresh.raise(0);
    old.lower(0);
    EXPECT_TRUE(line(9).asserted());
    old.raise(0);
    fresh.lower(0);
    EXPECT_TRUE(line(9).asserted());
    old.lower(0);
    EXPECT_FALSE(line(9).asserted());
}

TEST_F(Interrupts, TheTraceShowsLineAndService) {
    Simulation simulation(1);
    TraceText text;
    IrqSource device(line(9), "uart");
    connect(9, [&] {
        device.lower(now_ns());
        return true;
    });
    Alarm raise([&](Nanoseconds due_ns) { device.raise(due_ns); });
    raise.at(5'000);
    simulation.run(millisecond_ns);
    EXPECT_THAT(
        text.lines(),
        ElementsAre("5000 P0 irql0 T0 line-assert uart 9 0", "5500 P0 irql8 T0 interrupt - 9 0",
                    "5500 P0 irql8 T0 line-deassert uart 9 0", "5500 P0 irql8 T0 interrupt-end - 9 1"));
}

// ---- DPCs ----

struct Dpcs {
    std::vector<std::function<void()>> queue;
    static inline Dpcs* self = nullptr;
    Dpcs() {
        self = this;
        scheduler.hooks.retire_dpcs = [](sim::Processor& p) {
            EXPECT_EQ(p.irql, sim::dispatch_level);
            while (!self->queue.empty()) {
                auto next = std::move(self->queue.front());
                self->queue.erase(self->queue.begin());
                next();
            }
            p.dpcs_pending = false;
        };
    }
    void queue_on(sim::Processor& p, std::function<void()> run) {
        queue.push_back(std::move(run));
        p.dpcs_pending = true;
        scheduler.poke(p, now_ns());
    }
};

TEST_F(Interrupts, DpcsRunAfterTheServiceRoutineAndBeforeThreads) {
    Simulation simulation(1);
    Dpcs dpcs;
    IrqSource device(line(9), "device");
    connect(9, [&] {
        device.lower(now_ns());
        dpcs.queue_on(*this_processor, [&] {
            note("dpc");
            work(2);
        });
        work(2);
        note("isr");
        return true;
    });
    simulation.start("t", [&] {
        work(1);
        device.raise(now_ns());
        work(1);
        note("thread");
    });
    simulation.run(millisecond_ns);
    EXPECT_THAT(order, ElementsAre("isr", "dpc", "thread"));
}

TEST_F(Interrupts, ComeInsideADpc) {
    Simulation simulation(1);
    Dpcs dpcs;
    IrqSource device(line(9), "device");
    connect(9, [&] {
        device.lower(now_ns());
        note("isr");
        return true;
    });
    simulation.start("t", [&] {
        dpcs.queue_on(*this_processor, [&] {
            device.raise(now_ns());
            work(1);
            EXPECT_EQ(this_processor->irql, sim::dispatch_level);
            note("dpc");
        });
        work(1);
        note("thread");
    });
    simulation.run(millisecond_ns);
    EXPECT_THAT(order, ElementsAre("isr", "dpc", "thread"));
}

TEST_F(Interrupts, ADpcOnAnotherProcessorRunsThereAtThatTime) {
    Simulation simulation(2);
    Dpcs dpcs;
    simulation.start("t", {8, on_0}, [&] {
        work(10);
        const Nanoseconds queued_ns = now_ns();
        dpcs.queue_on(scheduler.processors[1], [&, queued_ns] {
            EXPECT_EQ(this_processor->index, 1);
            EXPECT_GE(now_ns(), queued_ns);
            note("dpc");
        });
        work(1);
        note("thread");
    });
    simulation.run(millisecond_ns);
    EXPECT_THAT(order, ElementsAre("dpc", "thread"));
}

// ---- spinning ----

class Spinning : public Interrupts {
  protected:
    static void acquire() {
        scheduler.spin(&lock);
        lock = this_processor->index + 1u;
    }
    static void release() {
        lock = 0;
        scheduler.release_spinners(&lock);
    }
    static inline std::uint64_t lock = 0;
};

TEST_F(Spinning, WaitsUntilTheOwnerReleases) {
    Simulation simulation(2);
    Nanoseconds released_ns = 0;
    simulation.start("owner", {8, on_0}, [&] {
        scheduler.raise_irql(sim::dispatch_level);
        acquire();
        work(10);
        note("release");
        released_ns = now_ns();
        release();
        scheduler.lower_irql(sim::passive_level);
    });
    simulation.start("waiter", {8, on_1}, [&] {
        sim::point(100);
        scheduler.raise_irql(sim::dispatch_level);
        acquire();
        EXPECT_EQ(now_ns(), released_ns);
        note("acquired");
        release();
        scheduler.lower_irql(sim::passive_level);
    });
    simulation.run(millisecond_ns);
    EXPECT_THAT(order, ElementsAre("release", "acquired"));
}

TEST_F(Spinning, GivesTheLockToOneOfSeveralAtATime) {
    Simulation simulation(4);
    int inside = 0;
    int done = 0;
    for (unsigned i = 0; i < 4; ++i) {
        simulation.start("t", {8, 1u << i}, [&] {
            for (int n = 0; n < 50; ++n) {
                scheduler.raise_irql(sim::dispatch_level);
                acquire();
                EXPECT_EQ(++inside, 1);
                work(3);
                --inside;
                release();
                scheduler.lower_irql(sim::passive_level);
                sim::point(50);
            }
            ++done;
        });
    }
    simulation.run(second_ns);
    EXPECT_EQ(done, 4);
}

TEST_F(Spinning, InterruptsStillComeAndAtTheirTime) {
    Simulation simulation(2);
    IrqSource device(line(9), "device");
    connect(
        9,
        [&] {
            device.lower(now_ns());
            EXPECT_EQ(now_ns(), 50'000 + 500);
            EXPECT_EQ(this_processor->index, 1);
            note("served");
            return true;
        },
        on_1);
    simulation.start("owner", {8, on_0}, [&] {
        scheduler.raise_irql(sim::dispatch_level);
        acquire();
        work(100);
        release();
        note("released");
        scheduler.lower_irql(sim::passive_level);
    });
    simulation.start("waiter", {8, on_1}, [&] {
        sim::point(100);
        scheduler.raise_irql(sim::dispatch_level);
        acquire();
        note("acquired");
        release();
        scheduler.lower_irql(sim::passive_level);
    });
    Alarm raise([&](Nanoseconds due_ns) { device.raise(due_ns); });
    raise.at(50'000);
    simulation.run(millisecond_ns);
    EXPECT_THAT(order, ElementsAre("served", "released", "acquired"));
}

TEST_F(Spinning, ADeadlockEndsAtTheHostsLimit) {
    Simulation simulation(1);
    lock = 0;
    simulation.start("t", [&] {
        scheduler.raise_irql(sim::dispatch_level);
        acquire();
        acquire();
        note("never");
    });
    EXPECT_FALSE(simulation.run(second_ns));
    EXPECT_THAT(order, IsEmpty());
    lock = 0;
}

}  // namespace
}  // namespace portico::test
