// The wavetable synthesizer's driver: what its card was told, the bank that it keeps, and the game port.
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "card.h"
#include "nt/io/pnp.h"
#include "sim/dma.h"
#include "support/requires.h"

namespace portico::cards_test {
namespace {

using namespace std::chrono_literals;
using ::testing::IsEmpty;

constexpr std::uint32_t reg_voice = 0x2, reg_start_low = 0x4, reg_start_high = 0x6, reg_length = 0x8,
                        reg_pitch = 0xA, reg_volume = 0xC, reg_control = 0xE;
constexpr unsigned wave_length = 64;

MachineConfig wavetable_card() {
    MachineConfig config;
    machine::Ends ends;
    const auto read =
        machine::read_machine_file(PORTICO_SOURCE_DIR "/drivers/wavetable/wavetable.toml", config, ends);
    EXPECT_TRUE(read.ok()) << (read.ok() ? "" : read.error().message);
    config.driver = WAVETABLE_IMAGE;
    config.print_findings = false;
    return config;
}

struct Voice {
    std::map<std::uint32_t, std::uint32_t> registers;
    std::uint32_t at(std::uint32_t offset) const {
        const auto found = registers.find(offset);
        return found == registers.end() ? 0 : found->second;
    }
    bool sounds() const { return (at(reg_control) & 1) != 0; }
    std::uint32_t start() const { return at(reg_start_high) << 16 | at(reg_start_low); }
};

// What the card's voices were told.
std::map<std::uint32_t, Voice> voices_of(Machine& m) {
    std::map<std::uint32_t, Voice> all;
    std::uint32_t chosen = 0;
    for (const RegisterAccess& access : m.device("wavetable").accesses()) {
        if (!access.is_write) continue;
        EXPECT_EQ(access.width, 2u);
        if (access.offset == reg_voice) chosen = access.value;
        all[chosen].registers[access.offset] = access.value;
    }
    return all;
}

struct Wavetable : ::testing::Test {
    Machine m = started(wavetable_card());
    std::optional<Pin> pin;

