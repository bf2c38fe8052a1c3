#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "build/outline.h"
#include "build/passes.h"

namespace portico::build {
namespace {

struct Friend {
    std::uint32_t begin;  // behind "friend"
    std::uint32_t end;    // ';'
};

bool is_name(const ShadowSource& source, std::uint32_t index) {
    return index < source.code.size() && source.code[index].kind == TokenKind::identifier;
}

// A function's declaration: with parameters, or of a function type ("friend KDEFERRED_ROUTINE Dpc;").
// Operators are found by their operands, qualified names where they were declared.
bool declares_function(const ShadowSource& source, const Friend& declaration) {
    bool parameters = false;
    for (std::uint32_t i = declaration.begin; i < declaration.end; ++i) {
        const std::string_view word = source.code_text(i);
        if (word == "operator" || word == "template" || word == "{" || word == "=") return false;
        if (word == "(" && source.partners[i] != no_partner && source.partners[i] > i) {
            if (source.code_text(i - 2) == "::") return false;
            parameters = true;
            i = source.partners[i];
        }
    }
    if (parameters) return true;
    const std::string_view first = source.code_text(declaration.begin);
    if (first == "class" || first == "struct" || first == "union" || first == "enum") return false;
    return declaration.end == declaration.begin + 2 && is_name(source, declaration.begin) &&
           is_name(source, declaration.begin + 1);
}

std::vector<Friend> friends_of(const ShadowSource& source, const ClassOutline& found) {
    std::vector<Friend> result;
    for (std::uint32_t i = found.open + 1; i < found.close; ++i) {
        if (source.code_text(i) != "friend") continue;
        std::uint32_t end = i + 1;
        while (end < found.close && source.code_text(end) != ";" && source.code_text(end) != "{") ++end;
        // A template is a friend that its own parameters declare.
        const bool is_template = source.code_text(i - 1) == ">";
        if (source.code_text(end) == ";" && !is_template) result.push_back({i + 1, end});
        i = end;
    }
    return result;
}

void add_enumerators(const ShadowSource& source, std::uint32_t key, std::set<std::string_view>& names) {
    std::uint32_t open = key;
    while (open < source.code.size() && source.code_text(open) != "{" && source.code_text(open) != ";")
        ++open;
    if (source.code_text(open) != "{" || source.partners[open] == no_partner) return;
    for (std::uint32_t i = open + 1; i < source.partners[open]; ++i) {
        const std::string_view before = source.code_text(i - 1);
        if (is_name(source, i) && (before == "{" || before == ",")) names.insert(source.code_text(i));
    }
}

// Types and enumerators of the class's own have no meaning outside of it.
std::set<std::string_view> own_names(const ShadowSource& source, const ClassOutline& found) {
    std::set<std::string_view> result;
    for (std::uint32_t i = found.open + 1; i < found.close; ++i) {
        const std::string_view word = source.code_text(i);
        if (word == "enum" || word == "struct" || word == "class" || word == "union") {
            // An elaborated name in a declaration is no type of the class's own.
            if (is_name(source, i + 1) && (source.code_text(i + 2) == "{" || source.code_text(i + 2) == ":"))
                result.insert(source.code_text(i + 1));
            if (word == "enum") add_enumerators(source, i, result);
        } else if (word == "using" && is_name(source, i + 1) && source.code_text(i + 2) == "=") {
            result.insert(source.code_text(i + 1));
        } else if (word == "typedef") {
            while (i + 1 < found.close && source.code_text(i + 1) != ";") ++i;
            result.insert(source.code_text(i));
        }
    }
    return result;
}

std::string outside(const ShadowSource& source, const Friend& declaration,
                    const std::set<std::string_view>& own) {
    std::string text;
    for (std::uint32_t i = declaration.begin; i < declaration.end; ++i) {
        if (own.contains(source.code_text(i))) return {};
        if (source.code_text(i) == "static" || source.code_text(i) == "inline" ||
            source.code_text(i) == "__inline")
            continue;
        text += text.empty() ? "" : " ";
        text += on_one_line(source, i, i + 1);
    }
    return text + "; ";
}

// The conditionals of a class, for what is declared before it: what one of them leaves out may be known
// nowhere.
class Conditions {
  public:
    Conditions(const ShadowSource& source, const ClassOutline& found)
        : source_(source), line_(source.code[found.begin].line) {
        const std::uint32_t begin = source.code[found.open].end;
        const auto first =
            std::lower_bound(source.all.begin(), source.all.end(), begin,
                             [](const Token& token, std::uint32_t at) { return token.begin < at; });
        next_ = static_cast<std::size_t>(first - source.all.begin());
    }

    // Those that stand before an offset and were not taken yet. None of a conditional that the class is in.
    std::string before(std::uint32_t offset) {
        std::string text;
        for (; next_ < source_.all.size() && source_.all[next_].begin < offset; ++next_) {
            if (source_.all[next_].kind != TokenKind::directive) continue;
            const std::string_view directive = text_of(source_.text, source_.all[next_]);
            const std::string_view name = directive_name(directive);
            const bool begins = name == "if" || name == "ifdef" || name == "ifndef";
            if (!begins && (depth_ == 0 || (name != "elif" && name != "else" && name != "endif"))) continue;
            if (begins) ++depth_;
            if (name == "endif") --depth_;
            text += fmt::format("\n{}\n#line {}\n", directive, line_);
        }
        return text;
    }
    std::string end() {
        std::string text;
        for (; depth_ != 0; --depth_) text += "\n#endif";
        return text;
    }

  private:
    const ShadowSource& source_;
    std::uint32_t line_;
    std::size_t next_ = 0;
    int depth_ = 0;
};

// The first token of the declaration, or of the line of macros before it that makes a part of it.
void inject(const ShadowSource& source, const ClassOutline& found, Edits& edits) {
    std::string declarations;
    Conditions conditions(source, found);
    const auto own = own_names(source, found);
    for (const Friend& declaration : friends_of(source, found)) {
        // "static friend", too.
        const std::uint32_t keyword = declaration.begin - 1;
        for (std::uint32_t i = keyword == 0 ? keyword : keyword - 1; i < declaration.end; ++i) {
            if (source.code_text(i) == "static") edits.replace(source.code[i].begin, source.code[i].end, "");
        }
        if (!found.nested && !found.is_template && found.name != no_partner &&
            declares_function(source, declaration))
            declarations +=
                conditions.before(source.code[declaration.begin].begin) + outside(source, declaration, own);
    }
    if (declarations.empty()) return;
    declarations += conditions.end();
    const Token& begin = source.code[found.begin];
    edits.insert(begin.begin, fmt::format("{} {}; {}\n#line {}\n", source.code_text(found.key),
                                          source.code_text(found.name), declarations, begin.line));
}

}  // namespace

Result<void> inject_friends(const ShadowSource& source, Edits& edits) {
    if (source.language != Language::cxx || source.text.find("friend") == std::string_view::npos) return {};
    for (const ClassOutline& found : outline_of(source).classes) inject(source, found, edits);
    return {};
}

}  // namespace portico::build
