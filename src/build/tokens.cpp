#include "build/tokens.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

namespace portico::build {
namespace {

bool is_name_start(char c) {
    return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' ||
           static_cast<unsigned char>(c) >= 0x80;
}

bool is_digit(char c) {
    return std::isdigit(static_cast<unsigned char>(c)) != 0;
}
bool is_name_part(char c) {
    return is_name_start(c) || is_digit(c);
}
bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\f' || c == '\v' || c == '\r';
}

// '>' stands alone: whether two of them are a shift or the end of templates only a parser knows.
constexpr std::array<std::string_view, 21> punctuators{"...", "<<=", "->*", "::", "->", "##", "&&",
                                                       "||",  "==",  "!=",  "<=", "++", "--", "+=",
                                                       "-=",  "*=",  "/=",  "%=", "&=", "|=", "^="};

class Lexer {
  public:
    explicit Lexer(std::string_view text) : text_(text) {}

    Tokens run() {
        result_.reserve(text_.size() / 5);
        while (skip_blanks(), at_ < text_.size()) next();
        return std::move(result_);
    }

  private:
    char look(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

    // The length of a line's end at `offset`, 0 if there is none. A lone carriage return ends a line, too.
    std::size_t line_end(std::size_t offset) const {
        if (offset >= text_.size()) return 0;
        if (text_[offset] == '\n') return 1;
        if (text_[offset] != '\r') return 0;
        return offset + 1 < text_.size() && text_[offset + 1] == '\n' ? 2 : 1;
    }

    // The length of a backslash with the end of its line.
    std::size_t continuation() const {
        if (look() != '\\') return 0;
        std::size_t end = at_ + 1;
        while (end < text_.size() && (text_[end] == ' ' || text_[end] == '\t')) ++end;
        const std::size_t length = line_end(end);
        return length == 0 ? 0 : end + length - at_;
    }

    void advance_line(std::size_t length) {
        at_ += length;
        ++line_;
    }

    void skip_blanks() {
        while (at_ < text_.size()) {
            if (const std::size_t end = line_end(at_); end != 0) {
                advance_line(end);
                starts_line_ = true;
            } else if (const std::size_t continued = continuation(); continued != 0) {
                advance_line(continued);
            } else if (is_blank(look())) {
                ++at_;
            } else {
                return;
            }
        }
    }

    void next() {
        begin_ = at_;
        begin_line_ = line_;
        const TokenKind kind = scan();
        result_.push_back(
            {kind, static_cast<std::uint32_t>(begin_), static_cast<std::uint32_t>(at_), begin_line_});
        if (kind != TokenKind::comment) starts_line_ = false;
    }

    TokenKind scan() {
        const char c = look();
        if (c == '/' && (look(1) == '/' || look(1) == '*')) return comment();
        if (c == '#' && starts_line_) return directive();
        if (is_digit(c) || (c == '.' && is_digit(look(1)))) return number();
        if (c == '"') return quoted('"', TokenKind::string);
        if (c == '\'') return quoted('\'', TokenKind::character);
        if (is_name_start(c)) return name();
        return punctuator();
    }

    TokenKind comment() {
        if (look(1) == '/') {
            to_end_of_line();
            return TokenKind::comment;
        }
        at_ += 2;
        while (at_ < text_.size() && !(look() == '*' && look(1) == '/')) step();
        at_ = std::min(at_ + 2, text_.size());
        return TokenKind::comment;
    }

    // One byte, or one end of a line.
    void step() {
        if (const std::size_t end = line_end(at_); end != 0) {
            advance_line(end);
        } else {
            ++at_;
        }
    }

    void to_end_of_line() {
        while (at_ < text_.size() && line_end(at_) == 0) {
            if (const std::size_t continued = continuation(); continued != 0) {
                advance_line(continued);
            } else {
                ++at_;
            }
        }
    }

    // Comments in it are passed as comments: one over several lines does not end the directive.
    TokenKind directive() {
        ++at_;
        while (at_ < text_.size() && line_end(at_) == 0) {
            if (const std::size_t continued = continuation(); continued != 0) {
                advance_line(continued);
            } else if (look() == '/' && (look(1) == '/' || look(1) == '*')) {
                comment();
            } else if (look() == '"') {
                quoted('"', TokenKind::string);
            } else {
                ++at_;
            }
        }
        return TokenKind::directive;
    }

    TokenKind number() {
        while (is_name_part(look()) || look() == '.' || (look() == '\'' && is_name_part(look(1))) ||
               is_exponent_sign())
            ++at_;
        return TokenKind::number;
    }

    // In "0xE+1" the sign belongs to the number as well, as the standard says of preprocessing numbers.
    bool is_exponent_sign() const {
        if (look() != '+' && look() != '-') return false;
        return std::string_view("eEpP").find(text_[at_ - 1]) != std::string_view::npos && at_ > begin_;
    }

    TokenKind quoted(char quote, TokenKind kind) {
        ++at_;
        while (at_ < text_.size() && line_end(at_) == 0) {
            if (const std::size_t continued = continuation(); continued != 0) {
                advance_line(continued);
                continue;
            }
            const char c = look();
            if (c == '\\' && at_ + 1 < text_.size()) {
                at_ += 2;
                continue;
            }
            ++at_;
            if (c == quote) break;
        }
        return kind;
    }

    TokenKind name() {
        while (is_name_part(look())) ++at_;
        const std::string_view prefix = text_.substr(begin_, at_ - begin_);
        static constexpr std::array<std::string_view, 5> raw{"R", "LR", "uR", "UR", "u8R"};
        static constexpr std::array<std::string_view, 4> plain{"L", "u", "U", "u8"};
        const auto is_one_of = [prefix](const auto& list) {
            return std::find(list.begin(), list.end(), prefix) != list.end();
        };
        if (look() == '"' && is_one_of(raw) && raw_string()) return TokenKind::string;
        if (look() == '"' && is_one_of(plain)) return quoted('"', TokenKind::string);
        if (look() == '\'' && is_one_of(plain)) return quoted('\'', TokenKind::character);
        return TokenKind::identifier;
    }

    // False, with nothing taken, when the quote begins no raw string: an old source's macro R before a
    // string.
    bool raw_string() {
        const std::size_t open =
            text_.substr(0, std::min(text_.size(), at_ + 18)).find_first_of("( )\\\t\v\f\r\n", at_ + 1);
        if (open == std::string_view::npos || text_[open] != '(' || endless_raw_ == endless_raw_max)
            return false;
        const std::string end = ")" + std::string(text_.substr(at_ + 1, open - at_ - 1)) + "\"";
        const std::size_t close = text_.find(end, open);
        if (close == std::string_view::npos) {
            ++endless_raw_;
            return false;
        }
        while (at_ < close + end.size()) step();
        return true;
    }

    TokenKind punctuator() {
        for (const std::string_view known : punctuators) {
            if (text_.substr(at_, known.size()) == known) {
                at_ += known.size();
                return TokenKind::punctuator;
            }
        }
        return std::ispunct(static_cast<unsigned char>(text_[at_++])) != 0 ? TokenKind::punctuator
                                                                           : TokenKind::other;
    }

    // Each was looked for to the end of the text.
    static constexpr int endless_raw_max = 100;
    int endless_raw_ = 0;
    std::string_view text_;
    Tokens result_;
    std::size_t at_ = 0;
    std::uint32_t line_ = 1;
    std::size_t begin_ = 0;
    std::uint32_t begin_line_ = 1;
    bool starts_line_ = true;
};

std::size_t after_blanks(std::string_view text, std::size_t at) {
    while (at < text.size()) {
        if (is_blank(text[at]) || text[at] == '\n' || text[at] == '\\') {
            ++at;
        } else if (text.substr(at, 2) == "/*") {
            const std::size_t end = text.find("*/", at + 2);
            at = end == std::string_view::npos ? text.size() : end + 2;
        } else {
            break;
        }
    }
    return at;
}

enum class Conditional : std::uint8_t { none, begin, other_branch, end };

Conditional conditional(std::string_view name) {
    if (name == "if" || name == "ifdef" || name == "ifndef") return Conditional::begin;
    if (name == "else" || name == "elif") return Conditional::other_branch;
    return name == "endif" ? Conditional::end : Conditional::none;
}

bool opens(char c) {
    return c == '(' || c == '[' || c == '{';
}

bool closes(char open, char c) {
    return (open == '(' && c == ')') || (open == '[' && c == ']') || (open == '{' && c == '}');
}

class BracketMatcher {
  public:
    BracketMatcher(std::string_view text, std::size_t count) : text_(text), partners_(count, no_partner) {}

