// A MIDI cable without hardware: what is written to the render pin can be read at every running capture pin.
#ifndef _CABLE_H_
#define _CABLE_H_

#define STR_MODULENAME "cable: "

#include <portcls.h>
#include <stdunk.h>
#include <ksdebug.h>

#define CABLE_POOL_TAG 'lbaC'

const ULONG kMaxRender = 1;
const ULONG kMaxCapture = 4;

// Bytes on their way to one capture pin. A power of two.
const ULONG kFifoSize = 1024;

enum { kPinRender = 0, kPinRenderBridge, kPinCapture, kPinCaptureBridge };

class CMiniportMidiStreamCable;

class CMiniportMidiCable : public IMiniportMidi, public CUnknown {
  private:
    PPORTMIDI m_Port;
    PSERVICEGROUP m_ServiceGroup;

    // The lock guards what follows and the FIFOs and states of the capture streams.
    KSPIN_LOCK m_Lock;
    ULONG m_RenderCount;
    CMiniportMidiStreamCable* m_Captures[kMaxCapture];
    BOOLEAN m_WriterWaits;

    friend class CMiniportMidiStreamCable;

    NTSTATUS AddStream(CMiniportMidiStreamCable* Stream, BOOLEAN Capture);
    void RemoveStream(CMiniportMidiStreamCable* Stream, BOOLEAN Capture);
    ULONG FreeSpace(void);
    BOOLEAN Distribute(PUCHAR Bytes, ULONG Length);

  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CMiniportMidiCable);
    ~CMiniportMidiCable();

    IMP_IMiniportMidi;
};

class CMiniportMidiStreamCable : public IMiniportMidiStream, public CUnknown {
  private:
    CMiniportMidiCable* m_Miniport;
    BOOLEAN m_Capture;
    KSSTATE m_State;
    ULONG m_Head;
    ULONG m_Tail;
    UCHAR m_Fifo[kFifoSize];

    friend class CMiniportMidiCable;

  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CMiniportMidiStreamCable);
    ~CMiniportMidiStreamCable();

    NTSTATUS Init(CMiniportMidiCable* Miniport, BOOLEAN Capture);

    IMP_IMiniportMidiStream;
};

NTSTATUS CreateMiniportMidiCable(PUNKNOWN* Unknown, REFCLSID, PUNKNOWN UnknownOuter, POOL_TYPE PoolType);

#endif
