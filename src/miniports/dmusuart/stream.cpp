// A stream between the port and the wire.
#include "dmusuart.h"

#pragma code_seg("PAGE")

void CDMusUartStream::Init(CMiniportDMusUart* Miniport, ULONG Pin, BOOLEAN Capture, PAllocatorMXF Allocator,
                           PMASTERCLOCK Clock) {
    PAGED_CODE();
    m_pMiniport = Miniport;
    m_pMiniport->AddRef();
    m_pAllocator = Allocator;
    m_pAllocator->AddRef();
    m_pClock = Clock;
    m_pClock->AddRef();
    m_pSink = m_pAllocator;
    m_Pin = Pin;
    m_fCapture = Capture;
    m_State = KSSTATE_STOP;
    m_ppEnd = &m_pFirst;
    KeInitializeSpinLock(&m_Lock);
    KeInitializeTimer(&m_Timer);
    KeInitializeDpc(&m_Dpc, RetryDpc, this);
}

// The port has stopped the stream: no event waits any more, but a DPC may be on its way.
CDMusUartStream::~CDMusUartStream() {
    PAGED_CODE();
    if (!m_pMiniport) return;
    KeCancelTimer(&m_Timer);
    KeFlushQueuedDpcs();
    m_pMiniport->m_OpenPins &= ~(1u << m_Pin);
    m_pClock->Release();
    m_pAllocator->Release();
    m_pMiniport->Release();
}

