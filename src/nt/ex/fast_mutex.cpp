#include "nt/ex/fast_mutex.h"

#include "nt/ke/ke.h"

namespace portico::nt::ex {
namespace {

void tell(PFAST_MUTEX mutex, const char* text) {
    PORTICO_PROBE(object_misuse, driver_verifier_detected_violation, mutex, text);
}

// The Unsafe forms leave it to the caller to keep normal kernel APCs off.
void check_apcs_off(PFAST_MUTEX mutex) {
    const KTHREAD& thread = *ke::current_thread();
    if (ke::current_irql() >= APC_LEVEL || thread.critical_region_depth != 0 ||
        thread.guarded_region_depth != 0)
        return;
    tell(mutex, "The driver used a fast mutex with an Unsafe function while APCs were enabled.");
}

}  // namespace

void initialize_fast_mutex(PFAST_MUTEX mutex) {
    mutex->Count = 1;
    mutex->Owner = nullptr;
    mutex->Contention = 0;
    ke::initialize_event(&mutex->Event, SynchronizationEvent, false);
}

// Count is 1 when free and falls by one with its owner and with each waiter.
void acquire_fast_mutex(PFAST_MUTEX mutex) {
    KTHREAD* const self = ke::current_thread();
    if (mutex->Owner == self)
        tell(mutex, "The driver acquired a fast mutex that the same thread owns: it waits for ever.");
    if (--mutex->Count != 0) {
        ++mutex->Contention;
        ke::wait(&mutex->Event, KernelMode, false, nullptr);
    }
    mutex->Owner = self;
}

bool try_acquire_fast_mutex(PFAST_MUTEX mutex) {
    if (mutex->Count != 1) return false;
    mutex->Count = 0;
    mutex->Owner = ke::current_thread();
    return true;
}

void release_fast_mutex(PFAST_MUTEX mutex) {
    if (mutex->Owner != ke::current_thread()) {
        tell(mutex, "The driver released a fast mutex that the thread does not own.");
        if (mutex->Count == 1) return;
    }
    mutex->Owner = nullptr;
    if (++mutex->Count <= 0) ke::set_event(&mutex->Event);
}

}  // namespace portico::nt::ex

using namespace portico::nt;

extern "C" {

VOID NTAPI ExAcquireFastMutex(PFAST_MUTEX FastMutex) {
    DDI(ExAcquireFastMutex, APC_LEVEL);
    const auto old = ke::raise(APC_LEVEL);
    ex::acquire_fast_mutex(FastMutex);
    FastMutex->OldIrql = old;
}

BOOLEAN NTAPI ExTryToAcquireFastMutex(PFAST_MUTEX FastMutex) {
    DDI(ExTryToAcquireFastMutex, APC_LEVEL);
    const auto old = ke::raise(APC_LEVEL);
    if (!ex::try_acquire_fast_mutex(FastMutex)) {
        ke::lower(old);
        return FALSE;
    }
    FastMutex->OldIrql = old;
    return TRUE;
}

VOID NTAPI ExReleaseFastMutex(PFAST_MUTEX FastMutex) {
    DDI_RANGE(ExReleaseFastMutex, APC_LEVEL, APC_LEVEL);
    const auto old = static_cast<KIRQL>(FastMutex->OldIrql);
    ex::release_fast_mutex(FastMutex);
    ke::lower(old > APC_LEVEL ? APC_LEVEL : old);
}

VOID NTAPI ExAcquireFastMutexUnsafe(PFAST_MUTEX FastMutex) {
    DDI(ExAcquireFastMutexUnsafe, APC_LEVEL);
    ex::check_apcs_off(FastMutex);
    ex::acquire_fast_mutex(FastMutex);
}

VOID NTAPI ExReleaseFastMutexUnsafe(PFAST_MUTEX FastMutex) {
    DDI(ExReleaseFastMutexUnsafe, APC_LEVEL);
    ex::check_apcs_off(FastMutex);
    ex::release_fast_mutex(FastMutex);
}

VOID NTAPI KeInitializeGuardedMutex(PKGUARDED_MUTEX Mutex) {
    DDI(KeInitializeGuardedMutex, APC_LEVEL);
    ex::initialize_fast_mutex(Mutex);
}

VOID NTAPI KeAcquireGuardedMutex(PKGUARDED_MUTEX Mutex) {
    DDI(KeAcquireGuardedMutex, APC_LEVEL);
    ke::enter_guarded_region();
    ex::acquire_fast_mutex(Mutex);
}

BOOLEAN NTAPI KeTryToAcquireGuardedMutex(PKGUARDED_MUTEX Mutex) {
    DDI(KeTryToAcquireGuardedMutex, APC_LEVEL);
    ke::enter_guarded_region();
    if (ex::try_acquire_fast_mutex(Mutex)) return TRUE;
    ke::leave_guarded_region();
    return FALSE;
}

VOID NTAPI KeReleaseGuardedMutex(PKGUARDED_MUTEX Mutex) {
    DDI(KeReleaseGuardedMutex, APC_LEVEL);
    ex::release_fast_mutex(Mutex);
    ke::leave_guarded_region();
}

VOID NTAPI KeAcquireGuardedMutexUnsafe(PKGUARDED_MUTEX FastMutex) {
    DDI(KeAcquireGuardedMutexUnsafe, APC_LEVEL);
    ex::check_apcs_off(FastMutex);
    ex::acquire_fast_mutex(FastMutex);
}

VOID NTAPI KeReleaseGuardedMutexUnsafe(PKGUARDED_MUTEX FastMutex) {
    DDI(KeReleaseGuardedMutexUnsafe, APC_LEVEL);
    ex::check_apcs_off(FastMutex);
    ex::release_fast_mutex(FastMutex);
}

}  // extern "C"
