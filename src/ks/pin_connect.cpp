#include "ks/pin_connect.h"

#include <cstring>

#include "ks/data_ranges.h"
#include "ks/object_name.h"
#include "ksmedia.h"
#include "nt/ex/pool.h"

namespace portico::ks {
namespace {

constexpr ULONG connect_tag = 0x6370534b;  // 'KSpc' in memory

// FD-015: whatever interfaces a pin lists.
bool is_standard_streaming(const KSPIN_INTERFACE& wanted) {
    static const GUID standard = KSINTERFACESETID_Standard;
    return IsEqualGUID(wanted.Set, standard) && wanted.Id == KSINTERFACE_STANDARD_STREAMING;
}

bool offers_medium(const KSPIN_DESCRIPTOR& pin, const KSPIN_MEDIUM& wanted) {
    static const GUID standard = KSMEDIUMSETID_Standard;
    if (pin.MediumsCount == 0)
        return IsEqualGUID(wanted.Set, standard) && wanted.Id == KSMEDIUM_STANDARD_DEVIO;
    for (ULONG i = 0; i < pin.MediumsCount; ++i) {
        if (IsEqualGUID(pin.Mediums[i].Set, wanted.Set) && pin.Mediums[i].Id == wanted.Id) return true;
    }
    return false;
}

NTSTATUS check_pin(const PCFILTER_DESCRIPTOR& filter, const KSPIN_CONNECT& connect) {
    if (connect.PinId >= filter.PinCount) return STATUS_INVALID_PARAMETER;
    const PCPIN_DESCRIPTOR& pin = pin_at(filter, connect.PinId);
    const auto& descriptor = pin.KsPinDescriptor;
    const bool creatable = descriptor.Communication == KSPIN_COMMUNICATION_SINK ||
                           descriptor.Communication == KSPIN_COMMUNICATION_BOTH;
    if (!creatable || pin.MaxFilterInstanceCount == 0) return STATUS_INVALID_DEVICE_REQUEST;
    if (connect.PinToHandle != nullptr) return STATUS_INVALID_PARAMETER;
    if (!is_standard_streaming(connect.Interface)) return STATUS_NO_MATCH;
    return offers_medium(descriptor, connect.Medium) ? STATUS_SUCCESS : STATUS_NO_MATCH;
}

}  // namespace

const PCPIN_DESCRIPTOR& pin_at(const PCFILTER_DESCRIPTOR& filter, ULONG pin) {
    const auto* const first = reinterpret_cast<const char*>(filter.Pins);
    return *reinterpret_cast<const PCPIN_DESCRIPTOR*>(first + std::size_t{pin} * filter.PinSize);
}

bool format_matches(const PCPIN_DESCRIPTOR& pin, const KSDATAFORMAT& format) {
    const auto& descriptor = pin.KsPinDescriptor;
    return walk_ranges(
        descriptor.DataRanges, descriptor.DataRangesCount,
        [&](PKSDATARANGE range, const KSATTRIBUTE_LIST*) { return range_holds(*range, format); });
}

NTSTATUS parse_pin_connect(PIRP irp, const PCFILTER_DESCRIPTOR& filter, KSPIN_CONNECT& connect,
                           PKSDATAFORMAT* format) {
    *format = nullptr;
    const UNICODE_STRING& name = IoGetCurrentIrpStackLocation(irp)->FileObject->FileName;
    if (!is_named(name, pin_kind)) return STATUS_OBJECT_NAME_NOT_FOUND;
    const auto [bytes, length] = request_in(name);
    if (length < sizeof(KSPIN_CONNECT) + sizeof(KSDATAFORMAT)) return STATUS_INVALID_BUFFER_SIZE;
    std::memcpy(&connect, bytes, sizeof connect);
    KSDATAFORMAT head;
    std::memcpy(&head, bytes + sizeof connect, sizeof head);
    if (head.FormatSize < sizeof(KSDATAFORMAT) || head.FormatSize > length - sizeof connect ||
        head.FormatSize > data_format_limit) {
        return STATUS_INVALID_BUFFER_SIZE;
    }
    const NTSTATUS status = check_pin(filter, connect);
    if (!NT_SUCCESS(status)) return status;
    if (!format_matches(pin_at(filter, connect.PinId), head)) return STATUS_NO_MATCH;
    *format = copy_pin_format(bytes + sizeof connect, head.FormatSize);
    return *format == nullptr ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

PKSDATAFORMAT copy_pin_format(const void* format, ULONG size) {
    void* const copy = nt::ex::allocate_internal(NonPagedPool, size, connect_tag);
    if (copy != nullptr) std::memcpy(copy, format, size);
    return static_cast<PKSDATAFORMAT>(copy);
}

void free_pin_format(PKSDATAFORMAT format) {
    if (format != nullptr) nt::ex::free(format, connect_tag);
}

}  // namespace portico::ks
