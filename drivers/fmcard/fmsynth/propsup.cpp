#include "propsup.h"

#pragma code_seg("PAGE")

static void DescribeRange(OUT PKSPROPERTY_STEPPING_LONG pRange, IN LONG lStep, IN LONG lMinimum,
                          IN LONG lMaximum) {
    PAGED_CODE();
    pRange->SteppingDelta = lStep;
    pRange->Reserved = 0;
    pRange->Bounds.SignedMinimum = lMinimum;
    pRange->Bounds.SignedMaximum = lMaximum;
}

NTSTATUS BasicSupportHandler(IN PPCPROPERTY_REQUEST PropertyRequest, IN ULONG ulType, IN LONG lStep,
                             IN LONG lMinimum, IN LONG lMaximum, IN ULONG Channels) {
    PAGED_CODE();
    ASSERT(PropertyRequest);
    const ULONG ulAccess = KSPROPERTY_TYPE_BASICSUPPORT | KSPROPERTY_TYPE_GET | KSPROPERTY_TYPE_SET;
    const ULONG cbAll = sizeof(KSPROPERTY_DESCRIPTION) + sizeof(KSPROPERTY_MEMBERSHEADER) +
                        Channels * sizeof(KSPROPERTY_STEPPING_LONG);

    if (PropertyRequest->ValueSize == 0) {
        PropertyRequest->ValueSize = cbAll;
        return STATUS_BUFFER_OVERFLOW;
    }
    if (PropertyRequest->ValueSize < sizeof(ULONG)) return STATUS_BUFFER_TOO_SMALL;
    if (PropertyRequest->ValueSize < sizeof(KSPROPERTY_DESCRIPTION)) {
        *PULONG(PropertyRequest->Value) = ulAccess;
        PropertyRequest->ValueSize = sizeof(ULONG);
        return STATUS_SUCCESS;
    }

    PKSPROPERTY_DESCRIPTION pDescription = PKSPROPERTY_DESCRIPTION(PropertyRequest->Value);
    RtlZeroMemory(pDescription, sizeof(KSPROPERTY_DESCRIPTION));
    pDescription->AccessFlags = ulAccess;
    pDescription->DescriptionSize = cbAll;
    pDescription->PropTypeSet.Set = KSPROPTYPESETID_General;
    pDescription->PropTypeSet.Id = ulType;
    pDescription->MembersListCount = 1;
    if (PropertyRequest->ValueSize < cbAll) {
        PropertyRequest->ValueSize = sizeof(KSPROPERTY_DESCRIPTION);
        return STATUS_SUCCESS;
    }

    PKSPROPERTY_MEMBERSHEADER pMembers = PKSPROPERTY_MEMBERSHEADER(pDescription + 1);
    pMembers->MembersFlags = KSPROPERTY_MEMBER_STEPPEDRANGES;
    pMembers->MembersSize = sizeof(KSPROPERTY_STEPPING_LONG);
    pMembers->MembersCount = Channels;
    pMembers->Flags = Channels > 1 ? KSPROPERTY_MEMBER_FLAG_BASICSUPPORT_MULTICHANNEL : 0;
    PKSPROPERTY_STEPPING_LONG pRange = PKSPROPERTY_STEPPING_LONG(pMembers + 1);
    for (ULONG i = 0; i < Channels; i++) DescribeRange(pRange + i, lStep, lMinimum, lMaximum);
    PropertyRequest->ValueSize = cbAll;
    return STATUS_SUCCESS;
}

NTSTATUS ValidateRequest(IN PPCPROPERTY_REQUEST PropertyRequest, IN ULONG Channels, OUT PLONG plChannel) {
    PAGED_CODE();
    ASSERT(PropertyRequest);
    if (PropertyRequest->InstanceSize < sizeof(LONG)) return STATUS_INVALID_PARAMETER;
    *plChannel = *PLONG(PropertyRequest->Instance);
    if (*plChannel < CHANNEL_MASTER || *plChannel >= LONG(Channels)) return STATUS_INVALID_PARAMETER;
    if (PropertyRequest->ValueSize >= sizeof(LONG)) return STATUS_SUCCESS;

    // A get without a buffer asks how large one must be.
    BOOL fAsksForSize = PropertyRequest->ValueSize == 0 && (PropertyRequest->Verb & KSPROPERTY_TYPE_GET);
    PropertyRequest->ValueSize = sizeof(LONG);
    return fAsksForSize ? STATUS_BUFFER_OVERFLOW : STATUS_BUFFER_TOO_SMALL;
}

#pragma code_seg()
