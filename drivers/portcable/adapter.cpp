// Entry points. PortCls has the adapter's requests; those of the control device are taken before.

#define PUT_GUIDS_HERE

#include "portcable.h"

PORTCABLE PortCable;

// Between a query and its end; PnP requests come one after the other.
static BOOLEAN Queried;

DRIVER_ADD_DEVICE AddDevice;
NTSTATUS NTAPI StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList);
NTSTATUS NTAPI Dispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp);
NTSTATUS NTAPI DispatchPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp);

#pragma code_seg("INIT")

extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPathName) {
    PortCable.DriverObject = DriverObject;
    KeInitializeMutex(&PortCable.Lock, 0);

    NTSTATUS ntStatus = PcInitializeAdapterDriver(DriverObject, RegistryPathName, AddDevice);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) {
        // Power and WMI are of devices in a stack, which the control device is not.
        if (i != IRP_MJ_POWER && i != IRP_MJ_SYSTEM_CONTROL) DriverObject->MajorFunction[i] = Dispatch;
    }
    DriverObject->MajorFunction[IRP_MJ_PNP] = DispatchPnp;
    return ntStatus;
}

#pragma code_seg("PAGE")

VOID Lock(VOID) {
    PAGED_CODE();
    KeWaitForSingleObject(&PortCable.Lock, Executive, KernelMode, FALSE, NULL);
}

VOID Unlock(VOID) {
    PAGED_CODE();
    KeReleaseMutex(&PortCable.Lock, FALSE);
}

// The ports have one owner: a second device of the driver is refused.
NTSTATUS AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject) {
    PAGED_CODE();
    if (InterlockedIncrement(&PortCable.Devices) != 1) {
        InterlockedDecrement(&PortCable.Devices);
        return STATUS_DEVICE_ALREADY_ATTACHED;
    }
    NTSTATUS ntStatus = CreateControlDevice();
    if (NT_SUCCESS(ntStatus)) {
        ntStatus = PcAddAdapterDevice(DriverObject, PhysicalDeviceObject, StartDevice, MAX_PORTS, 0);
        if (!NT_SUCCESS(ntStatus)) DeleteControlDevice();
    }
    if (!NT_SUCCESS(ntStatus)) InterlockedDecrement(&PortCable.Devices);
    return ntStatus;
}

NTSTATUS NTAPI StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(Irp);
    UNREFERENCED_PARAMETER(ResourceList);

    Lock();
    PortCable.Adapter = DeviceObject;
    Unlock();
    RestorePorts();
    NTSTATUS ntStatus = StartMirror();
    if (!NT_SUCCESS(ntStatus)) ForgetPorts();
    return ntStatus;
}

NTSTATUS NTAPI DispatchPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
    PAGED_CODE();
    if (DeviceObject->DeviceType == FILE_DEVICE_PORTCABLE) return DispatchControlDevice(DeviceObject, Irp);

    UCHAR minor = IoGetCurrentIrpStackLocation(Irp)->MinorFunction;
    switch (minor) {
        case IRP_MN_QUERY_STOP_DEVICE:
        case IRP_MN_QUERY_REMOVE_DEVICE:
            if (!Queried) SuspendMirror();  // its own pins must not be what stands in the way
            Queried = TRUE;
            break;
        case IRP_MN_CANCEL_STOP_DEVICE:
        case IRP_MN_CANCEL_REMOVE_DEVICE:
            if (Queried) ResumeMirror();
            Queried = FALSE;
            break;
        case IRP_MN_STOP_DEVICE:
        case IRP_MN_SURPRISE_REMOVAL:
        case IRP_MN_REMOVE_DEVICE:
            Queried = FALSE;
            StopMirror();
            ForgetPorts();
            break;
    }
    NTSTATUS ntStatus = PcDispatchIrp(DeviceObject, Irp);
    if (minor == IRP_MN_REMOVE_DEVICE) {
        DeleteControlDevice();
        InterlockedDecrement(&PortCable.Devices);
    }
    return ntStatus;
}

#pragma code_seg()

NTSTATUS NTAPI Dispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
    if (DeviceObject->DeviceType == FILE_DEVICE_PORTCABLE) return DispatchControlDevice(DeviceObject, Irp);
    return PcDispatchIrp(DeviceObject, Irp);
}
