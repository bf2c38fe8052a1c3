// The capture side of a pin: from IMiniportMidiStream::Read to whole, stamped messages in read requests.
#include <gmock/gmock.h>

#include "midi_test.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::Bytes;
using test::Contracts;
using test::header;
using test::ScriptedStream;
using test::Sent;
using test::operator+;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct CaptureTest : test::MidiTest {
    HANDLE pin = nullptr;

    void running() {
        ASSERT_NO_FATAL_FAILURE(start_device_and_filter());
        pin = running_pin(capture_pin);
    }
    ScriptedStream& stream() { return miniport.stream(); }
    // Every record that reads can have now.
    std::vector<Bytes> drain(std::size_t frame = 2056) {
        std::vector<Bytes> out;
        for (;;) {
            const Sent sent = read(pin, frame);
            if (sent.pending()) {
                cancel(pin);
                return out;
            }
            out.push_back(sent.record());
        }
    }
};

// ---- from the miniport ----

TEST_F(CaptureTest, ReadsUntilNothingIsLeftAtDispatchLevel) {
    running();
    stream().read_most = 1;
    stream().reads = 0;
    receive(stream(), {0x90, 60, 100});
    REQUIRES("MS-032"), REQUIRES("MS-034"), REQUIRES("CL-021");
    EXPECT_EQ(stream().reads, 4u);
    REQUIRES("MS-030"), REQUIRES("ST-009"), REQUIRES("FLD-021");
    EXPECT_EQ(stream().read_irql, DISPATCH_LEVEL);
    REQUIRES("MS-031"), REQUIRES("MS-037");
    EXPECT_TRUE(stream().read_buffer_nonpaged);
    EXPECT_GE(stream().read_length, 1u);
    EXPECT_EQ(stream().first_count, 0u);
    EXPECT_THAT(drain(), ElementsAre(Bytes{0x90, 60, 100}));
}

TEST_F(CaptureTest, ServiceComesBeforeRead) {
    running();
    std::vector<std::string> order;
    miniport.on_service = [&] { order.push_back("Service"); };
    stream().on_read = [&] { order.push_back("Read"); };
    receive(stream(), {});
    REQUIRES("CA-003"), REQUIRES("CA-001"), REQUIRES("MM-020"), REQUIRES("MM-021");
    EXPECT_THAT(order, ElementsAre("Service", "Read"));
    EXPECT_EQ(miniport.service_irql, DISPATCH_LEVEL);
}

TEST_F(CaptureTest, ServiceComesWithoutAnyStreamAndReadNeverToARenderStream) {
    start_device_and_filter();
    client([&] { return miniport.notify(), STATUS_SUCCESS; });
    REQUIRES("MM-023");
    EXPECT_EQ(miniport.services, 1u);
    running_pin(render_pin);
    client([&] { return miniport.notify(), STATUS_SUCCESS; });
    REQUIRES("MS-035");
    EXPECT_EQ(miniport.services, 2u);
    EXPECT_EQ(stream().reads, 0u);
}

TEST_F(CaptureTest, AFailingReadEndsTheLoop) {
    running();
    stream().read_status = STATUS_IO_DEVICE_ERROR;
    stream().reads = 0;
    receive(stream(), {0xF8});
    REQUIRES("MS-036");
    EXPECT_EQ(stream().reads, 1u);
    stream().read_status = STATUS_SUCCESS;
    receive(stream(), {});
    EXPECT_THAT(drain(), ElementsAre(Bytes{0xF8}));
}

TEST_F(CaptureTest, CountsThatCannotBeAreToldAndBounded) {
    running();
    stream().read_lie = 100'000;
    stream().on_read = [&] {
        if (stream().reads > 1) stream().read_status = STATUS_UNSUCCESSFUL;
    };
    stream().reads = 0;
    receive(stream(), {0x90, 60, 100});
    REQUIRES("MS-033");
    EXPECT_THAT(Contracts::take(), ElementsAre("MS-033"));
}

