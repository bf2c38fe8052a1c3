#include "mpu401.h"

// What a synchronised routine works on.
typedef struct {
    CMpu401* Device;
    const UCHAR* Bytes;
    ULONG Length;
    ULONG Written;
} MPU401_WRITE;

NTSTATUS NTAPI Mpu401InterruptService(PINTERRUPTSYNC, PVOID DynamicContext) {
    CMpu401* that = ((MPU401_CONTEXT*)DynamicContext)->Device;
    if (!that) return STATUS_UNSUCCESSFUL;
    // LC-041: another device on the line, or an interrupt that comes late.
    if (that->m_fPoweredDown) return STATUS_UNSUCCESSFUL;
    return that->DrainInput() ? STATUS_SUCCESS : STATUS_UNSUCCESSFUL;
}

NTSTATUS NTAPI Mpu401SynchronizedInitialize(PINTERRUPTSYNC, PVOID DynamicContext) {
    return ((CMpu401*)DynamicContext)->ResetToUartMode();
}

// From now on the interrupt routine has nothing to look at.
NTSTATUS NTAPI Mpu401SynchronizedDetach(PINTERRUPTSYNC, PVOID DynamicContext) {
    ((MPU401_CONTEXT*)DynamicContext)->Device = NULL;
    return STATUS_SUCCESS;
}

// A device that lost its power has forgotten UART mode.
NTSTATUS NTAPI Mpu401SynchronizedPowerDown(PINTERRUPTSYNC, PVOID DynamicContext) {
    CMpu401* that = (CMpu401*)DynamicContext;
    that->m_fPoweredDown = TRUE;
    that->m_fUartMode = FALSE;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI Mpu401SynchronizedWrite(PINTERRUPTSYNC, PVOID DynamicContext) {
    MPU401_WRITE* request = (MPU401_WRITE*)DynamicContext;
    return request->Device->WriteBytes(request->Bytes, request->Length, &request->Written);
}

NTSTATUS CMpu401::Write(const UCHAR* Bytes, ULONG Length, PULONG Written) {
    MPU401_WRITE request = {this, Bytes, Length, 0};
    NTSTATUS ntStatus = m_pInterruptSync->CallSynchronizedRoutine(Mpu401SynchronizedWrite, PVOID(&request));
    *Written = request.Written;
    return ntStatus;
}

#pragma code_seg("PAGE")

NTSTATUS CMpu401::ProcessResources(PRESOURCELIST ResourceList) {
    PAGED_CODE();
    if (!ResourceList || ResourceList->NumberOfPorts() != 1 || ResourceList->NumberOfInterrupts() != 1 ||
        ResourceList->NumberOfDmas() != 0) {
        return STATUS_DEVICE_CONFIGURATION_ERROR;
    }
    PCM_PARTIAL_RESOURCE_DESCRIPTOR port = ResourceList->FindTranslatedPort(0);
    if (!port) return STATUS_DEVICE_CONFIGURATION_ERROR;
    m_pPortBase = PUCHAR(port->u.Port.Start.QuadPart);
    return STATUS_SUCCESS;
}

// An adapter may share its sync object (MM-012); else the miniport owns one on its own interrupt.
NTSTATUS CMpu401::AcquireInterruptSync(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList) {
    PAGED_CODE();
    m_pContext = (MPU401_CONTEXT*)ExAllocatePoolWithTag(NonPagedPool, sizeof(MPU401_CONTEXT), kMpu401PoolTag);
    if (!m_pContext) return STATUS_INSUFFICIENT_RESOURCES;
    m_pContext->Device = this;

    NTSTATUS ntStatus = STATUS_NOINTERFACE;
    if (UnknownAdapter) {
        ntStatus = UnknownAdapter->QueryInterface(IID_IInterruptSync, (PVOID*)&m_pInterruptSync);
    }
    if (!NT_SUCCESS(ntStatus) || !m_pInterruptSync) {
        m_fOwnInterruptSync = TRUE;
        ntStatus = PcNewInterruptSync(&m_pInterruptSync, NULL, ResourceList, 0, InterruptSyncModeNormal);
    }
    if (!NT_SUCCESS(ntStatus)) return ntStatus;

    ntStatus = m_pInterruptSync->RegisterServiceRoutine(Mpu401InterruptService, PVOID(m_pContext), TRUE);
    if (NT_SUCCESS(ntStatus) && m_fOwnInterruptSync) ntStatus = m_pInterruptSync->Connect();
    return ntStatus;
}

NTSTATUS CMpu401::InitializeHardware(void) {
    PAGED_CODE();
    return m_pInterruptSync->CallSynchronizedRoutine(Mpu401SynchronizedInitialize, PVOID(this));
}

void CMpu401::ChangePower(POWER_STATE PowerState) {
    PAGED_CODE();
    if (PowerState.DeviceState == PowerDeviceD0) {
        InitializeHardware();
    } else {
        m_pInterruptSync->CallSynchronizedRoutine(Mpu401SynchronizedPowerDown, PVOID(this));
    }
}

void CMpu401::ReleaseDevice(void) {
    PAGED_CODE();
    // A shared object keeps the routine, and with it the context, as long as it lives (IS-022).
    BOOLEAN keeps = m_pInterruptSync && !m_fOwnInterruptSync;
    if (m_pInterruptSync) {
        m_pInterruptSync->CallSynchronizedRoutine(Mpu401SynchronizedDetach, PVOID(m_pContext));
        if (m_fOwnInterruptSync) m_pInterruptSync->Disconnect();
        m_pInterruptSync->Release();
        m_pInterruptSync = NULL;
    }
    if (m_pContext && !keeps) ExFreePoolWithTag(m_pContext, kMpu401PoolTag);
    m_pContext = NULL;
    if (m_pServiceGroup) {
        m_pServiceGroup->Release();
        m_pServiceGroup = NULL;
    }
}

#pragma code_seg()

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
