// Requests as drivers make and end them: what is in an IRP, what completion routines see, what cancelling
// returns.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "io_driver.h"
#include "kernel.h"

namespace portico::test::io_request_test {
namespace {

constexpr UCHAR all_flags = SL_INVOKE_ON_CANCEL | SL_INVOKE_ON_ERROR | SL_INVOKE_ON_SUCCESS;

NTSTATUS look(PVOID object) {
    LARGE_INTEGER zero{};
    return KeWaitForSingleObject(object, Executive, KernelMode, FALSE, &zero);
}

TEST(IoRequest, AllocatedAndInitialized) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        for (const bool charged : {false, true}) {
            PIRP const irp = IoAllocateIrp(2, charged ? TRUE : FALSE);
            ASSERT_NE(irp, nullptr);
            EXPECT_EQ(irp->Type, 6);
            EXPECT_EQ(irp->Size, sizeof(IRP) + 2 * sizeof(IO_STACK_LOCATION));
            EXPECT_EQ(irp->StackCount, 2);
            EXPECT_EQ(irp->CurrentLocation, 3);
            EXPECT_TRUE(IsListEmpty(&irp->ThreadListEntry));
            EXPECT_EQ(irp->Tail.Overlay.CurrentStackLocation,
                      reinterpret_cast<PIO_STACK_LOCATION>(irp + 1) + 2);
            const UCHAR flags = charged
                                    ? IRP_ALLOCATED_FIXED_SIZE | IRP_QUOTA_CHARGED | IRP_LOOKASIDE_ALLOCATION
                                    : IRP_ALLOCATED_FIXED_SIZE;
            EXPECT_EQ(irp->AllocationFlags, flags);
            IoReuseIrp(irp, STATUS_UNSUCCESSFUL);
            EXPECT_EQ(irp->AllocationFlags, flags);
            EXPECT_EQ(irp->IoStatus.Status, STATUS_UNSUCCESSFUL);
            IoFreeIrp(irp);
        }
        constexpr USHORT size = sizeof(IRP) + 5 * sizeof(IO_STACK_LOCATION);
        auto* const irp = static_cast<PIRP>(ExAllocatePoolWithTag(NonPagedPoolNx, size, 'tseT'));
        std::memset(irp, 0x55, size);
        IoInitializeIrp(irp, size, 5);
        EXPECT_EQ(irp->Type, 6);
        EXPECT_EQ(irp->Size, size);
        EXPECT_EQ(irp->CurrentLocation, 6);
        EXPECT_EQ(irp->AllocationFlags, 0);
        EXPECT_EQ(irp->Tail.Overlay.CurrentStackLocation, reinterpret_cast<PIO_STACK_LOCATION>(irp + 1) + 5);
        ExFreePoolWithTag(irp, 'tseT');
    }));
}

// A completion routine that keeps an IRP which was never sent finds it as IoAllocateIrp gave it.
TEST(IoRequest, CompletedWithoutHavingBeenSent) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        PIRP const irp = IoAllocateIrp(1, FALSE);
        int calls = 0;
        IoSetCompletionRoutine(
            irp,
            [](PDEVICE_OBJECT device, PIRP, PVOID context) NTAPI -> NTSTATUS {
                EXPECT_EQ(device, nullptr);
                ++*static_cast<int*>(context);
                return STATUS_MORE_PROCESSING_REQUIRED;
            },
            &calls, TRUE, TRUE, TRUE);
        irp->IoStatus.Status = STATUS_SUCCESS;
        IoSetNextIrpStackLocation(irp);
        EXPECT_EQ(irp->CurrentLocation, 1);
        IoCompleteRequest(irp, IO_NO_INCREMENT);
        EXPECT_EQ(calls, 1);
        EXPECT_EQ(irp->CurrentLocation, 2);
        IoFreeIrp(irp);
    }));
}

struct Pending {
    static PIRP& irp() {
        static PIRP last;
        return last;
    }
    static NTSTATUS keep(PDEVICE_OBJECT, PIRP given) {
        IoMarkIrpPending(given);
        irp() = given;
        return STATUS_PENDING;
    }
};

