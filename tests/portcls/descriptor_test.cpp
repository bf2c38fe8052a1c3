// What a miniport's descriptor looks like in memory, and what is wrong with it at IPort::Init.
#include <gmock/gmock.h>

#include <cstdio>

#include "adapter_test.h"
#include "ksmedia.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::Contracts;
using test::FakeMiniport;
using test::FakePort;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(DescriptorLayout, IsWindows) {
    REQUIRES("FD-001");
    EXPECT_EQ(sizeof(PCFILTER_DESCRIPTOR), 80u);
    EXPECT_EQ(offsetof(PCFILTER_DESCRIPTOR, AutomationTable), 8u);
    EXPECT_EQ(offsetof(PCFILTER_DESCRIPTOR, PinSize), 16u);
    EXPECT_EQ(offsetof(PCFILTER_DESCRIPTOR, Pins), 24u);
    EXPECT_EQ(offsetof(PCFILTER_DESCRIPTOR, NodeSize), 32u);
    EXPECT_EQ(offsetof(PCFILTER_DESCRIPTOR, Nodes), 40u);
    EXPECT_EQ(offsetof(PCFILTER_DESCRIPTOR, ConnectionCount), 48u);
    EXPECT_EQ(offsetof(PCFILTER_DESCRIPTOR, Connections), 56u);
    EXPECT_EQ(offsetof(PCFILTER_DESCRIPTOR, CategoryCount), 64u);
    EXPECT_EQ(offsetof(PCFILTER_DESCRIPTOR, Categories), 72u);
    REQUIRES("FD-010"), REQUIRES("FD-014");
    EXPECT_EQ(sizeof(PCPIN_DESCRIPTOR), 112u);
    EXPECT_EQ(offsetof(PCPIN_DESCRIPTOR, MinFilterInstanceCount), 8u);
    EXPECT_EQ(offsetof(PCPIN_DESCRIPTOR, AutomationTable), 16u);
    EXPECT_EQ(offsetof(PCPIN_DESCRIPTOR, KsPinDescriptor), 24u);
    EXPECT_EQ(sizeof(KSPIN_DESCRIPTOR), 88u);
    EXPECT_EQ(offsetof(KSPIN_DESCRIPTOR, DataRanges), 40u);
    EXPECT_EQ(offsetof(KSPIN_DESCRIPTOR, DataFlow), 48u);
    EXPECT_EQ(offsetof(KSPIN_DESCRIPTOR, Category), 56u);
    EXPECT_EQ(offsetof(KSPIN_DESCRIPTOR, Name), 64u);
    EXPECT_EQ(offsetof(KSPIN_DESCRIPTOR, ConstrainedDataRanges), 80u);
    REQUIRES("FD-020"), REQUIRES("FD-030"), REQUIRES("FD-040");
    EXPECT_EQ(sizeof(PCNODE_DESCRIPTOR), 32u);
    EXPECT_EQ(sizeof(PCCONNECTION_DESCRIPTOR), 16u);
    EXPECT_EQ(sizeof(PCAUTOMATION_TABLE), 56u);
    REQUIRES("FD-050"), REQUIRES("FD-052");
    EXPECT_EQ(sizeof(PCPROPERTY_ITEM), 24u);
    EXPECT_EQ(sizeof(PCPROPERTY_REQUEST), 72u);
    EXPECT_EQ(offsetof(PCPROPERTY_REQUEST, Node), 16u);
    EXPECT_EQ(offsetof(PCPROPERTY_REQUEST, PropertyItem), 24u);
    EXPECT_EQ(offsetof(PCPROPERTY_REQUEST, Verb), 32u);
    EXPECT_EQ(offsetof(PCPROPERTY_REQUEST, InstanceSize), 36u);
    EXPECT_EQ(offsetof(PCPROPERTY_REQUEST, Instance), 40u);
    EXPECT_EQ(offsetof(PCPROPERTY_REQUEST, ValueSize), 48u);
    EXPECT_EQ(offsetof(PCPROPERTY_REQUEST, Value), 56u);
    EXPECT_EQ(offsetof(PCPROPERTY_REQUEST, Irp), 64u);
    REQUIRES("FD-070");
    EXPECT_EQ(sizeof(PCEVENT_ITEM), 24u);
    EXPECT_EQ(sizeof(PCEVENT_REQUEST), 56u);
    EXPECT_EQ(offsetof(PCEVENT_REQUEST, EventItem), 24u);
    EXPECT_EQ(offsetof(PCEVENT_REQUEST, EventEntry), 32u);
    EXPECT_EQ(offsetof(PCEVENT_REQUEST, Verb), 40u);
    EXPECT_EQ(PCEVENT_ITEM_FLAG_ONESHOT, 2);
    REQUIRES("FD-051");
    EXPECT_EQ(PCPROPERTY_ITEM_FLAG_SERIALIZE, 0xE000);
    EXPECT_EQ(PCPROPERTY_ITEM_FLAG_BASICSUPPORT, 0x200);
    EXPECT_EQ(PCPROPERTY_ITEM_FLAG_DEFAULTVALUES, 0x10000);
    REQUIRES("FF-001"), REQUIRES("FF-003");
    EXPECT_EQ(sizeof(KSDATAFORMAT), 64u);
    EXPECT_EQ(alignof(KSDATAFORMAT), 8u);
    EXPECT_EQ(sizeof(KSDATARANGE_MUSIC), 96u);
}

