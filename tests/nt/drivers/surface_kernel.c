/* What published drivers call of the kernel (docs/spec/ddi-surface.md) and no other driver here does, each
 * with what its page says of it. The machine has a device with a register at each port from 0x300, and the
 * file \Windows\System32\drivers\notes.bin with ten digits. */
#include "rtl_checks.h"

#define TAG 'frS '

static void CheckVersions(const RtlChecks* checks) {
    CHECK(IoIsWdmVersionAvailable(1, 0x10) && IoIsWdmVersionAvailable(6, 0) &&
          !IoIsWdmVersionAvailable(9, 0));
    CHECK(RtlIsNtDdiVersionAvailable(NTDDI_WIN2K) && RtlIsNtDdiVersionAvailable(NTDDI_WIN7));
    CHECK(!RtlIsNtDdiVersionAvailable(0xFF000000) && !RtlIsNtDdiVersionAvailable(NTDDI_WIN7 | 0x100));
    CHECK(DbgPrintEx(DPFLTR_IHVAUDIO_ID, DPFLTR_ERROR_LEVEL, "surface: %d\n", 1) == STATUS_SUCCESS);
}

static void CheckInterlocked(const RtlChecks* checks) {
    volatile LONG word = 5;
    volatile LONG64 wide = 0x7FFFFFFF;
    CHECK(InterlockedExchange(&word, 7) == 5 && word == 7);
    CHECK(InterlockedCompareExchange(&word, 9, 8) == 7 && word == 7);
    CHECK(InterlockedCompareExchange(&word, 9, 7) == 7 && word == 9);
    CHECK(InterlockedAdd64(&wide, 1) == 0x80000000LL && wide == 0x80000000LL);
}

static void CheckTimes(const RtlChecks* checks) {
    ULONGLONG before = KeQueryInterruptTime();
    LARGE_INTEGER wait;
    wait.QuadPart = -30 * 10000;
    CHECK(ExSetTimerResolution(10000, TRUE) == 10000);
    CHECK(KeDelayExecutionThread(KernelMode, FALSE, &wait) == STATUS_SUCCESS);
    CHECK(KeQueryInterruptTime() - before >= 30 * 10000 && KeQueryInterruptTime() - before < 40 * 10000);
    CHECK(ExSetTimerResolution(0, FALSE) == 156250);
}

static ULONG Order;
static KDEFERRED_ROUTINE Append;
static VOID NTAPI Append(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2) {
    UNREFERENCED_PARAMETER(Dpc);
    UNREFERENCED_PARAMETER(Argument1);
    UNREFERENCED_PARAMETER(Argument2);
    Order = Order * 10 + (ULONG)(ULONG_PTR)Context;
}

/* One of high importance goes to the front of the queue. */
static void CheckDpcs(const RtlChecks* checks) {
    KDPC usual, important;
    KIRQL old;
    Order = 0;
    KeInitializeDpc(&usual, Append, (PVOID)1);
    KeInitializeDpc(&important, Append, (PVOID)2);
    KeSetImportanceDpc(&important, HighImportance);
    old = KeRaiseIrqlToDpcLevel();
    CHECK(old == PASSIVE_LEVEL && KeGetCurrentIrql() == DISPATCH_LEVEL);
    CHECK(KeInsertQueueDpc(&usual, NULL, NULL) && KeInsertQueueDpc(&important, NULL, NULL));
    CHECK(!KeInsertQueueDpc(&usual, NULL, NULL) && Order == 0);
    KeLowerIrql(old);
    CHECK(Order == 21);
}

static BOOLEAN IsPhysicallyWhole(PVOID Address, ULONG Pages, LONGLONG Highest) {
    ULONG i;
    PHYSICAL_ADDRESS first = MmGetPhysicalAddress(Address);
    for (i = 1; i < Pages; ++i) {
        PHYSICAL_ADDRESS page = MmGetPhysicalAddress((PUCHAR)Address + i * PAGE_SIZE);
        if (page.QuadPart != first.QuadPart + (LONGLONG)i * PAGE_SIZE) return FALSE;
    }
    return first.QuadPart != 0 && first.QuadPart + (LONGLONG)Pages * PAGE_SIZE - 1 <= Highest;
}

