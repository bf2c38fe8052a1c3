#include "portcls/automation.h"

#include <cstring>

#include "dmusprop.h"
#include "ks/pin_connect.h"
#include "ks/property_capture.h"
#include "ksmedia.h"
#include "portcls/automation_table.h"
#include "portcls/filter_port.h"
#include "portcls/filter_properties.h"
#include "portcls/property_request.h"
#include "portcls/set_list.h"

namespace portico::portcls {
namespace {

constexpr ULONG no_node = ~ULONG{0};

// What a request leads to: an item of the port's, or of the miniport's, or none.
struct Found {
    const ks::PropertyItem* own = nullptr;
    void* own_target = nullptr;
    const PCPROPERTY_ITEM* theirs = nullptr;
    IUnknown* minor = nullptr;  // of `theirs`
    ULONG node = no_node;       // of `theirs`
    bool set_known = false;
    bool set_supported = false;

    bool ended() const { return own != nullptr || theirs != nullptr; }
};

PropertyAnswer now(NTSTATUS status, const ks::PropertyRequest& request) {
    return {status, request.returned, PropertyAnswer::End::now};
}

// ---- looking ----

void look_in_own(std::span<const ks::PropertySet> sets, void* own_target, const KSPROPERTY& property,
                 Found& found) {
    if (found.ended()) return;
    const ks::FoundProperty own = ks::find_property(sets, property);
    found.set_known |= own.set_known;
    found.set_supported |= own.set_supported;
    if (own.item == nullptr) return;
    found.own = own.item;
    found.own_target = own_target;
}

void look_in_table(const PCAUTOMATION_TABLE* table, IUnknown* minor, ULONG node, const KSPROPERTY& property,
                   Found& found) {
    if (found.ended() || table == nullptr) return;
    found.theirs = walk_properties(table, [&](const PCPROPERTY_ITEM& item) {
        if (!IsEqualGUID(*item.Set, property.Set)) return false;
        found.set_known = found.set_supported = true;
        return item.Id == property.Id;
    });
    found.minor = minor;
    found.node = node;
}

// PR-018: these come without a node, and are answered by the node that has them.
bool comes_without_node(const KSPROPERTY& property) {
    return (IsEqualGUID(property.Set, KSPROPSETID_Synth) && property.Id == KSPROPERTY_SYNTH_VOLUME) ||
           (IsEqualGUID(property.Set, KSPROPSETID_SynthClock) && property.Id == KSPROPERTY_SYNTH_MASTERCLOCK);
}

Found look(const PropertyTarget& target, const PCFILTER_DESCRIPTOR& filter, const KSPROPERTY& property) {
    Found found;
    const bool on_pin = target.pin != nullptr;
    if (on_pin) look_in_own(target.pin_sets, target.pin, property, found);
    look_in_own(filter_property_sets(), const_cast<PropertyTarget*>(&target), property, found);
    look_in_own(target.port.filter_properties(), const_cast<PropertyTarget*>(&target), property, found);
    if (on_pin)
        look_in_table(ks::pin_at(filter, target.pin_id).AutomationTable, target.stream, no_node, property,
                      found);
    look_in_table(filter.AutomationTable, nullptr, no_node, property, found);
    if (found.ended() || !comes_without_node(property)) return found;
    for (ULONG node = 0; node < filter.NodeCount; ++node)
        look_in_table(node_at(filter, node).AutomationTable, target.stream, node, property, found);
    return found;
}

// ---- answering ----

// FD-052..FD-055. `instance` is what is behind the KSPROPERTY, or the KSNODEPROPERTY.
PropertyAnswer call_theirs(const PropertyTarget& target, const Found& found, ks::PropertyRequest& request,
                           ULONG instance_at) {
    const PCPROPERTY_ITEM& item = *found.theirs;
    if ((item.Flags & request.verb) == 0 || item.Handler == nullptr) return {STATUS_INVALID_DEVICE_REQUEST};
    PCPROPERTY_REQUEST theirs{};
    theirs.MajorTarget = target.port.core().unknown_miniport();
    theirs.MinorTarget = found.minor;
    theirs.Node = found.node;
    theirs.PropertyItem = &item;
    theirs.Verb = request.property.Flags;
    theirs.InstanceSize = request.instance_size - instance_at;
    if (theirs.InstanceSize != 0) theirs.Instance = static_cast<char*>(request.instance) + instance_at;
    theirs.ValueSize = request.value_size;
    if (theirs.ValueSize != 0) theirs.Value = request.value;
    theirs.Irp = request.irp;
    return call_property_handler(theirs, request.own_buffer);
}

PropertyAnswer answer_missing(const Found& found) {
    return {found.set_known ? STATUS_NOT_FOUND : STATUS_PROPSET_NOT_FOUND};
}

// A request with a KSNODEPROPERTY (PR-015).
PropertyAnswer answer_at_node(const PropertyTarget& target, const PCFILTER_DESCRIPTOR& filter,
                              ks::PropertyRequest& request) {
    constexpr ULONG node_size = sizeof(KSP_NODE) - sizeof(KSPROPERTY);
    ULONG node;
    if (request.instance_size < node_size) return {STATUS_INVALID_BUFFER_SIZE};
    std::memcpy(&node, request.instance, sizeof node);
    if (node >= filter.NodeCount) return {STATUS_INVALID_PARAMETER};
    Found found;
    look_in_table(node_at(filter, node).AutomationTable, target.stream, node, request.property, found);
    if (request.verb == KSPROPERTY_TYPE_SETSUPPORT && found.set_supported) return {STATUS_SUCCESS};
    if (found.theirs == nullptr) return answer_missing(found);
    return call_theirs(target, found, request, node_size);
}

void add_sets(std::span<const ks::PropertySet> sets, SetList& list) {
    for (const ks::PropertySet& set : sets) {
        if (set.count != 0) list.add(*set.set);
    }
}

void add_sets(const PCAUTOMATION_TABLE* table, SetList& list) {
    walk_properties(table, [&](const PCPROPERTY_ITEM& item) {
        list.add(*item.Set);
        return false;
    });
}

// KSPROPERTY_TYPE_SETSUPPORT of no set: the sets that there are.
PropertyAnswer answer_sets(const PropertyTarget& target, const PCFILTER_DESCRIPTOR& filter,
                           ks::PropertyRequest& request) {
    SetList list;
    if (target.pin != nullptr) {
        add_sets(target.pin_sets, list);
        add_sets(ks::pin_at(filter, target.pin_id).AutomationTable, list);
    }
    add_sets(filter_property_sets(), list);
    add_sets(target.port.filter_properties(), list);
    add_sets(filter.AutomationTable, list);
    return now(ks::answer(request, list.sets().data(), static_cast<ULONG>(list.sets().size_bytes())),
               request);
}

PropertyAnswer answer(const PropertyTarget& target, ks::PropertyRequest& request) {
    const NTSTATUS refused = target.port.requests_refused();
    if (!NT_SUCCESS(refused)) return {refused};
    const PCFILTER_DESCRIPTOR* const filter = target.port.core().usable_descriptor();
    if (filter == nullptr) return {STATUS_INVALID_DEVICE_STATE};
    if (!ks::is_single_verb(request.verb)) return {STATUS_INVALID_DEVICE_REQUEST};
    // KSPROPERTY_TOPOLOGY_NAME names a node and is the filter's all the same.
    if (request.names_node() && !IsEqualGUID(request.property.Set, KSPROPSETID_Topology))
        return answer_at_node(target, *filter, request);
    const bool of_set = request.verb == KSPROPERTY_TYPE_SETSUPPORT;
    if (of_set && IsEqualGUID(request.property.Set, GUID_NULL)) return answer_sets(target, *filter, request);
    const Found found = look(target, *filter, request.property);
    if (of_set) return {found.set_supported ? STATUS_SUCCESS : STATUS_PROPSET_NOT_FOUND};  // PR-019
    if (found.own != nullptr) {
        const NTSTATUS status = ks::answer_property(*found.own, found.own_target, request);
        return now(status, request);
    }
    return found.theirs == nullptr ? answer_missing(found) : call_theirs(target, found, request, 0);
}

}  // namespace

NTSTATUS dispatch_property(const PropertyTarget& target, PIRP irp) {
    ks::PropertyRequest request;
    PropertyAnswer answered{ks::capture_property(irp, request)};
    if (NT_SUCCESS(answered.status)) {
        FilterPort::Control control(target.port);
        answered = answer(target, request);
    }
    NTSTATUS status = answered.status;
    if (answered.end != PropertyAnswer::End::later)
        status = ks::complete_property(irp, request.own_buffer, status, answered.information);
    return answered.end == PropertyAnswer::End::now ? status : STATUS_PENDING;
}

}  // namespace portico::portcls
