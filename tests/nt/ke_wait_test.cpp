// Dispatcher objects: what NT's documentation promises of events, semaphores, mutexes and waits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "kernel.h"
#include "nt/findings.h"

namespace ke_wait_test {
namespace {

using namespace portico;
using namespace portico::nt;
using test::Kernel;
using test::relative_ms;
using ::testing::ElementsAre;

NTSTATUS look(PVOID object) {
    LARGE_INTEGER zero{};
    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, &zero);
}

TEST(KeEvent, SynchronizationEventReleasesOneWaiterAndResets) {
    Kernel kernel;
    KEVENT event;
    int released = 0;
    kernel.start([&] { KeInitializeEvent(&event, SynchronizationEvent, FALSE); });
    kernel.settle(millisecond_ns);
    for (int i = 0; i < 2; ++i) {
        kernel.start([&] {
            EXPECT_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr), STATUS_SUCCESS);
            ++released;
        });
    }
    kernel.settle(millisecond_ns);
    EXPECT_EQ(released, 0);
    kernel.start([&] { EXPECT_EQ(KeSetEvent(&event, 0, FALSE), 0); });
    kernel.settle(millisecond_ns);
    EXPECT_EQ(released, 1);
    EXPECT_TRUE(kernel.run([&] {
        EXPECT_EQ(KeReadStateEvent(&event), 0);
        KeSetEvent(&event, 0, FALSE);
    }));
    EXPECT_EQ(released, 2);
}

TEST(KeEvent, NotificationEventReleasesAllAndStays) {
    Kernel kernel(2);
    KEVENT event;
    int released = 0;
    ke::initialize_event(&event, NotificationEvent, false);
    for (int i = 0; i < 3; ++i) {
        kernel.start([&] {
            KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr);
            ++released;
        });
    }
    kernel.settle(millisecond_ns);
    EXPECT_TRUE(kernel.run([&] { KeSetEvent(&event, 0, FALSE); }));
    EXPECT_EQ(released, 3);
    EXPECT_TRUE(kernel.run([&] {
        EXPECT_EQ(look(&event), STATUS_SUCCESS);
        EXPECT_EQ(KeSetEvent(&event, 0, FALSE), 1);
        EXPECT_EQ(KeResetEvent(&event), 1);
        EXPECT_EQ(KeResetEvent(&event), 0);
        EXPECT_EQ(look(&event), STATUS_TIMEOUT);
    }));
}

TEST(KeEvent, PulseReleasesWhoWaitsAndLeavesTheEventReset) {
    Kernel kernel;
    KEVENT event;
    ke::initialize_event(&event, NotificationEvent, false);
    bool released = false;
    kernel.start([&] {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr);
        released = true;
    });
    kernel.settle(millisecond_ns);
    EXPECT_TRUE(kernel.run([&] {
        EXPECT_EQ(KePulseEvent(&event, 0, FALSE), 0);
        EXPECT_EQ(KeReadStateEvent(&event), 0);
    }));
    EXPECT_TRUE(released);
}

TEST(KeEvent, WaitersAreServedFirstInFirstOut) {
    Kernel kernel;
    KEVENT event;
    ke::initialize_event(&event, SynchronizationEvent, false);
    std::vector<int> order;
    for (int i = 0; i < 3; ++i) {
        kernel.start([&, i] {
            KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr);
            order.push_back(i);
            KeSetEvent(&event, 0, FALSE);
        });
        kernel.settle(millisecond_ns);
    }
    EXPECT_TRUE(kernel.run([&] { KeSetEvent(&event, 0, FALSE); }));
    EXPECT_THAT(order, ElementsAre(0, 1, 2));
}

TEST(KeEvent, SetWithWaitKeepsTheIrqlUntilTheWait) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([&] {
        KEVENT first;
        KEVENT second;
        KeInitializeEvent(&first, SynchronizationEvent, FALSE);
        KeInitializeEvent(&second, SynchronizationEvent, TRUE);
        KeSetEvent(&first, 0, TRUE);
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        EXPECT_EQ(KeWaitForSingleObject(&second, Executive, KernelMode, FALSE, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    }));
}

