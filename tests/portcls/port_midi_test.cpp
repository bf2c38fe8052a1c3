// IPortMidi from IPort::Init to the removal: the miniport's Init, its service group, and Notify.
#include "portcls/port_midi.h"

#include <gmock/gmock.h>

#include "dmusprop.h"
#include "midi_adapter_test.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using nt::io::PnpAction;
using test::at_irql;
using test::Contracts;
using test::FakeSink;
using test::port::Client;
using test::port::FakeMidi;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr sim::Irql device_irql = 9;

using PortMidiTest = test::port::MidiAdapterTest;

// ---- Init ----

TEST_F(PortMidiTest, BindsTheMiniportAndRegistersTheFilter) {
    std::vector<UCHAR> before;
    PRESOURCELIST resources = nullptr;
    const auto bytes_of = [](PRESOURCELIST list) {
        std::vector<UCHAR> bytes;
        for (PCM_RESOURCE_LIST l : {list->TranslatedList(), list->UntranslatedList()}) {
            const auto* const from = reinterpret_cast<const UCHAR*>(l);
            const ULONG count = l->List[0].PartialResourceList.Count;
            bytes.insert(bytes.end(), from,
                         from + sizeof *l + (count - 1) * sizeof(CM_PARTIAL_RESOURCE_DESCRIPTOR));
        }
        return bytes;
    };
    on_start = [&](PDEVICE_OBJECT, PIRP irp, PRESOURCELIST list) {
        resources = list;
        before = bytes_of(list);
        make_port();
        init_result = port->Init(fdo, irp, &midi, &adapter_object, list);
        REQUIRES("IP-016");
        EXPECT_EQ(bytes_of(list), before);
        return PcRegisterSubdevice(fdo, const_cast<PWSTR>(u"Uart"), port);
    };
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    EXPECT_EQ(init_result, STATUS_SUCCESS);
    REQUIRES("IP-014"), REQUIRES("MM-011");
    EXPECT_EQ(midi.given.adapter, &adapter_object);
    EXPECT_EQ(midi.given.resources, resources);
    EXPECT_EQ(midi.given.port, port);
    EXPECT_EQ(midi.given.group, nullptr) << "preset";
    REQUIRES("MM-010");
    EXPECT_EQ(midi.irql, PASSIVE_LEVEL);
    REQUIRES("IP-015");
    EXPECT_THAT(take_log(), ElementsAre("init", "description"));
    REQUIRES("MT-006"), REQUIRES("CX-008");
    EXPECT_EQ(midi.technology_queries, 0) << "the technology is between the adapter and the miniport";
    REQUIRES("PM-002");
    ASSERT_NE(nt::io::visible_interface(0, nullptr), nullptr);
    EXPECT_TRUE(nt::io::equal_wide(nt::io::visible_interface(0, nullptr)->reference, u"Uart"));
    EXPECT_THAT(Contracts::take(), IsEmpty());
    run([&] { let_go(); });
}

TEST_F(PortMidiTest, RefusesAMiniportOfAnotherKind) {
    started([&] {
        midi.is_midi = false;
        REQUIRES("IP-013"), REQUIRES("MM-002");
        EXPECT_FALSE(NT_SUCCESS(init_here()));
        EXPECT_THAT(take_log(), IsEmpty()) << "its Init was not called";
        EXPECT_EQ(midi.references, 1);
        let_go();
    });
}

TEST_F(PortMidiTest, ADirectMusicPinIsTold) {
    started([&] {
        midi.tables.stream.DataRange.SubFormat = KSDATAFORMAT_SUBTYPE_DIRECTMUSIC;
        EXPECT_EQ(init_here(), STATUS_SUCCESS);
        REQUIRES("MM-050");
        EXPECT_THAT(Contracts::take(), ElementsAre("MM-050"));
        let_go();
    });
}

