// Reading a driver author's projects: .vcxproj, the DDK's sources and dirs, plain folders.
#include "build_test.h"

#include "build/libraries.h"
#include "build/msbuild.h"
#include "build/nmake.h"
#include "build/project.h"

namespace portico::build {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class Projects : public AuthorsFolder {
  protected:
    Result<std::vector<Project>> read_path(const std::string& name, Config config = Config::checked) {
        FileFinder finder;
        return read_projects(path(name), config, finder);
    }
    Project one(const std::string& name, Config config = Config::checked) {
        auto projects = read_path(name, config);
        EXPECT_TRUE(projects.ok()) << (projects.ok() ? "" : projects.error().message);
        return projects.ok() && !projects->empty() ? (*projects)[0] : Project{};
    }
    std::string refusal(const std::string& name) {
        const auto projects = read_path(name);
        return projects.ok() ? "read" : projects.error().message;
    }
    static std::vector<std::string> names(const Project& project) {
        std::vector<std::string> result;
        for (const ProjectSource& source : project.sources) result.push_back(name_of(source.path));
        return result;
    }
    void write_vcxproj(const std::string& name, const std::string& inside) {
        write(name, "\xEF\xBB\xBF<Project xmlns=\"http://schemas.microsoft.com/developer/msbuild/2003\">" +
                        inside + "</Project>");
    }
};

TEST_F(Projects, ConditionsAreMsbuilds) {
    FileFinder finder;
    MsbuildProperties properties(finder);
    properties.set("Configuration", "Debug");
    properties.set("Platform", "x64");
    properties.set("Version", "10.0");
    write("here.props", "");
    const auto holds = [&](const char* text) {
        const auto value = properties.condition(text, folder.string());
        return value.ok() ? *value ? "yes" : "no" : "wrong";
    };
    EXPECT_STREQ(holds("'$(Configuration)|$(Platform)'=='debug|X64'"), "yes");
    EXPECT_STREQ(holds("'$(Configuration)'!='Debug' or '$(Nothing)'=='' and !Exists('nowhere')"), "yes");
    EXPECT_STREQ(holds(" ( '$(Configuration)' == 'Release' ) or Exists('HERE.props')"), "yes");
    EXPECT_STREQ(holds("$(Version) >= 8.1"), "yes");
    EXPECT_STREQ(holds("'$(Version)' < '8.1'"), "no");
    EXPECT_STREQ(holds("HasTrailingSlash('a\\')"), "yes");
    EXPECT_STREQ(holds("true and !false"), "yes");
    EXPECT_STREQ(holds(""), "yes");
    const std::string deep(400'000, '(');
    EXPECT_STREQ(holds(deep.c_str()), "wrong");
    std::string calls;
    for (int i = 0; i < 200'000; ++i) calls += "a(";
    EXPECT_STREQ(holds(calls.c_str()), "wrong");
    for (const char* wrong : {"'a' ==", "'a", "(true", "true)", "Unknown('a')", "'a' = 'b'"})
        EXPECT_STREQ(holds(wrong), "wrong") << wrong;
}

TEST_F(Projects, ReferencesAreReplaced) {
    FileFinder finder;
    MsbuildProperties properties(finder);
    properties.set("Name", "value");
    const std::map<std::string, std::string> metadata{{"defines", "A;B"}};
    EXPECT_EQ(properties.expand("$(NAME)-$(None)-%(Defines)-%(ClCompile.Defines)-$([System.Math]::Abs(1))$(",
                                &metadata),
              "value--A;B-A;B-$(");
}

TEST_F(Projects, AVcxprojSaysWhatIsCompiledAndHow) {
    for (const char* file :
         {"src/Main.CPP", "src/b.c", "src/deep/c.cpp", "src/deep/d.cpp", "inc/x.h", "sheet/s.props", "m.mc"})
        write(file, "");
    write_vcxproj("sheet/s.props",
                  "<PropertyGroup><Where>$(MSBuildThisFileDirectory)..\\INC</Where></PropertyGroup>"
                  "<ItemDefinitionGroup><ClCompile><PreprocessorDefinitions>SHEET;%(PreprocessorDefinitions)"
                  "</PreprocessorDefinitions></ClCompile></ItemDefinitionGroup>");
    write_vcxproj("card.vcxproj", R"(
      <ItemGroup><ProjectConfiguration Include="Win8 Debug|x64"/><ProjectConfiguration Include="Win8 Release|x64"/></ItemGroup>
      <Import Project="$(VCTargetsPath)\Microsoft.Cpp.props"/><Import Project="sheet\S.props"/>
      <PropertyGroup><ConfigurationType>Driver</ConfigurationType><TargetName>card$(PlatformTarget)</TargetName></PropertyGroup>
      <Choose><When Condition="'$(Configuration)'=='Win8 Release'"><PropertyGroup><Kind>free</Kind></PropertyGroup></When>
        <Otherwise><PropertyGroup><Kind>checked</Kind></PropertyGroup></Otherwise></Choose>
      <ItemDefinitionGroup><ClCompile>
        <AdditionalIncludeDirectories>$(Where);$(NoSuchThing)\inc;nowhere;%(AdditionalIncludeDirectories)</AdditionalIncludeDirectories>
        <PreprocessorDefinitions Condition="'$(Kind)'=='free'">FREE=1;%(PreprocessorDefinitions)</PreprocessorDefinitions>
        <ForcedIncludeFiles>x.h</ForcedIncludeFiles></ClCompile>
        <Link><AdditionalDependencies>$(KERNEL)\ks.lib;own.lib</AdditionalDependencies><EntryPointSymbol>Start</EntryPointSymbol></Link>
      </ItemDefinitionGroup>
      <ItemGroup><ClCompile Include="SRC\main.cpp"><PreprocessorDefinitions>%(PreprocessorDefinitions);MINE="a b"</PreprocessorDefinitions>
          <UndefinePreprocessorDefinitions>U</UndefinePreprocessorDefinitions></ClCompile>
        <ClCompile Include="src\B.c"><CompileAs>CompileAsCpp</CompileAs></ClCompile>
        <ClCompile Include="src\**\?.cpp" Exclude="x"/><ClCompile Remove="src\deep\d.cpp"/>
        <ResourceCompile Include="card.rc"/><MessageCompile Include="m.mc"/><Inf Include="card.inf"/><None Include="readme.txt"/></ItemGroup>)");
    const Project checked = one("card.vcxproj");
    EXPECT_EQ(checked.name, "cardx64");
    EXPECT_EQ(checked.entry, "Start");
    EXPECT_THAT(names(checked), ElementsAre("Main.CPP", "b.c", "c.cpp"));
    EXPECT_THAT(checked.left_out, ElementsAre("card.rc (resources)", "card.inf (installation)"));
    EXPECT_THAT(checked.messages, ElementsAre(path("m.mc")));
    EXPECT_THAT(checked.libraries, ElementsAre("\\ks.lib", "own.lib"));
    const SourceSettings& main = checked.sources.at(0).settings;
    EXPECT_THAT(main.includes, ElementsAre(path("inc")));
    EXPECT_THAT(main.macros, ElementsAre("-DSHEET", "-DMINE=\"a b\"", "-UU"));
    EXPECT_THAT(main.forced_includes, ElementsAre("x.h"));
    EXPECT_EQ(checked.sources.at(1).settings.language, Language::cxx);
    EXPECT_THAT(one("card.vcxproj", Config::free).sources.at(0).settings.macros, Contains("-DFREE=1"));
}

TEST_F(Projects, AVcxprojLeavesOutWhatItExcludes) {
    for (const char* file : {"a.cpp", "b.cpp", "old/c.cpp", "Test_x.cpp", "test_y.cpp", "my file.cpp"})
        write(file, "");
    write_vcxproj("x.vcxproj",
                  "<ItemGroup><ClCompile Include='**\\*.cpp' Exclude='OLD\\C.cpp;test_*.cpp;my%20file.cpp'/>"
                  "<ClCompile Remove='b*.cpp'/></ItemGroup>");
    EXPECT_THAT(names(one("x.vcxproj")), ElementsAre("a.cpp"));
    write_vcxproj("y.vcxproj", "<ItemGroup><ClCompile Include='my%20file.cpp'/></ItemGroup>");
    EXPECT_THAT(names(one("y.vcxproj")), ElementsAre("my file.cpp"));
}

TEST_F(Projects, AVcxprojsOptionsAreTheCompilers) {
    for (const char* file : {"proj/a.cpp", "proj/my inc/x.h", "shared/y.h"}) write(file, "");
    write("Directory.Build.props",
          "<Project><ItemDefinitionGroup><ClCompile><AdditionalIncludeDirectories>"
          "$(MSBuildThisFileDirectory)shared</AdditionalIncludeDirectories></ClCompile></ItemDefinitionGroup>"
          "</Project>");
    write_vcxproj("proj/x.vcxproj",
                  "<ItemGroup><ClCompile Include='a.cpp'><PreprocessorDefinitions>A=\\\"x y\\\";B=\"z\";C=%3B"
                  "</PreprocessorDefinitions><LanguageStandard>stdcpp17</LanguageStandard>"
                  "<StructMemberAlignment>4Bytes</StructMemberAlignment>"
                  "<AdditionalOptions>/DD /D E=2 /I\"my inc\" /kernel /Zc:wchar_t- %(AdditionalOptions)"
                  "</AdditionalOptions></ClCompile></ItemGroup>");
    const Project project = one("proj/x.vcxproj");
    const SourceSettings& settings = project.sources.at(0).settings;
    EXPECT_THAT(settings.macros, ElementsAre("-DA=\"x y\"", "-DB=\"z\"", "-DC=;", "-DD", "-DE=2"));
    EXPECT_THAT(settings.includes, ElementsAre(path("shared"), path("proj/my inc")));
    EXPECT_EQ(settings.standard, "c++17");
    EXPECT_TRUE(settings.short_wchar);
    EXPECT_THAT(project.notes, ElementsAre(HasSubstr("/Zp4 is not taken over")));
}

TEST_F(Projects, AVcxprojsTextIsBounded) {
    std::string text = "<PropertyGroup><B>xxxxxxxxxxxxxxxx</B>";
    for (int i = 0; i < 11; ++i) text += "<B>$(B)$(B)</B>";
    write("a.cpp", "");
    write_vcxproj("fits.vcxproj",
                  text + "</PropertyGroup><ItemGroup><ClCompile Include='a.cpp'/></ItemGroup>");
    EXPECT_EQ(refusal("fits.vcxproj"), "read");
    std::string many = text;
    for (int i = 0; i < 9000; ++i) many += "<P" + std::to_string(i) + ">$(B)</P" + std::to_string(i) + ">";
    write_vcxproj("many.vcxproj", many + "</PropertyGroup>");
    EXPECT_THAT(refusal("many.vcxproj"), HasSubstr("is too large, or those of all are"));
    write_vcxproj("long.vcxproj", text + "<C>$(B)$(B)</C></PropertyGroup>");
    EXPECT_THAT(refusal("long.vcxproj"), HasSubstr("the value of C is too large"));
}

TEST_F(Projects, AVcxprojBringsItsStaticLibrariesAlong) {
    write("lib/l.cpp", "");
    write("a.cpp", "");
    write_vcxproj(
        "lib/lib.vcxproj",
        "<PropertyGroup><ConfigurationType>StaticLibrary</ConfigurationType></PropertyGroup>"
        "<ItemGroup><ClCompile Include='l.cpp'/><ProjectReference Include='..\\card.vcxproj'/></ItemGroup>");
    write_vcxproj("app.vcxproj",
                  "<PropertyGroup><ConfigurationType>Driver</ConfigurationType></PropertyGroup>");
    write_vcxproj("card.vcxproj",
                  "<ItemGroup><ClCompile Include='a.cpp'/><ProjectReference Include='Lib\\LIB.vcxproj'/>"
                  "<ProjectReference Include='app.vcxproj'/></ItemGroup>");
    const auto projects = read_path("card.vcxproj");
    ASSERT_TRUE(projects.ok()) << projects.error().message;
    ASSERT_EQ(projects->size(), 2u);
    EXPECT_EQ((*projects)[1].kind, ProjectKind::library);
    EXPECT_THAT(names((*projects)[1]), ElementsAre("l.cpp"));
    EXPECT_THAT((*projects)[0].left_out, ElementsAre("app.vcxproj (a project of its own)"));
}

TEST_F(Projects, WrongVcxprojsAreRefusedInOneLine) {
    const auto with_type = [](const std::string& type) {
        return "<PropertyGroup><ConfigurationType>" + type + "</ConfigurationType></PropertyGroup>";
    };
    write_vcxproj("program.vcxproj", with_type("Application"));
    write_vcxproj("dll.vcxproj", with_type("DynamicLibrary"));
    write_vcxproj("kmdf.vcxproj",
                  with_type("Driver") + "<PropertyGroup><DriverType>KMDF</DriverType></PropertyGroup>");
    write_vcxproj("missing.vcxproj", "<ItemGroup><ClCompile Include='src\\gone.cpp'/></ItemGroup>");
    write_vcxproj("loop.vcxproj", "<Import Project='loop.vcxproj'/>");
    write_vcxproj("sheet.vcxproj", "<Import Project='gone.props'/>");
    write_vcxproj("condition.vcxproj", "<PropertyGroup Condition=\"'a' = \"/>");
    write("broken.vcxproj", "<Project><PropertyGroup>");
    write("other.vcxproj", "<Other/>");
    write("old.sln", "");
    EXPECT_THAT(refusal("program.vcxproj"), HasSubstr("makes a program for user mode"));
    EXPECT_THAT(refusal("dll.vcxproj"), HasSubstr("makes a library for user mode"));
    EXPECT_THAT(refusal("kmdf.vcxproj"), HasSubstr("uses the driver framework (Wdf*)"));
    EXPECT_THAT(refusal("missing.vcxproj"), HasSubstr("names src\\gone.cpp, which is not there"));
    EXPECT_THAT(refusal("loop.vcxproj"), HasSubstr("imports itself"));
    EXPECT_THAT(refusal("sheet.vcxproj"), HasSubstr("imports gone.props, which is not there"));
    EXPECT_THAT(refusal("condition.vcxproj"), HasSubstr("not a condition: 'a' ="));
    EXPECT_THAT(refusal("broken.vcxproj"), HasSubstr("not XML"));
    EXPECT_THAT(refusal("other.vcxproj"), HasSubstr("no <Project> in it"));
    EXPECT_THAT(refusal("old.sln"), HasSubstr("a solution; name one of its projects"));
    EXPECT_THAT(refusal("nowhere"), HasSubstr("no such file or folder"));
    EXPECT_THAT(refusal("."), HasSubstr("several projects"));
}

TEST_F(Projects, NmakeExpandsAndDecides) {
    FileFinder finder;
    NmakeFile file(finder);
    file.set("AMD64", "1");
    write("more.inc", "FROM_FILE=yes\n");
    write("sources", R"nmake(
A = one two   # a comment
B=$(A:one=three) $(a) ${A} $(NONE)$$
A=$(A) three
LONG=x \
# among them
  y\
  z
!IF "$(A)" == "one two three" && $(AMD64) && (1 + 2 * 3 == 7)
C=then
!ELSE IF 1
C=not this
!ELSE
C=nor this
!ENDIF
!IFDEF NOPE
!IF wrong ( here
!ENDIF
!ELSEIFDEF B
D=elseifdef
!ENDIF
!IFNDEF NOPE
E=$(LONG)
!ENDIF
!IF defined(E) && !defined(F) && 0x10 > 8 && "a" != "b"
G=all
!ENDIF
!INCLUDE more.inc
!INCLUDE $(NTMAKEENV)\makefile.def
!UNDEF G
!MESSAGE hello $(C)
rule: thing
    command = no macro of ours
)nmake");
    ;
    const auto read = file.read(path("sources"));
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(file.value("B"), "three two three one two three one two three $");
    EXPECT_EQ(file.value("C"), "then");
    EXPECT_EQ(file.value("D"), "elseifdef");
    EXPECT_THAT(split(file.value("E"), " "), ElementsAre("x", "y", "z"));
    EXPECT_EQ(file.value("FROM_FILE"), "yes");
    EXPECT_FALSE(file.defines("G"));
    EXPECT_THAT(file.messages(), ElementsAre("hello then"));
}

TEST_F(Projects, WrongNmakeFilesAreRefusedInOneLine) {
    const std::pair<const char*, const char*> cases[] = {
        {"!IF 1\n", "an !IF without its !ENDIF"},
        {"!ENDIF\n", "without an !IF"},
        {"!IF 1 +\n!ENDIF\n", ":1: not an expression"},
        {"\n!IF 1 / 0\n!ENDIF\n", ":2: not an expression"},
        {"!ERROR no $(AMD64)\n", ":1: no 1"},
        {"!INCLUDE gone.inc\n", "includes gone.inc, which is not there"},
        {"!INCLUDE sources\n", "perhaps by itself"}};
    std::string doubled = "TARGETNAME=x\n";
    for (int i = 0; i < 31; ++i)
        doubled +=
            "A" + std::to_string(i) + "=$(A" + std::to_string(i + 1) + ")$(A" + std::to_string(i + 1) + ")\n";
    write("sources", doubled + "C_DEFINES=$(A0)\n");
    EXPECT_THAT(refusal("sources"), HasSubstr("macros too large, or too many in each other"));
    for (const auto& [text, expected] : cases) {
        write("sources", text);
        EXPECT_THAT(refusal("sources"), HasSubstr(expected)) << text;
    }
}

TEST_F(Projects, DdkOptionsAreWordsOfACommandLine) {
    write("a.cpp", "");
    write("my inc/x.h", "");
    write("sources",
          "TARGETNAME=x\nSOURCES=a.cpp\nC_DEFINES=-DA=\\\"1.0\\\" -DB=\"\\\"two words\\\"\" \"-DC=x y\" "
          "-DD=a\\b\n"
          "USER_C_FLAGS=/I\"my inc\" /Zp1 /std:c++17\n");
    const Project project = one("sources");
    EXPECT_THAT(project.sources.at(0).settings.macros,
                ElementsAre("-DA=\"1.0\"", "-DB=\"two words\"", "-DC=x y", "-DD=a\\b"));
    EXPECT_THAT(project.sources.at(0).settings.includes, Contains(path("my inc")));
    EXPECT_EQ(project.sources.at(0).settings.standard, "c++17");
    EXPECT_THAT(project.notes, ElementsAre(HasSubstr("/Zp1 is not taken over")));
}

TEST_F(Projects, DdkSourcesSayWhatIsCompiledAndHow) {
    for (const char* file : {"card/a.cpp", "card/B.C", "common/c.cpp", "inc/x.h"}) write(file, "");
    write("card/sources",
          "TARGETNAME=card\r\nTARGETTYPE=DRIVER\r\nINCLUDES=..\\INC;nowhere;$(DDK_INC_PATH)\r\n"
          "C_DEFINES=$(C_DEFINES) -DA=1 /DB /D C -UD\r\nSOURCES= a.cpp \\\r\n ..\\Common\\C.cpp \\\r\n "
          "card.rc x.def\r\n"
          "AMD64_SOURCES=b.c\r\nI386_SOURCES=i386\\x.asm\r\n"
          "TARGETLIBS=$(DDK_LIB_PATH)\\ks.lib ..\\lib\\*\\own.lib\r\nUNICODE=1\r\n");
    const Project project = one("card");
    EXPECT_EQ(project.name, "card");
    EXPECT_THAT(names(project), ElementsAre("a.cpp", "c.cpp", "B.C"));
    const SourceSettings& settings = project.sources.at(0).settings;
    EXPECT_TRUE(settings.short_wchar);
    EXPECT_THAT(settings.includes, ElementsAre(path("card"), path("inc")));
    EXPECT_THAT(settings.macros, ElementsAre("-DA=1", "-DB", "-DC", "-UD", "-DUNICODE", "-D_UNICODE"));
    EXPECT_THAT(project.left_out,
                ElementsAre("card.rc (resources)", "x.def (exports)", "x.asm (for another processor)"));
    EXPECT_THAT(project.libraries, ElementsAre("\\ks.lib", "..\\lib\\*\\own.lib"));
}

TEST_F(Projects, DirsLeadToTheirFolders) {
    write("lib/l.cpp", "");
    write("card/a.cpp", "");
    write("dirs", "DIRS=lib{driver} \\\n  card\n");
    write("lib/sources", "TARGETNAME=l\nTARGETTYPE=LIBRARY\nSOURCES=l.cpp\n");
    write("card/sources", "TARGETNAME=c\nTARGETTYPE=DRIVER\nSOURCES=a.cpp\n");
    const auto projects = read_path(".");
    ASSERT_TRUE(projects.ok()) << projects.error().message;
    ASSERT_EQ(projects->size(), 2u);
    EXPECT_EQ((*projects)[0].kind, ProjectKind::library);
    EXPECT_EQ((*projects)[1].kind, ProjectKind::driver);
}

TEST_F(Projects, WrongDdkFilesAreRefusedInOneLine) {
    const std::pair<const char*, const char*> cases[] = {
        {"TARGETTYPE=DRIVER\n", "has no TARGETNAME"},
        {"TARGETNAME=x\nTARGETTYPE=PROGRAM\n", "makes no driver: TARGETTYPE is PROGRAM"},
        {"TARGETNAME=x\nTARGETTYPE=DRIVER\nSOURCES=gone.cpp\n", "SOURCES names gone.cpp, which is not there"},
        {"TARGETNAME=x\nTARGETTYPE=DRIVER\nKMDF_VERSION_MAJOR=1\n", "uses the driver framework"}};
    for (const auto& [text, expected] : cases) {
        write("sources", text);
        EXPECT_THAT(refusal("sources"), HasSubstr(expected)) << text;
    }
    write("dirs", "DIRS=gone\n");
    EXPECT_THAT(refusal("dirs"), HasSubstr("names the folder gone, which is not there"));
}

TEST_F(Projects, AFolderIsWalkedOnce) {
    write("loop/src/a.cpp", "");
    for (int i = 0; i < 8; ++i) {
        std::filesystem::create_directory_symlink(".", path("loop/l" + std::to_string(i)));
        std::filesystem::create_directory_symlink("../..", path("loop/src/l" + std::to_string(i)));
    }
    EXPECT_THAT(names(one("loop")), ElementsAre("a.cpp"));
    for (int i = 0; i < 5001; ++i) std::filesystem::create_directories(path("wide/" + std::to_string(i)));
    EXPECT_THAT(refusal("wide"), HasSubstr("more than 5000 folders in it; name the driver's own folder"));
}

TEST_F(Projects, ObjectsOfAnEarlierBuildAreNoSources) {
    for (const char* file :
         {"src/a.cpp", "my.objects/build.ninja", "my.objects/shadow0/a.cpp", "other.objects/b.cpp"})
        write(file, "");
    EXPECT_THAT(names(one(".")), ElementsAre("b.cpp", "a.cpp"));
    write_vcxproj("all.vcxproj", "<ItemGroup><ClCompile Include='**/*.cpp'/></ItemGroup>");
    EXPECT_THAT(names(one("all.vcxproj")), ElementsAre("b.cpp", "a.cpp"));
}

TEST_F(Projects, AFolderWithoutAProjectIsItsSources) {
    for (const char* file : {"plain/a.cpp", "plain/b.c", "plain/inc/x.h", "plain/deep/c.cpp",
                             "nested/src/d.cpp", "plain/x.rc", "empty/readme"})
        write(file, "");
    const Project plain = one("plain");
    EXPECT_THAT(names(plain), ElementsAre("a.cpp", "b.c"));
    EXPECT_THAT(plain.sources.at(0).settings.includes, ElementsAre(path("plain"), path("plain/inc")));
    EXPECT_THAT(plain.left_out, ElementsAre("x.rc (resources)"));
    EXPECT_THAT(names(one("nested")), ElementsAre("d.cpp"));
    EXPECT_THAT(refusal("empty"), HasSubstr("no C or C++ source in it"));
    EXPECT_THAT(refusal("plain/inc/x.h"), HasSubstr("neither a folder, a .vcxproj"));
}

TEST(Libraries, ThatPorticoHasAreKnownByAnyPath) {
    for (const char* known :
         {"portcls.lib", "$(DDK_LIB_PATH)\\StdUnk.lib", "..\\x\\KS", "ntstrsafe.lib", "libcntpr.lib"})
        EXPECT_TRUE(is_known_library(known)) << known;
    EXPECT_FALSE(is_known_library("mystery.lib"));
}

}  // namespace
}  // namespace portico::build
