#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test_bench.h"
#include "hardware/mc6850/mc6850.h"

namespace portico::test::mc6850_test {
namespace {

using hardware::Mc6850;
using hardware::midi_byte_ns;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint32_t control = 0x310;
constexpr std::uint32_t data = 0x311;
constexpr unsigned irq = 5;
constexpr unsigned receive_full = 0x01;
constexpr unsigned transmit_empty = 0x02;
constexpr unsigned framing_error = 0x10;
constexpr unsigned overrun = 0x20;
constexpr unsigned interrupt = 0x80;
constexpr unsigned master_reset = 0x03;
constexpr unsigned midi_8n1 = 0x15;  // divided by 16
constexpr unsigned receive_interrupts = 0x80;
constexpr unsigned transmit_interrupts = 0x20;

class Mc6850Test : public ::testing::Test {
  protected:
    Mc6850Test() {
        EXPECT_TRUE(acia.power_on(sim::bus, &scheduler.lines[irq], 0).ok());
        out(control, master_reset);
    }
    void receive(unsigned byte) {
        EXPECT_TRUE(acia.wire()->in.receive(static_cast<std::uint8_t>(byte), Machine::now_ns()));
        Machine::run_for(midi_byte_ns);
    }
    static bool asserted() { return scheduler.lines[irq].asserted(); }

