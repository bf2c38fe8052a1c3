// IRPs: their way down and up, what completion does, and what is noticed of drivers that mistreat them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "io_driver.h"
#include "kernel.h"
#include "misuse.h"
#include "nt/mm/mm.h"
#include "support/requires.h"

namespace portico::test::io_irp_test {
namespace {

using nt::IrpFault;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr ULONG buffered = control_code(0x801, METHOD_BUFFERED);
constexpr ULONG in_direct = control_code(0x802, METHOD_IN_DIRECT);
constexpr ULONG out_direct = control_code(0x803, METHOD_OUT_DIRECT);
constexpr ULONG neither = control_code(0x804, METHOD_NEITHER);

NTSTATUS control(HANDLE file, ULONG code, void* in, ULONG in_length, void* out, ULONG out_length,
                 PIO_STATUS_BLOCK iosb) {
    return nt::io::device_io_control(file, {}, code, in, in_length, out, out_length, iosb, KernelMode);
}

TEST(IoIrp, BufferedControlCopiesBothWays) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        TestDriver driver;
        driver.device(u"\\Device\\Tested");
        driver.on(IRP_MJ_DEVICE_CONTROL, [](PDEVICE_OBJECT, PIRP irp) {
            auto* const data = static_cast<char*>(irp->AssociatedIrp.SystemBuffer);
            EXPECT_EQ(std::memcmp(data, "ab", 2), 0);
            std::memcpy(data, "xyz", 3);
            return TestDriver::complete(irp, STATUS_SUCCESS, 3);
        });
        const HANDLE file = open(u"\\Device\\Tested");
        char in[2] = {'a', 'b'};
        char out[4] = {'.', '.', '.', '.'};
        IO_STATUS_BLOCK iosb{};
        EXPECT_EQ(control(file, buffered, in, 2, out, 4, &iosb), STATUS_SUCCESS);
        EXPECT_EQ(std::string(out, 4), "xyz.");
        EXPECT_EQ(iosb.Information, 3u);
        nt::ob::close(file, KernelMode);
    }));
}

TEST(IoIrp, OverflowCopiesAndErrorDoesNot) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        TestDriver driver;
        driver.device(u"\\Device\\Tested");
        NTSTATUS answer = STATUS_BUFFER_OVERFLOW;
        driver.on(IRP_MJ_DEVICE_CONTROL, [&](PDEVICE_OBJECT, PIRP irp) {
            std::memcpy(irp->AssociatedIrp.SystemBuffer, "12", 2);
            return TestDriver::complete(irp, answer, 2);
        });
        const HANDLE file = open(u"\\Device\\Tested");
        char out[2] = {'.', '.'};
        IO_STATUS_BLOCK iosb{};
        EXPECT_EQ(control(file, buffered, nullptr, 0, out, 2, &iosb), STATUS_BUFFER_OVERFLOW);
        EXPECT_EQ(std::string(out, 2), "12");
        std::memcpy(out, "..", 2);
        answer = STATUS_UNSUCCESSFUL;
        iosb.Information = 77;
        EXPECT_EQ(control(file, buffered, nullptr, 0, out, 2, &iosb), STATUS_UNSUCCESSFUL);
        EXPECT_EQ(std::string(out, 2), "..");
        // A request that failed before it was pended leaves the status block alone.
        EXPECT_EQ(iosb.Information, 77u);
    }));
}

TEST(IoIrp, DirectAndNeitherGiveTheCallersMemory) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        TestDriver driver;
        driver.device(u"\\Device\\Tested");
        char in[2] = {'i', 'n'};
        char out[4] = {'o', 'u', 't', '.'};
        driver.on(IRP_MJ_DEVICE_CONTROL, [&](PDEVICE_OBJECT, PIRP irp) {
            const auto& p = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl;
            if (p.IoControlCode == neither) {
                EXPECT_EQ(irp->UserBuffer, static_cast<void*>(out));
                EXPECT_EQ(p.Type3InputBuffer, static_cast<void*>(in));
            } else {
                EXPECT_EQ(std::memcmp(irp->AssociatedIrp.SystemBuffer, "in", 2), 0);
                auto* const mapped =
                    static_cast<char*>(MmGetSystemAddressForMdlSafe(irp->MdlAddress, NormalPagePriority));
                EXPECT_EQ(MmGetMdlByteCount(irp->MdlAddress), 4u);
                if (p.IoControlCode == out_direct) std::memcpy(mapped, "new!", 4);
                if (p.IoControlCode == in_direct) EXPECT_EQ(std::memcmp(mapped, "out.", 4), 0);
            }
            return TestDriver::complete(irp, STATUS_SUCCESS, 4);
        });
        const HANDLE file = open(u"\\Device\\Tested");
        IO_STATUS_BLOCK iosb{};
        EXPECT_EQ(control(file, neither, in, 2, out, 4, &iosb), STATUS_SUCCESS);
        EXPECT_EQ(control(file, in_direct, in, 2, out, 4, &iosb), STATUS_SUCCESS);
        EXPECT_EQ(control(file, out_direct, in, 2, out, 4, &iosb), STATUS_SUCCESS);
        EXPECT_EQ(std::string(out, 4), "new!");
    }));
}

