// KSPROPSETID_Synth of the miniport's synthesizer nodes (UA-004, UA-006): an external device with one channel
// group, of which nothing else is known.
#include "properties.h"

static const SYNTHCAPS Caps = {STATICGUIDOF(CLSID_MiniportDriverDMusUART),
                               SYNTH_PC_EXTERNAL,
                               0,
                               1,
                               0xFFFFFFFF,
                               0xFFFFFFFF,
                               0,
                               L"MPU-401"};

#pragma code_seg("PAGE")

static NTSTATUS Answer(PPCPROPERTY_REQUEST PropertyRequest, const void* Value, ULONG Size) {
    PAGED_CODE();
    ULONG room = PropertyRequest->ValueSize;
    PropertyRequest->ValueSize = Size;
    if (room == 0) return STATUS_BUFFER_OVERFLOW;
    if (room < Size) return STATUS_BUFFER_TOO_SMALL;
    RtlCopyMemory(PropertyRequest->Value, Value, Size);
    return STATUS_SUCCESS;
}

static NTSTATUS GetCaps(PPCPROPERTY_REQUEST PropertyRequest) {
    PAGED_CODE();
    return Answer(PropertyRequest, &Caps, sizeof(Caps));
}

// The parameters that a client asks for come in the instance; what it gets is what there is.
static NTSTATUS GetPortParameters(PPCPROPERTY_REQUEST PropertyRequest) {
    PAGED_CODE();
    SYNTH_PORTPARAMS parameters;
    if (PropertyRequest->InstanceSize < sizeof(parameters)) return STATUS_BUFFER_TOO_SMALL;
    RtlCopyMemory(&parameters, PropertyRequest->Instance, sizeof(parameters));
    parameters.ChannelGroups = 1;
    parameters.EffectsFlags = 0;
    parameters.Share = FALSE;
    return Answer(PropertyRequest, &parameters, sizeof(parameters));
}

static NTSTATUS GetChannelGroups(PPCPROPERTY_REQUEST PropertyRequest) {
    PAGED_CODE();
    ULONG groups = 1;
    return Answer(PropertyRequest, &groups, sizeof(groups));
}

// What is sent now is on its way to the wire now.
static NTSTATUS GetLatencyClock(PPCPROPERTY_REQUEST PropertyRequest) {
    PAGED_CODE();
    ULONGLONG now = PcGetTimeInterval(0);
    return Answer(PropertyRequest, &now, sizeof(now));
}

#pragma code_seg()

static const PCPROPERTY_ITEM SynthProperties[] = {
    {&KSPROPSETID_Synth, KSPROPERTY_SYNTH_CAPS, KSPROPERTY_TYPE_GET, GetCaps},
    {&KSPROPSETID_Synth, KSPROPERTY_SYNTH_PORTPARAMETERS, KSPROPERTY_TYPE_GET, GetPortParameters},
    {&KSPROPSETID_Synth, KSPROPERTY_SYNTH_CHANNELGROUPS, KSPROPERTY_TYPE_GET, GetChannelGroups},
    {&KSPROPSETID_Synth, KSPROPERTY_SYNTH_LATENCYCLOCK, KSPROPERTY_TYPE_GET, GetLatencyClock}};

DEFINE_PCAUTOMATION_TABLE_PROP(SynthAutomation, SynthProperties);
