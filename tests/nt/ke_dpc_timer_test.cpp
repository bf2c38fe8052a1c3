// DPCs, timers and the clock.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "kernel.h"
#include "nt/rtl/rtl.h"

namespace ke_dpc_timer_test {
namespace {

using namespace portico;
using namespace portico::nt;
using test::Kernel;
using test::relative_ms;
using ::testing::ElementsAre;

std::vector<long> calls;

VOID NTAPI note(PKDPC, PVOID context, PVOID argument1, PVOID) {
    EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    calls.push_back(reinterpret_cast<long>(context) * 10 + reinterpret_cast<long>(argument1));
}

struct KeDpc : ::testing::Test {
    void SetUp() override { calls.clear(); }
};

PVOID number(long n) {
    return reinterpret_cast<PVOID>(n);
}

TEST_F(KeDpc, InitializingLeavesTheArguments) {
    Kernel kernel;
    KDPC dpc;
    std::memset(&dpc, 0x55, sizeof dpc);
    KeInitializeDpc(&dpc, note, &dpc);
    EXPECT_EQ(dpc.DeferredContext, &dpc);
    EXPECT_EQ(dpc.Number, 0);
    EXPECT_EQ(dpc.Importance, MediumImportance);
    EXPECT_EQ(dpc.DpcData, nullptr);
    EXPECT_EQ(dpc.SystemArgument1, number(0x5555555555555555));
    EXPECT_EQ(dpc.SystemArgument2, number(0x5555555555555555));
}

TEST_F(KeDpc, RunsBeforeInsertReturnsWhenBelowDispatchLevel) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([&] {
        KDPC dpc;
        KeInitializeDpc(&dpc, note, number(1));
        EXPECT_TRUE(KeInsertQueueDpc(&dpc, number(2), nullptr));
        EXPECT_THAT(calls, ElementsAre(12));
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    }));
}

TEST_F(KeDpc, QueuedOnceAndRunWhenTheIrqlFalls) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([&] {
        KDPC dpc;
        KeInitializeDpc(&dpc, note, number(1));
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        EXPECT_TRUE(KeInsertQueueDpc(&dpc, number(2), nullptr));
        EXPECT_FALSE(KeInsertQueueDpc(&dpc, number(3), nullptr));
        EXPECT_TRUE(calls.empty());
        KeLowerIrql(old);
        EXPECT_THAT(calls, ElementsAre(12));
    }));
}

TEST_F(KeDpc, HighImportanceGoesFirst) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([&] {
        KDPC a;
        KDPC b;
        KDPC c;
        KeInitializeDpc(&a, note, number(1));
        KeInitializeDpc(&b, note, number(2));
        KeInitializeDpc(&c, note, number(3));
        KeSetImportanceDpc(&c, HighImportance);
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        KeInsertQueueDpc(&a, nullptr, nullptr);
        KeInsertQueueDpc(&b, nullptr, nullptr);
        KeInsertQueueDpc(&c, nullptr, nullptr);
        KeLowerIrql(old);
        EXPECT_THAT(calls, ElementsAre(30, 10, 20));
    }));
}

// A DPC that takes its IRQL for PASSIVE_LEVEL lets nothing run before it is over, is told, and hangs nobody.
TEST_F(KeDpc, LoweringTheIrqlInADpcIsToldAndNotDone) {
    Kernel kernel;
    static KDPC second;
    static KSPIN_LOCK lock;
    static std::vector<int> told;
    told.clear();
    probes.irql_below_routine = [](sim::Irql floor, sim::Irql wanted) {
        told.push_back(floor * 16 + wanted);
    };
    EXPECT_TRUE(kernel.run([&] {
        KDPC dpc;
        KeInitializeSpinLock(&lock);
        KeInitializeDpc(&second, note, number(2));
        const auto lowers = [](PKDPC, PVOID, PVOID, PVOID) __attribute__((ms_abi)) {
            KIRQL old;
            KeAcquireSpinLock(&lock, &old);
            KeInsertQueueDpc(&second, nullptr, nullptr);
            KeReleaseSpinLock(&lock, PASSIVE_LEVEL);
            EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
            EXPECT_TRUE(calls.empty());
            KeLowerIrql(APC_LEVEL);
            rtl::write_cr8(PASSIVE_LEVEL);
            EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        };
        KeInitializeDpc(&dpc, lowers, nullptr);
        EXPECT_TRUE(KeInsertQueueDpc(&dpc, nullptr, nullptr));
        EXPECT_THAT(calls, ElementsAre(20));
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    }));
    EXPECT_THAT(told, ElementsAre(0x20, 0x21, 0x20));
}

