// Misdeeds, one for each rule of the verifier and each of its forms. The line that is at fault says BUG and
// the name.
#include "misdeed.h"

// AddressSanitizer would end the process before the verifier has its say.
#define UNCHECKED __attribute__((no_sanitize("address")))

static KSPIN_LOCK Lock;
static KEVENT Never;
static KTIMER Timer;
static KDPC Dpc;
static LARGE_INTEGER Millisecond;
static volatile ULONG Zero;

static VOID Nothing(PKDPC, PVOID, PVOID, PVOID) {}

// ---- nothing wrong: what is easily taken for a fault ----

static VOID WorkCorrectly(PDEVICE_OBJECT, PVOID Event) {
    KeSetEvent(PKEVENT(Event), 0, FALSE);
}

static VOID ThreadCorrectly(PVOID) {
    Millisecond.QuadPart = -10000;
    KeDelayExecutionThread(KernelMode, FALSE, &Millisecond);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID Correct(PDEVICE_OBJECT Fdo) {
    KIRQL old;
    KeInitializeSpinLock(&Lock);
    KeInitializeEvent(&Never, NotificationEvent, FALSE);
    KeAcquireSpinLock(&Lock, &old);
    LARGE_INTEGER zero;
    zero.QuadPart = 0;
    KeWaitForSingleObject(&Never, Executive, KernelMode, FALSE, &zero);  // a look, allowed at DISPATCH_LEVEL
    KeReleaseSpinLock(&Lock, old);
    PVOID block = ExAllocatePoolWithTag(NonPagedPool, 100, RULES_POOL_TAG);
    if (block) ExFreePoolWithTag(block, RULES_POOL_TAG);
    KEVENT done;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    PIO_WORKITEM item = IoAllocateWorkItem(Fdo);
    IoQueueWorkItem(item, WorkCorrectly, DelayedWorkQueue, &done);
    KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    IoFreeWorkItem(item);
    LARGE_INTEGER due;
    due.QuadPart = -1000000;
    KeInitializeDpc(&Dpc, Nothing, NULL);
    KeInitializeTimerEx(&Timer, SynchronizationTimer);
    KeSetTimerEx(&Timer, due, 100, &Dpc);
    KeCancelTimer(&Timer);
    HANDLE handle;
    PVOID thread;
    if (NT_SUCCESS(
            PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, ThreadCorrectly, NULL))) {
        ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, &thread, NULL);
        ZwClose(handle);
        KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
        ObDereferenceObject(thread);
    }
    PSERVICEGROUP group;
    if (NT_SUCCESS(PcNewServiceGroup(&group, NULL))) group->Release();
    SendRequest(Fdo);
}

// ---- IRQLs ----

static VOID DdiTooHigh(PDEVICE_OBJECT) {
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    ZwClose(NULL);  // BUG ddi-too-high
    KeLowerIrql(old);
}

static VOID DdiTooLow(PDEVICE_OBJECT Fdo) {
    IoStartNextPacket(Fdo, FALSE);  // BUG ddi-too-low
}

static VOID MethodTooHigh(PDEVICE_OBJECT) {
    KIRQL old;
    PSERVICEGROUP group;
    if (!NT_SUCCESS(PcNewServiceGroup(&group, NULL))) return;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    group->AddMember(NULL);  // BUG method-too-high
    KeLowerIrql(old);
}

static VOID StaysRaised(PKDPC, PVOID, PVOID, PVOID) {
    KIRQL old;
    KeRaiseIrql(5, &old);  // the DPC returns at 5
}

static VOID CallbackIrql(PDEVICE_OBJECT) {
    RunDpc(StaysRaised, NULL);
}

static VOID RaisedDownwards(PDEVICE_OBJECT) {
    KIRQL old;
    KIRQL older;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeRaiseIrql(APC_LEVEL, &older);  // BUG raised-downwards
    KeLowerIrql(old);
}

static VOID LoweredUpwards(PDEVICE_OBJECT) {
    KeLowerIrql(DISPATCH_LEVEL);  // BUG lowered-upwards
    KeLowerIrql(PASSIVE_LEVEL);
}

