// The mixer's pins, nodes and connections. For topology.cpp alone.
#ifndef _TOPTABLE_H_
#define _TOPTABLE_H_

static KSDATARANGE PinDataRangesBridge[] = {
    {sizeof(KSDATARANGE), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_AUDIO),
     STATICGUIDOF(KSDATAFORMAT_SUBTYPE_ANALOG), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)}};

static PKSDATARANGE PinDataRangePointersBridge[] = {&PinDataRangesBridge[0]};

#define BRIDGE_PIN(DataFlow, Category, Name)                                                        \
    {                                                                                               \
        0, 0, 0, NULL, {                                                                            \
            0, NULL, 0, NULL, SIZEOF_ARRAY(PinDataRangePointersBridge), PinDataRangePointersBridge, \
                DataFlow, KSPIN_COMMUNICATION_NONE, Category, Name, 0                               \
        }                                                                                           \
    }

static PCPIN_DESCRIPTOR MiniportPins[TOPO_PIN_COUNT] = {
    BRIDGE_PIN(KSPIN_DATAFLOW_IN, &KSNODETYPE_LEGACY_AUDIO_CONNECTOR, &KSAUDFNAME_WAVE_OUT_MIX),
    BRIDGE_PIN(KSPIN_DATAFLOW_IN, &KSNODETYPE_SYNTHESIZER, &KSAUDFNAME_MIDI),
    BRIDGE_PIN(KSPIN_DATAFLOW_IN, &KSNODETYPE_CD_PLAYER, &KSAUDFNAME_CD_AUDIO),
    BRIDGE_PIN(KSPIN_DATAFLOW_IN, &KSNODETYPE_LINE_CONNECTOR, &KSAUDFNAME_LINE_IN),
    BRIDGE_PIN(KSPIN_DATAFLOW_IN, &KSNODETYPE_MICROPHONE, NULL),
    BRIDGE_PIN(KSPIN_DATAFLOW_OUT, &KSNODETYPE_SPEAKER, &KSAUDFNAME_VOLUME_CONTROL),
    BRIDGE_PIN(KSPIN_DATAFLOW_OUT, &KSCATEGORY_AUDIO, &KSAUDFNAME_RECORDING_CONTROL)};

#define ALL_ACCESS KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET | KSPROPERTY_TYPE_BASICSUPPORT

static PCPROPERTY_ITEM PropertiesVolume[] = {
    {&KSPROPSETID_Audio, KSPROPERTY_AUDIO_VOLUMELEVEL, ALL_ACCESS, PropertyHandler_Level}};

static PCPROPERTY_ITEM PropertiesMute[] = {
    {&KSPROPSETID_Audio, KSPROPERTY_AUDIO_MUTE, ALL_ACCESS, PropertyHandler_Mute}};

static PCPROPERTY_ITEM PropertiesTone[] = {
    {&KSPROPSETID_Audio, KSPROPERTY_AUDIO_BASS, ALL_ACCESS, PropertyHandler_Tone},
    {&KSPROPSETID_Audio, KSPROPERTY_AUDIO_TREBLE, ALL_ACCESS, PropertyHandler_Tone}};

static PCEVENT_ITEM EventsMaster[] = {{&KSEVENTSETID_AudioControlChange, KSEVENT_CONTROL_CHANGE,
                                       KSEVENT_TYPE_ENABLE | KSEVENT_TYPE_BASICSUPPORT,
                                       EventHandler_ControlChange}};

DEFINE_PCAUTOMATION_TABLE_PROP(AutomationVolume, PropertiesVolume);
DEFINE_PCAUTOMATION_TABLE_PROP(AutomationMute, PropertiesMute);
DEFINE_PCAUTOMATION_TABLE_PROP(AutomationTone, PropertiesTone);
DEFINE_PCAUTOMATION_TABLE_PROP_EVENT(AutomationMaster, PropertiesVolume, EventsMaster);

