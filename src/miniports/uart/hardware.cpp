// Everything that touches the ports. All of it runs at the device's IRQL, in the ISR or in a synchronised
// routine.
#include "uart.h"

// The next byte of the device's answer; FALSE if none comes in time.
BOOLEAN CMiniportMidiUart::WaitForInput(PUCHAR Byte) {
    ULONGLONG start = PcGetTimeInterval(0);
    do {
        if (!(ReadStatus() & kStatusInputEmpty)) {
            *Byte = READ_PORT_UCHAR(m_pPortBase + kDataPort);
            return TRUE;
        }
    } while (PcGetTimeInterval(start) < GTI_MILLISECONDS(kDeviceTimeoutMs));
    return FALSE;
}

// Some units refuse output until their input has been read (MP-014), so waiting reads it.
BOOLEAN CMiniportMidiUart::WaitForOutput(void) {
    ULONGLONG start = PcGetTimeInterval(0);
    do {
        if (OutputReady()) return TRUE;
    } while (PcGetTimeInterval(start) < GTI_MILLISECONDS(kDeviceTimeoutMs));
    return FALSE;
}

BOOLEAN CMiniportMidiUart::OutputReady(void) {
    if (!(ReadStatus() & kStatusOutputFull)) return TRUE;
    DrainInput();
    return !(ReadStatus() & kStatusOutputFull);
}

// UA-015. A unit in UART mode executes a first reset without an answer (MP-003, MP-013); the second one must
// answer.
NTSTATUS CMiniportMidiUart::ResetToUartMode(void) {
    UCHAR answer = 0;

    if (!WaitForOutput()) return STATUS_IO_DEVICE_ERROR;
    WRITE_PORT_UCHAR(m_pPortBase + kCommandPort, kCommandReset);
    WaitForInput(&answer);

    if (!WaitForOutput()) return STATUS_IO_DEVICE_ERROR;
    WRITE_PORT_UCHAR(m_pPortBase + kCommandPort, kCommandReset);
    if (!WaitForInput(&answer) || answer != kAcknowledge) return STATUS_IO_DEVICE_ERROR;

    // The answer to this one comes as an interrupt.
    m_fAcknowledgePending = TRUE;
    WRITE_PORT_UCHAR(m_pPortBase + kCommandPort, kCommandUartMode);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI UartSynchronizedInitialize(PINTERRUPTSYNC, PVOID DynamicContext) {
    CMiniportMidiUart* that = (CMiniportMidiUart*)DynamicContext;
    that->m_fPoweredDown = FALSE;
    that->m_fUartMode = FALSE;
    NTSTATUS ntStatus = that->ResetToUartMode();
    that->m_fUartMode = NT_SUCCESS(ntStatus);
    that->m_OutputRefusedSince = 0;
    return ntStatus;
}

NTSTATUS NTAPI UartSynchronizedPowerDown(PINTERRUPTSYNC, PVOID DynamicContext) {
    CMiniportMidiUart* that = (CMiniportMidiUart*)DynamicContext;
    that->m_fPoweredDown = TRUE;
    that->m_fUartMode = FALSE;
    return STATUS_SUCCESS;
}

// A byte is MIDI input if the stream runs, and otherwise nobody's; the answer to UART mode is neither. A full
// FIFO keeps what it has.
void CMiniportMidiUart::StoreInput(UCHAR Byte) {
    BOOLEAN acknowledge = m_fAcknowledgePending && Byte == kAcknowledge;
    m_fAcknowledgePending = FALSE;
    if (acknowledge || m_CaptureState != KSSTATE_RUN) return;
    if (m_InputTail - m_InputHead >= kInputFifoSize) return;
    m_InputFifo[m_InputTail % kInputFifoSize] = Byte;
    m_InputTail = m_InputTail + 1;
}

// Reads while data is ready; a device that is gone reads as all ones, which is "no data" (LC-055). A device
// stuck at "ready" holds the processor for no more than a FIFO's worth. TRUE if there was any.
BOOLEAN CMiniportMidiUart::DrainInput(void) {
    ULONG count = 0;
    while (count < kInputFifoSize && !(ReadStatus() & kStatusInputEmpty)) {
        StoreInput(READ_PORT_UCHAR(m_pPortBase + kDataPort));
        count++;
    }
    if (count && m_CaptureState == KSSTATE_RUN && m_pServiceGroup) m_pPort->Notify(m_pServiceGroup);
    return count != 0;
}

NTSTATUS NTAPI UartInterruptService(PINTERRUPTSYNC, PVOID DynamicContext) {
    CMiniportMidiUart* that = (CMiniportMidiUart*)DynamicContext;
    // LC-041: another device on the line, or an interrupt that comes late.
    if (that->m_fPoweredDown) return STATUS_UNSUCCESSFUL;
    return that->DrainInput() ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
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

// UA-013: at a multiple of four a busy device ends the write, so that the port can come back later; inside it
// is waited for. A device that keeps refusing for the time-out is broken, not busy (MS-044, MS-046).
NTSTATUS NTAPI UartSynchronizedWrite(PINTERRUPTSYNC, PVOID DynamicContext) {
    UART_WRITE* request = (UART_WRITE*)DynamicContext;
    CMiniportMidiUart* that = request->Miniport;
    while (request->Written < request->Length) {
        if (!that->OutputReady()) {
            if (request->Written % 4 == 0) {
                if (that->m_OutputRefusedSince == 0) {
                    that->m_OutputRefusedSince = PcGetTimeInterval(0);
                    return STATUS_SUCCESS;
                }
                return PcGetTimeInterval(that->m_OutputRefusedSince) < GTI_MILLISECONDS(kDeviceTimeoutMs)
                           ? STATUS_SUCCESS
                           : STATUS_IO_DEVICE_ERROR;
            }
            if (!that->WaitForOutput()) return STATUS_IO_DEVICE_ERROR;
        }
        WRITE_PORT_UCHAR(that->m_pPortBase + kDataPort, request->Bytes[request->Written]);
        request->Written++;
        that->m_OutputRefusedSince = 0;
    }
    return STATUS_SUCCESS;
}
