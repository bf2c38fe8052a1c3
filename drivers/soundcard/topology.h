// The mixer of the sound card: a topology miniport, its pins and nodes, and the handlers of its nodes'
// properties.
#ifndef _TOPOLOGY_H_
#define _TOPOLOGY_H_

#define STR_MODULENAME "soundcard: "

#include <portcls.h>
#include <stdunk.h>
#include <ksdebug.h>

#define SOUNDCARD_POOL_TAG 'draC'

enum { kPinSynthIn, kPinLineIn, kPinLineOut, kPinCount };
enum { kNodeSynthVolume, kNodeLineVolume, kNodeSum, kNodeMasterVolume, kNodeMasterMute, kNodeCount };

const ULONG kChannels = 2;
// Levels in 1/65536 dB.
const LONG kLevelStep = 0x18000;
const LONG kLevelMost = 0;
const LONG kLevelLeast = -64 * kLevelStep;

NTSTATUS CreateMiniportTopology(PUNKNOWN* Unknown, REFCLSID, PUNKNOWN UnknownOuter, POOL_TYPE PoolType);

class CMiniportTopologyCard : public IMiniportTopology, public CUnknown {
  private:
    // The mixer's registers, one a channel.
    LONG m_Level[kNodeCount][kChannels];
    BOOL m_Mute[kChannels];

    LONG* LevelOf(ULONG Node, LONG Channel);

  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CMiniportTopologyCard);
    ~CMiniportTopologyCard();

    IMP_IMiniportTopology;

    static NTSTATUS VolumeHandler(PPCPROPERTY_REQUEST Request);
    static NTSTATUS MuteHandler(PPCPROPERTY_REQUEST Request);
};

extern PCFILTER_DESCRIPTOR TopologyDescriptor;

#endif
