#include "adapter_test.h"

#include <gmock/gmock.h>

#include "nt/io/device.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using nt::io::PnpAction;
using test::Contracts;
using test::FakeMiniport;
using test::FakePort;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using AdapterTest = test::AdapterTest;

TEST_F(AdapterTest, FillsTheDriverObject) {
    PDRIVER_DISPATCH before[IRP_MJ_MAXIMUM_FUNCTION + 1] = {};
    after_entry = [&](PDRIVER_OBJECT object) {
        REQUIRES("FN-001"), REQUIRES("FN-002");
        for (const int major : {IRP_MJ_CLOSE, IRP_MJ_CREATE, IRP_MJ_DEVICE_CONTROL, IRP_MJ_FLUSH_BUFFERS,
                                IRP_MJ_PNP, IRP_MJ_POWER, IRP_MJ_QUERY_SECURITY, IRP_MJ_READ,
                                IRP_MJ_SET_SECURITY, IRP_MJ_SYSTEM_CONTROL, IRP_MJ_WRITE}) {
            EXPECT_EQ(object->MajorFunction[major], dispatch)
                << nt::io::major_function_name(static_cast<unsigned>(major));
        }
        EXPECT_NE(object->DriverExtension->AddDevice, nullptr);
        REQUIRES("FN-004");
        EXPECT_NE(object->DriverUnload, nullptr);
        REQUIRES("FN-007");
        for (int i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; ++i) {
            before[i] = object->MajorFunction[i];
            EXPECT_NE(before[i], nullptr) << i;
        }
    };
    EXPECT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    EXPECT_EQ(perform(PnpAction::disable), STATUS_SUCCESS);
    run([&] {
        UNICODE_STRING path{};
        REQUIRES("FN-005");
        EXPECT_EQ(PcInitializeAdapterDriver(driver, &path, nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-005"));
    });
}

TEST_F(AdapterTest, AttachesAnFdo) {
    on_start = [&](PDEVICE_OBJECT device, PIRP, PRESOURCELIST) {
        REQUIRES("FN-018");
        EXPECT_EQ(device, fdo);
        return STATUS_SUCCESS;
    };
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    REQUIRES("FN-010"), REQUIRES("FN-011"), REQUIRES("LC-003");
    ASSERT_NE(fdo, nullptr);
    EXPECT_EQ(node->pdo->AttachedDevice, fdo);
    REQUIRES("FLD-002");
    EXPECT_TRUE(fdo->Flags & DO_POWER_PAGABLE);
    EXPECT_FALSE(fdo->Flags & DO_DEVICE_INITIALIZING);
    run([&] {
        PDEVICE_OBJECT pdo = nullptr;
        REQUIRES("FN-027");
        test::at_irql(9, [&] { EXPECT_EQ(PcGetPhysicalDeviceObject(fdo, &pdo), STATUS_SUCCESS); });
        EXPECT_EQ(pdo, node->pdo);
        EXPECT_EQ(PcGetPhysicalDeviceObject(node->pdo, &pdo), STATUS_INVALID_PARAMETER);
    });
}

TEST_F(AdapterTest, GivesTheDriverItsPartOfTheExtension) {
    extension_size = PORT_CLASS_DEVICE_EXTENSION_SIZE + 64;
    on_start = [&](PDEVICE_OBJECT device, PIRP, PRESOURCELIST) {
        auto* const slots = static_cast<ULONG_PTR*>(device->DeviceExtension);
        REQUIRES("FN-014");
        for (int i = 64; i < 72; ++i) EXPECT_EQ(slots[i], 0u) << i;
        REQUIRES("FN-015");
        for (int i = 4; i < 8; ++i) slots[i] = 0xD00Du + static_cast<unsigned>(i);
        for (int i = 64; i < 72; ++i) slots[i] = 0xFACEu;
        return STATUS_SUCCESS;
    };
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    ASSERT_EQ(set_power(PowerDeviceD3), STATUS_SUCCESS);
    ASSERT_EQ(set_power(PowerDeviceD0), STATUS_SUCCESS);
    const auto* const slots = static_cast<const ULONG_PTR*>(fdo->DeviceExtension);
    for (unsigned i = 4; i < 8; ++i) EXPECT_EQ(slots[i], 0xD00Du + i);
    EXPECT_EQ(slots[64], 0xFACEu);
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(AdapterTest, TellsOfWritesToItsOwnPartOfTheExtension) {
    on_start = [&](PDEVICE_OBJECT device, PIRP, PRESOURCELIST) {
        auto* const slots = static_cast<ULONG_PTR*>(device->DeviceExtension);
        slots[0] = 0;
        slots[40] = 1;
        return STATUS_SUCCESS;
    };
    REQUIRES("FN-016");
    EXPECT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    EXPECT_THAT(Contracts::take(), ElementsAre("FN-016"));
    EXPECT_EQ(perform(PnpAction::disable), STATUS_SUCCESS) << "the device is found all the same";
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(AdapterTest, RefusesAnExtensionThatIsTooSmall) {
    extension_size = PORT_CLASS_DEVICE_EXTENSION_SIZE - 8;
    REQUIRES("FN-013");
    EXPECT_FALSE(NT_SUCCESS(perform(PnpAction::start)));
    EXPECT_THAT(Contracts::take(), ElementsAre("FN-013"));
    EXPECT_EQ(node->pdo->AttachedDevice, nullptr);
}

TEST_F(AdapterTest, WorksForADriverThatFillsItsObjectItself) {
    static bool chained;
    chained = false;
    after_entry = [&](PDRIVER_OBJECT object) {
        for (auto& entry : object->MajorFunction) {
            entry = [](PDEVICE_OBJECT device, PIRP irp) NTAPI -> NTSTATUS {
                chained = true;
                return PcDispatchIrp(device, irp);
            };
        }
    };
    REQUIRES("FLD-002"), REQUIRES("FN-020"), REQUIRES("FN-006");
    EXPECT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    EXPECT_TRUE(chained);
    EXPECT_EQ(adapter().state, AdapterState::started);
    EXPECT_EQ(perform(PnpAction::disable), STATUS_SUCCESS);
}

TEST_F(AdapterTest, CompletesWhatItDoesNotKnow) {
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    run([&] {
        for (const UCHAR major : {IRP_MJ_LOCK_CONTROL, IRP_MJ_DEVICE_CONTROL, IRP_MJ_SHUTDOWN, IRP_MJ_READ}) {
            PIRP const irp = nt::io::allocate_irp(fdo->StackSize);
            IoGetNextIrpStackLocation(irp)->MajorFunction = major;
            driver->MajorFunction[major] = PcDispatchIrp;
            REQUIRES("FN-022");
            EXPECT_EQ(nt::io::call_and_wait(fdo, irp, nullptr), STATUS_INVALID_DEVICE_REQUEST);
        }
    });
}

TEST_F(AdapterTest, ForwardsAnIrpAndWaits) {
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    static NTSTATUS forwarded;
    driver->MajorFunction[IRP_MJ_PNP] = [](PDEVICE_OBJECT device, PIRP irp) NTAPI -> NTSTATUS {
        if (IoGetCurrentIrpStackLocation(irp)->MinorFunction != IRP_MN_QUERY_CAPABILITIES)
            return PcDispatchIrp(device, irp);
        forwarded = PcForwardIrpSynchronous(device, irp);
        irp->IoStatus.Status = forwarded;
        nt::io::complete(irp);
        return forwarded;
    };
    run([&] {
        DEVICE_CAPABILITIES capabilities{};
        capabilities.Size = sizeof capabilities;
        capabilities.Version = 1;
        capabilities.Address = capabilities.UINumber = ~0u;
        PIRP const irp = nt::io::allocate_irp(fdo->StackSize);
        const PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
        irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
        stack->MajorFunction = IRP_MJ_PNP;
        stack->MinorFunction = IRP_MN_QUERY_CAPABILITIES;
        stack->Parameters.DeviceCapabilities.Capabilities = &capabilities;
        REQUIRES("FN-025");
        EXPECT_EQ(nt::io::call_and_wait(fdo, irp, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(forwarded, STATUS_SUCCESS);
    });
}

// What the IRP rule would be told.
struct IrpFaults {
    inline static std::vector<nt::IrpFault> list;
    IrpFaults() {
        list.clear();
        nt::probes.irp = [](nt::IrpFault fault, PIRP) { list.push_back(fault); };
    }
    ~IrpFaults() { nt::probes.irp = nullptr; }
};

TEST_F(AdapterTest, AnOverriddenHandlerEndsItsIrpOnce) {
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    IrpFaults faults;
    const auto send = [&](PDRIVER_DISPATCH handler) {
        driver->MajorFunction[IRP_MJ_SHUTDOWN] = handler;
        PIRP const irp = nt::io::allocate_irp(fdo->StackSize);
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_SHUTDOWN;
        return nt::io::call_and_wait(fdo, irp, nullptr);
    };
    run([&] {
        REQUIRES("FN-021");
        EXPECT_EQ(send(PcDispatchIrp), STATUS_INVALID_DEVICE_REQUEST);
        EXPECT_EQ(send([](PDEVICE_OBJECT, PIRP irp)
                           NTAPI -> NTSTATUS { return nt::io::complete(irp, STATUS_SUCCESS, 0); }),
                  STATUS_SUCCESS);
        EXPECT_THAT(faults.list, IsEmpty());
        send([](PDEVICE_OBJECT device, PIRP irp) NTAPI -> NTSTATUS {
            const NTSTATUS status = PcDispatchIrp(device, irp);
            IoCompleteRequest(irp, IO_NO_INCREMENT);
            return status;
        });
        EXPECT_THAT(faults.list, ::testing::Contains(nt::IrpFault::completed_twice));
    });
}

TEST_F(AdapterTest, PcCompleteIrpIsForPendingIrps) {
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    static PIRP kept;
    driver->MajorFunction[IRP_MJ_READ] = [](PDEVICE_OBJECT, PIRP irp) NTAPI -> NTSTATUS {
        IoMarkIrpPending(irp);
        kept = irp;
        return STATUS_PENDING;
    };
    run([&] {
        start([&] {
            test::let_pass(20 * millisecond_ns);
            REQUIRES("FN-023"), REQUIRES("FN-024");
            test::at_irql(DISPATCH_LEVEL, [&] { PcCompleteIrp(fdo, kept, STATUS_NO_MEMORY); });
        });
        PIRP const irp = nt::io::allocate_irp(fdo->StackSize);
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
        EXPECT_EQ(nt::io::call_and_wait(fdo, irp, nullptr), STATUS_NO_MEMORY);
        EXPECT_THAT(Contracts::take(), IsEmpty());
    });
    driver->MajorFunction[IRP_MJ_READ] = [](PDEVICE_OBJECT device, PIRP irp) NTAPI -> NTSTATUS {
        return PcCompleteIrp(device, irp, STATUS_UNSUCCESSFUL);
    };
    run([&] {
        PIRP const irp = nt::io::allocate_irp(fdo->StackSize);
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_READ;
        EXPECT_EQ(nt::io::call_and_wait(fdo, irp, nullptr), STATUS_UNSUCCESSFUL);
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-024"));
    });
}

}  // namespace
}  // namespace portico::portcls
