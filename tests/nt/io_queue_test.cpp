// What the I/O manager offers to drivers for their own order of work: device queues, StartIo, cancel-safe
// queues, remove locks, work items, timers, the error log.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "io_driver.h"
#include "kernel.h"
#include "misuse.h"
#include "nt/io/error_log.h"
#include "support/requires.h"

namespace portico::test::io_queue_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(KeDeviceQueue, KeepsOrderAndKeys) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        KDEVICE_QUEUE queue;
        KeInitializeDeviceQueue(&queue);
        KDEVICE_QUEUE_ENTRY entries[5];
        KIRQL irql;
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        EXPECT_FALSE(KeInsertDeviceQueue(&queue, &entries[0]));  // idle: served at once
        EXPECT_TRUE(KeInsertByKeyDeviceQueue(&queue, &entries[1], 20));
        EXPECT_TRUE(KeInsertByKeyDeviceQueue(&queue, &entries[2], 10));
        EXPECT_TRUE(KeInsertByKeyDeviceQueue(&queue, &entries[3], 20));
        EXPECT_TRUE(KeInsertByKeyDeviceQueue(&queue, &entries[4], 30));
        EXPECT_TRUE(KeRemoveEntryDeviceQueue(&queue, &entries[4]));
        EXPECT_FALSE(KeRemoveEntryDeviceQueue(&queue, &entries[4]));
        EXPECT_EQ(KeRemoveByKeyDeviceQueue(&queue, 15), &entries[1]);
        EXPECT_EQ(KeRemoveByKeyDeviceQueue(&queue, 99), &entries[2]);  // past the end: from the beginning
        EXPECT_EQ(KeRemoveDeviceQueue(&queue), &entries[3]);
        EXPECT_EQ(KeRemoveDeviceQueue(&queue), nullptr);
        EXPECT_FALSE(KeInsertDeviceQueue(&queue, &entries[0]));
        KeLowerIrql(irql);
    }));
}

struct StartIo {
    static std::vector<ULONG>& started() {
        static std::vector<ULONG> all;
        return all;
    }
    static bool& immediate() {
        static bool value = false;
        return value;
    }
    // How often StartIo ran inside itself, with the outermost one.
    static int& deepest() {
        static int value = 0;
        return value;
    }
    static ULONG number(PIRP irp) {
        return IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.InputBufferLength;
    }
    static void NTAPI start(PDEVICE_OBJECT device, PIRP irp) {
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        EXPECT_EQ(device->CurrentIrp, irp);
        started().push_back(number(irp));
        if (!immediate()) return;
        static int depth = 0;
        deepest() = std::max(deepest(), ++depth);
        IoStartNextPacket(device, TRUE);
        --depth;
        TestDriver::complete(irp, STATUS_SUCCESS);
    }
    static void NTAPI cancel(PDEVICE_OBJECT device, PIRP irp) {
        const bool queued =
            KeRemoveEntryDeviceQueue(&device->DeviceQueue, &irp->Tail.Overlay.DeviceQueueEntry);
        IoReleaseCancelSpinLock(irp->CancelIrql);
        if (queued) TestDriver::complete(irp, STATUS_CANCELLED);
    }
};

struct StartIoDevice {
    TestDriver driver;
    PDEVICE_OBJECT device;
    HANDLE file;
    IO_STATUS_BLOCK status[6]{};
    char input[6] = {};

    StartIoDevice() {
        StartIo::started().clear();
        StartIo::immediate() = false;
        StartIo::deepest() = 0;
        driver.object->DriverStartIo = StartIo::start;
        device = driver.device(u"\\Device\\Tested");
        driver.on(IRP_MJ_DEVICE_CONTROL, [](PDEVICE_OBJECT to, PIRP irp) {
            IoMarkIrpPending(irp);
            IoStartPacket(to, irp, nullptr, StartIo::cancel);
            return STATUS_PENDING;
        });
        file = open(u"\\Device\\Tested", FILE_READ_DATA, false);
    }
    void send(ULONG number) {
        status[number].Status = STATUS_PENDING;
        nt::io::device_io_control(file, {}, control_code(0x801, METHOD_NEITHER), input, number, nullptr, 0,
                                  &status[number], KernelMode);
    }
    void end_current(const ULONG* key = nullptr) {
        KIRQL irql;
        PIRP const irp = device->CurrentIrp;
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        irp->CancelRoutine = nullptr;
        if (key == nullptr) {
            IoStartNextPacket(device, TRUE);
        } else {
            IoStartNextPacketByKey(device, TRUE, *key);
        }
        TestDriver::complete(irp, STATUS_SUCCESS);
        KeLowerIrql(irql);
    }
};

