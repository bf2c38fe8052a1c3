// IOCTL_KS_ENABLE_EVENT and IOCTL_KS_DISABLE_EVENT on a filter or a pin: the miniport's events, by its
// automation tables, and the port's own (FD-070..FD-073, CX-020, SP-020).
#pragma once

#include "portcls.h"

namespace portico::portcls {

class FilterPort;

// Whom a request is sent to.
struct EventTarget {
    FilterPort& port;
    bool is_pin = false;
    ULONG pin_id = 0;                  // these are a pin's alone:
    IUnknown* stream = nullptr;        // MinorTarget (FD-053)
    bool tells_end_of_stream = false;  // it renders
};

// Owns the IRP. Errors: STATUS_PROPSET_NOT_FOUND, STATUS_NOT_FOUND, STATUS_INVALID_DEVICE_REQUEST for a verb
// that the event does not have, those of ks::capture_event and ks::capture_notification, the handler's,
// STATUS_INSUFFICIENT_RESOURCES. PASSIVE_LEVEL.
NTSTATUS enable_event(const EventTarget& target, PIRP irp);
// Owns the IRP. The event that the file enabled with that KSEVENTDATA, or all of the file without one.
// Errors: STATUS_UNSUCCESSFUL when there is none. PASSIVE_LEVEL.
NTSTATUS disable_event(FilterPort& port, PIRP irp);
// Every event that the file enabled: its IRP_MJ_CLEANUP. PASSIVE_LEVEL.
void disable_events_of(FilterPort& port, const FILE_OBJECT* file);

// KSEVENT_CONNECTION_ENDOFSTREAM of a pin's file. IRQL <= DISPATCH_LEVEL.
void tell_end_of_stream(FilterPort& port, const FILE_OBJECT* file);

}  // namespace portico::portcls
