#include "misdeed.h"

NTSTATUS (*OnDeviceControl)(PDEVICE_OBJECT Fdo, PIRP Irp);

static const Misdeed* Chosen;

static const Misdeed* Find(PDEVICE_OBJECT Pdo) {
    WCHAR id[64];
    ULONG size = 0;
    if (!NT_SUCCESS(IoGetDeviceProperty(Pdo, DevicePropertyHardwareID, sizeof id, id, &size))) return NULL;
    for (ULONG i = 0; i < MisdeedCount; i++) {
        PCSTR name = Misdeeds[i].Name;
        ULONG n = 0;
        while (name[n] && id[n] == WCHAR(name[n])) n++;
        if (!name[n] && !id[n]) return &Misdeeds[i];
    }
    return NULL;
}

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status) {
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = 0;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static NTSTATUS PassedOn(PDEVICE_OBJECT, PIRP, PVOID Event) {
    KeSetEvent(PKEVENT(Event), IO_NO_INCREMENT, FALSE);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

static NTSTATUS PassOnAndWait(Extension* e, PIRP Irp) {
    KEVENT done;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    IoCopyCurrentIrpStackLocationToNext(Irp);
    IoSetCompletionRoutine(Irp, PassedOn, &done, TRUE, TRUE, TRUE);
    if (IoCallDriver(e->Lower, Irp) == STATUS_PENDING)
        KeWaitForSingleObject(&done, Executive, KernelMode, FALSE, NULL);
    return Irp->IoStatus.Status;
}

static NTSTATUS Pnp(PDEVICE_OBJECT Fdo, PIRP Irp) {
    Extension* e = (Extension*)Fdo->DeviceExtension;
    switch (IoGetCurrentIrpStackLocation(Irp)->MinorFunction) {
        case IRP_MN_START_DEVICE: {
            NTSTATUS ntStatus = PassOnAndWait(e, Irp);
            if (NT_SUCCESS(ntStatus)) {
                if (Chosen && Chosen->Start) Chosen->Start(Fdo);
            }
            return Complete(Irp, Chosen ? ntStatus : STATUS_OBJECT_NAME_NOT_FOUND);
        }
        case IRP_MN_QUERY_STOP_DEVICE:
        case IRP_MN_CANCEL_STOP_DEVICE:
        case IRP_MN_STOP_DEVICE:
        case IRP_MN_QUERY_REMOVE_DEVICE:
        case IRP_MN_CANCEL_REMOVE_DEVICE:
        case IRP_MN_SURPRISE_REMOVAL:
            Irp->IoStatus.Status = STATUS_SUCCESS;
            break;
        case IRP_MN_REMOVE_DEVICE: {
            Irp->IoStatus.Status = STATUS_SUCCESS;
            IoSkipCurrentIrpStackLocation(Irp);
            NTSTATUS ntStatus = IoCallDriver(e->Lower, Irp);
            IoDetachDevice(e->Lower);
            IoDeleteDevice(Fdo);
            return ntStatus;
        }
    }
    IoSkipCurrentIrpStackLocation(Irp);
    return IoCallDriver(e->Lower, Irp);
}

static NTSTATUS Power(PDEVICE_OBJECT Fdo, PIRP Irp) {
    PoStartNextPowerIrp(Irp);
    IoSkipCurrentIrpStackLocation(Irp);
    return PoCallDriver(((Extension*)Fdo->DeviceExtension)->Lower, Irp);
}

static NTSTATUS DeviceControl(PDEVICE_OBJECT Fdo, PIRP Irp) {
    return OnDeviceControl ? OnDeviceControl(Fdo, Irp) : Complete(Irp, STATUS_INVALID_DEVICE_REQUEST);
}

static NTSTATUS AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT Pdo) {
    PDEVICE_OBJECT fdo = NULL;
    NTSTATUS ntStatus =
        IoCreateDevice(DriverObject, sizeof(Extension), NULL, FILE_DEVICE_UNKNOWN, 0, FALSE, &fdo);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    Extension* e = (Extension*)fdo->DeviceExtension;
    e->Pdo = Pdo;
    e->Lower = IoAttachDeviceToDeviceStack(fdo, Pdo);
    Chosen = Find(Pdo);
    fdo->Flags |= DO_POWER_PAGABLE;
    fdo->Flags &= ~DO_DEVICE_INITIALIZING;
    return STATUS_SUCCESS;
}

static VOID Unload(PDRIVER_OBJECT) {
    if (Chosen && Chosen->Unload) Chosen->Unload();
}

extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING) {
    DriverObject->DriverExtension->AddDevice = AddDevice;
    DriverObject->DriverUnload = Unload;
    DriverObject->MajorFunction[IRP_MJ_PNP] = Pnp;
    DriverObject->MajorFunction[IRP_MJ_POWER] = Power;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DeviceControl;
    return STATUS_SUCCESS;
}

VOID SendRequest(PDEVICE_OBJECT Fdo) {
    static KEVENT done;
    static IO_STATUS_BLOCK status;
    KeInitializeEvent(&done, NotificationEvent, FALSE);
    PIRP irp = IoBuildDeviceIoControlRequest(0x222003, Fdo, NULL, 0, NULL, 0, FALSE, &done, &status);
    if (irp) IoCallDriver(Fdo, irp);
}

VOID RunDpc(PKDEFERRED_ROUTINE Routine, PVOID Context) {
    static KDPC dpc;
    KeInitializeDpc(&dpc, Routine, Context);
    KeInsertQueueDpc(&dpc, NULL, NULL);
    KeFlushQueuedDpcs();
}
