// A property request, and the tables that say how a set's owner answers each of its properties. What a
// request becomes when no table here has it is its target's affair (src/portcls/automation.h).
#pragma once

#include <cstddef>
#include <span>

#include "wdm.h"
#include "ks.h"

namespace portico::ks {

// IOCTL_KS_PROPERTY taken apart (ks/property_capture.h). Everything it points to is a copy.
struct PropertyRequest {
    PIRP irp;
    KSPROPERTY property;
    ULONG verb;      // property.Flags without KSPROPERTY_TYPE_TOPOLOGY
    void* instance;  // what follows the KSPROPERTY
    ULONG instance_size;
    void* value;  // system memory: for a set the caller's value, for a get what is returned; 8-byte aligned
    ULONG value_size;
    void* own_buffer;  // ks/property_capture.cpp's
    ULONG returned;    // bytes that go back; with STATUS_BUFFER_OVERFLOW how many there are

    bool names_node() const { return (property.Flags & KSPROPERTY_TYPE_TOPOLOGY) != 0; }
};

using PropertyHandler = NTSTATUS (*)(void* target, PropertyRequest& request);

// What the value of a property may be, as KSPROPERTY_TYPE_BASICSUPPORT tells it (FD-058): every `step` from
// `least` to `most`.
struct PropertyRange {
    ULONG least;
    ULONG most;
    ULONG step;
};

struct PropertyItem {
    ULONG id;
    ULONG flags;      // KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET
    ULONG value_min;  // bytes; 0: the handler tells the size of what it returns, with answer()
    PropertyHandler get;
    PropertyHandler set;
    ULONG instance_min = 0;  // bytes behind the KSPROPERTY
    USHORT type = VT_EMPTY;  // VARENUM of the value; VT_EMPTY: not one that there is a number for
    const PropertyRange* range = nullptr;
};

struct PropertySet {
    const GUID* set;
    const PropertyItem* items;  // none: every property of the set is refused (PR-011)
    std::size_t count;
};

// The item for a request in the first set of that GUID; null: `set_known` says which is missing.
struct FoundProperty {
    const PropertyItem* item = nullptr;
    bool set_known = false;
    bool set_supported = false;  // known, and not for refusing alone
};
FoundProperty find_property(std::span<const PropertySet> sets, const KSPROPERTY& property);

// Is it one that KS knows, alone? Several at once are refused with STATUS_INVALID_DEVICE_REQUEST.
bool is_single_verb(ULONG verb);
// Does the verb bring a value along, or ask for one?
constexpr bool brings_value(ULONG verb) {
    return (verb & (KSPROPERTY_TYPE_SET | KSPROPERTY_TYPE_UNSERIALIZESET | KSPROPERTY_TYPE_UNSERIALIZERAW)) !=
           0;
}

// Answers a request from its item. Errors (clients.md section 3, KS'): STATUS_INVALID_DEVICE_REQUEST for a
// verb that the item does not have, STATUS_INVALID_BUFFER_SIZE for too short an instance,
// STATUS_BUFFER_OVERFLOW with the size for an empty output buffer, STATUS_BUFFER_TOO_SMALL; else the
// handler's.
NTSTATUS answer_property(const PropertyItem& item, void* target, PropertyRequest& request);
// Answers a request to something that has these sets and no other, and no nodes. Errors:
// STATUS_PROPSET_NOT_FOUND, STATUS_NOT_FOUND, STATUS_INVALID_DEVICE_REQUEST for several verbs,
// STATUS_INVALID_PARAMETER for a node; else answer_property()'s.
NTSTATUS answer_from(std::span<const PropertySet> sets, void* target, PropertyRequest& request);
// KSPROPERTY_TYPE_BASICSUPPORT and KSPROPERTY_TYPE_RELATIONS.
NTSTATUS answer_support(const PropertyItem& item, PropertyRequest& request);
NTSTATUS answer_relations(PropertyRequest& request);

// ---- for handlers ----

// Returns these bytes: STATUS_BUFFER_OVERFLOW with their number when nothing is wanted,
// STATUS_BUFFER_TOO_SMALL.
NTSTATUS answer(PropertyRequest& request, const void* bytes, ULONG size);
template <class T>
NTSTATUS answer(PropertyRequest& request, const T& value) {
    return answer(request, &value, sizeof value);
}
// Room for a list of `size` bytes, which the handler fills when the status is STATUS_SUCCESS and *list is not
// null. A buffer of one ULONG gets the size, as KsHandleSizedListQuery does it.
NTSTATUS begin_list(PropertyRequest& request, ULONG size, void** list);
// KSMULTIPLE_ITEM and `count` items of `item_size` bytes each (PR-002).
NTSTATUS answer_items(PropertyRequest& request, const void* items, ULONG count, ULONG item_size);

}  // namespace portico::ks
