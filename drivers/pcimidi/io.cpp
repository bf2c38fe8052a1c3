// Registers, the interrupt, and bytes: everything here runs at the device's IRQL, one at a time.
#include "card.h"

#include "io.tmh"

_Use_decl_annotations_ ULONG CCard::ReadRegister(ULONG Offset) {
    if (m_InMemory) return READ_REGISTER_ULONG(reinterpret_cast<PULONG>(m_Registers + Offset));
    return READ_PORT_ULONG(reinterpret_cast<PULONG>(m_Registers + Offset));
}

_Use_decl_annotations_ void CCard::WriteRegister(ULONG Offset, ULONG Value) {
    if (m_InMemory) {
        WRITE_REGISTER_ULONG(reinterpret_cast<PULONG>(m_Registers + Offset), Value);
    } else {
        WRITE_PORT_ULONG(reinterpret_cast<PULONG>(m_Registers + Offset), Value);
    }
}

_Use_decl_annotations_ ULONG CCard::ReadPort(PCHANNEL Channel, PortRegister Register) {
    return ReadRegister(CARD_PORTS + 0x10 * static_cast<ULONG>(Channel - m_Channels) + Register);
}

_Use_decl_annotations_ void CCard::WritePort(PCHANNEL Channel, PortRegister Register, ULONG Value) {
    WriteRegister(CARD_PORTS + 0x10 * static_cast<ULONG>(Channel - m_Channels) + Register, Value);
}

// ---- rings ----

static ULONG RingCount(_In_ const RING* Ring) {
    return Ring->Head - Ring->Tail;
}

static void RingPut(_Inout_ PRING Ring, _In_ UCHAR Byte) {
    Ring->Bytes[Ring->Head++ & (Ring->Size - 1)] = Byte;
}

static UCHAR RingGet(_Inout_ PRING Ring) {
    return Ring->Bytes[Ring->Tail++ & (Ring->Size - 1)];
}

// ---- out ----

// Has the bus master fetch the next bytes that lie in one piece.
_Use_decl_annotations_ void CCard::SendByMaster(PCHANNEL Channel) {
    PRING ring = &Channel->Output;
    ULONG count = RingCount(ring);
    if (Channel->InFlight != 0 || count == 0) return;
    ULONG at = ring->Tail & (ring->Size - 1);
    if (count > ring->Size - at) count = ring->Size - at;
    if (count > DMA_CHUNK) count = DMA_CHUNK;
    Channel->InFlight = count;
    KeMemoryBarrier();
    WriteRegister(CARD_DMA_ADDRESS, m_CommonLogical.LowPart + at);
    WriteRegister(CARD_DMA_LENGTH, count);
    WriteRegister(CARD_DMA_CONTROL, DMA_GO);
}

// Fills the port's own FIFO; an interrupt tells when there is room for the rest.
_Use_decl_annotations_ void CCard::SendByPort(PCHANNEL Channel) {
    PRING ring = &Channel->Output;
    while (RingCount(ring) != 0 && (ReadPort(Channel, PORT_STATUS) & PORT_TAKES_BYTE)) {
        WritePort(Channel, PORT_DATA, RingGet(ring));
    }
    ULONG control = PORT_RECEIVE_INTERRUPT;
    if (RingCount(ring) != 0) control |= PORT_TRANSMIT_INTERRUPT;
    WritePort(Channel, PORT_CONTROL, control);
}

_Use_decl_annotations_ void CCard::Send(PCHANNEL Channel) {
    if (!m_Running) return;
    if (Channel->IsMaster) {
        SendByMaster(Channel);
    } else {
        SendByPort(Channel);
    }
}

// Half of the ring is worth a call.
_Use_decl_annotations_ void CCard::TellWriter(PCHANNEL Channel) {
    if (!Channel->WriterWaits || RingCount(&Channel->Output) > OUTPUT_SIZE / 2) return;
    Channel->WriterWaits = FALSE;
    if (Channel->Port != nullptr) Channel->Port->Notify(Channel->ServiceGroup);
}

// ---- the interrupt ----

BOOLEAN CCard::MasterIsDone(void) {
    if (m_CommonBuffer == nullptr) return FALSE;
    ULONG cause = ReadRegister(CARD_INTERRUPT);
    if (cause == CARD_GONE || !(cause & INTERRUPT_DMA_DONE)) return FALSE;
    WriteRegister(CARD_INTERRUPT, INTERRUPT_DMA_DONE);
    for (ULONG i = 0; i < m_PortCount; i++) {
        CHANNEL& channel = m_Channels[i];
        if (!channel.IsMaster) continue;
        channel.Output.Tail += channel.InFlight;
        channel.InFlight = 0;
        SendByMaster(&channel);
        TellWriter(&channel);
    }
    return TRUE;
}

