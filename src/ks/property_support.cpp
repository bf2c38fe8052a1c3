// What a property says of itself: KSPROPERTY_TYPE_BASICSUPPORT, KSPROPERTY_TYPE_RELATIONS.
#include <cstring>

#include "ks/property.h"

namespace portico::ks {
namespace {

// The full form of a description with one range of values (FD-058).
struct Description {
    KSPROPERTY_DESCRIPTION head;
    KSPROPERTY_MEMBERSHEADER members;
    KSPROPERTY_STEPPING_LONG range;
};

Description describe(const PropertyItem& item, ULONG size) {
    static const GUID general = KSPROPTYPESETID_General;
    Description description{};
    description.head.AccessFlags = item.flags | KSPROPERTY_TYPE_BASICSUPPORT;
    description.head.DescriptionSize = size;
    if (item.type != VT_EMPTY) {
        description.head.PropTypeSet.Set = general;
        description.head.PropTypeSet.Id = item.type;
    }
    if (item.range == nullptr) return description;
    description.head.MembersListCount = 1;
    description.members.MembersFlags = KSPROPERTY_MEMBER_STEPPEDRANGES;
    description.members.MembersSize = sizeof description.range;
    description.members.MembersCount = 1;
    description.range.SteppingDelta = item.range->step;
    description.range.Bounds.UnsignedMinimum = item.range->least;
    description.range.Bounds.UnsignedMaximum = item.range->most;
    return description;
}

}  // namespace

NTSTATUS answer_support(const PropertyItem& item, PropertyRequest& request) {
    const ULONG full = item.range == nullptr ? sizeof(KSPROPERTY_DESCRIPTION) : sizeof(Description);
    const Description description = describe(item, full);
    if (request.value_size == sizeof(ULONG)) return answer(request, description.head.AccessFlags);
    if (request.value_size != 0 && request.value_size < full)
        return answer(request, &description, sizeof description.head);
    return answer(request, &description, full);
}

// No property of a port's own depends on another.
NTSTATUS answer_relations(PropertyRequest& request) {
    return answer_items(request, nullptr, 0, sizeof(KSPROPERTY));
}

}  // namespace portico::ks