TEST(IoStartIo, OnePacketAtATime) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        StartIoDevice device;
        for (ULONG i = 1; i <= 3; ++i) device.send(i);
        EXPECT_THAT(StartIo::started(), ElementsAre(1u));
        device.end_current();
        EXPECT_THAT(StartIo::started(), ElementsAre(1u, 2u));
        EXPECT_EQ(device.status[1].Status, STATUS_SUCCESS);
        EXPECT_TRUE(IoCancelIrp(CONTAINING_RECORD(device.device->DeviceQueue.DeviceListHead.Flink, IRP,
                                                  Tail.Overlay.DeviceQueueEntry.DeviceListEntry)));
        EXPECT_EQ(device.status[3].Status, STATUS_CANCELLED);
        device.end_current();
        EXPECT_EQ(device.device->CurrentIrp, nullptr);
        device.send(4);
        EXPECT_THAT(StartIo::started(), ElementsAre(1u, 2u, 4u));
        device.end_current();
    }));
}

TEST(IoStartIo, GoesOnByKey) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        StartIoDevice device;
        device.driver.on(IRP_MJ_DEVICE_CONTROL, [](PDEVICE_OBJECT to, PIRP irp) {
            ULONG key = StartIo::number(irp);
            IoMarkIrpPending(irp);
            IoStartPacket(to, irp, &key, StartIo::cancel);
            return STATUS_PENDING;
        });
        for (const ULONG i : {1u, 4u, 2u, 3u}) device.send(i);
        for (const ULONG key : {3u, 4u, 5u}) device.end_current(&key);
        device.end_current();
        EXPECT_THAT(StartIo::started(), ElementsAre(1u, 3u, 4u, 2u));
    }));
}

TEST(IoStartIo, CanTakeTheCancelRoutineOfWhatItStarts) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        StartIoDevice device;
        const auto cancelable = [&] { return device.device->CurrentIrp->CancelRoutine != nullptr; };
        for (const bool taken : {false, true}) {
            IoSetStartIoAttributes(device.device, FALSE, taken);
            for (ULONG i = 1; i <= 2; ++i) device.send(i);
            EXPECT_NE(cancelable(), taken);
            device.end_current();
            EXPECT_NE(cancelable(), taken);
            device.end_current();
        }
    }));
}

TEST(IoStartIo, DeferredStartDoesNotRecurse) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        StartIoDevice device;
        IoSetStartIoAttributes(device.device, TRUE, TRUE);
        device.send(1);
        for (ULONG i = 2; i <= 5; ++i) device.send(i);
        StartIo::immediate() = true;
        device.end_current();
        EXPECT_THAT(StartIo::started(), ElementsAre(1u, 2u, 3u, 4u, 5u));
        EXPECT_EQ(StartIo::deepest(), 1);
        for (ULONG i = 1; i <= 5; ++i) EXPECT_EQ(device.status[i].Status, STATUS_SUCCESS);
    }));
}

// ---- cancel-safe queues ----

struct Csq {
    IO_CSQ csq;
    KSPIN_LOCK lock;
    LIST_ENTRY list;
    std::vector<PIRP> cancelled;

