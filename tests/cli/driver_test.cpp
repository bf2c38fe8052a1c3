// Drivers that are none, and drivers whose start fails at each of its stages.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "program.h"

namespace portico::cli_test {
namespace {

using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;
using ::testing::Not;
using ::testing::SizeIs;

struct Drivers : ::testing::Test {
    Folder folder;
    Drivers() {
        folder.write("song.mid", notes(3));
        folder.write("out.mid", "what was here before");
    }
    Ended play(const Arguments& more) {
        Arguments arguments{"play", "song.mid", "-o", "out.mid"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return run(folder, arguments);
    }
    void expect_untouched() { EXPECT_EQ(folder.text("out.mid"), "what was here before"); }
};

TEST_F(Drivers, ThatAreNoneAreRefusedWithOneLine) {
    folder.write("text.so", "no image");
    folder.write("empty.so", "");
    std::filesystem::create_directory(folder.file("folder.so"));
    const std::vector<std::string> wrong = {"nosuch",    "./no.so", "text.so",  "empty.so",
                                            "folder.so", "/bin/sh", "/dev/zero"};
    for (const std::string& driver : wrong) {
        const Ended ended = play({"--driver", driver});
        EXPECT_EQ(ended.code, 2) << driver;
        EXPECT_TRUE(ended.one_line()) << driver << ": " << ended.err;
        EXPECT_THAT(ended.err, HasSubstr(driver));
        EXPECT_THAT(ended.out, IsEmpty());
        expect_untouched();
    }
    EXPECT_THAT(folder.names(), ElementsAre("empty.so", "folder.so", "out.mid", "song.mid", "text.so"));
}

TEST_F(Drivers, WithoutDriverEntryIsRefused) {
    const Ended ended = play({"--driver", PORTICO_DRIVERS "cli_no_entry.so"});
    EXPECT_EQ(ended.code, 2);
    EXPECT_TRUE(ended.one_line()) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("DriverEntry"));
    expect_untouched();
}

struct Stage {
    const char* name;
    int number;
    const char* message;
};
void PrintTo(const Stage& stage, std::ostream* out) {
    *out << stage.name;
}

struct Failing : Drivers, ::testing::WithParamInterface<Stage> {};

// One line that says what failed, with which status, and which of the driver's routines returned it; nothing
// is left behind by the driver (that would be findings) or of the output.
TEST_P(Failing, IsOneLineWithTheStatusAndTheRoutine) {
    folder.write("entry.reg",
                 fmt::format("Windows Registry Editor Version 5.00\n\n"
                             "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\cli_stages]\n"
                             "\"FailAt\"=dword:{:08x}\n",
                             GetParam().number));
    folder.write("machine.toml",
                 fmt::format("driver = \"{}\"\nregistry_files = [\"entry.reg\"]\n[registry]\nFailAt = {}\n",
                             PORTICO_DRIVERS "cli_stages.so", GetParam().number));
    const Ended ended = play({"--machine", "machine.toml"});
    EXPECT_EQ(ended.code, 1);
    EXPECT_EQ(ended.err, fmt::format("portico: {}\n", GetParam().message));
    EXPECT_THAT(ended.out, IsEmpty());
    expect_untouched();
    EXPECT_THAT(folder.names(), ElementsAre("entry.reg", "machine.toml", "out.mid", "song.mid"));
}

constexpr Stage stages[] = {
    {"DriverEntry", 1, "DriverEntry failed: STATUS_DEVICE_CONFIGURATION_ERROR (0xC0000182)"},
    {"AddDevice", 2,
     "start of virtual failed: STATUS_DEVICE_CONFIGURATION_ERROR (0xC0000182), returned by AddDevice"},
    {"StartDevice", 3,
     "start of virtual failed: STATUS_DEVICE_CONFIGURATION_ERROR (0xC0000182), returned by StartDevice"},
    {"NewPort", 4, "start of virtual failed: STATUS_NOT_SUPPORTED (0xC00000BB), returned by StartDevice"},
    {"Init", 5,
     "start of virtual failed: STATUS_DEVICE_CONFIGURATION_ERROR (0xC0000182), returned by "
     "IMiniportMidi::Init"},
    {"RegisterSubdevice", 6,
     "start of virtual failed: STATUS_OBJECT_NAME_COLLISION (0xC0000035), returned by StartDevice"},
    {"NewStream", 7,
     "opening pin 0 of Cable failed: STATUS_DEVICE_CONFIGURATION_ERROR (0xC0000182), returned by "
     "IMiniportMidi::NewStream"},
};
INSTANTIATE_TEST_SUITE_P(Start, Failing, ::testing::ValuesIn(stages),
                         [](const auto& info) { return info.param.name; });

TEST_F(Drivers, ThatStagesAllPassPlays) {
    folder.write("machine.toml", "[registry]\nFailAt = 0\n");
    const Ended ended = play({"--machine", "machine.toml", "--driver", PORTICO_DRIVERS "cli_stages.so"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(messages(folder.bytes("out.mid")), messages(notes(3)));
}

TEST_F(Drivers, ABugCheckAtUnloadLeavesTheOutputsAsTheyWere) {
    folder.write("machine.toml", "[registry]\nFailAt = 8\n");
    const Ended ended = play(
        {"--machine", "machine.toml", "--driver", PORTICO_DRIVERS "cli_stages.so", "--trace", "trace.json"});
    EXPECT_EQ(ended.code, 1);
    EXPECT_THAT(ended.err, HasSubstr("~CMiniportMidiStages"));
    EXPECT_THAT(ended.out, ::testing::Not(HasSubstr("output ")));
    expect_untouched();
}

// Nothing of the driver is on the stack when Portico looks at what it got.
TEST_F(Drivers, ABrokenPromiseHasTheLineOfTheRoutineThatBrokeIt) {
    folder.write("machine.toml", "[registry]\nFailAt = 9\n");
    const Ended ended = play({"--machine", "machine.toml", "--driver", PORTICO_DRIVERS "cli_stages.so"});
    EXPECT_EQ(ended.code, 1);
    EXPECT_THAT(ended.err, AllOf(HasSubstr("Requirement MM-034 (docs/spec/interfaces.md): "),
                                 HasSubstr("IMiniportMidi::NewStream succeeded without giving a stream."),
                                 ContainsRegex("stages\\.cpp:[0-9]+  CMiniportMidiStages::NewStream\n"),
                                 Not(HasSubstr("portico::verifier"))));
}

// ---- a bug check ----

struct BugCheck : Drivers {
    Ended ended =
        play({"--driver", PORTICO_DRIVERS "broken_null-read.so", "--report", "page.json", "--json"});

    std::string replay_file() {
        for (const std::string& name : folder.names()) {
            if (name.ends_with(".replay")) return name;
        }
        return {};
    }
};

TEST_F(BugCheck, IsExitCode1WithAPageAndAReplayFile) {
    EXPECT_EQ(ended.code, 1);
    EXPECT_THAT(ended.err, AllOf(HasSubstr("BUG CHECK 0x000000D1"), HasSubstr("miniport.cpp:"),
                                 HasSubstr("/portico replay ")));
    const auto page = nlohmann::json::parse(folder.text("page.json"));
    EXPECT_EQ(page.at("code"), 0xD1);
    const auto report = nlohmann::json::parse(ended.out);
    ASSERT_THAT(report.at("findings"), SizeIs(1));
    EXPECT_TRUE(report.at("findings")[0].at("bug_check").get<bool>());
    EXPECT_FALSE(replay_file().empty());
    expect_untouched();
    EXPECT_THAT(report.at("outputs"), IsEmpty());
    EXPECT_THAT(report.at("unwritten"), SizeIs(1));
}

// From the first line of the page to the last event.
std::string page_of(const std::string& err) {
    const auto begin = err.find(" BUG CHECK");
    return err.substr(begin, err.find("\n  replay:") - begin);
}

TEST_F(BugCheck, ReplayShowsTheSamePage) {
    const Ended again = run(folder, {"replay", replay_file()});
    EXPECT_EQ(again.code, 1);
    EXPECT_EQ(page_of(again.err), page_of(ended.err));
    EXPECT_THAT(again.err, HasSubstr("replay: the same end as recorded"));
}

TEST_F(BugCheck, ReplayThatFitsNotSaysSo) {
    auto replay = nlohmann::json::parse(folder.text(replay_file()));
    const auto refused = [&](const char* part) {
        folder.write("changed.replay", replay.dump());
        const Ended again = run(folder, {"replay", "changed.replay"});
        EXPECT_EQ(again.code, 2);
        EXPECT_TRUE(again.one_line()) << again.err;
        EXPECT_THAT(again.err, AllOf(HasSubstr("changed.replay"), HasSubstr(part)));
    };
    const auto whole = replay;
    replay["build"] = "another";
    refused("another build of Portico");
    replay = whole;
    replay["driver"]["hash"] = 1;
    refused("another build of the driver");
    replay = whole;
    replay["driver"]["path"] = "/nowhere/driver.so";
    refused("/nowhere/driver.so");
    replay = whole;
    replay["command"] = {"juggle", ""};
    refused("juggle");
    replay = whole;
    replay["input"] = "xyz";
    refused("hexadecimal");
    replay = whole;
    replay.erase("end");
    refused("not a replay file");
}

TEST_F(Drivers, ReplayFilesThatAreNone) {
    folder.write("text.replay", "text");
    for (const char* const name : {"text.replay", "no.replay", "song.mid", "."}) {
        const Ended ended = run(folder, {"replay", name});
        EXPECT_EQ(ended.code, 2) << name;
        EXPECT_TRUE(ended.one_line()) << ended.err;
        EXPECT_THAT(ended.err, HasSubstr(name));
    }
}

// What the machine file and its registration files say is in the replay file, whole.
TEST_F(Drivers, ReplayNeedsNoMachineFile) {
    folder.write(
        "values.reg",
        "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SOFTWARE\\Portico]\n\"A\"=\"b\"\n");
    folder.write(
        "machine.toml",
        "registry_files = [\"values.reg\"]\nseed = 9\n[registry.Deep.Key]\nText = \"x\"\nList = [\"a\"]\n");
    ASSERT_EQ(play({"--machine", "machine.toml", "--driver", PORTICO_DRIVERS "broken_null-read.so"}).code, 1);
    std::string file;
    for (const std::string& name : folder.names()) {
        if (name.ends_with("-9.replay")) file = name;
    }
    ASSERT_FALSE(file.empty());
    const auto replay = nlohmann::json::parse(folder.text(file));
    EXPECT_THAT(replay.at("machine").get<std::string>(), HasSubstr("Deep"));
    EXPECT_EQ(replay.at("registry_files").size(), 1u);
    std::filesystem::remove(folder.file("values.reg"));
    std::filesystem::remove(folder.file("machine.toml"));
    std::filesystem::remove(folder.file("song.mid"));
    const Ended again = run(folder, {"replay", file});
    EXPECT_EQ(again.code, 1);
    EXPECT_THAT(again.err, HasSubstr("replay: the same end as recorded"));
}

}  // namespace
}  // namespace portico::cli_test
