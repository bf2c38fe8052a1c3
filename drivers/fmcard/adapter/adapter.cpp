// An adapter driver for a card with an OPL3 and nothing else: one subdevice, the FM synthesizer.

// All the GUIDs end up in this object.
#define PUT_GUIDS_HERE
#define STR_MODULENAME "fmcard: "

#include "FmSynth.h"

#define MAX_MINIPORTS 1

DRIVER_ADD_DEVICE AddDevice;
NTSTATUS StartDevice(IN PDEVICE_OBJECT DeviceObject, IN PIRP Irp, IN PRESOURCELIST ResourceList);

#pragma code_seg("INIT")

extern "C" NTSTATUS DriverEntry(IN PDRIVER_OBJECT DriverObject, IN PUNICODE_STRING RegistryPathName) {
    PAGED_CODE();
    _DbgPrintF(DEBUGLVL_VERBOSE, ("DriverEntry"));
    return PcInitializeAdapterDriver(DriverObject, RegistryPathName, AddDevice);
}

#pragma code_seg("PAGE")

NTSTATUS AddDevice(IN PDRIVER_OBJECT DriverObject, IN PDEVICE_OBJECT PhysicalDeviceObject) {
    PAGED_CODE();
    return PcAddAdapterDevice(DriverObject, PhysicalDeviceObject, PCPFNSTARTDEVICE(StartDevice),
                              MAX_MINIPORTS, 0);
}

// The card has no mixer: the synthesizer's own volume is the card's.
NTSTATUS InstallSynthesizer(IN PDEVICE_OBJECT DeviceObject, IN PIRP Irp, IN PRESOURCELIST ResourceList) {
    PAGED_CODE();
    PPORT pPort = NULL;
    NTSTATUS ntStatus = PcNewPort(&pPort, CLSID_PortMidi);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;

    PUNKNOWN pMiniport = NULL;
    ntStatus = CreateMiniportMidiFmSynth(&pMiniport, CLSID_MiniportDriverFmSynthWithVol, NULL, NonPagedPool);
    if (NT_SUCCESS(ntStatus)) {
        ntStatus = pPort->Init(DeviceObject, Irp, pMiniport, NULL, ResourceList);
        if (NT_SUCCESS(ntStatus)) ntStatus = PcRegisterSubdevice(DeviceObject, L"FMSynth", pPort);
        pMiniport->Release();
    }
    pPort->Release();
    return ntStatus;
}

NTSTATUS StartDevice(IN PDEVICE_OBJECT DeviceObject, IN PIRP Irp, IN PRESOURCELIST ResourceList) {
    PAGED_CODE();
    ASSERT(DeviceObject);
    ASSERT(Irp);
    ASSERT(ResourceList);
    if (ResourceList->NumberOfPorts() == 0) {
        _DbgPrintF(DEBUGLVL_TERSE, ("the card needs a port range"));
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }

    // Boards with an interrupt for the chip's timers list it, too; nobody waits for it.
    PRESOURCELIST pSynthList = NULL;
    NTSTATUS ntStatus = PcNewResourceSublist(&pSynthList, NULL, PagedPool, ResourceList, 1);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    ntStatus = pSynthList->AddPortFromParent(ResourceList, 0);
    if (NT_SUCCESS(ntStatus)) ntStatus = InstallSynthesizer(DeviceObject, Irp, pSynthList);
    pSynthList->Release();
    return ntStatus;
}

#pragma code_seg()
