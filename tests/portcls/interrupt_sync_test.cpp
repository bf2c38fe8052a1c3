#include "portcls/interrupt_sync.h"

#include "portcls/resource_list.h"
#include "portcls_test.h"
#include "sim/irq_line.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::at_irql;
using test::Contracts;
using test::let_pass;

constexpr unsigned irq = 9;

// A device that asserts its line while it has work, and its interrupt routine.
struct Device {
    sim::IrqSource line{sim::scheduler.lines[irq], "device"};
    int work = 0;
    int calls = 0;
    sim::Irql irql = 0;
    IInterruptSync* seen = nullptr;
    std::function<void()> on_call;

    void interrupt(int amount = 1) {
        work += amount;
        line.raise(sim::this_processor->at_ns);
    }
    static NTSTATUS NTAPI service(IInterruptSync* sync, PVOID context) {
        auto& device = *static_cast<Device*>(context);
        ++device.calls;
        device.irql = nt::ke::current_irql();
        device.seen = sync;
        if (device.on_call) device.on_call();
        if (device.work == 0) return STATUS_UNSUCCESSFUL;
        if (--device.work == 0) device.line.lower(sim::this_processor->at_ns);
        return STATUS_SUCCESS;
    }
};

struct InterruptSyncTest : test::PortclsTest {
    CM_RESOURCE_LIST resources{};

    InterruptSyncTest() {
        resources.Count = 1;
        resources.List[0].PartialResourceList.Count = 1;
        auto& descriptor = resources.List[0].PartialResourceList.PartialDescriptors[0];
        descriptor.Type = CmResourceTypeInterrupt;
        descriptor.Flags = CM_RESOURCE_INTERRUPT_LEVEL_SENSITIVE;
        descriptor.u.Interrupt.Level = nt::ke::line_irql(irq);
        descriptor.u.Interrupt.Vector = nt::ke::vector_of(irq);
        descriptor.u.Interrupt.Affinity = 3;
    }
    NTSTATUS make(PINTERRUPTSYNC* sync, INTERRUPTSYNCMODE mode, ULONG index = 0) {
        PRESOURCELIST list = nullptr;
        EXPECT_EQ(PcNewResourceList(&list, nullptr, PagedPool, &resources, &resources), STATUS_SUCCESS);
        const NTSTATUS status = PcNewInterruptSync(sync, nullptr, list, index, mode);
        REQUIRES("FN-084");
        EXPECT_EQ(list->Release(), 0u) << "nothing of the list is kept";
        return status;
    }
    PINTERRUPTSYNC make(INTERRUPTSYNCMODE mode) {
        PINTERRUPTSYNC sync = nullptr;
        EXPECT_EQ(make(&sync, mode), STATUS_SUCCESS);
        return sync;
    }
};

