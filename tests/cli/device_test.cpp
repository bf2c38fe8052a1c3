// What can be opened in a machine, and requests to it: `portico devices --machine`, `portico ioctl`,
// scenarios.
#include <nlohmann/json.hpp>

#include "machine/drivers/control_cable.h"
#include "program.h"
#include "support/requires.h"

namespace portico::cli_test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

const std::string control_cable = std::string(PORTICO_DRIVERS) + "control_cable.so";

std::string hex(std::uint32_t code) {
    char text[16];
    std::snprintf(text, sizeof text, "0x%08x", code);
    return text;
}

TEST(Devices, ListsWhatCanBeOpenedInAMachine) {
    const Folder folder;
    folder.write("m.toml",
                 "driver = \"" + control_cable +
                     "\"\n[[device]]\nname = \"control\"\n[[device]]\nname = \"c\"\ndriver = \"cable\"\n");
    const Ended ended = run(folder, {"devices", "--machine", "m.toml"});
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, AllOf(HasSubstr("Symbolic links"), HasSubstr("\\\\.\\ControlCable "),
                                 HasSubstr("\\Device\\ControlCable"), HasSubstr("driver control_cable"),
                                 HasSubstr("Filters"), HasSubstr("device c: KSCATEGORY")));
    const auto json = nlohmann::json::parse(run(folder, {"devices", "--machine", "m.toml", "--json"}).out);
    EXPECT_EQ(json["symbolic_links"].size(), 2u);
    EXPECT_EQ(json["interfaces"][0]["reference"], "Cable");
}

TEST(Devices, InfsNameThem) {
    const Folder folder;
    const std::string inf = std::string(PORTICO_SOURCE_DIR) + "/drivers/soundcard/soundcard.inf";
    const Ended ended = run(folder, {"devices", "--driver", "soundcard", "--inf", inf});
    EXPECT_EQ(ended.code, 0);
    EXPECT_THAT(ended.out, AllOf(HasSubstr("Sound card MIDI"), HasSubstr("Sound card mixer")));
    folder.write("net.inf", "[Version]\nSignature=\"$Windows NT$\"\nClass=Net\n");
    const Ended refused = run(folder, {"devices", "--driver", "soundcard", "--inf", "net.inf"});
    EXPECT_EQ(refused.code, 2);
    EXPECT_EQ(refused.err, "portico: net.inf:3: an INF of class Net; Portico runs drivers of class MEDIA\n");
    folder.write("bad.inf", "[Version]\nSignature=x\nClass=MEDIA\n[Manufacturer]\nMe=Nowhere,NTamd64\n");
    const Ended bad = run(folder, {"devices", "--driver", "soundcard", "--inf", "bad.inf"});
    EXPECT_EQ(bad.code, 2);
    EXPECT_THAT(bad.err, AllOf(HasSubstr("bad.inf:2: Signature"), HasSubstr("bad.inf:5: no section")));
}

TEST(Ioctl, SendsARequestAndShowsWhatComesBack) {
    const Folder folder;
    const Ended ended = run(folder, {"ioctl", "ControlCable", hex(IOCTL_CABLE_REVERSE), "--driver",
                                     control_cable, "--in", "010203", "--out", "8", "-o", "answer.bin"});
    EXPECT_EQ(ended.code, 0) << ended.err;
    EXPECT_THAT(ended.out, AllOf(HasSubstr("METHOD_BUFFERED"), HasSubstr("STATUS_SUCCESS"),
                                 HasSubstr("3 bytes"), HasSubstr("0000  03 02 01")));
    EXPECT_EQ(folder.bytes("answer.bin"), (Bytes{3, 2, 1}));
    folder.write("in.bin", Bytes{9, 8});
    const Ended file = run(folder, {"ioctl", "\\\\.\\ControlCable", hex(IOCTL_CABLE_REVERSE), "--driver",
                                    control_cable, "--in", "in.bin", "--out", "2"});
    EXPECT_THAT(file.out, HasSubstr("08 09"));
}

TEST(Ioctl, SaysWhoMayAndWhatIsWrong) {
    const Folder folder;
    const auto send = [&](Arguments more) {
        Arguments arguments{"ioctl"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        arguments.insert(arguments.end(), {"--driver", control_cable});
        return run(folder, arguments);
    };
    REQUIRES("FLD-041");
    const Ended user = send({"ControlCableAdmin", hex(IOCTL_CABLE_POST)});
    EXPECT_EQ(user.code, 1);
    EXPECT_THAT(user.err, HasSubstr("as a user failed: STATUS_ACCESS_DENIED"));
    EXPECT_THAT(send({"ControlCableAdmin", hex(IOCTL_CABLE_POST), "--as", "admin"}).out,
                HasSubstr("STATUS_NO_MORE_ENTRIES"));
    const Ended nothing = send({"NoSuchDevice", "1"});
    EXPECT_EQ(nothing.code, 1);
    EXPECT_TRUE(nothing.one_line());
    const Ended code = send({"ControlCable", "reverse"});
    EXPECT_EQ(code.code, 2);
    EXPECT_THAT(code.err, HasSubstr("reverse: no control code"));
    const Ended bytes = send({"ControlCable", "1", "--in", "no.bin"});
    EXPECT_EQ(bytes.code, 2);
    EXPECT_TRUE(bytes.one_line());
    EXPECT_EQ(send({"ControlCable", "1", "--as", "nobody"}).code, 2);
}

TEST(Ioctl, AScenarioMakesThePortThatASongIsPlayedTo) {
    const Folder folder;
    folder.write("song.mid", midi_file({0x00, 0x90, 60, 100, 0x60, 0x80, 60, 0}));
    folder.write("port.bin", Bytes{1, 0, 0, 0});
    folder.write("s.txt", "0s open ControlCable --as admin\n0s ioctl ControlCable " +
                              hex(IOCTL_CABLE_ADD_PORT) + " --in port.bin\n0s ioctl ControlCable " +
                              hex(IOCTL_CABLE_REVERSE) +
                              " --in 0102 --out 2\n1ms close ControlCable\n2ms close ControlCable\n"
                              "2ms ioctl \"ControlCable\" 1\n");
    folder.write("c.toml", "driver = \"cable\"\n[[device]]\n[[device]]\nname = \"control\"\ndriver = \"" +
                               control_cable + "\"\n");
    const Ended ended =
        run(folder, {"play", "song.mid", "--machine", "c.toml", "--scenario", "s.txt", "--json"});
    const auto report = nlohmann::json::parse(ended.out);
    const auto name = [&](int i) { return report["scenario"][i]["name"].get<std::string>(); };
    EXPECT_EQ(name(1), "STATUS_SUCCESS");
    EXPECT_EQ(report["scenario"][2]["out"], "0201");
    EXPECT_EQ(name(3), "STATUS_SUCCESS");
    EXPECT_EQ(name(4), "STATUS_INVALID_HANDLE") << "closed already";
    EXPECT_EQ(name(5), "STATUS_INVALID_PARAMETER") << "the code of no request";
    EXPECT_TRUE(report["complete"]);
    folder.write("bad.txt", "0s ioctl ControlCable 1 --in nothing.bin\n");
    const Ended bad = run(folder, {"play", "song.mid", "--machine", "c.toml", "--scenario", "bad.txt"});
    EXPECT_EQ(bad.code, 2);
    EXPECT_THAT(bad.err, StartsWith("portico: bad.txt:1:30: neither bytes in hexadecimal nor a file"));
}

}  // namespace
}  // namespace portico::cli_test
