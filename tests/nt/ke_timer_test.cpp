// Timers' states: set, expired, cancelled, set again, initialized while set; and what a DPC sees of itself.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "kernel.h"

namespace ke_timer_test {
namespace {

using namespace portico;
using namespace portico::nt;
using test::Kernel;
using test::relative_ms;

struct Counter {
    KDPC dpc;
    int calls = 0;
    Counter() { KeInitializeDpc(&dpc, count, this); }
    static VOID NTAPI count(PKDPC, PVOID context, PVOID, PVOID) { ++static_cast<Counter*>(context)->calls; }
};

void sleep_ms(LONGLONG ms) {
    LARGE_INTEGER interval = relative_ms(ms);
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

NTSTATUS wait_ms(PVOID object, LONGLONG ms) {
    LARGE_INTEGER timeout = relative_ms(ms);
    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, &timeout);
}

TEST(KeTimerState, InitializingSetsTypeSizeAndState) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        for (const TIMER_TYPE type : {NotificationTimer, SynchronizationTimer}) {
            KTIMER timer;
            std::memset(&timer, 0x55, sizeof timer);
            KeInitializeTimerEx(&timer, type);
            EXPECT_EQ(timer.Header.Type, type == NotificationTimer ? 8 : 9);
            EXPECT_EQ(timer.Header.Size, sizeof(KTIMER) / sizeof(ULONG));
            EXPECT_EQ(timer.Header.SignalState, 0);
            EXPECT_TRUE(IsListEmpty(&timer.Header.WaitListHead));
            EXPECT_FALSE(KeReadStateTimer(&timer));
            EXPECT_FALSE(KeCancelTimer(&timer));
        }
    }));
}

TEST(KeTimerState, CancellingTellsWhetherItWasSet) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        KTIMER timer;
        Counter counter;
        KeInitializeTimer(&timer);
        KIRQL old = KeRaiseIrqlToDpcLevel();
        EXPECT_FALSE(KeCancelTimer(&timer));
        EXPECT_FALSE(KeSetTimer(&timer, relative_ms(30'000), &counter.dpc));
        EXPECT_TRUE(KeCancelTimer(&timer));
        KeLowerIrql(old);
        EXPECT_FALSE(KeReadStateTimer(&timer));
        sleep_ms(40'000);
        EXPECT_EQ(counter.calls, 0);
        EXPECT_FALSE(KeSetTimer(&timer, relative_ms(30'000), &counter.dpc));
        EXPECT_TRUE(KeSetTimer(&timer, relative_ms(1), &counter.dpc));
        sleep_ms(100);
        EXPECT_EQ(counter.calls, 1);
        EXPECT_TRUE(KeReadStateTimer(&timer));
        EXPECT_FALSE(KeCancelTimer(&timer));  // it has expired: nothing to cancel
        EXPECT_FALSE(KeSetTimer(&timer, relative_ms(1), &counter.dpc));
        EXPECT_FALSE(KeReadStateTimer(&timer));  // setting resets it
        KeCancelTimer(&timer);
    }));
}

TEST(KeTimerState, ASynchronizationTimerReleasesOneWaitAnExpiry) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        ExSetTimerResolution(10'000, TRUE);
        KTIMER timer;
        KeInitializeTimerEx(&timer, SynchronizationTimer);
        KeSetTimerEx(&timer, relative_ms(20), 20, nullptr);
        EXPECT_EQ(wait_ms(&timer, 0), STATUS_TIMEOUT);
        for (int i = 0; i < 3; ++i) {
            EXPECT_EQ(wait_ms(&timer, 40), STATUS_SUCCESS);
            EXPECT_EQ(wait_ms(&timer, 0), STATUS_TIMEOUT);
        }
        // Set again without a period: it fires once.
        EXPECT_TRUE(KeSetTimerEx(&timer, relative_ms(20), 0, nullptr));
        EXPECT_EQ(wait_ms(&timer, 40), STATUS_SUCCESS);
        EXPECT_EQ(wait_ms(&timer, 40), STATUS_TIMEOUT);
        EXPECT_EQ(wait_ms(&timer, 40), STATUS_TIMEOUT);
    }));
}