TEST(KeEvent, AWaitCannotBeAnnouncedAtDispatchLevel) {
    Kernel kernel;
    static std::vector<std::string> told;
    told.clear();
    probes.wait_announced_at_raised_irql = [](const char* routine, const void*) { told.push_back(routine); };
    EXPECT_TRUE(kernel.run([&] {
        KEVENT event;
        KSEMAPHORE semaphore;
        KMUTEX mutex;
        KeInitializeEvent(&event, NotificationEvent, FALSE);
        KeInitializeSemaphore(&semaphore, 0, 1);
        KeInitializeMutex(&mutex, 0);
        EXPECT_EQ(KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, nullptr), STATUS_SUCCESS);
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        KeSetEvent(&event, 0, TRUE);
        KePulseEvent(&event, 0, TRUE);
        KeReleaseSemaphore(&semaphore, 0, 1, TRUE);
        KeReleaseMutex(&mutex, TRUE);
        EXPECT_FALSE(ke::current_thread()->wait_next);
        KeLowerIrql(old);
    }));
    EXPECT_THAT(told, ElementsAre("KeSetEvent", "KePulseEvent", "KeReleaseSemaphore", "KeReleaseMutex"));
}

TEST(KeSemaphore, CountsDownAndRefusesToGoOverItsLimit) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([&] {
        KSEMAPHORE semaphore;
        KeInitializeSemaphore(&semaphore, 1, 3);
        EXPECT_EQ(look(&semaphore), STATUS_SUCCESS);
        EXPECT_EQ(look(&semaphore), STATUS_TIMEOUT);
        EXPECT_EQ(KeReleaseSemaphore(&semaphore, 0, 2, FALSE), 0);
        EXPECT_EQ(KeReadStateSemaphore(&semaphore), 2);
        EXPECT_EQ(KeReleaseSemaphore(&semaphore, 0, 1, FALSE), 2);
        EXPECT_EQ(KeReadStateSemaphore(&semaphore), 3);
    }));
}

TEST(KeSemaphore, GoingOverItsLimitRaises) {
    Kernel kernel;
    KSEMAPHORE semaphore;
    ke::initialize_semaphore(&semaphore, 1, 3);
    bool returned = false;
    kernel.start([&] {
        KeReleaseSemaphore(&semaphore, 0, 3, FALSE);
        returned = true;
    });
    kernel.settle(millisecond_ns);
    ASSERT_NE(bug_check(), nullptr);
    EXPECT_EQ(bug_check()->code, KMODE_EXCEPTION_NOT_HANDLED);
    EXPECT_EQ(bug_check()->parameters[0], static_cast<ULONG>(STATUS_SEMAPHORE_LIMIT_EXCEEDED));
    EXPECT_FALSE(returned);
    EXPECT_EQ(semaphore.Header.SignalState, 1);
}

TEST(KeSemaphore, ReleasingNothingChangesNothing) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([&] {
        KSEMAPHORE semaphore;
        KeInitializeSemaphore(&semaphore, 2, 2);
        EXPECT_EQ(KeReleaseSemaphore(&semaphore, 0, 0, FALSE), 2);
        EXPECT_EQ(KeReadStateSemaphore(&semaphore), 2);
    }));
}

TEST(KeSemaphore, ReleasesAsManyWaitersAsItCounts) {
    Kernel kernel;
    KSEMAPHORE semaphore;
    ke::initialize_semaphore(&semaphore, 0, 10);
    int released = 0;
    for (int i = 0; i < 4; ++i) {
        kernel.start([&] {
            KeWaitForSingleObject(&semaphore, Executive, KernelMode, FALSE, nullptr);
            ++released;
        });
    }
    kernel.settle(millisecond_ns);
    kernel.start([&] { KeReleaseSemaphore(&semaphore, 0, 3, FALSE); });
    kernel.settle(millisecond_ns);
    EXPECT_EQ(released, 3);
    EXPECT_EQ(semaphore.Header.SignalState, 0);
}

