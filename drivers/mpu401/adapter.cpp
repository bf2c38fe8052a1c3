// An adapter driver for a card with an MPU-401 in UART mode: one subdevice, made of the MIDI port and the
// UART miniport that PortCls supplies, or with OWN_UART the one that this driver brings along, or with
// DMUS_UART of the DirectMusic port and PortCls' DirectMusic miniport.

// All the GUIDs end up in this object.
#define PUT_GUIDS_HERE

#include "common.h"

#define MAX_MINIPORTS 1

#ifdef DMUS_UART
#include <dmusicks.h>
#define CLSID_UartPort CLSID_PortDMus
#define CLSID_UartMiniportDriver CLSID_MiniportDriverDMusUART
#else
#define CLSID_UartPort CLSID_PortMidi
#define CLSID_UartMiniportDriver CLSID_MiniportDriverUart
#endif

DRIVER_ADD_DEVICE AddDevice;

#ifdef OWN_UART
NTSTATUS CreateMiniportMidiUART(PUNKNOWN* Unknown, REFCLSID ClassId, PUNKNOWN UnknownOuter,
                                POOL_TYPE PoolType);
#endif

NTSTATUS StartDevice(IN PDEVICE_OBJECT DeviceObject, IN PIRP Irp, IN PRESOURCELIST ResourceList);
NTSTATUS AssignResources(IN PRESOURCELIST ResourceList, OUT PRESOURCELIST* ResourceListUart);

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

// Creates port and miniport, binds them and registers the filter. The caller keeps no reference.
NTSTATUS InstallSubdevice(IN PDEVICE_OBJECT DeviceObject, IN PIRP Irp, IN PWSTR Name, IN REFGUID PortClassId,
                          IN REFGUID MiniportClassId, IN PUNKNOWN UnknownAdapter OPTIONAL,
                          IN PRESOURCELIST ResourceList) {
    PAGED_CODE();
    ASSERT(DeviceObject);
    ASSERT(Name);

    PPORT port = NULL;
    NTSTATUS ntStatus = PcNewPort(&port, PortClassId);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;

    PUNKNOWN miniport = NULL;
#ifdef OWN_UART
    ntStatus = CreateMiniportMidiUART(&miniport, MiniportClassId, NULL, NonPagedPool);
#else
    ntStatus = PcNewMiniport((PMINIPORT*)&miniport, MiniportClassId);
#endif
    if (NT_SUCCESS(ntStatus)) {
        ntStatus = port->Init(DeviceObject, Irp, miniport, UnknownAdapter, ResourceList);
        if (NT_SUCCESS(ntStatus)) {
            ntStatus = PcRegisterSubdevice(DeviceObject, Name, port);
        }
        miniport->Release();
    }
    port->Release();
    return ntStatus;
}

NTSTATUS StartDevice(IN PDEVICE_OBJECT DeviceObject, IN PIRP Irp, IN PRESOURCELIST ResourceList) {
    PAGED_CODE();
    ASSERT(DeviceObject);
    ASSERT(Irp);
    ASSERT(ResourceList);

    PRESOURCELIST resourceListUart = NULL;
    NTSTATUS ntStatus = AssignResources(ResourceList, &resourceListUart);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;

    PUNKNOWN unknownCommon = NULL;
    ntStatus = NewAdapterCommon(&unknownCommon, IID_IUnknown, NULL, NonPagedPool);
    if (NT_SUCCESS(ntStatus)) {
        static_cast<CAdapterCommon*>(PADAPTERPOWERMANAGEMENT(unknownCommon))->Init();
        ntStatus = PcRegisterAdapterPowerManagement(unknownCommon, DeviceObject);
        unknownCommon->Release();
    }
    if (NT_SUCCESS(ntStatus)) {
        ntStatus = InstallSubdevice(DeviceObject, Irp, L"Uart", CLSID_UartPort, CLSID_UartMiniportDriver,
                                    NULL, resourceListUart);
    }
    resourceListUart->Release();
    return ntStatus;
}

// The card has one port range and one interrupt; both belong to the UART.
NTSTATUS AssignResources(IN PRESOURCELIST ResourceList, OUT PRESOURCELIST* ResourceListUart) {
    PAGED_CODE();
    if (ResourceList->NumberOfPorts() < 1 || ResourceList->NumberOfInterrupts() < 1) {
        _DbgPrintF(DEBUGLVL_TERSE, ("the card needs a port range and an interrupt"));
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    NTSTATUS ntStatus = PcNewResourceSublist(ResourceListUart, NULL, PagedPool, ResourceList, 2);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;

    ntStatus = (*ResourceListUart)->AddPortFromParent(ResourceList, 0);
    if (NT_SUCCESS(ntStatus)) ntStatus = (*ResourceListUart)->AddInterruptFromParent(ResourceList, 0);
    if (!NT_SUCCESS(ntStatus)) {
        (*ResourceListUart)->Release();
        *ResourceListUart = NULL;
    }
    return ntStatus;
}
