#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test_bench.h"
#include "hardware/mpu401/mpu401.h"
#include "support/requires.h"

namespace portico::test::mpu401_test {
namespace {

using hardware::midi_byte_ns;
using hardware::Mpu401;
using hardware::no_limit;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

constexpr std::uint32_t data = 0x330;
constexpr std::uint32_t control = 0x331;
constexpr unsigned irq = 9;
constexpr unsigned dsr = 0x80;  // 0: a byte waits
constexpr unsigned drr = 0x40;  // 0: takes a byte
constexpr Nanoseconds ack_ns = 200 * microsecond_ns;

class Mpu401Test : public ::testing::Test {
  protected:
    Mpu401& power_on(const Mpu401::Options& options = {}) {
        mpu_ = std::make_unique<Mpu401>("mpu401", options);
        const auto result = mpu_->power_on(sim::bus, &scheduler.lines[irq], Machine::now_ns());
        EXPECT_TRUE(result.ok()) << result.error().message;
        return *mpu_;
    }
    // In UART mode, its ACK read.
    Mpu401& uart(const Mpu401::Options& options = {}) {
        power_on(options);
        out(control, 0x3f);
        Machine::run_for(options.ack_delay_ns);
        EXPECT_EQ(in(data), 0xfeu);
        return *mpu_;
    }
    Mpu401& mpu() { return *mpu_; }
    static bool input_waits() { return (in(control)&dsr) == 0; }
    static bool takes_output() { return (in(control)&drr) == 0; }
    static bool asserted() { return scheduler.lines[irq].asserted(); }
    void receive(std::initializer_list<unsigned> bytes) {
        for (unsigned byte : bytes)
            EXPECT_TRUE(mpu_->wire()->in.receive(static_cast<std::uint8_t>(byte), Machine::now_ns()));
    }
    std::vector<unsigned> sent() { return bytes_of(mpu_->wire()->out); }

    Machine machine;

