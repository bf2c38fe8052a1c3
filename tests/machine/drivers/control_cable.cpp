// A virtual cable as they are published: a control device with a symbolic link and private requests, ports
// that come and go at run time, and replaced major functions that chain PcDispatchIrp. With OWN_TABLE the
// driver never calls PcInitializeAdapterDriver.

#define PUT_GUIDS_HERE

#include "cable.h"

#include <wdmsec.h>
#include <ntstrsafe.h>
#include <math.h>

#include "control_cable.h"

#define MAX_PORTS 8

struct PORT {
    WCHAR Name[16];
    PPORT Port;
};

struct CONTROL_EXTENSION {
    IO_CSQ Queue;
    LIST_ENTRY Waiting;
    KSPIN_LOCK Lock;
    ULONG Sum;
    PETHREAD Thread;
    KEVENT StopThread;
    ULONG Ticks;
    WORK_QUEUE_ITEM Work;
    PIRP WorkIrp;
    KMUTEX PortLock;
    PORT Ports[MAX_PORTS];
};

static PDEVICE_OBJECT ControlDevice;
static PDEVICE_OBJECT AdminDevice;
static PDEVICE_OBJECT Adapter;
static LONG DeviceCount;
static UNICODE_STRING RegistryPath;
static WCHAR RegistryPathBuffer[256];

#define Control() ((CONTROL_EXTENSION*)ControlDevice->DeviceExtension)

DRIVER_ADD_DEVICE AddDevice;
DRIVER_DISPATCH DispatchCreateClose, DispatchCleanup, DispatchControl, DispatchPnp;
DRIVER_UNLOAD Unload;

