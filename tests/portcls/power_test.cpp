#include <gmock/gmock.h>

#include "adapter_test.h"
#include "fake_power.h"
#include "nt/io/file.h"
#include "nt/io/interfaces.h"
#include "portcls/power.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using nt::io::PnpAction;
using test::Adapter1;
using test::Adapter2;
using test::Adapter3;
using test::Contracts;
using test::FakeMiniport;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct PowerTest : test::AdapterTest {
    FakeMiniport miniport;
    Adapter1 power{log};

    void start_with(IUnknown* power_object) {
        on_start = [this, power_object](auto...) {
            if (power_object != nullptr) {
                EXPECT_EQ(PcRegisterAdapterPowerManagement(power_object, fdo), STATUS_SUCCESS);
            }
            register_port(miniport, u"Uart");
            return STATUS_SUCCESS;
        };
        ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
        take_log();
    }
    NTSTATUS ask_capabilities(DEVICE_CAPABILITIES& capabilities) {
        PIRP const irp = nt::io::allocate_irp(fdo->StackSize);
        const PIO_STACK_LOCATION stack = IoGetNextIrpStackLocation(irp);
        irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
        stack->MajorFunction = IRP_MJ_PNP;
        stack->MinorFunction = IRP_MN_QUERY_CAPABILITIES;
        stack->Parameters.DeviceCapabilities.Capabilities = &capabilities;
        return nt::io::call_and_wait(fdo, irp, nullptr);
    }
    // A driver's own IRP_MJ_POWER, which keeps D0 to itself.
    static NTSTATUS NTAPI keeps_d0(PDEVICE_OBJECT device, PIRP irp) {
        const PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
        if (stack->MinorFunction != IRP_MN_SET_POWER || stack->Parameters.Power.Type != DevicePowerState ||
            stack->Parameters.Power.State.DeviceState != PowerDeviceD0) {
            return PcDispatchIrp(device, irp);
        }
        PoStartNextPowerIrp(irp);
        return nt::io::complete(irp, STATUS_SUCCESS, 0);
    }
    NTSTATUS set_system(SYSTEM_POWER_STATE state) {
        nt::io::PnpRequest request;
        request.action = PnpAction::set_system_power;
        request.system_power = state;
        return nt::io::perform(request);
    }
};

TEST_F(PowerTest, GoesDownAndUpInTheDocumentedOrder) {
    start_with(&power);
    REQUIRES("AP-018");
    EXPECT_EQ(PowerDeviceD0, 1);
    EXPECT_EQ(PowerDeviceD3, 4);
    REQUIRES("LC-031"), REQUIRES("AP-013"), REQUIRES("LC-036"), REQUIRES("AP-020");
    ASSERT_EQ(set_power(PowerDeviceD3), STATUS_SUCCESS);
    EXPECT_THAT(take_log(), ElementsAre("query D3", "pause", "notify D3", "change D3", "bus D3"));
    REQUIRES("AP-010"), REQUIRES("AP-015");
    EXPECT_EQ(power.irql, PASSIVE_LEVEL);
    REQUIRES("LC-032");
    ASSERT_EQ(set_power(PowerDeviceD0), STATUS_SUCCESS);
    EXPECT_THAT(take_log(), ElementsAre("bus D0", "change D0", "notify D0", "resume"));
    REQUIRES("FN-140");
    EXPECT_EQ(power.references, 2);
    ASSERT_EQ(perform(PnpAction::disable), STATUS_SUCCESS);
    EXPECT_EQ(power.references, 1);
    EXPECT_THAT(Contracts::take(), IsEmpty());
}

TEST_F(PowerTest, StatesBetweenDoNotPauseTwice) {
    node->d1 = true;
    start_with(&power);
    ASSERT_EQ(set_power(PowerDeviceD1), STATUS_SUCCESS);
    EXPECT_THAT(take_log(), ElementsAre("query D1", "pause", "notify D1", "change D1", "bus D1"));
    ASSERT_EQ(set_power(PowerDeviceD3), STATUS_SUCCESS);
    EXPECT_THAT(take_log(), ElementsAre("query D3", "notify D3", "change D3", "bus D3"));
    ASSERT_EQ(set_power(PowerDeviceD3), STATUS_SUCCESS);
    EXPECT_THAT(take_log(), ::testing::Not(::testing::Contains("change D3"))) << "it is there already";
}

