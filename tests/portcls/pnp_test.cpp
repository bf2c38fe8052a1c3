#include <gmock/gmock.h>

#include "adapter_test.h"
#include "nt/io/file.h"
#include "nt/io/interfaces.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using nt::io::PnpAction;
using test::Contracts;
using test::FakeMiniport;
using test::FakePort;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct PnpTest : test::AdapterTest {
    FakeMiniport miniport;

    // A driver with one subdevice.
    void one_subdevice() {
        on_start = [this](auto...) {
            register_port(miniport, u"Uart");
            return STATUS_SUCCESS;
        };
    }
    // Opens the subdevice's filter; null: *status says why.
    HANDLE open(const WCHAR* reference, NTSTATUS* status = nullptr, HANDLE below = nullptr) {
        WCHAR path[nt::io::link_room] = {};
        if (below == nullptr) {
            const auto* const entry = find_link(reference);
            nt::io::copy_wide(path, nt::io::link_room, entry == nullptr ? u"\\??\\nothing" : entry->link);
        } else {
            nt::io::copy_wide(path, nt::io::link_room, reference);
        }
        const auto bytes = static_cast<USHORT>(nt::io::wide_length(path) * sizeof(WCHAR));
        UNICODE_STRING name{bytes, bytes, path};
        OBJECT_ATTRIBUTES attributes;
        InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE, below, nullptr);
        nt::io::OpenRequest request;
        request.attributes = &attributes;
        request.access = GENERIC_READ | GENERIC_WRITE;
        request.options = 0;
        HANDLE handle = nullptr;
        IO_STATUS_BLOCK io_status{};
        const NTSTATUS opened = nt::io::create_file(request, &handle, &io_status);
        if (status != nullptr) *status = opened;
        return NT_SUCCESS(opened) ? handle : nullptr;
    }
    NTSTATUS open_status(const WCHAR* reference) {
        NTSTATUS status;
        HANDLE const handle = open(reference, &status);
        if (handle != nullptr) nt::ob::close(handle, KernelMode);
        return status;
    }
    static void close(HANDLE handle) { EXPECT_EQ(nt::ob::close(handle, KernelMode), STATUS_SUCCESS); }

    // A file that the driver serves itself, named "own", with a context that is no object of PortCls'.
    inline static std::uint64_t own_context[2] = {0x123456789ab0, 0x123456789ab0};
    static NTSTATUS NTAPI own_create(PDEVICE_OBJECT device, PIRP irp) {
        PFILE_OBJECT const file = IoGetCurrentIrpStackLocation(irp)->FileObject;
        const UNICODE_STRING& name = file->FileName;
        if (std::u16string_view(name.Buffer, name.Length / sizeof(WCHAR)) != u"own")
            return PcDispatchIrp(device, irp);
        file->FsContext = own_context;
        return nt::io::complete(irp, STATUS_SUCCESS, 0);
    }
    static NTSTATUS NTAPI own_request(PDEVICE_OBJECT device, PIRP irp) {
        PFILE_OBJECT const file = IoGetCurrentIrpStackLocation(irp)->FileObject;
        if (file == nullptr || file->FsContext != own_context) return PcDispatchIrp(device, irp);
        return nt::io::complete(irp, STATUS_SUCCESS, 0);
    }
    NTSTATUS unregister(FakePort* port) {
        return port->UnregisterSubdevice(fdo, static_cast<IPortMidi*>(port));
    }

    nt::io::DeviceInterface* find_link(const WCHAR* reference) {
        for (unsigned i = 0;; ++i) {
            nt::io::DeviceInterface* const entry = nt::io::visible_interface(i, nullptr);
            if (entry == nullptr || nt::io::equal_wide(entry->reference, reference)) return entry;
        }
    }
    static unsigned visible(const GUID* category) {
        unsigned count = 0;
        while (nt::io::visible_interface(count, category) != nullptr) ++count;
        return count;
    }
};