static VOID ReleaseToPassive(PKDPC, PVOID, PVOID, PVOID) {
    static KDPC next;
    KIRQL old;
    KeInitializeDpc(&next, Nothing, NULL);
    KeInitializeSpinLock(&Lock);
    KeAcquireSpinLock(&Lock, &old);
    KeInsertQueueDpc(&next, NULL, NULL);
    KeReleaseSpinLock(&Lock, PASSIVE_LEVEL);  // BUG lowered-in-dpc
}

static VOID LowerInDpc(PDEVICE_OBJECT) {
    RunDpc(ReleaseToPassive, NULL);
}

static VOID PagedCode(PKDPC, PVOID, PVOID, PVOID) {
    PAGED_CODE();  // BUG paged-code
}

static VOID PagedCodeInDpc(PDEVICE_OBJECT) {
    RunDpc(PagedCode, NULL);
}

// ---- what is pageable ----

static PULONG Pageable;

static PULONG AllocatePageable() {
    return PULONG(ExAllocatePoolWithTag(PagedPool, 2 * sizeof(KEVENT), RULES_POOL_TAG));
}

static VOID ReadPageable(PDEVICE_OBJECT) {
    KIRQL old;
    Pageable = AllocatePageable();
    Pageable[1] = 1;
    KeInitializeSpinLock(&Lock);
    KeAcquireSpinLock(&Lock, &old);
    Zero = *(volatile ULONG*)&Pageable[1];  // BUG paged-pool-read
    KeReleaseSpinLock(&Lock, old);
}

static VOID WritePageable(PKDPC, PVOID, PVOID, PVOID) {
    *(volatile ULONG*)&Pageable[2] = 7;  // BUG paged-pool-write
}

static VOID WritePageableInDpc(PDEVICE_OBJECT) {
    Pageable = AllocatePageable();
    RunDpc(WritePageable, NULL);
}

static VOID SetPageableEvent(PDEVICE_OBJECT) {
    KIRQL old;
    PKEVENT event = PKEVENT(AllocatePageable());
    KeInitializeEvent(event, NotificationEvent, FALSE);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeSetEvent(event, 0, FALSE);  // BUG paged-event
    KeLowerIrql(old);
}

#pragma code_seg("PAGE")
static VOID PageableRoutine(PDEVICE_OBJECT, PVOID) {  // BUG paged-timer-routine
    ++Zero;
}
#pragma code_seg()

static VOID StartPageableTimer(PDEVICE_OBJECT Fdo) {
    PageableRoutine(Fdo, NULL);  // allowed here
    IoInitializeTimer(Fdo, PageableRoutine, NULL);
    IoStartTimer(Fdo);
    LARGE_INTEGER second;
    second.QuadPart = -20000000;
    KeDelayExecutionThread(KernelMode, FALSE, &second);
}

// FLD-024: one processor stays at DISPATCH_LEVEL while the other reads pageable memory.
static VOID HoldProcessor(PVOID) {
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    for (ULONG i = 0; i < 100; ++i) KeStallExecutionProcessor(10);
    KeLowerIrql(old);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID ReadBesideRaisedProcessor(PDEVICE_OBJECT) {
    HANDLE handle;
    PVOID thread;
    Pageable = AllocatePageable();
    Pageable[1] = 0;
    if (!NT_SUCCESS(PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, HoldProcessor, NULL)))
        return;
    ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, &thread, NULL);
    ZwClose(handle);
    for (ULONG i = 0; i < 100; ++i) {
        KeStallExecutionProcessor(10);
        Pageable[1] += 1;
    }
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(thread);
    if (Pageable[1] != 100) KeBugCheckEx(0xE2, Pageable[1], 0, 0, 0);
    ExFreePoolWithTag(Pageable, RULES_POOL_TAG);
}

// ---- waits ----

static VOID WaitAtDispatch(PDEVICE_OBJECT) {
    KIRQL old;
    KeInitializeEvent(&Never, NotificationEvent, FALSE);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    Millisecond.QuadPart = -10000;
    KeWaitForSingleObject(&Never, Executive, KernelMode, FALSE, &Millisecond);  // BUG wait-at-dispatch
    KeLowerIrql(old);
}

