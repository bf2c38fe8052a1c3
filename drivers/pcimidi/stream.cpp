#include "pcimidi.h"

#include "stream.tmh"

#pragma code_seg("PAGE")

_Use_decl_annotations_ NTSTATUS CMiniportMidiStreamPci::Init(CMiniportMidiPci* Miniport, BOOLEAN Capture) {
    PAGED_CODE();
    if (InterlockedIncrement(&Miniport->m_Open[Capture]) != 1) {
        InterlockedDecrement(&Miniport->m_Open[Capture]);
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    m_Capture = Capture;
    m_Miniport = Miniport;
    m_Miniport->AddRef();
    return STATUS_SUCCESS;
}

CMiniportMidiStreamPci::~CMiniportMidiStreamPci() {
    PAGED_CODE();
    if (m_Miniport == nullptr) return;
    if (m_Capture) m_Miniport->m_Card->SetCapture(m_Miniport->m_Index, KSSTATE_STOP);
    InterlockedDecrement(&m_Miniport->m_Open[m_Capture]);
    m_Miniport->Release();
}

STDMETHODIMP_(NTSTATUS) CMiniportMidiStreamPci::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown)) {
        *Object = QICASTUNKNOWN(PMINIPORTMIDISTREAM);
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportMidiStream)) {
        *Object = QICAST(PMINIPORTMIDISTREAM);
    } else {
        *Object = nullptr;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CMiniportMidiStreamPci::SetFormat(PKSDATAFORMAT DataFormat) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(DataFormat);
    return STATUS_SUCCESS;
}

// What a render stream has been given is on its way: the card sends it whatever becomes of the stream.
STDMETHODIMP_(NTSTATUS) CMiniportMidiStreamPci::SetState(KSSTATE State) {
    PAGED_CODE();
    TraceEvents(TRACE_LEVEL_VERBOSE, TRACE_STREAM, "port %u: state %d", m_Miniport->m_Index, State);
    if (m_Capture) m_Miniport->m_Card->SetCapture(m_Miniport->m_Index, State);
    return STATUS_SUCCESS;
}

#pragma code_seg()

STDMETHODIMP_(NTSTATUS)
CMiniportMidiStreamPci::Read(PVOID BufferAddress, ULONG BufferLength, PULONG BytesRead) {
    *BytesRead = 0;
    if (!m_Capture) return STATUS_INVALID_DEVICE_REQUEST;
    *BytesRead =
        m_Miniport->m_Card->Read(m_Miniport->m_Index, static_cast<PUCHAR>(BufferAddress), BufferLength);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiStreamPci::Write(PVOID BufferAddress, ULONG BytesToWrite, PULONG BytesWritten) {
    *BytesWritten = 0;
    if (m_Capture) return STATUS_INVALID_DEVICE_REQUEST;
    *BytesWritten =
        m_Miniport->m_Card->Write(m_Miniport->m_Index, static_cast<PUCHAR>(BufferAddress), BytesToWrite);
    return STATUS_SUCCESS;
}
