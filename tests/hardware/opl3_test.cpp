// The OPL3 without its sound (OP-001 to OP-016).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "hardware/opl3/opl3.h"
#include "support/requires.h"
#include "test_bench.h"

namespace portico::test::opl3_test {
namespace {

using hardware::Opl3;
namespace opl3 = hardware::opl3;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint32_t base = 0x388;
constexpr unsigned irq = 5;

struct Opl3Test : ::testing::Test {
    Machine machine;
    std::unique_ptr<Opl3> chip;
    std::vector<std::string> heard;

    Opl3Test() { make({}); }
    void make(const Opl3::Options& options) {
        chip.reset();
        chip = std::make_unique<Opl3>("opl3", options);
        EXPECT_TRUE(chip->power_on(sim::bus, &scheduler.lines[irq], Machine::now_ns()).ok());
        chip->connect(
            [](void* self, const Opl3::RegisterWrite& w) {
                char text[40];
                std::snprintf(text, sizeof text, "%lld %03X=%02X", static_cast<long long>(w.at_ns), w.index,
                              w.value);
                static_cast<Opl3Test*>(self)->heard.emplace_back(text);
            },
            this);
    }
    static void set(unsigned index, unsigned value) {
        out(base + (index >= 0x100 ? 2 : 0), index & 0xff);
        out(base + (index >= 0x100 ? 3 : 1), value);
    }
    static unsigned status() { return in(base); }
    static bool asserted() { return scheduler.lines[irq].asserted(); }
};

TEST_F(Opl3Test, IsFoundByTheUsualDetection) {
    set(0x04, 0x60);
    set(0x04, 0x80);
    REQUIRES("OP-005");
    EXPECT_EQ(status() & 0xe0, 0u);
    set(0x02, 0xff);
    set(0x04, 0x21);
    Machine::run_for(80 * microsecond_ns);
    EXPECT_EQ(status() & 0xe0, 0xc0u);
    set(0x04, 0x60);
    set(0x04, 0x80);
    EXPECT_EQ(status() & 0xe0, 0u);
    REQUIRES("OP-002");
    EXPECT_EQ(status() & 0x06, 0u) << "an OPL3";
    make({.chip = Opl3::Chip::opl2});
    EXPECT_EQ(status(), 0x06u);
    EXPECT_EQ(in(base + 2), 0xffu) << "an OPL2 has two ports";
}

TEST_F(Opl3Test, TheAddressPortChoosesTheArray) {
    set(0x105, 1);
    out(base, 0x20);
    out(base + 3, 0x11);
    out(base + 2, 0x20);
    out(base + 1, 0x22);
    REQUIRES("OP-001");
    EXPECT_EQ(chip->registers()[0x20], 0x11);
    EXPECT_EQ(chip->registers()[0x120], 0x22);
    EXPECT_EQ(in(base + 1), 0xffu);
}

TEST_F(Opl3Test, TimersCountUpFromTheirPresetAndReload) {
    set(0x02, 256 - 3);
    set(0x03, 256 - 2);
    set(0x04, 0x03);
    REQUIRES("OP-003");
    Machine::run_for(240 * microsecond_ns - 1);
    EXPECT_EQ(status(), 0u);
    Machine::run_for(1);
    EXPECT_EQ(status(), 0xc0u) << "timer 1 after three steps of 80 us";
    Machine::run_for(400 * microsecond_ns);
    EXPECT_EQ(status(), 0xe0u) << "timer 2 after two of 320 us";
    set(0x02, 256 - 1);
    set(0x04, 0x80);
    EXPECT_EQ(status(), 0u);
    Machine::run_for(80 * microsecond_ns);
    EXPECT_EQ(status(), 0xc0u) << "reloaded at 720 us, from the old preset";
}

TEST_F(Opl3Test, TheControlRegisterMasksStartsAndResets) {
    make({.irq = irq});
    set(0x02, 0xff);
    set(0x03, 0xff);
    set(0x04, 0x43);
    Machine::run_for(millisecond_ns);
    REQUIRES("OP-004");
    EXPECT_EQ(status(), 0xa0u) << "timer 1 is masked";
    EXPECT_TRUE(asserted());
    set(0x04, 0x80 | 0x60);
    EXPECT_EQ(status(), 0u);
    EXPECT_FALSE(asserted());
    Machine::run_for(millisecond_ns);
    EXPECT_EQ(status(), 0xa0u) << "the reset bit changes no other: timer 2 runs on, unmasked";
    set(0x04, 0x00);
    set(0x04, 0x80);
    Machine::run_for(millisecond_ns);
    EXPECT_EQ(status(), 0u) << "stopped";
}

TEST_F(Opl3Test, OutsideOpl3ModeTheSecondArrayHasItsModeAndTheTimers) {
    set(0x120, 0x55);
    set(0x104, 0x3f);
    REQUIRES("OP-011");
    EXPECT_EQ(chip->registers()[0x120], 0);
    EXPECT_EQ(chip->registers()[0x104], 0) << "it was the timers' control register";
    EXPECT_EQ(counter(*chip, "written without effect"), 1u);
    set(0x04, 0x60);
    set(0x04, 0x80);
    set(0x102, 0xff);
    set(0x104, 0x21);
    Machine::run_for(80 * microsecond_ns);
    EXPECT_EQ(status(), 0xc0u);
    set(0x04, 0x60);
    set(0x04, 0x80);
    set(0x105, 0x01);
    set(0x102, 0xff);
    set(0x104, 0x21);
    Machine::run_for(millisecond_ns);
    EXPECT_EQ(status(), 0u) << "in OPL3 mode it is the four-operator register";
    EXPECT_TRUE(opl3::channel_at(chip->registers(), 0).four_operator);
    EXPECT_TRUE(opl3::channel_at(chip->registers(), 3).four_operator);
    EXPECT_FALSE(opl3::channel_at(chip->registers(), 1).four_operator);
    EXPECT_TRUE(opl3::channel_at(chip->registers(), 14).four_operator) << "bit 5: channels 11 and 14";
    EXPECT_FALSE(opl3::channel_at(chip->registers(), 15).four_operator);
}

TEST_F(Opl3Test, OperatorsAndChannelsAreDecoded) {
    set(0x105, 0x01);
    set(0x20 + 0x08, 0xf7);
    set(0x40 + 0x08, 0x9a);
    set(0x60 + 0x08, 0x5c);
    set(0x80 + 0x08, 0x3e);
    set(0xe0 + 0x08, 0xff);
    const opl3::Operator op = opl3::operator_at(chip->registers(), 6);
    REQUIRES("OP-007");
    EXPECT_TRUE(op.amplitude_modulation && op.vibrato && op.sustained && op.key_scale_rate);
    EXPECT_EQ(op.multiple, 7);
    EXPECT_EQ(op.key_scale_level, 2);
    EXPECT_EQ(op.total_level, 0x1a);
    EXPECT_EQ(op.attack, 5);
    EXPECT_EQ(op.decay, 0xc);
    EXPECT_EQ(op.sustain, 3);
    EXPECT_EQ(op.release, 0xe);
    EXPECT_EQ(op.waveform, 7);
    set(0xa3, 0x44);
    set(0xb3, 0x20 | 4 << 2 | 2);
    set(0xc3, 0x10 | 5 << 1 | 1);
    const opl3::Channel channel = opl3::channel_at(chip->registers(), 3);
    REQUIRES("OP-008");
    EXPECT_EQ(channel.f_number, 0x244);
    EXPECT_EQ(channel.block, 4);
    EXPECT_TRUE(channel.key_on && channel.additive && channel.left);
    EXPECT_FALSE(channel.right);
    EXPECT_EQ(channel.feedback, 5);
    REQUIRES("OP-012");
    EXPECT_THAT(channel.operators, ElementsAre(6, 9));
    EXPECT_EQ(opl3::offset_of_operator(6), 0x08u);
    EXPECT_EQ(opl3::offset_of_operator(17), 0x15u);
    EXPECT_EQ(opl3::offset_of_operator(18 + 12), 0x110u);
    EXPECT_THAT(opl3::channel_at(chip->registers(), 17).operators, ElementsAre(18 + 14, 18 + 17));
    REQUIRES("OP-009");
    EXPECT_NEAR(channel.frequency_hz, 0x244 * 49716.0 / 65536, 0.01);
    set(0x105, 0);
    REQUIRES("OP-006");
    EXPECT_EQ(opl3::operator_at(chip->registers(), 6).waveform, 0) << "an OPL2 has sines only,";
    set(0x01, 0x20);
    EXPECT_EQ(opl3::operator_at(chip->registers(), 6).waveform, 3) << "unless it is allowed others";
}

TEST_F(Opl3Test, VoicesFollowTheMode) {
    const auto voices = [&] {
        const opl3::Voices v = opl3::voices_of(chip->registers());
        return std::array{v.two_operator, v.four_operator, v.drums};
    };
    EXPECT_THAT(voices(), ElementsAre(9, 0, 0));
    set(0x105, 1);
    REQUIRES("OP-013");
    EXPECT_THAT(voices(), ElementsAre(18, 0, 0));
    set(0x104, 0x3f);
    EXPECT_THAT(voices(), ElementsAre(6, 6, 0));
    set(0x104, 0);
    set(0xbd, 0xff);
    EXPECT_THAT(voices(), ElementsAre(15, 0, 5));
    const opl3::Rhythm rhythm = opl3::rhythm_of(chip->registers());
    REQUIRES("OP-010");
    EXPECT_TRUE(rhythm.deep_tremolo && rhythm.deep_vibrato && rhythm.on && rhythm.bass_drum && rhythm.hi_hat);
    set(0xbd, 0x28);
    EXPECT_TRUE(opl3::rhythm_of(chip->registers()).snare_drum);
    EXPECT_FALSE(opl3::rhythm_of(chip->registers()).deep_tremolo);
}

TEST_F(Opl3Test, WritesTooSoonAreCounted) {
    make({.address_wait_ns = 3'300, .data_wait_ns = 23'000});
    set(0x20, 1);
    REQUIRES("OP-014");
    EXPECT_EQ(counter(*chip, "written too soon"), 1u);
    Machine::run_for(22'999);
    out(base, 0x21);
    EXPECT_EQ(counter(*chip, "written too soon"), 2u);
    Machine::run_for(3'300);
    out(base + 1, 1);
    EXPECT_EQ(counter(*chip, "written too soon"), 2u);
}

TEST_F(Opl3Test, EveryWriteIsAnEventWithItsTime) {
    Machine::run_for(100);
    set(0xb0, 0x20);
    Machine::run_for(50);
    set(0x105, 1);
    set(0x1b8, 0x20);
    set(0xb0, 0x04);
    REQUIRES("OP-016");
    EXPECT_THAT(heard, ElementsAre("100 0B0=20", "150 105=01", "150 1B8=20", "150 0B0=04"));
    EXPECT_EQ(counter(*chip, "keys on"), 2u);
    EXPECT_EQ(counter(*chip, "keys off"), 1u);
    EXPECT_THAT(trace_lines(), ::testing::Contains("100 P0 chip-write opl3 176 32"));
    EXPECT_EQ(chip->count(), 4u);
    EXPECT_EQ(chip->at(2).index, 0x1b8);
    REQUIRES("OP-015");
    chip->reset(Machine::now_ns());
    for (const std::uint8_t value : chip->registers()) ASSERT_EQ(value, 0);
    chip->remove(Machine::now_ns());
    EXPECT_EQ(status(), 0xffu);
}

}  // namespace
}  // namespace portico::test::opl3_test
