// The control device, \\.\PortCable: programs make ports, delete them, and wait for changes. Whoever can
// write to it is an administrator; everybody may look.
#include "portcable.h"

typedef struct _CONTROL {
    IO_CSQ Queue;
    LIST_ENTRY Waiting;
    KSPIN_LOCK Lock;  // guards Waiting and what follows
    ULONG Changes;
    BOOLEAN Gone;
} CONTROL, *PCONTROL;

// A request that a work item carries out.
typedef struct _JOB {
    PIO_WORKITEM WorkItem;
    PIRP Irp;
} JOB, *PJOB;

// {8D2A6C5E-30F1-4F19-B7E4-51C9A3D20B68}
static const GUID ControlClass = {
    0x8d2a6c5e, 0x30f1, 0x4f19, {0xb7, 0xe4, 0x51, 0xc9, 0xa3, 0xd2, 0x0b, 0x68}};

static const WCHAR DeviceName[] = L"\\Device\\PortCable";
static const WCHAR LinkName[] = L"\\DosDevices\\PortCable";
static const WCHAR Security[] = L"D:P(A;;GA;;;SY)(A;;GRGWGX;;;BA)(A;;GR;;;WD)";

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information) {
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

// ---- requests that wait for a change ----

static PCONTROL ControlOf(PIO_CSQ Queue) {
    return CONTAINING_RECORD(Queue, CONTROL, Queue);
}

// Under the lock, so that no change gets lost between the look and the wait.
static NTSTATUS NTAPI InsertWaiting(PIO_CSQ Queue, PIRP Irp, PVOID Known) {
    PCONTROL control = ControlOf(Queue);
    if (control->Gone || control->Changes != *(PULONG)Known) return STATUS_UNSUCCESSFUL;
    InsertTailList(&control->Waiting, &Irp->Tail.Overlay.ListEntry);
    return STATUS_SUCCESS;
}

static VOID NTAPI RemoveWaiting(PIO_CSQ Queue, PIRP Irp) {
    UNREFERENCED_PARAMETER(Queue);
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
}

// The next one behind Irp; of a file, or of all.
static PIRP NTAPI NextWaiting(PIO_CSQ Queue, PIRP Irp, PVOID FileObject) {
    PLIST_ENTRY head = &ControlOf(Queue)->Waiting;
    PLIST_ENTRY entry = Irp ? Irp->Tail.Overlay.ListEntry.Flink : head->Flink;
    for (; entry != head; entry = entry->Flink) {
        PIRP next = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);
        if (!FileObject || IoGetCurrentIrpStackLocation(next)->FileObject == FileObject) return next;
    }
    return NULL;
}

static VOID NTAPI AcquireQueue(PIO_CSQ Queue, PKIRQL Irql) {
    KeAcquireSpinLock(&ControlOf(Queue)->Lock, Irql);
}

static VOID NTAPI ReleaseQueue(PIO_CSQ Queue, KIRQL Irql) {
    KeReleaseSpinLock(&ControlOf(Queue)->Lock, Irql);
}

static VOID NTAPI CompleteCancelled(PIO_CSQ Queue, PIRP Irp) {
    UNREFERENCED_PARAMETER(Queue);
    Complete(Irp, STATUS_CANCELLED, 0);
}

static NTSTATUS CompleteWithChanges(PIRP Irp, ULONG Changes) {
    *(PULONG)Irp->AssociatedIrp.SystemBuffer = Changes;
    return Complete(Irp, STATUS_SUCCESS, sizeof(ULONG));
}

VOID TellChange(VOID) {
    PDEVICE_OBJECT device = PortCable.ControlDevice;
    if (!device) return;
    PCONTROL control = (PCONTROL)device->DeviceExtension;
    KIRQL oldIrql;
    KeAcquireSpinLock(&control->Lock, &oldIrql);
    ULONG changes = ++control->Changes;
    KeReleaseSpinLock(&control->Lock, oldIrql);
    PIRP irp;
    while ((irp = IoCsqRemoveNextIrp(&control->Queue, NULL)) != NULL) CompleteWithChanges(irp, changes);
}

static NTSTATUS Wait(PCONTROL Control, PIRP Irp, PIO_STACK_LOCATION Stack) {
    if (Stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(ULONG) ||
        Stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(ULONG)) {
        return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    }
    ULONG known = *(PULONG)Irp->AssociatedIrp.SystemBuffer;
    if (NT_SUCCESS(IoCsqInsertIrpEx(&Control->Queue, Irp, NULL, &known))) return STATUS_PENDING;
    if (Control->Gone) return Complete(Irp, STATUS_DEVICE_REMOVED, 0);
    return CompleteWithChanges(Irp, Control->Changes);
}