GUID guid(const char* text) {
    GUID out{};
    unsigned d[11];
    EXPECT_EQ(std::sscanf(text, "%8x-%4x-%4x-%2x%2x-%2x%2x%2x%2x%2x%2x", &d[0], &d[1], &d[2], &d[3], &d[4],
                          &d[5], &d[6], &d[7], &d[8], &d[9], &d[10]),
              11);
    out.Data1 = d[0];
    out.Data2 = static_cast<USHORT>(d[1]);
    out.Data3 = static_cast<USHORT>(d[2]);
    for (int i = 0; i < 8; ++i) out.Data4[i] = static_cast<UCHAR>(d[3 + i]);
    return out;
}

#define EXPECT_GUID(name, text) EXPECT_TRUE(IsEqualGUID(name, guid(text))) << #name

TEST(DescriptorLayout, HasWindowsGuids) {
    REQUIRES("FF-010");
    EXPECT_GUID(KSDATAFORMAT_TYPE_MUSIC, "E725D360-62CC-11CF-A5D6-28DB04C10000");
    EXPECT_GUID(KSDATAFORMAT_SUBTYPE_MIDI, "1D262760-E957-11CF-A5D6-28DB04C10000");
    EXPECT_GUID(KSDATAFORMAT_SUBTYPE_MIDI_BUS, "2CA15FA0-6CFE-11CF-A5D6-28DB04C10000");
    EXPECT_GUID(KSDATAFORMAT_SPECIFIER_NONE, "0F6417D6-C318-11D0-A43F-00A0C9223196");
    REQUIRES("FF-011");
    EXPECT_GUID(KSMUSIC_TECHNOLOGY_PORT, "86C92E60-62E8-11CF-A5D6-28DB04C10000");
    EXPECT_GUID(KSMUSIC_TECHNOLOGY_SQSYNTH, "0ECF4380-62E9-11CF-A5D6-28DB04C10000");
    EXPECT_GUID(KSMUSIC_TECHNOLOGY_FMSYNTH, "252C5C80-62E9-11CF-A5D6-28DB04C10000");
    EXPECT_GUID(KSMUSIC_TECHNOLOGY_WAVETABLE, "394EC7C0-62E9-11CF-A5D6-28DB04C10000");
    EXPECT_GUID(KSMUSIC_TECHNOLOGY_SWSYNTH, "37407736-3620-11D1-85D3-0000F8754380");
    REQUIRES("FF-012");
    EXPECT_GUID(KSCATEGORY_AUDIO, "6994AD04-93EF-11D0-A3CC-00A0C9223196");
    EXPECT_GUID(KSCATEGORY_RENDER, "65E8773E-8F56-11D0-A3B9-00A0C9223196");
    EXPECT_GUID(KSCATEGORY_CAPTURE, "65E8773D-8F56-11D0-A3B9-00A0C9223196");
    EXPECT_GUID(KSNODETYPE_SYNTHESIZER, "DFF220F3-F70F-11D0-B917-00A0C9223196");
    EXPECT_GUID(KSCATEGORY_TOPOLOGY, "DDA54A40-1E4C-11D1-A050-405705C10000");
    EXPECT_GUID(KSCATEGORY_BRIDGE, "085AFF00-62CE-11CF-A5D6-28DB04C10000");
    REQUIRES("FF-013");
    EXPECT_GUID(KSPROPSETID_Pin, "8C134960-51AD-11CF-878A-94F801C10000");
    EXPECT_GUID(KSPROPSETID_Topology, "720D4AC0-7533-11D0-A5D6-28DB04C10000");
    EXPECT_GUID(KSPROPSETID_Connection, "1D58C920-AC9B-11CF-A5D6-28DB04C10000");
    EXPECT_GUID(KSPROPSETID_Stream, "65AABA60-98AE-11CF-A10D-0020AFD156E4");
    EXPECT_GUID(KSPROPSETID_General, "1464EDA5-6A8F-11D1-9AA7-00A0C9223196");
    EXPECT_GUID(KSPROPSETID_Clock, "DF12A4C0-AC17-11CF-A5D6-28DB04C10000");
    EXPECT_GUID(KSPROPSETID_Audio, "45FFAAA0-6E1B-11D0-BCF2-444553540000");
    EXPECT_GUID(KSPROPSETID_DrmAudioStream, "2F2C8DDD-4198-4FAC-BA29-61BB05B7DE06");
    REQUIRES("FF-014");
    EXPECT_GUID(KSEVENTSETID_AudioControlChange, "E85E9698-FA2F-11D1-95BD-00C04FB925D3");
    EXPECT_GUID(KSEVENTSETID_Connection, "7F4BCBE0-9EA5-11CF-A5D6-28DB04C10000");
    EXPECT_GUID(KSEVENTSETID_Clock, "364D8E20-62C7-11CF-A5D6-28DB04C10000");
    EXPECT_GUID(KSINTERFACESETID_Standard, "1A8766A0-62CE-11CF-A5D6-28DB04C10000");
    EXPECT_GUID(KSMEDIUMSETID_Standard, "4747B320-62CE-11CF-A5D6-28DB04C10000");
    EXPECT_GUID(KSNAME_Pin, "146F1A80-4791-11D0-A5D6-28DB04C10000");
    EXPECT_GUID(KSNAME_Filter, "9B365890-165F-11D0-A195-0020AFD156E4");
    EXPECT_GUID(KSNAME_Clock, "53172480-4791-11D0-A5D6-28DB04C10000");
    EXPECT_GUID(KSNAME_Allocator, "642F5D00-4791-11D0-A5D6-28DB04C10000");
    REQUIRES("FF-015");
    EXPECT_GUID(KSAUDFNAME_MIDI, "185FEDF8-9905-11D1-95A9-00C04FB925D3");
    EXPECT_GUID(KSAUDFNAME_VOLUME_CONTROL, "185FEDF7-9905-11D1-95A9-00C04FB925D3");
    EXPECT_GUID(KSNODETYPE_VOLUME, "3A5ACC00-C557-11D0-8A2B-00A0C9255AC1");
}

