// An OPL3 as a MIDI synthesizer: eighteen voices of two operators each.
//
// A library: an adapter driver makes the miniport with CreateMiniportMidiFmSynth and binds it to a MIDI port.
#ifndef _FMSYNTH_H_
#define _FMSYNTH_H_

#ifndef STR_MODULENAME
#define STR_MODULENAME "fmsynth: "
#endif

#include <portcls.h>
#include <stdunk.h>
#include <ksdebug.h>
#ifdef OWN_OPERATORS
#include "newdel.h"
#endif

#define FMSYNTH_POOL_TAG 'SmFP'

#define NUM_VOICES 18
#define NUM_CHANNELS 16
#define DRUM_CHANNEL 9
#define NUM_PROGRAMS 128

// What a melodic patch plays for each of the 128 programs; drums have keys of their own.
#define NUM_PATCHES 32
#define FIRST_DRUM 35
#define LAST_DRUM 81

// The volume node's levels, in 1/65536 dB: the chip attenuates by up to 63 steps of 0.75 dB.
#define FM_LEVEL_STEP 0xC000L
#define FM_LEVEL_MAXIMUM 0L
#define FM_LEVEL_MINIMUM (-63L * FM_LEVEL_STEP)
#define FM_SIDES 2

// What of a channel's voices is written anew.
#define UPDATE_LEVELS 1
#define UPDATE_OUTPUTS 2
#define UPDATE_PITCH 4
#define UPDATE_MODES 8

enum { kPinRender = 0, kPinBridge, kPinCount };
enum { kNodeSynthesizer = 0, kNodeVolume, kNodeCount };

// One operator's registers, in the order of their addresses.
typedef struct {
    BYTE bReg20;  // tremolo, vibrato, sustaining, key scale rate, multiple
    BYTE bReg40;  // key scale level, total level
    BYTE bReg60;  // attack, decay
    BYTE bReg80;  // sustain, release
    BYTE bRegE0;  // waveform
} FMOPERATOR;

typedef struct {
    FMOPERATOR aOperators[2];  // the modulator, the carrier
    BYTE bRegC0;               // feedback, connection
    char cTranspose;           // in semitones
} FMPATCH;

typedef struct {
    BYTE bPatch;  // in g_aDrumPatches
    BYTE bNote;   // what it is played with
} FMDRUM;

extern const FMPATCH g_aPatches[NUM_PATCHES];
extern const FMPATCH g_aDrumPatches[];
extern const FMDRUM g_aDrums[LAST_DRUM - FIRST_DRUM + 1];

typedef struct {
    const FMPATCH* pPatch;  // NULL: never played
    BOOLEAN fKeyOn;         // its key is on, in the chip
    BOOLEAN fSustained;     // released while the pedal is down
    BYTE bChannel;
    BYTE bNote;    // as the message named it
    BYTE bPlayed;  // as it sounds, without bend
    BYTE bVelocity;
    BYTE bRegB0;   // the last one written
    ULONG ulTime;  // when its key went on or off last
} FMVOICE;

typedef struct {
    BYTE bProgram;
    BYTE bVolume;
    BYTE bExpression;
    BYTE bPan;
    BYTE bModulation;
    BOOLEAN fPedal;
    WORD wBend;       // 0 to 0x3FFF
    WORD wRpn;        // the parameter that data entry sets, 0x3FFF: none
    BYTE bBendRange;  // in semitones
    BYTE bBendCents;
} FMCHANNEL;

class CMiniportMidiStreamFmSynth;

