#include "nt/io/property_types.h"

#include <cstring>

namespace portico::nt::io {
namespace {

constexpr DEVPROPTYPE type_mask = 0x00000FFF;
constexpr LCID neutral_lcid = 0;
constexpr ULONG variable = 0;

// Bytes of a value, in the order of DEVPROP_TYPE_xxx from DEVPROP_TYPE_EMPTY on.
constexpr ULONG sizes[] = {
    variable, variable,           1, 1, 2, 2,       4, 4, 8, 8, 4, 8, 16, 16, 8, 8, 8, 1, variable, variable,
    variable, sizeof(DEVPROPKEY), 4, 4, 4, variable};

bool is_text(DEVPROPTYPE base) {
    return base == DEVPROP_TYPE_STRING || base == DEVPROP_TYPE_SECURITY_DESCRIPTOR_STRING ||
           base == DEVPROP_TYPE_STRING_INDIRECT;
}

WCHAR character(const void* data, ULONG index) {
    WCHAR result;
    std::memcpy(&result, static_cast<const char*>(data) + index * sizeof(WCHAR), sizeof result);
    return result;
}

// One null, at the end.
bool is_string(const void* data, ULONG size) {
    if (size == 0 || size % sizeof(WCHAR) != 0) return false;
    const ULONG count = size / sizeof(WCHAR);
    for (ULONG i = 0; i < count; ++i) {
        if ((character(data, i) == 0) != (i + 1 == count)) return false;
    }
    return true;
}

// Strings that are not empty, each with its null, and a null of the list's own.
bool is_string_list(const void* data, ULONG size) {
    if (size == 0 || size % sizeof(WCHAR) != 0) return false;
    const ULONG count = size / sizeof(WCHAR);
    if (character(data, count - 1) != 0) return false;
    for (ULONG i = 0; i + 1 < count; ++i) {
        const bool begins = i == 0 || character(data, i - 1) == 0;
        if (begins && character(data, i) == 0) return false;
    }
    return count == 1 || character(data, count - 2) == 0;
}

bool is_value(DEVPROPTYPE base, const void* data) {
    if (base == DEVPROP_TYPE_BOOLEAN) {
        const auto value = *static_cast<const DEVPROP_BOOLEAN*>(data);
        return value == DEVPROP_TRUE || value == DEVPROP_FALSE;
    }
    LONGLONG time = 0;
    if (base == DEVPROP_TYPE_FILETIME) std::memcpy(&time, data, sizeof time);
    return time >= 0;
}

bool is_array(DEVPROPTYPE base, const void* data, ULONG size) {
    const ULONG each = sizes[base];
    if (each == variable || size == 0 || size % each != 0) return false;
    for (ULONG at = 0; at < size; at += each) {
        if (!is_value(base, static_cast<const char*>(data) + at)) return false;
    }
    return true;
}

}  // namespace

bool fits_property_type(DEVPROPTYPE type, LCID lcid, const void* data, ULONG size) {
    const DEVPROPTYPE base = type & type_mask;
    const DEVPROPTYPE modifier = type & ~type_mask;
    if (base == DEVPROP_TYPE_EMPTY || base >= sizeof sizes / sizeof sizes[0]) return false;
    if (base == DEVPROP_TYPE_STRING_INDIRECT && lcid != neutral_lcid) return false;
    if (modifier == DEVPROP_TYPEMOD_ARRAY) return is_array(base, data, size);
    if (modifier == DEVPROP_TYPEMOD_LIST) return is_text(base) && is_string_list(data, size);
    if (modifier != 0) return false;
    if (base == DEVPROP_TYPE_NULL) return size == 0;
    if (is_text(base)) return is_string(data, size);
    if (base == DEVPROP_TYPE_SECURITY_DESCRIPTOR) return size != 0;
    return size == sizes[base] && is_value(base, data);
}

}  // namespace portico::nt::io
