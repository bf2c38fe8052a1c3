// SeXxx: who may do what. A process is an administrator or not; its token is the process itself. Kernel mode
// may do all.
#include <array>
#include <cstddef>
#include <cstring>

#include "nt/ob/ob.h"
#include "nt/ps/ps.h"

namespace portico::nt::ob {
namespace {

constexpr USHORT self_relative = 0x8000;
constexpr USHORT dacl_present = 0x0004;
constexpr UCHAR allowed_ace = 0;
constexpr UCHAR denied_ace = 1;
constexpr UCHAR inherit_only = 0x08;

struct Ace {
    UCHAR type;
    UCHAR flags;
    USHORT size;
    ACCESS_MASK mask;
    UCHAR sid[1];
};

// Revision 1, count of sub-authorities, six bytes of authority, sub-authorities: as they lie in memory.
struct Sid {
    UCHAR authority;
    std::array<ULONG, 2> sub;
    UCHAR count;
};
constexpr Sid everyone{1, {0, 0}, 1};           // S-1-1-0
constexpr Sid authenticated{5, {11, 0}, 1};     // S-1-5-11
constexpr Sid local_system{5, {18, 0}, 1};      // S-1-5-18
constexpr Sid users{5, {32, 545}, 2};           // S-1-5-32-545
constexpr Sid administrators{5, {32, 544}, 2};  // S-1-5-32-544

// `size`: of the memory that the SID may take.
bool equals(const UCHAR* sid, std::size_t size, const Sid& known) {
    if (size < 8 + known.count * sizeof(ULONG) || sid[0] != 1 || sid[1] != known.count ||
        sid[7] != known.authority)
        return false;
    for (unsigned i = 2; i < 7; ++i) {
        if (sid[i] != 0) return false;
    }
    return std::memcmp(sid + 8, known.sub.data(), known.count * sizeof(ULONG)) == 0;
}

bool belongs(const ps::Process& process, const UCHAR* sid, std::size_t size) {
    if (equals(sid, size, everyone) || equals(sid, size, authenticated) || equals(sid, size, users))
        return true;
    if (equals(sid, size, administrators)) return process.administrator;
    return equals(sid, size, local_system) && process.system;
}

// Null: no DACL, everything is allowed.
const ACL* dacl_of(const void* descriptor) {
    const auto* const bytes = static_cast<const char*>(descriptor);
    USHORT control = 0;
    std::memcpy(&control, bytes + 2, sizeof control);
    if ((control & dacl_present) == 0) return nullptr;
    if ((control & self_relative) == 0) {
        const ACL* dacl = nullptr;
        std::memcpy(&dacl, bytes + 32, sizeof dacl);
        return dacl;
    }
    ULONG offset = 0;
    std::memcpy(&offset, bytes + 16, sizeof offset);
    return offset == 0 ? nullptr : reinterpret_cast<const ACL*>(bytes + offset);
}

// The rights that the list gives, in its order: what is denied first stays denied.
ACCESS_MASK allowed_by(const ACL& dacl, const ps::Process& process) {
    ACCESS_MASK allowed = 0;
    ACCESS_MASK denied = 0;
    const auto* at = reinterpret_cast<const UCHAR*>(&dacl + 1);
    const auto* const end = reinterpret_cast<const UCHAR*>(&dacl) + dacl.AclSize;
    for (USHORT i = 0; i < dacl.AceCount && at + sizeof(Ace) <= end; ++i) {
        const auto* const ace = reinterpret_cast<const Ace*>(at);
        if (ace->size < sizeof(Ace) || at + ace->size > end) break;
        if ((ace->flags & inherit_only) == 0 && belongs(process, ace->sid, ace->size - offsetof(Ace, sid))) {
            if (ace->type == allowed_ace) allowed |= ace->mask & ~denied;
            if (ace->type == denied_ace) denied |= ace->mask & ~allowed;
        }
        at += ace->size;
    }
    return allowed;
}

ACCESS_MASK map_generic(ACCESS_MASK mask, const GENERIC_MAPPING& mapping) {
    ACCESS_MASK mapped = mask & ~(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL);
    if ((mask & GENERIC_READ) != 0) mapped |= mapping.GenericRead;
    if ((mask & GENERIC_WRITE) != 0) mapped |= mapping.GenericWrite;
    if ((mask & GENERIC_EXECUTE) != 0) mapped |= mapping.GenericExecute;
    if ((mask & GENERIC_ALL) != 0) mapped |= mapping.GenericAll;
    return mapped;
}

bool access_check(const void* descriptor, const ps::Process& process, ACCESS_MASK desired,
                  ACCESS_MASK granted_before, const GENERIC_MAPPING& mapping, KPROCESSOR_MODE mode,
                  PACCESS_MASK granted, PNTSTATUS status) {
    const bool maximum = (desired & MAXIMUM_ALLOWED) != 0;
    const ACCESS_MASK wanted = map_generic(desired & ~MAXIMUM_ALLOWED, mapping);
    const ACL* const dacl = mode == KernelMode      ? nullptr
                            : descriptor == nullptr ? nullptr
                                                    : dacl_of(descriptor);
    ACCESS_MASK allowed =
        dacl == nullptr ? mapping.GenericAll | wanted : map_generic(allowed_by(*dacl, process), mapping);
    if (mode != KernelMode && descriptor == nullptr) allowed = 0;
    allowed |= granted_before;
    const bool succeeds = (wanted & ~allowed) == 0 && (!maximum || allowed != 0 || mode == KernelMode);
    *granted = succeeds ? (maximum ? allowed | wanted : wanted | granted_before) : 0;
    *status = succeeds ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
    return succeeds;
}

ps::Process& subject_of(const SECURITY_SUBJECT_CONTEXT* context) {
    return context == nullptr || context->PrimaryToken == nullptr
               ? *ps::current_process()
               : *static_cast<ps::Process*>(context->PrimaryToken);
}

POBJECT_TYPE token_variable = &ps::process_type;

}  // namespace
}  // namespace portico::nt::ob

