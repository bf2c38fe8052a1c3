// Fast and guarded mutexes, ERESOURCEs, reader-writer spin locks, run-down protection.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kernel.h"
#include "misuse.h"
#include "nt/ex/ex.h"
#include "nt/ex/pool.h"
#include "nt/ex/tracked.h"

namespace ex_lock_test {
namespace {

using namespace portico;
using namespace portico::nt;
using test::Kernel;
using test::LeftLog;
using test::MisuseLog;
using test::relative_ms;
using ::testing::ElementsAre;

void sleep_ms(LONGLONG ms) {
    LARGE_INTEGER interval = relative_ms(ms);
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

TEST(ExFastMutex, RaisesToApcLevelAndRestores) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        FAST_MUTEX mutex;
        ExInitializeFastMutex(&mutex);
        EXPECT_EQ(mutex.Count, 1);
        ExAcquireFastMutex(&mutex);
        EXPECT_EQ(KeGetCurrentIrql(), APC_LEVEL);
        EXPECT_EQ(mutex.Owner, KeGetCurrentThread());
        EXPECT_FALSE(ExTryToAcquireFastMutex(&mutex));
        EXPECT_EQ(KeGetCurrentIrql(), APC_LEVEL);
        ExReleaseFastMutex(&mutex);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        EXPECT_EQ(mutex.Count, 1);
        EXPECT_TRUE(ExTryToAcquireFastMutex(&mutex));
        EXPECT_EQ(KeGetCurrentIrql(), APC_LEVEL);
        ExReleaseFastMutex(&mutex);
    }));
}

TEST(ExFastMutex, FailedTryLeavesTheIrql) {
    Kernel kernel(2);
    FAST_MUTEX mutex;
    ExInitializeFastMutex(&mutex);
    kernel.start([&] {
        ExAcquireFastMutex(&mutex);
        sleep_ms(100);
        ExReleaseFastMutex(&mutex);
    });
    kernel.settle(millisecond_ns);
    EXPECT_TRUE(kernel.run([&] {
        EXPECT_FALSE(ExTryToAcquireFastMutex(&mutex));
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    }));
}

// Waiters get it in their order, one at a time.
TEST(ExFastMutex, ExcludesAndIsHandedOn) {
    Kernel kernel(2);
    FAST_MUTEX mutex;
    ExInitializeFastMutex(&mutex);
    std::vector<int> order;
    int inside = 0;
    for (int i = 0; i < 4; ++i) {
        kernel.start([&, i] {
            ExAcquireFastMutex(&mutex);
            EXPECT_EQ(++inside, 1);
            order.push_back(i);
            sleep_ms(20);
            --inside;
            ExReleaseFastMutex(&mutex);
        });
    }
    EXPECT_TRUE(kernel.finish());
    EXPECT_THAT(order, ElementsAre(0, 1, 2, 3));
    EXPECT_EQ(mutex.Contention, 3u);
    EXPECT_EQ(mutex.Count, 1);
}

TEST(ExFastMutex, MisuseIsTold) {
    Kernel kernel;
    MisuseLog misuse;
    EXPECT_TRUE(kernel.run([&] {
        FAST_MUTEX mutex;
        ExInitializeFastMutex(&mutex);
        const auto old = ke::raise(APC_LEVEL);
        ExReleaseFastMutexUnsafe(&mutex);
        EXPECT_EQ(misuse.size(), 1u);
        EXPECT_EQ(mutex.Count, 1);
        ke::lower(old);
        ExAcquireFastMutexUnsafe(&mutex);  // APCs are enabled
        EXPECT_EQ(misuse.size(), 2u);
        KeEnterCriticalRegion();
        ExReleaseFastMutexUnsafe(&mutex);
        ExAcquireFastMutexUnsafe(&mutex);
        EXPECT_EQ(misuse.size(), 2u);
        ExReleaseFastMutexUnsafe(&mutex);
        KeLeaveCriticalRegion();
    }));
    FAST_MUTEX mutex;
    ExInitializeFastMutex(&mutex);
    kernel.start([&] {
        ExAcquireFastMutex(&mutex);
        ExAcquireFastMutex(&mutex);
        ADD_FAILURE() << "a thread got its own fast mutex twice";
    });
    kernel.settle(second_ns);
    EXPECT_EQ(misuse.size(), 3u);
}