TEST_F(PortMidiTest, TheDescriptorIsUsedAfterInitAndAsItIs) {
    midi.tables.stream.ChannelMask = 0xFFFFFFFF;
    start_with_port();
    run([&] {
        REQUIRES("CX-021");
        EXPECT_EQ(init_result, STATUS_SUCCESS);
        EXPECT_THAT(Contracts::take(), IsEmpty());
        Client client;
        ULONG count = 0;
        midi.tables.filter.PinCount = 3;
        REQUIRES("IM-012");
        EXPECT_EQ(client.ks.pin_property(client.filter, KSPROPERTY_PIN_CTYPES, 0, &count, sizeof count),
                  STATUS_SUCCESS);
        EXPECT_EQ(count, 3u);
        client.ks.close(client.pin(0));
        let_go();
    });
}

TEST_F(PortMidiTest, AFailedInitLeavesNothing) {
    started([&] {
        PSERVICEGROUP const group = make_group();
        midi.on_init = [&](PPORTMIDI p) { p->RegisterServiceGroup(group); };
        midi.init_status = STATUS_IO_DEVICE_ERROR;
        REQUIRES("IP-020");
        EXPECT_EQ(init_here(), STATUS_IO_DEVICE_ERROR);
        EXPECT_EQ(midi.references, 1);
        EXPECT_EQ(references(group), 1);
        group->RequestService();
        EXPECT_EQ(midi.services, 0) << "the port's sink is out of the group";
        port->Notify(nullptr);
        let_go();
        EXPECT_THAT(Contracts::take(), IsEmpty());
        EXPECT_EQ(group->Release(), 0u);
    });
}

TEST_F(PortMidiTest, AFailedInitMustNotLeaveAGroupWithTheCaller) {
    started([&] {
        midi.init_group = make_group();
        midi.init_status = STATUS_IO_DEVICE_ERROR;
        EXPECT_EQ(init_here(), STATUS_IO_DEVICE_ERROR);
        REQUIRES("MM-017"), REQUIRES("IU-008");
        EXPECT_THAT(Contracts::take(), ElementsAre("MM-017"));
        EXPECT_EQ(references(midi.init_group), 2) << "what a failed call leaves is not the port's";
        let_go();
        midi.init_group->Release();
        midi.init_group->Release();
    });
}

TEST_F(PortMidiTest, AGroupThatIsGoneIsNotTaken) {
    struct Careless : FakeMidi {
        using FakeMidi::FakeMidi;
        PSERVICEGROUP gone = nullptr;
        NTSTATUS STDMETHODCALLTYPE Init(PUNKNOWN, PRESOURCELIST, PPORTMIDI p, PSERVICEGROUP* group) override {
            p->RegisterServiceGroup(gone);
            *group = gone;
            return STATUS_SUCCESS;
        }
    } careless{log};
    started([&] {
        careless.gone = make_group();
        careless.gone->Release();
        make_port();
        EXPECT_EQ(port->Init(fdo, nullptr, &careless, nullptr, nullptr), STATUS_INVALID_PARAMETER);
        REQUIRES("IU-006");
        EXPECT_THAT(Contracts::take(), ElementsAre("IU-004", "IU-004"));
        EXPECT_EQ(careless.references, 1);
        let_go();
    });
}

TEST_F(PortMidiTest, APortReleasedInsideItsInitLivesUntilItsEnd) {
    started([&] {
        midi.on_init = [&](PPORTMIDI p) { p->Release(); };
        EXPECT_EQ(init_here(), STATUS_SUCCESS);
        EXPECT_EQ(midi.references, 1) << "gone when Init returned, with all that it held";
        EXPECT_EQ(live_object_count(), 0u);
        port = nullptr;
    });
}

// ---- the miniport's service group ----

