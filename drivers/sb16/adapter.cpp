// An adapter driver for a Sound Blaster 16: wave, MPU-401, FM synthesizer and mixer, a subdevice each.

// All the GUIDs end up in this object.
#define INITGUID
#define PUT_GUIDS_HERE
#define STR_MODULENAME "sb16: "

#include "common.h"
#include "wave.h"
#include "topology.h"
#include "fmsynth.h"

#define MAX_MINIPORTS 4

// The UART miniport's pins are its own affair; its bridge goes to a plug at the card's back.
typedef struct {
    PRESOURCELIST pWave;
    PRESOURCELIST pUart;
    PRESOURCELIST pFm;
} SUBLISTS;

DRIVER_ADD_DEVICE AddDevice;
NTSTATUS StartDevice(IN PDEVICE_OBJECT DeviceObject, IN PIRP Irp, IN PRESOURCELIST ResourceList);

#pragma code_seg("INIT")

extern "C" NTSTATUS DriverEntry(IN PDRIVER_OBJECT DriverObject, IN PUNICODE_STRING RegistryPathName) {
    PAGED_CODE();
    return PcInitializeAdapterDriver(DriverObject, RegistryPathName, AddDevice);
}

#pragma code_seg("PAGE")

NTSTATUS AddDevice(IN PDRIVER_OBJECT DriverObject, IN PDEVICE_OBJECT PhysicalDeviceObject) {
    PAGED_CODE();
    return PcAddAdapterDevice(DriverObject, PhysicalDeviceObject, PCPFNSTARTDEVICE(StartDevice),
                              MAX_MINIPORTS, 0);
}

// Makes a port, binds it to the miniport and registers the filter. *Port has a reference for the caller.
static NTSTATUS InstallSubdevice(IN PDEVICE_OBJECT DeviceObject, IN PIRP Irp, IN PWSTR Name,
                                 IN REFGUID PortClassId, IN PUNKNOWN Miniport, IN PUNKNOWN UnknownAdapter,
                                 IN PRESOURCELIST ResourceList, OUT PPORT* Port) {
    PAGED_CODE();
    NTSTATUS ntStatus = PcNewPort(Port, PortClassId);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    ntStatus = (*Port)->Init(DeviceObject, Irp, Miniport, UnknownAdapter, ResourceList);
    if (NT_SUCCESS(ntStatus)) ntStatus = PcRegisterSubdevice(DeviceObject, Name, *Port);
    if (!NT_SUCCESS(ntStatus)) {
        _DbgPrintF(DEBUGLVL_TERSE, ("no subdevice %S: 0x%08X", Name, ntStatus));
        (*Port)->Release();
        *Port = NULL;
    }
    return ntStatus;
}

static void ReleaseAll(IN PUNKNOWN Unknown1, IN PUNKNOWN Unknown2, IN PUNKNOWN Unknown3) {
    PAGED_CODE();
    if (Unknown1) Unknown1->Release();
    if (Unknown2) Unknown2->Release();
    if (Unknown3) Unknown3->Release();
}

static NTSTATUS AddPort(IN OUT PRESOURCELIST* Sublist, IN PRESOURCELIST ResourceList, IN ULONG Index,
                        IN ULONG Entries) {
    PAGED_CODE();
    if (*Sublist) return STATUS_DEVICE_CONFIGURATION_ERROR;
    NTSTATUS ntStatus = PcNewResourceSublist(Sublist, NULL, PagedPool, ResourceList, Entries);
    if (NT_SUCCESS(ntStatus)) ntStatus = (*Sublist)->AddPortFromParent(ResourceList, Index);
    return ntStatus;
}

