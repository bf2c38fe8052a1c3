// The adapter's life as a client and the outside world see it (docs/spec/lifecycle.md).
#include <algorithm>

#include "portico/gtest.h"
#include "sim/scheduler.h"
#include "started.h"
#include "support/requires.h"

namespace lifecycle_test {
namespace {

using portico::test::started;
using namespace portico;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Bytes = std::vector<std::uint8_t>;

MachineConfig mpu(std::map<std::string, std::string> parameters = {}) {
    MachineConfig config;
    config.devices = {portico::mpu401({.parameters = std::move(parameters)})};
    config.driver = MPU401_IMAGE;
    config.print_findings = false;
    return config;
}

std::vector<Bytes> messages(Pin& pin) {
    std::vector<Bytes> all;
    for (const CapturedMessage& message : pin.take_captured()) all.push_back(message.bytes);
    return all;
}

TEST(Lifecycle, FiltersAreThereBetweenStartAndStop) {
    Machine m = Machine::create(mpu()).value();
    EXPECT_THAT(m.filters(), IsEmpty());
    ASSERT_OK(m.start());
    REQUIRES("LC-020");
    EXPECT_THAT(m.filters(), ElementsAre("Uart"));
    EXPECT_EQ(m.filter("Uart").pin_count().value(), 4u);
    ASSERT_OK(m.remove());
    EXPECT_THAT(m.filters(), IsEmpty());
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(Lifecycle, LongPollsAtTheStartAreNoFinding) {
    Machine m = started(mpu({{"ack_delay", "49ms"}}));
    REQUIRES("FLD-030");
    EXPECT_GE(m.now(), 98ms) << "two answers were polled for at the device's IRQL";
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(Lifecycle, NoInterruptComesWhilePoweredDown) {
    Machine m = started(mpu());
    Pin pin = m.filter("Uart").open(Pin::Capture).value();
    ASSERT_OK(pin.run());
    ASSERT_OK(m.set_power(3));
    m.device("mpu401").receive(Bytes{0x90, 60, 100});
    bool asserted = false;
    for (int i = 0; i < 50; ++i) {
        m.run_for(100us);
        asserted = asserted || sim::scheduler.lines[9].asserted();
    }
    REQUIRES("LC-041");
    EXPECT_FALSE(asserted);
    EXPECT_THAT(messages(pin), IsEmpty());
    ASSERT_OK(m.set_power(0));
    m.device("mpu401").receive(Bytes{0x80, 60, 0});
    m.run_for(5ms);
    EXPECT_THAT(messages(pin), ElementsAre(Bytes{0x80, 60, 0})) << "what came meanwhile is lost";
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(Lifecycle, PresentationTimeStandsStillWhilePoweredDown) {
    MachineConfig config = mpu();
    config.exact_sequencer = true;
    Machine m = started(config);
    Pin pin = m.filter("Uart").open(Pin::Render).value();
    ASSERT_OK(pin.run());
    const auto start = m.now();
    m.run_for(10ms);
    const auto down = m.now() - start;
    ASSERT_OK(m.set_power(3));
    ASSERT_OK(pin.write_at(1ms, Bytes{0xF8}));
    ASSERT_OK(pin.write_at(2ms, Bytes{0xFB}));
    ASSERT_OK(pin.write_at(30ms, Bytes{0xFA}));
    m.run_for(50ms);
    EXPECT_THAT(m.device("mpu401").wire(), IsEmpty());
    ASSERT_OK(m.set_power(0));
    const auto up = m.now();
    m.run_for(30ms);
    const auto log = m.device("mpu401").wire_log();
    ASSERT_EQ(log.size(), 3u);
    REQUIRES("LC-042");
    EXPECT_EQ(log[0].byte, 0xF8);
    EXPECT_EQ(log[1].byte, 0xFB);
    EXPECT_LT(log[1].at - up, 2ms) << "late ones go out at once, in order";
    EXPECT_EQ(log[2].byte, 0xFA);
    EXPECT_GE(log[2].at - up, 30ms - down - 1ms) << "and the others when it is their stream time";
    EXPECT_LE(log[2].at - up, 30ms - down + 1ms);
}

}  // namespace
}  // namespace lifecycle_test
