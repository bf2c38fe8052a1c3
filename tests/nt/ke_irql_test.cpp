// IRQLs, spin locks in every form, critical and guarded regions, processors: what NT's documentation says of
// each on entry and exit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "kernel.h"

namespace ke_irql_test {
namespace {

using namespace portico;
using namespace portico::nt;
using test::Kernel;
using test::relative_ms;
using ::testing::ElementsAre;

constexpr KIRQL synch_level = 12;

TEST(KeIrql, EveryLevelIsRaisedToAndLoweredFrom) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        for (KIRQL irql = PASSIVE_LEVEL; irql <= HIGH_LEVEL; ++irql) {
            KIRQL old = HIGH_LEVEL;
            KeRaiseIrql(irql, &old);
            EXPECT_EQ(old, PASSIVE_LEVEL);
            EXPECT_EQ(KeGetCurrentIrql(), irql);
            KeLowerIrql(old);
            EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        }
        for (KIRQL irql = APC_LEVEL; irql <= HIGH_LEVEL; ++irql) EXPECT_EQ(KfRaiseIrql(irql), irql - 1);
        for (KIRQL irql = HIGH_LEVEL; irql > PASSIVE_LEVEL; --irql) {
            KeLowerIrql(static_cast<KIRQL>(irql - 1));
            EXPECT_EQ(KeGetCurrentIrql(), irql - 1);
        }
    }));
}

TEST(KeIrql, RaisingToTheSameLevelAndToNamedOnes) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        KIRQL old = HIGH_LEVEL;
        KeRaiseIrql(PASSIVE_LEVEL, &old);
        EXPECT_EQ(old, PASSIVE_LEVEL);
        EXPECT_EQ(KeRaiseIrqlToDpcLevel(), PASSIVE_LEVEL);
        EXPECT_EQ(KeRaiseIrqlToDpcLevel(), DISPATCH_LEVEL);
        KeLowerIrql(DISPATCH_LEVEL);
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        KeLowerIrql(PASSIVE_LEVEL);
        EXPECT_EQ(KeRaiseIrqlToSynchLevel(), PASSIVE_LEVEL);
        EXPECT_EQ(KeRaiseIrqlToSynchLevel(), synch_level);
        KeLowerIrql(PASSIVE_LEVEL);
    }));
}

// Free builds of Windows do as they are told; what was wrong is told.
TEST(KeIrql, LoweringByRaisingIsToldAndDone) {
    Kernel kernel;
    static std::vector<int> told;
    told.clear();
    probes.irql_change = [](bool raising, sim::Irql now, sim::Irql wanted) {
        told.push_back(raising ? now * 100 + wanted : -now * 100 - wanted);
    };
    EXPECT_TRUE(kernel.run([] {
        KIRQL old = PASSIVE_LEVEL;
        KeRaiseIrql(DISPATCH_LEVEL, &old);
        KeRaiseIrql(APC_LEVEL, &old);
        EXPECT_EQ(KeGetCurrentIrql(), APC_LEVEL);
        KeLowerIrql(DISPATCH_LEVEL);
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        KeLowerIrql(PASSIVE_LEVEL);
    }));
    EXPECT_THAT(told, ElementsAre(201, -102));
}

TEST(KeIrql, FloatingPointIsSavedUpToDispatchLevel) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        for (const KIRQL irql : {PASSIVE_LEVEL, APC_LEVEL, DISPATCH_LEVEL}) {
            const KIRQL old = KfRaiseIrql(irql);
            KFLOATING_SAVE save;
            EXPECT_EQ(KeSaveFloatingPointState(&save), STATUS_SUCCESS);
            EXPECT_EQ(KeGetCurrentIrql(), irql);
            EXPECT_EQ(KeRestoreFloatingPointState(&save), STATUS_SUCCESS);
            KeLowerIrql(old);
        }
    }));
}

// ---- spin locks ----

struct Form {
    const char* name;
    KIRQL acquired_irql;  // 0: stays
    void (*acquire)(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle, PKIRQL old);
    void (*release)(PKSPIN_LOCK lock, PKLOCK_QUEUE_HANDLE handle, KIRQL old);
};

