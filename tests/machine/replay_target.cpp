// What tests/machine/replay_test.cpp runs as programs of their own: unit tests of drivers with a bug, as an
// author has them. They fail when the bug shows.
#include <cstdlib>

#include "portico/gtest.h"
#include "race.h"

namespace {

using namespace portico;
using namespace std::chrono_literals;
using ::testing::IsEmpty;

TEST(Target, NullRead) {
    MachineConfig config;
    config.driver = BROKEN_IMAGES "null-read.so";
    Machine m = Machine::create(config).value();
    ASSERT_OK(m.start());
    Pin pin = m.filter("Cable").open(Pin::Render).value();
    ASSERT_OK(pin.run());
    EXPECT_OK(pin.write({0x90, 60, 100}));
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(Target, Leak) {
    MachineConfig config;
    config.driver = BROKEN_IMAGES "pool-leak.so";
    Machine m = Machine::create(config).value();
    ASSERT_OK(m.start());
    ASSERT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

// As an author would look for a race: seed after seed.
TEST(Target, Race) {
    for (std::uint64_t seed = 1; seed <= 150; ++seed) {
        MachineConfig config = test::race(Schedule::random, seed);
        config.print_findings = true;
        Machine m = Machine::create(config).value();
        const Status status = m.start();
        ASSERT_THAT(m.findings(), IsEmpty()) << status.message;
    }
}

// A correct driver, whose trace goes where TRACE_FILE says; with the schedule that SCHEDULE names.
TEST(Target, Trace) {
    MachineConfig config;
    config.devices = {mpu401()};
    config.driver = MPU401_IMAGE;
    config.trace_file = std::getenv("TRACE_FILE");
    const std::string schedule = std::getenv("SCHEDULE");
    config.schedule = schedule == "random" ? Schedule::random
                      : schedule == "pct"  ? Schedule::pct
                                           : Schedule::ordered;
    Machine m = Machine::create(config).value();
    ASSERT_OK(m.start());
    {
        Pin out = m.filter("Uart").open(Pin::Render).value();
        Pin in = m.filter("Uart").open(Pin::Capture).value();
        ASSERT_OK(out.run());
        ASSERT_OK(in.run());
        m.device("mpu401").receive({0x90, 1, 2, 3, 4, 0xF8, 0xF0, 1, 2, 0xF7});
        for (int i = 0; i < 20; ++i) {
            ASSERT_OK(out.write({0x90, 60, 100, 0xF0, 1, 2, 3, 0xF7}));
            m.run_for(5ms);
        }
        in.take_captured();
    }
    ASSERT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

}  // namespace