struct Dpc {
    KDPC dpc;
    PIRP irp = nullptr;
    static void NTAPI run(PKDPC, PVOID context, PVOID, PVOID) {
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        auto& own = *static_cast<Dpc*>(context);
        std::memcpy(own.irp->AssociatedIrp.SystemBuffer, "dpc", 3);
        TestDriver::complete(own.irp, STATUS_SUCCESS, 3);
    }
};

TEST(IoIrp, PendedRequestEndsInItsOwnThread) {
    for (const bool synchronous : {true, false}) {
        Kernel kernel(2);
        ASSERT_TRUE(kernel.run([&] {
            TestDriver driver;
            driver.device(u"\\Device\\Tested");
            Dpc dpc;
            KeInitializeDpc(&dpc.dpc, Dpc::run, &dpc);
            driver.on(IRP_MJ_DEVICE_CONTROL, [&](PDEVICE_OBJECT, PIRP irp) {
                IoMarkIrpPending(irp);
                dpc.irp = irp;
                KeInsertQueueDpc(&dpc.dpc, nullptr, nullptr);
                return STATUS_PENDING;
            });
            IrpFaults faults;
            const HANDLE file = open(u"\\Device\\Tested", FILE_READ_DATA, synchronous);
            HANDLE event = nullptr;
            ASSERT_EQ(ZwCreateEvent(&event, EVENT_ALL_ACCESS, nullptr, NotificationEvent, FALSE),
                      STATUS_SUCCESS);
            char out[3] = {};
            IO_STATUS_BLOCK iosb{};
            const NTSTATUS status = nt::io::device_io_control(file, {event, nullptr, nullptr}, buffered,
                                                              nullptr, 0, out, 3, &iosb, KernelMode);
            EXPECT_EQ(status, synchronous ? STATUS_SUCCESS : STATUS_PENDING);
            EXPECT_EQ(ZwWaitForSingleObject(event, FALSE, nullptr), STATUS_SUCCESS);
            EXPECT_EQ(std::string(out, 3), "dpc");
            EXPECT_EQ(iosb.Status, STATUS_SUCCESS);
            EXPECT_EQ(iosb.Information, 3u);
            EXPECT_THAT(faults.entries(), IsEmpty());
        }));
    }
}

struct Route {
    std::vector<std::string> steps;
    NTSTATUS answer = STATUS_CONTINUE_COMPLETION;
    bool mark = true;

    static NTSTATUS NTAPI completion(PDEVICE_OBJECT device, PIRP irp, PVOID context) {
        auto& own = *static_cast<Route*>(context);
        own.steps.push_back(device == nullptr ? "completion at the top" : "completion");
        if (irp->PendingReturned != FALSE && own.mark && device != nullptr) IoMarkIrpPending(irp);
        return own.answer;
    }
};

// A filter above a function device, both of the test's driver.
struct Stack {
    TestDriver driver;
    PDEVICE_OBJECT lower = nullptr;
    PDEVICE_OBJECT upper = nullptr;

    Stack() {
        lower = driver.device(u"\\Device\\Lower");
        upper = driver.device(nullptr);
        EXPECT_EQ(IoAttachDeviceToDeviceStack(upper, lower), lower);
    }
};