using Lock = PKSPIN_LOCK;
using Handle = PKLOCK_QUEUE_HANDLE;

constexpr Form forms[] = {
    {"KeAcquireSpinLock", DISPATCH_LEVEL, [](Lock l, Handle, PKIRQL old) { KeAcquireSpinLock(l, old); },
     [](Lock l, Handle, KIRQL old) { KeReleaseSpinLock(l, old); }},
    {"KeAcquireSpinLockRaiseToDpc", DISPATCH_LEVEL,
     [](Lock l, Handle, PKIRQL old) { *old = KeAcquireSpinLockRaiseToDpc(l); },
     [](Lock l, Handle, KIRQL old) { KeReleaseSpinLock(l, old); }},
    {"KeAcquireSpinLockForDpc", DISPATCH_LEVEL,
     [](Lock l, Handle, PKIRQL old) { *old = KeAcquireSpinLockForDpc(l); },
     [](Lock l, Handle, KIRQL old) { KeReleaseSpinLockForDpc(l, old); }},
    {"KeAcquireInStackQueuedSpinLock", DISPATCH_LEVEL,
     [](Lock l, Handle h, PKIRQL old) {
         KeAcquireInStackQueuedSpinLock(l, h);
         *old = h->OldIrql;
     },
     [](Lock, Handle h, KIRQL) { KeReleaseInStackQueuedSpinLock(h); }},
    {"KeAcquireInStackQueuedSpinLockForDpc", DISPATCH_LEVEL,
     [](Lock l, Handle h, PKIRQL old) {
         KeAcquireInStackQueuedSpinLockForDpc(l, h);
         *old = h->OldIrql;
     },
     [](Lock, Handle h, KIRQL) { KeReleaseInStackQueuedSpinLockForDpc(h); }},
};

constexpr Form forms_at_dpc_level[] = {
    {"KeAcquireSpinLockAtDpcLevel", 0, [](Lock l, Handle, PKIRQL) { KeAcquireSpinLockAtDpcLevel(l); },
     [](Lock l, Handle, KIRQL) { KeReleaseSpinLockFromDpcLevel(l); }},
    {"KeTryToAcquireSpinLockAtDpcLevel", 0,
     [](Lock l, Handle, PKIRQL) { EXPECT_TRUE(KeTryToAcquireSpinLockAtDpcLevel(l)); },
     [](Lock l, Handle, KIRQL) { KeReleaseSpinLockFromDpcLevel(l); }},
    {"KeAcquireInStackQueuedSpinLockAtDpcLevel", 0,
     [](Lock l, Handle h, PKIRQL) { KeAcquireInStackQueuedSpinLockAtDpcLevel(l, h); },
     [](Lock, Handle h, KIRQL) { KeReleaseInStackQueuedSpinLockFromDpcLevel(h); }},
};

void check_form(const Form& form, KIRQL original) {
    SCOPED_TRACE(form.name);
    KSPIN_LOCK lock = ~ULONG_PTR{0};
    KeInitializeSpinLock(&lock);
    EXPECT_TRUE(KeTestSpinLock(&lock));
    KLOCK_QUEUE_HANDLE handle;
    std::memset(&handle, 0x55, sizeof handle);
    KIRQL old = original;
    form.acquire(&lock, &handle, &old);
    EXPECT_EQ(old, original);
    EXPECT_EQ(KeGetCurrentIrql(), form.acquired_irql == 0 ? original : form.acquired_irql);
    EXPECT_FALSE(KeTestSpinLock(&lock));
    EXPECT_FALSE(KeTryToAcquireSpinLockAtDpcLevel(&lock));
    EXPECT_FALSE(KeAreApcsDisabled());
    form.release(&lock, &handle, old);
    EXPECT_EQ(KeGetCurrentIrql(), original);
    EXPECT_TRUE(KeTestSpinLock(&lock));
}

TEST(KeSpinLockForms, EachRaisesToItsLevelAndBack) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        for (const KIRQL original : {PASSIVE_LEVEL, APC_LEVEL, DISPATCH_LEVEL}) {
            const KIRQL old = KfRaiseIrql(original);
            for (const Form& form : forms) check_form(form, original);
            KeLowerIrql(old);
        }
    }));
}

