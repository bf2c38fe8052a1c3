#include <algorithm>

#include "build/outline.h"
#include "build/passes.h"

namespace portico::build {
namespace {

bool is_name(const ShadowSource& source, std::uint32_t index) {
    return index < source.code.size() && source.code[index].kind == TokenKind::identifier;
}

// The variable of "for (TYPE NAME = ...": the index of NAME, no_partner if the loop declares none, or
// several.
std::uint32_t loop_variable(const ShadowSource& source, std::uint32_t open) {
    std::uint32_t names = 0;
    for (std::uint32_t i = open + 1; i < source.partners[open]; ++i) {
        const std::string_view word = source.code_text(i);
        if (word == "=") return names >= 2 && is_name(source, i - 1) ? i - 1 : no_partner;
        if (is_name(source, i)) {
            ++names;
        } else if (word != "*" && word != "::") {
            return no_partner;
        }
    }
    return no_partner;
}

// Nothing but the end of a statement or of a block, or a label, stands before a statement that another may
// join.
bool begins_statement(const ShadowSource& source, std::uint32_t index) {
    const std::string_view before = source.code_text(index - 1);
    return before == ";" || before == "{" || before == "}" || before == ":";
}

void widen(const ShadowSource& source, const FunctionOutline& function, std::string_view name, Edits& edits) {
    for (std::uint32_t i = function.open; i < function.close; ++i) {
        if (source.code_text(i) != "for" || source.code_text(i + 1) != "(" ||
            source.partners[i + 1] == no_partner)
            continue;
        const std::uint32_t variable = loop_variable(source, i + 1);
        if (variable == no_partner || source.code_text(variable) != name || !begins_statement(source, i))
            continue;
        std::string type = on_one_line(source, i + 2, variable);
        edits.insert(source.code[i].begin, type + " " + std::string(name) + "; ");
        edits.replace(source.code[i + 2].begin, source.code[variable].begin, "");
        return;  // a second loop of the same kind would have been an error for Microsoft's compilers, too
    }
}

}  // namespace

Result<void> widen_loop_variables(const ShadowSource& source, Edits& edits) {
    if (source.facts.used_after_loop.empty()) return {};
    const Outline outline = outline_of(source);
    std::vector<std::pair<std::uint32_t, std::string_view>> done;
    for (const auto& [name, line] : source.facts.used_after_loop) {
        for (const FunctionOutline& function : outline.functions) {
            if (line < source.code[function.open].line || line > source.code[function.close].line) continue;
            const std::pair<std::uint32_t, std::string_view> key{function.open, name};
            if (std::find(done.begin(), done.end(), key) != done.end()) continue;
            done.push_back(key);
            widen(source, function, name, edits);
        }
    }
    return {};
}

}  // namespace portico::build