static VOID Delay(PKDPC, PVOID, PVOID, PVOID) {
    Millisecond.QuadPart = -10000;
    KeDelayExecutionThread(KernelMode, FALSE, &Millisecond);  // BUG delay-in-dpc
}

static VOID DelayInDpc(PDEVICE_OBJECT) {
    RunDpc(Delay, NULL);
}

static VOID LookAboveDispatch(PDEVICE_OBJECT) {
    KIRQL old;
    LARGE_INTEGER zero;
    zero.QuadPart = 0;
    KeInitializeEvent(&Never, NotificationEvent, FALSE);
    KeRaiseIrql(7, &old);
    KeWaitForSingleObject(&Never, Executive, KernelMode, FALSE, &zero);  // BUG look-above-dispatch
    KeLowerIrql(old);
}

static VOID WaitWithInterruptsOff(PDEVICE_OBJECT) {
    Millisecond.QuadPart = -10000;
    _disable();
    KeDelayExecutionThread(KernelMode, FALSE, &Millisecond);  // BUG wait-interrupts-off
}

static VOID AnnounceWait(PKDPC, PVOID, PVOID, PVOID) {
    KeSetEvent(&Never, IO_NO_INCREMENT, TRUE);  // BUG wait-announced-in-dpc
}

static VOID AnnounceWaitInDpc(PDEVICE_OBJECT) {
    KeInitializeEvent(&Never, NotificationEvent, FALSE);
    RunDpc(AnnounceWait, NULL);
}

// ---- spin locks ----

static VOID LockExclusiveTwice(PDEVICE_OBJECT) {
    static EX_SPIN_LOCK lock;
    ExAcquireSpinLockExclusive(&lock);
    ExAcquireSpinLockExclusiveAtDpcLevel(&lock);  // BUG lock-exclusive-twice
}

static VOID LockTwice(PDEVICE_OBJECT) {
    KIRQL old;
    KeInitializeSpinLock(&Lock);
    KeAcquireSpinLock(&Lock, &old);
    KeAcquireSpinLockAtDpcLevel(&Lock);  // BUG lock-twice
}

static VOID LockNotOwned(PDEVICE_OBJECT) {
    KIRQL old;
    KeInitializeSpinLock(&Lock);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    KeReleaseSpinLock(&Lock, old);  // BUG lock-not-owned
}

static VOID LockTooLow(PDEVICE_OBJECT) {
    KeInitializeSpinLock(&Lock);
    KeAcquireSpinLockAtDpcLevel(&Lock);  // BUG lock-too-low
}

static VOID LockTooHigh(PDEVICE_OBJECT) {
    KIRQL old;
    KIRQL older;
    KeInitializeSpinLock(&Lock);
    KeRaiseIrql(7, &old);
    KeAcquireSpinLock(&Lock, &older);  // BUG lock-too-high
}

static VOID LockReleasedUpwards(PDEVICE_OBJECT) {
    KIRQL old;
    KeInitializeSpinLock(&Lock);
    KeAcquireSpinLock(&Lock, &old);
    KeReleaseSpinLock(&Lock, 9);  // BUG lock-released-upwards
}

static KSPIN_LOCK Second;
static volatile LONG BothHold;

static VOID LocksInTheOtherOrder(PVOID) {
    KIRQL old;
    KeSetSystemAffinityThread(2);
    KeAcquireSpinLock(&Second, &old);
    InterlockedIncrement(&BothHold);
    while (BothHold < 2) YieldProcessor();
    KeAcquireSpinLockAtDpcLevel(&Lock);  // one of the two
}

static VOID DeadLock(PDEVICE_OBJECT) {
    HANDLE handle;
    KIRQL old;
    KeInitializeSpinLock(&Lock);
    KeInitializeSpinLock(&Second);
    PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, LocksInTheOtherOrder, NULL);
    KeSetSystemAffinityThread(1);
    KeAcquireSpinLock(&Lock, &old);
    InterlockedIncrement(&BothHold);
    while (BothHold < 2) YieldProcessor();
    KeAcquireSpinLockAtDpcLevel(&Second);  // or the other
}

// ---- IRPs ----