static NTSTATUS Complete(PIRP Irp, NTSTATUS Status, ULONG_PTR Information) {
    Irp->IoStatus.Status = Status;
    Irp->IoStatus.Information = Information;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

static BOOLEAN IsControl(PDEVICE_OBJECT DeviceObject) {
    return DeviceObject == ControlDevice || DeviceObject == AdminDevice;
}

// ---- the queue of waiting requests ----

static VOID NTAPI CsqInsert(PIO_CSQ, PIRP Irp) {
    InsertTailList(&Control()->Waiting, &Irp->Tail.Overlay.ListEntry);
}

static VOID NTAPI CsqRemove(PIO_CSQ, PIRP Irp) {
    RemoveEntryList(&Irp->Tail.Overlay.ListEntry);
}

// Of any file, or of the one that PeekContext is.
static PIRP NTAPI CsqPeek(PIO_CSQ, PIRP Irp, PVOID PeekContext) {
    PLIST_ENTRY entry = Irp == NULL ? Control()->Waiting.Flink : Irp->Tail.Overlay.ListEntry.Flink;
    for (; entry != &Control()->Waiting; entry = entry->Flink) {
        PIRP next = CONTAINING_RECORD(entry, IRP, Tail.Overlay.ListEntry);
        if (PeekContext == NULL || IoGetCurrentIrpStackLocation(next)->FileObject == PeekContext) return next;
    }
    return NULL;
}

static VOID NTAPI CsqAcquire(PIO_CSQ, PKIRQL Irql) {
    KeAcquireSpinLock(&Control()->Lock, Irql);
}

static VOID NTAPI CsqRelease(PIO_CSQ, KIRQL Irql) {
    KeReleaseSpinLock(&Control()->Lock, Irql);
}

static VOID NTAPI CsqCancelled(PIO_CSQ, PIRP Irp) {
    Complete(Irp, STATUS_CANCELLED, 0);
}

// ---- ports at run time ----

#pragma code_seg("PAGE")

static NTSTATUS AddPort(ULONG Number) {
    PAGED_CODE();
    CONTROL_EXTENSION* control = Control();
    if (Number >= MAX_PORTS || Adapter == NULL) return STATUS_INVALID_PARAMETER;
    PORT* place = &control->Ports[Number];
    KeWaitForSingleObject(&control->PortLock, Executive, KernelMode, FALSE, NULL);
    NTSTATUS ntStatus = place->Port == NULL ? STATUS_SUCCESS : STATUS_OBJECT_NAME_COLLISION;
    PPORT port = NULL;
    if (NT_SUCCESS(ntStatus)) ntStatus = PcNewPort(&port, CLSID_PortMidi);
    PUNKNOWN miniport = NULL;
    if (NT_SUCCESS(ntStatus)) ntStatus = CreateMiniportMidiCable(&miniport, GUID_NULL, NULL, NonPagedPool);
    if (NT_SUCCESS(ntStatus)) ntStatus = port->Init(Adapter, NULL, miniport, NULL, NULL);
    if (NT_SUCCESS(ntStatus)) {
        RtlStringCchPrintfW(place->Name, RTL_NUMBER_OF(place->Name), L"Port%u", Number);
        ntStatus = PcRegisterSubdevice(Adapter, place->Name, port);
    }
    if (miniport != NULL) miniport->Release();
    if (NT_SUCCESS(ntStatus)) {
        place->Port = port;
    } else if (port != NULL) {
        port->Release();
    }
    KeReleaseMutex(&control->PortLock, FALSE);
    return ntStatus;
}

static NTSTATUS RemovePort(ULONG Number) {
    PAGED_CODE();
    CONTROL_EXTENSION* control = Control();
    if (Number >= MAX_PORTS) return STATUS_INVALID_PARAMETER;
    KeWaitForSingleObject(&control->PortLock, Executive, KernelMode, FALSE, NULL);
    PPORT port = control->Ports[Number].Port;
    control->Ports[Number].Port = NULL;
    KeReleaseMutex(&control->PortLock, FALSE);
    if (port == NULL) return STATUS_NOT_FOUND;
    PUNREGISTERSUBDEVICE unregister = NULL;
    NTSTATUS ntStatus = port->QueryInterface(IID_IUnregisterSubdevice, (PVOID*)&unregister);
    if (NT_SUCCESS(ntStatus)) {
        ntStatus = unregister->UnregisterSubdevice(Adapter, port);
        unregister->Release();
    }
    port->Release();
    return ntStatus;
}

static NTSTATUS Wire(PULONG Numbers, BOOLEAN Connect) {
    PAGED_CODE();
    CONTROL_EXTENSION* control = Control();
    if (Numbers[0] >= MAX_PORTS || Numbers[1] >= MAX_PORTS) return STATUS_INVALID_PARAMETER;
    PPORT from = control->Ports[Numbers[0]].Port;
    PPORT to = control->Ports[Numbers[1]].Port;
    if (from == NULL || to == NULL) return STATUS_NOT_FOUND;
    if (Connect) return PcRegisterPhysicalConnection(Adapter, from, kPinRenderBridge, to, kPinCaptureBridge);
    PUNREGISTERPHYSICALCONNECTION unregister = NULL;
    NTSTATUS ntStatus = from->QueryInterface(IID_IUnregisterPhysicalConnection, (PVOID*)&unregister);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    ntStatus =
        unregister->UnregisterPhysicalConnection(Adapter, from, kPinRenderBridge, to, kPinCaptureBridge);
    unregister->Release();
    return ntStatus;
}

static VOID NTAPI AddPortWorker(PVOID Context) {
    PAGED_CODE();
    CONTROL_EXTENSION* control = (CONTROL_EXTENSION*)Context;
    PIRP irp = control->WorkIrp;
    ULONG number = *(PULONG)irp->AssociatedIrp.SystemBuffer;
    control->WorkIrp = NULL;
    Complete(irp, AddPort(number), 0);
}

// ---- threads, floating point, files, registry ----

static VOID NTAPI CountingThread(PVOID Context) {
    CONTROL_EXTENSION* control = (CONTROL_EXTENSION*)Context;
    LARGE_INTEGER interval;
    interval.QuadPart = -10000;
    while (KeWaitForSingleObject(&control->StopThread, Executive, KernelMode, FALSE, &interval) ==
           STATUS_TIMEOUT) {
        control->Ticks++;
    }
    PsTerminateSystemThread(STATUS_SUCCESS);
}

static NTSTATUS StartThread(void) {
    PAGED_CODE();
    CONTROL_EXTENSION* control = Control();
    if (control->Thread != NULL) return STATUS_INVALID_DEVICE_STATE;
    control->Ticks = 0;
    KeClearEvent(&control->StopThread);
    HANDLE handle;
    NTSTATUS ntStatus =
        PsCreateSystemThread(&handle, THREAD_ALL_ACCESS, NULL, NULL, NULL, CountingThread, control);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    ntStatus = ObReferenceObjectByHandle(handle, THREAD_ALL_ACCESS, NULL, KernelMode,
                                         (PVOID*)&control->Thread, NULL);
    ZwClose(handle);
    return ntStatus;
}

static NTSTATUS StopThread(void) {
    PAGED_CODE();
    CONTROL_EXTENSION* control = Control();
    if (control->Thread == NULL) return STATUS_INVALID_DEVICE_STATE;
    KeSetEvent(&control->StopThread, IO_NO_INCREMENT, FALSE);
    KeWaitForSingleObject(control->Thread, Executive, KernelMode, FALSE, NULL);
    ObDereferenceObject(control->Thread);
    control->Thread = NULL;
    return STATUS_SUCCESS;
}

static NTSTATUS Decibels(PLONG Value) {
    PAGED_CODE();
    KFLOATING_SAVE state;
    NTSTATUS ntStatus = KeSaveFloatingPointState(&state);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    *Value = (LONG)(100 * 40 * log10(*Value / 127.0));
    KeRestoreFloatingPointState(&state);
    return ntStatus;
}

static NTSTATUS ReadWholeFile(PUNICODE_STRING Path, PVOID Buffer, ULONG Size, PULONG_PTR Read) {
    PAGED_CODE();
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, Path, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL, NULL);
    HANDLE file;
    IO_STATUS_BLOCK ioStatus;
    NTSTATUS ntStatus =
        ZwCreateFile(&file, GENERIC_READ | SYNCHRONIZE, &attributes, &ioStatus, NULL, FILE_ATTRIBUTE_NORMAL,
                     FILE_SHARE_READ, FILE_OPEN, FILE_SYNCHRONOUS_IO_NONALERT, NULL, 0);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    FILE_STANDARD_INFORMATION information;
    ntStatus =
        ZwQueryInformationFile(file, &ioStatus, &information, sizeof(information), FileStandardInformation);
    if (NT_SUCCESS(ntStatus) && information.EndOfFile.QuadPart > Size) ntStatus = STATUS_BUFFER_TOO_SMALL;
    LARGE_INTEGER offset;
    offset.QuadPart = 0;
    if (NT_SUCCESS(ntStatus))
        ntStatus = ZwReadFile(file, NULL, NULL, NULL, &ioStatus, Buffer, Size, &offset, NULL);
    *Read = NT_SUCCESS(ntStatus) ? ioStatus.Information : 0;
    ZwClose(file);
    return ntStatus;
}

