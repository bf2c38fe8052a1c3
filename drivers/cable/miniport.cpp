#include "cable.h"

#pragma code_seg("PAGE")

NTSTATUS CreateMiniportMidiCable(PUNKNOWN* Unknown, REFCLSID, PUNKNOWN UnknownOuter, POOL_TYPE PoolType) {
    PAGED_CODE();
    ASSERT(Unknown);
    STD_CREATE_BODY_WITH_TAG_(CMiniportMidiCable, Unknown, UnknownOuter, PoolType, CABLE_POOL_TAG,
                              PMINIPORTMIDI);
}

CMiniportMidiCable::~CMiniportMidiCable() {
    PAGED_CODE();
    if (m_ServiceGroup) m_ServiceGroup->Release();
    if (m_Port) m_Port->Release();
}

STDMETHODIMP_(NTSTATUS) CMiniportMidiCable::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown)) {
        *Object = PVOID(PUNKNOWN(PMINIPORTMIDI(this)));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniport)) {
        *Object = PVOID(PMINIPORT(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportMidi)) {
        *Object = PVOID(PMINIPORTMIDI(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiCable::Init(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTMIDI Port,
                         PSERVICEGROUP* ServiceGroup) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(UnknownAdapter);
    UNREFERENCED_PARAMETER(ResourceList);

    KeInitializeSpinLock(&m_Lock);
    NTSTATUS ntStatus = PcNewServiceGroup(&m_ServiceGroup, NULL);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;

    m_Port = Port;
    m_Port->AddRef();
    m_Port->RegisterServiceGroup(m_ServiceGroup);
    *ServiceGroup = m_ServiceGroup;
    (*ServiceGroup)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiCable::DataRangeIntersection(ULONG PinId, PKSDATARANGE DataRange, PKSDATARANGE MatchingDataRange,
                                          ULONG OutputBufferLength, PVOID ResultantFormat,
                                          PULONG ResultantFormatLength) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(PinId);
    UNREFERENCED_PARAMETER(DataRange);
    UNREFERENCED_PARAMETER(MatchingDataRange);
    UNREFERENCED_PARAMETER(OutputBufferLength);
    UNREFERENCED_PARAMETER(ResultantFormat);
    UNREFERENCED_PARAMETER(ResultantFormatLength);
    return STATUS_NOT_IMPLEMENTED;
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiCable::NewStream(PMINIPORTMIDISTREAM* Stream, PUNKNOWN UnknownOuter, POOL_TYPE PoolType,
                              ULONG Pin, BOOLEAN Capture, PKSDATAFORMAT DataFormat,
                              PSERVICEGROUP* ServiceGroup) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(Pin);
    UNREFERENCED_PARAMETER(DataFormat);

    CMiniportMidiStreamCable* stream = new (PoolType, CABLE_POOL_TAG) CMiniportMidiStreamCable(UnknownOuter);
    if (!stream) return STATUS_INSUFFICIENT_RESOURCES;
    stream->AddRef();

    NTSTATUS ntStatus = stream->Init(this, Capture);
    if (!NT_SUCCESS(ntStatus)) {
        stream->Release();
        return ntStatus;
    }
    *Stream = PMINIPORTMIDISTREAM(stream);
    *ServiceGroup = m_ServiceGroup;
    (*ServiceGroup)->AddRef();
    return STATUS_SUCCESS;
}

#pragma code_seg()

// Every capture stream has its own sink in the group; the miniport itself has nothing to do.
STDMETHODIMP_(void) CMiniportMidiCable::Service(void) {}

NTSTATUS CMiniportMidiCable::AddStream(CMiniportMidiStreamCable* Stream, BOOLEAN Capture) {
    KIRQL oldIrql;
    NTSTATUS ntStatus = STATUS_INVALID_DEVICE_REQUEST;
    KeAcquireSpinLock(&m_Lock, &oldIrql);
    if (!Capture) {
        if (m_RenderCount < kMaxRender) {
            m_RenderCount++;
            ntStatus = STATUS_SUCCESS;
        }
    } else {
        for (ULONG i = 0; i < kMaxCapture; i++) {
            if (m_Captures[i]) continue;
            m_Captures[i] = Stream;
            ntStatus = STATUS_SUCCESS;
            break;
        }
    }
    KeReleaseSpinLock(&m_Lock, oldIrql);
    return ntStatus;
}

void CMiniportMidiCable::RemoveStream(CMiniportMidiStreamCable* Stream, BOOLEAN Capture) {
    KIRQL oldIrql;
    KeAcquireSpinLock(&m_Lock, &oldIrql);
    if (!Capture) {
        m_RenderCount--;
    } else {
        for (ULONG i = 0; i < kMaxCapture; i++) {
            if (m_Captures[i] == Stream) m_Captures[i] = NULL;
        }
    }
    KeReleaseSpinLock(&m_Lock, oldIrql);
}

// The room that every running capture stream has. Called with the lock held.
ULONG CMiniportMidiCable::FreeSpace(void) {
    ULONG space = ~0UL;
    for (ULONG i = 0; i < kMaxCapture; i++) {
        CMiniportMidiStreamCable* capture = m_Captures[i];
        if (!capture || capture->m_State != KSSTATE_RUN) continue;
        ULONG free = kFifoSize - (capture->m_Tail - capture->m_Head);
        if (free < space) space = free;
    }
    return space;
}

// Copies to every running capture stream; TRUE if there is one. Called with the lock held and room made sure.
BOOLEAN CMiniportMidiCable::Distribute(PUCHAR Bytes, ULONG Length) {
    BOOLEAN any = FALSE;
    for (ULONG i = 0; i < kMaxCapture; i++) {
        CMiniportMidiStreamCable* capture = m_Captures[i];
        if (!capture || capture->m_State != KSSTATE_RUN) continue;
        for (ULONG n = 0; n < Length; n++) capture->m_Fifo[capture->m_Tail++ % kFifoSize] = Bytes[n];
        any = TRUE;
    }
    return any;
}
