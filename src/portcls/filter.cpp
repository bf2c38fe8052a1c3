#include "portcls/filter.h"

#include "ks/method.h"
#include "nt/io/irp.h"
#include "portcls/automation.h"
#include "portcls/event_request.h"
#include "portcls/filter_port.h"
#include "portcls/memory.h"

namespace portico::portcls {

NTSTATUS complete_request(PIRP irp, NTSTATUS status) {
    return nt::io::complete(irp, status, 0);
}

NTSTATUS refuse_request(PIRP irp) {
    const UCHAR major = IoGetCurrentIrpStackLocation(irp)->MajorFunction;
    const bool security = major == IRP_MJ_QUERY_SECURITY || major == IRP_MJ_SET_SECURITY;
    return complete_request(irp, security ? STATUS_NO_SECURITY_ON_OBJECT : STATUS_INVALID_DEVICE_REQUEST);
}

NTSTATUS create_filter(FilterPort& port, PIRP irp, ks::Object** out) {
    *out = nullptr;
    if (const NTSTATUS refused = port.requests_refused(); !NT_SUCCESS(refused)) return refused;
    *out = make<Filter>(NonPagedPool, port, IoGetCurrentIrpStackLocation(irp)->FileObject);
    return *out == nullptr ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

NTSTATUS Filter::Dispatch(PDEVICE_OBJECT, PIRP irp) {
    const PIO_STACK_LOCATION location = IoGetCurrentIrpStackLocation(irp);
    switch (location->MajorFunction) {
        case IRP_MJ_CREATE: {
            ks::Object* pin = nullptr;
            const NTSTATUS status = port_.create_pin(irp, file_, &pin);
            if (NT_SUCCESS(status)) location->FileObject->FsContext = pin;
            return complete_request(irp, status);
        }
        case IRP_MJ_DEVICE_CONTROL:
            return device_control(irp);
        case IRP_MJ_CLEANUP:
            disable_events_of(port_, file_);
            return complete_request(irp, STATUS_SUCCESS);
        case IRP_MJ_FLUSH_BUFFERS:
            return complete_request(irp, STATUS_SUCCESS);
        case IRP_MJ_CLOSE:
            unmake(this);
            return complete_request(irp, STATUS_SUCCESS);
        default:
            return refuse_request(irp);
    }
}

NTSTATUS Filter::device_control(PIRP irp) {
    switch (IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.IoControlCode) {
        case IOCTL_KS_PROPERTY:
            return dispatch_property({port_, file_}, irp);
        case IOCTL_KS_ENABLE_EVENT:
            return enable_event({port_}, irp);
        case IOCTL_KS_DISABLE_EVENT:
            return disable_event(port_, irp);
        case IOCTL_KS_METHOD:
            return complete_request(irp, ks::refuse_method(irp));
        default:
            return complete_request(irp, STATUS_INVALID_DEVICE_REQUEST);
    }
}

}  // namespace portico::portcls
