// DirectMusic pins: DMUS_EVENTHEADER packets in both directions (SP-019).
#include <gmock/gmock.h>

#include "dmus_test.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::at_irql;
using test::Bytes;
using test::Connect;
using test::Contracts;
using test::DmusTest;
using test::event_record;
using test::header;
using test::ScriptedMxf;
using test::Sent;
using test::operator+;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr LONGLONG ms = 10'000;

struct DmusPinTest : DmusTest {
    std::vector<LONGLONG> due_ms(const ScriptedMxf& out) const {
        std::vector<LONGLONG> all;
        for (const auto& put : out.puts)
            all.push_back((put.event.ullPresTime100ns - started_100ns + ms / 2) / ms);
        return all;
    }
};

TEST_F(DmusPinTest, EveryTimeCountsFromTheBuffersStart) {
    ScriptedMxf& out = running(direct_music(dmus_render));
    const Bytes events = event_record(1 * ms, {0x90, 60, 1}) +
                         event_record(4 * ms,
                                      {
                                          0x90,
                                          61,
                                          1,
                                      }) +
                         event_record(6 * ms, {0xC0, 5});
    const Sent sent = write_events(pin, events, {10 * ms, 1, 1, true});
    EXPECT_TRUE(sent.pending());
    pass_ms(20);
    REQUIRES("SP-019");
    EXPECT_THAT(out.taken(), ElementsAre(Bytes{0x90, 60, 1}, Bytes{0x90, 61, 1}, Bytes{0xC0, 5}));
    EXPECT_THAT(due_ms(out), ElementsAre(11, 14, 16));
    EXPECT_EQ(sent.result(), STATUS_SUCCESS);
    EXPECT_EQ(sent.status->Information, events.size());
    close(pin);
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(DmusPinTest, WithoutATimeTheBufferStartsNow) {
    ScriptedMxf& out = running(direct_music(dmus_render));
    pass_ms(30);
    write_events(pin, event_record(0, {0x90, 60, 1}) + event_record(5 * ms, {0x80, 60, 1}));
    REQUIRES("SP-015");
    EXPECT_THAT(out.puts, SizeIs(1));
    pass_ms(10);
    EXPECT_THAT(due_ms(out), ElementsAre(30, 35));
}

TEST_F(DmusPinTest, WhatLiesInThePastPlaysAtOnce) {
    ScriptedMxf& out = running(direct_music(dmus_render));
    pass_ms(30);
    write_events(pin, event_record(-40 * ms, {0x90, 60, 1}) + event_record(LLONG_MIN, {0x90, 61, 1}),
                 {20 * ms, 1, 1, true});
    EXPECT_THAT(out.taken(), ElementsAre(Bytes{0x90, 60, 1}, Bytes{0x90, 61, 1}));
    const Sent never = write_events(pin, event_record(LLONG_MAX, {0x90, 62, 1}), {LLONG_MAX, 1, 1, true});
    pass_ms(1'000);
    EXPECT_TRUE(never.pending());
    close(pin);
    EXPECT_EQ(never.result(), STATUS_CANCELLED);
}

TEST_F(DmusPinTest, ChannelGroupsReachTheMiniport) {
    ScriptedMxf& out = running(direct_music(dmus_render));
    write_events(pin, event_record(0, {0x90, 60, 1}, 3, 2) + event_record(0, {60, 0}, 2, 3) +
                          event_record(0, {0x90, 61, 1}, 3, 0xFFFF));
    REQUIRES("SP-019");
    ASSERT_THAT(out.puts, SizeIs(2)) << "another group's running status is none";
    EXPECT_EQ(out.puts[0].event.usChannelGroup, 2);
    EXPECT_EQ(out.puts[1].event.usChannelGroup, 0xFFFF);
}

TEST_F(DmusPinTest, MidiPinsSendTheFirstChannelGroup) {
    ScriptedMxf& out = running(Connect(midi_render));
    write(pin, {0x90, 60, 1});
    ASSERT_THAT(out.puts, SizeIs(1));
    REQUIRES("MD-009");
    EXPECT_EQ(out.puts[0].event.usChannelGroup, 1);
}

TEST_F(DmusPinTest, RecordsThatLieAreRefused) {
    ScriptedMxf& out = running(direct_music(dmus_render));
    REQUIRES("SP-019"), REQUIRES("SP-014");
    for (const DWORD said : {5u, 0xFFFFu, 0x7FFFFFFFu, 0xFFFFFFECu, 0xFFFFFFFFu})
        EXPECT_EQ(write_events(pin, event_record(0, {0x90, 60, 1}, said)).result(), STATUS_INVALID_PARAMETER)
            << said;
    EXPECT_EQ(write_events(pin, event_record(0, {0x90, 60, 1}) + event_record(0, {0x90, 60, 1}, 9)).result(),
              STATUS_INVALID_PARAMETER);
    EXPECT_EQ(write_events(pin, event_record(0, {0x90, 60, 1}, 3, 0x10000)).result(),
              STATUS_INVALID_PARAMETER);
    EXPECT_THAT(out.puts, IsEmpty());
    Bytes short_tail = event_record(0, {0x90, 60, 1});
    short_tail.resize(23);
    EXPECT_EQ(write_events(pin, short_tail).result(), STATUS_SUCCESS)
        << "the last one's padding is not needed";
    EXPECT_EQ(write_events(pin, event_record(0, {0x90, 61, 1}) + Bytes(19, 0xFF)).result(), STATUS_SUCCESS)
        << "less than a header is padding";
    EXPECT_EQ(write_events(pin, event_record(0, {})).result(), STATUS_SUCCESS);
    EXPECT_EQ(write_events(pin, {}).result(), STATUS_SUCCESS);
    EXPECT_THAT(out.taken(), ElementsAre(Bytes{0x90, 60, 1}, Bytes{0x90, 61, 1}));
}

TEST_F(DmusPinTest, ReadsGiveEventsWithTheirTimes) {
    ScriptedMxf& in = running(direct_music(capture));
    pass_ms(1);
    const Sent waiting = read(pin);
    as_driver([&] { in.sink->PutMessage(in.event({0x90, 60, 100}, 0, started_100ns + 123)); });
    REQUIRES("SP-019");
    ASSERT_EQ(waiting.result(), STATUS_SUCCESS);
    EXPECT_EQ(waiting.headers->DataUsed, 24u);
    EXPECT_EQ(waiting.status->Information, sizeof(KSSTREAM_HEADER));
    DMUS_EVENTHEADER event;
    std::memcpy(&event, waiting.data, sizeof event);
    EXPECT_EQ(event.cbEvent, 3u);
    EXPECT_EQ(event.dwChannelGroup, 1u);
    EXPECT_EQ(event.dwFlags, DWORD{DMUS_EVENT_STRUCTURED});
    EXPECT_EQ(Bytes(waiting.data + 20, waiting.data + 24), (Bytes{0x90, 60, 100, 0}));
    EXPECT_EQ(waiting.headers->OptionsFlags, ULONG{KSSTREAM_HEADER_OPTIONSF_TIMEVALID});
    EXPECT_NEAR(static_cast<double>(waiting.headers->PresentationTime.Time + event.rtDelta), 123.0, 60.0);
}

TEST_F(DmusPinTest, SysExIsUnstructuredAndSplitToTheFrame) {
    ScriptedMxf& in = running(direct_music(capture));
    EXPECT_EQ(read(pin, 23).result(), STATUS_BUFFER_TOO_SMALL);
    const Bytes sysex{0xF0, 1, 2, 3, 4, 5, 6, 7, 8, 0xF7};
    as_driver([&] { in.sink->PutMessage(in.event(sysex, 0, 0)); });
    Bytes joined;
    for (int i = 0; i < 3; ++i) {
        const Sent part = read(pin, 31);  // room for four bytes, aligned
        ASSERT_EQ(part.result(), STATUS_SUCCESS);
        DMUS_EVENTHEADER event;
        std::memcpy(&event, part.data, sizeof event);
        EXPECT_EQ(event.dwFlags, 0u);
        REQUIRES("CA-008");
        EXPECT_LE(event.cbEvent, 4u);
        joined = joined + Bytes(part.data + 20, part.data + 20 + event.cbEvent);
    }
    EXPECT_EQ(joined, sysex);
}

TEST_F(DmusPinTest, AFormatOfTheOtherKindIsNotTakenLater) {
    running(Connect(capture));
    KSDATAFORMAT format = direct_music(capture).format;
    EXPECT_EQ(data_format(pin, KSPROPERTY_TYPE_SET, format), STATUS_NO_MATCH);
    format = Connect(capture).format;
    EXPECT_EQ(data_format(pin, KSPROPERTY_TYPE_SET, format), STATUS_SUCCESS);
}

}  // namespace
}  // namespace portico::portcls
