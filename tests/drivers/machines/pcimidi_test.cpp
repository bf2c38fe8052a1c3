// pcimidi on its card: four ports of one PCI function, with registers in memory or at ports.
#include <numeric>

#include "machine/machine_file.h"
#include "machine/topology_test.h"
#include "portico/gtest.h"
#include "support/captured.h"
#include "support/requires.h"

namespace {

using namespace portico;
using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using Bytes = std::vector<std::uint8_t>;

const std::string card_file = DRIVER_FOLDERS "pcimidi/pcimidi.toml";

MachineConfig memory_card(const std::string& image = DRIVER_IMAGES "pcimidi.so") {
    MachineConfig config;
    machine::Ends ends;
    const auto read = machine::read_machine_file(card_file, config, ends);
    EXPECT_TRUE(read.ok()) << (read.ok() ? "" : read.error().message);
    config.driver = image;
    config.print_findings = false;
    return config;
}

// Two ports at I/O ports, with a FIFO of 16 bytes and no bus master.
MachineConfig port_card() {
    MachineConfig config = memory_card();
    auto& parameters = config.devices[0].parameters;
    parameters.erase("dma");
    parameters["device_id"] = "0x4d4a";
    parameters["bars"] = "port";
    parameters["bar0"] = "0xd000";
    parameters["register"] =
        "[{ at = 0, width = 4, value = 2, writable = 0 }, { at = 0x40, width = 4 }, { at = 0x44, width = 4 },"
        " { at = 0x48, width = 4 }, { at = 0x50, width = 4 }, { at = 0x54, width = 4, value = 2, writable = "
        "0 }]";
    parameters["midi"] =
        "{ transmit = 0x40, receive = 0x40, status = 0x44, takes = 2, has = 1, enable = 0x48,"
        " enables_receive = 1, enables_transmit = 2, transmit_depth = 16, receive_depth = 64 }";
    return config;
}

Machine started(MachineConfig config) {
    auto created = Machine::create(std::move(config));
    EXPECT_TRUE(created.ok()) << (created.ok() ? "" : created.error().message);
    Machine m = std::move(created).value();
    const Status status = m.start();
    EXPECT_TRUE(status.ok()) << status.message;
    return m;
}

// What went to a port's data register.
Bytes written_to(Machine& m, std::uint32_t offset) {
    Bytes bytes;
    for (const RegisterAccess& access : m.device("card").accesses()) {
        if (access.is_write && access.offset == offset)
            bytes.push_back(static_cast<std::uint8_t>(access.value));
    }
    return bytes;
}

Bytes long_sysex(std::size_t size) {
    Bytes all(size);
    for (std::size_t i = 0; i < size; ++i) all[i] = static_cast<std::uint8_t>(i % 127);
    all.front() = 0xF0;
    all.back() = 0xF7;
    return all;
}

void plays(Machine& m) {
    const std::size_t before = m.device("card").wire().size();
    Pin pin = m.filter("MIDI1").open(Pin::Render).value();
    ASSERT_OK(pin.run());
    ASSERT_OK(pin.write({0x90, 60, 100}));
    m.run_until([&] { return m.device("card").wire().size() == before + 3; }, 50ms);
    ASSERT_EQ(m.device("card").wire().size(), before + 3);
    EXPECT_EQ(m.device("card").wire().back(), 100);
}

void records(Machine& m) {
    Pin pin = m.filter("MIDI1").open(Pin::Capture).value();
    ASSERT_OK(pin.run());
    m.device("card").receive({0x80, 61, 1, 0xC0, 7});
    m.run_for(10ms);
    EXPECT_THAT(bytes_of(pin.take_captured()), ElementsAre(0x80, 61, 1, 0xC0, 7));
}

TEST(PciMidi, PlaysAndRecordsOnPortsOfOneMiniport) {
    Machine m = started(memory_card());
    EXPECT_THAT(m.filters(), UnorderedElementsAre("MIDI1", "MIDI2", "MIDI3", "MIDI4"));
    plays(m);
    records(m);
    Pin second = m.filter("MIDI2").open(Pin::Render).value();
    Pin fourth = m.filter("MIDI4").open(Pin::Render).value();
    Pin third = m.filter("MIDI3").open(Pin::Capture).value();
    for (Pin* const pin : {&second, &third, &fourth}) ASSERT_OK(pin->run());
    ASSERT_OK(second.write({0xB0, 7, 1}));
    ASSERT_OK(fourth.write({0xB3, 7, 2}));
    m.run_for(130ms);
    EXPECT_THAT(written_to(m, 0x50), ElementsAre(0xB0, 7, 1));
    EXPECT_THAT(written_to(m, 0x70), ElementsAre(0xB3, 7, 2));
    const auto captured = third.take_captured();
    ASSERT_GE(captured.size(), 1u);
    EXPECT_THAT(captured.back().bytes, ElementsAre(0x90, 0x3c, 0x64));
    for (Pin* const pin : {&second, &third, &fourth}) pin->close();
    ASSERT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

std::vector<std::string> accesses_of(const char* image) {
    Machine m = started(memory_card(std::string(DRIVER_IMAGES) + image));
    plays(m);
    records(m);
    EXPECT_TRUE(m.unload().ok());
    EXPECT_THAT(m.findings(), IsEmpty());
    std::vector<std::string> all;
    for (const RegisterAccess& access : m.device("card").accesses())
        all.push_back((access.is_write ? "write " : "read ") + std::to_string(access.offset) + " " +
                      std::to_string(access.width) + " " + std::to_string(access.value));
    return all;
}

// What a .so does by READ_REGISTER_ULONG and WRITE_REGISTER_ULONG, a .sys does by loads and stores.
TEST(PciMidiCard, AsASysItSeesTheSameAccesses) {
    const auto as_so = accesses_of("pcimidi.so");
    EXPECT_GT(as_so.size(), 20u);
    EXPECT_THAT(accesses_of("pcimidi.sys"), ElementsAreArray(as_so));
}

TEST(PciMidiCard, ItsBusMasterFetchesPiecesInOrder) {
    Machine m = started(memory_card());
    Pin pin = m.filter("MIDI1").open(Pin::Render).value();
    ASSERT_OK(pin.run());
    const Bytes sysex = long_sysex(2'000);
    ASSERT_OK(pin.write(sysex));
    ASSERT_OK(pin.write({0x90, 1, 2}));
    m.run_until([&] { return m.device("card").wire().size() == sysex.size() + 3; }, 2s);
    Bytes expected = sysex;
    expected.insert(expected.end(), {0x90, 1, 2});
    EXPECT_THAT(m.device("card").wire(), ElementsAreArray(expected));
    EXPECT_THAT(written_to(m, 0x40), IsEmpty()) << "nothing by the data register";
    std::size_t fetched = 0;
    for (const RegisterAccess& access : m.device("card").accesses()) {
        if (access.is_write && access.offset == 0x0c) fetched += access.value;
    }
    EXPECT_EQ(fetched, expected.size());
    EXPECT_EQ(m.device("card").counters()["DMA bytes without memory"], 0u);
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(PciMidiCard, WhatAStreamHasWrittenIsSentEvenWhenItIsClosed) {
    Machine m = started(memory_card());
    Pin pin = m.filter("MIDI1").open(Pin::Render).value();
    ASSERT_OK(pin.run());
    ASSERT_OK(pin.write(Bytes(100, 0xF8)));
    ASSERT_OK(pin.drain());
    pin.close();
    m.run_for(50ms);
    EXPECT_EQ(m.device("card").wire().size(), 100u);
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(PciMidiCard, AtPortsItsFifoIsFilledByInterrupts) {
    Machine m = started(port_card());
    EXPECT_THAT(m.filters(), UnorderedElementsAre("MIDI1", "MIDI2"));
    EXPECT_THAT(m.debug_output(),
                HasSubstr("pcimidi: 1D1D:4D4A at bus 1, device 11, function 0: 2 ports by I/O\n"));
    Pin pin = m.filter("MIDI1").open(Pin::Render).value();
    ASSERT_OK(pin.run());
    const Bytes sysex = long_sysex(700);
    ASSERT_OK(pin.write(sysex));
    m.run_until([&] { return m.device("card").wire().size() == sysex.size(); }, 1s);
    EXPECT_THAT(m.device("card").wire(), ElementsAreArray(sysex));
    EXPECT_EQ(m.device("card").counters()["written, lost"], 0u);
    pin.close();
    records(m);
    ASSERT_OK(m.rebalance({{"bar0", "0xe000"}}));
    plays(m);
    records(m);
    m.surprise_remove();
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(PciMidiCard, ConfigurationSpaceAndPropertiesAgree) {
    Machine m = started(memory_card());
    REQUIRES("FLD-003"), REQUIRES("FLD-005");
    EXPECT_THAT(m.debug_output(),
                HasSubstr("pcimidi: 1D1D:4D49 at bus 1, device 11, function 0: 4 ports by memory\n"));
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(PciMidiCard, FollowsItsBar) {
    Machine m = started(memory_card());
    plays(m);
    ASSERT_OK(m.rebalance({{"bar0", "0xfd000000"}}));
    plays(m);
    records(m);
    ASSERT_OK(m.stop());
    ASSERT_OK(m.restart());
    plays(m);
    ASSERT_OK(m.disable());
    ASSERT_OK(m.enable());
    plays(m);
    records(m);
    ASSERT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(PciMidiCard, SleepsAndGoesOn) {
    Machine m = started(memory_card());
    Pin pin = m.filter("MIDI1").open(Pin::Render).value();
    Pin capture = m.filter("MIDI1").open(Pin::Capture).value();
    ASSERT_OK(pin.run());
    ASSERT_OK(capture.run());
    for (const unsigned state : {1u, 2u, 3u}) {
        ASSERT_OK(m.set_power(state));
        m.run_for(10ms);
        ASSERT_OK(m.set_power(0));
    }
    ASSERT_OK(m.sleep(SleepState::S3));
    m.run_for(10ms);
    ASSERT_OK(m.resume());
    const std::size_t before = m.device("card").wire().size();
    ASSERT_OK(pin.write({0x90, 60, 100}));
    m.device("card").receive({0xF8});
    m.run_for(20ms);
    EXPECT_EQ(m.device("card").wire().size(), before + 3);
    EXPECT_THAT(bytes_of(capture.take_captured()), ElementsAre(0xF8));
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(PciMidiCard, SleepsInTheMiddleOfATransfer) {
    Machine m = started(memory_card());
    Pin pin = m.filter("MIDI1").open(Pin::Render).value();
    ASSERT_OK(pin.run());
    ASSERT_OK(pin.write(Bytes(400, 0xF8)));
    m.run_for(10ms);
    ASSERT_OK(m.sleep(SleepState::S3));
    ASSERT_OK(m.resume());
    m.run_for(200ms);
    const std::size_t sent = m.device("card").wire().size();
    EXPECT_GE(sent, 400u - 64u) << "what the card had been given is lost, and no more";
    EXPECT_LE(sent, 400u);
    ASSERT_OK(pin.write({0x90, 60, 100}));
    m.run_for(20ms);
    EXPECT_EQ(m.device("card").wire().size(), sent + 3);
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(PciMidiCard, IsPulledOutInTheMiddleOfAStream) {
    Machine m = started(memory_card());
    {
        Pin pin = m.filter("MIDI1").open(Pin::Render).value();
        Pin capture = m.filter("MIDI3").open(Pin::Capture).value();
        ASSERT_OK(pin.run());
        ASSERT_OK(capture.run());
        ASSERT_OK(pin.write(long_sysex(1'000)));
        m.run_for(30ms);
        m.surprise_remove();
        m.run_for(30ms);
    }
    ASSERT_OK(m.replug());
    plays(m);
    ASSERT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

// Level-triggered and shared: each card's routine takes its own bytes only.
TEST(PciMidiCard, SharesItsLineWithAnother) {
    MachineConfig config = memory_card();
    DeviceConfig other = port_card().devices[0];
    other.name = "other";
    other.parameters["slot"] = "12";
    config.devices.push_back(other);
    Machine m = started(config);
    Pin first = m.filter("card/MIDI1").open(Pin::Capture).value();
    Pin second = m.filter("other/MIDI1").open(Pin::Capture).value();
    ASSERT_OK(first.run());
    ASSERT_OK(second.run());
    for (std::uint8_t i = 0; i < 40; ++i) {
        m.device("card").receive({0x90, i, 1});
        m.device("other").receive({0x91, i, 2});
        m.run_for(1ms);
    }
    m.run_for(20ms);
    const auto of_first = first.take_captured();
    const auto of_second = second.take_captured();
    ASSERT_EQ(of_first.size(), 40u);
    ASSERT_EQ(of_second.size(), 40u);
    REQUIRES("FLD-020");
    for (std::uint8_t i = 0; i < 40; ++i) {
        EXPECT_THAT(of_first[i].bytes, ElementsAre(0x90, i, 1));
        EXPECT_THAT(of_second[i].bytes, ElementsAre(0x91, i, 2));
    }
    first.close();
    second.close();
    ASSERT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(PciMidiCard, ItsInfNamesThePorts) {
    MachineConfig config = memory_card();
    config.inf = DRIVER_FOLDERS "pcimidi/pcimidi.inf";
    Machine m = started(config);
    std::vector<std::string> names;
    for (const Openable& item : m.openable()) {
        if (item.reference == "MIDI3") names.push_back(item.friendly_name);
    }
    EXPECT_THAT(names, Contains("PCI MIDI 3"));
    plays(m);
    ASSERT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(PciMidiCard, PassesTheTopologyTest) {
    const auto report = machine::topology_test(memory_card());
    ASSERT_TRUE(report.ok()) << report.error().message;
    EXPECT_THAT(report.value().findings, IsEmpty());
    for (const auto& check : report.value().checks) {
        EXPECT_EQ(check.outcome(), machine::TopologyCheck::Outcome::passed)
            << check.filter << ": " << check.name << ::testing::PrintToString(check.faults)
            << ::testing::PrintToString(check.warnings);
    }
}

}  // namespace
