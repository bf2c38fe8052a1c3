// Pins of a MIDI filter: opening, limits, states, formats, closing, and what a pin refuses.
#include <gmock/gmock.h>

#include "pin_test.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::Bytes;
using test::Connect;
using test::Contracts;
using test::MidiPinTest;
using test::ScriptedMiniport;
using test::ScriptedStream;
using test::Sent;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// ---- opening ----

TEST_F(MidiPinTest, NewStreamIsGivenWhatTheRequestSays) {
    start_device_and_filter();
    HANDLE const render = open_pin(render_pin);
    HANDLE const capture = open_pin(capture_pin);
    REQUIRES("MM-030"), REQUIRES("MM-032"), REQUIRES("PI-008");
    EXPECT_EQ(miniport.stream(0).pin, render_pin);
    EXPECT_FALSE(miniport.stream(0).capture);
    EXPECT_EQ(miniport.stream(1).pin, capture_pin);
    EXPECT_TRUE(miniport.stream(1).capture);
    REQUIRES("MM-031");
    EXPECT_EQ(miniport.stream(0).pool, NonPagedPool);
    REQUIRES("MM-033"), REQUIRES("PI-002");
    EXPECT_TRUE(IsEqualGUID(miniport.stream(0).format.SubFormat, KSDATAFORMAT_SUBTYPE_MIDI));
    REQUIRES("IU-009"), REQUIRES("MM-035");
    EXPECT_TRUE(miniport.outputs_preset);
    EXPECT_EQ(miniport.new_stream_irql, PASSIVE_LEVEL);
    REQUIRES("MM-034"), REQUIRES("ST-002");
    EXPECT_THAT(miniport.stream(0).states, IsEmpty()) << "a new stream stands in STOP";
    EXPECT_EQ(get_state(render), KSSTATE_STOP);
    EXPECT_EQ(get_state(capture), KSSTATE_STOP);
}

