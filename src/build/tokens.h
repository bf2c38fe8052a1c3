// Text of C and C++ as written, before preprocessing, cut into tokens. Any bytes are taken: what is no token
// is `other`, what never ends, ends with its line or with the file.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace portico::build {

enum class TokenKind : std::uint8_t {
    identifier,  // names and keywords; bytes from 0x80 up belong to names
    number,      // a preprocessing number
    string,      // with its prefix; a raw string in one piece
    character,   // with its prefix
    punctuator,  // the longest of C++'s, but '>' always alone
    comment,     // without the end of its line
    directive,   // a whole logical line from '#' on, without the end of its line
    other,
};

struct Token {
    TokenKind kind;
    std::uint32_t begin;  // offsets of bytes
    std::uint32_t end;
    std::uint32_t line;  // of begin, from 1
};

using Tokens = std::vector<Token>;

// Every token in the order of the text. Between two of them is nothing but blanks, ends of lines and
// continued lines.
Tokens tokenize(std::string_view text);

inline std::string_view text_of(std::string_view text, const Token& token) {
    return text.substr(token.begin, token.end - token.begin);
}

// The name of a directive ("include", "pragma", ...; empty for a lone '#') and what stands behind it, without
// comments at its end and blanks around it.
std::string_view directive_name(std::string_view directive);
std::string_view directive_rest(std::string_view directive);

// What the compiler may see: without comments, without directives, and without what stands between "#if 0"
// and its end.
Tokens code_tokens(std::string_view text, const Tokens& tokens);

constexpr std::uint32_t no_partner = UINT32_MAX;

// For each token of `code` (as code_tokens gives it) the index of its partner among ( ), [ ], { }, no_partner
// for others and for those that have none. `all` shows where branches of #if begin and end: each starts with
// the brackets that were open at the #if, and what is open at the end of the first goes on behind the #endif.
std::vector<std::uint32_t> bracket_partners(std::string_view text, const Tokens& all, const Tokens& code);

}  // namespace portico::build
