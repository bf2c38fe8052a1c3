// Idle detection, exit latencies and IPortClsPower (LC-035, LC-037, LC-038, AP-040, AP-041, PP-001..PP-003).
#include <gmock/gmock.h>

#include "fake_power.h"
#include "midi_test.h"
#include "nt/cm/text.h"
#include "nt/io/pnp_registry.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using nt::io::PnpAction;
using test::Contracts;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct IdlePowerTest : test::MidiTest {
    test::Adapter1 power{log};

    void setting(const char16_t* name, std::uint32_t value) {
        const std::u16string key = u"PowerSettings", text = name;
        ASSERT_EQ(nt::io::set_software_value(*node, nt::cm::as_unicode(key), nt::cm::as_unicode(text),
                                             REG_BINARY, &value, sizeof value),
                  STATUS_SUCCESS);
    }
    void start_watched(std::uint32_t seconds) {
        setting(u"PerformanceIdleTime", seconds);
        start_it();
    }
    void start_it() {
        const auto usual = on_start;
        on_start = [this, usual](PDEVICE_OBJECT device, PIRP irp, PRESOURCELIST resources) {
            EXPECT_EQ(PcRegisterAdapterPowerManagement(&power, device), STATUS_SUCCESS);
            if (before_port) before_port(device);
            return usual(device, irp, resources);
        };
        ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    }
    DEVICE_POWER_STATE state() { return adapter().power.device; }
    // The port's IPortClsPower, as the driver gets it.
    void as_driver(const std::function<void(IPortClsPower&)>& body) {
        run([&] {
            PVOID found = nullptr;
            ASSERT_EQ(miniport.port->QueryInterface(IID_IPortClsPower, &found), STATUS_SUCCESS);
            body(*static_cast<IPortClsPower*>(found));
            static_cast<IPortClsPower*>(found)->Release();
        });
    }

    std::function<void(PDEVICE_OBJECT)> before_port;
};

TEST_F(IdlePowerTest, NoSettingsNoSleep) {
    start_it();
    pass_ms(3'600'000);
    REQUIRES("LC-037");
    EXPECT_EQ(state(), PowerDeviceD0);
    EXPECT_FALSE(adapter().idle.watched());
}

