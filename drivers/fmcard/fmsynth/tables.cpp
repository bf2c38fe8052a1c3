// The filter: the render pin, the synthesizer, perhaps a volume, and the analog output.
#include "fmsynth.h"
#include "propsup.h"

static const KSDATARANGE_MUSIC FmStreamRange = {
    {sizeof(KSDATARANGE_MUSIC), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_MUSIC),
     STATICGUIDOF(KSDATAFORMAT_SUBTYPE_MIDI), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)},
    STATICGUIDOF(KSMUSIC_TECHNOLOGY_FMSYNTH),
    NUM_VOICES,
    NUM_VOICES,
    0xFFFFFFFF};

static KSDATARANGE FmBridgeRange = {sizeof(KSDATARANGE),
                                    0,
                                    0,
                                    0,
                                    STATICGUIDOF(KSDATAFORMAT_TYPE_AUDIO),
                                    STATICGUIDOF(KSDATAFORMAT_SUBTYPE_ANALOG),
                                    STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)};

static PKSDATARANGE FmBridgeRanges[] = {&FmBridgeRange};

static const PCPIN_DESCRIPTOR FmPins[kPinCount] = {
    {1,
     1,
     1,
     NULL,
     {0, NULL, 0, NULL, 0, NULL, KSPIN_DATAFLOW_IN, KSPIN_COMMUNICATION_SINK, &KSNODETYPE_SYNTHESIZER,
      &KSAUDFNAME_MIDI, 0}},
    {0,
     0,
     0,
     NULL,
     {0, NULL, 0, NULL, SIZEOF_ARRAY(FmBridgeRanges), FmBridgeRanges, KSPIN_DATAFLOW_OUT,
      KSPIN_COMMUNICATION_NONE, &KSCATEGORY_AUDIO, NULL, 0}}};

static PCPROPERTY_ITEM FmVolumeProperties[] = {
    {&KSPROPSETID_Audio, KSPROPERTY_AUDIO_VOLUMELEVEL,
     KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET | KSPROPERTY_TYPE_BASICSUPPORT, PropertyHandler_FmLevel}};

DEFINE_PCAUTOMATION_TABLE_PROP(AutomationFmVolume, FmVolumeProperties);

static PCNODE_DESCRIPTOR FmNodes[kNodeCount] = {
    {0, NULL, &KSNODETYPE_SYNTHESIZER, NULL},
    {0, &AutomationFmVolume, &KSNODETYPE_VOLUME, &KSAUDFNAME_MIDI_VOLUME}};

// A node's output is its pin 0.
static PCCONNECTION_DESCRIPTOR FmConnections[] = {{PCFILTER_NODE, kPinRender, kNodeSynthesizer, 1},
                                                  {kNodeSynthesizer, 0, PCFILTER_NODE, kPinBridge}};

static PCCONNECTION_DESCRIPTOR FmConnectionsWithVolume[] = {{PCFILTER_NODE, kPinRender, kNodeSynthesizer, 1},
                                                            {kNodeSynthesizer, 0, kNodeVolume, 1},
                                                            {kNodeVolume, 0, PCFILTER_NODE, kPinBridge}};

static GUID FmCategories[] = {{STATICGUIDOF(KSCATEGORY_AUDIO)},
                              {STATICGUIDOF(KSCATEGORY_RENDER)},
                              {STATICGUIDOF(KSCATEGORY_SYNTHESIZER)}};

#pragma code_seg("PAGE")

void CMiniportMidiFmSynth::BuildDescriptor(void) {
    PAGED_CODE();
    m_StreamRange = FmStreamRange;
    m_apStreamRanges[0] = PKSDATARANGE(&m_StreamRange);
    RtlCopyMemory(m_aPins, FmPins, sizeof(FmPins));
    m_aPins[kPinRender].KsPinDescriptor.DataRangesCount = SIZEOF_ARRAY(m_apStreamRanges);
    m_aPins[kPinRender].KsPinDescriptor.DataRanges = m_apStreamRanges;

    RtlZeroMemory(&m_FilterDescriptor, sizeof(m_FilterDescriptor));
    m_FilterDescriptor.PinSize = sizeof(PCPIN_DESCRIPTOR);
    m_FilterDescriptor.PinCount = kPinCount;
    m_FilterDescriptor.Pins = m_aPins;
    m_FilterDescriptor.NodeSize = sizeof(PCNODE_DESCRIPTOR);
    m_FilterDescriptor.NodeCount = m_fVolumeNode ? kNodeCount : kNodeVolume;
    m_FilterDescriptor.Nodes = FmNodes;
    m_FilterDescriptor.ConnectionCount =
        m_fVolumeNode ? SIZEOF_ARRAY(FmConnectionsWithVolume) : SIZEOF_ARRAY(FmConnections);
    m_FilterDescriptor.Connections = m_fVolumeNode ? FmConnectionsWithVolume : FmConnections;
    m_FilterDescriptor.CategoryCount = SIZEOF_ARRAY(FmCategories);
    m_FilterDescriptor.Categories = FmCategories;
}

STDMETHODIMP_(NTSTATUS) CMiniportMidiFmSynth::GetDescription(OUT PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    ASSERT(Description);
    *Description = &m_FilterDescriptor;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CMiniportMidiFmSynth::DataRangeIntersection(IN ULONG PinId, IN PKSDATARANGE DataRange,
                                            IN PKSDATARANGE MatchingDataRange, IN ULONG OutputBufferLength,
                                            OUT PVOID ResultantFormat OPTIONAL,
                                            OUT PULONG ResultantFormatLength) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(PinId);
    UNREFERENCED_PARAMETER(DataRange);
    UNREFERENCED_PARAMETER(MatchingDataRange);
    UNREFERENCED_PARAMETER(OutputBufferLength);
    UNREFERENCED_PARAMETER(ResultantFormat);
    UNREFERENCED_PARAMETER(ResultantFormatLength);
    return STATUS_NOT_IMPLEMENTED;
}

NTSTATUS PropertyHandler_FmLevel(IN PPCPROPERTY_REQUEST PropertyRequest) {
    PAGED_CODE();
    ASSERT(PropertyRequest);
    CMiniportMidiFmSynth* that = (CMiniportMidiFmSynth*)(PMINIPORTMIDI(PropertyRequest->MajorTarget));
    if (PropertyRequest->Node != kNodeVolume) return STATUS_INVALID_DEVICE_REQUEST;
    if (PropertyRequest->Verb & KSPROPERTY_TYPE_BASICSUPPORT) {
        return BasicSupportHandler(PropertyRequest, VT_I4, FM_LEVEL_STEP, FM_LEVEL_MINIMUM, FM_LEVEL_MAXIMUM,
                                   FM_SIDES);
    }

    LONG lSide;
    NTSTATUS ntStatus = ValidateRequest(PropertyRequest, FM_SIDES, &lSide);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    if (PropertyRequest->Verb & KSPROPERTY_TYPE_GET) {
        *PLONG(PropertyRequest->Value) = that->GetLevel(lSide);
        PropertyRequest->ValueSize = sizeof(LONG);
    } else if (PropertyRequest->Verb & KSPROPERTY_TYPE_SET) {
        that->SetLevel(lSide, *PLONG(PropertyRequest->Value));
    } else {
        ntStatus = STATUS_INVALID_DEVICE_REQUEST;
    }
    return ntStatus;
}

#pragma code_seg()