// DPCs and preemption come by interrupts: with those off, nothing comes.
TEST_F(KeDpc, WaitsUntilInterruptsAreOnAgain) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([&] {
        KDPC dpc;
        KeInitializeDpc(&dpc, note, number(1));
        ke::set_priority(*ke::current_thread(), 4);
        rtl::disable_interrupts();
        KeInsertQueueDpc(&dpc, nullptr, nullptr);
        kernel.start([] { calls.push_back(99); });
        KeStallExecutionProcessor(100);
        KeLowerIrql(PASSIVE_LEVEL);
        EXPECT_THAT(calls, ElementsAre());
        rtl::enable_interrupts();
        EXPECT_THAT(calls, ElementsAre(10, 99));
    }));
}

TEST_F(KeDpc, WaitingOrEndingWithInterruptsOffIsToldAndTurnsThemOn) {
    Kernel kernel;
    static std::vector<bool> ends;
    ends.clear();
    probes.interrupts_left_off = [](const void*, bool at_end) { ends.push_back(at_end); };
    EXPECT_TRUE(kernel.run([&] {
        LARGE_INTEGER interval = relative_ms(1);
        rtl::disable_interrupts();
        KeDelayExecutionThread(KernelMode, FALSE, &interval);
        EXPECT_FALSE(sim::this_processor->interrupts_disabled);
        rtl::disable_interrupts();
    }));
    kernel.settle(millisecond_ns);
    EXPECT_THAT(ends, ElementsAre(false, true));
    EXPECT_FALSE(sim::scheduler.processors[0].interrupts_disabled);
}

TEST_F(KeDpc, RemovedDpcDoesNotRun) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([&] {
        KDPC dpc;
        KeInitializeDpc(&dpc, note, number(1));
        EXPECT_FALSE(KeRemoveQueueDpc(&dpc));
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        KeInsertQueueDpc(&dpc, nullptr, nullptr);
        EXPECT_TRUE(KeRemoveQueueDpc(&dpc));
        KeLowerIrql(old);
        EXPECT_TRUE(calls.empty());
    }));
}

TEST_F(KeDpc, TargetedDpcRunsOnItsProcessorAndFlushWaitsForIt) {
    Kernel kernel(2);
    static unsigned ran_on;
    ran_on = 99;
    EXPECT_TRUE(kernel.run([&] {
        KDPC dpc;
        KeInitializeDpc(
            &dpc, [](PKDPC, PVOID, PVOID, PVOID) __attribute__((ms_abi)) {
                ran_on = KeGetCurrentProcessorNumber();
                KeStallExecutionProcessor(40);
            },
            nullptr);
        const CCHAR other = KeGetCurrentProcessorNumber() == 0 ? 1 : 0;
        KeSetTargetProcessorDpc(&dpc, other);
        KeInsertQueueDpc(&dpc, nullptr, nullptr);
        KeFlushQueuedDpcs();
        EXPECT_EQ(ran_on, static_cast<unsigned>(other));
    }));
}

TEST_F(KeDpc, MayQueueItselfAgain) {
    Kernel kernel;
    static int runs;
    runs = 0;
    EXPECT_TRUE(kernel.run([&] {
        KDPC dpc;
        KeInitializeDpc(
            &dpc, [](PKDPC self, PVOID, PVOID, PVOID) __attribute__((ms_abi)) {
                if (++runs < 3) EXPECT_TRUE(KeInsertQueueDpc(self, nullptr, nullptr));
            },
            nullptr);
        KeInsertQueueDpc(&dpc, nullptr, nullptr);
        EXPECT_EQ(runs, 3);
    }));
}

TEST_F(KeDpc, TimerFiresOnceAtATickAfterItsTime) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([&] {
        KTIMER timer;
        KDPC dpc;
        KeInitializeTimer(&timer);
        KeInitializeDpc(&dpc, note, number(1));
        EXPECT_FALSE(KeSetTimer(&timer, relative_ms(3), &dpc));
        EXPECT_FALSE(KeReadStateTimer(&timer));
        LARGE_INTEGER forever = relative_ms(100);
        EXPECT_EQ(KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, &forever), STATUS_SUCCESS);
        EXPECT_TRUE(KeReadStateTimer(&timer));  // a notification timer stays signalled
        EXPECT_EQ(ke::exact_time_100ns() / 156'250, 1);
        EXPECT_THAT(calls, ElementsAre(10));
    }));
}

