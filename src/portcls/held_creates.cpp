#include "portcls/held_creates.h"

#include <utility>

#include "nt/io/irp.h"
#include "portcls/adapter.h"

namespace portico::portcls {
namespace {

// IoSetCancelRoutine without its point: the list and a request's cancel routine change together.
PDRIVER_CANCEL exchange_cancel_routine(PIRP irp, PDRIVER_CANCEL routine) {
    return std::exchange(irp->CancelRoutine, routine);
}

}  // namespace

NTSTATUS HeldCreates::hold(PIRP irp) {
    IoMarkIrpPending(irp);
    if (irp->Cancel != FALSE) {  // before there was a routine to call: nobody else will end it
        nt::io::complete(irp, STATUS_CANCELLED, 0);
        return STATUS_PENDING;
    }
    InsertTailList(&list_, &irp->Tail.Overlay.ListEntry);
    ++count_;
    exchange_cancel_routine(irp, cancelled);
    return STATUS_PENDING;
}

void NTAPI HeldCreates::cancelled(PDEVICE_OBJECT, PIRP irp) {
    nt::io::release_cancel_lock(irp->CancelIrql);
    RemoveEntryList(&irp->Tail.Overlay.ListEntry);
    nt::io::complete(irp, STATUS_CANCELLED, 0);
}

// An IRP whose cancel routine is on its way belongs to that routine, which takes it off its (then empty)
// list.
PIRP HeldCreates::take() {
    while (!IsListEmpty(&list_)) {
        const PLIST_ENTRY link = RemoveHeadList(&list_);
        PIRP const irp = CONTAINING_RECORD(link, IRP, Tail.Overlay.ListEntry);
        if (exchange_cancel_routine(irp, nullptr) != nullptr) return irp;
        InitializeListHead(link);
    }
    return nullptr;
}

// Not those that are held again meanwhile.
void HeldCreates::resume(AdapterDevice& adapter) {
    for (std::uint64_t left = std::exchange(count_, 0); left > 0; --left) {
        PIRP const irp = take();
        if (irp == nullptr) return;
        dispatch_create(adapter, irp);
    }
}

void HeldCreates::fail(NTSTATUS status) {
    count_ = 0;
    while (PIRP const irp = take()) nt::io::complete(irp, status, 0);
}

}  // namespace portico::portcls
