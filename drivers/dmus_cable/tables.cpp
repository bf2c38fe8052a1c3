#include "dmus_cable.h"

static KSDATARANGE_MUSIC MidiRange = {
    {sizeof(KSDATARANGE_MUSIC), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_MUSIC),
     STATICGUIDOF(KSDATAFORMAT_SUBTYPE_MIDI), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)},
    STATICGUIDOF(KSMUSIC_TECHNOLOGY_PORT),
    0,
    0,
    0xFFFF};

static KSDATARANGE_MUSIC DirectMusicRange = {
    {sizeof(KSDATARANGE_MUSIC), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_MUSIC),
     STATICGUIDOF(KSDATAFORMAT_SUBTYPE_DIRECTMUSIC), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)},
    STATICGUIDOF(KSMUSIC_TECHNOLOGY_PORT),
    0,
    0,
    0xFFFF};

static KSDATARANGE BridgeRange = {sizeof(KSDATARANGE),
                                  0,
                                  0,
                                  0,
                                  STATICGUIDOF(KSDATAFORMAT_TYPE_MUSIC),
                                  STATICGUIDOF(KSDATAFORMAT_SUBTYPE_MIDI_BUS),
                                  STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)};

static PKSDATARANGE MidiRanges[] = {PKSDATARANGE(&MidiRange)};
static PKSDATARANGE DirectMusicRanges[] = {PKSDATARANGE(&DirectMusicRange)};
static PKSDATARANGE CaptureRanges[] = {PKSDATARANGE(&MidiRange), PKSDATARANGE(&DirectMusicRange)};
static PKSDATARANGE BridgeRanges[] = {&BridgeRange};

#define CABLE_PIN(Count, DataFlow, Communication, Ranges, Name)                                         \
    {                                                                                                   \
        Count, Count, 0, NULL, {                                                                        \
            0, NULL, 0, NULL, SIZEOF_ARRAY(Ranges), Ranges, DataFlow, Communication, &KSCATEGORY_AUDIO, \
                Name, 0                                                                                 \
        }                                                                                               \
    }

static PCPIN_DESCRIPTOR Pins[] = {
    CABLE_PIN(1, KSPIN_DATAFLOW_IN, KSPIN_COMMUNICATION_SINK, MidiRanges, &KSAUDFNAME_MIDI),
    CABLE_PIN(1, KSPIN_DATAFLOW_IN, KSPIN_COMMUNICATION_SINK, DirectMusicRanges, &KSAUDFNAME_DMUSIC_MPU_OUT),
    CABLE_PIN(0, KSPIN_DATAFLOW_OUT, KSPIN_COMMUNICATION_NONE, BridgeRanges, NULL),
    CABLE_PIN(1, KSPIN_DATAFLOW_OUT, KSPIN_COMMUNICATION_SINK, CaptureRanges, &KSAUDFNAME_DMUSIC_MPU_IN),
    CABLE_PIN(0, KSPIN_DATAFLOW_IN, KSPIN_COMMUNICATION_NONE, BridgeRanges, NULL)};

static PCCONNECTION_DESCRIPTOR Connections[] = {
    {PCFILTER_NODE, kPinMidiRender, PCFILTER_NODE, kPinRenderBridge},
    {PCFILTER_NODE, kPinDMusRender, PCFILTER_NODE, kPinRenderBridge},
    {PCFILTER_NODE, kPinCaptureBridge, PCFILTER_NODE, kPinCapture}};

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

STDMETHODIMP_(NTSTATUS) CMiniportDMusCable::GetDescription(PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    *Description = &FilterDescriptor;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CMiniportDMusCable::DataRangeIntersection(ULONG, PKSDATARANGE, PKSDATARANGE, ULONG, PVOID, PULONG) {
    PAGED_CODE();
    return STATUS_NOT_IMPLEMENTED;
}
