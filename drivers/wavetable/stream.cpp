// A render stream: bytes to messages.
#include "wavetable.h"

#define MANUFACTURER 0x7D  // for whoever has none
#define SYSEX_PATCH 0x57

#pragma code_seg("PAGE")

STDMETHODIMP_(NTSTATUS)
CMiniportMidiStreamWavetable::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
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

void CMiniportMidiStreamWavetable::Init(CMiniportMidiWavetable* Miniport) {
    PAGED_CODE();
    m_Miniport = Miniport;
    m_Miniport->AddRef();
}

CMiniportMidiStreamWavetable::~CMiniportMidiStreamWavetable() {
    PAGED_CODE();
    if (!m_Miniport) return;
    m_Miniport->Quiet();
    m_Miniport->Release();
}

STDMETHODIMP_(NTSTATUS) CMiniportMidiStreamWavetable::SetFormat(PKSDATAFORMAT) {
    PAGED_CODE();
    return STATUS_SUCCESS;
}

#pragma code_seg()

// No key stays down when the stream rests.
STDMETHODIMP_(NTSTATUS) CMiniportMidiStreamWavetable::SetState(KSSTATE State) {
    if (State != KSSTATE_RUN) m_Miniport->Quiet();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CMiniportMidiStreamWavetable::Read(PVOID, ULONG, PULONG BytesRead) {
    *BytesRead = 0;
    return STATUS_INVALID_DEVICE_REQUEST;
}

// DISPATCH_LEVEL. The card is never busy.
STDMETHODIMP_(NTSTATUS)
CMiniportMidiStreamWavetable::Write(PVOID BufferAddress, ULONG BytesToWrite, PULONG BytesWritten) {
    PUCHAR bytes = PUCHAR(BufferAddress);
    for (ULONG i = 0; i < BytesToWrite; i++) Byte(bytes[i]);
    *BytesWritten = BytesToWrite;
    return STATUS_SUCCESS;
}

// A message may be cut anywhere between two calls of Write.
void CMiniportMidiStreamWavetable::Byte(UCHAR Value) {
    if (Value >= 0xF8) return;
    if (Value == 0xF7 && m_InSysEx) {
        m_InSysEx = FALSE;
        if (m_Length == 5 && m_Message[0] == MANUFACTURER && m_Message[1] == SYSEX_PATCH &&
            m_Message[3] < NUM_WAVES && m_Message[4] > 0) {
            m_Miniport->ChangePatch(m_Message[2], m_Message[3], m_Message[4]);
        }
    } else if (Value >= 0x80) {
        m_InSysEx = Value == 0xF0;
        m_Status = Value < 0xF0 ? Value : 0;
        m_Length = 0;
    } else if (m_InSysEx) {
        if (m_Length < sizeof(m_Message)) m_Message[m_Length++] = Value;
    } else if (m_Status) {
        ULONG needed = (m_Status & 0xE0) == 0xC0 ? 1 : 2;
        m_Message[m_Length++] = Value;
        if (m_Length < needed) return;
        m_Miniport->ShortMessage(m_Status, m_Message[0], needed == 2 ? m_Message[1] : 0);
        m_Length = 0;
    }
}
