#include "build/decode.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "build/edits.h"
#include "build/tokens.h"

namespace portico::build {
namespace {

// Bytes 0x80 to 0x9F of Windows-1252; those that it leaves out are themselves, as Windows converts them.
constexpr std::array<std::uint16_t, 32> windows_1252{
    0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008D, 0x017D, 0x008F, 0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178};

void append_utf8(std::string& out, std::uint32_t c) {
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += {static_cast<char>(0xC0 | (c >> 6)), static_cast<char>(0x80 | (c & 0x3F))};
    } else if (c < 0x10000) {
        out += {static_cast<char>(0xE0 | (c >> 12)), static_cast<char>(0x80 | ((c >> 6) & 0x3F)),
                static_cast<char>(0x80 | (c & 0x3F))};
    } else {
        out += {static_cast<char>(0xF0 | (c >> 18)), static_cast<char>(0x80 | ((c >> 12) & 0x3F)),
                static_cast<char>(0x80 | ((c >> 6) & 0x3F)), static_cast<char>(0x80 | (c & 0x3F))};
    }
}

std::string from_utf16(std::string_view bytes, bool big_endian) {
    std::string out;
    const auto unit = [&](std::size_t at) -> std::uint32_t {
        const auto first = static_cast<std::uint8_t>(bytes[at]),
                   second = static_cast<std::uint8_t>(bytes[at + 1]);
        return big_endian ? static_cast<std::uint32_t>(first << 8 | second)
                          : static_cast<std::uint32_t>(second << 8 | first);
    };
    for (std::size_t at = 2; at + 1 < bytes.size(); at += 2) {
        std::uint32_t c = unit(at);
        if (c >= 0xD800 && c < 0xDC00 && at + 3 < bytes.size() && unit(at + 2) >= 0xDC00 &&
            unit(at + 2) < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10) + (unit(at + 2) - 0xDC00);
            at += 2;
        } else if (c >= 0xD800 && c < 0xE000) {
            c = 0xFFFD;  // half of a pair
        }
        append_utf8(out, c);
    }
    return out;
}

// The length of the character that begins at `at`, 0 if there is none.
std::size_t utf8_length(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t i) {
        return at + i < text.size() ? static_cast<std::uint8_t>(text[at + i]) : 0u;
    };
    const auto follows = [&](std::size_t count) {
        for (std::size_t i = 1; i <= count; ++i) {
            if ((byte(i) & 0xC0) != 0x80) return false;
        }
        return true;
    };
    const std::uint32_t first = byte(0);
    if (first < 0x80) return 1;
    if (first >= 0xC2 && first < 0xE0 && follows(1)) return 2;
    if (first >= 0xE0 && first < 0xF0 && follows(2) && !(first == 0xE0 && byte(1) < 0xA0) &&
        !(first == 0xED && byte(1) >= 0xA0))
        return 3;
    if (first >= 0xF0 && first < 0xF5 && follows(3) && !(first == 0xF0 && byte(1) < 0x90) &&
        !(first == 0xF4 && byte(1) >= 0x90))
        return 4;
    return 0;
}

bool is_utf8(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t length = utf8_length(text, at);
        if (length == 0) return false;
        at += length;
    }
    return true;
}

std::string utf8_of_1252(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<std::uint8_t>(c);
        append_utf8(out, byte >= 0x80 && byte < 0xA0 ? windows_1252[byte - 0x80] : byte);
    }
    return out;
}

// Three octal digits: a digit that follows belongs to nothing.
std::string escapes_of(std::string_view literal) {
    std::string out;
    for (const char c : literal) {
        if (static_cast<std::uint8_t>(c) < 0x80) {
            out += c;
            continue;
        }
        std::array<char, 5> escape{};
        std::snprintf(escape.data(), escape.size(), "\\%03o",
                      static_cast<unsigned>(static_cast<std::uint8_t>(c)));
        out += escape.data();
    }
    return out;
}

std::string converted_part(std::string_view text, const Token& token) {
    const std::string_view part = text_of(text, token);
    const bool literal = token.kind == TokenKind::string || token.kind == TokenKind::character;
    return literal && (part[0] == '"' || part[0] == '\'') ? escapes_of(part) : utf8_of_1252(part);
}

// Literals in a directive (#define TEXT "...") are literals, too.
std::string converted_directive(std::string_view directive) {
    std::string out = "#";
    const std::string_view body = directive.substr(1);
    std::size_t at = 0;
    for (const Token& token : tokenize(body)) {
        out.append(body.substr(at, token.begin - at));
        out += converted_part(body, token);
        at = token.end;
    }
    return out.append(body.substr(at));
}

std::string from_windows_1252(std::string_view text) {
    Edits edits;
    for (const Token& token : tokenize(text)) {
        const std::string_view part = text_of(text, token);
        if (std::all_of(part.begin(), part.end(), [](char c) { return static_cast<std::uint8_t>(c) < 0x80; }))
            continue;
        edits.replace(
            token.begin, token.end,
            token.kind == TokenKind::directive ? converted_directive(part) : converted_part(text, token));
    }
    return edits.apply(text);
}

void mend_line_ends(std::string& text) {
    while (!text.empty() && text.back() == '\x1A') text.pop_back();
    for (std::size_t at = text.find('\r'); at != std::string::npos; at = text.find('\r', at + 1)) {
        if (at + 1 == text.size() || text[at + 1] != '\n') text[at] = '\n';
    }
}

}  // namespace

std::string decode_source(std::string bytes) {
    if (bytes.size() >= 2 && bytes[0] == '\xFF' && bytes[1] == '\xFE') bytes = from_utf16(bytes, false);
    if (bytes.size() >= 2 && bytes[0] == '\xFE' && bytes[1] == '\xFF') bytes = from_utf16(bytes, true);
    mend_line_ends(bytes);
    return is_utf8(bytes) ? bytes : from_windows_1252(bytes);
}

}  // namespace portico::build