static VOID OnCancel(PDEVICE_OBJECT, PIRP Irp) {
    IoReleaseCancelSpinLock(Irp->CancelIrql);
}

static NTSTATUS CompletesTwice(PDEVICE_OBJECT, PIRP Irp) {
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    IoCompleteRequest(Irp, IO_NO_INCREMENT);  // BUG irp-completed-twice
    return STATUS_SUCCESS;
}

static NTSTATUS CompletesAsPending(PDEVICE_OBJECT, PIRP Irp) {
    Irp->IoStatus.Status = STATUS_PENDING;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);  // BUG irp-completed-pending
    return STATUS_SUCCESS;
}

static NTSTATUS LeavesCancelRoutine(PDEVICE_OBJECT, PIRP Irp) {
    IoSetCancelRoutine(Irp, OnCancel);
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);  // BUG irp-cancel-routine
    return STATUS_SUCCESS;
}

static NTSTATUS SaysPending(PDEVICE_OBJECT, PIRP Irp) {
    Irp->IoStatus.Status = STATUS_SUCCESS;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return STATUS_PENDING;
}

static NTSTATUS Forgets(PDEVICE_OBJECT, PIRP) {
    return STATUS_SUCCESS;
}

static NTSTATUS FreesIrp(PDEVICE_OBJECT, PIRP Irp) {
    IoMarkIrpPending(Irp);
    IoFreeIrp(Irp);  // BUG irp-freed
    return STATUS_PENDING;
}

static NTSTATUS PendsForEver(PDEVICE_OBJECT, PIRP Irp) {
    IoMarkIrpPending(Irp);
    return STATUS_PENDING;
}

template <NTSTATUS (*Handler)(PDEVICE_OBJECT, PIRP)>
static VOID Request(PDEVICE_OBJECT Fdo) {
    OnDeviceControl = Handler;
    SendRequest(Fdo);
}

// ---- pool and objects ----

static VOID FreeTwice(PDEVICE_OBJECT) {
    PVOID block = ExAllocatePoolWithTag(NonPagedPool, 64, RULES_POOL_TAG);
    ExFreePoolWithTag(block, RULES_POOL_TAG);
    ExFreePoolWithTag(block, RULES_POOL_TAG);  // BUG free-twice
}

static VOID FreeWithWrongTag(PDEVICE_OBJECT) {
    PVOID block = ExAllocatePoolWithTag(NonPagedPool, 64, RULES_POOL_TAG);
    ExFreePoolWithTag(block, 'gnoW');  // BUG free-wrong-tag
}

static VOID FreeWhatIsNone(PDEVICE_OBJECT) {
    ExFreePoolWithTag(&Lock, RULES_POOL_TAG);  // BUG free-no-block
}

static VOID OnCallback(PVOID, PVOID, PVOID) {}

static VOID FreeRegistration(PDEVICE_OBJECT) {
    UNICODE_STRING name;
    OBJECT_ATTRIBUTES attributes;
    PCALLBACK_OBJECT callback;
    RtlInitUnicodeString(&name, L"\\Callback\\PowerState");
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    if (!NT_SUCCESS(ExCreateCallback(&callback, &attributes, FALSE, TRUE))) return;
    PVOID registration = ExRegisterCallback(callback, OnCallback, NULL);
    ExFreePool(registration);  // BUG free-system-block
}

static VOID WaitForEvent(PVOID Event) {
    KeWaitForSingleObject(Event, Executive, KernelMode, FALSE, NULL);
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID FreeAwaitedEvent(PDEVICE_OBJECT) {
    PKEVENT event = PKEVENT(ExAllocatePoolWithTag(NonPagedPool, sizeof(KEVENT), RULES_POOL_TAG));
    KeInitializeEvent(event, NotificationEvent, FALSE);
    HANDLE handle;
    PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, WaitForEvent, event);
    ZwClose(handle);
    Millisecond.QuadPart = -10000;
    KeDelayExecutionThread(KernelMode, FALSE, &Millisecond);
    ExFreePoolWithTag(event, RULES_POOL_TAG);  // BUG free-awaited-event
}

