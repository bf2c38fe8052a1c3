// Two threads free the same block: the second must come between the first's look and its taking the block
// away. In NT's order it comes much later.
#include "misdeed.h"

static PVOID volatile Shared;

static VOID TakeAndFree(VOID) {
    PVOID block = Shared;
    if (!block) return;
    DbgPrint("frees the block\n");
    Shared = NULL;
    ExFreePoolWithTag(block, RULES_POOL_TAG);  // BUG
}

static VOID First(PVOID) {
    KeSetSystemAffinityThread(1);
    KeStallExecutionProcessor(5);
    TakeAndFree();
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID Second(PVOID) {
    KeSetSystemAffinityThread(2);
    KeStallExecutionProcessor(40);
    TakeAndFree();
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static PVOID StartThread(PKSTART_ROUTINE Routine) {
    HANDLE handle;
    PVOID thread = NULL;
    if (!NT_SUCCESS(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, Routine, NULL)))
        return NULL;
    ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, &thread, NULL);
    ZwClose(handle);
    return thread;
}

static VOID Race(PDEVICE_OBJECT) {
    Shared = ExAllocatePoolWithTag(NonPagedPool, 64, RULES_POOL_TAG);
    PVOID threads[2] = {StartThread(First), StartThread(Second)};
    for (int i = 0; i < 2; i++) {
        if (!threads[i]) continue;
        KeWaitForSingleObject(threads[i], Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(threads[i]);
    }
}

const Misdeed Misdeeds[] = {{"race", Race, NULL}};
const ULONG MisdeedCount = 1;
