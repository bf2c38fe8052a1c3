// Terminals, closed streams, and Ctrl-C.
#include <fcntl.h>
#include <sndfile.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "program.h"

namespace portico::cli_test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

struct Streams : ::testing::Test {
    Folder folder;
    Streams() { folder.write("song.mid", notes(50)); }
};

// A pseudo terminal: what the program writes to it can be read from here.
class Terminal {
  public:
    Terminal() {
        master_ = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
        EXPECT_EQ(::grantpt(master_), 0);
        EXPECT_EQ(::unlockpt(master_), 0);
        slave_ = ::open(::ptsname(master_), O_RDWR | O_NOCTTY | O_CLOEXEC);
        EXPECT_GE(slave_, 0);
    }
    ~Terminal() { ::close(master_); }

    int slave() const { return slave_; }
    // All that is written until the last writer has gone.
    std::string read_all() {
        ::close(slave_);
        std::string text;
        char buffer[4096];
        for (ssize_t count; (count = ::read(master_, buffer, sizeof buffer)) > 0;)
            text.append(buffer, static_cast<std::size_t>(count));
        return text;
    }

  private:
    int master_ = -1;
    int slave_ = -1;
};

TEST_F(Streams, TerminalGetsABarThatGoesAway) {
    Terminal terminal;
    How how;
    how.err_fd = terminal.slave();
    Program program(folder, {"play", "song.mid"}, how);
    const std::string shown = terminal.read_all();
    const Ended ended = program.wait();
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(shown, AllOf(HasSubstr("\r  ["), HasSubstr("%")));
    EXPECT_THAT(shown, ::testing::EndsWith("\r" + std::string(49, ' ') + "\r"));
    EXPECT_THAT(shown, Not(HasSubstr("\n")));
    EXPECT_THAT(ended.out, Not(HasSubstr("%")));
}

// It fits on a line: what wraps cannot be gone back to.
TEST_F(Streams, TheBarIsAsWideAsTheTerminal) {
    for (const auto& [columns, kind, width] : {std::tuple{120, "xterm", 49u},
                                               {49, "xterm", 48u},
                                               {20, "xterm", 19u},
                                               {12, "xterm", 0u},
                                               {120, "dumb", 0u}}) {
        Terminal terminal;
        const winsize size{24, static_cast<unsigned short>(columns), 0, 0};
        ASSERT_EQ(::ioctl(terminal.slave(), TIOCSWINSZ, &size), 0);
        How how;
        how.err_fd = terminal.slave();
        how.environment = {std::string("TERM=") + kind};
        Program program(folder, {"play", "song.mid"}, how);
        const std::string shown = terminal.read_all();
        EXPECT_EQ(program.wait().code, 0);
        EXPECT_EQ(shown.empty(), width == 0) << columns << kind;
        if (width != 0) EXPECT_EQ(shown.find("\r", 1), width + 1) << columns << shown;
    }
}

TEST_F(Streams, ErrorIsNotBehindTheBar) {
    Terminal terminal;
    How how;
    how.err_fd = terminal.slave();
    Program program(folder, {"play", "song.mid", "--driver", PORTICO_DRIVERS "broken_null-read.so"}, how);
    const std::string shown = terminal.read_all();
    EXPECT_EQ(program.wait().code, 1);
    EXPECT_THAT(shown, HasSubstr("BUG CHECK"));
    EXPECT_THAT(shown, Not(HasSubstr("% BUG")));
}

TEST_F(Streams, NoTerminalGetsNoBar) {
    const Ended ended = run(folder, {"play", "song.mid"});
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.err, IsEmpty());
}

// Files must not end up behind a closed descriptor, nor the report in a file.
TEST_F(Streams, ClosedOnesDoNotMixWithFiles) {
    for (const int closed : {0, 1, 2, 3}) {
        How how;
        if (closed == 0 || closed == 3) how.in = Stream::closed;
        if (closed == 1 || closed == 3) how.out = Stream::closed;
        if (closed == 2 || closed == 3) how.err = Stream::closed;
        const Ended ended = run(folder, {"play", "song.mid", "-o", "out.mid", "-o", "out.txt"}, how);
        EXPECT_EQ(ended.code, 0) << closed << ended.err;
        EXPECT_EQ(messages(folder.bytes("out.mid")), messages(notes(50))) << closed;
        EXPECT_THAT(folder.text("out.txt"), Not(HasSubstr("lateness")));
    }
}

TEST_F(Streams, ReaderThatHasGoneIsNoError) {
    How how;
    how.out = Stream::unread;
    for (const Arguments& arguments :
         std::vector<Arguments>{{"devices"}, {"--help"}, {"play", "song.mid", "-o", "out.mid"}}) {
        const Ended ended = run(folder, arguments, how);
        EXPECT_EQ(ended.code, 0);
        EXPECT_THAT(ended.err, IsEmpty());
    }
    EXPECT_EQ(messages(folder.bytes("out.mid")), messages(notes(50)));
    How unread_errors;
    unread_errors.err = Stream::unread;
    EXPECT_EQ(run(folder, {"play", "no.mid"}, unread_errors).code, 2);
    EXPECT_EQ(
        run(folder, {"play", "song.mid", "--driver", PORTICO_DRIVERS "broken_null-read.so"}, unread_errors)
            .code,
        1);
}

TEST_F(Streams, ReportThatCannotBeWrittenIsAnError) {
    How how;
    how.out = Stream::full;
    for (const Arguments& arguments :
         std::vector<Arguments>{{"devices"}, {"--help"}, {"doctor"}, {"play", "song.mid"}}) {
        const Ended ended = run(folder, arguments, how);
        EXPECT_EQ(ended.code, 2);
        EXPECT_EQ(ended.err, "portico: standard output: cannot write: No space left on device\n");
    }
}