struct DescriptorTest : test::AdapterTest {
    // What Init tells of the descriptor, spoilt.
    std::vector<std::string> told(const std::function<void(FakeMiniport&)>& spoil, NTSTATUS expected) {
        FakeMiniport miniport;
        spoil(miniport);
        FakePort* const port = FakePort::create(log);
        EXPECT_EQ(port->Init(fdo, nullptr, &miniport, nullptr, nullptr), expected);
        port->Release();
        return Contracts::take();
    }
    std::vector<std::string> warned(const std::function<void(FakeMiniport&)>& spoil) {
        return told(spoil, STATUS_SUCCESS);
    }
    std::vector<std::string> refused(const std::function<void(FakeMiniport&)>& spoil) {
        return told(spoil, STATUS_INVALID_PARAMETER);
    }
    void started(std::function<void()> body) {
        ASSERT_EQ(perform(nt::io::PnpAction::start), STATUS_SUCCESS);
        run(std::move(body));
    }
};

TEST_F(DescriptorTest, WhatIsWrongButCanBeUsedIsTold) {
    started([&] {
        EXPECT_THAT(warned([](FakeMiniport&) {}), IsEmpty());
        REQUIRES("FD-002");
        EXPECT_THAT(warned([](FakeMiniport& m) { m.filter.Version = 1; }), ElementsAre("FD-002"));
        static const PCAUTOMATION_TABLE table{};
        REQUIRES("FD-012");
        EXPECT_THAT(warned([](FakeMiniport& m) { m.pins[1].descriptor.AutomationTable = &table; }),
                    ElementsAre("FD-012"));
        EXPECT_THAT(warned([](FakeMiniport& m) {
                        m.pins[1].descriptor.KsPinDescriptor.Communication = KSPIN_COMMUNICATION_SINK;
                    }),
                    ElementsAre("FD-012"));
        EXPECT_THAT(warned([](FakeMiniport& m) { m.pins[0].descriptor.AutomationTable = &table; }),
                    IsEmpty());
        REQUIRES("FD-013");
        EXPECT_THAT(warned([](FakeMiniport& m) { m.pins[0].descriptor.MaxFilterInstanceCount = 2; }),
                    ElementsAre("FD-013"));
        EXPECT_THAT(warned([](FakeMiniport& m) { m.pins[0].descriptor.MinFilterInstanceCount = 2; }),
                    ElementsAre("FD-013"));
        EXPECT_THAT(warned([](FakeMiniport& m) {
                        m.pins[0].descriptor.MaxFilterInstanceCount = KSINSTANCE_INDETERMINATE;
                    }),
                    ElementsAre("FD-013"));
        EXPECT_THAT(warned([](FakeMiniport& m) {
                        auto& pin = m.pins[0].descriptor;
                        pin.MaxGlobalInstanceCount = pin.MaxFilterInstanceCount = KSINSTANCE_INDETERMINATE;
                        pin.MinFilterInstanceCount = 3;
                    }),
                    IsEmpty());
    });
}