TEST(KeSpinLockForms, AtDpcLevelTheIrqlStays) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        for (const Form& form : forms_at_dpc_level) check_form(form, DISPATCH_LEVEL);
        KeLowerIrql(old);
    }));
}

// What one form acquired another may release, as long as the IRQL is put right.
TEST(KeSpinLockForms, AcquiredWithoutRaisingReleasedWithLoweringAndTheReverse) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        KSPIN_LOCK lock;
        KeInitializeSpinLock(&lock);
        KIRQL old = KeRaiseIrqlToDpcLevel();
        KeAcquireSpinLockAtDpcLevel(&lock);
        KeReleaseSpinLock(&lock, old);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        EXPECT_TRUE(KeTestSpinLock(&lock));
        KeAcquireSpinLock(&lock, &old);
        KeReleaseSpinLockFromDpcLevel(&lock);
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        EXPECT_TRUE(KeTestSpinLock(&lock));
        KeLowerIrql(old);
    }));
}

// ---- regions ----

struct Regions {
    bool normal;  // KeAreApcsDisabled
    bool all;     // KeAreAllApcsDisabled
    bool operator==(const Regions&) const = default;
};
Regions regions() {
    return {KeAreApcsDisabled() != FALSE, KeAreAllApcsDisabled() != FALSE};
}

TEST(KeRegion, CriticalAndGuardedNest) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        EXPECT_EQ(regions(), (Regions{false, false}));
        for (int i = 0; i < 3; ++i) KeEnterCriticalRegion();
        for (int i = 0; i < 3; ++i) {
            EXPECT_EQ(regions(), (Regions{true, false}));
            KeLeaveCriticalRegion();
        }
        EXPECT_EQ(regions(), (Regions{false, false}));
        KeEnterGuardedRegion();
        EXPECT_EQ(regions(), (Regions{true, true}));
        KeEnterCriticalRegion();
        KeLeaveGuardedRegion();
        EXPECT_EQ(regions(), (Regions{true, false}));
        KeLeaveCriticalRegion();
        EXPECT_EQ(regions(), (Regions{false, false}));
    }));
}

TEST(KeRegion, LeavingWithoutEnteringDisablesUntilEntered) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        KeLeaveCriticalRegion();
        EXPECT_EQ(regions(), (Regions{true, false}));
        KeLeaveGuardedRegion();
        EXPECT_EQ(regions(), (Regions{true, true}));
        KeEnterCriticalRegion();
        EXPECT_EQ(regions(), (Regions{true, true}));
        KeEnterGuardedRegion();
        EXPECT_EQ(regions(), (Regions{false, false}));
    }));
}

TEST(KeRegion, ApcLevelDisablesAllApcsAndNoRegion) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        for (const KIRQL irql : {APC_LEVEL, DISPATCH_LEVEL}) {
            const KIRQL old = KfRaiseIrql(irql);
            EXPECT_EQ(regions(), (Regions{false, true}));
            KeLowerIrql(old);
        }
        EXPECT_EQ(regions(), (Regions{false, false}));
    }));
}

// ---- processors ----

TEST(KeProcessor, CountsNumbersAndGroupsAgree) {
    Kernel kernel(3);
    EXPECT_TRUE(kernel.run([] {
        EXPECT_EQ(KeQueryMaximumProcessorCount(), 3u);
        EXPECT_EQ(KeQueryMaximumProcessorCountEx(ALL_PROCESSOR_GROUPS), 3u);
        EXPECT_EQ(KeQueryActiveProcessorCountEx(ALL_PROCESSOR_GROUPS), 3u);
        EXPECT_EQ(KeQueryActiveProcessorCountEx(0), 3u);
        EXPECT_EQ(KeQueryActiveProcessorCountEx(1), 0u);
        KAFFINITY mask = 0;
        EXPECT_EQ(KeQueryActiveProcessorCount(&mask), 3u);
        EXPECT_EQ(mask, 7u);
        EXPECT_EQ(KeQueryActiveProcessors(), 7u);
        for (ULONG i = 0; i < 3; ++i) {
            PROCESSOR_NUMBER number;
            EXPECT_EQ(KeGetProcessorNumberFromIndex(i, &number), STATUS_SUCCESS);
            EXPECT_EQ(KeGetProcessorIndexFromNumber(&number), i);
        }
        PROCESSOR_NUMBER number;
        EXPECT_EQ(KeGetProcessorNumberFromIndex(3, &number), STATUS_INVALID_PARAMETER);
    }));
}

