// The MPU-401 in UART mode and its MIDI miniport (CLSID_MiniportDriverUart; UA-001..UA-016).
#ifndef _UART_H_
#define _UART_H_

#define STR_MODULENAME "uart: "

#include <portcls.h>
#include <stdunk.h>
#include <ksdebug.h>

#include "mpu401.h"

#define UART_POOL_TAG 'traU'

enum { kPinRender = 0, kPinRenderBridge, kPinCapture, kPinCaptureBridge, kPinCount };

class CMiniportMidiUart : public IMiniportMidi,
                          public IMusicTechnology,
                          public IPowerNotify,
                          public CUnknown,
                          public CMpu401 {
  private:
    PPORTMIDI m_pPort;

    BOOLEAN m_fRenderOpen;
    BOOLEAN m_fCaptureOpen;

    // Shared with the ISR; written inside synchronised routines.
    volatile KSSTATE m_CaptureState;

    // The ISR advances the tail, Read the head; both count for ever.
    volatile ULONG m_InputHead;
    volatile ULONG m_InputTail;
    UCHAR m_InputFifo[kInputFifoSize];

    // The tables are the instance's own, because the technology is (MT-008).
    KSDATARANGE_MUSIC m_StreamRange;
    PKSDATARANGE m_StreamRanges[1];
    PCPIN_DESCRIPTOR m_Pins[kPinCount];
    PCFILTER_DESCRIPTOR m_FilterDescriptor;

    void BuildDescriptor(void);
    NTSTATUS CreateServiceGroup(PSERVICEGROUP* ServiceGroup);
    void ReleaseAll(void);

    void StoreInput(UCHAR Byte);
    void InputStored(void);

    friend NTSTATUS NTAPI UartSynchronizedSetState(PINTERRUPTSYNC InterruptSync, PVOID DynamicContext);
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

NTSTATUS CreateMiniportMidiUART(PUNKNOWN* Unknown, REFCLSID ClassId, PUNKNOWN UnknownOuter,
                                POOL_TYPE PoolType);

NTSTATUS NTAPI UartSynchronizedSetState(PINTERRUPTSYNC InterruptSync, PVOID DynamicContext);

#endif
