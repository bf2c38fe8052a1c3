#include "build/seh_rewrite.h"

namespace portico::build {

// clang drops the handlers of __try for ELF without a word: better no driver than one that only looks right.
// Told by the compiler, so that code which is not compiled may have it.
Result<void> rewrite_seh(const ShadowSource& source, Edits& edits) {
    for (const Token& token : source.code) {
        const std::string_view word = text_of(source.text, token);
        if (token.kind == TokenKind::identifier && (word == "__try" || word == "_try"))
            edits.insert(
                token.begin,
                "_Static_assert(0, \"structured exception handling (__try) is not supported yet\"); ");
    }
    return {};
}

}  // namespace portico::build
