// Cancel-safe IRP queues (IoCsqXxx). The driver brings the list and the lock; these functions bring the order
// of steps in which an IRP can be cancelled at any moment and still belongs to exactly one party.
#include "nt/ddi.h"
#include "nt/io/irp.h"

namespace portico::nt::io {
namespace {

// DriverContext[3] points to the queue, or to the context that the driver gave with the IRP; both begin with
// their type.
PVOID& tag_of(PIRP irp) {
    return irp->Tail.Overlay.DriverContext[3];
}

PIO_CSQ_IRP_CONTEXT context_of(PIRP irp) {
    auto* const context = static_cast<PIO_CSQ_IRP_CONTEXT>(tag_of(irp));
    return context != nullptr && context->Type == IO_TYPE_CSQ_IRP_CONTEXT ? context : nullptr;
}

void detach(PIRP irp) {
    if (PIO_CSQ_IRP_CONTEXT const context = context_of(irp)) context->Irp = nullptr;
    tag_of(irp) = nullptr;
}

void remove(PIO_CSQ csq, PIRP irp) {
    DriverCall call("CsqRemoveIrp", reinterpret_cast<const void*>(csq->CsqRemoveIrp));
    csq->CsqRemoveIrp(csq, irp);
}

PIRP peek(PIO_CSQ csq, PIRP irp, void* context) {
    DriverCall call("CsqPeekNextIrp", reinterpret_cast<const void*>(csq->CsqPeekNextIrp));
    return csq->CsqPeekNextIrp(csq, irp, context);
}

void complete_canceled(PIO_CSQ csq, PIRP irp) {
    DriverCall call("CsqCompleteCanceledIrp", reinterpret_cast<const void*>(csq->CsqCompleteCanceledIrp));
    csq->CsqCompleteCanceledIrp(csq, irp);
}

// The lock's routines change the IRQL, which no other callback may.
KIRQL lock(PIO_CSQ csq) {
    KIRQL irql = ke::current_irql();
    csq->CsqAcquireLock(csq, &irql);
    return irql;
}
void unlock(PIO_CSQ csq, KIRQL irql) {
    csq->CsqReleaseLock(csq, irql);
}

NTSTATUS insert(PIO_CSQ csq, PIRP irp, void* insert_context) {
    if (csq->Type == IO_TYPE_CSQ_EX) {
        auto* const routine = reinterpret_cast<PIO_CSQ_INSERT_IRP_EX>(csq->CsqInsertIrp);
        DriverCall call("CsqInsertIrpEx", reinterpret_cast<const void*>(routine));
        return call.returned(routine(csq, irp, insert_context));
    }
    DriverCall call("CsqInsertIrp", reinterpret_cast<const void*>(csq->CsqInsertIrp));
    csq->CsqInsertIrp(csq, irp);
    return STATUS_SUCCESS;
}

void NTAPI cancel_queued(PDEVICE_OBJECT, PIRP irp) {
    release_cancel_lock(irp->CancelIrql);
    PIO_CSQ_IRP_CONTEXT const context = context_of(irp);
    PIO_CSQ const csq = context != nullptr ? context->Csq : static_cast<PIO_CSQ>(tag_of(irp));
    csq->ReservePointer = nullptr;
    const KIRQL irql = lock(csq);
    remove(csq, irp);
    detach(irp);
    unlock(csq, irql);
    complete_canceled(csq, irp);
}

// False: the IRP was cancelled before it could be, and was taken back out.
bool make_cancelable(PIRP irp) {
    IoSetCancelRoutine(irp, cancel_queued);
    // Cancelled meanwhile, and whoever cancelled did not see our routine: it is still ours to end.
    return irp->Cancel == FALSE || IoSetCancelRoutine(irp, nullptr) == nullptr;
}

NTSTATUS insert_irp(PIO_CSQ csq, PIRP irp, PIO_CSQ_IRP_CONTEXT context, void* insert_context) {
    tag_of(irp) = csq;
    if (context != nullptr) {
        *context = {IO_TYPE_CSQ_IRP_CONTEXT, irp, csq};
        tag_of(irp) = context;
    }
    csq->ReservePointer = nullptr;
    const KIRQL irql = lock(csq);
    const NTSTATUS status = insert(csq, irp, insert_context);
    if (!NT_SUCCESS(status)) {
        detach(irp);
        unlock(csq, irql);
        return status;
    }
    IoMarkIrpPending(irp);
    if (make_cancelable(irp)) {
        unlock(csq, irql);
        return status;
    }
    remove(csq, irp);
    detach(irp);
    unlock(csq, irql);
    complete_canceled(csq, irp);
    return status;
}

PIRP remove_next(PIO_CSQ csq, void* peek_context) {
    csq->ReservePointer = nullptr;
    const KIRQL irql = lock(csq);
    PIRP irp = peek(csq, nullptr, peek_context);
    // An IRP without a cancel routine is being cancelled: its cancel routine waits for the lock.
    while (irp != nullptr && IoSetCancelRoutine(irp, nullptr) == nullptr) irp = peek(csq, irp, peek_context);
    if (irp != nullptr) {
        remove(csq, irp);
        detach(irp);
    }
    unlock(csq, irql);
    return irp;
}

PIRP remove_irp(PIO_CSQ csq, PIO_CSQ_IRP_CONTEXT context) {
    csq->ReservePointer = nullptr;
    const KIRQL irql = lock(csq);
    PIRP irp = context->Irp;
    if (irp != nullptr && IoSetCancelRoutine(irp, nullptr) == nullptr) irp = nullptr;
    if (irp != nullptr) {
        remove(csq, irp);
        detach(irp);
    }
    unlock(csq, irql);
    return irp;
}

}  // namespace
}  // namespace portico::nt::io