TEST(KeGuardedMutex, DisablesApcsAtTheCallersIrql) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        KGUARDED_MUTEX mutex;
        KeInitializeGuardedMutex(&mutex);
        KeAcquireGuardedMutex(&mutex);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        EXPECT_TRUE(KeAreAllApcsDisabled());
        EXPECT_FALSE(KeTryToAcquireGuardedMutex(&mutex));
        KeReleaseGuardedMutex(&mutex);
        EXPECT_FALSE(KeAreAllApcsDisabled());
        EXPECT_TRUE(KeTryToAcquireGuardedMutex(&mutex));
        EXPECT_TRUE(KeAreAllApcsDisabled());
        KeReleaseGuardedMutex(&mutex);
        KeEnterGuardedRegion();
        KeAcquireGuardedMutexUnsafe(&mutex);
        KeReleaseGuardedMutexUnsafe(&mutex);
        KeLeaveGuardedRegion();
    }));
}

// ---- ERESOURCE ----

struct Resource {
    Resource() { EXPECT_EQ(ExInitializeResourceLite(&r), STATUS_SUCCESS); }
    ~Resource() { ExDeleteResourceLite(&r); }
    ERESOURCE r;
};

TEST(ExResource, ExclusiveIsRecursive) {
    Kernel kernel;
    Resource resource;
    EXPECT_TRUE(kernel.run([&] {
        KeEnterCriticalRegion();
        EXPECT_TRUE(ExAcquireResourceExclusiveLite(&resource.r, TRUE));
        EXPECT_TRUE(ExIsResourceAcquiredExclusiveLite(&resource.r));
        EXPECT_TRUE(ExTryToAcquireResourceExclusiveLite(&resource.r));
        EXPECT_TRUE(
            ExAcquireResourceSharedLite(&resource.r, FALSE));  // an exclusive owner may share with itself
        EXPECT_EQ(ExIsResourceAcquiredSharedLite(&resource.r), 3u);
        ExReleaseResourceLite(&resource.r);
        ExReleaseResourceLite(&resource.r);
        EXPECT_TRUE(ExIsResourceAcquiredExclusiveLite(&resource.r));
        ExReleaseResourceLite(&resource.r);
        EXPECT_FALSE(ExIsResourceAcquiredExclusiveLite(&resource.r));
        EXPECT_EQ(ExIsResourceAcquiredSharedLite(&resource.r), 0u);
        KeLeaveCriticalRegion();
    }));
}

TEST(ExResource, SharedOwnersTogetherExclusiveAlone) {
    Kernel kernel(2);
    Resource resource;
    std::vector<std::string> log;
    const auto reader = [&](const char* name) {
        ExEnterCriticalRegionAndAcquireResourceShared(&resource.r);
        log.push_back(std::string("+") + name);
        sleep_ms(50);
        log.push_back(std::string("-") + name);
        ExReleaseResourceAndLeaveCriticalRegion(&resource.r);
    };
    kernel.start([&] { reader("a"); });
    kernel.start([&] { reader("b"); });
    kernel.settle(millisecond_ns);
    kernel.start([&] {
        KeEnterCriticalRegion();
        EXPECT_FALSE(ExAcquireResourceExclusiveLite(&resource.r, FALSE));
        EXPECT_TRUE(ExAcquireResourceExclusiveLite(&resource.r, TRUE));
        log.push_back("X");
        ExReleaseResourceLite(&resource.r);
        KeLeaveCriticalRegion();
    });
    kernel.settle(millisecond_ns);
    EXPECT_EQ(ExGetExclusiveWaiterCount(&resource.r), 1u);
    // Behind the exclusive waiter.
    kernel.start([&] { reader("c"); });
    kernel.settle(millisecond_ns);
    EXPECT_EQ(ExGetSharedWaiterCount(&resource.r), 1u);
    EXPECT_TRUE(kernel.finish());
    EXPECT_THAT(log, ElementsAre("+a", "+b", "-a", "-b", "X", "+c", "-c"));
    EXPECT_EQ(resource.r.ActiveCount, 0);
}

