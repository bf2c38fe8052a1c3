#include "build/outline.h"

#include <algorithm>
#include <array>

namespace portico::build {
namespace {

template <std::size_t N>
bool is_one_of(std::string_view word, const std::array<std::string_view, N>& list) {
    return std::find(list.begin(), list.end(), word) != list.end();
}

constexpr std::array<std::string_view, 5> behind_parameters{"const", "noexcept", "override", "final",
                                                            "volatile"};
// Before a '(' that opens no parameters.
constexpr std::array<std::string_view, 9> no_function_names{"__declspec", "_declspec", "__attribute__",
                                                            "alignas",    "decltype",  "noexcept",
                                                            "throw",      "declspec",  "__pragma"};

class Outliner {
  public:
    explicit Outliner(const ShadowSource& source) : source_(source) {}

    Outline run() {
        scope(0, static_cast<std::uint32_t>(source_.code.size()), Scope::of_namespace, 0);
        return std::move(result_);
    }

  private:
    enum class Scope : std::uint8_t { of_namespace, of_class };
    static constexpr int depth_max = 200;
    static constexpr std::uint32_t head_tokens_max = 4096;  // before a '{' that opens a class or a function

    std::string_view word(std::uint32_t index) const { return source_.code_text(index); }
    bool is_name(std::uint32_t index) const {
        return index < source_.code.size() && source_.code[index].kind == TokenKind::identifier;
    }
    std::uint32_t partner(std::uint32_t index) const { return source_.partners[index]; }

    void scope(std::uint32_t at, std::uint32_t end, Scope kind, int depth) {
        std::uint32_t begin = at;
        std::string prefix = prefix_;
        while (at < end) {
            const std::string_view token = word(at);
            if (token == ";") {
                if (kind == Scope::of_namespace && at > begin) result_.declarations.push_back({begin, at});
                begin = ++at;
            } else if (token == "{") {
                at = brace(begin, at, end, depth);
                prefix_ = prefix;
            } else if (token == ":" && kind == Scope::of_class && at == begin + 1 && is_access(word(begin))) {
                begin = ++at;
            } else if ((token == "(" || token == "[") && partner(at) != no_partner && partner(at) > at) {
                at = partner(at) + 1;
            } else {
                ++at;
            }
            if (at > 0 && word(at - 1) == "}" && ended_by_brace_) begin = at;
            ended_by_brace_ = false;
        }
    }

    static bool is_access(std::string_view token) {
        return token == "public" || token == "protected" || token == "private";
    }

    // What a '{' opens and where reading goes on.
    std::uint32_t brace(std::uint32_t begin, std::uint32_t open, std::uint32_t end, int depth) {
        const std::uint32_t close = partner(open);
        if (close == no_partner || close < open || close >= end) return open + 1;
        if (depth >= depth_max || open - begin > head_tokens_max) return close + 1;
        if (is_linkage_or_namespace(begin, open)) {
            scope(open + 1, close, Scope::of_namespace, depth + 1);
            ended_by_brace_ = true;
        } else if (const std::uint32_t key = class_key(begin, open); key != no_partner) {
            class_body(begin, key, open, close, depth);
        } else if (function(begin, open, close)) {
            ended_by_brace_ = true;
        }
        return close + 1;
    }

    bool is_linkage_or_namespace(std::uint32_t begin, std::uint32_t open) const {
        if (open > begin && source_.code[open - 1].kind == TokenKind::string)
            return word(open - 2) == "extern";
        for (std::uint32_t i = begin; i < open && i < begin + 3; ++i) {
            if (word(i) == "namespace") return true;
        }
        return false;
    }

    // The key of the class whose body begins at `open`.
    std::uint32_t class_key(std::uint32_t begin, std::uint32_t open) const {
        std::uint32_t key = no_partner;
        for (std::uint32_t i = begin; i < open; ++i) {
            const std::string_view token = word(i);
            if (token == "enum" || token == "=") return no_partner;
            if (key == no_partner && (token == "class" || token == "struct" || token == "union") &&
                word(i - 1) != "<" && word(i - 1) != ",")
                key = i;
            if (token == "(" && partner(i) != no_partner && partner(i) > i && partner(i) < open)
                i = partner(i);
        }
        // "struct S f() {" is a function; so is one with const or a list of initialisers.
        if (key == no_partner || open == key + 1) return key;
        const bool plain_end = is_name(open - 1) || word(open - 1) == ">";
        const bool behind_call = word(open - 1) == ")" && partner(open - 1) != no_partner &&
                                 partner(open - 1) > key &&
                                 is_one_of(word(partner(open - 1) - 1), no_function_names);
        if (!plain_end && !behind_call) return no_partner;
        return is_one_of(word(open - 1), behind_parameters) && word(open - 1) != "final" ? no_partner : key;
    }