TEST_F(PnpTest, StartBuildsTheResourceListAndCallsStartDevice) {
    PRESOURCELIST kept = nullptr;
    PIRP irp = nullptr;
    on_start = [&](PDEVICE_OBJECT, PIRP start_irp, PRESOURCELIST resources) {
        REQUIRES("LC-010"), REQUIRES("FN-012");
        EXPECT_EQ(nt::ke::current_irql(), PASSIVE_LEVEL);
        irp = start_irp;
        EXPECT_NE(irp, nullptr);
        REQUIRES("FLD-004"), REQUIRES("RL-011");
        EXPECT_EQ(resources->NumberOfEntries(), 2u);
        EXPECT_EQ(resources->FindTranslatedPort(0)->u.Port.Start.QuadPart, 0x330);
        EXPECT_EQ(resources->FindUntranslatedInterrupt(0)->u.Interrupt.Vector, 9u);
        EXPECT_EQ(resources->FindTranslatedInterrupt(0)->u.Interrupt.Level, nt::ke::line_irql(9));
        REQUIRES("LC-016");
        EXPECT_EQ(adapter().power.device, PowerDeviceD0);
        kept = resources;
        kept->AddRef();
        return STATUS_SUCCESS;
    };
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    run([&] {
        REQUIRES("LC-011");
        EXPECT_EQ(kept->Release(), 0u) << "PortCls has let go of it";
    });
}

TEST_F(PnpTest, TheInterfacesAppearWhenTheStartHasSucceeded) {
    on_start = [&](auto...) {
        register_port(miniport, u"Uart");
        REQUIRES("FN-056");
        EXPECT_EQ(visible(nullptr), 0u);
        return STATUS_SUCCESS;
    };
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    REQUIRES("FN-054");
    EXPECT_EQ(visible(&KSCATEGORY_AUDIO), 1u) << "no categories: by the pins";
    EXPECT_EQ(visible(&KSCATEGORY_RENDER), 1u);
    EXPECT_EQ(visible(&KSCATEGORY_CAPTURE), 1u);
    EXPECT_EQ(visible(nullptr), 3u);
    EXPECT_TRUE(nt::io::equal_wide(nt::io::visible_interface(0, nullptr)->reference, u"Uart"));
    REQUIRES("FN-055");
    EXPECT_EQ(adapter().subdevices.count(), 1u) << "the port lives on PortCls' reference";
}

TEST_F(PnpTest, BridgePinsGiveNoCategory) {
    miniport.filter.PinCount = 2;  // a stream pin in, a bridge pin out
    one_subdevice();
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    REQUIRES("FN-054");
    EXPECT_EQ(visible(&KSCATEGORY_RENDER), 1u);
    EXPECT_EQ(visible(&KSCATEGORY_CAPTURE), 0u);
}

TEST_F(PnpTest, TheDescriptorsCategoriesAreRegistered) {
    const GUID categories[] = {KSCATEGORY_AUDIO, KSCATEGORY_SYNTHESIZER};
    miniport.filter.CategoryCount = 2;
    miniport.filter.Categories = categories;
    one_subdevice();
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    REQUIRES("FN-054");
    EXPECT_EQ(visible(nullptr), 2u);
    EXPECT_EQ(visible(&KSCATEGORY_SYNTHESIZER), 1u);
}

TEST_F(PnpTest, AFailedStartTakesEverythingDownAgain) {
    on_start = [&](auto...) {
        register_port(miniport, u"Uart");
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    };
    REQUIRES("LC-012");
    EXPECT_EQ(perform(PnpAction::start), STATUS_DEVICE_CONFIGURATION_ERROR);
    EXPECT_THAT(take_log(), ElementsAre("bind", "stop: stopped", "unbind", "port gone"));
    EXPECT_EQ(miniport.references, 1);
    EXPECT_EQ(visible(nullptr), 0u);
    EXPECT_EQ(live_object_count(), 0u);
}

TEST_F(PnpTest, AStartThatSaysPendingFails) {
    on_start = [](auto...) { return STATUS_PENDING; };
    EXPECT_FALSE(NT_SUCCESS(perform(PnpAction::start)));
    EXPECT_THAT(Contracts::take(), ElementsAre("LC-010"));
}

