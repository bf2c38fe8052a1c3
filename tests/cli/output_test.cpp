// Outputs that cannot be written, and that must not be.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "program.h"

namespace portico::cli_test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Outputs : ::testing::Test {
    Folder folder;
    Outputs() { folder.write("song.mid", notes(30)); }

    void expect_refused(const Arguments& arguments, const std::string& part, const How& how = {}) {
        const Ended ended = run(folder, arguments, how);
        const std::string line = ::testing::PrintToString(arguments);
        EXPECT_EQ(ended.code, 2) << line << ended.err;
        EXPECT_TRUE(ended.one_line()) << line << ended.err;
        EXPECT_THAT(ended.err, HasSubstr(part)) << line;
        EXPECT_THAT(ended.out, IsEmpty()) << line;
    }
};

constexpr const char* kinds[] = {".mid", ".txt", ".wav", ".flac"};

TEST_F(Outputs, InAMissingFolder) {
    for (const std::string kind : kinds)
        expect_refused({"play", "song.mid", "-o", "no/out" + kind}, "no/out" + kind);
    for (const std::string option : {"--trace", "--timeline", "--report"}) {
        const std::string file = option == "--report" ? "no/file.html" : "no/file";
        expect_refused({"play", "song.mid", "-o", "out.mid", option, file}, file);
    }
    for (const std::string option : {"--trace", "--timeline"})
        expect_refused({"play", "song.mid", option, "no/file"}, "no/file");
    expect_refused({"record", "song.mid", "-o", "no/out.mid"}, "no/out.mid");
    EXPECT_THAT(folder.names(), ElementsAre("song.mid"));
}

TEST_F(Outputs, ThatAreFolders) {
    for (const std::string kind : kinds) {
        std::filesystem::create_directory(folder.file("out" + kind));
        expect_refused({"play", "song.mid", "-o", "out" + kind}, "out" + kind);
    }
    EXPECT_THAT(folder.names(), ElementsAre("out.flac", "out.mid", "out.txt", "out.wav", "song.mid"));
}

TEST_F(Outputs, OfNoKnownKind) {
    expect_refused({"play", "song.mid", "-o", "out.mp3"}, ".wav, .flac, .mid or .txt");
    expect_refused({"play", "song.mid", "-o", "out"}, ".wav, .flac, .mid or .txt");
    EXPECT_THAT(folder.names(), ElementsAre("song.mid"));
}

// /proc takes no new file from anyone, root included.
TEST_F(Outputs, InAFolderThatTakesNone) {
    expect_refused({"play", "song.mid", "-o", "/proc/out.mid"}, "/proc/out.mid");
}

TEST_F(Outputs, InAReadOnlyFolder) {
    std::filesystem::create_directory(folder.file("locked"));
    folder.write("locked/old.mid", "old");
    ::chmod(folder.file("locked/old.mid").c_str(), 0444);
    ::chmod(folder.file("locked").c_str(), 0555);
    How how;
    how.obeys_modes = true;
    expect_refused({"play", "song.mid", "-o", "locked/out.mid"},
                   "locked/out.mid: cannot write: Permission denied", how);
    expect_refused({"play", "song.mid", "-o", "locked/old.mid"},
                   "locked/old.mid: cannot write: Permission denied", how);
    EXPECT_EQ(folder.text("locked/old.mid"), "old");
    ::chmod(folder.file("locked").c_str(), 0755);
}

TEST_F(Outputs, OnAFullDevice) {
    for (const std::string kind : kinds) {
        std::filesystem::create_symlink("/dev/full", folder.file("full" + kind));
        expect_refused({"play", "song.mid", "-o", "full" + kind}, "No space left on device");
    }
    std::filesystem::create_symlink("/dev/full", folder.file("full.json"));
    expect_refused({"play", "song.mid", "--trace", "full.json"}, "No space left on device");
    std::filesystem::create_symlink("/dev/full", folder.file("full.svg"));
    expect_refused({"play", "song.mid", "--timeline", "full.svg"}, "No space left on device");
}

// The disk is full in the middle of the file: nothing of it is left, and what was there before is whole.
TEST_F(Outputs, ThatGrowTooLarge) {
    folder.write("long.mid", notes(3000));
    How how;
    how.file_bytes_max = 20'000;
    for (const std::string kind : kinds) {
        folder.write("out" + kind, "before");
        expect_refused({"play", "long.mid", "-o", "out" + kind},
                       "out" + kind + ": cannot write: File too large", how);
        EXPECT_EQ(folder.text("out" + kind), "before");
    }
    expect_refused({"play", "long.mid", "--trace", "trace.json"}, "trace.json: cannot write: File too large",
                   how);
    EXPECT_THAT(folder.names(),
                ElementsAre("long.mid", "out.flac", "out.mid", "out.txt", "out.wav", "song.mid"));
}

TEST_F(Outputs, OneThatFailsTakesTheOthersWithIt) {
    folder.write("out.mid", "before");
    std::filesystem::create_symlink("/dev/full", folder.file("full.txt"));
    expect_refused({"play", "song.mid", "-o", "out.mid", "-o", "full.txt"}, "full.txt");
    EXPECT_EQ(folder.text("out.mid"), "before");
}