TEST(KeTimerState, PeriodsCountFromTheDueTime) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        KTIMER timer;
        Counter counter;
        KeInitializeTimer(&timer);
        LARGE_INTEGER soon;
        soon.QuadPart = -1;
        EXPECT_FALSE(KeSetTimerEx(&timer, soon, 1000, &counter.dpc));
        sleep_ms(2500);
        EXPECT_TRUE(KeCancelTimer(&timer));
        EXPECT_EQ(counter.calls, 3);
        sleep_ms(1300);
        EXPECT_EQ(counter.calls, 3);
    }));
}

// Windows leaves a timer that is set in its queue when it is initialized again: it expires, with the DPC it
// was set with.
constexpr LONGLONG end_of_time = std::numeric_limits<LONGLONG>::max();
constexpr LONGLONG for_ever = std::numeric_limits<LONGLONG>::min();  // as a due time or a time-out
constexpr LONGLONG centuries = -100'000'000'000'000'000;             // 317 years from now

TEST(KeTimerState, WhatIsDueBeyondTheEndOfTimeIsNeverDue) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        for (const LONGLONG due_100ns : {for_ever, -end_of_time, end_of_time, centuries}) {
            KTIMER timer;
            Counter counter;
            LARGE_INTEGER due;
            due.QuadPart = due_100ns;
            KeInitializeTimer(&timer);
            EXPECT_FALSE(KeSetTimer(&timer, due, &counter.dpc));
            ke::shift_system_time(-36'000'000'000);  // an hour: no deadline comes near
            sleep_ms(10'000);
            EXPECT_EQ(counter.calls, 0) << due_100ns;
            EXPECT_TRUE(KeCancelTimer(&timer)) << due_100ns;
        }
    }));
}

TEST(KeTimerState, ADistantTimerDoesNotMakeTheClockTick) {
    Kernel kernel;
    static void (*tick)(sim::Processor&);
    static int ticks;
    tick = sim::scheduler.hooks.clock;
    ticks = 0;
    sim::scheduler.hooks.clock = [](sim::Processor& p) {
        ++ticks;
        tick(p);
    };
    KTIMER timer;
    EXPECT_TRUE(kernel.run([&] {
        LARGE_INTEGER due;
        due.QuadPart = centuries;
        KeInitializeTimer(&timer);
        KeSetTimer(&timer, due, nullptr);
    }));
    kernel.settle(10 * second_ns);
    EXPECT_EQ(ticks, 0);
    EXPECT_TRUE(kernel.run([&] { EXPECT_TRUE(KeCancelTimer(&timer)); }));
}

TEST(KeTimerState, InitializedWhileSetItExpiresAllTheSame) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        KTIMER timer;
        KTIMER other;
        Counter counter;
        KeInitializeTimer(&timer);
        KeInitializeTimer(&other);
        KeSetTimer(&other, relative_ms(10), nullptr);
        KeSetTimer(&timer, relative_ms(20), &counter.dpc);
        KeInitializeTimerEx(&timer, SynchronizationTimer);
        EXPECT_EQ(wait_ms(&timer, 60), STATUS_SUCCESS);
        sleep_ms(1);
        EXPECT_EQ(counter.calls, 1);
        EXPECT_EQ(wait_ms(&timer, 40), STATUS_TIMEOUT);
        EXPECT_TRUE(KeReadStateTimer(&other));
        EXPECT_FALSE(KeSetTimer(&timer, relative_ms(20), &counter.dpc));
        EXPECT_EQ(wait_ms(&timer, 60), STATUS_SUCCESS);
        EXPECT_EQ(counter.calls, 2);
    }));
}