// RegistryPath\Parameters, made when it is missing.
static NTSTATUS KeepSetting(PULONG Value) {
    PAGED_CODE();
    OBJECT_ATTRIBUTES attributes;
    HANDLE service, parameters;
    InitializeObjectAttributes(&attributes, &RegistryPath, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, NULL,
                               NULL);
    NTSTATUS ntStatus = ZwOpenKey(&service, KEY_CREATE_SUB_KEY, &attributes);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    UNICODE_STRING name;
    RtlInitUnicodeString(&name, L"Parameters");
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, service, NULL);
    ntStatus = ZwCreateKey(&parameters, KEY_ALL_ACCESS, &attributes, 0, NULL, REG_OPTION_NON_VOLATILE, NULL);
    ZwClose(service);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    RtlInitUnicodeString(&name, L"Setting");
    ntStatus = ZwSetValueKey(parameters, &name, 0, REG_DWORD, Value, sizeof(*Value));
    struct {
        KEY_VALUE_PARTIAL_INFORMATION Head;
        UCHAR Data[8];
    } value;
    ULONG length;
    if (NT_SUCCESS(ntStatus))
        ntStatus =
            ZwQueryValueKey(parameters, &name, KeyValuePartialInformation, &value, sizeof(value), &length);
    if (NT_SUCCESS(ntStatus)) RtlCopyMemory(Value, value.Head.Data, sizeof(*Value));
    ZwClose(parameters);
    return ntStatus;
}

