/* Kernel services as a driver in C calls them: inline functions, macros and imports of the headers that
 * drivers include. */
#include "rtl_checks.h"

#include <ntstrsafe.h>
#include <stdarg.h>
#include <stdio.h>

#define TAG 'nreK'

/* Handles of 32 bits: of a LONG the sign goes on, of a ULONG zeros. */
static void CheckHandleMacros(const RtlChecks* checks) {
    CHECK(LongToHandle(0xFFFFFFFF) == ZwCurrentProcess() && LongToHandle(-2) == ZwCurrentThread());
    CHECK((ULONG_PTR)ULongToHandle(-1) == 0xFFFFFFFF && HandleToULong(ZwCurrentProcess()) == 0xFFFFFFFF);
}

static void CheckLists(const RtlChecks* checks) {
    LIST_ENTRY head, entries[3];
    SINGLE_LIST_ENTRY top, single[2];
    int i;
    InitializeListHead(&head);
    CHECK(IsListEmpty(&head));
    for (i = 0; i < 3; ++i) InsertTailList(&head, &entries[i]);
    CHECK(RemoveHeadList(&head) == &entries[0]);
    CHECK(RemoveTailList(&head) == &entries[2]);
    CHECK(RemoveEntryList(&entries[1]) && IsListEmpty(&head));
    InsertHeadList(&head, &entries[1]);
    InsertHeadList(&head, &entries[0]);
    CHECK(head.Flink == &entries[0] && head.Blink == &entries[1]);
    top.Next = NULL;
    PushEntryList(&top, &single[0]);
    PushEntryList(&top, &single[1]);
    CHECK(PopEntryList(&top) == &single[1] && PopEntryList(&top) == &single[0]);
    CHECK(PopEntryList(&top) == NULL);
}

static void CheckMemory(const RtlChecks* checks) {
    UCHAR from[16], to[16];
    RtlFillMemory(from, sizeof from, 0xA5);
    RtlZeroMemory(to, sizeof to);
    RtlCopyMemory(to, from, 15);
    CHECK(RtlCompareMemory(from, to, sizeof from) == 15);
    CHECK(RtlEqualMemory(from, to, 15) && !RtlEqualMemory(from, to, 16) && RtlEqualMemory(from, to, 0));
    RtlMoveMemory(from + 1, from, 15);
    CHECK(from[1] == 0xA5);
    RtlFillMemory(to, 8, 0x55);
    CHECK(RtlCompareMemoryUlong(to, 8, 0x55555555) == 8);
    CHECK(RtlCompareMemoryUlong(to + 1, 5, 0x55555555) == 4);
    CHECK(RtlCompareMemoryUlong(to, 3, 0x55555555) == 0);
}

static int Format(char* text, size_t size, const char* format, ...) {
    int result;
    va_list arguments;
    va_start(arguments, format);
    result = _vsnprintf(text, size, format, arguments);
    va_end(arguments);
    return result;
}

static void CheckStrings(const RtlChecks* checks) {
    ANSI_STRING ansi;
    UNICODE_STRING wide;
    WCHAR buffer[16];
    size_t length = 0;
    char text[8];
    RtlInitAnsiString(&ansi, "Midi");
    CHECK(ansi.Length == 4 && ansi.MaximumLength == 5 && strcmp(ansi.Buffer, "Midi") == 0);
    RtlInitAnsiString(&ansi, NULL);
    CHECK(ansi.Length == 0 && ansi.MaximumLength == 0 && ansi.Buffer == NULL);
    RtlInitAnsiString(&ansi, "Midi");
    CHECK(RtlAnsiStringToUnicodeString(&wide, &ansi, TRUE) == STATUS_SUCCESS && wide.Length == 8);
    CHECK(RtlUpcaseUnicodeString(&wide, &wide, FALSE) == STATUS_SUCCESS && wide.Buffer[3] == L'I');
    RtlFreeUnicodeString(&wide);
    CHECK(wide.Buffer == NULL);
    CHECK(RtlStringCchCopyW(buffer, 16, L"Port") == STATUS_SUCCESS);
    CHECK(RtlStringCchLengthW(buffer, 16, &length) == STATUS_SUCCESS && length == 4);
    CHECK(RtlStringCchPrintfW(buffer, 16, L"%ws%u", L"Port", 12) == STATUS_SUCCESS &&
          wcscmp(buffer, L"Port12") == 0);
    CHECK(RtlStringCchPrintfW(buffer, 4, L"%ws", L"Port") == STATUS_BUFFER_OVERFLOW &&
          wcscmp(buffer, L"Por") == 0);
    CHECK(Format(text, sizeof text, "%d-%s", 12, "ab") == 5 && strcmp(text, "12-ab") == 0);
    CHECK(Format(text, 4, "%s", "12345") == -1);
    KdPrint(("kernel_c: %d\n", 1));
}

