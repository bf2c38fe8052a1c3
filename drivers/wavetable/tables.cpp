#include "wavetable.h"

static KSDATARANGE_MUSIC StreamRange = {
    {sizeof(KSDATARANGE_MUSIC), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_MUSIC),
     STATICGUIDOF(KSDATAFORMAT_SUBTYPE_MIDI), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)},
    STATICGUIDOF(KSMUSIC_TECHNOLOGY_WAVETABLE),
    NUM_CHANNELS,
    NUM_VOICES,
    0xFFFF};

static PKSDATARANGE StreamRanges[] = {PKSDATARANGE(&StreamRange)};

static KSDATARANGE BridgeRange = {sizeof(KSDATARANGE),
                                  0,
                                  0,
                                  0,
                                  STATICGUIDOF(KSDATAFORMAT_TYPE_AUDIO),
                                  STATICGUIDOF(KSDATAFORMAT_SUBTYPE_ANALOG),
                                  STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)};

static PKSDATARANGE BridgeRanges[] = {&BridgeRange};

static PCPIN_DESCRIPTOR Pins[] = {
    {1,
     1,
     0,
     NULL,
     {0, NULL, 0, NULL, SIZEOF_ARRAY(StreamRanges), StreamRanges, KSPIN_DATAFLOW_IN, KSPIN_COMMUNICATION_SINK,
      &KSNODETYPE_SYNTHESIZER, &KSAUDFNAME_MIDI, 0}},
    {0,
     0,
     0,
     NULL,
     {0, NULL, 0, NULL, SIZEOF_ARRAY(BridgeRanges), BridgeRanges, KSPIN_DATAFLOW_OUT,
      KSPIN_COMMUNICATION_NONE, &KSCATEGORY_AUDIO, NULL, 0}}};

static PCNODE_DESCRIPTOR Nodes[] = {{0, NULL, &KSNODETYPE_SYNTHESIZER, NULL}};

static PCCONNECTION_DESCRIPTOR Connections[] = {{PCFILTER_NODE, kPinRender, 0, 1},
                                                {0, 0, PCFILTER_NODE, kPinBridge}};

static GUID Categories[] = {{STATICGUIDOF(KSCATEGORY_AUDIO)},
                            {STATICGUIDOF(KSCATEGORY_RENDER)},
                            {STATICGUIDOF(KSCATEGORY_SYNTHESIZER)}};

PCFILTER_DESCRIPTOR FilterDescriptor = {0,
                                        NULL,
                                        sizeof(PCPIN_DESCRIPTOR),
                                        SIZEOF_ARRAY(Pins),
                                        Pins,
                                        sizeof(PCNODE_DESCRIPTOR),
                                        SIZEOF_ARRAY(Nodes),
                                        Nodes,
                                        SIZEOF_ARRAY(Connections),
                                        Connections,
                                        SIZEOF_ARRAY(Categories),
                                        Categories};
