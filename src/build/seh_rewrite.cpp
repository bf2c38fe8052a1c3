// Each word of exception handling is replaced by what include/ddk/excpt.h calls PORTICO_SEH_..., and what has
// no word in the source is put between. What they mean there depends on the image.
#include "build/seh_rewrite.h"

#include <algorithm>
#include <set>
#include <string>

namespace portico::build {
namespace {

enum class Word : std::uint8_t { none, body, except, finally, leave };

// `plain`: the keyword without underscores, as headers of old made it.
Word word_of(std::string_view text, bool& plain) {
    plain = !text.starts_with('_');
    if (text.starts_with("__"))
        text.remove_prefix(2);
    else if (text.starts_with('_'))
        text.remove_prefix(1);
    if (text == "try") return Word::body;
    if (text == "except") return Word::except;
    if (text == "finally") return Word::finally;
    return text == "leave" ? Word::leave : Word::none;
}

struct Block {
    std::size_t keyword;  // indices of tokens
    std::size_t body;
    std::size_t second;  // __except or __finally
    std::size_t filter;  // 0: none
    std::size_t last;    // the handler's or the termination's opening brace
};

// Tokens of a text that lies in the source at `base`: the source itself, or the body of a macro.
class Rewriter {
  public:
    Rewriter(std::string_view text, std::uint32_t base, const Tokens& code,
             const std::vector<std::uint32_t>& partners, const SehMacros& macros, Edits& edits)
        : text_(text),
          base_(base),
          code_(code),
          partners_(partners),
          macros_(macros),
          edits_(edits),
          around_(braces_around()) {}

    // True when there was a __try. Inner ones first: where their text meets the outer one's, it is before it.
    bool rewrite() {
        bool found = false;
        for (std::size_t i = code_.size(); i-- > 0;) {
            bool plain = false;
            const Word word = word_at(i, plain);
            if (word == Word::leave && plain) leave(i);
            if (word != Word::body) continue;
            Block block{};
            if (parse(i, block)) {
                write(block);
                found = true;
            } else if (!plain) {
                refuse(i);
            }
        }
        return found;
    }

    // Functions with a __try in them stay as they are written.
    void mark_functions() {
        std::set<std::size_t> functions;
        for (std::size_t i = 0; i < code_.size(); ++i) {
            bool plain = false;
            Block block{};
            const bool has = word_at(i, plain) == Word::body && parse(i, block);
            if (!has && macros_.whole.find(word(i)) == macros_.whole.end()) continue;
            if (const std::size_t brace = function_around(i); brace != code_.size()) functions.insert(brace);
        }
        for (const std::size_t brace : functions) {
            edits_.insert(begin(brace), "PORTICO_SEH_FUNCTION ");
            edits_.insert(end(partners_[brace]), " PORTICO_SEH_FUNCTION_END ");
            allow_no_inlining(brace);
        }
    }

  private:
    std::string_view word(std::size_t i) const {
        return i < code_.size() ? text_of(text_, code_[i]) : std::string_view{};
    }
    Word word_at(std::size_t i, bool& plain) const {
        if (i >= code_.size() || code_[i].kind != TokenKind::identifier) return Word::none;
        const auto other = macros_.words.find(word(i));
        return word_of(other == macros_.words.end() ? word(i) : other->second, plain);
    }
    bool is(std::size_t i, std::string_view text) const { return word(i) == text; }
    bool opens(std::size_t i, std::string_view bracket) const {
        return is(i, bracket) && partners_[i] != no_partner && partners_[i] > i;
    }
    std::uint32_t begin(std::size_t i) const { return base_ + code_[i].begin; }
    std::uint32_t end(std::size_t i) const { return base_ + code_[i].end; }

    bool parse(std::size_t keyword, Block& block) const {
        bool plain = false;
        block.keyword = keyword;
        block.body = keyword + 1;
        if (!opens(block.body, "{")) return false;
        block.second = partners_[block.body] + 1;
        const Word second = word_at(block.second, plain);
        block.last = block.second + 1;
        if (second == Word::finally) return opens(block.last, "{");
        if (second != Word::except || !opens(block.last, "(")) return false;
        block.filter = block.last;
        block.last = partners_[block.filter] + 1;
        return opens(block.last, "{");
    }

    void write(const Block& block) {
        const bool excepts = block.filter != 0;
        const std::uint32_t close = partners_[block.last];
        edits_.replace(begin(block.keyword), end(block.keyword),
                       excepts ? "PORTICO_SEH_TRY_EXCEPT" : "PORTICO_SEH_TRY_FINALLY");
        edits_.replace(begin(block.second), end(block.second),
                       excepts ? "PORTICO_SEH_EXCEPT" : "PORTICO_SEH_FINALLY");
        if (excepts) edits_.insert(end(partners_[block.filter]), " PORTICO_SEH_HANDLER ");
        edits_.insert(end(block.last),
                      excepts ? " PORTICO_SEH_HANDLER_BEGIN " : " PORTICO_SEH_FINALLY_BEGIN ");
        if (!excepts) edits_.insert(begin(close), " PORTICO_SEH_FINALLY_END ");
        edits_.insert(end(close), " PORTICO_SEH_END ");
    }

    // The compiler tells it, so that code which is not compiled may have it.
    void refuse(std::size_t i) {
        edits_.insert(begin(i),
                      "_Static_assert(0, \"__try needs a block, then __except (filter) or __finally and a "
                      "block, all in one place\"); ");
    }

