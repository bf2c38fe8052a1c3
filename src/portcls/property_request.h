// Requests to the property handlers of miniports, which may end later (FN-152..FN-154, FD-052..FD-059).
#pragma once

#include "portcls.h"

namespace portico::portcls {

// Calls the item's handler with a copy of `request`, and completes request.Irp: at once with what the handler
// returned and ValueSize as information (FD-056), or when the driver calls PcCompletePendingPropertyRequest;
// STATUS_PENDING then. PASSIVE_LEVEL.
NTSTATUS call_property_handler(const PCPROPERTY_REQUEST& request);

// Requests that a driver owes an answer.
unsigned pending_property_requests();

void reset_property_requests();

}  // namespace portico::portcls
