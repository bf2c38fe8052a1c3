// The MPU-401 in UART mode and its DirectMusic miniports (CLSID_MiniportDriverDMusUART and ...Capture;
// UA-003..UA-006).
#ifndef _DMUSUART_H_
#define _DMUSUART_H_

#define STR_MODULENAME "dmusuart: "

#include <portcls.h>
#include <dmusicks.h>
#include <stdunk.h>
#include <ksdebug.h>

#include "../uart/mpu401.h"

#define DMUSUART_POOL_TAG 'uMtD'

// Pins of the miniport for both directions (UA-006), and of the one for capture alone.
enum { kPinMidiRender = 0, kPinDMusRender, kPinRenderBridge, kPinCaptureBridge, kPinCapture, kPinCount };
enum { kCaptureOnlyPinCapture = 0, kCaptureOnlyPinBridge, kCaptureOnlyPinCount };

enum { kNodeRender = 0, kNodeCapture, kNodeCount };

// When a busy device is asked again, in 100 ns units.
const LONGLONG kRetryInterval = 10000;

// A byte and when it came, by the master clock.
typedef struct {
    REFERENCE_TIME Time;
    UCHAR Byte;
} DMUSUART_INPUT;

class CDMusUartStream;

class CMiniportDMusUart : public IMiniportDMus,
                          public IMusicTechnology,
                          public IPowerNotify,
                          public CUnknown,
                          public CMpu401 {
  private:
    PPORTDMUS m_pPort;
    BOOLEAN m_fCaptureOnly;
    ULONG m_OpenPins;  // a bit for each pin that has its stream

    // Shared with the ISR; written inside synchronised routines.
    volatile KSSTATE m_CaptureState;
    PMASTERCLOCK m_pCaptureClock;

    // The ISR advances the tail, the capture stream the head; both count for ever.
    volatile ULONG m_InputHead;
    volatile ULONG m_InputTail;
    DMUSUART_INPUT m_InputFifo[kInputFifoSize];

    // The tables are the instance's own, because the technology is (MT-008).
    KSDATARANGE_MUSIC m_StreamRanges[2];
    PKSDATARANGE m_StreamRangePointers[2];
    PCPIN_DESCRIPTOR m_Pins[kPinCount];
    PCFILTER_DESCRIPTOR m_FilterDescriptor;

    void BuildDescriptor(void);
    NTSTATUS CreateServiceGroup(PSERVICEGROUP* ServiceGroup);
    void ReleaseAll(void);
    ULONG CapturePin(void) { return m_fCaptureOnly ? (ULONG)kCaptureOnlyPinCapture : (ULONG)kPinCapture; }

    void StoreInput(UCHAR Byte);
    void InputStored(void);

    friend NTSTATUS NTAPI DMusUartSynchronizedSetState(PINTERRUPTSYNC InterruptSync, PVOID DynamicContext);
    friend class CDMusUartStream;

  public:
    DECLARE_STD_UNKNOWN();
    CMiniportDMusUart(PUNKNOWN pUnknownOuter, BOOLEAN CaptureOnly);
    ~CMiniportDMusUart();

    IMP_IMiniportDMus;
    IMP_IMusicTechnology;
    IMP_IPowerNotify;
};

// A stream: events that wait for the wire, or the way of what came from it. PutMessage runs at
// DISPATCH_LEVEL.
class CDMusUartStream : public IMXF, public CUnknown {
  private:
    CMiniportDMusUart* m_pMiniport;
    PAllocatorMXF m_pAllocator;
    PMASTERCLOCK m_pClock;
    PMXF m_pSink;  // where captured events go; the allocator when nothing is connected (MX-023)
    ULONG m_Pin;
    BOOLEAN m_fCapture;

    // Under m_Lock: the state as PutMessage sees it, and the events that are not all on the wire yet.
    KSPIN_LOCK m_Lock;
    KSSTATE m_State;
    PDMUS_KERNEL_EVENT m_pFirst;
    PDMUS_KERNEL_EVENT* m_ppEnd;
    ULONG m_Written;  // of the first event's bytes

    KTIMER m_Timer;
    KDPC m_Dpc;

    void Send(void);
    NTSTATUS SendFirst(PULONG Left);
    void DropEvents(void);
    void PushInput(void);
    BOOLEAN AppendInput(PDMUS_KERNEL_EVENT Event);

    static VOID NTAPI RetryDpc(PKDPC Dpc, PVOID Context, PVOID Argument1, PVOID Argument2);

  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CDMusUartStream);
    ~CDMusUartStream();

    void Init(CMiniportDMusUart* Miniport, ULONG Pin, BOOLEAN Capture, PAllocatorMXF Allocator,
              PMASTERCLOCK Clock);

    IMP_IMXF;
};

// What the synchronised routines work on.
typedef struct {
    CMiniportDMusUart* Miniport;
    KSSTATE State;
    BOOLEAN Capture;
    PMASTERCLOCK Clock;
} DMUSUART_SET_STATE;

NTSTATUS CreateMiniportDMusUART(PUNKNOWN* Unknown, REFCLSID ClassId, PUNKNOWN UnknownOuter,
                                POOL_TYPE PoolType);

NTSTATUS NTAPI DMusUartSynchronizedSetState(PINTERRUPTSYNC InterruptSync, PVOID DynamicContext);

#endif
