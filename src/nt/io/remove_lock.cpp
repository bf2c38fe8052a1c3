// Remove locks: how many operations a device still has, and the wait for the last of them.
#include "nt/ddi.h"
#include "nt/io/bug_check.h"
#include "nt/ke/ke.h"
#include "nt/probes.h"
#include "wdm.h"

namespace portico::nt::io {
namespace {

void initialize(PIO_REMOVE_LOCK lock) {
    lock->Common.Removed = FALSE;
    lock->Common.IoCount = 1;
    ke::initialize_event(&lock->Common.RemoveEvent, SynchronizationEvent, false);
}

void drop(PIO_REMOVE_LOCK lock) {
    if (lock->Common.IoCount <= 0) {
        PORTICO_PROBE(object_misuse, driver_verifier_detected_violation, lock,
                      "a remove lock was released more often than it was acquired");
        return;
    }
    lock->Common.IoCount = lock->Common.IoCount - 1;
    if (lock->Common.IoCount == 0) ke::set_event(&lock->Common.RemoveEvent);
}

NTSTATUS acquire(PIO_REMOVE_LOCK lock) {
    lock->Common.IoCount = lock->Common.IoCount + 1;
    if (lock->Common.Removed == FALSE) return STATUS_SUCCESS;
    drop(lock);
    return STATUS_DELETE_PENDING;
}

// Gives up the caller's own hold and the lock's first one; whatever remains is waited for.
void release_and_wait(PIO_REMOVE_LOCK lock) {
    lock->Common.Removed = TRUE;
    drop(lock);
    if (lock->Common.IoCount <= 0) return;
    lock->Common.IoCount = lock->Common.IoCount - 1;
    if (lock->Common.IoCount > 0) ke::wait(&lock->Common.RemoveEvent, KernelMode, false, nullptr);
}

}  // namespace
}  // namespace portico::nt::io

using namespace portico::nt;

extern "C" {

VOID NTAPI IoInitializeRemoveLockEx(PIO_REMOVE_LOCK Lock, ULONG, ULONG, ULONG, ULONG) {
    DDI(IoInitializeRemoveLockEx, PASSIVE_LEVEL);
    io::initialize(Lock);
}

NTSTATUS NTAPI IoAcquireRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID, PCSTR, ULONG, ULONG) {
    DDI(IoAcquireRemoveLockEx, DISPATCH_LEVEL);
    return io::acquire(RemoveLock);
}

VOID NTAPI IoReleaseRemoveLockEx(PIO_REMOVE_LOCK RemoveLock, PVOID, ULONG) {
    DDI(IoReleaseRemoveLockEx, DISPATCH_LEVEL);
    io::drop(RemoveLock);
}

VOID NTAPI IoReleaseRemoveLockAndWaitEx(PIO_REMOVE_LOCK RemoveLock, PVOID, ULONG) {
    DDI(IoReleaseRemoveLockAndWaitEx, PASSIVE_LEVEL);
    io::release_and_wait(RemoveLock);
}

}  // extern "C"
