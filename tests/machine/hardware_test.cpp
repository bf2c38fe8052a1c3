// Hardware that machine files describe, under drivers: PCI functions, shared lines, recorders, a sound card.
#include "machine/machine_file.h"
#include "portico/gtest.h"
#include "started.h"
#include "support/requires.h"

namespace hardware_test {
namespace {

using portico::test::started;
using namespace portico;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

MachineConfig parsed(const std::string& text, const char* driver) {
    MachineConfig config;
    machine::Ends ends;
    const auto read = machine::parse_machine(text, "machine.toml", config, ends);
    EXPECT_TRUE(read.ok()) << (read.ok() ? "" : read.error().message);
    config.driver = driver;
    config.print_findings = false;
    return config;
}

std::string refused(const std::string& text) {
    MachineConfig config;
    machine::Ends ends;
    const auto read = machine::parse_machine(text, "machine.toml", config, ends);
    return read.ok() ? "" : read.error().message;
}

void plays(Machine& m, const char* device) {
    const std::size_t before = m.device(device).wire().size();
    Pin pin = m.filter("Uart").open(Pin::Render).value();
    ASSERT_OK(pin.run());
    ASSERT_OK(pin.write({0x90, 60, 100}));
    ASSERT_OK(pin.drain());
    m.run_for(10ms);
    const std::vector<std::uint8_t> wire = m.device(device).wire();
    ASSERT_EQ(wire.size(), before + 3) << device;
    EXPECT_EQ(wire.back(), 100);
}

// ---- shared lines ----

constexpr const char* two_on_a_line = R"(
[[device]]
model = "mpu401"
name = "first"
port = 0x330
irq = 9
[[device]]
model = "pci:mpu401"
name = "second"
port = 0x340
irq = 9
)";

TEST(SharedLine, BothDriversFindTheirOwnBytes) {
    Machine m = started(parsed(two_on_a_line, MPU401_IMAGE));
    plays(m, "first");
    Pin pin = m.filter("Uart").open(Pin::Capture).value();
    ASSERT_OK(pin.run());
    for (unsigned i = 0; i < 50; ++i) {
        m.device("first").receive({0x90, static_cast<std::uint8_t>(i), 1});
        m.device("second").receive({0x80, static_cast<std::uint8_t>(i), 2, 0xF8});
        m.run_for(3ms);
    }
    m.run_for(20ms);
    const auto captured = pin.take_captured();
    REQUIRES("FLD-020");
    ASSERT_EQ(captured.size(), 50u);
    for (unsigned i = 0; i < 50; ++i) {
        EXPECT_THAT(captured[i].bytes, ElementsAre(0x90, static_cast<std::uint8_t>(i), 1));
    }
    EXPECT_EQ(m.device("second").counters()["received, receive FIFO full"], 0u)
        << "its own routine emptied it each time";
    EXPECT_THAT(m.findings(), IsEmpty());
    pin.close();
    EXPECT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

// ---- PCI ----

constexpr const char* pci_mpu = R"(
[[device]]
model = "pci:mpu401"
name = "card"
vendor_id = 0x1274
device_id = "0x5880"
slot = 11
bus = 1
irq = 11
bar0 = 0xd000
)";

TEST(PciCard, AnAdapterDriverPlaysAndFollowsItsBar) {
    Machine m = started(parsed(pci_mpu, MPU401_IMAGE));
    plays(m, "card");
    REQUIRES("FLD-003");
    ASSERT_OK(m.rebalance({{"bar0", "0xe000"}}));
    plays(m, "card");
    ASSERT_OK(m.disable());
    ASSERT_OK(m.enable());
    plays(m, "card");
    ASSERT_OK(m.sleep(SleepState::S3));
    ASSERT_OK(m.resume());
    plays(m, "card");
    m.surprise_remove();
    ASSERT_OK(m.replug());
    plays(m, "card");
    EXPECT_FALSE(m.rebalance({{"bar0", "0xe001"}}).ok());
    EXPECT_FALSE(m.rebalance({{"bar", "[]"}}).ok());
    plays(m, "card");
    EXPECT_THAT(m.findings(), IsEmpty());
}

constexpr const char* bus_master = R"(
[[device]]
model = "pci:recorder"
name = "card"
device_id = 0x5880
subsystem_id = 0x2000
slot = 11
bus = 1
irq = 11
bars = "memory"
bar0 = 0xfe000000
length = 16
[[device.register]]
at = 4
width = 4
[[device.register]]
at = 8
width = 4
[[device.register]]
at = 12
width = 4
value = 0
interrupt = 0x10
write_clears = 0x10
[[device.register]]
at = 0
width = 4
value = 0
[device.dma]
at = 0
address = 4
length = 8
wire = true
done_at = 12
done = 0x10
)";

