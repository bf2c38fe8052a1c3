// Spin locks, IRQL, interrupts, threads.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kernel.h"

namespace ke_lock_interrupt_test {
namespace {

using namespace portico;
using namespace portico::nt;
using test::Kernel;
using test::relative_ms;
using ::testing::ElementsAre;

std::vector<SpinLockFault> faults;

void note_fault(SpinLockFault fault, const volatile void*, sim::Irql) {
    faults.push_back(fault);
}

struct KeSpinLock : ::testing::Test {
    void SetUp() override { faults.clear(); }
};

TEST_F(KeSpinLock, RaisesToDispatchLevelAndBack) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([&] {
        KSPIN_LOCK lock;
        KIRQL old;
        KeInitializeSpinLock(&lock);
        KeAcquireSpinLock(&lock, &old);
        EXPECT_EQ(old, PASSIVE_LEVEL);
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        EXPECT_FALSE(KeTestSpinLock(&lock));
        KeReleaseSpinLock(&lock, old);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        EXPECT_TRUE(KeTestSpinLock(&lock));
        KLOCK_QUEUE_HANDLE handle;
        KeAcquireInStackQueuedSpinLock(&lock, &handle);
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        EXPECT_FALSE(KeTryToAcquireSpinLockAtDpcLevel(&lock));
        KeReleaseInStackQueuedSpinLock(&handle);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    }));
}

TEST_F(KeSpinLock, ExcludesTheOtherProcessorWhichSpins) {
    Kernel kernel(2);
    KSPIN_LOCK lock = 0;
    int inside = 0;
    int entered = 0;
    bool overlapped = false;
    for (int i = 0; i < 2; ++i) {
        kernel.start([&] {
            for (int round = 0; round < 50; ++round) {
                KIRQL old;
                KeAcquireSpinLock(&lock, &old);
                overlapped |= ++inside != 1;
                KeStallExecutionProcessor(3);
                --inside;
                ++entered;
                KeReleaseSpinLock(&lock, old);
            }
        });
    }
    EXPECT_TRUE(kernel.finish());
    EXPECT_EQ(entered, 100);
    EXPECT_FALSE(overlapped);
    EXPECT_GE(sim::scheduler.now_ns(),
              300 * microsecond_ns);  // the critical sections came one after the other
}

TEST_F(KeSpinLock, MisuseIsSeen) {
    Kernel kernel;
    probes.spin_lock = note_fault;
    EXPECT_TRUE(kernel.run([&] {
        KSPIN_LOCK lock = 0;
        KIRQL old;
        KeAcquireSpinLock(&lock, &old);
        KeAcquireSpinLockAtDpcLevel(&lock);
        EXPECT_THAT(faults, ElementsAre(SpinLockFault::already_owned));
        KeReleaseSpinLock(&lock, old);
        faults.clear();
        KeReleaseSpinLock(&lock, PASSIVE_LEVEL);
        EXPECT_THAT(faults, ElementsAre(SpinLockFault::wrong_irql, SpinLockFault::not_owned));
        faults.clear();
        KeAcquireSpinLockAtDpcLevel(&lock);
        EXPECT_THAT(faults, ElementsAre(SpinLockFault::wrong_irql));
        KeReleaseSpinLockFromDpcLevel(&lock);
    }));
}

TEST_F(KeSpinLock, DeadlockOfTwoProcessorsIsSeen) {
    Kernel kernel(2);
    probes.spin_lock = note_fault;
    KSPIN_LOCK locks[2] = {};
    for (int i = 0; i < 2; ++i) {
        kernel.start([&, i] {
            KIRQL old;
            KeAcquireSpinLock(&locks[i], &old);
            KeStallExecutionProcessor(20);
            KeAcquireSpinLockAtDpcLevel(&locks[1 - i]);
        });
    }
    kernel.settle(millisecond_ns);
    EXPECT_THAT(faults, ElementsAre(SpinLockFault::deadlock));
}

TEST_F(KeSpinLock, DeadlockOfThreeProcessorsIsSeen) {
    Kernel kernel(3);
    probes.spin_lock = note_fault;
    KSPIN_LOCK locks[3] = {};
    for (int i = 0; i < 3; ++i) {
        kernel.start([&, i] {
            KIRQL old;
            KeAcquireSpinLock(&locks[i], &old);
            KeStallExecutionProcessor(20);
            KeAcquireSpinLockAtDpcLevel(&locks[(i + 1) % 3]);
        });
    }
    kernel.settle(millisecond_ns);
    EXPECT_THAT(faults, ElementsAre(SpinLockFault::deadlock));
}

