#include "topology.h"
#include "propsup.h"
#include "toptable.h"

// A level of 0 dB is the highest of most registers; steps of 2 dB are 31 below it.
#define VOLUME(Left, Right) \
    { Left, Right, 3, -62 * 0x10000, 0, 0x20000 }
#define GAIN(Left, Right) \
    { Left, Right, 6, 0, 18 * 0x10000, 0x60000 }
#define TONE(Left, Right) \
    { Left, Right, 4, -14 * 0x10000, 14 * 0x10000, 0x20000 }
#define NO_LEVEL \
    { 0, 0, 0, 0, 0, 0 }

// By node.
static const MIXER_LEVEL g_aLevels[TOPO_NODE_COUNT] = {VOLUME(MIX_VOICE_LEFT, MIX_VOICE_RIGHT),
                                                       VOLUME(MIX_MIDI_LEFT, MIX_MIDI_RIGHT),
                                                       VOLUME(MIX_CD_LEFT, MIX_CD_RIGHT),
                                                       NO_LEVEL,
                                                       VOLUME(MIX_LINE_LEFT, MIX_LINE_RIGHT),
                                                       NO_LEVEL,
                                                       VOLUME(MIX_MIC, MIX_MIC),
                                                       NO_LEVEL,
                                                       NO_LEVEL,
                                                       NO_LEVEL,
                                                       VOLUME(MIX_MASTER_LEFT, MIX_MASTER_RIGHT),
                                                       NO_LEVEL,
                                                       GAIN(MIX_INPUT_GAIN_LEFT, MIX_INPUT_GAIN_RIGHT)};

static const MIXER_LEVEL g_Bass = TONE(MIX_BASS_LEFT, MIX_BASS_RIGHT);
static const MIXER_LEVEL g_Treble = TONE(MIX_TREBLE_LEFT, MIX_TREBLE_RIGHT);

#pragma code_seg("PAGE")

NTSTATUS CreateMiniportTopologySB16(OUT PUNKNOWN* Unknown, IN REFCLSID, IN PUNKNOWN UnknownOuter OPTIONAL,
                                    IN POOL_TYPE PoolType) {
    PAGED_CODE();
    ASSERT(Unknown);
    STD_CREATE_BODY(CMiniportTopologySB16, Unknown, UnknownOuter, PoolType);
}

CMiniportTopologySB16::~CMiniportTopologySB16() {
    PAGED_CODE();
    if (m_pPortEvents) m_pPortEvents->Release();
    if (m_pAdapterCommon) m_pAdapterCommon->Release();
}