TEST_F(InterruptSyncTest, IsMadeForAnInterruptOfTheList) {
    run([&] {
        PINTERRUPTSYNC sync = nullptr;
        REQUIRES("FN-081");
        EXPECT_EQ(make(&sync, InterruptSyncModeNormal, 1), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(sync, nullptr);
        EXPECT_TRUE(Contracts::take().empty());
        REQUIRES("FN-082"), REQUIRES("IS-003");
        EXPECT_EQ(make(&sync, static_cast<INTERRUPTSYNCMODE>(4)), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(make(&sync, static_cast<INTERRUPTSYNCMODE>(0)), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(Contracts::take(), (std::vector<std::string>{"FN-082", "FN-082"}));
        REQUIRES("FN-080");
        ASSERT_EQ(make(&sync, InterruptSyncModeNormal), STATUS_SUCCESS);
        REQUIRES("FN-083"), REQUIRES("IS-017");
        EXPECT_EQ(sync->GetKInterrupt(), nullptr) << "it is not connected yet";
        EXPECT_FALSE(sim::scheduler.lines[irq].connected());
        EXPECT_EQ(sync->Release(), 0u);
    });
}

TEST_F(InterruptSyncTest, ConnectsAndDisconnects) {
    run([&] {
        PINTERRUPTSYNC const sync = make(InterruptSyncModeNormal);
        Device device;
        sync->RegisterServiceRoutine(Device::service, &device, TRUE);
        REQUIRES("IS-018");
        ASSERT_EQ(sync->Connect(), STATUS_SUCCESS);
        EXPECT_NE(sync->GetKInterrupt(), nullptr);
        device.interrupt();
        let_pass(5 * millisecond_ns);
        EXPECT_EQ(device.calls, 1);
        REQUIRES("IS-002"), REQUIRES("PM-017");
        EXPECT_EQ(device.seen, sync) << "and the context is the driver's own";
        EXPECT_EQ(device.irql, nt::ke::line_irql(irq));
        REQUIRES("IS-019");
        EXPECT_EQ(sync->Connect(), STATUS_SUCCESS);
        EXPECT_EQ(Contracts::take(), std::vector<std::string>{"IS-019"});
        REQUIRES("IS-020");
        sync->Disconnect();
        device.interrupt();
        let_pass(5 * millisecond_ns);
        EXPECT_EQ(device.calls, 1);
        device.work = 0;
        device.line.lower(sim::this_processor->at_ns);
        sync->Release();
    });
}

TEST_F(InterruptSyncTest, TheLastReleaseDisconnects) {
    run([&] {
        PINTERRUPTSYNC const sync = make(InterruptSyncModeNormal);
        sync->Connect();
        REQUIRES("FLD-008"), REQUIRES("FLD-031");
        EXPECT_EQ(sync->Release(), 0u);
        EXPECT_FALSE(sim::scheduler.lines[irq].connected());
        EXPECT_TRUE(Contracts::take().empty());
    });
}

TEST_F(InterruptSyncTest, NormalModeStopsAtTheFirstThatClaims) {
    run([&] {
        PINTERRUPTSYNC const sync = make(InterruptSyncModeNormal);
        Device first, second, third;
        REQUIRES("IS-021");
        sync->RegisterServiceRoutine(Device::service, &second, FALSE);
        sync->RegisterServiceRoutine(Device::service, &third, FALSE);
        sync->RegisterServiceRoutine(Device::service, &first, TRUE);
        sync->Connect();
        second.interrupt();
        let_pass(5 * millisecond_ns);
        REQUIRES("IS-004");
        EXPECT_EQ(first.calls, 1) << "the head of the list runs first";
        EXPECT_EQ(second.calls, 1);
        EXPECT_EQ(third.calls, 0);
        sync->Release();
    });
}

TEST_F(InterruptSyncTest, AllModeCallsEachOnce) {
    run([&] {
        PINTERRUPTSYNC const sync = make(InterruptSyncModeAll);
        Device first, second;
        sync->RegisterServiceRoutine(Device::service, &first, FALSE);
        sync->RegisterServiceRoutine(Device::service, &second, FALSE);
        sync->Connect();
        first.interrupt();
        let_pass(5 * millisecond_ns);
        REQUIRES("IS-005");
        EXPECT_EQ(first.calls, 1);
        EXPECT_EQ(second.calls, 1);
        sync->Release();
    });
}

TEST_F(InterruptSyncTest, RepeatModeGoesOnUntilAPassWithoutSuccess) {
    run([&] {
        PINTERRUPTSYNC const sync = make(InterruptSyncModeRepeat);
        Device first, second;
        sync->RegisterServiceRoutine(Device::service, &first, FALSE);
        sync->RegisterServiceRoutine(Device::service, &second, FALSE);
        sync->Connect();
        second.work = 2;
        second.line.raise(sim::this_processor->at_ns);
        let_pass(5 * millisecond_ns);
        REQUIRES("IS-006"), REQUIRES("IS-051");
        EXPECT_EQ(second.calls, 3) << "two passes with a success, one without";
        EXPECT_EQ(first.calls, 3);
        EXPECT_TRUE(Contracts::take().empty());
        sync->Release();
    });
}

TEST_F(InterruptSyncTest, RepeatModeGivesUpARoutineThatAlwaysClaims) {
    run([&] {
        PINTERRUPTSYNC const sync = make(InterruptSyncModeRepeat);
        Device device;
        device.on_call = [&] {
            device.work = 2;
            device.line.lower(sim::this_processor->at_ns);
        };
        sync->RegisterServiceRoutine(Device::service, &device, FALSE);
        sync->Connect();
        device.interrupt();
        let_pass(5 * millisecond_ns);
        REQUIRES("IS-007");
        EXPECT_EQ(Contracts::take(), std::vector<std::string>{"IS-007"});
        EXPECT_LE(device.calls, static_cast<int>(InterruptSync::repeat_pass_limit) + 1);
        sync->Release();
    });
}

TEST_F(InterruptSyncTest, TellsTheLineWhetherItWasClaimed) {
    static int unclaimed;
    unclaimed = 0;
    nt::probes.interrupt_storm = [](unsigned, bool claimed) { unclaimed += claimed ? 0 : 1; };
    for (const auto mode : {InterruptSyncModeNormal, InterruptSyncModeAll, InterruptSyncModeRepeat}) {
        unclaimed = 0;
        run([&] {
            PINTERRUPTSYNC const sync = make(mode);
            Device device;
            sync->RegisterServiceRoutine(Device::service, &device, FALSE);
            sync->Connect();
            device.interrupt(3000);
            let_pass(5 * millisecond_ns);
            REQUIRES("IS-008");
            EXPECT_EQ(unclaimed, 0) << "mode " << mode;
            EXPECT_EQ(device.work, 0);
            device.line.raise(sim::this_processor->at_ns);  // nothing to do: unhandled each time
            let_pass(5 * millisecond_ns);
            EXPECT_GE(unclaimed, 1) << "mode " << mode;
            device.line.lower(sim::this_processor->at_ns);
            sync->Release();
            sim::scheduler.lines[irq].unmask();
        });
    }
    nt::probes.interrupt_storm = nullptr;
}

TEST_F(InterruptSyncTest, CallSynchronizedRoutineExcludesTheServiceRoutines) {
    PINTERRUPTSYNC sync = nullptr;
    Device device;
    struct Inside {
        Device* device;
        sim::Irql irql = 0;
        int calls_at_entry = -1;
        int calls_at_exit = -1;
    } inside{&device};
    const auto routine = [](IInterruptSync*, PVOID context) NTAPI -> NTSTATUS {
        auto& inside = *static_cast<Inside*>(context);
        inside.irql = nt::ke::current_irql();
        inside.calls_at_entry = inside.device->calls;
        inside.device->interrupt();
        nt::ke::stall(100 * microsecond_ns);
        inside.calls_at_exit = inside.device->calls;
        return STATUS_DEVICE_BUSY;
    };
    run([&] {
        sync = make(InterruptSyncModeNormal);
        sync->RegisterServiceRoutine(Device::service, &device, FALSE);
        sync->Connect();
        REQUIRES("IS-013");
        EXPECT_EQ(sync->CallSynchronizedRoutine(routine, &inside), STATUS_DEVICE_BUSY);
        REQUIRES("IS-010"), REQUIRES("IS-050"), REQUIRES("IS-012");
        EXPECT_EQ(inside.irql, nt::ke::line_irql(irq));
        EXPECT_EQ(inside.calls_at_exit, inside.calls_at_entry) << "the interrupt waits on both processors";
        let_pass(millisecond_ns);
        EXPECT_EQ(device.calls, 1);
        EXPECT_EQ(nt::ke::current_irql(), PASSIVE_LEVEL);
        sync->Release();
    });
}

TEST_F(InterruptSyncTest, CallSynchronizedRoutineWorksUnconnected) {
    run([&] {
        PINTERRUPTSYNC const sync = make(InterruptSyncModeNormal);
        static sim::Irql irql;
        REQUIRES("IS-014");
        EXPECT_EQ(sync->CallSynchronizedRoutine(
                      [](IInterruptSync*, PVOID) NTAPI -> NTSTATUS {
                          irql = nt::ke::current_irql();
                          return STATUS_SUCCESS;
                      },
                      nullptr),
                  STATUS_SUCCESS);
        EXPECT_EQ(irql, nt::ke::line_irql(irq));
        sync->Release();
    });
}

TEST_F(InterruptSyncTest, TellsOfACallThatWouldDeadlock) {
    run([&] {
        PINTERRUPTSYNC const sync = make(InterruptSyncModeNormal);
        REQUIRES("IS-015");
        EXPECT_EQ(sync->CallSynchronizedRoutine(
                      [](IInterruptSync* sync, PVOID) NTAPI -> NTSTATUS {
                          return sync->CallSynchronizedRoutine(
                              [](IInterruptSync*, PVOID) NTAPI -> NTSTATUS { return STATUS_ALERTED; },
                              nullptr);
                      },
                      nullptr),
                  STATUS_ALERTED);
        EXPECT_EQ(Contracts::take(), std::vector<std::string>{"IS-015"});
        REQUIRES("IS-016");
        Device device;
        sync->CallSynchronizedRoutine(Device::service, &device);
        EXPECT_EQ(device.calls, 1) << "a service routine may be called directly";
        EXPECT_TRUE(Contracts::take().empty());
        REQUIRES("IS-011");
        at_irql(HIGH_LEVEL, [&] { sync->CallSynchronizedRoutine(Device::service, &device); });
        EXPECT_EQ(Contracts::take(), std::vector<std::string>{"IS-011"});
        REQUIRES("IS-022");
        EXPECT_EQ(sync->RegisterServiceRoutine(nullptr, nullptr, TRUE), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(Contracts::take(), std::vector<std::string>{"IS-022"});
        sync->Release();
    });
}

TEST_F(InterruptSyncTest, TwoObjectsShareOneLine) {
    run([&] {
        PINTERRUPTSYNC const one = make(InterruptSyncModeNormal);
        PINTERRUPTSYNC const other = make(InterruptSyncModeNormal);
        Device first, second;
        one->RegisterServiceRoutine(Device::service, &first, FALSE);
        other->RegisterServiceRoutine(Device::service, &second, FALSE);
        REQUIRES("FLD-004"), REQUIRES("FLD-020"), REQUIRES("LC-018");
        EXPECT_EQ(one->Connect(), STATUS_SUCCESS);
        EXPECT_EQ(other->Connect(), STATUS_SUCCESS);
        second.interrupt();
        let_pass(5 * millisecond_ns);
        EXPECT_EQ(second.calls, 1);
        REQUIRES("IS-023");
        Device late;
        other->RegisterServiceRoutine(Device::service, &late, TRUE);
        late.interrupt();
        let_pass(5 * millisecond_ns);
        EXPECT_EQ(late.calls, 1) << "registered while connected";
        one->Release();
        other->Release();
    });
}

TEST_F(InterruptSyncTest, TheKernelsInterruptSharesTheLock) {
    run([&] {
        PINTERRUPTSYNC const sync = make(InterruptSyncModeNormal);
        sync->Connect();
        static PINTERRUPTSYNC inner;
        inner = sync;
        REQUIRES("FLD-020");
        KeSynchronizeExecution(
            sync->GetKInterrupt(),
            [](PVOID) NTAPI -> BOOLEAN {
                inner->CallSynchronizedRoutine(
                    [](IInterruptSync*, PVOID) NTAPI -> NTSTATUS { return STATUS_SUCCESS; }, nullptr);
                return TRUE;
            },
            nullptr);
        EXPECT_EQ(Contracts::take(), std::vector<std::string>{"IS-015"}) << "the lock is the same one";
        sync->Release();
    });
}

TEST_F(InterruptSyncTest, ARoutineWhoseContextIsFreedIsToldAndNotCalled) {
    run([&] {
        PINTERRUPTSYNC const sync = make(InterruptSyncModeNormal);
        Device device;
        void* const context = nt::ex::allocate(NonPagedPool, 64, 'tseT');
        sync->RegisterServiceRoutine(Device::service, &device, FALSE);
        sync->RegisterServiceRoutine(Device::service, context, TRUE);
        ASSERT_EQ(sync->Connect(), STATUS_SUCCESS);
        nt::ex::free(context, 0);
        device.interrupt();
        let_pass(millisecond_ns);
        REQUIRES("IS-022");
        EXPECT_EQ(device.calls, 1) << "the other routine is";
        EXPECT_EQ(Contracts::take(), std::vector<std::string>{"IS-022"});
        sync->Release();
    });
}

}  // namespace
}  // namespace portico::portcls
