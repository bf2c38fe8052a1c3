// Priority increments: what a thread gets when its wait ends, how it decays, and who then runs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "io_driver.h"
#include "kernel.h"

namespace ke_priority_test {
namespace {

using namespace portico;
using namespace portico::nt;
using test::Kernel;
using test::relative_ms;
using ::testing::ElementsAre;

constexpr KPRIORITY base = 8;

KPRIORITY own_priority() {
    return KeQueryPriorityThread(KeGetCurrentThread());
}
KPRIORITY boosted(KPRIORITY increment) {
    return std::max(std::min(base + increment, 15), base);
}

// What priority a thread has just after a wait on `object` that `signal` ended.
KPRIORITY priority_after(Kernel& kernel, void* object, const std::function<void()>& signal) {
    KPRIORITY seen = 0;
    kernel.start([&] {
        KeWaitForSingleObject(object, Executive, KernelMode, FALSE, nullptr);
        seen = own_priority();
    });
    kernel.settle(millisecond_ns);
    EXPECT_EQ(seen, 0);
    EXPECT_TRUE(kernel.run(signal));
    kernel.settle(millisecond_ns);
    return seen;
}

TEST(KePriority, EventsGiveTheirIncrementUpToFifteen) {
    for (const EVENT_TYPE type : {NotificationEvent, SynchronizationEvent}) {
        for (KPRIORITY increment = -1; increment <= 8; ++increment) {
            Kernel kernel;
            KEVENT event;
            ke::initialize_event(&event, type, false);
            EXPECT_EQ(priority_after(kernel, &event, [&] { KeSetEvent(&event, increment, FALSE); }),
                      boosted(increment));
            ke::initialize_event(&event, type, false);
            EXPECT_EQ(priority_after(kernel, &event, [&] { KePulseEvent(&event, increment, FALSE); }),
                      boosted(increment));
        }
    }
}

TEST(KePriority, EveryThreadThatANotificationEventReleasesGetsIt) {
    Kernel kernel;
    KEVENT event;
    ke::initialize_event(&event, NotificationEvent, false);
    std::vector<KPRIORITY> seen;
    for (int i = 0; i < 3; ++i) {
        kernel.start([&] {
            KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr);
            seen.push_back(own_priority());
        });
    }
    kernel.settle(millisecond_ns);
    EXPECT_TRUE(kernel.run([&] { KeSetEvent(&event, 3, FALSE); }));
    EXPECT_TRUE(kernel.finish());
    EXPECT_THAT(seen, ElementsAre(11, 11, 11));
}

TEST(KePriority, SemaphoresGiveTheirIncrementMutexesOne) {
    Kernel kernel;
    KSEMAPHORE semaphore;
    ke::initialize_semaphore(&semaphore, 0, 1);
    EXPECT_EQ(priority_after(kernel, &semaphore, [&] { KeReleaseSemaphore(&semaphore, 5, 1, FALSE); }), 13);
    KMUTEX mutex;
    ke::initialize_mutex(&mutex);
    KPRIORITY seen = 0;
    kernel.start([&] {
        KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, nullptr);
        LARGE_INTEGER interval = relative_ms(20);
        KeDelayExecutionThread(KernelMode, FALSE, &interval);
        KeReleaseMutex(&mutex, FALSE);
    });
    kernel.settle(millisecond_ns);
    kernel.start([&] {
        KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, nullptr);
        seen = own_priority();
        KeReleaseMutex(&mutex, FALSE);
    });
    EXPECT_TRUE(kernel.finish());
    EXPECT_EQ(seen, base + 1);
}

TEST(KePriority, TimersAndTimeOutsGiveNothing) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        LARGE_INTEGER interval = relative_ms(20);
        KeDelayExecutionThread(KernelMode, FALSE, &interval);
        EXPECT_EQ(own_priority(), base);
        KTIMER timer;
        KeInitializeTimer(&timer);
        KeSetTimer(&timer, interval, nullptr);
        KeWaitForSingleObject(&timer, Executive, KernelMode, FALSE, nullptr);
        EXPECT_EQ(own_priority(), base);
    }));
}

TEST(KePriority, RealTimeThreadsAreNotBoosted) {
    Kernel kernel;
    KEVENT event;
    ke::initialize_event(&event, SynchronizationEvent, false);
    KPRIORITY seen = 0;
    kernel.start(
        [&] {
            KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr);
            seen = own_priority();
        },
        LOW_REALTIME_PRIORITY);
    kernel.settle(millisecond_ns);
    EXPECT_TRUE(kernel.run([&] { KeSetEvent(&event, 8, FALSE); }));
    EXPECT_EQ(seen, LOW_REALTIME_PRIORITY);
}

