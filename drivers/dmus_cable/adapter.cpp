// The adapter of a device without resources: one subdevice, "DMusCable".

#define PUT_GUIDS_HERE

#include "dmus_cable.h"

DRIVER_ADD_DEVICE AddDevice;
NTSTATUS StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList);

#pragma code_seg("INIT")

extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPathName) {
    return PcInitializeAdapterDriver(DriverObject, RegistryPathName, AddDevice);
}

#pragma code_seg("PAGE")

NTSTATUS AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject) {
    PAGED_CODE();
    return PcAddAdapterDevice(DriverObject, PhysicalDeviceObject, StartDevice, 1, 0);
}

NTSTATUS StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList) {
    PAGED_CODE();

    PPORT port = NULL;
    NTSTATUS ntStatus = PcNewPort(&port, CLSID_PortDMus);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;

    PUNKNOWN miniport = NULL;
    ntStatus = CreateMiniportDMusCable(&miniport, GUID_NULL, NULL, NonPagedPool);
    if (NT_SUCCESS(ntStatus)) {
        ntStatus = port->Init(DeviceObject, Irp, miniport, NULL, ResourceList);
        if (NT_SUCCESS(ntStatus)) ntStatus = PcRegisterSubdevice(DeviceObject, L"DMusCable", port);
        miniport->Release();
    }
    port->Release();
    return ntStatus;
}
