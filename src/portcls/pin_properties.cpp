// KSPROPSETID_Pin, for the pins of every port class (PR-001..PR-008).
#include <cstddef>
#include <cstring>
#include <iterator>

#include "ks/data_ranges.h"
#include "ks/pin_connect.h"
#include "ksmedia.h"
#include "portcls/adapter.h"
#include "portcls/automation.h"
#include "portcls/data_intersection.h"
#include "portcls/filter_port.h"
#include "portcls/filter_properties.h"
#include "portcls/physical_connections.h"
#include "portcls/pin_names.h"

namespace portico::portcls {
namespace {

// The pin factory that a request names.
struct NamedPin {
    const PropertyTarget& target;
    ULONG id;
    const PCPIN_DESCRIPTOR& descriptor;

    const KSPIN_DESCRIPTOR& ks() const { return descriptor.KsPinDescriptor; }
    PinRanges ranges() const { return {target.port.core().unknown_miniport(), id, ks()}; }
};

// Body(pin, request) for the pin that a KSP_PIN names (PR-003).
template <NTSTATUS (*Body)(const NamedPin& pin, ks::PropertyRequest& request)>
NTSTATUS for_pin(void* target, ks::PropertyRequest& request) {
    const auto& whole = *static_cast<const PropertyTarget*>(target);
    const PCFILTER_DESCRIPTOR& filter = *whole.port.core().descriptor();
    ULONG pin;
    std::memcpy(&pin, request.instance, sizeof pin);
    if (pin >= filter.PinCount) return STATUS_INVALID_PARAMETER;
    return Body({whole, pin, ks::pin_at(filter, pin)}, request);
}

NTSTATUS get_pin_count(void* target, ks::PropertyRequest& request) {
    return ks::answer(request,
                      static_cast<const PropertyTarget*>(target)->port.core().descriptor()->PinCount);
}

// ---- instances (PR-004, CX-023) ----

NTSTATUS get_instances(const NamedPin& pin, ks::PropertyRequest& request) {
    const PinInstances counts = pin.target.port.pin_instances(pin.id, pin.target.filter_file);
    return ks::answer(request, KSPIN_CINSTANCES{counts.filter_possible, counts.filter_current});
}

NTSTATUS get_global_instances(const NamedPin& pin, ks::PropertyRequest& request) {
    const PinInstances counts = pin.target.port.pin_instances(pin.id, pin.target.filter_file);
    return ks::answer(request, KSPIN_CINSTANCES{counts.global_possible, counts.global_current});
}

NTSTATUS get_necessary_instances(const NamedPin& pin, ks::PropertyRequest& request) {
    return ks::answer(request, pin.target.port.pin_instances(pin.id, pin.target.filter_file).necessary);
}

// ---- what the descriptor says ----

NTSTATUS get_data_flow(const NamedPin& pin, ks::PropertyRequest& request) {
    return ks::answer(request, pin.ks().DataFlow);
}

NTSTATUS get_communication(const NamedPin& pin, ks::PropertyRequest& request) {
    return ks::answer(request, pin.ks().Communication);
}

// The descriptor's interfaces do not count (FD-015).
NTSTATUS get_interfaces(const NamedPin&, ks::PropertyRequest& request) {
    KSPIN_INTERFACE streaming{};
    streaming.Set = KSINTERFACESETID_Standard;
    streaming.Id = KSINTERFACE_STANDARD_STREAMING;
    return ks::answer_items(request, &streaming, 1, sizeof streaming);
}

NTSTATUS get_mediums(const NamedPin& pin, ks::PropertyRequest& request) {
    if (pin.ks().MediumsCount != 0 && pin.ks().Mediums != nullptr)
        return ks::answer_items(request, pin.ks().Mediums, pin.ks().MediumsCount, sizeof(KSPIN_MEDIUM));
    KSPIN_MEDIUM medium{};
    medium.Set = KSMEDIUMSETID_Standard;
    medium.Id = KSMEDIUM_STANDARD_DEVIO;
    return ks::answer_items(request, &medium, 1, sizeof medium);
}

NTSTATUS get_data_ranges(const NamedPin& pin, ks::PropertyRequest& request) {
    return ks::answer_ranges(request, pin.ks().DataRanges, pin.ks().DataRangesCount);
}

// PR-008.
NTSTATUS get_constrained_ranges(const NamedPin& pin, ks::PropertyRequest& request) {
    if (pin.ks().ConstrainedDataRangesCount == 0 || pin.ks().ConstrainedDataRanges == nullptr)
        return get_data_ranges(pin, request);
    return ks::answer_ranges(request, pin.ks().ConstrainedDataRanges, pin.ks().ConstrainedDataRangesCount);
}

NTSTATUS get_category(const NamedPin& pin, ks::PropertyRequest& request) {
    return pin.ks().Category == nullptr ? STATUS_NOT_FOUND : ks::answer(request, *pin.ks().Category);
}

NTSTATUS get_name(const NamedPin& pin, ks::PropertyRequest& request) {
    return answer_pin_name(request, pin.target.port.core().unknown_miniport(), pin.ks());
}

// PR-005. Nothing between the look-up and the copy reaches a point of the simulation, so that the connection
// stays.
NTSTATUS get_physical_connection(const NamedPin& pin, ks::PropertyRequest& request) {
    UNICODE_STRING link{};
    ULONG other_pin = 0;
    PortCore& port = pin.target.port.core();
    if (!find_other_end(*port.adapter(), port, pin.id, &link, &other_pin)) return STATUS_NOT_FOUND;
    constexpr ULONG name_at = offsetof(KSPIN_PHYSICALCONNECTION, SymbolicLinkName);
    const ULONG size = name_at + link.Length + ULONG{sizeof(WCHAR)};
    if (request.value_size < size) return ks::answer(request, nullptr, size);
    auto* const connection = static_cast<PKSPIN_PHYSICALCONNECTION>(request.value);
    connection->Size = size;
    connection->Pin = other_pin;
    std::memcpy(connection->SymbolicLinkName, link.Buffer, link.Length);
    connection->SymbolicLinkName[link.Length / sizeof(WCHAR)] = 0;
    request.returned = size;
    return STATUS_SUCCESS;
}

// ---- formats ----

NTSTATUS get_intersection(const NamedPin& pin, ks::PropertyRequest& request) {
    return answer_intersection(request, pin.ranges());
}

NTSTATUS get_proposed_format(const NamedPin& pin, ks::PropertyRequest& request) {
    return answer_default_format(request, pin.ranges());
}

// PR-007: changes nothing.
NTSTATUS propose_format(const NamedPin& pin, ks::PropertyRequest& request) {
    KSDATAFORMAT format;
    if (request.value_size < sizeof format) return STATUS_BUFFER_TOO_SMALL;
    std::memcpy(&format, request.value, sizeof format);
    if (format.FormatSize < sizeof format || format.FormatSize > request.value_size)
        return STATUS_INVALID_BUFFER_SIZE;
    return ks::format_matches(pin.descriptor, format) ? STATUS_SUCCESS : STATUS_NO_MATCH;
}

// The same, for attributes that the format is to have: no pin of music prefers a format for any.
NTSTATUS get_proposed_format_2(const NamedPin& pin, ks::PropertyRequest& request) {
    KSMULTIPLE_ITEM attributes;
    std::memcpy(&attributes, static_cast<char*>(request.instance) + (sizeof(KSP_PIN) - sizeof(KSPROPERTY)),
                sizeof attributes);
    return attributes.Count == 0 ? answer_default_format(request, pin.ranges()) : STATUS_NOT_SUPPORTED;
}

constexpr ULONG get_only = KSPROPERTY_TYPE_GET;
constexpr ULONG pin_instance = sizeof(KSP_PIN) - sizeof(KSPROPERTY);
constexpr ULONG list_instance = pin_instance + sizeof(KSMULTIPLE_ITEM);
constexpr ks::PropertyRange flows{KSPIN_DATAFLOW_IN, KSPIN_DATAFLOW_OUT, 1};
constexpr ks::PropertyRange communications{KSPIN_COMMUNICATION_NONE, KSPIN_COMMUNICATION_BRIDGE, 1};

const GUID pin_set = KSPROPSETID_Pin;
const ks::PropertyItem pin_items[] = {
    {KSPROPERTY_PIN_CINSTANCES, get_only, sizeof(KSPIN_CINSTANCES), for_pin<get_instances>, nullptr,
     pin_instance},
    {KSPROPERTY_PIN_CTYPES, get_only, sizeof(ULONG), get_pin_count, nullptr, 0, VT_UI4},
    {KSPROPERTY_PIN_DATAFLOW, get_only, sizeof(KSPIN_DATAFLOW), for_pin<get_data_flow>, nullptr, pin_instance,
     VT_UI4, &flows},
    {KSPROPERTY_PIN_DATARANGES, get_only, 0, for_pin<get_data_ranges>, nullptr, pin_instance},
    {KSPROPERTY_PIN_DATAINTERSECTION, get_only, 0, for_pin<get_intersection>, nullptr, list_instance},
    {KSPROPERTY_PIN_INTERFACES, get_only, 0, for_pin<get_interfaces>, nullptr, pin_instance},
    {KSPROPERTY_PIN_MEDIUMS, get_only, 0, for_pin<get_mediums>, nullptr, pin_instance},
    {KSPROPERTY_PIN_COMMUNICATION, get_only, sizeof(KSPIN_COMMUNICATION), for_pin<get_communication>, nullptr,
     pin_instance, VT_UI4, &communications},
    {KSPROPERTY_PIN_GLOBALCINSTANCES, get_only, sizeof(KSPIN_CINSTANCES), for_pin<get_global_instances>,
     nullptr, pin_instance},
    {KSPROPERTY_PIN_NECESSARYINSTANCES, get_only, sizeof(ULONG), for_pin<get_necessary_instances>, nullptr,
     pin_instance, VT_UI4},
    {KSPROPERTY_PIN_PHYSICALCONNECTION, get_only, 0, for_pin<get_physical_connection>, nullptr, pin_instance},
    {KSPROPERTY_PIN_CATEGORY, get_only, sizeof(GUID), for_pin<get_category>, nullptr, pin_instance, VT_CLSID},
    {KSPROPERTY_PIN_NAME, get_only, 0, for_pin<get_name>, nullptr, pin_instance, VT_LPWSTR},
    {KSPROPERTY_PIN_CONSTRAINEDDATARANGES, get_only, 0, for_pin<get_constrained_ranges>, nullptr,
     pin_instance},
    {KSPROPERTY_PIN_PROPOSEDATAFORMAT, KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET, 0,
     for_pin<get_proposed_format>, for_pin<propose_format>, pin_instance},
    {KSPROPERTY_PIN_PROPOSEDATAFORMAT2, get_only, 0, for_pin<get_proposed_format_2>, nullptr, list_instance},
};

}  // namespace

const ks::PropertySet pin_property_set{&pin_set, pin_items, std::size(pin_items)};

}  // namespace portico::portcls