STDMETHODIMP_(NTSTATUS) CDMusUartStream::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    if (IsEqualGUIDAligned(Interface, IID_IUnknown)) {
        *Object = QICASTUNKNOWN(PMXF);
    } else if (IsEqualGUIDAligned(Interface, IID_IMXF)) {
        *Object = QICAST(PMXF);
    } else {
        *Object = NULL;
        return STATUS_INVALID_PARAMETER;
    }
    PUNKNOWN(*Object)->AddRef();
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CDMusUartStream::ConnectOutput(PMXF sinkMXF) {
    PAGED_CODE();
    if (!sinkMXF || m_pSink != m_pAllocator) return STATUS_INVALID_PARAMETER;
    sinkMXF->AddRef();
    m_pSink = sinkMXF;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CDMusUartStream::DisconnectOutput(PMXF sinkMXF) {
    PAGED_CODE();
    if (m_pSink == m_pAllocator || (sinkMXF && sinkMXF != m_pSink)) return STATUS_INVALID_PARAMETER;
    m_pSink->Release();
    m_pSink = m_pAllocator;
    return STATUS_SUCCESS;
}

#pragma code_seg()

// Output that is not on the wire yet is held outside RUN, and given up in STOP (MX-030).
STDMETHODIMP_(NTSTATUS) CDMusUartStream::SetState(KSSTATE State) {
    DMUSUART_SET_STATE request = {m_pMiniport, State, m_fCapture, m_pClock};
    NTSTATUS ntStatus =
        m_pMiniport->m_pInterruptSync->CallSynchronizedRoutine(DMusUartSynchronizedSetState, PVOID(&request));
    if (!NT_SUCCESS(ntStatus)) return ntStatus;

    KIRQL oldIrql;
    KeAcquireSpinLock(&m_Lock, &oldIrql);
    m_State = State;
    if (State == KSSTATE_STOP) DropEvents();
    if (State == KSSTATE_RUN) Send();
    KeReleaseSpinLock(&m_Lock, oldIrql);
    return STATUS_SUCCESS;
}

// NULL asks a capture stream for what it has (DM-003).
STDMETHODIMP_(NTSTATUS) CDMusUartStream::PutMessage(PDMUS_KERNEL_EVENT pDMKEvt) {
    if (m_fCapture) {
        if (pDMKEvt) return m_pAllocator->PutMessage(pDMKEvt);
        PushInput();
        return STATUS_SUCCESS;
    }
    if (!pDMKEvt) return STATUS_SUCCESS;

    KeAcquireSpinLockAtDpcLevel(&m_Lock);
    BOOLEAN idle = m_pFirst == NULL;
    *m_ppEnd = pDMKEvt;
    while (*m_ppEnd) m_ppEnd = &(*m_ppEnd)->pNextEvt;
    // What waits behind another event waits for the timer with it.
    if (idle && m_State == KSSTATE_RUN) Send();
    KeReleaseSpinLockFromDpcLevel(&m_Lock);
    return STATUS_SUCCESS;
}

// Under m_Lock. One event after the other, as far as the device takes them; the rest waits for the timer.
void CDMusUartStream::Send(void) {
    while (m_pFirst) {
        ULONG left = 0;
        NTSTATUS ntStatus = SendFirst(&left);
        if (NT_SUCCESS(ntStatus) && left) {
            LARGE_INTEGER due;
            due.QuadPart = -kRetryInterval;
            KeSetTimer(&m_Timer, due, &m_Dpc);
            return;
        }
        PDMUS_KERNEL_EVENT sent = m_pFirst;
        m_pFirst = sent->pNextEvt;
        if (!m_pFirst) m_ppEnd = &m_pFirst;
        m_Written = 0;
        sent->pNextEvt = NULL;
        m_pAllocator->PutMessage(sent);
    }
}

// What is left of the first event when the device is busy. A package holds events of its own: they take its
// place.
NTSTATUS CDMusUartStream::SendFirst(PULONG Left) {
    PDMUS_KERNEL_EVENT event = m_pFirst;
    *Left = 0;
    if (PACKAGE_EVT(event)) {
        PDMUS_KERNEL_EVENT inside = event->uData.pPackageEvt;
        event->uData.pPackageEvt = NULL;
        if (!inside) return STATUS_SUCCESS;
        PDMUS_KERNEL_EVENT* end = &inside;
        while (*end) end = &(*end)->pNextEvt;
        *end = event->pNextEvt;
        event->pNextEvt = inside;
        if (!*end) m_ppEnd = end;
        return STATUS_SUCCESS;
    }
    PUCHAR bytes = SHORT_EVT(event) ? event->uData.abData : event->uData.pbData;
    ULONG written = 0;
    NTSTATUS ntStatus = m_pMiniport->Write(bytes + m_Written, event->cbEvent - m_Written, &written);
    m_Written += written;
    *Left = event->cbEvent - m_Written;
    return ntStatus;
}

// Under m_Lock.
void CDMusUartStream::DropEvents(void) {
    KeCancelTimer(&m_Timer);
    if (m_pFirst) m_pAllocator->PutMessage(m_pFirst);
    m_pFirst = NULL;
    m_ppEnd = &m_pFirst;
    m_Written = 0;
}

VOID NTAPI CDMusUartStream::RetryDpc(PKDPC, PVOID Context, PVOID, PVOID) {
    CDMusUartStream* that = (CDMusUartStream*)Context;
    KeAcquireSpinLockAtDpcLevel(&that->m_Lock);
    if (that->m_State == KSSTATE_RUN) that->Send();
    KeReleaseSpinLockFromDpcLevel(&that->m_Lock);
}

// The bytes that came, in events with the time of their first one. Each is a part of the stream of bytes, not
// a message (MX-038). Without an event they wait for the next service.
void CDMusUartStream::PushInput(void) {
    CMiniportDMusUart* that = m_pMiniport;
    while (that->m_InputHead != that->m_InputTail) {
        PDMUS_KERNEL_EVENT event = NULL;
        if (!NT_SUCCESS(m_pAllocator->GetMessage(&event))) return;
        event->usChannelGroup = 1;
        event->ullBytePosition = kBytePositionNone;
        event->ullPresTime100ns = that->m_InputFifo[that->m_InputHead % kInputFifoSize].Time;
        SET_INCOMPLETE_EVT(event);
        while (AppendInput(event)) continue;
        m_pSink->PutMessage(event);
    }
}

// FALSE when the event is full, nothing is left, or a message begins: that has a time of its own.
BOOLEAN CDMusUartStream::AppendInput(PDMUS_KERNEL_EVENT Event) {
    CMiniportDMusUart* that = m_pMiniport;
    if (that->m_InputHead == that->m_InputTail || Event->cbEvent == sizeof(PBYTE)) return FALSE;
    UCHAR byte = that->m_InputFifo[that->m_InputHead % kInputFifoSize].Byte;
    if (Event->cbEvent != 0 && byte >= 0x80) return FALSE;
    Event->uData.abData[Event->cbEvent] = byte;
    Event->cbEvent++;
    that->m_InputHead = that->m_InputHead + 1;
    return TRUE;
}