TEST(KeMutex, IsRecursiveForItsOwnerAndDisablesApcs) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([&] {
        KMUTEX mutex;
        KeInitializeMutex(&mutex, 0);
        EXPECT_EQ(KeReadStateMutex(&mutex), 1);
        EXPECT_EQ(look(&mutex), STATUS_SUCCESS);
        EXPECT_TRUE(KeAreApcsDisabled());
        EXPECT_EQ(look(&mutex), STATUS_SUCCESS);
        EXPECT_EQ(KeReadStateMutex(&mutex), -1);
        EXPECT_NE(KeReleaseMutex(&mutex, FALSE), 0);  // still owned
        EXPECT_EQ(KeReleaseMutex(&mutex, FALSE), 0);  // released for good
        EXPECT_FALSE(KeAreApcsDisabled());
        EXPECT_EQ(KeReadStateMutex(&mutex), 1);
    }));
}

TEST(KeMutex, BelongsToOneThread) {
    Kernel kernel;
    KMUTEX mutex;
    KEVENT done;
    ke::initialize_mutex(&mutex);
    ke::initialize_event(&done, NotificationEvent, false);
    kernel.start([&] {
        KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, nullptr);
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, nullptr);
        KeReleaseMutex(&mutex, FALSE);
    });
    kernel.settle(millisecond_ns);
    EXPECT_TRUE(kernel.run([&] {
        EXPECT_EQ(look(&mutex), STATUS_TIMEOUT);
        LONG previous = 0;
        EXPECT_EQ(ke::release_mutex(&mutex, &previous), STATUS_MUTANT_NOT_OWNED);
        KeSetEvent(&done, 0, FALSE);
        EXPECT_EQ(KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, nullptr), STATUS_SUCCESS);
        KeReleaseMutex(&mutex, FALSE);
    }));
}

TEST(KeMutex, IsAbandonedWhenItsOwnerEnds) {
    Kernel kernel;
    KMUTEX mutex;
    ke::initialize_mutex(&mutex);
    kernel.start([&] { KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, nullptr); });
    kernel.settle(millisecond_ns);
    EXPECT_TRUE(kernel.run([&] {
        EXPECT_EQ(KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, nullptr),
                  STATUS_ABANDONED_WAIT_0);
        KeReleaseMutex(&mutex, FALSE);
        EXPECT_EQ(look(&mutex), STATUS_SUCCESS);
        KeReleaseMutex(&mutex, FALSE);
    }));
}

TEST(KeWait, TimesOutAfterTheGivenTimeAtAClockTick) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([&] {
        KEVENT event;
        KeInitializeEvent(&event, NotificationEvent, FALSE);
        LARGE_INTEGER due = relative_ms(20);
        const auto before = ke::exact_time_100ns();
        EXPECT_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &due), STATUS_TIMEOUT);
        const auto waited = ke::exact_time_100ns() - before;
        EXPECT_GE(waited, 200'000);
        EXPECT_LE(waited, 200'000 + 156'250 + 1'000);
    }));
}

TEST(KeWait, ForEverIsForEver) {
    Kernel kernel;
    KEVENT event;
    ke::initialize_event(&event, NotificationEvent, false);
    NTSTATUS waited = STATUS_PENDING;
    bool woke = false;
    kernel.start([&] {
        LARGE_INTEGER timeout;
        timeout.QuadPart = std::numeric_limits<LONGLONG>::min();
        waited = KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &timeout);
    });
    kernel.start([&] {
        LARGE_INTEGER interval;
        interval.QuadPart = std::numeric_limits<LONGLONG>::min();
        KeDelayExecutionThread(KernelMode, FALSE, &interval);
        woke = true;
    });
    kernel.settle(3600 * second_ns);
    EXPECT_EQ(waited, STATUS_PENDING);
    EXPECT_FALSE(woke);
    EXPECT_TRUE(kernel.run([&] { KeSetEvent(&event, 0, FALSE); }));
    kernel.settle(second_ns);
    EXPECT_EQ(waited, STATUS_SUCCESS);
}

