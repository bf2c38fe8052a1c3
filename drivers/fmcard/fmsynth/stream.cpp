#include "fmsynth.h"

#pragma code_seg("PAGE")

void CMiniportMidiStreamFmSynth::Init(IN CMiniportMidiFmSynth* pMiniport) {
    PAGED_CODE();
    ASSERT(pMiniport);
    m_pMiniport = pMiniport;
    m_pMiniport->AddRef();
}

CMiniportMidiStreamFmSynth::~CMiniportMidiStreamFmSynth() {
    PAGED_CODE();
    if (!m_pMiniport) return;
    m_pMiniport->AllNotesOff();
    m_pMiniport->m_fStreamOpen = FALSE;
    m_pMiniport->Release();
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiStreamFmSynth::NonDelegatingQueryInterface(IN REFIID Interface, OUT PVOID* Object) {
    PAGED_CODE();
    ASSERT(Object);
    if (IsEqualGUIDAligned(Interface, IID_IUnknown)) {
        *Object = PVOID(PUNKNOWN(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportMidiStream)) {
        *Object = PVOID(PMINIPORTMIDISTREAM(this));
    } else {
        *Object = NULL;
    }
    if (*Object) {
        PUNKNOWN(*Object)->AddRef();
        return STATUS_SUCCESS;
    }
    return STATUS_INVALID_PARAMETER;
}

STDMETHODIMP_(NTSTATUS) CMiniportMidiStreamFmSynth::SetFormat(IN PKSDATAFORMAT DataFormat) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(DataFormat);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CMiniportMidiStreamFmSynth::SetState(IN KSSTATE State) {
    PAGED_CODE();
    _DbgPrintF(DEBUGLVL_VERBOSE, ("stream state %d", State));
    if (State == KSSTATE_RUN) return STATUS_SUCCESS;
    m_pMiniport->AllNotesOff();
    if (State == KSSTATE_STOP) m_bStatus = 0;
    return STATUS_SUCCESS;
}

#pragma code_seg()

STDMETHODIMP_(NTSTATUS)
CMiniportMidiStreamFmSynth::Read(IN PVOID BufferAddress, IN ULONG BufferLength, OUT PULONG BytesRead) {
    UNREFERENCED_PARAMETER(BufferAddress);
    UNREFERENCED_PARAMETER(BufferLength);
    *BytesRead = 0;
    return STATUS_NOT_IMPLEMENTED;
}

// DISPATCH_LEVEL. The chip is never busy for long: everything is taken.
STDMETHODIMP_(NTSTATUS)
CMiniportMidiStreamFmSynth::Write(IN PVOID BufferAddress, IN ULONG BytesToWrite, OUT PULONG BytesWritten) {
    ASSERT(BufferAddress);
    ASSERT(BytesWritten);
    PBYTE pbByte = PBYTE(BufferAddress);
    KeAcquireSpinLockAtDpcLevel(&m_pMiniport->m_SpinLock);
    for (ULONG i = 0; i < BytesToWrite; i++) ParseByte(pbByte[i]);
    KeReleaseSpinLockFromDpcLevel(&m_pMiniport->m_SpinLock);
    *BytesWritten = BytesToWrite;
    return STATUS_SUCCESS;
}

// Real-time messages may come inside others. Of system messages there is none that means anything here, but
// they end the running status.
void CMiniportMidiStreamFmSynth::ParseByte(IN BYTE bByte) {
    if (bByte >= 0xF8) return;
    if (bByte >= 0x80) {
        m_bStatus = BYTE(bByte < 0xF0 ? bByte : 0);
        m_cbData = 0;
        return;
    }
    if (!m_bStatus) return;
    m_abData[m_cbData++] = bByte;
    BOOLEAN fOneByte = BOOLEAN((m_bStatus & 0xE0) == 0xC0);
    if (m_cbData < (fOneByte ? 1 : 2)) return;
    m_pMiniport->ShortMessage(m_bStatus, m_abData[0], BYTE(fOneByte ? 0 : m_abData[1]));
    m_cbData = 0;
}
