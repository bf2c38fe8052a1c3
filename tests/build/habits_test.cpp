// What a build of the habits driver leaves, and what it does again.
#include "habits_driver.h"

#include <chrono>

namespace portico::build {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

TEST_F(HabitsDriver, LeavesTheAuthorsFilesAndWritesForClangd) {
    const std::string before = read("card/common.cpp");
    ASSERT_EQ(tool("-o out/habits.so .").exit, 0);
    EXPECT_EQ(read("card/common.cpp"), before);
    EXPECT_THAT(read("out/compile_commands.json"),
                HasSubstr("\"file\": \"" + path("card/common.cpp") + "\""));
}

TEST_F(HabitsDriver, CompilesOnlyWhatChanged) {
    ASSERT_EQ(tool("-o out/habits.so .").exit, 0);
    const auto time = [&](const char* name) {
        return fs::last_write_time(folder / "out/habits.objects" / name);
    };
    const auto adapter = time("card_adapter.cpp.o"), common = time("card_common.cpp.o");
    ASSERT_EQ(tool("-o out/habits.so .").exit, 0);
    EXPECT_EQ(time("card_adapter.cpp.o"), adapter);
    EXPECT_EQ(time("card_common.cpp.o"), common);
    fs::last_write_time(folder / "card/common.cpp", fs::file_time_type::clock::now() + 5s);
    ASSERT_EQ(tool("-o out/habits.so .").exit, 0);
    EXPECT_EQ(time("card_adapter.cpp.o"), adapter);
    EXPECT_NE(time("card_common.cpp.o"), common);
}

}  // namespace
}  // namespace portico::build
