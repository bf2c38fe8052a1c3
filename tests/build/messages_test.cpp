// Message text files: the numbers that the message compiler gives, and drivers that include the header.
#include "build_test.h"

#include "build/message_compiler.h"

namespace portico::build {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string header_of(const std::string& text) {
    const auto header = compile_messages("m.mc", text);
    return header.ok() ? *header : header.error().message;
}

TEST(Messages, ANumberIsSeverityFacilityAndId) {
    const std::string header = header_of(
        ";// what the author says\r\n"
        "MessageIdTypedef = NTSTATUS\r\n"
        "SeverityNames=(Success=0x0:STATUS_SEVERITY_SUCCESS\r\n"
        "  ;// of severities\r\n  Error = 0x3 : STATUS_SEVERITY_ERROR\r\n)\r\n"
        "FacilityNames=(System=0x0 Card=0x8:FACILITY_CARD)\r\n"
        "LanguageNames=(German=0x407:MSG00407)\r\n"
        "MessageId=0x0001 Facility=card Severity=Error SymbolicName=CARD_BAD\r\n"
        "Language=English\r\nMessageId=7 is text here.\r\n;and this\r\n.\r\n"
        "Language=German\r\nSchlecht.\r\n.\r\n"
        "MessageId= SymbolicName=CARD_NEXT\r\nLanguage=English\r\nNext.\r\n.\r\n"
        "MessageId=+16\r\nSeverity=Success\r\nSymbolicName=CARD_LATER\r\nLanguage=English\r\n.\r\n"
        "MessageId= Facility=System SymbolicName=SYSTEM_FIRST\nLanguage=English\nx\n.\n"
        "MessageIdTypedef=\nMessageId=010 SymbolicName=PLAIN\nLanguage=English\nx\n.\n"
        "MessageIdTypedefMacro=AS_HRESULT\nMessageId= SymbolicName=CALLED\nLanguage=English\nx\n.");
    EXPECT_THAT(header, HasSubstr("// what the author says\n"));
    EXPECT_THAT(header, HasSubstr("// of severities\n"));
    EXPECT_THAT(header, HasSubstr("#define STATUS_SEVERITY_ERROR 0x3\n"));
    EXPECT_THAT(header, HasSubstr("#define FACILITY_CARD 0x8\n"));
    EXPECT_THAT(header, HasSubstr("#define CARD_BAD ((NTSTATUS)0xc0080001L)\n"));
    EXPECT_THAT(header, HasSubstr("#define CARD_NEXT ((NTSTATUS)0xc0080002L)\n"));
    EXPECT_THAT(header, HasSubstr("#define CARD_LATER ((NTSTATUS)0x00080012L)\n"));
    EXPECT_THAT(header, HasSubstr("#define SYSTEM_FIRST ((NTSTATUS)0x00000001L)\n"));
    EXPECT_THAT(header, HasSubstr("#define PLAIN 0x00000008L\n"));
    EXPECT_THAT(header, HasSubstr("#define CALLED AS_HRESULT(0x00000009L)\n"));
    EXPECT_THAT(header, Not(HasSubstr("and this")));
    EXPECT_THAT(header, Not(HasSubstr("MSG00407")));
}

TEST(Messages, WithoutNamesThereAreTheUsual) {
    EXPECT_EQ(header_of("MessageId=1 SymbolicName=A\nLanguage=English\n.\n"), "#define A 0x0fff0001L\n");
    EXPECT_EQ(header_of("MessageId=1 Severity=Warning Facility=System SymbolicName=B\nLanguage=English\n.\n"),
              "#define B 0x80ff0001L\n");
    EXPECT_EQ(header_of(""), "");
    EXPECT_EQ(header_of("MessageId=1 SymbolicName=LAST"), "#define LAST 0x0fff0001L\n");
}

TEST(Messages, WhatIsWrongIsToldWithItsLine) {
    const std::pair<const char*, const char*> cases[] = {
        {"\nnonsense\n", "m.mc:2: 'nonsense' is no statement"},
        {"Colour=3", "m.mc:1: 'Colour' is no keyword of a message file"},
        {"SeverityNames=(Bad=4)", "m.mc:1: '4' is no number from 0 to 0x3"},
        {"FacilityNames=(Bad=0x1000)", "'0x1000' is no number from 0 to 0xfff"},
        {"FacilityNames=(Bad=1", "a list of names has no ')'"},
        {"FacilityNames=Bad", "a list of names begins with '('"},
        {"FacilityNames=(Bad)", "'Bad' has no number"},
        {"FacilityNames=(Bad=1:2x)", "'2x' is no name for C"},
        {"MessageId=0x10000", "'0x10000' is no number from 0 to 0xffff"},
        {"MessageId=1\nSeverity=Grave", "m.mc:2: no Severity is named 'Grave'; SeverityNames lists them"},
        {"MessageId=1\nLanguage=Latin\n.", "no Language is named 'Latin'"},
        {"MessageId=1\nLanguage=English\ntext\n", "m.mc:2: a text without an end"},
        {"Language=English\n.\n", "a text without a MessageId"},
        {"SymbolicName=a-b", "'a-b' is no name for C"},
        {"OutputBase=8", "OutputBase is 10 or 16"}};
    for (const auto& [text, said] : cases) EXPECT_THAT(header_of(text), HasSubstr(said));
}

class MessageFiles : public AuthorsFolder {
  protected:
    void SetUp() override {
        AuthorsFolder::SetUp();
        write("inc/Card_Log.mc",
              ";#ifndef CARD_LOG_H\n;#define CARD_LOG_H\nMessageIdTypedef=NTSTATUS\n"
              "MessageId=0x10 Severity=Error SymbolicName=CARD_LOG_BROKEN\nLanguage=English\nBroken.\n.\n"
              ";#endif\n");
        write("entry.cpp",
              "#include <wdm.h>\n#include \"card_log.h\"\n#include \"CARD_LOG.H\"\n"
              "C_ASSERT(CARD_LOG_BROKEN == (NTSTATUS)0xCFFF0010L);\n"
              "extern \"C\" NTSTATUS DriverEntry(PDRIVER_OBJECT, PUNICODE_STRING) { return 0; }\n");
    }
};

TEST_F(MessageFiles, OfADdkProjectBecomeItsHeader) {
    write("sources", "TARGETNAME=card\nTARGETTYPE=DRIVER\nSOURCES=inc\\card_log.mc entry.cpp\n");
    const Said built = tool("-o card.so .");
    EXPECT_EQ(built.exit, 0) << built.output;
    EXPECT_THAT(built.output, Not(HasSubstr("left out")));
    write("inc/Card_Log.mc",
          "MessageId=0x11 Severity=Error SymbolicName=CARD_LOG_BROKEN\nLanguage=English\n.\n");
    EXPECT_EQ(tool("-o card.so .").exit, 1) << "an edit of the file compiles what includes its header anew";
    write("sources", "TARGETNAME=card\nTARGETTYPE=DRIVER\nSOURCES=no.mc entry.cpp\n");
    EXPECT_THAT(tool("-o card.so .").output, HasSubstr("SOURCES names no.mc, which is not there"));
}

TEST_F(MessageFiles, OfAVcxprojBecomeItsHeader) {
    write("card.vcxproj",
          "<Project><PropertyGroup><ConfigurationType>Driver</ConfigurationType></PropertyGroup><ItemGroup>"
          "<MessageCompile Include=\"inc\\card_log.mc\"/><ClCompile "
          "Include=\"entry.cpp\"/></ItemGroup></Project>");
    const Said built = tool("-o card.so card.vcxproj");
    EXPECT_EQ(built.exit, 0) << built.output;
}

TEST_F(MessageFiles, BesideASourceBecomeTheHeaderThatIsMissing) {
    const Said built = tool("-o card.so -I inc entry.cpp");
    EXPECT_EQ(built.exit, 0) << built.output;
    write("inc/Card_Log.mc", "MessageId=0x10\nSymbolicName=1\n");
    const Said wrong = tool("-o card.so -I inc entry.cpp");
    EXPECT_EQ(wrong.exit, 2);
    EXPECT_THAT(wrong.output, HasSubstr("Card_Log.mc:2: '1' is no name for C"));
}

}  // namespace
}  // namespace portico::build
