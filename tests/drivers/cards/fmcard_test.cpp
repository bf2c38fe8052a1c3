// The FM synthesizer's driver: what the chip's registers say after MIDI went in.
#include "card.h"
#include "support/requires.h"

namespace portico::cards_test {
namespace {

using namespace std::chrono_literals;
using hardware::opl3::Channel;
using hardware::opl3::Operator;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr ULONG volume_node = 1;
constexpr LONG step = 0xC000;  // 0.75 dB

struct FmCard : ::testing::Test {
    Machine m = started(example("fmcard", FMCARD_IMAGE));
    std::optional<Pin> pin;

    void open() {
        auto opened = m.filter("FMSynth").open(Pin::Render);
        ASSERT_OK(opened);
        pin.emplace(std::move(opened).value());
        ASSERT_OK(pin->run());
    }
    void play(const Bytes& bytes) { cards_test::play(m, *pin, bytes); }
    double heard_hz() {
        const auto on = keyed(m);
        EXPECT_THAT(on, SizeIs(1));
        return on.empty() ? 0 : on[0].frequency_hz;
    }
    void TearDown() override {
        pin.reset();
        EXPECT_THAT(keyed(m), IsEmpty()) << "a note is stuck";
        EXPECT_EQ(chip_of(m).counters()[3].value, 0u) << chip_of(m).counters()[3].name;
        EXPECT_EQ(m.device("opl3").counters()["keys on"], m.device("opl3").counters()["keys off"]);
        EXPECT_OK(m.unload());
        EXPECT_THAT(m.findings(), IsEmpty());
    }
};

TEST_F(FmCard, SetsTheChipUp) {
    EXPECT_THAT(m.filters(), ElementsAre("FMSynth"));
    const auto& registers = chip_of(m).registers();
    EXPECT_EQ(registers[0x105], 1);
    EXPECT_EQ(registers[0x104], 0);
    EXPECT_EQ(registers[0xBD], 0xC0);
    for (unsigned i = 0; i < hardware::opl3::operator_count; ++i)
        EXPECT_EQ(hardware::opl3::operator_at(registers, i).total_level, 63);
}

TEST_F(FmCard, NotesHaveTheirFrequencies) {
    open();
    for (std::uint8_t note = 12; note <= 110; ++note) {
        play({0x90, note, 100});
        REQUIRES("OP-009");
        EXPECT_NEAR(heard_hz() / frequency_hz(note), 1, note < 24 ? 0.006 : 0.003) << unsigned{note};
        play({0x80, note, 64});
        EXPECT_THAT(keyed(m), IsEmpty());
    }
    // The chip's highest note is below these: they sound an octave lower.
    play({0x90, 120, 100});
    EXPECT_NEAR(heard_hz() / frequency_hz(108), 1, 0.003);
    play({0x90, 120, 0});
    EXPECT_THAT(keyed(m), IsEmpty());
}

TEST_F(FmCard, EighteenNotesSoundAndTheOldestGivesWay) {
    open();
    for (std::uint8_t i = 0; i < 18; ++i) play({0x90, static_cast<std::uint8_t>(40 + i), 100});
    EXPECT_THAT(keyed(m), SizeIs(18));
    play({0x91, 80, 100});
    const auto on = keyed(m);
    EXPECT_THAT(on, SizeIs(18));
    const auto sounds = [&](double note) {
        return std::any_of(on.begin(), on.end(), [&](const Channel& channel) {
            return std::abs(channel.frequency_hz / frequency_hz(note) - 1) < 0.01;
        });
    };
    EXPECT_TRUE(sounds(80));
    EXPECT_FALSE(sounds(40));
    EXPECT_TRUE(sounds(41));
    for (std::uint8_t i = 0; i < 18; ++i) play({0x80, static_cast<std::uint8_t>(40 + i), 0});
    EXPECT_THAT(keyed(m), SizeIs(1));
    play({0x81, 80, 0});
    EXPECT_THAT(keyed(m), IsEmpty());
}

// A note again is the same voice; one that was released is left to decay as long as another is free.
TEST_F(FmCard, VoicesAreChosenWithCare) {
    open();
    play({0x90, 60, 100});
    play({0x90, 60, 50});
    EXPECT_THAT(keyed(m), SizeIs(1));
    play({0x80, 60, 0});
    const auto released = hardware::opl3::channel_at(chip_of(m).registers(), 0);
    play({0x90, 72, 100});
    const auto still = hardware::opl3::channel_at(chip_of(m).registers(), 0);
    EXPECT_EQ(still.f_number, released.f_number);
    EXPECT_EQ(still.block, released.block);
    play({0x80, 72, 0});
}

TEST_F(FmCard, BendsByTheRangeThatIsSet) {
    open();
    play({0x90, 69, 100});
    play({0xE0, 0x7F, 0x7F});
    EXPECT_NEAR(heard_hz() / frequency_hz(71), 1, 0.003);
    play({0xE0, 0x00, 0x00});
    EXPECT_NEAR(heard_hz() / frequency_hz(67), 1, 0.003);
    play({0xB0, 101, 0, 0xB0, 100, 0, 0xB0, 6, 12});
    EXPECT_NEAR(heard_hz() / frequency_hz(57), 1, 0.003);
    play({0xE0, 0x00, 0x50});  // a quarter up
    EXPECT_NEAR(heard_hz() / frequency_hz(72), 1, 0.003);
    play({0xB0, 99, 1, 0xB0, 6, 1});  // of another parameter
    EXPECT_NEAR(heard_hz() / frequency_hz(72), 1, 0.003);
    play({0xB0, 121, 0});
    EXPECT_NEAR(heard_hz() / frequency_hz(69), 1, 0.003);
    play({0x80, 69, 0});
}

TEST_F(FmCard, ControllersReachTheVoices) {
    open();
    play({0xB0, 7, 127, 0xB0, 11, 127, 0x90, 60, 127});
    const Channel loud = keyed(m).at(0);
    const unsigned loud_level = carrier_of(m, loud).total_level;
    EXPECT_TRUE(loud.left && loud.right);
    EXPECT_FALSE(carrier_of(m, loud).vibrato);
    play({0xB0, 7, 64});  // 40 log (127 / 64) = 11.9 dB, 16 steps of 0.75
    EXPECT_EQ(carrier_of(m, loud).total_level, loud_level + 16);
    play({0xB0, 11, 64});
    EXPECT_EQ(carrier_of(m, loud).total_level, loud_level + 32);
    play({0xB0, 7, 0});
    EXPECT_EQ(carrier_of(m, loud).total_level, 63);
    play({0xB0, 10, 0});
    EXPECT_TRUE(keyed(m).at(0).left && !keyed(m).at(0).right);
    play({0xB0, 10, 127});
    EXPECT_TRUE(!keyed(m).at(0).left && keyed(m).at(0).right);
    play({0xB0, 1, 100});
    EXPECT_TRUE(carrier_of(m, loud).vibrato);
    play({0xB3, 1, 0, 0xB3, 7, 127});  // another channel's
    EXPECT_EQ(carrier_of(m, loud).total_level, 63);
    play({0xB0, 121, 0});
    EXPECT_FALSE(carrier_of(m, loud).vibrato);
    play({0x80, 60, 0});
}

TEST_F(FmCard, ThePedalHolds) {
    open();
    play({0xB0, 64, 127, 0x90, 60, 100, 0x90, 64, 100});
    play({0x80, 60, 0, 0x80, 64, 0});
    EXPECT_THAT(keyed(m), SizeIs(2));
    play({0xB1, 64, 0});
    EXPECT_THAT(keyed(m), SizeIs(2));
    play({0xB0, 64, 0});
    EXPECT_THAT(keyed(m), IsEmpty());
    for (const std::uint8_t all_off : {120, 123, 126}) {
        play({0xB0, 64, 127, 0x90, 60, 100, 0x80, 60, 0, 0x90, 67, 100});
        EXPECT_THAT(keyed(m), SizeIs(2));
        play({0xB0, all_off, 0});
        EXPECT_THAT(keyed(m), IsEmpty()) << unsigned{all_off};
        play({0xB0, 64, 0});
    }
}

TEST_F(FmCard, ProgramsAndDrumsHaveTheirPatches) {
    open();
    play({0xC0, 0, 0x90, 60, 127});
    const Operator piano = carrier_of(m, keyed(m).at(0));
    EXPECT_FALSE(piano.sustained);
    play({0x80, 60, 0, 0xC0, 16, 0x90, 60, 127});
    const Operator organ = carrier_of(m, keyed(m).at(0));
    EXPECT_TRUE(organ.sustained);
    play({0x80, 60, 0});
    for (std::uint8_t drum = 35; drum <= 81; ++drum) {
        play({0x99, drum, 100});
        EXPECT_THAT(keyed(m), SizeIs(1)) << unsigned{drum};
        play({0x89, drum, 0});
    }
    play({0x99, 34, 100, 0x99, 82, 100});
    EXPECT_THAT(keyed(m), IsEmpty()) << "no drums";
    play({0x99, 36, 100});
    const double before_hz = heard_hz();
    play({0xE9, 0, 0});
    EXPECT_EQ(heard_hz(), before_hz) << "drums do not bend";
    play({0x89, 36, 0});
}

TEST_F(FmCard, TakesRunningStatusAndLeavesSystemMessages) {
    open();
    play({0x90, 60, 100, 64, 100, 67, 100});
    EXPECT_THAT(keyed(m), SizeIs(3));
    play({0xF0, 0x7E, 0x7F, 0x09, 0x01, 0xF7});
    play({0xF8});
    play({0xFE});
    EXPECT_THAT(keyed(m), SizeIs(3));
    play({0x90, 60, 0, 64, 0, 67, 0});
    EXPECT_THAT(keyed(m), IsEmpty());
}

TEST_F(FmCard, StopsAndClosesWithoutAStuckNote) {
    open();
    for (const auto state : {Pin::State::Pause, Pin::State::Stop}) {
        play({0x90, 60, 100, 0x99, 38, 100, 0xB0, 64, 127});
        EXPECT_THAT(keyed(m), SizeIs(2));
        ASSERT_OK(pin->set_state(state));
        EXPECT_THAT(keyed(m), IsEmpty());
        ASSERT_OK(pin->run());
    }
    play({0x90, 60, 100});
    EXPECT_FALSE(m.filter("FMSynth").open(Pin::Render).ok()) << "one client at a time";
    pin->close();
    EXPECT_THAT(keyed(m), IsEmpty());
    open();
    play({0x90, 60, 100});
    EXPECT_THAT(keyed(m), SizeIs(1));
    EXPECT_EQ(chip_of(m).registers()[0xB0] & 0x20, 0) << "the first voice still decays";
}

TEST_F(FmCard, ItsVolumeNodeTurnsTheVoicesDown) {
    open();
    play({0xB0, 7, 127, 0x90, 60, 127});
    const Channel note = keyed(m).at(0);
    const unsigned level = carrier_of(m, note).total_level;
    NodeClient node(m, "FMSynth");
    EXPECT_THAT(node.range(volume_node, KSPROPERTY_AUDIO_VOLUMELEVEL), ElementsAre(-63 * step, 0, step));
    EXPECT_EQ(node.value(volume_node, KSPROPERTY_AUDIO_VOLUMELEVEL, 0), 0);
    EXPECT_EQ(node.set(volume_node, KSPROPERTY_AUDIO_VOLUMELEVEL, -1, -16 * step - 5), STATUS_SUCCESS);
    EXPECT_EQ(node.value(volume_node, KSPROPERTY_AUDIO_VOLUMELEVEL, 1), -16 * step);
    REQUIRES("FM-001");
    EXPECT_EQ(carrier_of(m, note).total_level, level + 16) << "of a note that sounds";
    EXPECT_EQ(node.set(volume_node, KSPROPERTY_AUDIO_VOLUMELEVEL, 0, -100 * 0x10000), STATUS_SUCCESS);
    EXPECT_TRUE(!keyed(m).at(0).left && keyed(m).at(0).right);
    EXPECT_EQ(carrier_of(m, note).total_level, level + 16) << "the other side is as loud as before";
    EXPECT_FALSE(NT_SUCCESS(node.set(volume_node, KSPROPERTY_AUDIO_VOLUMELEVEL, 2, 0)));
    EXPECT_FALSE(node.value(0, KSPROPERTY_AUDIO_VOLUMELEVEL, 0).has_value());
    play({0x80, 60, 0});
}

// The property's handler and the stream, on two processors in any order.
TEST(FmCardSchedules, TheVolumeChangesWhileNotesArePlayed) {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        MachineConfig config = example("fmcard", FMCARD_IMAGE);
        config.seed = seed;
        config.schedule = Schedule::random;
        Machine m = started(config);
        Pin pin = m.filter("FMSynth").open(Pin::Render).value();
        NodeClient node(m, "FMSynth");
        ASSERT_OK(pin.run());
        for (std::uint8_t i = 0; i < 20; ++i) {
            ASSERT_OK(pin.write_at(std::chrono::milliseconds(i),
                                   Bytes{0x90, static_cast<std::uint8_t>(40 + i), 99}));
        }
        for (LONG i = 0; i < 20; ++i)
            EXPECT_EQ(node.set(volume_node, KSPROPERTY_AUDIO_VOLUMELEVEL, -1, -i * step), STATUS_SUCCESS);
        ASSERT_OK(pin.drain());
        m.run_for(5ms);
        EXPECT_THAT(keyed(m), SizeIs(18));
        pin.close();
        EXPECT_THAT(keyed(m), IsEmpty()) << "seed " << seed;
        EXPECT_THAT(m.findings(), IsEmpty()) << "seed " << seed;
    }
}

TEST_F(FmCard, SleepsAndWakesInTheMiddleOfANote) {
    open();
    play({0xC0, 16, 0xB0, 7, 127, 0x90, 60, 127});
    const Operator organ = carrier_of(m, keyed(m).at(0));
    for (const SleepState state : {SleepState::S1, SleepState::S3, SleepState::S4}) {
        ASSERT_OK(m.sleep(state));
        ASSERT_OK(m.resume());
        EXPECT_THAT(keyed(m), IsEmpty());
        REQUIRES("PN-001");
        EXPECT_EQ(chip_of(m).registers()[0x105], 1) << "the chip has been set up again";
        play({0x90, 69, 127});
        EXPECT_NEAR(heard_hz() / frequency_hz(69), 1, 0.003);
        EXPECT_EQ(carrier_of(m, keyed(m).at(0)).total_level, organ.total_level) << "controllers stay";
        EXPECT_TRUE(carrier_of(m, keyed(m).at(0)).sustained) << "and programs";
    }
    ASSERT_OK(m.set_power(3));
    ASSERT_OK(m.set_power(0));
    EXPECT_THAT(keyed(m), IsEmpty());
}

TEST_F(FmCard, FollowsItsPorts) {
    ASSERT_OK(m.rebalance({{"port", "0x220"}}));
    open();
    play({0x90, 60, 100});
    EXPECT_THAT(keyed(m), SizeIs(1));
    pin.reset();
    ASSERT_OK(m.stop());
    ASSERT_OK(m.restart());
    ASSERT_OK(m.disable());
    ASSERT_OK(m.enable());
    open();
    play({0x90, 60, 100});
    EXPECT_THAT(keyed(m), SizeIs(1));
}

TEST(FmCardGone, SurvivesBeingPulledOutInTheMiddleOfANote) {
    Machine m = started(example("fmcard", FMCARD_IMAGE));
    {
        Pin pin = m.filter("FMSynth").open(Pin::Render).value();
        ASSERT_OK(pin.run());
        play(m, pin, {0x90, 60, 100});
        EXPECT_THAT(keyed(m), SizeIs(1));
        ASSERT_OK(pin.write_at(1h, Bytes{0x80, 60, 0}));
        m.device("opl3").vanish();
        (void)pin.write({0x90, 62, 100});
        m.run_for(5ms);
        m.surprise_remove();
        (void)pin.write({0x90, 64, 100});
        m.run_for(5ms);
    }
    m.run_for(10ms);  // the last handle's REMOVE
    ASSERT_OK(m.replug());
    Pin pin = m.filter("FMSynth").open(Pin::Render).value();
    ASSERT_OK(pin.run());
    play(m, pin, {0x90, 60, 100});
    EXPECT_THAT(keyed(m), SizeIs(1));
    pin.close();
    EXPECT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

// ---- starts that fail ----

Status start_of(MachineConfig config) {
    Machine m = Machine::create(std::move(config)).value();
    Status status = m.start();
    EXPECT_THAT(m.findings(), IsEmpty());
    return status;
}

TEST(FmCardStart, NeedsAnOpl3AndItsPorts) {
    MachineConfig config = example("fmcard", FMCARD_IMAGE);
    config.devices[0].parameters["chip"] = "opl2";
    EXPECT_EQ(start_of(config).code, STATUS_DEVICE_CONFIGURATION_ERROR) << "two ports only";
    config.devices[0].resources = {{Resource::Kind::port, 0x388, 4}};
    REQUIRES("OP-005");
    EXPECT_EQ(start_of(config).code, STATUS_IO_DEVICE_ERROR);
    config = example("fmcard", FMCARD_IMAGE);
    config.devices[0].resources = {{Resource::Kind::interrupt, 5}};
    EXPECT_EQ(start_of(config).code, STATUS_DEVICE_CONFIGURATION_ERROR);
    config.devices[0].resources = {{Resource::Kind::port, 0x398, 4}};
    EXPECT_EQ(start_of(config).code, STATUS_IO_DEVICE_ERROR) << "nothing is there";
}

TEST(FmCardStart, IsInstalledByItsInf) {
    MachineConfig config = example("fmcard", FMCARD_IMAGE);
    config.devices[0].parameters.clear();  // where it is, the INF says
    config.inf = PORTICO_SOURCE_DIR "/drivers/fmcard/fmcard.inf";
    Machine m = started(config);
    EXPECT_THAT(m.filters(), ElementsAre("FMSynth"));
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(FmCardTopology, PassesTheTopologyTest) {
    EXPECT_THAT(topology_faults(example("fmcard", FMCARD_IMAGE)), IsEmpty());
}

}  // namespace
}  // namespace portico::cards_test
