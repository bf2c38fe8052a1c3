// A text file's bytes as UTF-8.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace portico::inf {

// UTF-16 (either order) and UTF-8 by their byte-order marks; UTF-16LE also without, when every second byte
// at the beginning is zero. Otherwise UTF-8 when it is valid, else Windows-1252. Lone surrogates become
// U+FFFD.
std::string to_utf8(std::string_view bytes);

// A whole text as a decimal or hexadecimal number; "0x" may stand before the latter.
std::optional<std::uint64_t> decimal(std::string_view text);
std::optional<std::uint64_t> hexadecimal(std::string_view text);
// Hexadecimal behind "0x", else decimal.
std::optional<std::uint64_t> number_of(std::string_view text);

}  // namespace portico::inf