TEST_F(PortMidiTest, TheGroupThatInitGivesIsServed) {
    started([&] {
        midi.init_group = make_group();
        ASSERT_EQ(init_here(), STATUS_SUCCESS);
        REQUIRES("MM-016");
        EXPECT_EQ(references(midi.init_group), 2) << "the port holds the reference that Init made";
        REQUIRES("IP-021"), REQUIRES("MM-021"), REQUIRES("MM-020"), REQUIRES("PM-012");
        port->Notify(midi.init_group);
        EXPECT_EQ(midi.services, 1);
        EXPECT_EQ(midi.irql, DISPATCH_LEVEL);
        REQUIRES("MM-023");
        EXPECT_EQ(midi.services, 1) << "without a stream";
        REQUIRES("SS-002");
        EXPECT_EQ(nt::find_export("PcNewServiceSink"), nullptr) << "the port's sink is the port's own";
        let_go();
        REQUIRES("PM-035");
        EXPECT_EQ(references(midi.init_group), 1);
        midi.init_group->RequestService();
        EXPECT_EQ(midi.services, 1) << "the port's sink has left";
        EXPECT_EQ(midi.init_group->Release(), 0u);
        EXPECT_THAT(Contracts::take(), IsEmpty());
    });
}

TEST_F(PortMidiTest, WithoutAGroupNothingHappens) {
    started([&] {
        ASSERT_EQ(init_here(), STATUS_SUCCESS);
        REQUIRES("PM-019"), REQUIRES("IP-021");
        port->Notify(nullptr);
        EXPECT_EQ(midi.services, 0);
        let_go();
        EXPECT_THAT(Contracts::take(), IsEmpty());
    });
}

TEST_F(PortMidiTest, ARegisteredGroupIsServedDuringInit) {
    started([&] {
        midi.init_group = make_group();
        int during_init = 0;
        midi.on_init = [&](PPORTMIDI p) {
            at_irql(device_irql, [&] { p->Notify(midi.init_group); });
            EXPECT_EQ(midi.services, 0) << "not registered yet";
            p->RegisterServiceGroup(midi.init_group);
            // As the interrupt routine does when the device interrupts now.
            at_irql(device_irql, [&] { p->Notify(midi.init_group); });
            during_init = midi.services;
        };
        ASSERT_EQ(init_here(), STATUS_SUCCESS);
        REQUIRES("PM-031"), REQUIRES("LC-014"), REQUIRES("PM-007"), REQUIRES("PM-030");
        EXPECT_EQ(during_init, 1);
        REQUIRES("PM-035");
        EXPECT_EQ(references(midi.init_group), 2) << "of the two that it was given one is kept";
        port->Notify(midi.init_group);
        EXPECT_EQ(midi.services, 2) << "one member of the group, although it came twice";
        REQUIRES("PM-015");
        EXPECT_THAT(Contracts::take(), IsEmpty()) << "nobody has to be an interrupt routine";
        port->RegisterServiceGroup(midi.init_group);
        EXPECT_EQ(references(midi.init_group), 2);
        REQUIRES("PM-052");
        EXPECT_THAT(Contracts::take(), ElementsAre("PM-052"));
        let_go();
        EXPECT_EQ(midi.init_group->Release(), 0u);
    });
}

TEST_F(PortMidiTest, AGroupThatWasNotRegisteredIsKnownWhenInitHasReturned) {
    started([&] {
        midi.init_group = make_group();
        midi.on_init = [&](PPORTMIDI p) { at_irql(device_irql, [&] { p->Notify(midi.init_group); }); };
        ASSERT_EQ(init_here(), STATUS_SUCCESS);
        REQUIRES("PM-050");
        EXPECT_EQ(midi.services, 0) << "lost, which RegisterServiceGroup would have avoided";
        at_irql(device_irql, [&] { port->Notify(midi.init_group); });
        EXPECT_EQ(midi.services, 1);
        let_go();
        midi.init_group->Release();
    });
}

TEST_F(PortMidiTest, AGroupRegisteredAfterInitIsServedToo) {
    started([&] {
        PSERVICEGROUP const group = make_group();
        ASSERT_EQ(init_here(), STATUS_SUCCESS);
        port->RegisterServiceGroup(group);
        REQUIRES("PM-052");
        EXPECT_THAT(Contracts::take(), ElementsAre("PM-052"));
        port->Notify(group);
        EXPECT_EQ(midi.services, 1);
        let_go();
        EXPECT_EQ(group->Release(), 0u);
    });
}

