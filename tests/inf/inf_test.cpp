// INF files as they are published, and what is wrong with others.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "inf/package.h"
#include "inf/platform.h"
#include "inf/text.h"

namespace portico::inf {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

std::string read(const std::string& name) {
    std::ifstream file(std::string(PORTICO_SOURCE_DIR) + "/drivers/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// A whole INF with these sections behind it.
std::string with(const std::string& sections, const std::string& model = "%Dev%=Card,*CARD") {
    return "[Version]\nSignature=\"$Windows NT$\"\nClass=MEDIA\n"
           "ClassGuid={4d36e96c-e325-11ce-bfc1-08002be10318}\nProvider=%Me%\nDriverVer=1/2/2026,3.4\n"
           "[Manufacturer]\n%Me%=Models,NTamd64\n[Models.NTamd64]\n" +
           model + "\n[Strings]\nMe=\"Me\"\nDev=\"A card\"\n" + sections;
}

// With the sections that every model needs.
std::string card(const std::string& sections) {
    return with("[Card.NT.Services]\nAddService=card,2,Service\n[Service]\nServiceBinary=%12%\\card.sys\n" +
                sections);
}

Model only(const std::string& text) {
    const Package package = read_package(text);
    EXPECT_THAT(package.errors.list(), IsEmpty()) << package.errors.text("x.inf");
    EXPECT_THAT(package.models, SizeIs(1));
    return package.models.empty() ? Model() : package.models.front();
}

std::string errors(const std::string& text) {
    return read_package(text).errors.text("x.inf");
}

TEST(Inf, ReadsTheDriversThatComeAlong) {
    for (const char* const name :
         {"mpu401/mpu401.inf", "cable/cable.inf", "dmus_cable/dmus_cable.inf", "soundcard/soundcard.inf"}) {
        const Package package = read_package(read(name));
        EXPECT_THAT(package.errors.list(), IsEmpty()) << package.errors.text(name);
        EXPECT_THAT(package.warnings.list(), IsEmpty()) << package.warnings.text(name);
        ASSERT_THAT(package.models, SizeIs(1)) << name;
        EXPECT_EQ(package.models[0].provider, "Portico");
        EXPECT_EQ(package.models[0].driver_version, "1.0.0.1");
        EXPECT_FALSE(package.models[0].interfaces.empty());
    }
}

TEST(Inf, AModelWithAllThatItInstalls) {
    const Package package = read_package(read("soundcard/soundcard.inf"));
    const Model* const model = find_model(package, "*pco0401");
    ASSERT_NE(model, nullptr);
    EXPECT_EQ(find_model(package, "*PNPB006"), model) << "by its compatible ID";
    EXPECT_EQ(find_model(package, "*PNPB007"), nullptr);
    EXPECT_EQ(model->description, "Portico sound card");
    EXPECT_EQ(model->service.name, "soundcard");
    EXPECT_EQ(model->service.binary, "\\SystemRoot\\System32\\drivers\\soundcard.sys");
    ASSERT_THAT(model->service.registry, SizeIs(1));
    EXPECT_TRUE(model->service.registry[0].only_new);
    ASSERT_THAT(model->interfaces, SizeIs(5));
    EXPECT_EQ(model->interfaces[0].reference, "Uart");
    EXPECT_EQ(model->interfaces[0].registry[1].name, "FriendlyName");
    EXPECT_EQ(model->interfaces[0].registry[1].text, "Sound card MIDI");
    ASSERT_THAT(model->log_configs, SizeIs(2));
    ASSERT_THAT(model->log_configs[1].choices, SizeIs(2));
    EXPECT_EQ(model->log_configs[1].choices[0].ranges[0].first, 0x300u);
    EXPECT_EQ(model->log_configs[1].choices[0].ranges[0].length, 2u);
    EXPECT_EQ(model->log_configs[1].choices[0].ranges[0].step, 2u);
    EXPECT_THAT(model->log_configs[1].choices[1].ranges, SizeIs(4));
    const auto levels = std::find_if(model->software.begin(), model->software.end(),
                                     [](const RegistryEntry& e) { return e.name == "Levels"; });
    ASSERT_NE(levels, model->software.end());
    EXPECT_EQ(levels->type, 3u);
    EXPECT_THAT(levels->bytes, ElementsAre(0x10, 0x20, 0x30, 0x40)) << "over two lines";
    const auto name = std::find_if(model->software.begin(), model->software.end(),
                                   [](const RegistryEntry& e) { return e.name == "Name"; });
    ASSERT_NE(name, model->software.end());
    EXPECT_EQ(name->root, RegistryEntry::Root::machine);
    EXPECT_EQ(name->text, "MIDI port, \"UART\"");
}

TEST(Inf, EveryTypeOfRegistryValue) {
    const Model model =
        only(card("[Card.NT]\nAddReg=Reg\n[Reg]\n"
                  "HKR,,Text,,\"a;b\" ; comment\n"
                  "HKR,Sub\\Key,Expand,0x20000,%12%\\x\n"
                  "HKR,,Number,0x10001,300\nHKR,,Hex,0x10001,0x1F\nHKR,,Minus,0x10001,-1\n"
                  "HKR,,Bytes4,0x10001,78,56,34,12\n"
                  "HKR,,Binary,1,0A,0xff,7\nHKR,,Empty,1\nHKR,,None,0x20001\n"
                  "HKR,,Quad,0xB0001,1,2,3,4,5,6,7,8\n"
                  "HKR,,List,0x10000,one,\"two, three\"\nHKR,,List,0x10008,four\n"
                  "HKR,OnlyKey,,0x10\nHKR,,Gone,4\nHKR,,Default\n"
                  "HKCR,CLSID\\x,,,y\nHKLM,Software\\z,n,2,v\nHKCU,a,b,,c\n"));
    const auto& r = model.software;
    ASSERT_THAT(r, SizeIs(18));
    EXPECT_EQ(r[0].text, "a;b");
    EXPECT_EQ(r[1].type, 2u);
    EXPECT_EQ(r[1].key, "Sub\\Key");
    EXPECT_EQ(r[1].text, "\\SystemRoot\\System32\\drivers\\x");
    EXPECT_THAT(r[2].bytes, ElementsAre(0x2C, 1, 0, 0));
    EXPECT_THAT(r[3].bytes, ElementsAre(0x1F, 0, 0, 0));
    EXPECT_THAT(r[4].bytes, ElementsAre(255, 255, 255, 255));
    EXPECT_THAT(r[5].bytes, ElementsAre(0x78, 0x56, 0x34, 0x12));
    EXPECT_THAT(r[6].bytes, ElementsAre(0x0A, 0xFF, 7));
    EXPECT_THAT(r[7].bytes, IsEmpty());
    EXPECT_EQ(r[8].type, 0u);
    EXPECT_EQ(r[9].type, 11u);
    EXPECT_THAT(r[9].bytes, SizeIs(8));
    EXPECT_THAT(r[10].texts, ElementsAre("one", "two, three"));
    EXPECT_EQ(r[11].what, RegistryEntry::What::append);
    EXPECT_EQ(r[12].what, RegistryEntry::What::key_only);
    EXPECT_EQ(r[13].what, RegistryEntry::What::remove);
    EXPECT_EQ(r[14].text, "");
    EXPECT_EQ(r[15].root, RegistryEntry::Root::classes);
    EXPECT_TRUE(r[16].only_new);
    EXPECT_EQ(r[17].root, RegistryEntry::Root::other);
}

TEST(Inf, LogConfigs) {
    const Model model =
        only(card("[Card.NT]\nLogConfig=A,B\n[A]\nConfigPriority=HARDWIRED\n"
                  "IOConfig=220-22f(3ff::),240-24F\nIOConfig=388-38B\nIRQConfig=LS:5,7\n"
                  "DMAConfig=W:5\nMemConfig=1000@D0000-DFFFF(RW)\n"
                  "[B]\nConfigPriority=HARDWIRED\nIOConfig=10@200-2FF%FFF0(3FF::)\nIRQConfig=9\n"));
    ASSERT_THAT(model.log_configs, SizeIs(2));
    EXPECT_FALSE(model.log_configs[0].soft());
    const std::vector<ResourceChoice>& a = model.log_configs[0].choices;
    ASSERT_THAT(a, SizeIs(5));
    EXPECT_EQ(a[0].ranges[1].first, 0x240u);
    EXPECT_EQ(a[0].ranges[1].length, 16u);
    EXPECT_EQ(a[2].kind, ResourceChoice::Kind::interrupt);
    EXPECT_TRUE(a[2].level && a[2].shared);
    EXPECT_EQ(a[3].ranges[0].first, 5u);
    EXPECT_EQ(a[4].ranges[0].length, 0x1000u);
    EXPECT_EQ(a[4].ranges[0].last_first, 0xDF000u);
    EXPECT_EQ(model.log_configs[1].choices[0].ranges[0].step, 16u);
    EXPECT_FALSE(model.log_configs[1].choices[1].level);
}

TEST(Inf, LogConfigsAreInTheOrderOfTheirPriority) {
    const Model model =
        only(card("[Card.NT]\nLogConfig=Wired,Poor,Off,Plain,Late,Best,Usual\n"
                  "[Wired]\nConfigPriority=HARDWIRED\nIRQConfig=1\n"
                  "[Poor]\nConfigPriority=suboptimal\nIRQConfig=2\n"
                  "[Off]\nConfigPriority=DISABLED\nIRQConfig=3\n"
                  "[Plain]\nIRQConfig=4\n"
                  "[Late]\nConfigPriority=REBOOT\nIRQConfig=5\n"
                  "[Best]\nConfigPriority=DESIRED,FORCED\nIRQConfig=6\n"
                  "[Usual]\nConfigPriority=NORMAL\nIRQConfig=7\n"));
    std::vector<std::uint64_t> order;
    std::string soft;
    for (const LogConfig& config : model.log_configs) {
        order.push_back(config.choices.at(0).ranges.at(0).first);
        soft += config.soft() ? 's' : '-';
    }
    EXPECT_EQ(order, (std::vector<std::uint64_t>{6, 4, 7, 2, 5, 1}));
    EXPECT_EQ(soft, "ssss--");
    EXPECT_THAT(errors(card("[Card.NT]\nLogConfig=A\n[A]\nConfigPriority=BEST\n")),
                HasSubstr("'BEST' is no ConfigPriority; there are DESIRED, NORMAL"));
}

TEST(Inf, TextsOfAnyEncoding) {
    const std::string utf8 =
        "[a]\r\nkey = \"Gr\xC3\xBC\xC3\x9F"
        "e \xE2\x82\xAC\"\r\n";
    std::string le = "\xFF\xFE", be = "\xFE\xFF";
    for (const char16_t c : std::u16string(u"[a]\r\nkey = \"Grüße €\"\r\n")) {
        le += {static_cast<char>(c), static_cast<char>(c >> 8)};
        be += {static_cast<char>(c >> 8), static_cast<char>(c)};
    }
    EXPECT_EQ(to_utf8(le), utf8);
    EXPECT_EQ(to_utf8(be), utf8);
    EXPECT_EQ(to_utf8(le.substr(2)), utf8);
    EXPECT_EQ(to_utf8("\xEF\xBB\xBF" + utf8), utf8);
    EXPECT_EQ(to_utf8(utf8), utf8);
    EXPECT_EQ(to_utf8("[a]\r\nkey = \"Gr\xFC\xDF"
                      "e \x80\"\r\n"),
              utf8)
        << "Windows-1252";
}

TEST(Inf, LinesQuotesAndStrings) {
    Problems problems;
    const File file(
        "[Sec tion] ; comment\nkey = one, \\ ; goes on\n   two , \"th;ree\" \"x\" ,\n"
        "alone, %%, %Greeting%, %12%\n[SECTION]\n[sec TION]\nlast=%greeting%\n"
        "[Strings]\ngreeting=\"hello, world\"\n[Strings.0409]\nGREETING=\"hi, you\"\n"
        "[Strings.0407]\ngreeting=\"hallo\"\n",
        problems);
    EXPECT_THAT(problems.list(), IsEmpty()) << problems.text("x");
    const Section* const section = file.section("sec tion");
    ASSERT_NE(section, nullptr);
    ASSERT_THAT(section->lines, SizeIs(3));
    EXPECT_EQ(section->lines[0].key, "key");
    EXPECT_THAT(section->lines[0].values, ElementsAre("one", "two", "th;reex"));
    EXPECT_THAT(section->lines[1].values,
                ElementsAre("alone", "%", "hi, you", "\\SystemRoot\\System32\\drivers"));
    EXPECT_EQ(section->lines[1].number, 4u);
    EXPECT_EQ(section->lines[2].at(0), "hi, you");
}

TEST(Inf, TheSectionThatFitsTheComputerBest) {
    const auto chosen = [](const std::string& decorations, const std::string& sections) {
        Problems problems;
        const File file("[Manufacturer]\n%x%=M," + decorations + "\n" + sections, problems);
        const Chosen chosen = models_section(file, file.section("Manufacturer")->lines[0]);
        return chosen.section == nullptr ? "none" : chosen.section->name + (chosen.foreign ? " foreign" : "");
    };
    EXPECT_EQ(chosen("NTx86,NTamd64", "[M]\n[M.NTx86]\n[M.NTamd64]\n"), "M.NTamd64");
    EXPECT_EQ(chosen("NTamd64,NTamd64.10.0...19041", "[M.NTamd64]\n[M.NTamd64.10.0...19041]\n"),
              "M.NTamd64.10.0...19041");
    EXPECT_EQ(chosen("NTamd64.6.1,NTamd64.10.0...99999", "[M.NTamd64.6.1]\n[M.NTamd64.10.0...99999]\n"),
              "M.NTamd64.6.1")
        << "the other is for a Windows to come";
    EXPECT_EQ(chosen("NTamd64...3,NTamd64...1", "[M.NTamd64...3]\n[M.NTamd64...1]\n"), "M.NTamd64...1")
        << "no server";
    EXPECT_EQ(chosen("NT", "[M]\n[M.NT]\n"), "M.NT foreign");
    EXPECT_EQ(chosen("NTarm64", "[M.NTarm64]\n"), "none");
    EXPECT_EQ(chosen("NTx86", "[M.NTx86]\n"), "M.NTx86 foreign") << "as it was before there was x64";
}

TEST(Inf, OldFilesAreReadAndWarnedOf) {
    const Package package = read_package(
        "[Version]\nSignature=\"$CHICAGO$\"\nClass=MEDIA\n[Manufacturer]\nMe=Models\n[Models]\n"
        "\"Card\"=Card,*CARD\n[Card]\nAddRegs=Reg\nInclude=other.inf\nNeeds=Other\n");
    EXPECT_THAT(package.errors.list(), IsEmpty()) << package.errors.text("x.inf");
    const std::string warnings = package.warnings.text("x.inf");
    EXPECT_THAT(warnings, HasSubstr("x.inf:6: [Models]: Windows for x64 takes models with NTamd64 alone"));
    EXPECT_THAT(warnings, HasSubstr("x.inf:9: 'AddRegs' is no directive of [Card]"));
    EXPECT_THAT(warnings, HasSubstr("x.inf:10: other.inf is not read"));
    EXPECT_THAT(warnings, HasSubstr("x.inf:7: no section [Card.Services]"));
}

TEST(Inf, AnotherClassIsRefusedWithOneLine) {
    const Package package = read_package(
        "[Version]\nSignature=\"$Windows "
        "NT$\"\nClass=Net\nClassGuid={4d36e972-e325-11ce-bfc1-08002be10318}\n");
    EXPECT_TRUE(package.other_class);
    EXPECT_EQ(package.errors.text("net.inf"),
              "net.inf:4: an INF of class Net; Portico runs drivers of class MEDIA");
    EXPECT_TRUE(read_package("[Version]\nSignature=\"$CHICAGO$\"\nClass=Ports\n").other_class);
}

TEST(Inf, SaysAllThatIsWrongLineByLine) {
    const std::string text =
        errors(card("[Card.NT]\nAddReg=Reg,Missing\nLogConfig=LC\n[Reg]\n"
                    "HKX,,a\nHKR,,b,0xZZ\nHKR,,c,0x10001,twelve\nHKR,,d,1,100\n"
                    "HKR,,%Nobody%\nHKR,,e,,\"open\n"
                    "[LC]\nIOConfig=abc\nIRQConfig=300\nIOconfigs=1-2\n"
                    "[Card.NT.Interfaces]\nAddInterface={123},a\n"
                    "AddInterface={6994AD04-93EF-11D0-A3CC-00A0C9223196},b,Nowhere\n"));
    EXPECT_EQ(
        text,
        "x.inf:19: AddReg: there is no section [Missing]\n"
        "x.inf:22: 'HKX' is no root of the registry; a line is: HKR,subkey,name,flags,value\n"
        "x.inf:23: '0xZZ' are no flags; write them as 0x00010001\n"
        "x.inf:24: 'twelve' is no REG_DWORD; write a number, or four bytes\n"
        "x.inf:25: '100' is no byte; write two hexadecimal digits for each\n"
        "x.inf:26: %Nobody% is in no [Strings] section\n"
        "x.inf:27: a quotation mark is not closed\n"
        "x.inf:29: 'abc' is no range; write 330-331 or 2@300-3FF%FFF8, in hexadecimal\n"
        "x.inf:30: '300' is no number from 0 to 255\n"
        "x.inf:31: 'IOconfigs' is no resource; a LogConfig section has IOConfig, IRQConfig, DMAConfig, "
        "MemConfig\n"
        "x.inf:33: AddInterface: '{123}' is no GUID; write it as {6994AD04-93EF-11D0-A3CC-00A0C9223196}\n"
        "x.inf:34: AddInterface: there is no section [Nowhere]");
}

TEST(Inf, TakesTheFilesThatAreCopied) {
    const std::string text = with(
        "[Card]\nCopyFiles=Card.Files,Card.Inf,@readme.txt,Nowhere\n[Card.Services]\n"
        "[Card.Files]\ncard.sys\nNotes.bin,,,2\nbank.bin,bank1.bin\n[Card.Inf]\ncard.pnf\n[Elsewhere]\nx\n"
        "[DestinationDirs]\nDefaultDestDir=11\ncard.files=12,Banks\nCard.Inf=66000\n"
        "[SourceDisksFiles]\nnotes.bin=1,Data\n");
    const Package package = read_package(text);
    ASSERT_EQ(package.models.size(), 1u) << package.errors.text("x.inf");
    std::vector<std::string> files;
    for (const CopiedFile& file : package.models[0].files)
        files.push_back(file.source + " > " + file.destination);
    EXPECT_THAT(files,
                ::testing::ElementsAre("Data\\Notes.bin > \\SystemRoot\\System32\\drivers\\Banks\\Notes.bin",
                                       "bank1.bin > \\SystemRoot\\System32\\drivers\\Banks\\bank.bin",
                                       "readme.txt > \\SystemRoot\\System32\\readme.txt"));
    EXPECT_THAT(package.warnings.text("x.inf"), HasSubstr("CopyFiles: there is no section [Nowhere]"));
    std::string many =
        "[Card]\nCopyFiles=Card.Files\n[Card.Services]\n[DestinationDirs]\nDefaultDestDir=12\n[Card.Files]\n";
    for (int i = 0; i < 70; ++i) many += "f" + std::to_string(i) + ".bin\n";
    EXPECT_THAT(errors(with(many)), HasSubstr("CopyFiles: more than 64 files of a model"));
}

TEST(Inf, SaysWhatIsMissing) {
    EXPECT_EQ(errors(""), "x.inf: no [Version] section: this is no INF");
    EXPECT_THAT(errors("MZ\x90"), HasSubstr("x.inf:1: a line before the first section"));
    EXPECT_THAT(errors("[Version]\nSignature=x\nClass=MEDIA\n"),
                HasSubstr("x.inf:2: Signature is to be \"$Windows NT$\""));
    EXPECT_THAT(errors("[Version]\nSignature=\"$Windows NT$\"\n"), HasSubstr("names no class of devices"));
    EXPECT_THAT(errors("[Version]\nSignature=\"$Windows NT$\"\nClass=MEDIA\n"),
                HasSubstr("no [Manufacturer] section"));
    EXPECT_THAT(
        errors("[Version]\nSignature=\"$Windows NT$\"\nClass=MEDIA\n[Manufacturer]\nMe=Models,NTarm64\n"),
        HasSubstr("x.inf:5: no section [Models.NTamd64] nor [Models]: no models for x64"));
    EXPECT_THAT(errors(with("")), HasSubstr("x.inf:10: no section [Card.NT] nor [Card]"));
    EXPECT_THAT(errors(with("[Card]\n[Card.Services]\nAddService=card,2,Nowhere\n")),
                HasSubstr("AddService: there is no section [Nowhere]"));
    EXPECT_THAT(errors(with("[Card]\n[Card.Services]\nAddService=card,2,S\n[S]\nServiceType=one\n")),
                HasSubstr("'one' is no number"));
}

TEST(Inf, SectionsOfTheSameFileThatAreNeededComeAlong) {
    const Model model =
        only(card("[Card.NT]\nAddReg=A\nNeeds=Common,KS.Registration\nInclude=ks.inf\n"
                  "[Common]\nAddReg=B\nNeeds=Card.NT,Common\n[A]\nHKR,,A,,1\n[B]\nHKR,,B,,2\n"));
    ASSERT_THAT(model.software, SizeIs(2));
    EXPECT_EQ(model.software[0].name, "A");
    EXPECT_EQ(model.software[1].name, "B");
}

// A megabyte of text would install gigabytes.
TEST(Inf, WhatIsNamedOftenIsCounted) {
    const auto times = [](int count, const std::string& text) {
        std::string all;
        for (int i = 0; i < count; ++i) all += text;
        return all;
    };
    const std::string names = times(500, "A,") + "A\n";
    for (const std::string& directive : {"AddReg=" + names + "[A]\n" + times(1000, "HKR,,a,,1\n"),
                                         "LogConfig=" + names + "[A]\n" + times(1000, "IRQConfig=5\n"),
                                         "CopyFiles=" + names + "[A]\n" + times(1000, "x.dat\n")}) {
        EXPECT_THAT(errors(card("[Card.NT]\n" + directive)), HasSubstr("have more than 262144 lines"));
    }
    const std::string interfaces = "[Card.NT]\n[Card.NT.Interfaces]\n" +
                                   times(1000, "AddInterface={6994AD04-93EF-11D0-A3CC-00A0C9223196},r\n");
    EXPECT_THAT(errors(card(interfaces)), HasSubstr("have more than 262144 lines"));
    EXPECT_THAT(errors(card("[Card.NT.Services]\n" + times(1000, "AddService=card,2,Service\n") +
                            "[Service]\n" + times(1000, "x=y\n") + "[Card.NT]\n")),
                HasSubstr("have more than 262144 lines"));
    EXPECT_THAT(errors(card("[Card.NT]\nAddReg=A\n[A]\n" + times(1000, "HKR,,a,," + times(20, "%y%") + "\n") +
                            "[Strings]\ny=" + times(4000, "y") + "\n")),
                HasSubstr("at most 16 MiB of text"));
}

TEST(Inf, IsBounded) {
    EXPECT_THAT(errors(std::string(File::bytes_max + 1, ' ')), HasSubstr("at most 1 MiB"));
    EXPECT_THAT(errors("[a]\n" + std::string(File::line_max + 1, 'x')), HasSubstr("a line has at most 4096"));
    std::string many = "[Version]\n";
    for (int i = 0; i < 100; ++i) many += "[unclosed\n";
    EXPECT_THAT(errors(many), HasSubstr("and 83 more"));
    std::string growing = "[a]\nx=" + std::string(4000, '%') + "\n";
    EXPECT_FALSE(errors(growing).empty());
}

}  // namespace
}  // namespace portico::inf