UNCHECKED static VOID Overrun(PDEVICE_OBJECT) {
    PUCHAR block = PUCHAR(ExAllocatePoolWithTag(NonPagedPool, 40, RULES_POOL_TAG));
    for (int i = 0; i < 44; i++) *(volatile UCHAR*)(block + i) = 0x55;
    ExFreePoolWithTag(block, RULES_POOL_TAG);  // BUG overrun
}

static VOID DereferenceTooOften(PDEVICE_OBJECT) {
    HANDLE handle;
    PVOID thread;
    PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, ThreadCorrectly, NULL);
    ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, &thread, NULL);
    ZwClose(handle);
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(thread);
    ObDereferenceObject(thread);  // BUG dereference-too-often
}

UNCHECKED static VOID ReleaseTooOften(PDEVICE_OBJECT) {
    PSERVICEGROUP group;
    if (!NT_SUCCESS(PcNewServiceGroup(&group, NULL))) return;
    group->Release();
    group->Release();  // BUG release-too-often
}

static VOID CloseTwice(PDEVICE_OBJECT) {
    HANDLE handle;
    PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, ThreadCorrectly, NULL);
    ZwClose(handle);
    ZwClose(handle);  // BUG close-twice
}

static volatile LONG Never1;

static VOID Spin(PDEVICE_OBJECT) {
    while (!Never1) {
    }
}

static VOID SpinRaised(PDEVICE_OBJECT) {
    KIRQL old;
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    while (!Never1) {
    }
}

static volatile LONG Arrived;

static VOID Arrive(PKDPC, PVOID, PVOID, PVOID) {
    Arrived = 1;
}

static VOID SpinForDpc(PDEVICE_OBJECT) {
    static KTIMER timer;
    static KDPC dpc;
    LARGE_INTEGER due;
    due.QuadPart = -10000;
    Arrived = 0;
    KeInitializeTimer(&timer);
    KeInitializeDpc(&dpc, Arrive, NULL);
    KeSetTimer(&timer, due, &dpc);
    while (!Arrived) {
    }
}

// As code does that may not be interrupted by another thread: what it waits for runs on the other processor.
static VOID ArriveInThread(PVOID) {
    Arrived = 1;
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static VOID SpinForThread(PDEVICE_OBJECT) {
    HANDLE handle;
    PVOID thread;
    KIRQL old;
    Arrived = 0;
    PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, ArriveInThread, NULL);
    ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode, &thread, NULL);
    KeRaiseIrql(DISPATCH_LEVEL, &old);
    while (!Arrived) {
    }
    KeLowerIrql(old);
    KeWaitForSingleObject(thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(thread);
    ZwClose(handle);
}

// Seen when the driver is unloaded at the latest; the page says where it was freed.
UNCHECKED static VOID WriteFreed(PDEVICE_OBJECT) {
    volatile UCHAR* block = (volatile UCHAR*)ExAllocatePoolWithTag(NonPagedPool, 30, RULES_POOL_TAG);
    ExFreePoolWithTag((PVOID)block, RULES_POOL_TAG);
    block[3] = 1;
}

// ---- what is left ----

static VOID LeavePool(PDEVICE_OBJECT) {
    ExAllocatePoolWithTag(NonPagedPool, 777, RULES_POOL_TAG);  // BUG left-pool
}

static VOID LeaveHandle(PDEVICE_OBJECT) {
    const ULONG access = THREAD_ALL_ACCESS;
    HANDLE handle;
    PsCreateSystemThread(&handle, access, NULL, NULL, NULL, ThreadCorrectly, NULL);  // BUG left-handle
}

class Sink : public IServiceSink {
  public:
    STDMETHODIMP_(NTSTATUS) QueryInterface(REFIID, PVOID*) { return STATUS_NOT_IMPLEMENTED; }
    STDMETHODIMP_(ULONG) AddRef(void) { return 2; }
    STDMETHODIMP_(ULONG) Release(void) { return 1; }
    STDMETHODIMP_(void) RequestService(void) {}
};

static VOID LeaveGroup(PDEVICE_OBJECT) {
    PSERVICEGROUP group;
    PcNewServiceGroup(&group, NULL);  // BUG left-com-object
}

