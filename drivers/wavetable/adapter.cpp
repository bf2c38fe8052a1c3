// Entry points. The driver is PortCls' for the card and its own bus driver for the game port, so it fills its
// table itself instead of calling PcInitializeAdapterDriver.

#define PUT_GUIDS_HERE

#include "wavetable.h"

extern "C" DRIVER_INITIALIZE DriverEntry;
DRIVER_ADD_DEVICE AddDevice;
DRIVER_UNLOAD Unload;
DRIVER_DISPATCH Dispatch;
DRIVER_DISPATCH DispatchPnp;
NTSTATUS NTAPI StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList);

#pragma code_seg("INIT")

extern "C" NTSTATUS NTAPI DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPathName) {
    UNREFERENCED_PARAMETER(RegistryPathName);
    for (ULONG i = 0; i <= IRP_MJ_MAXIMUM_FUNCTION; i++) DriverObject->MajorFunction[i] = Dispatch;
    DriverObject->MajorFunction[IRP_MJ_PNP] = DispatchPnp;
    DriverObject->DriverExtension->AddDevice = AddDevice;
    DriverObject->DriverUnload = Unload;
    return STATUS_SUCCESS;
}

#pragma code_seg("PAGE")

VOID NTAPI Unload(PDRIVER_OBJECT DriverObject) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(DriverObject);
    _DbgPrintF(DEBUGLVL_VERBOSE, ("Unload"));
}

NTSTATUS NTAPI AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject) {
    PAGED_CODE();
    NTSTATUS ntStatus = PcAddAdapterDevice(DriverObject, PhysicalDeviceObject, StartDevice, 1,
                                           PORT_CLASS_DEVICE_EXTENSION_SIZE + sizeof(ADAPTER_EXTENSION));
    if (!NT_SUCCESS(ntStatus)) return ntStatus;

    // PortCls has attached the adapter's device, and tells nobody which it is.
    PDEVICE_OBJECT device = IoGetAttachedDeviceReference(PhysicalDeviceObject);
    PADAPTER_EXTENSION extension = AdapterExtension(device);
    IoInitializeRemoveLock(&extension->RemoveLock, WAVETABLE_POOL_TAG, 0, 0);
    InitializeGamePort(&extension->Bus);
    ObDereferenceObject(device);
    return ntStatus;
}

NTSTATUS NTAPI StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList) {
    PAGED_CODE();
    PPORT port = NULL;
    NTSTATUS ntStatus = PcNewPort(&port, CLSID_PortMidi);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;

    PUNKNOWN miniport = NULL;
    ntStatus = CreateMiniportMidiWavetable(&miniport, DeviceObject);
    if (NT_SUCCESS(ntStatus)) {
        ntStatus = port->Init(DeviceObject, Irp, miniport, NULL, ResourceList);
        if (NT_SUCCESS(ntStatus)) ntStatus = PcRegisterSubdevice(DeviceObject, L"Wavetable", port);
        miniport->Release();
    }
    port->Release();
    return ntStatus;
}

static NTSTATUS Fail(PIRP Irp, NTSTATUS Status) {
    Irp->IoStatus.Status = Status;
    IoCompleteRequest(Irp, IO_NO_INCREMENT);
    return Status;
}

NTSTATUS NTAPI DispatchPnp(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
    PAGED_CODE();
    if (DeviceObject->DeviceType == FILE_DEVICE_GAMEPORT) return DispatchGamePort(DeviceObject, Irp);

    PADAPTER_EXTENSION extension = AdapterExtension(DeviceObject);
    PIO_REMOVE_LOCK lock = &extension->RemoveLock;
    NTSTATUS ntStatus = IoAcquireRemoveLock(lock, Irp);
    if (!NT_SUCCESS(ntStatus)) return Fail(Irp, ntStatus);
    PIO_STACK_LOCATION stack = IoGetCurrentIrpStackLocation(Irp);
    if (stack->MinorFunction == IRP_MN_REMOVE_DEVICE) {
        IoReleaseRemoveLockAndWait(lock, Irp);
        RemoveGamePort(&extension->Bus);
        return PcDispatchIrp(DeviceObject, Irp);
    }
    if (stack->MinorFunction == IRP_MN_QUERY_DEVICE_RELATIONS &&
        stack->Parameters.QueryDeviceRelations.Type == BusRelations) {
        ntStatus = AddGamePort(DeviceObject, &extension->Bus, Irp);
    }
    ntStatus = NT_SUCCESS(ntStatus) ? PcDispatchIrp(DeviceObject, Irp) : Fail(Irp, ntStatus);
    IoReleaseRemoveLock(lock, Irp);
    return ntStatus;
}

#pragma code_seg()

NTSTATUS NTAPI Dispatch(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
    if (DeviceObject->DeviceType == FILE_DEVICE_GAMEPORT) return DispatchGamePort(DeviceObject, Irp);
    return PcDispatchIrp(DeviceObject, Irp);
}