TEST(ExResource, WhoPassesAnExclusiveWaiter) {
    Kernel kernel(2);
    Resource resource;
    bool exclusive = false;
    kernel.start([&] {
        KeEnterCriticalRegion();
        ExAcquireResourceSharedLite(&resource.r, TRUE);
        sleep_ms(50);
        // An owner shares again in spite of the waiter, but not with the WaitForExclusive form.
        EXPECT_TRUE(ExAcquireResourceSharedLite(&resource.r, FALSE));
        EXPECT_FALSE(ExAcquireSharedWaitForExclusive(&resource.r, FALSE));
        EXPECT_TRUE(ExAcquireSharedStarveExclusive(&resource.r, FALSE));
        EXPECT_EQ(ExIsResourceAcquiredSharedLite(&resource.r), 3u);
        for (int i = 0; i < 3; ++i) ExReleaseResourceLite(&resource.r);
        KeLeaveCriticalRegion();
    });
    kernel.settle(millisecond_ns);
    kernel.start([&] {
        KeEnterCriticalRegion();
        exclusive = ExAcquireResourceExclusiveLite(&resource.r, TRUE);
        ExReleaseResourceLite(&resource.r);
        KeLeaveCriticalRegion();
    });
    kernel.settle(millisecond_ns);
    EXPECT_TRUE(kernel.run([&] {
        KeEnterCriticalRegion();
        EXPECT_FALSE(ExAcquireResourceSharedLite(&resource.r, FALSE));
        EXPECT_FALSE(ExAcquireSharedWaitForExclusive(&resource.r, FALSE));
        EXPECT_TRUE(ExAcquireSharedStarveExclusive(&resource.r, FALSE));
        ExReleaseResourceLite(&resource.r);
        KeLeaveCriticalRegion();
    }));
    EXPECT_FALSE(exclusive);
    EXPECT_TRUE(kernel.finish());
    EXPECT_TRUE(exclusive);
}

TEST(ExResource, ConversionLetsSharedWaitersIn) {
    Kernel kernel(2);
    Resource resource;
    std::vector<std::string> log;
    kernel.start([&] {
        KeEnterCriticalRegion();
        ExAcquireResourceExclusiveLite(&resource.r, TRUE);
        sleep_ms(20);
        ExConvertExclusiveToSharedLite(&resource.r);
        EXPECT_FALSE(ExIsResourceAcquiredExclusiveLite(&resource.r));
        EXPECT_EQ(ExIsResourceAcquiredSharedLite(&resource.r), 1u);
        sleep_ms(50);
        log.push_back("released");
        ExReleaseResourceLite(&resource.r);
        KeLeaveCriticalRegion();
    });
    kernel.settle(millisecond_ns);
    kernel.start([&] {
        KeEnterCriticalRegion();
        ExAcquireResourceSharedLite(&resource.r, TRUE);
        log.push_back("shared");
        ExReleaseResourceLite(&resource.r);
        KeLeaveCriticalRegion();
    });
    EXPECT_TRUE(kernel.finish());
    EXPECT_THAT(log, ElementsAre("shared", "released"));
}

TEST(ExResource, ManySharedOwners) {
    Kernel kernel(2);
    Resource resource;
    int peak = 0;
    int inside = 0;
    for (int i = 0; i < 12; ++i) {
        kernel.start([&] {
            KeEnterCriticalRegion();
            ExAcquireResourceSharedLite(&resource.r, TRUE);
            ExAcquireResourceSharedLite(&resource.r, TRUE);
            peak = std::max(peak, ++inside);
            sleep_ms(30);
            --inside;
            ExReleaseResourceLite(&resource.r);
            EXPECT_EQ(ExIsResourceAcquiredSharedLite(&resource.r), 1u);
            ExReleaseResourceLite(&resource.r);
            KeLeaveCriticalRegion();
        });
    }
    EXPECT_TRUE(kernel.finish());
    EXPECT_EQ(peak, 12);
    EXPECT_EQ(resource.r.ActiveCount, 0);
}