TEST_F(PnpTest, PassesOtherRequestsDownFromInsideStartDevice) {
    static NTSTATUS answered;
    node->pdo_override = [](nt::io::DeviceNode&, PIRP irp, NTSTATUS* status, void*) {
        const PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
        if (stack->MajorFunction != IRP_MJ_PNP || stack->MinorFunction != IRP_MN_READ_CONFIG) return false;
        *status = nt::io::complete(irp, STATUS_SUCCESS, 7);
        return true;
    };
    on_start = [&](PDEVICE_OBJECT device, PIRP, PRESOURCELIST) {
        PIRP const irp = nt::io::allocate_irp(device->StackSize);
        irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
        const PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
        stack->MajorFunction = IRP_MJ_PNP;
        stack->MinorFunction = IRP_MN_READ_CONFIG;
        ULONG_PTR information = 0;
        answered = nt::io::call_and_wait(device, irp, &information);
        EXPECT_EQ(information, 7u);
        return STATUS_SUCCESS;
    };
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    REQUIRES("FLD-003");
    EXPECT_EQ(answered, STATUS_SUCCESS);
}

TEST_F(PnpTest, OpensFiltersByNameAndPinsBelowThem) {
    one_subdevice();
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    take_log();
    run([&] {
        HANDLE const filter = open(u"Uart");
        ASSERT_NE(filter, nullptr);
        REQUIRES("LC-021");
        HANDLE const second = open(u"Uart");
        ASSERT_NE(second, nullptr);
        EXPECT_THAT(take_log(), ElementsAre("create filter", "create filter"));
        HANDLE const pin = open(u"pin", nullptr, filter);
        REQUIRES("FN-003");
        ASSERT_NE(pin, nullptr);
        EXPECT_THAT(take_log(), ElementsAre("irp IRP_MJ_CREATE"));
        EXPECT_EQ(adapter().open_files, 3u);
        EXPECT_EQ(adapter().subdevices.open_pins(), 1u);
        close(pin);
        close(second);
        close(filter);
        EXPECT_EQ(adapter().open_files, 0u);
    });
}

TEST_F(PnpTest, AnUnknownNameIsNotFound) {
    one_subdevice();
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    run([&] {
        std::u16string path = nt::io::visible_interface(0, nullptr)->link;
        path.replace(path.size() - 4, 4, u"None");
        const auto bytes = static_cast<USHORT>(path.size() * sizeof(WCHAR));
        const UNICODE_STRING name{bytes, bytes, path.data()};
        HANDLE handle = nullptr;
        EXPECT_FALSE(NT_SUCCESS(nt::io::open_file(name, GENERIC_READ, false, KernelMode, &handle)));
        path.replace(path.size() - 4, 4, u"uART");
        EXPECT_EQ(nt::io::open_file({bytes, bytes, path.data()}, GENERIC_READ, false, KernelMode, &handle),
                  STATUS_SUCCESS);
        close(handle);
    });
}

TEST_F(PnpTest, QueryStopIsRefusedWhilePinsAreOpen) {
    one_subdevice();
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    HANDLE filter = nullptr, pin = nullptr;
    run([&] {
        filter = open(u"Uart");
        pin = open(u"pin", nullptr, filter);
    });
    REQUIRES("LC-051");
    EXPECT_EQ(perform(PnpAction::query_stop), STATUS_DEVICE_BUSY);
    EXPECT_EQ(adapter().state, AdapterState::started);
    run([&] { close(pin); });
    EXPECT_EQ(perform(PnpAction::query_stop), STATUS_SUCCESS);
    EXPECT_EQ(adapter().state, AdapterState::stop_pending);

    NTSTATUS opened = STATUS_PENDING;
    bool waits = true;
    run([&] {
        start([&] {
            HANDLE const held = open(u"pin", &opened, filter);
            waits = false;
            close(held);
        });
        test::let_pass(50 * millisecond_ns);
        EXPECT_TRUE(waits) << "held while the stop is pending";
        nt::io::PnpRequest request;
        request.action = PnpAction::cancel_stop;
        request.node = node;
        EXPECT_EQ(nt::io::perform(request), STATUS_SUCCESS);
    });
    EXPECT_EQ(opened, STATUS_SUCCESS);
    EXPECT_EQ(adapter().state, AdapterState::started);
    run([&] { close(filter); });
}

