#include "ks/property_capture.h"

#include <cstring>

#include "ks/user_memory.h"
#include "nt/ex/pool.h"
#include "nt/io/irp.h"

namespace portico::ks {
namespace {

constexpr ULONG capture_tag = 0x7270534b;  // 'KSpr' in memory

// In front of the system buffer of an IRP that its sender takes back: there is no I/O manager at its end to
// copy the results and free the buffer.
struct alignas(16) OwnBuffer {
    void* before;        // the IRP's system buffer until now
    ULONG output_limit;  // bytes

    void* data() { return this + 1; }
    static OwnBuffer* of(void* data) { return static_cast<OwnBuffer*>(data) - 1; }
};

bool ends_in_thread(const nt::io::IrpRecord* record) {
    return record != nullptr && record->issuer != nullptr && !record->kept &&
           record->system_buffer == nullptr;
}

bool attach_own_buffer(PropertyRequest& request, std::size_t size, ULONG output_limit) {
    PIRP const irp = request.irp;
    auto* const own = static_cast<OwnBuffer*>(
        nt::ex::allocate_internal(NonPagedPool, sizeof(OwnBuffer) + size, capture_tag));
    if (own == nullptr) return false;
    *own = {irp->AssociatedIrp.SystemBuffer, output_limit};
    irp->AssociatedIrp.SystemBuffer = own->data();
    request.own_buffer = own->data();
    return true;
}

// `output_limit`: how many bytes the caller's output buffer takes; 0: nothing goes back.
bool attach_buffer(PropertyRequest& request, std::size_t size, ULONG output_limit) {
    PIRP const irp = request.irp;
    if (!ends_in_thread(nt::io::record_of(irp))) return attach_own_buffer(request, size, output_limit);
    if (!nt::io::allocate_system_buffer(irp, static_cast<ULONG>(size), output_limit)) return false;
    irp->Flags |= IRP_BUFFERED_IO | IRP_DEALLOCATE_BUFFER;
    if (output_limit != 0) irp->Flags |= IRP_INPUT_OPERATION;
    return true;
}

NTSTATUS fill(PropertyRequest& request, ULONG in, std::size_t value_room) {
    PIRP const irp = request.irp;
    const auto& ioctl = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl;
    auto* const buffer = static_cast<char*>(irp->AssociatedIrp.SystemBuffer);
    char* const input = buffer + value_room;
    std::memcpy(input, &request.property, sizeof request.property);
    request.instance = input + sizeof request.property;
    request.instance_size = in - static_cast<ULONG>(sizeof request.property);
    request.value = buffer;
    const KPROCESSOR_MODE mode = irp->RequestorMode;
    const NTSTATUS status =
        copy_in(mode, request.instance, static_cast<const char*>(ioctl.Type3InputBuffer) + sizeof(KSPROPERTY),
                request.instance_size);
    if (!NT_SUCCESS(status)) return status;
    if (brings_value(request.verb)) return copy_in(mode, request.value, irp->UserBuffer, request.value_size);
    std::memset(buffer, 0, value_room);  // what a handler forgets to write is nobody's old data
    return accessible(mode, irp->UserBuffer, request.value_size) ? STATUS_SUCCESS : STATUS_ACCESS_VIOLATION;
}

}  // namespace

NTSTATUS capture_property(PIRP irp, PropertyRequest& request) {
    const auto& ioctl = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl;
    const ULONG in = ioctl.InputBufferLength;
    const ULONG out = ioctl.OutputBufferLength;
    request = {};
    request.irp = irp;
    if (in < sizeof(KSPROPERTY) || in > property_limit || out > property_limit)
        return STATUS_INVALID_BUFFER_SIZE;
    const NTSTATUS status =
        copy_in(irp->RequestorMode, &request.property, ioctl.Type3InputBuffer, sizeof request.property);
    if (!NT_SUCCESS(status)) return status;
    request.verb = request.property.Flags & ~ULONG{KSPROPERTY_TYPE_TOPOLOGY};
    request.value_size = out;
    const std::size_t value_room = (out + 7u) & ~std::size_t{7};
    if (!attach_buffer(request, value_room + in, brings_value(request.verb) ? 0 : out))
        return STATUS_INSUFFICIENT_RESOURCES;
    return fill(request, in, value_room);
}

NTSTATUS complete_property(PIRP irp, void* own_buffer, NTSTATUS status, ULONG information) {
    if (own_buffer != nullptr) {
        OwnBuffer* const own = OwnBuffer::of(own_buffer);
        const ULONG size = information < own->output_limit ? information : own->output_limit;
        if (!NT_ERROR(status) && size != 0) {
            const NTSTATUS copied = copy_out(irp->RequestorMode, irp->UserBuffer, own_buffer, size);
            if (!NT_SUCCESS(copied)) status = copied;
        }
        irp->AssociatedIrp.SystemBuffer = own->before;
        nt::ex::free(own, capture_tag);
    }
    return nt::io::complete(irp, status, information);
}

}  // namespace portico::ks