// ---- requests ----

static NTSTATUS AddUp(PIRP Irp, ULONG Length) {
    PAGED_CODE();
    if (Irp->MdlAddress == NULL) return STATUS_INVALID_PARAMETER;
    PUCHAR bytes = (PUCHAR)MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
    if (bytes == NULL) return STATUS_INSUFFICIENT_RESOURCES;
    Control()->Sum = 0;
    for (ULONG i = 0; i < Length; i++) Control()->Sum += bytes[i];
    return STATUS_SUCCESS;
}

static NTSTATUS Fill(PIRP Irp, ULONG Length) {
    PAGED_CODE();
    if (Irp->MdlAddress == NULL || Length < sizeof(ULONG)) return STATUS_BUFFER_TOO_SMALL;
    PUCHAR bytes = (PUCHAR)MmGetSystemAddressForMdlSafe(Irp->MdlAddress, NormalPagePriority);
    if (bytes == NULL) return STATUS_INSUFFICIENT_RESOURCES;
    for (ULONG i = 0; i < Length; i++) bytes[i] = (UCHAR)i;
    RtlCopyMemory(bytes, &Control()->Sum, sizeof(ULONG));
    return STATUS_SUCCESS;
}

// METHOD_NEITHER: the driver looks at the addresses itself and locks them.
static NTSTATUS CopyBetween(PIRP Irp, PIO_STACK_LOCATION Stack, PULONG_PTR Information) {
    PAGED_CODE();
    ULONG length = Stack->Parameters.DeviceIoControl.OutputBufferLength;
    if (length > Stack->Parameters.DeviceIoControl.InputBufferLength)
        length = Stack->Parameters.DeviceIoControl.InputBufferLength;
    PVOID from = Stack->Parameters.DeviceIoControl.Type3InputBuffer;
    if (length == 0) return STATUS_INVALID_PARAMETER;
    if (Irp->RequestorMode != KernelMode) ProbeForRead(from, length, sizeof(UCHAR));
    PMDL mdl = IoAllocateMdl(Irp->UserBuffer, length, FALSE, FALSE, NULL);
    if (mdl == NULL) return STATUS_INSUFFICIENT_RESOURCES;
    MmProbeAndLockPages(mdl, Irp->RequestorMode, IoWriteAccess);
    PVOID to = MmGetSystemAddressForMdlSafe(mdl, NormalPagePriority);
    if (to != NULL) RtlCopyMemory(to, from, length);
    MmUnlockPages(mdl);
    IoFreeMdl(mdl);
    *Information = length;
    return to == NULL ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

static VOID Reverse(PUCHAR Bytes, ULONG Length) {
    for (ULONG i = 0; i < Length / 2; i++) {
        UCHAR byte = Bytes[i];
        Bytes[i] = Bytes[Length - 1 - i];
        Bytes[Length - 1 - i] = byte;
    }
}

static NTSTATUS Post(PVOID Bytes, ULONG Length) {
    PIRP irp = IoCsqRemoveNextIrp(&Control()->Queue, NULL);
    if (irp == NULL) return STATUS_NO_MORE_ENTRIES;
    ULONG room = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl.OutputBufferLength;
    if (Length > room) Length = room;
    RtlCopyMemory(irp->AssociatedIrp.SystemBuffer, Bytes, Length);
    Complete(irp, STATUS_SUCCESS, Length);
    return STATUS_SUCCESS;
}

static NTSTATUS AddPortLater(PIRP Irp) {
    if (Control()->WorkIrp != NULL) return Complete(Irp, STATUS_DEVICE_BUSY, 0);
    IoMarkIrpPending(Irp);
    Control()->WorkIrp = Irp;
    ExInitializeWorkItem(&Control()->Work, AddPortWorker, Control());
    ExQueueWorkItem(&Control()->Work, DelayedWorkQueue);
    return STATUS_PENDING;
}

// Requests whose input is one number or several.
static NTSTATUS NumberRequest(ULONG Code, PULONG Numbers, ULONG Length, PULONG_PTR Information) {
    PAGED_CODE();
    if (Length < sizeof(ULONG)) return STATUS_INVALID_PARAMETER;
    switch (Code) {
        case IOCTL_CABLE_ADD_PORT:
            return AddPort(Numbers[0]);
        case IOCTL_CABLE_REMOVE_PORT:
            return RemovePort(Numbers[0]);
        case IOCTL_CABLE_CONNECT:
        case IOCTL_CABLE_DISCONNECT:
            return Length < 2 * sizeof(ULONG) ? STATUS_INVALID_PARAMETER
                                              : Wire(Numbers, Code == IOCTL_CABLE_CONNECT);
        case IOCTL_CABLE_DECIBELS:
            *Information = sizeof(LONG);
            return Decibels((PLONG)Numbers);
        case IOCTL_CABLE_SETTING:
            *Information = sizeof(ULONG);
            return KeepSetting(Numbers);
    }
    return STATUS_INVALID_DEVICE_REQUEST;
}

static NTSTATUS OtherRequest(PIRP Irp, PIO_STACK_LOCATION Stack, PULONG_PTR Information) {
    PAGED_CODE();
    PVOID buffer = Irp->AssociatedIrp.SystemBuffer;
    ULONG in = Stack->Parameters.DeviceIoControl.InputBufferLength;
    ULONG out = Stack->Parameters.DeviceIoControl.OutputBufferLength;
    switch (Stack->Parameters.DeviceIoControl.IoControlCode) {
        case IOCTL_CABLE_REVERSE:
            if (out < in) return STATUS_BUFFER_TOO_SMALL;
            Reverse((PUCHAR)buffer, in);
            *Information = in;
            return STATUS_SUCCESS;
        case IOCTL_CABLE_SUM:
            return AddUp(Irp, out);
        case IOCTL_CABLE_FILL:
            *Information = out;
            return Fill(Irp, out);
        case IOCTL_CABLE_COPY:
            return CopyBetween(Irp, Stack, Information);
        case IOCTL_CABLE_GUARDED:
            return STATUS_SUCCESS;
        case IOCTL_CABLE_POST:
            return Post(buffer, in);
        case IOCTL_CABLE_START_THREAD:
            return StartThread();
        case IOCTL_CABLE_STOP_THREAD: {
            if (out < sizeof(ULONG)) return STATUS_BUFFER_TOO_SMALL;
            NTSTATUS ntStatus = StopThread();
            *(PULONG)buffer = Control()->Ticks;
            *Information = sizeof(ULONG);
            return ntStatus;
        }
        case IOCTL_CABLE_READ_FILE: {
            WCHAR path[128];
            if (in > sizeof(path)) return STATUS_INVALID_PARAMETER;
            RtlCopyMemory(path, buffer, in);
            UNICODE_STRING name = {(USHORT)in, (USHORT)in, path};
            return ReadWholeFile(&name, buffer, out, Information);
        }
    }
    return NumberRequest(Stack->Parameters.DeviceIoControl.IoControlCode, (PULONG)buffer, in, Information);
}

NTSTATUS DispatchControl(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
    PAGED_CODE();
    if (!IsControl(DeviceObject)) return PcDispatchIrp(DeviceObject, Irp);
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    ULONG code = stack->Parameters.DeviceIoControl.IoControlCode;
    if (code == IOCTL_CABLE_WAIT) {
        IoCsqInsertIrp(&Control()->Queue, Irp, NULL);
        return STATUS_PENDING;
    }
    if (code == IOCTL_CABLE_ADD_PORT_LATER && stack->Parameters.DeviceIoControl.InputBufferLength >= 4)
        return AddPortLater(Irp);
    ULONG_PTR information = 0;
    NTSTATUS ntStatus = OtherRequest(Irp, stack, &information);
    return Complete(Irp, ntStatus, NT_SUCCESS(ntStatus) ? information : 0);
}

NTSTATUS DispatchCreateClose(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
    PAGED_CODE();
    return IsControl(DeviceObject) ? Complete(Irp, STATUS_SUCCESS, 0) : PcDispatchIrp(DeviceObject, Irp);
}

#pragma code_seg()

// The last handle of a program is gone: what it waited for ends.
NTSTATUS DispatchCleanup(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
    if (!IsControl(DeviceObject)) return PcDispatchIrp(DeviceObject, Irp);
    PFILE_OBJECT file = IoGetCurrentIrpStackLocation(Irp)->FileObject;
    PIRP waiting;
    while ((waiting = IoCsqRemoveNextIrp(&Control()->Queue, file)) != NULL)
        Complete(waiting, STATUS_CANCELLED, 0);
    return Complete(Irp, STATUS_SUCCESS, 0);
}

#pragma code_seg("PAGE")

// ---- devices ----

static VOID DeleteControlDevices(void) {
    PAGED_CODE();
    UNICODE_STRING link;
    if (ControlDevice != NULL) {
        StopThread();
        RtlInitUnicodeString(&link, L"\\DosDevices\\ControlCable");
        IoDeleteSymbolicLink(&link);
        IoDeleteDevice(ControlDevice);
        ControlDevice = NULL;
    }
    if (AdminDevice != NULL) {
        RtlInitUnicodeString(&link, L"\\DosDevices\\ControlCableAdmin");
        IoDeleteSymbolicLink(&link);
        IoDeleteDevice(AdminDevice);
        AdminDevice = NULL;
    }
}

static NTSTATUS MakeControlDevice(PDRIVER_OBJECT DriverObject, PCWSTR Name, PCWSTR Link,
                                  PCUNICODE_STRING Sddl, ULONG ExtensionSize, PDEVICE_OBJECT* Device) {
    PAGED_CODE();
    UNICODE_STRING name, link;
    RtlInitUnicodeString(&name, Name);
    RtlInitUnicodeString(&link, Link);
    NTSTATUS ntStatus = IoCreateDeviceSecure(DriverObject, ExtensionSize, &name, FILE_DEVICE_CONTROL_CABLE,
                                             FILE_DEVICE_SECURE_OPEN, FALSE, Sddl, NULL, Device);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    ntStatus = IoCreateSymbolicLink(&link, &name);
    if (!NT_SUCCESS(ntStatus)) {
        IoDeleteDevice(*Device);
        *Device = NULL;
    }
    return ntStatus;
}

static NTSTATUS MakeControlDevices(PDRIVER_OBJECT DriverObject) {
    PAGED_CODE();
    NTSTATUS ntStatus = MakeControlDevice(
        DriverObject, L"\\Device\\ControlCable", L"\\DosDevices\\ControlCable",
        &SDDL_DEVOBJ_SYS_ALL_ADM_RWX_WORLD_RW_RES_R, sizeof(CONTROL_EXTENSION), &ControlDevice);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    CONTROL_EXTENSION* control = Control();
    InitializeListHead(&control->Waiting);
    KeInitializeSpinLock(&control->Lock);
    KeInitializeMutex(&control->PortLock, 0);
    KeInitializeEvent(&control->StopThread, NotificationEvent, FALSE);
    IoCsqInitialize(&control->Queue, CsqInsert, CsqRemove, CsqPeek, CsqAcquire, CsqRelease, CsqCancelled);
    ControlDevice->Flags &= ~DO_DEVICE_INITIALIZING;
    ntStatus =
        MakeControlDevice(DriverObject, L"\\Device\\ControlCableAdmin", L"\\DosDevices\\ControlCableAdmin",
                          &SDDL_DEVOBJ_SYS_ALL_ADM_ALL, 0, &AdminDevice);
    if (NT_SUCCESS(ntStatus)) {
        AdminDevice->Flags &= ~DO_DEVICE_INITIALIZING;
    } else {
        DeleteControlDevices();
    }
    return ntStatus;
}

static NTSTATUS NTAPI StartDevice(PDEVICE_OBJECT DeviceObject, PIRP, PRESOURCELIST) {
    PAGED_CODE();
    Adapter = DeviceObject;
    return STATUS_SUCCESS;
}

NTSTATUS DispatchPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
    PAGED_CODE();
    if (IsControl(DeviceObject)) return Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    UCHAR minor = IoGetCurrentIrpStackLocation(Irp)->MinorFunction;
    if (minor == IRP_MN_REMOVE_DEVICE) {
        for (ULONG i = 0; i < MAX_PORTS; i++) RemovePort(i);
        Adapter = NULL;
        if (InterlockedDecrement(&DeviceCount) == 0) DeleteControlDevices();
    }
    return PcDispatchIrp(DeviceObject, Irp);
}

