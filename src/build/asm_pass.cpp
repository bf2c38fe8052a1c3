#include <fmt/format.h>

#include <algorithm>

#include "build/passes.h"

namespace portico::build {
namespace {

bool is_asm(std::string_view word) {
    return word == "__asm" || word == "_asm";
}

// An inline assembler block ends with its brace, a lone instruction with its line, with the next one, or with
// the block around it.
std::uint32_t asm_end(const ShadowSource& source, std::size_t index) {
    if (source.code_text(index + 1) == "{") {
        const std::uint32_t close = source.partners[index + 1];
        return close == no_partner ? static_cast<std::uint32_t>(source.text.size()) : source.code[close].end;
    }
    std::size_t last = index;
    const std::uint32_t line = source.code[index].line;
    for (std::size_t i = index + 1; i < source.code.size() && source.code[i].line == line; ++i) {
        const std::string_view word = source.code_text(i);
        if (word == "}" || is_asm(word)) break;
        last = i;
    }
    return source.code[last].end;
}

std::uint32_t line_of(const ShadowSource& source, std::uint32_t offset) {
    return 1 +
           static_cast<std::uint32_t>(std::count(source.text.begin(), source.text.begin() + offset, '\n'));
}

constexpr std::string_view told =
    "inline assembler (_asm) is not for x64; leave it out with --no-asm if the driver has a C path";

// In a macro's body the compiler is to tell where the macro is used.
void take_out_of_directive(const ShadowSource& source, const Token& directive, Edits& edits) {
    const std::string_view text = text_of(source.text, directive);
    if (directive_name(text) != "define") return;
    for (const Token& token : tokenize(text.substr(1))) {
        if (token.kind != TokenKind::identifier || !is_asm(text_of(text.substr(1), token))) continue;
        edits.replace(directive.begin + 1 + token.begin, directive.end,
                      source.facts.skip_asm ? "" : fmt::format("_Static_assert(0, \"{}\")", told));
        return;
    }
}

}  // namespace

Result<void> take_out_asm(const ShadowSource& source, Edits& edits) {
    if (source.text.find("_asm") == std::string_view::npos) return {};
    for (const Token& token : source.all) {
        if (token.kind == TokenKind::directive) take_out_of_directive(source, token, edits);
    }
    for (std::size_t i = 0; i < source.code.size(); ++i) {
        const Token& token = source.code[i];
        if (token.kind != TokenKind::identifier || !is_asm(text_of(source.text, token))) continue;
        const std::uint32_t end = asm_end(source, i);
        edits.replace(token.begin, end,
                      source.facts.skip_asm ? ";"
                                            : fmt::format("\n#line {}\n#error {}\n#line {}\n;", token.line,
                                                          told, line_of(source, end)));
        while (i + 1 < source.code.size() && source.code[i + 1].begin < end) ++i;
    }
    return {};
}

}  // namespace portico::build