TEST(KeDpcState, InitializingSetsWhatADriverMayLookAt) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        KDPC dpc;
        std::memset(&dpc, 0x55, sizeof dpc);
        KeInitializeDpc(&dpc, Counter::count, &dpc);
        EXPECT_EQ(dpc.Type, 0x13);
        EXPECT_EQ(dpc.Importance, MediumImportance);
        EXPECT_EQ(dpc.Number, 0);
        EXPECT_EQ(dpc.DeferredRoutine, Counter::count);
        EXPECT_EQ(dpc.DeferredContext, &dpc);
        EXPECT_EQ(dpc.DpcData, nullptr);
    }));
}

TEST(KeDpcState, QueuedAtHighLevelItWaitsForTheIrqlToFall) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        Counter counter;
        KIRQL old;
        KeRaiseIrql(HIGH_LEVEL, &old);
        EXPECT_TRUE(KeInsertQueueDpc(&counter.dpc, nullptr, nullptr));
        KeLowerIrql(DISPATCH_LEVEL);
        EXPECT_EQ(counter.calls, 0);
        KeLowerIrql(APC_LEVEL);
        EXPECT_EQ(counter.calls, 1);
        KeRaiseIrql(HIGH_LEVEL, &old);
        EXPECT_TRUE(KeInsertQueueDpc(&counter.dpc, nullptr, nullptr));
        EXPECT_TRUE(KeRemoveQueueDpc(&counter.dpc));
        EXPECT_FALSE(KeRemoveQueueDpc(&counter.dpc));
        KeLowerIrql(PASSIVE_LEVEL);
        EXPECT_EQ(counter.calls, 1);
    }));
}

// While it runs it is off the queue: DpcData is null, its arguments are those of the call.
TEST(KeDpcState, WhatTheRoutineSees) {
    Kernel kernel;
    static int seen;
    seen = 0;
    EXPECT_TRUE(kernel.run([] {
        KDPC dpc;
        KeInitializeDpc(
            &dpc, [](PKDPC self, PVOID context, PVOID argument1, PVOID argument2) __attribute__((ms_abi)) {
                ++seen;
                EXPECT_EQ(context, self);
                EXPECT_EQ(argument1, self->SystemArgument1);
                EXPECT_EQ(argument2, self->SystemArgument2);
                EXPECT_EQ(reinterpret_cast<std::uint64_t>(argument2), 0x5678u);
                EXPECT_EQ(self->DpcData, nullptr);
            },
            &dpc);
        EXPECT_TRUE(KeInsertQueueDpc(&dpc, &dpc, reinterpret_cast<PVOID>(0x5678)));
    }));
    EXPECT_EQ(seen, 1);
}

TEST(KeDpcState, InitializedWhileQueuedItRunsWithItsNewRoutine) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        Counter first;
        Counter second;
        Counter third;
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        KeInsertQueueDpc(&first.dpc, nullptr, nullptr);
        KeInsertQueueDpc(&second.dpc, nullptr, nullptr);
        KeInsertQueueDpc(&third.dpc, nullptr, nullptr);
        KeInitializeDpc(&second.dpc, Counter::count, &first);
        KeLowerIrql(old);
        EXPECT_EQ(first.calls, 2);
        EXPECT_EQ(second.calls, 0);
        EXPECT_EQ(third.calls, 1);
        EXPECT_TRUE(KeInsertQueueDpc(&second.dpc, nullptr, nullptr));
        EXPECT_EQ(first.calls, 3);
    }));
}

// A thread at PASSIVE_LEVEL goes on when the DPC that interrupted it has ended.
TEST(KeDpcState, PreemptsTheThreadThatQueuedIt) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        KDPC dpc;
        KeInitializeDpc(
            &dpc, [](PKDPC, PVOID, PVOID, PVOID) __attribute__((ms_abi)) { KeStallExecutionProcessor(1000); },
            nullptr);
        const LONGLONG before = ke::exact_time_100ns();
        EXPECT_TRUE(KeInsertQueueDpc(&dpc, nullptr, nullptr));
        EXPECT_GE(ke::exact_time_100ns() - before, 10'000);
        KeFlushQueuedDpcs();
        KeFlushQueuedDpcs();
    }));
}

}  // namespace
}  // namespace ke_timer_test
