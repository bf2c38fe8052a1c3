// KSPROPERTY_PIN_DATAINTERSECTION and the formats that a pin proposes: the miniport decides, and where it
// leaves it to the port, the port's own rule for music (FF-020..FF-023, IM-020..IM-025).
#pragma once

#include "ks/property.h"
#include "portcls.h"

namespace portico::portcls {

struct PinRanges {
    IUnknown* miniport;
    ULONG pin_id;
    const KSPIN_DESCRIPTOR& pin;
};

// The request brings a KSP_PIN, a KSMULTIPLE_ITEM and ranges. STATUS_NO_MATCH: none of them meets one of the
// pin's.
NTSTATUS answer_intersection(ks::PropertyRequest& request, const PinRanges& pin);

// The format that the pin's first range with one gives; STATUS_NO_MATCH: none.
NTSTATUS answer_default_format(ks::PropertyRequest& request, const PinRanges& pin);

}  // namespace portico::portcls
