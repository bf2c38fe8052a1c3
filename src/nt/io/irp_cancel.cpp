// Cancelling: the cancel spin lock, IoCancelIrp, and the requests of a thread that ends.
#include "nt/ddi.h"
#include "nt/ex/pool.h"
#include "nt/io/bug_check.h"
#include "nt/io/irp.h"
#include "nt/io/irp_cancel.h"
#include "sim/address_map.h"

namespace portico::nt::io {
namespace {

// In the pool, so that a finding about it names the same address in every run.
PKSPIN_LOCK cancel_lock;

PKSPIN_LOCK lock() {
    if (cancel_lock == nullptr) cancel_lock = ex::make<KSPIN_LOCK>(NonPagedPool, 'lcnC', KSPIN_LOCK{0});
    return cancel_lock;
}

// The routine is called with the cancel lock held and must release it, back to Irp->CancelIrql.
void call_cancel_routine(PDRIVER_CANCEL routine, PIRP irp, sim::Irql irql) {
    const void* const address = reinterpret_cast<const void*>(routine);
    // An IRP that was sent nowhere yet has no current location.
    const bool sent = irp->CurrentLocation <= irp->StackCount;
    PDEVICE_OBJECT const device = sent ? IoGetCurrentIrpStackLocation(irp)->DeviceObject : nullptr;
    sim::record(sim::TraceKind::callback_enter, "Cancel", reinterpret_cast<std::uint64_t>(address));
    sim::point(sim::call_cost_ns);
    routine(device, irp);
    sim::record(sim::TraceKind::callback_leave, "Cancel");
    const sim::Irql now = ke::current_irql();
    if (now == irql) return;
    callback_irql_changed("Cancel", address, irql, now);
    ke::lower(irql);
}

bool is_of_thread(const IrpRecord& record, const void* thread) {
    return record.issuer == thread;
}

// The thread goes without the request, and its process' memory may go, too: no results, no APC.
void abandon(IrpRecord& record) {
    record.issuer = nullptr;
    record.abandoned = true;
    record.irp()->Tail.Overlay.Thread = nullptr;
}

bool is_uncancelled_of_thread(const IrpRecord& record, const void* thread) {
    return record.issuer == thread && record.state == IrpState::live &&
           const_cast<IrpRecord&>(record).irp()->Cancel == FALSE;
}

}  // namespace

void reset_cancel() {
    cancel_lock = nullptr;
    ke::thread_ending = [](KTHREAD& thread) {
        // A thread that ends at a raised IRQL is a finding of its own, and cannot wait for anybody.
        if (ke::current_irql() == PASSIVE_LEVEL) cancel_thread_irps(&thread);
    };
}

sim::Irql acquire_cancel_lock() {
    PKSPIN_LOCK const the_lock = lock();
    const sim::Irql old = ke::raise(sim::dispatch_level);
    ke::acquire_spin_lock(the_lock);
    return old;
}

void release_cancel_lock(sim::Irql irql) {
    ke::release_spin_lock(lock());
    ke::lower(irql);
}

bool cancel(PIRP irp) {
    const IrpRecord* const record = record_of(irp);
    if (irp->Type != IO_TYPE_IRP || (record != nullptr && record->state != IrpState::live)) {
        stop_machine(CANCEL_STATE_IN_COMPLETED_IRP, {reinterpret_cast<std::uint64_t>(irp)}, {"IRP"},
                     "IoCancelIrp was called with an IRP that has been completed or freed", irp);
        return false;
    }
    const sim::Irql old = acquire_cancel_lock();
    irp->Cancel = TRUE;
    PDRIVER_CANCEL const routine = irp->CancelRoutine;
    irp->CancelRoutine = nullptr;
    if (routine == nullptr) {
        release_cancel_lock(old);
        return false;
    }
    irp->CancelIrql = old;
    call_cancel_routine(routine, irp, old);
    return true;
}

void cancel_irps_of(KTHREAD* thread) {
    // One at a time: a cancel routine may end any number of others.
    while (IrpRecord* const record = find_irp(is_uncancelled_of_thread, thread)) cancel(record->irp());
}

void cancel_thread_irps(KTHREAD* thread) {
    cancel_irps_of(thread);
    // Windows gives drivers five minutes to let go of a dying thread's requests.
    constexpr int waits = 3000;
    for (int i = 0; i < waits && find_irp(is_of_thread, thread) != nullptr; ++i)
        ke::delay(KernelMode, false, -1'000'000);
    while (IrpRecord* const record = find_irp(is_of_thread, thread)) abandon(*record);
}

}  // namespace portico::nt::io

using namespace portico::nt;

extern "C" {

BOOLEAN NTAPI IoCancelIrp(PIRP Irp) {
    DDI(IoCancelIrp, DISPATCH_LEVEL);
    return io::cancel(Irp);
}

VOID NTAPI IoAcquireCancelSpinLock(PKIRQL Irql) {
    DDI(IoAcquireCancelSpinLock, DISPATCH_LEVEL);
    *Irql = io::acquire_cancel_lock();
}

VOID NTAPI IoReleaseCancelSpinLock(KIRQL Irql) {
    DDI_RANGE(IoReleaseCancelSpinLock, DISPATCH_LEVEL, DISPATCH_LEVEL);
    io::release_cancel_lock(Irql);
}

}  // extern "C"