TEST(KeWait, AbsoluteTimeoutInThePastEndsAtOnce) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([&] {
        KEVENT event;
        KeInitializeEvent(&event, NotificationEvent, FALSE);
        LARGE_INTEGER due;
        KeQuerySystemTime(&due);
        due.QuadPart -= 10;
        const auto before = ke::exact_time_100ns();
        EXPECT_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &due), STATUS_TIMEOUT);
        EXPECT_LT(ke::exact_time_100ns() - before, 200);
    }));
}

TEST(KeWait, AnyTellsWhichObjectEndedIt) {
    Kernel kernel;
    KEVENT events[3];
    for (auto& event : events) ke::initialize_event(&event, SynchronizationEvent, false);
    NTSTATUS status = -1;
    kernel.start([&] {
        PVOID objects[] = {&events[0], &events[1], &events[2]};
        status =
            KeWaitForMultipleObjects(3, objects, WaitAny, Executive, KernelMode, FALSE, nullptr, nullptr);
    });
    kernel.settle(millisecond_ns);
    EXPECT_TRUE(kernel.run([&] { KeSetEvent(&events[2], 0, FALSE); }));
    EXPECT_EQ(status, STATUS_WAIT_0 + 2);
    EXPECT_EQ(events[2].Header.SignalState, 0);
}

TEST(KeWait, AllTakesNothingUntilEverythingIsThere) {
    Kernel kernel;
    KEVENT first;
    KSEMAPHORE second;
    ke::initialize_event(&first, SynchronizationEvent, false);
    ke::initialize_semaphore(&second, 0, 1);
    NTSTATUS status = -1;
    kernel.start([&] {
        PVOID objects[] = {&first, &second};
        status =
            KeWaitForMultipleObjects(2, objects, WaitAll, Executive, KernelMode, FALSE, nullptr, nullptr);
    });
    kernel.settle(millisecond_ns);
    EXPECT_TRUE(kernel.run([&] { KeSetEvent(&first, 0, FALSE); }));
    EXPECT_EQ(status, -1);
    EXPECT_EQ(first.Header.SignalState, 1);  // not consumed
    EXPECT_TRUE(kernel.run([&] { KeReleaseSemaphore(&second, 0, 1, FALSE); }));
    EXPECT_EQ(status, STATUS_WAIT_0);
    EXPECT_EQ(first.Header.SignalState, 0);
    EXPECT_EQ(second.Header.SignalState, 0);
}

TEST(KeWait, AlertEndsAnAlertableWait) {
    Kernel kernel;
    KEVENT event;
    ke::initialize_event(&event, NotificationEvent, false);
    PKTHREAD thread = nullptr;
    NTSTATUS status = -1;
    kernel.start([&] {
        thread = KeGetCurrentThread();
        status = KeWaitForSingleObject(&event, Executive, KernelMode, TRUE, nullptr);
    });
    kernel.settle(millisecond_ns);
    EXPECT_TRUE(kernel.run([&] { EXPECT_FALSE(KeAlertThread(thread, KernelMode)); }));
    EXPECT_EQ(status, STATUS_ALERTED);
}

// The waiter is ready and cannot run before its time-out comes.
TEST(KeWait, WhatEndedItFirstIsItsResult) {
    Kernel kernel;
    KEVENT event;
    ke::initialize_event(&event, SynchronizationEvent, false);
    NTSTATUS status = STATUS_PENDING;
    kernel.start([&] {
        LARGE_INTEGER due = relative_ms(20);
        status = KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &due);
    });
    kernel.settle(millisecond_ns);
    kernel.start(
        [&] {
            KeSetEvent(&event, 0, FALSE);
            for (int ms = 0; ms < 100; ++ms) KeStallExecutionProcessor(1000);
            EXPECT_EQ(status, STATUS_PENDING);
        },
        20);
    EXPECT_TRUE(kernel.finish());
    EXPECT_EQ(status, STATUS_SUCCESS);
}

