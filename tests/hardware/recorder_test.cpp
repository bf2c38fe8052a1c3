// A device that is described (FLD-060).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hardware/models.h"
#include "hardware/recorder/recorder.h"
#include "sim/dma.h"
#include "support/requires.h"
#include "test_bench.h"
#include "tree_text.h"

namespace portico::test::recorder_test {
namespace {

using hardware::midi_byte_ns;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint32_t base = 0x300;
constexpr unsigned irq = 5;

struct RecorderTest : ::testing::Test {
    Machine machine;
    std::unique_ptr<hardware::Device> device;

    RecorderTest() { make("recorder"); }
    ~RecorderTest() override {
        device.reset();
        sim::physical_memory = nullptr;
    }
    void make(const char* model) {
        device.reset();
        device = hardware::create_device(model, "card").value();
        EXPECT_TRUE(device->set("irq", std::int64_t{irq}).ok());
    }
    void say(const char* key, const Tree& tree) {
        const auto wrong = device->set_tree(key, tree);
        EXPECT_FALSE(wrong) << wrong->key << ": " << wrong->message;
    }
    void power() {
        const auto on = device->power_on(sim::bus, &scheduler.lines[irq], Machine::now_ns());
        EXPECT_TRUE(on.ok()) << (on.ok() ? "" : on.error().message);
    }
    static unsigned read(unsigned offset, unsigned width = 1) {
        sim::bus.port_access_ns = 0;
        return sim::bus.read_port(base + offset, width);
    }
    static void write(unsigned offset, unsigned value, unsigned width = 1) {
        sim::bus.port_access_ns = 0;
        sim::bus.write_port(base + offset, width, value);
    }
    static bool asserted() { return scheduler.lines[irq].asserted(); }
};

TEST_F(RecorderTest, WithoutAScriptKeepsWhatIsWrittenAndEveryAccess) {
    power();
    EXPECT_EQ(read(3), 0xffu);
    Machine::run_for(100);
    write(3, 0x1234, 2);
    EXPECT_EQ(read(3), 0x34u);
    EXPECT_EQ(read(4), 0x12u);
    REQUIRES("FLD-060");
    const auto all = device->accesses();
    ASSERT_EQ(all.size(), 4u);
    EXPECT_EQ(all[1].at_ns, 100);
    EXPECT_EQ(all[1].offset, 3u);
    EXPECT_EQ(all[1].value, 0x1234u);
    EXPECT_EQ(all[1].width, 2);
    EXPECT_TRUE(all[1].is_write);
    EXPECT_FALSE(all[3].is_write);
    for (unsigned i = 0; i < 5000; ++i) read(0);
    EXPECT_EQ(device->accesses().size(), 4096u);
    EXPECT_EQ(counter(*device, "reads"), 5003u);
}

TEST_F(RecorderTest, RegistersReadToClearCountAndGiveSequences) {
    say("register", list({
                        table({{"at", scalar(0)}, {"value", scalar(0xf1)}, {"read_clears", scalar(0x0f)}}),
                        table({{"at", scalar(1)}, {"values", numbers({7, 8, 9})}}),
                        table({{"at", scalar(2)}, {"values", numbers({1, 2})}, {"repeats", scalar(true)}}),
                        table({{"at", scalar(4)},
                               {"width", scalar(2)},
                               {"value", scalar(10)},
                               {"counts_every", scalar("1us")},
                               {"step", scalar(3)}}),
                        table({{"at", scalar(6)},
                               {"value", scalar(0xff)},
                               {"write_clears", scalar(0xf0)},
                               {"writable", scalar(0x03)}}),
                        table({{"at", scalar(8)}, {"width", scalar(4)}, {"value", scalar(0x11223344)}}),
                    }));
    power();
    REQUIRES("FLD-060");
    EXPECT_EQ(read(0), 0xf1u);
    EXPECT_EQ(read(0), 0xf0u);
    std::vector<unsigned> sequence;
    for (unsigned i = 0; i < 5; ++i) sequence.push_back(read(1));
    EXPECT_THAT(sequence, ElementsAre(7, 8, 9, 9, 9));
    sequence.clear();
    for (unsigned i = 0; i < 5; ++i) sequence.push_back(read(2));
    EXPECT_THAT(sequence, ElementsAre(1, 2, 1, 2, 1));
    EXPECT_EQ(read(4, 2), 10u);
    Machine::run_for(5 * microsecond_ns);
    EXPECT_EQ(read(4, 2), 25u);
    write(4, 0, 2);
    Machine::run_for(2 * microsecond_ns);
    EXPECT_EQ(read(4, 2), 6u) << "from what was written";
    Machine::run_for(21'846 * microsecond_ns);
    EXPECT_EQ(read(4, 2), 6u + 21'846 * 3 - 65'536) << "within its width";
    write(6, 0x31);
    EXPECT_EQ(read(6), 0xcdu) << "a one clears bits 4 and 5; bit 0 and 1 take the value";
    EXPECT_EQ(read(8, 4), 0x11223344u);
    EXPECT_EQ(read(9), 0x33u);
    EXPECT_EQ(read(10, 2), 0x1122u);
    write(9, 0xaa);
    EXPECT_EQ(read(8, 4), 0x1122aa44u);
    EXPECT_EQ(read(6, 4), 0xaa44ffcdu & 0xffffff00u | 0xcdu) << "several registers at once";
}

TEST_F(RecorderTest, PairsHaveRegistersBehindAnIndex) {
    say("pair",
        list({table({{"index", scalar(4)},
                     {"data", scalar(5)},
                     {"mask", scalar(0x7f)},
                     {"increments", scalar(true)},
                     {"register", list({table({{"at", scalar(0x10)}, {"value", scalar(0x42)}}),
                                        table({{"at", scalar(0x11)}, {"values", numbers({3, 4})}})})}})}));
    power();
    write(4, 0x90);
    REQUIRES("FLD-060");
    EXPECT_EQ(read(5), 0x42u) << "bit 7 does not count";
    EXPECT_EQ(read(4), 0x91u) << "incremented";
    EXPECT_EQ(read(5), 3u);
    write(4, 0x11);
    EXPECT_EQ(read(5), 4u);
    write(4, 0x10);
    write(5, 0x77);
    write(4, 0x10);
    EXPECT_EQ(read(5), 0x77u);
    write(4, 0x20);
    EXPECT_EQ(read(5), 0xffu);
}

TEST_F(RecorderTest, BanksGateTheModelBehind) {
    make("recorder:mpu401");
    EXPECT_TRUE(device->set("length", std::int64_t{8}).ok());
    say("bank", list({table({{"at", scalar(0)},
                             {"mask", scalar(0x03)},
                             {"equals", scalar(1)},
                             {"first", scalar(2)},
                             {"length", scalar(2)},
                             {"behind", scalar(true)}}),
                      table({{"at", scalar(0)},
                             {"mask", scalar(0x03)},
                             {"equals", scalar(2)},
                             {"first", scalar(2)},
                             {"length", scalar(2)},
                             {"register", list({table({{"at", scalar(1)}, {"value", scalar(0x5a)}})})}})}));
    power();
    REQUIRES("FLD-060");
    EXPECT_EQ(read(3), 0xffu) << "closed";
    write(3, 0x3f);
    write(0, 2);
    EXPECT_EQ(read(3), 0x5au);
    write(0, 1);
    EXPECT_EQ(read(3), 0xbfu) << "the MPU-401's status: it heard no command";
    write(3, 0x3f);
    Machine::run_for(millisecond_ns);
    EXPECT_TRUE(asserted());
    EXPECT_EQ(read(2), 0xfeu);
    EXPECT_FALSE(asserted());
    write(2, 0x90);
    Machine::run_for(millisecond_ns);
    EXPECT_THAT(bytes_of(device->wire()->out), ElementsAre(0x90));
    EXPECT_TRUE(device->set("irq", std::int64_t{6}).ok() == false) << "it has power";
}

TEST_F(RecorderTest, AMidiWireOnAnyRegister) {
    say("midi", table({{"transmit", scalar(2)},
                       {"receive", scalar(3)},
                       {"status", scalar(4)},
                       {"enable", scalar(5)},
                       {"takes", scalar(0x01)},
                       {"takes_low", scalar(true)},
                       {"has", scalar(0x80)},
                       {"overrun", scalar(0x20)},
                       {"enables_receive", scalar(0x01)},
                       {"enables_transmit", scalar(0x02)},
                       {"transmit_depth", scalar(2)},
                       {"receive_depth", scalar(2)}}));
    say("register", list({table({{"at", scalar(5)}, {"value", scalar(0)}}),
                          table({{"at", scalar(4)}, {"value", scalar(0x0a)}})}));
    power();
    REQUIRES("FLD-060");
    EXPECT_EQ(read(4), 0x0au) << "room, and nothing waits; the other bits are the script's";
    for (unsigned byte : {0x90, 0x3c, 0x40}) write(2, byte);
    EXPECT_EQ(read(4), 0x0bu) << "full";
    write(2, 0x99);
    EXPECT_EQ(counter(*device, "written, lost"), 1u);
    Machine::run_for(midi_byte_ns);
    EXPECT_EQ(read(4), 0x0au);
    Machine::run_for(2 * midi_byte_ns);
    EXPECT_THAT(bytes_of(device->wire()->out), ElementsAre(0x90, 0x3c, 0x40));
    write(5, 0x01);
    for (std::uint8_t byte : {1, 2, 3}) device->wire()->in.receive(byte, Machine::now_ns());
    EXPECT_FALSE(asserted());
    Machine::run_for(midi_byte_ns);
    EXPECT_TRUE(asserted());
    Machine::run_for(2 * midi_byte_ns);
    EXPECT_EQ(read(4), 0xaau) << "two wait, one was lost";
    EXPECT_EQ(read(4), 0x8au) << "told once";
    EXPECT_EQ(read(3), 1u);
    EXPECT_TRUE(asserted());
    EXPECT_EQ(read(3), 2u);
    EXPECT_FALSE(asserted());
    write(5, 0x02);
    EXPECT_TRUE(asserted()) << "there is room to send";
    write(5, 0x00);
    EXPECT_FALSE(asserted());
}

TEST_F(RecorderTest, AMidiWireBehindAnIndex) {
    say("pair", list({table({{"index", scalar(0)}, {"data", scalar(1)}})}));
    say("midi", table({{"pair", scalar(0)},
                       {"transmit", scalar(0x40)},
                       {"status", scalar(0x41)},
                       {"takes", scalar(4)}}));
    power();
    write(0, 0x41);
    EXPECT_EQ(read(1) & 4, 4u);
    write(0, 0x40);
    write(1, 0xf8);
    Machine::run_for(millisecond_ns);
    REQUIRES("FLD-060");
    EXPECT_THAT(bytes_of(device->wire()->out), ElementsAre(0xf8));
}

TEST_F(RecorderTest, TimeSetsBitsAndBitsAssertTheLine) {
    say("register", list({table({{"at", scalar(1)},
                                 {"value", scalar(0)},
                                 {"sets", scalar(0x04)},
                                 {"sets_every", scalar("2ms")},
                                 {"interrupt", scalar(0x04)},
                                 {"read_clears", scalar(0x04)}})}));
    power();
    Machine::run_for(2 * millisecond_ns - 1);
    EXPECT_FALSE(asserted());
    Machine::run_for(1);
    REQUIRES("FLD-060");
    EXPECT_TRUE(asserted());
    EXPECT_EQ(read(1), 4u);
    EXPECT_FALSE(asserted());
    Machine::run_for(2 * millisecond_ns);
    EXPECT_TRUE(asserted());
    device->reset(Machine::now_ns());
    EXPECT_FALSE(asserted());
}

std::vector<std::uint8_t> ram(4096);

TEST_F(RecorderTest, ABusMastersWordsGoOutOnTheWire) {
    sim::physical_memory = [](std::uint64_t physical, std::uint64_t* run) -> void* {
        if (physical < 0x10000 || physical - 0x10000 >= ram.size()) return nullptr;
        *run = ram.size() - (physical - 0x10000);
        return ram.data() + (physical - 0x10000);
    };
    ram.assign(ram.size(), 0);
    ram[4000] = 0x90, ram[4001] = 60, ram[4002] = 100;
    const auto registers = [&](bool wire, const char* moves) {
        return table({{"at", scalar(0)},
                      {"begins", scalar(1)},
                      {"address", scalar(4)},
                      {"length", scalar(8)},
                      {"moves", scalar(moves)},
                      {"wire", scalar(wire)},
                      {"rate", scalar(1000)},
                      {"fill", scalar(5)},
                      {"done_at", scalar(12)},
                      {"done", scalar(0x10)}});
    };
    const Tree words = list({table({{"at", scalar(4)}, {"width", scalar(4)}}),
                             table({{"at", scalar(8)}, {"width", scalar(4)}}),
                             table({{"at", scalar(12)},
                                    {"value", scalar(0)},
                                    {"interrupt", scalar(0x10)},
                                    {"write_clears", scalar(0x10)}})});
    say("register", words);
    say("dma", registers(true, "from_memory"));
    power();
    write(4, 0x10000 + 4000, 4);
    write(8, 3, 4);
    write(0, 1);
    Machine::run_for(3 * midi_byte_ns - 1);
    EXPECT_FALSE(asserted());
    Machine::run_for(1);
    REQUIRES("FLD-060");
    EXPECT_THAT(bytes_of(device->wire()->out), ElementsAre(0x90, 60, 100));
    EXPECT_TRUE(asserted());
    EXPECT_EQ(read(0) & 1, 0u) << "it has ended";
    write(12, 0x10);
    EXPECT_FALSE(asserted());
    make("recorder");
    say("register", words);
    say("dma", registers(false, "to_memory"));
    power();
    write(4, 0x10000, 4);
    write(8, 8, 4);
    write(0, 1);
    Machine::run_for(9 * millisecond_ns);
    EXPECT_TRUE(asserted());
    EXPECT_THAT(std::vector(ram.begin(), ram.begin() + 9), ElementsAre(5, 6, 7, 8, 9, 10, 11, 12, 0));
    write(12, 0x10);
    write(4, 0, 4);
    write(0, 1);
    Machine::run_for(9 * millisecond_ns);
    EXPECT_EQ(counter(*device, "DMA bytes without memory"), 8u);
}

TEST_F(RecorderTest, SaysWhatIsWrongWithAScript) {
    const auto wrong = [&](const char* key, const Tree& tree) {
        const auto error = device->set_tree(key, tree);
        return error ? std::to_string(error->line) + " " + error->key + ": " + error->message : "nothing";
    };
    REQUIRES("FLD-060");
    EXPECT_THAT(wrong("register", scalar(3)), HasSubstr("a list is wanted"));
    EXPECT_THAT(wrong("register", list({table({{"valu", Tree{std::int64_t{3}, 12}}})})),
                HasSubstr("12 valu: a register has no such key; did you mean value"));
    EXPECT_THAT(wrong("register", list({table({{"width", scalar(3)}})})), HasSubstr("1, 2 or 4"));
    EXPECT_THAT(wrong("register", list({table({{"at", scalar(2)}, {"width", scalar(4)}}, 7),
                                        table({{"at", scalar(3)}}, 9)})),
                HasSubstr("9 at: the register of line 7 is there"));
    EXPECT_THAT(wrong("register", list({table({{"values", numbers({-1})}})})), HasSubstr("numbers from 0"));
    EXPECT_THAT(wrong("pair", list({table({{"index", scalar(1)}, {"data", scalar(1)}})})),
                HasSubstr("two registers"));
    EXPECT_THAT(wrong("dma", table({{"at", scalar(1)}})), HasSubstr("needs it"));
    EXPECT_THAT(wrong("midi", table({{"takes", scalar("x")}})), HasSubstr("is not possible"));
    say("register", list({table({{"at", scalar(100)}}, 3)}));
    EXPECT_THAT(device->check().error().message,
                HasSubstr("the register of line 3 is at 0x64; length is 16"));
    make("recorder");
    say("bank", list({table({{"behind", scalar(true)}}, 4)}));
    EXPECT_THAT(device->check().error().message, HasSubstr("there is no model behind"));
    EXPECT_THAT(hardware::create_device("mpu401:opl3", "").error().message,
                HasSubstr("cannot stand in front"));
    EXPECT_THAT(hardware::create_device("recorder:recorder:mpu401", "").error().message,
                HasSubstr("cannot stand"));
}

}  // namespace
}  // namespace portico::test::recorder_test
