// What a pass over a driver's source sees and gives. A pass changes nothing itself: the shadow (shadow.h)
// applies its edits, cuts the new text into tokens and calls the next pass with it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "build/edits.h"
#include "build/tokens.h"

namespace portico::build {

enum class Language : std::uint8_t { c, cxx };

// Macros of a driver that bring structured exception handling.
struct SehMacros {
    std::set<std::string, std::less<>> whole;               // the expansion has a __try with all its blocks
    std::map<std::string, std::string, std::less<>> words;  // other names of __try, __except ...
};

// What all sources of a driver together tell, and what its author asked for.
struct ShadowFacts {
    bool pastes_function_name = false;  // somewhere __FUNCTION__ stands beside a string literal
    bool skip_asm = false;              // --no-asm
    // Names of loops' variables that the compiler missed behind their loops, and the lines where.
    std::vector<std::pair<std::string, std::uint32_t>> used_after_loop;
    SehMacros seh;
};
inline const ShadowFacts no_facts;

struct ShadowSource {
    const std::string& path;                     // the driver's own, for messages: "PATH:LINE: what is wrong"
    Language language;                           // of a header: cxx if any source of the driver is
    std::string_view text;                       // UTF-8; lines end with LF or CR LF
    const Tokens& all;                           // with comments and directives
    const Tokens& code;                          // code_tokens()
    const std::vector<std::uint32_t>& partners;  // bracket_partners()
    const ShadowFacts& facts = no_facts;

    std::string_view code_text(std::size_t index) const {
        return index < code.size() ? text_of(text, code[index]) : std::string_view{};
    }
};

using ShadowPass = Result<void> (*)(const ShadowSource& source, Edits& edits);

}  // namespace portico::build