using namespace portico::nt;

extern "C" {

BOOLEAN NTAPI SeSinglePrivilegeCheck(LUID, KPROCESSOR_MODE PreviousMode) {
    DDI(SeSinglePrivilegeCheck, PASSIVE_LEVEL);
    return PreviousMode == KernelMode || ps::current_process()->administrator;
}

BOOLEAN NTAPI SeAccessCheck(PSECURITY_DESCRIPTOR SecurityDescriptor,
                            PSECURITY_SUBJECT_CONTEXT SubjectSecurityContext, BOOLEAN,
                            ACCESS_MASK DesiredAccess, ACCESS_MASK PreviouslyGrantedAccess,
                            PPRIVILEGE_SET* Privileges, PGENERIC_MAPPING GenericMapping,
                            KPROCESSOR_MODE AccessMode, PACCESS_MASK GrantedAccess, PNTSTATUS AccessStatus) {
    DDI(SeAccessCheck, PASSIVE_LEVEL);
    if (Privileges != nullptr) *Privileges = nullptr;
    return ob::access_check(SecurityDescriptor, ob::subject_of(SubjectSecurityContext), DesiredAccess,
                            PreviouslyGrantedAccess, *GenericMapping, AccessMode, GrantedAccess,
                            AccessStatus);
}

VOID NTAPI SeCaptureSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext) {
    DDI(SeCaptureSubjectContext, PASSIVE_LEVEL);
    *SubjectContext = {};
    SubjectContext->PrimaryToken = ps::current_process();
    SubjectContext->ProcessAuditId = ps::current_process();
    ob::reference(SubjectContext->PrimaryToken);
}

VOID NTAPI SeLockSubjectContext(PSECURITY_SUBJECT_CONTEXT) {
    DDI(SeLockSubjectContext, PASSIVE_LEVEL);
}

VOID NTAPI SeUnlockSubjectContext(PSECURITY_SUBJECT_CONTEXT) {
    DDI(SeUnlockSubjectContext, PASSIVE_LEVEL);
}

VOID NTAPI SeReleaseSubjectContext(PSECURITY_SUBJECT_CONTEXT SubjectContext) {
    DDI(SeReleaseSubjectContext, PASSIVE_LEVEL);
    if (SubjectContext->PrimaryToken != nullptr) ob::dereference(SubjectContext->PrimaryToken);
    SubjectContext->PrimaryToken = nullptr;
}

POBJECT_TYPE* SeTokenObjectType = &ob::token_variable;

}  // extern "C"

EXPORT(SeTokenObjectType, SeTokenObjectType);