    static Csq& of(PIO_CSQ csq) { return *CONTAINING_RECORD(csq, Csq, csq); }
    static void NTAPI insert(PIO_CSQ csq, PIRP irp) {
        InsertTailList(&of(csq).list, &irp->Tail.Overlay.ListEntry);
    }
    static NTSTATUS NTAPI insert_ex(PIO_CSQ csq, PIRP irp, PVOID context) {
        if (context != nullptr) return STATUS_DEVICE_BUSY;
        insert(csq, irp);
        return STATUS_SUCCESS;
    }
    static void NTAPI remove(PIO_CSQ, PIRP irp) { RemoveEntryList(&irp->Tail.Overlay.ListEntry); }
    static PIRP NTAPI peek(PIO_CSQ csq, PIRP irp, PVOID) {
        LIST_ENTRY* const head = &of(csq).list;
        LIST_ENTRY* const next = irp == nullptr ? head->Flink : irp->Tail.Overlay.ListEntry.Flink;
        return next == head ? nullptr : CONTAINING_RECORD(next, IRP, Tail.Overlay.ListEntry);
    }
    static void NTAPI acquire(PIO_CSQ csq, PKIRQL irql) { KeAcquireSpinLock(&of(csq).lock, irql); }
    static void NTAPI release(PIO_CSQ csq, KIRQL irql) { KeReleaseSpinLock(&of(csq).lock, irql); }
    static void NTAPI complete_canceled(PIO_CSQ csq, PIRP irp) {
        of(csq).cancelled.push_back(irp);
        TestDriver::complete(irp, STATUS_CANCELLED);
    }

    Csq() {
        KeInitializeSpinLock(&lock);
        InitializeListHead(&list);
        IoCsqInitialize(&csq, insert, remove, peek, acquire, release, complete_canceled);
    }
};

struct CsqDevice {
    TestDriver driver;
    Csq queue;
    std::vector<PIRP> irps;
    HANDLE file;
    IO_STATUS_BLOCK status[4]{};
    PIO_CSQ_IRP_CONTEXT context = nullptr;

    CsqDevice() {
        driver.device(u"\\Device\\Tested");
        driver.on(IRP_MJ_DEVICE_CONTROL, [this](PDEVICE_OBJECT, PIRP irp) {
            irps.push_back(irp);
            IoCsqInsertIrp(&queue.csq, irp, context);
            return STATUS_PENDING;
        });
        file = open(u"\\Device\\Tested", FILE_READ_DATA, false);
    }
    void send(unsigned i) {
        nt::io::device_io_control(file, {}, control_code(0x801, METHOD_NEITHER), nullptr, 0, nullptr, 0,
                                  &status[i], KernelMode);
    }
};

TEST(IoCsq, OrderCancelAndContext) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        CsqDevice device;
        IrpFaults faults;
        device.send(0);
        device.send(1);
        IO_CSQ_IRP_CONTEXT context{};
        device.context = &context;
        device.send(2);
        EXPECT_EQ(context.Irp, device.irps[2]);
        EXPECT_TRUE(IoCancelIrp(device.irps[0]));
        EXPECT_EQ(device.status[0].Status, STATUS_CANCELLED);
        PIRP const next = IoCsqRemoveNextIrp(&device.queue.csq, nullptr);
        EXPECT_EQ(next, device.irps[1]);
        EXPECT_EQ(next->CancelRoutine, nullptr);
        TestDriver::complete(next, STATUS_SUCCESS);
        PIRP const mine = IoCsqRemoveIrp(&device.queue.csq, &context);
        EXPECT_EQ(mine, device.irps[2]);
        EXPECT_EQ(IoCsqRemoveIrp(&device.queue.csq, &context), nullptr);
        TestDriver::complete(mine, STATUS_SUCCESS);
        EXPECT_EQ(IoCsqRemoveNextIrp(&device.queue.csq, nullptr), nullptr);
        EXPECT_THAT(faults.entries(), IsEmpty());
    }));
}

TEST(IoCsq, CancelledBeforeItIsQueued) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        CsqDevice device;
        IrpFaults faults;
        device.driver.on(IRP_MJ_DEVICE_CONTROL, [&](PDEVICE_OBJECT, PIRP irp) {
            IoCancelIrp(irp);
            IoCsqInsertIrp(&device.queue.csq, irp, nullptr);
            return STATUS_PENDING;
        });
        device.send(0);
        EXPECT_EQ(device.status[0].Status, STATUS_CANCELLED);
        EXPECT_EQ(device.queue.cancelled.size(), 1u);
        EXPECT_THAT(faults.entries(), IsEmpty());
    }));
}