static void CheckMemory(const RtlChecks* checks) {
    PHYSICAL_ADDRESS low, high, boundary;
    PUCHAR block;
    PVOID pool;
    low.QuadPart = boundary.QuadPart = 0;
    high.QuadPart = 0xFFFFFF; /* what an ISA controller reaches */
    block = (PUCHAR)MmAllocateContiguousMemory(3 * PAGE_SIZE, high);
    CHECK(block != NULL && BYTE_OFFSET(block) == 0 && IsPhysicallyWhole(block, 3, high.QuadPart));
    block[3 * PAGE_SIZE - 1] = 1;
    CHECK(MmGetPhysicalAddress(block + 5).QuadPart == MmGetPhysicalAddress(block).QuadPart + 5);
    MmFreeContiguousMemory(block);
    high.QuadPart = 0xFFFFFFFF;
    boundary.QuadPart = 0x10000;
    block = (PUCHAR)MmAllocateContiguousMemorySpecifyCache(4 * PAGE_SIZE, low, high, boundary, MmNonCached);
    CHECK(block != NULL && IsPhysicallyWhole(block, 4, high.QuadPart));
    CHECK((MmGetPhysicalAddress(block).QuadPart & 0xFFFF) + 4 * PAGE_SIZE <= 0x10000);
    MmFreeContiguousMemorySpecifyCache(block, 4 * PAGE_SIZE, MmNonCached);
    high.QuadPart = PAGE_SIZE;
    CHECK(MmAllocateContiguousMemory(2 * PAGE_SIZE, high) == NULL);
    pool = ExAllocatePool(NonPagedPool, 100);
    CHECK(pool != NULL && ((ULONG_PTR)pool & 15) == 0);
    ExFreePool(pool);
}

static void CheckStrings(const RtlChecks* checks) {
    CHECK(RtlUpcaseUnicodeChar(L'z') == L'Z' && RtlUpcaseUnicodeChar(0xE4) == 0xC4);
    CHECK(RtlUpcaseUnicodeChar(L'7') == L'7' && RtlUpcaseUnicodeChar(0xFF) == 0x178);
}

static void CheckPorts(const RtlChecks* checks) {
    WRITE_PORT_USHORT((PUSHORT)0x302, 0xBEEF);
    CHECK(READ_PORT_USHORT((PUSHORT)0x302) == 0xBEEF);
    CHECK(READ_PORT_USHORT((PUSHORT)0x3F0) == 0xFFFF);
}

static NTSTATUS OpenEvent(PHANDLE Handle, PUNICODE_STRING Name) {
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, Name, OBJ_KERNEL_HANDLE, NULL, NULL);
    return ZwOpenEvent(Handle, EVENT_ALL_ACCESS, &attributes);
}

