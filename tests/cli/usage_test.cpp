// Verbs, help and wrong usage.
#include <nlohmann/json.hpp>

#include "program.h"

namespace portico::cli_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(Help, NamesEveryVerbAndTheExitCodes) {
    const Folder folder;
    const Ended ended = run(folder, {"--help"});
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.err, IsEmpty());
    for (const char* const verb :
         {"build", "play", "record", "inspect", "topology-test", "devices", "doctor", "replay"}) {
        EXPECT_THAT(ended.out, HasSubstr(std::string("\n  ") + verb + " "));
    }
    EXPECT_THAT(
        ended.out,
        HasSubstr("0 fine, 1 findings or a bug check, 2 wrong usage or bad input, 3 something missing"));
    EXPECT_THAT(ended.out, HasSubstr("130 stopped by Ctrl-C"));
}

TEST(Help, OfEachVerbHasAnExample) {
    const Folder folder;
    for (const std::string verb :
         {"build", "play", "record", "inspect", "topology-test", "devices", "doctor", "replay"}) {
        const Ended ended = run(folder, {verb, "--help"});
        EXPECT_EQ(ended.code, 0) << verb;
        EXPECT_THAT(ended.out, HasSubstr("Example: portico " + verb));
        EXPECT_THAT(ended.err, IsEmpty());
    }
}

TEST(Help, TellsOfEveryOptionOfPlay) {
    const Folder folder;
    const Ended ended = run(folder, {"play", "--help"});
    for (const char* const option : {"--driver", "--output", "--synth", "--machine", "--seed", "--trace",
                                     "--json", "--timeline", "--report", "--filter", "--exact", "--quiet"}) {
        EXPECT_THAT(ended.out, HasSubstr(option));
    }
}

TEST(Version, IsPrinted) {
    const Folder folder;
    const Ended ended = run(folder, {"--version"});
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, ::testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(Usage, WrongOnesAreOneLineAndExitCode2) {
    const Folder folder;
    folder.write("song.mid", notes(1));
    const std::vector<Arguments> wrong = {
        {},
        {"paly", "song.mid"},
        {"play"},
        {"play", "song.mid", "--colour"},
        {"play", "song.mid", "other.mid"},
        {"play", "song.mid", "-o"},
        {"play", "song.mid", "--seed", "minus one"},
        {"play", "song.mid", "--seed", "-1"},
        {"play", "song.mid", "--seed", "18446744073709551616"},
        {"play", "song.mid", "--seed", "1", "--seed", "2"},
        {"record"},
        {"replay"},
        {"devices", "mpu401"},
        {"doctor", "--json"},
        {"play", "song.mid", "--report", "page.txt"},
        {"play", "song.mid", "--json", "--quiet"},
        {"play", "song.mid", "-o", "out.mid", "--synth", "font.sf2"},
        {"play", ""},
    };
    for (const Arguments& arguments : wrong) {
        const Ended ended = run(folder, arguments);
        const std::string line = ::testing::PrintToString(arguments);
        EXPECT_EQ(ended.code, 2) << line;
        EXPECT_TRUE(ended.one_line()) << line << ended.err;
        EXPECT_THAT(ended.out, IsEmpty()) << line;
    }
    EXPECT_THAT(folder.names(), ::testing::ElementsAre("song.mid"));
}

TEST(Usage, AMisspeltVerbIsNamedWithTheOneThatWasMeant) {
    const Folder folder;
    EXPECT_THAT(run(folder, {"paly", "song.mid"}).err,
                HasSubstr("there is no verb \"paly\"; did you mean play?"));
    EXPECT_THAT(run(folder, {"symphony"}).err,
                HasSubstr("there is no verb \"symphony\" (see portico --help)"));
    EXPECT_THAT(run(folder, {"--colour"}).err, HasSubstr("there is no option --colour (see"));
    EXPECT_THAT(run(folder, {}).err, HasSubstr("say what to do: play, record"));
    EXPECT_THAT(run(folder, {"play"}).err, HasSubstr("required"));
}

TEST(Devices, ListsModelsParametersAndDrivers) {
    const Folder folder;
    const Ended ended = run(folder, {"devices"});
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, AllOf(HasSubstr("mpu401: "), HasSubstr("rx_depth"), HasSubstr("fault_storm_at")));
    EXPECT_THAT(ended.out,
                AllOf(HasSubstr("Drivers that come along:\n"), HasSubstr("cable"), HasSubstr("mpu401")));
    const Ended json = run(folder, {"devices", "--json"});
    EXPECT_EQ(json.code, 0);
    const auto parsed = nlohmann::json::parse(json.out);
    EXPECT_EQ(parsed.at("models").at(1).at("name"), "mpu401");
    EXPECT_THAT(parsed.at("drivers").get<Arguments>(),
                ::testing::IsSupersetOf({"cable", "mpu401", "wavetable", "dmus_cable"}));
}

TEST(Doctor, SaysWhatIsThere) {
    const Folder folder;
    const Ended ended = run(folder, {"doctor"});
    EXPECT_EQ(ended.code, 0) << ended.out;
    EXPECT_THAT(ended.out, AllOf(HasSubstr("libsndfile"), HasSubstr("FluidSynth"), HasSubstr(" dot "),
                                 HasSubstr("drivers")));
    EXPECT_THAT(ended.err, IsEmpty());
}

}  // namespace
}  // namespace portico::cli_test
