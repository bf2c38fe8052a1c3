#include "portcls/filter.h"

#include <cstring>
#include <iterator>

#include "ks/pin_connect.h"
#include "ks/property.h"
#include "nt/io/irp.h"
#include "portcls/filter_port.h"
#include "portcls/memory.h"

namespace portico::portcls {

NTSTATUS complete_request(PIRP irp, NTSTATUS status) {
    return nt::io::complete(irp, status, 0);
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
        case IRP_MJ_FLUSH_BUFFERS:
            return complete_request(irp, STATUS_SUCCESS);
        case IRP_MJ_CLOSE:
            unmake(this);
            return complete_request(irp, STATUS_SUCCESS);
        default:
            return complete_request(irp, STATUS_INVALID_DEVICE_REQUEST);
    }
}

namespace {

// The pin that a request names, or null when there is no such pin (PR-003).
const PCPIN_DESCRIPTOR* named_pin(const PCFILTER_DESCRIPTOR& filter, const ks::PropertyRequest& request) {
    ULONG pin;
    if (request.instance_size < sizeof pin) return nullptr;
    std::memcpy(&pin, request.instance, sizeof pin);
    return pin < filter.PinCount ? &ks::pin_at(filter, pin) : nullptr;
}

NTSTATUS put(ks::PropertyRequest& request, ULONG value) {
    std::memcpy(request.value, &value, sizeof value);
    request.returned = sizeof value;
    return STATUS_SUCCESS;
}

NTSTATUS get_pin_count(void* target, ks::PropertyRequest& request) {
    return put(request, static_cast<const PCFILTER_DESCRIPTOR*>(target)->PinCount);
}

NTSTATUS get_data_flow(void* target, ks::PropertyRequest& request) {
    const auto* const pin = named_pin(*static_cast<const PCFILTER_DESCRIPTOR*>(target), request);
    return pin == nullptr ? STATUS_INVALID_PARAMETER : put(request, pin->KsPinDescriptor.DataFlow);
}

NTSTATUS get_communication(void* target, ks::PropertyRequest& request) {
    const auto* const pin = named_pin(*static_cast<const PCFILTER_DESCRIPTOR*>(target), request);
    return pin == nullptr ? STATUS_INVALID_PARAMETER : put(request, pin->KsPinDescriptor.Communication);
}

const GUID pin_set = KSPROPSETID_Pin;
const ks::PropertyItem pin_items[] = {
    {KSPROPERTY_PIN_CTYPES, KSPROPERTY_TYPE_GET, sizeof(ULONG), get_pin_count, nullptr},
    {KSPROPERTY_PIN_DATAFLOW, KSPROPERTY_TYPE_GET, sizeof(ULONG), get_data_flow, nullptr},
    {KSPROPERTY_PIN_COMMUNICATION, KSPROPERTY_TYPE_GET, sizeof(ULONG), get_communication, nullptr},
};
const ks::PropertySet filter_sets[] = {{&pin_set, pin_items, std::size(pin_items)}};

}  // namespace

NTSTATUS Filter::device_control(PIRP irp) {
    if (IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.IoControlCode != IOCTL_KS_PROPERTY) {
        return complete_request(irp, STATUS_INVALID_DEVICE_REQUEST);
    }
    NTSTATUS status = port_.requests_refused();
    PPCFILTER_DESCRIPTOR const descriptor = port_.core().descriptor();
    if (NT_SUCCESS(status) && descriptor == nullptr) status = STATUS_INVALID_DEVICE_STATE;
    if (NT_SUCCESS(status))
        status = ks::handle_property(irp, descriptor, filter_sets, std::size(filter_sets));
    const ks::PropertySet* const own = port_.filter_properties();
    if (status == STATUS_PROPSET_NOT_FOUND && own != nullptr)
        status = ks::handle_property(irp, descriptor, own, 1);
    irp->IoStatus.Status = status;
    nt::io::complete(irp, CCHAR{IO_NO_INCREMENT});
    return status;
}

}  // namespace portico::portcls
