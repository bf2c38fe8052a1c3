// What reaches IMiniportMidiStream::Write, whole and in order, also where the device takes less.
#include <gmock/gmock.h>

#include "sequencer_test.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::Bytes;
using test::Contracts;
using test::header;
using test::record;
using test::Sent;
using test::operator+;
using test::SequencerTest;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// ---- what is written ----

TEST_F(SequencerTest, OneWholeMessagePerWriteWithItsStatus) {
    running();
    const Sent sent = write(
        pin, {0x90, 60, 0xF8, 100, 62, 101, 0xC1, 5, 0xB2, 7, 0xFE, 90, 0xF2, 1, 2, 0xE0, 0, 64, 1, 65});
    REQUIRES("MS-048"), REQUIRES("SP-017");
    EXPECT_THAT(stream().taken(), ElementsAre(Bytes{0xF8}, Bytes{0x90, 60, 100}, Bytes{0x90, 62, 101},
                                              Bytes{0xC1, 5}, Bytes{0xFE}, Bytes{0xB2, 7, 90},
                                              Bytes{0xF2, 1, 2}, Bytes{0xE0, 0, 64}, Bytes{0xE0, 1, 65}));
    REQUIRES("SP-018"), REQUIRES("SP-005"), REQUIRES("CL-019");
    EXPECT_EQ(sent.result(), STATUS_SUCCESS);
    EXPECT_EQ(sent.status->Information, 28u);
    EXPECT_EQ(sent.headers->DataUsed, 28u) << "a write's headers stay as they were";
    REQUIRES("FLD-021"), REQUIRES("MS-040"), REQUIRES("ST-009");
    for (const auto& w : stream().writes) EXPECT_EQ(w.irql, DISPATCH_LEVEL);
}

TEST_F(SequencerTest, RunningStatusAndMessagesLastAcrossRecordsHeadersAndRequests) {
    running();
    const Bytes records = record(0, {0x90}) + record(0, {60}) + record(0, {100, 61});
    write(pin, {0xF8});
    send_records(records);
    const Bytes a = record(0, {90}), b = record(0, {62, 80});
    send(pin, IOCTL_KS_WRITE_STREAM, header(a.size()) + header(b.size(), {.data_offset = a.size()}), a + b);
    REQUIRES("SP-017"), REQUIRES("CL-009");
    EXPECT_THAT(stream().taken(),
                ElementsAre(Bytes{0xF8}, Bytes{0x90, 60, 100}, Bytes{0x90, 61, 90}, Bytes{0x90, 62, 80}));
}

