// The filter descriptor (UA-006): render pins for MIDI and for DirectMusic, a capture pin for both, each
// wired through a synthesizer node to a bridge pin that stands for the MIDI bus; the miniport for capture
// alone has the last of these.
#include "dmusuart.h"
#include "properties.h"

static const KSDATARANGE_MUSIC MidiRange = {
    {sizeof(KSDATARANGE_MUSIC), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_MUSIC),
     STATICGUIDOF(KSDATAFORMAT_SUBTYPE_MIDI), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)},
    STATICGUIDOF(KSMUSIC_TECHNOLOGY_PORT),
    0,
    0,
    0xFFFF};

static const KSDATARANGE_MUSIC DirectMusicRange = {
    {sizeof(KSDATARANGE_MUSIC), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_MUSIC),
     STATICGUIDOF(KSDATAFORMAT_SUBTYPE_DIRECTMUSIC), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)},
    STATICGUIDOF(KSMUSIC_TECHNOLOGY_PORT),
    0,
    0,
    0xFFFF};

enum { kRangeMidi = 0, kRangeDirectMusic };

static KSDATARANGE BridgeRange = {sizeof(KSDATARANGE),
                                  0,
                                  0,
                                  0,
                                  STATICGUIDOF(KSDATAFORMAT_TYPE_MUSIC),
                                  STATICGUIDOF(KSDATAFORMAT_SUBTYPE_MIDI_BUS),
                                  STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)};

static PKSDATARANGE BridgeRanges[] = {&BridgeRange};

static const PCNODE_DESCRIPTOR Nodes[kNodeCount] = {
    {0, &SynthAutomation, &KSNODETYPE_SYNTHESIZER, &KSAUDFNAME_DMUSIC_MPU_OUT},
    {0, &SynthAutomation, &KSNODETYPE_SYNTHESIZER, &KSAUDFNAME_DMUSIC_MPU_IN}};

static const PCCONNECTION_DESCRIPTOR Connections[] = {
    {PCFILTER_NODE, kPinMidiRender, kNodeRender, KSNODEPIN_STANDARD_IN},
    {PCFILTER_NODE, kPinDMusRender, kNodeRender, KSNODEPIN_STANDARD_IN},
    {kNodeRender, KSNODEPIN_STANDARD_OUT, PCFILTER_NODE, kPinRenderBridge},
    {PCFILTER_NODE, kPinCaptureBridge, kNodeCapture, KSNODEPIN_STANDARD_IN},
    {kNodeCapture, KSNODEPIN_STANDARD_OUT, PCFILTER_NODE, kPinCapture}};

// The capture node is the only one.
static const PCCONNECTION_DESCRIPTOR CaptureConnections[] = {
    {PCFILTER_NODE, kCaptureOnlyPinBridge, 0, KSNODEPIN_STANDARD_IN},
    {0, KSNODEPIN_STANDARD_OUT, PCFILTER_NODE, kCaptureOnlyPinCapture}};

static const GUID Categories[] = {STATICGUIDOF(KSCATEGORY_AUDIO), STATICGUIDOF(KSCATEGORY_RENDER),
                                  STATICGUIDOF(KSCATEGORY_CAPTURE)};

static const GUID CaptureCategories[] = {STATICGUIDOF(KSCATEGORY_AUDIO), STATICGUIDOF(KSCATEGORY_CAPTURE)};

static void DescribeStreamPin(PPCPIN_DESCRIPTOR Pin, KSPIN_DATAFLOW DataFlow, PKSDATARANGE* Ranges,
                              ULONG RangesCount, const GUID* Name) {
    Pin->MaxGlobalInstanceCount = 1;
    Pin->MaxFilterInstanceCount = 1;
    Pin->KsPinDescriptor.DataRangesCount = RangesCount;
    Pin->KsPinDescriptor.DataRanges = Ranges;
    Pin->KsPinDescriptor.DataFlow = DataFlow;
    Pin->KsPinDescriptor.Communication = KSPIN_COMMUNICATION_SINK;
    Pin->KsPinDescriptor.Category = &KSCATEGORY_AUDIO;
    Pin->KsPinDescriptor.Name = Name;
}

