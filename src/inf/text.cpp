#include "inf/text.h"

#include <charconv>

#include "base/encoding.h"

namespace portico::inf {
namespace {

// Mostly ASCII, as INF files are: without a mark, zeroes in every second place give it away.
bool looks_like_utf16(std::string_view bytes) {
    if (bytes.size() < 8) return false;
    for (std::size_t at = 0; at < 8; at += 2) {
        if (bytes[at] == 0 || bytes[at + 1] != 0) return false;
    }
    return true;
}

bool has_prefix(std::string_view number) {
    return number.starts_with("0x") || number.starts_with("0X");
}

std::optional<std::uint64_t> of_base(std::string_view text, int base) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

}  // namespace

std::string to_utf8(std::string_view bytes) {
    if (bytes.starts_with("\xFF\xFE")) return utf8_of_utf16(bytes.substr(2), false);
    if (bytes.starts_with("\xFE\xFF")) return utf8_of_utf16(bytes.substr(2), true);
    if (looks_like_utf16(bytes)) return utf8_of_utf16(bytes, false);
    if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
    return is_utf8(bytes) ? std::string(bytes) : utf8_of_windows_1252(bytes);
}

std::optional<std::uint64_t> decimal(std::string_view text) {
    return of_base(text, 10);
}

std::optional<std::uint64_t> hexadecimal(std::string_view text) {
    return of_base(has_prefix(text) ? text.substr(2) : text, 16);
}

std::optional<std::uint64_t> number_of(std::string_view text) {
    return has_prefix(text) ? hexadecimal(text) : decimal(text);
}

}  // namespace portico::inf