static void CheckPoolAndMdl(const RtlChecks* checks) {
    PMDL mdl;
    PVOID block;
    ExInitializeDriverRuntime(DrvRtPoolNxOptIn);
    block = ExAllocatePoolWithTag(NonPagedPool, 256, TAG);
    CHECK(block != NULL && ((ULONG_PTR)block & 15) == 0);
    mdl = IoAllocateMdl(block, 256, FALSE, FALSE, NULL);
    CHECK(mdl != NULL && mdl->Next == NULL);
    MmBuildMdlForNonPagedPool(mdl);
    CHECK((mdl->MdlFlags & MDL_PAGES_LOCKED) == 0 && (mdl->MdlFlags & MDL_SOURCE_IS_NONPAGED_POOL) != 0);
    CHECK(MmGetSystemAddressForMdl(mdl) == block &&
          MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority) == block);
    CHECK(MmGetMdlByteCount(mdl) == 256 && MmGetMdlVirtualAddress(mdl) == block);
    CHECK(IoAllocateMdl(NULL, 0xFFFFF001UL, FALSE, FALSE, NULL) == NULL);
    IoFreeMdl(mdl);
    ExFreePoolWithTag(block, TAG);
    block = ExAllocatePoolWithTag(PagedPool, PAGE_SIZE, TAG);
    CHECK(block != NULL && ((ULONG_PTR)block & (PAGE_SIZE - 1)) == 0);
    ExFreePool(block);
}

static void CheckPagesOfNobody(const RtlChecks* checks) {
    PHYSICAL_ADDRESS low, high, skip;
    PMDL mdl;
    PVOID address;
    low.QuadPart = 0;
    high.QuadPart = -1;
    skip.QuadPart = 0;
    mdl = MmAllocatePagesForMdl(low, high, skip, 4 * PAGE_SIZE);
    CHECK(mdl != NULL && MmGetMdlByteCount(mdl) == 4 * PAGE_SIZE);
    CHECK(MmGetMdlVirtualAddress(mdl) == NULL && (mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) == 0);
    CHECK(MmGetMdlPfnArray(mdl)[3] != 0 && MmGetMdlPfnArray(mdl)[3] != (PFN_NUMBER)-1);
    address = MmMapLockedPagesSpecifyCache(mdl, KernelMode, MmCached, NULL, FALSE, NormalPagePriority);
    CHECK(address != NULL && mdl->MappedSystemVa == address &&
          (mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0);
    RtlFillMemory(address, 4 * PAGE_SIZE, 1);
    MmUnmapLockedPages(address, mdl);
    CHECK((mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) == 0);
    MmFreePagesFromMdl(mdl);
    ExFreePool(mdl);
    CHECK(MmAllocateMappingAddress(1, 0) == NULL);
}

static KDEFERRED_ROUTINE SignalEvent;
static VOID NTAPI SignalEvent(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2) {
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    KeSetEvent((PKEVENT)Context, IO_SOUND_INCREMENT, FALSE);
}

static void CheckTimers(const RtlChecks* checks) {
    KTIMER timer;
    KDPC dpc;
    KEVENT event;
    LARGE_INTEGER due;
    KeInitializeTimer(&timer);
    KeInitializeEvent(&event, SynchronizationEvent, FALSE);
    KeInitializeDpc(&dpc, SignalEvent, &event);
    due.QuadPart = -10 * 1000 * 10;
    CHECK(!KeSetTimer(&timer, due, &dpc) && !KeReadStateTimer(&timer));
    CHECK(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL) == STATUS_SUCCESS);
    CHECK(KeReadStateTimer(&timer) && !KeCancelTimer(&timer));
    CHECK(KeQueryPriorityThread(KeGetCurrentThread()) == 15);
    KeSetPriorityThread(KeGetCurrentThread(), 8);
}

