#include <gmock/gmock.h>
#include <sndfile.h>

#include <csignal>
#include <cmath>

#include <sys/resource.h>

#include "ends/back_ends.h"
#include "ends/wav/sound_file_sink.h"
#include "ends_test.h"

namespace portico::ends {
namespace {

using ::testing::IsEmpty;

constexpr unsigned rate_hz = 44'100;
constexpr unsigned step = FluidSynthSink::step_frames;

struct Sound {
    SF_INFO info = {};
    std::vector<short> samples;
};

Sound read_back(const std::string& path) {
    Sound sound;
    SNDFILE* file = ::sf_open(path.c_str(), SFM_READ, &sound.info);
    EXPECT_NE(file, nullptr) << path << ": " << ::sf_strerror(nullptr);
    if (file == nullptr) return sound;
    sound.samples.resize(static_cast<std::size_t>(sound.info.frames * sound.info.channels));
    EXPECT_EQ(::sf_readf_short(file, sound.samples.data(), sound.info.frames), sound.info.frames);
    ::sf_close(file);
    return sound;
}

// Keeps the samples.
class MemoryAudio : public AudioSink {
  public:
    explicit MemoryAudio(std::vector<float>& samples) : samples_(samples) {}
    unsigned rate_hz() const override { return ends::rate_hz; }
    Result<void> write(std::span<const float> samples) override {
        samples_.insert(samples_.end(), samples.begin(), samples.end());
        return {};
    }
    Result<void> finish() override { return {}; }

