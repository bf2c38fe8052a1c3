// KSPROPSETID_Pin and KSPROPSETID_Topology of a filter.
#include <gmock/gmock.h>

#include "nt/cm/cm.h"
#include "property_test.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::Answered;
using test::Bytes;
using test::bytes_of;
using test::operator+;
using test::Contracts;
using test::get;
using test::put;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using FilterPropertyTest = test::PropertyTest;

void name_in_registry(const char* guid, std::string_view name) {
    const std::string path =
        std::string("\\Registry\\Machine\\System\\CurrentControlSet\\Control\\MediaCategories\\") + guid;
    ASSERT_EQ(nt::cm::set_string(path, "Name", name), STATUS_SUCCESS);
}

constexpr char midi_name[] = "{185FEDF8-9905-11D1-95A9-00C04FB925D3}";       // KSAUDFNAME_MIDI
constexpr char audio_category[] = "{6994AD04-93EF-11D0-A3CC-00A0C9223196}";  // KSCATEGORY_AUDIO
constexpr char volume_node[] = "{3A5ACC00-C557-11D0-8A2B-00A0C9255AC1}";     // KSNODETYPE_VOLUME

TEST_F(FilterPropertyTest, EveryPropertyOfThePinSetIsThere) {
    start_device_and_filter();
    REQUIRES("PR-001");
    for (ULONG id = KSPROPERTY_PIN_CINSTANCES; id <= KSPROPERTY_PIN_PROPOSEDATAFORMAT2; ++id) {
        const Answered support = ask(filter, {KSPROPSETID_Pin, id, KSPROPERTY_TYPE_BASICSUPPORT, {}, 4});
        EXPECT_EQ(support.status, STATUS_SUCCESS) << id;
        EXPECT_TRUE(support.as<ULONG>() & get) << id;
    }
    EXPECT_EQ(KSPROPERTY_PIN_PROPOSEDATAFORMAT2, 15);
    EXPECT_EQ(ask(filter, {KSPROPSETID_Pin, KSPROPERTY_PIN_MODEDATAFORMATS, get, {}, 64}).status,
              STATUS_NOT_FOUND);
}

TEST_F(FilterPropertyTest, TellsWhatAPinIs) {
    start_device_and_filter();
    REQUIRES("CL-002");
    EXPECT_EQ(pin(KSPROPERTY_PIN_CTYPES, 0, 4).as<ULONG>(), 4u) << "sent with a KSP_PIN, as clients do";
    EXPECT_EQ(ask(filter, {KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES, get, {}, 4}).as<ULONG>(), 4u);
    REQUIRES("CL-003"), REQUIRES("FD-017"), REQUIRES("CX-017");
    EXPECT_EQ(pin(KSPROPERTY_PIN_DATAFLOW, render_pin, 4).as<ULONG>(), 1u);
    EXPECT_EQ(pin(KSPROPERTY_PIN_DATAFLOW, capture_pin, 4).as<ULONG>(), 2u);
    EXPECT_EQ(pin(KSPROPERTY_PIN_COMMUNICATION, render_pin, 4).as<ULONG>(), 1u) << "SINK";
    EXPECT_EQ(pin(KSPROPERTY_PIN_COMMUNICATION, capture_pin, 4).as<ULONG>(), 1u) << "SINK";
    EXPECT_EQ(pin(KSPROPERTY_PIN_COMMUNICATION, render_bridge, 4).as<ULONG>(), 0u) << "NONE";
    REQUIRES("PR-003");
    for (ULONG id = KSPROPERTY_PIN_CINSTANCES; id <= KSPROPERTY_PIN_PROPOSEDATAFORMAT2; ++id) {
        if (id == KSPROPERTY_PIN_CTYPES) continue;
        const Bytes list = bytes_of(KSMULTIPLE_ITEM{8, 0});
        EXPECT_EQ(pin(id, 4, 512, list).status, STATUS_INVALID_PARAMETER) << id;
        EXPECT_EQ(pin(id, ~0u, 512, list).status, STATUS_INVALID_PARAMETER) << id;
        EXPECT_EQ(ask(filter, {KSPROPSETID_Pin, id, get, Bytes(7), 512}).status, STATUS_INVALID_BUFFER_SIZE)
            << "a KSP_PIN that is cut short: " << id;
    }
}

