// A Sound Blaster 16 and an ESS AudioDrive (FLD-061).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hardware/sb16/sb16.h"
#include "support/requires.h"
#include "test_bench.h"

namespace portico::test::sb16_test {
namespace {

using hardware::midi_byte_ns;
using hardware::Sb16;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint32_t base = 0x220;
constexpr unsigned irq = 5;

// Physical memory of one megabyte from 0.
struct Memory {
    inline static std::vector<std::uint8_t> bytes;
    Memory() {
        bytes.assign(1 << 20, 0);
        for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 7);
        sim::physical_memory = [](std::uint64_t physical, std::uint64_t* run) -> void* {
            if (physical >= bytes.size()) return nullptr;
            *run = bytes.size() - physical;
            return bytes.data() + physical;
        };
        sim::dma.reset();
    }
    ~Memory() {
        sim::physical_memory = nullptr;
        sim::dma.reset();
    }
};

struct Sb16Test : ::testing::Test {
    Machine machine;
    Memory memory;
    std::unique_ptr<Sb16> card;
    std::vector<std::uint8_t> heard;

    Sb16Test() { make({}); }
    ~Sb16Test() override { card.reset(); }
    void make(const Sb16::Options& options) {
        card.reset();
        card = std::make_unique<Sb16>("sb16", options);
        const auto on = card->power_on(sim::bus, &scheduler.lines[irq], Machine::now_ns());
        EXPECT_TRUE(on.ok()) << (on.ok() ? "" : on.error().message);
        card->connect_wave(
            [](void* self, const std::uint8_t* bytes, std::uint32_t count) {
                auto& all = static_cast<Sb16Test*>(self)->heard;
                all.insert(all.end(), bytes, bytes + count);
            },
            this);
    }
    static bool asserted() { return scheduler.lines[irq].asserted(); }
    static bool byte_waits() { return (in(base + 0xe) & 0x80) != 0; }
    static bool busy() { return (in(base + 0xc) & 0x80) != 0; }
    static void send(std::initializer_list<unsigned> bytes) {
        for (const unsigned byte : bytes) {
            while (busy()) Machine::run_for(microsecond_ns);
            out(base + 0xc, byte);
        }
    }
    static std::vector<unsigned> replies() {
        std::vector<unsigned> all;
        while (byte_waits()) all.push_back(in(base + 0xa));
        return all;
    }
    static void reset_dsp() {
        out(base + 6, 1);
        Machine::run_for(3 * microsecond_ns);
        out(base + 6, 0);
    }
    static unsigned mixer(unsigned index) {
        out(base + 4, index);
        return in(base + 5);
    }
    static void set_mixer(unsigned index, unsigned value) {
        out(base + 4, index);
        out(base + 5, value);
    }
};

TEST_F(Sb16Test, AnswersAResetInItsTime) {
    reset_dsp();
    EXPECT_FALSE(byte_waits());
    EXPECT_TRUE(busy());
    Machine::run_for(20 * microsecond_ns - 1);
    EXPECT_FALSE(byte_waits());
    Machine::run_for(1);
    REQUIRES("FLD-061");
    EXPECT_THAT(replies(), ElementsAre(0xaa));
    EXPECT_FALSE(busy());
    EXPECT_EQ(in(base + 0xa), 0xaau) << "the last byte stays";
    EXPECT_EQ(counter(*card, "DSP resets too short"), 0u);
    out(base + 6, 1);
    out(base + 6, 0);
    EXPECT_EQ(counter(*card, "DSP resets too short"), 1u);
}

TEST_F(Sb16Test, CommandsTakeTheirArguments) {
    REQUIRES("FLD-061");
    send({0xe1});
    EXPECT_THAT(replies(), ElementsAre(4, 5));
    send({0xe0, 0xc5});
    EXPECT_THAT(replies(), ElementsAre(0x3a));
    send({0xe4, 0x77, 0xe8});
    EXPECT_THAT(replies(), ElementsAre(0x77));
    send({0x41, 0xe1, 0xe1, 0xd1, 0xd8});
    EXPECT_THAT(replies(), ElementsAre(0xff)) << "two arguments that look like commands";
    send({0xd3, 0xd8});
    EXPECT_THAT(replies(), ElementsAre(0));
    send({0xe3});
    EXPECT_EQ(replies().size(), 45u);
    EXPECT_EQ(counter(*card, "DSP commands unknown"), 0u);
    send({0xff});
    EXPECT_EQ(counter(*card, "DSP commands unknown"), 1u);
}

TEST_F(Sb16Test, ABusyDspLosesWhatIsWritten) {
    send({0xe1});
    EXPECT_TRUE(busy());
    out(base + 0xc, 0xe1);
    EXPECT_EQ(counter(*card, "DSP written while busy"), 1u);
    Machine::run_for(2 * microsecond_ns);
    EXPECT_FALSE(busy());
    EXPECT_THAT(replies(), ElementsAre(4, 5));
}

TEST_F(Sb16Test, OneLineForAllPartsAndARegisterThatTellsThemApart) {
    send({0xf2});
    EXPECT_TRUE(asserted());
    REQUIRES("FLD-061");
    EXPECT_EQ(mixer(0x82), 0x01u);
    send({0xf3});
    EXPECT_EQ(mixer(0x82), 0x03u);
    out(0x331, 0x3f);
    Machine::run_for(millisecond_ns);
    EXPECT_EQ(mixer(0x82), 0x07u) << "the MPU-401's acknowledge waits";
    in(base + 0xe);
    EXPECT_EQ(mixer(0x82), 0x06u);
    in(base + 0xf);
    EXPECT_EQ(mixer(0x82), 0x04u);
    EXPECT_TRUE(asserted());
    EXPECT_EQ(in(0x330), 0xfeu);
    EXPECT_EQ(mixer(0x82), 0u);
    EXPECT_FALSE(asserted());
}

TEST_F(Sb16Test, TheMixerSaysAndChoosesTheLine) {
    REQUIRES("FLD-061");
    EXPECT_EQ(mixer(0x80), 0x02u) << "IRQ 5";
    EXPECT_EQ(mixer(0x81), 0x22u) << "channels 1 and 5";
    set_mixer(0x80, 0x04);
    EXPECT_EQ(mixer(0x80), 0x04u);
    send({0xf2});
    EXPECT_FALSE(asserted()) << "nobody is at IRQ 7";
    set_mixer(0x80, 0x02);
    EXPECT_TRUE(asserted());
    EXPECT_EQ(mixer(0x30), 0xc0u);
    set_mixer(0x22, 0x5a);
    EXPECT_EQ(mixer(0x30), 0x58u);
    EXPECT_EQ(mixer(0x31), 0xa8u);
    EXPECT_EQ(mixer(0x22), 0x5au) << "one volume with two names";
    set_mixer(0x00, 0);
    EXPECT_EQ(mixer(0x30), 0xc0u);
    EXPECT_EQ(mixer(0x80), 0x02u) << "a mixer reset leaves the set-up";
    set_mixer(0x82, 0);
    EXPECT_EQ(mixer(0x82), 0x01u);
}

TEST_F(Sb16Test, HasMpuAndFmAtTheirPorts) {
    out(0x331, 0x3f);
    Machine::run_for(millisecond_ns);
    in(0x330);
    out(0x330, 0x90);
    Machine::run_for(millisecond_ns);
    EXPECT_THAT(bytes_of(card->wire()->out), ElementsAre(0x90));
    for (const std::uint32_t port : {0x388u, base, base + 8}) {
        out(port, 0x04);
        out(port + 1, 0x80);
        out(port, 0x02);
        out(port + 1, 0xff);
        out(port, 0x04);
        out(port + 1, 0x21);
        Machine::run_for(80 * microsecond_ns);
        EXPECT_EQ(in(0x388), 0xc0u) << port;
        out(port, 0x04);
        out(port + 1, 0x00);
    }
    EXPECT_FALSE(asserted()) << "the FM synthesizer has no interrupt here";
}

TEST_F(Sb16Test, TheDspsMidiSharesTheConnector) {
    send({0x38, 0xfe});
    Machine::run_for(millisecond_ns);
    EXPECT_THAT(bytes_of(card->wire()->out), ElementsAre(0xfe));
    send({0x35});
    card->wire()->in.receive(0x90, Machine::now_ns());
    Machine::run_for(midi_byte_ns);
    EXPECT_TRUE(asserted());
    EXPECT_EQ(mixer(0x82), 0x01u);
    EXPECT_THAT(replies(), ElementsAre(0x90));
    EXPECT_FALSE(asserted());
    send({0x91, 0x3c});
    Machine::run_for(millisecond_ns);
    EXPECT_THAT(bytes_of(card->wire()->out), ElementsAre(0xfe, 0x91, 0x3c)) << "UART mode: no commands";
    reset_dsp();
    Machine::run_for(20 * microsecond_ns);
    replies();
    send({0xe1});
    EXPECT_THAT(replies(), ElementsAre(4, 5));
}

// ---- DMA ----

TEST_F(Sb16Test, PlaysABlockAtTheSampleRate) {
    sim::dma.start(1, {0x1000, 100, true, false});
    send({0x40, 256 - 100, 0x14, 99, 0});  // 10 kHz
    const Nanoseconds begun_ns = Machine::now_ns();
    EXPECT_EQ(sim::dma.remaining(1, Machine::now_ns()), 100u);
    Machine::run_until(begun_ns + 5 * millisecond_ns);
    EXPECT_EQ(sim::dma.remaining(1, Machine::now_ns()), 50u);
    EXPECT_FALSE(asserted());
    Machine::run_until(begun_ns + 10 * millisecond_ns - 1);
    EXPECT_FALSE(asserted());
    EXPECT_EQ(sim::dma.remaining(1, Machine::now_ns()), 1u);
    Machine::run_for(1);
    REQUIRES("FLD-061");
    EXPECT_TRUE(asserted());
    EXPECT_EQ(mixer(0x82), 0x01u);
    EXPECT_TRUE(sim::dma.take_terminal_count(1, Machine::now_ns()));
    EXPECT_FALSE(sim::dma.take_terminal_count(1, Machine::now_ns()));
    EXPECT_EQ(heard,
              std::vector<std::uint8_t>(Memory::bytes.begin() + 0x1000, Memory::bytes.begin() + 0x1064));
    in(base + 0xe);
    Machine::run_for(100 * millisecond_ns);
    EXPECT_FALSE(asserted()) << "one block only";
}

TEST_F(Sb16Test, AnAutoInitialisedTransferGoesRoundUntilItIsToldToEnd) {
    sim::dma.start(5, {0x2000, 400, true, true});
    // 16 bit, stereo, 10 kHz: 40000 bytes a second; blocks of 100 samples of one channel.
    send({0x41, 10'000 >> 8, 10'000 & 0xff, 0xb6, 0x30, 99, 0});
    unsigned interrupts = 0;
    for (unsigned i = 0; i < 6; ++i) {
        Machine::run_for(5 * millisecond_ns);
        interrupts += asserted();
        EXPECT_EQ(mixer(0x82), 0x02u);
        in(base + 0xf);
    }
    EXPECT_EQ(interrupts, 6u);
    EXPECT_EQ(heard.size(), 1200u);
    EXPECT_EQ(heard[400], Memory::bytes[0x2000]) << "round";
    send({0xd5});
    Machine::run_for(50 * millisecond_ns);
    EXPECT_EQ(heard.size(), 1200u) << "paused";
    send({0xd6, 0xd9});
    Machine::run_for(50 * millisecond_ns);
    EXPECT_EQ(heard.size(), 1400u) << "to the end of the block";
    EXPECT_TRUE(asserted());
}

TEST_F(Sb16Test, RecordsSilence) {
    sim::dma.start(1, {0x3000, 10, false, false});
    send({0x40, 256 - 100, 0x24, 9, 0});
    Machine::run_for(millisecond_ns);
    for (unsigned i = 0; i < 10; ++i) EXPECT_EQ(Memory::bytes[0x3000 + i], 0x80);
    EXPECT_NE(Memory::bytes[0x300a], 0x80);
    EXPECT_TRUE(asserted());
}

TEST_F(Sb16Test, ATransferWithoutAChannelWaits) {
    send({0x40, 256 - 100, 0x14, 9, 0});
    Machine::run_for(100 * millisecond_ns);
    EXPECT_FALSE(asserted());
    sim::dma.start(1, {0x1000, 10, false, false});
    Machine::run_for(100 * millisecond_ns);
    EXPECT_FALSE(asserted()) << "programmed the other way";
    sim::dma.start(1, {0x1000, 10, true, false});
    Machine::run_for(2 * millisecond_ns);
    EXPECT_TRUE(asserted());
}

TEST_F(Sb16Test, OldHighSpeedTransfersRefuseCommands) {
    make({.version = 0x0302});
    sim::dma.start(1, {0x1000, 1000, true, true});
    send({0x48, 99, 0, 0x40, 256 - 100, 0x90});
    Machine::run_for(millisecond_ns);
    EXPECT_TRUE(busy());
    out(base + 0xc, 0xd0);
    Machine::run_for(10 * millisecond_ns);
    EXPECT_TRUE(asserted());
    reset_dsp();
    Machine::run_for(20 * microsecond_ns);
    EXPECT_THAT(replies(), ElementsAre(0xaa));
    EXPECT_FALSE(busy());
}

TEST_F(Sb16Test, SilenceTakesItsTime) {
    send({0x40, 256 - 100, 0x80, 9, 0});
    Machine::run_for(millisecond_ns - 1);
    EXPECT_FALSE(asserted());
    Machine::run_for(1);
    EXPECT_TRUE(asserted());
}

// ---- ESS ----

TEST_F(Sb16Test, AnEssReadsItsExtendedRegistersBack) {
    make({.chip = hardware::sb16::Chip::ess, .version = 0x0301});
    send({0xe1});
    EXPECT_THAT(replies(), ElementsAre(3, 1));
    send({0xe7});
    EXPECT_THAT(replies(), ElementsAre(0x68, 0x8b));
    send({0xc6, 0xb1, 0x14, 0xa2, 0x55, 0xc0, 0xb1, 0xc0, 0xa2});
    REQUIRES("FLD-061");
    EXPECT_THAT(replies(), ElementsAre(0x14, 0x55));
    send({0xc7, 0xc0, 0xe1});
    EXPECT_THAT(replies(), ElementsAre(3, 1)) << "off again: C0 has no argument and does nothing";
}

TEST_F(Sb16Test, IsQuietWhenRemovedOrReset) {
    sim::dma.start(1, {0x1000, 100, true, true});
    send({0x40, 256 - 100, 0x48, 9, 0, 0x1c, 0xf3});
    EXPECT_TRUE(asserted());
    card->reset(Machine::now_ns());
    EXPECT_FALSE(asserted());
    Machine::run_for(100 * millisecond_ns);
    EXPECT_FALSE(asserted());
    send({0xf2});
    card->remove(Machine::now_ns());
    EXPECT_FALSE(asserted());
    EXPECT_EQ(in(base + 0xe), 0xffu);
    EXPECT_EQ(in(0x331), 0xffu);
    EXPECT_EQ(in(0x388), 0xffu);
    make({.dma16 = 1});
    Sb16 wrong("wrong", {.dma16 = 4});
    EXPECT_FALSE(wrong.check().ok());
}

}  // namespace
}  // namespace portico::test::sb16_test