TEST(IoCsq, InsertExMayRefuse) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        CsqDevice device;
        IoCsqInitializeEx(&device.queue.csq, Csq::insert_ex, Csq::remove, Csq::peek, Csq::acquire,
                          Csq::release, Csq::complete_canceled);
        IrpFaults faults;
        device.driver.on(IRP_MJ_DEVICE_CONTROL, [&](PDEVICE_OBJECT, PIRP irp) {
            const NTSTATUS status = IoCsqInsertIrpEx(&device.queue.csq, irp, nullptr, &device);
            EXPECT_EQ(status, STATUS_DEVICE_BUSY);
            return TestDriver::complete(irp, status);
        });
        device.send(0);
        EXPECT_THAT(faults.entries(), IsEmpty());
    }));
}

// ---- remove locks ----

TEST(IoRemoveLock, WaitsForEverybody) {
    Kernel kernel(2);
    IO_REMOVE_LOCK lock;
    bool removed = false;
    EXPECT_TRUE(kernel.run([&] {
        IoInitializeRemoveLock(&lock, 'tset', 0, 0);
        EXPECT_EQ(IoAcquireRemoveLock(&lock, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(IoAcquireRemoveLock(&lock, nullptr), STATUS_SUCCESS);
    }));
    kernel.start([&] {
        IoReleaseRemoveLockAndWait(&lock, nullptr);
        removed = true;
    });
    kernel.settle(millisecond_ns);
    EXPECT_FALSE(removed);
    EXPECT_TRUE(kernel.run([&] {
        EXPECT_EQ(IoAcquireRemoveLock(&lock, nullptr), STATUS_DELETE_PENDING);
        IoReleaseRemoveLock(&lock, nullptr);
    }));
    kernel.settle(millisecond_ns);
    EXPECT_TRUE(removed);
}

TEST(IoRemoveLock, ReleasedOnceTooOften) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        MisuseLog misuse;
        IO_REMOVE_LOCK lock;
        IoInitializeRemoveLock(&lock, 'tset', 0, 0);
        IoReleaseRemoveLock(&lock, nullptr);
        IoReleaseRemoveLock(&lock, nullptr);
        EXPECT_EQ(misuse.size(), 1u);
    }));
}

// ---- work items ----

struct Work {
    static int& runs() {
        static int count = 0;
        return count;
    }
    static void NTAPI routine(PDEVICE_OBJECT, PVOID context) {
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        ++runs();
        KeSetEvent(static_cast<PKEVENT>(context), 0, FALSE);
    }
    static void NTAPI routine_ex(PVOID, PVOID context, PIO_WORKITEM item) {
        ++runs();
        IoFreeWorkItem(item);
        KeSetEvent(static_cast<PKEVENT>(context), 0, FALSE);
    }
};

TEST(IoWorkItem, RunsAndHoldsTheDevice) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        Work::runs() = 0;
        TestDriver driver;
        PDEVICE_OBJECT const device = driver.device(u"\\Device\\Tested");
        KEVENT event;
        KeInitializeEvent(&event, SynchronizationEvent, FALSE);
        PIO_WORKITEM const item = IoAllocateWorkItem(device);
        const LONG_PTR before = nt::ob::references_of(device);
        KIRQL irql;
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        IoQueueWorkItem(item, Work::routine, DelayedWorkQueue, &event);
        EXPECT_EQ(nt::ob::references_of(device), before + 1);
        MisuseLog misuse;
        IoQueueWorkItem(item, Work::routine, DelayedWorkQueue, &event);
        EXPECT_EQ(misuse.codes(), std::vector<std::uint32_t>{WORKER_INVALID});
        KeLowerIrql(irql);
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr);
        EXPECT_EQ(Work::runs(), 1);
        IoQueueWorkItemEx(item, Work::routine_ex, CriticalWorkQueue, &event);
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr);
        EXPECT_EQ(Work::runs(), 2);
        LARGE_INTEGER soon = relative_ms(10);
        KeDelayExecutionThread(KernelMode, FALSE, &soon);
        EXPECT_EQ(nt::ob::references_of(device), before);
    }));
}

// ---- timers ----

struct Ticks {
    static int& count() {
        static int ticks = 0;
        return ticks;
    }
    static void NTAPI tick(PDEVICE_OBJECT, PVOID) {
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        ++count();
    }
};