TEST_F(PortMidiTest, InitShouldGiveTheGroupThatItRegistered) {
    started([&] {
        PSERVICEGROUP const registered = make_group();
        midi.init_group = make_group();
        midi.on_init = [&](PPORTMIDI p) { p->RegisterServiceGroup(registered); };
        ASSERT_EQ(init_here(), STATUS_SUCCESS);
        REQUIRES("PM-033");
        EXPECT_THAT(Contracts::take(), ElementsAre("PM-033"));
        port->Notify(registered);
        port->Notify(midi.init_group);
        EXPECT_EQ(midi.services, 2) << "both are served all the same";
        let_go();
        EXPECT_EQ(registered->Release(), 0u);
        EXPECT_EQ(midi.init_group->Release(), 0u);
    });
}

TEST_F(PortMidiTest, RegisterServiceGroupNeedsAGroup) {
    started([&] {
        ASSERT_EQ(init_here(), STATUS_SUCCESS);
        REQUIRES("PM-034");
        port->RegisterServiceGroup(nullptr);
        EXPECT_THAT(Contracts::take(), ElementsAre("PM-034"));
        let_go();
    });
}

TEST_F(PortMidiTest, AGroupRegisteredBeforeInitIsLeftWhenThePortGoes) {
    started([&] {
        PSERVICEGROUP const group = make_group();
        make_port();
        port->RegisterServiceGroup(group);
        REQUIRES("MM-052");
        EXPECT_THAT(Contracts::take(), ElementsAre("MM-052")) << "only a miniport's Init registers";
        let_go();
        EXPECT_EQ(references(group), 1);
        group->RequestService();  // would call the sink of a port that is gone
        EXPECT_EQ(group->Release(), 0u);
    });
}

TEST_F(PortMidiTest, APortWhoseInitFailedTakesNoGroup) {
    started([&] {
        PSERVICEGROUP const group = make_group();
        midi.init_status = STATUS_NO_MEMORY;
        EXPECT_EQ(init_here(), STATUS_NO_MEMORY);
        port->RegisterServiceGroup(group);
        EXPECT_EQ(references(group), 1);
        let_go();
        EXPECT_EQ(group->Release(), 0u);
    });
}

// ---- Notify ----

TEST_F(PortMidiTest, NotifyWorksAtAnyLevelAndLeavesTheReferencesAlone) {
    started([&] {
        midi.init_group = make_group();
        ASSERT_EQ(init_here(), STATUS_SUCCESS);
        for (const sim::Irql irql :
             {PASSIVE_LEVEL, APC_LEVEL, DISPATCH_LEVEL, int{device_irql}, HIGH_LEVEL}) {
            midi.services = 0;
            at_irql(static_cast<sim::Irql>(irql), [&] {
                REQUIRES("PM-014");
                const int before = references(midi.init_group);
                port->Notify(midi.init_group);
                EXPECT_EQ(references(midi.init_group), before);
                REQUIRES("PM-011");
                if (irql >= DISPATCH_LEVEL) {
                    EXPECT_EQ(midi.services, 0) << "not on the caller's stack";
                }
            });
            REQUIRES("PM-010");
            EXPECT_EQ(midi.services, 1) << "IRQL " << irql;
        }
        at_irql(device_irql, [&] { port->Notify(midi.init_group), port->Notify(midi.init_group); });
        REQUIRES("PM-018");
        EXPECT_EQ(midi.services, 2) << "two requests before the DPC are one";
        let_go();
        midi.init_group->Release();
    });
}

