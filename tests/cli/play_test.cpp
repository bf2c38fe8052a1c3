// play and record: what goes in comes out, in every kind of file, and the report.
#include <sndfile.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "program.h"

namespace portico::cli_test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

// Two channels, a program change, running status, a SysEx, real-time bytes' worth of everything that a wire
// carries.
Bytes song() {
    return midi_file(Bytes{0, 0xC0, 5, 0, 0x90, 60, 100, 0, 62, 101} + ticks(96) +
                     Bytes{0xF0, 6, 0x7E, 0x7F, 9, 1, 2, 0xF7, 0, 0xB1, 7, 90, 0, 0x91, 40, 70} + ticks(200) +
                     Bytes{0x80, 60, 0, 0, 62, 0, 0, 0x81, 40, 0, 0, 0xE0, 0, 64});
}

std::vector<Bytes> song_messages() {
    return messages(song());
}

struct Playing : ::testing::Test {
    Folder folder;
    Playing() { folder.write("song.mid", song()); }
};

TEST_F(Playing, MidiFileHasTheSameMessages) {
    const Ended ended = run(folder, {"play", "song.mid", "-o", "out.mid"});
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.err, IsEmpty());
    EXPECT_EQ(messages(folder.bytes("out.mid")), song_messages());
}

TEST_F(Playing, CableLoopsTheSameMessages) {
    const Ended ended = run(folder, {"play", "song.mid", "--driver", "cable", "-o", "out.mid"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(messages(folder.bytes("out.mid")), song_messages());
    EXPECT_THAT(ended.out, HasSubstr("captured "));
}

TEST_F(Playing, TextHasALineForEachMessage) {
    ASSERT_EQ(run(folder, {"play", "song.mid", "-o", "out.txt"}).code, 0);
    const std::string text = folder.text("out.txt");
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), static_cast<long>(song_messages().size()));
    EXPECT_THAT(text, AllOf(HasSubstr("90 3C 64"), HasSubstr("sysex")));
}

struct Sound {
    sf_count_t frames = 0;
    int rate_hz = 0;
    int loudest = 0;
};

Sound read_sound(const std::string& path) {
    SF_INFO info{};
    SNDFILE* const file = sf_open(path.c_str(), SFM_READ, &info);
    EXPECT_NE(file, nullptr) << path;
    if (file == nullptr) return {};
    std::vector<short> samples(static_cast<std::size_t>(info.frames * info.channels));
    EXPECT_EQ(sf_readf_short(file, samples.data(), info.frames), info.frames);
    sf_close(file);
    int loudest = 0;
    for (const short sample : samples) loudest = std::max(loudest, std::abs(static_cast<int>(sample)));
    return {info.frames, info.samplerate, loudest};
}

