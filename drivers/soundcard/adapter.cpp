// An adapter driver for a sound card: an MPU-401 with the UART miniport that PortCls supplies, and a mixer
// that the driver describes itself.

// All the GUIDs end up in this object.
#define PUT_GUIDS_HERE

#include "topology.h"

#define MAX_MINIPORTS 2

// The UART miniport's bridge pin to the MIDI bus.
#define UART_PIN_BUS_OUT 1

DRIVER_ADD_DEVICE AddDevice;
NTSTATUS StartDevice(IN PDEVICE_OBJECT DeviceObject, IN PIRP Irp, IN PRESOURCELIST ResourceList);

#pragma code_seg("INIT")

extern "C" DRIVER_INITIALIZE DriverEntry;
extern "C" NTSTATUS DriverEntry(IN PDRIVER_OBJECT DriverObject, IN PUNICODE_STRING RegistryPathName) {
    return PcInitializeAdapterDriver(DriverObject, RegistryPathName, (PDRIVER_ADD_DEVICE)AddDevice);
}

#pragma code_seg("PAGE")

NTSTATUS AddDevice(IN PDRIVER_OBJECT DriverObject, IN PDEVICE_OBJECT PhysicalDeviceObject) {
    PAGED_CODE();
    return PcAddAdapterDevice(DriverObject, PhysicalDeviceObject, PCPFNSTARTDEVICE(StartDevice),
                              MAX_MINIPORTS, 0);
}

// Binds port and miniport and registers the filter. *Port has a reference for the caller.
static NTSTATUS InstallSubdevice(IN PDEVICE_OBJECT DeviceObject, IN PIRP Irp, IN PWSTR Name,
                                 IN REFGUID PortClassId, IN PUNKNOWN Miniport, IN PRESOURCELIST ResourceList,
                                 OUT PPORT* Port) {
    PAGED_CODE();
    NTSTATUS ntStatus = PcNewPort(Port, PortClassId);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    ntStatus = (*Port)->Init(DeviceObject, Irp, Miniport, NULL, ResourceList);
    if (NT_SUCCESS(ntStatus)) ntStatus = PcRegisterSubdevice(DeviceObject, Name, *Port);
    if (!NT_SUCCESS(ntStatus)) {
        (*Port)->Release();
        *Port = NULL;
    }
    return ntStatus;
}

static NTSTATUS InstallUart(IN PDEVICE_OBJECT DeviceObject, IN PIRP Irp, IN PRESOURCELIST ResourceList,
                            OUT PPORT* Port) {
    PAGED_CODE();
    PRESOURCELIST uartList = NULL;
    NTSTATUS ntStatus = PcNewResourceSublist(&uartList, NULL, PagedPool, ResourceList, 2);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    PMINIPORT miniport = NULL;
    ntStatus = uartList->AddPortFromParent(ResourceList, 0);
    if (NT_SUCCESS(ntStatus)) ntStatus = uartList->AddInterruptFromParent(ResourceList, 0);
    if (NT_SUCCESS(ntStatus)) ntStatus = PcNewMiniport(&miniport, CLSID_MiniportDriverUart);
    if (NT_SUCCESS(ntStatus)) {
        ntStatus = InstallSubdevice(DeviceObject, Irp, L"Uart", CLSID_PortMidi, miniport, uartList, Port);
        miniport->Release();
    }
    uartList->Release();
    return ntStatus;
}

static NTSTATUS InstallTopology(IN PDEVICE_OBJECT DeviceObject, IN PIRP Irp, IN PRESOURCELIST ResourceList,
                                OUT PPORT* Port) {
    PAGED_CODE();
    PUNKNOWN miniport = NULL;
    NTSTATUS ntStatus = CreateMiniportTopology(&miniport, GUID_NULL, NULL, NonPagedPool);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    ntStatus =
        InstallSubdevice(DeviceObject, Irp, L"Topology", CLSID_PortTopology, miniport, ResourceList, Port);
    miniport->Release();
    return ntStatus;
}

NTSTATUS StartDevice(IN PDEVICE_OBJECT DeviceObject, IN PIRP Irp, IN PRESOURCELIST ResourceList) {
    PAGED_CODE();
    if (ResourceList->NumberOfPorts() < 1 || ResourceList->NumberOfInterrupts() < 1) {
        _DbgPrintF(DEBUGLVL_TERSE, ("the card needs a port range and an interrupt"));
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    PPORT uart = NULL;
    PPORT topology = NULL;
    NTSTATUS ntStatus = InstallUart(DeviceObject, Irp, ResourceList, &uart);
    if (NT_SUCCESS(ntStatus)) ntStatus = InstallTopology(DeviceObject, Irp, ResourceList, &topology);
    if (NT_SUCCESS(ntStatus)) {
        ntStatus = PcRegisterPhysicalConnection(DeviceObject, uart, UART_PIN_BUS_OUT, topology, kPinSynthIn);
    }
    if (topology) topology->Release();
    if (uart) uart->Release();
    return ntStatus;
}
