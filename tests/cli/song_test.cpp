// MIDI files that are wrong, and songs that are unusual.
#include <filesystem>
#include <fstream>
#include <random>

#include "program.h"

namespace portico::cli_test {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Songs : ::testing::Test {
    Folder folder;

    // Refused with one line that names the file, leaving nothing behind, by both verbs.
    void expect_refused(const std::string& name) {
        for (const char* const verb : {"play", "record"}) {
            const Ended ended = run(folder, {verb, name, "-o", "out.mid"});
            EXPECT_EQ(ended.code, 2) << name << ended.err;
            EXPECT_TRUE(ended.one_line()) << name << ended.err;
            EXPECT_THAT(ended.err, HasSubstr(name));
            EXPECT_THAT(ended.out, IsEmpty());
            EXPECT_FALSE(folder.has("out.mid"));
        }
    }
};

TEST_F(Songs, MissingOnesAndFoldersAreRefused) {
    expect_refused("no.mid");
    std::filesystem::create_directory(folder.file("folder.mid"));
    expect_refused("folder.mid");
}

TEST_F(Songs, EmptyOnesAndOtherFilesAreRefused) {
    folder.write("empty.mid", "");
    expect_refused("empty.mid");
    folder.write("text.mid", "This is a text, and not a short one either.\n");
    expect_refused("text.mid");
    const Bytes whole = notes(1);
    folder.write("header.mid", Bytes(whole.begin(), whole.begin() + 10));
    expect_refused("header.mid");
}

TEST_F(Songs, HugeOnesAreRefusedWithoutBeingRead) {
    folder.write("huge.mid", notes(1));
    std::filesystem::resize_file(folder.file("huge.mid"), std::uintmax_t{1} << 40);  // sparse: 1 TiB
    expect_refused("huge.mid");
    const Ended endless = run(folder, {"play", "/dev/zero"});
    EXPECT_EQ(endless.code, 2);
    EXPECT_TRUE(endless.one_line()) << endless.err;
}

// Cut anywhere, a song is refused with one line, or played as far as it goes with a warning.
TEST_F(Songs, TruncatedAtEveryByte) {
    const Bytes whole = notes(3);
#ifdef PORTICO_ASAN
    constexpr std::size_t step = 3;  // the program starts five times as slowly
#else
    constexpr std::size_t step = 1;
#endif
    for (std::size_t size = 0; size < whole.size(); size += step) {
        folder.write("cut.mid", Bytes(whole.begin(), whole.begin() + static_cast<long>(size)));
        const Ended ended = run(folder, {"play", "cut.mid"});
        if (ended.code == 0) {
            EXPECT_THAT(ended.out, HasSubstr("warning ")) << size;
            EXPECT_THAT(ended.err, IsEmpty()) << size;
        } else {
            EXPECT_EQ(ended.code, 2) << size << ended.err;
            EXPECT_TRUE(ended.one_line()) << size << ended.err;
        }
    }
}

TEST_F(Songs, RandomBytesAndRandomChangesNeverCrash) {
    std::mt19937 random(1);
    const Bytes correct = notes(20);
    for (int i = 0; i < 60; ++i) {
        Bytes bytes = correct;
        const bool all = i % 2 == 0;
        const std::size_t changes = all ? bytes.size() : 1 + random() % 8;
        for (std::size_t n = 0; n < changes; ++n) {
            // A correct header gets past the first check.
            const std::size_t at = all ? 14 + n : random() % bytes.size();
            if (at < bytes.size()) bytes[at] = static_cast<std::uint8_t>(random());
        }
        folder.write("random.mid", bytes);
        const Ended ended = run(folder, {"play", "random.mid", "-o", "out.mid"});
        EXPECT_TRUE(ended.code == 0 || ended.code == 2) << i << ": " << ended.code << ended.err;
        if (ended.code == 2) EXPECT_TRUE(ended.one_line()) << i << ended.err;
        if (ended.code == 0) EXPECT_THAT(ended.err, IsEmpty()) << i;
    }
}

TEST_F(Songs, SysExThatNeverEndsComesOutAsFarAsItGoes) {
    folder.write("open.mid", midi_file(Bytes{0, 0xF0, 5, 0x7D, 1, 2, 3, 4}));
    const Ended ended = run(folder, {"play", "open.mid", "-o", "out.txt"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.out, AllOf(HasSubstr("warning "), HasSubstr("every message came out")));
    EXPECT_THAT(folder.text("out.txt"), HasSubstr("F0 7D 01 02 03 04"));
}

TEST_F(Songs, SysExThatANoteEndsLosesNoNote) {
    folder.write("cut.mid", midi_file(Bytes{0, 0xF0, 3, 0x7D, 1, 2, 10, 0x90, 60, 100, 10, 0x80, 60, 0}));
    const Ended ended = run(folder, {"play", "cut.mid", "-o", "out.txt"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(folder.text("out.txt"), AllOf(HasSubstr("90 3C 64"), HasSubstr("80 3C 00")));
}

// A SysEx in packets, with clocks between them: the clocks may overtake it, nothing is lost.
TEST_F(Songs, RealTimeBytesInsideASysExAreNoLoss) {
    folder.write("mixed.mid",
                 midi_file(Bytes{0, 0xF0, 3,  0x7D, 1,  2,   10, 0xF7, 1, 0xF8, 10, 0xF7, 3,  3,
                                 4, 0xF7, 10, 0x90, 60, 100, 10, 0xF7, 1, 0xF8, 10, 0x80, 60, 0}));
    for (const char* const driver : {"mpu401", "cable"}) {
        const Ended ended = run(folder, {"play", "mixed.mid", "--driver", driver, "-o", "out.txt"});
        EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
        EXPECT_THAT(folder.text("out.txt"), HasSubstr("F0 7D 01 02 03 04 F7"));
    }
}

TEST_F(Songs, DenseOnesComeThroughTheCableWhole) {
    Bytes events;
    for (int i = 0; i < 4000; ++i)
        events = std::move(events) +
                 Bytes{static_cast<std::uint8_t>(i % 2), 0xB0, 7, static_cast<std::uint8_t>(i % 128)};
    folder.write("dense.mid", midi_file(events));
    const Ended ended = run(folder, {"play", "dense.mid", "--driver", "cable", "-o", "out.mid"});
    EXPECT_EQ(ended.code, 0) << ended.out;
    EXPECT_EQ(messages(folder.bytes("out.mid")), messages(folder.bytes("dense.mid")));
    const Ended recorded = run(folder, {"record", "dense.mid", "-o", "out.mid"});
    EXPECT_EQ(recorded.code, 0) << recorded.out;
    EXPECT_EQ(messages(folder.bytes("out.mid")), messages(folder.bytes("dense.mid")));
}

// Whatever bytes its name has, the report is JSON.
TEST_F(Songs, NamesThatAreNoUtf8) {
    const std::string name = "caf\xE9.mid";
    Bytes file = notes(1);
    file.resize(file.size() - 4);  // without its end of track: a warning that names it
    file[21] = static_cast<std::uint8_t>(file.size() - 22);
    folder.write(name, file);
    const Ended ended = run(folder, {"play", name, "--json"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("caf\xEF\xBF\xBD.mid: "));
}

TEST_F(Songs, WithoutAnyMessageEnds) {
    folder.write("silent.mid", midi_file({}));
    for (const char* const verb : {"play", "record"}) {
        const Ended ended = run(folder, {verb, "silent.mid", "-o", "out.mid"});
        EXPECT_EQ(ended.code, 0) << ended.err;
        EXPECT_THAT(messages(folder.bytes("out.mid")), IsEmpty());
    }
}

TEST_F(Songs, LongSilenceCostsNoTime) {
    // Three days between messages, three times.
    Bytes events{0, 0x90, 60, 100};
    for (int i = 0; i < 3; ++i) events = std::move(events) + ticks(0x0FFFFFFF) + Bytes{0xB0, 7, 1};
    folder.write("long.mid", midi_file(std::move(events) + Bytes{0, 0x80, 60, 0}));
    for (const char* const driver : {"mpu401", "cable"}) {
        const Ended ended = run(folder, {"play", "long.mid", "--driver", driver});
        EXPECT_EQ(ended.code, 0) << ended.out << ended.err;
        EXPECT_THAT(ended.out, ContainsRegex("max [0-9]\\.[0-9]+ ms")) << "late after a week";
    }
    const Ended recorded = run(folder, {"record", "long.mid"});
    EXPECT_EQ(recorded.code, 0) << recorded.out << recorded.err;
    EXPECT_THAT(recorded.out, ContainsRegex("max [0-9]\\.[0-9]+ ms"));
    // A sound file holds less than seven hours: that is known at once.
    for (const char* const verb : {"play", "record"}) {
        const Ended refused = run(folder, {verb, "long.mid", "-o", "out.wav"});
        EXPECT_EQ(refused.code, 2);
        EXPECT_TRUE(refused.one_line()) << refused.err;
        EXPECT_THAT(refused.err, HasSubstr("out.wav: the song lasts "));
    }
}

}  // namespace
}  // namespace portico::cli_test