TEST(ExResource, OwnerPointersAreReleasedForOthers) {
    Kernel kernel;
    Resource resource;
    EXPECT_TRUE(kernel.run([&] {
        KeEnterCriticalRegion();
        ExAcquireResourceSharedLite(&resource.r, TRUE);
        void* const owner = reinterpret_cast<void*>(reinterpret_cast<ULONG_PTR>(&resource) | 3);
        ExSetResourceOwnerPointer(&resource.r, owner);
        EXPECT_EQ(ExIsResourceAcquiredSharedLite(&resource.r), 0u);
        KeLeaveCriticalRegion();
    }));
    EXPECT_TRUE(kernel.run([&] {
        KeEnterCriticalRegion();
        ExReleaseResourceForThreadLite(&resource.r, reinterpret_cast<ULONG_PTR>(&resource) | 3);
        EXPECT_TRUE(ExTryToAcquireResourceExclusiveLite(&resource.r));
        ExReleaseResourceForThreadLite(&resource.r, ExGetCurrentResourceThread());
        KeLeaveCriticalRegion();
    }));
    EXPECT_EQ(resource.r.ActiveCount, 0);
}

TEST(ExResource, MisuseIsTold) {
    Kernel kernel;
    MisuseLog misuse;
    ERESOURCE resource;
    ExInitializeResourceLite(&resource);
    EXPECT_TRUE(kernel.run([&] {
        EXPECT_TRUE(ExAcquireResourceSharedLite(&resource, FALSE));  // without KeEnterCriticalRegion
        EXPECT_THAT(misuse.codes(), ElementsAre(0xC4u));
        KeEnterCriticalRegion();
        ExReleaseResourceLite(&resource);
        misuse.clear();
        ExReleaseResourceLite(&resource);
        EXPECT_THAT(misuse.codes(), ElementsAre(RESOURCE_NOT_OWNED));
        KeLeaveCriticalRegion();
    }));
    misuse.clear();
    ExDeleteResourceLite(&resource);
    ExDeleteResourceLite(&resource);
    EXPECT_THAT(misuse.codes(), ElementsAre(0xC4u));
    misuse.clear();
    auto* const inside =
        static_cast<PERESOURCE>(ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(ERESOURCE), 'tseT'));
    ExInitializeResourceLite(inside);
    LeftLog left;
    ex::for_each_left({}, LeftLog::visit, &left);
    EXPECT_EQ(left.all.size(), 2u);  // the block and the resource in it
    ExFreePool(inside);
    EXPECT_THAT(misuse.codes(), ElementsAre(0xC4u));
    LeftLog none;
    ex::for_each_left({}, LeftLog::visit, &none);
    EXPECT_TRUE(none.all.empty());
}

// ---- reader-writer spin locks ----

TEST(ExSpinLock, ReadersTogetherWriterAlone) {
    Kernel kernel(2);
    EX_SPIN_LOCK lock = 0;
    std::vector<std::string> log;
    kernel.start([&] {
        const KIRQL old = ExAcquireSpinLockShared(&lock);
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        ExAcquireSpinLockSharedAtDpcLevel(&lock);
        ExReleaseSpinLockSharedFromDpcLevel(&lock);
        KeStallExecutionProcessor(100);
        log.push_back("reader leaves");
        ExReleaseSpinLockShared(&lock, old);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    });
    kernel.start([&] {
        KeStallExecutionProcessor(10);
        const KIRQL old = ExAcquireSpinLockExclusive(&lock);
        log.push_back("writer enters");
        ExReleaseSpinLockExclusive(&lock, old);
    });
    EXPECT_TRUE(kernel.finish());
    EXPECT_THAT(log, ElementsAre("reader leaves", "writer enters"));
    EXPECT_EQ(lock, 0);
}

std::vector<SpinLockFault> spin_faults;

TEST(ExSpinLock, AcquiredTwiceOnOneProcessor) {
    Kernel kernel;
    spin_faults.clear();
    probes.spin_lock = [](SpinLockFault fault, const volatile void*, sim::Irql) {
        spin_faults.push_back(fault);
    };
    EXPECT_TRUE(kernel.run([] {
        EX_SPIN_LOCK lock = 0;
        const KIRQL old = ExAcquireSpinLockExclusive(&lock);
        ExAcquireSpinLockExclusiveAtDpcLevel(&lock);
        ExReleaseSpinLockExclusive(&lock, old);
        EXPECT_EQ(lock, 0);
        ExAcquireSpinLockExclusive(&lock);
        ExAcquireSpinLockSharedAtDpcLevel(&lock);
        ExReleaseSpinLockShared(&lock, old);
        EXPECT_EQ(lock, 0);
    }));
    EXPECT_THAT(spin_faults, ElementsAre(SpinLockFault::already_owned, SpinLockFault::already_owned));
}