static VOID CancelWaiting(PCONTROL Control, PFILE_OBJECT FileObject) {
    PIRP irp;
    while ((irp = IoCsqRemoveNextIrp(&Control->Queue, FileObject)) != NULL)
        Complete(irp, STATUS_CANCELLED, 0);
}

#pragma code_seg("PAGE")

// ---- requests that make and delete ports ----

static VOID NTAPI DoJob(PDEVICE_OBJECT DeviceObject, PVOID Context) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(DeviceObject);
    PJOB job = (PJOB)Context;
    PIRP irp = job->Irp;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(irp);
    PPORTCABLE_PORT port = (PPORTCABLE_PORT)irp->AssociatedIrp.SystemBuffer;
    BOOLEAN creates = stack->Parameters.DeviceIoControl.IoControlCode == IOCTL_PORTCABLE_CREATE;
    NTSTATUS ntStatus = creates ? CreatePort(port, TRUE) : DeletePort(port);
    Complete(irp, ntStatus, 0);
    IoFreeWorkItem(job->WorkItem);
    ExFreePoolWithTag(job, PORTCABLE_POOL_TAG);
}

static NTSTATUS DoLater(PDEVICE_OBJECT DeviceObject, PIRP Irp, PIO_STACK_LOCATION Stack) {
    PAGED_CODE();
    if (Stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(PORTCABLE_PORT)) {
        return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    }
    PJOB job = (PJOB)ExAllocatePoolWithTag(NonPagedPool, sizeof(JOB), PORTCABLE_POOL_TAG);
    if (!job) return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    job->Irp = Irp;
    job->WorkItem = IoAllocateWorkItem(DeviceObject);
    if (!job->WorkItem) {
        ExFreePoolWithTag(job, PORTCABLE_POOL_TAG);
        return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    }
    IoMarkIrpPending(Irp);
    IoQueueWorkItem(job->WorkItem, DoJob, DelayedWorkQueue, job);
    return STATUS_PENDING;
}

// ---- requests that are answered at once ----

static NTSTATUS List(PIRP Irp, PIO_STACK_LOCATION Stack) {
    PAGED_CODE();
    ULONG room = Stack->Parameters.DeviceIoControl.OutputBufferLength / sizeof(PORTCABLE_PORT);
    if (room == 0 || !Irp->MdlAddress) return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    PVOID list = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
    if (!list) return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    ULONG count = ListPorts((PPORTCABLE_PORT)list, room);
    return Complete(Irp, STATUS_SUCCESS, count * sizeof(PORTCABLE_PORT));
}

