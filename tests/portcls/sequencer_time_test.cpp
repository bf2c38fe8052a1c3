// When messages reach IMiniportMidiStream::Write, and how their requests end.
#include <limits>

#include <gmock/gmock.h>

#include "sequencer_test.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::Bytes;
using test::header;
using test::header_at_ms;
using test::record;
using test::Sent;
using test::operator+;
using test::SequencerTest;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// ---- when ----

TEST_F(SequencerTest, DueMessagesGoAtTheClocksTick) {
    running();
    for (const LONGLONG ms : {3, 4, 9}) write_at_ms(pin, ms, {0xF8});
    pass_ms(20);
    REQUIRES("PM-006"), REQUIRES("CL-017");
    ASSERT_THAT(stream().writes, SizeIs(3));
    const LONGLONG due[] = {3, 4, 9};
    for (int i = 0; i < 3; ++i) {
        const LONGLONG late_100ns =
            stream().writes[static_cast<std::size_t>(i)].at_100ns - started_100ns - due[i] * 10'000;
        EXPECT_GE(late_100ns, -100);
        EXPECT_LE(late_100ns, 10'200) << "a tick at most";
    }
}

TEST_F(SequencerTest, DueMessagesGoAtTheirVeryTimeOnRequest) {
    sequencer_resolution = SequencerResolution::exact;
    running();
    for (const LONGLONG time : {31'234, 40'001, 40'002, 99'999}) {
        const Bytes data = record(0, {0xF8});
        send_records(data, {.time = time, .timed = true});
    }
    pass_ms(20);
    REQUIRES("PM-006");
    ASSERT_THAT(stream().writes, SizeIs(4));
    EXPECT_NEAR(static_cast<double>(stream().writes[0].at_100ns - started_100ns), 31'234, 100);
    EXPECT_NEAR(static_cast<double>(stream().writes[3].at_100ns - started_100ns), 99'999, 100);
}

TEST_F(SequencerTest, TimesCountAsDocumented) {
    sequencer_resolution = SequencerResolution::exact;
    running();
    const Bytes first = record(0, {0xF8}) + record(1, {0xFA}) + record(7, {0xFB});
    const Bytes second = record(5, {0xFC}) + record(15, {0xFE});
    send(pin, IOCTL_KS_WRITE_STREAM, header_at_ms(first.size(), 123), first);
    send(pin, IOCTL_KS_WRITE_STREAM, header_at_ms(second.size(), 120), second);
    pass_ms(200);
    REQUIRES("SP-011"), REQUIRES("SP-012"), REQUIRES("SP-013"), REQUIRES("CL-018");
    EXPECT_THAT(times(), ElementsAre(123, 124, 131, 131, 140));
}

TEST_F(SequencerTest, AFractionScalesTheTime) {
    sequencer_resolution = SequencerResolution::exact;
    running();
    send_records(record(0, {0xF8}),
                 {.time = 30, .numerator = 10'000'000, .denominator = 3'000, .timed = true});
    pass_ms(50);
    REQUIRES("SP-006");
    EXPECT_THAT(times(), ElementsAre(10));
}

TEST_F(SequencerTest, WithoutAValidTimeARecordCountsFromNow) {
    sequencer_resolution = SequencerResolution::exact;
    running();
    pass_ms(50);
    send_records(record(0, {0xF8}) + record(5, {0xFA}), {.time = 999'999'999});
    pass_ms(20);
    REQUIRES("SP-015"), REQUIRES("CL-004");
    EXPECT_THAT(times(), ElementsAre(50, 55));
}

TEST_F(SequencerTest, TimesBeyondAnythingNeitherOverflowNorBlockForGood) {
    running();
    const LONGLONG longest = std::numeric_limits<LONGLONG>::max();
    const LONGLONG least = std::numeric_limits<LONGLONG>::min();
    EXPECT_EQ(send_records(record(~0u, {0xF8}), {.time = least, .numerator = ~0u, .timed = true}).result(),
              STATUS_SUCCESS);
    const Sent never = send_records(record(~0u, {0xFA}) + record(~0u, {0xFB}),
                                    {.time = longest, .numerator = ~0u, .timed = true});
    const Sent behind = write(pin, {0xFC});
    pass_ms(1'000);
    EXPECT_TRUE(never.pending() && behind.pending());
    EXPECT_EQ(cancel(pin, never.status), STATUS_SUCCESS);
    REQUIRES("SP-006");
    EXPECT_EQ(never.result(), STATUS_CANCELLED);
    EXPECT_EQ(behind.result(), STATUS_SUCCESS);
    EXPECT_THAT(stream().taken(), ElementsAre(Bytes{0xF8}, Bytes{0xFC}));
}

TEST_F(SequencerTest, StreamTimeStandsOutsideRunAndBeginsAnewAfterStop) {
    sequencer_resolution = SequencerResolution::exact;
    running();
    write_at_ms(pin, 10, {0xF8});
    pass_ms(4);
    EXPECT_EQ(set_state(pin, KSSTATE_PAUSE), STATUS_SUCCESS);
    pass_ms(100);
    EXPECT_THAT(stream().writes, IsEmpty());
    EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
    pass_ms(20);
    REQUIRES("LC-042"), REQUIRES("SP-016"), REQUIRES("CL-020");
    EXPECT_THAT(times(), ElementsAre(110));
    EXPECT_EQ(set_state(pin, KSSTATE_STOP), STATUS_SUCCESS);
    EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
    started_100ns = nt::ke::exact_time_100ns();
    stream().writes.clear();
    write_at_ms(pin, 10, {0xFA});
    pass_ms(20);
    EXPECT_THAT(times(), ElementsAre(10));
}

TEST_F(SequencerTest, WhatWasDueInAPauseGoesOutAtOnceAndInOrder) {
    running();
    EXPECT_EQ(set_state(pin, KSSTATE_PAUSE), STATUS_SUCCESS);
    write(pin, {0x90, 60, 100});
    write_at_ms(pin, 0, {0x80, 60, 0});
    pass_ms(50);
    EXPECT_THAT(stream().writes, IsEmpty());
    EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
    REQUIRES("LC-042"), REQUIRES("ST-004"), REQUIRES("MS-053");
    EXPECT_THAT(stream().taken(), ElementsAre(Bytes{0x90, 60, 100}, Bytes{0x80, 60, 0}));
    EXPECT_FALSE(stream().written_outside_run);
}

// ---- how requests end ----

TEST_F(SequencerTest, CancellingTheFirstLetsTheNextGo) {
    running();
    const Sent first = write_at_ms(pin, 60'000, {0x90, 60, 100});
    const Sent second = write(pin, {0x90, 61, 100});
    const Sent third = write_at_ms(pin, 50, {0x90, 62, 100});
    pass_ms(10);
    EXPECT_TRUE(first.pending() && second.pending());
    EXPECT_EQ(cancel(pin, first.status), STATUS_SUCCESS);
    REQUIRES("SP-018");
    EXPECT_EQ(first.result(), STATUS_CANCELLED);
    EXPECT_EQ(second.result(), STATUS_SUCCESS) << "it must not wait for the first one's time";
    pass_ms(50);
    EXPECT_EQ(third.result(), STATUS_SUCCESS);
    EXPECT_THAT(stream().taken(), ElementsAre(Bytes{0x90, 61, 100}, Bytes{0x90, 62, 100}));
}

TEST_F(SequencerTest, CancellingOneInTheMiddleLeavesTheOthers) {
    running();
    const Sent first = write_at_ms(pin, 10, {0xF8});
    const Sent second = write_at_ms(pin, 11, {0xFA});
    const Sent third = write_at_ms(pin, 12, {0xFB});
    EXPECT_EQ(cancel(pin, second.status), STATUS_SUCCESS);
    EXPECT_EQ(second.result(), STATUS_CANCELLED);
    EXPECT_EQ(second.status->Information, 0u);
    pass_ms(20);
    EXPECT_TRUE(first.result() == STATUS_SUCCESS && third.result() == STATUS_SUCCESS);
    EXPECT_THAT(stream().taken(), ElementsAre(Bytes{0xF8}, Bytes{0xFB}));
}

TEST_F(SequencerTest, CancellingDropsTheRestOfAMessageInProgress) {
    running();
    stream().answers_to_write = {{STATUS_SUCCESS, 4}, {STATUS_SUCCESS, 0}};
    const Sent sysex = write(pin, {0xF0, 1, 2, 3, 4, 5, 6, 0xF7});
    EXPECT_EQ(cancel(pin), STATUS_SUCCESS);
    REQUIRES("SP-018");
    EXPECT_EQ(sysex.result(), STATUS_CANCELLED);
    write(pin, {0x90, 60, 100});
    EXPECT_THAT(stream().taken(), ElementsAre(Bytes{0xF0, 1, 2, 3}, Bytes{0x90, 60, 100}));
}

TEST_F(SequencerTest, ARequestCancelledWhileItIsWrittenEndsAfterTheWrite) {
    running();
    Sent sent{};
    stream().on_write = [&] {
        if (stream().writes.size() != 1) return;
        // Inside the first Write: the machine's other processor cancels.
        nt::ke::stall(50 * microsecond_ns);
    };
    const Bytes data = record(0, {0x90, 60, 100, 61, 101, 62, 102});
    bool cancelled = false;
    start([&] {
        while (stream().writes.empty()) nt::ke::stall(microsecond_ns);
        EXPECT_TRUE(stream().inside);
        const auto cancel_all = [](nt::io::IrpRecord& r, void*) {
            if (IoGetCurrentIrpStackLocation(r.irp())->MajorFunction == IRP_MJ_DEVICE_CONTROL)
                nt::io::cancel(r.irp());
        };
        nt::io::for_each_irp(cancel_all, nullptr);
        cancelled = stream().inside;
    });
    sent = send(pin, IOCTL_KS_WRITE_STREAM, header(data.size()), data);
    pass_ms(1);
    EXPECT_TRUE(cancelled) << "the cancel came while Write ran";
    REQUIRES("SP-018");
    EXPECT_EQ(sent.result(), STATUS_CANCELLED);
    EXPECT_THAT(stream().taken(), ElementsAre(Bytes{0x90, 60, 100}));
}

TEST_F(SequencerTest, RequestsAreRefusedInStopAndKeptOtherwise) {
    start_device_and_filter();
    pin = open_pin(render_pin);
    REQUIRES("SP-021");
    EXPECT_EQ(write(pin, {0xF8}).result(), STATUS_INVALID_DEVICE_STATE);
    for (const KSSTATE state : {KSSTATE_ACQUIRE, KSSTATE_PAUSE}) {
        EXPECT_EQ(set_state(pin, state), STATUS_SUCCESS);
        const Sent sent = write(pin, {0xF8});
        EXPECT_EQ(sent.returned, STATUS_PENDING);
        EXPECT_EQ(cancel(pin), STATUS_SUCCESS);
        EXPECT_EQ(sent.result(), STATUS_CANCELLED);
    }
    const Sent kept = write(pin, {0xFA});
    EXPECT_EQ(set_state(pin, KSSTATE_ACQUIRE), STATUS_SUCCESS);
    EXPECT_TRUE(kept.pending());
    EXPECT_EQ(set_state(pin, KSSTATE_STOP), STATUS_SUCCESS);
    EXPECT_EQ(kept.result(), STATUS_CANCELLED);
    EXPECT_EQ(kept.status->Information, 0u);
    EXPECT_THAT(stream().writes, IsEmpty());
}

TEST_F(SequencerTest, StopForgetsWhatWasHalfSent) {
    running();
    write(pin, {0x90, 60});
    EXPECT_EQ(set_state(pin, KSSTATE_STOP), STATUS_SUCCESS);
    EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
    write(pin, {100, 0xFA});
    REQUIRES("ST-004");
    EXPECT_THAT(stream().taken(), ElementsAre(Bytes{0xFA}));
}

TEST_F(SequencerTest, ResetEndsWhatWaitsAndRefusesUntilItsEnd) {
    running();
    const Sent first = write_at_ms(pin, 60'000, {0xF8});
    const Sent second = write(pin, {0xF8});
    EXPECT_EQ(reset_state(pin, KSRESET_BEGIN), STATUS_SUCCESS);
    REQUIRES("ST-007"), REQUIRES("CL-016");
    EXPECT_EQ(first.result(), STATUS_CANCELLED);
    EXPECT_EQ(second.result(), STATUS_CANCELLED);
    EXPECT_EQ(write(pin, {0xFA}).result(), STATUS_DEVICE_NOT_READY);
    EXPECT_EQ(get_state(pin), KSSTATE_RUN);
    EXPECT_EQ(reset_state(pin, KSRESET_END), STATUS_SUCCESS);
    EXPECT_EQ(write(pin, {0xFB}).result(), STATUS_SUCCESS);
    EXPECT_THAT(stream().taken(), ElementsAre(Bytes{0xFB}));
    EXPECT_EQ(reset_state(pin, static_cast<KSRESET>(2)), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(client([&] { return ks.control(pin, IOCTL_KS_RESET_STATE, Bytes(3), {}, nullptr); }),
              STATUS_INVALID_BUFFER_SIZE);
}

TEST_F(SequencerTest, ResetInTheMiddleOfABusyMessageForgetsIt) {
    running();
    stream().answers_to_write = {{STATUS_SUCCESS, 4}, {STATUS_SUCCESS, 0}};
    const Sent sysex = write(pin, {0xF0, 1, 2, 3, 4, 5});
    const Sent rest = write(pin, {6, 0xF7});
    EXPECT_EQ(reset_state(pin, KSRESET_BEGIN), STATUS_SUCCESS);
    EXPECT_EQ(reset_state(pin, KSRESET_END), STATUS_SUCCESS);
    EXPECT_TRUE(sysex.result() == STATUS_CANCELLED && rest.result() == STATUS_CANCELLED);
    write(pin, {7, 8, 0xF7, 0x90, 60, 100});
    EXPECT_THAT(stream().taken(), ElementsAre(Bytes{0xF0, 1, 2, 3}, Bytes{0x90, 60, 100}));
}

TEST_F(SequencerTest, ClosingEndsWhatWaitsInEveryState) {
    start_device_and_filter();
    for (const KSSTATE state : {KSSTATE_ACQUIRE, KSSTATE_PAUSE, KSSTATE_RUN}) {
        pin = open_pin(render_pin);
        EXPECT_EQ(set_state(pin, state), STATUS_SUCCESS);
        const Sent first = write_at_ms(pin, 60'000, {0xF8});
        const Sent second = write(pin, {0xF8});
        EXPECT_EQ(close(pin), STATUS_SUCCESS);
        REQUIRES("PI-010"), REQUIRES("LC-061");
        EXPECT_TRUE(first.result() == STATUS_CANCELLED && second.result() == STATUS_CANCELLED);
        EXPECT_EQ(miniport.newest().states.back(), KSSTATE_STOP);
        REQUIRES("MS-027"), REQUIRES("MS-002");
        EXPECT_EQ(miniport.newest().references, 0);
        EXPECT_THAT(miniport.newest().writes, IsEmpty());
    }
}

TEST_F(SequencerTest, TheHeaderMayComeInTheInputBuffer) {
    running();
    const Bytes data = record(0, {0xFA});
    Bytes h = header(data.size());
    const NTSTATUS status = client([&] {
        void* const memory = ks.heap().allocate(data.size());
        std::memcpy(memory, data.data(), data.size());
        std::memcpy(h.data() + offsetof(KSSTREAM_HEADER, Data), &memory, sizeof memory);
        return ks.control(pin, IOCTL_KS_WRITE_STREAM, h, {}, nullptr);
    });
    REQUIRES("CL-004");
    EXPECT_EQ(status, STATUS_SUCCESS);
    EXPECT_THAT(stream().taken(), ElementsAre(Bytes{0xFA}));
}

TEST_F(SequencerTest, KernelClientsPassTheirStack) {
    start_device_and_filter();
    pin = open_pin(render_pin);
    void* body = nullptr;
    client([&] { return nt::ob::reference_handle(pin, 0, &nt::io::file_type, UserMode, &body); });
    EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
    run([&] {
        // As another driver does: an IRP of its own, header and data on its stack.
        auto* const file = static_cast<PFILE_OBJECT>(body);
        alignas(8) std::uint8_t data[12] = {0, 0, 0, 0, 3, 0, 0, 0, 0x90, 60, 100, 0};
        KSSTREAM_HEADER h{};
        h.Size = sizeof h;
        h.PresentationTime = {0, 1, 1};
        h.Data = data;
        h.FrameExtent = h.DataUsed = sizeof data;
        PDEVICE_OBJECT const device = nt::io::related_device(file);
        PIRP const irp = nt::io::allocate_irp(device->StackSize);
        PIO_STACK_LOCATION const stack = IoGetNextIrpStackLocation(irp);
        ASSERT_EQ(
            nt::io::set_up_control(irp, stack, {IOCTL_KS_WRITE_STREAM, nullptr, 0, &h, sizeof h, KernelMode}),
            STATUS_SUCCESS);
        stack->MajorFunction = IRP_MJ_DEVICE_CONTROL;
        stack->FileObject = file;
        irp->RequestorMode = KernelMode;
        EXPECT_EQ(nt::io::call_and_wait(device, irp, nullptr), STATUS_SUCCESS);
    });
    REQUIRES("FLD-040");
    EXPECT_THAT(stream().taken(), ElementsAre(Bytes{0x90, 60, 100}));
    client([&] {
        nt::ob::dereference(body);
        return STATUS_SUCCESS;
    });
}

}  // namespace
}  // namespace portico::portcls
