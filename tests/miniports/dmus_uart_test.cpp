// The DMusUART miniports' descriptors and properties; tests/machine has them at work on a device.
#include <cstring>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fake_kernel.h"

#include <dmusicks.h>

#include "support/requires.h"

namespace portico::miniports_test {
namespace {

// A miniport of the class, on a kernel of its own.
class DMusUart {
  public:
    explicit DMusUart(REFCLSID class_id) {
        kernel = &state_;
        PUNKNOWN unknown = nullptr;
        EXPECT_EQ(create_miniport(&unknown, class_id), STATUS_SUCCESS);
        miniport_ = static_cast<PMINIPORTDMUS>(unknown);
    }
    ~DMusUart() {
        EXPECT_EQ(miniport_->Release(), 0u);
        EXPECT_EQ(state_.blocks, 0u);
        kernel = nullptr;
    }
    PMINIPORTDMUS operator->() const { return miniport_; }
    const PCFILTER_DESCRIPTOR& filter() const {
        PPCFILTER_DESCRIPTOR out = nullptr;
        EXPECT_EQ(miniport_->GetDescription(&out), STATUS_SUCCESS);
        return *out;
    }
    // A node's property, as the port dispatches it.
    NTSTATUS get(ULONG node, ULONG id, void* value, ULONG& size, void* instance = nullptr,
                 ULONG instance_size = 0) const {
        const PCAUTOMATION_TABLE& table = *filter().Nodes[node].AutomationTable;
        for (ULONG i = 0; i < table.PropertyCount; ++i) {
            const PCPROPERTY_ITEM& item = table.Properties[i];
            if (!IsEqualGUID(*item.Set, KSPROPSETID_Synth) || item.Id != id) continue;
            EXPECT_EQ(item.Flags, ULONG{KSPROPERTY_TYPE_GET});
            PCPROPERTY_REQUEST request{};
            request.MajorTarget = miniport_;
            request.Node = node;
            request.PropertyItem = &item;
            request.Verb = KSPROPERTY_TYPE_GET;
            request.Instance = instance;
            request.InstanceSize = instance_size;
            request.Value = value;
            request.ValueSize = size;
            const NTSTATUS status = item.Handler(&request);
            size = request.ValueSize;
            return status;
        }
        return STATUS_NOT_FOUND;
    }

