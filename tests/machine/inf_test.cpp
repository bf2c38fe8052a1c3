// An INF put into effect: what the driver, its clients and the machine see of it.
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "machine/state.h"
#include "portico/gtest.h"
#include "support/requires.h"

namespace inf_test {
namespace {

using namespace portico;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string drivers = std::string(PORTICO_SOURCE_DIR) + "/drivers/";

MachineConfig with(const std::string& driver, const std::string& inf) {
    MachineConfig config;
    config.driver = driver;
    config.inf = inf;
    config.print_findings = false;
    return config;
}

// An INF of the test's own, gone with it.
class InfFile {
  public:
    explicit InfFile(const std::string& sections)
        : path_(std::filesystem::temp_directory_path() /
                ("portico-" + std::to_string(::getpid()) + "-" + std::to_string(count_++) + ".inf")) {
        std::ofstream(path_) << "[Version]\nSignature=\"$Windows NT$\"\nClass=MEDIA\nProvider=Me\n"
                                "[Manufacturer]\nMe=Models,NTamd64\n"
                                "[Models.NTamd64]\n\"A card\"=Card,*CARD\n"
                                "[Card.Services]\nAddService=MyService,2,Service\n"
                                "[Service]\nServiceBinary=%12%\\x.sys\nAddReg=Service.Reg\n"
                                "[Service.Reg]\nHKR,,OfService,0x10001,7\n"
                             << sections;
    }
    ~InfFile() { std::filesystem::remove(path_); }
    std::string path() const { return path_.string(); }