  private:
    std::unique_ptr<Mpu401> mpu_;
};

// ---- registers ----

TEST_F(Mpu401Test, HasADataPortAndAStatusAndCommandPort) {
    power_on({.port = 0x300, .irq = irq});
    REQUIRES("MP-001");
    EXPECT_EQ(in(0x301), dsr | 0x3f) << "nothing to read, ready to take";
    out(0x301, 0xff);
    Machine::run_for(ack_ns);
    EXPECT_EQ(in(0x301) & dsr, 0u);
    EXPECT_EQ(in(0x300), 0xfeu);
    EXPECT_EQ(in(0x330), 0xffu) << "another base";
    EXPECT_EQ(in(0x302), 0xffu) << "two ports only";
}

TEST_F(Mpu401Test, StatusBitsAreLowWhenReady) {
    uart({.tx_depth = 1});
    REQUIRES("MP-002");
    EXPECT_EQ(in(control), dsr | 0x3f);
    out(data, 0x90);
    EXPECT_EQ(in(control), dsr | 0x3f) << "the first byte is on the wire, the FIFO is free";
    out(data, 0x3c);
    EXPECT_EQ(in(control), dsr | drr | 0x3f);
    receive({0xf8});
    Machine::run_for(midi_byte_ns);
    EXPECT_EQ(in(control) & (dsr | drr), 0u) << "a byte waits, and the FIFO has room again";
}

TEST_F(Mpu401Test, LowStatusBitsAreWhatTheUnitLeavesThere) {
    power_on({.status_low_bits = 0x15});
    REQUIRES("MP-002");
    EXPECT_EQ(in(control), dsr | 0x15);
}

TEST_F(Mpu401Test, AWordAccessIsTwoBytes) {
    uart();
    sim::bus.write_port(data, 2, 0xff42);  // 0x42 to the data port, a reset to the command port
    EXPECT_FALSE(mpu().uart_mode());
    Machine::run_for(midi_byte_ns);
    EXPECT_THAT(sent(), ElementsAre(0x42));
    EXPECT_EQ(sim::bus.read_port(data, 2), (dsr | 0x3fu) << 8 | 0xfe);
}

// ---- commands ----

TEST_F(Mpu401Test, AResetIsAcknowledgedOutsideUartMode) {
    power_on();
    out(control, 0xff);
    REQUIRES("MP-003");
    Machine::run_for(ack_ns - 1);
    EXPECT_FALSE(input_waits());
    Machine::run_for(1);
    REQUIRES("MP-010");
    EXPECT_TRUE(input_waits());
    EXPECT_EQ(in(data), 0xfeu);
    EXPECT_FALSE(input_waits());
}

TEST_F(Mpu401Test, AResetInUartModeIsSilent) {
    uart();
    out(control, 0xff);
    Machine::run_for(10 * millisecond_ns);
    REQUIRES("MP-013");
    EXPECT_FALSE(input_waits());
    REQUIRES("MP-003");
    EXPECT_FALSE(mpu().uart_mode());
    out(control, 0xff);
    Machine::run_for(ack_ns);
    EXPECT_EQ(in(data), 0xfeu) << "the second reset of a driver's pair is answered (UA-015)";
}

TEST_F(Mpu401Test, ClonesAcknowledgeAResetInUartModeToo) {
    uart({.ack_uart_reset = true});
    out(control, 0xff);
    Machine::run_for(ack_ns);
    REQUIRES("MP-003");
    EXPECT_TRUE(input_waits());
    EXPECT_EQ(in(data), 0xfeu);
    EXPECT_FALSE(mpu().uart_mode());
}

TEST_F(Mpu401Test, TheUartCommandIsAcknowledgedOnce) {
    power_on();
    out(control, 0x3f);
    Machine::run_for(ack_ns);
    REQUIRES("MP-004");
    EXPECT_TRUE(mpu().uart_mode());
    EXPECT_EQ(in(data), 0xfeu);
    receive({0x90, 0x3c});
    Machine::run_for(2 * midi_byte_ns);
    out(control, 0x3f);
    Machine::run_for(10 * ack_ns);
    REQUIRES("MP-013");
    EXPECT_EQ(in(data), 0x90u) << "a repeated 3F answers nothing and drops nothing";
    EXPECT_EQ(in(data), 0x3cu);
    EXPECT_FALSE(input_waits());
}

TEST_F(Mpu401Test, OtherCommandsAreIgnoredInUartMode) {
    uart();
    receive({0x90});
    Machine::run_for(midi_byte_ns);
    REQUIRES("MP-004");
    for (unsigned code = 0; code < 0xff; ++code) out(control, code);
    EXPECT_TRUE(mpu().uart_mode());
    EXPECT_EQ(in(data), 0x90u);
    Machine::run_for(10 * millisecond_ns);
    EXPECT_FALSE(input_waits());
    EXPECT_THAT(sent(), IsEmpty());
    EXPECT_EQ(counter(mpu(), "commands ignored"), 255u);
}

TEST_F(Mpu401Test, AResetEmptiesTheReceiveFifoAndTheInterrupt) {
    uart();
    receive({0x90, 0x3c, 0x40});
    Machine::run_for(3 * midi_byte_ns);
    ASSERT_TRUE(asserted());
    out(control, 0xff);
    REQUIRES("MP-005");
    EXPECT_FALSE(asserted());
    EXPECT_FALSE(input_waits());
}

TEST_F(Mpu401Test, TheAckIsQueuedLikeInputAndInterrupts) {
    power_on();
    out(control, 0xff);
    EXPECT_FALSE(asserted());
    Machine::run_for(ack_ns);
    REQUIRES("MP-005");
    EXPECT_TRUE(asserted());
    EXPECT_EQ(in(data), 0xfeu);
    EXPECT_FALSE(asserted());
}

TEST_F(Mpu401Test, TheAckComesBeforeAnyUnreadInput) {
    power_on({.ack_delay_ns = 5 * millisecond_ns});
    out(control, 0x3f);
    receive({0x91, 0x92, 0x93});
    Machine::run_for(3 * midi_byte_ns);
    REQUIRES("MP-013");
    EXPECT_FALSE(input_waits()) << "what came meanwhile is held back";
    EXPECT_FALSE(asserted());
    Machine::run_for(5 * millisecond_ns);
    EXPECT_EQ(in(data), 0xfeu);
    EXPECT_TRUE(asserted());
    EXPECT_EQ(in(data), 0x91u);
    EXPECT_EQ(in(data), 0x92u);
    EXPECT_EQ(in(data), 0x93u);
    EXPECT_FALSE(asserted());
}

TEST_F(Mpu401Test, IsBusyUntilItHasAcknowledged) {
    power_on();
    out(control, 0xff);
    EXPECT_FALSE(takes_output());
    Machine::run_for(ack_ns);
    EXPECT_TRUE(takes_output());
}

TEST_F(Mpu401Test, ASecondCommandReplacesTheAnswerToTheFirst) {
    power_on();
    out(control, 0xff);
    Machine::run_for(ack_ns / 2);
    out(control, 0x3f);
    Machine::run_for(ack_ns - 1);
    EXPECT_FALSE(input_waits());
    Machine::run_for(1);
    EXPECT_EQ(in(data), 0xfeu);
    Machine::run_for(10 * ack_ns);
    EXPECT_FALSE(input_waits());
}

// ---- the wire ----

TEST_F(Mpu401Test, BytesLeaveAt31250Baud) {
    uart({.tx_depth = 16});
    const Nanoseconds begin_ns = Machine::now_ns();
    for (unsigned byte : {0x90, 0x3c, 0x64}) out(data, byte);
    REQUIRES("MP-006");
    Machine::run_until(begin_ns + midi_byte_ns - 1);
    EXPECT_THAT(sent(), IsEmpty()) << "a byte is sent when its last bit is out";
    Machine::run_until(begin_ns + midi_byte_ns);
    EXPECT_THAT(sent(), ElementsAre(0x90));
    Machine::run_until(begin_ns + 3 * midi_byte_ns);
    EXPECT_THAT(sent(), ElementsAre(0x90, 0x3c, 0x64));
    EXPECT_THAT(times_of(mpu().wire()->out), ElementsAre(begin_ns, begin_ns + 320'000, begin_ns + 640'000));
    EXPECT_EQ(midi_byte_ns, 10 * second_ns / 31'250);
}

TEST_F(Mpu401Test, AByteAfterAPauseLeavesAtOnce) {
    uart();
    out(data, 0x90);
    Machine::run_for(millisecond_ns);
    const Nanoseconds later_ns = Machine::now_ns();
    out(data, 0x91);
    Machine::run_for(millisecond_ns);
    EXPECT_EQ(times_of(mpu().wire()->out).back(), later_ns);
}

TEST_F(Mpu401Test, TheSinkGetsEveryByteWithItsTime) {
    uart({.tx_depth = 256});
    std::vector<hardware::WireByte> got;
    mpu().wire()->out.connect(
        [](void* context, const hardware::WireByte& byte) {
            static_cast<std::vector<hardware::WireByte>*>(context)->push_back(byte);
        },
        &got);
    const Nanoseconds begin_ns = Machine::now_ns();
    constexpr unsigned total = 10'000;
    for (unsigned i = 0; i < total; ++i) {
        out(data, i & 0xff);
        if (i % 100 == 99) Machine::run_for(100 * midi_byte_ns);
    }
    Machine::run_for(second_ns);
    ASSERT_EQ(got.size(), total);
    for (unsigned i = 0; i < total; ++i) {
        ASSERT_EQ(got[i].byte, i & 0xff);
        ASSERT_EQ(got[i].first_bit_ns, begin_ns + i * midi_byte_ns);
    }
    const auto& log = mpu().wire()->out;
    EXPECT_EQ(log.count(), total);
    EXPECT_EQ(log.first(), total - hardware::WireOut::log_capacity) << "the log is bounded";
    EXPECT_EQ(log.at(log.first()).byte, log.first() & 0xff);
    EXPECT_EQ(log.at(total - 1).byte, (total - 1) & 0xff);
}

TEST_F(Mpu401Test, ReceivedBytesAppearRawInOrderAtWireSpeed) {
    uart();
    const Nanoseconds begin_ns = Machine::now_ns();
    receive({0xf0, 0x7e, 0xf8, 0xff, 0xf7});
    std::vector<Nanoseconds> times;
    std::vector<unsigned> bytes;
    REQUIRES("MP-006");
    while (bytes.size() < 5) {
        ASSERT_TRUE(scheduler.run(
            begin_ns + second_ns, [](void*) { return scheduler.lines[irq].asserted(); }, nullptr));
        times.push_back(Machine::now_ns() - begin_ns);
        bytes.push_back(in(data));
    }
    EXPECT_THAT(bytes, ElementsAre(0xf0, 0x7e, 0xf8, 0xff, 0xf7));
    EXPECT_THAT(times, ElementsAre(320'000, 640'000, 960'000, 1'280'000, 1'600'000));
}

TEST_F(Mpu401Test, DataWrittenOutsideUartModeGoesNowhere) {
    power_on();
    out(data, 0x90);
    Machine::run_for(millisecond_ns);
    EXPECT_THAT(sent(), IsEmpty());
    EXPECT_EQ(counter(mpu(), "written outside UART mode"), 1u);
    receive({0x90});
    Machine::run_for(millisecond_ns);
    EXPECT_FALSE(input_waits());
    EXPECT_EQ(counter(mpu(), "received outside UART mode"), 1u);
}

TEST_F(Mpu401Test, WhatIsInTheTransmitFifoSurvivesAReset) {
    uart({.tx_depth = 16});
    for (unsigned byte : {0x80, 0x3c, 0x00}) out(data, byte);
    out(control, 0xff);
    Machine::run_for(millisecond_ns);
    EXPECT_THAT(sent(), ElementsAre(0x80, 0x3c, 0x00)) << "a driver's last note-off is not lost";
}

TEST_F(Mpu401Test, TheTraceShowsTheWire) {
    uart();
    const Nanoseconds begin_ns = Machine::now_ns();
    sim::trace.reset();
    out(data, 0x90);
    receive({0xf8});
    Machine::run_for(millisecond_ns);
    const std::string end = std::to_string(begin_ns + midi_byte_ns);
    const std::string begin = std::to_string(begin_ns);
    EXPECT_THAT(trace_lines(),
                ::testing::AllOf(::testing::Contains(end + " P0 wire-out mpu401 144 " + begin),
                                 ::testing::Contains(end + " P0 wire-in mpu401 248 " + begin)));
}

// ---- interrupt ----

TEST_F(Mpu401Test, TheLineIsHighWhileAByteWaits) {
    uart();
    EXPECT_FALSE(asserted());
    receive({0x90, 0x3c});
    Machine::run_for(2 * midi_byte_ns);
    REQUIRES("MP-007");
    EXPECT_TRUE(asserted());
    in(control);
    EXPECT_TRUE(asserted()) << "looking at the status does not clear it";
    in(data);
    EXPECT_TRUE(asserted()) << "another byte waits";
    in(data);
    EXPECT_FALSE(asserted());
}

TEST_F(Mpu401Test, SendingNeverInterrupts) {
    uart({.tx_depth = 4});
    bool any = false;
    for (unsigned i = 0; i < 4; ++i) out(data, i);
    for (unsigned i = 0; i < 20; ++i) {
        Machine::run_for(midi_byte_ns / 2);
        any |= asserted();
    }
    REQUIRES("MP-007");
    EXPECT_FALSE(any);
    EXPECT_EQ(sent().size(), 4u);
}

TEST_F(Mpu401Test, AServiceRoutineReadsUntilEmpty) {
    uart({.rx_depth = 128});
    static std::vector<unsigned> got;
    got.clear();
    scheduler.lines[irq].connect(
        [](void*, sim::IrqLine&) {
            while ((sim::bus.read_port(control, 1) & dsr) == 0) got.push_back(sim::bus.read_port(data, 1));
            return true;
        },
        nullptr, ~0u);
    for (unsigned i = 0; i < 300; ++i) ASSERT_TRUE(mpu().wire()->in.receive(static_cast<std::uint8_t>(i), 0));
    Machine::run_for(301 * midi_byte_ns);
    ASSERT_EQ(got.size(), 300u);
    for (unsigned i = 0; i < 300; ++i) ASSERT_EQ(got[i], i & 0xff);
    EXPECT_EQ(counter(mpu(), "received, receive FIFO full"), 0u);
}

// ---- FIFOs ----

TEST_F(Mpu401Test, AnEmptyDataPortReadsTheLastByteOrOnes) {
    uart();
    receive({0x3c});
    Machine::run_for(midi_byte_ns);
    REQUIRES("MP-008");
    EXPECT_EQ(in(data), 0x3cu);
    EXPECT_EQ(in(data), 0x3cu);
    EXPECT_EQ(in(data), 0x3cu);
    EXPECT_EQ(Machine::now_ns(), ack_ns + midi_byte_ns) << "reading does not block";
    uart({.empty_read = Mpu401::EmptyRead::ones});
    EXPECT_EQ(in(data), 0xffu);
}

TEST_F(Mpu401Test, ReceiveOverflowDropsTheNewBytes) {
    for (const unsigned depth : {1u, 3u, 64u, 128u, 256u}) {
        uart({.rx_depth = depth});
        for (unsigned i = 0; i < depth + 5; ++i)
            ASSERT_TRUE(mpu().wire()->in.receive(static_cast<std::uint8_t>(i), 0));
        Machine::run_for((depth + 6) * midi_byte_ns);
        REQUIRES("MP-009");
        for (unsigned i = 0; i < depth; ++i) ASSERT_EQ(in(data), i & 0xff) << depth;
        EXPECT_FALSE(input_waits());
        EXPECT_EQ(counter(mpu(), "received, receive FIFO full"), 5u);
        receive({0x77});
        Machine::run_for(midi_byte_ns);
        EXPECT_EQ(in(data), 0x77u) << "and goes on afterwards";
    }
}

TEST_F(Mpu401Test, TransmitIsBusyWhenItsFifoIsFull) {
    for (const unsigned depth : {1u, 2u, 64u, 128u}) {
        uart({.tx_depth = depth});
        REQUIRES("MP-009");
        for (unsigned i = 0; i < depth + 1; ++i) {
            EXPECT_TRUE(takes_output()) << depth << " " << i;
            out(data, i);
        }
        EXPECT_FALSE(takes_output());
        out(data, 0xaa);
        EXPECT_EQ(counter(mpu(), "written while busy"), 1u);
        Machine::run_for(midi_byte_ns);
        EXPECT_TRUE(takes_output());
        Machine::run_for((depth + 2) * midi_byte_ns);
        ASSERT_EQ(sent().size(), depth + 1);
        for (unsigned i = 0; i < depth + 1; ++i) ASSERT_EQ(sent()[i], i);
    }
}

TEST_F(Mpu401Test, TheAckHasItsPlaceThoughTheFifoIsFull) {
    power_on({.rx_depth = 1, .ack_delay_ns = 5 * millisecond_ns});
    out(control, 0x3f);
    receive({0x91, 0x92});
    Machine::run_for(10 * millisecond_ns);
    EXPECT_EQ(in(data), 0xfeu);
    EXPECT_EQ(in(data), 0x91u);
    EXPECT_FALSE(input_waits());
}

TEST_F(Mpu401Test, TheAckDelayIsAParameterAndShortByDefault) {
    REQUIRES("MP-010");
    EXPECT_LT(Mpu401::Options().ack_delay_ns, millisecond_ns);
    power_on({.ack_delay_ns = 40 * millisecond_ns});
    out(control, 0xff);
    Machine::run_for(40 * millisecond_ns - 1);
    EXPECT_FALSE(input_waits());
    Machine::run_for(1);
    EXPECT_TRUE(input_waits());
}

// ---- absence ----

TEST_F(Mpu401Test, WithoutADeviceEverythingReadsOnes) {
    REQUIRES("MP-011");
    EXPECT_EQ(in(control), 0xffu);
    EXPECT_EQ(in(data), 0xffu);
    out(control, 0xff);
    Machine::run_for(second_ns);
    EXPECT_EQ(in(control), 0xffu);
}

TEST_F(Mpu401Test, ARemovedDeviceReadsOnesAndItsLineIsQuiet) {
    uart();
    receive({0x90, 0x3c, 0x40});
    Machine::run_for(midi_byte_ns);
    ASSERT_TRUE(asserted());
    mpu().remove(Machine::now_ns());
    REQUIRES("MP-011");
    REQUIRES("MP-012");
    EXPECT_FALSE(asserted());
    EXPECT_EQ(in(control), 0xffu);
    EXPECT_EQ(in(data), 0xffu);
    EXPECT_EQ(sim::bus.read_port(data, 2), 0xffffu);
    out(control, 0xff);
    out(data, 0x90);
    Machine::run_for(second_ns);
    EXPECT_FALSE(asserted());
    EXPECT_EQ(in(control), 0xffu);
    EXPECT_TRUE(mpu().removed());
    mpu().remove(Machine::now_ns());
}

std::vector<std::uint64_t> unclaimed;

TEST_F(Mpu401Test, ARemovedDevicesPortsAreNoUnclaimedPorts) {
    uart();
    unclaimed.clear();
    sim::bus.unclaimed = [](std::uint64_t address, bool, bool) { unclaimed.push_back(address); };
    mpu().remove(Machine::now_ns());
    in(control);
    EXPECT_THAT(unclaimed, IsEmpty());
    mpu().power_off();
    in(control);
    EXPECT_THAT(unclaimed, ElementsAre(control));
}

// ---- MP-014 ----

TEST_F(Mpu401Test, UnreadInputMayBlockOutput) {
    uart({.output_waits_for_input = true});
    receive({0x90, 0x3c});
    Machine::run_for(2 * midi_byte_ns);
    REQUIRES("MP-014");
    EXPECT_FALSE(takes_output());
    in(data);
    EXPECT_FALSE(takes_output());
    in(data);
    EXPECT_TRUE(takes_output());
    uart({.output_waits_for_input = false});
    receive({0x90});
    Machine::run_for(midi_byte_ns);
    EXPECT_TRUE(takes_output()) << "only as an option";
}

// ---- faults (MP-012) ----

TEST_F(Mpu401Test, FaultNoAck) {
    power_on({.fault_lost_acks = 1});
    out(control, 0xff);
    Machine::run_for(second_ns);
    REQUIRES("MP-012");
    EXPECT_FALSE(input_waits());
    EXPECT_TRUE(takes_output());
    out(control, 0xff);
    Machine::run_for(ack_ns);
    EXPECT_EQ(in(data), 0xfeu);
    power_on({.fault_lost_acks = no_limit});
    for (int i = 0; i < 5; ++i) {
        out(control, 0xff);
        Machine::run_for(100 * millisecond_ns);
        EXPECT_FALSE(input_waits());
    }
}

TEST_F(Mpu401Test, FaultLateAck) {
    power_on({.fault_ack_late_ns = 70 * millisecond_ns});
    out(control, 0xff);
    Machine::run_for(70 * millisecond_ns + ack_ns - 1);
    REQUIRES("MP-012");
    EXPECT_FALSE(input_waits());
    Machine::run_for(1);
    EXPECT_TRUE(input_waits());
}

TEST_F(Mpu401Test, FaultStuckDrr) {
    uart({.tx_depth = 16, .fault_drr_stuck_after = 2});
    out(data, 1);
    EXPECT_TRUE(takes_output());
    out(data, 2);
    REQUIRES("MP-012");
    EXPECT_FALSE(takes_output());
    out(data, 3);
    out(control, 0xff);
    Machine::run_for(second_ns);
    EXPECT_FALSE(takes_output());
    EXPECT_FALSE(input_waits()) << "a unit that hangs obeys no reset";
    EXPECT_THAT(sent(), ElementsAre(1, 2));
}

TEST_F(Mpu401Test, FaultStuckDrrFromTheStartOrForAWhile) {
    power_on({.fault_drr_stuck_after = 0});
    REQUIRES("MP-012");
    EXPECT_FALSE(takes_output());
    out(control, 0xff);
    Machine::run_for(second_ns);
    EXPECT_FALSE(input_waits());
    uart({.fault_drr_stuck_after = 1, .fault_drr_stuck_for_ns = 30 * millisecond_ns});
    out(data, 1);
    Machine::run_for(30 * millisecond_ns - 1);
    EXPECT_FALSE(takes_output());
    Machine::run_for(1);
    EXPECT_TRUE(takes_output());
    out(data, 2);
    Machine::run_for(millisecond_ns);
    EXPECT_THAT(sent(), ElementsAre(1, 2));
}

TEST_F(Mpu401Test, FaultSpuriousInterrupt) {
    power_on({.fault_spurious_every_ns = 10 * millisecond_ns});
    const Nanoseconds begin_ns = Machine::now_ns();
    Machine::run_until(begin_ns + 10 * millisecond_ns - 1);
    EXPECT_FALSE(asserted());
    Machine::run_until(begin_ns + 10 * millisecond_ns);
    REQUIRES("MP-012");
    EXPECT_TRUE(asserted());
    EXPECT_FALSE(input_waits()) << "without a byte";
    EXPECT_FALSE(asserted()) << "gone once the status was looked at";
    Machine::run_until(begin_ns + 20 * millisecond_ns);
    EXPECT_TRUE(asserted()) << "and back again";
    Machine::run_until(begin_ns + 21 * millisecond_ns);
    EXPECT_FALSE(asserted()) << "nobody looked";
}

TEST_F(Mpu401Test, FaultStuckLine) {
    uart({.fault_line_stuck_at_ns = 5 * millisecond_ns});
    Machine::run_until(5 * millisecond_ns);
    REQUIRES("MP-012");
    EXPECT_TRUE(asserted());
    in(control);
    in(data);
    mpu().reset(Machine::now_ns());
    out(control, 0xff);
    Machine::run_for(millisecond_ns);
    in(data);
    EXPECT_TRUE(asserted());
    mpu().reset(Machine::now_ns());
    EXPECT_TRUE(asserted()) << "no reset cures it";
    mpu().remove(Machine::now_ns());
    EXPECT_FALSE(asserted());
}

TEST_F(Mpu401Test, FaultByteStorm) {
    const auto storm = [&](std::uint32_t seed) {
        uart({.rx_depth = 256,
              .fault_storm_at_ns = 5 * millisecond_ns,
              .fault_storm_bytes = 100,
              .fault_storm_interval_ns = 10 * microsecond_ns,
              .fault_storm_seed = seed});
        std::vector<unsigned> got;
        Machine::run_for(5 * millisecond_ns - ack_ns - 1);
        EXPECT_FALSE(input_waits());
        Machine::run_for(1 + 99 * 10 * microsecond_ns);
        while (input_waits()) got.push_back(in(data));
        Machine::run_for(second_ns);
        EXPECT_FALSE(input_waits());
        return got;
    };
    const auto first = storm(1);
    REQUIRES("MP-012");
    EXPECT_EQ(first.size(), 100u);
    EXPECT_THAT(storm(1), ElementsAreArray(first));
    EXPECT_NE(storm(2), first);
}

TEST_F(Mpu401Test, FaultRemovalAfterAByteCutsTheWrite) {
    uart({.tx_depth = 16, .fault_remove_after = 3});
    static int removals;
    removals = 0;
    mpu().on_removed(
        [](void*, hardware::Device& device, Nanoseconds) {
            EXPECT_TRUE(device.removed());
            ++removals;
        },
        nullptr);
    out(data, 0x90);
    Machine::run_for(midi_byte_ns);
    out(data, 0x3c);
    Machine::run_for(midi_byte_ns / 2);
    EXPECT_EQ(in(control)&drr, 0u);
    out(data, 0x64);
    REQUIRES("MP-012");
    EXPECT_EQ(in(control), 0xffu) << "gone in the middle of the message";
    out(data, 0x90);
    Machine::run_for(second_ns);
    EXPECT_THAT(sent(), ElementsAre(0x90)) << "the byte on the wire was cut, the one in the FIFO lost";
    EXPECT_EQ(counter(mpu(), "bytes cut off"), 2u);
    EXPECT_EQ(removals, 1);
}

TEST_F(Mpu401Test, FaultRemovalAtATime) {
    uart({.tx_depth = 16, .fault_remove_at_ns = 2 * millisecond_ns});
    for (unsigned i = 0; i < 10; ++i) out(data, i);
    const Nanoseconds begin_ns = Machine::now_ns();
    Machine::run_until(2 * millisecond_ns);
    REQUIRES("MP-012");
    EXPECT_EQ(in(control), 0xffu);
    EXPECT_EQ(sent().size(), static_cast<std::size_t>((2 * millisecond_ns - begin_ns) / midi_byte_ns));
}

// ---- power ----

TEST_F(Mpu401Test, ABusResetPutsTheRegistersBack) {
    uart({.tx_depth = 16});
    receive({0x90});
    Machine::run_for(midi_byte_ns);
    out(data, 1);
    out(data, 2);
    mpu().reset(Machine::now_ns());
    EXPECT_FALSE(mpu().uart_mode());
    EXPECT_FALSE(asserted());
    EXPECT_EQ(in(control), dsr | 0x3f);
    Machine::run_for(second_ns);
    EXPECT_THAT(sent(), IsEmpty());
    out(control, 0x3f);
    Machine::run_for(ack_ns);
    EXPECT_EQ(in(data), 0xfeu);
    receive({0x42});
    Machine::run_for(midi_byte_ns);
    EXPECT_EQ(in(data), 0x42u) << "the wire goes on";
}

TEST_F(Mpu401Test, PowersOnAnewOnTheNextMachine) {
    uart();
    receive({0x90});
    Machine::run_for(midi_byte_ns);
    out(data, 7);
    ASSERT_TRUE(asserted());
    scheduler.reset(2, 1);
    sim::bus.reset();
    ASSERT_TRUE(mpu().power_on(sim::bus, &scheduler.lines[irq], 0).ok());
    EXPECT_FALSE(asserted());
    EXPECT_FALSE(mpu().uart_mode());
    EXPECT_EQ(in(control), dsr | 0x3f);
    EXPECT_EQ(mpu().wire()->out.count(), 0u);
    Machine::run_for(millisecond_ns);
    EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(Mpu401Test, WithoutPowerItsPortsAreFree) {
    uart();
    receive({0x90});
    Machine::run_for(midi_byte_ns);
    mpu().power_off();
    EXPECT_FALSE(asserted());
    EXPECT_EQ(in(control), 0xffu);
    Machine::run_for(second_ns);
    Mpu401 other("other");
    EXPECT_TRUE(other.power_on(sim::bus, &scheduler.lines[irq], Machine::now_ns()).ok());
}

// ---- as a driver sees it ----

// Writes a message byte by byte, polling as published drivers do.
void send(unsigned byte) {
    while ((sim::bus.read_port(control, 1) & drr) != 0) {
    }
    sim::bus.write_port(data, 1, byte);
}

TEST_F(Mpu401Test, APollingDriverLosesNothingAtAnyDepth) {
    for (const unsigned depth : {1u, 4u, 128u}) {
        uart({.tx_depth = depth});
        const Nanoseconds begin_ns = Machine::now_ns();
        Driver driver([] {
            for (unsigned i = 0; i < 500; ++i) send(i & 0x7f);
        });
        Machine::run_for(501 * midi_byte_ns);
        ASSERT_TRUE(driver.done());
        ASSERT_EQ(sent().size(), 500u);
        const auto times = times_of(mpu().wire()->out);
        for (std::size_t i = 1; i < 500; ++i) {
            ASSERT_EQ(sent()[i], i & 0x7f);
            ASSERT_EQ(times[i], times[i - 1] + midi_byte_ns) << "the wire is never idle";
        }
        EXPECT_LT(times[0], begin_ns + 10 * microsecond_ns);
    }
}

TEST_F(Mpu401Test, TheSameRunGivesTheSameTrace) {
    const auto run = [&] {
        scheduler.reset(2, 1);
        sim::bus.reset();
        sim::trace.reset();
        uart({.tx_depth = 2,
              .fault_spurious_every_ns = 700 * microsecond_ns,
              .fault_storm_at_ns = 3 * millisecond_ns,
              .fault_storm_bytes = 20,
              .fault_remove_after = 60});
        receive({0x90, 0x3c, 0x40});
        scheduler.lines[irq].connect(
            [](void*, sim::IrqLine&) {
                while ((sim::bus.read_port(control, 1) & dsr) == 0) sim::bus.read_port(data, 1);
                return true;
            },
            nullptr, ~0u);
        Driver driver([] {
            for (unsigned i = 0; i < 70; ++i) send(i);  // polls for ever once the device has gone
        });
        Machine::run_until(50 * millisecond_ns);
        EXPECT_TRUE(mpu().removed());
        mpu().power_off();
        return trace_lines();
    };
    const auto first = run();
    EXPECT_GT(first.size(), 500u);
    EXPECT_EQ(run(), first);
}

}  // namespace
}  // namespace portico::test::mpu401_test
