// A property request's buffers. METHOD_NEITHER gives the caller's own addresses: they are checked against the
// requestor's mode and copied once, into the IRP's system buffer, which stays until the IRP has ended. So a
// caller that changes its memory meanwhile, or gives it back, changes nothing; and what is returned is copied
// in the requestor's thread when the IRP ends, however much later.
//
// The system buffer begins with the value, as KS lays it out; the KSPROPERTY follows at the next multiple
// of 8.
#pragma once

#include "ks/property.h"

namespace portico::ks {

// The largest request, input or output (docs/limits.md). Beyond it: STATUS_INVALID_BUFFER_SIZE.
constexpr ULONG property_limit = 64 * 1024;

// Errors: STATUS_INVALID_BUFFER_SIZE, STATUS_ACCESS_VIOLATION, STATUS_INSUFFICIENT_RESOURCES. Whatever the
// status, the IRP is ended with complete_property(). IRQL: PASSIVE_LEVEL.
NTSTATUS capture_property(PIRP irp, PropertyRequest& request);

// Completes the IRP; `information` bytes of the value go back to the caller unless the status is an error.
// `own_buffer` is the request's. Returns the status. IRQL: <= DISPATCH_LEVEL.
NTSTATUS complete_property(PIRP irp, void* own_buffer, NTSTATUS status, ULONG information);

}  // namespace portico::ks
