// The MPU-401 in UART mode and its MIDI miniport (CLSID_MiniportDriverUart; UA-001..UA-016).
#ifndef _UART_H_
#define _UART_H_

#define STR_MODULENAME "uart: "

#include <portcls.h>
#include <stdunk.h>
#include <ksdebug.h>

#define UART_POOL_TAG 'traU'

// Registers, relative to the base port (MP-001).
enum { kDataPort = 0, kStatusPort = 1, kCommandPort = 1 };

// Status bits are active low: 0 = a byte waits (DSR), 0 = a byte is accepted (DRR). The other bits mean
// nothing (MP-002).
enum { kStatusInputEmpty = 0x80, kStatusOutputFull = 0x40 };

enum { kCommandReset = 0xFF, kCommandUartMode = 0x3F, kAcknowledge = 0xFE };

// How long the device may take for a byte or an answer.
const ULONG kDeviceTimeoutMs = 50;

// Bytes received and not yet read by the port. A power of two.
const ULONG kInputFifoSize = 512;

enum { kPinRender = 0, kPinRenderBridge, kPinCapture, kPinCaptureBridge, kPinCount };

class CMiniportMidiUart : public IMiniportMidi,
                          public IMusicTechnology,
                          public IPowerNotify,
                          public CUnknown {
  private:
    PPORTMIDI m_pPort;
    PSERVICEGROUP m_pServiceGroup;
    PINTERRUPTSYNC m_pInterruptSync;
    BOOLEAN m_fOwnInterruptSync;
    PUCHAR m_pPortBase;

    BOOLEAN m_fRenderOpen;
    BOOLEAN m_fCaptureOpen;

    // Shared with the ISR; written inside synchronised routines.
    volatile KSSTATE m_CaptureState;
    BOOLEAN m_fUartMode;
    BOOLEAN m_fAcknowledgePending;
    BOOLEAN m_fPoweredDown;

    // The ISR advances the tail, Read the head; both count for ever.
    volatile ULONG m_InputHead;
    volatile ULONG m_InputTail;
    UCHAR m_InputFifo[kInputFifoSize];

    // When the device first refused a byte, 0 = it took the last one. 100 ns units.
    ULONGLONG m_OutputRefusedSince;

    // The tables are the instance's own, because the technology is (MT-008).
    KSDATARANGE_MUSIC m_StreamRange;
    PKSDATARANGE m_StreamRanges[1];
    PCPIN_DESCRIPTOR m_Pins[kPinCount];
    PCFILTER_DESCRIPTOR m_FilterDescriptor;

    void BuildDescriptor(void);
    NTSTATUS ProcessResources(PRESOURCELIST ResourceList);
    NTSTATUS AcquireInterruptSync(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList);
    NTSTATUS CreateServiceGroup(PSERVICEGROUP* ServiceGroup);
    void ReleaseAll(void);
    NTSTATUS InitializeHardware(void);

    UCHAR ReadStatus(void) { return READ_PORT_UCHAR(m_pPortBase + kStatusPort); }
    BOOLEAN WaitForInput(PUCHAR Byte);
    BOOLEAN WaitForOutput(void);
    NTSTATUS ResetToUartMode(void);
    BOOLEAN DrainInput(void);
    void StoreInput(UCHAR Byte);
    BOOLEAN OutputReady(void);

    friend NTSTATUS NTAPI UartInterruptService(PINTERRUPTSYNC InterruptSync, PVOID DynamicContext);
    friend NTSTATUS NTAPI UartSynchronizedInitialize(PINTERRUPTSYNC InterruptSync, PVOID DynamicContext);
    friend NTSTATUS NTAPI UartSynchronizedPowerDown(PINTERRUPTSYNC InterruptSync, PVOID DynamicContext);
    friend NTSTATUS NTAPI UartSynchronizedSetState(PINTERRUPTSYNC InterruptSync, PVOID DynamicContext);
    friend NTSTATUS NTAPI UartSynchronizedWrite(PINTERRUPTSYNC InterruptSync, PVOID DynamicContext);
    friend class CMiniportMidiStreamUart;

  public:
    DECLARE_STD_UNKNOWN();
    CMiniportMidiUart(PUNKNOWN pUnknownOuter);
    ~CMiniportMidiUart();

    IMP_IMiniportMidi;
    IMP_IMusicTechnology;
    IMP_IPowerNotify;
};

class CMiniportMidiStreamUart : public IMiniportMidiStream, public CUnknown {
  private:
    CMiniportMidiUart* m_pMiniport;
    BOOLEAN m_fCapture;
    KSSTATE m_State;

  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CMiniportMidiStreamUart);
    ~CMiniportMidiStreamUart();

    void Init(CMiniportMidiUart* Miniport, BOOLEAN Capture);

    IMP_IMiniportMidiStream;
};

// What the synchronised routines work on.
typedef struct {
    CMiniportMidiUart* Miniport;
    KSSTATE State;
    BOOLEAN Capture;
} UART_SET_STATE;

typedef struct {
    CMiniportMidiUart* Miniport;
    PUCHAR Bytes;
    ULONG Length;
    ULONG Written;
} UART_WRITE;

NTSTATUS CreateMiniportMidiUART(PUNKNOWN* Unknown, REFCLSID ClassId, PUNKNOWN UnknownOuter,
                                POOL_TYPE PoolType);

NTSTATUS NTAPI UartInterruptService(PINTERRUPTSYNC InterruptSync, PVOID DynamicContext);
NTSTATUS NTAPI UartSynchronizedInitialize(PINTERRUPTSYNC InterruptSync, PVOID DynamicContext);
NTSTATUS NTAPI UartSynchronizedPowerDown(PINTERRUPTSYNC InterruptSync, PVOID DynamicContext);
NTSTATUS NTAPI UartSynchronizedSetState(PINTERRUPTSYNC InterruptSync, PVOID DynamicContext);
NTSTATUS NTAPI UartSynchronizedWrite(PINTERRUPTSYNC InterruptSync, PVOID DynamicContext);

#endif