TEST(KeProcessor, AffinityIsSetReturnedAndReverted) {
    Kernel kernel(2);
    EXPECT_TRUE(kernel.run([] {
        EXPECT_EQ(KeSetSystemAffinityThreadEx(3), 0u);  // there was none
        EXPECT_EQ(KeSetSystemAffinityThreadEx(2), 3u);
        EXPECT_EQ(KeGetCurrentProcessorNumber(), 1u);
        KeRevertToUserAffinityThreadEx(1);
        EXPECT_EQ(KeGetCurrentProcessorNumber(), 0u);
        EXPECT_EQ(KeSetSystemAffinityThreadEx(~KAFFINITY{0}), 1u);
        EXPECT_EQ(KeSetSystemAffinityThreadEx(1), 3u);  // of processors that are there
        KeRevertToUserAffinityThreadEx(0);
        EXPECT_EQ(KeSetSystemAffinityThreadEx(1), 0u);
        KeRevertToUserAffinityThread();
        EXPECT_EQ(KeSetSystemAffinityThreadEx(1), 0u);
        KeRevertToUserAffinityThread();
    }));
}

TEST(KeProcessor, AnAffinityWithoutProcessorsChangesNothing) {
    Kernel kernel(2);
    EXPECT_TRUE(kernel.run([] {
        KeSetSystemAffinityThread(2);
        EXPECT_EQ(KeSetSystemAffinityThreadEx(0), 0u);
        EXPECT_EQ(KeSetSystemAffinityThreadEx(0x10), 0u);
        KeSetSystemAffinityThread(0);
        KeRevertToUserAffinityThreadEx(0x10);
        GROUP_AFFINITY wanted{0x10, 0, {}};
        GROUP_AFFINITY before{~KAFFINITY{0}, 5, {}};
        KeSetSystemGroupAffinityThread(&wanted, &before);
        EXPECT_EQ(before.Mask, 0u);
        EXPECT_EQ(before.Group, 0u);
        KeStallExecutionProcessor(10);
        EXPECT_EQ(KeGetCurrentProcessorNumber(), 1u);
        EXPECT_EQ(KeSetSystemAffinityThreadEx(1), 2u);
        KeRevertToUserAffinityThread();
    }));
}

TEST(KeProcessor, ThePerformanceCounterNeverRunsBackwardsAcrossProcessors) {
    Kernel kernel(4);
    EXPECT_TRUE(kernel.run([] {
        LONGLONG previous = KeQueryPerformanceCounter(nullptr).QuadPart;
        for (int round = 0; round < 50; ++round) {
            for (ULONG processor = 0; processor < 4; ++processor) {
                KeSetSystemAffinityThread(KAFFINITY{1} << processor);
                ASSERT_EQ(KeGetCurrentProcessorNumber(), processor);
                const LONGLONG now = KeQueryPerformanceCounter(nullptr).QuadPart;
                ASSERT_GE(now, previous);
                previous = now;
            }
        }
        KeRevertToUserAffinityThread();
    }));
}

TEST(KeProcessor, StallsAddUpWhateverTheirLength) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        for (const ULONG piece_us : {1u, 50u, 1000u, 100'000u}) {
            const LONGLONG before = ke::exact_time_100ns();
            for (ULONG stalled_us = 0; stalled_us < 100'000; stalled_us += piece_us)
                KeStallExecutionProcessor(piece_us);
            const LONGLONG stalled = ke::exact_time_100ns() - before;
            EXPECT_GE(stalled, 1'000'000);
            EXPECT_LE(stalled, 1'000'000 + 100'000 / piece_us);  // 50 ns a call
        }
    }));
}

}  // namespace
}  // namespace ke_irql_test
