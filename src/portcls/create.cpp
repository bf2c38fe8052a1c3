// IRP_MJ_CREATE: a filter by its reference string, a pin below its filter's file (LC-004, LC-021, LC-035,
// LC-051).
#include "nt/io/irp.h"
#include "nt/ob/ob.h"
#include "portcls/adapter.h"
#include "portcls/open_files.h"
#include "portcls/power.h"

namespace portico::portcls {
namespace {

// How often a device is woken for one request: it may be sent to sleep again before it is looked at.
constexpr unsigned wake_limit = 4;

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
    OpenFile* const open = add_open_file(file, *subdevice);
    if (open == nullptr) return nt::io::complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    const NTSTATUS status = subdevice->port->CreateFilter(adapter.fdo, irp, &open->opened);
    if (NT_SUCCESS(status)) {
        file->FsContext = open->opened;
        file_opened(adapter, *subdevice, file);
    } else {
        remove_open_file(*open);
    }
    return nt::io::complete(irp, status, 0);
}

// What is below a filter is its object's affair; it belongs to the same subdevice.
NTSTATUS open_below(AdapterDevice& adapter, PIRP irp, PFILE_OBJECT file, const OpenFile& parent) {
    Subdevice& subdevice = *parent.subdevice;
    if (!subdevice.registered) return nt::io::complete(irp, status_stopped, 0);  // LC-072
    if (add_open_file(file, subdevice) == nullptr)
        return nt::io::complete(irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    file_opened(adapter, subdevice, file);
    nt::ob::reference(file);  // it may be closed again, or given up, as soon as the IRP has ended
    const NTSTATUS status = parent.object()->Dispatch(adapter.fdo, irp);
    OpenFile* const made = find_open_file(file);
    if (made != nullptr && NT_SUCCESS(status)) {
        made->opened = made->object();
    } else if (made != nullptr) {
        remove_open_file(*made);
        file->FsContext2 = nullptr;
        file_closed(subdevice);
    }
    nt::ob::dereference(file);
    return status;
}

}  // namespace

NTSTATUS dispatch_create(AdapterDevice& adapter, PIRP irp) {
    const PFILE_OBJECT file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    for (unsigned attempts = 0; attempts < wake_limit; ++attempts) {
        {
            ControlLock lock(adapter);
            const NTSTATUS allowed = may_open(adapter);
            if (allowed == STATUS_PENDING) return adapter.held_creates.hold(irp);
            if (!NT_SUCCESS(allowed)) return nt::io::complete(irp, allowed, 0);
            if (adapter.power.device == PowerDeviceD0) {
                const OpenFile* const parent = find_open_file(file->RelatedFileObject);
                return parent != nullptr ? open_below(adapter, irp, file, *parent)
                                         : open_filter(adapter, irp, file);
            }
        }
        // LC-035; without the lock, which the power IRP needs.
        const NTSTATUS woken = wake(adapter);
        if (!NT_SUCCESS(woken)) return nt::io::complete(irp, woken, 0);
    }
    return nt::io::complete(irp, STATUS_DEVICE_NOT_READY, 0);
}

}  // namespace portico::portcls