  private:
    inline static int count_ = 0;
    std::filesystem::path path_;
};

std::vector<std::string> names_of(Machine& m, const std::string& interface_class) {
    std::vector<std::string> names;
    for (const Openable& item : m.openable()) {
        if (item.interface_class == interface_class)
            names.push_back(item.reference + ": " + item.friendly_name);
    }
    return names;
}

TEST(MachineInf, FiltersHaveTheirFriendlyNames) {
    MachineConfig config = with(SOUNDCARD_IMAGE, drivers + "soundcard/soundcard.inf");
    config.devices = {mpu401()};
    Machine m = Machine::create(config).value();
    ASSERT_OK(m.start());
    EXPECT_THAT(names_of(m, "KSCATEGORY_AUDIO"),
                ElementsAre("Topology: Sound card mixer", "Uart: Sound card MIDI"));
    EXPECT_THAT(names_of(m, "KSCATEGORY_RENDER"), ElementsAre("Uart: Sound card MIDI"));
    EXPECT_THAT(m.filters(), ::testing::UnorderedElementsAre("Uart", "Topology"));
    // Removed and plugged in again, it is still installed.
    ASSERT_OK(m.surprise_remove());
    EXPECT_THAT(names_of(m, "KSCATEGORY_AUDIO"), IsEmpty());
    ASSERT_OK(m.replug());
    EXPECT_THAT(names_of(m, "KSCATEGORY_RENDER"), ElementsAre("Uart: Sound card MIDI"));
    ASSERT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(MachineInf, AFilterWithoutCategoriesIsOfThoseThatItsInfHas) {
    const InfFile inf(
        "[Card.Interfaces]\n"
        "AddInterface={6994AD04-93EF-11D0-A3CC-00A0C9223196},Cable,I\n"
        "AddInterface={DFF220F3-F70F-11D0-B917-00A0C9223196},Cable\n"
        "AddInterface={65E8773E-8F56-11D0-A3B9-00A0C9223196},Other\n"
        "[I]\nAddReg=I.Reg\n[I.Reg]\nHKR,,FriendlyName,,Named\n[Card]\n");
    Machine m = Machine::create(with(CABLE_IMAGE, inf.path())).value();
    ASSERT_OK(m.start());
    std::vector<std::string> classes;
    for (const Openable& item : m.openable()) classes.push_back(item.interface_class);
    EXPECT_EQ(names_of(m, "KSCATEGORY_AUDIO"), std::vector<std::string>{"Cable: Named"});
    for (const Openable& item : m.openable())
        EXPECT_EQ(item.reference, "Cable") << "the other stays disabled";
}

TEST(MachineInf, LogConfigsPlaceTheDevice) {
    // The second alternative: the first is where nothing can be.
    const InfFile inf(
        "[Card]\nLogConfig=A,B\n[A]\nIOConfig=10000-10001\nIRQConfig=5\n"
        "[B]\nIOConfig=2@320-33F%FFF0\nIRQConfig=7\n");
    MachineConfig config = with(MPU401_IMAGE, inf.path());
    // A second card is where the first would be without its INF.
    config.devices = {mpu401(), mpu401({.port = 0x330, .irq = 9, .name = "second"})};
    config.devices[0].parameters.erase("port");
    config.devices[0].parameters.erase("irq");
    Machine m = Machine::create(config).value();
    ASSERT_OK(m.start());
    Pin pin = m.filter("Uart").open(Pin::Render).value();
    ASSERT_OK(pin.run());
    ASSERT_OK(pin.write({0x90, 60, 100}));
    ASSERT_TRUE(m.run_until([&] { return m.device("mpu401").wire().size() == 3; }, 10ms));
    EXPECT_THAT(m.device("second").wire(), IsEmpty());
    pin.close();
    ASSERT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

// Cards of one INF, and a note through each.
struct Cards {
    InfFile inf{
        "[Card]\nLogConfig=Second,First,Wired\n"
        "[First]\nConfigPriority=DESIRED\nIOConfig=330-331\nIRQConfig=9\n"
        "[Second]\nConfigPriority=NORMAL\nIOConfig=2@300-303%FFFE\nIRQConfig=5,7\n"
        "[Wired]\nConfigPriority=HARDWIRED\nIOConfig=350-351\nIRQConfig=10\n"};
    MachineConfig config = with(MPU401_IMAGE, inf.path());

    explicit Cards(std::vector<std::string> names) {
        for (const std::string& name : names) {
            config.devices.push_back(mpu401({.name = name}));
            config.devices.back().parameters.erase("port");
            config.devices.back().parameters.erase("irq");
        }
    }
    // The device's port, where the driver plays a note through it.
    static std::string place_of(Machine& m, const std::string& device) {
        const std::size_t before = m.device(device).wire().size();
        Pin pin = m.filter(device + "/Uart").open(Pin::Render).value();
        EXPECT_OK(pin.run());
        EXPECT_OK(pin.write({0x90, 60, 100}));
        EXPECT_TRUE(m.run_until([&] { return m.device(device).wire().size() == before + 3; }, 10ms))
            << device;
        pin.close();
        hardware::Device& model = *machine::current()->find_device(device)->model;
        return (std::ostringstream() << std::hex << model.resources().ports.at(0).base).str();
    }
};

TEST(MachineInf, LogConfigsThatOthersHaveAreNotGiven) {
    Cards many({"a", "b", "c", "d", "e"});
    const auto refused = Machine::create(many.config);
    ASSERT_FALSE(refused.ok());
    EXPECT_THAT(refused.error().message,
                HasSubstr("device e: other devices have what every LogConfig of its INF needs"));

    Cards cards({"a", "b", "c", "d"});
    Machine m = Machine::create(cards.config).value();
    ASSERT_OK(m.start());
    EXPECT_EQ(Cards::place_of(m, "a"), "330") << "the desired one";
    EXPECT_EQ(Cards::place_of(m, "b"), "300");
    EXPECT_EQ(Cards::place_of(m, "c"), "302") << "another place of the same";
    EXPECT_EQ(Cards::place_of(m, "d"), "350") << "when the computer starts, a jumper is as good";
    ASSERT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(MachineInf, WhatTheConfigurationPlacesComesFirst) {
    Cards cards({"inf"});
    cards.config.devices.push_back(mpu401({.port = 0x330, .irq = 9, .name = "fixed"}));
    Machine m = Machine::create(cards.config).value();
    ASSERT_OK(m.start());
    EXPECT_EQ(Cards::place_of(m, "inf"), "300");
    EXPECT_EQ(Cards::place_of(m, "fixed"), "330");
}

TEST(MachineInf, ADeviceInTheWayOfARebalanceGoesElsewhere) {
    Cards cards({"a", "b"});
    Machine m = Machine::create(cards.config).value();
    ASSERT_OK(m.start());
    ASSERT_EQ(Cards::place_of(m, "b"), "300");
    // LC-052: both start again with other resources.
    ASSERT_OK(m.rebalance({{"port", "0x300"}}, "a"));
    REQUIRES("LC-052");
    EXPECT_EQ(Cards::place_of(m, "a"), "300");
    EXPECT_EQ(Cards::place_of(m, "b"), "302");
    // LC-051: a pin of the one in the way keeps both where they are.
    Pin pin = m.filter("b/Uart").open(Pin::Render).value();
    EXPECT_EQ(m.rebalance({{"port", "0x302"}}, "a").code, STATUS_DEVICE_BUSY);
    REQUIRES("LC-051");
    EXPECT_EQ(Cards::place_of(m, "a"), "300");
    EXPECT_TRUE(m.filter("a/Uart").open(Pin::Render).ok()) << "its stop was cancelled";
    pin.close();
    ASSERT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(MachineInf, ARebalanceOffersTheLogConfigs) {
    Cards cards({"a", "b"});
    Machine m = Machine::create(cards.config).value();
    ASSERT_OK(m.start());
    ASSERT_OK(m.rebalance({{"log_config", "2"}}, "a"));
    EXPECT_EQ(Cards::place_of(m, "a"), "302") << "b has the other place";
    ASSERT_OK(m.rebalance({{"log_config", "1"}}, "b"));
    EXPECT_EQ(Cards::place_of(m, "b"), "330");
    EXPECT_EQ(m.rebalance({{"log_config", "1"}}, "a").code, STATUS_CONFLICTING_ADDRESSES);
    EXPECT_THAT(m.rebalance({{"log_config", "3"}}, "a").message, HasSubstr("not for a computer that runs"));
    EXPECT_THAT(m.rebalance({{"log_config", "4"}}, "a").message,
                HasSubstr("has 3 LogConfigs, and not \"4\""));
    EXPECT_EQ(m.rebalance({{"log_config", "1"}, {"port", "0x320"}}, "a").code, STATUS_INVALID_PARAMETER);
    EXPECT_EQ(Cards::place_of(m, "a"), "302");
    ASSERT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(MachineInf, KeysAreWhereTheDriverLooks) {
    const InfFile inf(
        "[Card]\nAddReg=Soft\n[Soft]\nHKR,,Number,0x10001,0x12345678\n"
        "HKR,Settings,Inner,0x10001,1\nHKR,,List,0x10000,a\nHKR,,List,0x10008,b,a\n"
        "HKR,,Gone,,x\nHKR,,Gone,4\nHKR,,Number,2,kept\nHKR,,NotThere,0x20,no\n");
    MachineConfig config = with(REGISTRY_READER_IMAGE, inf.path());
    config.registry = {{"", "Number", 9u}};
    Machine m = Machine::create(config).value();
    ASSERT_OK(m.start());
    const std::string said = m.debug_output();
    EXPECT_THAT(said, HasSubstr("device: List 7: 61 00 00 00 62 00 00 00 00 00\n"));
    EXPECT_THAT(said, HasSubstr("device: Number 4: 09 00 00 00\n")) << "the configuration wins";
    EXPECT_THAT(said, HasSubstr("port: Settings\\Inner 4: 01 00 00 00\n"));
    EXPECT_THAT(said, HasSubstr("service: OfService 4: 07 00 00 00\n")) << "the INF names the service";
    EXPECT_THAT(said, ::testing::Not(HasSubstr("Gone")));
    EXPECT_THAT(said, ::testing::Not(HasSubstr("NotThere")));
}

TEST(MachineInf, RefusesWhatDoesNotFit) {
    const auto refused = [](MachineConfig config) {
        const auto m = Machine::create(std::move(config));
        return m.ok() ? std::string("it was taken") : m.error().message;
    };
    const InfFile wrong("[Card]\nAddReg=No,Where\n");
    EXPECT_EQ(refused(with(CABLE_IMAGE, wrong.path())),
              wrong.path() + ":17: AddReg: there is no section [No]\n" + wrong.path() +
                  ":17: AddReg: there is no section [Where]");
    EXPECT_THAT(refused(with(CABLE_IMAGE, "/no/such.inf")), HasSubstr("/no/such.inf: cannot be read"));
    MachineConfig other = with(CABLE_IMAGE, drivers + "cable/cable.inf");
    other.devices = {virtual_device()};
    other.devices[0].hardware_id = "*OTHER";
    EXPECT_THAT(refused(other),
                HasSubstr("no model for the hardware ID *OTHER; there are ROOT\\PorticoCable"));
}

}  // namespace
}  // namespace inf_test
