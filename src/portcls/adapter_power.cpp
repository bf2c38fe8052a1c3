#include "portcls/adapter_power.h"

#include "nt/probes.h"
#include "portcls/adapter.h"
#include "portcls/power.h"

namespace portico::portcls {

NTSTATUS AdapterPower::register_interface(IUnknown* object) {
    if (NT_SUCCESS(three_.query(object, IID_IAdapterPowerManagement3))) return STATUS_SUCCESS;
    if (NT_SUCCESS(two_.query(object, IID_IAdapterPowerManagement2))) return STATUS_SUCCESS;
    return one_.query(object, IID_IAdapterPowerManagement);
}

void AdapterPower::unregister() {
    unregistering_ = true;
    one_.reset();
    two_.reset();
    three_.reset();
    unregistering_ = false;
}

// The methods of version 1 have the same slots in all versions (AP-002).
IAdapterPowerManagement* AdapterPower::base() const {
    if (three_) return reinterpret_cast<IAdapterPowerManagement*>(three_.get());
    if (two_) return reinterpret_cast<IAdapterPowerManagement*>(two_.get());
    return one_.get();
}

NTSTATUS AdapterPower::query(DEVICE_POWER_STATE state) {
    IAdapterPowerManagement* const adapter = base();
    if (adapter == nullptr) return STATUS_SUCCESS;
    POWER_STATE wanted{};
    wanted.DeviceState = state;
    Callback callback(*this);
    nt::DriverCall call("IAdapterPowerManagement::QueryPowerChangeState", method_of(adapter, 4));
    return call.returned(adapter->QueryPowerChangeState(wanted));
}

void AdapterPower::change(DEVICE_POWER_STATE to, SYSTEM_POWER_STATE system_state) {
    Callback callback(*this);
    if (three_) {
        nt::DriverCall call("IAdapterPowerManagement3::PowerChangeState3", method_of(three_.get(), 7));
        // AP-040: nobody promises a slower wake, so leaving D3 may take no longer than the other transitions.
        three_->PowerChangeState3(to, system_state, PcExitLatencyInstant);
    } else if (two_) {
        nt::DriverCall call("IAdapterPowerManagement2::PowerChangeState2", method_of(two_.get(), 6));
        two_->PowerChangeState2(to, system_state);
    } else if (one_) {
        POWER_STATE state{};
        state.DeviceState = to;
        nt::DriverCall call("IAdapterPowerManagement::PowerChangeState", method_of(one_.get(), 3));
        one_->PowerChangeState(state);
    }
}

NTSTATUS AdapterPower::query_capabilities(PDEVICE_CAPABILITIES capabilities) {
    IAdapterPowerManagement* const adapter = base();
    if (adapter == nullptr) return STATUS_SUCCESS;
    Callback callback(*this);
    nt::DriverCall call("IAdapterPowerManagement::QueryDeviceCapabilities", method_of(adapter, 5));
    return call.returned(adapter->QueryDeviceCapabilities(capabilities));
}

}  // namespace portico::portcls

using namespace portico;
using namespace portico::portcls;

NTSTATUS NTAPI PcRegisterAdapterPowerManagement(PUNKNOWN Unknown, PVOID pvContext1) {
    DDI(PcRegisterAdapterPowerManagement, PASSIVE_LEVEL);
    if (Unknown == nullptr || passed_freed(Unknown)) return STATUS_INVALID_PARAMETER;
    AdapterDevice* const adapter = adapter_argument(
        pvContext1, "FN-141",
        "PcRegisterAdapterPowerManagement was given another context than the adapter's FDO.");
    if (adapter == nullptr) return STATUS_INVALID_PARAMETER;
    if (adapter->power.registered()) {
        PORTICO_PROBE(contract, "FN-140", Unknown,
                      "PcRegisterAdapterPowerManagement was called twice for one device.");
        adapter->power.unregister();
    }
    return adapter->power.register_interface(Unknown);
}

NTSTATUS NTAPI PcUnregisterAdapterPowerManagement(PDEVICE_OBJECT pDeviceObject) {
    DDI(PcUnregisterAdapterPowerManagement, PASSIVE_LEVEL);
    AdapterDevice* const adapter = adapter_argument(
        pDeviceObject, "FN-142",
        "PcUnregisterAdapterPowerManagement was given another device object than the adapter's.");
    if (adapter == nullptr) return STATUS_INVALID_PARAMETER;
    if (adapter->power.unregistering()) return STATUS_SUCCESS;
    if (!adapter->power.registered()) {
        PORTICO_PROBE(contract, "FN-143", pDeviceObject,
                      "PcUnregisterAdapterPowerManagement was called without a registration.");
        return STATUS_UNSUCCESSFUL;
    }
    adapter->power.unregister();
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI PcRequestNewPowerState(PDEVICE_OBJECT pDeviceObject, DEVICE_POWER_STATE RequestedNewState) {
    DDI(PcRequestNewPowerState, PASSIVE_LEVEL);
    AdapterDevice* const adapter =
        adapter_argument(pDeviceObject, "FN-145",
                         "PcRequestNewPowerState was given another device object than the adapter's.");
    if (adapter == nullptr) return STATUS_INVALID_PARAMETER;
    if (RequestedNewState < PowerDeviceD0 || RequestedNewState > PowerDeviceD3) {
        PORTICO_PROBE(contract, "FN-145", pDeviceObject,
                      "PcRequestNewPowerState was asked for a state that is not D0..D3.");
        return STATUS_INVALID_PARAMETER;
    }
    if (adapter->power.in_callback()) {
        PORTICO_PROBE(contract, "FN-145", pDeviceObject,
                      "PcRequestNewPowerState was called inside a power callback: it would deadlock.");
        return STATUS_INVALID_DEVICE_STATE;
    }
    return request_device_power(*adapter, RequestedNewState);
}
