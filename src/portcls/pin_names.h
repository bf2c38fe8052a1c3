// Names of pins and nodes: what the miniport says (NA-001..NA-003), else what the registry calls a GUID
// (PR-006).
#pragma once

#include "ks/property.h"
#include "portcls.h"

namespace portico::portcls {

// A GUID and, where that has no name, another; either may be null.
struct NameGuids {
    const GUID* name;
    const GUID* otherwise;
};

// The REG_SZ "Name" of the GUID's key in \Registry\Machine\System\CurrentControlSet\Control\MediaCategories,
// with its end. STATUS_OBJECT_NAME_NOT_FOUND: neither has one.
NTSTATUS answer_name(ks::PropertyRequest& request, const NameGuids& guids);

// KSPROPERTY_PIN_NAME: the miniport's IPinName, and where it has none, or says STATUS_NOT_IMPLEMENTED, the
// descriptor's Name and Category.
NTSTATUS answer_pin_name(ks::PropertyRequest& request, IUnknown* miniport, const KSPIN_DESCRIPTOR& pin);

}  // namespace portico::portcls