    Machine machine;
    Mc6850 acia{"mc6850"};
};

TEST_F(Mc6850Test, IsDeafAndDumbUntilADivisorIsChosen) {
    EXPECT_EQ(in(control), 0u);
    out(data, 0x90);
    receive(0x91);
    EXPECT_EQ(in(control), 0u);
    EXPECT_THAT(bytes_of(acia.wire()->out), IsEmpty());
    out(control, midi_8n1);
    EXPECT_EQ(in(control), transmit_empty);
}

TEST_F(Mc6850Test, HoldsOneByteBehindTheOneOnTheWire) {
    out(control, midi_8n1);
    out(data, 0x90);
    EXPECT_EQ(in(control), transmit_empty);
    out(data, 0x3c);
    EXPECT_EQ(in(control), 0u);
    Machine::run_for(midi_byte_ns);
    EXPECT_EQ(in(control), transmit_empty);
    out(data, 0x40);
    Machine::run_for(2 * midi_byte_ns);
    EXPECT_THAT(bytes_of(acia.wire()->out), ElementsAre(0x90, 0x3c, 0x40));
    EXPECT_THAT(times_of(acia.wire()->out), ElementsAre(0, 320'000, 640'000));
}

TEST_F(Mc6850Test, WritingOverAFullRegisterLosesTheByteThatWaited) {
    out(control, midi_8n1);
    for (unsigned byte : {1, 2, 3}) out(data, byte);
    Machine::run_for(millisecond_ns);
    EXPECT_THAT(bytes_of(acia.wire()->out), ElementsAre(1, 3));
    EXPECT_EQ(counter(acia, "written, lost"), 1u);
}

TEST_F(Mc6850Test, TheControlRegisterSetsTheSpeed) {
    const auto byte_time = [&](unsigned value) {
        out(control, master_reset);
        out(control, value);
        out(data, 1);
        out(data, 2);
        Machine::run_for(100 * millisecond_ns);
        const auto times = times_of(acia.wire()->out);
        return times[times.size() - 1] - times[times.size() - 2];
    };
    EXPECT_EQ(byte_time(midi_8n1), 320'000);
    EXPECT_EQ(byte_time(0x16), 1'280'000) << "divided by 64";
    EXPECT_EQ(byte_time(0x14), 20'000) << "by 1";
    EXPECT_EQ(byte_time(0x11), 352'000) << "two stop bits";
}

TEST_F(Mc6850Test, ReceivesAndClearsByReading) {
    out(control, midi_8n1);
    receive(0x90);
    EXPECT_EQ(in(control), transmit_empty | receive_full);
    EXPECT_FALSE(asserted()) << "interrupts are off";
    EXPECT_EQ(in(data), 0x90u);
    EXPECT_EQ(in(control), transmit_empty);
}

TEST_F(Mc6850Test, AnotherFormatThanMidisIsAFramingError) {
    out(control, 0x16);
    receive(0x90);
    EXPECT_EQ(in(control), transmit_empty | receive_full | framing_error);
    in(data);
    EXPECT_EQ(in(control), transmit_empty);
}

// The lost byte shows only when the good one before it has been read, and takes one more read.
TEST_F(Mc6850Test, AnOverrunShowsAfterTheGoodByte) {
    out(control, midi_8n1 | receive_interrupts);
    receive(1);
    receive(2);
    receive(3);
    EXPECT_EQ(in(control), interrupt | transmit_empty | receive_full);
    EXPECT_EQ(in(data), 1u);
    EXPECT_EQ(in(control), interrupt | transmit_empty | receive_full | overrun);
    EXPECT_TRUE(asserted());
    EXPECT_EQ(in(data), 1u);
    EXPECT_EQ(in(control), transmit_empty);
    EXPECT_FALSE(asserted());
    EXPECT_EQ(counter(acia, "received, lost"), 2u);
}

TEST_F(Mc6850Test, ReceiveInterruptsFollowTheRegister) {
    out(control, midi_8n1 | receive_interrupts);
    EXPECT_FALSE(asserted());
    receive(0x90);
    EXPECT_TRUE(asserted());
    EXPECT_EQ(in(control)&interrupt, interrupt);
    in(data);
    EXPECT_FALSE(asserted());
    EXPECT_EQ(in(control)&interrupt, 0u);
}

TEST_F(Mc6850Test, TransmitInterruptsAskForTheNextByte) {
    out(control, midi_8n1 | transmit_interrupts);
    EXPECT_TRUE(asserted()) << "the register is empty";
    out(data, 1);
    out(data, 2);
    EXPECT_FALSE(asserted());
    Machine::run_for(midi_byte_ns);
    EXPECT_TRUE(asserted());
    out(control, midi_8n1);
    EXPECT_FALSE(asserted()) << "switched off";
    out(control, 0x75);
    EXPECT_FALSE(asserted()) << "RTS high or break: no transmit interrupts";
}

// An interrupt-driven driver in full: the second half of docs/device-models.md.
TEST_F(Mc6850Test, AnInterruptDrivenDriverSendsASong) {
    static unsigned next;
    next = 0;
    scheduler.lines[irq].connect(
        [](void*, sim::IrqLine&) {
            if ((sim::bus.read_port(control, 1) & interrupt) == 0) return false;
            if (next < 100) {
                sim::bus.write_port(data, 1, next++);
            } else {
                sim::bus.write_port(control, 1, midi_8n1);
            }
            return true;
        },
        nullptr, ~0u);
    Driver driver([] { sim::bus.write_port(control, 1, midi_8n1 | transmit_interrupts); });
    Machine::run_for(102 * midi_byte_ns);
    const auto times = times_of(acia.wire()->out);
    ASSERT_EQ(times.size(), 100u);
    for (std::size_t i = 1; i < times.size(); ++i) ASSERT_EQ(times[i] - times[i - 1], midi_byte_ns);
    EXPECT_FALSE(asserted());
}

TEST_F(Mc6850Test, AMasterResetForgetsWhatIsUnderWay) {
    out(control, midi_8n1 | receive_interrupts);
    receive(1);
    receive(2);
    out(data, 1);
    out(data, 2);
    out(control, master_reset);
    EXPECT_FALSE(asserted());
    EXPECT_EQ(in(control), 0u);
    out(control, midi_8n1);
    EXPECT_EQ(in(control), transmit_empty);
    Machine::run_for(millisecond_ns);
    EXPECT_THAT(bytes_of(acia.wire()->out), IsEmpty());
}

TEST_F(Mc6850Test, ARemovedOneReadsOnes) {
    out(control, midi_8n1 | transmit_interrupts);
    out(data, 1);
    acia.remove(Machine::now_ns());
    EXPECT_FALSE(asserted());
    EXPECT_EQ(in(control), 0xffu);
    EXPECT_EQ(in(data), 0xffu);
    Machine::run_for(millisecond_ns);
    EXPECT_THAT(bytes_of(acia.wire()->out), IsEmpty());
}

}  // namespace
}  // namespace portico::test::mc6850_test
