// Security descriptors as drivers prepare them. Nothing here decides about access.
#include "nt/ddi.h"
#include "wdm.h"

namespace portico::nt::rtl {
namespace {

// SECURITY_DESCRIPTOR of ntifs.h, whose parts are pointers, or offsets from its beginning when it is
// self-relative.
struct Head {
    UCHAR revision;
    UCHAR reserved;
    USHORT control;
};
struct Absolute {
    Head head;
    const UCHAR* owner;
    const UCHAR* group;
    const ACL* sacl;
    const ACL* dacl;
};
struct SelfRelative {
    Head head;
    ULONG owner;
    ULONG group;
    ULONG sacl;
    ULONG dacl;
};
static_assert(sizeof(Absolute) == 40 && sizeof(SelfRelative) == 20);

constexpr USHORT dacl_present = 0x0004;
constexpr USHORT sacl_present = 0x0010;
constexpr USHORT self_relative = 0x8000;

Absolute parts_of(const void* descriptor) {
    const auto& absolute = *static_cast<const Absolute*>(descriptor);
    if ((absolute.head.control & self_relative) == 0) return absolute;
    const auto& relative = *static_cast<const SelfRelative*>(descriptor);
    const auto* const base = static_cast<const UCHAR*>(descriptor);
    const auto at = [&](ULONG offset) { return offset == 0 ? nullptr : base + offset; };
    return {relative.head, at(relative.owner), at(relative.group),
            reinterpret_cast<const ACL*>(at(relative.sacl)), reinterpret_cast<const ACL*>(at(relative.dacl))};
}

// A SID has a count of its 4-byte parts in its second byte.
constexpr ULONG sid_parts_max = 15;
ULONG sid_size(const UCHAR* sid) {
    return sid == nullptr ? 0 : 8 + 4u * sid[1];
}
bool sid_valid(const UCHAR* sid) {
    return sid == nullptr || (sid[0] == 1 && sid[1] <= sid_parts_max);
}
bool acl_valid(const ACL* acl) {
    return acl == nullptr || (acl->AclRevision >= 2 && acl->AclRevision <= 4 && acl->AclSize >= sizeof(ACL));
}

constexpr ULONG aligned(ULONG size) {
    return (size + 3) & ~3u;
}

ULONG length(const void* descriptor) {
    const Absolute parts = parts_of(descriptor);
    const bool relative = (parts.head.control & self_relative) != 0;
    ULONG size = relative ? sizeof(SelfRelative) : sizeof(Absolute);
    size += aligned(sid_size(parts.owner)) + aligned(sid_size(parts.group));
    if ((parts.head.control & dacl_present) != 0 && parts.dacl != nullptr)
        size += aligned(parts.dacl->AclSize);
    if ((parts.head.control & sacl_present) != 0 && parts.sacl != nullptr)
        size += aligned(parts.sacl->AclSize);
    return size;
}

bool valid(const void* descriptor) {
    const Absolute parts = parts_of(descriptor);
    if (parts.head.revision != SECURITY_DESCRIPTOR_REVISION || !sid_valid(parts.owner) ||
        !sid_valid(parts.group))
        return false;
    const bool dacl = (parts.head.control & dacl_present) == 0 || acl_valid(parts.dacl);
    const bool sacl = (parts.head.control & sacl_present) == 0 || acl_valid(parts.sacl);
    return dacl && sacl;
}

}  // namespace
}  // namespace portico::nt::rtl

using namespace portico::nt;

extern "C" {

NTSTATUS NTAPI RtlCreateSecurityDescriptor(PVOID SecurityDescriptor, ULONG Revision) {
    DDI(RtlCreateSecurityDescriptor, APC_LEVEL);
    if (Revision != SECURITY_DESCRIPTOR_REVISION) return STATUS_UNKNOWN_REVISION;
    *static_cast<rtl::Absolute*>(SecurityDescriptor) = {
        {SECURITY_DESCRIPTOR_REVISION, 0, 0}, nullptr, nullptr, nullptr, nullptr};
    return STATUS_SUCCESS;
}

ULONG NTAPI RtlLengthSecurityDescriptor(PVOID SecurityDescriptor) {
    DDI(RtlLengthSecurityDescriptor, APC_LEVEL);
    return rtl::length(SecurityDescriptor);
}

BOOLEAN NTAPI RtlValidSecurityDescriptor(PVOID SecurityDescriptor) {
    DDI(RtlValidSecurityDescriptor, APC_LEVEL);
    return rtl::valid(SecurityDescriptor);
}

}  // extern "C"
