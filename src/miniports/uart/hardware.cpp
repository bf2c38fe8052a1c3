// What the miniport does at the device's IRQL, in the ISR or in a synchronised routine.
#include "uart.h"

// A byte is MIDI input if the stream runs, and otherwise nobody's. A full FIFO keeps what it has.
void CMiniportMidiUart::StoreInput(UCHAR Byte) {
    if (m_CaptureState != KSSTATE_RUN) return;
    if (m_InputTail - m_InputHead >= kInputFifoSize) return;
    m_InputFifo[m_InputTail % kInputFifoSize] = Byte;
    m_InputTail = m_InputTail + 1;
}

void CMiniportMidiUart::InputStored(void) {
    if (m_CaptureState == KSSTATE_RUN && m_pServiceGroup) m_pPort->Notify(m_pServiceGroup);
}

// The capture state and the FIFO change together as far as the ISR can see (UA-014).
NTSTATUS NTAPI UartSynchronizedSetState(PINTERRUPTSYNC, PVOID DynamicContext) {
    UART_SET_STATE* request = (UART_SET_STATE*)DynamicContext;
    CMiniportMidiUart* that = request->Miniport;
    if (request->State == KSSTATE_RUN && !that->m_fUartMode) return STATUS_INVALID_DEVICE_STATE;
    if (!request->Capture) {
        that->m_OutputRefusedSince = 0;
        return STATUS_SUCCESS;
    }
    that->m_CaptureState = request->State;
    if (request->State == KSSTATE_STOP) that->m_InputHead = that->m_InputTail;
    return STATUS_SUCCESS;
}
