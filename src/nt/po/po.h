// The power manager: power IRPs to device stacks, one at a time for each device, and the state of the whole
// machine.
#pragma once

#include "nt/io/pnp.h"
#include "wdm.h"

namespace portico::nt::po {

// As after power-on. After io's devices are gone.
void reset();

// PoRequestPowerIrp: STATUS_PENDING, STATUS_INSUFFICIENT_RESOURCES, STATUS_INVALID_PARAMETER_2. IRQL <=
// DISPATCH_LEVEL.
NTSTATUS request(PDEVICE_OBJECT device, UCHAR minor, POWER_STATE state, PREQUEST_POWER_COMPLETE completion,
                 void* context, PIRP* irp);

// The device is in that state from now on; returns the one before. IRQL <= DISPATCH_LEVEL.
DEVICE_POWER_STATE note_device_state(PDEVICE_OBJECT device, DEVICE_POWER_STATE state);

// What the owner of the device's power policy does: asks (on the way down), then sets, and waits. A refusal
// is returned and nothing has changed. On the PnP manager's thread.
NTSTATUS change_device_power(io::DeviceNode& node, DEVICE_POWER_STATE state);
// Every started device, children first on the way down and last on the way up. When one refuses, those that
// were asked are told that the machine stays where it is. On the PnP manager's thread.
NTSTATUS change_system_power(SYSTEM_POWER_STATE state);
SYSTEM_POWER_STATE system_power();

// What PoRegisterDeviceForIdleDetection and its companions do. Both times 0: none any more, null. The counter
// is set to 0 when the device is used.
ULONG* register_idle(PDEVICE_OBJECT device, ULONG conservation_s, ULONG performance_s,
                     DEVICE_POWER_STATE state);
void start_busy(ULONG* counter);
void end_busy(ULONG* counter);

// The device is being deleted: no idle detection for it any more.
void forget_device(PDEVICE_OBJECT device);

}  // namespace portico::nt::po
