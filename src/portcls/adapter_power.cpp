#include "portcls/adapter_power.h"

#include <utility>

#include "nt/probes.h"
#include "portcls/adapter.h"
#include "portcls/power.h"

namespace portico::portcls {
namespace {

// What the system demands of every adapter.
PC_EXIT_LATENCY exit_latency = PcExitLatencyInstant;

// AP-003; 0: "instant" names no number.
Nanoseconds limit_of(PC_EXIT_LATENCY latency) {
    if (latency == PcExitLatencyFast) return 10 * millisecond_ns;
    return latency == PcExitLatencyResponsive ? 200 * millisecond_ns : 0;
}

}  // namespace

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

void AdapterPower::change(DEVICE_POWER_STATE from, DEVICE_POWER_STATE to, SYSTEM_POWER_STATE system_state) {
    Callback callback(*this);
    if (three_) {
        change3(from, to, system_state);
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

// AP-040: the latency counts when D3 is left. It is then kept, or told as broken.
void AdapterPower::change3(DEVICE_POWER_STATE from, DEVICE_POWER_STATE to, SYSTEM_POWER_STATE system_state) {
    const bool leaves_d3 = from == PowerDeviceD3 && to != PowerDeviceD3;
    const PC_EXIT_LATENCY latency = leaves_d3 ? exit_latency : PcExitLatencyInstant;
    const Nanoseconds begin_ns = sim::this_processor->at_ns;
    {
        nt::DriverCall call("IAdapterPowerManagement3::PowerChangeState3", method_of(three_.get(), 7));
        three_->PowerChangeState3(to, system_state, latency);
    }
    const Nanoseconds limit_ns = limit_of(latency);
    if (limit_ns == 0 || sim::this_processor->at_ns - begin_ns <= limit_ns) return;
    PORTICO_PROBE(contract, "AP-041", three_.get(),
                  "PowerChangeState3 took longer to leave D3 than the exit latency that it was given.");
}

// AP-041: only while the device is in D3.
void AdapterPower::exit_latency_changed(PC_EXIT_LATENCY latency) {
    if (!three_ || device != PowerDeviceD3) return;
    Callback callback(*this);
    nt::DriverCall call("IAdapterPowerManagement3::D3ExitLatencyChanged", method_of(three_.get(), 8));
    call.returned(three_->D3ExitLatencyChanged(latency));
}

void demand_exit_latency(PC_EXIT_LATENCY latency) {
    if (std::exchange(exit_latency, latency) == latency) return;
    unsigned next = 0;
    while (AdapterDevice* const adapter = adapter_from(next)) {
        next = adapter->index + 1;  // it may be gone when the lock is let go of
        ControlLock lock(*adapter);
        adapter->power.exit_latency_changed(latency);
    }
}

void reset_exit_latency() {
    exit_latency = PcExitLatencyInstant;
}

NTSTATUS AdapterPower::query_capabilities(PDEVICE_CAPABILITIES capabilities) {
    IAdapterPowerManagement* const adapter = base();
    if (adapter == nullptr) return STATUS_SUCCESS;
    Callback callback(*this);
    nt::DriverCall call("IAdapterPowerManagement::QueryDeviceCapabilities", method_of(adapter, 5));
    return call.returned(adapter->QueryDeviceCapabilities(capabilities));
}

NTSTATUS register_adapter_power(IUnknown* object, void* fdo) {
    if (object == nullptr || passed_dead(object)) return STATUS_INVALID_PARAMETER;
    AdapterDevice* const adapter = adapter_argument(
        fdo, "FN-141", "PcRegisterAdapterPowerManagement was given another context than the adapter's FDO.");
    if (adapter == nullptr) return STATUS_INVALID_PARAMETER;
    ControlLock lock(*adapter);
    if (adapter->state == AdapterState::removed) return status_gone;
    if (adapter->power.registered()) {
        PORTICO_PROBE(contract, "FN-140", object,
                      "PcRegisterAdapterPowerManagement was called twice for one device.");
        adapter->power.unregister();
    }
    return adapter->power.register_interface(object);
}

NTSTATUS unregister_adapter_power(void* fdo) {
    AdapterDevice* const adapter = adapter_argument(
        fdo, "FN-142",
        "PcUnregisterAdapterPowerManagement was given another device object than the adapter's.");
    if (adapter == nullptr) return STATUS_INVALID_PARAMETER;
    ControlLock lock(*adapter);
    if (adapter->power.unregistering()) return STATUS_SUCCESS;
    if (!adapter->power.registered()) {
        PORTICO_PROBE(contract, "FN-143", fdo,
                      "PcUnregisterAdapterPowerManagement was called without a registration.");
        return STATUS_UNSUCCESSFUL;
    }
    adapter->power.unregister();
    return STATUS_SUCCESS;
}

}  // namespace portico::portcls

using namespace portico;
using namespace portico::portcls;

NTSTATUS NTAPI PcRegisterAdapterPowerManagement(PUNKNOWN Unknown, PVOID pvContext1) {
    DDI(PcRegisterAdapterPowerManagement, PASSIVE_LEVEL);
    return register_adapter_power(Unknown, pvContext1);
}

NTSTATUS NTAPI PcUnregisterAdapterPowerManagement(PDEVICE_OBJECT pDeviceObject) {
    DDI(PcUnregisterAdapterPowerManagement, PASSIVE_LEVEL);
    return unregister_adapter_power(pDeviceObject);
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