// ---- Ctrl-C ----

// Plays a long song with a text output that is a pipe. The pipe holds far less than the song, so when the
// first of it can be read, the program is in the middle of the song and cannot end before the signal has
// come.
struct Interrupted : ::testing::Test {
    Folder folder;
    Interrupted() {
        // Chords that last: notes are down at any time.
        Bytes events;
        for (int i = 0; i < 8000; ++i) {
            const auto key = static_cast<std::uint8_t>(30 + i % 60);
            if (i >= 6) {
                const auto old = static_cast<std::uint8_t>(30 + (i - 6) % 60);
                events = std::move(events) + Bytes{0, 0x80, old, 64};
            }
            events = std::move(events) + Bytes{4, 0x90, key, 100};
        }
        folder.write("long.mid", midi_file(events));
        ::mkfifo(folder.file("pipe.txt").c_str(), 0600);
    }

    Ended interrupt(Program& program, int number) {
        const int pipe = ::open(folder.file("pipe.txt").c_str(), O_RDONLY | O_CLOEXEC);
        char first = 0;
        EXPECT_EQ(::read(pipe, &first, 1), 1);
        program.signal(number);
        char buffer[65536];
        while (::read(pipe, buffer, sizeof buffer) > 0) {
        }
        ::close(pipe);
        return program.wait();
    }
};

TEST_F(Interrupted, ReleasesEveryNoteAndLeavesValidFiles) {
    for (const auto& [number, code] : {std::pair{SIGINT, 130}, std::pair{SIGTERM, 143}}) {
        Program program(folder,
                        {"play", "long.mid", "--json", "-o", "pipe.txt", "-o", "out.mid", "-o", "out.wav"});
        const Ended ended = interrupt(program, number);
        EXPECT_EQ(ended.code, code) << ended.err;
        const auto report = nlohmann::json::parse(ended.out);
        EXPECT_TRUE(report.at("stopped").get<bool>());
        EXPECT_TRUE(report.at("wire").at("balanced").get<bool>());
        const auto played = messages(folder.bytes("out.mid"));
        EXPECT_GT(played.size(), 100u);
        EXPECT_LT(played.size(), 15'000u);
        EXPECT_EQ(held_keys(played), 0);
        EXPECT_EQ(played.back()[0] & 0xF0, 0x80);
        SF_INFO info{};
        SNDFILE* const sound = sf_open(folder.file("out.wav").c_str(), SFM_READ, &info);
        ASSERT_NE(sound, nullptr);
        EXPECT_GT(info.frames, 10'000);
        sf_close(sound);
    }
}

// An hour of silence is an hour of sound to make, which takes long.
TEST_F(Interrupted, AlsoInSilence) {
    // Enough before it for a first piece of text, which tells that the run is under way.
    Bytes events;
    for (int i = 0; i < 1500; ++i) events = std::move(events) + Bytes{4, 0xB0, 7, 100};
    folder.write("long.mid", midi_file(std::move(events) + Bytes{0, 0x90, 60, 100} + ticks(3600 * 960) +
                                       Bytes{0x80, 60, 64}));
    Program program(folder, {"play", "long.mid", "--json", "-o", "pipe.txt", "-o", "out.wav"});
    const Ended ended = interrupt(program, SIGINT);
    EXPECT_EQ(ended.code, 130) << ended.err;
    const auto report = nlohmann::json::parse(ended.out);
    EXPECT_LE(report.at("matched"), 1501) << "played to the end first";
    EXPECT_TRUE(report.at("wire").at("balanced").get<bool>());
    EXPECT_LT(report.at("simulated_ns").get<std::int64_t>(), 3'600'000'000'000);
}

TEST_F(Interrupted, CableReleasesEveryNote) {
    Program program(folder, {"play", "long.mid", "--driver", "cable", "-o", "pipe.txt", "-o", "out.mid"});
    const Ended ended = interrupt(program, SIGINT);
    EXPECT_EQ(ended.code, 130) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("stopped"));
    EXPECT_EQ(held_keys(messages(folder.bytes("out.mid"))), 0);
}

TEST_F(Interrupted, RecordingKeepsWhatCameUntilThen) {
    Program program(folder, {"record", "long.mid", "-o", "pipe.txt", "-o", "out.mid"});
    const Ended ended = interrupt(program, SIGINT);
    EXPECT_EQ(ended.code, 130) << ended.err;
    const auto recorded = messages(folder.bytes("out.mid"));
    const auto sent = messages(folder.bytes("long.mid"));
    ASSERT_GT(recorded.size(), 100u);
    ASSERT_LT(recorded.size(), sent.size());
    EXPECT_TRUE(std::equal(recorded.begin(), recorded.end(), sent.begin()));
}

// A second one ends the program at once, and nothing is left of the outputs.
TEST_F(Interrupted, TwiceEndsAtOnce) {
    folder.write("out.mid", "before");
    Program program(folder, {"play", "long.mid", "-o", "pipe.txt", "-o", "out.mid"});
    const int pipe = ::open(folder.file("pipe.txt").c_str(), O_RDONLY | O_CLOEXEC);
    char first = 0;
    EXPECT_EQ(::read(pipe, &first, 1), 1);
    program.signal(SIGINT);
    while (program.handles(SIGINT)) {  // until the first has arrived: two that wait are one
    }
    program.signal(SIGINT);
    const Ended ended = program.wait();
    ::close(pipe);
    EXPECT_EQ(ended.code, -SIGINT);
    EXPECT_EQ(folder.text("out.mid"), "before");
    EXPECT_THAT(folder.names(), ElementsAre("long.mid", "out.mid", "pipe.txt"));
}

}  // namespace
}  // namespace portico::cli_test
