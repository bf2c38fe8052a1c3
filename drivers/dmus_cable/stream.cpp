#include "dmus_cable.h"

#pragma code_seg("PAGE")

STDMETHODIMP_(NTSTATUS) CDMusCableStream::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
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

STDMETHODIMP_(NTSTATUS) CDMusCableStream::ConnectOutput(PMXF sinkMXF) {
    PAGED_CODE();
    if (!sinkMXF) return STATUS_INVALID_PARAMETER;
    sinkMXF->AddRef();
    m_Sink = sinkMXF;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CDMusCableStream::DisconnectOutput(PMXF sinkMXF) {
    PAGED_CODE();
    if (!m_Sink || sinkMXF != m_Sink) return STATUS_INVALID_PARAMETER;
    m_Sink->Release();
    m_Sink = NULL;
    return STATUS_SUCCESS;
}

#pragma code_seg()

void CDMusCableStream::Init(CMiniportDMusCable* Miniport, BOOLEAN Capture, PAllocatorMXF Allocator,
                            PMASTERCLOCK Clock) {
    m_Miniport = Miniport;
    m_Miniport->AddRef();
    m_Allocator = Allocator;
    m_Allocator->AddRef();
    m_Clock = Clock;
    m_Clock->AddRef();
    m_fCapture = Capture;
    m_State = KSSTATE_STOP;
    m_End = &m_First;
    if (!Capture) return;
    KIRQL oldIrql;
    KeAcquireSpinLock(&m_Miniport->m_Lock, &oldIrql);
    m_Miniport->m_Capture = this;
    KeReleaseSpinLock(&m_Miniport->m_Lock, oldIrql);
}

CDMusCableStream::~CDMusCableStream() {
    if (!m_Miniport) return;
    KIRQL oldIrql;
    KeAcquireSpinLock(&m_Miniport->m_Lock, &oldIrql);
    if (m_Miniport->m_Capture == this) m_Miniport->m_Capture = NULL;
    KeReleaseSpinLock(&m_Miniport->m_Lock, oldIrql);
    m_Clock->Release();
    m_Allocator->Release();
    m_Miniport->Release();
}

// What was captured is thrown away outside PAUSE and RUN.
STDMETHODIMP_(NTSTATUS) CDMusCableStream::SetState(KSSTATE State) {
    KIRQL oldIrql;
    KeAcquireSpinLock(&m_Miniport->m_Lock, &oldIrql);
    m_State = State;
    PDMUS_KERNEL_EVENT stale = State < KSSTATE_PAUSE ? TakeAll() : NULL;
    KeReleaseSpinLock(&m_Miniport->m_Lock, oldIrql);
    if (stale) m_Allocator->PutMessage(stale);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CDMusCableStream::PutMessage(PDMUS_KERNEL_EVENT pDMKEvt) {
    if (!m_fCapture) {
        if (!pDMKEvt) return STATUS_SUCCESS;
        m_Miniport->Carry(pDMKEvt);
        return m_Allocator->PutMessage(pDMKEvt);
    }
    if (pDMKEvt) return m_Allocator->PutMessage(pDMKEvt);
    KeAcquireSpinLockAtDpcLevel(&m_Miniport->m_Lock);
    PDMUS_KERNEL_EVENT events = TakeAll();
    KeReleaseSpinLockFromDpcLevel(&m_Miniport->m_Lock);
    if (!events) return STATUS_SUCCESS;
    return m_Sink ? m_Sink->PutMessage(events) : m_Allocator->PutMessage(events);
}

// Under the lock: the events that wait, in a chain.
PDMUS_KERNEL_EVENT CDMusCableStream::TakeAll(void) {
    PDMUS_KERNEL_EVENT events = m_First;
    m_First = NULL;
    m_End = &m_First;
    return events;
}

// Under the lock: the event once more, with the time at which it came through. FALSE: it is lost.
BOOLEAN CDMusCableStream::Copy(PDMUS_KERNEL_EVENT Event) {
    PDMUS_KERNEL_EVENT copy = NULL;
    if (PACKAGE_EVT(Event) || Event->cbEvent > m_Allocator->GetBufferSize()) return FALSE;
    if (!NT_SUCCESS(m_Allocator->GetMessage(&copy))) return FALSE;
    PBYTE to = copy->uData.abData;
    if (!SHORT_EVT(Event)) {
        if (!NT_SUCCESS(m_Allocator->GetBuffer(&to))) {
            m_Allocator->PutMessage(copy);
            return FALSE;
        }
        copy->uData.pbData = to;
    }
    RtlCopyMemory(to, SHORT_EVT(Event) ? Event->uData.abData : Event->uData.pbData, Event->cbEvent);
    copy->cbEvent = Event->cbEvent;
    copy->usChannelGroup = Event->usChannelGroup;
    copy->usFlags = Event->usFlags;
    copy->ullBytePosition = kBytePositionNone;
    m_Clock->GetTime(&copy->ullPresTime100ns);
    *m_End = copy;
    m_End = &copy->pNextEvt;
    return TRUE;
}
