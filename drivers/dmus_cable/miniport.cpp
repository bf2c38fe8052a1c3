#include "dmus_cable.h"

#pragma code_seg("PAGE")

NTSTATUS CreateMiniportDMusCable(PUNKNOWN* Unknown, REFCLSID, PUNKNOWN UnknownOuter, POOL_TYPE PoolType) {
    PAGED_CODE();
    STD_CREATE_BODY_WITH_TAG_(CMiniportDMusCable, Unknown, UnknownOuter, PoolType, DMUS_CABLE_POOL_TAG,
                              PMINIPORTDMUS);
}

CMiniportDMusCable::~CMiniportDMusCable() {
    PAGED_CODE();
    if (m_ServiceGroup) m_ServiceGroup->Release();
    if (m_Port) m_Port->Release();
}

STDMETHODIMP_(NTSTATUS) CMiniportDMusCable::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown)) {
        *Object = QICASTUNKNOWN(PMINIPORTDMUS);
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniport)) {
        *Object = QICAST(PMINIPORT);
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportDMus)) {
        *Object = QICAST(PMINIPORTDMUS);
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CMiniportDMusCable::Init(PUNKNOWN, PRESOURCELIST, PPORTDMUS Port, PSERVICEGROUP* ServiceGroup) {
    PAGED_CODE();
    *ServiceGroup = NULL;
    KeInitializeSpinLock(&m_Lock);
    NTSTATUS ntStatus = PcNewServiceGroup(&m_ServiceGroup, NULL);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    m_Port = Port;
    m_Port->AddRef();
    m_Port->RegisterServiceGroup(m_ServiceGroup);
    *ServiceGroup = m_ServiceGroup;
    m_ServiceGroup->AddRef();
    return STATUS_SUCCESS;
}

// One capture stream; the port limits the render pins.
STDMETHODIMP_(NTSTATUS)
CMiniportDMusCable::NewStream(PMXF* MXF, PUNKNOWN OuterUnknown, POOL_TYPE PoolType, ULONG,
                              DMUS_STREAM_TYPE StreamType, PKSDATAFORMAT, PSERVICEGROUP* ServiceGroup,
                              PAllocatorMXF AllocatorMXF, PMASTERCLOCK MasterClock,
                              PULONGLONG SchedulePreFetch) {
    PAGED_CODE();
    BOOLEAN capture = StreamType == DMUS_STREAM_MIDI_CAPTURE;
    *ServiceGroup = NULL;
    *SchedulePreFetch = 0;
    if (capture && m_Capture) return STATUS_INVALID_DEVICE_REQUEST;

    CDMusCableStream* stream = new (PoolType, DMUS_CABLE_POOL_TAG) CDMusCableStream(OuterUnknown);
    if (!stream) return STATUS_INSUFFICIENT_RESOURCES;
    stream->AddRef();
    stream->Init(this, capture, AllocatorMXF, MasterClock);
    *MXF = PMXF(stream);
    return STATUS_SUCCESS;
}

#pragma code_seg()

// The port asks the capture stream instead.
STDMETHODIMP_(void) CMiniportDMusCable::Service(void) {}

// Copies the events for the capture stream. DISPATCH_LEVEL.
void CMiniportDMusCable::Carry(PDMUS_KERNEL_EVENT Events) {
    BOOLEAN any = FALSE;
    KeAcquireSpinLockAtDpcLevel(&m_Lock);
    if (m_Capture && m_Capture->m_State >= KSSTATE_PAUSE) {
        for (PDMUS_KERNEL_EVENT event = Events; event; event = event->pNextEvt) {
            if (m_Capture->Copy(event)) any = TRUE;
        }
    }
    KeReleaseSpinLockFromDpcLevel(&m_Lock);
    if (any) m_Port->Notify(m_ServiceGroup);
}
