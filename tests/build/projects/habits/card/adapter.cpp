// An adapter as its author keeps it: © by nobody.
#define PUT_GUIDS_HERE
#include "..\inc\Common.h"
#include "adapter.tmh"

extern "C" DRIVER_INITIALIZE DriverEntry;
DRIVER_ADD_DEVICE AddDevice;
NTSTATUS StartDevice(IN PDEVICE_OBJECT DeviceObject, IN PIRP Irp, IN PRESOURCELIST ResourceList);

#ifdef ALLOC_PRAGMA
#pragma alloc_text(INIT, DriverEntry)
#pragma alloc_text(PAGE, AddDevice, StartDevice)
#endif

extern "C" NTSTATUS DriverEntry(IN PDRIVER_OBJECT DriverObject, IN PUNICODE_STRING RegistryPath) {
    WPP_INIT_TRACING(DriverObject, RegistryPath);
    return PcInitializeAdapterDriver(DriverObject, RegistryPath, AddDevice);
}

NTSTATUS AddDevice(IN PDRIVER_OBJECT DriverObject, IN PDEVICE_OBJECT PhysicalDeviceObject) {
    PAGED_CODE();
    return PcAddAdapterDevice(DriverObject, PhysicalDeviceObject, StartDevice, 1, 0);
}

static NTSTATUS InstallUart(IN PDEVICE_OBJECT DeviceObject, IN PIRP Irp, IN PRESOURCELIST ResourceList) {
    PPORT port = NULL;
    PMINIPORT miniport = NULL;
    NTSTATUS ntStatus = PcNewPort(&port, CLSID_PortMidi);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    ntStatus = PcNewMiniport(&miniport, CLSID_MiniportDriverUart);
    if (NT_SUCCESS(ntStatus)) {
        ntStatus = port->Init(DeviceObject, Irp, miniport, NULL, ResourceList);
        if (NT_SUCCESS(ntStatus)) ntStatus = PcRegisterSubdevice(DeviceObject, L"Uart", port);
        miniport->Release();
    }
    port->Release();
    return ntStatus;
}

NTSTATUS StartDevice(IN PDEVICE_OBJECT DeviceObject, IN PIRP Irp, IN PRESOURCELIST ResourceList) {
    PAGED_CODE();
    CCard* card = NULL;
    NTSTATUS ntStatus = NewCard(&card, DeviceObject);
    if (NT_SUCCESS(ntStatus)) ntStatus = CheckHabits(card);
    delete card;
    if (NT_SUCCESS(ntStatus)) ntStatus = InstallUart(DeviceObject, Irp, ResourceList);
    return ntStatus;
}