static NTSTATUS Mirror(PIRP Irp, PIO_STACK_LOCATION Stack) {
    PAGED_CODE();
    if (Stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(PORTCABLE_MIRROR) || !Irp->MdlAddress) {
        return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    }
    PVOID given = MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
    if (!given) return Complete(Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    PORTCABLE_MIRROR mirror;
    RtlCopyMemory(&mirror, given, sizeof(mirror));
    return Complete(Irp, SetMirror(&mirror), 0);
}

// METHOD_NEITHER: both addresses are the program's, and may be anything.
static NTSTATUS Statistics(PIRP Irp, PIO_STACK_LOCATION Stack) {
    PAGED_CODE();
    if (Stack->Parameters.DeviceIoControl.InputBufferLength < sizeof(PORTCABLE_PORT) ||
        Stack->Parameters.DeviceIoControl.OutputBufferLength < sizeof(PORTCABLE_STATISTICS)) {
        return Complete(Irp, STATUS_BUFFER_TOO_SMALL, 0);
    }
    PPORTCABLE_PORT given = (PPORTCABLE_PORT)Stack->Parameters.DeviceIoControl.Type3InputBuffer;
    PVOID result = Irp->UserBuffer;
    PORTCABLE_PORT port;
    PORTCABLE_STATISTICS statistics;
    NTSTATUS ntStatus = STATUS_SUCCESS;
    __try {
        if (Irp->RequestorMode != KernelMode) ProbeForRead(given, sizeof(port), sizeof(WCHAR));
        RtlCopyMemory(&port, given, sizeof(port));
    } __except (EXCEPTION_EXECUTE_HANDLER) {
        ntStatus = GetExceptionCode();
    }
    if (NT_SUCCESS(ntStatus)) {
        ntStatus = IsValidName(port.Name) ? GetStatistics(port.Name, &statistics) : STATUS_INVALID_PARAMETER;
    }
    if (NT_SUCCESS(ntStatus)) {
        __try {
            if (Irp->RequestorMode != KernelMode) ProbeForWrite(result, sizeof(statistics), sizeof(ULONG));
            RtlCopyMemory(result, &statistics, sizeof(statistics));
        } __except (EXCEPTION_EXECUTE_HANDLER) {
            ntStatus = GetExceptionCode();
        }
    }
    return Complete(Irp, ntStatus, NT_SUCCESS(ntStatus) ? sizeof(statistics) : 0);
}

static NTSTATUS DispatchControl(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
    PAGED_CODE();
    PCONTROL control = (PCONTROL)DeviceObject->DeviceExtension;
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    if (control->Gone) return Complete(Irp, STATUS_DEVICE_REMOVED, 0);
    switch (stack->Parameters.DeviceIoControl.IoControlCode) {
        case IOCTL_PORTCABLE_CREATE:
        case IOCTL_PORTCABLE_DELETE:
            return DoLater(DeviceObject, Irp, stack);
        case IOCTL_PORTCABLE_LIST:
            return List(Irp, stack);
        case IOCTL_PORTCABLE_MIRROR:
            return Mirror(Irp, stack);
        case IOCTL_PORTCABLE_STATISTICS:
            return Statistics(Irp, stack);
        case IOCTL_PORTCABLE_WAIT:
            return Wait(control, Irp, stack);
    }
    return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
}

NTSTATUS DispatchControlDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
    PAGED_CODE();
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    switch (stack->MajorFunction) {
        case IRP_MJ_CREATE:
        case IRP_MJ_CLOSE:
            return Complete(Irp, STATUS_SUCCESS, 0);
        case IRP_MJ_CLEANUP:
            CancelWaiting((PCONTROL)DeviceObject->DeviceExtension, stack->FileObject);
            return Complete(Irp, STATUS_SUCCESS, 0);
        case IRP_MJ_DEVICE_CONTROL:
            return DispatchControl(DeviceObject, Irp);
    }
    return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
}

// ---- the device ----

NTSTATUS CreateControlDevice(VOID) {
    PAGED_CODE();
    UNICODE_STRING name, link, security;
    RtlInitUnicodeString(&name, DeviceName);
    RtlInitUnicodeString(&link, LinkName);
    RtlInitUnicodeString(&security, Security);
    PDEVICE_OBJECT device = NULL;
    NTSTATUS ntStatus =
        IoCreateDeviceSecure(PortCable.DriverObject, sizeof(CONTROL), &name, FILE_DEVICE_PORTCABLE,
                             FILE_DEVICE_SECURE_OPEN, FALSE, &security, &ControlClass, &device);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    PCONTROL control = (PCONTROL)device->DeviceExtension;
    InitializeListHead(&control->Waiting);
    KeInitializeSpinLock(&control->Lock);
    IoCsqInitializeEx(&control->Queue, InsertWaiting, RemoveWaiting, NextWaiting, AcquireQueue, ReleaseQueue,
                      CompleteCancelled);
    ntStatus = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(ntStatus)) {
        IoDeleteDevice(device);
        return ntStatus;
    }
    PortCable.ControlDevice = device;
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    return ntStatus;
}

#pragma code_seg()

static VOID MarkGone(PCONTROL Control) {
    KIRQL oldIrql;
    KeAcquireSpinLock(&Control->Lock, &oldIrql);
    Control->Gone = TRUE;
    KeReleaseSpinLock(&Control->Lock, oldIrql);
}

#pragma code_seg("PAGE")

// Programs may still have it open: they get nothing more than errors.
VOID DeleteControlDevice(VOID) {
    PAGED_CODE();
    PDEVICE_OBJECT device = PortCable.ControlDevice;
    if (!device) return;
    PortCable.ControlDevice = NULL;
    PCONTROL control = (PCONTROL)device->DeviceExtension;
    MarkGone(control);
    PIRP irp;
    while ((irp = IoCsqRemoveNextIrp(&control->Queue, NULL)) != NULL) Complete(irp, STATUS_DEVICE_REMOVED, 0);
    UNICODE_STRING link;
    RtlInitUnicodeString(&link, LinkName);
    IoDeleteSymbolicLink(&link);
    IoDeleteDevice(device);
}