TEST_F(PnpTest, AHeldOpenCanBeCancelled) {
    one_subdevice();
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    HANDLE filter = nullptr;
    run([&] { filter = open(u"Uart"); });
    ASSERT_EQ(perform(PnpAction::query_stop), STATUS_SUCCESS);
    run([&] {
        PFILE_OBJECT file = nullptr;
        void* body = nullptr;
        ASSERT_EQ(nt::ob::reference_handle(filter, 0, nullptr, KernelMode, &body), STATUS_SUCCESS);
        file = static_cast<PFILE_OBJECT>(body);
        FILE_OBJECT below{};
        below.DeviceObject = file->DeviceObject;
        below.RelatedFileObject = file;
        PIRP const irp = nt::io::allocate_irp(fdo->StackSize);
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_CREATE;
        IoGetNextIrpStackLocation(irp)->FileObject = &below;
        start([&] {
            test::let_pass(20 * millisecond_ns);
            EXPECT_TRUE(nt::io::cancel(irp));
        });
        EXPECT_EQ(nt::io::call_and_wait(fdo, irp, nullptr), STATUS_CANCELLED);
        nt::ob::dereference(body);
        close(filter);
    });
    EXPECT_EQ(perform(PnpAction::cancel_stop), STATUS_SUCCESS);
}

