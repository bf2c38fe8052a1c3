#include "ks/stream_queue.h"

#include <utility>

#include "nt/io/irp.h"

namespace portico::ks {
namespace {

// IoSetCancelRoutine without its point: a request and its cancel routine change together.
PDRIVER_CANCEL exchange_cancel_routine(PIRP irp, PDRIVER_CANCEL routine) {
    return std::exchange(irp->CancelRoutine, routine);
}

}  // namespace

StreamQueue::StreamQueue(FirstCancelled first_cancelled, void* owner)
    : first_cancelled_(first_cancelled), owner_(owner) {
    InitializeListHead(&list_);
}

void StreamQueue::add(StreamRequest* request) {
    const PIRP irp = request->irp;
    request->queue = this;
    request->end_status = STATUS_SUCCESS;
    request->cancel = RequestCancel::none;
    irp->Tail.Overlay.DriverContext[0] = request;
    // Cancelled before there was a routine to call: nobody else will end it.
    if (irp->Cancel != FALSE) return end(request, STATUS_CANCELLED, 0, IO_NO_INCREMENT);
    request->after_gap = std::exchange(gap_at_end_, false);
    InsertTailList(&list_, &request->link);
    exchange_cancel_routine(irp, cancel_routine);
}

StreamRequest* StreamQueue::take_first() {
    StreamRequest* const request = &first();
    RemoveEntryList(&request->link);
    if (request->cancel == RequestCancel::seen) return request;
    if (exchange_cancel_routine(request->irp, nullptr) != nullptr) return request;
    request->cancel = RequestCancel::left_to_routine;
    return nullptr;
}

void StreamQueue::mark_all(NTSTATUS status) {
    for (PLIST_ENTRY e = list_.Flink; e != &list_; e = e->Flink) {
        StreamRequest* const request = StreamRequest::of(e);
        if (request->end_status == STATUS_SUCCESS) request->end_status = status;
    }
}

void StreamQueue::end(StreamRequest* request, NTSTATUS status, ULONG_PTR information, CCHAR boost) {
    const PIRP irp = request->irp;
    StreamRequest::release(request);
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    nt::io::complete(irp, boost);
}

// The cancel spin lock is held on entry.
VOID NTAPI StreamQueue::cancel_routine(PDEVICE_OBJECT, PIRP irp) {
    auto* const request = static_cast<StreamRequest*>(irp->Tail.Overlay.DriverContext[0]);
    nt::io::release_cancel_lock(irp->CancelIrql);
    if (request->cancel == RequestCancel::left_to_routine) {
        end(request, STATUS_CANCELLED, 0, IO_NO_INCREMENT);
    } else {
        request->queue->cancelled(request);
    }
}

void StreamQueue::cancelled(StreamRequest* request) {
    const bool is_first = list_.Flink == &request->link;
    if (is_first && first_in_use_) {
        request->cancel = RequestCancel::seen;
        request->end_status = STATUS_CANCELLED;
        return;
    }
    PLIST_ENTRY const next = request->link.Flink;
    RemoveEntryList(&request->link);
    if (is_first) {
        first_cancelled_(owner_);
    } else if (next == &list_) {
        gap_at_end_ = true;
    } else {
        StreamRequest::of(next)->after_gap = true;
    }
    end(request, STATUS_CANCELLED, 0, IO_NO_INCREMENT);
}

}  // namespace portico::ks
