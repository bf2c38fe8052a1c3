// Spin locks in all their forms. The lock word holds who owns it, so that misuse is seen when it happens.
#include "nt/ke/timer_queue.h"

namespace portico::nt::ke {
namespace {

ULONG_PTR owner_tag() {
    return sim::this_processor->index + 1u;
}

bool owned_here(const volatile KSPIN_LOCK* lock) {
    return *lock == owner_tag();
}

// The owner of `lock` spins on a lock whose owner spins on ... one that this processor owns: nobody will ever
// go on.
bool would_deadlock(const volatile KSPIN_LOCK* lock) {
    for (unsigned i = 0; i < sim::scheduler.processor_count; ++i) {
        const ULONG_PTR owner = *lock;
        if (owner == 0 || owner > sim::scheduler.processor_count) return false;
        lock = static_cast<const volatile KSPIN_LOCK*>(sim::scheduler.processors[owner - 1].spinning_on);
        if (lock == nullptr) return false;
        if (owned_here(lock)) return true;
    }
    return false;
}

bool valid_owner(ULONG_PTR value) {
    return value <= sim::scheduler.processor_count;
}

}  // namespace

void acquire_spin_lock(PKSPIN_LOCK lock) {
    if (*lock != 0) {
        if (owned_here(lock) || !valid_owner(*lock)) {
            PORTICO_PROBE(spin_lock, SpinLockFault::already_owned, lock, current_irql());
            *lock = owner_tag();
            return;
        }
        if (would_deadlock(lock)) PORTICO_PROBE(spin_lock, SpinLockFault::deadlock, lock, current_irql());
        sim::scheduler.spin(reinterpret_cast<const volatile std::uint64_t*>(lock));
    }
    *lock = owner_tag();
}

bool try_acquire_spin_lock(PKSPIN_LOCK lock) {
    if (*lock != 0) return false;
    *lock = owner_tag();
    return true;
}

void release_spin_lock(PKSPIN_LOCK lock) {
    if (!owned_here(lock)) PORTICO_PROBE(spin_lock, SpinLockFault::not_owned, lock, current_irql());
    *lock = 0;
    sim::scheduler.release_spinners(reinterpret_cast<const volatile std::uint64_t*>(lock));
}

namespace {

[[gnu::always_inline]] inline sim::Irql acquire_raising(PKSPIN_LOCK lock, sim::Irql irql) {
    if (current_irql() > irql) PORTICO_PROBE(spin_lock, SpinLockFault::wrong_irql, lock, current_irql());
    const sim::Irql old = current_irql();
    if (old < irql) raise(irql);
    sim::paging.raised(__builtin_return_address(0));
    acquire_spin_lock(lock);
    return old;
}

void release_to(PKSPIN_LOCK lock, sim::Irql old) {
    if (current_irql() < sim::dispatch_level)
        PORTICO_PROBE(spin_lock, SpinLockFault::wrong_irql, lock, current_irql());
    if (old > current_irql()) PORTICO_PROBE(spin_lock, SpinLockFault::irql_not_restored, lock, old);
    release_spin_lock(lock);
    lower(old);
}

void at_dpc_level(PKSPIN_LOCK lock) {
    if (current_irql() < sim::dispatch_level)
        PORTICO_PROBE(spin_lock, SpinLockFault::wrong_irql, lock, current_irql());
    acquire_spin_lock(lock);
}

void from_dpc_level(PKSPIN_LOCK lock) {
    if (current_irql() < sim::dispatch_level)
        PORTICO_PROBE(spin_lock, SpinLockFault::wrong_irql, lock, current_irql());
    release_spin_lock(lock);
}

}  // namespace

}  // namespace portico::nt::ke

using namespace portico::nt;
using portico::sim::dispatch_level;

extern "C" {

VOID NTAPI KeInitializeSpinLock(PKSPIN_LOCK SpinLock) {
    DDI(KeInitializeSpinLock, HIGH_LEVEL);
    *SpinLock = 0;
}

// The forms' own rule tells a wrong IRQL with the lock it concerns; their rows leave it to that.
KIRQL NTAPI KeAcquireSpinLockRaiseToDpc(PKSPIN_LOCK SpinLock) {
    DDI(KeAcquireSpinLockRaiseToDpc, HIGH_LEVEL);
    return ke::acquire_raising(SpinLock, dispatch_level);
}

KIRQL NTAPI KeAcquireSpinLockRaiseToSynch(PKSPIN_LOCK SpinLock) {
    DDI(KeAcquireSpinLockRaiseToSynch, HIGH_LEVEL);
    return ke::acquire_raising(SpinLock, 12);
}

VOID NTAPI KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL NewIrql) {
    DDI(KeReleaseSpinLock, HIGH_LEVEL);
    ke::release_to(SpinLock, NewIrql);
}

