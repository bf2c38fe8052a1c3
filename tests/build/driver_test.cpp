// Whole builds of small drivers: what is said, what is refused, what stays.
#include "build_test.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace portico::build {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class SmallDriver : public AuthorsFolder {
  protected:
    static constexpr auto entry = "extern \"C\" NTSTATUS DriverEntry(PDRIVER_OBJECT, PUNICODE_STRING) ";
    void source(const std::string& body, const std::string& before = {}) const {
        write("entry.cpp", "#include <wdm.h>\n" + before + entry + "{\n" + body + "\n}\n");
    }
};

TEST_F(SmallDriver, MessagesNameTheAuthorsFileAndLine) {
    write("Inc/Thing.h", "class C {\n  friend int F(C*);\n  int x;\n  Unknown y;\n};\n");
    source("return 0;", "#include \"inc\\THING.H\"\n");
    const Said built = tool("-o x.so entry.cpp");
    EXPECT_EQ(built.exit, 1);
    EXPECT_THAT(built.output, HasSubstr(path("Inc/Thing.h") + ":4:3: error: unknown type name 'Unknown'"));
    EXPECT_THAT(built.output, HasSubstr("x.so: not built, 1 step failed (above)"));
    EXPECT_FALSE(exists("x.so"));
}

TEST_F(SmallDriver, AnUnknownDdiIsToldAndTheDriverStillBuilds) {
    source(
        "PVOID p = ExAllocatePoolWithTagg(NonPagedPool, 4, 'x');\n  return p ? IoFrobnicateTheDevice(1, 2) : "
        "STATUS_SUCCESS;");
    const Said built = tool("-o x.so entry.cpp");
    EXPECT_EQ(built.exit, 0) << built.output;
    EXPECT_THAT(built.output, HasSubstr("entry.cpp:3:11: warning: not known to Portico: "
                                        "ExAllocatePoolWithTagg (nearest: ExAllocatePoolWithTag); "
                                        "calling it will be a finding"));
    EXPECT_THAT(built.output, HasSubstr("not known to Portico: IoFrobnicateTheDevice"));
    EXPECT_TRUE(exists("x.so"));
    source("IO_FROBNICATION f; return 0;");
    EXPECT_THAT(tool("-o x.so entry.cpp").output, HasSubstr("not known to Portico: IO_FROBNICATION"));
    source("return MyOwnHelper(1);");
    EXPECT_EQ(tool("-o x.so entry.cpp").exit, 1);
}

TEST_F(SmallDriver, AnUnknownDdiOfACSourceIsToldToo) {
    write("entry.c",
          "#include <wdm.h>\nNTSTATUS DriverEntry(PDRIVER_OBJECT d, PUNICODE_STRING r) { return "
          "IoFrobnicate(d); }\n");
    const Said built = tool("-o x.so entry.c");
    EXPECT_EQ(built.exit, 0) << built.output;
    EXPECT_THAT(built.output, HasSubstr("not known to Portico: IoFrobnicate"));
}

TEST_F(SmallDriver, InlineAssemblerIsRefusedInOneLineOrLeftOut) {
    source("_asm {\n  mov eax, 1\n}\n  return 0;");
    const Said refused = tool("-o x.so entry.cpp");
    EXPECT_EQ(refused.exit, 1);
    EXPECT_THAT(
        refused.output,
        HasSubstr(
            "entry.cpp:3:2: error: inline assembler (_asm) is not for x64; leave it out with --no-asm"));
    EXPECT_EQ(tool("-o x.so --no-asm entry.cpp").exit, 0);
    source("#ifdef _X86_\n  __asm int 3\n#endif\n  return 0;");
    EXPECT_EQ(tool("-o x.so entry.cpp").exit, 0);
}

TEST_F(SmallDriver, TheOldOutputStaysWhenABuildFails) {
    source("return 0;");
    ASSERT_EQ(tool("-o x.so entry.cpp").exit, 0);
    const std::string before = read("x.so");
    source("return 0");
    EXPECT_EQ(tool("-o x.so entry.cpp").exit, 1);
    EXPECT_EQ(read("x.so"), before);
}

