// Run-down protection. Count holds twice the references, or, once somebody waits, 1 plus the address of his
// wait block.
#include "nt/ke/ke.h"
#include "sim/address_map.h"

namespace portico::nt::ex {
namespace {

constexpr ULONG_PTR active = 1;  // run down: no new reference
constexpr ULONG_PTR one = 2;

struct WaitBlock {
    ULONG_PTR left;  // references, counted in `one`
    KEVENT event;
};

// On the waiter's stack, which the waiter does not leave before the last reference is gone.
WaitBlock* waiter_of(const EX_RUNDOWN_REF* reference) {
    const ULONG_PTR value = reference->Count;
    const ULONG_PTR address = value & ~active;
    return (value & active) != 0 && sim::stack_range.contains(address) ? reinterpret_cast<WaitBlock*>(address)
                                                                       : nullptr;
}

bool acquire(PEX_RUNDOWN_REF reference, ULONG count) {
    if ((reference->Count & active) != 0) return false;
    reference->Count = reference->Count + one * count;
    return true;
}

void release(PEX_RUNDOWN_REF reference, ULONG count) {
    WaitBlock* const waiter = waiter_of(reference);
    const ULONG_PTR held = waiter != nullptr                  ? waiter->left
                           : (reference->Count & active) != 0 ? 0
                                                              : reference->Count;
    if (held < one * count) {
        PORTICO_PROBE(object_misuse, REFERENCE_BY_POINTER, reference,
                      "The driver released run-down protection that it had not acquired.");
        return;
    }
    if (waiter == nullptr) {
        reference->Count = held - one * count;
        return;
    }
    waiter->left = held - one * count;
    if (waiter->left == 0) ke::set_event(&waiter->event);
}

void wait_for_release(PEX_RUNDOWN_REF reference) {
    if ((reference->Count & active) != 0) return;
    WaitBlock block;
    block.left = reference->Count;
    if (block.left != 0) {
        ke::initialize_event(&block.event, SynchronizationEvent, false);
        reference->Count = reinterpret_cast<ULONG_PTR>(&block) | active;
        ke::wait(&block.event, KernelMode, false, nullptr);
    }
    reference->Count = active;
}

}  // namespace
}  // namespace portico::nt::ex

using namespace portico::nt;

extern "C" {

VOID NTAPI ExInitializeRundownProtection(PEX_RUNDOWN_REF RunRef) {
    DDI(ExInitializeRundownProtection, HIGH_LEVEL);
    RunRef->Count = 0;
}

VOID NTAPI ExReInitializeRundownProtection(PEX_RUNDOWN_REF RunRef) {
    DDI(ExReInitializeRundownProtection, HIGH_LEVEL);
    RunRef->Count = 0;
}

BOOLEAN NTAPI ExAcquireRundownProtection(PEX_RUNDOWN_REF RunRef) {
    DDI(ExAcquireRundownProtection, HIGH_LEVEL);
    return ex::acquire(RunRef, 1);
}

BOOLEAN NTAPI ExAcquireRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count) {
    DDI(ExAcquireRundownProtectionEx, HIGH_LEVEL);
    return ex::acquire(RunRef, Count);
}

VOID NTAPI ExReleaseRundownProtection(PEX_RUNDOWN_REF RunRef) {
    DDI(ExReleaseRundownProtection, DISPATCH_LEVEL);
    ex::release(RunRef, 1);
}

VOID NTAPI ExReleaseRundownProtectionEx(PEX_RUNDOWN_REF RunRef, ULONG Count) {
    DDI(ExReleaseRundownProtectionEx, DISPATCH_LEVEL);
    ex::release(RunRef, Count);
}

VOID NTAPI ExRundownCompleted(PEX_RUNDOWN_REF RunRef) {
    DDI(ExRundownCompleted, HIGH_LEVEL);
    RunRef->Count = ex::active;
}

VOID NTAPI ExWaitForRundownProtectionRelease(PEX_RUNDOWN_REF RunRef) {
    DDI(ExWaitForRundownProtectionRelease, APC_LEVEL);
    ex::wait_for_release(RunRef);
}

}  // extern "C"
