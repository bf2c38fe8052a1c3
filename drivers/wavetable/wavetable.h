// A PCI wavetable synthesizer that plays samples out of the computer's memory, and the game port on its card.
#ifndef _WAVETABLE_H_
#define _WAVETABLE_H_

#define STR_MODULENAME "wavetable: "

#include <portcls.h>
#include <stdunk.h>
#include <ksdebug.h>

#include "gameport.h"

#define WAVETABLE_POOL_TAG 'lbTW'

// Registers, sixteen bits each. Those behind VOICE are the chosen voice's.
#define REG_ID 0x00
#define REG_VOICE 0x02
#define REG_START_LOW 0x04  // physical address of its samples
#define REG_START_HIGH 0x06
#define REG_LENGTH 0x08   // in samples, which it repeats
#define REG_PITCH 0x0A    // samples for each of the card's, 5.11
#define REG_VOLUME 0x0C   // attenuation in 1/256 dB
#define REG_CONTROL 0x0E  // CONTROL_KEY: it sounds
#define CARD_PORTS 0x10

#define WAVETABLE_ID 0x5754
#define CONTROL_KEY 0x0001
#define CARD_RATE 48000.0

#define NUM_VOICES 16
#define NUM_CHANNELS 16
#define NUM_PROGRAMS 128

// The samples: a period of each wave.
#define NUM_WAVES 4
#define WAVE_LENGTH 64

// A released voice fades by its patch's step every FADE_PERIOD_MS, until it cannot be heard.
#define FADE_PERIOD_MS 5
#define SILENCE 0x6000

// ---- the bank (bank.cpp) ----

typedef struct _PATCH {
    UCHAR Wave;
    UCHAR Fade;  // in dB
} PATCH, *PPATCH;

typedef struct _BANK {
    ULONG Signature;
    PATCH Patches[NUM_PROGRAMS];
} BANK, *PBANK;

// What a SysEx message, F0 7D 57 PROGRAM WAVE FADE F7, has asked for.
typedef struct _PATCH_CHANGE {
    LIST_ENTRY Link;
    UCHAR Program;
    PATCH Patch;
} PATCH_CHANGE, *PPATCH_CHANGE;

VOID MakeBank(PBANK Bank);
NTSTATUS LoadBank(PUNICODE_STRING FileName, PBANK Bank);
NTSTATUS SaveBank(PUNICODE_STRING FileName, PBANK Bank);
// Tables of floating point: waves, pitches by note, attenuations by velocity.
NTSTATUS MakeTables(PSHORT Samples, PUSHORT Pitches, PUSHORT Attenuations);

// ---- the adapter's device (adapter.cpp) ----

// Behind what PortCls has of the device extension.
typedef struct _ADAPTER_EXTENSION {
    IO_REMOVE_LOCK RemoveLock;  // held while a PnP request is being dispatched
    GAMEPORT_BUS Bus;
} ADAPTER_EXTENSION, *PADAPTER_EXTENSION;

inline PADAPTER_EXTENSION AdapterExtension(PDEVICE_OBJECT DeviceObject) {
    return (PADAPTER_EXTENSION)((PUCHAR)DeviceObject->DeviceExtension + PORT_CLASS_DEVICE_EXTENSION_SIZE);
}

// ---- the miniport (miniport.cpp, voices.cpp) ----

enum { kPinRender = 0, kPinBridge };

typedef struct _VOICE {
    BOOLEAN Sounds;
    BOOLEAN Released;
    UCHAR Channel;
    UCHAR Note;
    ULONG Age;
    ULONG Volume;
    ULONG FadeStep;
} VOICE, *PVOICE;

class CMiniportMidiWavetable : public IMiniportMidi, public IPowerNotify, public CUnknown {
  private:
    PPORTMIDI m_Port;
    PDEVICE_OBJECT m_DeviceObject;
    PUCHAR m_PortBase;
    PSHORT m_Samples;  // contiguous, below 4 GB
    PHYSICAL_ADDRESS m_SamplesAt;
    USHORT m_Pitches[128];
    USHORT m_Attenuations[128];

    // The lock guards the card and what follows.
    KSPIN_LOCK m_Lock;
    BOOLEAN m_PoweredDown;
    BOOLEAN m_TimerRuns;
    ULONG m_Age;
    UCHAR m_Programs[NUM_CHANNELS];
    VOICE m_Voices[NUM_VOICES];
    BANK m_Bank;

    KTIMER m_FadeTimer;
    KDPC m_FadeDpc;

    // Changes of the bank on their way to the file.
    UNICODE_STRING m_FileName;
    NPAGED_LOOKASIDE_LIST m_ChangeMemory;
    LIST_ENTRY m_Changes;
    KSPIN_LOCK m_ChangesLock;
    PIO_WORKITEM m_WorkItem;
    LONG m_WorkQueued;
    EX_RUNDOWN_REF m_Saving;
    BOOLEAN m_Ready;

    NTSTATUS FindCard(PRESOURCELIST ResourceList);
    NTSTATUS ReadFileName(void);
    NTSTATUS AllocateSamples(void);
    VOID Introduce(void);

    // With the lock held (voices.cpp).
    void WriteVoice(ULONG Voice, ULONG Register, ULONG Value);
    void SilenceVoice(ULONG Voice);
    ULONG FindVoice(void);
    void NoteOn(UCHAR Channel, UCHAR Note, UCHAR Velocity);
    void NoteOff(UCHAR Channel, UCHAR Note);
    void StartFading(void);
    void SilenceAll(void);

    static VOID NTAPI FadeDpc(PKDPC Dpc, PVOID Context, PVOID, PVOID);
    static VOID NTAPI ChangeWork(PDEVICE_OBJECT DeviceObject, PVOID Context);

  public:
    DECLARE_STD_UNKNOWN();
    CMiniportMidiWavetable(PUNKNOWN UnknownOuter, PDEVICE_OBJECT DeviceObject)
        : CUnknown(UnknownOuter), m_DeviceObject(DeviceObject) {}
    ~CMiniportMidiWavetable();

    // Takes the lock. IRQL <= DISPATCH_LEVEL.
    void Quiet(void);
    // DISPATCH_LEVEL.
    void ShortMessage(UCHAR Status, UCHAR Data1, UCHAR Data2);
    void ChangePatch(UCHAR Program, UCHAR Wave, UCHAR Fade);

    IMP_IMiniportMidi;
    IMP_IPowerNotify;
};

class CMiniportMidiStreamWavetable : public IMiniportMidiStream, public CUnknown {
  private:
    CMiniportMidiWavetable* m_Miniport;
    UCHAR m_Status;  // running
    UCHAR m_Message[7];
    ULONG m_Length;
    BOOLEAN m_InSysEx;

    void Byte(UCHAR Value);

  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CMiniportMidiStreamWavetable);
    ~CMiniportMidiStreamWavetable();

    void Init(CMiniportMidiWavetable* Miniport);

    IMP_IMiniportMidiStream;
};

NTSTATUS CreateMiniportMidiWavetable(PUNKNOWN* Unknown, PDEVICE_OBJECT DeviceObject);
extern PCFILTER_DESCRIPTOR FilterDescriptor;

#endif
