// `portico build --coverage`: what ran of a driver, as LLVM's own tools show it.
#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>

#include "program.h"

namespace portico::cli_test {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

const std::string cable = PORTICO_SOURCE_DIR "/drivers/cable/";

const std::string kind_source =
    "extern \"C\" unsigned long CountedKind(unsigned long Number) {\n"
    "    if (Number > 1) {\n"
    "        return 1;\n"
    "    }\n"
    "    return 2;\n"
    "}\n";

Ended build(const Folder& folder, const std::string& driver) {
    return run(folder, {"build", "adapter.cpp", "kind.cpp", cable + "miniport.cpp", cable + "stream.cpp",
                        cable + "tables.cpp", "-I", cable, "-o", driver, "--coverage"});
}

// A cable that asks a function of which one branch is taken and one is not. Its sources stay where it was
// built, which takes longer than all else.
const Folder& built(const std::string& driver) {
    static std::map<std::string, std::unique_ptr<Folder>> all;
    std::unique_ptr<Folder>& folder = all[driver];
    if (folder != nullptr) return *folder;
    folder = std::make_unique<Folder>();
    std::ifstream file(cable + "adapter.cpp");
    std::string adapter{std::istreambuf_iterator<char>(file), {}};
    const std::size_t before = adapter.find("    return PcInitializeAdapterDriver(");
    EXPECT_NE(before, std::string::npos);
    adapter.insert(before, "    DbgPrint(\"%lu\\n\", CountedKind(5));\n");
    folder->write("adapter.cpp", "extern \"C\" unsigned long CountedKind(unsigned long);\n" + adapter);
    folder->write("kind.cpp", kind_source);
    const Ended ended = build(*folder, driver);
    EXPECT_EQ(ended.code, 0) << ended.err;
    return *folder;
}

struct Coverage : ::testing::TestWithParam<const char*> {
    Folder folder;
    std::string driver = std::string("counted") + GetParam();

    void SetUp() override {
        folder.write("song.mid", notes(3));
        folder.write("kind.cpp", kind_source);
        for (const std::string& file : {driver, std::string("adapter.cpp")})
            std::filesystem::copy_file(built(driver).file(file), folder.file(file));
    }

    // What the command prints; it must succeed.
    std::string shell(const std::string& command) {
        FILE* const pipe = ::popen(("cd '" + folder.path() + "' && " + command + " 2>&1").c_str(), "r");
        std::string text;
        std::array<char, 4096> part;
        for (std::size_t got; (got = std::fread(part.data(), 1, part.size(), pipe)) > 0;)
            text.append(part.data(), got);
        const int status = ::pclose(pipe);
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << command << "\n" << text;
        return text;
    }

    Ended play(const std::vector<std::string>& environment = {}) {
        How how;
        how.environment = environment;
        return run(folder, {"play", "song.mid", "-o", "out.mid", "--driver", driver}, how);
    }

    // How often the lines of kind.cpp ran, as llvm-cov has it.
    std::string lines() {
        shell("llvm-profdata merge counted.profraw -o counted.profdata");
        const std::string all =
            shell("llvm-cov export -format=lcov -instr-profile counted.profdata " + driver);
        const std::size_t begin = all.find("/kind.cpp\n");
        return begin == std::string::npos ? all : all.substr(begin, all.find("end_of_record", begin) - begin);
    }
};

TEST_P(Coverage, LlvmsToolsShowWhatRan) {
    const Ended played = play();
    ASSERT_EQ(played.code, 0) << played.err;
    EXPECT_EQ(played.err, "");
    EXPECT_THAT(lines(), AllOf(HasSubstr("DA:2,1\n"), HasSubstr("DA:3,1\n"), HasSubstr("DA:5,0\n")));
    const std::string report = shell("llvm-cov report -instr-profile counted.profdata " + driver);
    EXPECT_THAT(report,
                AllOf(HasSubstr("kind.cpp"), HasSubstr("miniport.cpp"), Not(HasSubstr("stdunk.cpp"))));
    const std::string shown = shell("llvm-cov show -instr-profile counted.profdata " + driver + " " +
                                    built(driver).file("kind.cpp"));
    EXPECT_THAT(shown, HasSubstr("    5|      0|    return 2;"));
    // Another run adds to it.
    ASSERT_EQ(play().code, 0);
    EXPECT_THAT(lines(), AllOf(HasSubstr("DA:3,2\n"), HasSubstr("DA:5,0\n")));
}

TEST_P(Coverage, GoesWhereTheEnvironmentSays) {
    ASSERT_EQ(play({"PORTICO_COVERAGE=of-%n-%p.raw%%"}).code, 0);
    EXPECT_THAT(folder.names(), Contains(MatchesRegex("of-counted-[0-9]+\\.raw%")));
    shell("mkdir runs");
    ASSERT_EQ(play({"PORTICO_COVERAGE=runs"}).code, 0);
    EXPECT_THAT(shell("ls runs"), "counted.profraw\n");
    EXPECT_FALSE(folder.has("counted.profraw"));
}

TEST_P(Coverage, ThatCannotBeWrittenIsOneLine) {
    const Ended nowhere = play({"PORTICO_COVERAGE=/nowhere/x.profraw"});
    EXPECT_EQ(nowhere.code, 0);
    EXPECT_EQ(
        nowhere.err,
        "portico: /nowhere/x.profraw: cannot be opened: No such file or directory; the driver's coverage "
        "is lost\n");
    EXPECT_TRUE(folder.has("out.mid"));
    folder.write("counted.profraw", "somebody's text");
    const Ended taken = play();
    EXPECT_EQ(taken.code, 0);
    EXPECT_EQ(taken.err,
              "portico: counted.profraw: holds no profile; the driver's coverage is not written over it\n");
    EXPECT_EQ(folder.text("counted.profraw"), "somebody's text");
}

TEST_P(Coverage, OfAnotherBuildIsReplaced) {
    ASSERT_EQ(play().code, 0);
    folder.write("kind.cpp",
                 "extern \"C\" unsigned long CountedKind(unsigned long Number) {\n"
                 "    return Number > 5 ? 1 : 2;\n"
                 "}\n");
    const Ended again = build(folder, driver);
    ASSERT_EQ(again.code, 0) << again.err;
    ASSERT_EQ(play().code, 0);
    EXPECT_THAT(lines(), HasSubstr("DA:2,1\n"));
}

INSTANTIATE_TEST_SUITE_P(Images, Coverage, ::testing::Values(".so", ".sys"),
                         [](const auto& info) { return std::string(info.param + 1); });

}  // namespace
}  // namespace portico::cli_test
