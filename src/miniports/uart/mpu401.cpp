#include "mpu401.h"

// The next byte of the device's answer; FALSE if none comes in time.
BOOLEAN CMpu401::WaitForInput(PUCHAR Byte) {
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
BOOLEAN CMpu401::WaitForOutput(void) {
    ULONGLONG start = PcGetTimeInterval(0);
    do {
        if (OutputReady()) return TRUE;
    } while (PcGetTimeInterval(start) < GTI_MILLISECONDS(kDeviceTimeoutMs));
    return FALSE;
}

BOOLEAN CMpu401::OutputReady(void) {
    if (!(ReadStatus() & kStatusOutputFull)) return TRUE;
    DrainInput();
    return !(ReadStatus() & kStatusOutputFull);
}

// UA-015. A unit in UART mode executes a first reset without an answer (MP-003, MP-013); the second one must
// answer.
NTSTATUS CMpu401::ResetToUartMode(void) {
    UCHAR answer = 0;

    m_fPoweredDown = FALSE;
    m_fUartMode = FALSE;
    m_OutputRefusedSince = 0;
    if (!WaitForOutput()) return STATUS_IO_DEVICE_ERROR;
    WRITE_PORT_UCHAR(m_pPortBase + kCommandPort, kCommandReset);
    WaitForInput(&answer);

    if (!WaitForOutput()) return STATUS_IO_DEVICE_ERROR;
    WRITE_PORT_UCHAR(m_pPortBase + kCommandPort, kCommandReset);
    if (!WaitForInput(&answer) || answer != kAcknowledge) return STATUS_IO_DEVICE_ERROR;

    // The answer to this one comes as an interrupt.
    m_fAcknowledgePending = TRUE;
    WRITE_PORT_UCHAR(m_pPortBase + kCommandPort, kCommandUartMode);
    m_fUartMode = TRUE;
    return STATUS_SUCCESS;
}

void CMpu401::PowerDown(void) {
    m_fPoweredDown = TRUE;
    m_fUartMode = FALSE;
}

// FALSE: another device on the line, or an interrupt that comes late (LC-041).
BOOLEAN CMpu401::ServiceInterrupt(void) {
    return !m_fPoweredDown && DrainInput();
}

// Reads while data is ready; a device that is gone reads as all ones, which is "no data" (LC-055). A device
// stuck at "ready" holds the processor for no more than a FIFO's worth. TRUE if there was any. The answer to
// UART mode is no input.
BOOLEAN CMpu401::DrainInput(void) {
    ULONG count = 0;
    while (count < kInputFifoSize && !(ReadStatus() & kStatusInputEmpty)) {
        UCHAR byte = READ_PORT_UCHAR(m_pPortBase + kDataPort);
        BOOLEAN acknowledge = m_fAcknowledgePending && byte == kAcknowledge;
        m_fAcknowledgePending = FALSE;
        if (!acknowledge) StoreInput(byte);
        count++;
    }
    if (count) InputStored();
    return count != 0;
}

// UA-013: at a multiple of four a busy device ends the write, so that the caller can come back later; inside
// it is waited for. A device that keeps refusing for the time-out is broken, not busy (MS-044, MS-046).
NTSTATUS CMpu401::WriteBytes(const UCHAR* Bytes, ULONG Length, PULONG Written) {
    while (*Written < Length) {
        if (!OutputReady()) {
            if (*Written % 4 == 0) {
                if (m_OutputRefusedSince == 0) {
                    m_OutputRefusedSince = PcGetTimeInterval(0);
                    return STATUS_SUCCESS;
                }
                return PcGetTimeInterval(m_OutputRefusedSince) < GTI_MILLISECONDS(kDeviceTimeoutMs)
                           ? STATUS_SUCCESS
                           : STATUS_IO_DEVICE_ERROR;
            }
            if (!WaitForOutput()) return STATUS_IO_DEVICE_ERROR;
        }
        WRITE_PORT_UCHAR(m_pPortBase + kDataPort, Bytes[*Written]);
        *Written = *Written + 1;
        m_OutputRefusedSince = 0;
    }
    return STATUS_SUCCESS;
}