TEST(PciCard, ABusMasterSendsFromACommonBuffer) {
    Machine m = started(parsed(bus_master, PCI_CARD_IMAGE));
    m.run_for(10ms);
    EXPECT_THAT(m.device("card").wire(), ElementsAre(0x90, 0x3c, 0x64, 0x80, 0x3c, 0x40));
    const std::string said = m.debug_output();
    REQUIRES("FLD-005");
    EXPECT_THAT(said, HasSubstr("id PCI\\VEN_1274&DEV_5880&SUBSYS_20001274&REV_02\n"));
    EXPECT_THAT(said, HasSubstr("at PCI bus 1, device 11, function 0\n"));
    EXPECT_THAT(said, HasSubstr("address b0000\nbus 1\n"));
    REQUIRES("FLD-003");
    EXPECT_THAT(said, HasSubstr("config 0 64: 1274:5880 command 07 bar fe000000\n"));
    EXPECT_THAT(said, HasSubstr("interface 4: 58801274\n"));
    EXPECT_THAT(said, HasSubstr("memory fe000000 10\ninterrupt shared level\n"));
    const auto accesses = m.device("card").accesses();
    ASSERT_GE(accesses.size(), 3u);
    EXPECT_EQ(accesses[1].offset, 8u);
    EXPECT_EQ(accesses[1].value, 6u);
    EXPECT_EQ(accesses[1].width, 4u);
    ASSERT_OK(m.rebalance({{"bar0", "0xfd000000"}}));
    m.run_for(10ms);
    EXPECT_EQ(m.device("card").wire().size(), 6u) << "powered anew, it has sent once more";
    EXPECT_THAT(m.debug_output(), HasSubstr("memory fd000000 10\n"));
    EXPECT_THAT(m.debug_output(), HasSubstr("bar fd000000\n"));
    EXPECT_OK(m.unload());
    EXPECT_THAT(m.debug_output(), HasSubstr("interrupts 2\n"));
    EXPECT_THAT(m.findings(), IsEmpty());
}

// ---- a sound card, and one that is described ----

TEST(SoundBlaster, ItsMpuPlaysUnderTheUartDriver) {
    Machine m = started(parsed(R"(
[[device]]
model = "sb16"
name = "card"
irq = 5
resources = [{ port = 0x330, length = 2 }, { irq = 5 }]
)",
                               MPU401_IMAGE));
    plays(m, "card");
    EXPECT_THAT(m.findings(), IsEmpty());
}

constexpr const char* described_mpu = R"(
[[device]]
model = "recorder"
name = "card"
port = 0x330
length = 2
irq = 9
[device.midi]
transmit = 0
receive = 0
status = 1
takes = 0x40
takes_low = true
has = 0x80
has_low = true
)";

// It never acknowledges a reset.
TEST(Recorded, ADescribedMpuIsNotEnoughForTheUartDriver) {
    Machine m = Machine::create(parsed(described_mpu, MPU401_IMAGE)).value();
    EXPECT_FALSE(m.start().ok());
    const auto accesses = m.device("card").accesses();
    REQUIRES("FLD-060");
    ASSERT_FALSE(accesses.empty());
    EXPECT_TRUE(std::any_of(accesses.begin(), accesses.end(), [](const RegisterAccess& a) {
        return a.is_write && a.offset == 1 && a.value == 0xff;
    })) << "the reset";
}

TEST(Recorded, IsWrittenAndReadAgain) {
    const MachineConfig config = parsed(bus_master, "driver");
    const std::string text = machine::machine_toml(config);
    MachineConfig again;
    machine::Ends ends;
    const auto read = machine::parse_machine(text, "again.toml", again, ends);
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(machine::machine_toml(again), text);
    EXPECT_EQ(again.devices[0].parameters, config.devices[0].parameters);
}

TEST(Recorded, WhatIsWrongIsToldWithFileLineAndKey) {
    REQUIRES("FLD-060");
    EXPECT_EQ(refused("[[device]]\nmodel = \"recorder\"\n[[device.register]]\nat = 1\nwidht = 2\n"),
              "machine.toml:5: widht: a register has no such key; did you mean width?");
    EXPECT_EQ(refused("[[device]]\nmodel = \"recorder\"\n[device.midi]\ntakes = \"yes\"\n"),
              "machine.toml:4: takes: midi: takes = \"yes\" is not possible; give 0x0 to 0xffffffff");
    EXPECT_THAT(
        refused("[[device]]\nmodel = \"recorder\"\n[[device.register]]\nat = 200\n"),
        HasSubstr("machine.toml:1: device: recorder: the register of line 3 is at 0xc8; length is 16"));
    EXPECT_THAT(refused("[[device]]\nmodel = \"mpu401\"\n[[device.register]]\nat = 1\n"),
                HasSubstr("machine.toml:3: register: "));
    EXPECT_THAT(refused("[[device]]\nmodel = \"recorder:mpu401\"\n[device.mpu401]\nport = 1\n"),
                HasSubstr("machine.toml:4: mpu401.port: "));
    EXPECT_THAT(refused("[[device]]\nmodel = \"pci\"\n"), HasSubstr("in front of another"));
}

}  // namespace
}  // namespace hardware_test