TEST_F(DescriptorTest, NodesAndConnectionsAreLookedAt) {
    started([&] {
        PCNODE_DESCRIPTOR node{};
        node.Type = &KSNODETYPE_VOLUME;
        const auto with_node = [&](FakeMiniport& m) {
            m.filter.NodeSize = sizeof node;
            m.filter.NodeCount = 1;
            m.filter.Nodes = &node;
        };
        REQUIRES("FD-021");
        EXPECT_THAT(warned(with_node), IsEmpty());
        node.Flags = 1;
        EXPECT_THAT(warned(with_node), ElementsAre("FD-021"));
        node.Flags = 0;
        node.Type = nullptr;
        EXPECT_THAT(warned(with_node), ElementsAre("FD-021"));
        node.Type = &KSNODETYPE_VOLUME;
        const auto connected = [&](PCCONNECTION_DESCRIPTOR connection) {
            return warned([&](FakeMiniport& m) {
                with_node(m);
                m.filter.ConnectionCount = 1;
                m.filter.Connections = &connection;
            });
        };
        REQUIRES("FD-031");
        EXPECT_THAT(connected({PCFILTER_NODE, 0, PCFILTER_NODE, 1}), IsEmpty());
        EXPECT_THAT(connected({PCFILTER_NODE, 3, 0, 1}), IsEmpty());
        EXPECT_THAT(connected({0, 0, PCFILTER_NODE, 2}), IsEmpty());
        EXPECT_THAT(connected({PCFILTER_NODE, 1, PCFILTER_NODE, 0}), ElementsAre("FD-031")) << "backwards";
        EXPECT_THAT(connected({PCFILTER_NODE, 4, PCFILTER_NODE, 1}), ElementsAre("FD-031"));
        EXPECT_THAT(connected({1, 0, PCFILTER_NODE, 1}), ElementsAre("FD-031"));
        EXPECT_THAT(refused([](FakeMiniport& m) { m.filter.ConnectionCount = 1; }), ElementsAre("FD-005"));
    });
}

