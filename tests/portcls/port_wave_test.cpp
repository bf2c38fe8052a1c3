#include <gmock/gmock.h>

#include "fake_streamless.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::Contracts;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct PortWaveTest : test::StreamlessTest {
    test::FakeWaveCyclic cyclic;
    test::FakeWavePci pci;
    test::FakeWaveRt rt;
    test::FakeTopology topology;
};

TEST_F(PortWaveTest, EveryKindBindsItsMiniport) {
    start_with([&](PIRP irp, PRESOURCELIST resources) {
        REQUIRES("FN-032"), REQUIRES("IP-002");
        add(CLSID_PortWaveCyclic, cyclic, u"Cyclic", irp, resources);
        add(CLSID_PortWavePci, pci, u"Pci", irp, resources);
        add(CLSID_PortWaveRT, rt, u"Rt", irp, resources);
        add(CLSID_PortTopology, topology, u"Topology", irp, resources);
        const std::pair<PPORT, const GUID*> made[] = {{cyclic.given_port, &IID_IPortWaveCyclic},
                                                      {pci.given_port, &IID_IPortWavePci},
                                                      {rt.given_port, &IID_IPortWaveRT}};
        for (const auto& [port, id] : made) {
            PVOID found = nullptr;
            ASSERT_EQ(port->QueryInterface(*id, &found), STATUS_SUCCESS);
            static_cast<PUNKNOWN>(found)->Release();
            ASSERT_EQ(port->QueryInterface(IID_IUnregisterSubdevice, &found), STATUS_SUCCESS);
            static_cast<PUNKNOWN>(found)->Release();
        }
    });
    EXPECT_EQ(adapter().subdevices.count(), 4u) << "a sound card with wave and topology starts";
    ASSERT_EQ(perform(nt::io::PnpAction::disable), STATUS_SUCCESS);
    EXPECT_EQ(cyclic.references, 1);
    EXPECT_EQ(pci.references, 1);
    EXPECT_EQ(rt.references, 1);
    EXPECT_EQ(live_object_count(), 0u);
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(PortWaveTest, SaysOnceThatThereAreNoStreams) {
    start_with([&](PIRP irp, PRESOURCELIST resources) {
        add(CLSID_PortWaveCyclic, cyclic, u"Cyclic", irp, resources);
    });
    REQUIRES("FN-035");
    EXPECT_EQ(open_pin(2), STATUS_NOT_SUPPORTED);
    EXPECT_THAT(Contracts::take(), ElementsAre("FN-035"));
    EXPECT_EQ(open_pin(2), STATUS_NOT_SUPPORTED);
    EXPECT_EQ(open_pin(0), STATUS_INVALID_DEVICE_REQUEST) << "a bridge pin, as everywhere";
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(PortWaveTest, AnInterruptOfAPciDeviceIsServed) {
    start_with([&](PIRP irp, PRESOURCELIST resources) {
        ASSERT_EQ(PcNewServiceGroup(&pci.group, nullptr), STATUS_SUCCESS);
        add(CLSID_PortWavePci, pci, u"Pci", irp, resources);
    });
    run([&] {
        auto* const port = static_cast<PPORTWAVEPCI>(pci.given_port);
        test::at_irql(9, [&] { port->Notify(pci.group); });
        test::let_pass(millisecond_ns);
        EXPECT_EQ(pci.services, 1);
        EXPECT_EQ(pci.service_irql, DISPATCH_LEVEL);
        port->Notify(nullptr);
        pci.group->Release();
    });
    ASSERT_EQ(perform(nt::io::PnpAction::disable), STATUS_SUCCESS);
    EXPECT_EQ(live_object_count(), 0u);
}

TEST_F(PortWaveTest, MakesDmaChannels) {
    start_with([&](PIRP irp, PRESOURCELIST resources) {
        add(CLSID_PortWaveCyclic, cyclic, u"Cyclic", irp, resources);
        add(CLSID_PortWavePci, pci, u"Pci", irp, resources);
        auto* const wave = static_cast<PPORTWAVECYCLIC>(cyclic.given_port);
        PDMACHANNEL channel = nullptr;
        EXPECT_EQ(wave->NewMasterDmaChannel(&channel, nullptr, resources, 8192, TRUE, FALSE, MaximumDmaWidth,
                                            MaximumDmaSpeed),
                  STATUS_SUCCESS);
        EXPECT_EQ(channel->MaximumBufferSize(), 8192u);
        EXPECT_EQ(channel->Release(), 0u);
        PDMACHANNELSLAVE slave = nullptr;
        EXPECT_EQ(wave->NewSlaveDmaChannel(&slave, nullptr, resources, 0, 4096, FALSE, Compatible),
                  STATUS_INVALID_PARAMETER)
            << "the device has no DMA channel";
        auto* const bus_master = static_cast<PPORTWAVEPCI>(pci.given_port);
        EXPECT_EQ(bus_master->NewMasterDmaChannel(&channel, nullptr, PagedPool, nullptr, TRUE, TRUE, FALSE,
                                                  FALSE, MaximumDmaWidth, MaximumDmaSpeed, 4096, 0),
                  STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-111"));
        EXPECT_EQ(bus_master->NewMasterDmaChannel(&channel, nullptr, NonPagedPool, nullptr, TRUE, TRUE, FALSE,
                                                  FALSE, MaximumDmaWidth, MaximumDmaSpeed, 4096, 0),
                  STATUS_SUCCESS);
        EXPECT_EQ(channel->Release(), 0u);
        CM_PARTIAL_RESOURCE_DESCRIPTOR dma{};
        dma.Type = CmResourceTypeDma;
        dma.u.Dma.Channel = 5;
        PRESOURCELIST sublist = nullptr;
        ASSERT_EQ(PcNewResourceSublist(&sublist, nullptr, PagedPool, resources, 1), STATUS_SUCCESS);
        ASSERT_EQ(sublist->AddEntry(&dma, &dma), STATUS_SUCCESS);
        EXPECT_EQ(wave->NewSlaveDmaChannel(&slave, nullptr, sublist, 0, 4096, FALSE, Compatible),
                  STATUS_SUCCESS);
        EXPECT_EQ(slave->AllocateBuffer(4096, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(slave->Release(), 0u);
        sublist->Release();
    });
}

}  // namespace
}  // namespace portico::portcls