    void bracket(char c, std::uint32_t index, const Tokens& code) {
        if (opens(c)) {
            if (open_.size() < depth_max) open_.push_back(index);
            return;
        }
        // A bracket that nothing closes is passed over: what encloses it is the better partner. But no ')'
        // closes what was opened outside of its braces.
        auto match = open_.rbegin();
        while (match != open_.rend() && !closes(text_[code[*match].begin], c)) {
            if (c != '}' && text_[code[*match].begin] == '{') return;
            if (++match - open_.rbegin() > passed_over_max) return;
        }
        if (match == open_.rend()) return;
        partners_[*match] = index;
        partners_[index] = *match;
        open_.erase(std::prev(match.base()), open_.end());
    }

    void directive(Conditional what) {
        if (what == Conditional::begin && branches_.size() < branches_max) {
            branches_.push_back({open_, {}, false});
        } else if (!branches_.empty() && what == Conditional::other_branch) {
            Branch& branch = branches_.back();
            if (!branch.has_first) branch.first = open_;
            branch.has_first = true;
            open_ = branch.before;
        } else if (!branches_.empty() && what == Conditional::end) {
            if (branches_.back().has_first) open_ = std::move(branches_.back().first);
            branches_.pop_back();
        }
    }

    std::vector<std::uint32_t> take() { return std::move(partners_); }