static void DescribeBridgePin(PPCPIN_DESCRIPTOR Pin, KSPIN_DATAFLOW DataFlow) {
    Pin->KsPinDescriptor.DataRangesCount = SIZEOF_ARRAY(BridgeRanges);
    Pin->KsPinDescriptor.DataRanges = BridgeRanges;
    Pin->KsPinDescriptor.DataFlow = DataFlow;
    Pin->KsPinDescriptor.Communication = KSPIN_COMMUNICATION_NONE;
    Pin->KsPinDescriptor.Category = &KSCATEGORY_AUDIO;
}

static void DescribeBoth(PPCFILTER_DESCRIPTOR Filter, PPCPIN_DESCRIPTOR Pins, PKSDATARANGE* Ranges) {
    DescribeStreamPin(&Pins[kPinMidiRender], KSPIN_DATAFLOW_IN, &Ranges[kRangeMidi], 1, &KSAUDFNAME_MIDI);
    DescribeStreamPin(&Pins[kPinDMusRender], KSPIN_DATAFLOW_IN, &Ranges[kRangeDirectMusic], 1,
                      &KSAUDFNAME_DMUSIC_MPU_OUT);
    DescribeBridgePin(&Pins[kPinRenderBridge], KSPIN_DATAFLOW_OUT);
    DescribeBridgePin(&Pins[kPinCaptureBridge], KSPIN_DATAFLOW_IN);
    DescribeStreamPin(&Pins[kPinCapture], KSPIN_DATAFLOW_OUT, Ranges, 2, &KSAUDFNAME_DMUSIC_MPU_IN);
    Filter->PinCount = kPinCount;
    Filter->NodeCount = kNodeCount;
    Filter->Nodes = Nodes;
    Filter->ConnectionCount = SIZEOF_ARRAY(Connections);
    Filter->Connections = Connections;
    Filter->CategoryCount = SIZEOF_ARRAY(Categories);
    Filter->Categories = Categories;
}

static void DescribeCapture(PPCFILTER_DESCRIPTOR Filter, PPCPIN_DESCRIPTOR Pins, PKSDATARANGE* Ranges) {
    DescribeStreamPin(&Pins[kCaptureOnlyPinCapture], KSPIN_DATAFLOW_OUT, Ranges, 2,
                      &KSAUDFNAME_DMUSIC_MPU_IN);
    DescribeBridgePin(&Pins[kCaptureOnlyPinBridge], KSPIN_DATAFLOW_IN);
    Filter->PinCount = kCaptureOnlyPinCount;
    Filter->NodeCount = 1;
    Filter->Nodes = &Nodes[kNodeCapture];
    Filter->ConnectionCount = SIZEOF_ARRAY(CaptureConnections);
    Filter->Connections = CaptureConnections;
    Filter->CategoryCount = SIZEOF_ARRAY(CaptureCategories);
    Filter->Categories = CaptureCategories;
}

#pragma code_seg("PAGE")

// The object's memory is zero when its constructor runs (IU-015): only what is not 0 is set.
void CMiniportDMusUart::BuildDescriptor(void) {
    PAGED_CODE();
    m_StreamRanges[kRangeMidi] = MidiRange;
    m_StreamRanges[kRangeDirectMusic] = DirectMusicRange;
    m_StreamRangePointers[kRangeMidi] = PKSDATARANGE(&m_StreamRanges[kRangeMidi]);
    m_StreamRangePointers[kRangeDirectMusic] = PKSDATARANGE(&m_StreamRanges[kRangeDirectMusic]);

    m_FilterDescriptor.PinSize = sizeof(PCPIN_DESCRIPTOR);
    m_FilterDescriptor.Pins = m_Pins;
    m_FilterDescriptor.NodeSize = sizeof(PCNODE_DESCRIPTOR);
    if (m_fCaptureOnly) {
        DescribeCapture(&m_FilterDescriptor, m_Pins, m_StreamRangePointers);
    } else {
        DescribeBoth(&m_FilterDescriptor, m_Pins, m_StreamRangePointers);
    }
}

STDMETHODIMP_(NTSTATUS) CMiniportDMusUart::GetDescription(PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    *Description = &m_FilterDescriptor;
    return STATUS_SUCCESS;
}

// The port's own rule for music is what this device needs (IM-025).
STDMETHODIMP_(NTSTATUS)
CMiniportDMusUart::DataRangeIntersection(ULONG, PKSDATARANGE, PKSDATARANGE, ULONG, PVOID, PULONG) {
    PAGED_CODE();
    return STATUS_NOT_IMPLEMENTED;
}

#pragma code_seg()
