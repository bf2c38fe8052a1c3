// KSPROPERTY_PIN_DATAINTERSECTION.
#include <gmock/gmock.h>

#include "property_test.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::Answered;
using test::Bytes;
using test::bytes_of;
using test::operator+;
using test::Contracts;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct DataIntersectionTest : test::PropertyTest {
    DataIntersectionTest() {
        music.MajorFormat = KSDATAFORMAT_TYPE_MUSIC;
        music.SubFormat = KSDATAFORMAT_SUBTYPE_MIDI;
        music.Specifier = KSDATAFORMAT_SPECIFIER_NONE;
        music.FormatSize = sizeof music;
        bus = music;
        bus.SubFormat = KSDATAFORMAT_SUBTYPE_MIDI_BUS;
        any = KSDATARANGE{};
        any.FormatSize = sizeof any;
    }
    static Bytes list(const Bytes& ranges, ULONG count) {
        return bytes_of(KSMULTIPLE_ITEM{static_cast<ULONG>(8 + ranges.size()), count}) + ranges;
    }
    Answered intersect(const Bytes& ranges, ULONG count, std::size_t room = 64, ULONG pin_id = render_pin) {
        return pin(KSPROPERTY_PIN_DATAINTERSECTION, pin_id, room, list(ranges, count));
    }
    KSDATARANGE music{}, bus{}, any{};
};