TEST(IoIrp, CompletionGoesUpThroughTheRoutines) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        Stack stack;
        Route route;
        IrpFaults faults;
        stack.driver.on(IRP_MJ_FLUSH_BUFFERS, [&](PDEVICE_OBJECT device, PIRP irp) {
            if (device == stack.lower) {
                route.steps.push_back("lower");
                return TestDriver::complete(irp, STATUS_SUCCESS, 5);
            }
            route.steps.push_back("upper");
            IoCopyCurrentIrpStackLocationToNext(irp);
            IoSetCompletionRoutine(irp, Route::completion, &route, TRUE, TRUE, TRUE);
            return IoCallDriver(stack.lower, irp);
        });
        PIRP const irp = IoAllocateIrp(stack.upper->StackSize, FALSE);
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
        route.answer = STATUS_CONTINUE_COMPLETION;
        Route top;
        top.answer = STATUS_MORE_PROCESSING_REQUIRED;
        IoSetCompletionRoutine(irp, Route::completion, &top, TRUE, TRUE, TRUE);
        EXPECT_EQ(IoCallDriver(stack.upper, irp), STATUS_SUCCESS);
        EXPECT_THAT(route.steps, ElementsAre("upper", "lower", "completion"));
        EXPECT_THAT(top.steps, ElementsAre("completion at the top"));
        EXPECT_EQ(irp->IoStatus.Information, 5u);
        IoFreeIrp(irp);
        EXPECT_THAT(faults.entries(), IsEmpty());
    }));
}

TEST(IoIrp, RoutinesAreCalledAsTheirFlagsSay) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        Stack stack;
        NTSTATUS answer = STATUS_SUCCESS;
        stack.driver.on(IRP_MJ_FLUSH_BUFFERS,
                        [&](PDEVICE_OBJECT, PIRP irp) { return TestDriver::complete(irp, answer); });
        const auto calls = [&](BOOLEAN success, BOOLEAN error, BOOLEAN cancel, bool cancelled) {
            PIRP const irp = IoAllocateIrp(1, FALSE);
            IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
            Route route;
            route.answer = STATUS_MORE_PROCESSING_REQUIRED;
            IoSetCompletionRoutine(irp, Route::completion, &route, success, error, cancel);
            irp->Cancel = cancelled;
            // Without a routine that stops it the IRP would go on to the I/O manager, which nobody asked for.
            if (route.steps.empty())
                irp->Tail.Overlay.Thread = reinterpret_cast<PETHREAD>(KeGetCurrentThread());
            IoCallDriver(stack.lower, irp);
            const bool called = !route.steps.empty();
            if (called) IoFreeIrp(irp);
            return called;
        };
        EXPECT_TRUE(calls(TRUE, FALSE, FALSE, false));
        EXPECT_FALSE(calls(FALSE, TRUE, TRUE, false));
        answer = STATUS_UNSUCCESSFUL;
        EXPECT_TRUE(calls(FALSE, TRUE, FALSE, false));
        EXPECT_FALSE(calls(TRUE, FALSE, TRUE, false));
        EXPECT_TRUE(calls(FALSE, FALSE, TRUE, true));
    }));
}

TEST(IoIrp, PendingTravelsUpWithoutRoutine) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        Stack stack;
        PIRP held = nullptr;
        IrpFaults faults;
        stack.driver.on(IRP_MJ_FLUSH_BUFFERS, [&](PDEVICE_OBJECT device, PIRP irp) -> NTSTATUS {
            if (device == stack.upper) {
                IoCopyCurrentIrpStackLocationToNext(irp);
                return IoCallDriver(stack.lower, irp);
            }
            IoMarkIrpPending(irp);
            held = irp;
            return STATUS_PENDING;
        });
        PIRP const irp = IoAllocateIrp(2, FALSE);
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
        Route top;
        top.answer = STATUS_MORE_PROCESSING_REQUIRED;
        IoSetCompletionRoutine(irp, Route::completion, &top, TRUE, TRUE, TRUE);
        EXPECT_EQ(IoCallDriver(stack.upper, irp), STATUS_PENDING);
        TestDriver::complete(held, STATUS_SUCCESS);
        EXPECT_THAT(top.steps, ElementsAre("completion at the top"));
        EXPECT_TRUE(irp->PendingReturned);
        IoFreeIrp(irp);
        EXPECT_THAT(faults.entries(), IsEmpty());
    }));
}

