// The Sound Blaster 16's driver: four subdevices that share a card, its interrupt and its mixer.
#include "card.h"
#include "machine/inspect.h"
#include "support/requires.h"

namespace portico::cards_test {
namespace {

using namespace std::chrono_literals;
using hardware::Sb16;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

// Nodes of the mixer.
constexpr ULONG midi_volume = 1, cd_mute = 3, mic_volume = 6, mic_mute = 7, tone = 9, master_volume = 10,
                input_gain = 12;
constexpr LONG decibel = 0x10000;

struct SoundBlaster : ::testing::Test {
    Machine m = started(example("sb16", SB16_IMAGE));

    Sb16& card() { return model_of<Sb16>(m); }
    unsigned mixer(std::uint8_t index) { return card().mixer().at(index); }
    Pin open(const char* filter, Pin::Direction direction) {
        Pin pin = m.filter(filter).open(direction).value();
        EXPECT_OK(pin.run());
        return pin;
    }
    // Both of them sound, and MIDI IN is recorded.
    void expect_music() {
        const std::size_t sent = m.device("sb16").wire().size();
        Pin uart = open("UART", Pin::Render);
        Pin fm = open("FMSynth", Pin::Render);
        Pin in = open("UART", Pin::Capture);
        play(m, uart, {0x90, 60, 100});
        m.run_for(2ms);
        EXPECT_EQ(m.device("sb16").wire().size(), sent + 3);
        play(m, fm, {0x90, 69, 100});
        ASSERT_THAT(keyed(m), SizeIs(1));
        EXPECT_NEAR(keyed(m)[0].frequency_hz / 440, 1, 0.003);
        m.device("sb16").receive({0x91, 61, 101});
        m.run_for(5ms);
        const auto captured = in.take_captured();
        ASSERT_THAT(captured, SizeIs(1));
        EXPECT_THAT(captured[0].bytes, ElementsAre(0x91, 61, 101));
    }
    void TearDown() override {
        EXPECT_OK(m.unload());
        EXPECT_THAT(m.findings(), IsEmpty());
        EXPECT_EQ(m.device("sb16").counters()["DSP commands unknown"], 0u);
        EXPECT_EQ(m.device("sb16").counters()["DSP written while busy"], 0u);
        EXPECT_EQ(m.device("sb16").counters()["DSP resets too short"], 0u);
    }
};

TEST_F(SoundBlaster, StartsItsFourSubdevices) {
    EXPECT_THAT(m.filters(), UnorderedElementsAre("Topology", "Wave", "FMSynth", "UART"));
    EXPECT_EQ(mixer(0x80), 0x02u) << "IRQ 5";
    EXPECT_EQ(mixer(0x81), 0x22u) << "channels 1 and 5";
    EXPECT_EQ(mixer(0x30), 0xD8u);
    EXPECT_EQ(mixer(0x3C), 0x1Eu);
    expect_music();
}

TEST_F(SoundBlaster, ASongGoesOutAndAnotherComesIn) {
    Pin out = open("UART", Pin::Render);
    Pin in = open("UART", Pin::Capture);
    Bytes sent;
    for (std::uint8_t i = 0; i < 50; ++i) {
        const Bytes message{0x90, static_cast<std::uint8_t>(30 + i), 100};
        ASSERT_OK(out.write(message));
        sent.insert(sent.end(), message.begin(), message.end());
        m.device("sb16").receive({0xB0, 7, i, 0xF8});
        m.run_for(2ms);
    }
    ASSERT_OK(out.drain());
    m.run_for(10ms);
    EXPECT_EQ(m.device("sb16").wire(), sent);
    const auto captured = in.take_captured();
    std::size_t volumes = 0;
    for (const CapturedMessage& message : captured) {
        if (message.bytes.size() != 3) continue;
        EXPECT_EQ(message.bytes[2], volumes);
        ++volumes;
    }
    EXPECT_EQ(volumes, 50u);
    EXPECT_EQ(m.device("sb16").counters()["received, receive FIFO full"], 0u);
}

// The DSP's interrupt and the MPU-401's at once, told apart by register 82h.
TEST_F(SoundBlaster, InterruptsOfItsPartsAreToldApart) {
    Pin in = open("UART", Pin::Capture);
    const auto pending = [&] {
        const auto now_ns = static_cast<Nanoseconds>(m.now().count());
        card().write(4, 1, 0x82, now_ns);
        return card().read(5, 1, now_ns);
    };
    for (const std::uint8_t interrupt : {0xf2, 0xf3}) {
        m.device("sb16").receive({0x90, 60, interrupt == 0xf2 ? std::uint8_t{1} : std::uint8_t{2}});
        m.run_until([&] { return pending() != 0; }, 5ms);
        card().write(0xc, 1, interrupt, static_cast<Nanoseconds>(m.now().count()));
        m.run_for(5ms);
        REQUIRES("FLD-061");
        EXPECT_EQ(pending(), 0u) << "acknowledged";
    }
    const auto captured = in.take_captured();
    ASSERT_THAT(captured, SizeIs(2));
    EXPECT_THAT(captured[1].bytes, ElementsAre(0x90, 60, 2));
}

TEST_F(SoundBlaster, ItsMixerIsTheCards) {
    NodeClient node(m, "Topology");
    const auto level = KSPROPERTY_AUDIO_VOLUMELEVEL;
    EXPECT_THAT(node.range(midi_volume, level), ElementsAre(-62 * decibel, 0, 2 * decibel));
    EXPECT_EQ(node.set(midi_volume, level, 0, -10 * decibel), STATUS_SUCCESS);
    EXPECT_EQ(mixer(0x34), 26u << 3);
    EXPECT_EQ(mixer(0x35), 0xD8u);
    EXPECT_EQ(node.value(midi_volume, level, 0), -10 * decibel);
    EXPECT_EQ(node.value(midi_volume, level, 1), -8 * decibel);
    EXPECT_EQ(node.set(master_volume, level, -1, -100 * decibel), STATUS_SUCCESS);
    EXPECT_EQ(mixer(0x30) | mixer(0x31), 0u);
    EXPECT_EQ(node.set(mic_volume, level, 0, 5 * decibel), STATUS_SUCCESS);
    EXPECT_EQ(mixer(0x3A), 31u << 3);
    EXPECT_FALSE(NT_SUCCESS(node.set(mic_volume, level, 1, 0))) << "it has one channel";
    EXPECT_THAT(node.range(input_gain, level), ElementsAre(0, 18 * decibel, 6 * decibel));
    EXPECT_EQ(node.set(input_gain, level, 1, 12 * decibel), STATUS_SUCCESS);
    EXPECT_EQ(mixer(0x40), 0x80u);

    EXPECT_EQ(node.value(cd_mute, KSPROPERTY_AUDIO_MUTE, 0), FALSE);
    EXPECT_EQ(node.set(cd_mute, KSPROPERTY_AUDIO_MUTE, 0, TRUE), STATUS_SUCCESS);
    EXPECT_EQ(mixer(0x3C), 0x1Au);
    EXPECT_EQ(node.value(cd_mute, KSPROPERTY_AUDIO_MUTE, 0), TRUE);
    EXPECT_EQ(node.value(cd_mute, KSPROPERTY_AUDIO_MUTE, 1), FALSE);
    EXPECT_EQ(node.value(mic_mute, KSPROPERTY_AUDIO_MUTE, 0), TRUE);
    EXPECT_EQ(node.set(mic_mute, KSPROPERTY_AUDIO_MUTE, -1, FALSE), STATUS_SUCCESS);
    EXPECT_EQ(mixer(0x3C), 0x1Bu);

    EXPECT_THAT(node.range(tone, KSPROPERTY_AUDIO_BASS),
                ElementsAre(-14 * decibel, 14 * decibel, 2 * decibel));
    EXPECT_EQ(node.set(tone, KSPROPERTY_AUDIO_BASS, -1, -20 * decibel), STATUS_SUCCESS);
    EXPECT_EQ(node.set(tone, KSPROPERTY_AUDIO_TREBLE, 1, 14 * decibel), STATUS_SUCCESS);
    EXPECT_EQ(mixer(0x46), 0x10u);
    EXPECT_EQ(mixer(0x47), 0x10u);
    EXPECT_EQ(mixer(0x44), 0x80u);
    EXPECT_EQ(mixer(0x45), 0xF0u);
    EXPECT_EQ(node.value(tone, KSPROPERTY_AUDIO_BASS, 0), -14 * decibel);
    EXPECT_FALSE(node.value(tone, level, 0).has_value());
}

TEST_F(SoundBlaster, SettingsSurviveSleepAndTheDriver) {
    {
        NodeClient node(m, "Topology");
        ASSERT_EQ(node.set(midi_volume, KSPROPERTY_AUDIO_VOLUMELEVEL, -1, -30 * decibel), STATUS_SUCCESS);
    }
    ASSERT_OK(m.sleep(SleepState::S3));
    ASSERT_OK(m.resume());
    EXPECT_EQ(mixer(0x34), 16u << 3) << "written again";
    EXPECT_EQ(mixer(0x80), 0x02u);
    ASSERT_OK(m.disable());
    ASSERT_OK(m.enable());
    EXPECT_EQ(mixer(0x34), 16u << 3) << "by way of the registry";
    EXPECT_EQ(mixer(0x35), 16u << 3);
}

TEST(SoundBlasterSettings, ComeFromTheRegistry) {
    MachineConfig config = example("sb16", SB16_IMAGE);
    config.registry = {{"Settings", "LeftMidiVol", std::uint32_t{0x58}},
                       {"Settings", "RightMidiVol", "loud"}};
    Machine m = started(config);
    EXPECT_EQ(model_of<Sb16>(m).mixer().at(0x34), 0x58);
    EXPECT_EQ(model_of<Sb16>(m).mixer().at(0x35), 0xD8) << "not a number";
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(SoundBlasterSettings, ComeFromItsInf) {
    MachineConfig config = example("sb16", SB16_IMAGE);
    config.inf = PORTICO_SOURCE_DIR "/drivers/sb16/sb16.inf";
    for (const char* const id : {"*PNPB003", "*CTL0041"}) {
        config.devices[0].hardware_id = id;
        Machine m = started(config);
        EXPECT_EQ(model_of<Sb16>(m).mixer().at(0x34), 0xE0) << id;
        EXPECT_EQ(model_of<Sb16>(m).mixer().at(0x32), 0xD8) << "not among its values";
        EXPECT_THAT(m.filters(), SizeIs(4));
        EXPECT_THAT(m.findings(), IsEmpty());
    }
}

TEST_F(SoundBlaster, SleepsAndWakesWhileItPlays) {
    {
        Pin fm = open("FMSynth", Pin::Render);
        Pin in = open("UART", Pin::Capture);
        play(m, fm, {0x90, 60, 100});
        for (const SleepState state : {SleepState::S1, SleepState::S3}) {
            ASSERT_OK(m.sleep(state));
            m.device("sb16").receive({0x90, 60, 100});
            m.run_for(10ms);
            ASSERT_OK(m.resume());
            EXPECT_THAT(keyed(m), IsEmpty());
            play(m, fm, {0x90, 62, 100});
            EXPECT_THAT(keyed(m), SizeIs(1));
        }
    }
    expect_music();
}

TEST_F(SoundBlaster, FollowsItsResources) {
    ASSERT_OK(m.rebalance({{"port", "0x240"}, {"midi_port", "0x300"}, {"irq", "7"}, {"dma8", "3"}}));
    EXPECT_EQ(mixer(0x80), 0x04u);
    EXPECT_EQ(mixer(0x81), 0x28u);
    expect_music();
    ASSERT_OK(m.stop());
    ASSERT_OK(m.restart());
    expect_music();
}

// The UART's routine stays with the card's interrupt until all of it goes.
TEST_F(SoundBlaster, CanBeUnloadedWhileBytesComeIn) {
    Pin in = open("UART", Pin::Capture);
    m.device("sb16").receive(Bytes(900, 0xF8));
    m.run_for(10ms);
    in.close();
    ASSERT_OK(m.disable());
    ASSERT_OK(m.enable());
    m.run_for(300ms);  // what is still on the wire
    expect_music();
    m.device("sb16").receive(Bytes(900, 0xF8));
}

TEST_F(SoundBlaster, SurvivesBeingPulledOutWhileItPlays) {
    {
        Pin fm = open("FMSynth", Pin::Render);
        Pin uart = open("UART", Pin::Render);
        Pin in = open("UART", Pin::Capture);
        NodeClient node(m, "Topology");
        play(m, fm, {0x90, 60, 100});
        ASSERT_OK(uart.write({0x90, 60, 100, 0x90, 61, 100}));
        m.device("sb16").receive({0x90, 60, 100});
        m.device("sb16").vanish();
        (void)fm.write({0x90, 61, 100});
        (void)node.set(midi_volume, KSPROPERTY_AUDIO_VOLUMELEVEL, -1, 0);
        m.run_for(1ms);
        m.surprise_remove();
        (void)fm.write({0x90, 62, 100});
        m.run_for(5ms);
    }
    m.run_for(10ms);  // the last handle's REMOVE
    ASSERT_OK(m.replug());
    expect_music();
}

TEST(SoundBlasterWave, ItsPinsAreRefusedWithAWord) {
    Machine m = started(example("sb16", SB16_IMAGE));
    const auto pin = m.filter("Wave").open(Pin::Render);
    ASSERT_FALSE(pin.ok());
    EXPECT_THAT(pin.error().message, HasSubstr("STATUS_NOT_SUPPORTED"));
    REQUIRES("FN-035");
    EXPECT_THAT(m.advice(), Contains(FindingOf("FN-035")));
    EXPECT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(SoundBlasterParts, ACardWithoutMpuOrSynthesizerHasTheRest) {
    MachineConfig config = example("sb16", SB16_IMAGE);
    config.devices[0].resources = {
        {Resource::Kind::port, 0x220, 16}, {Resource::Kind::interrupt, 5}, {Resource::Kind::dma, 1}};
    Machine m = started(config);
    EXPECT_THAT(m.filters(), UnorderedElementsAre("Topology", "Wave"));
    EXPECT_EQ(model_of<Sb16>(m).mixer().at(0x81), 0x02);
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(SoundBlasterParts, OtherResourcesAreRefused) {
    const std::vector<Resource> wrong[] = {
        {{Resource::Kind::port, 0x220, 16}, {Resource::Kind::interrupt, 5}},
        {{Resource::Kind::port, 0x220, 16}, {Resource::Kind::dma, 1}},
        {{Resource::Kind::port, 0x330, 2}, {Resource::Kind::interrupt, 5}, {Resource::Kind::dma, 1}},
        {{Resource::Kind::port, 0x220, 16}, {Resource::Kind::interrupt, 11}, {Resource::Kind::dma, 1}}};
    for (const std::vector<Resource>& resources : wrong) {
        MachineConfig config = example("sb16", SB16_IMAGE);
        config.devices[0].resources = resources;
        Machine m = Machine::create(config).value();
        EXPECT_EQ(m.start().code, STATUS_DEVICE_CONFIGURATION_ERROR);
        EXPECT_THAT(m.findings(), IsEmpty());
    }
}

TEST(SoundBlasterParts, AnOlderCardIsRefused) {
    MachineConfig config = example("sb16", SB16_IMAGE);
    config.devices[0].parameters["version"] = "0x0302";
    Machine m = Machine::create(config).value();
    EXPECT_EQ(m.start().code, STATUS_DEVICE_CONFIGURATION_ERROR);
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(SoundBlasterTopology, IsConnectedAndPassesTheTopologyTest) {
    EXPECT_THAT(topology_faults(example("sb16", SB16_IMAGE)), IsEmpty());
    const auto seen = machine::inspect(example("sb16", SB16_IMAGE));
    ASSERT_TRUE(seen.ok()) << seen.error().message;
    EXPECT_THAT(seen.value().findings, IsEmpty());
    for (const report::GraphFilter& filter : seen.value().graph.filters) {
        EXPECT_THAT(filter.failures, IsEmpty());
        if (filter.name != "Topology") continue;
        EXPECT_THAT(filter.nodes, SizeIs(13));
        EXPECT_THAT(filter.connections, SizeIs(22));
        REQUIRES("FN-062");
        EXPECT_EQ(filter.pins.at(0).wire->filter, "Wave");
        EXPECT_EQ(filter.pins.at(0).wire->pin, 3u);
        EXPECT_EQ(filter.pins.at(1).wire->filter, "FMSynth");
        EXPECT_EQ(filter.pins.at(6).wire->filter, "Wave");
        EXPECT_EQ(filter.pins.at(6).wire->pin, 1u);
        EXPECT_FALSE(filter.pins.at(2).wire.has_value());
    }
}

}  // namespace
}  // namespace portico::cards_test
