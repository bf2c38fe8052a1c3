#include "cable.h"

#pragma code_seg("PAGE")

NTSTATUS CMiniportMidiStreamCable::Init(CMiniportMidiCable* Miniport, BOOLEAN Capture) {
    PAGED_CODE();
    m_Capture = Capture;
    m_State = KSSTATE_STOP;
    NTSTATUS ntStatus = Miniport->AddStream(this, Capture);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    m_Miniport = Miniport;
    m_Miniport->AddRef();
    return STATUS_SUCCESS;
}

CMiniportMidiStreamCable::~CMiniportMidiStreamCable() {
    PAGED_CODE();
    if (!m_Miniport) return;
    m_Miniport->RemoveStream(this, m_Capture);
    m_Miniport->Release();
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiStreamCable::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
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

STDMETHODIMP_(NTSTATUS) CMiniportMidiStreamCable::SetFormat(PKSDATAFORMAT DataFormat) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(DataFormat);
    return STATUS_SUCCESS;
}

#pragma code_seg()

STDMETHODIMP_(NTSTATUS) CMiniportMidiStreamCable::SetState(KSSTATE State) {
    KIRQL oldIrql;
    KeAcquireSpinLock(&m_Miniport->m_Lock, &oldIrql);
    m_State = State;
    if (State == KSSTATE_STOP) m_Head = m_Tail;
    KeReleaseSpinLock(&m_Miniport->m_Lock, oldIrql);
    return STATUS_SUCCESS;
}

// DISPATCH_LEVEL. Room that a waiting writer needs is announced, so that the port tries again at once.
STDMETHODIMP_(NTSTATUS)
CMiniportMidiStreamCable::Read(PVOID BufferAddress, ULONG BufferLength, PULONG BytesRead) {
    *BytesRead = 0;
    if (!m_Capture) return STATUS_INVALID_DEVICE_REQUEST;

    PUCHAR bytes = PUCHAR(BufferAddress);
    ULONG count = 0;
    KeAcquireSpinLockAtDpcLevel(&m_Miniport->m_Lock);
    while (count < BufferLength && m_Head != m_Tail) bytes[count++] = m_Fifo[m_Head++ % kFifoSize];
    BOOLEAN announce = count && m_Miniport->m_WriterWaits;
    if (announce) m_Miniport->m_WriterWaits = FALSE;
    KeReleaseSpinLockFromDpcLevel(&m_Miniport->m_Lock);

    *BytesRead = count;
    if (announce) m_Miniport->m_Port->Notify(m_Miniport->m_ServiceGroup);
    return STATUS_SUCCESS;
}

// DISPATCH_LEVEL. Takes the whole message if every running capture stream has room for it, else as many
// groups of four bytes as fit; none means busy.
STDMETHODIMP_(NTSTATUS)
CMiniportMidiStreamCable::Write(PVOID BufferAddress, ULONG BytesToWrite, PULONG BytesWritten) {
    *BytesWritten = 0;
    if (m_Capture) return STATUS_INVALID_DEVICE_REQUEST;

    KeAcquireSpinLockAtDpcLevel(&m_Miniport->m_Lock);
    ULONG space = m_Miniport->FreeSpace();
    ULONG count = BytesToWrite <= space ? BytesToWrite : space & ~3UL;
    m_Miniport->m_WriterWaits = count < BytesToWrite;
    BOOLEAN readable = m_Miniport->Distribute(PUCHAR(BufferAddress), count);
    KeReleaseSpinLockFromDpcLevel(&m_Miniport->m_Lock);

    *BytesWritten = count;
    if (readable && count) m_Miniport->m_Port->Notify(m_Miniport->m_ServiceGroup);
    return STATUS_SUCCESS;
}