using namespace portico::nt;

extern "C" {

NTSTATUS NTAPI IoCsqInitialize(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP CsqInsertIrp, PIO_CSQ_REMOVE_IRP CsqRemoveIrp,
                               PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp, PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock,
                               PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                               PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp) {
    DDI(IoCsqInitialize, HIGH_LEVEL);
    *Csq = {IO_TYPE_CSQ,    CsqInsertIrp,   CsqRemoveIrp,           CsqPeekNextIrp,
            CsqAcquireLock, CsqReleaseLock, CsqCompleteCanceledIrp, nullptr};
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoCsqInitializeEx(PIO_CSQ Csq, PIO_CSQ_INSERT_IRP_EX CsqInsertIrp,
                                 PIO_CSQ_REMOVE_IRP CsqRemoveIrp, PIO_CSQ_PEEK_NEXT_IRP CsqPeekNextIrp,
                                 PIO_CSQ_ACQUIRE_LOCK CsqAcquireLock, PIO_CSQ_RELEASE_LOCK CsqReleaseLock,
                                 PIO_CSQ_COMPLETE_CANCELED_IRP CsqCompleteCanceledIrp) {
    DDI(IoCsqInitializeEx, HIGH_LEVEL);
    *Csq = {IO_TYPE_CSQ_EX,         reinterpret_cast<PIO_CSQ_INSERT_IRP>(CsqInsertIrp),
            CsqRemoveIrp,           CsqPeekNextIrp,
            CsqAcquireLock,         CsqReleaseLock,
            CsqCompleteCanceledIrp, nullptr};
    return STATUS_SUCCESS;
}

VOID NTAPI IoCsqInsertIrp(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context) {
    DDI(IoCsqInsertIrp, DISPATCH_LEVEL);
    io::insert_irp(Csq, Irp, Context, nullptr);
}

NTSTATUS NTAPI IoCsqInsertIrpEx(PIO_CSQ Csq, PIRP Irp, PIO_CSQ_IRP_CONTEXT Context, PVOID InsertContext) {
    DDI(IoCsqInsertIrpEx, DISPATCH_LEVEL);
    return io::insert_irp(Csq, Irp, Context, InsertContext);
}

PIRP NTAPI IoCsqRemoveNextIrp(PIO_CSQ Csq, PVOID PeekContext) {
    DDI(IoCsqRemoveNextIrp, DISPATCH_LEVEL);
    return io::remove_next(Csq, PeekContext);
}

PIRP NTAPI IoCsqRemoveIrp(PIO_CSQ Csq, PIO_CSQ_IRP_CONTEXT Context) {
    DDI(IoCsqRemoveIrp, DISPATCH_LEVEL);
    return io::remove_irp(Csq, Context);
}

}  // extern "C"
