#include "topology.h"

static KSDATARANGE AnalogRange = {sizeof(KSDATARANGE),
                                  0,
                                  0,
                                  0,
                                  STATICGUIDOF(KSDATAFORMAT_TYPE_AUDIO),
                                  STATICGUIDOF(KSDATAFORMAT_SUBTYPE_ANALOG),
                                  STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)};

static PKSDATARANGE AnalogRanges[] = {&AnalogRange};

#define BRIDGE_PIN(DataFlow, Category, Name)                                                                \
    {                                                                                                       \
        0, 0, 0, NULL, {                                                                                    \
            0, NULL, 0, NULL, SIZEOF_ARRAY(AnalogRanges), AnalogRanges, DataFlow, KSPIN_COMMUNICATION_NONE, \
                Category, Name, 0                                                                           \
        }                                                                                                   \
    }

static PCPIN_DESCRIPTOR Pins[] = {
    BRIDGE_PIN(KSPIN_DATAFLOW_IN, &KSNODETYPE_SYNTHESIZER, &KSAUDFNAME_MIDI),
    BRIDGE_PIN(KSPIN_DATAFLOW_IN, &KSNODETYPE_LINE_CONNECTOR, &KSAUDFNAME_LINE_IN),
    BRIDGE_PIN(KSPIN_DATAFLOW_OUT, &KSNODETYPE_SPEAKER, &KSAUDFNAME_VOLUME_CONTROL)};

static PCPROPERTY_ITEM VolumeProperties[] = {
    {&KSPROPSETID_Audio, KSPROPERTY_AUDIO_VOLUMELEVEL,
     PCPROPERTY_ITEM_FLAG_GET | PCPROPERTY_ITEM_FLAG_SET | PCPROPERTY_ITEM_FLAG_BASICSUPPORT,
     CMiniportTopologyCard::VolumeHandler}};

static PCPROPERTY_ITEM MuteProperties[] = {
    {&KSPROPSETID_Audio, KSPROPERTY_AUDIO_MUTE,
     PCPROPERTY_ITEM_FLAG_GET | PCPROPERTY_ITEM_FLAG_SET | PCPROPERTY_ITEM_FLAG_BASICSUPPORT,
     CMiniportTopologyCard::MuteHandler}};

DEFINE_PCAUTOMATION_TABLE_PROP(VolumeTable, VolumeProperties);
DEFINE_PCAUTOMATION_TABLE_PROP(MuteTable, MuteProperties);

static PCNODE_DESCRIPTOR Nodes[] = {{0, &VolumeTable, &KSNODETYPE_VOLUME, &KSAUDFNAME_MIDI_VOLUME},
                                    {0, &VolumeTable, &KSNODETYPE_VOLUME, &KSAUDFNAME_LINE_VOLUME},
                                    {0, NULL, &KSNODETYPE_SUM, NULL},
                                    {0, &VolumeTable, &KSNODETYPE_VOLUME, &KSAUDFNAME_MASTER_VOLUME},
                                    {0, &MuteTable, &KSNODETYPE_MUTE, &KSAUDFNAME_MASTER_MUTE}};

// A node's output is its pin 0, its inputs are numbered from 1.
static PCCONNECTION_DESCRIPTOR Connections[] = {{PCFILTER_NODE, kPinSynthIn, kNodeSynthVolume, 1},
                                                {PCFILTER_NODE, kPinLineIn, kNodeLineVolume, 1},
                                                {kNodeSynthVolume, 0, kNodeSum, 1},
                                                {kNodeLineVolume, 0, kNodeSum, 2},
                                                {kNodeSum, 0, kNodeMasterVolume, 1},
                                                {kNodeMasterVolume, 0, kNodeMasterMute, 1},
                                                {kNodeMasterMute, 0, PCFILTER_NODE, kPinLineOut}};

static GUID Categories[] = {{STATICGUIDOF(KSCATEGORY_AUDIO)}, {STATICGUIDOF(KSCATEGORY_TOPOLOGY)}};

PCFILTER_DESCRIPTOR TopologyDescriptor = {0,
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