NTSTATUS AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject) {
    PAGED_CODE();
    NTSTATUS ntStatus = STATUS_SUCCESS;
    if (InterlockedIncrement(&DeviceCount) == 1) ntStatus = MakeControlDevices(DriverObject);
    if (NT_SUCCESS(ntStatus))
        ntStatus = PcAddAdapterDevice(DriverObject, PhysicalDeviceObject, StartDevice, MAX_PORTS, 0);
    if (!NT_SUCCESS(ntStatus) && InterlockedDecrement(&DeviceCount) == 0) DeleteControlDevices();
    return ntStatus;
}

VOID Unload(PDRIVER_OBJECT DriverObject) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(DriverObject);
}

#ifdef OWN_TABLE
static NTSTATUS NTAPI DispatchAny(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
    return IsControl(DeviceObject) ? Complete(Irp, STATUS_INVALID_DEVICE_REQUEST, 0)
                                   : PcDispatchIrp(DeviceObject, Irp);
}
#endif

#pragma code_seg("INIT")

extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPathName) {
    RegistryPath.Buffer = RegistryPathBuffer;
    RegistryPath.MaximumLength = sizeof(RegistryPathBuffer);
    RtlCopyUnicodeString(&RegistryPath, RegistryPathName);
#ifdef OWN_TABLE
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) DriverObject->MajorFunction[i] = DispatchAny;
    DriverObject->DriverExtension->AddDevice = AddDevice;
#else
    NTSTATUS ntStatus = PcInitializeAdapterDriver(DriverObject, RegistryPathName, AddDevice);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
#endif
    DriverObject->MajorFunction[IRP_MJ_CREATE] = DispatchCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLOSE] = DispatchCreateClose;
    DriverObject->MajorFunction[IRP_MJ_CLEANUP] = DispatchCleanup;
    DriverObject->MajorFunction[IRP_MJ_DEVICE_CONTROL] = DispatchControl;
    DriverObject->MajorFunction[IRP_MJ_PNP] = DispatchPnp;
    DriverObject->DriverUnload = Unload;
    return STATUS_SUCCESS;
}
