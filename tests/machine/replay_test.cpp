// Runs that are played again, as a driver author plays them: by the line that the page ends with. And that
// nothing of the host shows in a run: the same trace in every process, however busy the host is.
#include "machine/replay.h"

#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "portico/gtest.h"
#include "support/requires.h"

namespace replay_test {
namespace {

using namespace portico;
namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

std::string content(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

struct Ran {
    int code = -1;
    std::string out;
    std::string errors;
};

// A folder of the test's own; commands of the shell run in it.
class Replays : public ::testing::Test {
  protected:
    Replays() {
        fs::remove_all(folder_);
        fs::create_directories(folder_);
    }
    ~Replays() override { fs::remove_all(folder_); }

    Ran run(const std::string& command) {
        const std::string line = "cd " + folder_.string() + " && { " + command + "; } >out 2>errors";
        const int status = std::system(line.c_str());
        return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, content(folder_ / "out"),
                content(folder_ / "errors")};
    }
    Ran run_test(const std::string& test, const std::string& environment = "") {
        return run(environment + " " TARGET " --gtest_filter=Target." + test);
    }
    fs::path only_replay_file() {
        std::vector<fs::path> found;
        for (const auto& entry : fs::directory_iterator(folder_)) {
            if (entry.path().extension() == ".replay") found.push_back(entry.path());
        }
        EXPECT_EQ(found.size(), 1u);
        return found.empty() ? fs::path() : found[0];
    }
    // Reads the replay file, changes it, writes it again.
    void change(const std::function<void(nlohmann::json&)>& how) {
        const fs::path path = only_replay_file();
        auto json = nlohmann::json::parse(content(path));
        how(json);
        std::ofstream(path) << json.dump();
    }

    fs::path folder_ = fs::path(PORTICO_BINARY_DIR) / "replays" /
                       ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

// The page alone: from its head to its replay line.
std::string page_in(const std::string& errors) {
    const auto begin = std::min(errors.find(" BUG CHECK"), errors.find(" FINDING"));
    const auto replay = errors.find("\n  replay: ");
    if (begin == std::string::npos || replay == std::string::npos) return {};
    return errors.substr(begin, errors.find('\n', replay + 1) - begin);
}

std::string replay_line_in(const std::string& errors) {
    const auto at = errors.find("\n  replay: ");
    if (at == std::string::npos) return {};
    return errors.substr(at + 11, errors.find('\n', at + 1) - at - 11);
}

// ---- unit tests ----

struct PlayedAgain : Replays, ::testing::WithParamInterface<const char*> {};

TEST_P(PlayedAgain, ByTheLineOfThePage) {
    const Ran first = run_test(GetParam());
    EXPECT_EQ(first.code, 1);
    const std::string page = page_in(first.errors);
    ASSERT_NE(page, "") << first.errors;
    const std::string line = replay_line_in(first.errors);
    EXPECT_THAT(line, StartsWith("PORTICO_REPLAY="));
    const Ran again = run(line);
    EXPECT_EQ(again.code, 1);
    EXPECT_EQ(page_in(again.errors), page);
    EXPECT_THAT(again.errors, HasSubstr("replay: the same end as recorded\n"));
}

INSTANTIATE_TEST_SUITE_P(Tests, PlayedAgain, ::testing::Values("NullRead", "Leak", "Race"),
                         [](const auto& info) { return std::string(info.param); });

TEST_F(Replays, HoldTheChoicesOfAnExploringSchedule) {
    ASSERT_EQ(run_test("Race").code, 1);
    const auto replay = machine::read_replay(only_replay_file());
    ASSERT_TRUE(replay.ok()) << replay.error().message;
    EXPECT_EQ(replay.value().schedule, "random");
    EXPECT_GT(replay.value().choices.size(), 10u);
    // The choices are what is played, not the seed.
    change([](nlohmann::json& json) { json["seed"] = json["seed"].get<int>() + 1000; });
    const Ran again =
        run("PORTICO_REPLAY=" + only_replay_file().string() + " " TARGET " --gtest_filter=Target.Race");
    EXPECT_EQ(again.code, 1);
    EXPECT_THAT(again.errors, HasSubstr("BAD_POOL_CALLER"));
}

TEST_F(Replays, SayWhenTheChoicesDoNotFit) {
    ASSERT_EQ(run_test("Race").code, 1);
    change([](nlohmann::json& json) { json["choices"] = {7, 2}; });
    const Ran again =
        run("PORTICO_REPLAY=" + only_replay_file().string() + " " TARGET " --gtest_filter=Target.Race");
    EXPECT_THAT(again.errors,
                HasSubstr("choice 1 of 2 was not to be had: the recorded choices do not fit this run"));
}

TEST_F(Replays, SayWhenTheEndIsAnother) {
    ASSERT_EQ(run_test("NullRead").code, 1);
    change([](nlohmann::json& json) { json["end"]["line"] = 1; });
    const Ran again =
        run("PORTICO_REPLAY=" + only_replay_file().string() + " " TARGET " --gtest_filter=Target.NullRead");
    EXPECT_THAT(again.errors, HasSubstr("replay: ANOTHER end than recorded\n"));
}

TEST_F(Replays, SayWhenNothingIsFound) {
    ASSERT_EQ(run_test("Leak").code, 1);
    change([](nlohmann::json& json) {
        json["test"] = "Target.Trace";
        json["driver"]["hash"] = 0;
    });
    const Ran wrong = run("SCHEDULE=ordered TRACE_FILE=t PORTICO_REPLAY=" + only_replay_file().string() +
                          " " TARGET " --gtest_filter=Target.Trace");
    EXPECT_EQ(wrong.code, 2);  // another driver
}

// One line that says what is wrong, and exit code 2.
void expect_refused(const Ran& run, const std::string& why) {
    EXPECT_EQ(run.code, 2) << run.errors;
    EXPECT_THAT(run.errors, StartsWith("portico: "));
    EXPECT_THAT(run.errors, HasSubstr(why));
    EXPECT_EQ(std::count(run.errors.begin(), run.errors.end(), '\n'), 1) << run.errors;
}

TEST_F(Replays, OfAnotherBuildOrDriverAreRefused) {
    ASSERT_EQ(run_test("NullRead").code, 1);
    const std::string path = only_replay_file();
    const std::string again = "PORTICO_REPLAY=" + path + " " TARGET " --gtest_filter=Target.NullRead";
    const std::string whole = content(path);
    change([](nlohmann::json& json) { json["driver"]["hash"] = 5; });
    expect_refused(run(again), path + ": recorded with another build of the driver");
    std::ofstream(path) << whole;
    change([](nlohmann::json& json) { json["build"] = "0.0.1-abc"; });
    expect_refused(run(again), path + ": recorded by another build of Portico");
}

TEST_F(Replays, ThatAreDamagedOrMissingAreRefused) {
    ASSERT_EQ(run_test("NullRead").code, 1);
    const std::string path = only_replay_file();
    const std::string again = "PORTICO_REPLAY=" + path + " " TARGET " --gtest_filter=Target.NullRead";
    fs::resize_file(path, fs::file_size(path) / 2);
    expect_refused(run(again), path + ": not a replay file: ");
    std::ofstream(path) << "{}";
    expect_refused(run(again), path + ": not a replay file: ");
    fs::remove(path);
    expect_refused(run(again), path + ": cannot be read: No such file or directory");
}

TEST_F(Replays, OfAnotherTestLeaveThisOneAlone) {
    ASSERT_EQ(run_test("NullRead").code, 1);
    const Ran other =
        run("PORTICO_REPLAY=" + only_replay_file().string() + " " TARGET " --gtest_filter=Target.Leak");
    EXPECT_EQ(other.code, 1);
    EXPECT_THAT(other.errors, Not(HasSubstr("as recorded")));
}

// ---- the command line ----

TEST_F(Replays, OfTheCommandLine) {
    const Ran first = run(PORTICO " play " SONG " --driver " BROKEN_IMAGES "null-read.so -q");
    EXPECT_EQ(first.code, 1);
    const std::string page = page_in(first.errors);
    ASSERT_NE(page, "") << first.errors;
    const std::string line = replay_line_in(first.errors);
    ASSERT_THAT(line, StartsWith(PORTICO " replay ")) << "a complete command";
    const Ran second = run(line);
    EXPECT_EQ(second.code, 1);
    EXPECT_EQ(page_in(second.errors), page);
    EXPECT_THAT(second.errors, HasSubstr("replay: the same end as recorded\n"));
    change([](nlohmann::json& json) { json["driver"]["hash"] = 5; });
    expect_refused(run(line), "recorded with another build of the driver");
    change([](nlohmann::json& json) { json["build"] = ""; });
    expect_refused(run(line), "recorded by another build of Portico");
    change([](nlohmann::json& json) { json["command"] = {"format", "c:"}; });
    expect_refused(run(line), "not a replay file");
    fs::resize_file(only_replay_file(), 20);
    expect_refused(run(line), "not a replay file");
}

// The INF and what it copies are in the file: nobody needs them any more, and what they say now is nothing.
TEST_F(Replays, OfARunThatAnInfInstalled) {
    fs::copy_file(PORTICO_SOURCE_DIR "/drivers/mpu401/mpu401.inf", folder_ / "card.inf");
    const Ran first =
        run(PORTICO " play " SONG " --driver " BROKEN_IMAGES "timer-armed.so --inf card.inf -q");
    EXPECT_EQ(first.code, 1);
    EXPECT_THAT(page_in(first.errors), HasSubstr("left an armed timer")) << first.errors;
    const auto replay = machine::read_replay(only_replay_file());
    ASSERT_TRUE(replay.ok()) << replay.error().message;
    ASSERT_EQ(replay.value().inf_files.size(), 1u);
    EXPECT_EQ(replay.value().inf_files[0].path, (folder_ / "card.inf").string());
    EXPECT_EQ(replay.value().inf_files[0].bytes, content(folder_ / "card.inf"));
    const auto expect_same = [&] {
        const Ran second = run(replay_line_in(first.errors));
        EXPECT_EQ(second.code, 1);
        EXPECT_EQ(page_in(second.errors), page_in(first.errors));
        EXPECT_THAT(second.errors, HasSubstr("replay: the same end as recorded\n"));
    };
    expect_same();
    std::ofstream(folder_ / "card.inf") << "something else";
    expect_same();
    fs::remove(folder_ / "card.inf");
    expect_same();
    change([](nlohmann::json& json) { json.erase("inf_files"); });
    expect_refused(run(replay_line_in(first.errors)), "card.inf");
}

TEST_F(Replays, OfTwoRunsOfADriverAreTwoFiles) {
    const std::string command = PORTICO " play " SONG " --driver " BROKEN_IMAGES "null-read.so -q";
    const Ran first = run(command);
    const Ran second = run(command + " --exact");
    EXPECT_NE(replay_line_in(first.errors), replay_line_in(second.errors));
    for (const Ran* const ran : {&first, &second})
        EXPECT_THAT(run(replay_line_in(ran->errors)).errors, HasSubstr("the same end as recorded"));
}

TEST_F(Replays, OfAnExploringCommandLine) {
    const Ran first =
        run(PORTICO " play " SONG " --schedule pct:2 --seed 9 --driver " BROKEN_IMAGES "null-read.so -q");
    EXPECT_EQ(first.code, 1);
    const auto replay = machine::read_replay(only_replay_file());
    ASSERT_TRUE(replay.ok()) << replay.error().message;
    EXPECT_EQ(replay.value().schedule, "pct:2");
    const Ran second = run(replay_line_in(first.errors));
    EXPECT_EQ(page_in(second.errors), page_in(first.errors));
    EXPECT_NE(page_in(second.errors), "");
    EXPECT_THAT(second.errors, HasSubstr("replay: the same end as recorded\n"));
    const Ran refused = run(PORTICO " play " SONG " --schedule often");
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(refused.errors, HasSubstr("no such schedule: 'often'"));
}

// ---- on a terminal ----

// What a command writes when its standard error is a terminal.
std::string on_terminal(const std::string& command) {
    int terminal = -1;
    const ::pid_t child = ::forkpty(&terminal, nullptr, nullptr, nullptr);
    if (child == 0) {
        ::execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
        ::_exit(127);
    }
    std::string text;
    char buffer[4096];
    for (::ssize_t count; (count = ::read(terminal, buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(count));
    ::close(terminal);
    ::waitpid(child, nullptr, 0);
    return text;
}

TEST_F(Replays, PagesAreColouredOnATerminalOnly) {
    const std::string command = "PORTICO_REPORT_DIR=" + folder_.string() +
                                " " TARGET " --gtest_color=no --gtest_filter=Target.NullRead";
    EXPECT_THAT(on_terminal(command), HasSubstr("\x1b[1;97;44m BUG CHECK"));
    const std::string plain = on_terminal("NO_COLOR=1 " + command);
    EXPECT_THAT(plain, HasSubstr(" BUG CHECK"));
    EXPECT_EQ(plain.find('\x1b'), std::string::npos);
    EXPECT_THAT(on_terminal("NO_COLOR= " + command), HasSubstr("\x1b["));
    EXPECT_EQ(run(command).errors.find('\x1b'), std::string::npos);
}

// ---- the same trace in every process ----

// Processes that take the host's time.
class Load {
  public:
    Load() {
        for (::pid_t& child : children_) {
            child = ::fork();
            if (child != 0) continue;
            ::alarm(120);
            for (;;) asm volatile("");
        }
    }
    ~Load() {
        for (const ::pid_t child : children_) {
            ::kill(child, SIGKILL);
            ::waitpid(child, nullptr, 0);
        }
    }
    Load(const Load&) = delete;
    Load& operator=(const Load&) = delete;

  private:
    ::pid_t children_[3];
};

struct Traces : Replays, ::testing::WithParamInterface<const char*> {
    std::string trace(const std::string& name) {
        const Ran traced = run_test("Trace", "SCHEDULE=" + std::string(GetParam()) + " TRACE_FILE=" + name);
        EXPECT_EQ(traced.code, 0) << traced.out << traced.errors;
        return content(folder_ / name);
    }
};

TEST_P(Traces, AreEqualByteForByteInEveryProcess) {
    const std::string quiet = trace("quiet.json");
    EXPECT_GT(quiet.size(), 50'000u);
    EXPECT_TRUE(trace("again.json") == quiet);
    const Load load;
    EXPECT_TRUE(trace("loaded.json") == quiet);
}

INSTANTIATE_TEST_SUITE_P(Schedules, Traces, ::testing::Values("ordered", "random", "pct"),
                         [](const auto& info) { return std::string(info.param); });

struct ChromeTraces : Traces {};

TEST_P(ChromeTraces, HaveALaneForEachProcessorThreadAndDeviceLine) {
    const auto json = nlohmann::json::parse(trace("trace.json"));
    std::map<int, std::string> groups;
    std::map<std::string, std::set<std::string>> lanes;
    std::map<std::pair<int, int>, int> events;
    for (const auto& event : json["traceEvents"]) {
        if (event.value("name", "") == "process_name") groups[event["pid"]] = event["args"]["name"];
        if (event["ph"] != "M") ++events[{event["pid"], event["tid"]}];
    }
    for (const auto& event : json["traceEvents"]) {
        if (event.value("name", "") != "thread_name") continue;
        lanes[groups[event["pid"]]].insert(event["args"]["name"].get<std::string>());
        EXPECT_GT((events[{event["pid"].get<int>(), event["tid"].get<int>()}]), 0) << event.dump();
    }
    EXPECT_THAT(lanes["Processors"], ::testing::ElementsAre("Processor 0", "Processor 1"));
    EXPECT_THAT(lanes["Threads"], ::testing::Contains(StartsWith("client ")));
    EXPECT_THAT(lanes["Device lines"], ::testing::ElementsAre("IRQ 9, mpu401"));
    EXPECT_THAT(lanes["Wires"], ::testing::ElementsAre("mpu401 MIDI IN", "mpu401 MIDI OUT"));
}

INSTANTIATE_TEST_SUITE_P(Schedules, ChromeTraces, ::testing::Values("ordered"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace replay_test
