// Small string work of the PnP manager.
#include "nt/io/pnp.h"
#include "nt/ob/ob.h"
#include "nt/rtl/rtl.h"

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

// In lower case, as PnP's names are.
void format_guid(const GUID& guid, WCHAR (&text)[guid_text_length + 1]) {
    static_assert(guid_text_length == rtl::guid_characters);
    rtl::write_guid(guid, text, "0123456789abcdef");
}

}  // namespace portico::nt::io
