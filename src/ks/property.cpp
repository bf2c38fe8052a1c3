#include "ks/property.h"

#include <cstring>

#include "ks/user_memory.h"
#include "nt/ex/pool.h"

namespace portico::ks {
namespace {

constexpr ULONG tag = 0x7270534b;  // 'KSpr' in memory
// The largest request, input or output (docs/limits.md).
constexpr ULONG property_limit = 64 * 1024;

const PropertySet* find_set(const GUID& id, const PropertySet* sets, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
        if (std::memcmp(sets[i].set, &id, sizeof id) == 0) return &sets[i];
    }
    return nullptr;
}

const PropertyItem* find_item(const PropertySet& set, ULONG id) {
    for (std::size_t i = 0; i < set.count; ++i) {
        if (set.items[i].id == id) return &set.items[i];
    }
    return nullptr;
}

NTSTATUS answer_support(PropertyRequest& request, ULONG flags) {
    if (request.value_size == 0) {
        request.returned = sizeof(ULONG);
        return STATUS_BUFFER_OVERFLOW;
    }
    if (request.value_size < sizeof(ULONG)) return STATUS_BUFFER_TOO_SMALL;
    std::memcpy(request.value, &flags, sizeof flags);
    request.returned = sizeof flags;
    return STATUS_SUCCESS;
}

NTSTATUS run(PropertyRequest& request, void* target, const PropertySet* sets, std::size_t count) {
    const PropertySet* const set = find_set(request.property.Set, sets, count);
    if (set == nullptr) return STATUS_PROPSET_NOT_FOUND;
    const ULONG verb = request.property.Flags & ~KSPROPERTY_TYPE_TOPOLOGY;
    if (verb == KSPROPERTY_TYPE_SETSUPPORT) return STATUS_SUCCESS;
    const PropertyItem* const item = find_item(*set, request.property.Id);
    if (item == nullptr) return STATUS_NOT_FOUND;
    if (verb == KSPROPERTY_TYPE_BASICSUPPORT) return answer_support(request, item->flags);
    if ((verb != KSPROPERTY_TYPE_GET && verb != KSPROPERTY_TYPE_SET) || (item->flags & verb) == 0) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    if (request.value_size == 0 && verb == KSPROPERTY_TYPE_GET) {
        request.returned = item->value_min;
        return STATUS_BUFFER_OVERFLOW;
    }
    if (request.value_size < item->value_min) return STATUS_BUFFER_TOO_SMALL;
    return (verb == KSPROPERTY_TYPE_GET ? item->get : item->set)(target, request);
}

}  // namespace

NTSTATUS handle_property(PIRP irp, void* target, const PropertySet* sets, std::size_t set_count) {
    const auto& ioctl = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl;
    const ULONG in = ioctl.InputBufferLength;
    const ULONG out = ioctl.OutputBufferLength;
    irp->IoStatus.Information = 0;
    if (in < sizeof(KSPROPERTY) || in > property_limit || out > property_limit)
        return STATUS_INVALID_BUFFER_SIZE;
    const std::size_t value_at = (in + 7u) & ~std::size_t{7};
    auto* const copy =
        static_cast<std::uint8_t*>(nt::ex::allocate_internal(NonPagedPool, value_at + out, tag));
    if (copy == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    const KPROCESSOR_MODE mode = irp->RequestorMode;
    PropertyRequest request{
        irp, {}, copy + sizeof(KSPROPERTY), static_cast<ULONG>(in - sizeof(KSPROPERTY)), copy + value_at,
        out, 0};
    NTSTATUS status = copy_in(mode, copy, ioctl.Type3InputBuffer, in);
    if (NT_SUCCESS(status)) {
        std::memcpy(&request.property, copy, sizeof request.property);
        const bool is_set = (request.property.Flags & ~KSPROPERTY_TYPE_TOPOLOGY) == KSPROPERTY_TYPE_SET;
        status = is_set ? copy_in(mode, request.value, irp->UserBuffer, out)
                        : (accessible(mode, irp->UserBuffer, out) ? STATUS_SUCCESS : STATUS_ACCESS_VIOLATION);
        if (NT_SUCCESS(status)) status = run(request, target, sets, set_count);
        if (NT_SUCCESS(status) && !is_set)
            status = copy_out(mode, irp->UserBuffer, request.value, request.returned);
    }
    irp->IoStatus.Information = request.returned;
    nt::ex::free(copy, tag);
    return status;
}

}  // namespace portico::ks
