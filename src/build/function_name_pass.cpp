#include <fmt/format.h>

#include <array>
#include <algorithm>

#include "build/outline.h"
#include "build/passes.h"

namespace portico::build {
namespace {

constexpr std::string_view macro = "PORTICO_FUNCTION_NAME";

// Names before an expression.
bool begins_expression(std::string_view word) {
    static constexpr std::array<std::string_view, 6> keywords{"return", "case", "sizeof",
                                                              "else",   "do",   "throw"};
    return std::find(keywords.begin(), keywords.end(), word) != keywords.end();
}

// Two expressions side by side are literals, or macros and parameters that become some.
bool is_pasted(std::string_view text, const Tokens& tokens, std::size_t index) {
    if (tokens[index].kind != TokenKind::identifier || text_of(text, tokens[index]) != "__FUNCTION__")
        return false;
    if (index > 0) {
        const Token& before = tokens[index - 1];
        if (before.kind == TokenKind::string) return true;
        if (before.kind == TokenKind::identifier && !begins_expression(text_of(text, before))) return true;
    }
    if (index + 1 == tokens.size()) return false;
    const Token& behind = tokens[index + 1];
    return behind.kind == TokenKind::string || behind.kind == TokenKind::identifier ||
           text_of(text, behind) == "#";
}

struct Definition {
    Tokens body;  // of the macro, offsets into the text of the directive
    std::string_view text;
};

// The body of a "#define": its name and parameters are passed over, so that nothing of them counts as a
// neighbour.
Definition definition_of(std::string_view directive) {
    if (directive_name(directive) != "define") return {};
    Definition result{{}, directive};
    Tokens tokens;
    for (Token token : tokenize(directive.substr(1))) {
        token.begin += 1;
        token.end += 1;
        if (token.kind != TokenKind::comment) tokens.push_back(token);
    }
    std::size_t at = 2;  // behind "define NAME"
    if (tokens.size() > 2 && text_of(directive, tokens[2]) == "(" && tokens[2].begin == tokens[1].end) {
        while (at < tokens.size() && text_of(directive, tokens[at]) != ")") ++at;
        ++at;
    }
    if (at < tokens.size())
        result.body.assign(tokens.begin() + static_cast<std::ptrdiff_t>(at), tokens.end());
    return result;
}

void replace_pasted(std::string_view text, const Tokens& tokens, std::uint32_t offset, Edits& edits) {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (is_pasted(text, tokens, i))
            edits.replace(offset + tokens[i].begin, offset + tokens[i].end, std::string(macro));
    }
}

}  // namespace

bool pastes_function_name(const ShadowSource& source) {
    if (source.text.find("__FUNCTION__") == std::string_view::npos) return false;
    Edits edits;
    replace_pasted(source.text, source.code, 0, edits);
    for (const Token& token : source.all) {
        if (token.kind != TokenKind::directive) continue;
        const Definition definition = definition_of(text_of(source.text, token));
        replace_pasted(definition.text, definition.body, token.begin, edits);
    }
    return !edits.empty();
}

Result<void> paste_function_names(const ShadowSource& source, Edits& edits) {
    if (!source.facts.pastes_function_name) return {};
    replace_pasted(source.text, source.code, 0, edits);
    for (const Token& token : source.all) {
        if (token.kind != TokenKind::directive) continue;
        const Definition definition = definition_of(text_of(source.text, token));
        replace_pasted(definition.text, definition.body, token.begin, edits);
    }
    for (const FunctionOutline& function : outline_of(source).functions) {
        const Token& open = source.code[function.open];
        edits.insert(open.begin, fmt::format("\n#undef {0}\n#define {0} \"{1}\"\n#line {2}\n", macro,
                                             function.full_name, open.line));
    }
    return {};
}

}  // namespace portico::build
