// Whole builds of small drivers: what is said, what is refused, what stays.
#include "build_test.h"

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
