// GUIDs from and to "{01234567-89AB-CDEF-0123-456789ABCDEF}".
#include "nt/ddi.h"
#include "nt/rtl/strings.h"
#include "nt/seh/unwindable.h"

// A driver's memory may fault here; nothing is held.
PORTICO_UNWINDABLE

namespace portico::nt::rtl {
namespace {

// Which byte of the GUID the pair of digits at each place gives: the first three fields are little-endian.
constexpr unsigned char byte_order[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

constexpr bool dash_before(unsigned pair) {
    return pair == 4 || pair == 6 || pair == 8 || pair == 10;
}

}  // namespace

void write_guid(const GUID& guid, WCHAR* to, const char* digits) {
    const auto* const bytes = reinterpret_cast<const unsigned char*>(&guid);
    *to++ = '{';
    for (unsigned i = 0; i < 16; ++i) {
        if (dash_before(i)) *to++ = '-';
        *to++ = static_cast<WCHAR>(digits[bytes[byte_order[i]] >> 4]);
        *to++ = static_cast<WCHAR>(digits[bytes[byte_order[i]] & 15]);
    }
    *to++ = '}';
    *to = 0;
}

bool read_guid(const WCHAR* from, GUID& guid) {
    unsigned char bytes[16];
    if (*from++ != '{') return false;
    for (unsigned i = 0; i < 16; ++i) {
        if (dash_before(i) && *from++ != '-') return false;
        const unsigned high = digit_of(*from++);
        if (high > 15) return false;
        const unsigned low = digit_of(*from++);
        if (low > 15) return false;
        bytes[byte_order[i]] = static_cast<unsigned char>(high << 4 | low);
    }
    if (*from != '}') return false;
    __builtin_memcpy(&guid, bytes, sizeof bytes);
    return true;
}

}  // namespace portico::nt::rtl

using namespace portico::nt;

extern "C" {

NTSTATUS NTAPI RtlStringFromGUID(REFGUID Guid, PUNICODE_STRING GuidString) {
    DDI(RtlStringFromGUID, PASSIVE_LEVEL);
    constexpr SIZE_T size = (rtl::guid_characters + 1) * sizeof(WCHAR);
    auto* const buffer = static_cast<PWCH>(rtl::allocate_string(size, PORTICO_FRAME));
    if (buffer == nullptr) return STATUS_NO_MEMORY;
    rtl::write_guid(Guid, buffer, "0123456789ABCDEF");
    *GuidString = {static_cast<USHORT>(size - sizeof(WCHAR)), static_cast<USHORT>(size), buffer};
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI RtlGUIDFromString(PCUNICODE_STRING GuidString, GUID* Guid) {
    DDI(RtlGUIDFromString, PASSIVE_LEVEL);
    const bool read =
        rtl::characters(*GuidString) >= rtl::guid_characters && rtl::read_guid(GuidString->Buffer, *Guid);
    return read ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

}  // extern "C"