static void CheckObjects(const RtlChecks* checks) {
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle = NULL;
    PVOID object = NULL;
    PKEVENT event;
    InitializeObjectAttributes(&attributes, NULL, OBJ_KERNEL_HANDLE, NULL, NULL);
    CHECK(NT_SUCCESS(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent, FALSE)));
    CHECK(NT_SUCCESS(
        ObReferenceObjectByHandle(handle, SYNCHRONIZE, *ExEventObjectType, KernelMode, &object, NULL)));
    CHECK(ObReferenceObjectByHandle(handle, 0, *IoFileObjectType, KernelMode, (PVOID*)&event, NULL) ==
          STATUS_OBJECT_TYPE_MISMATCH);
    CHECK(ObfReferenceObject(object) == 3 && ObfDereferenceObject(object) == 2);
    CHECK(KeReadStateEvent((PKEVENT)object) == 0);
    ObDereferenceObject(object);
    CHECK(ZwClose(handle) == STATUS_SUCCESS && ZwClose(NULL) == STATUS_INVALID_HANDLE);
}

static void CheckIrql(const RtlChecks* checks) {
    KIRQL old, level;
    KSPIN_LOCK lock;
    KLOCK_QUEUE_HANDLE handle;
    FAST_MUTEX mutex;
    KFLOATING_SAVE save;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    CHECK(old == PASSIVE_LEVEL && KeSaveFloatingPointState(&save) == STATUS_SUCCESS);
    KeRestoreFloatingPointState(&save);
    KeLowerIrql(old);
    KeInitializeSpinLock(&lock);
    KeAcquireSpinLock(&lock, &level);
    CHECK(level == PASSIVE_LEVEL && KeGetCurrentIrql() == DISPATCH_LEVEL && lock != 0);
    KeReleaseSpinLock(&lock, level);
    KeAcquireInStackQueuedSpinLock(&lock, &handle);
    CHECK(handle.OldIrql == PASSIVE_LEVEL && handle.LockQueue.Next == NULL);
    KeReleaseInStackQueuedSpinLock(&handle);
    CHECK(lock == 0 && KeGetCurrentIrql() == PASSIVE_LEVEL);
    ExInitializeFastMutex(&mutex);
    ExAcquireFastMutex(&mutex);
    CHECK(KeGetCurrentIrql() == APC_LEVEL && !ExTryToAcquireFastMutex(&mutex) &&
          mutex.OldIrql == PASSIVE_LEVEL);
    ExReleaseFastMutex(&mutex);
    CHECK(KeGetCurrentIrql() == PASSIVE_LEVEL && mutex.Count == 1 && mutex.Owner == NULL);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
    const RtlChecks* checks = (const RtlChecks*)DriverObject;
    UNREFERENCED_PARAMETER(RegistryPath);
    CheckHandleMacros(checks);
    CheckLists(checks);
    CheckMemory(checks);
    CheckStrings(checks);
    CheckPoolAndMdl(checks);
    CheckPagesOfNobody(checks);
    CheckTimers(checks);
    CheckObjects(checks);
    CheckIrql(checks);
    return STATUS_SUCCESS;
}
