// A virtual cable whose ports programs make and delete, and which can mirror another driver's MIDI input.
#ifndef _PORTCABLE_H_
#define _PORTCABLE_H_

#include "cable.h"

#include <ntstrsafe.h>
#include <wdmguid.h>
#include <wdmsec.h>

#include "portcable_ioctl.h"

#define PORTCABLE_POOL_TAG 'bCtP'

#define MAX_PORTS 16

// ---- adapter.cpp ----

typedef struct _PORTCABLE {
    PDRIVER_OBJECT DriverObject;
    PDEVICE_OBJECT ControlDevice;
    LONG Devices;
    // The adapter between its start and its stop; the lock guards it and the ports.
    KMUTEX Lock;
    PDEVICE_OBJECT Adapter;
} PORTCABLE;

extern PORTCABLE PortCable;

VOID Lock(VOID);
VOID Unlock(VOID);

// ---- miniport.cpp: the cable's miniport, which counts ----

class CMiniportMidiPort : public CMiniportMidiCable {
  public:
    volatile LONG m_Streams;
    volatile LONG64 m_BytesWritten;
    volatile LONG64 m_BytesRead;

    CMiniportMidiPort(PUNKNOWN pUnknownOuter) : CMiniportMidiCable(pUnknownOuter) {}

    STDMETHODIMP_(NTSTATUS)
    NewStream(PMINIPORTMIDISTREAM* Stream, PUNKNOWN UnknownOuter, POOL_TYPE PoolType, ULONG Pin,
              BOOLEAN Capture, PKSDATAFORMAT DataFormat, PSERVICEGROUP* ServiceGroup);
};

class CMiniportMidiStreamPort : public IMiniportMidiStream, public CUnknown {
  private:
    CMiniportMidiPort* m_Miniport;
    PMINIPORTMIDISTREAM m_Stream;

  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CMiniportMidiStreamPort);
    ~CMiniportMidiStreamPort();

    VOID Init(CMiniportMidiPort* Miniport, PMINIPORTMIDISTREAM Stream);

    IMP_IMiniportMidiStream;
};

// ---- ports.cpp ----

NTSTATUS CreatePort(PPORTCABLE_PORT Port, BOOLEAN Remember);
NTSTATUS DeletePort(PPORTCABLE_PORT Port);
NTSTATUS GetStatistics(PCWSTR Name, PPORTCABLE_STATISTICS Statistics);
ULONG ListPorts(PPORTCABLE_PORT Ports, ULONG Count);
BOOLEAN IsPort(PCWSTR Name);
// The ports go with the adapter; the registry keeps them.
VOID ForgetPorts(VOID);
BOOLEAN IsValidName(PCWSTR Name);

// ---- settings.cpp ----

NTSTATUS RememberPort(PPORTCABLE_PORT Port);
VOID ForgetPort(PCWSTR Name);
VOID RestorePorts(VOID);
NTSTATUS RememberMirror(PPORTCABLE_MIRROR Mirror);
VOID RestoreMirror(PPORTCABLE_MIRROR Mirror);

// ---- control.cpp ----

NTSTATUS CreateControlDevice(VOID);
VOID DeleteControlDevice(VOID);
NTSTATUS DispatchControlDevice(PDEVICE_OBJECT DeviceObject, PIRP Irp);
// Something that programs wait for has changed. IRQL <= DISPATCH_LEVEL.
VOID TellChange(VOID);

// ---- mirror.cpp ----

NTSTATUS StartMirror(VOID);
VOID StopMirror(VOID);
NTSTATUS SetMirror(PPORTCABLE_MIRROR Mirror);
// In between, the mirror has nothing open.
VOID SuspendMirror(VOID);
VOID ResumeMirror(VOID);

#endif
