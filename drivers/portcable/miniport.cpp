// The cable's miniport with streams that count what passes through them.
#include "portcable.h"

#pragma code_seg("PAGE")

STDMETHODIMP_(NTSTATUS)
CMiniportMidiPort::NewStream(PMINIPORTMIDISTREAM* Stream, PUNKNOWN UnknownOuter, POOL_TYPE PoolType,
                             ULONG Pin, BOOLEAN Capture, PKSDATAFORMAT DataFormat,
                             PSERVICEGROUP* ServiceGroup) {
    PAGED_CODE();
    CMiniportMidiStreamPort* counting =
        new (PoolType, PORTCABLE_POOL_TAG) CMiniportMidiStreamPort(UnknownOuter);
    if (!counting) return STATUS_INSUFFICIENT_RESOURCES;
    counting->AddRef();

    PMINIPORTMIDISTREAM stream = NULL;
    NTSTATUS ntStatus =
        CMiniportMidiCable::NewStream(&stream, NULL, PoolType, Pin, Capture, DataFormat, ServiceGroup);
    if (!NT_SUCCESS(ntStatus)) {
        counting->Release();
        return ntStatus;
    }
    counting->Init(this, stream);
    *Stream = PMINIPORTMIDISTREAM(counting);
    return ntStatus;
}

VOID CMiniportMidiStreamPort::Init(CMiniportMidiPort* Miniport, PMINIPORTMIDISTREAM Stream) {
    PAGED_CODE();
    m_Stream = Stream;
    m_Miniport = Miniport;
    m_Miniport->AddRef();
    InterlockedIncrement(&m_Miniport->m_Streams);
}

CMiniportMidiStreamPort::~CMiniportMidiStreamPort() {
    PAGED_CODE();
    if (m_Stream) m_Stream->Release();
    if (!m_Miniport) return;
    InterlockedDecrement(&m_Miniport->m_Streams);
    m_Miniport->Release();
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiStreamPort::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown)) {
        *Object = PVOID(PUNKNOWN(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportMidiStream)) {
        *Object = PVOID(PMINIPORTMIDISTREAM(this));
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CMiniportMidiStreamPort::SetFormat(PKSDATAFORMAT DataFormat) {
    PAGED_CODE();
    return m_Stream->SetFormat(DataFormat);
}

#pragma code_seg()

STDMETHODIMP_(NTSTATUS) CMiniportMidiStreamPort::SetState(KSSTATE State) {
    return m_Stream->SetState(State);
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiStreamPort::Read(PVOID BufferAddress, ULONG BufferLength, PULONG BytesRead) {
    NTSTATUS ntStatus = m_Stream->Read(BufferAddress, BufferLength, BytesRead);
    InterlockedExchangeAdd64(&m_Miniport->m_BytesRead, *BytesRead);
    return ntStatus;
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiStreamPort::Write(PVOID BufferAddress, ULONG BytesToWrite, PULONG BytesWritten) {
    NTSTATUS ntStatus = m_Stream->Write(BufferAddress, BytesToWrite, BytesWritten);
    InterlockedExchangeAdd64(&m_Miniport->m_BytesWritten, *BytesWritten);
    return ntStatus;
}
