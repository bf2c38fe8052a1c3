// KSPROPSETID_Connection and KSPROPSETID_Stream of a MIDI pin.
#include <gmock/gmock.h>

#include "property_test.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::Answered;
using test::Bytes;
using test::bytes_of;
using test::get;
using test::put;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using PinPropertyTest = test::PropertyTest;

TEST_F(PinPropertyTest, StateAndFormat) {
    start_device_and_filter();
    HANDLE const render = open_pin(render_pin);
    REQUIRES("PR-011"), REQUIRES("PR-012"), REQUIRES("CX-018"), REQUIRES("ST-001");
    EXPECT_EQ(ask(render, {KSPROPSETID_Connection, 0, put, {}, 0, bytes_of(ULONG{KSSTATE_ACQUIRE})}).status,
              STATUS_SUCCESS);
    EXPECT_EQ(ask(render, {KSPROPSETID_Connection, 0, get, {}, 4}).as<ULONG>(), ULONG{KSSTATE_ACQUIRE});
    EXPECT_THAT(miniport.stream().states, ElementsAre(KSSTATE_ACQUIRE));
    const Answered format = whole(render, {KSPROPSETID_Connection, 2});
    ASSERT_EQ(format.information, 64u);
    EXPECT_TRUE(IsEqualGUID(format.as<KSDATAFORMAT>().SubFormat, KSDATAFORMAT_SUBTYPE_MIDI));
    EXPECT_EQ(ask(render, {KSPROPSETID_Connection, 2, put, {}, 0, Bytes(63)}).status,
              STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(ask(render, {KSPROPSETID_Connection, 2, put, {}, 0, format.value}).status, STATUS_SUCCESS);
    EXPECT_EQ(miniport.stream().formats.size(), 1u);
    const Answered support = ask(render, {KSPROPSETID_Connection, 0, KSPROPERTY_TYPE_BASICSUPPORT, {}, 72});
    REQUIRES("CL-013");
    EXPECT_EQ(support.information, 72u);
    EXPECT_EQ(support.as<KSPROPERTY_DESCRIPTION>().AccessFlags, get | put | KSPROPERTY_TYPE_BASICSUPPORT);
}

TEST_F(PinPropertyTest, FramingTellsWhatMemoryIsGood) {
    start_device_and_filter();
    HANDLE const render = open_pin(render_pin);
    REQUIRES("PR-011"), REQUIRES("PR-012");
    const Answered answer = whole(render, {KSPROPSETID_Connection, 3});
    ASSERT_EQ(answer.information, sizeof(KSALLOCATOR_FRAMING));
    const auto framing = answer.as<KSALLOCATOR_FRAMING>();
    EXPECT_GE(framing.FrameSize, 2056u);
    EXPECT_GT(framing.Frames, 0u);
    EXPECT_EQ(framing.PoolType, NonPagedPool);
    for (const ULONG id : {1u, 4u, 5u, 6u, 7u})
        EXPECT_EQ(ask(render, {KSPROPSETID_Connection, id, get, {}, 64}).status, STATUS_NOT_FOUND) << id;
}

TEST_F(PinPropertyTest, ClocksAndAllocatorsAreAssignedInStop) {
    start_device_and_filter();
    HANDLE const render = open_pin(render_pin);
    const auto assign = [&](ULONG id, HANDLE handle) {
        return ask(render, {KSPROPSETID_Stream, id, put, {}, 0, bytes_of(handle)}).status;
    };
    REQUIRES("PR-013"), REQUIRES("PR-012");
    for (const ULONG id : {ULONG{KSPROPERTY_STREAM_ALLOCATOR}, ULONG{KSPROPERTY_STREAM_MASTERCLOCK}}) {
        const Answered answer = ask(render, {KSPROPSETID_Stream, id, get, {}, sizeof(HANDLE)});
        EXPECT_EQ(answer.status, STATUS_SUCCESS) << "supported";
        EXPECT_EQ(answer.as<HANDLE>(), nullptr);
        EXPECT_EQ(assign(id, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(assign(id, filter), STATUS_INVALID_PARAMETER) << "neither of both";
    }
    EXPECT_EQ(KSPROPERTY_STREAM_ALLOCATOR, 0);
    EXPECT_EQ(KSPROPERTY_STREAM_MASTERCLOCK, 3);
    set_state(render, KSSTATE_ACQUIRE);
    EXPECT_EQ(assign(KSPROPERTY_STREAM_MASTERCLOCK, nullptr), STATUS_INVALID_DEVICE_STATE);
    EXPECT_EQ(assign(KSPROPERTY_STREAM_ALLOCATOR, nullptr), STATUS_INVALID_DEVICE_STATE);
}

TEST_F(PinPropertyTest, PositionAndContentAreRefused) {
    start_device_and_filter();
    HANDLE const render = open_pin(render_pin);
    REQUIRES("PR-011");
    EXPECT_EQ(ask(render, {KSPROPSETID_Audio, KSPROPERTY_AUDIO_POSITION, get, {}, 16}).status,
              STATUS_NOT_FOUND);
    EXPECT_EQ(ask(render, {KSPROPSETID_DrmAudioStream, 0, put, {}, 0, Bytes(4)}).status, STATUS_NOT_FOUND);
    EXPECT_EQ(ask(render, {KSPROPSETID_Audio, 0, KSPROPERTY_TYPE_SETSUPPORT}).status,
              STATUS_PROPSET_NOT_FOUND);
    EXPECT_EQ(ask(render, {KSPROPSETID_Connection, 0, KSPROPERTY_TYPE_SETSUPPORT}).status, STATUS_SUCCESS);
    REQUIRES("FD-060");
    KSMETHOD method{};
    EXPECT_EQ(client([&] { return ks.control(render, IOCTL_KS_METHOD, bytes_of(method), {}, nullptr); }),
              STATUS_PROPSET_NOT_FOUND);
}

TEST_F(PinPropertyTest, AStoppedDeviceRefusesThemAll) {
    start_device_and_filter();
    HANDLE const render = open_pin(render_pin);
    ASSERT_EQ(perform(nt::io::PnpAction::surprise_remove), STATUS_SUCCESS);
    REQUIRES("LC-054");
    EXPECT_EQ(ask(render, {KSPROPSETID_Connection, 0, get, {}, 4}).status, STATUS_DEVICE_NOT_CONNECTED);
    EXPECT_EQ(ask(filter, {KSPROPSETID_Pin, KSPROPERTY_PIN_CTYPES, get, {}, 4}).status,
              STATUS_DEVICE_NOT_CONNECTED);
    close(render);
    close(filter);
}

}  // namespace
}  // namespace portico::portcls