/* A permanent object outlives its last handle until it is made temporary. */
static void CheckObjects(const RtlChecks* checks) {
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    HANDLE handle = NULL;
    PVOID object = NULL;
    RtlInitUnicodeString(&name, L"\\BaseNamedObjects\\PorticoSurface");
    InitializeObjectAttributes(&attributes, &name, OBJ_KERNEL_HANDLE | OBJ_PERMANENT, NULL, NULL);
    CHECK(ZwCreateEvent(&handle, EVENT_ALL_ACCESS, &attributes, NotificationEvent, TRUE) == STATUS_SUCCESS);
    CHECK(ZwClose(handle) == STATUS_SUCCESS);
    CHECK(OpenEvent(&handle, &name) == STATUS_SUCCESS);
    CHECK(ObReferenceObjectByHandle(handle, SYNCHRONIZE, *ExEventObjectType, KernelMode, &object, NULL) ==
          STATUS_SUCCESS);
    ObReferenceObject(object);
    CHECK(KeReadStateEvent((PKEVENT)object) != 0);
    ObDereferenceObject(object);
    ObDereferenceObject(object);
    CHECK(ZwMakeTemporaryObject(handle) == STATUS_SUCCESS && ZwClose(handle) == STATUS_SUCCESS);
    CHECK(OpenEvent(&handle, &name) == STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(ZwMakeTemporaryObject(handle) == STATUS_INVALID_HANDLE);
    CHECK((PKTHREAD)PsGetCurrentThread() == KeGetCurrentThread());
    CHECK(ObReferenceObjectByPointer(PsGetCurrentThread(), SYNCHRONIZE, *PsThreadType, KernelMode) ==
          STATUS_SUCCESS);
    ObDereferenceObject(PsGetCurrentThread());
}

/* ---- files ---- */

static NTSTATUS Open(PHANDLE File, PCWSTR Path, ACCESS_MASK Access, ULONG Disposition,
                     PIO_STATUS_BLOCK Status) {
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    RtlInitUnicodeString(&name, Path);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    return ZwCreateFile(File, Access | SYNCHRONIZE, &attributes, Status, NULL, FILE_ATTRIBUTE_NORMAL,
                        FILE_SHARE_READ, Disposition, FILE_SYNCHRONOUS_IO_NONALERT | FILE_NON_DIRECTORY_FILE,
                        NULL, 0);
}

static void CheckReading(const RtlChecks* checks, PCWSTR Path) {
    IO_STATUS_BLOCK status;
    FILE_STANDARD_INFORMATION standard;
    FILE_POSITION_INFORMATION position;
    LARGE_INTEGER offset;
    HANDLE file = NULL;
    char text[16];
    CHECK(Open(&file, Path, GENERIC_READ, FILE_OPEN, &status) == STATUS_SUCCESS);
    CHECK(status.Information == FILE_OPENED);
    CHECK(ZwQueryInformationFile(file, &status, &standard, sizeof standard, FileStandardInformation) ==
          STATUS_SUCCESS);
    CHECK(standard.EndOfFile.QuadPart == 10 && !standard.Directory && status.Information == sizeof standard);
    CHECK(ZwQueryInformationFile(file, &status, &standard, 4, FileStandardInformation) ==
          STATUS_INFO_LENGTH_MISMATCH);
    CHECK(ZwReadFile(file, NULL, NULL, NULL, &status, text, 4, NULL, NULL) == STATUS_SUCCESS);
    CHECK(status.Information == 4 && RtlCompareMemory(text, "0123", 4) == 4);
    CHECK(ZwQueryInformationFile(file, &status, &position, sizeof position, FilePositionInformation) ==
          STATUS_SUCCESS);
    CHECK(position.CurrentByteOffset.QuadPart == 4);
    offset.QuadPart = 8;
    CHECK(ZwReadFile(file, NULL, NULL, NULL, &status, text, sizeof text, &offset, NULL) == STATUS_SUCCESS);
    CHECK(status.Information == 2 && RtlCompareMemory(text, "89", 2) == 2);
    CHECK(ZwReadFile(file, NULL, NULL, NULL, &status, text, 1, NULL, NULL) == STATUS_END_OF_FILE);
    CHECK(ZwClose(file) == STATUS_SUCCESS);
    CHECK(ZwReadFile(file, NULL, NULL, NULL, &status, text, 1, NULL, NULL) == STATUS_INVALID_HANDLE);
}

static void CheckFiles(const RtlChecks* checks) {
    IO_STATUS_BLOCK status;
    HANDLE file = NULL;
    CheckReading(checks, L"\\??\\C:\\Windows\\System32\\Drivers\\NOTES.bin");
    CheckReading(checks, L"\\DosDevices\\C:\\windows\\system32\\drivers\\notes.bin");
    CheckReading(checks, L"\\SystemRoot\\System32\\drivers\\notes.bin");
    CHECK(Open(&file, L"\\SystemRoot\\none.bin", GENERIC_READ, FILE_OPEN, &status) ==
          STATUS_OBJECT_NAME_NOT_FOUND);
    CHECK(Open(&file, L"\\??\\Q:\\none.bin", GENERIC_READ, FILE_OPEN, &status) ==
          STATUS_OBJECT_PATH_NOT_FOUND);
    CHECK(Open(&file, L"\\SystemRoot\\System32\\drivers\\notes.bin", GENERIC_READ, FILE_CREATE, &status) ==
          STATUS_OBJECT_NAME_COLLISION);
}

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
    const RtlChecks* checks = (const RtlChecks*)DriverObject;
    UNREFERENCED_PARAMETER(RegistryPath);
    CheckVersions(checks);
    CheckInterlocked(checks);
    CheckTimes(checks);
    CheckDpcs(checks);
    CheckMemory(checks);
    CheckStrings(checks);
    CheckPorts(checks);
    CheckObjects(checks);
    CheckFiles(checks);
    return STATUS_SUCCESS;
}
