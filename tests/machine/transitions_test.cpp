// Machine's transitions, as a test of a driver calls them (lifecycle.md sections 3 and 4, VF-024).
#include <algorithm>

#include "hardware/device.h"
#include "machine/state.h"
#include "portico/gtest.h"
#include "support/requires.h"

namespace transitions_test {
namespace {

using namespace portico;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Bytes = std::vector<std::uint8_t>;

MachineConfig mpu(unsigned cards = 1) {
    MachineConfig config;
    for (unsigned i = 0; i < cards; ++i)
        config.devices.push_back(
            portico::mpu401({.port = 0x300 + 0x10 * i, .irq = 5 + i, .name = "card" + std::to_string(i)}));
    config.driver = MPU401_IMAGE;
    config.print_findings = false;
    return config;
}

struct Transitions : ::testing::Test {
    Machine m = Machine::create(mpu()).value();
    Transitions() { EXPECT_OK(m.start()); }

    // A note that is written goes out on the wire.
    void expect_to_play() {
        Pin pin = m.filter("Uart").open(Pin::Render).value();
        ASSERT_OK(pin.run());
        ASSERT_OK(pin.write({0x90, 60, 100}));
        ASSERT_OK(pin.drain());
        m.run_for(10ms);
        const Bytes wire = m.device("card0").wire();
        ASSERT_GE(wire.size(), 3u);
        EXPECT_EQ(Bytes(wire.end() - 3, wire.end()), (Bytes{0x90, 60, 100}));
    }
    unsigned power() { return m.state().devices[0].model->power_state(); }
};

TEST_F(Transitions, SleepTakesTheDevicesPowerAndResumeGivesItBack) {
    Pin pin = m.filter("Uart").open(Pin::Render).value();
    ASSERT_OK(pin.run());
    for (const SleepState state : {SleepState::S1, SleepState::S2, SleepState::S3, SleepState::S4}) {
        ASSERT_OK(m.sleep(state));
        EXPECT_TRUE(m.sleeping());
        REQUIRES("LC-040");
        EXPECT_EQ(power(), 3u);
        ASSERT_OK(m.resume());
        EXPECT_FALSE(m.sleeping());
        EXPECT_EQ(power(), 0u);
        EXPECT_EQ(pin.state().value(), Pin::State::Run) << "LC-032";
    }
    pin.close();
    expect_to_play();
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST_F(Transitions, NothingElseHappensWhileTheComputerSleeps) {
    ASSERT_OK(m.sleep(SleepState::S3));
    for (const Status& status :
         {m.stop(), m.query_stop(), m.query_remove(), m.remove(), m.disable(), m.enable(), m.rebalance(),
          m.set_power(0), m.sleep(SleepState::S4), m.restart(), m.replug()}) {
        EXPECT_EQ(static_cast<NTSTATUS>(status.code), STATUS_INVALID_DEVICE_STATE) << status.message;
        EXPECT_THAT(status.message, HasSubstr("resume it first"));
    }
    EXPECT_FALSE(m.filter("Uart").open(Pin::Render).ok());
    ASSERT_OK(m.resume());
    expect_to_play();
    EXPECT_THAT(m.findings(), IsEmpty());
}

// KB892559: a request between resume and D0 comes to an end.
TEST_F(Transitions, RequestsWhileTheDeviceSleepsEnd) {
    Pin pin = m.filter("Uart").open(Pin::Render).value();
    ASSERT_OK(m.sleep(SleepState::S3));
    REQUIRES("VF-030");
    EXPECT_OK(pin.run()) << "remembered";
    EXPECT_OK(pin.write({0x90, 60, 100}));
    ASSERT_OK(m.resume());
    REQUIRES("LC-034");
    EXPECT_EQ(pin.state().value(), Pin::State::Run);
    EXPECT_OK(pin.drain());
    m.run_for(10ms);
    EXPECT_THAT(m.device("card0").wire(), ElementsAre(0x90, 60, 100));
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST_F(Transitions, AnUnloadWakesTheComputer) {
    ASSERT_OK(m.sleep(SleepState::S4));
    ASSERT_OK(m.unload());
    EXPECT_FALSE(m.sleeping());
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST_F(Transitions, StopIsRefusedWhilePinsAreOpenAndChangesNothing) {
    Pin pin = m.filter("Uart").open(Pin::Render).value();
    ASSERT_OK(pin.run());
    REQUIRES("LC-051"), REQUIRES("VF-032");
    for (const Status& status : {m.stop(), m.query_stop(), m.rebalance({{"port", "0x320"}})})
        EXPECT_EQ(static_cast<NTSTATUS>(status.code), STATUS_DEVICE_BUSY) << status.message;
    REQUIRES("LC-053");
    for (const Status& status : {m.query_remove(), m.remove(), m.disable()})
        EXPECT_EQ(static_cast<NTSTATUS>(status.code), STATUS_DEVICE_BUSY) << status.message;
    EXPECT_EQ(pin.state().value(), Pin::State::Run);
    ASSERT_OK(pin.write({0xF8}));
    ASSERT_OK(pin.drain());
    m.run_for(5ms);
    EXPECT_THAT(m.device("card0").wire(), ElementsAre(0xF8));
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST_F(Transitions, QueriesCanBeCancelled) {
    ASSERT_OK(m.query_stop());
    ASSERT_OK(m.cancel_stop());
    ASSERT_OK(m.query_remove());
    EXPECT_FALSE(m.filter("Uart").open(Pin::Render).ok()) << "a removal is pending";
    ASSERT_OK(m.cancel_remove());
    EXPECT_EQ(static_cast<NTSTATUS>(m.cancel_stop().code), STATUS_NO_SUCH_DEVICE);
    EXPECT_EQ(static_cast<NTSTATUS>(m.cancel_remove().code), STATUS_NO_SUCH_DEVICE);
    REQUIRES("VF-024");
    expect_to_play();
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST_F(Transitions, RebalanceMovesTheHardware) {
    REQUIRES("LC-052"), REQUIRES("VF-024");
    ASSERT_OK(m.rebalance()) << "the same resources again";
    expect_to_play();
    ASSERT_OK(m.rebalance({{"port", "0x320"}, {"irq", "10"}}));
    const auto resources = m.state().devices[0].model->resources();
    EXPECT_EQ(resources.ports[0].base, 0x320u);
    EXPECT_EQ(resources.irq, 10u);
    expect_to_play();
    // An interrupt comes on the new line.
    Pin pin = m.filter("Uart").open(Pin::Capture).value();
    ASSERT_OK(pin.run());
    m.device("card0").receive({0x91, 1, 2});
    m.run_for(5ms);
    EXPECT_EQ(pin.take_captured().size(), 1u);
    EXPECT_THAT(m.findings(), IsEmpty());
    EXPECT_THAT(m.advice(), IsEmpty());
}

TEST_F(Transitions, ARebalanceThatIsImpossibleIsRefusedBeforeAnythingHappens) {
    EXPECT_EQ(static_cast<NTSTATUS>(m.rebalance({{"colour", "red"}}).code), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(static_cast<NTSTATUS>(m.rebalance({{"port", "99999"}}).code), STATUS_INVALID_PARAMETER);
    EXPECT_EQ(static_cast<NTSTATUS>(m.rebalance({}, "nothing").code), STATUS_NO_SUCH_DEVICE);
    expect_to_play();
}

// The hardware does not answer at its new place: PnP gives the device up.
TEST_F(Transitions, ARestartThatFailsIsASurpriseRemoval) {
    const Status status = m.rebalance({{"fault_lost_acks", "all"}});
    EXPECT_FALSE(status.ok());
    REQUIRES("VF-024");
    EXPECT_EQ(m.state().devices[0].node->problem, nt::io::problem_failed_start);
    EXPECT_EQ(m.state().devices[0].node->state, nt::io::NodeState::enumerated);
    EXPECT_THAT(m.filters(), IsEmpty());
    ASSERT_OK(m.unload());
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST(TwoCards, ARebalanceOntoAnotherDeviceIsTakenBack) {
    Machine m = Machine::create(mpu(2)).value();
    ASSERT_OK(m.start());
    const Status status = m.rebalance({{"port", "0x310"}}, "card0");
    EXPECT_EQ(static_cast<NTSTATUS>(status.code), STATUS_CONFLICTING_ADDRESSES) << status.message;
    EXPECT_EQ(m.state().devices[0].model->resources().ports[0].base, 0x300u);
    EXPECT_TRUE(m.state().awake()) << "it runs where it was";
    EXPECT_THAT(m.findings(), IsEmpty());
}

// FLD-007: the image stays, and DriverEntry is not called again.
TEST_F(Transitions, DisableAndEnableKeepTheImage) {
    REQUIRES("FLD-007"), REQUIRES("VF-024");
    const PDRIVER_OBJECT driver = m.state().drivers.front()->object;
    ASSERT_OK(m.disable());
    EXPECT_THAT(m.filters(), IsEmpty());
    EXPECT_FALSE(m.filter("Uart").open(Pin::Render).ok());
    ASSERT_OK(m.enable());
    EXPECT_EQ(m.state().drivers.front()->object, driver);
    expect_to_play();
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST_F(Transitions, AfterASurpriseTheDeviceCanComeBack) {
    Pin pin = m.filter("Uart").open(Pin::Render).value();
    ASSERT_OK(pin.run());
    ASSERT_OK(m.surprise_remove());
    EXPECT_EQ(static_cast<NTSTATUS>(m.replug().code), STATUS_INVALID_DEVICE_STATE) << "handles are open";
    EXPECT_FALSE(pin.run().ok());
    REQUIRES("VF-031");
    pin.close();
    m.run_for(10ms);
    EXPECT_EQ(m.state().devices[0].node->state, nt::io::NodeState::described) << "REMOVE has come";
    EXPECT_EQ(static_cast<NTSTATUS>(m.enable().code), STATUS_NO_SUCH_DEVICE) << "nothing is there";
    ASSERT_OK(m.replug());
    expect_to_play();
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST_F(Transitions, PulledOutWhileTheComputerSleeps) {
    Pin pin = m.filter("Uart").open(Pin::Render).value();
    ASSERT_OK(pin.run());
    ASSERT_OK(m.sleep(SleepState::S3));
    ASSERT_OK(m.surprise_remove());
    pin.close();
    ASSERT_OK(m.resume());
    ASSERT_OK(m.replug());
    expect_to_play();
    EXPECT_THAT(m.findings(), IsEmpty());
}

// A device that is started after a removal has its power again (LC-016).
TEST_F(Transitions, ADeviceThatWentAsleepStartsInD0) {
    ASSERT_OK(m.set_power(3));
    ASSERT_OK(m.surprise_remove());
    m.run_for(10ms);
    ASSERT_OK(m.replug());
    REQUIRES("LC-016");
    EXPECT_EQ(power(), 0u);
    expect_to_play();
    ASSERT_OK(m.set_power(3));
    ASSERT_OK(m.disable());
    ASSERT_OK(m.enable());
    EXPECT_EQ(power(), 0u);
    expect_to_play();
    EXPECT_THAT(m.findings(), IsEmpty());
}

TEST_F(Transitions, ExitLatencyIsForAdaptersThatKnowIt) {
    EXPECT_OK(m.set_exit_latency(ExitLatency::fast));
    ASSERT_OK(m.set_power(3));
    EXPECT_OK(m.set_exit_latency(ExitLatency::responsive));
    ASSERT_OK(m.set_power(0));
    expect_to_play();
    EXPECT_THAT(m.findings(), IsEmpty());
}

// The settings of the registry, as a machine file gives them.
TEST(IdleDevice, LosesItsPowerAndIsWokenByAClient) {
    MachineConfig config = mpu();
    config.registry = {{"PowerSettings", "PerformanceIdleTime", std::vector<std::uint8_t>{2, 0, 0, 0}}};
    Machine m = Machine::create(config).value();
    ASSERT_OK(m.start());
    const hardware::Device& model = *m.state().devices[0].model;
    m.run_for(5s);
    REQUIRES("LC-037");
    EXPECT_EQ(model.power_state(), 3u);
    Pin pin = m.filter("Uart").open(Pin::Render).value();
    REQUIRES("LC-035");
    EXPECT_EQ(model.power_state(), 0u);
    ASSERT_OK(pin.run());
    m.run_for(60s);
    REQUIRES("LC-038");
    EXPECT_EQ(model.power_state(), 0u);
    ASSERT_OK(pin.write({0xFE}));
    ASSERT_OK(pin.drain());
    m.run_for(5ms);
    EXPECT_THAT(m.device("card0").wire(), ElementsAre(0xFE));
    EXPECT_THAT(m.findings(), IsEmpty());
}

}  // namespace
}  // namespace transitions_test
