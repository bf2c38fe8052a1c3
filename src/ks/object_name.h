// The name of what is opened below a filter or a pin: the GUID of its kind in braces, a backslash, and the
// request in binary.
#pragma once

#include <cstddef>

#include "wdm.h"

namespace portico::ks {

// The characters before the binary part: "{146F1A80-4791-11D0-A5D6-28DB04C10000}\".
constexpr unsigned object_name_length = 39;

constexpr char16_t pin_kind[] = u"{146F1A80-4791-11D0-A5D6-28DB04C10000}\\";
constexpr char16_t clock_kind[] = u"{53172480-4791-11D0-A5D6-28DB04C10000}\\";
constexpr char16_t allocator_kind[] = u"{642F5D00-4791-11D0-A5D6-28DB04C10000}\\";
constexpr char16_t node_kind[] = u"{0621061A-EE75-11D0-B915-00A0C9223196}\\";

// `kind` is such a beginning in capitals; in the name case does not matter.
inline bool is_named(const UNICODE_STRING& name, const char16_t (&kind)[object_name_length + 1]) {
    if (name.Length < object_name_length * sizeof(WCHAR)) return false;
    for (unsigned i = 0; i < object_name_length; ++i) {
        char16_t c = name.Buffer[i];
        if (c >= u'a' && c <= u'z') c = static_cast<char16_t>(c - 32);
        if (c != kind[i]) return false;
    }
    return true;
}

// The binary part of a name that is_named().
struct CreateRequest {
    const char* bytes;
    ULONG length;
};
inline CreateRequest request_in(const UNICODE_STRING& name) {
    return {reinterpret_cast<const char*>(name.Buffer + object_name_length),
            static_cast<ULONG>(name.Length - object_name_length * sizeof(WCHAR))};
}

}  // namespace portico::ks