TEST_F(Playing, SoundIsAudibleAndTheSameInWavAndFlac) {
    const Ended ended = run(folder, {"play", "song.mid", "-o", "a.wav", "-o", "a.flac"});
    ASSERT_EQ(ended.code, 0) << ended.err;
    const Sound wav = read_sound(folder.file("a.wav"));
    const Sound flac = read_sound(folder.file("a.flac"));
    EXPECT_EQ(wav.rate_hz, 44'100);
    EXPECT_GT(wav.frames, 44'100 / 4);
    EXPECT_GT(wav.loudest, 500);
    EXPECT_EQ(wav.frames, flac.frames);
    EXPECT_EQ(wav.loudest, flac.loudest);
}

TEST_F(Playing, SoundIsTheSameInEveryRun) {
    ASSERT_EQ(run(folder, {"play", "song.mid", "-o", "a.wav"}).code, 0);
    ASSERT_EQ(run(folder, {"play", "song.mid", "-o", "b.wav"}).code, 0);
    EXPECT_EQ(folder.bytes("a.wav"), folder.bytes("b.wav"));
}

TEST_F(Playing, SoundFontThatIsMissingIsExitCode3AndLeavesNothing) {
    const Ended ended = run(folder, {"play", "song.mid", "-o", "a.wav", "--synth", "no.sf2"});
    EXPECT_NE(ended.code, 0);
    EXPECT_TRUE(ended.one_line()) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("no.sf2"));
    folder.write("text.sf2", "no SoundFont");
    const Ended wrong = run(folder, {"play", "song.mid", "-o", "a.wav", "--synth", "text.sf2"});
    EXPECT_EQ(wrong.code, 2);
    EXPECT_TRUE(wrong.one_line()) << wrong.err;
    EXPECT_THAT(wrong.err, HasSubstr("text.sf2"));
    EXPECT_THAT(folder.names(), ElementsAre("song.mid", "text.sf2"));
}

TEST_F(Playing, ReportSaysWhatTheIssueAsksFor) {
    const Ended ended = run(folder, {"play", "song.mid", "-o", "out.mid"});
    for (const char* const part :
         {"asked ", "wire ", "messages", "bytes", "note-ons", "note-offs", "SysEx bytes", "balanced",
          "lateness", "p50", "p99", "max", "simulated", "times real time", "interrupts", "DPCs",
          "findings     none", "output       out.mid"}) {
        EXPECT_THAT(ended.out, HasSubstr(part));
    }
    EXPECT_THAT(ended.out, HasSubstr("every message came out, in order, to the byte"));
}

TEST_F(Playing, UnbalancedNotesAreTold) {
    folder.write("held.mid", midi_file(Bytes{0, 0x90, 60, 100, 10, 0x80, 61, 0}));
    const Ended ended = run(folder, {"play", "held.mid"});
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, HasSubstr("1 key still down, 1 note-off without a note"));
}

TEST_F(Playing, DenserThanTheWireIsLateNotLossy) {
    Bytes events;
    for (int i = 0; i < 1000; ++i)
        events = std::move(events) + Bytes{0, 0xB0, 7, static_cast<std::uint8_t>(i % 128)};
    folder.write("dense.mid", midi_file(events));
    const auto report = nlohmann::json::parse(run(folder, {"play", "dense.mid", "--json"}).out);
    EXPECT_TRUE(report.at("complete").get<bool>());
    EXPECT_EQ(report.at("wire").at("messages"), 1000);
    // 999 messages of 960 us, and what the driver takes between them, go before the last one's first bit.
    EXPECT_GT(report.at("lateness_ns").at("max").get<double>(), 959e6);
    EXPECT_LT(report.at("lateness_ns").at("max").get<double>(), 1100e6);
}

TEST_F(Playing, JsonIsAllThatIsOnStandardOutput) {
    const Ended ended = run(folder, {"play", "song.mid", "--json", "-o", "out.mid"});
    EXPECT_EQ(ended.code, 0);
    const auto report = nlohmann::json::parse(ended.out);
    EXPECT_EQ(report.at("asked").at("messages"), song_messages().size());
    EXPECT_EQ(report.at("wire").at("bytes"), report.at("asked").at("bytes"));
    EXPECT_EQ(report.at("wire").at("sysex_bytes"), 7);
    EXPECT_TRUE(report.at("wire").at("balanced").get<bool>());
    EXPECT_THAT(report.at("outputs").get<Arguments>(), ElementsAre("out.mid"));
    EXPECT_THAT(report.at("findings"), IsEmpty());
    for (const char* const key :
         {"simulated_ns", "wall_ns", "interrupts", "dpcs", "lateness_ns", "matched", "stopped"}) {
        EXPECT_TRUE(report.contains(key)) << key;
    }
}

TEST_F(Playing, QuietPrintsNothing) {
    const Ended ended = run(folder, {"play", "song.mid", "-q"});
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, IsEmpty());
    EXPECT_THAT(ended.err, IsEmpty());
}