TEST(IoIrp, RecaptureAndCompleteAgain) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        Stack stack;
        IrpFaults faults;
        Route route;
        route.answer = STATUS_MORE_PROCESSING_REQUIRED;
        stack.driver.on(IRP_MJ_FLUSH_BUFFERS, [&](PDEVICE_OBJECT device, PIRP irp) -> NTSTATUS {
            if (device == stack.lower) return TestDriver::complete(irp, STATUS_UNSUCCESSFUL);
            IoCopyCurrentIrpStackLocationToNext(irp);
            IoSetCompletionRoutine(irp, Route::completion, &route, TRUE, TRUE, TRUE);
            EXPECT_EQ(IoCallDriver(stack.lower, irp), STATUS_UNSUCCESSFUL);
            return TestDriver::complete(irp, STATUS_SUCCESS, 9);
        });
        const HANDLE file = open(u"\\Device\\Lower");
        IO_STATUS_BLOCK iosb{};
        EXPECT_EQ(nt::io::flush_file(file, &iosb, KernelMode), STATUS_SUCCESS);
        EXPECT_EQ(iosb.Information, 9u);
        EXPECT_THAT(faults.entries(), IsEmpty());
    }));
}

// ---- what drivers do wrong ----

template <class Body>
std::vector<IrpFault> faults_of(Body&& dispatch) {
    Kernel kernel;
    std::vector<IrpFault> result;
    EXPECT_TRUE(kernel.run([&] {
        TestDriver driver;
        driver.device(u"\\Device\\Tested");
        driver.on(IRP_MJ_DEVICE_CONTROL, dispatch);
        IrpFaults faults;
        const HANDLE file = open(u"\\Device\\Tested", FILE_READ_DATA, false);
        IO_STATUS_BLOCK iosb{};
        control(file, buffered, nullptr, 0, nullptr, 0, &iosb);
        result = faults.entries();
    }));
    return result;
}

TEST(IoIrpFault, CompletedTwice) {
    EXPECT_THAT(faults_of([](PDEVICE_OBJECT, PIRP irp) {
                    TestDriver::complete(irp, STATUS_SUCCESS);
                    return TestDriver::complete(irp, STATUS_SUCCESS);
                }),
                ElementsAre(IrpFault::completed_twice));
}

TEST(IoIrpFault, CompletedTwiceWellAfterItsEnd) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        TestDriver driver;
        driver.device(u"\\Device\\Tested");
        PIRP first = nullptr;
        driver.on(IRP_MJ_DEVICE_CONTROL, [&](PDEVICE_OBJECT, PIRP irp) {
            if (first == nullptr) first = irp;
            return TestDriver::complete(irp, STATUS_SUCCESS);
        });
        IrpFaults faults;
        const HANDLE file = open(u"\\Device\\Tested");
        IO_STATUS_BLOCK iosb{};
        for (int i = 0; i < 8; ++i) control(file, buffered, nullptr, 0, nullptr, 0, &iosb);
        EXPECT_THAT(faults.entries(), IsEmpty());
        IoCompleteRequest(first, IO_NO_INCREMENT);
        EXPECT_THAT(faults.entries(), ElementsAre(IrpFault::completed_twice));
    }));
}

TEST(IoIrpFault, CompletedAsPending) {
    EXPECT_THAT(faults_of([](PDEVICE_OBJECT, PIRP irp) {
                    TestDriver::complete(irp, STATUS_PENDING);
                    return STATUS_UNSUCCESSFUL;
                }),
                ElementsAre(IrpFault::completed_pending));
}

void NTAPI cancel_nothing(PDEVICE_OBJECT, PIRP irp) {
    IoReleaseCancelSpinLock(irp->CancelIrql);
}

TEST(IoIrpFault, CancelRoutineLeft) {
    EXPECT_THAT(faults_of([](PDEVICE_OBJECT, PIRP irp) {
                    IoSetCancelRoutine(irp, cancel_nothing);
                    return TestDriver::complete(irp, STATUS_SUCCESS);
                }),
                ElementsAre(IrpFault::cancel_routine_left));
}

TEST(IoIrpFault, PendingReturnedButNotMarked) {
    EXPECT_THAT(faults_of([](PDEVICE_OBJECT, PIRP irp) {
                    TestDriver::complete(irp, STATUS_SUCCESS);
                    return STATUS_PENDING;
                }),
                ElementsAre(IrpFault::status_mismatch));
}