TEST_F(FilterPropertyTest, SizesAreTold) {
    start_device_and_filter();
    REQUIRES("FD-057"), REQUIRES("CL-013");
    const Answered size = pin(KSPROPERTY_PIN_DATAFLOW, render_pin, 0);
    EXPECT_EQ(size.status, STATUS_BUFFER_OVERFLOW);
    EXPECT_EQ(size.information, 4u);
    const Answered ranges = pin(KSPROPERTY_PIN_DATARANGES, render_pin, 0);
    EXPECT_EQ(ranges.status, STATUS_BUFFER_OVERFLOW);
    EXPECT_EQ(ranges.information, 72u);
    for (const std::size_t room : {1u, 2u, 3u}) {
        EXPECT_EQ(pin(KSPROPERTY_PIN_DATAFLOW, render_pin, room).status, STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(pin(KSPROPERTY_PIN_DATARANGES, render_pin, room).status, STATUS_BUFFER_TOO_SMALL);
    }
    EXPECT_EQ(pin(KSPROPERTY_PIN_DATARANGES, render_pin, 4).as<ULONG>(), 72u) << "a ULONG gets the size";
    EXPECT_EQ(pin(KSPROPERTY_PIN_DATARANGES, render_pin, 71).status, STATUS_BUFFER_TOO_SMALL);
    const Answered more = pin(KSPROPERTY_PIN_DATAFLOW, render_pin, 100);
    EXPECT_EQ(more.status, STATUS_SUCCESS);
    EXPECT_EQ(more.information, 4u);
    EXPECT_EQ(more.value[4], 0xEE) << "what was not asked for stays";
}

TEST_F(FilterPropertyTest, TellsOfSupport) {
    start_device_and_filter();
    const auto support = [&](ULONG id, std::size_t room) {
        return ask(filter, {KSPROPSETID_Pin, id, KSPROPERTY_TYPE_BASICSUPPORT, {}, room});
    };
    REQUIRES("FD-058"), REQUIRES("CL-013");
    EXPECT_EQ(support(KSPROPERTY_PIN_NAME, 4).as<ULONG>(), get | KSPROPERTY_TYPE_BASICSUPPORT);
    EXPECT_EQ(support(KSPROPERTY_PIN_PROPOSEDATAFORMAT, 4).as<ULONG>(),
              get | put | KSPROPERTY_TYPE_BASICSUPPORT);
    for (const std::size_t room : {1u, 3u, 5u, 39u})
        EXPECT_EQ(support(KSPROPERTY_PIN_NAME, room).status, STATUS_BUFFER_TOO_SMALL) << room;
    const Answered size = support(KSPROPERTY_PIN_DATAFLOW, 0);
    EXPECT_EQ(size.status, STATUS_BUFFER_OVERFLOW);
    EXPECT_EQ(size.information, 72u) << "description, header of members, one stepped range";
    const Answered head = support(KSPROPERTY_PIN_DATAFLOW, 40);
    EXPECT_EQ(head.status, STATUS_SUCCESS);
    EXPECT_EQ(head.information, 40u);
    EXPECT_EQ(head.as<KSPROPERTY_DESCRIPTION>().DescriptionSize, 72u);
    EXPECT_EQ(head.as<KSPROPERTY_DESCRIPTION>().MembersListCount, 1u);
    EXPECT_TRUE(IsEqualGUID(head.as<KSPROPERTY_DESCRIPTION>().PropTypeSet.Set, KSPROPTYPESETID_General));
    EXPECT_EQ(head.as<KSPROPERTY_DESCRIPTION>().PropTypeSet.Id, ULONG{VT_UI4});
    const Answered full = support(KSPROPERTY_PIN_DATAFLOW, 72);
    KSPROPERTY_STEPPING_LONG range;
    std::memcpy(&range, full.value.data() + 56, sizeof range);
    EXPECT_EQ(range.Bounds.UnsignedMinimum, 1u);
    EXPECT_EQ(range.Bounds.UnsignedMaximum, 2u);
    EXPECT_EQ(range.SteppingDelta, 1u);
    EXPECT_EQ(support(KSPROPERTY_PIN_NAME, 100).information, 40u) << "nothing is known of its members";
}

TEST_F(FilterPropertyTest, SetsAreKnownOrNot) {
    start_device_and_filter();
    const auto known = [&](const GUID& set, ULONG id) {
        return ask(filter, {set, id, KSPROPERTY_TYPE_SETSUPPORT}).status;
    };
    REQUIRES("PR-019"), REQUIRES("CL-013");
    EXPECT_EQ(known(KSPROPSETID_Pin, 0), STATUS_SUCCESS);
    EXPECT_EQ(known(KSPROPSETID_Topology, 0xFFFF), STATUS_SUCCESS) << "whatever the id";
    EXPECT_EQ(known(KSPROPSETID_Connection, 0), STATUS_PROPSET_NOT_FOUND) << "a pin's";
    REQUIRES("PR-014"), REQUIRES("CL-014"), REQUIRES("PR-016"), REQUIRES("FD-051");
    EXPECT_EQ(ask(filter, {KSPROPSETID_Connection, KSPROPERTY_CONNECTION_STATE, get, {}, 4}).status,
              STATUS_PROPSET_NOT_FOUND);
    EXPECT_EQ(ask(filter, {KSPROPSETID_Pin, 17, get, {}, 4}).status, STATUS_NOT_FOUND);
    EXPECT_EQ(ask(filter, {KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES, put, {}, 4}).status,
              STATUS_INVALID_DEVICE_REQUEST);
    REQUIRES("CL-001");
    EXPECT_EQ(ask(filter, {KSPROPSETID_General, KSPROPERTY_GENERAL_COMPONENTID, get, {}, 72}).status,
              STATUS_PROPSET_NOT_FOUND)
        << "the miniport has none";
    const Answered sets = whole(filter, {GUID{}, 0, KSPROPERTY_TYPE_SETSUPPORT});
    ASSERT_EQ(sets.information, 2 * sizeof(GUID));
    EXPECT_TRUE(IsEqualGUID(sets.as<GUID>(), KSPROPSETID_Pin));
}

TEST_F(FilterPropertyTest, SerialisingAndTheLikeAreRefused) {
    start_device_and_filter();
    REQUIRES("FD-051"), REQUIRES("VF-026");
    for (const ULONG verb :
         {KSPROPERTY_TYPE_SERIALIZESET, KSPROPERTY_TYPE_UNSERIALIZESET, KSPROPERTY_TYPE_SERIALIZERAW,
          KSPROPERTY_TYPE_UNSERIALIZERAW, KSPROPERTY_TYPE_SERIALIZESIZE, KSPROPERTY_TYPE_DEFAULTVALUES}) {
        EXPECT_EQ(ask(filter, {KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES, ULONG(verb), {}, 64}).status,
                  STATUS_INVALID_DEVICE_REQUEST)
            << verb;
    }
    for (const ULONG verb : {ULONG{0}, ULONG{3}, ULONG{0x201}, ULONG{0x20000}, ULONG{0x80000001}}) {
        EXPECT_EQ(ask(filter, {KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES, verb, {}, 64}).status,
                  STATUS_INVALID_DEVICE_REQUEST)
            << verb;
    }
    const Answered relations =
        whole(filter, {KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES, KSPROPERTY_TYPE_RELATIONS});
    EXPECT_THAT(items<KSPROPERTY>(relations), IsEmpty());
    REQUIRES("FD-060");
    KSMETHOD method{};
    method.Set = KSPROPSETID_Pin;
    const auto send = [&](const Bytes& in) {
        return client([&] { return ks.control(filter, IOCTL_KS_METHOD, in, {}, nullptr); });
    };
    EXPECT_EQ(send(bytes_of(method)), STATUS_PROPSET_NOT_FOUND);
    EXPECT_EQ(send(Bytes(23)), STATUS_INVALID_BUFFER_SIZE);
}

TEST_F(FilterPropertyTest, ListsRangesInterfacesAndMediums) {
    KSDATARANGE_MUSIC music{};
    music.DataRange = miniport.range;
    music.DataRange.FormatSize = sizeof music;
    music.ChannelMask = 0xFFFF;
    PKSDATARANGE ranges[] = {&music.DataRange, &miniport.range};
    auto& render = miniport.pins[render_pin].descriptor.KsPinDescriptor;
    render.DataRangesCount = 2;
    render.DataRanges = ranges;
    start_device_and_filter();
    REQUIRES("PR-002"), REQUIRES("FF-003"), REQUIRES("FF-001");
    const Answered listed = whole_pin(KSPROPERTY_PIN_DATARANGES, render_pin);
    ASSERT_EQ(listed.information, 8u + 96 + 64);
    EXPECT_EQ(listed.as<KSMULTIPLE_ITEM>().Size, 168u);
    EXPECT_EQ(listed.as<KSMULTIPLE_ITEM>().Count, 2u);
    EXPECT_EQ(std::memcmp(listed.value.data() + 8, &music, 96), 0);
    EXPECT_EQ(std::memcmp(listed.value.data() + 104, &miniport.range, 64), 0);
    REQUIRES("PR-008");
    EXPECT_EQ(whole_pin(KSPROPERTY_PIN_CONSTRAINEDDATARANGES, render_pin).value, listed.value);
    PKSDATARANGE constrained[] = {&miniport.range};
    render.ConstrainedDataRangesCount = 1;
    render.ConstrainedDataRanges = constrained;
    EXPECT_EQ(whole_pin(KSPROPERTY_PIN_CONSTRAINEDDATARANGES, render_pin).information, 72u);
    REQUIRES("FD-015"), REQUIRES("PR-002");
    KSIDENTIFIER streaming{}, devio{};
    streaming.Set = KSINTERFACESETID_Standard;
    devio.Set = KSMEDIUMSETID_Standard;
    const Bytes one = bytes_of(KSMULTIPLE_ITEM{32, 1});
    EXPECT_EQ(whole_pin(KSPROPERTY_PIN_INTERFACES, render_pin).value, one + bytes_of(streaming));
    EXPECT_EQ(whole_pin(KSPROPERTY_PIN_MEDIUMS, render_pin).value, one + bytes_of(devio));
    KSPIN_MEDIUM own[2]{};
    own[1].Id = 7;
    render.MediumsCount = 2;
    render.Mediums = own;
    EXPECT_EQ(whole_pin(KSPROPERTY_PIN_MEDIUMS, render_pin).value,
              bytes_of(KSMULTIPLE_ITEM{56, 2}) + bytes_of(own));
}

TEST_F(FilterPropertyTest, RangesAreAlignedAndBringTheirAttributes) {
    struct Odd {
        KSDATARANGE range;
        std::uint8_t more[5];
    } odd{};
    odd.range = miniport.range;
    odd.range.FormatSize = 69;
    odd.range.Flags = KSDATARANGE_ATTRIBUTES;
    struct Big {
        KSATTRIBUTE head;
        std::uint8_t data[3];
    } big{};
    big.head.Size = 27;
    big.head.Attribute = KSPROPSETID_Pin;
    PKSATTRIBUTE attributes[] = {&big.head};
    KSATTRIBUTE_LIST list{1, attributes};
    PKSDATARANGE ranges[] = {&odd.range, reinterpret_cast<PKSDATARANGE>(&list), &miniport.range};
    auto& render = miniport.pins[render_pin].descriptor.KsPinDescriptor;
    render.DataRangesCount = 3;
    render.DataRanges = ranges;
    start_device_and_filter();
    REQUIRES("FF-023"), REQUIRES("PR-002");
    const Answered listed = whole_pin(KSPROPERTY_PIN_DATARANGES, render_pin);
    ASSERT_EQ(listed.information, 8u + 72 + (8 + 32) + 64);
    EXPECT_EQ(listed.as<KSMULTIPLE_ITEM>().Count, 3u);
    KSMULTIPLE_ITEM inner;
    std::memcpy(&inner, listed.value.data() + 80, sizeof inner);
    EXPECT_EQ(inner.Size, 40u);
    EXPECT_EQ(inner.Count, 1u);
    EXPECT_EQ(std::memcmp(listed.value.data() + 88, &big, 27), 0);
    EXPECT_EQ(std::memcmp(listed.value.data() + 120, &miniport.range, 64), 0);
    EXPECT_EQ(create(test::Connect(render_pin)), STATUS_SUCCESS) << "the list is no range";
}

TEST_F(FilterPropertyTest, CountsInstances) {
    auto& render = miniport.pins[render_pin].descriptor;
    render.MaxFilterInstanceCount = 2;
    render.MaxGlobalInstanceCount = 5;
    render.MinFilterInstanceCount = 1;
    start_device_and_filter();
    open_pin(render_pin);
    HANDLE const first = filter;
    filter = open_filter();
    HANDLE const open = open_pin(render_pin);
    const auto counts = [&](ULONG id) {
        const auto c = pin(id, render_pin, 8).as<KSPIN_CINSTANCES>();
        return std::pair(c.PossibleCount, c.CurrentCount);
    };
    REQUIRES("PR-004"), REQUIRES("CX-023");
    EXPECT_EQ(counts(KSPROPERTY_PIN_CINSTANCES), std::pair(2u, 1u)) << "this filter's";
    EXPECT_EQ(counts(KSPROPERTY_PIN_GLOBALCINSTANCES), std::pair(5u, 2u));
    EXPECT_EQ(pin(KSPROPERTY_PIN_NECESSARYINSTANCES, render_pin, 4).as<ULONG>(), 1u);
    EXPECT_EQ(ask(open, {KSPROPSETID_Pin, KSPROPERTY_PIN_CINSTANCES, get, bytes_of(ULONG64{render_pin}), 8})
                  .as<KSPIN_CINSTANCES>()
                  .CurrentCount,
              1u)
        << "asked of a pin: its filter's";
    close(first);
}

TEST_F(FilterPropertyTest, CategoriesAndNames) {
    auto& render = miniport.pins[render_pin].descriptor.KsPinDescriptor;
    render.Category = &KSCATEGORY_AUDIO;
    render.Name = &KSAUDFNAME_MIDI;
    miniport.pins[render_bridge].descriptor.KsPinDescriptor.Category = &KSCATEGORY_AUDIO;
    start_device_and_filter();
    REQUIRES("PR-006");
    EXPECT_TRUE(IsEqualGUID(pin(KSPROPERTY_PIN_CATEGORY, render_pin, 16).as<GUID>(), KSCATEGORY_AUDIO));
    EXPECT_EQ(pin(KSPROPERTY_PIN_CATEGORY, capture_pin, 16).status, STATUS_NOT_FOUND);
    EXPECT_EQ(pin(KSPROPERTY_PIN_NAME, render_pin, 64).status, STATUS_OBJECT_NAME_NOT_FOUND);
    name_in_registry(audio_category, "Sound");
    REQUIRES("NA-002"), REQUIRES("FD-016");
    EXPECT_EQ(whole_pin(KSPROPERTY_PIN_NAME, render_pin).text(), std::u16string(u"Sound\0", 6));
    name_in_registry(midi_name, "MIDI");
    EXPECT_EQ(whole_pin(KSPROPERTY_PIN_NAME, render_pin).text(), std::u16string(u"MIDI\0", 5));
    EXPECT_EQ(whole_pin(KSPROPERTY_PIN_NAME, render_bridge).text(), std::u16string(u"Sound\0", 6));
    EXPECT_EQ(pin(KSPROPERTY_PIN_NAME, render_pin, 9).status, STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(pin(KSPROPERTY_PIN_NAME, capture_pin, 64).status, STATUS_OBJECT_NAME_NOT_FOUND);
}

struct ScriptedPinName final : test::Fake<IPinName> {
    bool answers(const GUID& id) const override {
        return IsEqualGUID(id, IID_IUnknown) || IsEqualGUID(id, IID_IPinName);
    }
    NTSTATUS STDMETHODCALLTYPE GetPinName(PIRP irp, PKSP_PIN pin, PVOID data) override {
        asked = *pin;
        irql = nt::ke::current_irql();
        const ULONG room = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.OutputBufferLength;
        irp->IoStatus.Information = sizeof name + lie;
        if (room == 0) return STATUS_BUFFER_OVERFLOW;
        if (room < sizeof name) return STATUS_BUFFER_TOO_SMALL;
        std::memcpy(data, name, sizeof name);
        return status;
    }
    const char16_t name[4] = {u'O', u'u', u't', 0};
    KSP_PIN asked{};
    sim::Irql irql = 0xFF;
    ULONG lie = 0;
    NTSTATUS status = STATUS_SUCCESS;
};

TEST_F(FilterPropertyTest, TheMiniportMayNameItsPins) {
    ScriptedPinName names;
    miniport.pin_name = &names;
    miniport.pins[capture_pin].descriptor.KsPinDescriptor.Name = &KSAUDFNAME_MIDI;
    start_device_and_filter();
    name_in_registry(midi_name, "MIDI");
    REQUIRES("NA-001"), REQUIRES("NA-003"), REQUIRES("PR-006");
    EXPECT_EQ(whole_pin(KSPROPERTY_PIN_NAME, capture_pin).text(), std::u16string(u"Out\0", 4));
    EXPECT_EQ(names.asked.PinId, capture_pin);
    EXPECT_TRUE(IsEqualGUID(names.asked.Property.Set, KSPROPSETID_Pin));
    EXPECT_EQ(names.irql, PASSIVE_LEVEL);
    EXPECT_EQ(pin(KSPROPERTY_PIN_NAME, capture_pin, 7).status, STATUS_BUFFER_TOO_SMALL);
    EXPECT_THAT(Contracts::take(), IsEmpty());
    names.lie = 1'000;
    EXPECT_EQ(pin(KSPROPERTY_PIN_NAME, capture_pin, 8).information, 8u);
    EXPECT_THAT(Contracts::take(), ElementsAre("NA-003"));
    names.lie = 0;
    names.status = STATUS_NOT_IMPLEMENTED;
    EXPECT_EQ(pin(KSPROPERTY_PIN_NAME, capture_pin, 10).information, 10u) << "MIDI";
    EXPECT_EQ(names.references, 1);
    miniport.pin_name = nullptr;
}

TEST_F(FilterPropertyTest, AFormatCanBeProposed) {
    start_device_and_filter();
    const auto propose = [&](const KSDATAFORMAT& format) {
        return ask(filter, {KSPROPSETID_Pin, KSPROPERTY_PIN_PROPOSEDATAFORMAT, put,
                            bytes_of(ULONG64{render_pin}), 0, bytes_of(format)})
            .status;
    };
    KSDATAFORMAT format = test::Connect(render_pin).format;
    REQUIRES("PR-007");
    EXPECT_EQ(propose(format), STATUS_SUCCESS);
    format.SubFormat = KSDATAFORMAT_SUBTYPE_MIDI_BUS;
    EXPECT_EQ(propose(format), STATUS_NO_MATCH);
    format.FormatSize = 65;
    EXPECT_EQ(propose(format), STATUS_INVALID_BUFFER_SIZE);
    EXPECT_EQ(miniport.new_streams, 0u);
    const Answered usual = whole_pin(KSPROPERTY_PIN_PROPOSEDATAFORMAT, render_pin);
    ASSERT_EQ(usual.information, 64u);
    EXPECT_TRUE(IsEqualGUID(usual.as<KSDATAFORMAT>().SubFormat, KSDATAFORMAT_SUBTYPE_MIDI));
    const Bytes none = bytes_of(KSMULTIPLE_ITEM{8, 0}), some = bytes_of(KSMULTIPLE_ITEM{32, 1}) + Bytes(24);
    EXPECT_EQ(whole_pin(KSPROPERTY_PIN_PROPOSEDATAFORMAT2, render_pin, none).value, usual.value);
    EXPECT_EQ(pin(KSPROPERTY_PIN_PROPOSEDATAFORMAT2, render_pin, 64, some).status, STATUS_NOT_SUPPORTED);
}

TEST_F(FilterPropertyTest, PhysicalConnectionsLeadToTheOtherFilter) {
    static const WCHAR elsewhere[] = u"\\\\?\\card#other\\wave";
    UNICODE_STRING link{sizeof elsewhere - 2, sizeof elsewhere, const_cast<PWCH>(elsewhere)};
    start_device_and_filter();
    REQUIRES("PR-005"), REQUIRES("CX-023");
    EXPECT_EQ(pin(KSPROPERTY_PIN_PHYSICALCONNECTION, render_bridge, 256).status, STATUS_NOT_FOUND);
    client(
        [&] { return PcRegisterPhysicalConnectionToExternal(fdo, miniport.port, render_bridge, &link, 3); });
    const Answered answer = whole_pin(KSPROPERTY_PIN_PHYSICALCONNECTION, render_bridge);
    ASSERT_EQ(answer.information, 8u + sizeof elsewhere);
    EXPECT_EQ(answer.as<KSPIN_PHYSICALCONNECTION>().Size, 8u + sizeof elsewhere);
    EXPECT_EQ(answer.as<KSPIN_PHYSICALCONNECTION>().Pin, 3u);
    EXPECT_EQ(std::memcmp(answer.value.data() + 8, elsewhere, sizeof elsewhere), 0);
    EXPECT_EQ(pin(KSPROPERTY_PIN_PHYSICALCONNECTION, render_bridge, 40).status, STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(pin(KSPROPERTY_PIN_PHYSICALCONNECTION, render_pin, 256).status, STATUS_NOT_FOUND);
}

TEST_F(FilterPropertyTest, ListsTheTopology) {
    struct Node {
        PCNODE_DESCRIPTOR descriptor;
        ULONG64 own;
    } nodes[2]{};
    nodes[0].descriptor.Type = &KSNODETYPE_VOLUME;
    nodes[1].descriptor.Type = &KSNODETYPE_SYNTHESIZER;
    nodes[1].descriptor.Name = &KSAUDFNAME_MIDI;
    const PCCONNECTION_DESCRIPTOR connections[] = {{PCFILTER_NODE, render_pin, 1, 1},
                                                   {1, 0, PCFILTER_NODE, render_bridge}};
    const GUID categories[] = {KSCATEGORY_AUDIO, KSCATEGORY_RENDER, KSCATEGORY_CAPTURE};
    miniport.filter.NodeSize = sizeof(Node);
    miniport.filter.NodeCount = 2;
    miniport.filter.Nodes = &nodes[0].descriptor;
    miniport.filter.ConnectionCount = 2;
    miniport.filter.Connections = connections;
    miniport.filter.CategoryCount = 3;
    miniport.filter.Categories = categories;
    start_device_and_filter();
    const auto topology = [&](ULONG id) { return whole(filter, {KSPROPSETID_Topology, id}); };
    REQUIRES("PR-010"), REQUIRES("FD-004"), REQUIRES("FD-020");
    EXPECT_EQ(items<GUID>(topology(KSPROPERTY_TOPOLOGY_CATEGORIES)).size(), 3u);
    const auto types = items<GUID>(topology(KSPROPERTY_TOPOLOGY_NODES));
    ASSERT_EQ(types.size(), 2u);
    EXPECT_TRUE(IsEqualGUID(types[0], KSNODETYPE_VOLUME));
    EXPECT_TRUE(IsEqualGUID(types[1], KSNODETYPE_SYNTHESIZER));
    REQUIRES("FD-030");
    const auto links = items<KSTOPOLOGY_CONNECTION>(topology(KSPROPERTY_TOPOLOGY_CONNECTIONS));
    ASSERT_EQ(links.size(), 2u);
    EXPECT_EQ(std::memcmp(links.data(), connections, sizeof connections), 0);
    name_in_registry(midi_name, "MIDI");
    name_in_registry(volume_node, "Volume");
    const auto name = [&](ULONG64 node, ULONG flags) {
        return ask(filter, {KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_NAME, flags, bytes_of(node), 64});
    };
    EXPECT_EQ(name(1, get).text(), std::u16string(u"MIDI\0", 5));
    EXPECT_EQ(name(0, get | KSPROPERTY_TYPE_TOPOLOGY).text(), std::u16string(u"Volume\0", 7))
        << "by its type";
    EXPECT_EQ(name(2, get).status, STATUS_INVALID_PARAMETER);
    EXPECT_EQ(ask(filter, {KSPROPSETID_Topology, KSPROPERTY_TOPOLOGY_NAME, get, {}, 64}).status,
              STATUS_INVALID_BUFFER_SIZE);
}

TEST_F(FilterPropertyTest, AFilterWithoutTopologyHasEmptyLists) {
    start_device_and_filter();
    REQUIRES("FD-006"), REQUIRES("FLD-031");
    for (ULONG id = KSPROPERTY_TOPOLOGY_CATEGORIES; id <= KSPROPERTY_TOPOLOGY_CONNECTIONS; ++id) {
        const Answered empty = whole(filter, {KSPROPSETID_Topology, id});
        EXPECT_EQ(empty.status, STATUS_SUCCESS);
        EXPECT_EQ(empty.as<KSMULTIPLE_ITEM>().Size, 8u);
        EXPECT_EQ(empty.as<KSMULTIPLE_ITEM>().Count, 0u);
    }
}

}  // namespace
}  // namespace portico::portcls
