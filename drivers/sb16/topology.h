// The card's mixer as a topology miniport.
#ifndef _TOPOLOGY_H_
#define _TOPOLOGY_H_

#include "common.h"

enum {
    TOPO_PIN_WAVE = 0,  // from the wave filter
    TOPO_PIN_SYNTH,     // from the synthesizer
    TOPO_PIN_CD,
    TOPO_PIN_LINE,
    TOPO_PIN_MIC,
    TOPO_PIN_SPEAKER,
    TOPO_PIN_RECORD,  // to the wave filter
    TOPO_PIN_COUNT
};

enum {
    TOPO_NODE_WAVE_VOLUME = 0,
    TOPO_NODE_SYNTH_VOLUME,
    TOPO_NODE_CD_VOLUME,
    TOPO_NODE_CD_MUTE,
    TOPO_NODE_LINE_VOLUME,
    TOPO_NODE_LINE_MUTE,
    TOPO_NODE_MIC_VOLUME,
    TOPO_NODE_MIC_MUTE,
    TOPO_NODE_OUTPUT_MIX,
    TOPO_NODE_TONE,
    TOPO_NODE_MASTER_VOLUME,
    TOPO_NODE_INPUT_MIX,
    TOPO_NODE_INPUT_GAIN,
    TOPO_NODE_COUNT
};

// A level in a register: its upper bits, from the value that stands for lMinimum on, in steps of lStep.
typedef struct {
    BYTE bLeft;
    BYTE bRight;  // the same as bLeft: one channel
    BYTE bShift;
    LONG lMinimum;
    LONG lMaximum;
    LONG lStep;
} MIXER_LEVEL;

class CMiniportTopologySB16 : public IMiniportTopology, public CUnknown {
  private:
    PADAPTERCOMMON m_pAdapterCommon;
    PPORTEVENTS m_pPortEvents;

    NTSTATUS LevelRequest(IN PPCPROPERTY_REQUEST PropertyRequest, IN const MIXER_LEVEL* pLevel);
    void SetLevel(IN const MIXER_LEVEL* pLevel, IN LONG lChannel, IN LONG lLevel);
    LONG GetLevel(IN const MIXER_LEVEL* pLevel, IN LONG lChannel);

    friend NTSTATUS PropertyHandler_Level(IN PPCPROPERTY_REQUEST PropertyRequest);
    friend NTSTATUS PropertyHandler_Tone(IN PPCPROPERTY_REQUEST PropertyRequest);
    friend NTSTATUS PropertyHandler_Mute(IN PPCPROPERTY_REQUEST PropertyRequest);
    friend NTSTATUS EventHandler_ControlChange(IN PPCEVENT_REQUEST EventRequest);

  public:
    DECLARE_STD_UNKNOWN();
    DEFINE_STD_CONSTRUCTOR(CMiniportTopologySB16);
    ~CMiniportTopologySB16();

    IMP_IMiniportTopology;
};

#endif