TEST(IoIrpFault, MarkedButNotPendingReturned) {
    EXPECT_THAT(faults_of([](PDEVICE_OBJECT, PIRP irp) {
                    IoMarkIrpPending(irp);
                    return TestDriver::complete(irp, STATUS_SUCCESS);
                }),
                ElementsAre(IrpFault::status_mismatch));
}

TEST(IoIrpFault, PropagationForgottenInACompletionRoutine) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        Stack stack;
        PIRP held = nullptr;
        Route route;
        route.mark = false;
        stack.driver.on(IRP_MJ_FLUSH_BUFFERS, [&](PDEVICE_OBJECT device, PIRP irp) -> NTSTATUS {
            if (device == stack.upper) {
                IoCopyCurrentIrpStackLocationToNext(irp);
                IoSetCompletionRoutine(irp, Route::completion, &route, TRUE, TRUE, TRUE);
                return IoCallDriver(stack.lower, irp);
            }
            IoMarkIrpPending(irp);
            held = irp;
            return STATUS_PENDING;
        });
        IrpFaults faults;
        PIRP const irp = IoAllocateIrp(2, FALSE);
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
        Route top;
        top.answer = STATUS_MORE_PROCESSING_REQUIRED;
        IoSetCompletionRoutine(irp, Route::completion, &top, TRUE, TRUE, TRUE);
        EXPECT_EQ(IoCallDriver(stack.upper, irp), STATUS_PENDING);
        EXPECT_THAT(faults.entries(), IsEmpty());
        TestDriver::complete(held, STATUS_SUCCESS);
        EXPECT_THAT(faults.entries(), ElementsAre(IrpFault::status_mismatch));
        IoFreeIrp(irp);
    }));
}

TEST(IoIrpFault, Forgotten) {
    EXPECT_THAT(faults_of([](PDEVICE_OBJECT, PIRP) { return STATUS_SUCCESS; }),
                ElementsAre(IrpFault::forgotten));
}

TEST(IoIrpFault, FreedByWhoItWasSentTo) {
    EXPECT_THAT(faults_of([](PDEVICE_OBJECT, PIRP irp) {
                    IoFreeIrp(irp);
                    return STATUS_SUCCESS;
                }),
                ElementsAre(IrpFault::freed_unowned));
    EXPECT_THAT(faults_of([](PDEVICE_OBJECT, PIRP irp) {
                    IoMarkIrpPending(irp);
                    IoFreeIrp(irp);
                    return STATUS_PENDING;
                }),
                ElementsAre(IrpFault::freed_unowned));
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        Stack stack;
        IrpFaults faults;
        stack.driver.on(IRP_MJ_PNP, [&](PDEVICE_OBJECT, PIRP irp) {
            IoMarkIrpPending(irp);
            IoFreeIrp(irp);
            return STATUS_PENDING;
        });
        PIRP const irp = nt::io::allocate_irp(2);
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_PNP;
        EXPECT_EQ(nt::io::call_and_wait(stack.upper, irp, nullptr), STATUS_UNSUCCESSFUL);
        EXPECT_THAT(faults.entries(), ElementsAre(IrpFault::freed_unowned));
    }));
}

TEST(IoIrpFault, InformationGreaterThanTheCallersBuffer) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        TestDriver driver;
        driver.device(u"\\Device\\Tested");
        driver.on(IRP_MJ_DEVICE_CONTROL, [](PDEVICE_OBJECT, PIRP irp) {
            std::memset(irp->AssociatedIrp.SystemBuffer, 'x', 4);
            return TestDriver::complete(irp, STATUS_SUCCESS, 64);
        });
        MisuseLog misuse;
        const HANDLE file = open(u"\\Device\\Tested");
        char out[8] = "....";
        IO_STATUS_BLOCK iosb{};
        control(file, buffered, nullptr, 0, out, 4, &iosb);
        EXPECT_STREQ(out, "xxxx");
        EXPECT_THAT(misuse.codes(), ElementsAre(0xC9u));
    }));
}

TEST(IoIrpFault, NoStackLocationLeftIsABugCheck) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run_to_bug_check([] {
        TestDriver driver;
        PDEVICE_OBJECT const device = driver.device(u"\\Device\\Tested");
        PIRP const irp = IoAllocateIrp(1, FALSE);
        IoSetNextIrpStackLocation(irp);
        IoCallDriver(device, irp);
    }));
    ASSERT_NE(nt::bug_check(), nullptr);
    EXPECT_EQ(nt::bug_check()->code, static_cast<ULONG>(NO_MORE_IRP_STACK_LOCATIONS));
    EXPECT_STREQ(nt::bug_check()->subject.kind, "IRP");
}

