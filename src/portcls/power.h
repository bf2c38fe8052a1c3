// The adapter's power state, as the rest of PortCls sees it (LC-030..LC-036). PASSIVE_LEVEL.
#pragma once

#include "portcls.h"

namespace portico::portcls {

struct AdapterDevice;

// Brings the device to D0 unless it is there (LC-035, MM-038); without the control lock. Fails while the
// system sleeps, and when the power IRP is kept from PortCls, which is told (FN-021).
NTSTATUS wake(AdapterDevice& adapter);

// A device power IRP of PortCls' own; waits for its end.
NTSTATUS request_device_power(AdapterDevice& adapter, DEVICE_POWER_STATE state);

// PcRegisterAdapterPowerManagement and its counterpart, which IPortClsPower offers, too (PP-001, PP-002).
NTSTATUS register_adapter_power(IUnknown* object, void* fdo);
NTSTATUS unregister_adapter_power(void* fdo);

}  // namespace portico::portcls