TEST_F(Outputs, ATimelineThatCannotBeDrawnTakesTheOthersWithIt) {
    folder.write("silent.mid", midi_file({}));
    folder.write("out.mid", "before");
    expect_refused({"play", "silent.mid", "-o", "out.mid", "--timeline", "line.svg"},
                   "line.svg: not written");
    EXPECT_EQ(folder.text("out.mid"), "before");
    EXPECT_FALSE(folder.has("line.svg"));
}

TEST_F(Outputs, ThatAreReadAlready) {
    const Bytes before = folder.bytes("song.mid");
    std::filesystem::create_symlink("song.mid", folder.file("link.mid"));
    folder.write("machine.toml", "");
    expect_refused({"play", "song.mid", "-o", "song.mid"}, "it is the MIDI file that is read");
    expect_refused({"play", "song.mid", "-o", "./link.mid"}, "it is the MIDI file that is read");
    expect_refused({"record", "link.mid", "-o", "song.mid"}, "it is the MIDI file that is read");
    expect_refused({"play", "song.mid", "--machine", "machine.toml", "--trace", "machine.toml"},
                   "it is the machine file");
    expect_refused({"play", "song.mid", "-o", "a.mid", "-o", "../" + folder.path().substr(5) + "/a.mid"},
                   "it is an output already");
    expect_refused({"play", "song.mid", "--trace", "a", "--timeline", "a"}, "it is the trace");
    expect_refused({"inspect", "--machine", "machine.toml", "--svg", "machine.toml"},
                   "it is the machine file");
    expect_refused({"ioctl", "Uart", "1", "--in", "song.mid", "-o", "song.mid"}, "it is the input");
    expect_refused({"ioctl", "Uart", "1", "--data", "song.mid", "-o", "song.mid"}, "it is the data");
    expect_refused({"ioctl", "Uart", "1", "--machine", "machine.toml", "-o", "machine.toml"},
                   "it is the machine file");
    EXPECT_EQ(folder.bytes("song.mid"), before);
    EXPECT_THAT(folder.names(), ElementsAre("link.mid", "machine.toml", "song.mid"));
}

TEST_F(Outputs, ReplaceWhatWasThereOnlyWhenWhole) {
    folder.write("out.mid", "before");
    ::chmod(folder.file("out.mid").c_str(), 0640);
    ASSERT_EQ(run(folder, {"play", "song.mid", "-o", "out.mid"}).code, 0);
    EXPECT_EQ(messages(folder.bytes("out.mid")), messages(notes(30)));
    struct stat status {};
    ASSERT_EQ(::stat(folder.file("out.mid").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777, 0640u);
}

TEST_F(Outputs, ThroughALinkReplaceItsTarget) {
    folder.write("target.mid", "before");
    std::filesystem::create_symlink("target.mid", folder.file("link.mid"));
    ASSERT_EQ(run(folder, {"play", "song.mid", "-o", "link.mid"}).code, 0);
    EXPECT_TRUE(std::filesystem::is_symlink(folder.file("link.mid")));
    EXPECT_EQ(messages(folder.bytes("target.mid")), messages(notes(30)));
}

TEST_F(Outputs, OfTwoRunsAtOnceInOneFolderAreBothWhole) {
    folder.write("other.mid", notes(31));
    {
        Program first(folder, {"play", "song.mid", "-o", "a.mid", "-o", "same.mid", "-o", "a.wav"});
        Program second(folder, {"play", "other.mid", "-o", "b.mid", "-o", "same.mid", "-o", "b.wav"});
        EXPECT_EQ(first.wait().code, 0);
        EXPECT_EQ(second.wait().code, 0);
    }
    EXPECT_EQ(messages(folder.bytes("a.mid")), messages(notes(30)));
    EXPECT_EQ(messages(folder.bytes("b.mid")), messages(notes(31)));
    EXPECT_THAT(messages(folder.bytes("same.mid")),
                ::testing::AnyOf(messages(notes(30)), messages(notes(31))));
    EXPECT_THAT(folder.names(),
                ElementsAre("a.mid", "a.wav", "b.mid", "b.wav", "other.mid", "same.mid", "song.mid"));
}

TEST_F(Outputs, BugChecksAtOnceLeaveTheirReplayFiles) {
    const Arguments arguments{"play", "song.mid", "--driver", PORTICO_DRIVERS "broken_null-read.so"};
    Program first(folder, arguments);
    Program second(folder, arguments);
    EXPECT_EQ(first.wait().code, 1);
    EXPECT_EQ(second.wait().code, 1);
    ASSERT_EQ(folder.names().size(), 2u);
    EXPECT_EQ(run(folder, {"replay", folder.names()[0]}).code, 1);
}

TEST_F(Outputs, ReplayFileThatCannotBeWrittenIsSaid) {
    How how;
    how.environment = {"PORTICO_REPORT_DIR=/proc"};
    const Ended ended =
        run(folder, {"play", "song.mid", "--driver", PORTICO_DRIVERS "broken_null-read.so"}, how);
    EXPECT_EQ(ended.code, 1);
    EXPECT_THAT(ended.err,
                AllOf(HasSubstr("BUG CHECK"), HasSubstr("cannot be written"), HasSubstr("/proc/")));
    EXPECT_THAT(folder.names(), ElementsAre("song.mid"));
}

}  // namespace
}  // namespace portico::cli_test
