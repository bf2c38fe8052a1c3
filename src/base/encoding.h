// Text of other encodings as UTF-8.
#pragma once

#include <string>
#include <string_view>

namespace portico {

// A surrogate without its other half becomes U+FFFD; the last of an odd number of bytes is left out.
std::string utf8_of_utf16(std::string_view bytes, bool big_endian);
// The bytes that the code page leaves open (0x81 and so on) are themselves, as Windows converts them.
std::string utf8_of_windows_1252(std::string_view bytes);
bool is_utf8(std::string_view bytes);

}  // namespace portico