TEST_F(SmallDriver, AnotherEntryPointIsTheDriversEntry) {
    write("entry.cpp",
          "#include <wdm.h>\nextern \"C\" NTSTATUS Start(PDRIVER_OBJECT, PUNICODE_STRING) { return 0; }\n");
    EXPECT_EQ(tool("-o x.so --entry Start entry.cpp").exit, 0);
    EXPECT_THAT(tool("-o x.so entry.cpp").output, HasSubstr("no source defines DriverEntry"));
}

TEST_F(SmallDriver, SourcesInUtf16AreRead) {
    std::string text = "\xFF\xFE";
    for (const char* c =
             "#include <wdm.h>\nextern \"C\" NTSTATUS DriverEntry(PDRIVER_OBJECT, PUNICODE_STRING) { return "
             "0; }\n";
         *c != 0; ++c)
        text += {*c, '\0'};
    write("entry.cpp", text);
    const Said built = tool("-o x.so entry.cpp");
    EXPECT_EQ(built.exit, 0) << built.output;
}

// Names that a build file or a disk cannot bear.
TEST_F(SmallDriver, EachSourceHasAnObjectOfItsOwn) {
    source("return 0;");
    const std::string deep =
        std::string(120, 'd') + "/" + std::string(120, 'e') + "/" + std::string(120, 'f');
    for (const std::string& name :
         {std::string("a/b.cpp"), std::string("a_b.cpp"), std::string("\xC3\xA4.cpp"),
          std::string("\xC3\xB6.cpp"), deep + "/g.cpp"})
        write(name, "namespace { int used; }\nint* f" + std::to_string(name.size()) + "_" +
                        std::to_string(static_cast<unsigned char>(name[1])) + "() { return &used; }\n");
    const Said built = tool("-o x.so entry.cpp a/b.cpp a_b.cpp \xC3\xA4.cpp \xC3\xB6.cpp " + deep + "/g.cpp");
    EXPECT_EQ(built.exit, 0) << built.output;
}

TEST_F(SmallDriver, AProjectsStandardIsThatOfItsCxxSources) {
    write("plain.c", "int plain;\n");
    write("entry.cpp",
          std::string("#include <portcls.h>\n#include <stdunk.h>\nnamespace a::b { inline int i; }\n"
                      "template <auto V> constexpr auto value = V;\n") +
              entry + "{ if constexpr (value<1> == 1) return a::b::i; }\n");
    write("x.vcxproj",
          "<Project><ItemDefinitionGroup><ClCompile><LanguageStandard>stdcpp17</LanguageStandard></ClCompile>"
          "</ItemDefinitionGroup><ItemGroup><ClCompile Include='entry.cpp;plain.c'/></ItemGroup></Project>");
    const Said built = tool("-o x.so x.vcxproj");
    EXPECT_EQ(built.exit, 0);
    EXPECT_EQ(built.output, "");
}

// Whoever sent the driver does not say what is run on its author's machine.
TEST_F(SmallDriver, AProjectRunsNoProgramsOfItsOwn) {
    source("return 0;");
    write("flags", "-Xclang -load -Xclang ./evil.so");
    const auto project = [this](const std::string& metadata) {
        write("x.vcxproj", "<Project><ItemGroup><ClCompile Include='entry.cpp'>" + metadata +
                               "</ClCompile></ItemGroup></Project>");
        return tool("-o x.so x.vcxproj");
    };
    const Said response = project("<ForcedIncludeFiles>@flags</ForcedIncludeFiles>");
    EXPECT_EQ(response.exit, 1);
    EXPECT_THAT(response.output, HasSubstr("'./@flags' file not found"));
    const Said rule = project("<PreprocessorDefinitions>A=1&#10;rule x&#10;</PreprocessorDefinitions>B");
    EXPECT_EQ(rule.exit, 2);
    EXPECT_THAT(rule.output, HasSubstr("entry.cpp: the option '-DA=1?rule x' has a line's end"));
    write("evil\nrule x.cpp", "");
    const Said name = tool("-o x.so .");
    EXPECT_EQ(name.exit, 2);
}