// ---- allocation ----

TEST(IoIrp, AllocationAndReuse) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        for (const CCHAR size : {1, 4, 5, 10, 40}) {
            PIRP const irp = IoAllocateIrp(size, FALSE);
            ASSERT_NE(irp, nullptr);
            EXPECT_EQ(irp->Type, IO_TYPE_IRP);
            EXPECT_EQ(irp->Size, IoSizeOfIrp(size));
            EXPECT_EQ(irp->StackCount, size);
            EXPECT_EQ(irp->CurrentLocation, size + 1);
            irp->Flags = 77;
            IoSetNextIrpStackLocation(irp);
            IoReuseIrp(irp, STATUS_PENDING);
            EXPECT_EQ(irp->IoStatus.Status, STATUS_PENDING);
            EXPECT_EQ(irp->Flags, 0u);
            EXPECT_EQ(irp->CurrentLocation, size + 1);
            IoFreeIrp(irp);
        }
        EXPECT_EQ(IoAllocateIrp(0, FALSE), nullptr);
    }));
}

TEST(IoIrp, DriversOwnMemoryWorksToo) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        Stack stack;
        stack.driver.on(IRP_MJ_FLUSH_BUFFERS, [](PDEVICE_OBJECT, PIRP irp) {
            return TestDriver::complete(irp, STATUS_SUCCESS, 3);
        });
        auto* const irp = static_cast<PIRP>(ExAllocatePoolWithTag(NonPagedPool, IoSizeOfIrp(1), 'tset'));
        IoInitializeIrp(irp, IoSizeOfIrp(1), 1);
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
        Route top;
        top.answer = STATUS_MORE_PROCESSING_REQUIRED;
        IoSetCompletionRoutine(irp, Route::completion, &top, TRUE, TRUE, TRUE);
        EXPECT_EQ(IoCallDriver(stack.lower, irp), STATUS_SUCCESS);
        EXPECT_EQ(irp->IoStatus.Information, 3u);
        ExFreePoolWithTag(irp, 'tset');
    }));
}

TEST(IoIrp, AssociatedRequestsEndTheirMaster) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        TestDriver driver;
        PDEVICE_OBJECT const device = driver.device(u"\\Device\\Tested");
        std::vector<PIRP> parts;
        driver.on(IRP_MJ_FLUSH_BUFFERS, [&](PDEVICE_OBJECT, PIRP irp) -> NTSTATUS {
            if ((irp->Flags & IRP_ASSOCIATED_IRP) != 0) {
                IoMarkIrpPending(irp);
                parts.push_back(irp);
                return STATUS_PENDING;
            }
            IoMarkIrpPending(irp);
            irp->AssociatedIrp.IrpCount = 2;
            irp->IoStatus.Status = STATUS_SUCCESS;
            irp->IoStatus.Information = 11;
            for (int i = 0; i < 2; ++i) {
                PIRP const part = IoMakeAssociatedIrp(irp, 1);
                IoGetNextIrpStackLocation(part)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
                IoCallDriver(device, part);
            }
            return STATUS_PENDING;
        });
        KEVENT event;
        KeInitializeEvent(&event, NotificationEvent, FALSE);
        IO_STATUS_BLOCK iosb{};
        PIRP const irp =
            IoBuildSynchronousFsdRequest(IRP_MJ_FLUSH_BUFFERS, device, nullptr, 0, nullptr, &event, &iosb);
        EXPECT_EQ(IoCallDriver(device, irp), STATUS_PENDING);
        ASSERT_EQ(parts.size(), 2u);
        TestDriver::complete(parts[0], STATUS_SUCCESS);
        EXPECT_EQ(KeReadStateEvent(&event), 0);
        TestDriver::complete(parts[1], STATUS_SUCCESS);
        EXPECT_EQ(KeReadStateEvent(&event), 1);
        EXPECT_EQ(iosb.Information, 11u);
    }));
}