TEST_F(DescriptorTest, TablesThatCannotBeWalkedAreRefused) {
    started([&] {
        const auto with_table = [&](PCAUTOMATION_TABLE table) {
            return refused([&](FakeMiniport& m) { m.filter.AutomationTable = &table; });
        };
        static const PCPROPERTY_ITEM item{};
        PCAUTOMATION_TABLE table{};
        table.PropertyItemSize = sizeof item - 8;
        table.PropertyCount = 1;
        table.Properties = &item;
        REQUIRES("FD-041");
        EXPECT_THAT(with_table(table), ElementsAre("FD-041"));
        table.PropertyItemSize = sizeof item + 4;
        EXPECT_THAT(with_table(table), ElementsAre("FD-041"));
        table.PropertyItemSize = sizeof item;
        table.PropertyCount = 0xFFFFFFFF;
        EXPECT_THAT(with_table(table), ElementsAre("FD-041"));
        table.PropertyCount = 1;
        table.Properties = reinterpret_cast<const PCPROPERTY_ITEM*>(0x1000);
        EXPECT_THAT(with_table(table), ElementsAre("FD-041"));
        table.Properties = nullptr;
        EXPECT_THAT(warned([&](FakeMiniport& m) { m.filter.AutomationTable = &table; }), IsEmpty())
            << "no table, whatever the count";
        EXPECT_THAT(refused([](FakeMiniport& m) {
                        m.pins[0].descriptor.AutomationTable = reinterpret_cast<PCAUTOMATION_TABLE*>(8);
                    }),
                    ElementsAre("FD-041"));
    });
}

TEST_F(DescriptorTest, RangesThatCannotBeReadAreRefused) {
    started([&] {
        KSDATARANGE range{};
        range.FormatSize = sizeof range;
        PKSDATARANGE list[] = {&range, nullptr};
        const auto with = [&](ULONG count, PKSDATARANGE* ranges) {
            return [=](FakeMiniport& m) {
                m.pins[0].descriptor.KsPinDescriptor.DataRangesCount = count;
                m.pins[0].descriptor.KsPinDescriptor.DataRanges = ranges;
            };
        };
        REQUIRES("FD-014");
        EXPECT_THAT(warned(with(2, list)), IsEmpty());
        EXPECT_THAT(refused(with(1, nullptr)), ElementsAre("FD-014"));
        EXPECT_THAT(refused(with(0xFFFFFFFF, list)), ElementsAre("FD-014"));
        list[1] = reinterpret_cast<PKSDATARANGE>(0x2000);
        EXPECT_THAT(refused(with(2, list)), ElementsAre("FD-014"));
        range.FormatSize = 63;
        EXPECT_THAT(refused(with(1, list)), ElementsAre("FD-014"));
        range.FormatSize = 64;
        range.Flags = KSDATARANGE_ATTRIBUTES;
        KSATTRIBUTE_LIST attributes{1, nullptr};
        list[1] = reinterpret_cast<PKSDATARANGE>(&attributes);
        REQUIRES("FF-023");
        EXPECT_THAT(refused(with(2, list)), ElementsAre("FD-014"));
        KSATTRIBUTE attribute{};
        attribute.Size = sizeof attribute;
        PKSATTRIBUTE first = &attribute;
        attributes.Attributes = &first;
        EXPECT_THAT(warned(with(2, list)), IsEmpty());
        EXPECT_THAT(refused([](FakeMiniport& m) {
                        m.pins[2].descriptor.KsPinDescriptor.Name = reinterpret_cast<const GUID*>(16);
                    }),
                    ElementsAre("FD-014"));
    });
}

TEST_F(DescriptorTest, WhatATableOrAPinNamesMustBeThere) {
    started([&] {
        const PCPROPERTY_ITEM item{reinterpret_cast<const GUID*>(0x123456789ab0), 0, PCPROPERTY_ITEM_FLAG_GET,
                                   nullptr};
        PCAUTOMATION_TABLE table{};
        table.PropertyItemSize = sizeof item;
        table.PropertyCount = 1;
        table.Properties = &item;
        REQUIRES("FD-041");
        EXPECT_THAT(refused([&](FakeMiniport& m) { m.filter.AutomationTable = &table; }),
                    ElementsAre("FD-041"));
        REQUIRES("FD-014");
        EXPECT_THAT(refused([](FakeMiniport& m) { m.pins[0].descriptor.KsPinDescriptor.MediumsCount = 1; }),
                    ElementsAre("FD-014"));
        REQUIRES("FD-015");
        EXPECT_THAT(warned([](FakeMiniport& m) { m.pins[0].descriptor.KsPinDescriptor.InterfacesCount = 1; }),
                    IsEmpty());
        EXPECT_THAT(refused([](FakeMiniport& m) {
                        m.descriptor = reinterpret_cast<PPCFILTER_DESCRIPTOR>(0x123456789ab0);
                    }),
                    ElementsAre("IM-011"));
    });
}

}  // namespace
}  // namespace portico::portcls