TEST_F(DataIntersectionTest, ThePortKnowsMusic) {
    start_device_and_filter();
    REQUIRES("FF-020"), REQUIRES("FF-022"), REQUIRES("IM-025"), REQUIRES("FF-002"), REQUIRES("FF-021");
    const Answered answer = intersect(bytes_of(music), 1);
    EXPECT_EQ(answer.status, STATUS_SUCCESS);
    ASSERT_EQ(answer.information, 64u);
    const auto format = answer.as<KSDATAFORMAT>();
    EXPECT_EQ(format.FormatSize, 64u);
    EXPECT_EQ(format.Flags, 0u);
    EXPECT_EQ(format.SampleSize, 0u);
    EXPECT_EQ(format.Reserved, 0u);
    EXPECT_TRUE(IsEqualGUID(format.MajorFormat, KSDATAFORMAT_TYPE_MUSIC));
    EXPECT_TRUE(IsEqualGUID(format.SubFormat, KSDATAFORMAT_SUBTYPE_MIDI));
    EXPECT_TRUE(IsEqualGUID(format.Specifier, KSDATAFORMAT_SPECIFIER_NONE));
    const Answered size = intersect(bytes_of(music), 1, 0);
    EXPECT_EQ(size.status, STATUS_BUFFER_OVERFLOW);
    EXPECT_EQ(size.information, 64u);
    EXPECT_EQ(intersect(bytes_of(music), 1, 63).status, STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(intersect(bytes_of(any), 1).value, answer.value) << "wildcards take what the pin has";
    KSDATARANGE any_sub = music;
    any_sub.SubFormat = any_sub.Specifier = GUID_NULL;
    EXPECT_EQ(intersect(bytes_of(any_sub), 1).value, answer.value);
    EXPECT_EQ(intersect(bytes_of(bus), 1).status, STATUS_NO_MATCH);
    KSDATARANGE audio = music;
    audio.MajorFormat = KSDATAFORMAT_TYPE_AUDIO;
    EXPECT_EQ(intersect(bytes_of(audio), 1).status, STATUS_NO_MATCH);
    EXPECT_EQ(intersect({}, 0).status, STATUS_NO_MATCH);
    EXPECT_EQ(intersect(bytes_of(bus) + bytes_of(music), 2).value, answer.value) << "in order";
    EXPECT_EQ(intersect(bytes_of(bus) + bytes_of(music), 1).status, STATUS_NO_MATCH)
        << "no more than it says";
}

TEST_F(DataIntersectionTest, AttributesOfAClientsRangesAreSkipped) {
    start_device_and_filter();
    KSDATARANGE with = bus;
    with.Flags = KSDATARANGE_ATTRIBUTES;
    const Bytes attributes = bytes_of(KSMULTIPLE_ITEM{35, 1}) + Bytes(32);  // 35 bytes, padded to 40
    REQUIRES("FF-023");
    const Bytes ranges = bytes_of(with) + attributes + bytes_of(music);
    EXPECT_EQ(intersect(ranges, 3).status, STATUS_SUCCESS) << "the list counted as an item";
    EXPECT_EQ(intersect(ranges, 2).status, STATUS_SUCCESS) << "and not";
    EXPECT_EQ(intersect(bytes_of(with), 1).status, STATUS_INVALID_BUFFER_SIZE) << "there is no list";
    EXPECT_EQ(intersect(bytes_of(with) + bytes_of(KSMULTIPLE_ITEM{7, 0}), 2).status,
              STATUS_INVALID_BUFFER_SIZE);
    EXPECT_EQ(intersect(bytes_of(with) + bytes_of(KSMULTIPLE_ITEM{9, 0}), 2).status,
              STATUS_INVALID_BUFFER_SIZE);
}

TEST_F(DataIntersectionTest, SizesThatLeadOutOfTheRequestAreRefused) {
    start_device_and_filter();
    REQUIRES("VF-028");
    const auto send = [&](const KSMULTIPLE_ITEM& header, const Bytes& ranges) {
        return pin(KSPROPERTY_PIN_DATAINTERSECTION, render_pin, 64, bytes_of(header) + ranges).status;
    };
    for (const ULONG size : {0u, 7u, 73u, 0x10000u, ~0u, ~7u})
        EXPECT_EQ(send({size, 1}, bytes_of(music)), STATUS_INVALID_BUFFER_SIZE) << size;
    for (const ULONG size : {0u, 63u, 65u, 4097u, ~0u}) {
        KSDATARANGE wrong = music;
        wrong.FormatSize = size;
        EXPECT_EQ(send({72, 1}, bytes_of(wrong)), STATUS_INVALID_BUFFER_SIZE) << size;
    }
    EXPECT_EQ(send({72, ~0u}, bytes_of(music)), STATUS_SUCCESS) << "no more ranges than bytes";
    EXPECT_EQ(pin(KSPROPERTY_PIN_DATAINTERSECTION, render_pin, 64, Bytes(7)).status,
              STATUS_INVALID_BUFFER_SIZE);
}

struct Asked {
    ULONG pin;
    GUID theirs, own;
    ULONG room;
    bool has_format;
    sim::Irql irql;
};

TEST_F(DataIntersectionTest, TheMiniportIsAskedFirst) {
    PKSDATARANGE ranges[] = {&bus, &miniport.range};
    miniport.pins[capture_pin].descriptor.KsPinDescriptor.DataRanges = ranges;
    miniport.pins[capture_pin].descriptor.KsPinDescriptor.DataRangesCount = 2;
    std::vector<Asked> asked;
    NTSTATUS status = STATUS_NO_MATCH;
    miniport.on_intersection = [&](ULONG pin_id, PKSDATARANGE theirs, PKSDATARANGE own, ULONG room,
                                   PVOID format, PULONG length) {
        asked.push_back(
            {pin_id, theirs->SubFormat, own->SubFormat, room, format != nullptr, nt::ke::current_irql()});
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(theirs) % 8, 0u);
        *length = 64;
        if (format != nullptr && status == STATUS_SUCCESS) std::memcpy(format, own, 64);
        return status;
    };
    start_device_and_filter();
    REQUIRES("IM-020"), REQUIRES("IM-021"), REQUIRES("FF-020"), REQUIRES("FF-021");
    EXPECT_EQ(intersect(bytes_of(music) + bytes_of(bus), 2, 64, capture_pin).status, STATUS_NO_MATCH);
    ASSERT_EQ(asked.size(), 4u) << "each of the client's with each of the pin's";
    EXPECT_EQ(asked[0].pin, capture_pin);
    EXPECT_TRUE(IsEqualGUID(asked[0].theirs, music.SubFormat));
    EXPECT_TRUE(IsEqualGUID(asked[0].own, bus.SubFormat));
    EXPECT_TRUE(IsEqualGUID(asked[1].theirs, music.SubFormat));
    EXPECT_TRUE(IsEqualGUID(asked[1].own, music.SubFormat));
    EXPECT_TRUE(IsEqualGUID(asked[2].theirs, bus.SubFormat));
    EXPECT_EQ(asked[0].room, 64u);
    EXPECT_EQ(asked[0].irql, PASSIVE_LEVEL);
    REQUIRES("IM-023");
    status = STATUS_BUFFER_OVERFLOW;
    const Answered size = intersect(bytes_of(music), 1, 0, capture_pin);
    EXPECT_EQ(size.status, STATUS_BUFFER_OVERFLOW);
    EXPECT_EQ(size.information, 64u);
    EXPECT_EQ(asked.back().room, 0u);
    EXPECT_FALSE(asked.back().has_format) << "no format without room";
    status = STATUS_BUFFER_TOO_SMALL;
    asked.clear();
    EXPECT_EQ(intersect(bytes_of(music), 1, 8, capture_pin).status, STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(asked.size(), 1u) << "that is an answer";
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(DataIntersectionTest, TheMiniportsFormatIsLookedAt) {
    ULONG said = 64;
    KSDATAFORMAT given = music;
    NTSTATUS status = STATUS_SUCCESS;
    miniport.on_intersection = [&](ULONG, PKSDATARANGE, PKSDATARANGE, ULONG, PVOID format, PULONG length) {
        *length = said;
        if (format != nullptr) std::memcpy(format, &given, sizeof given);
        return status;
    };
    start_device_and_filter();
    const int references = miniport.references;
    EXPECT_EQ(intersect(bytes_of(music), 1).status, STATUS_SUCCESS);
    EXPECT_THAT(Contracts::take(), IsEmpty());
    REQUIRES("IM-024");
    said = 65;
    EXPECT_EQ(intersect(bytes_of(music), 1).information, 64u);
    EXPECT_THAT(Contracts::take(), ElementsAre("IM-024"));
    said = 64;
    given.SubFormat = KSDATAFORMAT_SUBTYPE_MIDI_BUS;
    intersect(bytes_of(music), 1);
    EXPECT_THAT(Contracts::take(), ElementsAre("IM-024"));
    given = music;
    REQUIRES("IM-022");
    EXPECT_EQ(intersect(bytes_of(music), 1, 0).status, STATUS_BUFFER_OVERFLOW);
    EXPECT_THAT(Contracts::take(), ElementsAre("IM-022")) << "only the size was asked for";
    status = STATUS_NOT_IMPLEMENTED;
    REQUIRES("IM-025");
    EXPECT_EQ(intersect(bytes_of(music), 1).status, STATUS_SUCCESS);
    EXPECT_EQ(miniport.references, references);
}

}  // namespace
}  // namespace portico::portcls