// Which range is whose is told by its size. A card may be set up without its MPU-401 or its synthesizer.
static NTSTATUS AssignResources(IN PRESOURCELIST ResourceList, OUT SUBLISTS* Sublists) {
    PAGED_CODE();
    ULONG ulDmas = ResourceList->NumberOfDmas();
    NTSTATUS ntStatus = STATUS_SUCCESS;
    if (ResourceList->NumberOfInterrupts() != 1 || ulDmas < 1 || ulDmas > 2) {
        ntStatus = STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    for (ULONG i = 0; NT_SUCCESS(ntStatus) && i < ResourceList->NumberOfPorts(); i++) {
        ULONG ulLength = ResourceList->FindTranslatedPort(i)->u.Port.Length;
        if (ulLength >= DSP_PORTS) {
            ntStatus = AddPort(&Sublists->pWave, ResourceList, i, 2 + ulDmas);
        } else if (ulLength >= 4) {
            ntStatus = AddPort(&Sublists->pFm, ResourceList, i, 1);
        } else {
            ntStatus = AddPort(&Sublists->pUart, ResourceList, i, 2);
        }
    }
    if (NT_SUCCESS(ntStatus) && !Sublists->pWave) ntStatus = STATUS_DEVICE_CONFIGURATION_ERROR;
    if (NT_SUCCESS(ntStatus)) ntStatus = Sublists->pWave->AddInterruptFromParent(ResourceList, 0);
    for (ULONG i = 0; NT_SUCCESS(ntStatus) && i < ulDmas; i++) {
        ntStatus = Sublists->pWave->AddDmaFromParent(ResourceList, i);
    }
    if (NT_SUCCESS(ntStatus) && Sublists->pUart) {
        ntStatus = Sublists->pUart->AddInterruptFromParent(ResourceList, 0);
    }
    if (!NT_SUCCESS(ntStatus)) {
        _DbgPrintF(DEBUGLVL_TERSE, ("the resources are not those of a Sound Blaster 16"));
    }
    return ntStatus;
}

// The system's miniport; the interrupt is the card's.
static NTSTATUS InstallUart(IN PDEVICE_OBJECT DeviceObject, IN PIRP Irp, IN PADAPTERCOMMON AdapterCommon,
                            IN PRESOURCELIST ResourceList) {
    PAGED_CODE();
    PMINIPORT pMiniport = NULL;
    PPORT pPort = NULL;
    NTSTATUS ntStatus = PcNewMiniport(&pMiniport, CLSID_MiniportDriverUart);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    ntStatus = InstallSubdevice(DeviceObject, Irp, L"UART", CLSID_PortMidi, pMiniport,
                                AdapterCommon->GetInterruptSync(), ResourceList, &pPort);
    ReleaseAll(pMiniport, pPort, NULL);
    return ntStatus;
}

// The mixer has its volume: the synthesizer needs none of its own.
static NTSTATUS InstallFm(IN PDEVICE_OBJECT DeviceObject, IN PIRP Irp, IN PRESOURCELIST ResourceList,
                          IN PPORT TopologyPort) {
    PAGED_CODE();
    PUNKNOWN pMiniport = NULL;
    PPORT pPort = NULL;
    NTSTATUS ntStatus =
        CreateMiniportMidiFmSynth(&pMiniport, CLSID_MiniportDriverFmSynth, NULL, NonPagedPool);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    ntStatus = InstallSubdevice(DeviceObject, Irp, L"FMSynth", CLSID_PortMidi, pMiniport, NULL, ResourceList,
                                &pPort);
    if (NT_SUCCESS(ntStatus)) {
        ntStatus =
            PcRegisterPhysicalConnection(DeviceObject, pPort, kPinBridge, TopologyPort, TOPO_PIN_SYNTH);
    }
    ReleaseAll(pMiniport, pPort, NULL);
    return ntStatus;
}

static NTSTATUS InstallWave(IN PDEVICE_OBJECT DeviceObject, IN PIRP Irp, IN PADAPTERCOMMON AdapterCommon,
                            IN PRESOURCELIST ResourceList, IN PPORT TopologyPort) {
    PAGED_CODE();
    PUNKNOWN pMiniport = NULL;
    PPORT pPort = NULL;
    NTSTATUS ntStatus = CreateMiniportWaveCyclicSB16(&pMiniport, GUID_NULL, NULL, NonPagedPool);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    ntStatus = InstallSubdevice(DeviceObject, Irp, L"Wave", CLSID_PortWaveCyclic, pMiniport, AdapterCommon,
                                ResourceList, &pPort);
    if (NT_SUCCESS(ntStatus)) {
        ntStatus = PcRegisterPhysicalConnection(DeviceObject, pPort, WAVE_PIN_RENDER_BRIDGE, TopologyPort,
                                                TOPO_PIN_WAVE);
    }
    if (NT_SUCCESS(ntStatus)) {
        ntStatus = PcRegisterPhysicalConnection(DeviceObject, TopologyPort, TOPO_PIN_RECORD, pPort,
                                                WAVE_PIN_CAPTURE_BRIDGE);
    }
    ReleaseAll(pMiniport, pPort, NULL);
    return ntStatus;
}

static NTSTATUS InstallAll(IN PDEVICE_OBJECT DeviceObject, IN PIRP Irp, IN PADAPTERCOMMON AdapterCommon,
                           IN SUBLISTS* Sublists) {
    PAGED_CODE();
    PUNKNOWN pTopology = NULL;
    PPORT pTopologyPort = NULL;
    NTSTATUS ntStatus = CreateMiniportTopologySB16(&pTopology, GUID_NULL, NULL, NonPagedPool);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    ntStatus = InstallSubdevice(DeviceObject, Irp, L"Topology", CLSID_PortTopology, pTopology, AdapterCommon,
                                Sublists->pWave, &pTopologyPort);
    if (NT_SUCCESS(ntStatus)) {
        ntStatus = InstallWave(DeviceObject, Irp, AdapterCommon, Sublists->pWave, pTopologyPort);
    }
    // The card is worth something without these.
    if (NT_SUCCESS(ntStatus) && Sublists->pUart) {
        InstallUart(DeviceObject, Irp, AdapterCommon, Sublists->pUart);
    }
    if (NT_SUCCESS(ntStatus) && Sublists->pFm) InstallFm(DeviceObject, Irp, Sublists->pFm, pTopologyPort);
    ReleaseAll(pTopology, pTopologyPort, NULL);
    return ntStatus;
}

NTSTATUS StartDevice(IN PDEVICE_OBJECT DeviceObject, IN PIRP Irp, IN PRESOURCELIST ResourceList) {
    PAGED_CODE();
    ASSERT(DeviceObject);
    ASSERT(Irp);
    ASSERT(ResourceList);
    SUBLISTS Sublists = {NULL, NULL, NULL};
    PUNKNOWN pUnknownCommon = NULL;
    PADAPTERCOMMON pAdapterCommon = NULL;

    NTSTATUS ntStatus = AssignResources(ResourceList, &Sublists);
    if (NT_SUCCESS(ntStatus)) ntStatus = NewAdapterCommon(&pUnknownCommon, GUID_NULL, NULL, NonPagedPool);
    if (NT_SUCCESS(ntStatus)) {
        ntStatus = pUnknownCommon->QueryInterface(IID_IAdapterCommon, (PVOID*)&pAdapterCommon);
    }
    if (NT_SUCCESS(ntStatus)) ntStatus = pAdapterCommon->Init(Sublists.pWave, DeviceObject);
    if (NT_SUCCESS(ntStatus)) ntStatus = PcRegisterAdapterPowerManagement(pUnknownCommon, DeviceObject);
    if (NT_SUCCESS(ntStatus)) ntStatus = InstallAll(DeviceObject, Irp, pAdapterCommon, &Sublists);
    ReleaseAll(pAdapterCommon, pUnknownCommon, NULL);
    ReleaseAll(Sublists.pWave, Sublists.pUart, Sublists.pFm);
    return ntStatus;
}

#pragma code_seg()
