// Machine files: what they say is what the machine is, and what is wrong in them is told with file, line and
// key.
#include <fmt/format.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "program.h"

namespace portico::cli_test {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::MatchesRegex;

struct MachineFiles : ::testing::Test {
    Folder folder;
    MachineFiles() { folder.write("song.mid", notes(3)); }

    Ended play(const std::string& toml, Arguments arguments = {"play", "song.mid"}) {
        folder.write("machine.toml", toml);
        arguments.insert(arguments.end(), {"--machine", "machine.toml"});
        return run(folder, arguments);
    }
};

TEST_F(MachineFiles, WrongOnesAreOneLineWithFileLineAndKey) {
    struct Wrong {
        const char* toml;
        const char* begin;
    };
    const Wrong wrong[] = {
        {"seed = 1\ncolour = 2\n", "machine.toml:2: colour: no such key; a machine file knows driver, seed,"},
        {"driver = 3\n", "machine.toml:1: driver: "},
        {"seed = -1\n", "machine.toml:1: seed: a whole number from 0"},
        {"seed = \"a\"\n", "machine.toml:1: seed: a whole number from 0"},
        {"\nprocessors = 9\n", "machine.toml:2: processors: a whole number from 1 to 8 is wanted"},
        {"exact_sequencer = 1\n", "machine.toml:1: exact_sequencer: true or false is wanted"},
        {"device = 1\n", "machine.toml:1: device: write [[device]]"},
        {"[device]\nmodel = \"mpu401\"\n", "machine.toml:1: device: write [[device]]"},
        {"[[device]]\nmodel = \"mpu-401\"\n",
         "machine.toml:2: model: no device model \"mpu-401\"; did you mean mpu401?"},
        {"[[device]]\nmodel = 401\n", "machine.toml:2: model: "},
        {"[[device]]\nmodel = \"mpu401\"\nirq = 99\n", "machine.toml:3: irq: "},
        {"[[device]]\nmodel = \"mpu401\"\nrx_deph = 9\n", "machine.toml:3: rx_deph: "},
        {"[[device]]\nmodel = \"mpu401\"\nport = 1.5\n", "machine.toml:3: port: "},
        {"[[device]]\nport = 0x330\n", "machine.toml:2: port: a device without a model"},
        {"[[device]]\nname = \"\"\n", "machine.toml:2: name: "},
        {"[[device]]\nresources = 1\n", "machine.toml:2: resources: "},
        {"[[device]]\nresources = [1]\n", "machine.toml:2: resources: "},
        {"[[device]]\nresources = [{}]\n",
         "machine.toml:2: resources: a resource has one of port, irq, memory and dma"},
        {"[[device]]\nresources = [{ port = 1, irq = 2 }]\n",
         "machine.toml:2: resources: a resource has one of"},
        {"[[device]]\nresources = [{ port = 65535, length = 2 }]\n",
         "machine.toml:2: resources: length is 1 to 1 at port 0xffff"},
        {"[[device]]\nresources = [{ irq = 24 }]\n", "machine.toml:2: resources: irq is at most"},
        {"[[device]]\nresources = [{ port = 1, wide = 2 }]\n", "machine.toml:2: wide: no such key"},
        {"[registry]\nA = 4294967296\n", "machine.toml:2: A: a 32-bit number"},
        {"[registry]\nA = 1979-05-27\n", "machine.toml:2: A: "},
        {"[registry]\nA = [1, 256]\n", "machine.toml:2: A: bytes from 0 to 255"},
        {"[registry]\nA = [\"a\", 1]\n", "machine.toml:2: A: every entry is a text"},
        {"registry = 1\n", "machine.toml:1: registry: a table is wanted"},
        {"registry_files = \"a.reg\"\n", "machine.toml:1: registry_files: a list of paths"},
        {"registry_files = [1]\n", "machine.toml:1: registry_files: a path is wanted"},
        {"ends = 1\n", "machine.toml:1: ends: a table is wanted"},
        {"[ends]\nsound = \"a.wav\"\n", "machine.toml:2: sound: no such key; [ends] knows out, in, synth"},
        {"[ends]\nout = 1\n", "machine.toml:2: out: a path is wanted"},
        {"[ends]\nout = [\"a.mid\", \"\"]\n", "machine.toml:2: out: a path is wanted"},
        {"seed = 1\nseed = 2\n", "machine.toml:2: "},
        {"[[device]\n", "machine.toml:1: "},
        {"driver = \"\xff\"\n", "machine.toml:1: "},
    };
    for (const Wrong& one : wrong) {
        const Ended ended = play(one.toml, {"play", "song.mid", "-o", "out.mid"});
        EXPECT_EQ(ended.code, 2) << one.toml;
        EXPECT_TRUE(ended.one_line()) << one.toml << ended.err;
        EXPECT_THAT(ended.err, ::testing::StartsWith(std::string("portico: ") + one.begin)) << one.toml;
        EXPECT_THAT(ended.out, IsEmpty());
    }
    EXPECT_THAT(folder.names(), ElementsAre("machine.toml", "song.mid"));
}

TEST_F(MachineFiles, ThatCannotBeReadAreOneLine) {
    std::filesystem::create_symlink("round", folder.file("round"));
    const std::string long_name(300, 'n');
    for (const char* const name : {"no.toml", ".", "/dev/zero", "round", long_name.c_str()}) {
        const Ended ended = run(folder, {"play", "song.mid", "--machine", name});
        EXPECT_EQ(ended.code, 2) << name;
        EXPECT_TRUE(ended.one_line()) << ended.err;
        EXPECT_THAT(ended.err, HasSubstr(name));
    }
}

TEST_F(MachineFiles, ThatNestTooDeepAreRefused) {
    std::string table = "[a";
    for (int i = 0; i < 100'000; ++i) table += ".a";
    const Ended dotted = play(table + "]\n");
    EXPECT_EQ(dotted.code, 2);
    EXPECT_TRUE(dotted.one_line()) << dotted.err;
    std::string value = "registry = ";
    for (int i = 0; i < 100'000; ++i) value += "{a=";
    const Ended nested = play(value + "\n");
    EXPECT_EQ(nested.code, 2);
    EXPECT_TRUE(nested.one_line()) << nested.err.substr(0, 300);
}

TEST_F(MachineFiles, RegistrationFilesThatAreWrongNameFileAndLine) {
    folder.write("values.reg",
                 "Windows Registry Editor Version 5.00\n\n[HKLM\\Software\\A]\n\"N\"=dword:xyz\n");
    const Ended wrong = play("registry_files = [\"values.reg\"]\n");
    EXPECT_EQ(wrong.code, 2);
    EXPECT_TRUE(wrong.one_line()) << wrong.err;
    EXPECT_THAT(wrong.err, HasSubstr("values.reg:4: dword: needs"));
    const Ended missing = play("registry_files = [\"no.reg\"]\n");
    EXPECT_EQ(missing.code, 2);
    EXPECT_TRUE(missing.one_line());
    EXPECT_THAT(missing.err, HasSubstr("no.reg: cannot be read: No such file or directory"));
}

TEST_F(MachineFiles, RegistrationFilesWithMoreThanAKeyHoldsAreRefused) {
    const auto expect_refused = [&](const char* format, const char* why) {
        std::string text = "Windows Registry Editor Version 5.00\n\n[HKLM\\Software\\A]\n";
        for (int i = 66'000; i > 0; --i) text += fmt::format(fmt::runtime(format), i);
        folder.write("values.reg", text);
        const Ended ended = play("registry_files = [\"values.reg\"]\n");
        EXPECT_EQ(ended.code, 2);
        EXPECT_TRUE(ended.one_line()) << ended.err;
        EXPECT_THAT(ended.err, HasSubstr(why));
    };
    expect_refused("\"{:06}\"=dword:1\n", "values.reg:16388: the registry has no room for the value");
    expect_refused("[HKLM\\Software\\A\\{:06}]\n", "values.reg:65540: ");
}

// Paths count from the machine file's folder, not from where the program runs.
TEST_F(MachineFiles, PathsCountFromTheirFolder) {
    std::filesystem::create_directory(folder.file("sub"));
    std::filesystem::copy_file(PORTICO_DRIVERS "cable.so", folder.file("sub/mine.so"));
    folder.write("sub/values.reg", "Windows Registry Editor Version 5.00\n");
    folder.write(
        "sub/machine.toml",
        "driver = \"mine.so\"\nregistry_files = [\"values.reg\"]\n[ends]\nout = [\"a.mid\", \"../b.txt\"]\n");
    const Ended ended = run(folder, {"play", "song.mid", "--machine", "sub/machine.toml"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_EQ(messages(folder.bytes("sub/a.mid")), messages(notes(3)));
    EXPECT_TRUE(folder.has("b.txt"));
}

TEST_F(MachineFiles, EndsAreTheDefaultsOfTheOptions) {
    const std::string toml = "[ends]\nout = \"a.txt\"\nin = \"in.mid\"\nsynth = \"no.sf2\"\n";
    EXPECT_EQ(play(toml).code, 0);
    EXPECT_TRUE(folder.has("a.txt"));
    EXPECT_EQ(play(toml, {"play", "song.mid", "-o", "b.txt"}).code, 0);
    EXPECT_EQ(folder.text("a.txt"), folder.text("b.txt"));
    const Ended font = play(toml, {"play", "song.mid", "-o", "c.wav"});
    EXPECT_NE(font.code, 0);
    EXPECT_THAT(font.err, HasSubstr("no.sf2"));
    folder.write("in.mid", notes(5));
    EXPECT_EQ(play("[ends]\nout = \"c.mid\"\nin = \"in.mid\"\n", {"record"}).code, 0);
    EXPECT_EQ(messages(folder.bytes("c.mid")), messages(notes(5)));
    EXPECT_EQ(play("[ends]\nout = \"c.mid\"\nin = \"in.mid\"\n", {"record", "song.mid"}).code, 0);
    EXPECT_EQ(messages(folder.bytes("c.mid")), messages(notes(3)));
    const Ended none = play("", {"record"});
    EXPECT_EQ(none.code, 2);
    EXPECT_TRUE(none.one_line()) << none.err;
}

TEST_F(MachineFiles, OutputsThatAreReadAreRefused) {
    const Ended ended = play("[ends]\nout = \"song.mid\"\n");
    EXPECT_EQ(ended.code, 2);
    EXPECT_THAT(ended.err, HasSubstr("song.mid: cannot be written: it is the MIDI file that is read"));
}

TEST_F(MachineFiles, DriverOptionWinsAlsoWithTheUsualName) {
    const Ended cable = play("driver = \"cable\"\n");
    EXPECT_EQ(cable.code, 0) << cable.err;
    EXPECT_THAT(cable.out, HasSubstr("captured "));
    const Ended mpu401 = play("driver = \"cable\"\n", {"play", "song.mid", "--driver", "mpu401"});
    EXPECT_EQ(mpu401.code, 0) << mpu401.err;
    EXPECT_THAT(mpu401.out, HasSubstr("wire "));
}

TEST_F(MachineFiles, DevicesWithPlannedFaultsAreTold) {
    const auto report = [&](const std::string& toml) {
        folder.write("long.mid", notes(200));
        const Ended ended = play("[[device]]\nmodel = \"mpu401\"\n" + toml, {"play", "long.mid", "--json"});
        EXPECT_EQ(ended.code, 1) << toml << ended.err;
        return nlohmann::json::parse(ended.out);
    };
    const auto stuck = report("fault_drr_stuck_after = 4\n");
    EXPECT_FALSE(stuck.at("complete").get<bool>());
    EXPECT_EQ(stuck.at("findings").at(0).at("rule"), "message-loss");
    EXPECT_THAT(
        stuck.at("findings").at(0).at("text").get<std::string>(),
        MatchesRegex("[0-9]+ of [0-9]+ messages did not come out as asked: first [89]0 .*, due at 0.*s\\."));
    const auto storm = report("fault_line_stuck_at = \"5ms\"\n");
    EXPECT_EQ(storm.at("findings").at(0).at("rule"), "interrupt-storm");
    EXPECT_TRUE(storm.at("complete").get<bool>());
}

TEST_F(MachineFiles, DeviceThatNeverAcknowledgesFailsTheStart) {
    const Ended ended = play("[[device]]\nmodel = \"mpu401\"\nfault_lost_acks = 1000\n",
                             {"play", "song.mid", "-o", "out.mid"});
    EXPECT_EQ(ended.code, 1);
    EXPECT_TRUE(ended.one_line()) << ended.err;
    EXPECT_FALSE(folder.has("out.mid"));
}

TEST_F(MachineFiles, TwoDevicesAtOnePlaceAreRefused) {
    const Ended ended =
        play("[[device]]\nmodel = \"mpu401\"\n[[device]]\nmodel = \"mpu401\"\nname = \"b\"\n");
    EXPECT_EQ(ended.code, 2);
    EXPECT_TRUE(ended.one_line()) << ended.err;
}

}  // namespace
}  // namespace portico::cli_test
