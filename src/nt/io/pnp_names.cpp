// Small string work of the PnP manager.
#include <cstdio>

#include "nt/io/pnp.h"
#include "nt/ob/ob.h"

namespace portico::nt::io {

std::size_t wide_length(const WCHAR* text) {
    std::size_t length = 0;
    while (text[length] != 0) ++length;
    return length;
}

bool copy_wide(WCHAR* to, std::size_t room, const WCHAR* from) {
    std::size_t i = 0;
    for (; i + 1 < room && from != nullptr && from[i] != 0; ++i) to[i] = from[i];
    to[i] = 0;
    return from == nullptr || from[i] == 0;
}

void append_wide(WCHAR* to, std::size_t room, const WCHAR* from) {
    const std::size_t used = wide_length(to);
    copy_wide(to + used, room - used, from);
}

bool equal_wide(const WCHAR* a, const WCHAR* b) {
    std::size_t i = 0;
    for (; a[i] != 0 && b[i] != 0; ++i) {
        if (ob::upcase(a[i]) != ob::upcase(b[i])) return false;
    }
    return a[i] == b[i];
}

void format_guid(const GUID& guid, WCHAR (&text)[guid_text_length + 1]) {
    char narrow[guid_text_length + 1];
    std::snprintf(narrow, sizeof narrow, "{%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x}", guid.Data1,
                  guid.Data2, guid.Data3, guid.Data4[0], guid.Data4[1], guid.Data4[2], guid.Data4[3],
                  guid.Data4[4], guid.Data4[5], guid.Data4[6], guid.Data4[7]);
    for (unsigned i = 0; i <= guid_text_length; ++i) text[i] = static_cast<WCHAR>(narrow[i]);
}

namespace {

int digit(WCHAR c) {
    if (c >= u'0' && c <= u'9') return c - u'0';
    const WCHAR lower = static_cast<WCHAR>(c | 0x20);
    return lower >= u'a' && lower <= u'f' ? lower - u'a' + 10 : -1;
}

}  // namespace

bool parse_guid(const WCHAR* text, GUID* guid) {
    static constexpr char form[] = "{xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx}";
    UCHAR bytes[16] = {};
    unsigned digits = 0;
    for (unsigned i = 0; i < guid_text_length; ++i) {
        if (form[i] != 'x') {
            if (text[i] != static_cast<WCHAR>(form[i])) return false;
            continue;
        }
        const int value = digit(text[i]);
        if (value < 0) return false;
        bytes[digits / 2] = static_cast<UCHAR>(bytes[digits / 2] * 16 + value);
        ++digits;
    }
    guid->Data1 = static_cast<ULONG>(bytes[0]) << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
    guid->Data2 = static_cast<USHORT>(bytes[4] << 8 | bytes[5]);
    guid->Data3 = static_cast<USHORT>(bytes[6] << 8 | bytes[7]);
    for (unsigned i = 0; i < 8; ++i) guid->Data4[i] = bytes[8 + i];
    return true;
}

}  // namespace portico::nt::io