struct Device {
    sim::IrqSource source;
    int left = 0;  // interrupts that it still wants
    int serviced = 0;
    KIRQL irql = 0;
};

BOOLEAN NTAPI service(PKINTERRUPT, PVOID context) {
    auto& device = *static_cast<Device*>(context);
    if (!device.source.asserted()) return FALSE;
    device.irql = KeGetCurrentIrql();
    ++device.serviced;
    if (--device.left <= 0) device.source.lower(sim::this_processor->at_ns);
    return TRUE;
}

PKINTERRUPT connect(Device& device, unsigned irq, bool latched, bool share) {
    device.source = sim::IrqSource(sim::scheduler.lines[irq], "device");
    PKINTERRUPT interrupt = nullptr;
    EXPECT_EQ(ke::connect_interrupt({service, &device, nullptr, irq, 0, latched, share, 0}, &interrupt),
              STATUS_SUCCESS);
    return interrupt;
}

TEST(KeInterrupt, LevelIsServedWhileAssertedAtItsDeviceIrql) {
    Kernel kernel;
    Device device;
    EXPECT_TRUE(kernel.run([&] {
        connect(device, 9, false, false);
        device.left = 3;
        device.source.raise(sim::this_processor->at_ns);
        KeStallExecutionProcessor(10);
        EXPECT_EQ(device.serviced, 3);
        EXPECT_EQ(device.irql, ke::line_irql(9));
        EXPECT_GT(device.irql, DISPATCH_LEVEL);
    }));
}

TEST(KeInterrupt, SharedLineIsWiredOr) {
    Kernel kernel;
    Device a;
    Device b;
    EXPECT_TRUE(kernel.run([&] {
        connect(a, 5, false, true);
        connect(b, 5, false, true);
        b.left = 1;
        b.source.raise(sim::this_processor->at_ns);
        KeStallExecutionProcessor(10);
        EXPECT_EQ(a.serviced, 0);
        EXPECT_EQ(b.serviced, 1);
        a.left = b.left = 1;
        a.source.raise(sim::this_processor->at_ns);
        b.source.raise(sim::this_processor->at_ns);
        KeStallExecutionProcessor(10);
        EXPECT_EQ(a.serviced, 1);
        EXPECT_EQ(b.serviced, 2);
    }));
}

TEST(KeInterrupt, ExclusiveLineIsNotShared) {
    Kernel kernel;
    Device a;
    Device b;
    EXPECT_TRUE(kernel.run([&] {
        connect(a, 5, false, false);
        PKINTERRUPT second = nullptr;
        EXPECT_EQ(ke::connect_interrupt({service, &b, nullptr, 5, 0, false, true, 0}, &second),
                  STATUS_INVALID_PARAMETER);
        EXPECT_EQ(second, nullptr);
    }));
}

TEST(KeInterrupt, SynchronizeExecutionExcludesTheServiceRoutine) {
    Kernel kernel(2);
    static Device* shared;
    static bool seen_inside;
    Device device;
    shared = &device;
    EXPECT_TRUE(kernel.run([&] {
        PKINTERRUPT const interrupt = connect(device, 9, false, false);
        device.left = 1;
        EXPECT_TRUE(KeSynchronizeExecution(
            interrupt, [](PVOID) __attribute__((ms_abi))->BOOLEAN {
                EXPECT_EQ(KeGetCurrentIrql(), ke::line_irql(9));
                shared->source.raise(sim::this_processor->at_ns);
                KeStallExecutionProcessor(50);
                seen_inside = shared->serviced != 0;
                return TRUE;
            },
            nullptr));
        KeStallExecutionProcessor(50);
        EXPECT_FALSE(seen_inside);
        EXPECT_EQ(device.serviced, 1);
    }));
}