TEST_F(CaptureTest, AReadThatNeverSaysNothingIsToldAndEnds) {
    running();
    stream().on_read = [&] { stream().input.assign(1, 0xF8); };
    receive(stream(), {0xF8});
    REQUIRES("MS-034");
    EXPECT_THAT(Contracts::take(), ElementsAre("MS-034"));
}

// ---- messages ----

TEST_F(CaptureTest, OneWholeMessagePerReadWithRunningStatusExpanded) {
    running();
    const Sent first = read(pin);
    receive(stream(), {0x90, 60});
    EXPECT_TRUE(first.pending()) << "half a message";
    receive(stream(), {100, 61});
    REQUIRES("CA-006"), REQUIRES("CL-005");
    EXPECT_EQ(first.result(), STATUS_SUCCESS);
    EXPECT_EQ(first.record(), (Bytes{0x90, 60, 100}));
    REQUIRES("SP-005"), REQUIRES("CL-019"), REQUIRES("CA-002");
    EXPECT_EQ(first.headers->DataUsed, 12u);
    EXPECT_EQ(first.status->Information, sizeof(KSSTREAM_HEADER));
    EXPECT_EQ(first.data[11], 0) << "padding is zero";
    receive(stream(), {101, 0xB0, 7, 0xF8, 90});
    EXPECT_THAT(drain(), ElementsAre(Bytes{0x90, 61, 101}, Bytes{0xF8}, Bytes{0xB0, 7, 90}));
}

TEST_F(CaptureTest, RealTimeInASysExIsAMessageOfItsOwn) {
    running();
    receive(stream(), {0xF0, 1, 0xF8, 2});
    EXPECT_THAT(drain(), ElementsAre(Bytes{0xF8}));
    receive(stream(), {3, 0xFE, 0xF7});
    REQUIRES("CA-007");
    EXPECT_THAT(drain(), ElementsAre(Bytes{0xFE}, Bytes{0xF0, 1, 2, 3, 0xF7}));
}

TEST_F(CaptureTest, ASysExThatFitsAFrameComesInOneRecord) {
    running();
    Bytes sysex(2048, 5);
    sysex.front() = 0xF0, sysex.back() = 0xF7;
    receive(stream(), sysex);
    REQUIRES("CA-006"), REQUIRES("CA-008");
    EXPECT_THAT(drain(), ElementsAre(sysex));
    sysex.insert(sysex.begin() + 1, 6);
    receive(stream(), sysex);
    const auto pieces = drain();
    EXPECT_THAT(pieces, SizeIs(2));
    EXPECT_EQ(pieces.front() + pieces.back(), sysex);
}

TEST_F(CaptureTest, SmallFramesSplitWhatIsLonger) {
    running();
    Bytes sysex{0xF0};
    for (std::uint8_t i = 0; i < 100; ++i) sysex.push_back(i);
    sysex.push_back(0xF7);
    receive(stream(), sysex);
    const auto pieces = drain(8 + 16 + 3);
    Bytes whole;
    for (const Bytes& piece : pieces) {
        EXPECT_LE(piece.size(), 16u);
        whole = whole + piece;
    }
    REQUIRES("CA-008");
    EXPECT_EQ(whole, sysex);
    receive(stream(), {0x90, 60, 100});
    EXPECT_THAT(drain(12), ElementsAre(Bytes{0x90, 60, 100}));
    EXPECT_EQ(read(pin, 11).result(), STATUS_BUFFER_TOO_SMALL);
}

TEST_F(CaptureTest, AnUnfinishedSysExIsGivenAsFarAsItCame) {
    running();
    receive(stream(), {0xF0, 1, 2, 0x90, 60, 100});
    EXPECT_THAT(drain(), ElementsAre(Bytes{0xF0, 1, 2}, Bytes{0x90, 60, 100}));
}

