// The stream requests that wait in a pin, in order, each cancellable. Whoever calls add(), take_first() or
// mark_all() is alone with the queue until it reaches a point of the simulation; none of them holds one.
#pragma once

#include "ks/stream_request.h"

namespace portico::ks {

class StreamQueue {
  public:
    // The first request was cancelled: it is out of the queue, its IRP has not ended yet, so the pin still
    // lives. IRQL: <= DISPATCH_LEVEL.
    using FirstCancelled = void (*)(void* owner);

    StreamQueue(FirstCancelled first_cancelled, void* owner);
    StreamQueue(const StreamQueue&) = delete;
    StreamQueue& operator=(const StreamQueue&) = delete;

    bool empty() const { return IsListEmpty(&list_) != FALSE; }
    StreamRequest& first() { return *StreamRequest::of(list_.Flink); }

    // Takes over the request, whose IRP is marked pending. It may have ended when this returns.
    void add(StreamRequest* request);

    // While the first request's data is in use its cancelling only sets `end_status`, and its user ends it.
    void use_first(bool in_use) { first_in_use_ = in_use; }

    // Takes the first request out, to be ended. Null when its cancel routine is on its way: that one ends it.
    StreamRequest* take_first();

    // Every request that waits now is to end with the status, which its owner sees in `end_status`.
    void mark_all(NTSTATUS status);

    // Releases the request and completes its IRP. The pin may be gone when this returns.
    static void end(StreamRequest* request, NTSTATUS status, ULONG_PTR information, CCHAR boost);

  private:
    static VOID NTAPI cancel_routine(PDEVICE_OBJECT device, PIRP irp);
    void cancelled(StreamRequest* request);

    LIST_ENTRY list_;
    FirstCancelled first_cancelled_;
    void* owner_;
    bool first_in_use_ = false;
    bool gap_at_end_ = false;  // the last of them was cancelled, behind another
};

}  // namespace portico::ks