VOID NTAPI KeAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock) {
    DDI(KeAcquireSpinLockAtDpcLevel, HIGH_LEVEL);
    ke::at_dpc_level(SpinLock);
}

VOID NTAPI KeReleaseSpinLockFromDpcLevel(PKSPIN_LOCK SpinLock) {
    DDI(KeReleaseSpinLockFromDpcLevel, HIGH_LEVEL);
    ke::from_dpc_level(SpinLock);
}

BOOLEAN NTAPI KeTryToAcquireSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock) {
    DDI(KeTryToAcquireSpinLockAtDpcLevel, HIGH_LEVEL);
    return ke::try_acquire_spin_lock(SpinLock);
}

BOOLEAN NTAPI KeTestSpinLock(PKSPIN_LOCK SpinLock) {
    DDI(KeTestSpinLock, HIGH_LEVEL);
    return *SpinLock == 0;
}

VOID NTAPI KeAcquireInStackQueuedSpinLock(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle) {
    DDI(KeAcquireInStackQueuedSpinLock, HIGH_LEVEL);
    LockHandle->LockQueue = {nullptr, SpinLock};
    LockHandle->OldIrql = ke::acquire_raising(SpinLock, dispatch_level);
}

VOID NTAPI KeReleaseInStackQueuedSpinLock(PKLOCK_QUEUE_HANDLE LockHandle) {
    DDI(KeReleaseInStackQueuedSpinLock, HIGH_LEVEL);
    ke::release_to(const_cast<PKSPIN_LOCK>(LockHandle->LockQueue.Lock), LockHandle->OldIrql);
}

VOID NTAPI KeAcquireInStackQueuedSpinLockAtDpcLevel(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle) {
    DDI(KeAcquireInStackQueuedSpinLockAtDpcLevel, HIGH_LEVEL);
    LockHandle->LockQueue = {nullptr, SpinLock};
    ke::at_dpc_level(SpinLock);
}

VOID NTAPI KeReleaseInStackQueuedSpinLockFromDpcLevel(PKLOCK_QUEUE_HANDLE LockHandle) {
    DDI(KeReleaseInStackQueuedSpinLockFromDpcLevel, HIGH_LEVEL);
    ke::from_dpc_level(const_cast<PKSPIN_LOCK>(LockHandle->LockQueue.Lock));
}

KIRQL NTAPI KeAcquireSpinLockForDpc(PKSPIN_LOCK SpinLock) {
    DDI(KeAcquireSpinLockForDpc, HIGH_LEVEL);
    return ke::acquire_raising(SpinLock, dispatch_level);
}

VOID NTAPI KeReleaseSpinLockForDpc(PKSPIN_LOCK SpinLock, KIRQL OldIrql) {
    DDI(KeReleaseSpinLockForDpc, HIGH_LEVEL);
    ke::release_to(SpinLock, OldIrql);
}

VOID NTAPI KeAcquireInStackQueuedSpinLockForDpc(PKSPIN_LOCK SpinLock, PKLOCK_QUEUE_HANDLE LockHandle) {
    DDI(KeAcquireInStackQueuedSpinLockForDpc, HIGH_LEVEL);
    LockHandle->LockQueue = {nullptr, SpinLock};
    LockHandle->OldIrql = ke::acquire_raising(SpinLock, dispatch_level);
}

VOID NTAPI KeReleaseInStackQueuedSpinLockForDpc(PKLOCK_QUEUE_HANDLE LockHandle) {
    DDI(KeReleaseInStackQueuedSpinLockForDpc, HIGH_LEVEL);
    ke::release_to(const_cast<PKSPIN_LOCK>(LockHandle->LockQueue.Lock), LockHandle->OldIrql);
}

KIRQL NTAPI KfAcquireSpinLock(PKSPIN_LOCK SpinLock) {
    DDI(KfAcquireSpinLock, HIGH_LEVEL);
    return ke::acquire_raising(SpinLock, dispatch_level);
}

VOID NTAPI KfReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL OldIrql) {
    DDI(KfReleaseSpinLock, HIGH_LEVEL);
    ke::release_to(SpinLock, OldIrql);
}

}  // extern "C"