TEST(ExSpinLock, ReleasedByAnotherProcessor) {
    Kernel kernel(2);
    spin_faults.clear();
    probes.spin_lock = [](SpinLockFault fault, const volatile void*, sim::Irql) {
        spin_faults.push_back(fault);
    };
    EX_SPIN_LOCK lock = 0;
    kernel.start([&] {
        const KIRQL old = ExAcquireSpinLockExclusive(&lock);
        KeStallExecutionProcessor(100);
        KeLowerIrql(old);
    });
    kernel.start([&] {
        KeStallExecutionProcessor(10);
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        ExReleaseSpinLockExclusive(&lock, old);
    });
    EXPECT_TRUE(kernel.finish());
    EXPECT_THAT(spin_faults, ElementsAre(SpinLockFault::not_owned));
}

TEST(ExSpinLock, ConversionNeedsALoneReader) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        EX_SPIN_LOCK lock = 0;
        const KIRQL old = ExAcquireSpinLockShared(&lock);
        ExAcquireSpinLockSharedAtDpcLevel(&lock);
        EXPECT_FALSE(ExTryConvertSharedSpinLockExclusive(&lock));
        ExReleaseSpinLockSharedFromDpcLevel(&lock);
        EXPECT_TRUE(ExTryConvertSharedSpinLockExclusive(&lock));
        ExReleaseSpinLockExclusive(&lock, old);
    }));
}

TEST(ExResource, MoreThanAreTrackedAreDeletedInSilence) {
    Kernel kernel;
    MisuseLog misuse;
    constexpr unsigned count = ex::tracked_limit + 100;
    auto* const resources =
        static_cast<PERESOURCE>(ExAllocatePoolWithTag(NonPagedPoolNx, count * sizeof(ERESOURCE), 'sseR'));
    ASSERT_NE(resources, nullptr);
    for (unsigned i = 0; i < count; ++i) ExInitializeResourceLite(&resources[i]);
    for (unsigned i = count; i-- > 0;) ExDeleteResourceLite(&resources[i]);
    ExFreePoolWithTag(resources, 'sseR');
    EXPECT_EQ(misuse.size(), 0u);
}

// ---- run-down protection ----

TEST(ExRundown, WaitsForTheLastReference) {
    Kernel kernel(2);
    EX_RUNDOWN_REF reference;
    ExInitializeRundownProtection(&reference);
    std::vector<std::string> log;
    EXPECT_TRUE(kernel.run([&] {
        EXPECT_TRUE(ExAcquireRundownProtection(&reference));
        EXPECT_TRUE(ExAcquireRundownProtectionEx(&reference, 2));
    }));
    kernel.start([&] {
        ExWaitForRundownProtectionRelease(&reference);
        log.push_back("run down");
    });
    kernel.settle(millisecond_ns);
    EXPECT_TRUE(kernel.run([&] {
        EXPECT_FALSE(ExAcquireRundownProtection(&reference));
        ExReleaseRundownProtectionEx(&reference, 2);
        sleep_ms(20);
        log.push_back("released");
        ExReleaseRundownProtection(&reference);
    }));
    EXPECT_TRUE(kernel.finish());
    EXPECT_THAT(log, ElementsAre("released", "run down"));
    EXPECT_FALSE(ExAcquireRundownProtection(&reference));
    ExWaitForRundownProtectionRelease(&reference);  // at once
    ExReInitializeRundownProtection(&reference);
    EXPECT_TRUE(ExAcquireRundownProtection(&reference));
    ExReleaseRundownProtection(&reference);
    MisuseLog misuse;
    ExReleaseRundownProtection(&reference);
    EXPECT_EQ(misuse.size(), 1u);
    ExRundownCompleted(&reference);
    EXPECT_FALSE(ExAcquireRundownProtection(&reference));
}

}  // namespace
}  // namespace ex_lock_test