    // A statement of its own.
    void leave(std::size_t i) {
        if (!is(i + 1, ";")) return;
        if (i != 0 && !is(i - 1, ";") && !is(i - 1, "{") && !is(i - 1, "}") && !is(i - 1, ")") &&
            !is(i - 1, ":") && !is(i - 1, "else"))
            return;
        if (in_body(i)) edits_.replace(begin(i), end(i), "__leave");
    }

    bool in_body(std::size_t i) const {
        for (std::size_t brace = brace_around(i); brace != code_.size(); brace = brace_around(brace)) {
            bool plain = false;
            Block block{};
            if (brace != 0 && word_at(brace - 1, plain) == Word::body && parse(brace - 1, block)) return true;
        }
        return false;
    }

    // The innermost brace that is open at a token.
    std::size_t brace_around(std::size_t i) const { return around_[i]; }

    std::vector<std::size_t> braces_around() const {
        std::vector<std::size_t> around(code_.size(), code_.size()), open;
        for (std::size_t i = 0; i < code_.size(); ++i) {
            if (is(i, "}") && partners_[i] != no_partner && partners_[i] < i) {
                // The branches of an #if may each close the same one.
                while (!open.empty() && open.back() >= partners_[i]) open.pop_back();
            }
            if (!open.empty()) around[i] = open.back();
            if (opens(i, "{")) open.push_back(i);
        }
        return around;
    }

    std::size_t function_around(std::size_t i) const {
        std::size_t found = code_.size();
        for (std::size_t brace = brace_around(i); brace != code_.size(); brace = brace_around(brace)) {
            if (!holds_declarations(brace)) found = brace;
        }
        return found;
    }

    // Where what stands before a brace begins.
    std::size_t head_of(std::size_t brace) const {
        std::size_t first = brace;
        while (first != 0 && !is(first - 1, ";") && !is(first - 1, "{") && !is(first - 1, "}")) --first;
        return first;
    }

    // A namespace, a linkage or a class. What only may be one is taken for a function: then all in it is
    // marked.
    bool holds_declarations(std::size_t brace) const {
        bool type = false;
        for (std::size_t i = head_of(brace); i < brace; ++i) {
            if (is(i, "namespace")) return true;
            if (is(i, "extern") && i + 2 == brace && code_[i + 1].kind == TokenKind::string) return true;
            if (is(i, "(") || is(i, "=")) return false;
            type |= is(i, "class") || is(i, "struct") || is(i, "union");
        }
        return type;
    }

    // Inlining by force would win over what keeps the function as it is.
    void allow_no_inlining(std::size_t brace) {
        for (std::size_t i = head_of(brace); i < brace; ++i) {
            if (is(i, "__forceinline") || is(i, "_forceinline") || is(i, "FORCEINLINE"))
                edits_.replace(begin(i), end(i), "__inline");
        }
    }

    std::string_view text_;
    std::uint32_t base_;
    const Tokens& code_;
    const std::vector<std::uint32_t>& partners_;
    const SehMacros& macros_;
    Edits& edits_;
    std::vector<std::size_t> around_;  // for each token the brace around it, code_.size() where none is
};

// Rewrites the body of a macro, from behind its name on. True when it held a __try.
bool rewrite_macro(std::string_view text, std::uint32_t base, const SehMacros& macros, Edits& edits) {
    const Tokens all = tokenize(text);
    const Tokens code = code_tokens(text, all);
    const auto partners = bracket_partners(text, all, code);
    return Rewriter(text, base, code, partners, macros, edits).rewrite();
}

std::string_view macro_name(std::string_view rest) {
    const auto is_name = [](char c) {
        return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               static_cast<unsigned char>(c) >= 0x80;
    };
    return rest.substr(
        0, static_cast<std::size_t>(std::find_if_not(rest.begin(), rest.end(), is_name) - rest.begin()));
}

// Calls `visit` with the name and the body of each macro.
template <class Visit>
void for_each_macro(const ShadowSource& source, Visit&& visit) {
    for (const Token& token : source.all) {
        if (token.kind != TokenKind::directive) continue;
        const std::string_view directive = text_of(source.text, token);
        if (directive_name(directive) != "define") continue;
        const std::string_view rest = directive_rest(directive);
        const std::string_view name = macro_name(rest);
        visit(name, rest.substr(name.size()));
    }
}

bool mentions_try(std::string_view text) {
    return text.find("try") != std::string_view::npos || text.find("except") != std::string_view::npos ||
           text.find("finally") != std::string_view::npos;
}

}  // namespace

void find_seh_macros(const ShadowSource& source, SehMacros& macros) {
    if (!mentions_try(source.text)) return;
    for_each_macro(source, [&](std::string_view name, std::string_view body) {
        Edits unused;
        if (rewrite_macro(body, 0, macros, unused)) macros.whole.emplace(name);
        const Tokens tokens = tokenize(body);
        const Tokens code = code_tokens(body, tokens);
        bool plain = false;
        if (code.size() == 1 && word_of(text_of(body, code[0]), plain) != Word::none && !plain)
            macros.words.emplace(name, text_of(body, code[0]));
    });
}

Result<void> rewrite_seh(const ShadowSource& source, Edits& edits) {
    SehMacros macros = source.facts.seh;
    find_seh_macros(source, macros);
    if (!mentions_try(source.text) && macros.whole.empty() && macros.words.empty()) return {};
    for_each_macro(source, [&](std::string_view, std::string_view body) {
        rewrite_macro(body, static_cast<std::uint32_t>(body.data() - source.text.data()), macros, edits);
    });
    Rewriter rewriter(source.text, 0, source.code, source.partners, macros, edits);
    rewriter.rewrite();
    rewriter.mark_functions();
    return {};
}

}  // namespace portico::build
