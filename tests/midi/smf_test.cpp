#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "midi/smf.h"
#include "midi/stream_parser.h"
#include "smf_random.h"

namespace portico::midi::smf {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Bytes = std::vector<std::uint8_t>;

constexpr std::uint16_t smpte(int frames, int ticks) {
    return static_cast<std::uint16_t>((256 - frames) << 8 | ticks);
}

bool same(const File& a, const File& b) {
    if (a.format != b.format || a.division != b.division || a.tracks.size() != b.tracks.size()) return false;
    for (std::size_t t = 0; t < a.tracks.size(); ++t) {
        const auto& left = a.tracks[t];
        const auto& right = b.tracks[t];
        if (left.end_tick != right.end_tick || left.events.size() != right.events.size()) return false;
        for (std::size_t i = 0; i < left.events.size(); ++i) {
            const auto& l = left.events[i];
            const auto& r = right.events[i];
            const auto lb = a.bytes_of(l), rb = b.bytes_of(r);
            if (l.tick != r.tick || l.kind != r.kind || l.meta_type != r.meta_type ||
                !std::equal(lb.begin(), lb.end(), rb.begin(), rb.end())) {
                return false;
            }
        }
    }
    return true;
}

Timeline timeline_of(File file) {
    auto result = timeline(std::move(file), "test");
    EXPECT_TRUE(result.ok());
    return std::move(result).value();
}

TEST(Smf, WhatIsWrittenIsRead) {
    for (std::uint64_t seed = 0; seed < 300; ++seed) {
        const std::uint16_t divisions[] = {1, 96, 480, 0x7FFF, smpte(24, 80), smpte(29, 100), smpte(30, 255)};
        const File file = RandomFile(seed).make(seed % 3, divisions[seed % std::size(divisions)]);
        for (const auto running : {RunningStatus::expanded, RunningStatus::omitted}) {
            const auto bytes = write(file, {running});
            const auto read_back = read(bytes, "test");
            ASSERT_TRUE(read_back.ok()) << read_back.error().message;
            EXPECT_THAT(read_back->warnings, IsEmpty());
            ASSERT_TRUE(same(file, *read_back)) << seed;
            EXPECT_EQ(write(*read_back, {running}), bytes);
        }
    }
}

TEST(Smf, RunningStatusMakesFilesShorter) {
    File file;
    file.tracks.resize(1);
    for (int i = 0; i < 10; ++i) file.add(file.tracks[0], i, {0x90, 60, 1});
    EXPECT_EQ(write(file, {RunningStatus::expanded}).size(),
              write(file, {RunningStatus::omitted}).size() + 9);
}

TEST(Smf, GapsLongerThanADeltaTimeAreFilled) {
    File file;
    file.format = 0;
    file.tracks.resize(1);
    file.add(file.tracks[0], 0x3000'0000, {0x90, 60, 1});
    file.tracks[0].end_tick = 0x5000'0000;
    const auto read_back = read(write(file), "test");
    ASSERT_TRUE(read_back.ok());
    const auto& track = read_back->tracks[0];
    EXPECT_EQ(track.end_tick, 0x5000'0000u);
    std::vector<std::uint64_t> note_ticks;
    for (const auto& event : track.events) {
        if (event.kind == EventKind::message) note_ticks.push_back(event.tick);
    }
    EXPECT_THAT(note_ticks, ElementsAre(0x3000'0000));
}

TEST(Smf, EveryPrefixOfAFileIsRefusedOrWarnedAbout) {
    const auto bytes = write(RandomFile(11).make(1, 480));
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const auto result = read(std::span(bytes).first(size), "cut.mid");
        if (result.ok()) {
            EXPECT_FALSE(result->warnings.empty()) << size;
            continue;
        }
        EXPECT_EQ(result.error().message.find("cut.mid: "), 0u);
        EXPECT_EQ(result.error().message.find('\n'), std::string::npos);
        EXPECT_EQ(result.error().exit, ExitCode::bad_input);
    }
}

TEST(Smf, AFileBeyondTheLimitIsRefused) {
    const Bytes bytes(file_bytes_max + 1);
    const auto result = read(bytes, "big.mid");
    ASSERT_FALSE(result.ok());
    EXPECT_EQ(result.error().message, "big.mid: 16777217 bytes; 16777216 is the limit");
}

TEST(Smf, WarningsAreBounded) {
    File file;
    file.tracks.resize(1);
    for (int i = 0; i < 100; ++i) file.add(file.tracks[0], i, {0xF0, 1});
    const auto result = read(write(file), "test");
    ASSERT_TRUE(result.ok());
    EXPECT_EQ(result->warnings.size(), warnings_max);
    EXPECT_EQ(result->warnings_left_out, 100 - warnings_max);
}

TEST(Timeline, TempoChangesCountFromTheirTickOnInAllTracks) {
    File file;
    file.division = 100;
    file.tracks.resize(2);
    file.add_tempo(file.tracks[0], 100, 1'000'000);
    for (const std::uint64_t tick : {0, 50, 100, 150, 200}) file.add(file.tracks[1], tick, {0x90, 60, 1});
    file.tracks[1].end_tick = 300;
    const auto song = timeline_of(file);
    std::vector<Nanoseconds> times;
    for (const auto& event : song.events) {
        if (event.kind == EventKind::message) times.push_back(event.at_ns);
    }
    EXPECT_THAT(times, ElementsAre(0, 250 * millisecond_ns, 500 * millisecond_ns, 1000 * millisecond_ns,
                                   1500 * millisecond_ns));
    EXPECT_EQ(song.duration_ns, 2500 * millisecond_ns);
}

TEST(Timeline, DoesNotDrift) {
    // 7 does not divide 333333000: a rounded tick length would be off by 2 ms after a million ticks.
    File file;
    file.division = 7;
    file.tracks.resize(1);
    for (std::uint64_t tick = 0; tick <= 1'000'000; tick += 1000) {
        file.add_tempo(file.tracks[0], tick, 333'333);
        file.add(file.tracks[0], tick, {0x90, 60, 1});
    }
    for (const auto& event : timeline_of(file).events) {
        if (event.kind != EventKind::message) continue;
        static std::uint64_t tick = 0;
        EXPECT_EQ(event.at_ns, static_cast<Nanoseconds>((tick * 333'333'000 + 3) / 7));
        tick += 1000;
    }
}

TEST(Timeline, SmpteTicksDoNotHeedTempo) {
    const struct {
        std::uint16_t division;
        Nanoseconds second_tick_ns;
        std::uint64_t ticks_in_hour;
        Nanoseconds hour_ns;
    } cases[] = {
        {smpte(25, 40), 1'000'000, 3'600'000, 3600 * second_ns},
        {smpte(24, 1), 41'666'667, 24 * 3600, 3600 * second_ns},
        {smpte(30, 100), 333'333, 3000 * 3600, 3600 * second_ns},
        // 108000 frames of drop-frame take 3603.6 s.
        {smpte(29, 100), 333'667, 3000 * 3600, 3603 * second_ns + 600 * millisecond_ns},
    };
    for (const auto& c : cases) {
        File file;
        file.division = c.division;
        file.tracks.resize(1);
        file.add_tempo(file.tracks[0], 0, 100);
        file.add(file.tracks[0], 1, {0x90, 60, 1});
        file.tracks[0].end_tick = c.ticks_in_hour;
        const auto song = timeline_of(file);
        EXPECT_EQ(song.events[1].at_ns, c.second_tick_ns);
        EXPECT_EQ(song.duration_ns, c.hour_ns);
    }
}

TEST(Timeline, Type2PlaysOneSequenceAfterTheOther) {
    File file;
    file.format = 2;
    file.division = 100;
    file.tracks.resize(2);
    file.add_tempo(file.tracks[0], 0, 1'000'000);
    file.tracks[0].end_tick = 300;
    file.add(file.tracks[1], 100, {0x91, 60, 1});
    const auto song = timeline_of(file);
    // 3 s of the first; the second starts at the default tempo again.
    EXPECT_EQ(song.events[1].at_ns, 3500 * millisecond_ns);
    EXPECT_EQ(song.events[1].track, 1);
}

TEST(Timeline, SameTimeIsInTrackOrder) {
    File file;
    file.tracks.resize(3);
    for (std::uint8_t i = 0; i < 3; ++i) {
        file.add(file.tracks[i], 5, {0x90, i, 1});
        file.add(file.tracks[i], 5, {0x90, i, 2});
    }
    Bytes keys;
    const auto song = timeline_of(file);
    for (const auto& event : song.events) keys.push_back(song.bytes_of(event)[1]);
    EXPECT_THAT(keys, ElementsAre(0, 0, 1, 1, 2, 2));
}

TEST(Recorder, KeepsMessagesAndTimes) {
    Recorder recorder;
    ASSERT_TRUE(recorder.add(0, Bytes{0xC0, 19}));
    ASSERT_TRUE(recorder.add(20'000, Bytes{0x90, 60, 100}));
    ASSERT_TRUE(recorder.add(60'000, Bytes{0xF0, 0x7E, 0xF7}));
    ASSERT_TRUE(recorder.add(40'000, Bytes{0xF8}));
    ASSERT_TRUE(recorder.add(9 * second_ns + 1, Bytes{0xF6}));
    const auto file = read(recorder.finish(10 * second_ns), "test");
    ASSERT_TRUE(file.ok());
    EXPECT_THAT(file->warnings, IsEmpty());
    const auto song = timeline_of(*file);
    std::vector<Bytes> messages;
    std::vector<Nanoseconds> times;
    for (const auto& event : song.events) {
        if (event.kind == EventKind::meta) continue;
        const auto bytes = song.bytes_of(event);
        messages.emplace_back(bytes.begin(), bytes.end());
        times.push_back(event.at_ns);
    }
    EXPECT_THAT(messages, ElementsAre(Bytes{0xC0, 19}, Bytes{0x90, 60, 100}, Bytes{0xF8},
                                      Bytes{0xF0, 0x7E, 0xF7}, Bytes{0xF6}));
    EXPECT_THAT(times, ElementsAre(0, 20'000, 40'000, 60'000, 9 * second_ns));
    EXPECT_EQ(song.duration_ns, 10 * second_ns);
}

TEST(Recorder, RoundsToTheNearestTick) {
    Recorder recorder;
    ASSERT_TRUE(recorder.add(29'999, Bytes{0xF6}));
    ASSERT_TRUE(recorder.add(30'000, Bytes{0xF8}));
    const auto file = read(recorder.finish(0), "test");
    ASSERT_TRUE(file.ok());
    std::vector<Nanoseconds> times;
    for (const auto& event : timeline_of(*file).events) {
        if (event.kind != EventKind::meta) times.push_back(event.at_ns);
    }
    EXPECT_THAT(times, ElementsAre(20'000, 40'000));
}

TEST(Recorder, RefusesWhatNoReaderWouldTake) {
    Recorder recorder;
    const Bytes dump(1 << 20, 0x11);
    int pieces = 0;
    while (recorder.add(0, dump)) ASSERT_LT(++pieces, 100);
    EXPECT_EQ(pieces, 15);
    EXPECT_TRUE(read(recorder.finish(0), "test").ok());
}

}  // namespace
}  // namespace portico::midi::smf
