// Requests to the property handlers of miniports, which may end later (FN-152..FN-154, FD-052..FD-059).
#pragma once

#include <cstdint>

#include "portcls.h"

namespace portico::portcls {

// What became of a property request. Whoever asked completes the IRP, unless it ends `later`.
struct PropertyAnswer {
    enum class End : std::uint8_t {
        now,     // with the status
        marked,  // the same, but the IRP is marked pending, and its sender is to get STATUS_PENDING
        later,   // when the driver calls PcCompletePendingPropertyRequest, or has done so already
    };

    NTSTATUS status;
    ULONG information = 0;  // bytes
    End end = End::now;
};

// Calls the item's handler with a copy of `request`, whose ValueSize is the room for what is returned.
// `own_buffer`: ks::PropertyRequest's, for who completes the IRP later. PASSIVE_LEVEL.
PropertyAnswer call_property_handler(const PCPROPERTY_REQUEST& request, void* own_buffer);

// Requests that a driver owes an answer.
unsigned pending_property_requests();

void reset_property_requests();

}  // namespace portico::portcls
