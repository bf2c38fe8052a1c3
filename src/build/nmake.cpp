#include "build/nmake.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "build/decode.h"

namespace portico::build {
namespace {

constexpr int expansion_depth_max = 32;
constexpr std::size_t macro_bytes_max = 1u << 18;
constexpr int include_depth_max = 16;
constexpr int files_max = 256;
constexpr std::size_t branches_max = 64;

bool is_macro_name_part(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.';
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    if (from.empty()) return text;
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
        text.replace(at, from.size(), to);
        if (text.size() > macro_bytes_max) break;
    }
    return text;
}

// What stands before a '#' that begins a comment.
std::string_view without_comment(std::string_view line) {
    for (std::size_t at = 0; at < line.size(); ++at) {
        if (line[at] == '#' && (at == 0 || line[at - 1] != '^')) return line.substr(0, at);
    }
    return line;
}

// An expression of !IF with its macros replaced.
class Expression {
  public:
    Expression(const NmakeFile& file, FileFinder& finder, std::string_view text, std::string folder)
        : file_(file), finder_(finder), text_(text), folder_(std::move(folder)) {}

    Result<bool> run() {
        const Value value = binary(0, 0);
        skip();
        if (wrong_ || at_ != text_.size())
            return Error{fmt::format("not an expression: {}", text_.substr(0, 200))};
        return value.is_text ? !value.text.empty() : value.number != 0;
    }

  private:
    struct Value {
        bool is_text = false;
        long long number = 0;
        std::string text;
    };
    struct Operator {
        std::string_view sign;
        int level;
    };
    static constexpr int depth_max = 64;

    void skip() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
    }
    bool take(std::string_view sign) {
        skip();
        if (text_.substr(at_, sign.size()) != sign) return false;
        at_ += sign.size();
        return true;
    }

    // The operator at this place, of at least this level; the longest wins.
    const Operator* next_operator(int level) {
        static constexpr Operator operators[] = {
            {"||", 1}, {"&&", 2}, {"==", 4}, {"!=", 4}, {"<=", 5}, {">=", 5}, {"<<", 6}, {">>", 6}, {"<", 5},
            {">", 5},  {"|", 3},  {"^", 3},  {"&", 3},  {"+", 7},  {"-", 7},  {"*", 8},  {"/", 8},  {"%", 8}};
        skip();
        for (const Operator& candidate : operators) {
            if (text_.substr(at_, candidate.sign.size()) == candidate.sign)
                return candidate.level >= level ? &candidate : nullptr;
        }
        return nullptr;
    }

    Value binary(int level, int depth) {
        if (depth > depth_max) wrong_ = true;
        if (wrong_) return {};
        Value left = unary(depth + 1);
        while (const Operator* found = wrong_ ? nullptr : next_operator(std::max(level, 1))) {
            at_ += found->sign.size();
            left = apply(found->sign, left, binary(found->level + 1, depth + 1));
        }
        return left;
    }

    static Value of(long long number) { return {false, number, {}}; }

    Value apply(std::string_view sign, const Value& a, const Value& b) {
        if (a.is_text || b.is_text) {
            if (sign == "==") return of(a.text == b.text && a.is_text == b.is_text);
            if (sign == "!=") return of(a.text != b.text || a.is_text != b.is_text);
            if (sign != "&&" && sign != "||") wrong_ = true;
        }
        const bool left = a.is_text ? !a.text.empty() : a.number != 0,
                   right = b.is_text ? !b.text.empty() : b.number != 0;
        if (sign == "||") return of(left || right);
        if (sign == "&&") return of(left && right);
        const auto x = static_cast<unsigned long long>(a.number),
                   y = static_cast<unsigned long long>(b.number);
        if (sign == "==") return of(x == y);
        if (sign == "!=") return of(x != y);
        if (sign == "<=") return of(a.number <= b.number);
        if (sign == ">=") return of(a.number >= b.number);
        if (sign == "<") return of(a.number < b.number);
        if (sign == ">") return of(a.number > b.number);
        return of(static_cast<long long>(arithmetic(sign, x, y)));
    }

    unsigned long long arithmetic(std::string_view sign, unsigned long long x, unsigned long long y) {
        if (sign == "<<") return y < 64 ? x << y : 0;
        if (sign == ">>") return y < 64 ? x >> y : 0;
        if (sign == "|") return x | y;
        if (sign == "^") return x ^ y;
        if (sign == "&") return x & y;
        if (sign == "+") return x + y;
        if (sign == "-") return x - y;
        if (sign == "*") return x * y;
        if (y == 0) wrong_ = true;
        if (y == 0) return 0;
        return sign == "/" ? x / y : x % y;
    }