TEST_F(PowerTest, TheDriverMayRefuse) {
    start_with(&power);
    power.query_status = STATUS_DEVICE_BUSY;
    REQUIRES("AP-020");
    EXPECT_EQ(set_power(PowerDeviceD3), STATUS_DEVICE_BUSY);
    EXPECT_THAT(take_log(), ElementsAre("query D3"));
    EXPECT_EQ(adapter().power.device, PowerDeviceD0);
}

TEST_F(PowerTest, WithoutAnInterfaceEverythingIsAllowed) {
    start_with(nullptr);
    REQUIRES("AP-005"), REQUIRES("LC-036");
    EXPECT_EQ(set_power(PowerDeviceD3), STATUS_SUCCESS);
    EXPECT_THAT(take_log(), ElementsAre("pause", "notify D3", "bus D3"));
}

TEST_F(PowerTest, TheNewestVersionIsUsed) {
    Adapter2 two(log);
    start_with(&two);
    REQUIRES("AP-004"), REQUIRES("AP-040"), REQUIRES("AP-002");
    ASSERT_EQ(set_power(PowerDeviceD3), STATUS_SUCCESS);
    EXPECT_THAT(take_log(), ElementsAre("query D3", "pause", "notify D3", "change2 D3 S0", "bus D3"));
    ASSERT_EQ(perform(PnpAction::disable), STATUS_SUCCESS);

    Adapter3 three(log);
    on_start = [&](auto...) { return PcRegisterAdapterPowerManagement(&three, fdo); };
    ASSERT_EQ(perform(PnpAction::enable), STATUS_SUCCESS);
    take_log();
    ASSERT_EQ(set_power(PowerDeviceD3), STATUS_SUCCESS);
    EXPECT_THAT(take_log(), ElementsAre("query D3", "change3 D3 latency 0", "bus D3"));
    ASSERT_EQ(perform(PnpAction::disable), STATUS_SUCCESS);
    EXPECT_EQ(two.references, 1);
    EXPECT_EQ(three.references, 1);
}