TEST(KeWait, AtDispatchLevelOnlyALookIsAllowed) {
    Kernel kernel;
    static int violations;
    violations = 0;
    probes.wait_at_raised_irql = [](const void*, bool, sim::Irql) { ++violations; };
    EXPECT_TRUE(kernel.run([&] {
        KEVENT event;
        KeInitializeEvent(&event, NotificationEvent, TRUE);
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        EXPECT_EQ(look(&event), STATUS_SUCCESS);
        EXPECT_EQ(violations, 0);
        KeClearEvent(&event);
        LARGE_INTEGER due = relative_ms(1);
        EXPECT_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &due), STATUS_TIMEOUT);
        EXPECT_EQ(violations, 1);
        KeLowerIrql(old);
    }));
}

TEST(KeDelay, SleepsAtLeastAsLongAsAsked) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([&] {
        LARGE_INTEGER interval = relative_ms(5);
        ExSetTimerResolution(10'000, TRUE);
        const auto before = ke::exact_time_100ns();
        EXPECT_EQ(KeDelayExecutionThread(KernelMode, FALSE, &interval), STATUS_SUCCESS);
        const auto slept = ke::exact_time_100ns() - before;
        EXPECT_GE(slept, 50'000);
        EXPECT_LE(slept, 61'000);
        ExSetTimerResolution(0, FALSE);
    }));
}

TEST(KeApc, KernelApcInterruptsAWaitWhichThenGoesOn) {
    Kernel kernel;
    KEVENT event;
    ke::initialize_event(&event, NotificationEvent, false);
    PKTHREAD thread = nullptr;
    NTSTATUS status = -1;
    kernel.start([&] {
        thread = KeGetCurrentThread();
        status = KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr);
    });
    kernel.settle(millisecond_ns);
    static int ran;
    static KIRQL irql;
    static PKTHREAD ran_on;
    ran = 0;
    KAPC apc;
    EXPECT_TRUE(kernel.run([&] {
        KeInitializeApc(
            &apc, thread, OriginalApcEnvironment,
            [](PKAPC, PKNORMAL_ROUTINE*, PVOID*, PVOID*, PVOID*) __attribute__((ms_abi)) {
                ++ran;
                irql = KeGetCurrentIrql();
                ran_on = KeGetCurrentThread();
            },
            nullptr, nullptr, KernelMode, nullptr);
        EXPECT_TRUE(KeInsertQueueApc(&apc, nullptr, nullptr, 0));
        EXPECT_FALSE(KeInsertQueueApc(&apc, nullptr, nullptr, 0));
    }));
    kernel.settle(millisecond_ns);
    EXPECT_EQ(ran, 1);
    EXPECT_EQ(irql, APC_LEVEL);
    EXPECT_EQ(ran_on, thread);
    EXPECT_EQ(status, -1);
    EXPECT_TRUE(kernel.run([&] { KeSetEvent(&event, 0, FALSE); }));
    EXPECT_EQ(status, STATUS_SUCCESS);
}

TEST(KeApc, NormalApcWaitsForTheEndOfACriticalRegion) {
    Kernel kernel;
    static int ran;
    ran = 0;
    EXPECT_TRUE(kernel.run([&] {
        KAPC apc;
        KeInitializeApc(
            &apc, KeGetCurrentThread(), OriginalApcEnvironment,
            [](PKAPC, PKNORMAL_ROUTINE*, PVOID*, PVOID*, PVOID*) __attribute__((ms_abi)){}, nullptr,
            [](PVOID, PVOID, PVOID) __attribute__((ms_abi)) {
                EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
                ++ran;
            },
            KernelMode, nullptr);
        KeEnterCriticalRegion();
        EXPECT_TRUE(KeInsertQueueApc(&apc, nullptr, nullptr, 0));
        EXPECT_EQ(ran, 0);
        KeLeaveCriticalRegion();
        EXPECT_EQ(ran, 1);
    }));
}

}  // namespace
}  // namespace ke_wait_test
