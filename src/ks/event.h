// IOCTL_KS_ENABLE_EVENT and IOCTL_KS_DISABLE_EVENT taken apart, and how the client of an event is told of it.
#pragma once

#include "ks.h"
#include "wdm.h"

namespace portico::ks {

// What a KSEVENTDATA says, captured: the object that is signalled and how.
struct EventNotification {
    ULONG type = 0;          // KSEVENTF_xxx; 0: nobody is told
    void* object = nullptr;  // a KEVENT, KSEMAPHORE, KDPC or WORK_QUEUE_ITEM; for handles, referenced
    bool referenced = false;
    LONG adjustment = 0;          // of a semaphore
    KPRIORITY increment = 0;      // what a waiting thread's priority gains
    ULONG queue = 0;              // of a work item
    PKSEVENTDATA data = nullptr;  // the client's own: what disabling names, and a DPC's argument
};

// A request of IOCTL_KS_ENABLE_EVENT. The KSEVENT and what follows it are a copy.
struct EventRequest {
    KSEVENT event;
    ULONG verb;  // event.Flags without KSEVENT_TYPE_TOPOLOGY
    ULONG node;  // of a KSE_NODE; ULONG(-1) without KSEVENT_TYPE_TOPOLOGY
};

// Errors: STATUS_INVALID_BUFFER_SIZE for less than a KSEVENT (KSE_NODE), STATUS_ACCESS_VIOLATION. Without an
// input buffer it is KSEVENT_TYPE_SETSUPPORT of no set: which sets are there? PASSIVE_LEVEL.
NTSTATUS capture_event(PIRP irp, EventRequest& request);

// The KSEVENTDATA of the output buffer. Callers from user mode name handles only. Errors:
// STATUS_BUFFER_TOO_SMALL, STATUS_ACCESS_VIOLATION, STATUS_INVALID_PARAMETER for a type that there is not or
// is not theirs, STATUS_INVALID_HANDLE and the object manager's. PASSIVE_LEVEL. On success to be released.
NTSTATUS capture_notification(PIRP irp, EventNotification& notification);
// IRQL <= DISPATCH_LEVEL.
void release_notification(EventNotification& notification);

// Tells the client. IRQL <= DISPATCH_LEVEL. A semaphore at its limit, a DPC or a work item that is queued
// already stay as they are.
void notify(const EventNotification& notification);

}  // namespace portico::ks