    Value unary(int depth) {
        if (depth > depth_max) wrong_ = true;
        if (wrong_) return {};
        if (take("!")) {
            const Value value = unary(depth + 1);
            return of(value.is_text ? value.text.empty() : value.number == 0);
        }
        if (take("-"))
            return of(static_cast<long long>(0 - static_cast<unsigned long long>(unary(depth + 1).number)));
        if (take("~")) return of(~unary(depth + 1).number);
        if (take("(")) {
            Value value = binary(0, depth + 1);
            if (!take(")")) wrong_ = true;
            return value;
        }
        return primary();
    }

    Value primary() {
        if (take("\"")) {
            const std::size_t end = text_.find('"', at_);
            if (end == std::string_view::npos) {
                wrong_ = true;
                return {};
            }
            Value value{true, 0, std::string(text_.substr(at_, end - at_))};
            at_ = end + 1;
            return value;
        }
        const std::size_t begin = at_;
        while (at_ < text_.size() && is_macro_name_part(text_[at_])) ++at_;
        const std::string word(text_.substr(begin, at_ - begin));
        if (take("(")) return function(word);
        // What a macro that nobody set leaves behind is no value: neither a number nor true.
        char* end = nullptr;
        const long long number = std::strtoll(word.c_str(), &end, 0);
        if (word.empty()) wrong_ |= at_ < text_.size() ? next_operator(1) == nullptr : !trim(text_).empty();
        return end != nullptr && *end == '\0' ? of(number) : Value{true, 0, word};
    }

    Value function(const std::string& name) {
        const std::size_t end = std::min(text_.find(')', at_), text_.size());
        const std::string argument(trim(replaced(std::string(text_.substr(at_, end - at_)), "\"", "")));
        at_ = std::min(end + 1, text_.size());
        if (same_letters(name, "defined")) return of(file_.defines(argument));
        if (same_letters(name, "exist")) return of(!finder_.find(absolute_path(argument, folder_)).empty());
        wrong_ = true;
        return {};
    }

    const NmakeFile& file_;
    FileFinder& finder_;
    std::string_view text_;
    std::string folder_;
    std::size_t at_ = 0;
    bool wrong_ = false;
};

}  // namespace

std::string NmakeFile::value(std::string_view name) const {
    const auto found = macros_.find(lower(name));
    return found == macros_.end() ? std::string{} : expand(found->second, 0);
}

std::string NmakeFile::expand(std::string_view text) const {
    return expand(text, 0);
}

std::string NmakeFile::expand(std::string_view text, int depth) const {
    std::string result;
    for (std::size_t at = 0; at < text.size() && result.size() < macro_bytes_max;) {
        if (text[at] != '$' || at + 1 == text.size()) {
            result += text[at++];
            continue;
        }
        if (text[at + 1] == '$') {
            result += '$';
            at += 2;
            continue;
        }
        const bool braces = text[at + 1] == '(' || text[at + 1] == '{';
        const std::size_t end = braces ? text.find(text[at + 1] == '(' ? ')' : '}', at) : at + 2;
        if (end == std::string_view::npos) return result.append(text.substr(at));
        const std::string_view reference =
            braces ? text.substr(at + 2, end - at - 2) : text.substr(at + 1, 1);
        at = braces ? end + 1 : end;
        const std::size_t colon = reference.find(':');
        const auto found = macros_.find(lower(trim(reference.substr(0, colon))));
        if (found == macros_.end() || depth >= expansion_depth_max || ++references_ >= references_max)
            continue;
        std::string value = expand(found->second, depth + 1);
        if (colon != std::string_view::npos) {
            const std::string_view change = reference.substr(colon + 1);
            const std::size_t equals = std::min(change.find('='), change.size());
            value = replaced(std::move(value), change.substr(0, equals),
                             change.substr(std::min(equals + 1, change.size())));
        }
        result += value;
    }
    return result;
}

// Lines joined at '\', without comments. A comment among continued lines does not end them.
std::vector<NmakeFile::Line> NmakeFile::logical_lines(const std::string& text) {
    std::vector<Line> lines;
    bool continued = false;
    std::uint32_t number = 0;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        const std::string_view whole = std::string_view(text).substr(begin, end - begin);
        std::string_view line = without_comment(whole);
        begin = end + 1;
        ++number;
        const bool only_comment = line.size() != whole.size() && trim(line).empty();
        if (continued && only_comment) continue;
        line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
        const bool more = line.ends_with('\\');
        if (more) line.remove_suffix(1);
        if (continued) {
            lines.back().text += ' ';
            lines.back().text += line;
        } else {
            lines.push_back({std::string(line), number});
        }
        continued = more;
    }
    return lines;
}

