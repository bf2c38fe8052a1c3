// Which Windows this is: 10.0.22000, a workstation without service pack, as PsGetVersion says.
#include "nt/ddi.h"
#include "nt/rtl/rtl.h"
#include "wdm.h"

namespace portico::nt::rtl {
namespace {

constexpr ULONG major = 10;
constexpr ULONG minor = 0;
constexpr ULONG build = 22000;
constexpr ULONG platform_nt = 2;
constexpr UCHAR workstation = 1;
constexpr ULONG service_pack_major = 0;
constexpr ULONG service_pack_minor = 0;
// NTDDI_WIN10_CO of sdkddkver.h, less the bits of service pack and sub-version.
constexpr ULONG ntddi_os_version = 0x0A000000;

void describe(RTL_OSVERSIONINFOW& info) {
    info.dwMajorVersion = major;
    info.dwMinorVersion = minor;
    info.dwBuildNumber = build;
    info.dwPlatformId = platform_nt;
    info.szCSDVersion[0] = 0;
}

// The three bits that VerSetConditionMask keeps for a type.
unsigned condition_shift(ULONG type) {
    unsigned bit = 0;
    while (bit < 8 && (type >> bit & 1) == 0) ++bit;
    return bit * 3;
}
UCHAR condition_of(ULONGLONG mask, ULONG type) {
    return static_cast<UCHAR>(mask >> condition_shift(type) & 7);
}

bool holds(ULONG actual, ULONG wanted, UCHAR condition) {
    switch (condition) {
        case VER_EQUAL:
            return actual == wanted;
        case VER_GREATER:
            return actual > wanted;
        case VER_GREATER_EQUAL:
            return actual >= wanted;
        case VER_LESS:
            return actual < wanted;
        case VER_LESS_EQUAL:
            return actual <= wanted;
        default:
            return false;
    }
}

// Major, minor and service pack are one number of several digits: a later one counts where the earlier are
// equal.
bool version_holds(const RTL_OSVERSIONINFOEXW& info, ULONG types, ULONGLONG mask) {
    const struct {
        ULONG type;
        ULONG actual;
        ULONG wanted;
    } digits[] = {
        {VER_MAJORVERSION, major, info.dwMajorVersion},
        {VER_MINORVERSION, minor, info.dwMinorVersion},
        {VER_SERVICEPACKMAJOR, service_pack_major, info.wServicePackMajor},
        {VER_SERVICEPACKMINOR, service_pack_minor, info.wServicePackMinor},
    };
    UCHAR condition = VER_EQUAL;
    for (const auto& digit : digits) {
        if ((types & digit.type) == 0) continue;
        if (condition == VER_EQUAL) condition = condition_of(mask, digit.type);
        if (digit.actual != digit.wanted) return holds(digit.actual, digit.wanted, condition);
    }
    return holds(0, 0, condition);
}

constexpr ULONG version_types =
    VER_MAJORVERSION | VER_MINORVERSION | VER_SERVICEPACKMAJOR | VER_SERVICEPACKMINOR;
constexpr ULONG known_types = version_types | VER_BUILDNUMBER | VER_PRODUCT_TYPE;

NTSTATUS verify(const RTL_OSVERSIONINFOEXW& info, ULONG types, ULONGLONG mask) {
    if (types == 0 || (types & ~known_types) != 0) return STATUS_INVALID_PARAMETER;
    for (ULONG type = 1; type <= VER_PRODUCT_TYPE; type <<= 1) {
        if ((types & type) != 0 && condition_of(mask, type) == 0) return STATUS_INVALID_PARAMETER;
    }
    const bool build_holds = (types & VER_BUILDNUMBER) == 0 ||
                             holds(build, info.dwBuildNumber, condition_of(mask, VER_BUILDNUMBER));
    const bool product_holds = (types & VER_PRODUCT_TYPE) == 0 ||
                               holds(workstation, info.wProductType, condition_of(mask, VER_PRODUCT_TYPE));
    const bool all_hold =
        build_holds && product_holds && ((types & version_types) == 0 || version_holds(info, types, mask));
    return all_hold ? STATUS_SUCCESS : STATUS_REVISION_MISMATCH;
}

}  // namespace

WindowsVersion windows_version() {
    return {major, minor, build};
}
}  // namespace portico::nt::rtl

using namespace portico::nt;

extern "C" {

NTSTATUS NTAPI RtlGetVersion(PRTL_OSVERSIONINFOW lpVersionInformation) {
    DDI(RtlGetVersion, PASSIVE_LEVEL);
    rtl::describe(*lpVersionInformation);
    if (lpVersionInformation->dwOSVersionInfoSize == sizeof(RTL_OSVERSIONINFOEXW)) {
        auto& extended = *reinterpret_cast<PRTL_OSVERSIONINFOEXW>(lpVersionInformation);
        extended.wServicePackMajor = rtl::service_pack_major;
        extended.wServicePackMinor = rtl::service_pack_minor;
        extended.wSuiteMask = 0x100;  // VER_SUITE_SINGLEUSERTS
        extended.wProductType = rtl::workstation;
        extended.wReserved = 0;
    }
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlVerifyVersionInfo(PRTL_OSVERSIONINFOEXW VersionInfo, ULONG TypeMask,
                                    ULONGLONG ConditionMask) {
    DDI(RtlVerifyVersionInfo, PASSIVE_LEVEL);
    return rtl::verify(*VersionInfo, TypeMask, ConditionMask);
}

ULONGLONG NTAPI VerSetConditionMask(ULONGLONG ConditionMask, ULONG TypeMask, UCHAR Condition) {
    DDI(VerSetConditionMask, HIGH_LEVEL);
    for (ULONG type = 1; type <= VER_PRODUCT_TYPE; type <<= 1) {
        if ((TypeMask & type) != 0)
            ConditionMask |= static_cast<ULONGLONG>(Condition & 7) << rtl::condition_shift(type);
    }
    return ConditionMask;
}

// Version is an NTDDI_* constant without service pack.
BOOLEAN NTAPI RtlIsNtDdiVersionAvailable(ULONG Version) {
    DDI(RtlIsNtDdiVersionAvailable, PASSIVE_LEVEL);
    return (Version & 0xFFFF) == 0 && rtl::ntddi_os_version >= Version;
}

// TRUE for this very version with that service pack or a later one.
BOOLEAN NTAPI RtlIsServicePackVersionInstalled(ULONG Version) {
    DDI(RtlIsServicePackVersionInstalled, PASSIVE_LEVEL);
    return (Version & 0xFFFF0000) == rtl::ntddi_os_version &&
           (Version >> 8 & 0xFF) <= rtl::service_pack_major;
}

}  // extern "C"