// Without an increment the setter goes on; with one the waiter runs first.
TEST(KePriority, ABoostedWaiterPreemptsWhoWokeIt) {
    for (const KPRIORITY increment : {0, 1}) {
        Kernel kernel;
        KEVENT event;
        ke::initialize_event(&event, SynchronizationEvent, false);
        std::vector<char> order;
        kernel.start([&] {
            KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr);
            order.push_back('w');
        });
        kernel.settle(millisecond_ns);
        EXPECT_TRUE(kernel.run([&] {
            KeSetEvent(&event, increment, FALSE);
            order.push_back('s');
        }));
        kernel.settle(millisecond_ns);
        if (increment == 0) {
            EXPECT_THAT(order, ElementsAre('s', 'w'));
        } else {
            EXPECT_THAT(order, ElementsAre('w', 's'));
        }
    }
}

// A quantum is two clock ticks: the boost is gone after as many of them, and the others get their turn.
TEST(KePriority, ABoostDecaysByOneLevelAQuantum) {
    Kernel kernel;
    KEVENT event;
    ke::initialize_event(&event, SynchronizationEvent, false);
    std::vector<KPRIORITY> seen;
    bool done = false;
    Nanoseconds other_ran_ns = 0;
    kernel.start([&] {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr);
        for (int i = 0; i < 5; ++i) {
            seen.push_back(own_priority());
            KeStallExecutionProcessor(31'250);
        }
        done = true;
    });
    kernel.settle(millisecond_ns);
    Nanoseconds set_ns = 0;
    kernel.start([&] {
        set_ns = sim::this_processor->at_ns;
        KeSetEvent(&event, 3, FALSE);
        other_ran_ns = sim::this_processor->at_ns;
        EXPECT_FALSE(done);
    });
    EXPECT_TRUE(kernel.finish());
    EXPECT_EQ(seen.front(), 11);
    EXPECT_TRUE(std::is_sorted(seen.rbegin(), seen.rend()));
    EXPECT_EQ(seen.back(), base);
    EXPECT_GE(other_ran_ns - set_ns, 3 * 31'250'000 - 16'000'000);
}

TEST(KePriority, SetPriorityChangesTheCurrentOneSetBasePriorityBoth) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        PKTHREAD const self = KeGetCurrentThread();
        EXPECT_EQ(KeSetPriorityThread(self, 10), base);
        EXPECT_EQ(KeQueryPriorityThread(self), 10);
        EXPECT_EQ(KeSetPriorityThread(self, LOW_REALTIME_PRIORITY), 10);
        EXPECT_EQ(KeSetPriorityThread(self, base), LOW_REALTIME_PRIORITY);
        EXPECT_EQ(KeSetBasePriorityThread(self, 2), 0);
        EXPECT_EQ(KeQueryPriorityThread(self), 10);
        EXPECT_EQ(KeSetBasePriorityThread(self, 0), 2);
        EXPECT_EQ(KeQueryPriorityThread(self), base);
    }));
}

// IoCompleteRequest's increment goes to the thread whose request it is.
TEST(KePriority, CompletionBoostsTheRequestingThread) {
    Kernel kernel;
    static PIRP pended;
    pended = nullptr;
    KPRIORITY seen = 0;
    std::unique_ptr<test::TestDriver> driver;
    EXPECT_TRUE(kernel.run([&] {
        driver = std::make_unique<test::TestDriver>();
        driver->device(u"\\Device\\Tested");
        driver->on(IRP_MJ_DEVICE_CONTROL, [](PDEVICE_OBJECT, PIRP irp) {
            IoMarkIrpPending(irp);
            pended = irp;
            return STATUS_PENDING;
        });
    }));
    kernel.start([&] {
        const HANDLE file = test::open(u"\\Device\\Tested");
        IO_STATUS_BLOCK iosb{};
        EXPECT_EQ(io::device_io_control(file, {}, test::control_code(0x801, METHOD_NEITHER), nullptr, 0,
                                        nullptr, 0, &iosb, KernelMode),
                  STATUS_SUCCESS);
        seen = own_priority();
        ob::close(file, KernelMode);
    });
    kernel.settle(millisecond_ns);
    ASSERT_NE(pended, nullptr);
    EXPECT_TRUE(kernel.run([] {
        pended->IoStatus.Status = STATUS_SUCCESS;
        IoCompleteRequest(pended, IO_SOUND_INCREMENT);
    }));
    EXPECT_TRUE(kernel.finish());
    EXPECT_EQ(seen, 15);
}

}  // namespace
}  // namespace ke_priority_test
