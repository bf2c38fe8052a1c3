// The miniport object: resources, interrupt, streams, power.
#include "dmusuart.h"

#pragma code_seg("PAGE")

// CLSID_MiniportDriverDMusUART does both directions, CLSID_MiniportDriverDMusUARTCapture input alone
// (UA-003).
NTSTATUS CreateMiniportDMusUART(PUNKNOWN* Unknown, REFCLSID ClassId, PUNKNOWN UnknownOuter,
                                POOL_TYPE PoolType) {
    PAGED_CODE();
    BOOLEAN captureOnly = IsEqualGUIDAligned(ClassId, CLSID_MiniportDriverDMusUARTCapture);
    CMiniportDMusUart* miniport =
        new (PoolType, DMUSUART_POOL_TAG) CMiniportDMusUart(UnknownOuter, captureOnly);
    if (!miniport) return STATUS_INSUFFICIENT_RESOURCES;
    miniport->AddRef();
    *Unknown = PUNKNOWN(PMINIPORTDMUS(miniport));
    return STATUS_SUCCESS;
}

CMiniportDMusUart::CMiniportDMusUart(PUNKNOWN pUnknownOuter, BOOLEAN CaptureOnly) : CUnknown(pUnknownOuter) {
    PAGED_CODE();
    m_fCaptureOnly = CaptureOnly;
    BuildDescriptor();
}

CMiniportDMusUart::~CMiniportDMusUart() {
    PAGED_CODE();
    ReleaseAll();
}

STDMETHODIMP_(NTSTATUS) CMiniportDMusUart::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown)) {
        *Object = QICASTUNKNOWN(PMINIPORTDMUS);
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniport)) {
        *Object = QICAST(PMINIPORT);
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportDMus)) {
        *Object = QICAST(PMINIPORTDMUS);
    } else if (IsEqualGUIDAligned(Interface, IID_IMusicTechnology)) {
        *Object = QICAST(PMUSICTECHNOLOGY);
    } else if (IsEqualGUIDAligned(Interface, IID_IPowerNotify)) {
        *Object = QICAST(PPOWERNOTIFY);
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

// Whatever was made before a failure is undone (MM-017).
STDMETHODIMP_(NTSTATUS)
CMiniportDMusUart::Init(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTDMUS Port,
                        PSERVICEGROUP* ServiceGroup) {
    PAGED_CODE();
    ASSERT(Port);
    ASSERT(ServiceGroup);

    *ServiceGroup = NULL;
    NTSTATUS ntStatus = ProcessResources(ResourceList);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;

    m_pPort = Port;
    m_pPort->AddRef();

    ntStatus = AcquireInterruptSync(UnknownAdapter, ResourceList);
    if (NT_SUCCESS(ntStatus)) ntStatus = CreateServiceGroup(ServiceGroup);
    if (NT_SUCCESS(ntStatus)) ntStatus = InitializeHardware();

    if (!NT_SUCCESS(ntStatus)) {
        _DbgPrintF(DEBUGLVL_TERSE, ("Init failed with 0x%08X", ntStatus));
        if (*ServiceGroup) {
            (*ServiceGroup)->Release();
            *ServiceGroup = NULL;
        }
        ReleaseAll();
    }
    return ntStatus;
}

// The port learns of the group before the hardware starts, so that no interrupt is lost (DM-004).
NTSTATUS CMiniportDMusUart::CreateServiceGroup(PSERVICEGROUP* ServiceGroup) {
    PAGED_CODE();
    NTSTATUS ntStatus = PcNewServiceGroup(&m_pServiceGroup, NULL);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    *ServiceGroup = m_pServiceGroup;
    m_pServiceGroup->AddRef();
    m_pPort->RegisterServiceGroup(m_pServiceGroup);
    return STATUS_SUCCESS;
}

void CMiniportDMusUart::ReleaseAll(void) {
    PAGED_CODE();
    ReleaseDevice();
    if (m_pPort) {
        m_pPort->Release();
        m_pPort = NULL;
    }
}

// One stream a pin (UA-006). The port sequences: an event is handed down when it is due.
STDMETHODIMP_(NTSTATUS)
CMiniportDMusUart::NewStream(PMXF* MXF, PUNKNOWN OuterUnknown, POOL_TYPE PoolType, ULONG PinID,
                             DMUS_STREAM_TYPE StreamType, PKSDATAFORMAT, PSERVICEGROUP* ServiceGroup,
                             PAllocatorMXF AllocatorMXF, PMASTERCLOCK MasterClock,
                             PULONGLONG SchedulePreFetch) {
    PAGED_CODE();
    BOOLEAN capture = StreamType == DMUS_STREAM_MIDI_CAPTURE;
    if (!capture && StreamType != DMUS_STREAM_MIDI_RENDER) return STATUS_INVALID_DEVICE_REQUEST;
    if (PinID >= kPinCount || capture != (PinID == CapturePin())) return STATUS_INVALID_DEVICE_REQUEST;
    if (m_OpenPins & (1u << PinID)) return STATUS_INVALID_DEVICE_REQUEST;

    NTSTATUS ntStatus = STATUS_SUCCESS;
    if (!m_OpenPins) ntStatus = InitializeHardware();
    if (!NT_SUCCESS(ntStatus)) return ntStatus;

    CDMusUartStream* stream = new (PoolType, DMUSUART_POOL_TAG) CDMusUartStream(OuterUnknown);
    if (!stream) return STATUS_INSUFFICIENT_RESOURCES;
    stream->AddRef();
    stream->Init(this, PinID, capture, AllocatorMXF, MasterClock);
    m_OpenPins |= 1u << PinID;
    *MXF = PMXF(stream);
    *SchedulePreFetch = 0;

    *ServiceGroup = NULL;
    if (capture) {
        *ServiceGroup = m_pServiceGroup;
        m_pServiceGroup->AddRef();
    }
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CMiniportDMusUart::SetTechnology(const GUID* Technology) {
    PAGED_CODE();
    if (!Technology) return STATUS_INVALID_PARAMETER;
    if (m_pPort)
        PorticoBrokenContract("MT-003", PMUSICTECHNOLOGY(this),
                              "IMusicTechnology::SetTechnology was called after IPort::Init, which has given "
                              "the pins' data ranges to the port already.");
    for (ULONG i = 0; i < SIZEOF_ARRAY(m_StreamRanges); i++) m_StreamRanges[i].Technology = *Technology;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(void) CMiniportDMusUart::PowerChangeNotify(POWER_STATE PowerState) {
    PAGED_CODE();
    ChangePower(PowerState);
}

#pragma code_seg()

// The port asks the capture stream instead (DM-003, MD-003).
STDMETHODIMP_(void) CMiniportDMusUart::Service(void) {}
