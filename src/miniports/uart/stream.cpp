// A stream: one render and one capture pin at most (UA-010). Read and Write run at DISPATCH_LEVEL.
#include "uart.h"

#pragma code_seg("PAGE")

void CMiniportMidiStreamUart::Init(CMiniportMidiUart* Miniport, BOOLEAN Capture) {
    PAGED_CODE();
    m_pMiniport = Miniport;
    m_pMiniport->AddRef();
    m_fCapture = Capture;
    m_State = KSSTATE_STOP;
}

CMiniportMidiStreamUart::~CMiniportMidiStreamUart() {
    PAGED_CODE();
    if (!m_pMiniport) return;
    if (m_fCapture) {
        m_pMiniport->m_fCaptureOpen = FALSE;
    } else {
        m_pMiniport->m_fRenderOpen = FALSE;
    }
    m_pMiniport->Release();
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiStreamUart::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown)) {
        *Object = QICASTUNKNOWN(PMINIPORTMIDISTREAM);
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportMidiStream)) {
        *Object = QICAST(PMINIPORTMIDISTREAM);
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

// There is one format (MS-011).
STDMETHODIMP_(NTSTATUS) CMiniportMidiStreamUart::SetFormat(PKSDATAFORMAT) {
    PAGED_CODE();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CMiniportMidiStreamUart::SetState(KSSTATE State) {
    PAGED_CODE();
    UART_SET_STATE request = {m_pMiniport, State, m_fCapture};
    NTSTATUS ntStatus =
        m_pMiniport->m_pInterruptSync->CallSynchronizedRoutine(UartSynchronizedSetState, PVOID(&request));
    if (NT_SUCCESS(ntStatus)) m_State = State;
    return ntStatus;
}

#pragma code_seg()

STDMETHODIMP_(NTSTATUS)
CMiniportMidiStreamUart::Read(PVOID BufferAddress, ULONG BufferLength, PULONG BytesRead) {
    *BytesRead = 0;
    if (!m_fCapture) return STATUS_INVALID_DEVICE_REQUEST;

    PUCHAR bytes = PUCHAR(BufferAddress);
    CMiniportMidiUart* that = m_pMiniport;
    while (*BytesRead < BufferLength && that->m_InputHead != that->m_InputTail) {
        bytes[*BytesRead] = that->m_InputFifo[that->m_InputHead % kInputFifoSize];
        that->m_InputHead = that->m_InputHead + 1;
        (*BytesRead)++;
    }
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiStreamUart::Write(PVOID BufferAddress, ULONG BytesToWrite, PULONG BytesWritten) {
    *BytesWritten = 0;
    if (m_fCapture) return STATUS_INVALID_DEVICE_REQUEST;

    return m_pMiniport->Write(PUCHAR(BufferAddress), BytesToWrite, BytesWritten);
}
