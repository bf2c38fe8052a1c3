// A PCI function in front of a model: configuration space, BARs, decoding, the line.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hardware/models.h"
#include "hardware/pci/pci.h"
#include "support/requires.h"
#include "test_bench.h"
#include "tree_text.h"

namespace portico::test::pci_test {
namespace {

using hardware::midi_byte_ns;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr unsigned irq = 9;

struct PciModelTest : ::testing::Test {
    Machine machine;
    std::unique_ptr<hardware::Device> device;

    PciModelTest() { make("pci:mpu401"); }
    void make(const char* model) {
        device.reset();
        device = hardware::create_device(model, "card").value();
    }
    void set(const char* key, const char* value) {
        EXPECT_TRUE(device->set(key, std::string(value)).ok()) << key;
    }
    void power() {
        const auto on = device->power_on(sim::bus, &scheduler.lines[irq], Machine::now_ns());
        EXPECT_TRUE(on.ok()) << (on.ok() ? "" : on.error().message);
    }
    std::uint32_t config(std::uint32_t offset, unsigned width = 4) const {
        std::array<std::uint8_t, 4> bytes{};
        device->config_space()->read_config(offset, std::span(bytes).first(width));
        return bytes[0] | bytes[1] << 8 | bytes[2] << 16 | static_cast<std::uint32_t>(bytes[3]) << 24;
    }
    void configure(std::uint32_t offset, std::uint32_t value, unsigned width = 4) {
        std::array<std::uint8_t, 4> bytes{};
        for (unsigned i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(value >> (8 * i));
        device->config_space()->write_config(offset, std::span(bytes).first(width), Machine::now_ns());
    }
    static std::uint32_t peek(std::uint64_t address, unsigned width = 1) {
        sim::bus.register_access_ns = 0;
        return sim::bus.read_memory(address, width);
    }
    static void poke(std::uint64_t address, std::uint32_t value, unsigned width = 1) {
        sim::bus.register_access_ns = 0;
        sim::bus.write_memory(address, width, value);
    }
    static bool asserted() { return scheduler.lines[irq].asserted(); }
};

TEST_F(PciModelTest, HasAHeaderThatOnlyChangesWhereItMay) {
    set("vendor_id", "0x1234");
    set("device_id", "0xabcd");
    set("subsystem_id", "0x2000");
    set("revision", "0x07");
    power();
    EXPECT_EQ(config(0), 0xabcd1234u);
    EXPECT_EQ(config(8), 0x04010007u);
    EXPECT_EQ(config(44), 0x20001274u);
    EXPECT_EQ(config(60, 1), irq);
    EXPECT_EQ(config(61, 1), 1u);
    EXPECT_EQ(config(6, 2) & 0x10, 0x10u) << "there are capabilities,";
    const std::uint32_t capability = config(52, 1);
    EXPECT_EQ(config(capability, 1), 1u) << "power management,";
    EXPECT_EQ(config(capability + 1, 1), 0u) << "and no other";
    configure(0, 0);
    configure(8, ~0u);
    configure(44, 0);
    configure(60, 0xffff0b);
    EXPECT_EQ(config(0), 0xabcd1234u);
    EXPECT_EQ(config(8), 0x04010007u);
    EXPECT_EQ(config(44), 0x20001274u);
    EXPECT_EQ(config(60), 0x0000010bu) << "the line is the driver's notebook, the pin is wired";
}

TEST_F(PciModelTest, BarsAreSizedByWritingOnes) {
    make("pci:sb16");
    power();
    EXPECT_EQ(config(16), 0x221u);
    configure(4, 0, 2);
    for (const std::uint32_t bar : {16u, 20u, 24u, 28u}) configure(bar, ~0u);
    EXPECT_EQ(config(16), 0xfffffff1u) << "16 ports";
    EXPECT_EQ(config(20), 0xfffffffdu) << "2, of which BARs have no less than 4";
    EXPECT_EQ(config(24), 0xfffffffdu);
    EXPECT_EQ(config(28), 0u) << "there is no fourth";
}

TEST_F(PciModelTest, TheCommandRegisterGatesDecoding) {
    power();
    EXPECT_EQ(in(0x331), 0xbfu);
    configure(4, 0x0002, 2);
    EXPECT_EQ(in(0x331), 0xffu);
    configure(16, 0xe001);
    configure(4, 0x0003, 2);
    EXPECT_EQ(in(0x331), 0xffu) << "moved";
    EXPECT_EQ(in(0xe001), 0xbfu);
    out(0xe001, 0x3f);
    Machine::run_for(millisecond_ns);
    EXPECT_TRUE(asserted());
    EXPECT_EQ(config(6, 2) & 8, 8u) << "the status says so";
    configure(4, 0x0403, 2);
    EXPECT_FALSE(asserted()) << "interrupts are disabled";
    EXPECT_EQ(config(6, 2) & 8, 8u);
    configure(4, 0x0003, 2);
    EXPECT_TRUE(asserted());
    EXPECT_EQ(in(0xe000), 0xfeu);
    EXPECT_FALSE(asserted());
}

TEST_F(PciModelTest, RegistersCanBeInMemory) {
    set("bars", "memory");
    power();
    const std::uint32_t base = config(16);
    EXPECT_EQ(base & 0xf, 0u) << "32 bits, not prefetchable";
    EXPECT_GE(base, 0x80000000u);
    EXPECT_EQ(peek(base + 1), 0xbfu);
    EXPECT_EQ(in(0x331), 0xffu);
    poke(base + 1, 0x3f);
    Machine::run_for(millisecond_ns);
    EXPECT_EQ(peek(base), 0xfeu);
    poke(base, 0xf8);
    Machine::run_for(millisecond_ns);
    EXPECT_THAT(bytes_of(device->wire()->out), ElementsAre(0xf8));
    EXPECT_EQ(peek(base + 2), 0xffu) << "between blocks nothing answers";
}

TEST_F(PciModelTest, SeveralBlocksShareABar) {
    make("pci:sb16");
    const auto wrong = device->set_tree(
        "bar", list({table({{"space", scalar("memory")},
                            {"size", scalar(0x1000)},
                            {"block", list({table({{"range", scalar(0)}, {"at", scalar(0x000)}}),
                                            table({{"range", scalar(1)}, {"at", scalar(0x100)}}),
                                            table({{"range", scalar(2)}, {"at", scalar(0x200)}})})}})}));
    EXPECT_FALSE(wrong);
    set("bar0", "0xfe000000");
    power();
    EXPECT_EQ(config(20), 0u);
    EXPECT_EQ(peek(0xfe000101), 0xbfu) << "the MPU-401";
    poke(0xfe000200, 4);
    EXPECT_EQ(peek(0xfe000200), 0u) << "the FM synthesizer's status";
    poke(0xfe00000c, 0xe1);
    EXPECT_EQ(peek(0xfe00000a), 4u);
}

TEST_F(PciModelTest, PowerStatesByTheCapability) {
    power();
    const std::uint32_t pmcsr = config(52, 1) + 4;
    configure(pmcsr, 3, 2);
    EXPECT_EQ(device->power_state(), 3u);
    EXPECT_EQ(config(pmcsr, 1) & 3, 3u);
    EXPECT_EQ(in(0x331), 0xffu);
    EXPECT_EQ(config(16), 0x331u) << "the configuration stays";
    configure(pmcsr, 0, 2);
    EXPECT_EQ(in(0x331), 0xbfu);
    device->set_power(2, Machine::now_ns());
    EXPECT_EQ(config(pmcsr, 1) & 3, 2u);
    device->set_power(0, Machine::now_ns());
    device->remove(Machine::now_ns());
    EXPECT_EQ(config(0), 0xffffffffu);
    EXPECT_EQ(in(0x331), 0xffu);
}

TEST_F(PciModelTest, AModelBehindCanVanish) {
    set("fault_remove_after", "1");
    power();
    out(0x331, 0x3f);
    Machine::run_for(millisecond_ns);
    in(0x330);
    out(0x330, 0x90);
    EXPECT_TRUE(device->removed());
    EXPECT_EQ(in(0x331), 0xffu);
    EXPECT_EQ(config(0), 0xffffffffu);
    power();
    EXPECT_EQ(in(0x331), 0xbfu);
}

TEST_F(PciModelTest, ABarOnAnotherDeviceAnswersNowhere) {
    power();
    auto other = hardware::create_device("mpu401", "other").value();
    EXPECT_TRUE(other->set("port", std::string("0x340")).ok());
    EXPECT_TRUE(other->power_on(sim::bus, &scheduler.lines[irq], 0).ok());
    configure(16, 0x341);
    EXPECT_EQ(counter(*device, "BARs moved onto others"), 1u);
    EXPECT_EQ(in(0x341), 0xbfu) << "the other one";
    EXPECT_EQ(in(0x331), 0xffu);
    configure(16, 0x331);
    EXPECT_EQ(in(0x331), 0xbfu);
}

TEST_F(PciModelTest, SaysWhatIsNotPossible) {
    EXPECT_THAT(hardware::create_device("pci", "").error().message, HasSubstr("in front of another"));
    EXPECT_THAT(hardware::create_device("pci:pci:mpu401", "").error().message, HasSubstr("cannot stand"));
    set("bar0", "0x333");
    EXPECT_THAT(device->check().error().message, HasSubstr("a multiple of 0x4"));
    set("bars", "memory");
    set("bar0", "0x1000");
    EXPECT_THAT(device->check().error().message, HasSubstr("bar0 = 0x1000"));
    set("bar0", "auto");
    const auto wrong = device->set_tree("bar", list({table({{"size", scalar(24)}}, 5)}));
    ASSERT_TRUE(wrong);
    EXPECT_EQ(wrong->line, 5u);
    EXPECT_THAT(wrong->message, HasSubstr("a power of two"));
    EXPECT_FALSE(device->set_tree("bar", list({table({{"block", list({table({{"range", scalar(3)}})})}})})));
    EXPECT_THAT(device->check().error().message, HasSubstr("no number 3"));
}

}  // namespace
}  // namespace portico::test::pci_test
