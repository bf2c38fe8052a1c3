// A MIDI cable without hardware: what is put into a render stream comes out of the capture stream.
#ifndef _DMUS_CABLE_H_
#define _DMUS_CABLE_H_

#define STR_MODULENAME "dmus_cable: "

#include <portcls.h>
#include <dmusicks.h>
#include <stdunk.h>
#include <ksdebug.h>

#define DMUS_CABLE_POOL_TAG 'laCD'

enum { kPinMidiRender = 0, kPinDMusRender, kPinRenderBridge, kPinCapture, kPinCaptureBridge };

class CDMusCableStream;

class CMiniportDMusCable : public IMiniportDMus, public CUnknown {
  private:
    PPORTDMUS m_Port;
    PSERVICEGROUP m_ServiceGroup;

    // The lock guards what follows, and the events and state of the capture stream.
    KSPIN_LOCK m_Lock;
    CDMusCableStream* m_Capture;

    friend class CDMusCableStream;

    void Carry(PDMUS_KERNEL_EVENT Events);

  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CMiniportDMusCable);
    ~CMiniportDMusCable();

    IMP_IMiniportDMus;
};

class CDMusCableStream : public IMXF, public CUnknown {
  private:
    CMiniportDMusCable* m_Miniport;
    PAllocatorMXF m_Allocator;
    PMASTERCLOCK m_Clock;
    PMXF m_Sink;
    BOOLEAN m_fCapture;
    KSSTATE m_State;
    PDMUS_KERNEL_EVENT m_First;
    PDMUS_KERNEL_EVENT* m_End;

    friend class CMiniportDMusCable;

    BOOLEAN Copy(PDMUS_KERNEL_EVENT Event);
    PDMUS_KERNEL_EVENT TakeAll(void);

  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CDMusCableStream);
    ~CDMusCableStream();

    void Init(CMiniportDMusCable* Miniport, BOOLEAN Capture, PAllocatorMXF Allocator, PMASTERCLOCK Clock);

    IMP_IMXF;
};

NTSTATUS CreateMiniportDMusCable(PUNKNOWN* Unknown, REFCLSID, PUNKNOWN UnknownOuter, POOL_TYPE PoolType);

#endif