STDMETHODIMP_(NTSTATUS)
CMiniportTopologySB16::NonDelegatingQueryInterface(IN REFIID Interface, OUT PVOID* Object) {
    PAGED_CODE();
    ASSERT(Object);
    if (IsEqualGUIDAligned(Interface, IID_IUnknown)) {
        *Object = PVOID(PUNKNOWN(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniport)) {
        *Object = PVOID(PMINIPORT(this));
    } else if (IsEqualGUIDAligned(Interface, IID_IMiniportTopology)) {
        *Object = PVOID(PMINIPORTTOPOLOGY(this));
    } else {
        *Object = NULL;
    }
    if (*Object) {
        PUNKNOWN(*Object)->AddRef();
        return STATUS_SUCCESS;
    }
    return STATUS_INVALID_PARAMETER;
}

STDMETHODIMP_(NTSTATUS)
CMiniportTopologySB16::Init(IN PUNKNOWN UnknownAdapter, IN PRESOURCELIST ResourceList,
                            IN PPORTTOPOLOGY Port) {
    PAGED_CODE();
    ASSERT(UnknownAdapter);
    ASSERT(Port);
    UNREFERENCED_PARAMETER(ResourceList);
    NTSTATUS ntStatus = UnknownAdapter->QueryInterface(IID_IAdapterCommon, (PVOID*)&m_pAdapterCommon);
    // Systems before the second edition have no events: the mixer works without them.
    if (NT_SUCCESS(ntStatus)) Port->QueryInterface(IID_IPortEvents, (PVOID*)&m_pPortEvents);
    return ntStatus;
}

STDMETHODIMP_(NTSTATUS) CMiniportTopologySB16::GetDescription(OUT PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    ASSERT(Description);
    *Description = &MiniportFilterDescriptor;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CMiniportTopologySB16::DataRangeIntersection(IN ULONG, IN PKSDATARANGE, IN PKSDATARANGE, IN ULONG, OUT PVOID,
                                             OUT PULONG) {
    PAGED_CODE();
    return STATUS_NOT_IMPLEMENTED;
}

void CMiniportTopologySB16::SetLevel(IN const MIXER_LEVEL* pLevel, IN LONG lChannel, IN LONG lLevel) {
    PAGED_CODE();
    if (lLevel < pLevel->lMinimum) lLevel = pLevel->lMinimum;
    if (lLevel > pLevel->lMaximum) lLevel = pLevel->lMaximum;
    // The tone controls have one value more than they have levels: both lowest ones are the same.
    LONG lHighest = (0x100 >> pLevel->bShift) - 1;
    LONG lValue = lHighest - (pLevel->lMaximum - lLevel) / pLevel->lStep;
    BYTE bValue = BYTE(lValue << pLevel->bShift);
    if (lChannel != 1) m_pAdapterCommon->MixerRegWrite(pLevel->bLeft, bValue);
    if (lChannel != 0 && pLevel->bRight != pLevel->bLeft)
        m_pAdapterCommon->MixerRegWrite(pLevel->bRight, bValue);
}

LONG CMiniportTopologySB16::GetLevel(IN const MIXER_LEVEL* pLevel, IN LONG lChannel) {
    PAGED_CODE();
    BYTE bValue = m_pAdapterCommon->MixerRegRead(lChannel == 1 ? pLevel->bRight : pLevel->bLeft);
    LONG lHighest = (0x100 >> pLevel->bShift) - 1;
    LONG lLevel = pLevel->lMaximum - (lHighest - (bValue >> pLevel->bShift)) * pLevel->lStep;
    return lLevel < pLevel->lMinimum ? pLevel->lMinimum : lLevel;
}

NTSTATUS CMiniportTopologySB16::LevelRequest(IN PPCPROPERTY_REQUEST PropertyRequest,
                                             IN const MIXER_LEVEL* pLevel) {
    PAGED_CODE();
    ULONG ulChannels = pLevel->bLeft == pLevel->bRight ? 1 : 2;
    if (PropertyRequest->Verb & KSPROPERTY_TYPE_BASICSUPPORT) {
        return BasicSupportHandler(PropertyRequest, VT_I4, pLevel->lStep, pLevel->lMinimum, pLevel->lMaximum,
                                   ulChannels);
    }
    LONG lChannel;
    NTSTATUS ntStatus = ValidateRequest(PropertyRequest, ulChannels, &lChannel);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    if (PropertyRequest->Verb & KSPROPERTY_TYPE_GET) {
        *PLONG(PropertyRequest->Value) = GetLevel(pLevel, lChannel);
        PropertyRequest->ValueSize = sizeof(LONG);
        return STATUS_SUCCESS;
    }
    if (!(PropertyRequest->Verb & KSPROPERTY_TYPE_SET)) return STATUS_INVALID_DEVICE_REQUEST;
    SetLevel(pLevel, lChannel, *PLONG(PropertyRequest->Value));
    if (PropertyRequest->Node == TOPO_NODE_MASTER_VOLUME && m_pPortEvents) {
        m_pPortEvents->GenerateEventList((GUID*)&KSEVENTSETID_AudioControlChange, KSEVENT_CONTROL_CHANGE,
                                         FALSE, ULONG(-1), TRUE, TOPO_NODE_MASTER_VOLUME);
    }
    return STATUS_SUCCESS;
}

NTSTATUS PropertyHandler_Level(IN PPCPROPERTY_REQUEST PropertyRequest) {
    PAGED_CODE();
    ASSERT(PropertyRequest);
    CMiniportTopologySB16* that = (CMiniportTopologySB16*)(PMINIPORTTOPOLOGY(PropertyRequest->MajorTarget));
    if (PropertyRequest->Node >= TOPO_NODE_COUNT || !g_aLevels[PropertyRequest->Node].lStep) {
        return STATUS_INVALID_DEVICE_REQUEST;
    }
    return that->LevelRequest(PropertyRequest, &g_aLevels[PropertyRequest->Node]);
}

NTSTATUS PropertyHandler_Tone(IN PPCPROPERTY_REQUEST PropertyRequest) {
    PAGED_CODE();
    ASSERT(PropertyRequest);
    CMiniportTopologySB16* that = (CMiniportTopologySB16*)(PMINIPORTTOPOLOGY(PropertyRequest->MajorTarget));
    if (PropertyRequest->Node != TOPO_NODE_TONE) return STATUS_INVALID_DEVICE_REQUEST;
    return that->LevelRequest(
        PropertyRequest, PropertyRequest->PropertyItem->Id == KSPROPERTY_AUDIO_BASS ? &g_Bass : &g_Treble);
}

// The bit of a channel in the output mixer's switches; 0: the node is no switch.
static BYTE SwitchBits(IN ULONG ulNode, IN LONG lChannel) {
    PAGED_CODE();
    switch (ulNode) {
        case TOPO_NODE_CD_MUTE:
            return BYTE(lChannel < 0 ? 0x06 : lChannel == 0 ? 0x04 : 0x02);
        case TOPO_NODE_LINE_MUTE:
            return BYTE(lChannel < 0 ? 0x18 : lChannel == 0 ? 0x10 : 0x08);
        case TOPO_NODE_MIC_MUTE:
            return 0x01;
    }
    return 0;
}

// A switch that is off mutes.
NTSTATUS PropertyHandler_Mute(IN PPCPROPERTY_REQUEST PropertyRequest) {
    PAGED_CODE();
    ASSERT(PropertyRequest);
    CMiniportTopologySB16* that = (CMiniportTopologySB16*)(PMINIPORTTOPOLOGY(PropertyRequest->MajorTarget));
    ULONG ulChannels = PropertyRequest->Node == TOPO_NODE_MIC_MUTE ? 1 : 2;
    if (!SwitchBits(PropertyRequest->Node, CHANNEL_MASTER)) return STATUS_INVALID_DEVICE_REQUEST;
    if (PropertyRequest->Verb & KSPROPERTY_TYPE_BASICSUPPORT) {
        return BasicSupportHandler(PropertyRequest, VT_BOOL, 1, FALSE, TRUE, ulChannels);
    }
    LONG lChannel;
    NTSTATUS ntStatus = ValidateRequest(PropertyRequest, ulChannels, &lChannel);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    BYTE bBits = SwitchBits(PropertyRequest->Node, lChannel);
    if (PropertyRequest->Verb & KSPROPERTY_TYPE_GET) {
        *PBOOL(PropertyRequest->Value) = !(that->m_pAdapterCommon->MixerRegRead(MIX_OUTPUT_SWITCHES) & bBits);
        PropertyRequest->ValueSize = sizeof(BOOL);
        return STATUS_SUCCESS;
    }
    if (!(PropertyRequest->Verb & KSPROPERTY_TYPE_SET)) return STATUS_INVALID_DEVICE_REQUEST;
    that->m_pAdapterCommon->MixerRegChange(MIX_OUTPUT_SWITCHES, bBits,
                                           BYTE(*PBOOL(PropertyRequest->Value) ? 0 : bBits));
    return STATUS_SUCCESS;
}

#pragma code_seg()

// Who watches the master volume.
NTSTATUS EventHandler_ControlChange(IN PPCEVENT_REQUEST EventRequest) {
    CMiniportTopologySB16* that = (CMiniportTopologySB16*)(PMINIPORTTOPOLOGY(EventRequest->MajorTarget));
    switch (EventRequest->Verb) {
        case PCEVENT_VERB_ADD:
            if (!that->m_pPortEvents || !EventRequest->EventEntry) return STATUS_UNSUCCESSFUL;
            that->m_pPortEvents->AddEventToEventList(EventRequest->EventEntry);
            return STATUS_SUCCESS;
        case PCEVENT_VERB_SUPPORT:
        case PCEVENT_VERB_REMOVE:
            return STATUS_SUCCESS;
    }
    return STATUS_INVALID_PARAMETER;
}