// The group keeps a sink that is no object any more; its DPC, with nothing of the driver on the stack, calls
// it.
static VOID OverwriteSink(PDEVICE_OBJECT) {
    PSERVICEGROUP group;
    if (!NT_SUCCESS(PcNewServiceGroup(&group, NULL))) return;
    Sink whole;
    PSERVICESINK sink = PSERVICESINK(ExAllocatePoolWithTag(NonPagedPool, sizeof(whole), RULES_POOL_TAG));
    RtlCopyMemory(sink, &whole, sizeof(whole));
    group->AddMember(sink);
    *(ULONGLONG*)sink = 0xFEEDFEEDFEEDFEEDULL;
    group->RequestService();  // BUG overwritten-sink
}

static VOID LeaveTimer(PDEVICE_OBJECT) {
    LARGE_INTEGER due;
    due.QuadPart = -1000000000LL;
    KeInitializeDpc(&Dpc, Nothing, NULL);
    KeInitializeTimer(&Timer);
    KeSetTimer(&Timer, due, &Dpc);  // BUG left-timer
}

static KDPC LongDpc;

static VOID TakeLong(PKDPC, PVOID, PVOID, PVOID) {
    for (int i = 0; i < 100; i++) KeStallExecutionProcessor(50);
}

// Queued behind another on the second processor, it has not run when DriverUnload returns.
static VOID LeaveDpc(VOID) {
    KeSetSystemAffinityThread(1);
    KeInitializeDpc(&LongDpc, TakeLong, NULL);
    KeInitializeDpc(&Dpc, Nothing, NULL);
    KeSetTargetProcessorDpc(&LongDpc, 1);
    KeSetTargetProcessorDpc(&Dpc, 1);
    KeInsertQueueDpc(&LongDpc, NULL, NULL);
    KeStallExecutionProcessor(50);
    KeInsertQueueDpc(&Dpc, NULL, NULL);
    KeRevertToUserAffinityThread();
}

static VOID LeaveLookaside(PDEVICE_OBJECT) {
    static NPAGED_LOOKASIDE_LIST list;
    ExInitializeNPagedLookasideList(&list, NULL, NULL, 0, 32, RULES_POOL_TAG, 0);  // BUG left-lookaside
}

// ---- faults ----

static VOID ReadNull(PDEVICE_OBJECT) {
    volatile ULONG* nowhere = (volatile ULONG*)(ULONG_PTR)Zero;
    Zero = nowhere[4];  // BUG read-null
}

static VOID WriteNull(PKDPC, PVOID, PVOID, PVOID) {
    volatile ULONG* nowhere = (volatile ULONG*)(ULONG_PTR)Zero;
    nowhere[6] = 1;  // BUG write-null-in-dpc
}

static VOID WriteNullInDpc(PDEVICE_OBJECT) {
    RunDpc(WriteNull, NULL);
}

UNCHECKED static VOID ReadWild(PDEVICE_OBJECT) {
    Zero = *(volatile ULONG*)0xFFFFF80012345678ull;  // BUG read-wild
}

static VOID ReadNonCanonical(PDEVICE_OBJECT) {
    Zero = *(volatile ULONG*)0x4141414141414141ull;  // BUG read-non-canonical
}

static VOID Divide(PDEVICE_OBJECT) {
    Zero = 7 / Zero;  // BUG divide
}

static VOID Illegal(PDEVICE_OBJECT) {
    __asm__ volatile("ud2");  // BUG illegal
}

static VOID Breakpoint(PDEVICE_OBJECT) {
    __asm__ volatile("int3");  // BUG breakpoint
}

static VOID CallNull(PDEVICE_OBJECT) {
    VOID (*volatile nothing)(VOID) = NULL;
    nothing();  // BUG call-null
}

static VOID CallData(PDEVICE_OBJECT) {
    static UCHAR code[16] = {0xC3};
    VOID (*volatile data)(VOID) = (VOID(*)(VOID))(PVOID)code;
    data();  // BUG call-data
}