TEST(IoTimer, OnceASecondWhileStarted) {
    Kernel kernel;
    TestDriver* driver = nullptr;
    PDEVICE_OBJECT device = nullptr;
    Ticks::count() = 0;
    EXPECT_TRUE(kernel.run([&] {
        driver = new TestDriver;
        device = driver->device(u"\\Device\\Tested");
        EXPECT_EQ(IoInitializeTimer(device, Ticks::tick, nullptr), STATUS_SUCCESS);
    }));
    kernel.settle(3 * second_ns);
    EXPECT_EQ(Ticks::count(), 0);
    EXPECT_TRUE(kernel.run([&] { IoStartTimer(device); }));
    kernel.settle(3 * second_ns + 100 * millisecond_ns);
    EXPECT_EQ(Ticks::count(), 3);
    EXPECT_TRUE(kernel.run([&] { IoStopTimer(device); }));
    kernel.settle(3 * second_ns);
    EXPECT_EQ(Ticks::count(), 3);
    EXPECT_TRUE(kernel.run([&] {
        IoStartTimer(device);
        IoDeleteDevice(device);
    }));
    kernel.settle(3 * second_ns);
    EXPECT_EQ(Ticks::count(), 3);
    delete driver;
}

// ---- error log ----

TEST(IoErrorLog, KeepsWhatDriversWrite) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        TestDriver driver;
        PDEVICE_OBJECT const device = driver.device(u"\\Device\\Tested");
        EXPECT_EQ(IoAllocateErrorLogEntry(device, ERROR_LOG_MAXIMUM_SIZE + 1), nullptr);
        const UCHAR size = sizeof(IO_ERROR_LOG_PACKET) + 6;
        auto* const entry = static_cast<PIO_ERROR_LOG_PACKET>(IoAllocateErrorLogEntry(device, size));
        ASSERT_NE(entry, nullptr);
        entry->ErrorCode = STATUS_UNSUCCESSFUL;
        entry->UniqueErrorValue = 7;
        entry->DumpDataSize = 4;
        entry->DumpData[0] = 0x12345678;
        entry->NumberOfStrings = 1;
        entry->StringOffset = sizeof(IO_ERROR_LOG_PACKET);
        std::memcpy(reinterpret_cast<char*>(entry) + sizeof(IO_ERROR_LOG_PACKET), u"ab", 6);
        IoWriteErrorLogEntry(entry);
        ASSERT_EQ(nt::io::error_log_count(), 1u);
        const auto& record = nt::io::error_log_at(0);
        EXPECT_STREQ(record.source, "\\Driver\\tested");
        EXPECT_EQ(record.code, STATUS_UNSUCCESSFUL);
        EXPECT_EQ(record.unique_value, 7u);
        EXPECT_EQ(record.dump[0], 0x78);
        EXPECT_EQ(narrow(record.strings), "ab");
        for (unsigned i = 0; i < nt::io::error_log_limit; ++i)
            IoWriteErrorLogEntry(IoAllocateErrorLogEntry(device, size));
        EXPECT_EQ(nt::io::error_log_count(), nt::io::error_log_limit);
        EXPECT_EQ(nt::io::error_log_dropped(), 1u);
    }));
}

TEST(IoErrorLog, AnEntryKeepsItsDevice) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        TestDriver driver;
        PDEVICE_OBJECT const device = driver.device(u"\\Device\\Short");
        constexpr UCHAR size = sizeof(IO_ERROR_LOG_PACKET);
        void* const written = IoAllocateErrorLogEntry(device, size);
        void* const dropped = IoAllocateErrorLogEntry(device, size);
        ASSERT_NE(dropped, nullptr);
        EXPECT_EQ(IoAllocateErrorLogEntry(nullptr, size), nullptr);
        IoDeleteDevice(device);
        EXPECT_TRUE(nt::ex::owns(device));
        IoWriteErrorLogEntry(written);
        EXPECT_STREQ(nt::io::error_log_at(0).source, "\\Driver\\tested");
        IoFreeErrorLogEntry(dropped);
        EXPECT_FALSE(nt::ex::owns(device));
    }));
}

}  // namespace
}  // namespace portico::test::io_queue_test