  private:
    // What is nested deeper has no partners.
    static constexpr std::size_t depth_max = 4096;
    static constexpr std::size_t branches_max = 256;
    static constexpr std::ptrdiff_t passed_over_max = 64;
    struct Branch {
        std::vector<std::uint32_t> before, first;
        bool has_first;
    };
    std::string_view text_;
    std::vector<std::uint32_t> partners_;
    std::vector<std::uint32_t> open_;
    std::vector<Branch> branches_;
};

}  // namespace

Tokens tokenize(std::string_view text) {
    return Lexer(text).run();
}

std::string_view directive_name(std::string_view directive) {
    const std::size_t begin = after_blanks(directive, 1);
    std::size_t end = begin;
    while (end < directive.size() && is_name_part(directive[end])) ++end;
    return directive.substr(begin, end - begin);
}

std::string_view directive_rest(std::string_view directive) {
    const std::string_view name = directive_name(directive);
    const std::size_t begin = name.empty()
                                  ? after_blanks(directive, 1)
                                  : after_blanks(directive, name.data() + name.size() - directive.data());
    const std::string_view rest = directive.substr(std::min(begin, directive.size()));
    std::size_t end = 0;
    for (const Token& token : tokenize(rest)) {
        if (token.kind != TokenKind::comment) end = token.end;
    }
    return rest.substr(0, end);
}

Tokens code_tokens(std::string_view text, const Tokens& tokens) {
    Tokens code;
    code.reserve(tokens.size());
    // How many conditionals are open since an "#if 0"; 0 outside of one.
    std::size_t excluded = 0;
    for (const Token& token : tokens) {
        if (token.kind == TokenKind::directive) {
            const std::string_view directive = text_of(text, token);
            const Conditional what = conditional(directive_name(directive));
            if (excluded == 0 && what == Conditional::begin && directive_name(directive) == "if" &&
                directive_rest(directive) == "0") {
                excluded = 1;
            } else if (excluded != 0) {
                if (what == Conditional::begin) ++excluded;
                if (what == Conditional::end) --excluded;
                if (what == Conditional::other_branch && excluded == 1) excluded = 0;
            }
        } else if (token.kind != TokenKind::comment && excluded == 0) {
            code.push_back(token);
        }
    }
    return code;
}

std::vector<std::uint32_t> bracket_partners(std::string_view text, const Tokens& all, const Tokens& code) {
    BracketMatcher matcher(text, code.size());
    std::size_t directive = 0;
    const auto next_directive = [&](std::uint32_t before) {
        while (directive < all.size() && all[directive].begin < before) {
            if (all[directive].kind == TokenKind::directive)
                matcher.directive(conditional(directive_name(text_of(text, all[directive]))));
            ++directive;
        }
    };
    for (std::uint32_t i = 0; i < code.size(); ++i) {
        if (code[i].kind != TokenKind::punctuator || code[i].end - code[i].begin != 1) continue;
        next_directive(code[i].begin);
        const char c = text[code[i].begin];
        if (opens(c) || c == ')' || c == ']' || c == '}') matcher.bracket(c, i, code);
    }
    return matcher.take();
}

}  // namespace portico::build
