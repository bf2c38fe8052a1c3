// UTF-8 from files, UTF-16 in the registry.
#pragma once

#include <string>
#include <string_view>

#include "wdm.h"

namespace portico::nt::cm {

// What is not UTF-8 becomes U+FFFD.
std::u16string to_utf16(std::string_view text);

// At most 32767 characters of it.
inline UNICODE_STRING as_unicode(const std::u16string& text) {
    const std::size_t longest = UNICODE_STRING_MAX_CHARS;
    const auto length = static_cast<USHORT>((text.size() < longest ? text.size() : longest) * sizeof(WCHAR));
    return {length, length, const_cast<WCHAR*>(text.data())};
}

}  // namespace portico::nt::cm