TEST_F(IdlePowerTest, ADeviceThatNobodyUsesGoesToD3) {
    start_watched(5);
    pass_ms(4'000);
    EXPECT_EQ(state(), PowerDeviceD0);
    pass_ms(3'000);
    REQUIRES("LC-037");
    EXPECT_EQ(state(), PowerDeviceD3);
    EXPECT_THAT(log, ::testing::Contains("change D3"));
}

TEST_F(IdlePowerTest, TheStateIsTheSettings) {
    node->d1 = true;
    setting(u"IdlePowerState", 1);
    start_watched(2);
    pass_ms(4'000);
    REQUIRES("LC-037");
    EXPECT_EQ(state(), PowerDeviceD1);
}

TEST_F(IdlePowerTest, AStateThatIsNoneIsD3) {
    setting(u"IdlePowerState", 7);
    start_watched(2);
    pass_ms(4'000);
    REQUIRES("LC-037");
    EXPECT_EQ(state(), PowerDeviceD3);
}

TEST_F(IdlePowerTest, OpeningAndPropertiesWakeIt) {
    start_watched(2);
    pass_ms(4'000);
    ASSERT_EQ(state(), PowerDeviceD3);
    REQUIRES("LC-035");
    filter = open_filter();
    EXPECT_EQ(state(), PowerDeviceD0);
    HANDLE const pin = open_pin(render_pin);
    pass_ms(4'000);
    ASSERT_EQ(state(), PowerDeviceD3) << "a pin that does not run does not hold it";
    ASSERT_EQ(set_state(pin, KSSTATE_ACQUIRE), STATUS_SUCCESS);
    EXPECT_EQ(state(), PowerDeviceD0);
    EXPECT_THAT(miniport.newest().states, ElementsAre(KSSTATE_ACQUIRE));
    close(pin);
    close(filter);
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(IdlePowerTest, UseBeginsTheTimeAnew) {
    start_watched(5);
    filter = open_filter();
    REQUIRES("LC-038");
    for (int i = 0; i < 10; ++i) {
        pass_ms(3'000);
        ULONG pins = 0;
        client([&] { return ks.pin_property(filter, KSPROPERTY_PIN_CTYPES, 0, &pins, sizeof pins); });
        EXPECT_EQ(state(), PowerDeviceD0) << i;
    }
    pass_ms(7'000);
    EXPECT_EQ(state(), PowerDeviceD3);
    close(filter);
}

TEST_F(IdlePowerTest, RunningStreamsHoldIt) {
    start_watched(2);
    filter = open_filter();
    HANDLE const pin = running_pin(render_pin);
    pass_ms(60'000);
    REQUIRES("LC-038");
    EXPECT_EQ(state(), PowerDeviceD0);
    ASSERT_EQ(set_state(pin, KSSTATE_PAUSE), STATUS_SUCCESS);
    pass_ms(4'000);
    EXPECT_EQ(state(), PowerDeviceD3);
    ASSERT_EQ(set_state(pin, KSSTATE_RUN), STATUS_SUCCESS);
    EXPECT_EQ(state(), PowerDeviceD0);
    EXPECT_EQ(miniport.newest().state, KSSTATE_RUN);
    pass_ms(60'000);
    EXPECT_EQ(state(), PowerDeviceD0) << "it is held again";
    close(pin);
    close(filter);
}

TEST_F(IdlePowerTest, TheAdapterOptsOutAndIn) {
    start_watched(2);
    as_driver([&](IPortClsPower& port) {
        EXPECT_EQ(port.SetIdlePowerManagement(fdo, FALSE), STATUS_SUCCESS);
        EXPECT_EQ(port.SetIdlePowerManagement(node->pdo, FALSE), STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("PP-002"));
    });
    pass_ms(10'000);
    REQUIRES("PP-003");
    EXPECT_EQ(state(), PowerDeviceD0);
    as_driver([&](IPortClsPower& port) { port.SetIdlePowerManagement(fdo, TRUE); });
    pass_ms(4'000);
    EXPECT_EQ(state(), PowerDeviceD3);
}

TEST_F(IdlePowerTest, APortRegistersTheAdapter) {
    start_it();
    as_driver([&](IPortClsPower& port) {
        REQUIRES("PP-001"), REQUIRES("PP-002");
        EXPECT_EQ(port.UnregisterAdapterPowerManagement(fdo), STATUS_SUCCESS);
        EXPECT_EQ(power.references, 1);
        EXPECT_EQ(port.RegisterAdapterPowerManagement(&power, fdo), STATUS_SUCCESS);
        EXPECT_EQ(power.references, 2);
        EXPECT_EQ(port.RegisterAdapterPowerManagement(nullptr, fdo), STATUS_INVALID_PARAMETER);
    });
    ASSERT_EQ(set_power(PowerDeviceD3), STATUS_SUCCESS);
    EXPECT_THAT(log, ::testing::Contains("change D3"));
}

// FLD-009: what is taken down may touch its hardware, asleep or not.
TEST_F(IdlePowerTest, ASleepingDeviceIsWokenBeforeItsRemoval) {
    start_watched(2);
    pass_ms(4'000);
    ASSERT_EQ(state(), PowerDeviceD3);
    log.clear();
    ASSERT_EQ(perform(PnpAction::disable), STATUS_SUCCESS);
    REQUIRES("FLD-009");
    EXPECT_THAT(log, ElementsAre("bus D0", "change D0"));
    ASSERT_EQ(perform(PnpAction::enable), STATUS_SUCCESS);
    pass_ms(4'000);
    EXPECT_EQ(state(), PowerDeviceD3) << "it is watched again";
}

struct ExitLatencyTest : test::AdapterTest {
    test::Adapter3 power{log};
    ExitLatencyTest() {
        on_start = [this](auto...) { return PcRegisterAdapterPowerManagement(&power, fdo); };
    }
    void demand(PC_EXIT_LATENCY latency) {
        run([&] { demand_exit_latency(latency); });
    }
};

TEST_F(ExitLatencyTest, ChangesAreToldInD3AndCountWhenItIsLeft) {
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    take_log();
    demand(PcExitLatencyResponsive);
    EXPECT_THAT(take_log(), IsEmpty()) << "not in D0";
    ASSERT_EQ(set_power(PowerDeviceD3), STATUS_SUCCESS);
    REQUIRES("AP-040");
    EXPECT_THAT(take_log(), ElementsAre("query D3", "change3 D3 latency 0", "bus D3"));
    REQUIRES("AP-041");
    demand(PcExitLatencyFast);
    EXPECT_THAT(take_log(), ElementsAre("latency 1"));
    demand(PcExitLatencyFast);
    EXPECT_THAT(take_log(), IsEmpty()) << "nothing has changed";
    ASSERT_EQ(set_power(PowerDeviceD0), STATUS_SUCCESS);
    EXPECT_THAT(take_log(), ElementsAre("bus D0", "change3 D0 latency 1"));
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(ExitLatencyTest, AWakeThatTakesLongerIsTold) {
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
    demand(PcExitLatencyFast);
    ASSERT_EQ(set_power(PowerDeviceD3), STATUS_SUCCESS);
    power.on_change = [] { nt::ke::delay(KernelMode, false, -500'000); };
    ASSERT_EQ(set_power(PowerDeviceD0), STATUS_SUCCESS);
    REQUIRES("AP-041"), REQUIRES("AP-003");
    EXPECT_THAT(Contracts::take(), ElementsAre("AP-041"));
}

}  // namespace
}  // namespace portico::portcls