class CMiniportMidiFmSynth : public IMiniportMidi,
                             public IMusicTechnology,
                             public IPowerNotify,
                             public CUnknown {
  private:
    PPORTMIDI m_pPort;
    PUCHAR m_pPortBase;
    BOOLEAN m_fVolumeNode;
    BOOLEAN m_fStreamOpen;

    // The lock guards the chip and what follows.
    KSPIN_LOCK m_SpinLock;
    BOOLEAN m_fPoweredDown;
    FMVOICE m_aVoices[NUM_VOICES];
    FMCHANNEL m_aChannels[NUM_CHANNELS];
    ULONG m_ulTime;
    LONG m_alLevel[FM_SIDES];

    // The tables are the instance's own, because the technology is.
    KSDATARANGE_MUSIC m_StreamRange;
    PKSDATARANGE m_apStreamRanges[1];
    PCPIN_DESCRIPTOR m_aPins[kPinCount];
    PCFILTER_DESCRIPTOR m_FilterDescriptor;

    void BuildDescriptor(void);
    NTSTATUS ProcessResources(IN PRESOURCELIST ResourceList);

    // The chip (hardware.cpp).
    BYTE ReadStatus(void);
    void WriteRegister(IN WORD wAddress, IN BYTE bValue);
    BOOLEAN DetectChip(void);
    void ResetChip(void);
    void WriteOperator(IN BYTE bVoice, IN BYTE bOperator);
    void WriteLevels(IN BYTE bVoice);
    void WriteOutputs(IN BYTE bVoice);
    void WritePitch(IN BYTE bVoice, IN BOOLEAN fKeyOn);
    void WriteKeyOff(IN BYTE bVoice);

    // The voices (voices.cpp).
    BYTE FindVoice(IN BYTE bChannel, IN BYTE bNote);
    void NoteOn(IN BYTE bChannel, IN BYTE bNote, IN BYTE bVelocity);
    void NoteOff(IN BYTE bChannel, IN BYTE bNote);
    void ReleaseVoice(IN BYTE bVoice);
    void PedalUp(IN BYTE bChannel);
    void ChannelNotesOff(IN BYTE bChannel);
    void Controller(IN BYTE bChannel, IN BYTE bController, IN BYTE bValue);
    void DataEntry(IN BYTE bChannel, IN BYTE bController, IN BYTE bValue);
    void PitchBend(IN BYTE bChannel, IN WORD wBend);
    void ResetController(IN BYTE bChannel);
    void UpdateChannel(IN BYTE bChannel, IN ULONG ulWhat);
    BYTE Attenuation(IN const FMVOICE* pVoice);
    BOOLEAN SideIsMute(IN ULONG ulSide);

    // Each takes the lock.
    void ResetChannels(void);
    void AllNotesOff(void);
    void SetLevel(IN LONG lSide, IN LONG lLevel);
    LONG GetLevel(IN LONG lSide);

    // With the lock held, DISPATCH_LEVEL.
    void ShortMessage(IN BYTE bStatus, IN BYTE bData1, IN BYTE bData2);

    friend class CMiniportMidiStreamFmSynth;
    friend NTSTATUS PropertyHandler_FmLevel(IN PPCPROPERTY_REQUEST PropertyRequest);

  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CMiniportMidiFmSynth);
    ~CMiniportMidiFmSynth();

    void Configure(IN BOOLEAN fVolumeNode);

    IMP_IMiniportMidi;
    IMP_IMusicTechnology;
    IMP_IPowerNotify;
};

class CMiniportMidiStreamFmSynth : public IMiniportMidiStream, public CUnknown {
  private:
    CMiniportMidiFmSynth* m_pMiniport;

    // A message whose bytes are coming, possibly with several calls of Write.
    BYTE m_bStatus;  // 0: data bytes mean nothing
    BYTE m_abData[2];
    BYTE m_cbData;

    void ParseByte(IN BYTE bByte);

  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CMiniportMidiStreamFmSynth);
    ~CMiniportMidiStreamFmSynth();

    void Init(IN CMiniportMidiFmSynth* pMiniport);

    IMP_IMiniportMidiStream;
};

// With CLSID_MiniportDriverFmSynthWithVol the filter has a volume node, for cards without a mixer.
NTSTATUS CreateMiniportMidiFmSynth(OUT PUNKNOWN* Unknown, IN REFCLSID ClassId,
                                   IN PUNKNOWN UnknownOuter OPTIONAL, IN POOL_TYPE PoolType);

#endif
