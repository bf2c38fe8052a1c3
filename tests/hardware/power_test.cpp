// A model's power state: what answers outside D0, and what is forgotten in D3 (LC-039, LC-041).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hardware/mpu401/mpu401.h"
#include "support/requires.h"
#include "test_bench.h"

namespace portico::test::power_test {
namespace {

using hardware::midi_byte_ns;
using hardware::Mpu401;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct PowerStates : ::testing::Test {
    Machine machine;
    Mpu401 mpu{"mpu"};
    PowerStates() {
        sim::bus.port_access_ns = 0;
        mpu.on_access_asleep([](const hardware::Device& device, std::uint32_t offset, bool is_write) {
            seen.push_back("D" + std::to_string(device.power_state()) + (is_write ? " write " : " read ") +
                           std::to_string(offset));
        });
        seen.clear();
        EXPECT_TRUE(mpu.power_on(sim::bus, &scheduler.lines[9], 0).ok());
        out(0x331, 0x3F);
        machine.run_for(millisecond_ns);
        EXPECT_EQ(in(0x330), 0xFE);
    }
    bool asserted() const { return scheduler.lines[9].asserted(); }
    void to(unsigned d_state) { mpu.set_power(d_state, Machine::now_ns()); }

    inline static std::vector<std::string> seen;
};

TEST_F(PowerStates, NothingAnswersOutsideD0) {
    for (const unsigned state : {1u, 2u, 3u}) {
        to(state);
        EXPECT_EQ(in(0x331), 0xFF);
        out(0x330, 0x90);
        to(0);
    }
    REQUIRES("LC-039");
    EXPECT_THAT(seen,
                ElementsAre("D1 read 1", "D1 write 0", "D2 read 1", "D2 write 0", "D3 read 1", "D3 write 0"));
    machine.run_for(10 * midi_byte_ns);
    EXPECT_THAT(bytes_of(mpu.wire()->out), IsEmpty());
    EXPECT_EQ(in(0x331) & 0xC0, 0x80) << "it answers again";
    EXPECT_EQ(seen.size(), 6u);
}

TEST_F(PowerStates, D1KeepsWhatItHasAndTellsLater) {
    to(1);
    EXPECT_TRUE(mpu.wire()->in.receive(0x90, Machine::now_ns()));
    machine.run_for(2 * midi_byte_ns);
    REQUIRES("LC-041");
    EXPECT_FALSE(asserted());
    to(0);
    EXPECT_TRUE(asserted());
    EXPECT_EQ(in(0x330), 0x90);
    EXPECT_TRUE(mpu.uart_mode());
}

TEST_F(PowerStates, D3ForgetsEverything) {
    out(0x330, 0x90);
    out(0x330, 60);
    to(3);
    REQUIRES("LC-041");
    EXPECT_FALSE(asserted());
    EXPECT_TRUE(mpu.wire()->in.receive(0xF8, Machine::now_ns()));
    machine.run_for(10 * midi_byte_ns);
    EXPECT_THAT(bytes_of(mpu.wire()->out), IsEmpty()) << "the byte on the wire was cut off";
    to(0);
    EXPECT_FALSE(asserted()) << "what came meanwhile is lost";
    EXPECT_FALSE(mpu.uart_mode());
}

TEST_F(PowerStates, ADeviceThatIsGoneIsNotAsleep) {
    to(3);
    mpu.remove(Machine::now_ns());
    EXPECT_EQ(in(0x331), 0xFF);
    out(0x330, 0);
    EXPECT_THAT(seen, IsEmpty());
    to(0);
    EXPECT_EQ(in(0x331), 0xFF);
    EXPECT_TRUE(mpu.power_on(sim::bus, &scheduler.lines[9], Machine::now_ns()).ok());
    EXPECT_EQ(mpu.power_state(), 0u);
    EXPECT_EQ(in(0x331) & 0xC0, 0x80);
}

}  // namespace
}  // namespace portico::test::power_test
