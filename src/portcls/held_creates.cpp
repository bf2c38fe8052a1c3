#include "portcls/held_creates.h"

#include "nt/io/irp.h"
#include "portcls/adapter.h"

namespace portico::portcls {

NTSTATUS HeldCreates::hold(PIRP irp) {
    IoMarkIrpPending(irp);
    InsertTailList(&list_, &irp->Tail.Overlay.ListEntry);
    IoSetCancelRoutine(irp, cancelled);
    // Cancelled before there was a routine to call: nobody else will end it.
    if (irp->Cancel && IoSetCancelRoutine(irp, nullptr) != nullptr) {
        RemoveEntryList(&irp->Tail.Overlay.ListEntry);
        nt::io::complete(irp, STATUS_CANCELLED, 0);
    }
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
        if (IoSetCancelRoutine(irp, nullptr) != nullptr) return irp;
        InitializeListHead(link);
    }
    return nullptr;
}

void HeldCreates::resume(AdapterDevice& adapter) {
    while (PIRP const irp = take()) dispatch_create(adapter, irp);
}

void HeldCreates::fail(NTSTATUS status) {
    while (PIRP const irp = take()) nt::io::complete(irp, status, 0);
}

}  // namespace portico::portcls
