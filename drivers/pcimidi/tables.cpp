#include "pcimidi.h"

static KSDATARANGE_MUSIC StreamRange = {
    {sizeof(KSDATARANGE_MUSIC), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_MUSIC),
     STATICGUIDOF(KSDATAFORMAT_SUBTYPE_MIDI), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)},
    STATICGUIDOF(KSMUSIC_TECHNOLOGY_PORT),
    0,
    0,
    0xFFFF};

static PKSDATARANGE StreamRanges[] = {PKSDATARANGE(&StreamRange)};

static KSDATARANGE BridgeRange = {sizeof(KSDATARANGE),
                                  0,
                                  0,
                                  0,
                                  STATICGUIDOF(KSDATAFORMAT_TYPE_MUSIC),
                                  STATICGUIDOF(KSDATAFORMAT_SUBTYPE_MIDI_BUS),
                                  STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)};

static PKSDATARANGE BridgeRanges[] = {&BridgeRange};

// One stream each way, and where it comes from or goes to.
#define STREAM_PIN(DataFlow, Category)                                                  \
    {                                                                                   \
        1, 1, 0, nullptr, {                                                             \
            0, nullptr, 0, nullptr, SIZEOF_ARRAY(StreamRanges), StreamRanges, DataFlow, \
                KSPIN_COMMUNICATION_SINK, Category, &KSAUDFNAME_MIDI, 0                 \
        }                                                                               \
    }
#define BRIDGE_PIN(DataFlow, Category)                                                  \
    {                                                                                   \
        0, 0, 0, nullptr, {                                                             \
            0, nullptr, 0, nullptr, SIZEOF_ARRAY(BridgeRanges), BridgeRanges, DataFlow, \
                KSPIN_COMMUNICATION_NONE, Category, nullptr, 0                          \
        }                                                                               \
    }

static PCPIN_DESCRIPTOR Pins[] = {STREAM_PIN(KSPIN_DATAFLOW_IN, &KSCATEGORY_AUDIO),
                                  BRIDGE_PIN(KSPIN_DATAFLOW_OUT, &KSNODETYPE_SYNTHESIZER),
                                  STREAM_PIN(KSPIN_DATAFLOW_OUT, &KSCATEGORY_CAPTURE),
                                  BRIDGE_PIN(KSPIN_DATAFLOW_IN, &KSNODETYPE_MULTITRACK_RECORDER)};

static PCCONNECTION_DESCRIPTOR Connections[] = {{PCFILTER_NODE, 0, PCFILTER_NODE, 1},
                                                {PCFILTER_NODE, 3, PCFILTER_NODE, 2}};

static GUID Categories[] = {
    {STATICGUIDOF(KSCATEGORY_AUDIO)}, {STATICGUIDOF(KSCATEGORY_RENDER)}, {STATICGUIDOF(KSCATEGORY_CAPTURE)}};

static PCFILTER_DESCRIPTOR FilterDescriptor = {0,
                                               NULL,
                                               sizeof(PCPIN_DESCRIPTOR),
                                               SIZEOF_ARRAY(Pins),
                                               Pins,
                                               sizeof(PCNODE_DESCRIPTOR),
                                               0,
                                               NULL,
                                               SIZEOF_ARRAY(Connections),
                                               Connections,
                                               SIZEOF_ARRAY(Categories),
                                               Categories};

#pragma code_seg("PAGE")

STDMETHODIMP_(NTSTATUS) CMiniportMidiPci::GetDescription(PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    *Description = &FilterDescriptor;
    return STATUS_SUCCESS;
}
