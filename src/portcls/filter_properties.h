// The property sets that every port answers on its filters: KSPROPSETID_Pin (PR-001..PR-008) and
// KSPROPSETID_Topology (PR-010). Their target is the PropertyTarget.
#pragma once

#include "ks/property.h"

namespace portico::portcls {

std::span<const ks::PropertySet> filter_property_sets();

extern const ks::PropertySet pin_property_set;

}  // namespace portico::portcls