TEST_F(PortMidiTest, NotifyWithoutAGroupReachesAllOfThem) {
    FakeSink on_render, on_capture;
    midi.on_init = [&](PPORTMIDI) {
        midi.init_group = make_group();
        midi.render_group = make_group();
        midi.capture_group = make_group();
    };
    start_with_port();
    run([&] {
        Client client;
        HANDLE const out = client.pin(0);
        HANDLE const in = client.pin(2);
        midi.render_group->AddMember(&on_render);
        midi.capture_group->AddMember(&on_capture);
        port->Notify(midi.capture_group);
        REQUIRES("SG-050");
        EXPECT_EQ(midi.services, 0);
        EXPECT_EQ(on_render.calls, 0);
        EXPECT_EQ(on_capture.calls, 1);
        REQUIRES("PM-013");
        at_irql(device_irql, [&] { port->Notify(nullptr); });
        EXPECT_EQ(midi.services, 1);
        EXPECT_EQ(on_render.calls, 1);
        EXPECT_EQ(on_capture.calls, 2);
        client.ks.close(in);
        port->Notify(nullptr);
        EXPECT_EQ(on_capture.calls, 2) << "its stream is gone";
        EXPECT_EQ(on_render.calls, 2);
        client.ks.close(out);
        let_go();
    });
    ASSERT_EQ(perform(PnpAction::disable), STATUS_SUCCESS);
    run([&] {
        for (PSERVICEGROUP group : {midi.init_group, midi.render_group, midi.capture_group}) group->Release();
        EXPECT_EQ(live_object_count(), 0u);
    });
}

TEST_F(PortMidiTest, OneGroupForAllIsServedOnce) {
    midi.on_init = [&](PPORTMIDI) {
        midi.init_group = midi.render_group = midi.capture_group = make_group();
    };
    start_with_port();
    run([&] {
        Client client;
        HANDLE const out = client.pin(0);
        HANDLE const in = client.pin(2);
        REQUIRES("MM-036");
        port->Notify(nullptr);
        EXPECT_EQ(midi.services, 1);
        client.ks.close(in);
        client.ks.close(out);
        port->Notify(nullptr);
        EXPECT_EQ(midi.services, 2);
        let_go();
    });
    ASSERT_EQ(perform(PnpAction::disable), STATUS_SUCCESS);
    run([&] { EXPECT_EQ(midi.init_group->Release(), 0u); });
}

TEST_F(PortMidiTest, NotifyAfterTheEndIsTold) {
    midi.on_init = [&](PPORTMIDI) { midi.init_group = make_group(); };
    start_with_port();
    ASSERT_EQ(perform(PnpAction::disable), STATUS_SUCCESS);
    run([&] {
        REQUIRES("PM-020");
        at_irql(device_irql, [&] { port->Notify(midi.init_group); });
        EXPECT_THAT(Contracts::take(), ElementsAre("PM-020"));
        EXPECT_EQ(midi.services, 0);
        midi.init_group->Release();
        let_go();
    });
}

TEST_F(PortMidiTest, NotifyWithAGroupThatIsGoneIsTold) {
    started([&] {
        PSERVICEGROUP const group = make_group();
        ASSERT_EQ(init_here(), STATUS_SUCCESS);
        group->Release();
        REQUIRES("PM-020");
        port->Notify(group);
        EXPECT_THAT(Contracts::take(), ElementsAre("PM-020"));
        let_go();
    });
}

// ---- streams ----

TEST_F(PortMidiTest, StateAndFormatAreReadAndWritten) {
    start_with_port();
    run([&] {
        Client client;
        HANDLE const pin = client.pin(0);
        REQUIRES("CX-012");
        EXPECT_EQ(midi.stream_pool, NonPagedPool) << "of the stream object, and not of a DMA channel";
        REQUIRES("CX-018");
        KSSTATE state = KSSTATE_RUN;
        EXPECT_EQ(client.ks.get_state(pin, &state), STATUS_SUCCESS);
        EXPECT_EQ(state, KSSTATE_STOP);
        EXPECT_EQ(client.ks.set_state(pin, KSSTATE_PAUSE), STATUS_SUCCESS);
        EXPECT_EQ(client.ks.get_state(pin, &state), STATUS_SUCCESS);
        EXPECT_EQ(state, KSSTATE_PAUSE);
        KSPROPERTY property{};
        property.Set = KSPROPSETID_Connection;
        property.Id = KSPROPERTY_CONNECTION_DATAFORMAT;
        const std::span<const std::uint8_t> request(reinterpret_cast<const std::uint8_t*>(&property),
                                                    sizeof property);
        KSDATAFORMAT format{};
        const std::span<std::uint8_t> value(reinterpret_cast<std::uint8_t*>(&format), sizeof format);
        std::size_t returned = 0;
        property.Flags = KSPROPERTY_TYPE_GET;
        EXPECT_EQ(client.ks.control(pin, IOCTL_KS_PROPERTY, request, value, &returned), STATUS_SUCCESS);
        EXPECT_TRUE(IsEqualGUID(format.SubFormat, KSDATAFORMAT_SUBTYPE_MIDI));
        property.Flags = KSPROPERTY_TYPE_SET;
        EXPECT_EQ(client.ks.control(pin, IOCTL_KS_PROPERTY, request, value, &returned), STATUS_SUCCESS);
        EXPECT_EQ(midi.render.formats, 1);
        client.ks.close(pin);
        let_go();
    });
}