TEST(IoIrp, BuiltRequestsCarryTheirBuffers) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        TestDriver driver;
        PDEVICE_OBJECT const device = driver.device(u"\\Device\\Tested", DO_BUFFERED_IO);
        driver.on(IRP_MJ_INTERNAL_DEVICE_CONTROL, [](PDEVICE_OBJECT, PIRP irp) {
            EXPECT_EQ(irp->RequestorMode, KernelMode);
            std::memcpy(irp->AssociatedIrp.SystemBuffer, "re", 2);
            return TestDriver::complete(irp, STATUS_SUCCESS, 2);
        });
        driver.on(IRP_MJ_READ, [](PDEVICE_OBJECT, PIRP irp) {
            EXPECT_EQ(IoGetCurrentIrpStackLocation(irp)->Parameters.Read.ByteOffset.QuadPart, 40);
            std::memcpy(irp->AssociatedIrp.SystemBuffer, "read", 4);
            return TestDriver::complete(irp, STATUS_SUCCESS, 4);
        });
        KEVENT event;
        KeInitializeEvent(&event, NotificationEvent, FALSE);
        IO_STATUS_BLOCK iosb{};
        char out[4] = {};
        PIRP irp = IoBuildDeviceIoControlRequest(buffered, device, nullptr, 0, out, 4, TRUE, &event, &iosb);
        EXPECT_EQ(IoCallDriver(device, irp), STATUS_SUCCESS);
        EXPECT_EQ(std::string(out, 2), "re");
        EXPECT_EQ(iosb.Information, 2u);
        LARGE_INTEGER offset;
        offset.QuadPart = 40;
        irp = IoBuildSynchronousFsdRequest(IRP_MJ_READ, device, out, 4, &offset, &event, &iosb);
        EXPECT_EQ(IoCallDriver(device, irp), STATUS_SUCCESS);
        EXPECT_EQ(std::string(out, 4), "read");
        unsigned left = 0;
        nt::io::for_each_irp([](nt::io::IrpRecord&, void* count) { ++*static_cast<unsigned*>(count); },
                             &left);
        EXPECT_EQ(left, 0u);
    }));
}

TEST(IoIrp, CompletionRoutineExKeepsTheDevice) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        Stack stack;
        stack.driver.on(IRP_MJ_FLUSH_BUFFERS,
                        [](PDEVICE_OBJECT, PIRP irp) { return TestDriver::complete(irp, STATUS_SUCCESS); });
        PIRP const irp = IoAllocateIrp(1, FALSE);
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
        Route top;
        top.answer = STATUS_MORE_PROCESSING_REQUIRED;
        const LONG_PTR before = nt::ob::references_of(stack.upper);
        EXPECT_EQ(IoSetCompletionRoutineEx(stack.upper, irp, Route::completion, &top, TRUE, TRUE, TRUE),
                  STATUS_SUCCESS);
        EXPECT_EQ(nt::ob::references_of(stack.upper), before + 1);
        IoCallDriver(stack.lower, irp);
        EXPECT_EQ(nt::ob::references_of(stack.upper), before);
        EXPECT_EQ(top.steps.size(), 1u);
        IoFreeIrp(irp);
    }));
}

// ---- cancelling ----

struct Held {
    static PIRP& irp() {
        static PIRP held = nullptr;
        return held;
    }
    static void NTAPI cancel(PDEVICE_OBJECT, PIRP cancelled) {
        EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
        EXPECT_EQ(cancelled->Cancel, TRUE);
        EXPECT_EQ(cancelled->CancelRoutine, nullptr);
        IoReleaseCancelSpinLock(cancelled->CancelIrql);
        TestDriver::complete(cancelled, STATUS_CANCELLED);
    }
    static NTSTATUS hold(PDEVICE_OBJECT, PIRP held) {
        IoMarkIrpPending(held);
        irp() = held;
        IoSetCancelRoutine(held, cancel);
        return STATUS_PENDING;
    }
};

TEST(IoCancel, RoutineIsCalledOnceAtDispatchLevel) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        TestDriver driver;
        driver.device(u"\\Device\\Tested");
        driver.on(IRP_MJ_DEVICE_CONTROL, Held::hold);
        IrpFaults faults;
        const HANDLE file = open(u"\\Device\\Tested", FILE_READ_DATA, false);
        IO_STATUS_BLOCK iosb{};
        EXPECT_EQ(control(file, buffered, nullptr, 0, nullptr, 0, &iosb), STATUS_PENDING);
        EXPECT_TRUE(IoCancelIrp(Held::irp()));
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        EXPECT_EQ(iosb.Status, STATUS_CANCELLED);
        EXPECT_THAT(faults.entries(), IsEmpty());
    }));
}

