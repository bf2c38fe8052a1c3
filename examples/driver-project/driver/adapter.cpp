// The adapter driver of "my card": an MPU-401 at the ports and the interrupt that Plug and Play gives it.
#define PUT_GUIDS_HERE
#include <portcls.h>
#include <stdunk.h>

extern "C" DRIVER_INITIALIZE DriverEntry;
DRIVER_ADD_DEVICE AddDevice;

#pragma code_seg("PAGE")

// Binds the system's UART miniport to a MIDI port and registers the pair as the filter "Uart".
static NTSTATUS InstallUart(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList) {
    PAGED_CODE();
    PPORT port = NULL;
    NTSTATUS status = PcNewPort(&port, CLSID_PortMidi);
    if (!NT_SUCCESS(status)) return status;

    PMINIPORT miniport = NULL;
    status = PcNewMiniport(&miniport, CLSID_MiniportDriverUart);
    if (NT_SUCCESS(status)) {
        status = port->Init(DeviceObject, Irp, miniport, NULL, ResourceList);
        if (NT_SUCCESS(status)) status = PcRegisterSubdevice(DeviceObject, L"Uart", port);
        miniport->Release();
    }
    port->Release();
    return status;
}

static NTSTATUS StartDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp, PRESOURCELIST ResourceList) {
    PAGED_CODE();
    if (ResourceList->NumberOfPorts() != 1 || ResourceList->NumberOfInterrupts() != 1)
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    return InstallUart(DeviceObject, Irp, ResourceList);
}

NTSTATUS AddDevice(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT PhysicalDeviceObject) {
    PAGED_CODE();
    return PcAddAdapterDevice(DriverObject, PhysicalDeviceObject, PCPFNSTARTDEVICE(StartDevice), 1, 0);
}

#pragma code_seg("INIT")

extern "C" NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath) {
    return PcInitializeAdapterDriver(DriverObject, RegistryPath, AddDevice);
}