    void open() {
        auto opened = m.filter("Wavetable").open(Pin::Render);
        ASSERT_OK(opened);
        pin.emplace(std::move(opened).value());
        ASSERT_OK(pin->run());
    }
    void play(const Bytes& bytes) { cards_test::play(m, *pin, bytes); }
    std::vector<Voice> sounding() {
        std::vector<Voice> all;
        for (const auto& [number, voice] : voices_of(m)) {
            if (voice.sounds()) all.push_back(voice);
        }
        return all;
    }
    // The wave that a note of the program plays, by its first quarter.
    int sample_of(std::uint8_t program, unsigned index) {
        play({0xC0, program, 0x90, 69, 127});
        const auto on = sounding();
        EXPECT_EQ(on.size(), 1u);
        std::int16_t sample = 0;
        if (!on.empty()) sim::read_physical(on[0].start() + 2 * index, &sample, sizeof sample);
        play({0xB0, 120, 0});
        return sample;
    }
    void TearDown() override {
        pin.reset();
        EXPECT_THAT(sounding(), IsEmpty()) << "a note is stuck";
        EXPECT_OK(m.unload());
        EXPECT_THAT(m.findings(), IsEmpty());
    }
};

TEST_F(Wavetable, PlaysSamplesAtTheNotesPitch) {
    open();
    play({0x90, 69, 127, 0x90, 81, 64});
    const auto on = sounding();
    ASSERT_EQ(on.size(), 2u);
    const double per_step = 48000.0 / 2048 / wave_length;
    EXPECT_NEAR(on[0].at(reg_pitch) * per_step, 440, 0.5);
    EXPECT_NEAR(on[1].at(reg_pitch) * per_step, 880, 0.5);
    EXPECT_EQ(on[0].at(reg_volume), 0u);
    EXPECT_NEAR(on[1].at(reg_volume) / 256.0, 40 * std::log10(127.0 / 64), 0.01);
    EXPECT_EQ(on[0].at(reg_length), wave_length);
    EXPECT_EQ(on[0].start(), on[1].start());
}

TEST_F(Wavetable, ItsSamplesAreInMemory) {
    open();
    EXPECT_EQ(sample_of(0, 0), 0) << "a sine";
    EXPECT_EQ(sample_of(0, wave_length / 4), 32767);
    EXPECT_EQ(sample_of(24, 0), 32767) << "a square";
    EXPECT_EQ(sample_of(24, wave_length / 2), -32767);
}

TEST_F(Wavetable, AReleasedVoiceFades) {
    open();
    play({0x90, 60, 127, 0x80, 60, 0});
    ASSERT_EQ(sounding().size(), 1u);
    m.run_for(50ms);
    ASSERT_EQ(sounding().size(), 1u);
    const std::uint32_t faded = sounding()[0].at(reg_volume);
    EXPECT_GT(faded, 0u);
    m.run_for(50ms);
    EXPECT_GT(sounding()[0].at(reg_volume), faded);
    m.run_for(2s);
    EXPECT_THAT(sounding(), IsEmpty());
    const std::size_t accesses = m.device("wavetable").accesses().size();
    m.run_for(100ms);
    EXPECT_EQ(m.device("wavetable").accesses().size(), accesses) << "the timer rests";
}

TEST_F(Wavetable, TheOldestVoiceGivesWay) {
    open();
    for (std::uint8_t note = 40; note < 57; ++note) play({0x90, note, 100});
    EXPECT_EQ(sounding().size(), 16u);
}

TEST_F(Wavetable, KeepsItsBankInAFile) {
    open();
    EXPECT_EQ(sample_of(0, 0), 0);
    play({0xF0, 0x7D, 0x57, 0, 3, 9, 0xF7});
    play({0xF0, 0x7D, 0x57, 1, 9, 9, 0xF7, 0xF0, 0x7D, 0x57, 2, 3, 0xF7});  // neither is one
    m.run_for(20ms);
    EXPECT_EQ(sample_of(0, 0), 32767);
    pin.reset();
    ASSERT_OK(m.disable());
    ASSERT_OK(m.enable());
    open();
    REQUIRES("FLD-054");
    EXPECT_EQ(sample_of(0, 0), 32767) << "by way of the file";
    EXPECT_EQ(sample_of(1, 0), 0);
}

TEST_F(Wavetable, IsGoneWhileItsBankIsOnTheWay) {
    open();
    for (std::uint8_t program = 0; program < 20; ++program)
        (void)pin->write({0xF0, 0x7D, 0x57, program, 1, 9, 0xF7});
    m.surprise_remove();
    pin.reset();
    ASSERT_OK(m.replug());
    open();
    play({0x90, 60, 100});
    EXPECT_EQ(sounding().size(), 1u);
}

TEST_F(Wavetable, SleepsAndPlaysAgain) {
    open();
    play({0x90, 60, 100, 0x90, 64, 100, 0x80, 64, 0});
    ASSERT_OK(m.sleep(SleepState::S3));
    m.run_for(100ms);
    ASSERT_OK(m.resume());
    EXPECT_THAT(sounding(), IsEmpty());
    play({0x90, 62, 100});
    EXPECT_EQ(sounding().size(), 1u);
}

std::string content(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Where every patch is a square, and spelled as the disk has it.
TEST(WavetableCard, ReadsTheBankThatItsInfCopies) {
    const auto folder =
        std::filesystem::temp_directory_path() / ("portico-wavetable-" + std::to_string(::getpid()));
    std::filesystem::create_directories(folder);
    std::string inf = content(PORTICO_SOURCE_DIR "/drivers/wavetable/wavetable.inf");
    const std::string copied = "wavetable.sys,,,2\n";
    ASSERT_NE(inf.find(copied), std::string::npos);
    inf.insert(inf.find(copied) + copied.size(), "wavetabl.bnk\n");
    std::ofstream(folder / "wavetable.inf") << inf;
    std::string bank = "Bank";
    for (int i = 0; i < 128; ++i) bank += "\3\1";
    std::ofstream(folder / "WAVETABL.BNK", std::ios::binary) << bank;
    MachineConfig config = wavetable_card();
    config.inf = (folder / "wavetable.inf").string();
    {
        Machine m = started(config);
        Pin pin = m.filter("Wavetable").open(Pin::Render).value();
        ASSERT_OK(pin.run());
        play(m, pin, {0x90, 69, 127});
        const auto voices = voices_of(m);
        ASSERT_FALSE(voices.empty());
        std::int16_t sample = 0;
        REQUIRES("FLD-054");
        EXPECT_TRUE(sim::read_physical(voices.begin()->second.start(), &sample, sizeof sample));
        EXPECT_EQ(sample, 32767);
        pin.close();
        ASSERT_OK(m.unload());
        EXPECT_THAT(m.findings(), IsEmpty());
    }
    std::filesystem::remove_all(folder);
}

// The card's child, as a bus driver reports it.
TEST_F(Wavetable, ReportsAGamePort) {
    const auto& node = *m.state().devices.at(0).node;
    const nt::io::DeviceNode* const child = nt::io::next_child(node, nullptr);
    ASSERT_NE(child, nullptr);
    REQUIRES("FLD-006");
    EXPECT_EQ(std::u16string(child->instance_path).substr(0, 18), u"WAVETABLE\\GamePort");
    EXPECT_EQ(std::u16string(child->description), u"Game port of a wavetable card");
    EXPECT_EQ(nt::io::next_child(node, child), nullptr);
    ASSERT_OK(m.stop());
    ASSERT_OK(m.restart());
    EXPECT_NE(nt::io::next_child(node, nullptr), nullptr);
}

TEST(WavetableCard, PassesTheTopologyTest) {
    EXPECT_THAT(topology_faults(wavetable_card()), IsEmpty());
}

}  // namespace
}  // namespace portico::cards_test