static PCNODE_DESCRIPTOR MiniportNodes[TOPO_NODE_COUNT] = {
    {0, &AutomationVolume, &KSNODETYPE_VOLUME, &KSAUDFNAME_WAVE_VOLUME},
    {0, &AutomationVolume, &KSNODETYPE_VOLUME, &KSAUDFNAME_MIDI_VOLUME},
    {0, &AutomationVolume, &KSNODETYPE_VOLUME, &KSAUDFNAME_CD_VOLUME},
    {0, &AutomationMute, &KSNODETYPE_MUTE, &KSAUDFNAME_CD_MUTE},
    {0, &AutomationVolume, &KSNODETYPE_VOLUME, &KSAUDFNAME_LINE_VOLUME},
    {0, &AutomationMute, &KSNODETYPE_MUTE, &KSAUDFNAME_LINE_MUTE},
    {0, &AutomationVolume, &KSNODETYPE_VOLUME, &KSAUDFNAME_MIC_VOLUME},
    {0, &AutomationMute, &KSNODETYPE_MUTE, &KSAUDFNAME_MIC_MUTE},
    {0, NULL, &KSNODETYPE_SUM, &KSAUDFNAME_STEREO_MIX},
    {0, &AutomationTone, &KSNODETYPE_TONE, NULL},
    {0, &AutomationMaster, &KSNODETYPE_VOLUME, &KSAUDFNAME_MASTER_VOLUME},
    {0, NULL, &KSNODETYPE_SUM, &KSAUDFNAME_RECORDING_SOURCE},
    {0, &AutomationVolume, &KSNODETYPE_VOLUME, &KSAUDFNAME_WAVE_IN_VOLUME}};

// A node's output is its pin 0, its inputs are numbered from 1. What can be recorded is taken before it is
// muted.
static PCCONNECTION_DESCRIPTOR MiniportConnections[] = {
    {PCFILTER_NODE, TOPO_PIN_WAVE, TOPO_NODE_WAVE_VOLUME, 1},
    {PCFILTER_NODE, TOPO_PIN_SYNTH, TOPO_NODE_SYNTH_VOLUME, 1},
    {PCFILTER_NODE, TOPO_PIN_CD, TOPO_NODE_CD_VOLUME, 1},
    {PCFILTER_NODE, TOPO_PIN_LINE, TOPO_NODE_LINE_VOLUME, 1},
    {PCFILTER_NODE, TOPO_PIN_MIC, TOPO_NODE_MIC_VOLUME, 1},
    {TOPO_NODE_CD_VOLUME, 0, TOPO_NODE_CD_MUTE, 1},
    {TOPO_NODE_LINE_VOLUME, 0, TOPO_NODE_LINE_MUTE, 1},
    {TOPO_NODE_MIC_VOLUME, 0, TOPO_NODE_MIC_MUTE, 1},
    {TOPO_NODE_WAVE_VOLUME, 0, TOPO_NODE_OUTPUT_MIX, 1},
    {TOPO_NODE_SYNTH_VOLUME, 0, TOPO_NODE_OUTPUT_MIX, 2},
    {TOPO_NODE_CD_MUTE, 0, TOPO_NODE_OUTPUT_MIX, 3},
    {TOPO_NODE_LINE_MUTE, 0, TOPO_NODE_OUTPUT_MIX, 4},
    {TOPO_NODE_MIC_MUTE, 0, TOPO_NODE_OUTPUT_MIX, 5},
    {TOPO_NODE_OUTPUT_MIX, 0, TOPO_NODE_TONE, 1},
    {TOPO_NODE_TONE, 0, TOPO_NODE_MASTER_VOLUME, 1},
    {TOPO_NODE_MASTER_VOLUME, 0, PCFILTER_NODE, TOPO_PIN_SPEAKER},
    {TOPO_NODE_SYNTH_VOLUME, 0, TOPO_NODE_INPUT_MIX, 1},
    {TOPO_NODE_CD_VOLUME, 0, TOPO_NODE_INPUT_MIX, 2},
    {TOPO_NODE_LINE_VOLUME, 0, TOPO_NODE_INPUT_MIX, 3},
    {TOPO_NODE_MIC_VOLUME, 0, TOPO_NODE_INPUT_MIX, 4},
    {TOPO_NODE_INPUT_MIX, 0, TOPO_NODE_INPUT_GAIN, 1},
    {TOPO_NODE_INPUT_GAIN, 0, PCFILTER_NODE, TOPO_PIN_RECORD}};

static GUID MiniportCategories[] = {{STATICGUIDOF(KSCATEGORY_AUDIO)}, {STATICGUIDOF(KSCATEGORY_TOPOLOGY)}};

static PCFILTER_DESCRIPTOR MiniportFilterDescriptor = {0,
                                                       NULL,
                                                       sizeof(PCPIN_DESCRIPTOR),
                                                       SIZEOF_ARRAY(MiniportPins),
                                                       MiniportPins,
                                                       sizeof(PCNODE_DESCRIPTOR),
                                                       SIZEOF_ARRAY(MiniportNodes),
                                                       MiniportNodes,
                                                       SIZEOF_ARRAY(MiniportConnections),
                                                       MiniportConnections,
                                                       SIZEOF_ARRAY(MiniportCategories),
                                                       MiniportCategories};

#endif
