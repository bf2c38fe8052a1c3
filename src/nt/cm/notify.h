// ZwNotifyChangeKey: who waits for a change of a key. For nt/cm.
#pragma once

#include "nt/cm/hive.h"

namespace portico::nt::cm {

struct KeyBody;

struct WatchRequest {
    PKEVENT event;          // set when it happened; or null
    bool event_is_object;   // and then dereferenced
    PWORK_QUEUE_ITEM item;  // queued on `queue` when it happened, or null
    ULONG queue;
    PIO_STATUS_BLOCK status;
    ULONG filter;  // REG_NOTIFY_CHANGE_*
    bool tree;     // the keys below, too
};

// STATUS_PENDING; STATUS_INSUFFICIENT_RESOURCES when too many wait (docs/limits.md). One change ends it.
NTSTATUS watch(KeyBody& body, const WatchRequest& request);
// `key` changed in the way of `filter`.
void tell_watchers(const Key& key, ULONG filter);
// The last handle was closed: whatever waits on this body ends with STATUS_NOTIFY_CLEANUP.
void end_watches(KeyBody& body);
void reset_watches();

}  // namespace portico::nt::cm
