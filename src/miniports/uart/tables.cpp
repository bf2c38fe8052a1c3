// The filter descriptor (UA-007): a render and a capture pin, each wired to a bridge pin that stands for the
// MIDI bus.
#include "uart.h"

static const KSDATARANGE_MUSIC StreamRange = {
    {sizeof(KSDATARANGE_MUSIC), 0, 0, 0, STATICGUIDOF(KSDATAFORMAT_TYPE_MUSIC),
     STATICGUIDOF(KSDATAFORMAT_SUBTYPE_MIDI), STATICGUIDOF(KSDATAFORMAT_SPECIFIER_NONE)},
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

static PKSDATARANGE BridgeRanges[] = {&BridgeRange};

static const PCCONNECTION_DESCRIPTOR Connections[] = {
    {PCFILTER_NODE, kPinRender, PCFILTER_NODE, kPinRenderBridge},
    {PCFILTER_NODE, kPinCaptureBridge, PCFILTER_NODE, kPinCapture}};

static void DescribeStreamPin(PPCPIN_DESCRIPTOR Pin, KSPIN_DATAFLOW DataFlow, PKSDATARANGE* Ranges) {
    Pin->MaxGlobalInstanceCount = 1;
    Pin->MaxFilterInstanceCount = 1;
    Pin->KsPinDescriptor.DataRangesCount = 1;
    Pin->KsPinDescriptor.DataRanges = Ranges;
    Pin->KsPinDescriptor.DataFlow = DataFlow;
    Pin->KsPinDescriptor.Communication = KSPIN_COMMUNICATION_SINK;
    Pin->KsPinDescriptor.Category = &KSCATEGORY_AUDIO;
    Pin->KsPinDescriptor.Name = &KSAUDFNAME_MIDI;
}

static void DescribeBridgePin(PPCPIN_DESCRIPTOR Pin, KSPIN_DATAFLOW DataFlow) {
    Pin->KsPinDescriptor.DataRangesCount = SIZEOF_ARRAY(BridgeRanges);
    Pin->KsPinDescriptor.DataRanges = BridgeRanges;
    Pin->KsPinDescriptor.DataFlow = DataFlow;
    Pin->KsPinDescriptor.Communication = KSPIN_COMMUNICATION_NONE;
    Pin->KsPinDescriptor.Category = &KSCATEGORY_AUDIO;
}

#pragma code_seg("PAGE")

// The object's memory is zero when its constructor runs (IU-015): only what is not 0 is set.
void CMiniportMidiUart::BuildDescriptor(void) {
    PAGED_CODE();
    m_StreamRange = StreamRange;
    m_StreamRanges[0] = PKSDATARANGE(&m_StreamRange);

    DescribeStreamPin(&m_Pins[kPinRender], KSPIN_DATAFLOW_IN, m_StreamRanges);
    DescribeBridgePin(&m_Pins[kPinRenderBridge], KSPIN_DATAFLOW_OUT);
    DescribeStreamPin(&m_Pins[kPinCapture], KSPIN_DATAFLOW_OUT, m_StreamRanges);
    DescribeBridgePin(&m_Pins[kPinCaptureBridge], KSPIN_DATAFLOW_IN);

    m_FilterDescriptor.PinSize = sizeof(PCPIN_DESCRIPTOR);
    m_FilterDescriptor.PinCount = kPinCount;
    m_FilterDescriptor.Pins = m_Pins;
    m_FilterDescriptor.NodeSize = sizeof(PCNODE_DESCRIPTOR);
    m_FilterDescriptor.ConnectionCount = SIZEOF_ARRAY(Connections);
    m_FilterDescriptor.Connections = Connections;
}

STDMETHODIMP_(NTSTATUS) CMiniportMidiUart::GetDescription(PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    *Description = &m_FilterDescriptor;
    return STATUS_SUCCESS;
}

// The port's own rule for music is what this device needs (IM-025).
STDMETHODIMP_(NTSTATUS)
CMiniportMidiUart::DataRangeIntersection(ULONG, PKSDATARANGE, PKSDATARANGE, ULONG, PVOID, PULONG) {
    PAGED_CODE();
    return STATUS_NOT_IMPLEMENTED;
}

#pragma code_seg()