TEST_F(PortMidiTest, PagedCodeWhereTheDpcRunsIsTold) {
    static int told;
    told = 0;
    nt::probes.paged_code = [](const char*, unsigned) { ++told; };
    midi.on_init = [&](PPORTMIDI) { midi.init_group = midi.capture_group = make_group(); };
    start_with_port();
    run([&] {
        Client client;
        HANDLE const in = client.pin(2);
        HANDLE const out = client.pin(0);
        client.ks.set_state(in, KSSTATE_RUN);
        client.ks.set_state(out, KSSTATE_RUN);
        midi.on_service = [] { PAGED_CODE(); };
        port->Notify(midi.init_group);
        REQUIRES("MM-022");
        EXPECT_EQ(told, 1);
        midi.on_service = nullptr;
        told = 0;
        midi.capture.on_access = [] { PAGED_CODE(); };
        port->Notify(midi.init_group);
        REQUIRES("MS-052");
        EXPECT_GE(told, 1) << "in Read";
        midi.capture.on_access = nullptr;
        told = 0;
        midi.render.on_access = [] { PAGED_CODE(); };
        {
            client::RenderStream stream(client.ks, out);
            EXPECT_TRUE(NT_SUCCESS(stream.write(-1, std::array<std::uint8_t, 3>{0x90, 60, 100})));
            EXPECT_EQ(stream.wait_until(0, nullptr), STATUS_SUCCESS);
        }
        EXPECT_GE(told, 1) << "in Write";
        client.ks.close(in);
        client.ks.close(out);
        let_go();
    });
    nt::probes.paged_code = nullptr;
    ASSERT_EQ(perform(PnpAction::disable), STATUS_SUCCESS);
    run([&] { midi.init_group->Release(); });
}

// ---- the end ----

TEST_F(PortMidiTest, TheCircleOfReferencesIsCut) {
    midi.on_init = [&](PPORTMIDI p) { p->AddRef(); };
    midi.last_release = [&] { midi.given.port->Release(); };
    start_with_port();
    run([&] {
        let_go();
        midi.Release();  // the driver's own references, after PcRegisterSubdevice (IP-019)
    });
    EXPECT_NE(live_object_at(midi.given.port), nullptr);
    EXPECT_GT(midi.references, 0);
    ASSERT_EQ(perform(PnpAction::disable), STATUS_SUCCESS);
    REQUIRES("MM-018"), REQUIRES("LC-057");
    EXPECT_EQ(midi.references, 0);
    EXPECT_EQ(live_object_count(), 0u);
}

// ---- power ----

