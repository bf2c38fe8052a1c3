// Devices that misbehave (MP-012), through the public face: the driver copes, or Portico says what happened;
// nothing hangs.
#include "portico/gtest.h"
#include "support/requires.h"

namespace device_faults_test {
namespace {

using namespace portico;
using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using Bytes = std::vector<std::uint8_t>;

MachineConfig faulty(std::map<std::string, std::string> faults) {
    MachineConfig config;
    config.devices = {portico::mpu401({.parameters = std::move(faults)})};
    config.driver = MPU401_IMAGE;
    config.print_findings = false;
    return config;
}

Machine started(const MachineConfig& config) {
    Machine m = Machine::create(config).value();
    EXPECT_OK(m.start());
    return m;
}

std::vector<std::string> rules(const Machine& m) {
    std::vector<std::string> names;
    for (const Finding& finding : m.findings()) names.push_back(finding.rule);
    return names;
}

Bytes held(unsigned count) {
    Bytes bytes;
    for (unsigned i = 0; i < count; ++i)
        bytes.insert(bytes.end(), {0x90, static_cast<std::uint8_t>(i % 128), 100});
    return bytes;
}

// ---- the acknowledge ----

TEST(NeverAcknowledges, FailsTheStartAndLeavesNothing) {
    Machine m = Machine::create(faulty({{"fault_lost_acks", "1000"}})).value();
    const Status status = m.start();
    REQUIRES("MP-012");
    EXPECT_FALSE(status.ok());
    EXPECT_THAT(status.message, ::testing::HasSubstr("returned by"));
    EXPECT_THAT(m.filters(), IsEmpty());
    EXPECT_LT(m.now(), 10s);
    ASSERT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(NeverAcknowledges, OnceIsTriedAgain) {
    Machine m = started(faulty({{"fault_lost_acks", "1"}}));
    EXPECT_THAT(m.filters(), ElementsAre("Uart"));
    EXPECT_THAT(m.findings(), IsEmpty());
}

// ---- DRR ----

// The miniport gives each byte its 50 ms (UA-013) and reports STATUS_IO_DEVICE_ERROR; the port drops that
// message and goes on (MS-047). The driver does all that it should: no finding.
TEST(HoldsDrr, LosesTheMessagesAndEveryCallComesBack) {
    Machine m = started(faulty({{"fault_drr_stuck_after", "7"}}));
    Pin pin = m.filter("Uart").open(Pin::Render).value();
    ASSERT_OK(pin.run());
    ASSERT_OK(pin.write(held(20)));
    ASSERT_OK(pin.drain(60s));
    REQUIRES("MP-012");
    EXPECT_LE(m.device("mpu401").wire().size(), 8u);
    EXPECT_LT(m.now(), 5s);
    EXPECT_OK(pin.pause());
    EXPECT_OK(pin.stop());
    pin.close();
    EXPECT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(HoldsDrr, ForAWhileLosesNothing) {
    Machine m = started(faulty({{"fault_drr_stuck_after", "7"}, {"fault_drr_stuck_for", "20ms"}}));
    Pin pin = m.filter("Uart").open(Pin::Render).value();
    ASSERT_OK(pin.run());
    ASSERT_OK(pin.write(held(20)));
    ASSERT_OK(pin.drain());
    m.run_for(50ms);
    EXPECT_EQ(m.device("mpu401").wire(), held(20));
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(HoldsDrr, CanBeStoppedClosedAndRemovedMeanwhile) {
    for (int way = 0; way < 4; ++way) {
        Machine m = started(faulty({{"fault_drr_stuck_after", "4"}}));
        Pin pin = m.filter("Uart").open(Pin::Render).value();
        ASSERT_OK(pin.run());
        ASSERT_OK(pin.write(held(20)));
        m.run_for(20ms);
        if (way == 0) EXPECT_OK(pin.stop());
        if (way == 1) EXPECT_OK(pin.cancel());
        if (way == 2) EXPECT_OK(m.surprise_remove());
        if (way == 3) EXPECT_OK(m.set_power(3));
        pin.close();
        EXPECT_OK(m.unload()) << way;
        EXPECT_THAT(m.findings(), IsEmpty()) << way;
    }
}

// ---- interrupts ----

TEST(StormsInterrupts, LineThatIsStuckIsMaskedAndAFinding) {
    Machine m = started(faulty({{"fault_line_stuck_at", "20ms"}}));
    Pin pin = m.filter("Uart").open(Pin::Render).value();
    ASSERT_OK(pin.run());
    m.run_for(1s);
    REQUIRES("MP-012");
    EXPECT_THAT(rules(m), Contains("interrupt-storm"));
    // Rendering needs no interrupt.
    ASSERT_OK(pin.write({0x90, 60, 100}));
    ASSERT_OK(pin.drain());
    m.run_for(5ms);
    EXPECT_THAT(m.device("mpu401").wire(), ElementsAre(0x90, 60, 100));
    pin.close();
    EXPECT_OK(m.unload());
}

TEST(StormsInterrupts, SpuriousOnesAreNobodysBusiness) {
    Machine m = started(faulty({{"fault_spurious_every", "1ms"}}));
    Pin in = m.filter("Uart").open(Pin::Capture).value();
    Pin out = m.filter("Uart").open(Pin::Render).value();
    ASSERT_OK(in.run());
    ASSERT_OK(out.run());
    m.device("mpu401").receive({0x90, 60, 100});
    ASSERT_OK(out.write({0x80, 60, 0}));
    m.run_for(500ms);
    EXPECT_GT(m.counts().interrupts, 100u);
    EXPECT_THAT(in.take_captured(), SizeIs(1));
    EXPECT_THAT(m.device("mpu401").wire(), ElementsAre(0x80, 60, 0));
    in.close();
    out.close();
    EXPECT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(StormsInterrupts, BytesFasterThanTheWireAreTakenOrDropped) {
    Machine m = started(faulty(
        {{"fault_storm_at", "20ms"}, {"fault_storm_bytes", "20000"}, {"fault_storm_interval", "1us"}}));
    Pin pin = m.filter("Uart").open(Pin::Capture).value();
    ASSERT_OK(pin.run());
    for (int i = 0; i < 50; ++i) {
        m.run_for(10ms);
        pin.take_captured();
    }
    m.device("mpu401").receive({0xFA});
    m.run_for(10ms);
    EXPECT_THAT(pin.take_captured(), Not(IsEmpty()));  // it still works
    pin.close();
    EXPECT_OK(m.unload());
    EXPECT_FALSE(m.bug_checked());
}

// ---- gone ----

TEST(Vanishes, InMidWriteIsNoCrashAndNoHang) {
    Machine m = started(faulty({{"fault_remove_after", "10"}}));
    Pin pin = m.filter("Uart").open(Pin::Render).value();
    ASSERT_OK(pin.run());
    ASSERT_OK(pin.write(held(20)));
    const Status drained = pin.drain(60s);
    (void)drained;
    REQUIRES("MP-012");
    EXPECT_LE(m.device("mpu401").wire().size(), 10u);
    EXPECT_LT(m.now(), 60s);
    // Plug and Play finds out afterwards.
    EXPECT_OK(m.surprise_remove());
    pin.close();
    EXPECT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(Vanishes, AndIsReportedAtOnceIsClean) {
    Machine m = started(faulty({}));
    Pin pin = m.filter("Uart").open(Pin::Render).value();
    ASSERT_OK(pin.run());
    ASSERT_OK(pin.write(held(20)));
    EXPECT_TRUE(m.run_until([&] { return m.device("mpu401").wire().size() == 10; }, 1s));
    m.device("mpu401").vanish();
    EXPECT_OK(m.surprise_remove());
    pin.close();
    EXPECT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(Vanishes, WhileCapturingReadsNoGhosts) {
    Machine m = started(faulty({}));
    Pin pin = m.filter("Uart").open(Pin::Capture).value();
    ASSERT_OK(pin.run());
    m.device("mpu401").receive(held(20));
    m.run_for(5ms);
    const auto before = pin.take_captured().size();
    m.device("mpu401").vanish();
    m.run_for(1s);
    EXPECT_THAT(pin.take_captured(), SizeIs(::testing::Le(1u)));
    EXPECT_GE(before, 4u);
    EXPECT_OK(m.surprise_remove());
    pin.close();
    EXPECT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(Vanishes, BeforeTheStartFailsIt) {
    Machine m = Machine::create(faulty({{"fault_remove_at", "0"}})).value();
    m.run_for(1ms);
    EXPECT_FALSE(m.start().ok());
    EXPECT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

}  // namespace
}  // namespace device_faults_test