TEST_F(SequencerTest, SysExIsABlockOfItsOwnWholeAndInOrder) {
    running();
    Bytes sysex{0xF0};
    for (int i = 0; i < 200'000; ++i) sysex.push_back(static_cast<std::uint8_t>(i % 121));
    sysex.push_back(0xF7);
    for (std::size_t at = 0; at < sysex.size(); at += 2048) {
        const auto end = std::min(at + 2048, sysex.size());
        Bytes piece(sysex.begin() + static_cast<std::ptrdiff_t>(at),
                    sysex.begin() + static_cast<std::ptrdiff_t>(end));
        if (at == 2048) piece.insert(piece.begin() + 100, 0xF8);
        EXPECT_EQ(write(pin, piece).result(), STATUS_SUCCESS);
    }
    EXPECT_EQ(write(pin, {0x90, 60, 100}).result(), STATUS_SUCCESS);
    Bytes out;
    for (const Bytes& taken : stream().taken()) {
        if (taken == Bytes{0xF8} || taken[0] == 0x90) {
            EXPECT_EQ(out.size(), taken[0] == 0xF8 ? 2048u + 100 : sysex.size());
        } else {
            out.insert(out.end(), taken.begin(), taken.end());
        }
    }
    REQUIRES("MS-048");
    EXPECT_EQ(out, sysex);
}

TEST_F(SequencerTest, ASysExThatIsNeverEndedGoesOutAsFarAsItIs) {
    running();
    write(pin, {0xF0, 1, 2, 3});
    write(pin, {0x90, 60, 100});
    EXPECT_THAT(stream().taken(), ElementsAre(Bytes{0xF0, 1, 2, 3}, Bytes{0x90, 60, 100}));
}

TEST_F(SequencerTest, TheMessagesMemoryMayBeReadInWholeWords) {
    running();
    stream().on_write = [] {};
    Bytes last = record(0, {0xF0, 1, 2, 3, 0xF7});
    last.resize(8 + 5);  // no padding after the last message
    EXPECT_EQ(send_records(last).result(), STATUS_SUCCESS);
    REQUIRES("MS-051"), REQUIRES("SP-014");
    EXPECT_THAT(stream().taken(), ElementsAre(Bytes{0xF0, 1, 2, 3, 0xF7}));
}

TEST_F(SequencerTest, RecordsWithoutBytesAndRestsOfHeadersAreNothing) {
    running();
    EXPECT_EQ(send_records({}).result(), STATUS_SUCCESS);
    EXPECT_EQ(send_records(record(0, {}) + record(0, {0xFA}) + Bytes(7)).result(), STATUS_SUCCESS);
    EXPECT_EQ(send_records(Bytes(7)).result(), STATUS_SUCCESS);
    REQUIRES("SP-014"), REQUIRES("SP-010");
    EXPECT_THAT(stream().taken(), ElementsAre(Bytes{0xFA}));
}

// ---- devices that take less ----

TEST_F(SequencerTest, APartIsOfferedAgainAtOnce) {
    running();
    stream().answers_to_write = {{STATUS_SUCCESS, 4}, {STATUS_SUCCESS, 8}};
    const Sent sent = write(pin, {0xF0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0xF7});
    REQUIRES("MS-042"), REQUIRES("MS-041"), REQUIRES("CL-021");
    EXPECT_THAT(stream().taken(),
                ElementsAre(Bytes{0xF0, 1, 2, 3}, Bytes{4, 5, 6, 7, 8, 9, 10, 11}, Bytes{12, 0xF7}));
    EXPECT_THAT(times(), Each(times().front()));
    EXPECT_EQ(sent.result(), STATUS_SUCCESS);
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(SequencerTest, ABusyDeviceIsAskedAgainAtTheNextTickAndInOrder) {
    running();
    stream().answers_to_write = {{STATUS_SUCCESS, 0}, {STATUS_SUCCESS, 0}, {STATUS_SUCCESS, 0}};
    const Sent first = write(pin, {0x90, 60, 100});
    const Sent second = write(pin, {0x80, 60, 0});
    EXPECT_TRUE(first.pending() && second.pending());
    EXPECT_THAT(stream().writes, SizeIs(1));
    pass_ms(10);
    REQUIRES("MS-043");
    ASSERT_THAT(stream().writes, SizeIs(5));
    for (std::size_t i = 1; i < 3; ++i)
        EXPECT_EQ(stream().writes[i + 1].at_100ns / 10'000 - stream().writes[i].at_100ns / 10'000, 1);
    EXPECT_THAT(stream().taken(), ElementsAre(Bytes{0x90, 60, 100}, Bytes{0x80, 60, 0}));
    EXPECT_TRUE(first.result() == STATUS_SUCCESS && second.result() == STATUS_SUCCESS);
}

TEST_F(SequencerTest, ABusyDeviceIsAskedAgainAfterAByteWhenTimesAreExact) {
    sequencer_resolution = SequencerResolution::exact;
    running();
    stream().answers_to_write = {{STATUS_SUCCESS, 0}, {STATUS_SUCCESS, 0}};
    write(pin, {0x90, 60, 100});
    pass_ms(2);
    REQUIRES("MS-043");
    ASSERT_THAT(stream().writes, SizeIs(3));
    EXPECT_NEAR(static_cast<double>(stream().writes[2].at_100ns - stream().writes[1].at_100ns), 3'200, 20);
}

TEST_F(SequencerTest, ABusyDeviceThatNotifiesIsAskedAgainThen) {
    running();
    pass_ms(1);
    stream().answers_to_write = {{STATUS_SUCCESS, 0}};
    write(pin, {0x90, 60, 100});
    const LONGLONG before = nt::ke::exact_time_100ns();
    receive(stream(), {});
    REQUIRES("PM-051"), REQUIRES("MS-043");
    ASSERT_THAT(stream().writes, SizeIs(2));
    EXPECT_LT(stream().writes[1].at_100ns - before, 2'000);
}

TEST_F(SequencerTest, ADeviceBusyForASecondIsBrokenAndTheMessageDropped) {
    running();
    stream().usual_answer.most = 0;
    const Sent first = write(pin, {0x90, 60, 100});
    pass_ms(900);
    EXPECT_TRUE(first.pending());
    EXPECT_THAT(Contracts::take(), IsEmpty());
    pass_ms(150);
    REQUIRES("MS-044"), REQUIRES("MS-045");
    EXPECT_EQ(first.result(), STATUS_SUCCESS);
    EXPECT_THAT(Contracts::take(), ElementsAre("MS-044"));
    stream().usual_answer.most = ~0u;
    write(pin, {0x80, 60, 0});
    EXPECT_THAT(stream().taken(), ElementsAre(Bytes{0x80, 60, 0}));
}

TEST_F(SequencerTest, ACallThatTakesLongIsTold) {
    running();
    write(pin, {0x90, 60, 100});
    EXPECT_THAT(Contracts::take(), IsEmpty());
    stream().on_write = [] { nt::ke::stall(900'000); };
    write(pin, {0x90, 61, 100});
    EXPECT_THAT(Contracts::take(), IsEmpty());
    stream().on_write = [] { nt::ke::stall(1'100'000); };
    write(pin, {0x90, 62, 100});
    REQUIRES("MS-055");
    EXPECT_THAT(Contracts::take(), ElementsAre("MS-055"));
}

TEST_F(SequencerTest, AnErrorLosesTheMessageAndTheStreamGoesOn) {
    running();
    stream().answers_to_write = {{}, {STATUS_IO_DEVICE_ERROR}};
    const Sent sent = write(pin, {0x90, 60, 100, 61, 101, 62, 102});
    REQUIRES("MS-047"), REQUIRES("MS-046");
    EXPECT_THAT(stream().taken(), ElementsAre(Bytes{0x90, 60, 100}, Bytes{0x90, 62, 102}));
    EXPECT_EQ(sent.result(), STATUS_SUCCESS);
    EXPECT_EQ(sent.status->Information, 16u);
}

TEST_F(SequencerTest, AnErrorInASysExLosesTheRestOfItAndNothingElse) {
    running();
    stream().answers_to_write = {{}, {STATUS_IO_DEVICE_ERROR}};
    write(pin, {0xF0, 1, 2});
    write(pin, {3, 4, 5});
    write(pin, {6, 0xF8, 7});
    write(pin, {8, 0xF7});
    write(pin, {0xF0, 9, 0xF7, 0xFA});
    REQUIRES("MS-047");
    EXPECT_THAT(stream().taken(),
                ElementsAre(Bytes{0xF0, 1, 2}, Bytes{0xF8}, Bytes{0xF0, 9, 0xF7}, Bytes{0xFA}));
}

TEST_F(SequencerTest, CountsThatCannotBeAreToldAndBounded) {
    running();
    stream().answers_to_write = {{STATUS_SUCCESS, ~0u, 0x7F903C64}};
    EXPECT_EQ(write(pin, {0x90, 60, 100}).result(), STATUS_SUCCESS);
    REQUIRES("MS-049"), REQUIRES("MS-050");
    EXPECT_THAT(Contracts::take(), ElementsAre("MS-050"));
    EXPECT_THAT(stream().writes, SizeIs(1));
    stream().answers_to_write = {{STATUS_SUCCESS, 1}};
    write(pin, {0x90, 61, 100});
    REQUIRES("MS-041");
    EXPECT_THAT(Contracts::take(), ElementsAre("MS-041"));
    EXPECT_EQ(stream().writes.back().bytes, (Bytes{61, 100})) << "the rest is offered all the same";
}

TEST_F(SequencerTest, ADeviceIsNotBusyWhileNobodyAsksIt) {
    running();
    stream().usual_answer.most = 0;
    const Sent first = write(pin, {0x80, 60, 0});
    pass_ms(600);
    EXPECT_EQ(set_state(pin, KSSTATE_PAUSE), STATUS_SUCCESS);
    pass_ms(2'000);
    EXPECT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
    pass_ms(600);
    REQUIRES("MS-044"), REQUIRES("MS-045");
    EXPECT_THAT(Contracts::take(), IsEmpty());
    EXPECT_TRUE(first.pending());
    stream().usual_answer.most = ~0u;
    pass_ms(20);
    EXPECT_THAT(stream().taken(), ElementsAre(Bytes{0x80, 60, 0}));
}

TEST_F(SequencerTest, ASysExWhoseRequestIsCancelledGoesOnWithNothing) {
    running();
    const Sent first = send_records(record(0, {0xF0, 1, 2}) + record(500, {3}));
    const Sent second = write(pin, {4, 0xF7});
    const Sent third = write(pin, {0xF0, 9, 0xF7});
    EXPECT_EQ(cancel(pin, first.status), STATUS_SUCCESS);
    REQUIRES("SP-018");
    EXPECT_EQ(first.result(), STATUS_CANCELLED);
    EXPECT_TRUE(second.result() == STATUS_SUCCESS && third.result() == STATUS_SUCCESS);
    EXPECT_THAT(stream().taken(), ElementsAre(Bytes{0xF0, 1, 2}, Bytes{0xF0, 9, 0xF7}));
}

TEST_F(SequencerTest, ASysExWithACancelledMiddleEndsThere) {
    running();
    const Sent first = write_at_ms(pin, 10, {0xF0, 1, 2});
    const Sent middle = write_at_ms(pin, 11, {3});
    const Sent last = write_at_ms(pin, 12, {4, 0xF7, 0xF8});
    EXPECT_EQ(cancel(pin, middle.status), STATUS_SUCCESS);
    pass_ms(30);
    REQUIRES("SP-018");
    EXPECT_TRUE(first.result() == STATUS_SUCCESS && last.result() == STATUS_SUCCESS);
    EXPECT_THAT(stream().taken(), ElementsAre(Bytes{0xF0, 1, 2}, Bytes{0xF8}));
}

TEST_F(SequencerTest, ASysExWithACancelledEndDoesNotGoOnInTheNextRequest) {
    running();
    const Sent first = write_at_ms(pin, 10, {0xF0, 1, 2});
    const Sent end = write_at_ms(pin, 11, {3, 0xF7});
    EXPECT_EQ(cancel(pin, end.status), STATUS_SUCCESS);
    const Sent later = write_at_ms(pin, 12, {4, 0xF7, 0x90, 60, 100});
    pass_ms(30);
    REQUIRES("SP-018");
    EXPECT_TRUE(first.result() == STATUS_SUCCESS && later.result() == STATUS_SUCCESS);
    EXPECT_THAT(stream().taken(), ElementsAre(Bytes{0xF0, 1, 2}, Bytes{0x90, 60, 100}));
}

}  // namespace
}  // namespace portico::portcls
