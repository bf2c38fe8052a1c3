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

#define STREAM_PIN(Count, DataFlow)                                                                         \
    {                                                                                                       \
        Count, Count, 0, NULL, {                                                                            \
            0, NULL, 0, NULL, SIZEOF_ARRAY(StreamRanges), StreamRanges, DataFlow, KSPIN_COMMUNICATION_SINK, \
                &KSCATEGORY_AUDIO, &KSAUDFNAME_MIDI, 0                                                      \
        }                                                                                                   \
    }
#define BRIDGE_PIN(DataFlow)                                                                                \
    {                                                                                                       \
        0, 0, 0, NULL, {                                                                                    \
            0, NULL, 0, NULL, SIZEOF_ARRAY(BridgeRanges), BridgeRanges, DataFlow, KSPIN_COMMUNICATION_NONE, \
                &KSCATEGORY_AUDIO, NULL, 0                                                                  \
        }                                                                                                   \
    }

static PCPIN_DESCRIPTOR Pins[] = {STREAM_PIN(1, KSPIN_DATAFLOW_IN), BRIDGE_PIN(KSPIN_DATAFLOW_OUT),
                                  STREAM_PIN(1, KSPIN_DATAFLOW_OUT), BRIDGE_PIN(KSPIN_DATAFLOW_IN)};

static PCCONNECTION_DESCRIPTOR Connections[] = {
    {PCFILTER_NODE, 0, PCFILTER_NODE, 1},
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