static VOID CallPool(PDEVICE_OBJECT) {
    PUCHAR block = PUCHAR(ExAllocatePoolWithTag(NonPagedPool, 16, RULES_POOL_TAG));
    block[0] = 0xC3;
    VOID (*volatile pool)(VOID) = (VOID(*)(VOID))(PVOID)block;
    pool();  // BUG call-pool
}

static VOID WriteConstant(PDEVICE_OBJECT) {
    static const volatile ULONG constant[4] = {1, 2, 3, 4};
    *(volatile ULONG*)&constant[2] = 5;  // BUG write-constant
}

UNCHECKED static VOID LoseStack(PDEVICE_OBJECT) {
    __asm__ volatile("mov $0x1230, %%rsp\n\tpush %%rax" ::: "memory");  // BUG lost-stack
}

// What Portico follows when it sends the next request.
static VOID OverwriteDevice(PDEVICE_OBJECT Fdo) {
    Fdo->DriverObject = PDRIVER_OBJECT(0x100000008);
}

UNCHECKED static VOID OverrunExtension(PDEVICE_OBJECT Fdo) {
    volatile UCHAR* end = PUCHAR(Fdo->DeviceExtension) + sizeof(Extension);
    for (ULONG i = 0; i < 208; i++) end[i] = 0x41;
}

static ULONG Recurse(ULONG depth) {
    volatile UCHAR frame[256];
    frame[0] = UCHAR(depth);
    return Recurse(depth + 1) + frame[0];
}

static VOID StackOverflow(PDEVICE_OBJECT) {
    Zero = Recurse(0);
}

// ---- imports, ports, giving up ----

extern "C" NTSTATUS NTAPI KeNoSuchFunction(ULONG);

static VOID MissingImport(PDEVICE_OBJECT) {
    KeNoSuchFunction(1);  // BUG missing-import
}

extern "C" ULONG KeNoSuchVariable[4];

static VOID MissingVariable(PDEVICE_OBJECT) {
    if (KeNoSuchVariable[2] == 1) KeBugCheckEx(0xE2, 1, 2, 3, 4);  // BUG missing-variable
}

static VOID UnclaimedPort(PDEVICE_OBJECT) {
    READ_PORT_UCHAR(PUCHAR(0x9999));  // BUG unclaimed-port
}

static VOID GiveUp(PDEVICE_OBJECT) {
    KeBugCheckEx(0xE2, 1, 2, 3, 4);  // BUG give-up
}

// ---- a device without power ----

static VOID PowerDone(PDEVICE_OBJECT, UCHAR, POWER_STATE, PVOID Event, PIO_STATUS_BLOCK) {
    KeSetEvent(PKEVENT(Event), IO_NO_INCREMENT, FALSE);
}

static VOID GoTo(PDEVICE_OBJECT Fdo, DEVICE_POWER_STATE DeviceState) {
    KEVENT done;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    POWER_STATE state;
    state.DeviceState = DeviceState;
    PDEVICE_OBJECT pdo = ((Extension*)Fdo->DeviceExtension)->Pdo;
    if (PoRequestPowerIrp(pdo, IRP_MN_SET_POWER, state, PowerDone, &done, NULL) == STATUS_PENDING)
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
}

static VOID ReadAsleep(PDEVICE_OBJECT Fdo) {
    GoTo(Fdo, PowerDeviceD3);
    UCHAR status = READ_PORT_UCHAR(PUCHAR(0x331));  // BUG powered-down-read
    GoTo(Fdo, PowerDeviceD0);
    if (status == 0xFF) status = READ_PORT_UCHAR(PUCHAR(0x331));
}

static VOID WriteAsleep(PDEVICE_OBJECT Fdo) {
    GoTo(Fdo, PowerDeviceD1);
    WRITE_PORT_UCHAR(PUCHAR(0x331), 0x3F);  // BUG powered-down-write
    GoTo(Fdo, PowerDeviceD0);
}