TEST(KeInterrupt, StormIsReportedAndTheLineMasked) {
    Kernel kernel;
    static unsigned reported;
    static bool claimed_there;
    reported = 0;
    probes.interrupt_storm = [](unsigned irq, bool claimed) {
        reported = irq;
        claimed_there = claimed;
    };
    Device device;
    EXPECT_TRUE(kernel.run([&] {
        connect(device, 7, false, false);
        device.left = 1'000'000;
        device.source.raise(sim::this_processor->at_ns);
        KeStallExecutionProcessor(100'000);
        EXPECT_EQ(reported, 7u);
        EXPECT_TRUE(claimed_there);
        EXPECT_TRUE(sim::scheduler.lines[7].masked());
    }));
}

TEST(KeInterrupt, NothingRunsAfterDisconnect) {
    Kernel kernel;
    Device device;
    EXPECT_TRUE(kernel.run([&] {
        PKINTERRUPT const interrupt = connect(device, 9, false, false);
        ke::disconnect_interrupt(interrupt);
        device.left = 1;
        device.source.raise(sim::this_processor->at_ns);
        KeStallExecutionProcessor(10);
        EXPECT_EQ(device.serviced, 0);
        PKINTERRUPT const next = connect(device, 9, false, false);
        ASSERT_NE(next, nullptr) << "the line is nobody's";
        ke::disconnect_interrupt(next);
    }));
}

// Of a shared line: what another processor disconnects while the one before it runs is not called any more.
TEST(KeInterrupt, DisconnectedWhileTheOneBeforeItRuns) {
    Kernel kernel(2);
    static bool inside;
    static int called_late;
    inside = false;
    called_late = 0;
    const auto slow = [](PKINTERRUPT, PVOID context) NTAPI -> BOOLEAN {
        inside = true;
        KeStallExecutionProcessor(100);
        static_cast<Device*>(context)->source.lower(sim::this_processor->at_ns);
        return FALSE;
    };
    const auto late = [](PKINTERRUPT, PVOID) NTAPI -> BOOLEAN { return ++called_late != 0; };
    Device device;
    PKINTERRUPT first = nullptr;
    PKINTERRUPT second = nullptr;
    device.source = sim::IrqSource(sim::scheduler.lines[5], "device");
    EXPECT_TRUE(kernel.run([&] {
        ke::connect_interrupt({slow, &device, nullptr, 5, 0, false, true, 1}, &first);
        ke::connect_interrupt({late, nullptr, nullptr, 5, 0, false, true, 1}, &second);
        KeSetSystemAffinityThread(2);
        device.source.raise(sim::this_processor->at_ns);
        KeStallExecutionProcessor(20);
        EXPECT_TRUE(inside);
        ke::disconnect_interrupt(second);
        KeStallExecutionProcessor(200);
        EXPECT_EQ(called_late, 0);
    }));
}

TEST(KeThread, HigherPriorityPreemptsWhenItBecomesReady) {
    Kernel kernel;
    KEVENT event;
    ke::initialize_event(&event, SynchronizationEvent, false);
    std::vector<int> order;
    kernel.start(
        [&] {
            KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr);
            order.push_back(1);
        },
        20);
    kernel.settle(millisecond_ns);
    EXPECT_TRUE(kernel.run([&] {
        KeSetEvent(&event, 0, FALSE);
        order.push_back(2);
    }));
    EXPECT_THAT(order, ElementsAre(1, 2));
}

TEST(KeThread, EqualPrioritiesShareByQuantum) {
    Kernel kernel;
    std::vector<int> order;
    for (int i = 0; i < 2; ++i) {
        kernel.start([&, i] {
            for (int round = 0; round < 3; ++round) {
                order.push_back(i);
                KeStallExecutionProcessor(40'000);
            }
        });
    }
    EXPECT_TRUE(kernel.finish());
    EXPECT_THAT(order, ElementsAre(0, 1, 0, 1, 0, 1));
}

TEST(KeThread, IsSignalledWhenItEnds) {
    Kernel kernel;
    PKTHREAD thread = nullptr;
    kernel.start([&] {
        thread = KeGetCurrentThread();
        LARGE_INTEGER interval = relative_ms(50);
        KeDelayExecutionThread(KernelMode, FALSE, &interval);
    });
    kernel.settle(millisecond_ns);
    EXPECT_TRUE(kernel.run([&] {
        EXPECT_EQ(KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, nullptr), STATUS_SUCCESS);
        EXPECT_GE(ke::exact_time_100ns(), 500'000);
    }));
}

TEST(KeThread, AffinityMovesItToAnotherProcessor) {
    Kernel kernel(2);
    EXPECT_TRUE(kernel.run([&] {
        KeSetSystemAffinityThread(2);
        EXPECT_EQ(KeGetCurrentProcessorNumber(), 1u);
        KeSetSystemAffinityThread(1);
        EXPECT_EQ(KeGetCurrentProcessorNumber(), 0u);
        KeRevertToUserAffinityThread();
    }));
}

}  // namespace
}  // namespace ke_lock_interrupt_test
