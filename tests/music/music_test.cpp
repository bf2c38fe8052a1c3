// The pieces of examples/music, and the tool that makes them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "midi/message.h"
#include "midi/note_balance.h"
#include "midi/smf.h"

namespace portico {
namespace {

using Bytes = std::vector<std::uint8_t>;
namespace smf = midi::smf;

const std::string music = PORTICO_SOURCE_DIR "/examples/music/";

Bytes load(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    EXPECT_TRUE(in.is_open()) << path;
    return Bytes(std::istreambuf_iterator<char>(in), {});
}

smf::File read(const std::string& path) {
    auto file = smf::read(load(path), path);
    EXPECT_TRUE(file.ok()) << file.error().message;
    EXPECT_THAT(file->warnings, ::testing::IsEmpty());
    return std::move(file).value();
}

class Folder {
  public:
    Folder() {
        char name[] = "/tmp/portico-music-XXXXXX";
        path_ = ::mkdtemp(name);
    }
    ~Folder() { std::filesystem::remove_all(path_); }
    std::string file(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

std::vector<std::string> scores() {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(music)) {
        if (entry.path().extension() == ".abc") names.push_back(entry.path().stem().string());
    }
    return names;
}

struct Note {
    unsigned channel, key;
    std::uint64_t on, off;
    auto tie() const { return std::tie(on, channel, key, off); }
    bool operator<(const Note& other) const { return tie() < other.tie(); }
    bool operator==(const Note& other) const { return tie() == other.tie(); }
};

std::ostream& operator<<(std::ostream& out, const Note& note) {
    return out << "channel " << note.channel << ' ' << midi::note_name(note.key) << " from " << note.on
               << " to " << note.off;
}

// Ticks counted from the first note.
std::vector<Note> notes_of(const smf::File& file) {
    std::vector<Note> notes;
    for (const auto& track : file.tracks) {
        std::map<unsigned, std::uint64_t> down;
        for (const auto& event : track.events) {
            const auto bytes = file.bytes_of(event);
            if (event.kind != smf::EventKind::message || bytes.size() != 3) continue;
            if (midi::is_note_on(bytes[0], bytes[2])) down[bytes[1]] = event.tick;
            if (midi::is_note_off(bytes[0], bytes[2])) {
                notes.push_back({bytes[0] & 0x0Fu, bytes[1], down.at(bytes[1]), event.tick});
            }
        }
    }
    std::sort(notes.begin(), notes.end());
    const auto first = notes.at(0).on;
    for (auto& note : notes) {
        note.on -= first;
        note.off -= first;
    }
    return notes;
}

TEST(Music, FilesAreWhatTheScoresSay) {
    const Folder folder;
    for (const auto& name : scores()) {
        const auto made = folder.file(name + ".mid");
        ASSERT_EQ(std::system(fmt::format("{} {}{}.abc {}", PORTICO_SCORE, music, name, made).c_str()), 0);
        EXPECT_EQ(load(made), load(music + name + ".mid"))
            << "make it again: portico-score " << name << ".abc";
    }
    EXPECT_FALSE(scores().empty());
}

TEST(Music, Abc2midiReadsTheSameNotes) {
    const Folder folder;
    for (const auto& name : scores()) {
        const auto theirs = folder.file(name + ".mid");
        ASSERT_EQ(
            std::system(
                fmt::format("abc2midi {}{}.abc -o {} >{}", music, name, theirs, folder.file("log")).c_str()),
            0);
        auto expected = notes_of(read(theirs));
        // It ends each note a tick early and strikes the notes of a chord 10 ticks apart.
        for (auto& note : expected) {
            ++note.off;
            note.on -= note.on % 60;
        }
        std::sort(expected.begin(), expected.end());
        EXPECT_EQ(notes_of(read(music + name + ".mid")), expected) << name;
    }
}

// What the demo and the tests ask of the piece.
TEST(Music, PreludeHasEverythingTheDemoShows) {
    auto file = read(music + "prelude.mid");
    EXPECT_EQ(file.format, 1);
    EXPECT_LT(load(music + "prelude.mid").size(), 100u * 1024);
    const auto song = smf::timeline(std::move(file), "prelude.mid");
    ASSERT_TRUE(song.ok());
    EXPECT_GE(song->duration_ns, 120 * second_ns);

    std::set<unsigned> channels, programs, controllers;
    int tempos = 0, sysexes = 0;
    midi::NoteBalance balance;
    for (const auto& event : song->events) {
        const auto bytes = song->bytes_of(event);
        tempos += event.kind == smf::EventKind::meta && event.meta_type == smf::meta_tempo;
        sysexes += event.kind == smf::EventKind::sysex;
        if (event.kind == smf::EventKind::sysex) {
            EXPECT_THAT(bytes, ::testing::ElementsAre(0xF0, 0x7E, 0x7F, 0x09, 0x01, 0xF7));
        }
        if (event.kind != smf::EventKind::message) continue;
        channels.insert(bytes[0] & 0x0F);
        if ((bytes[0] & 0xF0) == 0xC0) programs.insert(bytes[1]);
        if ((bytes[0] & 0xF0) == 0xB0) controllers.insert(bytes[1]);
        balance.add(bytes);
    }
    EXPECT_EQ(channels.size(), 6u);
    EXPECT_EQ(programs.size(), 6u);
    EXPECT_THAT(controllers, ::testing::IsSupersetOf({7u, 10u, 11u, 64u}));
    EXPECT_GE(tempos, 5);
    EXPECT_EQ(sysexes, 1);
    EXPECT_GT(balance.note_ons(), 600u);
    EXPECT_TRUE(balance.balanced());
}

TEST(Music, PreludeFitsTheWire) {
    const auto song = smf::timeline(read(music + "prelude.mid"), "prelude.mid");
    ASSERT_TRUE(song.ok());
    constexpr Nanoseconds byte_ns = 320'000;
    Nanoseconds free_ns = 0, latest_ns = 0;
    for (const auto& event : song->events) {
        if (event.kind == smf::EventKind::meta) continue;
        const auto begin_ns = std::max(free_ns, event.at_ns);
        latest_ns = std::max(latest_ns, begin_ns - event.at_ns);
        free_ns = begin_ns + event.size * byte_ns;
    }
    EXPECT_LT(latest_ns, 35 * millisecond_ns);
}

// The tool's own line, without its path.
std::string complaint(const std::string& score) {
    const Folder folder;
    std::ofstream(folder.file("a.abc")) << score;
    const auto command = fmt::format("cd {} && {} a.abc a.mid 2>a.txt", folder.file(""), PORTICO_SCORE);
    if (std::system(command.c_str()) == 0) return "";
    EXPECT_FALSE(std::filesystem::exists(folder.file("a.mid")));
    const auto bytes = load(folder.file("a.txt"));
    return std::string(bytes.begin(), bytes.end());
}

TEST(Score, SaysWhatIsWrongAndWhere) {
    const std::string head = "L:1/4\nV:1\nK:C\n";
    EXPECT_EQ(complaint(head + "[V:1] CDEF | G/G/ A2 z |"), "");
    EXPECT_EQ(complaint(head + "[V:1] CDE |"), "a.abc:4: voice 1, bar 1: 1440 ticks long, not 1920\n");
    EXPECT_EQ(complaint(head + "[V:1] CDEH |"), "a.abc:4: 'H' is no note\n");
    EXPECT_EQ(complaint(head + "[V:1] CDEF"), "a.abc:4: voice 1: an open bar\n");
    EXPECT_EQ(complaint(head + "[V:1] CDEF- | Z |"), "a.abc:4: a tie to a rest\n");
    EXPECT_EQ(complaint(head + "[V:1] [CE4 |"), "a.abc:4: '4' is no note\n");
    EXPECT_EQ(complaint(head + "[V:1] !loud! C4 |"), "a.abc:4: mark !loud! not known\n");
    EXPECT_EQ(complaint(head + "[V:1] Z2 |\n[V:2] Z |"), "a.abc:5: voice 2: 1 bars\n");
    EXPECT_EQ(complaint("K:D\n"), "a.abc:1: key not known\n");
    EXPECT_EQ(complaint("CDEF |\n"), "a.abc:1: music before any voice\n");
    EXPECT_EQ(complaint(""), "a.abc:0: no voice\n");
}

}  // namespace
}  // namespace portico
