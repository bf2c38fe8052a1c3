// Several drivers and several devices in one Machine, and a driver that is a client of another one's filter.
#include <optional>

#include "drivers/control_cable.h"
#include "portico/gtest.h"
#include "support/requires.h"

namespace several_drivers_test {
namespace {

using namespace portico;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

DeviceConfig device(const char* name, const char* driver) {
    DeviceConfig config = virtual_device(name);
    config.driver = driver;
    return config;
}

MachineConfig three_drivers() {
    MachineConfig config;
    config.driver = CABLE_IMAGE;
    config.devices = {virtual_device("cable"), device("control", CONTROL_CABLE_IMAGE),
                      device("mirror", MIRROR_IMAGE)};
    config.print_findings = false;
    return config;
}

const std::uint8_t port_one[4] = {1, 0, 0, 0};

class Chain {
  public:
    Chain() : m(Machine::create(three_drivers()).value()) {
        EXPECT_OK(m.start());
        control.emplace(m.open("ControlCable").value());
    }
    bool said(const char* text) { return m.debug_output().find(text) != std::string::npos; }
    void end() {
        if (control) control->close();
        EXPECT_OK(m.unload());
        EXPECT_THAT(m.findings(), IsEmpty());
    }
    // A note played into one driver's port comes out of another's.
    void expect_a_note_through(std::uint8_t key) {
        Pin out = m.filter("Port1").open(Pin::Render).value();
        Pin in = m.filter("Cable").open(Pin::Capture).value();
        ASSERT_OK(in.run());
        ASSERT_OK(out.run());
        ASSERT_OK(out.write({0x90, key, 100}));
        m.run_for(100ms);
        const auto captured = in.take_captured();
        ASSERT_EQ(captured.size(), 1u) << "key " << int{key} << "\n" << m.debug_output();
        EXPECT_THAT(captured[0].bytes, ElementsAre(0x90, key, 100));
    }

    Machine m;
    std::optional<File> control;
};

TEST(SeveralDrivers, OneDriversPortFeedsAnothers) {
    Chain chain;
    EXPECT_THAT(chain.m.filters(), ElementsAre("Cable"));
    ASSERT_OK(chain.control->ioctl(IOCTL_CABLE_ADD_PORT, port_one));
    chain.m.run_for(10ms);
    ASSERT_TRUE(chain.said("mirror: opened: 00000000")) << chain.m.debug_output();
    EXPECT_TRUE(chain.said("mirror: also of KSCATEGORY_AUDIO"));
    EXPECT_TRUE(chain.said("mirror: clock 1 allocator 0 node 0")) << chain.m.debug_output();
    EXPECT_TRUE(chain.said("mirror: read c0000010 write c0000010")) << chain.m.debug_output();
    EXPECT_TRUE(chain.said("mirror: state 00000000 2 4")) << chain.m.debug_output();
    EXPECT_TRUE(chain.said("mirror: named Cable (mirrored)"));
    std::string shown;
    for (const Openable& item : chain.m.openable()) {
        if (item.reference == "Cable" && !item.friendly_name.empty()) shown = item.friendly_name;
    }
    EXPECT_EQ(shown, "Cable (mirrored)") << "the property is the interface key's value, too";
    REQUIRES("FLD-040");
    chain.expect_a_note_through(60);
    chain.expect_a_note_through(61);
    ASSERT_OK(chain.control->ioctl(IOCTL_CABLE_REMOVE_PORT, port_one));
    chain.m.run_for(10ms);
    EXPECT_TRUE(chain.said("mirror: Port1 has gone")) << chain.m.debug_output();
    ASSERT_OK(chain.control->ioctl(IOCTL_CABLE_ADD_PORT, port_one));
    chain.m.run_for(10ms);
    chain.expect_a_note_through(62);
    chain.end();
}

TEST(SeveralDrivers, AClientInTheKernelLetsGoWhenTheDeviceAsksToGo) {
    Chain chain;
    ASSERT_OK(chain.control->ioctl(IOCTL_CABLE_ADD_PORT, port_one));
    chain.m.run_for(10ms);
    ASSERT_TRUE(chain.said("mirror: opened: 00000000")) << chain.m.debug_output();
    chain.control->close();
    chain.control.reset();
    ASSERT_OK(chain.m.remove());
    EXPECT_TRUE(chain.said("mirror: its device asks to go")) << chain.m.debug_output();
    chain.end();
}

TEST(SeveralDrivers, SeveralDevicesOfOneDriverHaveTheirOwnFilters) {
    MachineConfig config;
    config.driver = CABLE_IMAGE;
    config.devices = {virtual_device("a"), virtual_device("b")};
    Machine m = Machine::create(config).value();
    ASSERT_OK(m.start());
    EXPECT_THAT(m.filters(), UnorderedElementsAre("Cable", "b/Cable"));
    for (const char* const name : {"Cable", "a/Cable", "b/Cable"}) {
        ASSERT_TRUE(m.filter(name).exists()) << name;
        Pin out = m.filter(name).open(Pin::Render).value();
        Pin in = m.filter(name).open(Pin::Capture).value();
        ASSERT_OK(in.run());
        ASSERT_OK(out.run());
        ASSERT_OK(out.write({0xC0, 5}));
        m.run_for(50ms);
        EXPECT_EQ(in.take_captured().size(), 1u) << name;
    }
    EXPECT_FALSE(m.filter("c/Cable").exists());
    ASSERT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(SeveralDrivers, ADriverIsLoadedOnce) {
    MachineConfig config = three_drivers();
    config.devices.push_back(device("another", CONTROL_CABLE_IMAGE));
    Machine m = Machine::create(config).value();
    ASSERT_OK(m.start());
    EXPECT_EQ(m.device("another").exists(), true);
    ASSERT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(SeveralDrivers, AMissingDriverIsTold) {
    MachineConfig config = three_drivers();
    config.devices[1].driver = "/no/such/driver.so";
    const auto m = Machine::create(config);
    ASSERT_FALSE(m.ok());
    EXPECT_THAT(m.error().message, HasSubstr("/no/such/driver.so"));
}

}  // namespace
}  // namespace several_drivers_test