  private:
    std::vector<float>& samples_;
};

struct Timed {
    Nanoseconds at_ns;
    Bytes bytes;
};

std::vector<float> play(const std::vector<Timed>& messages, Nanoseconds end_ns,
                        const FluidSynthOptions& options = {}) {
    std::vector<float> samples;
    auto sink = FluidSynthSink::create(std::make_unique<MemoryAudio>(samples), options);
    EXPECT_TRUE(is_ok(sink));
    for (const auto& message : messages) EXPECT_TRUE(is_ok((*sink)->write(message.at_ns, message.bytes)));
    EXPECT_TRUE(is_ok((*sink)->finish(end_ns)));
    return samples;
}

std::size_t first_sound(const std::vector<float>& samples) {
    for (std::size_t i = 0; i < samples.size(); ++i) {
        if (std::abs(samples[i]) > 1e-4f) return i / 2;
    }
    return SIZE_MAX;
}

float peak(std::span<const float> samples) {
    float most = 0;
    for (const float sample : samples) most = std::max(most, std::abs(sample));
    return most;
}

class SoundFile : public ::testing::TestWithParam<SoundFileFormat> {};
INSTANTIATE_TEST_SUITE_P(All, SoundFile, ::testing::Values(SoundFileFormat::wav, SoundFileFormat::flac));

Result<std::unique_ptr<SoundFileSink>> open_sound(const std::string& path, SoundFileFormat format) {
    return SoundFileSink::create(PORTICO_TRY(OutputFile::create(path)), {format, rate_hz});
}

TEST_P(SoundFile, IsReadBackSampleBySample) {
    const Folder folder;
    auto sink = open_sound(folder.file("a"), GetParam());
    ASSERT_TRUE(is_ok(sink));
    std::vector<float> samples;
    for (int i = 0; i < 50'000; ++i) samples.push_back(static_cast<float>(i % 32'768 - 16'384) / 32'767.0f);
    ASSERT_TRUE(is_ok((*sink)->write(samples)));
    ASSERT_TRUE(is_ok((*sink)->finish()));
    const auto sound = read_back(folder.file("a"));
    EXPECT_EQ(sound.info.samplerate, static_cast<int>(rate_hz));
    EXPECT_EQ(sound.info.channels, 2);
    EXPECT_EQ(sound.info.format,
              (GetParam() == SoundFileFormat::wav ? SF_FORMAT_WAV : SF_FORMAT_FLAC) | SF_FORMAT_PCM_16);
    ASSERT_EQ(sound.samples.size(), samples.size());
    for (std::size_t i = 0; i < samples.size(); ++i)
        ASSERT_EQ(sound.samples[i], static_cast<int>(i) % 32'768 - 16'384);
    EXPECT_EQ((*sink)->clipped_samples(), 0u);
}

TEST_P(SoundFile, ClipsAndCounts) {
    const Folder folder;
    auto sink = open_sound(folder.file("a"), GetParam());
    ASSERT_TRUE(is_ok(sink));
    ASSERT_TRUE(is_ok((*sink)->write(std::vector<float>{1.5f, -1.5f, 1.0f, -1.0f})));
    ASSERT_TRUE(is_ok((*sink)->finish()));
    EXPECT_THAT(read_back(folder.file("a")).samples, ::testing::ElementsAre(32767, -32768, 32767, -32767));
    EXPECT_EQ((*sink)->clipped_samples(), 2u);
}

TEST_P(SoundFile, WithoutFinishNothingRemains) {
    const Folder folder;
    {
        auto sink = open_sound(folder.file("a"), GetParam());
        ASSERT_TRUE(is_ok(sink));
        ASSERT_TRUE(is_ok((*sink)->write(std::vector<float>(10'000))));
    }
    EXPECT_THAT(folder.files(), IsEmpty());
}

TEST(SoundFileLength, EndsBeforeAWavFileLies) {
    EXPECT_LT(SoundFileOptions().frames_max * 4 + 44, UINT32_MAX);
    const Folder folder;
    auto file = OutputFile::create(folder.file("a.wav"));
    ASSERT_TRUE(is_ok(file));
    auto sink = SoundFileSink::create(std::move(*file), {SoundFileFormat::wav, rate_hz, 2 * rate_hz});
    ASSERT_TRUE(is_ok(sink));
    const std::vector<float> second(2 * rate_hz);
    EXPECT_TRUE(is_ok((*sink)->write(second)));
    EXPECT_TRUE(is_ok((*sink)->write(second)));
    EXPECT_EQ(line_of((*sink)->write(second)),
              folder.file("a.wav") + ": the sound is longer than 2 seconds, which is the limit");
}

// Files cannot grow beyond `bytes` while it lives: EFBIG stands for a full disk at that very byte.
class SizeLimit {
  public:
    explicit SizeLimit(rlim_t bytes) {
        std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit = {bytes, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~SizeLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }

  private:
    rlimit before_ = {};
};

std::string write_song(const std::string& path) {
    auto sink = open_output(path);
    if (!sink.ok()) return line_of(sink);
    for (int i = 0; i < 2000; ++i) {
        const auto key = static_cast<std::uint8_t>(40 + i % 40);
        auto result =
            (*sink)->write(i * millisecond_ns, Bytes{0x90, key, static_cast<std::uint8_t>(i % 2 * 100)});
        if (!result.ok()) return line_of(result);
    }
    return line_of((*sink)->finish(2 * second_ns));
}

TEST(FullDisk, AtAnyByteIsOneLineAndLeavesNothing) {
    for (const char* name : {"a.wav", "a.flac", "a.mid", "a.txt"}) {
        const Folder folder;
        ASSERT_EQ(write_song(folder.file(name)), "");
        const auto size = std::filesystem::file_size(folder.file(name));
        const auto whole = load(folder.file(name));
        for (const std::uintmax_t limit :
             {std::uintmax_t{0}, std::uintmax_t{10}, std::uintmax_t{50}, size / 2, size - 1}) {
            std::string line;
            {
                const SizeLimit full(limit);
                line = write_song(folder.file(name));
            }
            EXPECT_EQ(line, folder.file(name) + ": cannot write: File too large") << limit;
            EXPECT_EQ(load(folder.file(name)), whole) << "the file that was there has changed";
            EXPECT_EQ(folder.files().size(), 1u);
        }
    }
}

TEST(FullDisk, OfADevice) {
    const Folder folder;
    for (const char* name : {"a.wav", "a.flac", "a.mid", "a.txt"}) {
        std::filesystem::create_symlink("/dev/full", folder.file(name));
        EXPECT_EQ(write_song(folder.file(name)),
                  folder.file(name) + ": cannot write: No space left on device");
    }
}

TEST(Synth, StartsANoteAtItsTime) {
    for (const Nanoseconds at_ns : {0 * second_ns, second_ns / 2, second_ns + 123'456'789}) {
        const auto samples = play({{at_ns, {0x99, 37, 127}}}, 2 * second_ns);
        const auto frame = static_cast<std::size_t>(std::lround(static_cast<double>(at_ns) * rate_hz / 1e9));
        const auto heard = first_sound(samples);
        // Nearest step, and the sample's own first frames may be below the threshold.
        EXPECT_GE(heard + step / 2, frame);
        EXPECT_LE(heard, frame + step);
    }
}

TEST(Synth, ShiftsByWholeStepsWithoutAnyOtherChange) {
    const auto early = play({{0, {0x90, 60, 100}}}, second_ns);
    const Nanoseconds shift_ns = 64'000'000'000 / rate_hz * 100;  // 100 steps
    const auto late = play({{shift_ns, {0x90, 60, 100}}}, second_ns + shift_ns);
    EXPECT_EQ(first_sound(late), first_sound(early) + 100 * step);
}

TEST(Synth, GivesTheSameSamplesEveryTime) {
    const std::vector<Timed> piece = {
        {0, {0xF0, 0x7E, 0x7F, 9, 1, 0xF7}},         {10'000'000, {0xC0, 48}},
        {11'000'000, {0xB0, 91, 100, 93, 100}},      {20'000'000, {0x90, 60, 100, 64, 100, 67, 100}},
        {500'000'000, {0xE0, 0, 80, 0x99, 38, 100}}, {900'000'000, {0x90, 60, 0, 64, 0, 67, 0}}};
    const auto once = play(piece, second_ns);
    EXPECT_GT(peak(once), 0.01f);
    EXPECT_TRUE(once == play(piece, second_ns));
}

TEST(Synth, DoesNotHeedHowTheBytesAreCut) {
    const auto whole = play({{1'000'000, {0x90, 60, 100}}}, second_ns);
    const auto cut = play({{100'000, {0x90}}, {500'000, {60}}, {1'000'000, {100}}}, second_ns);
    EXPECT_TRUE(whole == cut);
}

// Sound is made while nothing comes, and is the same.
TEST(Synth, MakesSilenceWhenItIsToldOf) {
    std::vector<float> samples;
    auto sink = FluidSynthSink::create(std::make_unique<MemoryAudio>(samples), {});
    ASSERT_TRUE(is_ok(sink));
    ASSERT_TRUE(is_ok((*sink)->write(1'000'000, Bytes{0x90, 60, 100})));
    ASSERT_TRUE(is_ok((*sink)->silent_until(5 * second_ns)));
    EXPECT_NEAR(static_cast<double>(samples.size()) / 2, 5.0 * rate_hz, step);
    ASSERT_TRUE(is_ok((*sink)->silent_until(second_ns)));
    ASSERT_TRUE(is_ok((*sink)->write(9 * second_ns, Bytes{0x80, 60, 64})));
    ASSERT_TRUE(is_ok((*sink)->finish(10 * second_ns)));
    EXPECT_TRUE(samples ==
                play({{1'000'000, {0x90, 60, 100}}, {9 * second_ns, {0x80, 60, 64}}}, 10 * second_ns));
}

TEST(Synth, HearsEveryKindOfMessage) {
    const std::vector<Timed> note = {{0, {0xC0, 19}}, {0, {0x90, 60, 100}}};
    const auto plain = play(note, second_ns);
    const std::vector<Bytes> changes = {{0xB0, 7, 20},
                                        {0xE0, 0, 0},
                                        {0xD0, 127},
                                        {0xA0, 60, 127},
                                        {0xFF},
                                        {0x80, 60, 0},
                                        {0x90, 60, 0},
                                        {0xB0, 123, 0},
                                        {0xC0, 5, 0x90, 60, 100},
                                        {0xF0, 0x7E, 0x7F, 9, 1, 0xF7}};
    for (const auto& change : changes) {
        auto messages = note;
        messages.push_back({second_ns / 2, change});
        // Key pressure moves nothing in a General MIDI sound bank.
        if (change[0] == 0xA0) {
            EXPECT_TRUE(play(messages, second_ns) == plain);
        } else {
            EXPECT_FALSE(play(messages, second_ns) == plain) << midi::hex(change);
        }
    }
    auto more = note;
    more.push_back({second_ns / 2, {0xF1, 1, 0xF2, 1, 2, 0xF3, 1, 0xF4, 0xF5, 0xF6, 0xF8, 0xFE, 0xF0, 0xF7}});
    EXPECT_TRUE(play(more, second_ns) == plain);
}

TEST(Synth, KeepsTheTailUntilItIsSilent) {
    const auto samples = play({{0, {0x90, 60, 127}}}, second_ns / 10);
    EXPECT_GT(samples.size() / 2, rate_hz / 10);
    EXPECT_LT(samples.size() / 2, rate_hz * 10);
    EXPECT_LT(peak(std::span(samples).last(rate_hz / 4)), 1.0f / 65536);
}

TEST(Synth, BoundsTheTail) {
    FluidSynthOptions options;
    options.tail_ns_max = second_ns / 10;
    // A ringing cymbal.
    const auto samples = play({{0, {0x99, 49, 127}}}, 0, options);
    EXPECT_NEAR(static_cast<double>(samples.size()) / 2, rate_hz / 10.0, step);
}

TEST(Synth, EndsEarlyWithAValidFile) {
    const Folder folder;
    auto sink = open_output(folder.file("a.wav"));
    ASSERT_TRUE(is_ok(sink));
    ASSERT_TRUE(is_ok((*sink)->write(0, Bytes{0x90, 60, 100, 0xF0, 1})));
    ASSERT_TRUE(is_ok((*sink)->finish(second_ns / 3)));
    EXPECT_GT(read_back(folder.file("a.wav")).info.frames, static_cast<int>(rate_hz / 3));
}

TEST(Synth, BeginsAtItsOrigin) {
    FluidSynthOptions options;
    options.origin_ns = 5 * second_ns;
    EXPECT_TRUE(play({{5 * second_ns + 1'000'000, {0x90, 60, 100}}}, 6 * second_ns, options) ==
                play({{1'000'000, {0x90, 60, 100}}}, second_ns));
}

TEST(Synth, FilesAreEqualByteForByte) {
    const Folder folder;
    for (const char* extension : {".wav", ".flac"}) {
        for (const char* name : {"a", "b"})
            ASSERT_EQ(write_song(folder.file(std::string(name) + extension)), "");
        EXPECT_EQ(load(folder.file(std::string("a") + extension)),
                  load(folder.file(std::string("b") + extension)));
    }
}

TEST(Synth, SaysWhatIsWrongWithAFont) {
    const Folder folder;
    OutputOptions options;
    options.synth.font = folder.file("no.sf2");
    EXPECT_EQ(line_of(open_output(folder.file("a.wav"), options)),
              folder.file("no.sf2") + ": cannot open this SoundFont");
    save(folder.file("bad.sf2"), "RIFFxxxxsfbk");
    options.synth.font = folder.file("bad.sf2");
    EXPECT_EQ(line_of(open_output(folder.file("a.wav"), options)),
              folder.file("bad.sf2") + ": not a SoundFont");
    EXPECT_EQ(folder.files().size(), 1u);
}

TEST(BackEnds, SayWhatTheyAre) {
    for (const auto& back_end : back_ends()) {
        const auto available = back_end.available();
        ASSERT_TRUE(is_ok(available)) << back_end.name;
        EXPECT_NE(*available, "");
    }
}

}  // namespace
}  // namespace portico::ends