// A card that is gone reads as all ones, which must not be taken for input without end.
_Use_decl_annotations_ BOOLEAN CCard::TakeInput(PCHANNEL Channel) {
    BOOLEAN any = FALSE;
    BOOLEAN stored = FALSE;
    for (ULONG i = 0; i < INPUT_SIZE; i++) {
        ULONG status = ReadPort(Channel, PORT_STATUS);
        if (status == CARD_GONE || !(status & PORT_HAS_BYTE)) break;
        UCHAR byte = static_cast<UCHAR>(ReadPort(Channel, PORT_DATA));
        WritePort(Channel, PORT_STATUS, PORT_HAS_BYTE);
        any = TRUE;
        if (Channel->CaptureState != KSSTATE_RUN || RingCount(&Channel->Input) == INPUT_SIZE) continue;
        RingPut(&Channel->Input, byte);
        stored = TRUE;
    }
    if (stored && Channel->Port != nullptr) Channel->Port->Notify(Channel->ServiceGroup);
    return any;
}

// The line is shared: what is not this card's is left to others.
NTSTATUS NTAPI CCard::InterruptService(PINTERRUPTSYNC, PVOID Context) {
    auto* card = static_cast<CCard*>(Context);
    if (!card->m_Running) return STATUS_UNSUCCESSFUL;
    BOOLEAN ours = card->MasterIsDone();
    for (ULONG i = 0; i < card->m_PortCount; i++) {
        PCHANNEL channel = &card->m_Channels[i];
        ours |= card->TakeInput(channel);
        if (channel->IsMaster || RingCount(&channel->Output) == 0) continue;
        ULONG before = RingCount(&channel->Output);
        card->SendByPort(channel);
        ours |= RingCount(&channel->Output) != before;
        card->TellWriter(channel);
    }
    return ours ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

// ---- streams ----

typedef struct _TRANSFER {
    CCard* Card;
    PCHANNEL Channel;
    KSSTATE State;
    PUCHAR Bytes;
    ULONG Length;
    ULONG Done;
} TRANSFER;

NTSTATUS NTAPI CCard::SynchronizedCapture(PINTERRUPTSYNC, PVOID Context) {
    auto* transfer = static_cast<TRANSFER*>(Context);
    PCHANNEL channel = transfer->Channel;
    channel->CaptureState = transfer->State;
    if (transfer->State == KSSTATE_STOP) channel->Input.Tail = channel->Input.Head;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI CCard::SynchronizedRead(PINTERRUPTSYNC, PVOID Context) {
    auto* transfer = static_cast<TRANSFER*>(Context);
    PRING ring = &transfer->Channel->Input;
    while (transfer->Done < transfer->Length && RingCount(ring) != 0) {
        transfer->Bytes[transfer->Done++] = RingGet(ring);
    }
    return STATUS_SUCCESS;
}

// The whole message, or as many groups of four bytes of it as there is room for.
NTSTATUS NTAPI CCard::SynchronizedWrite(PINTERRUPTSYNC, PVOID Context) {
    auto* transfer = static_cast<TRANSFER*>(Context);
    PRING ring = &transfer->Channel->Output;
    ULONG space = ring->Size - RingCount(ring);
    ULONG count = transfer->Length <= space ? transfer->Length : space & ~3u;
    transfer->Channel->WriterWaits = count < transfer->Length;
    while (transfer->Done < count) RingPut(ring, transfer->Bytes[transfer->Done++]);
    transfer->Card->Send(transfer->Channel);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(void) CCard::SetCapture(ULONG Index, KSSTATE State) {
    TRANSFER transfer = {this, &m_Channels[Index], State, nullptr, 0, 0};
    m_InterruptSync->CallSynchronizedRoutine(SynchronizedCapture, &transfer);
}

STDMETHODIMP_(ULONG) CCard::Read(ULONG Index, PUCHAR Bytes, ULONG Length) {
    TRANSFER transfer = {this, &m_Channels[Index], KSSTATE_RUN, Bytes, Length, 0};
    m_InterruptSync->CallSynchronizedRoutine(SynchronizedRead, &transfer);
    return transfer.Done;
}

STDMETHODIMP_(ULONG) CCard::Write(ULONG Index, PUCHAR Bytes, ULONG Length) {
    TRANSFER transfer = {this, &m_Channels[Index], KSSTATE_RUN, Bytes, Length, 0};
    m_InterruptSync->CallSynchronizedRoutine(SynchronizedWrite, &transfer);
    return transfer.Done;
}
