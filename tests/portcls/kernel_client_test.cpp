// Clients in the kernel: drivers that open other drivers' filters (FLD-040).
#include <gmock/gmock.h>

#include "midi_adapter_test.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using nt::io::PnpAction;
using test::Contracts;
using test::port::Client;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using KernelClientTest = test::port::MidiAdapterTest;

TEST_F(KernelClientTest, ReadsIntoItsStackWhileTheStateChanges) {
    midi.on_init = [&](PPORTMIDI) { midi.init_group = midi.capture_group = make_group(); };
    start_with_port();
    run([&] {
        Client client;
        HANDLE const pin = client.pin(2);
        ASSERT_EQ(client.ks.set_state(pin, KSSTATE_PAUSE), STATUS_SUCCESS);
        UCHAR data[64] = {};
        KSSTREAM_HEADER header{};
        header.Size = sizeof header;
        header.PresentationTime.Numerator = header.PresentationTime.Denominator = 1;
        header.FrameExtent = sizeof data;
        header.Data = data;
        IO_STATUS_BLOCK io_status{};
        ASSERT_EQ(ZwDeviceIoControlFile(pin, nullptr, nullptr, nullptr, &io_status, IOCTL_KS_READ_STREAM,
                                        nullptr, 0, &header, sizeof header),
                  STATUS_PENDING);
        REQUIRES("FLD-040");
        EXPECT_EQ(client.ks.set_state(pin, KSSTATE_RUN), STATUS_SUCCESS) << "while the read is pending";
        midi.capture.input = {0x90, 60, 100};
        port->Notify(midi.init_group);
        ASSERT_EQ(client.ks.wait_file(pin, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(io_status.Status, STATUS_SUCCESS);
        EXPECT_GE(header.DataUsed, sizeof(KSMUSICFORMAT) + 3);
        EXPECT_THAT(std::vector<UCHAR>(data + sizeof(KSMUSICFORMAT), data + sizeof(KSMUSICFORMAT) + 3),
                    ElementsAre(0x90, 60, 100));
        client.ks.close(pin);
        let_go();
    });
    ASSERT_EQ(perform(PnpAction::disable), STATUS_SUCCESS);
    run([&] { midi.init_group->Release(); });
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

// A read of the kernel's into memory of the pool, which is freed before it ends.
TEST_F(KernelClientTest, ABufferThatIsFreedWhileTheReadWaitsStopsTheMachine) {
    midi.on_init = [&](PPORTMIDI) { midi.init_group = midi.capture_group = make_group(); };
    start_with_port();
    static KSSTREAM_HEADER header;
    static IO_STATUS_BLOCK io_status;
    void* data = nullptr;
    start([&] {
        Client client;
        HANDLE const pin = client.pin(2);
        client.ks.set_state(pin, KSSTATE_RUN);
        header = {};
        header.Size = sizeof header;
        header.PresentationTime.Numerator = header.PresentationTime.Denominator = 1;
        header.FrameExtent = 64;
        header.Data = data = nt::ex::allocate(NonPagedPool, 64, 'tseT');
        ZwDeviceIoControlFile(pin, nullptr, nullptr, nullptr, &io_status, IOCTL_KS_READ_STREAM, nullptr, 0,
                              &header, sizeof header);
        nt::ex::free(data, 0);
        midi.capture.input = {0x90, 60, 100};
        port->Notify(midi.init_group);
        test::let_pass(second_ns);
    });
    sim::scheduler.run(sim::scheduler.now_ns() + 2 * second_ns, nullptr, nullptr);
    REQUIRES("FLD-040");
    ASSERT_NE(nt::bug_check(), nullptr);
    EXPECT_EQ(nt::bug_check()->code, 0x50u);
    EXPECT_EQ(nt::bug_check()->parameters[0], reinterpret_cast<std::uint64_t>(data));
    EXPECT_STREQ(nt::bug_check()->subject.kind, "IRP");
    EXPECT_NE(nt::bug_check()->subject.made.frames[0], 0u) << "whose request it is";
}

// A second device whose driver is a client of the first one's filter.
struct Mirror {
    inline static Mirror* self = nullptr;
    nt::io::DriverSource source;
    nt::io::DeviceNode* node = nullptr;
    std::function<void()> on_remove;

    Mirror() {
        self = this;
        source.service = u"mirror";
        source.entry = entry;
        EXPECT_EQ(nt::io::register_driver(source), STATUS_SUCCESS);
        nt::io::DeviceDescription description;
        description.service = u"mirror";
        description.device_id = u"ROOT\\MIRROR";
        node = nt::io::add_node(description);
    }
    static NTSTATUS NTAPI entry(PDRIVER_OBJECT object, PUNICODE_STRING path) {
        const NTSTATUS status = PcInitializeAdapterDriver(object, path, add_device);
        object->MajorFunction[IRP_MJ_PNP] = [](PDEVICE_OBJECT device, PIRP irp) NTAPI -> NTSTATUS {
            if (IoGetCurrentIrpStackLocation(irp)->MinorFunction == IRP_MN_REMOVE_DEVICE) self->on_remove();
            return PcDispatchIrp(device, irp);
        };
        return status;
    }
    static NTSTATUS NTAPI add_device(PDRIVER_OBJECT object, PDEVICE_OBJECT pdo) {
        return PcAddAdapterDevice(
            object, pdo, [](PDEVICE_OBJECT, PIRP, PRESOURCELIST) NTAPI -> NTSTATUS { return STATUS_SUCCESS; },
            1, 0);
    }
};

TEST_F(KernelClientTest, ClosesItsPinInsideAnotherDevicesRemoval) {
    Mirror mirror;
    start_with_port();
    ASSERT_EQ(nt::io::perform(PnpAction::start, *mirror.node), STATUS_SUCCESS);
    std::optional<Client> client;
    HANDLE pin = nullptr;
    run([&] {
        client.emplace();
        pin = client->pin(0);
        EXPECT_EQ(client->ks.set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
    });
    take_log();
    mirror.on_remove = [&] {
        client->ks.close(pin);
        client.reset();
    };
    REQUIRES("FLD-040");
    ASSERT_EQ(nt::io::perform(PnpAction::disable, *mirror.node), STATUS_SUCCESS);
    EXPECT_THAT(take_log(), ElementsAre("out PAUSE", "out ACQUIRE", "out STOP"));
    run([&] { let_go(); });
    EXPECT_EQ(perform(PnpAction::disable), STATUS_SUCCESS);
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

}  // namespace
}  // namespace portico::portcls
