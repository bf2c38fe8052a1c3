// Reader-writer spin locks (EX_SPIN_LOCK): bit 31 says that it is owned exclusively, and the rest by which
// processor, so that misuse is seen when it happens; else the rest counts shared owners.
#include "nt/ex/ex.h"
#include "nt/ke/ke.h"

namespace portico::nt::ex {
namespace {

constexpr ULONG exclusive = 0x80000000;

// What spinning processors look at: not 0 while some lock is worth waiting for. Whoever releases any lock
// clears it, and the spinners look at theirs again. It is no processor that a spin lock could be owned by.
constexpr std::uint64_t closed = ~0ull;
volatile std::uint64_t turnstile = 0;

ULONG value_of(PEX_SPIN_LOCK lock) {
    return static_cast<ULONG>(*lock);
}

ULONG owned_here() {
    return exclusive | sim::this_processor->index;
}

// It would spin for ever on a lock that this processor owns exclusively: told, and the lock changes owner.
bool is_own(PEX_SPIN_LOCK lock) {
    if (value_of(lock) != owned_here()) return false;
    PORTICO_PROBE(spin_lock, SpinLockFault::already_owned, lock, ke::current_irql());
    return true;
}

void spin_until(PEX_SPIN_LOCK lock, bool (*acquirable)(ULONG value)) {
    while (!acquirable(value_of(lock))) {
        turnstile = closed;
        sim::scheduler.spin(&turnstile);
    }
}

void open_turnstile() {
    if (turnstile == 0) return;
    turnstile = 0;
    sim::scheduler.release_spinners(&turnstile);
}

void check_dispatch(PEX_SPIN_LOCK lock) {
    if (ke::current_irql() < DISPATCH_LEVEL)
        PORTICO_PROBE(spin_lock, SpinLockFault::wrong_irql, lock, ke::current_irql());
}

void acquire_exclusive_at_dpc(PEX_SPIN_LOCK lock) {
    if (!is_own(lock)) spin_until(lock, [](ULONG value) { return value == 0; });
    *lock = static_cast<LONG>(owned_here());
}

void acquire_shared_at_dpc(PEX_SPIN_LOCK lock) {
    if (is_own(lock)) *lock = 0;
    spin_until(lock, [](ULONG value) { return (value & exclusive) == 0; });
    *lock = static_cast<LONG>(value_of(lock) + 1);
}

void release_exclusive_at_dpc(PEX_SPIN_LOCK lock) {
    if (value_of(lock) != owned_here())
        PORTICO_PROBE(spin_lock, SpinLockFault::not_owned, lock, ke::current_irql());
    *lock = 0;
    open_turnstile();
}

void release_shared_at_dpc(PEX_SPIN_LOCK lock) {
    const ULONG value = value_of(lock);
    if (value == 0 || (value & exclusive) != 0) {
        PORTICO_PROBE(spin_lock, SpinLockFault::not_owned, lock, ke::current_irql());
        return;
    }
    *lock = static_cast<LONG>(value - 1);
    open_turnstile();
}

}  // namespace

void reset_spin_locks() {
    turnstile = 0;
}

}  // namespace portico::nt::ex

using namespace portico::nt;

extern "C" {

KIRQL NTAPI ExAcquireSpinLockExclusive(PEX_SPIN_LOCK SpinLock) {
    DDI(ExAcquireSpinLockExclusive, DISPATCH_LEVEL);
    const auto old = ke::raise(DISPATCH_LEVEL);
    ex::acquire_exclusive_at_dpc(SpinLock);
    return old;
}

KIRQL NTAPI ExAcquireSpinLockShared(PEX_SPIN_LOCK SpinLock) {
    DDI(ExAcquireSpinLockShared, DISPATCH_LEVEL);
    const auto old = ke::raise(DISPATCH_LEVEL);
    ex::acquire_shared_at_dpc(SpinLock);
    return old;
}

VOID NTAPI ExReleaseSpinLockExclusive(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql) {
    DDI(ExReleaseSpinLockExclusive, DISPATCH_LEVEL);
    ex::check_dispatch(SpinLock);
    ex::release_exclusive_at_dpc(SpinLock);
    ke::lower(OldIrql);
}

VOID NTAPI ExReleaseSpinLockShared(PEX_SPIN_LOCK SpinLock, KIRQL OldIrql) {
    DDI(ExReleaseSpinLockShared, DISPATCH_LEVEL);
    ex::check_dispatch(SpinLock);
    ex::release_shared_at_dpc(SpinLock);
    ke::lower(OldIrql);
}

VOID NTAPI ExAcquireSpinLockExclusiveAtDpcLevel(PEX_SPIN_LOCK SpinLock) {
    DDI(ExAcquireSpinLockExclusiveAtDpcLevel, HIGH_LEVEL);
    ex::check_dispatch(SpinLock);
    ex::acquire_exclusive_at_dpc(SpinLock);
}

VOID NTAPI ExAcquireSpinLockSharedAtDpcLevel(PEX_SPIN_LOCK SpinLock) {
    DDI(ExAcquireSpinLockSharedAtDpcLevel, HIGH_LEVEL);
    ex::check_dispatch(SpinLock);
    ex::acquire_shared_at_dpc(SpinLock);
}

VOID NTAPI ExReleaseSpinLockExclusiveFromDpcLevel(PEX_SPIN_LOCK SpinLock) {
    DDI(ExReleaseSpinLockExclusiveFromDpcLevel, HIGH_LEVEL);
    ex::check_dispatch(SpinLock);
    ex::release_exclusive_at_dpc(SpinLock);
}

VOID NTAPI ExReleaseSpinLockSharedFromDpcLevel(PEX_SPIN_LOCK SpinLock) {
    DDI(ExReleaseSpinLockSharedFromDpcLevel, HIGH_LEVEL);
    ex::check_dispatch(SpinLock);
    ex::release_shared_at_dpc(SpinLock);
}

LOGICAL NTAPI ExTryConvertSharedSpinLockExclusive(PEX_SPIN_LOCK SpinLock) {
    DDI(ExTryConvertSharedSpinLockExclusive, HIGH_LEVEL);
    ex::check_dispatch(SpinLock);
    if (ex::value_of(SpinLock) != 1) return FALSE;
    *SpinLock = static_cast<LONG>(ex::owned_here());
    return TRUE;
}

}  // extern "C"