TEST_F(KeDpc, TimerResolutionMakesTicksFiner) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([&] {
        EXPECT_EQ(ExSetTimerResolution(10'000, TRUE), 10'000u);
        KTIMER timer;
        KeInitializeTimerEx(&timer, SynchronizationTimer);
        const auto before = ke::exact_time_100ns();
        KeSetTimer(&timer, relative_ms(3), nullptr);
        EXPECT_EQ(KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, nullptr), STATUS_SUCCESS);
        EXPECT_FALSE(KeReadStateTimer(&timer));
        const auto waited = ke::exact_time_100ns() - before;
        EXPECT_GE(waited, 30'000);
        EXPECT_LE(waited, 41'000);
        EXPECT_EQ(ExSetTimerResolution(0, FALSE), 156'250u);
    }));
}

TEST_F(KeDpc, PeriodicTimerKeepsItsPeriodUntilCancelled) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([&] {
        ExSetTimerResolution(10'000, TRUE);
        KTIMER timer;
        KDPC dpc;
        KeInitializeTimer(&timer);
        KeInitializeDpc(&dpc, note, number(1));
        KeSetTimerEx(&timer, relative_ms(2), 2, &dpc);
        LARGE_INTEGER interval = relative_ms(21);
        KeDelayExecutionThread(KernelMode, FALSE, &interval);
        EXPECT_TRUE(KeCancelTimer(&timer));
        EXPECT_FALSE(KeCancelTimer(&timer));
        EXPECT_EQ(calls.size(), 10u);
        KeDelayExecutionThread(KernelMode, FALSE, &interval);
        EXPECT_EQ(calls.size(), 10u);
    }));
}

TEST_F(KeDpc, SettingATimerAgainReplacesItsTime) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([&] {
        KTIMER timer;
        KDPC dpc;
        KeInitializeTimer(&timer);
        KeInitializeDpc(&dpc, note, number(1));
        EXPECT_FALSE(KeSetTimer(&timer, relative_ms(10), &dpc));
        EXPECT_TRUE(KeSetTimer(&timer, relative_ms(200), &dpc));
        LARGE_INTEGER interval = relative_ms(100);
        KeDelayExecutionThread(KernelMode, FALSE, &interval);
        EXPECT_TRUE(calls.empty());
        KeDelayExecutionThread(KernelMode, FALSE, &interval);
        KeDelayExecutionThread(KernelMode, FALSE, &interval);
        EXPECT_EQ(calls.size(), 1u);
    }));
}

TEST_F(KeDpc, DueTimeOfZeroSignalsAtOnce) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([&] {
        KTIMER timer;
        KDPC dpc;
        KeInitializeTimer(&timer);
        KeInitializeDpc(&dpc, note, number(1));
        EXPECT_FALSE(KeSetTimer(&timer, LARGE_INTEGER{}, &dpc));
        EXPECT_TRUE(KeReadStateTimer(&timer));
        EXPECT_EQ(calls.size(), 1u);
    }));
}

TEST(KeTime, GoesOnByStallAndDelayAndStandsBetweenTicks) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([&] {
        LARGE_INTEGER frequency;
        const LARGE_INTEGER before = KeQueryPerformanceCounter(&frequency);
        EXPECT_EQ(frequency.QuadPart, 10'000'000);
        KeStallExecutionProcessor(250);
        const LARGE_INTEGER after = KeQueryPerformanceCounter(nullptr);
        EXPECT_GE(after.QuadPart - before.QuadPart, 2'500);
        EXPECT_LE(after.QuadPart - before.QuadPart, 2'510);
        EXPECT_EQ(KeQueryInterruptTime(), 0u);  // no tick has passed
        LARGE_INTEGER interval = relative_ms(16);
        KeDelayExecutionThread(KernelMode, FALSE, &interval);
        EXPECT_EQ(KeQueryInterruptTime() % 156'250, 0u);
        EXPECT_GE(KeQueryInterruptTime(), 156'250u);
        LARGE_INTEGER system;
        KeQuerySystemTime(&system);
        EXPECT_EQ(system.QuadPart - static_cast<LONGLONG>(KeQueryInterruptTime()), 133'485'408'000'000'000);
        EXPECT_EQ(KeQueryTimeIncrement(), 156'250u);
    }));
}

}  // namespace
}  // namespace ke_dpc_timer_test
