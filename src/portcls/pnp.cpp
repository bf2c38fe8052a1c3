// IRP_MJ_PNP: start, stop, removal (LC-010..LC-012, LC-050..LC-058, FLD-003, FLD-008, FLD-009).
#include <algorithm>
#include <iterator>

#include "nt/io/irp.h"
#include "nt/probes.h"
#include "portcls/adapter.h"
#include "portcls/port_base.h"
#include "portcls/power.h"
#include "portcls/resource_list.h"

namespace portico::portcls {
namespace {

NTSTATUS finish(PIRP irp, NTSTATUS status) {
    return nt::io::complete(irp, status, irp->IoStatus.Information);
}

NTSTATUS pass_down_successfully(AdapterDevice& adapter, PIRP irp) {
    irp->IoStatus.Status = STATUS_SUCCESS;
    return pass_down(adapter, irp);
}

NTSTATUS call_start_device(AdapterDevice& adapter, PIRP irp, ResourceList* resources) {
    nt::DriverCall call("StartDevice", reinterpret_cast<const void*>(adapter.start_device));
    const NTSTATUS status = call.returned(adapter.start_device(adapter.fdo, irp, resources));
    if (status != STATUS_PENDING) return status;
    PORTICO_PROBE(contract, "LC-010", adapter.fdo,
                  "StartDevice returned STATUS_PENDING: its status ends the start IRP.");
    return STATUS_UNSUCCESSFUL;
}

NTSTATUS start_adapter(AdapterDevice& adapter, PIRP irp) {
    const PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    ResourceList* resources = nullptr;
    NTSTATUS status =
        ResourceList::create(PagedPool, stack->Parameters.StartDevice.AllocatedResourcesTranslated,
                             stack->Parameters.StartDevice.AllocatedResources, &resources);
    if (!NT_SUCCESS(status)) return status;
    const AdapterState before = adapter.state;
    adapter.state = AdapterState::starting;
    adapter.power.device = PowerDeviceD0;  // LC-016
    adapter.start_irp = irp;
    status = call_start_device(adapter, irp, resources);
    adapter.start_irp = nullptr;
    resources->dereference();  // LC-011
    check_extension(adapter);
    if (!NT_SUCCESS(status)) {
        tear_down(adapter, status_stopped);  // LC-012
        adapter.power.unregister();
        adapter.timeouts.clear();
        adapter.state = before;
        return status;
    }
    adapter.state = AdapterState::started;
    adapter.subdevices.enable_interfaces(true);  // FN-056
    adapter.timeouts.start();
    adapter.idle.start(adapter);
    return status;
}

NTSTATUS start(AdapterDevice& adapter, PIRP irp) {
    NTSTATUS status = forward_synchronously(adapter, irp);
    if (!NT_SUCCESS(status)) return finish(irp, status);
    {
        ControlLock lock(adapter);
        status = start_adapter(adapter, irp);
    }
    if (NT_SUCCESS(status)) {
        adapter.held_creates.resume(adapter);
    } else {
        adapter.held_creates.fail(STATUS_DEVICE_NOT_READY);
    }
    return finish(irp, status);
}

NTSTATUS query_stop(AdapterDevice& adapter, PIRP irp) {
    ControlLock lock(adapter);
    if (adapter.subdevices.open_pins() != 0) return finish(irp, STATUS_DEVICE_BUSY);  // LC-051
    adapter.state_before_query = adapter.state;
    if (adapter.state == AdapterState::started) adapter.state = AdapterState::stop_pending;
    return pass_down_successfully(adapter, irp);
}

NTSTATUS query_remove(AdapterDevice& adapter, PIRP irp) {
    ControlLock lock(adapter);
    if (adapter.open_files != 0) return finish(irp, STATUS_DEVICE_BUSY);  // LC-053
    adapter.state_before_query = adapter.state;
    adapter.state = AdapterState::remove_pending;
    return pass_down_successfully(adapter, irp);
}

// CANCEL_STOP and CANCEL_REMOVE also come without a query that was asked of this driver.
NTSTATUS cancel_query(AdapterDevice& adapter, PIRP irp, AdapterState pending) {
    const NTSTATUS status = forward_synchronously(adapter, irp);
    if (adapter.state == pending) {
        {
            ControlLock lock(adapter);
            adapter.state = adapter.state_before_query;
        }
        adapter.held_creates.resume(adapter);
    }
    return finish(irp, status);
}

// FLD-009: what takes a driver down may touch its hardware.
void wake_to_take_down(AdapterDevice& adapter) {
    adapter.idle.stop();
    if (adapter.has_driver()) wake(adapter);
}

NTSTATUS stop(AdapterDevice& adapter, PIRP irp) {
    wake_to_take_down(adapter);
    ControlLock lock(adapter);
    adapter.state = AdapterState::stopped;
    tear_down(adapter, status_stopped);  // LC-052
    adapter.power.unregister();          // the next StartDevice registers anew
    return pass_down_successfully(adapter, irp);
}

NTSTATUS surprise_removal(AdapterDevice& adapter, PIRP irp) {
    {
        ControlLock lock(adapter);
        adapter.state = AdapterState::surprise_removed;
        adapter.held_creates.fail(status_gone);
        adapter.idle.stop();
        adapter.timeouts.stop();
        adapter.subdevices.enable_interfaces(false);
        adapter.subdevices.for_each([](Subdevice& s) { s.port->StopStreams(status_gone); });
    }
    return pass_down_successfully(adapter, irp);
}

// FLD-009: the device stays in D0 and keeps its resources until the last miniport is gone; only then the
// lower drivers hear of the removal.
void release_everything(AdapterDevice& adapter) {
    wake_to_take_down(adapter);
    {
        ControlLock lock(adapter);
        adapter.state = AdapterState::removed;
        adapter.held_creates.fail(status_gone);  // none is held from now on
        adapter.subdevices.for_each([](Subdevice& s) { s.port->StopStreams(status_gone); });
    }
    nt::ke::wait(&adapter.files_closed, KernelMode, false, nullptr);  // LC-056
    ControlLock lock(adapter);
    tear_down(adapter, status_gone);
    if (adapter.timeouts.clear()) {
        PORTICO_PROBE(contract, "FN-135", adapter.fdo,
                      "A device was removed with a timeout of PcRegisterIoTimeout still registered.");
    }
    adapter.power.unregister();
    adapter.pnp_management.reset();
}

NTSTATUS remove(AdapterDevice& adapter, PIRP irp) {
    release_everything(adapter);
    const NTSTATUS status = pass_down_successfully(adapter, irp);
    delete_adapter(adapter);
    return status;
}

// AP-031: a mapping may only become deeper.
void check_capabilities(const DEVICE_CAPABILITIES& before, const DEVICE_CAPABILITIES& after) {
    for (unsigned i = PowerSystemUnspecified; i < PowerSystemMaximum; ++i) {
        if (after.DeviceState[i] >= before.DeviceState[i]) continue;
        PORTICO_PROBE(
            contract, "AP-031", &after,
            "QueryDeviceCapabilities made a DeviceState mapping shallower: it may only be made deeper.");
        return;
    }
}

NTSTATUS query_capabilities(AdapterDevice& adapter, PIRP irp) {
    const PDEVICE_CAPABILITIES capabilities =
        IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceCapabilities.Capabilities;
    const NTSTATUS status = forward_synchronously(adapter, irp);
    if (NT_SUCCESS(status)) {
        const DEVICE_CAPABILITIES before = *capabilities;
        if (NT_SUCCESS(adapter.power.query_capabilities(capabilities))) {
            check_capabilities(before, *capabilities);
        } else {
            *capabilities = before;
        }
        std::copy(std::begin(capabilities->DeviceState), std::end(capabilities->DeviceState),
                  adapter.power.mapping);
    }
    return finish(irp, status);
}

}  // namespace

NTSTATUS dispatch_pnp(AdapterDevice& adapter, PIRP irp) {
    switch (IoGetCurrentIrpStackLocation(irp)->MinorFunction) {
        case IRP_MN_START_DEVICE:
            return start(adapter, irp);
        case IRP_MN_QUERY_STOP_DEVICE:
            return query_stop(adapter, irp);
        case IRP_MN_CANCEL_STOP_DEVICE:
            return cancel_query(adapter, irp, AdapterState::stop_pending);
        case IRP_MN_STOP_DEVICE:
            return stop(adapter, irp);
        case IRP_MN_QUERY_REMOVE_DEVICE:
            return query_remove(adapter, irp);
        case IRP_MN_CANCEL_REMOVE_DEVICE:
            return cancel_query(adapter, irp, AdapterState::remove_pending);
        case IRP_MN_SURPRISE_REMOVAL:
            return surprise_removal(adapter, irp);
        case IRP_MN_REMOVE_DEVICE:
            return remove(adapter, irp);
        case IRP_MN_QUERY_CAPABILITIES:
            return query_capabilities(adapter, irp);
        default:
            return pass_down(adapter, irp);
    }
}

}  // namespace portico::portcls