const Misdeed Misdeeds[] = {
    {"correct", Correct, NULL},
    {"ddi-too-high", DdiTooHigh, NULL},
    {"ddi-too-low", DdiTooLow, NULL},
    {"method-too-high", MethodTooHigh, NULL},
    {"callback-irql", CallbackIrql, NULL},
    {"raised-downwards", RaisedDownwards, NULL},
    {"lowered-upwards", LoweredUpwards, NULL},
    {"lowered-in-dpc", LowerInDpc, NULL},
    {"paged-code", PagedCodeInDpc, NULL},
    {"paged-pool-read", ReadPageable, NULL},
    {"paged-pool-write", WritePageableInDpc, NULL},
    {"paged-event", SetPageableEvent, NULL},
    {"paged-timer-routine", StartPageableTimer, NULL},
    {"paged-beside-raised", ReadBesideRaisedProcessor, NULL},
    {"wait-at-dispatch", WaitAtDispatch, NULL},
    {"delay-in-dpc", DelayInDpc, NULL},
    {"look-above-dispatch", LookAboveDispatch, NULL},
    {"wait-interrupts-off", WaitWithInterruptsOff, NULL},
    {"wait-announced-in-dpc", AnnounceWaitInDpc, NULL},
    {"lock-twice", LockTwice, NULL},
    {"lock-exclusive-twice", LockExclusiveTwice, NULL},
    {"lock-not-owned", LockNotOwned, NULL},
    {"lock-too-low", LockTooLow, NULL},
    {"lock-too-high", LockTooHigh, NULL},
    {"lock-released-upwards", LockReleasedUpwards, NULL},
    {"dead-lock", DeadLock, NULL},
    {"irp-completed-twice", Request<CompletesTwice>, NULL},
    {"irp-completed-pending", Request<CompletesAsPending>, NULL},
    {"irp-cancel-routine", Request<LeavesCancelRoutine>, NULL},
    {"irp-says-pending", Request<SaysPending>, NULL},
    {"irp-forgotten", Request<Forgets>, NULL},
    {"irp-freed", Request<FreesIrp>, NULL},
    {"irp-left", Request<PendsForEver>, NULL},
    {"free-twice", FreeTwice, NULL},
    {"free-wrong-tag", FreeWithWrongTag, NULL},
    {"free-no-block", FreeWhatIsNone, NULL},
    {"free-system-block", FreeRegistration, NULL},
    {"free-awaited-event", FreeAwaitedEvent, NULL},
    {"overrun", Overrun, NULL},
    {"dereference-too-often", DereferenceTooOften, NULL},
    {"release-too-often", ReleaseTooOften, NULL},
    {"close-twice", CloseTwice, NULL},
    {"spin", Spin, NULL},
    {"spin-raised", SpinRaised, NULL},
    {"spin-for-dpc", SpinForDpc, NULL},
    {"spin-for-thread", SpinForThread, NULL},
    {"write-freed", WriteFreed, NULL},
    {"left-pool", LeavePool, NULL},
    {"left-handle", LeaveHandle, NULL},
    {"left-com-object", LeaveGroup, NULL},
    {"overwritten-sink", OverwriteSink, NULL},
    {"left-timer", LeaveTimer, NULL},
    {"left-dpc", NULL, LeaveDpc},
    {"left-lookaside", LeaveLookaside, NULL},
    {"read-null", ReadNull, NULL},
    {"write-null-in-dpc", WriteNullInDpc, NULL},
    {"read-wild", ReadWild, NULL},
    {"read-non-canonical", ReadNonCanonical, NULL},
    {"divide", Divide, NULL},
    {"illegal", Illegal, NULL},
    {"breakpoint", Breakpoint, NULL},
    {"call-null", CallNull, NULL},
    {"call-data", CallData, NULL},
    {"call-pool", CallPool, NULL},
    {"write-constant", WriteConstant, NULL},
    {"stack-overflow", StackOverflow, NULL},
    {"lost-stack", LoseStack, NULL},
    {"overwritten-device", OverwriteDevice, NULL},
    {"overrun-extension", OverrunExtension, NULL},
    {"missing-import", MissingImport, NULL},
    {"missing-variable", MissingVariable, NULL},
    {"unclaimed-port", UnclaimedPort, NULL},
    {"powered-down-read", ReadAsleep, NULL},
    {"powered-down-write", WriteAsleep, NULL},
    {"give-up", GiveUp, NULL},
};

const ULONG MisdeedCount = sizeof Misdeeds / sizeof Misdeeds[0];