TEST(IoCancel, ByFileByStatusBlockAndByClosing) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        TestDriver driver;
        driver.device(u"\\Device\\Tested");
        driver.on(IRP_MJ_DEVICE_CONTROL, Held::hold);
        const HANDLE file = open(u"\\Device\\Tested", FILE_READ_DATA, false);
        IO_STATUS_BLOCK first{};
        IO_STATUS_BLOCK second{};
        first.Status = second.Status = STATUS_PENDING;
        control(file, buffered, nullptr, 0, nullptr, 0, &first);
        control(file, buffered, nullptr, 0, nullptr, 0, &second);
        EXPECT_EQ(nt::io::cancel_file_io(file, true, &second, KernelMode), STATUS_SUCCESS);
        EXPECT_EQ(first.Status, STATUS_PENDING);
        EXPECT_EQ(second.Status, STATUS_CANCELLED);
        EXPECT_EQ(nt::io::cancel_file_io(file, true, &second, KernelMode), STATUS_NOT_FOUND);
        IO_STATUS_BLOCK iosb{};
        EXPECT_EQ(ZwCancelIoFile(file, &iosb), STATUS_SUCCESS);
        EXPECT_EQ(first.Status, STATUS_CANCELLED);
    }));
}

TEST(IoCancel, RequestsOfADyingThread) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        TestDriver driver;
        driver.device(u"\\Device\\Tested");
        driver.on(IRP_MJ_DEVICE_CONTROL, Held::hold);
        const HANDLE file = open(u"\\Device\\Tested", FILE_READ_DATA, false);
        IO_STATUS_BLOCK iosb{};
        control(file, buffered, nullptr, 0, nullptr, 0, &iosb);
        nt::io::cancel_thread_irps(KeGetCurrentThread());
        EXPECT_EQ(iosb.Status, STATUS_CANCELLED);
    }));
}

TEST(IoCancel, CompletedIrpIsABugCheck) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run_to_bug_check([] {
        PIRP const irp = IoAllocateIrp(1, FALSE);
        IoFreeIrp(irp);
        IoCancelIrp(irp);
    }));
    ASSERT_NE(nt::bug_check(), nullptr);
    EXPECT_EQ(nt::bug_check()->code, static_cast<ULONG>(CANCEL_STATE_IN_COMPLETED_IRP));
}

TEST(IoIrp, AChainOfMdlsThatDoesNotEndIsTold) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        MisuseLog misuse;
        char buffer[8];
        PIRP const irp = IoAllocateIrp(2, FALSE);
        PMDL const mdl = IoAllocateMdl(buffer, sizeof buffer, FALSE, FALSE, nullptr);
        MmBuildMdlForNonPagedPool(mdl);
        mdl->Next = mdl;
        irp->MdlAddress = mdl;
        IoCompleteRequest(irp, IO_NO_INCREMENT);
        ASSERT_GE(misuse.size(), 1u);
        EXPECT_THAT(MisuseLog::entries()[0].text, ::testing::HasSubstr("chain of MDLs does not end"));
    }));
}

TEST(IoIrp, ForwardAndWait) {
    Kernel kernel;
    ASSERT_TRUE(kernel.run([] {
        Stack stack;
        IrpFaults faults;
        stack.driver.on(IRP_MJ_PNP, [&](PDEVICE_OBJECT device, PIRP irp) -> NTSTATUS {
            if (device == stack.lower) return TestDriver::complete(irp, STATUS_SUCCESS, 4);
            EXPECT_TRUE(IoForwardIrpSynchronously(stack.lower, irp));
            EXPECT_EQ(irp->IoStatus.Information, 4u);
            return TestDriver::complete(irp, irp->IoStatus.Status, 6);
        });
        PIRP const irp = nt::io::allocate_irp(2);
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_PNP;
        ULONG_PTR information = 0;
        EXPECT_EQ(nt::io::call_and_wait(stack.upper, irp, &information), STATUS_SUCCESS);
        EXPECT_EQ(information, 6u);
        EXPECT_THAT(faults.entries(), IsEmpty());
    }));
}

}  // namespace
}  // namespace portico::test::io_irp_test
