// An MPU-401 in UART mode (MP-001..MP-014), whichever miniport drives it: its resources, its interrupt, its
// registers. What touches the registers runs at the device's IRQL, in the ISR or in a synchronised routine.
#ifndef _MPU401_H_
#define _MPU401_H_

#include <portcls.h>

// Tells of a contract that the adapter broke; all of it literals (src/nt/ke/processors.cpp).
extern "C" NTKERNELAPI VOID NTAPI PorticoBrokenContract(PCSTR Requirement, PVOID Object, PCSTR Text);

// Registers, relative to the base port (MP-001).
enum { kDataPort = 0, kStatusPort = 1, kCommandPort = 1 };

// Status bits are active low: 0 = a byte waits (DSR), 0 = a byte is accepted (DRR). The other bits mean
// nothing (MP-002).
enum { kStatusInputEmpty = 0x80, kStatusOutputFull = 0x40 };

enum { kCommandReset = 0xFF, kCommandUartMode = 0x3F, kAcknowledge = 0xFE };

// How long the device may take for a byte or an answer.
const ULONG kDeviceTimeoutMs = 50;

// Bytes that one pass reads from the device, and that wait for the port. A power of two.
const ULONG kInputFifoSize = 512;

const ULONG kMpu401PoolTag = '104M';

class CMpu401;

// What the interrupt routine is given: it outlives the device object when the adapter's sync object does.
typedef struct {
    CMpu401* Device;  // NULL: gone. Written inside synchronised routines
} MPU401_CONTEXT;

class DECLSPEC_NOVTABLE CMpu401 {
  protected:
    PINTERRUPTSYNC m_pInterruptSync;
    MPU401_CONTEXT* m_pContext;
    BOOLEAN m_fOwnInterruptSync;
    PSERVICEGROUP m_pServiceGroup;

    PUCHAR m_pPortBase;
    BOOLEAN m_fUartMode;
    BOOLEAN m_fAcknowledgePending;
    BOOLEAN m_fPoweredDown;

    // When the device first refused a byte, 0 = it took the last one. 100 ns units.
    ULONGLONG m_OutputRefusedSince;

    // PASSIVE_LEVEL.
    NTSTATUS ProcessResources(PRESOURCELIST ResourceList);
    NTSTATUS AcquireInterruptSync(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList);
    NTSTATUS InitializeHardware(void);
    void ChangePower(POWER_STATE PowerState);
    void ReleaseDevice(void);
    // Any IRQL up to the device's.
    NTSTATUS Write(const UCHAR* Bytes, ULONG Length, PULONG Written);

    // At the device's IRQL, as is all that follows. A byte came that is no answer of the device's.
    virtual void StoreInput(UCHAR Byte) = 0;
    // So ends a pass in which any came.
    virtual void InputStored(void) = 0;

    UCHAR ReadStatus(void) { return READ_PORT_UCHAR(m_pPortBase + kStatusPort); }
    BOOLEAN WaitForInput(PUCHAR Byte);
    BOOLEAN WaitForOutput(void);
    BOOLEAN OutputReady(void);
    NTSTATUS ResetToUartMode(void);
    BOOLEAN DrainInput(void);
    NTSTATUS WriteBytes(const UCHAR* Bytes, ULONG Length, PULONG Written);

    friend NTSTATUS NTAPI Mpu401InterruptService(PINTERRUPTSYNC InterruptSync, PVOID DynamicContext);
    friend NTSTATUS NTAPI Mpu401SynchronizedInitialize(PINTERRUPTSYNC InterruptSync, PVOID DynamicContext);
    friend NTSTATUS NTAPI Mpu401SynchronizedPowerDown(PINTERRUPTSYNC InterruptSync, PVOID DynamicContext);
    friend NTSTATUS NTAPI Mpu401SynchronizedWrite(PINTERRUPTSYNC InterruptSync, PVOID DynamicContext);
};

#endif
