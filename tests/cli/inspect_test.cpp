// inspect and topology-test.
#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <sstream>

#include "program.h"

namespace portico::cli_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(Inspect, ShowsASoundCard) {
    const Folder folder;
    const Ended ended = run(folder, {"inspect", "--driver", "soundcard"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.err, IsEmpty());
    EXPECT_THAT(ended.out,
                AllOf(HasSubstr("  Uart\n"), HasSubstr("  Topology\n"), HasSubstr("-> Topology pin 0\n"),
                      HasSubstr("<- Uart pin 1\n"), HasSubstr("KSPROPERTY_AUDIO_MUTE (get set)")));
}

TEST(Inspect, SpeaksJsonAndGraphviz) {
    const Folder folder;
    const Ended json = run(folder, {"inspect", "--driver", "soundcard", "--json"});
    EXPECT_EQ(json.code, 0);
    EXPECT_EQ(nlohmann::json::parse(json.out)["filters"].size(), 2u);
    const Ended dot = run(folder, {"inspect", "--driver", "soundcard", "--dot"});
    EXPECT_EQ(dot.code, 0);
    EXPECT_THAT(dot.out, StartsWith("digraph filters {"));
    const Ended both = run(folder, {"inspect", "--json", "--dot"});
    EXPECT_EQ(both.code, 2);
    EXPECT_TRUE(both.one_line()) << both.err;
}

TEST(Inspect, DrawsAPictureOrSaysWhatIsMissing) {
    const Folder folder;
    const Ended drawn = run(folder, {"inspect", "--driver", "soundcard", "--svg", "card.svg"});
    ASSERT_EQ(drawn.code, 0) << drawn.err;
    EXPECT_THAT(folder.text("card.svg"), HasSubstr("<svg"));
    How without;
    without.environment = {"PATH=/nowhere"};
    const Ended ended = run(folder, {"inspect", "--driver", "soundcard", "--svg", "none.svg"}, without);
    EXPECT_EQ(ended.code, 3);
    EXPECT_TRUE(ended.one_line()) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("apt-get install graphviz"));
    EXPECT_FALSE(folder.has("none.svg"));
}

// What is written in a picture, wherever graphviz puts it.
std::vector<std::string> words_of(const std::string& svg) {
    static const std::regex text("<text[^>]*>([^<]*)</text>");
    std::vector<std::string> words;
    for (auto at = std::sregex_iterator(svg.begin(), svg.end(), text); at != std::sregex_iterator(); ++at)
        words.push_back((*at)[1]);
    std::sort(words.begin(), words.end());
    return words;
}

TEST(Inspect, ThePictureInTheDocumentsIsTrue) {
    const Folder folder;
    ASSERT_EQ(run(folder, {"inspect", "--driver", "soundcard", "--svg", "now.svg"}).code, 0);
    std::ifstream file(PORTICO_SOURCE_DIR "/docs/soundcard.svg");
    std::ostringstream documented;
    documented << file.rdbuf();
    EXPECT_EQ(words_of(documented.str()), words_of(folder.text("now.svg")))
        << "portico inspect --driver soundcard --svg docs/soundcard.svg draws it anew";
    EXPECT_FALSE(words_of(documented.str()).empty());
}

TEST(Inspect, ADriverThatDoesNotStartIsAFinding) {
    const Folder folder;
    folder.write("machine.toml", "driver = \"soundcard\"\n[[device]]\nname = \"nothing\"\n");
    const Ended ended = run(folder, {"inspect", "--machine", "machine.toml"});
    EXPECT_EQ(ended.code, 1) << ended.err;
    EXPECT_THAT(ended.out, IsEmpty());
}

TEST(TopologyTest, PassesForDriversThatComeAlong) {
    const Folder folder;
    for (const char* const driver : {"mpu401", "cable", "soundcard", "fmcard", "sb16"}) {
        const Ended ended = run(folder, {"topology-test", "--driver", driver});
        EXPECT_EQ(ended.code, 0) << ended.out;
        EXPECT_THAT(ended.out, HasSubstr(" 0 failed\n"));
    }
}

TEST(TopologyTest, AFailedCheckIsExitCode1) {
    const Folder folder;
    folder.write("machine.toml",
                 "driver = \"" PORTICO_DRIVERS
                 "topology_faults.so\"\n[[device]]\nname = \"card\"\n[registry]\nFault = 1\n");
    const Ended ended = run(folder, {"topology-test", "--machine", "machine.toml"});
    EXPECT_EQ(ended.code, 1) << ended.err;
    EXPECT_THAT(ended.out, HasSubstr("FAILED  Topology  no orphan pins"));
    const Ended json = run(folder, {"topology-test", "--machine", "machine.toml", "--json"});
    EXPECT_EQ(json.code, 1);
    EXPECT_GE(nlohmann::json::parse(json.out)["failed"], 1);
}

}  // namespace
}  // namespace portico::cli_test