  private:
    FakeKernel state_;
    PMINIPORTDMUS miniport_ = nullptr;
};

bool takes(const PCPIN_DESCRIPTOR& pin, const GUID& sub_format) {
    for (ULONG i = 0; i < pin.KsPinDescriptor.DataRangesCount; ++i) {
        if (IsEqualGUID(pin.KsPinDescriptor.DataRanges[i]->SubFormat, sub_format)) return true;
    }
    return false;
}

TEST(DMusUartTest, OffersItsInterfaces) {
    for (const CLSID& id : {CLSID_MiniportDriverDMusUART, CLSID_MiniportDriverDMusUARTCapture}) {
        const DMusUart uart(id);
        REQUIRES("FN-044"), REQUIRES("FN-045"), REQUIRES("UA-002");
        for (const GUID& iid : {IID_IUnknown, IID_IMiniport, IID_IMiniportDMus, IID_IMusicTechnology}) {
            PVOID object = nullptr;
            ASSERT_EQ(uart->QueryInterface(iid, &object), STATUS_SUCCESS);
            static_cast<PUNKNOWN>(object)->Release();
        }
        PVOID object = nullptr;
        EXPECT_FALSE(NT_SUCCESS(uart->QueryInterface(IID_IMiniportMidi, &object)));
    }
}

TEST(DMusUartTest, HasPinsForMidiAndDirectMusic) {
    const DMusUart uart(CLSID_MiniportDriverDMusUART);
    const PCFILTER_DESCRIPTOR& filter = uart.filter();
    ASSERT_EQ(filter.PinCount, 5u);
    const ULONG limits[] = {1, 1, 0, 0, 1};
    const KSPIN_DATAFLOW flows[] = {KSPIN_DATAFLOW_IN, KSPIN_DATAFLOW_IN, KSPIN_DATAFLOW_OUT,
                                    KSPIN_DATAFLOW_IN, KSPIN_DATAFLOW_OUT};
    const bool midi[] = {true, false, false, false, true};
    const bool direct_music[] = {false, true, false, false, true};
    for (ULONG i = 0; i < 5; ++i) {
        const PCPIN_DESCRIPTOR& pin = filter.Pins[i];
        REQUIRES("UA-006");
        EXPECT_EQ(pin.MaxGlobalInstanceCount, limits[i]) << i;
        EXPECT_EQ(pin.MaxFilterInstanceCount, limits[i]) << i;
        EXPECT_EQ(pin.MinFilterInstanceCount, 0u) << i;
        EXPECT_EQ(pin.KsPinDescriptor.DataFlow, flows[i]) << i;
        REQUIRES("UA-004"), REQUIRES("UA-005");
        EXPECT_EQ(takes(pin, KSDATAFORMAT_SUBTYPE_MIDI), midi[i]) << i;
        EXPECT_EQ(takes(pin, KSDATAFORMAT_SUBTYPE_DIRECTMUSIC), direct_music[i]) << i;
    }
    ASSERT_EQ(filter.NodeCount, 2u);
    for (ULONG i = 0; i < 2; ++i) EXPECT_TRUE(IsEqualGUID(*filter.Nodes[i].Type, KSNODETYPE_SYNTHESIZER));
    ASSERT_EQ(filter.CategoryCount, 3u);
    for (ULONG i = 0; i < 3; ++i)
        EXPECT_FALSE(IsEqualGUID(filter.Categories[i], KSCATEGORY_SYNTHESIZER)) << "no synthesizer inside";
    EXPECT_EQ(filter.ConnectionCount, 5u);
}

TEST(DMusUartTest, TheOneForCaptureHasNoRenderPin) {
    const DMusUart uart(CLSID_MiniportDriverDMusUARTCapture);
    const PCFILTER_DESCRIPTOR& filter = uart.filter();
    REQUIRES("UA-003");
    ASSERT_EQ(filter.PinCount, 2u);
    EXPECT_EQ(filter.Pins[0].KsPinDescriptor.DataFlow, KSPIN_DATAFLOW_OUT);
    EXPECT_EQ(filter.Pins[0].MaxGlobalInstanceCount, 1u);
    EXPECT_EQ(filter.Pins[1].MaxGlobalInstanceCount, 0u);
}

TEST(DMusUartTest, ItsNodesAnswerSynthProperties) {
    const DMusUart uart(CLSID_MiniportDriverDMusUART);
    REQUIRES("UA-004"), REQUIRES("UA-006");
    SYNTHCAPS caps{};
    ULONG size = sizeof caps;
    EXPECT_EQ(uart.get(0, KSPROPERTY_SYNTH_CAPS, &caps, size), STATUS_SUCCESS);
    EXPECT_EQ(size, sizeof caps);
    EXPECT_TRUE(IsEqualGUID(caps.Guid, CLSID_MiniportDriverDMusUART));
    EXPECT_EQ(caps.Flags, DWORD{SYNTH_PC_EXTERNAL}) << "no DLS";
    EXPECT_EQ(caps.MaxChannelGroups, 1u);

    size = 0;
    EXPECT_EQ(uart.get(0, KSPROPERTY_SYNTH_CAPS, nullptr, size), STATUS_BUFFER_OVERFLOW);
    EXPECT_EQ(size, sizeof caps);
    size = sizeof caps - 1;
    EXPECT_EQ(uart.get(0, KSPROPERTY_SYNTH_CAPS, &caps, size), STATUS_BUFFER_TOO_SMALL);

    SYNTH_PORTPARAMS wanted{};
    wanted.ChannelGroups = 16;
    wanted.Voices = 64;
    SYNTH_PORTPARAMS got{};
    size = sizeof got;
    EXPECT_EQ(uart.get(1, KSPROPERTY_SYNTH_PORTPARAMETERS, &got, size, &wanted, sizeof wanted),
              STATUS_SUCCESS);
    EXPECT_EQ(got.ChannelGroups, 1u);
    EXPECT_EQ(got.Voices, 64u);
    EXPECT_EQ(uart.get(1, KSPROPERTY_SYNTH_PORTPARAMETERS, &got, size, &wanted, 4), STATUS_BUFFER_TOO_SMALL);

    ULONG groups = 0;
    size = sizeof groups;
    EXPECT_EQ(uart.get(0, KSPROPERTY_SYNTH_CHANNELGROUPS, &groups, size), STATUS_SUCCESS);
    EXPECT_EQ(groups, 1u);
    now_us = 1'000;
    ULONGLONG now = 0;
    size = sizeof now;
    EXPECT_EQ(uart.get(0, KSPROPERTY_SYNTH_LATENCYCLOCK, &now, size), STATUS_SUCCESS);
    EXPECT_EQ(now, 10'010u);
    EXPECT_EQ(uart.get(0, KSPROPERTY_SYNTH_VOLUME, &now, size), STATUS_NOT_FOUND);
}

}  // namespace
}  // namespace portico::miniports_test
