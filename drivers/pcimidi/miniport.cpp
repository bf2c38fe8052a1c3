#include "pcimidi.h"

#include "miniport.tmh"

#pragma code_seg("PAGE")

_Use_decl_annotations_ NTSTATUS CreateMiniportMidiPci(PUNKNOWN* Unknown, PUNKNOWN UnknownOuter, ULONG Index) {
    PAGED_CODE();
    auto* miniport = new (POOL_FLAG_NON_PAGED, PCIMIDI_POOL_TAG) CMiniportMidiPci(UnknownOuter, Index);
    if (miniport == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    miniport->AddRef();
    *Unknown = PUNKNOWN(PMINIPORTMIDI(miniport));
    return STATUS_SUCCESS;
}

CMiniportMidiPci::~CMiniportMidiPci() {
    PAGED_CODE();
    if (m_Attached) m_Card->Detach(m_Index);
    if (m_ServiceGroup != nullptr) m_ServiceGroup->Release();
    if (m_Port != nullptr) m_Port->Release();
    if (m_Card != nullptr) m_Card->Release();
}

STDMETHODIMP_(NTSTATUS) CMiniportMidiPci::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown)) {
        *Object = QICASTUNKNOWN(PMINIPORTMIDI);
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniport)) {
        *Object = QICAST(PMINIPORT);
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportMidi)) {
        *Object = QICAST(PMINIPORTMIDI);
    } else {
        *Object = nullptr;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiPci::Init(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTMIDI Port,
                       PSERVICEGROUP* ServiceGroup) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(ResourceList);

    NTSTATUS status = UnknownAdapter->QueryInterface(IID_ICard, reinterpret_cast<PVOID*>(&m_Card));
    if (NT_SUCCESS(status)) status = PcNewServiceGroup(&m_ServiceGroup, nullptr);
    if (!NT_SUCCESS(status)) return status;

    m_Port = Port;
    m_Port->AddRef();
    m_Port->RegisterServiceGroup(m_ServiceGroup);
    m_Card->Attach(m_Index, m_Port, m_ServiceGroup);
    m_Attached = TRUE;
    *ServiceGroup = m_ServiceGroup;
    (*ServiceGroup)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiPci::DataRangeIntersection(ULONG PinId, PKSDATARANGE DataRange, PKSDATARANGE MatchingDataRange,
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
CMiniportMidiPci::NewStream(PMINIPORTMIDISTREAM* Stream, PUNKNOWN UnknownOuter, POOL_TYPE PoolType, ULONG Pin,
                            BOOLEAN Capture, PKSDATAFORMAT DataFormat, PSERVICEGROUP* ServiceGroup) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(PoolType);
    UNREFERENCED_PARAMETER(Pin);
    UNREFERENCED_PARAMETER(DataFormat);

    auto* stream = new (POOL_FLAG_NON_PAGED, PCIMIDI_POOL_TAG) CMiniportMidiStreamPci(UnknownOuter);
    if (stream == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    stream->AddRef();
    NTSTATUS status = stream->Init(this, Capture);
    if (!NT_SUCCESS(status)) {
        stream->Release();
        return status;
    }
    *Stream = PMINIPORTMIDISTREAM(stream);
    *ServiceGroup = m_ServiceGroup;
    (*ServiceGroup)->AddRef();
    return STATUS_SUCCESS;
}

#pragma code_seg()

STDMETHODIMP_(void) CMiniportMidiPci::Service(void) {}
