#include "build/decode.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <string_view>

#include "base/encoding.h"
#include "build/edits.h"
#include "build/tokens.h"

namespace portico::build {
namespace {

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
    return literal && (part[0] == '"' || part[0] == '\'') ? escapes_of(part) : utf8_of_windows_1252(part);
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
    if (bytes.starts_with("\xFF\xFE")) bytes = utf8_of_utf16(std::string_view(bytes).substr(2), false);
    if (bytes.starts_with("\xFE\xFF")) bytes = utf8_of_utf16(std::string_view(bytes).substr(2), true);
    mend_line_ends(bytes);
    return is_utf8(bytes) ? bytes : from_windows_1252(bytes);
}

}  // namespace portico::build
