#include "topology.h"

#pragma code_seg("PAGE")

NTSTATUS CreateMiniportTopology(PUNKNOWN* Unknown, REFCLSID, PUNKNOWN UnknownOuter, POOL_TYPE PoolType) {
    PAGED_CODE();
    ASSERT(Unknown);
    STD_CREATE_BODY_WITH_TAG(CMiniportTopologyCard, Unknown, UnknownOuter, PoolType, SOUNDCARD_POOL_TAG);
}

CMiniportTopologyCard::~CMiniportTopologyCard() {
    PAGED_CODE();
}

STDMETHODIMP_(NTSTATUS) CMiniportTopologyCard::NonDelegatingQueryInterface(REFIID Interface, PVOID* Object) {
    PAGED_CODE();
    ASSERT(Object);
    if (IsEqualGUIDAligned(Interface, IID_IUnknown)) {
        *Object = PVOID(PUNKNOWN(PMINIPORTTOPOLOGY(this)));
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

// Everything is at full level and nothing muted: the object's memory is zero.
STDMETHODIMP_(NTSTATUS)
CMiniportTopologyCard::Init(PUNKNOWN UnknownAdapter, PRESOURCELIST ResourceList, PPORTTOPOLOGY Port) {
    PAGED_CODE();
    UNREFERENCED_PARAMETER(UnknownAdapter);
    UNREFERENCED_PARAMETER(ResourceList);
    UNREFERENCED_PARAMETER(Port);
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS) CMiniportTopologyCard::GetDescription(PPCFILTER_DESCRIPTOR* Description) {
    PAGED_CODE();
    *Description = &TopologyDescriptor;
    return STATUS_SUCCESS;
}

STDMETHODIMP_(NTSTATUS)
CMiniportTopologyCard::DataRangeIntersection(ULONG, PKSDATARANGE, PKSDATARANGE, ULONG, PVOID, PULONG) {
    PAGED_CODE();
    return STATUS_NOT_IMPLEMENTED;
}

// What a basic support query asks for: the access flags, or a description with one range a channel.
static NTSTATUS BasicSupport(PPCPROPERTY_REQUEST Request, ULONG Type, LONG Step, LONG Least, LONG Most) {
    PAGED_CODE();
    const ULONG access = KSPROPERTY_TYPE_BASICSUPPORT | KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET;
    const ULONG whole = sizeof(KSPROPERTY_DESCRIPTION) + sizeof(KSPROPERTY_MEMBERSHEADER) +
                        kChannels * sizeof(KSPROPERTY_STEPPING_LONG);
    if (Request->ValueSize == 0) {
        Request->ValueSize = whole;
        return STATUS_BUFFER_OVERFLOW;
    }
    if (Request->ValueSize == sizeof(ULONG)) {
        *PULONG(Request->Value) = access;
        return STATUS_SUCCESS;
    }
    if (Request->ValueSize < sizeof(KSPROPERTY_DESCRIPTION)) return STATUS_BUFFER_TOO_SMALL;
    PKSPROPERTY_DESCRIPTION description = PKSPROPERTY_DESCRIPTION(Request->Value);
    description->AccessFlags = access;
    description->DescriptionSize = whole;
    description->PropTypeSet.Set = KSPROPTYPESETID_General;
    description->PropTypeSet.Id = Type;
    description->PropTypeSet.Flags = 0;
    description->MembersListCount = 1;
    description->Reserved = 0;
    if (Request->ValueSize < whole) {
        Request->ValueSize = sizeof(KSPROPERTY_DESCRIPTION);
        return STATUS_SUCCESS;
    }
    PKSPROPERTY_MEMBERSHEADER members = PKSPROPERTY_MEMBERSHEADER(description + 1);
    members->MembersFlags = KSPROPERTY_MEMBER_STEPPEDRANGES;
    members->MembersSize = sizeof(KSPROPERTY_STEPPING_LONG);
    members->MembersCount = kChannels;
    members->Flags = KSPROPERTY_MEMBER_FLAG_BASICSUPPORT_MULTICHANNEL;
    PKSPROPERTY_STEPPING_LONG range = PKSPROPERTY_STEPPING_LONG(members + 1);
    for (ULONG channel = 0; channel < kChannels; channel++, range++) {
        range->SteppingDelta = Step;
        range->Reserved = 0;
        range->Bounds.SignedMinimum = Least;
        range->Bounds.SignedMaximum = Most;
    }
    Request->ValueSize = whole;
    return STATUS_SUCCESS;
}

// The channel that a request names, -1 for all of them; FALSE when there is no such channel.
static BOOL ChannelOf(PPCPROPERTY_REQUEST Request, LONG* Channel) {
    PAGED_CODE();
    if (Request->InstanceSize < sizeof(LONG)) return FALSE;
    *Channel = *PLONG(Request->Instance);
    return *Channel >= -1 && *Channel < LONG(kChannels);
}

// A get's or set's value must hold one LONG or BOOL; the size is told to a client that asks for it.
static NTSTATUS CheckValue(PPCPROPERTY_REQUEST Request) {
    PAGED_CODE();
    if (Request->ValueSize >= sizeof(LONG)) return STATUS_SUCCESS;
    const BOOL asksForSize = Request->ValueSize == 0 && (Request->Verb & KSPROPERTY_TYPE_GET);
    Request->ValueSize = sizeof(LONG);
    return asksForSize ? STATUS_BUFFER_OVERFLOW : STATUS_BUFFER_TOO_SMALL;
}

LONG* CMiniportTopologyCard::LevelOf(ULONG Node, LONG Channel) {
    PAGED_CODE();
    return &m_Level[Node][Channel < 0 ? 0 : Channel];
}

NTSTATUS CMiniportTopologyCard::VolumeHandler(PPCPROPERTY_REQUEST Request) {
    PAGED_CODE();
    CMiniportTopologyCard* card =
        static_cast<CMiniportTopologyCard*>(PMINIPORTTOPOLOGY(Request->MajorTarget));
    if (Request->Node >= kNodeCount) return STATUS_INVALID_PARAMETER;
    if (Request->Verb & KSPROPERTY_TYPE_BASICSUPPORT)
        return BasicSupport(Request, VT_I4, kLevelStep, kLevelLeast, kLevelMost);

    LONG channel;
    if (!ChannelOf(Request, &channel)) return STATUS_INVALID_PARAMETER;
    NTSTATUS ntStatus = CheckValue(Request);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    if (Request->Verb & KSPROPERTY_TYPE_GET) {
        *PLONG(Request->Value) = *card->LevelOf(Request->Node, channel);
        Request->ValueSize = sizeof(LONG);
        return STATUS_SUCCESS;
    }
    if (!(Request->Verb & KSPROPERTY_TYPE_SET)) return STATUS_INVALID_DEVICE_REQUEST;
    LONG level = *PLONG(Request->Value);
    if (level > kLevelMost) level = kLevelMost;
    if (level < kLevelLeast) level = kLevelLeast;
    for (LONG c = 0; c < LONG(kChannels); c++) {
        if (channel == -1 || channel == c) *card->LevelOf(Request->Node, c) = level;
    }
    return STATUS_SUCCESS;
}

NTSTATUS CMiniportTopologyCard::MuteHandler(PPCPROPERTY_REQUEST Request) {
    PAGED_CODE();
    CMiniportTopologyCard* card =
        static_cast<CMiniportTopologyCard*>(PMINIPORTTOPOLOGY(Request->MajorTarget));
    if (Request->Verb & KSPROPERTY_TYPE_BASICSUPPORT) return BasicSupport(Request, VT_BOOL, 1, FALSE, TRUE);

    LONG channel;
    if (!ChannelOf(Request, &channel)) return STATUS_INVALID_PARAMETER;
    NTSTATUS ntStatus = CheckValue(Request);
    if (!NT_SUCCESS(ntStatus)) return ntStatus;
    if (Request->Verb & KSPROPERTY_TYPE_GET) {
        *PBOOL(Request->Value) = card->m_Mute[channel < 0 ? 0 : channel];
        Request->ValueSize = sizeof(BOOL);
        return STATUS_SUCCESS;
    }
    if (!(Request->Verb & KSPROPERTY_TYPE_SET)) return STATUS_INVALID_DEVICE_REQUEST;
    for (LONG c = 0; c < LONG(kChannels); c++) {
        if (channel == -1 || channel == c) card->m_Mute[c] = *PBOOL(Request->Value) ? TRUE : FALSE;
    }
    return STATUS_SUCCESS;
}

#pragma code_seg()
