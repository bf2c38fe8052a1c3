#include <gmock/gmock.h>

#include "fake_streamless.h"
#include "portcls/physical_connections.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using nt::io::PnpAction;
using test::Contracts;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct PortTopologyTest : test::StreamlessTest {
    test::FakeTopology topology;
    test::FakeSink adapter_object;

    void start_with_topology() {
        start_with([&](PIRP irp, PRESOURCELIST resources) {
            add(CLSID_PortTopology, topology, u"Topology", irp, resources);
        });
    }
};

TEST_F(PortTopologyTest, BindsATopologyMiniport) {
    start_with([&](PIRP irp, PRESOURCELIST resources) {
        PPORT const port = make(CLSID_PortTopology);
        EXPECT_EQ(port->Init(fdo, irp, &topology, &adapter_object, resources), STATUS_SUCCESS);
        REQUIRES("TP-002"), REQUIRES("IP-014");
        EXPECT_EQ(topology.irql, PASSIVE_LEVEL);
        EXPECT_EQ(topology.given_adapter, &adapter_object);
        EXPECT_EQ(topology.given_resources, resources);
        EXPECT_EQ(topology.given_port, port);
        REQUIRES("TP-001"), REQUIRES("IP-002");
        PVOID found = nullptr;
        EXPECT_EQ(port->QueryInterface(IID_IPortTopology, &found), STATUS_SUCCESS);
        EXPECT_EQ(found, static_cast<void*>(static_cast<PPORTTOPOLOGY>(port)));
        static_cast<PUNKNOWN>(found)->Release();
        EXPECT_NE(port->QueryInterface(IID_IPortMidi, &found), STATUS_SUCCESS);
        REQUIRES("PC-002"), REQUIRES("PN-002");
        EXPECT_EQ(topology.pin_count_queries, 1);
        EXPECT_EQ(topology.power.references, 2);
        for (const GUID* id : {&IID_IPort, &IID_IPortEvents, &IID_IPortClsVersion, &IID_IUnregisterSubdevice,
                               &IID_IUnregisterPhysicalConnection}) {
            REQUIRES("PV-002"), REQUIRES("US-002"), REQUIRES("UP-004");
            ASSERT_EQ(port->QueryInterface(*id, &found), STATUS_SUCCESS);
            static_cast<PUNKNOWN>(found)->Release();
        }
        EXPECT_EQ(port->Release(), 0u);
        EXPECT_EQ(topology.references, 1) << "port and miniport let go of each other";
        EXPECT_EQ(topology.power.references, 1);
    });
}

TEST_F(PortTopologyTest, RefusesAnotherMiniportAndPassesOnAFailure) {
    test::FakeMiniport midi;
    start_with([&](PIRP irp, PRESOURCELIST resources) {
        PPORT port = make(CLSID_PortTopology);
        REQUIRES("IP-013");
        EXPECT_FALSE(NT_SUCCESS(port->Init(fdo, irp, &midi, nullptr, resources)));
        EXPECT_EQ(port->Release(), 0u);
        EXPECT_EQ(midi.references, 1);
        port = make(CLSID_PortTopology);
        topology.init_status = STATUS_NO_MEMORY;
        REQUIRES("IP-020");
        EXPECT_EQ(port->Init(fdo, irp, &topology, nullptr, resources), STATUS_NO_MEMORY);
        EXPECT_EQ(topology.references, 1);
        EXPECT_EQ(port->Release(), 0u);
    });
}

TEST_F(PortTopologyTest, ItsPinsAreWires) {
    start_with_topology();
    REQUIRES("TP-003");
    EXPECT_EQ(open_pin(0), STATUS_INVALID_DEVICE_REQUEST);
    EXPECT_EQ(open_pin(2), STATUS_INVALID_DEVICE_REQUEST) << "whatever its descriptor says";
    EXPECT_EQ(open_pin(9), STATUS_INVALID_PARAMETER);
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(PortTopologyTest, TellsItsMiniportOfPower) {
    start_with_topology();
    ASSERT_EQ(set_power(PowerDeviceD3), STATUS_SUCCESS);
    ASSERT_EQ(set_power(PowerDeviceD0), STATUS_SUCCESS);
    REQUIRES("PN-003");
    EXPECT_THAT(topology.power.states, ElementsAre(PowerDeviceD3, PowerDeviceD0));
}

TEST_F(PortTopologyTest, ConnectionsGoWithTheDevice) {
    test::FakeTopology other;
    start_with([&](PIRP irp, PRESOURCELIST resources) {
        add(CLSID_PortTopology, topology, u"Topology", irp, resources);
        add(CLSID_PortTopology, other, u"Other", irp, resources);
        PPORT const from = topology.given_port;
        PPORT const to = other.given_port;
        UNICODE_STRING far_away{};
        RtlInitUnicodeString(&far_away, u"\\??\\elsewhere");
        REQUIRES("FN-060"), REQUIRES("FN-061");
        EXPECT_EQ(PcRegisterPhysicalConnection(fdo, from, 1, to, 0), STATUS_SUCCESS);
        EXPECT_EQ(PcRegisterPhysicalConnectionToExternal(fdo, to, 1, &far_away, 4), STATUS_SUCCESS);
        EXPECT_EQ(PcRegisterPhysicalConnectionFromExternal(fdo, &far_away, 5, from, 0), STATUS_SUCCESS);
    });
    EXPECT_THAT(Contracts::take(), IsEmpty());
    const auto connections = [&] {
        unsigned count = 0;
        for (const PhysicalConnection* c = adapter().connections; c != nullptr; c = c->next) ++count;
        return count;
    };
    EXPECT_EQ(connections(), 3u);
    ASSERT_EQ(perform(PnpAction::query_stop), STATUS_SUCCESS);
    ASSERT_EQ(perform(PnpAction::stop), STATUS_SUCCESS);
    REQUIRES("LC-052");
    EXPECT_EQ(connections(), 0u);
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    EXPECT_EQ(connections(), 3u) << "the driver's StartDevice makes them anew";
    ASSERT_EQ(perform(PnpAction::disable), STATUS_SUCCESS);
    EXPECT_THAT(Contracts::take(), IsEmpty()) << "PortCls takes them away itself: no breach";
    EXPECT_EQ(topology.references, 1);
    EXPECT_EQ(other.references, 1);
    EXPECT_EQ(live_object_count(), 0u);
}

}  // namespace
}  // namespace portico::portcls