TEST(IoRequest, AsynchronousRequestFromBuildToEnd) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        TestDriver driver;
        PDEVICE_OBJECT const device = driver.device(u"\\Device\\Tested");
        driver.on(IRP_MJ_FLUSH_BUFFERS, Pending::keep);
        IO_STATUS_BLOCK iosb{};
        iosb.Status = 0x11;
        PIRP const irp =
            IoBuildAsynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, device, nullptr, 0, nullptr, &iosb);
        ASSERT_NE(irp, nullptr);
        EXPECT_EQ(irp->UserIosb, &iosb);
        EXPECT_EQ(irp->UserEvent, nullptr);
        EXPECT_FALSE(irp->Cancel);
        EXPECT_EQ(irp->CurrentLocation, 2);
        EXPECT_EQ(irp->Tail.Overlay.Thread, reinterpret_cast<PETHREAD>(KeGetCurrentThread()));
        EXPECT_EQ(irp->IoStatus.Status, STATUS_SUCCESS);
        PIO_STACK_LOCATION const next = IoGetNextIrpStackLocation(irp);
        EXPECT_EQ(next->MajorFunction, IRP_MJ_FLUSH_BUFFERS);
        EXPECT_EQ(next->DeviceObject, nullptr);
        EXPECT_EQ(next->FileObject, nullptr);
        EXPECT_EQ(next->CompletionRoutine, nullptr);
        EXPECT_EQ(IoCallDriver(device, irp), STATUS_PENDING);
        EXPECT_EQ(irp->CurrentLocation, 1);
        EXPECT_EQ(IoGetCurrentIrpStackLocation(irp)->DeviceObject, device);
        EXPECT_EQ(iosb.Status, 0x11);
        irp->IoStatus.Status = STATUS_SUCCESS;
        irp->IoStatus.Information = 123;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
        EXPECT_EQ(iosb.Status, STATUS_SUCCESS);
        EXPECT_EQ(iosb.Information, 123u);
    }));
}

TEST(IoRequest, SynchronousRequestSignalsItsEvent) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        TestDriver driver;
        PDEVICE_OBJECT const device = driver.device(u"\\Device\\Tested");
        driver.on(IRP_MJ_FLUSH_BUFFERS, Pending::keep);
        KEVENT event;
        KeInitializeEvent(&event, NotificationEvent, FALSE);
        IO_STATUS_BLOCK iosb{};
        PIRP const irp =
            IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, device, nullptr, 0, nullptr, &event, &iosb);
        EXPECT_EQ(irp->UserEvent, &event);
        EXPECT_EQ(IoCallDriver(device, irp), STATUS_PENDING);
        EXPECT_EQ(look(&event), STATUS_TIMEOUT);
        irp->IoStatus.Status = STATUS_SUCCESS;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
        EXPECT_EQ(look(&event), STATUS_SUCCESS);
    }));
}

// ---- cancelling ----

int cancels;
VOID NTAPI count_cancel(PDEVICE_OBJECT, PIRP irp) {
    IoReleaseCancelSpinLock(irp->CancelIrql);
    EXPECT_TRUE(irp->Cancel);
    EXPECT_EQ(irp->CancelRoutine, nullptr);
    irp->IoStatus.Status = STATUS_CANCELLED;
    irp->IoStatus.Information = 0;
    ++cancels;
}

TEST(IoRequestCancel, OfOneThatWasSentNowhere) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        cancels = 0;
        PIRP const irp = IoAllocateIrp(1, FALSE);
        EXPECT_FALSE(IoCancelIrp(irp));
        EXPECT_TRUE(irp->Cancel);
        EXPECT_FALSE(IoCancelIrp(irp));
        IoReuseIrp(irp, STATUS_SUCCESS);
        EXPECT_FALSE(irp->Cancel);
        EXPECT_EQ(IoSetCancelRoutine(irp, count_cancel), nullptr);
        EXPECT_TRUE(IoCancelIrp(irp));
        EXPECT_EQ(cancels, 1);
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        IoFreeIrp(irp);
    }));
}

TEST(IoRequestCancel, CompletionRoutinesOfACancelledOne) {
    struct Case {
        BOOLEAN on_success, on_error, on_cancel;
        int calls;
    };
    for (const Case& c :
         {Case{TRUE, FALSE, TRUE, 1}, Case{TRUE, TRUE, FALSE, 1}, Case{TRUE, FALSE, FALSE, 0}}) {
        Kernel kernel;
        ASSERT_TRUE(kernel.run([&] {
            TestDriver driver;
            PDEVICE_OBJECT const device = driver.device(u"\\Device\\Tested");
            driver.on(IRP_MJ_FLUSH_BUFFERS, Pending::keep);
            IO_STATUS_BLOCK iosb{};
            PIRP const irp =
                IoBuildAsynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, device, nullptr, 0, nullptr, &iosb);
            int calls = 0;
            IoSetCompletionRoutine(
                irp,
                [](PDEVICE_OBJECT, PIRP, PVOID context) NTAPI -> NTSTATUS {
                    ++*static_cast<int*>(context);
                    return STATUS_SUCCESS;
                },
                &calls, c.on_success, c.on_error, c.on_cancel);
            EXPECT_EQ(IoCallDriver(device, irp), STATUS_PENDING);
            EXPECT_EQ(IoSetCancelRoutine(irp, count_cancel), nullptr);
            cancels = 0;
            EXPECT_TRUE(IoCancelIrp(irp));
            EXPECT_FALSE(IoCancelIrp(irp));
            EXPECT_EQ(cancels, 1);
            IoCompleteRequest(irp, IO_NO_INCREMENT);
            EXPECT_EQ(calls, c.calls);
        }));
    }
}

// ---- completion routines of a stack of two ----

