#include <fmt/format.h>

#include <map>

#include "build/files.h"
#include "build/outline.h"
#include "build/passes.h"

namespace portico::build {
namespace {

// function -> section, of every #pragma alloc_text.
std::map<std::string, std::string, std::less<>> placements(const ShadowSource& source) {
    std::map<std::string, std::string, std::less<>> result;
    for (const Token& token : source.all) {
        if (token.kind != TokenKind::directive) continue;
        const std::string_view directive = text_of(source.text, token);
        if (directive_name(directive) != "pragma") continue;
        const auto words = split(directive_rest(directive), " \t\"(),\\\r\n");
        if (words.size() < 3 || words[0] != "alloc_text") continue;
        for (std::size_t i = 2; i < words.size(); ++i) result[words[i]] = words[1];
    }
    return result;
}

// Where the type of a function's definition begins: what stands before its name and is neither the end of
// another declaration nor an annotation.
std::uint32_t type_begin(const ShadowSource& source, std::uint32_t name) {
    std::uint32_t begin = name;
    while (begin > 0) {
        const Token& before = source.code[begin - 1];
        const std::string_view word = text_of(source.text, before);
        const bool part = before.kind == TokenKind::identifier || word == "*" || word == "&" || word == "::";
        if (!part) break;
        --begin;
    }
    return begin;
}

}  // namespace

Result<void> place_functions(const ShadowSource& source, Edits& edits) {
    if (source.text.find("alloc_text") == std::string_view::npos) return {};
    const auto sections = placements(source);
    if (sections.empty()) return {};
    for (const FunctionOutline& function : outline_of(source).functions) {
        const auto section = sections.find(source.code_text(function.name));
        if (section == sections.end()) continue;
        edits.insert(source.code[type_begin(source, function.name)].begin,
                     fmt::format("__declspec(code_seg(\"{}\")) ", section->second));
    }
    return {};
}

}  // namespace portico::build
