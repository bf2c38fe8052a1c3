// IPortClsPower of every port (PP-001..PP-003): the adapter's power management by way of a port.
#include "nt/ddi.h"
#include "portcls/adapter.h"
#include "portcls/port_base.h"
#include "portcls/power.h"

namespace portico::portcls {

NTSTATUS PortPower::register_adapter(PUNKNOWN object, PDEVICE_OBJECT device) {
    DDI_METHOD("IPortClsPower::RegisterAdapterPowerManagement", PASSIVE_LEVEL);
    return register_adapter_power(object, device);
}

NTSTATUS PortPower::unregister_adapter(PDEVICE_OBJECT device) {
    DDI_METHOD("IPortClsPower::UnregisterAdapterPowerManagement", PASSIVE_LEVEL);
    return unregister_adapter_power(device);
}

NTSTATUS PortPower::set_idle(PDEVICE_OBJECT device, BOOLEAN enabled) {
    DDI_METHOD("IPortClsPower::SetIdlePowerManagement", PASSIVE_LEVEL);
    AdapterDevice* const adapter = adapter_argument(
        device, "PP-002",
        "IPortClsPower::SetIdlePowerManagement was given another device object than the adapter's.");
    if (adapter == nullptr) return STATUS_INVALID_PARAMETER;
    ControlLock lock(*adapter);
    if (adapter->state == AdapterState::removed) return status_gone;
    adapter->idle.allow(enabled != FALSE);
    return STATUS_SUCCESS;
}

}  // namespace portico::portcls