TEST_F(SmallDriver, TwoBuildsOfOneOutputFollowEachOther) {
    source("return 0;");
    ASSERT_EQ(tool("-o x.so entry.cpp").exit, 0);
    const int lock = ::open(path("x.objects/.lock").c_str(), O_RDWR | O_CLOEXEC);
    ASSERT_GE(lock, 0);
    ASSERT_EQ(::flock(lock, LOCK_EX | LOCK_NB), 0);
    source("return 1;");
    FILE* const pipe = ::popen(
        ("cd '" + folder.string() + "' && '" PORTICO_BUILD_DRIVER "' -o x.so entry.cpp 2>&1").c_str(), "r");
    ASSERT_NE(pipe, nullptr);
    std::array<char, 200> line{};
    ASSERT_NE(std::fgets(line.data(), line.size(), pipe), nullptr);
    EXPECT_STREQ(line.data(), "x.so: another build of it is running; this one waits for its end\n");
    ::close(lock);
    EXPECT_EQ(::pclose(pipe), 0);
}

// Ctrl-C ends all programs of a build at once.
TEST_F(SmallDriver, AnInterruptedLinkLeavesNothingBehind) {
    source("return 0;");
    ASSERT_EQ(tool("-o x.so entry.cpp").exit, 0);
    write("tools/ld.lld", "#!/bin/sh\ntouch \"$3\"\nkill -INT $PPID\nkill -INT $$\n");
    fs::permissions(folder / "tools/ld.lld", fs::perms::owner_all);
    const Said linked = run_shell("cd '" + folder.string() +
                                  "' && PATH=\"$PWD/tools:$PATH\" '" PORTICO_BUILD_DRIVER
                                  "' link -o y.so x.objects/entry.cpp.o");
    EXPECT_EQ(linked.exit, 1);
    EXPECT_FALSE(exists("y.so"));
    EXPECT_FALSE(exists("y.so.all.o"));
}

TEST_F(SmallDriver, WrongUseIsOneLine) {
    source("return 0;");
    write("lib/sources", "TARGETNAME=l\nTARGETTYPE=LIBRARY\nSOURCES=..\\entry.cpp\n");
    write("two/sources", "TARGETNAME=t\nTARGETTYPE=DRIVER\nSOURCES=..\\entry.cpp\n");
    write("one/sources", "TARGETNAME=o\nTARGETTYPE=DRIVER\nSOURCES=..\\entry.cpp\n");
    const std::pair<const char*, const char*> cases[] = {
        {"-o x.exe entry.cpp", "the output's name ends in .so (ELF) or .sys"},
        {"-o lib.so lib", "a static library; name the driver's folder as well"},
        {"-o lib.so one two", "two drivers: "},
        {"-o entry.cpp/x.so entry.cpp", "cannot be made"},
        {"-o x.so nowhere.vcxproj", "nowhere.vcxproj: no such file or folder"},
        {"-o x.sys --asan entry.cpp", "--asan needs an image that ends in .so"},
        {"-o x.so -j many entry.cpp", "-j takes a number from 1, not 'many'"}};
    for (const auto& [arguments, expected] : cases) {
        const Said said = tool(arguments);
        EXPECT_EQ(said.exit, 2) << arguments << said.output;
        EXPECT_THAT(said.output, HasSubstr(expected)) << arguments;
    }
    if (::geteuid() != 0) {
        fs::create_directories(folder / "locked");
        fs::permissions(folder / "locked", fs::perms::owner_read | fs::perms::owner_exec);
        EXPECT_THAT(tool("-o locked/x.so entry.cpp").output, HasSubstr("locked: cannot be written"));
    }
}

}  // namespace
}  // namespace portico::build