TEST_F(MidiPinTest, RequestsThatAreWrongAreRefusedBeforeTheMiniport) {
    start_device_and_filter();
    REQUIRES("PI-005");
    for (const std::size_t size : {0u, 1u, 71u, 72u, 135u}) {
        EXPECT_EQ(create(Connect(render_pin).bytes(size)), STATUS_INVALID_BUFFER_SIZE) << size;
    }
    for (const ULONG said : {0u, 63u, 65u, 4096u, ~0u}) {
        Connect request(render_pin);
        request.format.FormatSize = said;
        EXPECT_EQ(create(request), STATUS_INVALID_BUFFER_SIZE) << said;
    }
    Connect large(render_pin);
    large.format.FormatSize = 4100;
    EXPECT_EQ(create(large.bytes(72 + 4100)), STATUS_INVALID_BUFFER_SIZE)
        << "more than docs/limits.md allows";
    REQUIRES("PI-004"), REQUIRES("MM-040");
    EXPECT_EQ(create(Connect(4)), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(create(Connect(~0u)), STATUS_INVALID_PARAMETER);
    REQUIRES("PI-006");
    EXPECT_EQ(create(Connect(render_bridge)), STATUS_INVALID_DEVICE_REQUEST);
    EXPECT_EQ(create(Connect(capture_bridge)), STATUS_INVALID_DEVICE_REQUEST);
    Connect connected(render_pin);
    connected.connect.PinToHandle = filter;
    EXPECT_EQ(create(connected), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(miniport.new_streams, 0u);
}

TEST_F(MidiPinTest, WrongFormatsInterfacesAndMediumsDoNotMatch) {
    start_device_and_filter();
    REQUIRES("PI-004");
    Connect format(render_pin);
    format.format.SubFormat = KSDATAFORMAT_SUBTYPE_MIDI_BUS;
    EXPECT_EQ(create(format), STATUS_NO_MATCH);
    format = Connect(render_pin);
    format.format.MajorFormat = KSDATAFORMAT_TYPE_AUDIO;
    EXPECT_EQ(create(format), STATUS_NO_MATCH);
    format = Connect(render_pin);
    format.format.Specifier.Data1 ^= 1;
    EXPECT_EQ(create(format), STATUS_NO_MATCH);
    Connect other(render_pin);
    other.connect.Interface.Id = 7;
    EXPECT_EQ(create(other), STATUS_NO_MATCH);
    other = Connect(render_pin);
    other.connect.Interface.Set.Data1 ^= 1;
    EXPECT_EQ(create(other), STATUS_NO_MATCH);
    other = Connect(render_pin);
    other.connect.Medium.Id = 1;
    EXPECT_EQ(create(other), STATUS_NO_MATCH);
    EXPECT_EQ(miniport.new_streams, 0u);
    EXPECT_EQ(create(Connect(render_pin)), STATUS_SUCCESS);
}

TEST_F(MidiPinTest, RangesMatchByWildcards) {
    miniport.range.SubFormat = miniport.range.Specifier = GUID{};
    start_device_and_filter();
    Connect other(render_pin);
    other.format.SubFormat = KSDATAFORMAT_SUBTYPE_MIDI_BUS;
    REQUIRES("PI-004");
    EXPECT_EQ(create(other), STATUS_SUCCESS);
    other.format.MajorFormat = KSDATAFORMAT_TYPE_AUDIO;
    EXPECT_EQ(create(other), STATUS_NO_MATCH);
    miniport.range.MajorFormat = GUID{};
    EXPECT_EQ(create(other), STATUS_SUCCESS);
}

TEST_F(MidiPinTest, NamesOfOtherObjectsAreNotFound) {
    start_device_and_filter();
    const auto open = [&](const std::u16string& name) {
        HANDLE out = nullptr;
        return client([&] {
            const auto length = static_cast<USHORT>(name.size() * sizeof(char16_t));
            UNICODE_STRING string{length, length, const_cast<PWCH>(name.data())};
            OBJECT_ATTRIBUTES attributes{};
            attributes.Length = sizeof attributes;
            attributes.RootDirectory = filter;
            attributes.ObjectName = &string;
            nt::io::OpenRequest request;
            request.attributes = &attributes;
            request.access = GENERIC_READ | SYNCHRONIZE;
            IO_STATUS_BLOCK status{};
            return nt::io::create_file(request, &out, &status);
        });
    };
    EXPECT_EQ(open(u"{53172480-4791-11D0-A5D6-28DB04C10000}\\"), STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_EQ(open(u"{146F1A80-4791-11D0-A5D6-28DB04C10000}"), STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_EQ(open(u"nothing"), STATUS_OBJECT_NAME_NOT_FOUND);
    EXPECT_EQ(open(u"{146f1a80-4791-11d0-a5d6-28db04c10000}\\"), STATUS_INVALID_BUFFER_SIZE)
        << "a pin's name, and no more";
}

TEST_F(MidiPinTest, AFailedNewStreamLeavesNothing) {
    start_device_and_filter();
    miniport.new_stream_status = STATUS_INVALID_DEVICE_REQUEST;
    REQUIRES("MM-037"), REQUIRES("PI-009");
    for (int i = 0; i < 5; ++i) EXPECT_EQ(create(Connect(render_pin)), STATUS_INVALID_DEVICE_REQUEST);
    miniport.new_stream_status = STATUS_SUCCESS;
    miniport.gives_no_stream = true;
    EXPECT_FALSE(NT_SUCCESS(create(Connect(render_pin))));
    REQUIRES("MM-034");
    EXPECT_THAT(Contracts::take(), ElementsAre("MM-034"));
    miniport.gives_no_stream = false;
    HANDLE a = nullptr, b = nullptr;
    EXPECT_EQ(create(Connect(render_pin).bytes(), &a), STATUS_SUCCESS);
    EXPECT_EQ(create(Connect(render_pin).bytes(), &b), STATUS_SUCCESS) << "no failed one counts";
}

TEST_F(MidiPinTest, AccessDecidesWhatAHandleMayDo) {
    start_device_and_filter();
    HANDLE pin = nullptr;
    ASSERT_EQ(create(Connect(render_pin).bytes(), &pin, GENERIC_READ), STATUS_SUCCESS);
    EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
    REQUIRES("PI-003");
    EXPECT_EQ(write(pin, {0xF8}).result(), STATUS_ACCESS_DENIED);
    close(pin);
    ASSERT_EQ(create(Connect(capture_pin).bytes(), &pin, GENERIC_WRITE), STATUS_SUCCESS);
    EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
    EXPECT_EQ(read(pin).result(), STATUS_ACCESS_DENIED);
}

// ---- states ----

TEST_F(MidiPinTest, StatesAreReachedStepByStep) {
    start_device_and_filter();
    HANDLE const pin = open_pin(render_pin);
    ScriptedStream& stream = miniport.stream();
    EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
    REQUIRES("MS-021"), REQUIRES("ST-002");
    EXPECT_THAT(stream.states, ElementsAre(KSSTATE_ACQUIRE, KSSTATE_PAUSE, KSSTATE_RUN));
    REQUIRES("MS-020");
    EXPECT_EQ(stream.state_irql, PASSIVE_LEVEL);
    stream.states.clear();
    EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
    EXPECT_THAT(stream.states, IsEmpty());
    EXPECT_EQ(set_state(pin, KSSTATE_STOP), STATUS_SUCCESS);
    EXPECT_THAT(stream.states, ElementsAre(KSSTATE_PAUSE, KSSTATE_ACQUIRE, KSSTATE_STOP));
    stream.states.clear();
    for (const KSSTATE s :
         {KSSTATE_PAUSE, KSSTATE_ACQUIRE, KSSTATE_PAUSE, KSSTATE_RUN, KSSTATE_PAUSE, KSSTATE_RUN}) {
        EXPECT_EQ(set_state(pin, s), STATUS_SUCCESS);
        REQUIRES("ST-001");
        EXPECT_EQ(get_state(pin), s);
    }
    EXPECT_THAT(stream.states, ElementsAre(KSSTATE_ACQUIRE, KSSTATE_PAUSE, KSSTATE_ACQUIRE, KSSTATE_PAUSE,
                                           KSSTATE_RUN, KSSTATE_PAUSE, KSSTATE_RUN));
    REQUIRES("ST-003");
    for (const ULONG wrong : {4u, 0x7FFFFFFFu, ~0u})
        EXPECT_EQ(set_state(pin, static_cast<KSSTATE>(wrong)), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(get_state(pin), KSSTATE_RUN);
}

TEST_F(MidiPinTest, AFailureGoingUpStopsTheClimb) {
    start_device_and_filter();
    HANDLE const pin = open_pin(render_pin);
    ScriptedStream& stream = miniport.stream();
    stream.state_status[KSSTATE_PAUSE] = STATUS_INSUFFICIENT_RESOURCES;
    REQUIRES("MS-023");
    EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_INSUFFICIENT_RESOURCES);
    EXPECT_EQ(get_state(pin), KSSTATE_ACQUIRE);
    EXPECT_THAT(stream.states, ElementsAre(KSSTATE_ACQUIRE, KSSTATE_PAUSE));
    stream.state_status[KSSTATE_PAUSE] = STATUS_SUCCESS;
    stream.state_status[KSSTATE_RUN] = STATUS_INVALID_DEVICE_STATE;
    REQUIRES("MS-024");
    EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_INVALID_DEVICE_STATE);
    EXPECT_EQ(get_state(pin), KSSTATE_PAUSE);
    const Sent sent = write(pin, {0xF8});
    EXPECT_TRUE(sent.pending()) << "no delivery outside RUN";
    stream.state_status[KSSTATE_RUN] = STATUS_SUCCESS;
    EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
    REQUIRES("ST-005"), REQUIRES("MS-053");
    EXPECT_EQ(sent.result(), STATUS_SUCCESS);
    EXPECT_FALSE(stream.written_outside_run);
}

TEST_F(MidiPinTest, AFailureGoingDownIsToldAndTheDescentGoesOn) {
    start_device_and_filter();
    HANDLE const pin = running_pin(render_pin);
    ScriptedStream& stream = miniport.stream();
    stream.state_status[KSSTATE_PAUSE] = STATUS_IO_DEVICE_ERROR;
    stream.state_status[KSSTATE_STOP] = STATUS_UNSUCCESSFUL;
    stream.states.clear();
    REQUIRES("MS-023");
    EXPECT_EQ(set_state(pin, KSSTATE_STOP), STATUS_IO_DEVICE_ERROR) << "the first failure";
    EXPECT_EQ(get_state(pin), KSSTATE_STOP);
    EXPECT_THAT(stream.states, ElementsAre(KSSTATE_PAUSE, KSSTATE_ACQUIRE, KSSTATE_STOP));
    EXPECT_EQ(close(pin), STATUS_SUCCESS);
    EXPECT_EQ(stream.references, 0);
}

TEST_F(MidiPinTest, ClosingGoesDownToStopFromEveryState) {
    start_device_and_filter();
    for (int state = KSSTATE_STOP; state <= KSSTATE_RUN; ++state) {
        HANDLE const pin = open_pin(state % 2 == 0 ? render_pin : capture_pin);
        EXPECT_EQ(set_state(pin, static_cast<KSSTATE>(state)), STATUS_SUCCESS);
        ScriptedStream& stream = miniport.newest();
        stream.states.clear();
        EXPECT_EQ(close(pin), STATUS_SUCCESS);
        REQUIRES("MS-027"), REQUIRES("PI-010"), REQUIRES("LC-061");
        EXPECT_EQ(stream.states.size(), static_cast<std::size_t>(state));
        EXPECT_EQ(stream.state, KSSTATE_STOP);
        EXPECT_EQ(stream.references, 0);
    }
}

// ---- handles ----

TEST_F(MidiPinTest, APinKeepsItsFilter) {
    start_device_and_filter();
    HANDLE const pin = running_pin(render_pin);
    EXPECT_EQ(close(filter), STATUS_SUCCESS);
    EXPECT_EQ(write(pin, {0xF8}).result(), STATUS_SUCCESS);
    REQUIRES("PI-010"), REQUIRES("PI-001");
    EXPECT_EQ(miniport.stream().taken(), std::vector<Bytes>{Bytes{0xF8}});
    EXPECT_EQ(close(pin), STATUS_SUCCESS);
    EXPECT_EQ(miniport.stream().references, 0);
    EXPECT_EQ(perform(nt::io::PnpAction::query_remove), STATUS_SUCCESS);
    EXPECT_EQ(perform(nt::io::PnpAction::remove), STATUS_SUCCESS);
    EXPECT_EQ(miniport.references, 1) << "the test's own";
}

TEST_F(MidiPinTest, TheLastHandleOfADeviceThatIsGoneMayBeThePins) {
    start_device_and_filter();
    HANDLE const pin = running_pin(render_pin);
    const Sent waiting = write_at_ms(pin, 60'000, {0xF8});
    EXPECT_EQ(perform(nt::io::PnpAction::surprise_remove), STATUS_SUCCESS);
    pass_ms(1);
    REQUIRES("LC-054");
    EXPECT_EQ(waiting.result(), STATUS_CANCELLED);
    EXPECT_EQ(miniport.stream().state, KSSTATE_STOP);
    EXPECT_FALSE(NT_SUCCESS(write(pin, {0xFA}).result()));
    EXPECT_FALSE(NT_SUCCESS(set_state(pin, KSSTATE_RUN)));
    EXPECT_FALSE(NT_SUCCESS(create(Connect(capture_pin))));
    EXPECT_EQ(close(filter), STATUS_SUCCESS);
    EXPECT_EQ(close(pin), STATUS_SUCCESS);
    pass_ms(1);
    REQUIRES("LC-057");
    EXPECT_EQ(miniport.stream().references, 0);
    EXPECT_EQ(miniport.references, 1) << "the test's own";
}

TEST_F(MidiPinTest, StreamsWithGroupsOfTheirOwnOrNone) {
    start_device_and_filter();
    miniport.stream_group = ScriptedMiniport::StreamGroup::own;
    running_pin(capture_pin);
    EXPECT_THAT(Contracts::take(), IsEmpty());
    miniport.stream_group = ScriptedMiniport::StreamGroup::none;
    running_pin(capture_pin);
    REQUIRES("CA-001");
    EXPECT_THAT(Contracts::take(), ElementsAre("CA-001"));
    running_pin(render_pin);
    EXPECT_THAT(Contracts::take(), IsEmpty());
    for (unsigned i = 0; i < 3; ++i) miniport.stream(i).reads = 0;
    client([&] { return miniport.port->Notify(nullptr), STATUS_SUCCESS; });
    REQUIRES("MM-036"), REQUIRES("PM-013"), REQUIRES("MM-035");
    EXPECT_EQ(miniport.stream(0).reads, 1u);
    EXPECT_EQ(miniport.stream(1).reads, 0u);
    EXPECT_EQ(miniport.services, 1u);
}

// ---- what a pin answers and refuses ----

TEST_F(MidiPinTest, TheFormatCanBeReadAndSetAgain) {
    start_device_and_filter();
    HANDLE const pin = open_pin(render_pin);
    KSDATAFORMAT format{};
    REQUIRES("CX-018");
    EXPECT_EQ(data_format(pin, KSPROPERTY_TYPE_GET, format), STATUS_SUCCESS);
    EXPECT_TRUE(IsEqualGUID(format.SubFormat, KSDATAFORMAT_SUBTYPE_MIDI));
    REQUIRES("MS-010"), REQUIRES("MS-011"), REQUIRES("MS-012");
    EXPECT_EQ(data_format(pin, KSPROPERTY_TYPE_SET, format), STATUS_SUCCESS);
    EXPECT_EQ(miniport.stream().formats.size(), 1u);
    EXPECT_EQ(miniport.stream().format_irql, PASSIVE_LEVEL);
    format.SampleSize = 3;
    EXPECT_EQ(data_format(pin, KSPROPERTY_TYPE_SET, format), STATUS_SUCCESS);
    miniport.stream().format_status = STATUS_UNSUCCESSFUL;
    format.SampleSize = 4;
    EXPECT_EQ(data_format(pin, KSPROPERTY_TYPE_SET, format), STATUS_UNSUCCESSFUL);
    EXPECT_EQ(data_format(pin, KSPROPERTY_TYPE_GET, format), STATUS_SUCCESS);
    EXPECT_EQ(format.SampleSize, 3u) << "the last that the miniport took";
    miniport.stream().formats.resize(1);
    format.SubFormat = KSDATAFORMAT_SUBTYPE_MIDI_BUS;
    EXPECT_EQ(data_format(pin, KSPROPERTY_TYPE_SET, format), STATUS_NO_MATCH);
    format.SubFormat = KSDATAFORMAT_SUBTYPE_MIDI;
    format.FormatSize = 4096;
    EXPECT_EQ(data_format(pin, KSPROPERTY_TYPE_SET, format), STATUS_INVALID_BUFFER_SIZE);
    EXPECT_EQ(data_format(pin, KSPROPERTY_TYPE_SET, format, 63), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(miniport.stream().formats.size(), 1u);
}

TEST_F(MidiPinTest, PacketsOfTheOtherDirectionAreRefused) {
    start_device_and_filter();
    HANDLE const render = running_pin(render_pin);
    HANDLE const capture = running_pin(capture_pin);
    EXPECT_EQ(read(render).result(), STATUS_INVALID_DEVICE_REQUEST);
    EXPECT_EQ(write(capture, {0xF8}).result(), STATUS_INVALID_DEVICE_REQUEST);
    EXPECT_EQ(write(filter, {0xF8}).result(), STATUS_INVALID_DEVICE_REQUEST);
    EXPECT_EQ(read(filter).result(), STATUS_INVALID_DEVICE_REQUEST);
    EXPECT_EQ(client([&] { return ks.control(render, 0x002F0FFF, {}, {}, nullptr); }),
              STATUS_INVALID_DEVICE_REQUEST);
    HANDLE below = nullptr;
    EXPECT_FALSE(NT_SUCCESS(client([&] { return ks.create_pin(render, render_pin, &below); })))
        << "a pin below a pin";
}

TEST_F(MidiPinTest, WhatNewStreamGivesMustBeObjects) {
    start_device_and_filter();
    miniport.given_stream = reinterpret_cast<PMINIPORTMIDISTREAM>(0x123456789ab0);
    REQUIRES("MM-034");
    EXPECT_EQ(create(Connect(render_pin)), STATUS_UNSUCCESSFUL);
    EXPECT_THAT(Contracts::take(), ElementsAre("MM-034"));
    miniport.given_stream = nullptr;
    miniport.given_group = reinterpret_cast<PSERVICEGROUP>(0x123456789ab0);
    REQUIRES("MM-035");
    EXPECT_EQ(create(Connect(capture_pin)), STATUS_UNSUCCESSFUL);
    EXPECT_THAT(Contracts::take(), ElementsAre("MM-035"));
    EXPECT_EQ(miniport.newest().references, 0) << "the stream has gone";
    miniport.given_group = nullptr;
    EXPECT_EQ(create(Connect(capture_pin)), STATUS_SUCCESS);
}

TEST_F(MidiPinTest, APinsOwnInterfacesAreIgnored) {
    miniport.pins[render_pin].descriptor.KsPinDescriptor.InterfacesCount = 1;
    start_device_and_filter();
    REQUIRES("FD-015");
    EXPECT_EQ(create(Connect(render_pin)), STATUS_SUCCESS);
}

TEST_F(MidiPinTest, ADescriptorThatChangedIsToldAndOneThatIsLostIsNotUsed) {
    start_device_and_filter();
    miniport.pins[render_pin].descriptor.MaxGlobalInstanceCount = 3;
    REQUIRES("IM-011");
    EXPECT_EQ(create(Connect(render_pin)), STATUS_SUCCESS);
    EXPECT_THAT(Contracts::take(), ElementsAre("IM-011"));
    const PCPIN_DESCRIPTOR* const pins = miniport.filter.Pins;
    miniport.filter.Pins = reinterpret_cast<const PCPIN_DESCRIPTOR*>(0x123456789ab0);
    EXPECT_EQ(create(Connect(render_pin)), STATUS_INVALID_DEVICE_STATE);
    EXPECT_THAT(Contracts::take(), ElementsAre("IM-011"));
    miniport.filter.Pins = pins;
}

}  // namespace
}  // namespace portico::portcls
