// What the miniport does at the device's IRQL, in the ISR or in a synchronised routine.
#include "dmusuart.h"

// A byte is MIDI input if the stream pauses or runs (MX-034), and otherwise nobody's. A full FIFO keeps what
// it has.
void CMiniportDMusUart::StoreInput(UCHAR Byte) {
    if (m_CaptureState < KSSTATE_PAUSE) return;
    if (m_InputTail - m_InputHead >= kInputFifoSize) return;
    DMUSUART_INPUT* input = &m_InputFifo[m_InputTail % kInputFifoSize];
    m_pCaptureClock->GetTime(&input->Time);
    input->Byte = Byte;
    m_InputTail = m_InputTail + 1;
}

void CMiniportDMusUart::InputStored(void) {
    if (m_CaptureState >= KSSTATE_PAUSE && m_pServiceGroup) m_pPort->Notify(m_pServiceGroup);
}

// The capture state, its clock and the FIFO change together as far as the ISR can see.
NTSTATUS NTAPI DMusUartSynchronizedSetState(PINTERRUPTSYNC, PVOID DynamicContext) {
    DMUSUART_SET_STATE* request = (DMUSUART_SET_STATE*)DynamicContext;
    CMiniportDMusUart* that = request->Miniport;
    if (request->State == KSSTATE_RUN && !that->m_fUartMode) return STATUS_INVALID_DEVICE_STATE;
    if (!request->Capture) {
        that->m_OutputRefusedSince = 0;
        return STATUS_SUCCESS;
    }
    that->m_CaptureState = request->State;
    that->m_pCaptureClock = request->Clock;
    if (request->State < KSSTATE_PAUSE) that->m_InputHead = that->m_InputTail;
    return STATUS_SUCCESS;
}