Result<void> NmakeFile::read(const std::string& path) {
    if (++depth_ > include_depth_max || ++files_ > files_max)
        return Error{path + ": included too often, perhaps by itself"};
    const std::size_t open = branches_.size();
    const std::string text = decode_source(PORTICO_TRY(read_file(path)));
    for (const Line& line : logical_lines(text)) {
        PORTICO_TRY_VOID(take(line, path));
        if (exhausted())
            return Error{
                fmt::format("{}:{}: macros too large, or too many in each other", path, line.number)};
    }
    --depth_;
    if (branches_.size() > open) return Error{path + ": an !IF without its !ENDIF"};
    return {};
}

Result<void> NmakeFile::take(const Line& line, const std::string& path) {
    const std::string_view text = trim(line.text);
    if (text.empty()) return {};
    if (line.text[0] == '!') return directive(text.substr(1), line, path);
    if (!active()) return {};
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos) return {};  // a rule, or what it runs
    const std::string_view name = trim(text.substr(0, equals));
    if (!name.empty() && std::all_of(name.begin(), name.end(), is_macro_name_part))
        assign(name, trim(text.substr(equals + 1)));
    return {};
}

// A macro that names itself means what it was before.
void NmakeFile::assign(std::string_view name, std::string_view value) {
    const std::string low = lower(name);
    std::string result(value);
    for (const char* form : {"$({})", "${{{}}}"}) {
        const std::string reference = fmt::format(fmt::runtime(form), low);
        for (std::size_t at = lower(result).find(reference); at != std::string::npos;
             at = lower(result).find(reference, at)) {
            const auto before = macros_.find(low);
            const std::string old = before == macros_.end() ? std::string{} : before->second;
            result.replace(at, reference.size(), old);
            at += old.size();
            if (result.size() > macro_bytes_max) break;
        }
    }
    bytes_ += result.size();
    if (result.size() <= macro_bytes_max) macros_[low] = std::move(result);
}

Result<bool> NmakeFile::decide(std::string_view name, std::string_view rest, const std::string& place) {
    if (name == "ifdef") return defines(trim(rest));
    if (name == "ifndef") return !defines(trim(rest));
    const std::string text = expand(rest);
    const auto value = Expression(*this, finder_, text, folder_of(place)).run();
    if (!value.ok()) return Error{fmt::format("{}: {}", place, value.error().message)};
    return *value;
}

Result<void> NmakeFile::directive(std::string_view text, const Line& line, const std::string& path) {
    const std::string place = fmt::format("{}:{}", path, line.number);
    text = trim(text);
    std::size_t end = 0;
    while (end < text.size() && std::isalpha(static_cast<unsigned char>(text[end])) != 0) ++end;
    std::string name = lower(text.substr(0, end));
    std::string_view rest = trim(text.substr(end));
    if (name == "else" && !rest.empty()) {  // "!ELSE IF", "!ELSEIF", "!ELSE IFDEF"
        std::size_t word = 0;
        while (word < rest.size() && std::isalpha(static_cast<unsigned char>(rest[word])) != 0) ++word;
        name += lower(rest.substr(0, word));
        rest = trim(rest.substr(word));
    }
    if (name == "if" || name == "ifdef" || name == "ifndef") {
        if (branches_.size() >= branches_max) return Error{place + ": !IF nested too deeply"};
        const bool outer = active();
        const bool value = outer && PORTICO_TRY(decide(name, rest, place));
        branches_.push_back({value, value, outer});
        return {};
    }
    if (name == "endif" || name.starts_with("else")) {
        if (branches_.empty()) return Error{place + ": !" + std::string(text) + " without an !IF"};
        Branch& branch = branches_.back();
        if (name == "endif") {
            branches_.pop_back();
        } else if (branch.taken || !branch.outer) {
            branch.active = false;
        } else {
            branch.active = name == "else" || PORTICO_TRY(decide(name.substr(4), rest, place));
            branch.taken = branch.active;
        }
        return {};
    }
    if (!active()) return {};
    if (name == "include") return include(rest, path, place);
    if (name == "undef") macros_.erase(lower(rest));
    if (name == "message") messages_.push_back(expand(rest));
    if (name == "error") return Error{fmt::format("{}: {}", place, expand(rest))};
    return {};
}

Result<void> NmakeFile::include(std::string_view name, const std::string& path, const std::string& place) {
    const std::string expanded = expand(name);
    const std::string_view bare = trim(std::string_view(expanded).substr(0, expanded.size()));
    const std::string file(
        bare.size() > 1 && (bare[0] == '<' || bare[0] == '"') ? bare.substr(1, bare.size() - 2) : bare);
    // A macro of the DDK's environment leaves a path from the root.
    if (file.empty() || file[0] == '\\' || file[0] == '/') return {};
    const std::string found = finder_.find(absolute_path(file, folder_of(path)));
    if (found.empty() || !is_file(found))
        return Error{fmt::format("{}: includes {}, which is not there", place, file)};
    return read(found);
}

}  // namespace portico::build
