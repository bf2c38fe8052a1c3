// The public face used wrongly, or in an order that its documentation allows and nobody thinks of.
#include <optional>
#include <thread>

#include "portico/gtest.h"
#include "started.h"

namespace misuse_test {
namespace {

using portico::test::started;
using namespace portico;
using namespace std::chrono_literals;
using ::testing::ElementsAre;

MachineConfig mpu() {
    MachineConfig config;
    config.devices = {portico::mpu401()};
    config.driver = MPU401_IMAGE;
    config.print_findings = false;
    return config;
}

MachineConfig broken() {
    MachineConfig config;
    config.driver = BROKEN_IMAGES "null-read.so";
    config.print_findings = false;
    config.report_directory = ::testing::TempDir();
    return config;
}

TEST(Misuse, FiltersAndDevicesGoWithAMachineThatMoves) {
    std::optional<Machine> first = started(mpu());
    Filter filter = first->filter("Uart");
    Device device = first->device("mpu401");
    Machine second = std::move(*first);
    first.reset();
    ASSERT_TRUE(filter.exists());
    Pin pin = filter.open(Pin::Render).value();
    ASSERT_OK(pin.run());
    ASSERT_OK(pin.write({0x90, 60, 100}));
    second.run_for(10ms);
    EXPECT_THAT(device.wire(), ElementsAre(0x90, 60, 100));
}

TEST(Misuse, AFilterThatIsNotThereSaysWhichAre) {
    Machine m = started(mpu());
    EXPECT_EQ(m.filter("Midi").open(Pin::Render).error().message,
              "no subdevice \"Midi\"; the driver registered: Uart");
    ASSERT_OK(m.remove());
    EXPECT_EQ(m.filter("Uart").open(Pin::Render).error().message,
              "no subdevice \"Uart\": the driver registered none");
}

TEST(Misuse, FiltersAndDevicesOfAMachineThatIsGoneSaySo) {
    std::optional<Machine> first = started(mpu());
    Filter filter = first->filter("Uart");
    Device device = first->device("mpu401");
    first.reset();
    const auto check = [&] {
        EXPECT_FALSE(filter.exists());
        EXPECT_EQ(filter.open(Pin::Render).error().message, "subdevice \"Uart\": its machine is gone");
        EXPECT_FALSE(filter.open_pin(0).ok());
        EXPECT_FALSE(filter.pin_count().ok());
        EXPECT_TRUE(device.wire().empty());
        EXPECT_TRUE(device.counters().empty());
        device.receive({0x90, 60, 100});
        device.vanish();
    };
    check();
    // Nor are they of the next one.
    const Machine second = started(mpu());
    check();
}

TEST(Misuse, APinOutlivesAMachineThatBugChecked) {
    std::optional<Machine> first = started(broken());
    std::optional<Pin> pin = first->filter("Cable").open(Pin::Render).value();
    ASSERT_OK(pin->run());
    (void)pin->write({0x90, 60, 100});
    first->run_for(10ms);
    ASSERT_TRUE(first->bug_checked());
    first.reset();
    EXPECT_FALSE(pin->write({0x90, 60, 100}).ok());
    EXPECT_FALSE(pin->drain().ok());
    EXPECT_FALSE(pin->state().ok());
    EXPECT_TRUE(pin->take_captured().empty());
    Machine second = started(mpu());
    pin.reset();
    EXPECT_OK(second.filter("Uart").open(Pin::Render));
}

TEST(Misuse, AfterABugCheckEveryCallFails) {
    Machine m = started(broken());
    File file = m.open("Cable").value();
    Pin pin = m.filter("Cable").open(Pin::Render).value();
    ASSERT_OK(pin.run());
    (void)pin.write({0x90, 60, 100});
    m.run_for(10ms);
    ASSERT_TRUE(m.bug_checked());
    for (const Status& status : {pin.run(),
                                 pin.write({0x90}),
                                 pin.drain(),
                                 pin.cancel(),
                                 file.ioctl(0x2F0003),
                                 file.cancel(),
                                 m.stop(),
                                 m.restart(),
                                 m.remove(),
                                 m.unload(),
                                 m.query_stop(),
                                 m.cancel_stop(),
                                 m.query_remove(),
                                 m.cancel_remove(),
                                 m.rebalance(),
                                 m.disable(),
                                 m.enable(),
                                 m.surprise_remove(),
                                 m.replug(),
                                 m.set_power(3),
                                 m.sleep(SleepState::S3),
                                 m.set_exit_latency(ExitLatency::fast),
                                 m.start()})
        EXPECT_FALSE(status.ok());
    EXPECT_FALSE(m.open("Cable").ok());
    EXPECT_FALSE(m.filter("Cable").open(Pin::Render).ok());
    EXPECT_FALSE(m.run_until([] { return false; }, 10ms));
    m.run_for(10ms);
}

TEST(Misuse, ADayAndMoreIsSimulated) {
    Machine m = started(mpu());
    const auto before = m.now();
    m.run_for(50h);
    EXPECT_EQ(m.now() - before, 50h);
    m.run_for(-1h);
    EXPECT_EQ(m.now() - before, 50h);
    EXPECT_FALSE(m.run_until([] { return false; }, -1h));
    EXPECT_EQ(m.now() - before, 50h);
}

TEST(Misuse, WhatTheMachineCallsCannotLetItRun) {
    Machine m = started(mpu());
    Pin pin = m.filter("Uart").open(Pin::Capture).value();
    ASSERT_OK(pin.run());
    int refused = 0;
    int asked = 0;
    const auto refuses = [&](const Status& status) {
        ++asked;
        refused += status.code == static_cast<std::int32_t>(0xC0000184);  // STATUS_INVALID_DEVICE_STATE
    };
    const auto ask_all = [&] {
        const auto before = m.now();
        for (const Status& status :
             {pin.pause(), pin.cancel(), m.start(), m.stop(), m.restart(), m.remove(), m.unload(),
              m.query_stop(), m.query_remove(), m.rebalance(), m.disable(), m.enable(), m.surprise_remove(),
              m.replug(), m.set_power(3), m.sleep(SleepState::S3), m.resume(),
              m.set_exit_latency(ExitLatency::fast)})
            refuses(status);
        m.run_for(1ms);
        EXPECT_FALSE(m.run_until([] { return true; }, 1ms));
        EXPECT_TRUE(pin.take_captured().empty());
        EXPECT_FALSE(m.filter("Uart").open(Pin::Render).ok());
        EXPECT_FALSE(m.open("Uart").ok());
        EXPECT_EQ(m.now(), before);
        EXPECT_THAT(m.findings(), ::testing::IsEmpty());
    };
    EXPECT_FALSE(m.run_until([&] { return ask_all(), false; }, 2ms));
    EXPECT_GT(asked, 36);
    EXPECT_EQ(refused, asked);
    int bytes = 0;
    m.device("mpu401").on_wire([&](const WireByte&) { ask_all(), ++bytes; });
    Pin out = m.filter("Uart").open(Pin::Render).value();
    ASSERT_OK(out.run());
    ASSERT_OK(out.write({0x90, 60, 100}));
    m.run_for(10ms);
    EXPECT_EQ(bytes, 3);
    EXPECT_EQ(refused, asked);
    EXPECT_OK(pin.pause());
    EXPECT_THAT(m.findings(), ::testing::IsEmpty());
}

TEST(Misuse, AnExceptionOfAConditionComesOutOfRunUntil) {
    Machine m = started(mpu());
    int asked = 0;
    EXPECT_THROW(m.run_until(
                     [&] {
                         if (++asked > 1) throw std::logic_error("mine");
                         return false;
                     },
                     10ms),
                 std::logic_error);
    EXPECT_THROW(m.run_until([]() -> bool { throw std::logic_error("mine"); }, 10ms), std::logic_error);
    m.run_for(10ms);
    EXPECT_OK(m.filter("Uart").open(Pin::Render));
}

TEST(Misuse, DevicesOfOneNameAreRefused) {
    MachineConfig config = mpu();
    config.devices.push_back(portico::mpu401({.port = 0x300, .irq = 5}));
    EXPECT_FALSE(Machine::create(config).ok());
    for (const char* const name : {"other/one", "other\none", "caf\xE9"}) {
        config.devices[1].name = name;
        EXPECT_FALSE(Machine::create(config).ok()) << name;
    }
    config.devices[1].name = "other";
    EXPECT_OK(Machine::create(config));
}

TEST(Misuse, ResourcesOfAnotherDeviceAreRefused) {
    MachineConfig config = mpu();
    config.devices.push_back(virtual_device());
    config.devices[1].resources = {{Resource::Kind::port, 0x32F, 2}, {Resource::Kind::interrupt, 9}};
    const auto refused = Machine::create(config);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().message,
              "device virtual: another device has its port 0x32f; give other resources");
    config.devices[1].resources[0].length = 1;
    EXPECT_OK(Machine::create(config)) << "a line is shared";
}

TEST(Misuse, MachinesOfSeveralThreadsOneAfterTheOther) {
    std::thread([] {
        Machine m = started(broken());
        Pin pin = m.filter("Cable").open(Pin::Render).value();
        ASSERT_OK(pin.run());
        (void)pin.write({0x90, 60, 100});
        m.run_for(10ms);
        EXPECT_TRUE(m.bug_checked());
    }).join();
    Machine m = started(broken());
    Pin pin = m.filter("Cable").open(Pin::Render).value();
    ASSERT_OK(pin.run());
    (void)pin.write({0x90, 60, 100});
    m.run_for(10ms);
    EXPECT_TRUE(m.bug_checked());
}

}  // namespace
}  // namespace misuse_test
