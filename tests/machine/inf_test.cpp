// An INF put into effect: what the driver, its clients and the machine see of it.
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "portico/gtest.h"
#include "support/requires.h"

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
