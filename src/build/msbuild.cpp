#include "build/msbuild.h"

#include <fmt/format.h>

#include <cctype>
#include <cstdlib>
#include <optional>

namespace portico::build {
namespace {

// The ')' of a reference whose '(' is at `open`; npos if there is none.
std::size_t closing(std::string_view text, std::size_t open) {
    int depth = 0;
    for (std::size_t at = open; at < text.size(); ++at) {
        if (text[at] == '(') ++depth;
        if (text[at] == ')' && --depth == 0) return at;
    }
    return std::string_view::npos;
}

std::optional<double> number(const std::string& text) {
    if (text.empty()) return std::nullopt;
    char* end = nullptr;
    const bool hex = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    const double value =
        hex ? static_cast<double>(std::strtoll(text.c_str(), &end, 16)) : std::strtod(text.c_str(), &end);
    return *end == '\0' ? std::optional(value) : std::nullopt;
}

class Condition {
  public:
    Condition(const MsbuildProperties& properties, FileFinder& finder, std::string_view text,
              const std::string& folder)
        : properties_(properties), finder_(finder), text_(text), folder_(folder) {}

    Result<bool> run() {
        const bool value = any(0);
        skip();
        if (wrong_ || at_ != text_.size())
            return Error{fmt::format("not a condition: {}", text_.substr(0, 200))};
        return value;
    }

  private:
    static constexpr int depth_max = 100;

    void skip() {
        while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_])) != 0) ++at_;
    }
    bool take(std::string_view symbol) {
        skip();
        if (text_.substr(at_, symbol.size()) != symbol) return false;
        at_ += symbol.size();
        return true;
    }
    bool take_word(std::string_view word) {
        skip();
        if (!same_letters(text_.substr(at_, word.size()), word)) return false;
        const std::size_t end = at_ + word.size();
        if (end < text_.size() && std::isalnum(static_cast<unsigned char>(text_[end])) != 0) return false;
        at_ = end;
        return true;
    }

    bool any(int depth) {
        bool value = all(depth);
        while (!wrong_ && take_word("or")) value |= all(depth);
        return value;
    }
    bool all(int depth) {
        bool value = single(depth);
        while (!wrong_ && take_word("and")) value &= single(depth);
        return value;
    }

    bool single(int depth) {
        if (depth > depth_max) wrong_ = true;
        if (wrong_) return false;
        skip();
        if (text_.substr(at_, 2) != "!=" && take("!")) return !single(depth + 1);
        if (take("(")) {
            const bool value = any(depth + 1);
            if (!take(")")) wrong_ = true;
            return value;
        }
        return comparison();
    }

    bool comparison() {
        const std::string left = operand();
        for (const char* sign : {"==", "!=", "<=", ">=", "<", ">"}) {
            if (take(sign)) return compare(left, sign, operand());
        }
        if (!same_letters(left, "true") && !same_letters(left, "false") && !left.empty()) wrong_ = true;
        return same_letters(left, "true");
    }

    static bool compare(const std::string& left, const std::string& sign, const std::string& right) {
        const auto a = number(left), b = number(right);
        if (sign == "==") return a && b ? *a == *b : same_letters(left, right);
        if (sign == "!=") return a && b ? *a != *b : !same_letters(left, right);
        if (!a || !b) return false;
        if (sign == "<") return *a < *b;
        if (sign == ">") return *a > *b;
        return sign == "<=" ? *a <= *b : *a >= *b;
    }

    std::string operand() {
        skip();
        if (at_ < text_.size() && (text_[at_] == '\'' || text_[at_] == '"')) return quoted();
        const std::size_t begin = at_;
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '$' && at_ + 1 < text_.size() && text_[at_ + 1] == '(') {
                const std::size_t end = closing(text_, at_ + 1);
                if (end == std::string_view::npos) break;
                at_ = end + 1;
            } else if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' || c == '_' || c == '-' ||
                       c == '%') {
                ++at_;
            } else {
                break;
            }
        }
        const std::string_view word = text_.substr(begin, at_ - begin);
        if (word.empty()) wrong_ = true;
        if (take("(")) return function(word);
        return properties_.expand(word);
    }

    std::string quoted() {
        const char quote = text_[at_++];
        const std::size_t end = text_.find(quote, at_);
        if (end == std::string_view::npos) {
            wrong_ = true;
            return {};
        }
        const std::string_view inside = text_.substr(at_, end - at_);
        at_ = end + 1;
        return properties_.expand(inside);
    }

    std::string function(std::string_view name) {
        if (++calls_ > depth_max) wrong_ = true;
        if (wrong_) return {};
        const std::string argument = operand();
        if (!take(")")) wrong_ = true;
        bool value = false;
        if (same_letters(name, "Exists")) {
            value = !argument.empty() && !finder_.find(absolute_path(argument, folder_)).empty();
        } else if (same_letters(name, "HasTrailingSlash")) {
            value = argument.ends_with('\\') || argument.ends_with('/');
        } else {
            wrong_ = true;
        }
        return value ? "true" : "false";
    }

    const MsbuildProperties& properties_;
    FileFinder& finder_;
    std::string_view text_;
    const std::string& folder_;
    std::size_t at_ = 0;
    int calls_ = 0;
    bool wrong_ = false;
};

}  // namespace

std::string unescaped(std::string_view text) {
    std::string result;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const std::string digits(text.substr(at + 1, 2));
        char* end = nullptr;
        const long code = text[at] == '%' && digits.size() == 2 && std::isxdigit(digits[0] & 0x7F) != 0
                              ? std::strtol(digits.c_str(), &end, 16)
                              : 0;
        if (end != digits.c_str() + 2 || code == 0) {
            result += text[at];
            continue;
        }
        result += static_cast<char>(code);
        at += 2;
    }
    return result;
}

const std::string& MsbuildProperties::get(std::string_view name) const {
    static const std::string none;
    const auto found = values_.find(lower(name));
    return found == values_.end() ? none : found->second;
}

std::string MsbuildProperties::expand(std::string_view text,
                                      const std::map<std::string, std::string>* metadata) const {
    std::string result;
    for (std::size_t at = 0; at < text.size() && result.size() < property_bytes_max;) {
        const bool reference =
            (text[at] == '$' || text[at] == '%') && at + 1 < text.size() && text[at + 1] == '(';
        const std::size_t end = reference ? closing(text, at + 1) : std::string_view::npos;
        if (end == std::string_view::npos) {
            result += text[at++];
            continue;
        }
        std::string_view name = trim(text.substr(at + 2, end - at - 2));
        if (text[at] == '$') {
            result += get(name);
        } else if (metadata != nullptr) {
            if (const std::size_t dot = name.rfind('.'); dot != std::string_view::npos)
                name = name.substr(dot + 1);
            const auto found = metadata->find(lower(name));
            if (found != metadata->end()) result += found->second;
        }
        at = end + 1;
    }
    return result;
}

Result<bool> MsbuildProperties::condition(std::string_view text, const std::string& folder) const {
    if (trim(text).empty()) return true;
    return Condition(*this, finder_, trim(text), folder).run();
}

}  // namespace portico::build
