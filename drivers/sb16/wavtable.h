// The wave filter's pins, nodes and connections. For wave.cpp alone.
#ifndef _WAVTABLE_H_
#define _WAVTABLE_H_

static KSDATARANGE_AUDIO PinDataRangesStream[] = {
    {{sizeof(KSDATARANGE_AUDIO), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_AUDIO),
      STATICGUIDOF(KSDATAFORMAT_SUBTYPE_PCM), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_WAVEFORMATEX)},
     2,
     8,
     16,
     WAVE_LEAST_RATE,
     WAVE_HIGHEST_RATE}};

static PKSDATARANGE PinDataRangePointersStream[] = {PKSDATARANGE(&PinDataRangesStream[0])};

static KSDATARANGE PinDataRangesBridge[] = {
    {sizeof(KSDATARANGE), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_AUDIO),
     STATICGUIDOF(KSDATAFORMAT_SUBTYPE_ANALOG), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)}};

static PKSDATARANGE PinDataRangePointersBridge[] = {&PinDataRangesBridge[0]};

#define STREAM_PIN(DataFlow, Name)                                                                  \
    {                                                                                               \
        1, 1, 0, NULL, {                                                                            \
            0, NULL, 0, NULL, SIZEOF_ARRAY(PinDataRangePointersStream), PinDataRangePointersStream, \
                DataFlow, KSPIN_COMMUNICATION_SINK, &KSCATEGORY_AUDIO, Name, 0                      \
        }                                                                                           \
    }
#define BRIDGE_PIN(DataFlow, Name)                                                                  \
    {                                                                                               \
        0, 0, 0, NULL, {                                                                            \
            0, NULL, 0, NULL, SIZEOF_ARRAY(PinDataRangePointersBridge), PinDataRangePointersBridge, \
                DataFlow, KSPIN_COMMUNICATION_NONE, &KSCATEGORY_AUDIO, Name, 0                      \
        }                                                                                           \
    }

static PCPIN_DESCRIPTOR MiniportPins[WAVE_PIN_COUNT] = {
    STREAM_PIN(KSPIN_DATAFLOW_OUT, &KSAUDFNAME_RECORDING_CONTROL),
    BRIDGE_PIN(KSPIN_DATAFLOW_IN, &KSAUDFNAME_RECORDING_SOURCE),
    STREAM_PIN(KSPIN_DATAFLOW_IN, &KSAUDFNAME_WAVE_OUT_MIX),
    BRIDGE_PIN(KSPIN_DATAFLOW_OUT, &KSAUDFNAME_STEREO_MIX)};

static PCNODE_DESCRIPTOR MiniportNodes[WAVE_NODE_COUNT] = {{0, NULL, &KSNODETYPE_ADC, NULL},
                                                           {0, NULL, &KSNODETYPE_DAC, NULL}};

static PCCONNECTION_DESCRIPTOR MiniportConnections[] = {
    {PCFILTER_NODE, WAVE_PIN_CAPTURE_BRIDGE, WAVE_NODE_ADC, 1},
    {WAVE_NODE_ADC, 0, PCFILTER_NODE, WAVE_PIN_CAPTURE},
    {PCFILTER_NODE, WAVE_PIN_RENDER, WAVE_NODE_DAC, 1},
    {WAVE_NODE_DAC, 0, PCFILTER_NODE, WAVE_PIN_RENDER_BRIDGE}};

static GUID MiniportCategories[] = {
    {STATICGUIDOF(KSCATEGORY_AUDIO)}, {STATICGUIDOF(KSCATEGORY_RENDER)}, {STATICGUIDOF(KSCATEGORY_CAPTURE)}};

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
