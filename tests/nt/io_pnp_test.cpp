// Plug and Play: the lives of devices, IRP by IRP.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "io_pnp.h"
#include "kernel.h"
#include "misuse.h"
#include "nt/cm/cm.h"
#include "support/requires.h"

namespace portico::test::io_pnp_test {
namespace {

using nt::io::DeviceNode;
using nt::io::NodeState;
using nt::io::perform;
using nt::io::PnpAction;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct PnpTest : ::testing::Test {
    Kernel kernel;
    PnpDriver driver;
    DeviceNode& node = *nt::io::add_node(described());

    HANDLE open_device(const char16_t* path) {
        HANDLE handle = nullptr;
        EXPECT_TRUE(kernel.run([&] { handle = open(path); }));
        return handle;
    }
    std::u16string pdo_path() {
        WCHAR name[64] = {};
        ULONG bytes = 0;
        nt::ob::query_name(node.pdo, name, sizeof name, &bytes);
        return {name, bytes / sizeof(WCHAR)};
    }
};

TEST_F(PnpTest, AddAndStartInDocumentedOrder) {
    REQUIRES("LC-003");
    REQUIRES("LC-010");
    EXPECT_EQ(perform(PnpAction::add_device, node), STATUS_SUCCESS);
    EXPECT_THAT(driver.seen(), ElementsAre("AddDevice"));
    EXPECT_EQ(driver.pdo, node.pdo);
    EXPECT_EQ(perform(PnpAction::start, node), STATUS_SUCCESS);
    EXPECT_THAT(driver.seen(), ElementsAre("FILTER_RESOURCE_REQUIREMENTS", "START", "QUERY_CAPABILITIES",
                                           "QUERY_PNP_DEVICE_STATE", "QUERY_DEVICE_RELATIONS"));
    EXPECT_EQ(node.state, NodeState::started);
    EXPECT_EQ(node.capabilities.DeviceState[PowerSystemWorking], PowerDeviceD0);
    EXPECT_EQ(node.capabilities.DeviceState[PowerSystemSleeping3], PowerDeviceD3);
}

TEST_F(PnpTest, DriverEntryGetsItsServiceKey) {
    static std::string path;
    nt::io::DriverSource source;
    source.service = u"entry";
    source.entry = [](PDRIVER_OBJECT object, PUNICODE_STRING registry_path) NTAPI -> NTSTATUS {
        path = narrow(*registry_path);
        EXPECT_EQ(narrow(object->DriverName), "\\Driver\\entry");
        EXPECT_EQ(narrow(object->DriverExtension->ServiceKeyName), "entry");
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        return STATUS_SUCCESS;
    };
    nt::io::PnpRequest request;
    request.action = PnpAction::load_driver;
    request.source = &source;
    REQUIRES("LC-001");
    EXPECT_EQ(nt::io::perform(request), STATUS_SUCCESS);
    EXPECT_EQ(path, "\\REGISTRY\\MACHINE\\SYSTEM\\ControlSet001\\Services\\entry");
    EXPECT_TRUE(nt::cm::key_exists(
        nt::ob::string(u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\entry")));
}

TEST_F(PnpTest, FailedDriverEntryUnloads) {
    nt::io::DriverSource source;
    source.service = u"failing";
    source.entry = [](PDRIVER_OBJECT, PUNICODE_STRING)
                       NTAPI -> NTSTATUS { return STATUS_DEVICE_CONFIGURATION_ERROR; };
    nt::io::PnpRequest request;
    request.action = PnpAction::load_driver;
    request.source = &source;
    REQUIRES("LC-002");
    EXPECT_EQ(nt::io::perform(request), STATUS_DEVICE_CONFIGURATION_ERROR);
    EXPECT_EQ(request.driver, nullptr);
    EXPECT_EQ(nt::io::find_driver(u"failing"), nullptr);
}

TEST_F(PnpTest, ResourcesRawAndTranslated) {
    bool checked = false;
    driver.started = [&](PIRP irp) {
        const auto& p = IoGetCurrentIrpStackLocation(irp)->Parameters.StartDevice;
        const auto& raw = p.AllocatedResources->List[0];
        const auto& translated = p.AllocatedResourcesTranslated->List[0];
        REQUIRES("FLD-004");
        EXPECT_EQ(p.AllocatedResources->Count, 1u);
        EXPECT_EQ(raw.InterfaceType, Isa);
        EXPECT_EQ(raw.PartialResourceList.Count, 2u);
        EXPECT_EQ(translated.PartialResourceList.Count, 2u);
        CM_PARTIAL_RESOURCE_DESCRIPTOR port, interrupt, seen;
        std::memcpy(&port, &raw.PartialResourceList.PartialDescriptors[0], sizeof port);
        std::memcpy(&interrupt, &raw.PartialResourceList.PartialDescriptors[1], sizeof interrupt);
        std::memcpy(&seen, &translated.PartialResourceList.PartialDescriptors[1], sizeof seen);
        EXPECT_EQ(port.Type, CmResourceTypePort);
        EXPECT_EQ(LONGLONG{port.u.Port.Start.QuadPart}, 0x330);
        EXPECT_EQ(static_cast<ULONG>(port.u.Port.Length), 2u);
        EXPECT_EQ(interrupt.Type, CmResourceTypeInterrupt);
        EXPECT_EQ(static_cast<ULONG>(interrupt.u.Interrupt.Level), 9u);
        EXPECT_EQ(static_cast<ULONG>(interrupt.u.Interrupt.Vector), 9u);
        EXPECT_EQ(interrupt.Flags, CM_RESOURCE_INTERRUPT_LATCHED);
        EXPECT_EQ(static_cast<ULONG>(seen.u.Interrupt.Level), nt::ke::line_irql(9));
        EXPECT_EQ(static_cast<ULONG>(seen.u.Interrupt.Vector), nt::ke::vector_of(9));
        PKINTERRUPT connected = nullptr;
        KSERVICE_ROUTINE* const service = [](PKINTERRUPT, PVOID) NTAPI -> BOOLEAN { return FALSE; };
        EXPECT_EQ(IoConnectInterrupt(&connected, service, nullptr, nullptr, seen.u.Interrupt.Vector,
                                     static_cast<KIRQL>(seen.u.Interrupt.Level),
                                     static_cast<KIRQL>(seen.u.Interrupt.Level), Latched, FALSE,
                                     seen.u.Interrupt.Affinity, FALSE),
                  STATUS_SUCCESS);
        IoDisconnectInterrupt(connected);
        IO_CONNECT_INTERRUPT_PARAMETERS parameters{};
        parameters.Version = CONNECT_LINE_BASED;
        parameters.LineBased.PhysicalDeviceObject = driver.pdo;
        parameters.LineBased.InterruptObject = &connected;
        parameters.LineBased.ServiceRoutine = service;
        EXPECT_EQ(IoConnectInterruptEx(&parameters), STATUS_SUCCESS);
        IO_DISCONNECT_INTERRUPT_PARAMETERS end{CONNECT_LINE_BASED, {connected}};
        IoDisconnectInterruptEx(&end);
        EXPECT_EQ(
            IoConnectInterrupt(&connected, service, nullptr, nullptr, 9999, 5, 5, Latched, FALSE, 1, FALSE),
            STATUS_INVALID_PARAMETER);
        checked = true;
        return STATUS_SUCCESS;
    };
    EXPECT_EQ(perform(PnpAction::start, node), STATUS_SUCCESS);
    EXPECT_TRUE(checked);
}

TEST_F(PnpTest, NoResourcesAreNullLists) {
    nt::io::DeviceDescription description = described();
    description.instance_id = u"0001";
    description.resource_count = 0;
    DeviceNode& bare = *nt::io::add_node(description);
    bool null_lists = false;
    driver.started = [&](PIRP irp) {
        const auto& p = IoGetCurrentIrpStackLocation(irp)->Parameters.StartDevice;
        null_lists = p.AllocatedResources == nullptr && p.AllocatedResourcesTranslated == nullptr;
        return STATUS_SUCCESS;
    };
    EXPECT_EQ(perform(PnpAction::start, bare), STATUS_SUCCESS);
    REQUIRES("FLD-004");
    EXPECT_TRUE(null_lists);
}

TEST_F(PnpTest, NothingOpensBeforeTheStart) {
    EXPECT_EQ(perform(PnpAction::add_device, node), STATUS_SUCCESS);
    const std::u16string path = pdo_path();
    REQUIRES("LC-004");
    EXPECT_EQ(open_device(path.c_str()), nullptr);
    EXPECT_EQ(perform(PnpAction::start, node), STATUS_SUCCESS);
    const HANDLE file = open_device(path.c_str());
    EXPECT_NE(file, nullptr);
}

// What the bus does not know stays as the sender set it.
void query_capabilities(PDEVICE_OBJECT pdo, DEVICE_CAPABILITIES& capabilities, int fill) {
    std::memset(&capabilities, fill, sizeof capabilities);
    capabilities.Size = sizeof capabilities;
    capabilities.Version = 1;
    KEVENT done;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    IO_STATUS_BLOCK result{};
    PIRP const irp = IoBuildSynchronousFsdRequest(IRP_MJ_PNP, pdo, nullptr, 0, nullptr, &done, &result);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    IoGetNextIrpStackLocation(irp)->MinorFunction = IRP_MN_QUERY_CAPABILITIES;
    IoGetNextIrpStackLocation(irp)->Parameters.DeviceCapabilities.Capabilities = &capabilities;
    EXPECT_EQ(IoCallDriver(pdo, irp), STATUS_SUCCESS);
}

TEST_F(PnpTest, CapabilitiesOfADeviceThatNoBusFound) {
    nt::io::DeviceDescription description = described();
    description.bus_type = PNPBus;
    DeviceNode& root = *nt::io::add_node(description);
    ASSERT_EQ(perform(PnpAction::add_device, root), STATUS_SUCCESS);
    EXPECT_TRUE(kernel.run([&] {
        DEVICE_CAPABILITIES c;
        query_capabilities(root.pdo, c, 0);
        EXPECT_FALSE(c.DeviceD1 || c.DeviceD2 || c.Removable || c.SurpriseRemovalOK || c.UniqueID);
        EXPECT_EQ(c.Address, 0u);
        EXPECT_EQ(c.UINumber, 0u);
        query_capabilities(root.pdo, c, 0xFF);
        EXPECT_TRUE(c.DeviceD1 && c.DeviceD2 && c.Removable && c.SurpriseRemovalOK && c.UniqueID);
        EXPECT_EQ(c.Address, 0xFFFFFFFFu);
        EXPECT_EQ(reinterpret_cast<const ULONG&>(c.SystemWake), 0xFFFFFFFFu);
        EXPECT_EQ(reinterpret_cast<const ULONG&>(c.DeviceWake), 0xFFFFFFFFu);
        EXPECT_EQ(c.DeviceState[PowerSystemUnspecified], PowerDeviceUnspecified);
        EXPECT_EQ(c.DeviceState[PowerSystemWorking], PowerDeviceD0);
        for (int s = PowerSystemSleeping1; s < PowerSystemMaximum; ++s)
            EXPECT_EQ(c.DeviceState[s], PowerDeviceD3);
    }));
}

TEST_F(PnpTest, CapabilitiesThatTheBusKnows) {
    nt::io::DeviceDescription description = described();
    description.d2 = description.removable = true;
    description.address = 0x30001;
    description.ui_number = 3;
    DeviceNode& card = *nt::io::add_node(description);
    ASSERT_EQ(perform(PnpAction::add_device, card), STATUS_SUCCESS);
    EXPECT_TRUE(kernel.run([&] {
        DEVICE_CAPABILITIES c;
        query_capabilities(card.pdo, c, 0);
        EXPECT_TRUE(c.DeviceD2 && c.Removable && c.SurpriseRemovalOK && c.UniqueID);
        EXPECT_FALSE(c.DeviceD1);
        EXPECT_EQ(c.Address, 0x30001u);
        EXPECT_EQ(c.UINumber, 3u);
    }));
}

TEST_F(PnpTest, FailedStartIsFollowedByRemove) {
    driver.started = [](PIRP) { return STATUS_INSUFFICIENT_RESOURCES; };
    REQUIRES("LC-012");
    EXPECT_EQ(perform(PnpAction::start, node), STATUS_INSUFFICIENT_RESOURCES);
    EXPECT_THAT(driver.seen(), ElementsAre("AddDevice", "FILTER_RESOURCE_REQUIREMENTS", "START", "REMOVE"));
    EXPECT_EQ(node.state, NodeState::enumerated);
    EXPECT_EQ(node.problem, static_cast<ULONG>(nt::io::problem_failed_start));
    EXPECT_EQ(driver.fdo, nullptr);
    driver.started = nullptr;
    EXPECT_EQ(perform(PnpAction::start, node), STATUS_SUCCESS);
}

TEST_F(PnpTest, FailedAddDevice) {
    driver.add_status = STATUS_NO_MEMORY;
    EXPECT_EQ(perform(PnpAction::start, node), STATUS_NO_MEMORY);
    EXPECT_EQ(node.problem, static_cast<ULONG>(nt::io::problem_failed_add));
    EXPECT_THAT(driver.seen(), ElementsAre("AddDevice"));
}

TEST_F(PnpTest, UnknownService) {
    nt::io::DeviceDescription description = described(u"nobody");
    description.instance_id = u"0001";
    DeviceNode& orphan = *nt::io::add_node(description);
    EXPECT_EQ(perform(PnpAction::start, orphan), STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_EQ(orphan.problem, static_cast<ULONG>(nt::io::problem_driver_failed_load));
}

TEST_F(PnpTest, StopAndRestartWithOtherResources) {
    ASSERT_EQ(perform(PnpAction::start, node), STATUS_SUCCESS);
    driver.seen();
    EXPECT_EQ(perform(PnpAction::stop, node), STATUS_INVALID_DEVICE_STATE);
    EXPECT_EQ(perform(PnpAction::query_stop, node), STATUS_SUCCESS);
    EXPECT_EQ(perform(PnpAction::cancel_stop, node), STATUS_SUCCESS);
    EXPECT_EQ(node.state, NodeState::started);
    EXPECT_EQ(perform(PnpAction::query_stop, node), STATUS_SUCCESS);
    EXPECT_EQ(perform(PnpAction::stop, node), STATUS_SUCCESS);
    EXPECT_THAT(driver.seen(), ElementsAre("QUERY_STOP", "CANCEL_STOP", "QUERY_STOP", "STOP"));
    const nt::io::Resource other{nt::io::Resource::Kind::port, 0x300, 2, false, false};
    nt::io::set_resources(node, &other, 1);
    LONGLONG base = 0;
    driver.started = [&](PIRP irp) {
        const auto& list = *IoGetCurrentIrpStackLocation(irp)->Parameters.StartDevice.AllocatedResources;
        CM_PARTIAL_RESOURCE_DESCRIPTOR port;
        std::memcpy(&port, list.List[0].PartialResourceList.PartialDescriptors, sizeof port);
        base = port.u.Port.Start.QuadPart;
        return STATUS_SUCCESS;
    };
    REQUIRES("LC-052");
    EXPECT_EQ(perform(PnpAction::start, node), STATUS_SUCCESS);
    EXPECT_EQ(base, 0x300);
    EXPECT_THAT(driver.seen(), ElementsAre("START", "QUERY_CAPABILITIES", "QUERY_PNP_DEVICE_STATE",
                                           "QUERY_DEVICE_RELATIONS"));
}

TEST_F(PnpTest, FailedRestartIsASurpriseRemoval) {
    ASSERT_EQ(perform(PnpAction::start, node), STATUS_SUCCESS);
    ASSERT_EQ(perform(PnpAction::query_stop, node), STATUS_SUCCESS);
    ASSERT_EQ(perform(PnpAction::stop, node), STATUS_SUCCESS);
    driver.seen();
    driver.started = [](PIRP) { return STATUS_UNSUCCESSFUL; };
    EXPECT_EQ(perform(PnpAction::start, node), STATUS_UNSUCCESSFUL);
    EXPECT_THAT(driver.seen(), ElementsAre("START", "SURPRISE_REMOVAL", "REMOVE"));
}

TEST_F(PnpTest, RefusedQueryStopIsCancelled) {
    ASSERT_EQ(perform(PnpAction::start, node), STATUS_SUCCESS);
    driver.before = [](PIRP, UCHAR minor, bool* fail) {
        *fail = minor == IRP_MN_QUERY_STOP_DEVICE;
        return STATUS_DEVICE_BUSY;
    };
    driver.seen();
    REQUIRES("LC-051");
    EXPECT_EQ(perform(PnpAction::query_stop, node), STATUS_DEVICE_BUSY);
    EXPECT_THAT(driver.seen(), ElementsAre("QUERY_STOP", "CANCEL_STOP"));
    EXPECT_EQ(node.state, NodeState::started);
}

TEST_F(PnpTest, QueryRemoveCancelRemove) {
    ASSERT_EQ(perform(PnpAction::start, node), STATUS_SUCCESS);
    driver.seen();
    EXPECT_EQ(perform(PnpAction::remove, node), STATUS_INVALID_DEVICE_STATE);
    EXPECT_EQ(perform(PnpAction::query_remove, node), STATUS_SUCCESS);
    EXPECT_EQ(open_device(pdo_path().c_str()), nullptr);
    EXPECT_EQ(perform(PnpAction::cancel_remove, node), STATUS_SUCCESS);
    const HANDLE file = open_device(pdo_path().c_str());
    ASSERT_NE(file, nullptr);
    REQUIRES("LC-053");
    EXPECT_EQ(perform(PnpAction::query_remove, node), STATUS_DEVICE_BUSY);
    EXPECT_TRUE(kernel.run([&] { ZwClose(file); }));
    EXPECT_EQ(perform(PnpAction::query_remove, node), STATUS_SUCCESS);
    EXPECT_EQ(perform(PnpAction::remove, node), STATUS_SUCCESS);
    EXPECT_THAT(driver.seen(), ElementsAre("QUERY_REMOVE", "CANCEL_REMOVE", "QUERY_REMOVE", "CANCEL_REMOVE",
                                           "QUERY_REMOVE", "REMOVE"));
    EXPECT_EQ(node.state, NodeState::enumerated);
    EXPECT_NE(node.pdo, nullptr);
    EXPECT_EQ(driver.object->DeviceObject, nullptr);
}

TEST_F(PnpTest, DisableKeepsTheImage) {
    ASSERT_EQ(perform(PnpAction::start, node), STATUS_SUCCESS);
    EXPECT_EQ(perform(PnpAction::disable, node), STATUS_SUCCESS);
    EXPECT_EQ(node.problem, static_cast<ULONG>(nt::io::problem_disabled));
    EXPECT_EQ(perform(PnpAction::enable, node), STATUS_SUCCESS);
    REQUIRES("FLD-007");
    EXPECT_EQ(driver.loads, 1);
    EXPECT_EQ(driver.unloads, 0);
    EXPECT_EQ(perform(PnpAction::disable, node), STATUS_SUCCESS);
    nt::io::PnpRequest request;
    request.action = PnpAction::unload_driver;
    request.driver = driver.object;
    REQUIRES("LC-059");
    EXPECT_EQ(nt::io::perform(request), STATUS_SUCCESS);
    EXPECT_EQ(driver.unloads, 1);
    EXPECT_EQ(nt::io::find_driver(u"function"), nullptr);
}

TEST_F(PnpTest, ControlDeviceLeftAtUnloadIsAFindingAndTornDown) {
    ASSERT_EQ(perform(PnpAction::start, node), STATUS_SUCCESS);
    EXPECT_TRUE(kernel.run([&] {
        PDEVICE_OBJECT control = nullptr;
        UNICODE_STRING name = nt::ob::string(u"\\Device\\Control");
        IoCreateDevice(driver.object, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &control);
    }));
    ASSERT_EQ(perform(PnpAction::disable, node), STATUS_SUCCESS);
    static std::vector<nt::LeftKind> left;
    left.clear();
    nt::probes.left_behind = [](const nt::LeftBehind& one) { left.push_back(one.kind); };
    nt::io::PnpRequest request;
    request.action = PnpAction::unload_driver;
    request.driver = driver.object;
    request.forced = true;
    REQUIRES("FLD-007");
    EXPECT_EQ(nt::io::perform(request), STATUS_SUCCESS);
    EXPECT_THAT(left, ElementsAre(nt::LeftKind::device));
    EXPECT_EQ(driver.unloads, 1);
    EXPECT_EQ(open_device(u"\\Device\\Control"), nullptr);
}

TEST_F(PnpTest, SurpriseRemovalWaitsForTheLastHandle) {
    ASSERT_EQ(perform(PnpAction::start, node), STATUS_SUCCESS);
    const HANDLE file = open_device(pdo_path().c_str());
    ASSERT_NE(file, nullptr);
    driver.seen();
    REQUIRES("LC-054");
    EXPECT_EQ(perform(PnpAction::surprise_remove, node), STATUS_SUCCESS);
    EXPECT_THAT(driver.seen(), ElementsAre("SURPRISE_REMOVAL"));
    EXPECT_EQ(node.state, NodeState::surprise_removed);
    EXPECT_EQ(open_device(pdo_path().c_str()), nullptr);
    EXPECT_TRUE(kernel.run([&] { ZwClose(file); }));
    kernel.settle(millisecond_ns);
    REQUIRES("LC-056");
    EXPECT_THAT(driver.seen(), ElementsAre("REMOVE"));
    EXPECT_EQ(node.state, NodeState::described);
    EXPECT_EQ(node.pdo, nullptr);
    EXPECT_EQ(perform(PnpAction::replug, node), STATUS_SUCCESS);
    EXPECT_EQ(node.state, NodeState::started);
}

TEST_F(PnpTest, SurpriseRemovalWithoutHandlesRemovesAtOnce) {
    ASSERT_EQ(perform(PnpAction::start, node), STATUS_SUCCESS);
    driver.seen();
    EXPECT_EQ(perform(PnpAction::surprise_remove, node), STATUS_SUCCESS);
    EXPECT_THAT(driver.seen(), ElementsAre("SURPRISE_REMOVAL", "REMOVE"));
}

TEST_F(PnpTest, StackLeftAttachedAtRemovalIsReported) {
    ASSERT_EQ(perform(PnpAction::start, node), STATUS_SUCCESS);
    driver.detach_on_remove = false;
    MisuseLog misuse;
    EXPECT_EQ(perform(PnpAction::disable, node), STATUS_SUCCESS);
    EXPECT_EQ(misuse.codes(), std::vector<std::uint32_t>{0xC9});
    EXPECT_EQ(node.pdo->AttachedDevice, nullptr);
}

TEST_F(PnpTest, IrpLeftAtRemovalIsReported) {
    ASSERT_EQ(perform(PnpAction::start, node), STATUS_SUCCESS);
    IrpFaults faults;
    EXPECT_TRUE(kernel.run([&] {
        driver.object->MajorFunction[IRP_MJ_DEVICE_CONTROL] = [](PDEVICE_OBJECT, PIRP irp) NTAPI -> NTSTATUS {
            IoMarkIrpPending(irp);
            return STATUS_PENDING;
        };
        PIRP const irp = IoAllocateIrp(driver.fdo->StackSize, FALSE);
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_DEVICE_CONTROL;
        IoCallDriver(driver.fdo, irp);
    }));
    EXPECT_THAT(faults.entries(), IsEmpty());
    EXPECT_EQ(perform(PnpAction::surprise_remove, node), STATUS_SUCCESS);
    EXPECT_THAT(faults.entries(), ElementsAre(nt::IrpFault::left_at_removal));
}

TEST_F(PnpTest, FailedStateGivesTheDeviceUp) {
    ASSERT_EQ(perform(PnpAction::start, node), STATUS_SUCCESS);
    driver.before = [](PIRP irp, UCHAR minor, bool* fail) {
        if (minor == IRP_MN_QUERY_PNP_DEVICE_STATE) irp->IoStatus.Information = PNP_DEVICE_FAILED;
        *fail = minor == IRP_MN_QUERY_PNP_DEVICE_STATE;
        return STATUS_SUCCESS;
    };
    driver.seen();
    EXPECT_TRUE(kernel.run([&] { IoInvalidateDeviceState(driver.pdo); }));
    kernel.settle(millisecond_ns);
    EXPECT_THAT(driver.seen(), ElementsAre("QUERY_PNP_DEVICE_STATE", "SURPRISE_REMOVAL", "REMOVE"));
    EXPECT_EQ(node.problem, static_cast<ULONG>(nt::io::problem_failed_after_start));
}

// ---- what the PDO answers ----

NTSTATUS ask(PDEVICE_OBJECT device, IO_STACK_LOCATION location, ULONG_PTR* information) {
    PIRP const irp = nt::io::allocate_irp(device->StackSize);
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_PNP;
    IoGetNextIrpStackLocation(irp)->MinorFunction = location.MinorFunction;
    IoGetNextIrpStackLocation(irp)->Parameters = location.Parameters;
    return nt::io::call_and_wait(device, irp, information);
}

struct PciTest : ::testing::Test {
    Kernel kernel;
    PnpDriver driver;
    DeviceNode* node = nullptr;

    PciTest() {
        nt::io::DeviceDescription description = described();
        description.device_id = u"PCI\\VEN_1274&DEV_5880&SUBSYS_20001274&REV_02";
        description.instance_id = u"3&b1bfb68&0&58";
        description.hardware_ids = {u"PCI\\VEN_1274&DEV_5880&SUBSYS_20001274&REV_02",
                                    u"PCI\\VEN_1274&DEV_5880"};
        description.compatible_ids = {u"PCI\\CC_0401"};
        description.bus_type = PCIBus;
        description.bus_number = 1;
        description.address = 11 << 16;
        description.ui_number = 4;
        node = nt::io::add_node(description);
        EXPECT_EQ(perform(PnpAction::start, *node), STATUS_SUCCESS);
    }
};

TEST_F(PciTest, ConfigurationSpaceByIrpAndByInterface) {
    ASSERT_TRUE(kernel.run([&] {
        UCHAR header[64] = {};
        IO_STACK_LOCATION location{};
        location.MinorFunction = IRP_MN_READ_CONFIG;
        location.Parameters.ReadWriteConfig.Buffer = header;
        location.Parameters.ReadWriteConfig.Length = sizeof header;
        ULONG_PTR information = 0;
        REQUIRES("FLD-003");
        EXPECT_EQ(ask(driver.fdo, location, &information), STATUS_SUCCESS);
        EXPECT_EQ(information, 64u);
        EXPECT_EQ(header[0] | header[1] << 8, 0x1274);
        EXPECT_EQ(header[2] | header[3] << 8, 0x5880);
        EXPECT_EQ(header[16] | header[17] << 8, 0x331);
        EXPECT_EQ(header[60], 9);
        BUS_INTERFACE_STANDARD bus{};
        static constexpr GUID guid{
            0x496b8280, 0x6f25, 0x11d0, {0xbe, 0xaf, 0x08, 0x00, 0x2b, 0xe2, 0x09, 0x2f}};
        location = {};
        location.MinorFunction = IRP_MN_QUERY_INTERFACE;
        location.Parameters.QueryInterface.InterfaceType = &guid;
        location.Parameters.QueryInterface.Size = sizeof bus;
        location.Parameters.QueryInterface.Version = 1;
        location.Parameters.QueryInterface.Interface = reinterpret_cast<PINTERFACE>(&bus);
        EXPECT_EQ(ask(driver.fdo, location, nullptr), STATUS_SUCCESS);
        UCHAR latency = 0x40;
        EXPECT_EQ(bus.SetBusData(bus.Context, 0, &latency, 13, 1), 1u);
        latency = 0;
        EXPECT_EQ(bus.GetBusData(bus.Context, 0, &latency, 13, 1), 1u);
        EXPECT_EQ(latency, 0x40);
        UCHAR vendor = 0;
        bus.SetBusData(bus.Context, 0, &vendor, 0, 1);
        EXPECT_EQ(node->config[0], 0x74);
        bus.InterfaceDereference(bus.Context);
        PCI_SLOT_NUMBER slot{};
        slot.u.bits.DeviceNumber = 11;
        EXPECT_EQ(HalGetBusDataByOffset(PCIConfiguration, 1, slot.u.AsULONG, header, 0, 4), 4u);
        EXPECT_EQ(header[0], 0x74);
        slot.u.bits.DeviceNumber = 12;
        EXPECT_EQ(HalGetBusData(PCIConfiguration, 1, slot.u.AsULONG, header, 64), 2u);
        EXPECT_EQ(header[0], 0xFF);
        EXPECT_EQ(HalGetBusData(PCIConfiguration, 7, slot.u.AsULONG, header, 64), 0u);
        location.Parameters.QueryInterface.Version = 9;
        EXPECT_EQ(ask(driver.fdo, location, nullptr), STATUS_INVALID_PARAMETER);
        location.MinorFunction = 0x7F;
        EXPECT_EQ(ask(driver.fdo, location, nullptr), STATUS_NOT_SUPPORTED);
    }));
}

std::string text_property(PDEVICE_OBJECT pdo, DEVICE_REGISTRY_PROPERTY property) {
    WCHAR buffer[512] = {};
    ULONG length = 0;
    if (!NT_SUCCESS(IoGetDeviceProperty(pdo, property, sizeof buffer, buffer, &length))) return "none";
    return narrow(buffer);
}

ULONG number_property(PDEVICE_OBJECT pdo, DEVICE_REGISTRY_PROPERTY property) {
    ULONG value = 0;
    ULONG length = 0;
    EXPECT_EQ(IoGetDeviceProperty(pdo, property, sizeof value, &value, &length), STATUS_SUCCESS);
    EXPECT_EQ(length, sizeof value);
    return value;
}

TEST_F(PciTest, PropertiesAgreeWithTheBus) {
    ASSERT_TRUE(kernel.run([&] {
        PDEVICE_OBJECT const pdo = driver.pdo;
        REQUIRES("FLD-005");
        EXPECT_EQ(text_property(pdo, DevicePropertyHardwareID),
                  "PCI\\VEN_1274&DEV_5880&SUBSYS_20001274&REV_02");
        EXPECT_EQ(text_property(pdo, DevicePropertyCompatibleIDs), "PCI\\CC_0401");
        EXPECT_EQ(text_property(pdo, DevicePropertyLocationInformation), "PCI bus 1, device 11, function 0");
        EXPECT_EQ(text_property(pdo, DevicePropertyEnumeratorName), "PCI");
        EXPECT_EQ(text_property(pdo, DevicePropertyClassName), "MEDIA");
        EXPECT_EQ(text_property(pdo, DevicePropertyClassGuid), "{4d36e96c-e325-11ce-bfc1-08002be10318}");
        EXPECT_EQ(text_property(pdo, DevicePropertyDriverKeyName),
                  "{4d36e96c-e325-11ce-bfc1-08002be10318}\\0000");
        EXPECT_EQ(text_property(pdo, DevicePropertyDeviceDescription), "MIDI device");
        EXPECT_EQ(text_property(pdo, DevicePropertyFriendlyName), "none");
        EXPECT_EQ(text_property(pdo, DevicePropertyPhysicalDeviceObjectName).substr(0, 8), "\\Device\\");
        EXPECT_EQ(number_property(pdo, DevicePropertyAddress), 11u << 16);
        EXPECT_EQ(number_property(pdo, DevicePropertyBusNumber), 1u);
        EXPECT_EQ(number_property(pdo, DevicePropertyUINumber), 4u);
        EXPECT_EQ(number_property(pdo, DevicePropertyLegacyBusType), static_cast<ULONG>(PCIBus));
        EXPECT_EQ(number_property(pdo, DevicePropertyInstallState),
                  static_cast<ULONG>(InstallStateInstalled));
        ULONG length = 0;
        char small[4];
        EXPECT_EQ(IoGetDeviceProperty(pdo, DevicePropertyBusTypeGuid, 4, small, &length),
                  STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(length, sizeof(GUID));
        EXPECT_EQ(IoGetDeviceProperty(pdo, DevicePropertyBootConfiguration, 0, nullptr, &length),
                  STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(length, 20u + 2 * 20u);
        EXPECT_EQ(IoGetDeviceProperty(driver.fdo, DevicePropertyAddress, 4, small, &length),
                  STATUS_INVALID_DEVICE_REQUEST);
        EXPECT_EQ(IoGetDeviceProperty(pdo, static_cast<DEVICE_REGISTRY_PROPERTY>(77), 4, small, &length),
                  STATUS_INVALID_PARAMETER_2);
    }));
}

TEST_F(PciTest, RegistryKeysOfTheDevice) {
    ASSERT_TRUE(kernel.run([&] {
        for (const ULONG kind : {PLUGPLAY_REGKEY_DEVICE, PLUGPLAY_REGKEY_DRIVER,
                                 PLUGPLAY_REGKEY_DRIVER | PLUGPLAY_REGKEY_CURRENT_HWPROFILE}) {
            HANDLE key = nullptr;
            ASSERT_EQ(IoOpenDeviceRegistryKey(driver.pdo, kind, KEY_ALL_ACCESS, &key), STATUS_SUCCESS);
            UNICODE_STRING name = nt::ob::string(u"Value");
            ULONG value = 7;
            EXPECT_EQ(ZwSetValueKey(key, &name, 0, REG_DWORD, &value, sizeof value), STATUS_SUCCESS);
            ZwClose(key);
        }
        HANDLE key = nullptr;
        EXPECT_EQ(IoOpenDeviceRegistryKey(driver.fdo, PLUGPLAY_REGKEY_DEVICE, KEY_READ, &key),
                  STATUS_INVALID_DEVICE_REQUEST);
        EXPECT_EQ(IoOpenDeviceRegistryKey(driver.pdo, 8, KEY_READ, &key), STATUS_INVALID_PARAMETER);
        EXPECT_TRUE(
            nt::cm::key_exists(nt::ob::string(u"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\PCI\\VE"
                                              u"N_1274&DEV_5880&SUBSYS_20001274&REV_02\\"
                                              u"3&b1bfb68&0&58\\Device Parameters")));
    }));
}

TEST_F(PciTest, UnifiedProperties) {
    ASSERT_TRUE(kernel.run([&] {
        const DEVPROPKEY own{{1, 2, 3, {4}}, 5};
        ULONG value = 9;
        EXPECT_EQ(IoSetDevicePropertyData(driver.pdo, &own, 0, 0, DEVPROP_TYPE_UINT32, sizeof value, &value),
                  STATUS_SUCCESS);
        ULONG needed = 0;
        DEVPROPTYPE type = 0;
        value = 0;
        EXPECT_EQ(IoGetDevicePropertyData(driver.pdo, &own, 0, 0, 2, &value, &needed, &type),
                  STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(IoGetDevicePropertyData(driver.pdo, &own, 0, 0, needed, &value, &needed, &type),
                  STATUS_SUCCESS);
        EXPECT_EQ(value, 9u);
        EXPECT_EQ(type, static_cast<DEVPROPTYPE>(DEVPROP_TYPE_UINT32));
        EXPECT_EQ(IoSetDevicePropertyData(driver.pdo, &own, 0, 0, DEVPROP_TYPE_EMPTY, 0, nullptr),
                  STATUS_SUCCESS);
        EXPECT_EQ(IoGetDevicePropertyData(driver.pdo, &own, 0, 0, 4, &value, &needed, &type),
                  STATUS_OBJECT_NAME_NOT_FOUND);
        const DEVPROPKEY description{
            {0xa45c254e, 0xdf1c, 0x4efd, {0x80, 0x20, 0x67, 0xd1, 0x46, 0xa8, 0x50, 0xe0}}, 2};
        WCHAR text[32] = {};
        EXPECT_EQ(IoGetDevicePropertyData(driver.pdo, &description, 0, 0, sizeof text, text, &needed, &type),
                  STATUS_SUCCESS);
        EXPECT_EQ(narrow(text), "MIDI device");
        EXPECT_EQ(type, static_cast<DEVPROPTYPE>(DEVPROP_TYPE_STRING));
    }));
}

TEST(Pnp, TestsOwnPdoAnswer) {
    Kernel kernel;
    PnpDriver driver;
    nt::io::DeviceDescription description = described();
    static int asked;
    asked = 0;
    description.pdo_override = [](DeviceNode&, PIRP irp, NTSTATUS* status, void*) {
        if (IoGetCurrentIrpStackLocation(irp)->MinorFunction != IRP_MN_QUERY_CAPABILITIES) return false;
        ++asked;
        *status = TestDriver::complete(irp, STATUS_UNSUCCESSFUL);
        return true;
    };
    DeviceNode& node = *nt::io::add_node(description);
    REQUIRES("FLD-003");
    EXPECT_EQ(perform(PnpAction::start, node), STATUS_SUCCESS);
    EXPECT_EQ(asked, 2);
}

// ---- children ----

struct BusTest : PnpTest {
    std::vector<PDEVICE_OBJECT> children;
    static NTSTATUS NTAPI child_pnp(PDEVICE_OBJECT device, PIRP irp) {
        const IO_STACK_LOCATION& stack = *IoGetCurrentIrpStackLocation(irp);
        const auto text = [&](const char16_t* string, unsigned characters) {
            void* const copy = ExAllocatePoolWithTag(PagedPool, characters * 2, 'tset');
            std::memcpy(copy, string, characters * 2);
            return TestDriver::complete(irp, STATUS_SUCCESS, reinterpret_cast<ULONG_PTR>(copy));
        };
        if (stack.MinorFunction == IRP_MN_QUERY_ID) {
            switch (stack.Parameters.QueryId.IdType) {
                case BusQueryDeviceID:
                    return text(u"TEST\\Child", 11);
                case BusQueryHardwareIDs:
                    return text(u"TEST\\Child\0", 12);
                case BusQueryInstanceID:
                    return text(u"7", 2);
                default:
                    return TestDriver::complete(irp, irp->IoStatus.Status);
            }
        }
        if (stack.MinorFunction == IRP_MN_QUERY_CAPABILITIES)
            stack.Parameters.DeviceCapabilities.Capabilities->UniqueID = unique_ids();
        if (stack.MinorFunction == IRP_MN_REMOVE_DEVICE && removed_device() == device) {
            const NTSTATUS status = TestDriver::complete(irp, STATUS_SUCCESS);
            IoDeleteDevice(device);
            return status;
        }
        const bool query = stack.MinorFunction == IRP_MN_QUERY_DEVICE_TEXT ||
                           stack.MinorFunction == IRP_MN_QUERY_RESOURCES ||
                           stack.MinorFunction == IRP_MN_QUERY_RESOURCE_REQUIREMENTS ||
                           stack.MinorFunction == IRP_MN_QUERY_BUS_INFORMATION ||
                           stack.MinorFunction == IRP_MN_QUERY_DEVICE_RELATIONS ||
                           stack.MinorFunction == IRP_MN_FILTER_RESOURCE_REQUIREMENTS ||
                           stack.MinorFunction == IRP_MN_QUERY_PNP_DEVICE_STATE;
        return TestDriver::complete(irp, query ? irp->IoStatus.Status : STATUS_SUCCESS);
    }
    static bool& unique_ids() {
        static bool unique = true;
        return unique;
    }
    // The one child's instance path, once the bus has started.
    std::string path_below(DeviceNode& bus, TestDriver& bus_driver) {
        EXPECT_TRUE(kernel.run([&] {
            PDEVICE_OBJECT pdo = nullptr;
            IoCreateDevice(bus_driver.object, 0, nullptr, FILE_DEVICE_UNKNOWN, FILE_AUTOGENERATED_DEVICE_NAME,
                           FALSE, &pdo);
            pdo->Flags &= ~DO_DEVICE_INITIALIZING;
            children = {pdo};
        }));
        report_children();
        EXPECT_EQ(perform(PnpAction::start, bus), STATUS_SUCCESS);
        DeviceNode* const child = nt::io::next_child(bus, nullptr);
        return child == nullptr ? "" : narrow(child->instance_path);
    }
    static PDEVICE_OBJECT& removed_device() {
        static PDEVICE_OBJECT device = nullptr;
        return device;
    }
    void report_children() {
        driver.before = [this](PIRP irp, UCHAR minor, bool*) {
            const IO_STACK_LOCATION& stack = *IoGetCurrentIrpStackLocation(irp);
            if (minor != IRP_MN_QUERY_DEVICE_RELATIONS ||
                stack.Parameters.QueryDeviceRelations.Type != BusRelations) {
                return STATUS_SUCCESS;
            }
            auto* const list = static_cast<PDEVICE_RELATIONS>(
                ExAllocatePoolWithTag(PagedPool, sizeof(DEVICE_RELATIONS) + 8 * children.size(), 'tset'));
            list->Count = 0;
            for (PDEVICE_OBJECT child : children) {
                ObReferenceObject(child);
                list->Objects[list->Count++] = child;
            }
            irp->IoStatus.Information = reinterpret_cast<ULONG_PTR>(list);
            irp->IoStatus.Status = STATUS_SUCCESS;
            return STATUS_SUCCESS;
        };
    }
};

TEST_F(BusTest, ChildrenAreEnumeratedStartedAndRemoved) {
    // The children's driver: a second function driver by their hardware ID.
    static int added;
    static int child_started;
    added = child_started = 0;
    removed_device() = nullptr;
    static PDEVICE_OBJECT child_fdo;
    nt::io::DriverSource source;
    source.service = u"childdriver";
    source.entry = [](PDRIVER_OBJECT object, PUNICODE_STRING) NTAPI -> NTSTATUS {
        object->DriverExtension->AddDevice = [](PDRIVER_OBJECT self, PDEVICE_OBJECT pdo) NTAPI -> NTSTATUS {
            ++added;
            IoCreateDevice(self, 8, nullptr, FILE_DEVICE_UNKNOWN, 0, FALSE, &child_fdo);
            *static_cast<PDEVICE_OBJECT*>(child_fdo->DeviceExtension) =
                IoAttachDeviceToDeviceStack(child_fdo, pdo);
            child_fdo->Flags &= ~DO_DEVICE_INITIALIZING;
            return STATUS_SUCCESS;
        };
        object->MajorFunction[IRP_MJ_PNP] = [](PDEVICE_OBJECT device, PIRP irp) NTAPI -> NTSTATUS {
            PDEVICE_OBJECT const lower = *static_cast<PDEVICE_OBJECT*>(device->DeviceExtension);
            const UCHAR minor = IoGetCurrentIrpStackLocation(irp)->MinorFunction;
            if (minor == IRP_MN_START_DEVICE) ++child_started;
            IoSkipCurrentIrpStackLocation(irp);
            const NTSTATUS status = IoCallDriver(lower, irp);
            if (minor == IRP_MN_REMOVE_DEVICE) {
                IoDetachDevice(lower);
                IoDeleteDevice(device);
            }
            return status;
        };
        return STATUS_SUCCESS;
    };
    nt::io::register_driver(source);
    nt::io::register_device_id(u"TEST\\Child", u"childdriver", node.class_guid, u"MEDIA");
    TestDriver* bus = nullptr;
    EXPECT_TRUE(kernel.run([&] {
        bus = new TestDriver(u"bus");
        bus->on(IRP_MJ_PNP, child_pnp);
        children.push_back(bus->device(nullptr));
        // A PDO has a name.
        IoDeleteDevice(children[0]);
        PDEVICE_OBJECT pdo = nullptr;
        IoCreateDevice(bus->object, 0, nullptr, FILE_DEVICE_UNKNOWN, FILE_AUTOGENERATED_DEVICE_NAME, FALSE,
                       &pdo);
        pdo->Flags &= ~DO_DEVICE_INITIALIZING;
        children[0] = pdo;
    }));
    report_children();
    REQUIRES("FLD-006");
    EXPECT_EQ(perform(PnpAction::start, node), STATUS_SUCCESS);
    EXPECT_EQ(added, 1);
    EXPECT_EQ(child_started, 1);
    DeviceNode* const child = nt::io::next_child(node, nullptr);
    ASSERT_NE(child, nullptr);
    EXPECT_EQ(child->state, NodeState::started);
    EXPECT_EQ(narrow(child->instance_path), "TEST\\Child\\7");
    // The child goes: its bus driver no longer reports it.
    removed_device() = children[0];
    children.clear();
    EXPECT_TRUE(kernel.run([&] { IoInvalidateDeviceRelations(driver.pdo, BusRelations); }));
    kernel.settle(millisecond_ns);
    EXPECT_EQ(nt::io::next_child(node, nullptr), nullptr);
    EXPECT_EQ(bus->object->DeviceObject, nullptr);
    delete bus;
}

// Instance IDs that are unique among one bus's children only: two buses may have a "7".
TEST_F(BusTest, InstanceIdsBelowSeveralBuses) {
    nt::io::DeviceDescription description = described();
    description.instance_id = u"0001";
    DeviceNode& second = *nt::io::add_node(description);
    TestDriver* bus = nullptr;
    EXPECT_TRUE(kernel.run([&] {
        bus = new TestDriver(u"bus");
        bus->on(IRP_MJ_PNP, child_pnp);
    }));
    unique_ids() = false;
    const std::string first_path = path_below(node, *bus);
    const std::string second_path = path_below(second, *bus);
    unique_ids() = true;
    EXPECT_THAT(first_path, ::testing::MatchesRegex(R"(TEST\\Child\\1&[0-9a-f]+&0&7)"));
    EXPECT_THAT(second_path, ::testing::MatchesRegex(R"(TEST\\Child\\1&[0-9a-f]+&0&7)"));
    EXPECT_NE(first_path, second_path);
    WCHAR prefix[64] = {};
    ULONG type = 0, size = 0;
    EXPECT_EQ(nt::cm::query_value(
                  nt::ob::string(u"\\Registry\\Machine\\System\\CurrentControlSet\\Enum\\ROOT\\MEDIA\\0000"),
                  nt::ob::string(u"ParentIdPrefix"), &type, prefix, sizeof prefix, &size),
              STATUS_SUCCESS);
    EXPECT_EQ("TEST\\Child\\" + narrow(prefix) + "&7", first_path);
    delete bus;
}

// What a bus driver answers is not followed before it is known to be what it should be.
struct BusAnswer : BusTest {
    // Starts the device, whose driver answers BusRelations so.
    void answer(const std::function<ULONG_PTR()>& made, const char* told) {
        driver.before = [&made](PIRP irp, UCHAR minor, bool* fail) {
            const IO_STACK_LOCATION& stack = *IoGetCurrentIrpStackLocation(irp);
            if (minor != IRP_MN_QUERY_DEVICE_RELATIONS ||
                stack.Parameters.QueryDeviceRelations.Type != BusRelations) {
                return STATUS_SUCCESS;
            }
            irp->IoStatus.Information = made();
            *fail = true;  // "completed here"
            return STATUS_SUCCESS;
        };
        static std::vector<std::string> texts;
        texts.clear();
        nt::probes.bad_answer = [](const nt::Subject& answer, const char* text) {
            EXPECT_NE(answer.last.frames[0], 0u) << "where it was completed";
            texts.push_back(text);
        };
        EXPECT_EQ(perform(PnpAction::start, node), STATUS_SUCCESS);
        EXPECT_THAT(texts, ElementsAre(::testing::HasSubstr(told)));
        EXPECT_EQ(nt::io::next_child(node, nullptr), nullptr);
    }
    static PDEVICE_RELATIONS relations(ULONG count, PDEVICE_OBJECT only) {
        auto* const list = static_cast<PDEVICE_RELATIONS>(
            ExAllocatePoolWithTag(PagedPool, sizeof(DEVICE_RELATIONS), 'tset'));
        list->Count = count;
        list->Objects[0] = only;
        return list;
    }
};

TEST_F(BusAnswer, IsNoAddress) {
    answer([] { return ULONG_PTR{0x1234}; }, "not the address of a pool block");
}

TEST_F(BusAnswer, CountsMoreThanThereIs) {
    answer([] { return reinterpret_cast<ULONG_PTR>(relations(1000, nullptr)); }, "beyond the end");
}

TEST_F(BusAnswer, NamesNoDevice) {
    answer([] { return reinterpret_cast<ULONG_PTR>(relations(1, reinterpret_cast<PDEVICE_OBJECT>(0x4142))); },
           "no device object");
}

TEST_F(BusAnswer, NamesItsOwnDevice) {
    answer(
        [this] {
            ObReferenceObject(driver.pdo);
            return reinterpret_cast<ULONG_PTR>(relations(1, driver.pdo));
        },
        "another parent");
}

}  // namespace
}  // namespace portico::test::io_pnp_test
