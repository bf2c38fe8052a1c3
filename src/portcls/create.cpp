// IRP_MJ_CREATE: a filter by its reference string, a pin below its filter's file (LC-004, LC-021, LC-035,
// LC-051).
#include "nt/io/irp.h"
#include "portcls/adapter.h"
#include "portcls/power.h"

namespace portico::portcls {
namespace {

// STATUS_PENDING: the request waits until the stop is over.
NTSTATUS may_open(const AdapterDevice& adapter) {
    switch (adapter.state) {
        case AdapterState::started:
            return STATUS_SUCCESS;
        case AdapterState::stop_pending:
        case AdapterState::stopped:
            return STATUS_PENDING;
        case AdapterState::remove_pending:
            return STATUS_DELETE_PENDING;
        case AdapterState::surprise_removed:
        case AdapterState::removed:
            return status_gone;
        default:
            return STATUS_DEVICE_NOT_READY;
    }
}

NTSTATUS open_filter(AdapterDevice& adapter, PIRP irp, PFILE_OBJECT file) {
    Subdevice* const subdevice = adapter.subdevices.find(file->FileName);
    if (subdevice == nullptr) return nt::io::complete(irp, STATUS_OBJECT_NAME_NOT_FOUND, 0);
    ks::Object* object = nullptr;
    const NTSTATUS status = subdevice->port->CreateFilter(adapter.fdo, irp, &object);
    if (NT_SUCCESS(status)) {
        file->FsContext = object;
        file_opened(adapter, *subdevice, file);
    }
    return nt::io::complete(irp, status, 0);
}

// What is below a filter is its object's affair; it belongs to the same subdevice.
NTSTATUS open_below(AdapterDevice& adapter, PIRP irp, PFILE_OBJECT file) {
    auto* const subdevice = static_cast<Subdevice*>(file->RelatedFileObject->FsContext2);
    if (subdevice == nullptr || !subdevice->registered) return nt::io::complete(irp, status_stopped, 0);
    file_opened(adapter, *subdevice, file);
    const NTSTATUS status = ks::object_of(file->RelatedFileObject)->Dispatch(adapter.fdo, irp);
    if (!NT_SUCCESS(status)) {
        file->FsContext2 = nullptr;
        file_closed(*subdevice);
    }
    return status;
}

}  // namespace

NTSTATUS dispatch_create(AdapterDevice& adapter, PIRP irp) {
    const PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    for (;;) {
        {
            ControlLock lock(adapter);
            const NTSTATUS allowed = may_open(adapter);
            if (allowed == STATUS_PENDING) return adapter.held_creates.hold(irp);
            if (!NT_SUCCESS(allowed)) return nt::io::complete(irp, allowed, 0);
            if (adapter.power.device == PowerDeviceD0) {
                const bool below = ks::object_of(file->RelatedFileObject) != nullptr;
                return below ? open_below(adapter, irp, file) : open_filter(adapter, irp, file);
            }
        }
        // LC-035; without the lock, which the power IRP needs.
        const NTSTATUS woken = wake(adapter);
        if (!NT_SUCCESS(woken)) return nt::io::complete(irp, woken, 0);
    }
}

}  // namespace portico::portcls
