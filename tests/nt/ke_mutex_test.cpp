// Mutexes: state, ownership and its limit, what releasing returns, who may release, and what a thread's end
// does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "kernel.h"
#include "misuse.h"
#include "nt/findings.h"

namespace ke_mutex_test {
namespace {

using namespace portico;
using namespace portico::nt;
using test::Kernel;
using test::MisuseLog;
using test::relative_ms;
using ::testing::ElementsAre;

NTSTATUS acquire(PRKMUTEX mutex) {
    return KeWaitForSingleObject(mutex, Executive, KernelMode, FALSE, nullptr);
}

// What was raised, and no driver took.
NTSTATUS raised() {
    const nt::Finding* const stopped = bug_check();
    if (stopped == nullptr || stopped->code != KMODE_EXCEPTION_NOT_HANDLED) return STATUS_SUCCESS;
    return static_cast<NTSTATUS>(stopped->parameters[0]);
}

TEST(KeMutexState, InitializingSetsEveryFieldThatMatters) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        for (const ULONG level : {0u, 123u}) {
            KMUTEX mutex;
            std::memset(&mutex, 0x55, sizeof mutex);
            KeInitializeMutex(&mutex, level);
            EXPECT_EQ(mutex.Header.Type, 2);
            EXPECT_EQ(mutex.Header.Size, sizeof(KMUTEX) / sizeof(ULONG));
            EXPECT_EQ(mutex.Header.SignalState, 1);
            EXPECT_TRUE(IsListEmpty(&mutex.Header.WaitListHead));
            EXPECT_EQ(mutex.OwnerThread, nullptr);
            EXPECT_EQ(mutex.Abandoned, 0);
            EXPECT_EQ(mutex.ApcDisable, 1);
        }
    }));
}

TEST(KeMutexState, CountsItsOwnersAcquisitionsDownwards) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        KMUTEX mutex;
        KeInitializeMutex(&mutex, 0);
        for (LONG i = 0; i < 8; ++i) {
            EXPECT_EQ(acquire(&mutex), STATUS_SUCCESS);
            EXPECT_EQ(KeReadStateMutex(&mutex), -i);
            EXPECT_EQ(mutex.OwnerThread, KeGetCurrentThread());
            EXPECT_TRUE(KeAreApcsDisabled());
        }
        for (LONG i = -7; i <= 0; ++i) {
            EXPECT_TRUE(KeAreApcsDisabled());
            EXPECT_EQ(KeReleaseMutex(&mutex, FALSE), i);
        }
        EXPECT_EQ(KeReadStateMutex(&mutex), 1);
        EXPECT_EQ(mutex.OwnerThread, nullptr);
        EXPECT_FALSE(KeAreApcsDisabled());
    }));
}

TEST(KeMutexState, TheLimitOfAcquisitionsRaises) {
    Kernel kernel;
    KMUTEX mutex;
    ke::initialize_mutex(&mutex);
    bool went_on = false;
    kernel.start([&] {
        EXPECT_EQ(acquire(&mutex), STATUS_SUCCESS);
        mutex.Header.SignalState = MINLONG + 1;
        EXPECT_EQ(acquire(&mutex), STATUS_SUCCESS);
        EXPECT_EQ(KeReadStateMutex(&mutex), MINLONG);
        acquire(&mutex);
        went_on = true;
    });
    kernel.settle(millisecond_ns);
    EXPECT_FALSE(went_on);
    EXPECT_EQ(raised(), STATUS_MUTANT_LIMIT_EXCEEDED);
}

TEST(KeMutexState, WhoDoesNotOwnItCannotReleaseIt) {
    Kernel kernel;
    KMUTEX mutex;
    ke::initialize_mutex(&mutex);
    kernel.start([&] {
        acquire(&mutex);
        EXPECT_EQ(KeReleaseMutex(&mutex, FALSE), 0);
        KeReleaseMutex(&mutex, FALSE);
        ADD_FAILURE() << "released once too often";
    });
    kernel.settle(millisecond_ns);
    EXPECT_EQ(raised(), STATUS_MUTANT_NOT_OWNED);
    EXPECT_EQ(mutex.Header.SignalState, 1);
    EXPECT_EQ(mutex.OwnerThread, nullptr);
}

