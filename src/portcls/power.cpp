// IRP_MJ_POWER: the device's way between D0 and D3, and the system's sleep mapped to it (LC-030..LC-040).
#include "portcls/power.h"

#include "nt/io/irp.h"
#include "nt/po/po.h"
#include "nt/probes.h"
#include "portcls/adapter.h"
#include "portcls/memory.h"

namespace portico::portcls {
namespace {

POWER_STATE device_state(DEVICE_POWER_STATE state) {
    POWER_STATE power{};
    power.DeviceState = state;
    return power;
}

void tell_ports(AdapterDevice& adapter, void (NTAPI ISubdevice::*what)()) {
    AdapterPower::Callback callback(adapter.power);
    adapter.subdevices.for_each([&](Subdevice& s) { (s.port->*what)(); });
}

void notify_ports(AdapterDevice& adapter, DEVICE_POWER_STATE state) {
    AdapterPower::Callback callback(adapter.power);
    adapter.subdevices.for_each([&](Subdevice& s) { s.port->PowerNotify(device_state(state)); });
}

// AP-013: down: pause, notify, change; up: change, notify, resume. The state counts from the moment when
// streams stop until they may go on.
void power_down(AdapterDevice& adapter, DEVICE_POWER_STATE to) {
    const DEVICE_POWER_STATE from = adapter.power.device;
    adapter.power.device = to;
    if (from == PowerDeviceD0) tell_ports(adapter, &ISubdevice::PauseStreams);
    notify_ports(adapter, to);
    adapter.power.change(from, to, adapter.power.system);
}

void power_up(AdapterDevice& adapter) {
    adapter.power.change(adapter.power.device, PowerDeviceD0, adapter.power.system);
    notify_ports(adapter, PowerDeviceD0);
    adapter.power.device = PowerDeviceD0;
    tell_ports(adapter, &ISubdevice::ResumeStreams);
}

NTSTATUS finish(PIRP irp, NTSTATUS status) {
    return nt::io::complete(irp, status, irp->IoStatus.Information);
}

NTSTATUS set_device_power(AdapterDevice& adapter, PIRP irp, DEVICE_POWER_STATE to) {
    if (to == PowerDeviceD0) {
        ++adapter.power.wakes;
        const NTSTATUS status = forward_synchronously(adapter, irp);  // LC-032: the lower drivers first
        if (!NT_SUCCESS(status)) return finish(irp, status);
    }
    {
        ControlLock lock(adapter);
        if (!adapter.has_driver()) {
            adapter.power.device = to;
        } else if (to == PowerDeviceD0 && adapter.power.device != PowerDeviceD0) {
            power_up(adapter);
        } else if (to != PowerDeviceD0 && adapter.power.device != to) {
            power_down(adapter, to);
        }
        nt::po::note_device_state(adapter.fdo, to);
    }
    return to == PowerDeviceD0 ? finish(irp, STATUS_SUCCESS) : pass_down(adapter, irp);
}

DEVICE_POWER_STATE mapped(const AdapterDevice& adapter, SYSTEM_POWER_STATE state) {
    if (state == PowerSystemWorking) return PowerDeviceD0;
    const DEVICE_POWER_STATE to = state < PowerSystemMaximum ? adapter.power.mapping[state] : PowerDeviceD3;
    return to == PowerDeviceUnspecified ? PowerDeviceD3 : to;
}

// A system power IRP that waits for the device IRP that it needs.
struct SystemPowerRequest {
    AdapterDevice* adapter;
    PIRP irp;
    bool wakes;
};

void NTAPI device_follows(PDEVICE_OBJECT, UCHAR, POWER_STATE, PVOID context, PIO_STATUS_BLOCK) {
    auto* const request = static_cast<SystemPowerRequest*>(context);
    const SystemPowerRequest done = *request;
    release(request);
    if (done.wakes) {
        finish(done.irp, STATUS_SUCCESS);
    } else {
        // This driver's location is marked pending: the next one gets its own.
        IoCopyCurrentIrpStackLocationToNext(done.irp);
        nt::io::call_driver(done.adapter->lower, done.irp);
    }
}

// LC-040. Going down the device follows before the lower drivers sleep, coming up after they are awake.
NTSTATUS set_system_power(AdapterDevice& adapter, PIRP irp, SYSTEM_POWER_STATE to) {
    const bool wakes = to == PowerSystemWorking;
    auto* const request =
        static_cast<SystemPowerRequest*>(allocate(NonPagedPool, sizeof(SystemPowerRequest)));
    if (request == nullptr) return finish(irp, STATUS_INSUFFICIENT_RESOURCES);
    *request = {&adapter, irp, wakes};
    if (wakes) forward_synchronously(adapter, irp);
    adapter.power.system = to;
    IoMarkIrpPending(irp);
    const NTSTATUS status = nt::po::request(adapter.pdo, IRP_MN_SET_POWER, device_state(mapped(adapter, to)),
                                            device_follows, request, nullptr);
    if (!NT_SUCCESS(status))
        device_follows(adapter.fdo, IRP_MN_SET_POWER, device_state(PowerDeviceD0), request, nullptr);
    return STATUS_PENDING;
}

NTSTATUS query_power(AdapterDevice& adapter, PIRP irp, DEVICE_POWER_STATE wanted) {
    const NTSTATUS status = adapter.has_driver() ? adapter.power.query(wanted) : STATUS_SUCCESS;
    if (!NT_SUCCESS(status)) return finish(irp, status);
    irp->IoStatus.Status = STATUS_SUCCESS;
    return pass_down(adapter, irp);
}

struct Waiting {
    KEVENT done;
    NTSTATUS status;
};

void NTAPI requested_power_done(PDEVICE_OBJECT, UCHAR, POWER_STATE, PVOID context,
                                PIO_STATUS_BLOCK io_status) {
    auto* const waiting = static_cast<Waiting*>(context);
    waiting->status = io_status->Status;
    nt::ke::set_event(&waiting->done);
}

}  // namespace

NTSTATUS request_device_power(AdapterDevice& adapter, DEVICE_POWER_STATE state) {
    Waiting waiting;
    nt::ke::initialize_event(&waiting.done, NotificationEvent, false);
    const NTSTATUS status = nt::po::request(adapter.pdo, IRP_MN_SET_POWER, device_state(state),
                                            requested_power_done, &waiting, nullptr);
    if (!NT_SUCCESS(status)) return status;
    nt::ke::wait(&waiting.done, KernelMode, false, nullptr);
    return waiting.status;
}

NTSTATUS wake(AdapterDevice& adapter) {
    if (adapter.power.device == PowerDeviceD0) return STATUS_SUCCESS;
    if (adapter.power.system != PowerSystemWorking) return STATUS_DEVICE_NOT_READY;
    // A driver that uses its own filter inside a power callback would wait for itself.
    if (adapter.power.in_callback()) return STATUS_INVALID_DEVICE_STATE;
    const std::uint64_t wakes = adapter.power.wakes;
    const NTSTATUS status = request_device_power(adapter, PowerDeviceD0);
    if (!NT_SUCCESS(status) || adapter.power.wakes != wakes) return status;
    PORTICO_PROBE(
        contract, "FN-021", adapter.fdo,
        "A device power IRP to D0 ended well and never reached PortCls: a driver's own IRP_MJ_POWER "
        "routine must hand it to PcDispatchIrp.");
    return STATUS_DEVICE_NOT_READY;
}

NTSTATUS dispatch_power(AdapterDevice& adapter, PIRP irp) {
    const PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    const bool is_device = stack->Parameters.Power.Type == DevicePowerState;
    const POWER_STATE to = stack->Parameters.Power.State;
    switch (stack->MinorFunction) {
        case IRP_MN_QUERY_POWER:
            return query_power(adapter, irp, is_device ? to.DeviceState : mapped(adapter, to.SystemState));
        case IRP_MN_SET_POWER:
            return is_device ? set_device_power(adapter, irp, to.DeviceState)
                             : set_system_power(adapter, irp, to.SystemState);
        default:
            return pass_down(adapter, irp);
    }
}

}  // namespace portico::portcls