    void class_body(std::uint32_t begin, std::uint32_t key, std::uint32_t open, std::uint32_t close,
                    int depth) {
        const std::uint32_t name = class_name(key, open);
        bool is_template = false;
        for (std::uint32_t i = begin; i < key; ++i) is_template |= word(i) == "template";
        result_.classes.push_back({begin, key, name, open, close, is_template, depth_in_classes_ > 0});
        const std::string outer = prefix_;
        if (name != no_partner) prefix_ += std::string(word(name)) + "::";
        ++depth_in_classes_;
        scope(open + 1, close, Scope::of_class, depth + 1);
        --depth_in_classes_;
        prefix_ = outer;
        ended_by_brace_ = false;
    }

    std::uint32_t class_name(std::uint32_t key, std::uint32_t open) const {
        std::uint32_t name = no_partner;
        for (std::uint32_t i = key + 1; i < open && word(i) != ":"; ++i) {
            if (word(i) == "(" && partner(i) != no_partner && partner(i) > i) {
                i = partner(i);
            } else if (is_name(i) && word(i) != "final" && word(i + 1) != "(") {
                name = i;
            }
        }
        return name;
    }

    bool function(std::uint32_t begin, std::uint32_t open, std::uint32_t close) {
        std::uint32_t parameters = no_partner;
        for (std::uint32_t i = begin; i < open; ++i) {
            if (word(i) == "=" && word(i - 1) != "operator") return false;
            if (word(i) == ":" && parameters != no_partner) break;  // initialisers of members
            if (word(i) != "(" || partner(i) == no_partner || partner(i) < i) continue;
            if (i > begin && !is_one_of(word(i - 1), no_function_names) &&
                (is_name(i - 1) || is_operator(begin, i)))
                parameters = i;
            i = partner(i);
        }
        if (parameters == no_partner) return false;
        result_.functions.push_back(
            {parameters - 1, parameters, open, close, prefix_ + qualified(begin, parameters)});
        return true;
    }

    bool is_operator(std::uint32_t begin, std::uint32_t parameters) const {
        for (std::uint32_t i = parameters; i > begin && i + 4 > parameters; --i) {
            if (word(i - 1) == "operator") return true;
        }
        return false;
    }

    // "A::B::~C" before a '('.
    std::string qualified(std::uint32_t begin, std::uint32_t parameters) const {
        std::uint32_t first = parameters - 1;
        for (std::uint32_t i = first; i > begin && i + 4 > parameters; --i) {
            if (word(i - 1) == "operator") first = i - 1;
        }
        while (first > begin && (word(first - 1) == "::" || word(first - 1) == "~" ||
                                 (word(first) == "::" && is_name(first - 1))))
            --first;
        std::string result;
        for (std::uint32_t i = first; i < parameters; ++i) {
            if (is_name(i) && !result.empty() && is_name(i - 1)) result += ' ';
            result += word(i);
        }
        return result;
    }

    const ShadowSource& source_;
    Outline result_;
    std::string prefix_;
    int depth_in_classes_ = 0;
    bool ended_by_brace_ = false;
};

}  // namespace

bool Outline::in_function(std::uint32_t index) const {
    const auto behind =
        std::upper_bound(functions.begin(), functions.end(), index,
                         [](std::uint32_t at, const FunctionOutline& f) { return at < f.open; });
    return behind != functions.begin() && index < std::prev(behind)->close;
}

Outline outline_of(const ShadowSource& source) {
    return Outliner(source).run();
}

std::string on_one_line(const ShadowSource& source, std::uint32_t begin, std::uint32_t end) {
    std::string result;
    for (std::uint32_t i = begin; i < end && i < source.code.size(); ++i) {
        if (!result.empty()) result += ' ';
        result += source.code_text(i);
    }
    std::replace(result.begin(), result.end(), '\n', ' ');
    std::replace(result.begin(), result.end(), '\r', ' ');
    return result;
}

}  // namespace portico::build
