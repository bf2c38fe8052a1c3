// portico-build-driver as a person or a build system calls it: what it makes, what it makes again, what
// it refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/check.h"
#include "loader/loader.h"
#include "support/requires.h"

namespace portico::loader {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

struct Outcome {
    int exit;
    std::string output;
};

Outcome run(const std::string& command) {
    Outcome outcome{-1, {}};
    FILE* const pipe = ::popen((command + " 2>&1").c_str(), "r");
    PORTICO_CHECK(pipe != nullptr);
    std::array<char, 4096> part;
    for (std::size_t got; (got = std::fread(part.data(), 1, part.size(), pipe)) > 0;)
        outcome.output.append(part.data(), got);
    const int status = ::pclose(pipe);
    outcome.exit = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return outcome;
}

// A driver author's folder, with a blank in its name.
class BuildDriver : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string pattern = (fs::temp_directory_path() / "portico-toolchain.XXXXXX").string();
        PORTICO_CHECK(::mkdtemp(pattern.data()) != nullptr);
        top = pattern;
        folder = top / "my driver";
        fs::create_directories(folder / "Inc");
    }
    void TearDown() override { fs::remove_all(top); }

    void write(const std::string& name, const std::string& text) const {
        std::ofstream(folder / name) << text;
    }

    Outcome tool(const std::string& arguments, const std::string& program = PORTICO_BUILD_DRIVER) const {
        return run("cd '" + folder.string() + "' && '" + program + "' " + arguments);
    }
    // Compiles and links one source, without the driver library.
    Outcome build_alone(const std::string& source, const std::string& flags = "") const {
        const auto compiled = tool("compile -o x.o " + source);
        return compiled.exit != 0 ? compiled : tool("link -o x.so " + flags + " x.o");
    }
    fs::file_time_type time_of(const std::string& name) const { return fs::last_write_time(folder / name); }
    void touch(const std::string& name) const {
        fs::last_write_time(folder / name, fs::file_time_type::clock::now() + std::chrono::seconds(5));
    }

    fs::path top, folder;
};

constexpr auto plain_entry = "extern \"C\" long DriverEntry(void*, void*) { return VALUE; }\n";

TEST_F(BuildDriver, FindsHeadersInAnySpellingOfCaseAndSlash) {
    write("Inc/Values.H", "#define VALUE 3\n");
    write("entry.cpp", std::string("#include \"inc\\VALUES.h\"\n#include <NtStatus.H>\n") + plain_entry);
    const auto compiled = tool("compile -MF x.d -o x.o entry.cpp");
    EXPECT_EQ(compiled.exit, 0) << compiled.output;
    std::ifstream depfile(folder / "x.d");
    const std::string dependencies{std::istreambuf_iterator<char>(depfile), {}};
    // Under the names that the files have: others would count as missing, and everything would be built again
    // and again.
    EXPECT_THAT(dependencies, HasSubstr("Inc/Values.H"));
    EXPECT_THAT(dependencies, HasSubstr("ntstatus.h"));
}

TEST_F(BuildDriver, FindsThemThroughSymbolicLinksToo) {
    write("Inc/Values.H", "#define VALUE 3\n");
    write("entry.cpp", std::string("#include <VALUES.h>\n#include \"INC/values.h\"\n") + plain_entry);
    fs::create_directory_symlink(folder, top / "link");
    const auto compiled = run("cd '" + (top / "link").string() +
                              "' && " PORTICO_BUILD_DRIVER " compile -I Inc -o x.o entry.cpp");
    EXPECT_EQ(compiled.exit, 0) << compiled.output;
    const auto absolute = tool("compile -I '" + (top / "link/Inc").string() + "' -o x.o '" +
                               (top / "link/entry.cpp").string() + "'");
    EXPECT_EQ(absolute.exit, 0) << absolute.output;
}

TEST_F(BuildDriver, MakesAgainOnlyWhatChanged) {
    write("Inc/values.h", "#define VALUE 3\n");
    write("entry.cpp", std::string("#include <values.h>\n") + plain_entry);
    write("other source.cpp", "int Other(int value) { return value; }\n");
    const std::string command = "-o out/test.so -I Inc -D 'TEXT=\"a $b\"' entry.cpp 'other source.cpp'";
    const auto first = tool(command);
    ASSERT_EQ(first.exit, 0) << first.output;
    EXPECT_TRUE(load_file((folder / "out/test.so").string()).ok());
    const auto image = time_of("out/test.so"), entry = time_of("out/test.objects/entry.cpp.o"),
               other = time_of("out/test.objects/other_source.cpp.o");
    ASSERT_EQ(tool(command).exit, 0);
    EXPECT_EQ(time_of("out/test.so"), image);
    touch("Inc/values.h");
    ASSERT_EQ(tool(command).exit, 0);
    EXPECT_NE(time_of("out/test.so"), image);
    EXPECT_NE(time_of("out/test.objects/entry.cpp.o"), entry);
    EXPECT_EQ(time_of("out/test.objects/other_source.cpp.o"), other);
}

