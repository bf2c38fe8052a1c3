// The files of fuzz/corpus/smf, named by what is wrong with them: "ok-" is read in silence, "bent-" with the
// warnings and "bad-" refused with the line that stand here.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "midi/smf.h"

namespace portico::midi::smf {
namespace {

using Bytes = std::vector<std::uint8_t>;

std::map<std::string, Bytes> corpus() {
    std::map<std::string, Bytes> files;
    for (const auto& entry : std::filesystem::directory_iterator(PORTICO_SOURCE_DIR "/fuzz/corpus/smf")) {
        std::ifstream in(entry.path(), std::ios::binary);
        files[entry.path().stem().string()] = Bytes(std::istreambuf_iterator<char>(in), {});
    }
    return files;
}

// What each "bent-" and "bad-" file is told, in the order of its warnings.
const std::map<std::string, std::vector<std::string>>& expected() {
    static const std::map<std::string, std::vector<std::string>> lines = {
        {"bad-data-byte-without-status",
         {"error: x.mid: track 1, byte 23: data byte 3C where a status byte should be"}},
        {"bad-delta-of-five-bytes",
         {"error: x.mid: track 1, byte 22: a variable-length number of more than four bytes"}},
        {"bad-division-zero", {"error: x.mid: byte 12: 0 ticks in a quarter note"}},
        {"bad-empty", {"error: x.mid: the file is empty"}},
        {"bad-event-runs-past-its-track", {"error: x.mid: track 1, byte 22: an event runs past its track"}},
        {"bad-file-ends-between-events",
         {"error: x.mid: track 1, byte 26: the file ends within the track: 4 bytes of 12 are there"}},
        {"bad-file-ends-in-delta", {"error: x.mid: track 1, byte 30: the file ends within an event"}},
        {"bad-file-ends-in-event", {"error: x.mid: track 1, byte 26: the file ends within an event"}},
        {"bad-header-cut", {"error: x.mid: byte 0: the file ends within its header"}},
        {"bad-header-of-4-bytes",
         {"error: x.mid: byte 4: the header claims 4 bytes, 6 at least are due and 26 are left"}},
        {"bad-header-of-4-gigabytes",
         {"error: x.mid: byte 4: the header claims 4294967295 bytes, 6 at least are due and 26 are left"}},
        {"bad-meta-length-huge",
         {"error: x.mid: track 1, byte 25: a meta event of 268435455 bytes where 7 are left"}},
        {"bad-meta-type-80", {"error: x.mid: track 1, byte 24: meta event of type 80; they end at 7F"}},
        {"bad-no-track", {"error: x.mid: byte 14: a MIDI file without a track"}},
        {"bad-not-a-midi-file", {"error: x.mid: byte 0: not a MIDI file: it starts with 'RIFF', not 'MThd'"}},
        {"bad-one-byte", {"error: x.mid: byte 0: not a MIDI file: it starts with 'M', not 'MThd'"}},
        {"bad-only-unknown-chunks", {"error: x.mid: byte 25: a MIDI file without a track"}},
        {"bad-random-after-header", {"error: x.mid: byte 14: a MIDI file without a track"}},
        {"bad-random-bytes", {"error: x.mid: byte 0: not a MIDI file: it starts with 'D .<', not 'MThd'"}},
        {"bad-random-track", {"error: x.mid: track 1, byte 24: data byte 32 where a status byte should be"}},
        {"bad-real-time-status", {"error: x.mid: track 1, byte 23: status F8 cannot stand in a MIDI file"}},
        {"bad-riff-without-data", {"error: x.mid: byte 12: a RIFF file without a data chunk"}},
        {"bad-smpte-0-ticks", {"error: x.mid: byte 12: 0 ticks in a frame"}},
        {"bad-smpte-27-frames",
         {"error: x.mid: byte 12: 27 SMPTE frames a second; only 24, 25, 29, 30 exist"}},
        {"bad-status-f4", {"error: x.mid: track 1, byte 23: status F4 cannot stand in a MIDI file"}},
        {"bad-status-within-message",
         {"error: x.mid: track 1, byte 25: 90 where a data byte of the message 90 should be"}},
        {"bad-sysex-length-huge",
         {"error: x.mid: track 1, byte 24: a sysex event of 268435455 bytes where 7 are left"}},
        {"bad-time-beyond-146-years",
         {"error: x.mid: track 1: an event lies more than 146 years after the start"}},
        {"bad-track-of-4-gigabytes",
         {"error: x.mid: track 1, byte 30: the file ends within the track: 8 bytes of 4294967295 are there"}},
        {"bad-type-3", {"error: x.mid: byte 8: type 3; only 0, 1, 2 exist"}},
        {"bad-zeros", {"error: x.mid: byte 0: not a MIDI file: it starts with '....', not 'MThd'"}},
        {"bent-bytes-after-end-of-track",
         {"x.mid: track 1, byte 34: 3 bytes after the end of the track are skipped"}},
        {"bent-chunk-length-reaches-into-next-track",
         {"x.mid: track 1, byte 18: the chunk claims 20 bytes, its events take 12"}},
        {"bent-chunk-length-too-long",
         {"x.mid: track 1, byte 18: the chunk claims 5000 bytes, its events take 12"}},
        {"bent-chunk-length-too-short",
         {"x.mid: track 1, byte 18: the chunk claims 5 bytes, its events take 12"}},
        {"bent-chunk-length-zero", {"x.mid: track 1, byte 18: the chunk claims 0 bytes, its events take 12"}},
        {"bent-fewer-tracks-than-promised", {"x.mid: byte 10: the header promises 9 tracks, the file has 1"}},
        {"bent-garbage-after-the-last-track", {"x.mid: byte 34: 4 bytes that are no chunk are skipped"}},
        {"bent-more-tracks-than-promised", {"x.mid: byte 10: the header promises 1 tracks, the file has 2"}},
        {"bent-no-end-of-track", {"x.mid: track 1, byte 30: the track has no end-of-track event"}},
        {"bent-running-status-after-meta",
         {"x.mid: track 1, byte 32: running status goes on after a sysex or meta event"}},
        {"bent-sysex-never-ended", {"x.mid: track 1, byte 22: sysex without its F7"}},
        {"bent-sysex-never-ended-at-the-end", {"x.mid: track 1, byte 30: sysex without its F7"}},
        {"bent-tempo-of-two-bytes", {"x.mid: track 1, byte 22: tempo that cannot be is left out"}},
        {"bent-tempo-zero", {"x.mid: track 1, byte 22: tempo that cannot be is left out"}},
        {"bent-type-0-with-two-tracks",
         {"x.mid: byte 8: a file of type 0 with several tracks is read as type 1"}},
        {"bent-unknown-chunk-past-the-end", {"x.mid: byte 34: chunk 'ABCD' of 65536 bytes where 1 are left"}},
    };
    return lines;
}

std::vector<std::string> told(const Bytes& bytes) {
    auto file = read(bytes, "x.mid");
    if (!file.ok()) return {"error: " + file.error().message};
    auto warnings = file->warnings;
    const auto song = timeline(std::move(file).value(), "x.mid");
    if (!song.ok()) return {"error: " + song.error().message};
    return warnings;
}

TEST(SmfCorpus, GoodFilesAreReadInSilence) {
    int good = 0;
    for (const auto& [name, bytes] : corpus()) {
        if (name.rfind("ok-", 0) != 0) continue;
        ++good;
        EXPECT_EQ(told(bytes), std::vector<std::string>{}) << name;
    }
    EXPECT_GE(good, 12);
}

TEST(SmfCorpus, BentAndBadFilesAreToldSo) {
    std::size_t seen = 0;
    for (const auto& [name, bytes] : corpus()) {
        if (name.rfind("ok-", 0) == 0) continue;
        ++seen;
        const auto lines = expected().find(name);
        const auto said = told(bytes);
        ASSERT_FALSE(said.empty()) << name;
        EXPECT_EQ(said[0].rfind("error: ", 0) == 0, name.rfind("bad-", 0) == 0) << name;
        if (lines == expected().end()) {
            ADD_FAILURE() << "        {\"" << name << "\", {" << ::testing::PrintToString(said) << "}},";
        } else {
            EXPECT_EQ(said, lines->second) << name;
        }
    }
    EXPECT_EQ(seen, expected().size());
}

TEST(SmfCorpus, LenientReadingKeepsTheNotes) {
    for (const auto& [name, bytes] : corpus()) {
        if (name.rfind("bent-", 0) != 0) continue;
        const auto file = read(bytes, "x.mid");
        ASSERT_TRUE(file.ok()) << name;
        for (const auto& track : file->tracks) {
            std::size_t notes = 0;
            for (const auto& event : track.events) notes += event.kind == EventKind::message;
            EXPECT_EQ(notes, 2u) << name;
        }
    }
}

}  // namespace
}  // namespace portico::midi::smf