TEST_F(Playing, SameSeedGivesTheSameTraceByteForByte) {
    ASSERT_EQ(run(folder, {"play", "song.mid", "--seed", "7", "--trace", "a.json"}).code, 0);
    ASSERT_EQ(run(folder, {"play", "song.mid", "--seed", "7", "--trace", "b.json"}).code, 0);
    EXPECT_TRUE(folder.bytes("a.json") == folder.bytes("b.json"));
    const auto trace = nlohmann::json::parse(folder.text("a.json"));
    const auto& events = trace.is_array() ? trace : trace.at("traceEvents");
    EXPECT_GT(events.size(), 500u);
    EXPECT_THAT(folder.text("a.json"), AllOf(HasSubstr("IMiniportMidiStream::Write"), HasSubstr("mpu401")));
}

TEST_F(Playing, LargestSeedIsTaken) {
    EXPECT_EQ(run(folder, {"play", "song.mid", "--seed", "18446744073709551615"}).code, 0);
}

TEST_F(Playing, TimelineIsAPicture) {
    folder.write("one.mid", notes(1));
    ASSERT_EQ(run(folder, {"play", "one.mid", "--timeline", "note.svg"}).code, 0);
    EXPECT_THAT(folder.text("note.svg"), AllOf(StartsWith("<"), HasSubstr("<svg"), HasSubstr("</svg>")));
}

TEST_F(Playing, ExactDeliversAtTheVeryTime) {
    folder.write("off-tick.mid", midi_file(Bytes{1, 0x90, 60, 100, 1, 0x80, 60, 0}));  // 1.042 ms apart
    const auto report = [&](const Arguments& more) {
        Arguments arguments{"play", "off-tick.mid", "--json"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return nlohmann::json::parse(run(folder, arguments).out).at("lateness_ns").at("max").get<double>();
    };
    EXPECT_LT(report({"--exact"}), report({}));
    EXPECT_LT(report({"--exact"}), 0.2e6);
}

TEST_F(Playing, FilterChoosesTheSubdevice) {
    EXPECT_EQ(run(folder, {"play", "song.mid", "--filter", "Uart"}).code, 0);
    const Ended ended = run(folder, {"play", "song.mid", "--filter", "Wave"});
    EXPECT_EQ(ended.code, 2);
    EXPECT_TRUE(ended.one_line());
    EXPECT_THAT(ended.err, AllOf(HasSubstr("\"Wave\""), HasSubstr("Uart")));
}

TEST_F(Playing, DriversByNameAndByPath) {
    const std::string path = PORTICO_DRIVERS "cable.so";
    EXPECT_EQ(run(folder, {"play", "song.mid", "--driver", "mpu401"}).code, 0);
    EXPECT_EQ(run(folder, {"play", "song.mid", "--driver", path}).code, 0);
    std::filesystem::copy_file(path, folder.file("mine.so"));
    const Ended ended = run(folder, {"play", "song.mid", "--driver", "mine.so"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("captured "));  // a cable: the device without hardware
}

TEST_F(Playing, SongFromAPipe) {
    const Bytes bytes = song();
    How how;
    how.in = Stream::pipe;
    how.input.assign(bytes.begin(), bytes.end());
    const Ended ended = run(folder, {"play", "/dev/stdin", "-o", "out.mid"}, how);
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(messages(folder.bytes("out.mid")), song_messages());
}

// ---- record ----

TEST_F(Playing, RecordGivesTheSameMessages) {
    const Ended ended = run(folder, {"record", "song.mid", "-o", "out.mid", "-o", "out.txt"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(messages(folder.bytes("out.mid")), song_messages());
    EXPECT_THAT(ended.out, AllOf(HasSubstr("every message came out"), HasSubstr("out.txt")));
    EXPECT_THAT(folder.text("out.txt"), HasSubstr("90 3C 64"));
}

TEST_F(Playing, RecordNeedsADeviceWithAWire) {
    const Ended ended = run(folder, {"record", "song.mid", "--driver", "cable", "-o", "out.mid"});
    EXPECT_EQ(ended.code, 2);
    EXPECT_TRUE(ended.one_line());
    EXPECT_THAT(ended.err, HasSubstr("MIDI IN"));
    EXPECT_FALSE(folder.has("out.mid"));
}

}  // namespace
}  // namespace portico::cli_test