// What a completion routine finds: its own location's flags stand, those of the locations that are passed are
// clear.
struct Stack {
    TestDriver driver;
    PDEVICE_OBJECT lower = driver.device(u"\\Device\\Lower");
    PDEVICE_OBJECT upper = driver.device(u"\\Device\\Upper");
    bool pends = false;       // the lower driver
    bool propagates = false;  // the upper driver's completion routine
    PIRP irp = nullptr;
    int upper_calls = 0;
    int top_calls = 0;

    Stack() {
        IoAttachDeviceToDeviceStack(upper, lower);
        driver.on(IRP_MJ_FLUSH_BUFFERS, [this](PDEVICE_OBJECT device, PIRP given) {
            return device == upper ? pass_on(given) : serve(given);
        });
    }

    NTSTATUS pass_on(PIRP given) {
        EXPECT_EQ(given->CurrentLocation, 2);
        EXPECT_EQ(IoGetCurrentIrpStackLocation(given)->Control, all_flags);
        EXPECT_EQ(IoGetNextIrpStackLocation(given)->Control, 0);
        IoCopyCurrentIrpStackLocationToNext(given);
        IoSetCompletionRoutine(given, upper_completion, this, TRUE, TRUE, TRUE);
        return IoCallDriver(lower, given);
    }

    NTSTATUS serve(PIRP given) {
        EXPECT_EQ(given->CurrentLocation, 1);
        EXPECT_FALSE(given->PendingReturned);
        EXPECT_EQ(IoGetCurrentIrpStackLocation(given)->Control, all_flags);
        if (!pends) return TestDriver::complete(given, STATUS_SUCCESS);
        return Pending::keep(lower, given);
    }

    static NTSTATUS NTAPI upper_completion(PDEVICE_OBJECT device, PIRP given, PVOID context) {
        auto& self = *static_cast<Stack*>(context);
        EXPECT_EQ(device, self.upper);
        EXPECT_EQ(given->PendingReturned != FALSE, self.pends);
        EXPECT_EQ(given->CurrentLocation, 2);
        EXPECT_EQ(IoGetCurrentIrpStackLocation(given)->Control, all_flags);
        EXPECT_EQ(IoGetNextIrpStackLocation(given)->Control, 0);
        if (given->PendingReturned && self.propagates) IoMarkIrpPending(given);
        ++self.upper_calls;
        return STATUS_SUCCESS;
    }

    static NTSTATUS NTAPI top_completion(PDEVICE_OBJECT device, PIRP given, PVOID context) {
        auto& self = *static_cast<Stack*>(context);
        EXPECT_EQ(device, nullptr);
        EXPECT_EQ(given->PendingReturned != FALSE, self.pends && self.propagates);
        EXPECT_EQ(given->CurrentLocation, 3);
        EXPECT_EQ((given->Tail.Overlay.CurrentStackLocation - 1)->Control, 0);
        EXPECT_EQ((given->Tail.Overlay.CurrentStackLocation - 2)->Control, 0);
        ++self.top_calls;
        return STATUS_SUCCESS;
    }

    NTSTATUS send(PKEVENT event, PIO_STATUS_BLOCK iosb) {
        irp = IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, upper, nullptr, 0, nullptr, event, iosb);
        EXPECT_EQ(irp->CurrentLocation, 3);
        IoSetCompletionRoutine(irp, top_completion, this, TRUE, TRUE, TRUE);
        return IoCallDriver(upper, irp);
    }
};

TEST(IoRequestStack, CompletedAtOnce) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        Stack stack;
        KEVENT event;
        IO_STATUS_BLOCK iosb{};
        KeInitializeEvent(&event, NotificationEvent, FALSE);
        EXPECT_EQ(stack.send(&event, &iosb), STATUS_SUCCESS);
        EXPECT_EQ(stack.upper_calls, 1);
        EXPECT_EQ(stack.top_calls, 1);
        EXPECT_EQ(look(&event), STATUS_SUCCESS);
    }));
}

TEST(IoRequestStack, PendedBelowWithAndWithoutPropagation) {
    for (const bool propagates : {false, true}) {
        Kernel kernel;
        ASSERT_TRUE(kernel.run([&] {
            Stack stack;
            stack.pends = true;
            stack.propagates = propagates;
            KEVENT event;
            IO_STATUS_BLOCK iosb{};
            KeInitializeEvent(&event, NotificationEvent, FALSE);
            EXPECT_EQ(stack.send(&event, &iosb), STATUS_PENDING);
            EXPECT_EQ(stack.upper_calls + stack.top_calls, 0);
            EXPECT_EQ(stack.irp->CurrentLocation, 1);
            EXPECT_FALSE(stack.irp->PendingReturned);
            stack.irp->IoStatus.Status = STATUS_SUCCESS;
            IoCompleteRequest(stack.irp, IO_NO_INCREMENT);
            EXPECT_EQ(stack.upper_calls, 1);
            EXPECT_EQ(stack.top_calls, 1);
            EXPECT_EQ(look(&event), STATUS_SUCCESS);
        }));
    }
}

}  // namespace
}  // namespace portico::test::io_request_test