TEST_F(PowerTest, AnObjectWithoutTheInterfaceIsRefused) {
    test::FakeSink sink;
    on_start = [&](auto...) {
        REQUIRES("FN-140");
        EXPECT_FALSE(NT_SUCCESS(PcRegisterAdapterPowerManagement(&sink, fdo)));
        EXPECT_EQ(sink.references, 1);
        REQUIRES("FN-141");
        EXPECT_EQ(PcRegisterAdapterPowerManagement(&power, node->pdo), STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-141"));
        EXPECT_EQ(PcRegisterAdapterPowerManagement(&power, fdo), STATUS_SUCCESS);
        EXPECT_EQ(PcRegisterAdapterPowerManagement(&power, fdo), STATUS_SUCCESS);
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-140")) << "registered twice";
        REQUIRES("FN-142");
        EXPECT_EQ(PcUnregisterAdapterPowerManagement(fdo), STATUS_SUCCESS);
        EXPECT_EQ(power.references, 1);
        REQUIRES("FN-143");
        EXPECT_FALSE(NT_SUCCESS(PcUnregisterAdapterPowerManagement(fdo)));
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-143"));
        return STATUS_SUCCESS;
    };
    ASSERT_EQ(perform(PnpAction::start), STATUS_SUCCESS);
}

TEST_F(PowerTest, SuccessWithoutAnInterfaceIsNone) {
    // IU-012: says yes and gives nothing. IU-008: says no and leaves something.
    struct Liar : test::Fake<IAdapterPnpManagement> {
        NTSTATUS STDMETHODCALLTYPE QueryInterface(REFIID id, PVOID* out) override {
            *out = IsEqualGUID(id, IID_IAdapterPowerManagement) ? nullptr : this;
            return IsEqualGUID(id, IID_IAdapterPowerManagement) ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
        }
        PC_REBALANCE_TYPE STDMETHODCALLTYPE GetSupportedRebalanceType() override {
            return PcRebalanceNotSupported;
        }
        void STDMETHODCALLTYPE PnpQueryStop() override {}
        void STDMETHODCALLTYPE PnpCancelStop() override {}
        void STDMETHODCALLTYPE PnpStop() override {}
    } liar;
    start_with(nullptr);
    run([&] {
        REQUIRES("IU-008"), REQUIRES("IU-012");
        EXPECT_FALSE(NT_SUCCESS(PcRegisterAdapterPowerManagement(&liar, fdo)));
        EXPECT_FALSE(NT_SUCCESS(PcRegisterAdapterPnpManagement(&liar, fdo)));
        EXPECT_EQ(liar.references, 1);
    });
}

TEST_F(PowerTest, AnAdapterThatRegistersInAddDeviceSeesTheFirstCapabilities) {
    after_add = [&] { EXPECT_EQ(PcRegisterAdapterPowerManagement(&power, fdo), STATUS_SUCCESS); };
    ASSERT_EQ(perform(PnpAction::add_device), STATUS_SUCCESS);
    take_log();
    run([&] {
        DEVICE_CAPABILITIES capabilities{};
        capabilities.Size = sizeof capabilities;
        capabilities.Version = 1;
        REQUIRES("AP-032"), REQUIRES("CX-007"), REQUIRES("LC-005");
        EXPECT_EQ(ask_capabilities(capabilities), STATUS_SUCCESS) << "before the start";
        EXPECT_THAT(take_log(), ElementsAre("capabilities"));
    });
}

TEST_F(PowerTest, AnOpenWakesTheDevice) {
    start_with(&power);
    ASSERT_EQ(set_power(PowerDeviceD3), STATUS_SUCCESS);
    take_log();
    run([&] {
        const WCHAR* const link = nt::io::visible_interface(0, nullptr)->link;
        const auto bytes = static_cast<USHORT>(nt::io::wide_length(link) * sizeof(WCHAR));
        HANDLE handle = nullptr;
        REQUIRES("LC-035"), REQUIRES("MM-038"), REQUIRES("AP-014");
        ASSERT_EQ(nt::io::open_file({bytes, bytes, const_cast<WCHAR*>(link)}, GENERIC_READ, false, KernelMode,
                                    &handle),
                  STATUS_SUCCESS);
        EXPECT_THAT(take_log(), ElementsAre("bus D0", "change D0", "notify D0", "resume", "create filter"));
        nt::ob::close(handle, KernelMode);
    });
}

TEST_F(PowerTest, TheDriverRequestsAState) {
    start_with(&power);
    run([&] {
        REQUIRES("FN-144");
        EXPECT_EQ(PcRequestNewPowerState(fdo, PowerDeviceD3), STATUS_SUCCESS);
        EXPECT_EQ(adapter().power.device, PowerDeviceD3);
        REQUIRES("AP-021");
        EXPECT_THAT(take_log(), ElementsAre("pause", "notify D3", "change D3", "bus D3"))
            << "set without a query";
        EXPECT_EQ(PcRequestNewPowerState(fdo, PowerDeviceD0), STATUS_SUCCESS);
        EXPECT_EQ(adapter().power.device, PowerDeviceD0);
        REQUIRES("FN-145");
        EXPECT_EQ(PcRequestNewPowerState(fdo, PowerDeviceUnspecified), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(PcRequestNewPowerState(node->pdo, PowerDeviceD3), STATUS_INVALID_PARAMETER);
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-145", "FN-145"));
        NTSTATUS inside = STATUS_PENDING;
        power.on_change = [&] { inside = PcRequestNewPowerState(fdo, PowerDeviceD0); };
        EXPECT_EQ(PcRequestNewPowerState(fdo, PowerDeviceD3), STATUS_SUCCESS);
        EXPECT_FALSE(NT_SUCCESS(inside));
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-145"));
        power.on_change = nullptr;
    });
}

TEST_F(PowerTest, SystemSleepMapsToADeviceState) {
    start_with(&power);
    REQUIRES("LC-040"), REQUIRES("LC-030");
    ASSERT_EQ(set_system(PowerSystemSleeping3), STATUS_SUCCESS);
    EXPECT_THAT(take_log(), ElementsAre("query D3", "pause", "notify D3", "change D3", "bus D3"));
    EXPECT_EQ(adapter().power.system, PowerSystemSleeping3);
    run([&] { EXPECT_EQ(wake(adapter()), STATUS_DEVICE_NOT_READY) << "the system sleeps"; });
    ASSERT_EQ(set_system(PowerSystemWorking), STATUS_SUCCESS);
    EXPECT_THAT(take_log(), ElementsAre("bus D0", "change D0", "notify D0", "resume"));
    EXPECT_EQ(adapter().power.device, PowerDeviceD0);
}

TEST_F(PowerTest, TheAdapterSeesTheCapabilitiesAndMayDeepenThem) {
    start_with(&power);
    run([&] {
        DEVICE_CAPABILITIES capabilities{};
        capabilities.Size = sizeof capabilities;
        capabilities.Version = 1;
        REQUIRES("AP-030");
        EXPECT_EQ(ask_capabilities(capabilities), STATUS_SUCCESS);
        EXPECT_THAT(take_log(), ElementsAre("capabilities"));
        EXPECT_EQ(capabilities.DeviceState[PowerSystemSleeping1], PowerDeviceD3);
        EXPECT_EQ(adapter().power.mapping[PowerSystemSleeping1], PowerDeviceD3);
        EXPECT_THAT(Contracts::take(), IsEmpty());
        power.sleeping1 = PowerDeviceD0;
        REQUIRES("AP-031");
        EXPECT_EQ(ask_capabilities(capabilities), STATUS_SUCCESS);
        EXPECT_THAT(Contracts::take(), ElementsAre("AP-031"));
    });
}

TEST_F(PowerTest, AdapterPnpManagementAndStreamResourcesAreAccepted) {
    struct Rebalance : test::Fake<IAdapterPnpManagement> {
        bool answers(const GUID& id) const override { return IsEqualGUID(id, IID_IAdapterPnpManagement); }
        PC_REBALANCE_TYPE STDMETHODCALLTYPE GetSupportedRebalanceType() override {
            return PcRebalanceNotSupported;
        }
        void STDMETHODCALLTYPE PnpQueryStop() override {}
        void STDMETHODCALLTYPE PnpCancelStop() override {}
        void STDMETHODCALLTYPE PnpStop() override {}
    } rebalance;
    start_with(nullptr);
    run([&] {
        REQUIRES("FN-146");
        EXPECT_EQ(PcRegisterAdapterPnpManagement(&rebalance, fdo), STATUS_SUCCESS);
        EXPECT_EQ(rebalance.references, 2);
        EXPECT_EQ(PcUnregisterAdapterPnpManagement(fdo), STATUS_SUCCESS);
        EXPECT_EQ(rebalance.references, 1);
        EXPECT_FALSE(NT_SUCCESS(PcUnregisterAdapterPnpManagement(fdo)));
        EXPECT_FALSE(NT_SUCCESS(PcRegisterAdapterPnpManagement(&power, fdo)));
        REQUIRES("FN-147");
        PCSTREAMRESOURCE_DESCRIPTOR descriptor{};
        descriptor.Size = sizeof descriptor;
        descriptor.Type = ePcStreamResourceThread;
        PCSTREAMRESOURCE handle = nullptr;
        EXPECT_EQ(PcAddStreamResource(node->pdo, nullptr, &descriptor, &handle), STATUS_SUCCESS);
        EXPECT_EQ(PcRemoveStreamResource(handle), STATUS_SUCCESS);
        EXPECT_EQ(PcRemoveStreamResource(nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(PcAddStreamResource(node->pdo, nullptr, nullptr, &handle), STATUS_INVALID_PARAMETER);
    });
}

TEST_F(PowerTest, ADriverThatKeepsThePowerIrpIsTold) {
    after_entry = [](PDRIVER_OBJECT object) { object->MajorFunction[IRP_MJ_POWER] = keeps_d0; };
    start_with(&power);
    ASSERT_EQ(set_power(PowerDeviceD3), STATUS_SUCCESS);
    take_log();
    run([&] {
        const WCHAR* const link = nt::io::visible_interface(0, nullptr)->link;
        const auto bytes = static_cast<USHORT>(nt::io::wide_length(link) * sizeof(WCHAR));
        HANDLE handle = nullptr;
        REQUIRES("FN-021"), REQUIRES("LC-035");
        EXPECT_EQ(nt::io::open_file({bytes, bytes, const_cast<WCHAR*>(link)}, GENERIC_READ, false, KernelMode,
                                    &handle),
                  STATUS_DEVICE_NOT_READY);
        EXPECT_THAT(Contracts::take(), ElementsAre("FN-021"));
    });
    EXPECT_THAT(take_log(), IsEmpty());
}

}  // namespace
}  // namespace portico::portcls
