// What a machine's configuration says about the registry is what its driver reads there.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "portico/gtest.h"
#include "support/requires.h"

namespace registry_test {
namespace {

using namespace portico;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

MachineConfig reader() {
    MachineConfig config;
    config.driver = REGISTRY_READER_IMAGE;
    config.print_findings = false;
    return config;
}

// The values that the driver printed with `way`, without those that Plug and Play puts there.
std::vector<std::string> printed(Machine& m, const std::string& way) {
    std::vector<std::string> lines;
    std::istringstream text(m.debug_output());
    for (std::string line; std::getline(text, line);) {
        const bool own =
            line.find("DriverDesc") != std::string::npos || line.find("ProviderName") != std::string::npos;
        if (line.starts_with(way + ": ") && !own) lines.push_back(line.substr(way.size() + 2));
    }
    return lines;
}

std::vector<RegistryValue> values() {
    return {{"", "Number", 0x12345678u},
            {"", "", std::string("x")},
            {"", "Text", std::string("aé")},
            {"", "Bytes", std::vector<std::uint8_t>{1, 255}},
            {"", "Texts", std::vector<std::string>{"a", "b"}},
            {"", "Empty", std::vector<std::uint8_t>{}},
            {"Settings", "Inner", 1u},
            {"Settings\\Deep", "Deeper", 2u}};
}

TEST(Registry, ValuesAreUnderTheSoftwareKeyOfEveryDevice) {
    MachineConfig config = reader();
    config.devices = {virtual_device("a"), virtual_device("b")};
    config.registry = values();
    Machine m = Machine::create(config).value();
    ASSERT_OK(m.start());
    const std::vector<std::string> one = {"Number 4: 78 56 34 12",
                                          " 1: 78 00 00 00",
                                          "Text 1: 61 00 e9 00 00 00",
                                          "Bytes 3: 01 ff",
                                          "Texts 7: 61 00 00 00 62 00 00 00 00 00",
                                          "Empty 3:"};
    std::vector<std::string> both = one;
    both.insert(both.end(), one.begin(), one.end());
    EXPECT_EQ(printed(m, "device"), both);
    std::vector<std::string> of_port = one;
    of_port.push_back("Settings\\Inner 4: 01 00 00 00");
    std::vector<std::string> of_ports = of_port;
    of_ports.insert(of_ports.end(), of_port.begin(), of_port.end());
    REQUIRES("IP-043");
    REQUIRES("RK-005");
    REQUIRES("RK-010");
    EXPECT_EQ(printed(m, "port"), of_ports);
    ASSERT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(Registry, IsNewForEveryMachine) {
    {
        MachineConfig config = reader();
        config.registry = values();
        Machine m = Machine::create(config).value();
        ASSERT_OK(m.start());
        ASSERT_THAT(printed(m, "device"), Not(IsEmpty()));
    }
    Machine m = Machine::create(reader()).value();
    ASSERT_OK(m.start());
    EXPECT_THAT(printed(m, "device"), IsEmpty());
}

TEST(Registry, ValuesOutliveStopAndRemoval) {
    MachineConfig config = reader();
    config.registry = {{"", "Number", 7u}};
    Machine m = Machine::create(config).value();
    ASSERT_OK(m.start());
    ASSERT_OK(m.stop());
    ASSERT_OK(m.restart());
    EXPECT_THAT(printed(m, "port"), ElementsAre("Number 4: 07 00 00 00", "Number 4: 07 00 00 00"));
}

TEST(Registry, LaterValueOfANameReplacesTheEarlier) {
    MachineConfig config = reader();
    config.registry = {{"", "Number", 7u}, {"", "NUMBER", 8u}};
    Machine m = Machine::create(config).value();
    ASSERT_OK(m.start());
    EXPECT_THAT(printed(m, "device"), ElementsAre("Number 4: 08 00 00 00"));
}

TEST(Registry, NameThatItCannotHoldIsAnError) {
    MachineConfig config = reader();
    config.registry = {{std::string(300, 'k'), "Number", 7u}};
    const auto refused = Machine::create(config);
    ASSERT_FALSE(refused.ok());
    EXPECT_THAT(refused.error().message, AllOf(HasSubstr("Number"), HasSubstr("cannot be set")));
    EXPECT_TRUE(Machine::create(reader()).ok());
}

// ---- registration files ----

struct RegistrationFile : ::testing::Test {
    std::string path =
        (std::filesystem::temp_directory_path() / ("portico-" + std::to_string(::getpid()) + ".reg"))
            .string();
    ~RegistrationFile() override { std::filesystem::remove(path); }

    MachineConfig with(const std::string& text) {
        std::ofstream(path, std::ios::binary) << text;
        MachineConfig config = reader();
        config.registry_files = {path};
        return config;
    }
};

TEST_F(RegistrationFile, ReachesEveryKey) {
    MachineConfig config = with(
        "Windows Registry Editor Version 5.00\r\n\r\n"
        "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\registry_reader]\r\n\"FromFile\"=dword:"
        "00000005\r\n"
        "[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Class\\{4d36e96c-e325-11ce-bfc1-"
        "08002be10318}\\0000]\r\n"
        "\"A\"=\"b\"\r\n\"Number\"=dword:00000001\r\n");
    config.registry = {{"", "Number", 2u}};
    Machine m = Machine::create(config).value();
    ASSERT_OK(m.start());
    EXPECT_THAT(printed(m, "service"), Contains("FromFile 4: 05 00 00 00"));
    EXPECT_THAT(printed(m, "device"), ElementsAre("A 1: 62 00 00 00", "Number 4: 02 00 00 00"));
}

TEST_F(RegistrationFile, ThatIsWrongNamesFileAndLine) {
    const auto refused =
        Machine::create(with("Windows Registry Editor Version 5.00\n\n[HKLM\\Software\\A]\nrubbish\n"));
    ASSERT_FALSE(refused.ok());
    EXPECT_THAT(refused.error().message, HasSubstr(path + ":4: "));
    const auto other = Machine::create(with("[Some ini file]\n"));
    ASSERT_FALSE(other.ok());
    EXPECT_THAT(other.error().message, HasSubstr(path + ":1: "));
}

TEST_F(RegistrationFile, ThatIsMissingOrAFolderIsNamed) {
    MachineConfig config = reader();
    for (const std::string& wrong : {std::string("/nowhere/a.reg"), std::string("/")}) {
        config.registry_files = {wrong};
        const auto refused = Machine::create(config);
        ASSERT_FALSE(refused.ok());
        EXPECT_THAT(refused.error().message, HasSubstr(wrong + ": cannot be read"));
    }
}

}  // namespace
}  // namespace registry_test