TEST_F(PnpTest, StopTakesTheSubdevicesAwayAndStartMakesThemAnew) {
    one_subdevice();
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    take_log();
    ASSERT_EQ(perform(PnpAction::query_stop), STATUS_SUCCESS);
    REQUIRES("LC-052");
    ASSERT_EQ(perform(PnpAction::stop), STATUS_SUCCESS);
    EXPECT_THAT(take_log(), ElementsAre("stop: stopped", "unbind", "port gone"));
    EXPECT_EQ(miniport.references, 1);
    REQUIRES("LC-076");
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    EXPECT_THAT(take_log(), ElementsAre("bind"));
    EXPECT_EQ(visible(&KSCATEGORY_AUDIO), 1u);
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(PnpTest, AStopWithAnOpenFilterTakesTheMiniportAway) {
    one_subdevice();
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    HANDLE filter = nullptr;
    run([&] { filter = open(u"Uart"); });
    take_log();
    ASSERT_EQ(perform(PnpAction::query_stop), STATUS_SUCCESS);
    ASSERT_EQ(perform(PnpAction::stop), STATUS_SUCCESS);
    EXPECT_THAT(take_log(), ElementsAre("stop: stopped", "unbind"));
    EXPECT_EQ(miniport.references, 1);
    run([&] {
        close(filter);
        EXPECT_THAT(take_log(), ElementsAre("irp IRP_MJ_CLEANUP", "irp IRP_MJ_CLOSE", "port gone"));
    });
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
}

TEST_F(PnpTest, RemovalReleasesEverythingWhileThePowerIsOn) {
    miniport.last_release = [&] {
        log.push_back("miniport gone, D" + std::to_string(adapter().power.device - 1));
    };
    on_start = [this](auto...) {
        FakePort* const port = make_port(miniport);
        EXPECT_EQ(PcRegisterSubdevice(fdo, const_cast<PWSTR>(u"Uart"), static_cast<IPortMidi*>(port)),
                  STATUS_SUCCESS);
        port->Release();
        miniport.Release();  // IP-019: the driver's own reference
        return STATUS_SUCCESS;
    };
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    take_log();
    PDEVICE_OBJECT const pdo = node->pdo;
    REQUIRES("LC-056"), REQUIRES("FLD-009"), REQUIRES("IP-019");
    ASSERT_EQ(perform(PnpAction::disable), STATUS_SUCCESS);
    EXPECT_THAT(take_log(),
                ElementsAre("stop: gone", "stop: gone", "unbind", "miniport gone, D0", "port gone"));
    EXPECT_EQ(pdo->AttachedDevice, nullptr);
    EXPECT_EQ(visible(nullptr), 0u);
    REQUIRES("LC-058");
    EXPECT_EQ(live_object_count(), 0u);
    REQUIRES("FLD-007");
    ++miniport.references;
    EXPECT_EQ(perform(PnpAction::enable), STATUS_SUCCESS) << "without loading the driver again";
    EXPECT_EQ(visible(&KSCATEGORY_AUDIO), 1u);
}

TEST_F(PnpTest, APortThatWasNeverRegisteredGoesWithTheDevice) {
    FakePort* port = nullptr;
    on_start = [&](auto...) {
        port = make_port(miniport);  // as if the miniport held it
        return STATUS_SUCCESS;
    };
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    take_log();
    REQUIRES("FLD-008");
    ASSERT_EQ(perform(PnpAction::disable), STATUS_SUCCESS);
    EXPECT_THAT(take_log(), ElementsAre("unbind"));
    EXPECT_EQ(miniport.references, 1);
    run([&] { EXPECT_EQ(port->Release(), 0u); });
}

TEST_F(PnpTest, QueryRemoveIsRefusedWhileFilesAreOpen) {
    one_subdevice();
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    HANDLE filter = nullptr;
    run([&] { filter = open(u"Uart"); });
    REQUIRES("LC-053");
    EXPECT_FALSE(NT_SUCCESS(perform(PnpAction::query_remove)));
    EXPECT_EQ(adapter().state, AdapterState::started);
    run([&] { close(filter); });
    EXPECT_EQ(perform(PnpAction::query_remove), STATUS_SUCCESS);
    EXPECT_EQ(adapter().state, AdapterState::remove_pending);
    EXPECT_EQ(perform(PnpAction::cancel_remove), STATUS_SUCCESS);
    EXPECT_EQ(adapter().state, AdapterState::started);
    run([&] { EXPECT_EQ(open_status(u"Uart"), STATUS_SUCCESS); });
}

TEST_F(PnpTest, SurpriseRemovalStopsTheStreamsAndWaitsForTheHandles) {
    one_subdevice();
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    HANDLE filter = nullptr, pin = nullptr;
    run([&] {
        filter = open(u"Uart");
        pin = open(u"pin", nullptr, filter);
    });
    take_log();
    REQUIRES("LC-054");
    EXPECT_EQ(perform(PnpAction::surprise_remove), STATUS_SUCCESS);
    EXPECT_THAT(take_log(), ElementsAre("stop: gone"));
    EXPECT_EQ(visible(nullptr), 0u);
    EXPECT_EQ(miniport.references, 2) << "handles stay valid until they are closed";
    run([&] {
        NTSTATUS status;
        EXPECT_EQ(open(u"pin", &status, filter), nullptr);
        EXPECT_FALSE(NT_SUCCESS(status));
        take_log();
        close(filter);
        EXPECT_EQ(miniport.references, 2);
        close(pin);
        test::let_pass(second_ns);
        EXPECT_EQ(miniport.references, 1);
        EXPECT_EQ(live_object_count(), 0u);
    });
}

TEST_F(PnpTest, FilesCannotBeOpenedBeforeTheStart) {
    ASSERT_EQ(perform(PnpAction::add_device), STATUS_SUCCESS);
    run([&] {
        FILE_OBJECT file{};
        WCHAR name[] = u"\\Uart";
        file.FileName = {10, 10, name};
        PIRP const irp = nt::io::allocate_irp(fdo->StackSize);
        IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_CREATE;
        IoGetNextIrpStackLocation(irp)->FileObject = &file;
        REQUIRES("LC-004");
        EXPECT_EQ(nt::io::call_and_wait(fdo, irp, nullptr), STATUS_DEVICE_NOT_READY);
    });
}

TEST_F(PnpTest, AFileOfTheDriversOwnIsLeftAlone) {
    after_entry = [](PDRIVER_OBJECT object) {
        object->MajorFunction[IRP_MJ_CREATE] = own_create;
        object->MajorFunction[IRP_MJ_CLOSE] = object->MajorFunction[IRP_MJ_DEVICE_CONTROL] = own_request;
    };
    one_subdevice();
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    run([&] {
        HANDLE const filter = open(u"Uart");
        HANDLE const own = open(u"own", nullptr, filter);
        ASSERT_NE(own, nullptr);
        REQUIRES("FN-007");
        EXPECT_EQ(adapter().open_files, 1u);
        NTSTATUS status;
        EXPECT_EQ(open(u"pin", &status, own), nullptr) << "it is no filter";
        EXPECT_EQ(status, STATUS_OBJECT_NAME_NOT_FOUND);
        take_log();
        REQUIRES("FN-002");
        close(own);
        EXPECT_THAT(take_log(), IsEmpty()) << "its IRP_MJ_CLEANUP is nobody's";
        close(filter);
        EXPECT_EQ(adapter().open_files, 0u);
    });
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(PnpTest, AFileThatTheDriverOpensAndNeverClosesIsLeftAlone) {
    after_entry = [](PDRIVER_OBJECT object) { object->MajorFunction[IRP_MJ_CREATE] = own_create; };
    one_subdevice();
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    run([&] {
        HANDLE const filter = open(u"Uart");
        HANDLE const own = open(u"own", nullptr, filter);
        ASSERT_NE(own, nullptr);
        IO_STATUS_BLOCK io_status{};
        REQUIRES("FN-007");
        EXPECT_EQ(nt::io::device_io_control(own, {}, IOCTL_KS_PROPERTY, nullptr, 0, nullptr, 0, &io_status,
                                            KernelMode),
                  STATUS_INVALID_DEVICE_REQUEST);
        close(own);
        EXPECT_EQ(adapter().open_files, 1u);
        close(filter);
    });
}

TEST_F(PnpTest, AContextThatTheDriverOverwroteIsNotBelieved) {
    one_subdevice();
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    run([&] {
        HANDLE const filter = open(u"Uart");
        void* body = nullptr;
        ASSERT_EQ(nt::ob::reference_handle(filter, 0, nullptr, KernelMode, &body), STATUS_SUCCESS);
        auto* const file = static_cast<PFILE_OBJECT>(body);
        file->FsContext = file->FsContext2 = own_context;
        nt::ob::dereference(body);
        HANDLE const pin = open(u"pin", nullptr, filter);
        EXPECT_NE(pin, nullptr);
        close(pin);
        close(filter);
        EXPECT_EQ(adapter().open_files, 0u);
    });
}

TEST_F(PnpTest, AnOverwrittenDeviceExtensionIsToldAndPutBack) {
    one_subdevice();
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    void* const extension = fdo->DeviceExtension;
    fdo->DeviceExtension = reinterpret_cast<PVOID>(0x123456789ab0);
    EXPECT_EQ(set_power(PowerDeviceD3), STATUS_SUCCESS);
    REQUIRES("FN-016");
    EXPECT_THAT(Contracts::take(), ElementsAre("FN-016"));
    EXPECT_EQ(fdo->DeviceExtension, extension);
}

TEST_F(PnpTest, PcAddAdapterDeviceBelongsIntoAddDevice) {
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    EXPECT_THAT(Contracts::take(), IsEmpty());
    run([&] {
        const PCPFNSTARTDEVICE start = adapter().start_device;
        REQUIRES("FN-019");
        EXPECT_EQ(PcAddAdapterDevice(driver, node->pdo, start, 1, 0), STATUS_SUCCESS);
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-019"));
    });
}

TEST_F(PnpTest, AnUnregisteredSubdeviceServesItsOpenFiles) {
    FakePort* port = nullptr;
    on_start = [&](auto...) {
        port = register_port(miniport, u"Uart");
        return STATUS_SUCCESS;
    };
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    HANDLE filter = nullptr, pin = nullptr;
    run([&] {
        filter = open(u"Uart");
        pin = open(u"pin", nullptr, filter);
        ASSERT_EQ(unregister(port), STATUS_SUCCESS);
        take_log();
        IO_STATUS_BLOCK io_status{};
        REQUIRES("LC-072");
        EXPECT_EQ(nt::io::device_io_control(pin, {}, IOCTL_KS_PROPERTY, nullptr, 0, nullptr, 0, &io_status,
                                            KernelMode),
                  STATUS_SUCCESS);
        EXPECT_THAT(take_log(), ElementsAre("irp IRP_MJ_DEVICE_CONTROL"));
        NTSTATUS status;
        EXPECT_EQ(open(u"pin", &status, filter), nullptr);
        EXPECT_FALSE(NT_SUCCESS(status));
        EXPECT_EQ(find_link(u"Uart"), nullptr);
    });
    take_log();
    REQUIRES("LC-031");
    ASSERT_EQ(set_power(PowerDeviceD3), STATUS_SUCCESS);
    EXPECT_THAT(take_log(), ElementsAre("pause", "notify D3", "bus D3"));
    ASSERT_EQ(set_power(PowerDeviceD0), STATUS_SUCCESS);
    EXPECT_THAT(take_log(), ElementsAre("bus D0", "notify D0", "resume"));
    REQUIRES("LC-054"), REQUIRES("LC-056");
    EXPECT_EQ(perform(PnpAction::surprise_remove), STATUS_SUCCESS);
    EXPECT_THAT(take_log(), ElementsAre("stop: gone"));
    run([&] {
        close(pin);
        close(filter);
        test::let_pass(second_ns);
        EXPECT_EQ(live_object_count(), 0u);
    });
}

TEST_F(PnpTest, AThreadThatWaitsForTheLockOfADeviceThatGoesIsRefused) {
    FakePort* port = nullptr;
    NTSTATUS refused = STATUS_PENDING;
    on_start = [&](auto...) {
        port = register_port(miniport, u"Uart");
        port->AddRef();
        miniport.Release();
        return STATUS_SUCCESS;
    };
    miniport.last_release = [&] {
        start([&] { refused = unregister(port); });
        test::let_pass(20 * millisecond_ns);
        EXPECT_EQ(refused, STATUS_PENDING) << "the removal has the lock";
    };
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    REQUIRES("US-001"), REQUIRES("FN-057");
    ASSERT_EQ(perform(PnpAction::disable), STATUS_SUCCESS);
    run([&] { test::let_pass(20 * millisecond_ns); });
    EXPECT_EQ(refused, STATUS_NOT_FOUND);
    run([&] { EXPECT_EQ(port->Release(), 0u); });
}

TEST_F(PnpTest, AMiniportsEndMayUnregisterAnotherSubdevice) {
    FakeMiniport second;
    FakePort* other = nullptr;
    on_start = [&](auto...) {
        register_port(miniport, u"First");
        other = register_port(second, u"Second");
        miniport.Release();
        return STATUS_SUCCESS;
    };
    miniport.last_release = [&] { EXPECT_EQ(unregister(other), STATUS_SUCCESS); };
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    REQUIRES("LC-052"), REQUIRES("LC-070");
    ASSERT_EQ(perform(PnpAction::disable), STATUS_SUCCESS);
    EXPECT_EQ(second.references, 1);
    EXPECT_EQ(live_object_count(), 0u);
    nt::ex::check_freed_blocks();
}

TEST_F(PnpTest, AHeldOpenEndsWhenTheDeviceIsPulledOut) {
    one_subdevice();
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    HANDLE filter = nullptr;
    NTSTATUS opened = STATUS_PENDING;
    run([&] { filter = open(u"Uart"); });
    ASSERT_EQ(perform(PnpAction::query_stop), STATUS_SUCCESS);
    run([&] {
        start([&] { open(u"pin", &opened, filter); });
        test::let_pass(20 * millisecond_ns);
        EXPECT_EQ(adapter().state, AdapterState::stop_pending);
        nt::io::PnpRequest request;
        request.action = PnpAction::surprise_remove;
        request.node = node;
        REQUIRES("LC-051"), REQUIRES("LC-054");
        EXPECT_EQ(nt::io::perform(request), STATUS_SUCCESS);
    });
    EXPECT_EQ(opened, STATUS_DEVICE_NOT_CONNECTED);
    run([&] { close(filter); });
}

}  // namespace
}  // namespace portico::portcls