TEST_F(PortMidiTest, MiniportAndStreamsHearOfPowerChanges) {
    midi.notified = midi.render.notified = true;
    start_with_port();
    HANDLE out = nullptr, in = nullptr;
    std::optional<Client> client;
    run([&] {
        client.emplace();
        out = client->pin(0);
        in = client->pin(2);
        client->ks.set_state(out, KSSTATE_RUN);
        client->ks.set_state(in, KSSTATE_PAUSE);
    });
    take_log();
    ASSERT_EQ(set_power(PowerDeviceD3), STATUS_SUCCESS);
    REQUIRES("PN-002"), REQUIRES("PN-003"), REQUIRES("LC-031");
    EXPECT_THAT(take_log(), ElementsAre("out PAUSE", "notify D3", "out notify D3", "bus D3"));
    REQUIRES("PN-004");  // the bus powers down after the notifications, and up before them
    REQUIRES("PN-001");
    EXPECT_EQ(midi.notify_irql, PASSIVE_LEVEL);
    ASSERT_EQ(set_power(PowerDeviceD0), STATUS_SUCCESS);
    REQUIRES("LC-032"), REQUIRES("LC-033");
    EXPECT_THAT(take_log(), ElementsAre("bus D0", "notify D0", "out notify D0", "out RUN"))
        << "the pin that was in PAUSE stays there";
    REQUIRES("PN-006");
    EXPECT_EQ(midi.power_queries, 1);
    EXPECT_EQ(midi.render.power_queries, 1);
    EXPECT_EQ(midi.power.references, 2);
    EXPECT_EQ(midi.render.power.references, 2);
    run([&] {
        client->ks.close(out), client->ks.close(in);
        client.reset();
        let_go();
    });
    ASSERT_EQ(perform(PnpAction::disable), STATUS_SUCCESS);
    EXPECT_EQ(midi.power.references, 1);
    EXPECT_EQ(midi.render.power.references, 1);
}

TEST_F(PortMidiTest, RunAskedForWhilePoweredDownComesAtD0) {
    start_with_port();
    HANDLE out = nullptr;
    std::optional<Client> client;
    run([&] {
        client.emplace();
        out = client->pin(0);
    });
    ASSERT_EQ(set_power(PowerDeviceD3), STATUS_SUCCESS);
    take_log();
    run([&] {
        REQUIRES("LC-034");
        EXPECT_EQ(client->ks.set_state(out, KSSTATE_RUN), STATUS_SUCCESS);
    });
    EXPECT_THAT(take_log(), ElementsAre("out ACQUIRE", "out PAUSE"));
    ASSERT_EQ(set_power(PowerDeviceD0), STATUS_SUCCESS);
    EXPECT_THAT(take_log(), ElementsAre("bus D0", "out RUN"));
    run([&] {
        client->ks.close(out);
        client.reset();
        let_go();
    });
    ASSERT_EQ(perform(PnpAction::disable), STATUS_SUCCESS);
}

TEST_F(PortMidiTest, APinMayBeClosedInsideTheCallsOfItsStream) {
    start_with_port();
    HANDLE out = nullptr, in = nullptr;
    std::optional<Client> client;
    static int damaged;
    damaged = 0;
    nt::probes.pool_misuse = [](std::uint32_t, const nt::Subject&, std::uint64_t, const char*) { ++damaged; };
    run([&] {
        client.emplace();
        in = client->pin(2);
        out = client->pin(0);
        client->ks.set_state(out, KSSTATE_RUN);
        client->ks.set_state(in, KSSTATE_RUN);
    });
    midi.render.on_state = [&](KSSTATE state) {
        if (state == KSSTATE_PAUSE && out != nullptr) client->ks.close(std::exchange(out, nullptr));
    };
    take_log();
    ASSERT_EQ(set_power(PowerDeviceD3), STATUS_SUCCESS);
    REQUIRES("LC-031"), REQUIRES("PI-010");
    EXPECT_THAT(take_log(),
                ElementsAre("in PAUSE", "out PAUSE", "out PAUSE", "out ACQUIRE", "out STOP", "bus D3"));
    EXPECT_EQ(midi.render.references, 1) << "the stream has gone with its pin";
    ASSERT_EQ(set_power(PowerDeviceD0), STATUS_SUCCESS);
    EXPECT_THAT(take_log(), ElementsAre("bus D0", "in RUN"));
    run([&] {
        nt::ex::check_freed_blocks();
        EXPECT_EQ(damaged, 0);
        client->ks.close(in);
        client.reset();
        let_go();
    });
    nt::probes.pool_misuse = nullptr;
    ASSERT_EQ(perform(PnpAction::disable), STATUS_SUCCESS);
}

}  // namespace
}  // namespace portico::portcls