TEST_F(BuildDriver, SameSourcesGiveTheSameBytes) {
    write("entry.cpp", plain_entry);
    std::array<std::string, 2> images;
    for (auto& image : images) {
        ASSERT_EQ(tool("compile -D VALUE=1 -o x.o entry.cpp").exit, 0);
        ASSERT_EQ(tool("link -o x.so x.o").exit, 0);
        std::ifstream file(folder / "x.so", std::ios::binary);
        image.assign(std::istreambuf_iterator<char>(file), {});
    }
    EXPECT_FALSE(images[0].empty());
    EXPECT_TRUE(images[0] == images[1]);
}

TEST_F(BuildDriver, WorksFromAnInstalledPackage) {
    const auto prefix = top / "prefix";
    const auto installed = run("cmake --install " PORTICO_BINARY_DIR " --component toolchain --prefix '" +
                               prefix.string() + "'");
    ASSERT_EQ(installed.exit, 0) << installed.output;
    write("entry.cpp", std::string("#include <ntstatus.h>\n#define VALUE STATUS_SUCCESS\n") + plain_entry);
    const auto built = tool("-o out/test.so entry.cpp", (prefix / "bin/portico-build-driver").string());
    ASSERT_EQ(built.exit, 0) << built.output;
    EXPECT_TRUE(load_file((folder / "out/test.so").string()).ok());
}

TEST_F(BuildDriver, DefinitionMissing) {
    write("entry.cpp",
          "class CMine { public: void Method(int); };\n"
          "extern \"C\" long DriverEntry(CMine* mine, void*) { mine->Method(1); return 0; }\n");
    const auto built = build_alone("entry.cpp");
    EXPECT_EQ(built.exit, 1);
    EXPECT_THAT(built.output, HasSubstr("defined nowhere: public: void __cdecl CMine::Method(int)"));
    EXPECT_FALSE(fs::exists(folder / "x.so"));
}

TEST_F(BuildDriver, EntryMissing) {
    write("entry.cpp", "int NotAnEntry(int value) { return value; }\n");
    auto built = build_alone("entry.cpp");
    EXPECT_EQ(built.exit, 2);
    EXPECT_THAT(built.output, HasSubstr("no source defines DriverEntry"));
    EXPECT_EQ(build_alone("entry.cpp", "--no-entry").exit, 0);
    write("entry.cpp", "long DriverEntry(void*, void*) { return 0; }\n");
    built = build_alone("entry.cpp");
    EXPECT_EQ(built.exit, 2);
    EXPECT_THAT(built.output, HasSubstr("declare it extern \"C\""));
}

TEST_F(BuildDriver, StructuredExceptionHandlingIsKept) {
    write("entry.cpp",
          "#include <ntddk.h>\nextern \"C\" long DriverEntry(int* p, void*) { __try { *p = 1; } __except (1) "
          "{ return 2; } "
          "return 0; }\n");
    const auto built = build_alone("entry.cpp");
    EXPECT_EQ(built.exit, 0) << built.output;
    EXPECT_THAT(run("nm -D '" + (folder / "x.so").string() + "'").output, HasSubstr("U nt_PorticoSehEnter"));
}

TEST_F(BuildDriver, WrongUse) {
    write("entry.cpp", plain_entry);
    const std::array<std::pair<std::string, std::string>, 9> cases{{
        {"-o x.so --config debug entry.cpp", "--config is checked or free, not 'debug'"},
        {"-o x.so nowhere.cpp", "nowhere.cpp: no such file"},
        {"-o x.so", "no input files"},
        {"entry.cpp", "say where the result goes"},
        {"-o x.so --name 'a b' entry.cpp", "not 'a b'"},
        {"-o", "-o needs a value"},
        {"--frobnicate", "unknown option --frobnicate"},
        {"compile -o x.o nowhere.cpp", "nowhere.cpp: no such file"},
        {"", "usage:"},
    }};
    for (const auto& [arguments, expected] : cases) {
        const auto outcome = tool(arguments);
        EXPECT_EQ(outcome.exit, 2) << arguments;
        EXPECT_THAT(outcome.output, HasSubstr(expected)) << arguments;
    }
    EXPECT_EQ(tool("--help").exit, 0);
}

TEST_F(BuildDriver, MissingToolIsNamed) {
    write("entry.cpp", plain_entry);
    fs::create_directories(top / "bin");
    const auto outcome = run("cd '" + folder.string() + "' && PATH='" + (top / "bin").string() +
                             "' " PORTICO_BUILD_DRIVER " compile -o x.o entry.cpp");
    EXPECT_EQ(outcome.exit, 3) << outcome.output;
    EXPECT_THAT(outcome.output,
                HasSubstr("clang is not installed; install the packages clang, lld and llvm"));
}

}  // namespace
}  // namespace portico::loader