TEST(KeMutexState, ReleasedWithWaitTheIrqlStaysUntilTheWait) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        KMUTEX mutex;
        KEVENT event;
        KeInitializeMutex(&mutex, 0);
        KeInitializeEvent(&event, NotificationEvent, TRUE);
        acquire(&mutex);
        EXPECT_EQ(KeReleaseMutex(&mutex, TRUE), 0);
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        EXPECT_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    }));
}

// A zero time-out at DISPATCH_LEVEL may take a mutex; it is the thread's, as ever.
TEST(KeMutexState, ALookAtDispatchLevelTakesIt) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        KMUTEX mutex;
        KeInitializeMutex(&mutex, 0);
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        LARGE_INTEGER zero{};
        EXPECT_EQ(KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, &zero), STATUS_SUCCESS);
        EXPECT_EQ(mutex.OwnerThread, KeGetCurrentThread());
        EXPECT_EQ(KeReleaseMutex(&mutex, FALSE), 0);
        KeLowerIrql(old);
        EXPECT_FALSE(KeAreApcsDisabled());
    }));
}

TEST(KeMutexState, EveryWayOfWaitingTellsOfAbandonment) {
    Kernel kernel;
    KMUTEX mutexes[2];
    KEVENT event;
    for (auto& mutex : mutexes) ke::initialize_mutex(&mutex);
    ke::initialize_event(&event, NotificationEvent, true);
    kernel.start([&] {
        for (auto& mutex : mutexes) acquire(&mutex);
    });
    kernel.settle(millisecond_ns);
    EXPECT_TRUE(kernel.run([&] {
        PVOID any[] = {&mutexes[1], &event};
        EXPECT_EQ(KeWaitForMultipleObjects(2, any, WaitAny, Executive, KernelMode, FALSE, nullptr, nullptr),
                  STATUS_ABANDONED_WAIT_0);
        PVOID all[] = {&event, &mutexes[0]};
        EXPECT_EQ(KeWaitForMultipleObjects(2, all, WaitAll, Executive, KernelMode, FALSE, nullptr, nullptr),
                  STATUS_ABANDONED_WAIT_0);
        for (auto& mutex : mutexes) {
            EXPECT_EQ(KeReleaseMutex(&mutex, FALSE), 0);
            EXPECT_EQ(acquire(&mutex), STATUS_SUCCESS);  // told once
            KeReleaseMutex(&mutex, FALSE);
        }
    }));
}

TEST(KeMutexState, AnAbandonedMutexGoesToWhoWaitsForIt) {
    Kernel kernel;
    KMUTEX mutex;
    ke::initialize_mutex(&mutex);
    NTSTATUS status = STATUS_PENDING;
    kernel.start([&] {
        acquire(&mutex);
        LARGE_INTEGER interval = relative_ms(20);
        KeDelayExecutionThread(KernelMode, FALSE, &interval);
    });
    kernel.settle(millisecond_ns);
    kernel.start([&] {
        status = acquire(&mutex);
        KeReleaseMutex(&mutex, FALSE);
    });
    EXPECT_TRUE(kernel.finish());
    EXPECT_EQ(status, STATUS_ABANDONED_WAIT_0);
}

// THREAD_TERMINATE_HELD_MUTEX: kernel code that ends without letting go stops Windows.
TEST(KeMutexState, EndingAThreadThatOwnsOneIsTold) {
    Kernel kernel;
    MisuseLog misuse;
    KMUTEX mutex;
    ke::initialize_mutex(&mutex);
    EXPECT_TRUE(kernel.run([&] { acquire(&mutex); }));
    kernel.settle(millisecond_ns);
    EXPECT_THAT(misuse.codes(), ElementsAre(THREAD_TERMINATE_HELD_MUTEX));
    EXPECT_EQ(misuse.last().address, reinterpret_cast<std::uint64_t>(&mutex));
    EXPECT_TRUE(kernel.run([&] {
        EXPECT_EQ(acquire(&mutex), STATUS_ABANDONED_WAIT_0);
        KeReleaseMutex(&mutex, FALSE);
    }));
}

}  // namespace
}  // namespace ke_mutex_test
