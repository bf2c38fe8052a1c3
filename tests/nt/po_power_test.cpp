// Power IRPs and power states.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io_pnp.h"
#include "kernel.h"
#include "nt/ex/pool.h"
#include "support/requires.h"

namespace portico::test::po_power_test {
namespace {

using nt::io::DeviceNode;
using nt::io::perform;
using nt::io::PnpAction;
using nt::io::PnpRequest;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string>& log() {
    static std::vector<std::string> entries;
    return entries;
}

std::string describe(PIRP irp) {
    const IO_STACK_LOCATION& stack = *IoGetCurrentIrpStackLocation(irp);
    const auto& power = stack.Parameters.Power;
    const std::string what = stack.MinorFunction == IRP_MN_SET_POWER ? "SET " : "QUERY ";
    return what + (power.Type == DevicePowerState
                       ? "D" + std::to_string(power.State.DeviceState - PowerDeviceD0)
                       : "S" + std::to_string(power.State.SystemState - PowerSystemWorking));
}

struct PowerTest : ::testing::Test {
    Kernel kernel;
    PnpDriver driver;
    DeviceNode* node = nullptr;
    NTSTATUS refusal = STATUS_SUCCESS;

    PowerTest() {
        log().clear();
        nt::io::DeviceDescription description = described();
        description.power_changed = [](void*, DEVICE_POWER_STATE state) {
            log().push_back("bus D" + std::to_string(state - PowerDeviceD0));
        };
        node = nt::io::add_node(description);
        driver.power = [this](PDEVICE_OBJECT, PIRP irp) { return answer(irp); };
        EXPECT_EQ(perform(PnpAction::start, *node), STATUS_SUCCESS);
    }
    // The owner of the device's power policy: a system state asks for the device state that its capabilities
    // give.
    NTSTATUS answer(PIRP irp) {
        const IO_STACK_LOCATION& stack = *IoGetCurrentIrpStackLocation(irp);
        log().push_back(describe(irp));
        EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
        if (!NT_SUCCESS(refusal) && stack.MinorFunction == IRP_MN_QUERY_POWER)
            return TestDriver::complete(irp, refusal);
        if (stack.Parameters.Power.Type == SystemPowerState && stack.MinorFunction == IRP_MN_SET_POWER) {
            POWER_STATE state;
            state.DeviceState = node->capabilities.DeviceState[stack.Parameters.Power.State.SystemState];
            EXPECT_EQ(PoRequestPowerIrp(driver.fdo, IRP_MN_SET_POWER, state, nullptr, nullptr, nullptr),
                      STATUS_PENDING);
        }
        PoStartNextPowerIrp(irp);
        IoSkipCurrentIrpStackLocation(irp);
        return PoCallDriver(driver.lower, irp);
    }
    NTSTATUS set_device(DEVICE_POWER_STATE state) {
        PnpRequest request;
        request.action = PnpAction::set_device_power;
        request.node = node;
        request.device_power = state;
        return nt::io::perform(request);
    }
    NTSTATUS set_system(SYSTEM_POWER_STATE state) {
        PnpRequest request;
        request.action = PnpAction::set_system_power;
        request.system_power = state;
        return nt::io::perform(request);
    }
};

TEST_F(PowerTest, DeviceDownAndUp) {
    EXPECT_EQ(node->device_power, PowerDeviceD0);
    REQUIRES("LC-016");
    EXPECT_EQ(set_device(PowerDeviceD3), STATUS_SUCCESS);
    EXPECT_THAT(log(), ElementsAre("QUERY D3", "SET D3", "bus D3"));
    EXPECT_EQ(node->device_power, PowerDeviceD3);
    log().clear();
    EXPECT_EQ(set_device(PowerDeviceD0), STATUS_SUCCESS);
    EXPECT_THAT(log(), ElementsAre("SET D0", "bus D0"));
}

TEST_F(PowerTest, RefusedQueryChangesNothing) {
    refusal = STATUS_DEVICE_BUSY;
    EXPECT_EQ(set_device(PowerDeviceD3), STATUS_DEVICE_BUSY);
    EXPECT_THAT(log(), ElementsAre("QUERY D3"));
    EXPECT_EQ(node->device_power, PowerDeviceD0);
    log().clear();
    EXPECT_EQ(set_system(PowerSystemSleeping3), STATUS_DEVICE_BUSY);
    EXPECT_THAT(log(), ElementsAre("QUERY S3", "SET S0", "SET D0", "bus D0"));
    EXPECT_EQ(nt::po::system_power(), PowerSystemWorking);
}

TEST_F(PowerTest, SystemSleepsAndWakes) {
    REQUIRES("LC-040");
    EXPECT_EQ(set_system(PowerSystemSleeping3), STATUS_SUCCESS);
    EXPECT_THAT(log(), ElementsAre("QUERY S3", "SET S3", "SET D3", "bus D3"));
    EXPECT_EQ(node->system_power, PowerSystemSleeping3);
    log().clear();
    EXPECT_EQ(set_system(PowerSystemWorking), STATUS_SUCCESS);
    EXPECT_THAT(log(), ElementsAre("SET S0", "SET D0", "bus D0"));
}

struct Completions {
    static std::vector<int>& order() {
        static std::vector<int> all;
        return all;
    }
    static void NTAPI done(PDEVICE_OBJECT, UCHAR minor, POWER_STATE state, PVOID context,
                           PIO_STATUS_BLOCK status) {
        EXPECT_EQ(minor, IRP_MN_SET_POWER);
        EXPECT_TRUE(NT_SUCCESS(status->Status));
        (void)state;
        order().push_back(static_cast<int>(reinterpret_cast<std::uint64_t>(context)));
    }
};

TEST_F(PowerTest, OneDeviceIrpAtATime) {
    Completions::order().clear();
    std::vector<PIRP> held;
    driver.power = [&](PDEVICE_OBJECT, PIRP irp) {
        log().push_back(describe(irp));
        IoMarkIrpPending(irp);
        held.push_back(irp);
        return STATUS_PENDING;
    };
    const auto request = [&](DEVICE_POWER_STATE wanted, int number) {
        POWER_STATE state;
        state.DeviceState = wanted;
        EXPECT_EQ(PoRequestPowerIrp(driver.pdo, IRP_MN_SET_POWER, state, Completions::done,
                                    reinterpret_cast<void*>(static_cast<std::uint64_t>(number)), nullptr),
                  STATUS_PENDING);
    };
    EXPECT_TRUE(kernel.run([&] {
        request(PowerDeviceD3, 1);
        request(PowerDeviceD0, 2);
        EXPECT_THAT(log(), ElementsAre("SET D3"));
        TestDriver::complete(held[0], STATUS_SUCCESS);
        EXPECT_THAT(log(), ElementsAre("SET D3", "SET D0"));
        request(PowerDeviceD2, 3);
        EXPECT_EQ(log().size(), 2u);
        TestDriver::complete(held[1], STATUS_SUCCESS);
        EXPECT_THAT(log(), ElementsAre("SET D3", "SET D0", "SET D2"));
        TestDriver::complete(held[2], STATUS_SUCCESS);
        EXPECT_THAT(Completions::order(), ElementsAre(1, 2, 3));
        POWER_STATE state;
        state.DeviceState = PowerDeviceD3;
        EXPECT_EQ(PoRequestPowerIrp(driver.pdo, 0x55, state, nullptr, nullptr, nullptr),
                  STATUS_INVALID_PARAMETER_2);
    }));
}

TEST_F(PowerTest, ManyRequestsAreSentOnAStackOfOneDepth) {
    constexpr unsigned limit = 1024;
    driver.power = [&](PDEVICE_OBJECT, PIRP irp) { return TestDriver::complete(irp, STATUS_SUCCESS); };
    static unsigned done;
    static std::uint64_t highest_frame;
    static std::uint64_t lowest_frame;
    done = 0;
    highest_frame = 0;
    lowest_frame = ~0ull;
    const auto completion = [](PDEVICE_OBJECT, UCHAR, POWER_STATE, PVOID, PIO_STATUS_BLOCK) NTAPI {
        ++done;
        const auto frame = reinterpret_cast<std::uint64_t>(__builtin_frame_address(0));
        highest_frame = std::max(highest_frame, frame);
        lowest_frame = std::min(lowest_frame, frame);
    };
    unsigned accepted = 0;
    EXPECT_TRUE(kernel.run([&] {
        POWER_STATE state;
        state.DeviceState = PowerDeviceD0;
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        while (PoRequestPowerIrp(driver.pdo, IRP_MN_SET_POWER, state, completion, nullptr, nullptr) ==
               STATUS_PENDING) {
            ++accepted;
        }
        KeLowerIrql(old);
    }));
    EXPECT_EQ(accepted, limit + 1);  // one is on its way
    kernel.settle(second_ns);
    EXPECT_EQ(done, accepted);
    EXPECT_EQ(highest_frame, lowest_frame);
}

TEST_F(PowerTest, RequestedAtDispatchSentAtPassive) {
    EXPECT_TRUE(kernel.run([&] {
        KIRQL irql;
        KeRaiseIrql(DISPATCH_LEVEL, &irql);
        POWER_STATE state;
        state.DeviceState = PowerDeviceD2;
        EXPECT_EQ(PoRequestPowerIrp(driver.pdo, IRP_MN_SET_POWER, state, nullptr, nullptr, nullptr),
                  STATUS_PENDING);
        EXPECT_THAT(log(), IsEmpty());
        KeLowerIrql(irql);
    }));
    kernel.settle(millisecond_ns);
    EXPECT_THAT(log(), ElementsAre("SET D2", "bus D2"));
}

TEST_F(PowerTest, IdleDeviceGoesToSleep) {
    PULONG counter = nullptr;
    EXPECT_TRUE(kernel.run([&] {
        counter = PoRegisterDeviceForIdleDetection(driver.pdo, 60, 3, PowerDeviceD3);
        ASSERT_NE(counter, nullptr);
    }));
    kernel.settle(2 * second_ns + 500 * millisecond_ns);
    EXPECT_TRUE(kernel.run([&] { PoSetDeviceBusy(counter); }));
    kernel.settle(2 * second_ns);
    EXPECT_THAT(log(), IsEmpty());
    kernel.settle(2 * second_ns);
    EXPECT_THAT(log(), ElementsAre("SET D3", "bus D3"));
    kernel.settle(10 * second_ns);
    EXPECT_EQ(log().size(), 2u);
    EXPECT_TRUE(kernel.run(
        [&] { EXPECT_EQ(PoRegisterDeviceForIdleDetection(driver.pdo, 0, 0, PowerDeviceD3), nullptr); }));
}

TEST_F(PowerTest, SetPowerStateReturnsTheOneBefore) {
    EXPECT_TRUE(kernel.run([&] {
        POWER_STATE state;
        state.DeviceState = PowerDeviceD1;
        PoSetPowerState(driver.fdo, DevicePowerState, state);
        state.DeviceState = PowerDeviceD2;
        EXPECT_EQ(PoSetPowerState(driver.fdo, DevicePowerState, state).DeviceState, PowerDeviceD1);
        EXPECT_EQ(node->device_power, PowerDeviceD2);
    }));
}

TEST_F(PowerTest, SettingsAreToldAtRegistration) {
    static ULONG value;
    value = 77;
    void* handle = nullptr;
    EXPECT_TRUE(kernel.run([&] {
        const GUID power_source{0x5d3e9a59, 0xe9d5, 0x4b00, {0xa6, 0xbd, 0xff, 0x34, 0xff, 0x51, 0x65, 0x48}};
        EXPECT_EQ(PoRegisterPowerSettingCallback(
                      nullptr, &power_source,
                      [](LPCGUID, PVOID data, ULONG, PVOID) NTAPI -> NTSTATUS {
                          value = *static_cast<PULONG>(data);
                          return STATUS_SUCCESS;
                      },
                      nullptr, &handle),
                  STATUS_SUCCESS);
    }));
    kernel.settle(millisecond_ns);
    EXPECT_EQ(value, 0u);
    EXPECT_TRUE(kernel.run([&] {
        EXPECT_EQ(PoUnregisterPowerSettingCallback(handle), STATUS_SUCCESS);
        EXPECT_EQ(PoUnregisterPowerSettingCallback(handle), STATUS_INVALID_PARAMETER);
        void* const state = PoRegisterSystemState(nullptr, ES_SYSTEM_REQUIRED | ES_CONTINUOUS);
        EXPECT_NE(state, nullptr);
        PoUnregisterSystemState(state);
    }));
}

constexpr GUID power_source{0x5d3e9a59, 0xe9d5, 0x4b00, {0xa6, 0xbd, 0xff, 0x34, 0xff, 0x51, 0x65, 0x48}};

struct Registered {
    void* handle = nullptr;
    bool waits = false;
    bool ended = false;
    ULONG seen = 77;
};

TEST_F(PowerTest, ASettingsCallbackMayUnregisterItself) {
    Registered own;
    EXPECT_TRUE(kernel.run([&] {
        EXPECT_EQ(PoRegisterPowerSettingCallback(
                      nullptr, &power_source,
                      [](LPCGUID setting, PVOID data, ULONG, PVOID context) NTAPI -> NTSTATUS {
                          auto& registered = *static_cast<Registered*>(context);
                          EXPECT_EQ(PoUnregisterPowerSettingCallback(registered.handle), STATUS_SUCCESS);
                          EXPECT_EQ(setting->Data1, power_source.Data1);
                          registered.seen = *static_cast<PULONG>(data);
                          return STATUS_SUCCESS;
                      },
                      &own, &own.handle),
                  STATUS_SUCCESS);
    }));
    kernel.settle(millisecond_ns);
    EXPECT_EQ(own.seen, 0u);
    EXPECT_FALSE(nt::ex::owns(own.handle));
}

TEST_F(PowerTest, UnregisteringWaitsForASettingsCallback) {
    Registered own;
    EXPECT_TRUE(kernel.run([&] {
        EXPECT_EQ(PoRegisterPowerSettingCallback(
                      nullptr, &power_source,
                      [](LPCGUID, PVOID data, ULONG, PVOID context) NTAPI -> NTSTATUS {
                          auto& registered = *static_cast<Registered*>(context);
                          registered.waits = true;
                          LARGE_INTEGER interval = relative_ms(100);
                          KeDelayExecutionThread(KernelMode, FALSE, &interval);
                          registered.seen = *static_cast<PULONG>(data);
                          registered.ended = true;
                          return STATUS_SUCCESS;
                      },
                      &own, &own.handle),
                  STATUS_SUCCESS);
    }));
    kernel.settle(millisecond_ns);
    ASSERT_TRUE(own.waits);
    EXPECT_TRUE(kernel.run([&] {
        EXPECT_EQ(PoUnregisterPowerSettingCallback(own.handle), STATUS_SUCCESS);
        EXPECT_TRUE(own.ended);
    }));
    EXPECT_EQ(own.seen, 0u);
    EXPECT_FALSE(nt::ex::owns(own.handle));
}

TEST_F(PowerTest, ShutdownIsAnnounced) {
    EXPECT_TRUE(kernel.run([&] {
        driver.object->MajorFunction[IRP_MJ_SHUTDOWN] = [](PDEVICE_OBJECT, PIRP irp) NTAPI -> NTSTATUS {
            log().push_back("SHUTDOWN");
            return TestDriver::complete(irp, STATUS_SUCCESS);
        };
        EXPECT_EQ(IoRegisterShutdownNotification(driver.fdo), STATUS_SUCCESS);
    }));
    EXPECT_EQ(set_system(PowerSystemShutdown), STATUS_SUCCESS);
    EXPECT_THAT(log(), ElementsAre("QUERY S5", "SHUTDOWN", "SET S5", "SET D3", "bus D3"));
}

}  // namespace
}  // namespace portico::test::po_power_test