TEST_F(CaptureTest, ManyHeadersTakeAMessageEach) {
    running();
    const Bytes frame = header(64);
    Bytes headers;
    for (std::uintptr_t i = 0; i < 3; ++i) headers = headers + header(64, {.data_offset = i * 64});
    const Sent sent = send(pin, IOCTL_KS_READ_STREAM, headers, Bytes(192));
    receive(stream(), {0x90, 60, 100, 0xFA});
    REQUIRES("SP-004"), REQUIRES("SP-005");
    EXPECT_EQ(sent.result(), STATUS_SUCCESS);
    EXPECT_EQ(sent.status->Information, 2 * sizeof(KSSTREAM_HEADER))
        << "the size of the headers that were used";
    EXPECT_EQ(sent.headers[0].DataUsed, 12u);
    EXPECT_EQ(sent.headers[1].DataUsed, 12u);
    EXPECT_EQ(sent.headers[2].DataUsed, 0u);
    EXPECT_EQ(sent.data[64 + 8], 0xFA);
}

// ---- stamps ----

TEST_F(CaptureTest, StampsAreMillisecondsSinceRunRoundedUp) {
    running();
    const LONGLONG started = nt::ke::exact_time_100ns();
    pass_ms(7);
    const Sent sent = read(pin);
    receive(stream(), {0xF8});
    const LONGLONG came = nt::ke::exact_time_100ns() - started;
    REQUIRES("CA-002"), REQUIRES("CA-004"), REQUIRES("CL-006");
    EXPECT_EQ(sent.stamp_ms(), static_cast<ULONG>((came + 9'999) / 10'000));
    EXPECT_EQ(sent.headers->PresentationTime.Time, 0);
    EXPECT_EQ(sent.headers->PresentationTime.Numerator, 1u);
    EXPECT_EQ(sent.headers->PresentationTime.Denominator, 1u);
    EXPECT_EQ(sent.headers->OptionsFlags, static_cast<ULONG>(KSSTREAM_HEADER_OPTIONSF_TIMEVALID));
    // Stamped when it came, not when it is read.
    receive(stream(), {0xFA});
    const ULONG stamp = static_cast<ULONG>((nt::ke::exact_time_100ns() - started + 9'999) / 10'000);
    pass_ms(50);
    EXPECT_EQ(read(pin).stamp_ms(), stamp);
}

TEST_F(CaptureTest, PauseKeepsWithTheStandingTimeAndRunHandsOver) {
    running();
    pass_ms(5);
    EXPECT_EQ(set_state(pin, KSSTATE_PAUSE), STATUS_SUCCESS);
    const Sent waiting = read(pin);
    pass_ms(30);
    receive(stream(), {0xF8});
    EXPECT_TRUE(waiting.pending());
    EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
    REQUIRES("CA-009"), REQUIRES("CL-020");
    EXPECT_EQ(waiting.result(), STATUS_SUCCESS);
    EXPECT_LE(waiting.stamp_ms(), 7u);
    receive(stream(), {0xFA});
    EXPECT_LE(read(pin).stamp_ms(), 8u) << "the pause does not count";
}

TEST_F(CaptureTest, AcquireAndStopThrowAway) {
    start_device_and_filter();
    pin = open_pin(capture_pin);
    receive(stream(), {0xF8});
    EXPECT_THAT(stream().input, IsEmpty()) << "the miniport is drained all the same";
    EXPECT_EQ(set_state(pin, KSSTATE_ACQUIRE), STATUS_SUCCESS);
    receive(stream(), {0xFA});
    EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
    receive(stream(), {0xF0, 1, 2});
    EXPECT_EQ(set_state(pin, KSSTATE_ACQUIRE), STATUS_SUCCESS);
    receive(stream(), {3, 4, 0xF7});
    EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
    receive(stream(), {5, 6, 0xF7, 0xFB});
    REQUIRES("CA-009");
    EXPECT_THAT(drain(), ElementsAre(Bytes{0xFB})) << "nothing continues what was thrown away";
}

TEST_F(CaptureTest, WhatComesWhileTheStateChangesToRunIsKept) {
    start_device_and_filter();
    pin = open_pin(capture_pin);
    EXPECT_EQ(set_state(pin, KSSTATE_PAUSE), STATUS_SUCCESS);
    const Sent waiting = read(pin);
    bool early = false;
    stream().on_state = [&](KSSTATE state) {
        if (state != KSSTATE_RUN) return;
        stream().input = {0x90, 60, 100};
        test::at_irql(9, [&] { miniport.notify(); });
        nt::ke::stall(10 * microsecond_ns);
        early = !waiting.pending();
    };
    EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
    REQUIRES("FLD-022");
    EXPECT_FALSE(early);
    EXPECT_EQ(waiting.result(), STATUS_SUCCESS);
    EXPECT_EQ(waiting.record(), (Bytes{0x90, 60, 100}));
}

TEST_F(CaptureTest, WhatCameBeforeARunThatFailedIsKeptForTheNext) {
    start_device_and_filter();
    pin = open_pin(capture_pin);
    stream().state_status[KSSTATE_RUN] = STATUS_INVALID_DEVICE_STATE;
    stream().on_state = [&](KSSTATE state) {
        if (state != KSSTATE_RUN) return;
        stream().input = {0xF8};
        test::at_irql(9, [&] { miniport.notify(); });
    };
    EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_INVALID_DEVICE_STATE);
    REQUIRES("MS-023"), REQUIRES("MS-024");
    EXPECT_EQ(get_state(pin), KSSTATE_PAUSE);
    const Sent waiting = read(pin);
    EXPECT_TRUE(waiting.pending());
    stream().on_state = nullptr;
    stream().state_status[KSSTATE_RUN] = STATUS_SUCCESS;
    EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
    EXPECT_EQ(waiting.record(), Bytes{0xF8});
}

// ---- too much ----

TEST_F(CaptureTest, WithoutReadsABoundedAmountIsKeptAndTheLossIsTold) {
    running();
    unsigned sent = 0;
    for (; sent < 3'000; ++sent)
        receive(stream(),
                {0xB0, static_cast<std::uint8_t>(sent % 120), static_cast<std::uint8_t>(sent / 120)});
    EXPECT_THAT(stream().input, IsEmpty()) << "the miniport is drained all the same";
    unsigned got = 0;
    ULONG flags = 0;
    for (;; ++got) {
        const Sent kept = read(pin);
        if (kept.pending()) {
            REQUIRES("CA-005");
            receive(stream(), {0xFA});
            EXPECT_EQ(kept.record(), Bytes{0xFA});
            EXPECT_TRUE(kept.headers->OptionsFlags & KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY);
            break;
        }
        flags |= kept.headers->OptionsFlags;
        ASSERT_EQ(kept.record(),
                  (Bytes{0xB0, static_cast<std::uint8_t>(got % 120), static_cast<std::uint8_t>(got / 120)}))
            << "the oldest are kept, without a gap";
    }
    EXPECT_GT(got, 1'000u);
    EXPECT_LT(got, sent);
    EXPECT_FALSE(flags & KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY);
    const Sent after = read(pin);
    receive(stream(), {0xFB});
    EXPECT_FALSE(after.headers->OptionsFlags & KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY);
}

TEST_F(CaptureTest, ASysExWithAHoleNeverLooksWhole) {
    running();
    Bytes sysex(40'000, 1);
    sysex.front() = 0xF0, sysex.back() = 0xF7;
    receive(stream(), Bytes(sysex.begin(), sysex.begin() + 39'000));
    const auto kept = drain();
    receive(stream(), Bytes(sysex.begin() + 39'000, sysex.end()));
    receive(stream(), {0x90, 60, 100, 0xF0, 2, 0xF7});
    const Sent next = read(pin);
    Bytes begun;
    for (const Bytes& piece : kept) begun = begun + piece;
    REQUIRES("CA-005");
    EXPECT_EQ(begun, Bytes(sysex.begin(), sysex.begin() + static_cast<std::ptrdiff_t>(begun.size())));
    EXPECT_GT(begun.size(), 10'000u);
    EXPECT_EQ(next.record(), (Bytes{0x90, 60, 100})) << "its rest went with what was lost";
    EXPECT_TRUE(next.headers->OptionsFlags & KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY);
    EXPECT_THAT(drain(), ElementsAre(Bytes{0xF0, 2, 0xF7}));
}

// ---- how requests end ----

TEST_F(CaptureTest, ReadsPendAreCancelledAndTheOthersGoOn) {
    running();
    const Sent first = read(pin);
    const Sent second = read(pin);
    EXPECT_TRUE(first.pending() && second.pending());
    EXPECT_EQ(cancel(pin, first.status), STATUS_SUCCESS);
    EXPECT_EQ(first.result(), STATUS_CANCELLED);
    receive(stream(), {0xF8});
    EXPECT_EQ(second.record(), Bytes{0xF8});
}

TEST_F(CaptureTest, StateCanBeSetWhileAReadPends) {
    start_device_and_filter();
    pin = open_pin(capture_pin);
    EXPECT_EQ(read(pin).result(), STATUS_INVALID_DEVICE_STATE);
    EXPECT_EQ(set_state(pin, KSSTATE_ACQUIRE), STATUS_SUCCESS);
    const Sent waiting = read(pin);
    for (const KSSTATE state : {KSSTATE_PAUSE, KSSTATE_RUN, KSSTATE_PAUSE, KSSTATE_ACQUIRE}) {
        EXPECT_EQ(set_state(pin, state), STATUS_SUCCESS);
        EXPECT_TRUE(waiting.pending());
    }
    REQUIRES("FLD-040"), REQUIRES("ST-008");
    EXPECT_EQ(set_state(pin, KSSTATE_STOP), STATUS_SUCCESS);
    EXPECT_EQ(waiting.result(), STATUS_CANCELLED);
    EXPECT_EQ(waiting.headers->DataUsed, 0u);
}

TEST_F(CaptureTest, ClosingEndsReadsInEveryState) {
    start_device_and_filter();
    for (const KSSTATE state : {KSSTATE_ACQUIRE, KSSTATE_PAUSE, KSSTATE_RUN}) {
        pin = open_pin(capture_pin);
        EXPECT_EQ(set_state(pin, state), STATUS_SUCCESS);
        const Sent waiting = read(pin);
        EXPECT_EQ(close(pin), STATUS_SUCCESS);
        REQUIRES("PI-010"), REQUIRES("LC-061");
        EXPECT_EQ(waiting.result(), STATUS_CANCELLED);
        EXPECT_EQ(miniport.newest().references, 0);
        EXPECT_EQ(miniport.newest().states.back(), KSSTATE_STOP);
    }
    const unsigned reads = miniport.stream().reads;
    client([&] { return miniport.notify(), STATUS_SUCCESS; });
    EXPECT_EQ(miniport.stream().reads, reads) << "nothing serves a closed pin";
}

TEST_F(CaptureTest, ResetEndsReadsAndRefusesUntilItsEnd) {
    running();
    const Sent waiting = read(pin);
    EXPECT_EQ(reset_state(pin, KSRESET_BEGIN), STATUS_SUCCESS);
    REQUIRES("ST-007"), REQUIRES("CL-016");
    EXPECT_EQ(waiting.result(), STATUS_CANCELLED);
    EXPECT_EQ(read(pin).result(), STATUS_DEVICE_NOT_READY);
    EXPECT_EQ(reset_state(pin, KSRESET_END), STATUS_SUCCESS);
    const Sent after = read(pin);
    receive(stream(), {0xF8});
    EXPECT_EQ(after.record(), Bytes{0xF8});
}

TEST_F(CaptureTest, AClientThatPassesOthersMemoryIsRefused) {
    running();
    const Bytes h = header(64);
    for (const std::uint64_t address :
         {0x0ull, 0x1000ull, 0xFFFF'8000'0000'0000ull, 0x7FFF'FFFF'F000ull, 0x6800'0000'0000ull}) {
        Bytes lying = h;
        std::memcpy(lying.data() + offsetof(KSSTREAM_HEADER, Data), &address, sizeof address);
        EXPECT_EQ(client([&] { return ks.control(pin, IOCTL_KS_READ_STREAM, {}, lying, nullptr); }),
                  STATUS_ACCESS_VIOLATION);
        EXPECT_EQ(client([&] { return ks.control(pin, IOCTL_KS_READ_STREAM, lying, {}, nullptr); }),
                  STATUS_ACCESS_VIOLATION);
    }
}

}  // namespace
}  // namespace portico::portcls
