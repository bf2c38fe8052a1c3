#include "build/message_compiler.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <map>
#include <optional>

#include "build/files.h"

namespace portico::build {
namespace {

constexpr std::uint32_t id_max = 0xFFFF, facility_max = 0xFFF, severity_max = 3;
constexpr std::size_t shown_bytes_max = 40;

bool is_blank(char c) {
    return std::isspace(static_cast<unsigned char>(c)) != 0;
}

bool is_identifier(std::string_view word) {
    const auto part = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
    return !word.empty() && std::isdigit(static_cast<unsigned char>(word[0])) == 0 &&
           std::all_of(word.begin(), word.end(), part);
}

// As C writes them.
std::optional<std::uint32_t> number_of(std::string_view word) {
    int base = 10;
    if (word.starts_with("0x") || word.starts_with("0X")) {
        base = 16;
        word.remove_prefix(2);
    } else if (word.size() > 1 && word[0] == '0') {
        base = 8;
    }
    while (word.ends_with('L') || word.ends_with('l') || word.ends_with('U') || word.ends_with('u'))
        word.remove_suffix(1);
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value, base);
    if (word.empty() || error != std::errc() || end != word.data() + word.size()) return std::nullopt;
    return value;
}

// Names of severities or facilities, in any case.
using NameSet = std::map<std::string, std::uint32_t>;

class Compiler {
  public:
    Compiler(const std::string& path, std::string_view text) : path_(path), text_(text) {}

    Result<std::string> run() {
        for (skip_blanks(); at_ < text_.size(); skip_blanks()) {
            if (text_[at_] == ';') {
                header_ += std::string(rest_of_line().substr(1)) + "\n";
            } else {
                PORTICO_TRY_VOID(statement());
            }
        }
        end_message();
        return std::move(header_);
    }

  private:
    Error wrong(const std::string& what) const {
        const auto line =
            1 + std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at_), '\n');
        return {fmt::format("{}:{}: {}", path_, line, what)};
    }
    static std::string shown(std::string_view word) { return std::string(word.substr(0, shown_bytes_max)); }

    // ---- reading ----

    void skip_blanks() {
        while (at_ < text_.size() && is_blank(text_[at_])) ++at_;
    }
    void skip_blanks_in_line() {
        while (at_ < text_.size() && is_blank(text_[at_]) && text_[at_] != '\n') ++at_;
    }

    // Without its end, which is taken.
    std::string_view rest_of_line() {
        const std::size_t end = std::min(text_.find('\n', at_), text_.size());
        std::string_view line = text_.substr(at_, end - at_);
        at_ = std::min(end + 1, text_.size());
        if (line.ends_with('\r')) line.remove_suffix(1);
        return line;
    }

    // Up to a blank or one of `ends`.
    std::string_view word(std::string_view ends) {
        const std::size_t begin = at_;
        while (at_ < text_.size() && !is_blank(text_[at_]) && ends.find(text_[at_]) == std::string_view::npos)
            ++at_;
        return text_.substr(begin, at_ - begin);
    }

    // Nothing, when the next keyword follows at once.
    std::string_view value() {
        const std::size_t begin = at_;
        const std::string_view value = word("=;");
        skip_blanks_in_line();
        if (at_ >= text_.size() || text_[at_] != '=') return value;
        at_ = begin;
        return {};
    }

    Result<void> statement() {
        const std::string name(word("=;("));
        const std::string keyword = lower(name);
        skip_blanks_in_line();
        if (at_ >= text_.size() || text_[at_] != '=')
            return wrong(fmt::format("'{}' is no statement; they are written as Keyword=Value", shown(name)));
        ++at_;
        skip_blanks_in_line();
        if (keyword == "severitynames") return names(severities_, severity_max);
        if (keyword == "facilitynames") return names(facilities_, facility_max);
        if (keyword == "languagenames") return names(languages_, UINT32_MAX);
        const std::string value(this->value());
        if (keyword == "messageid") return message_id(value);
        if (keyword == "severity") return choose(severities_, value, severity_, "Severity");
        if (keyword == "facility") return choose(facilities_, value, facility_, "Facility");
        if (keyword == "symbolicname") return identifier(value, symbol_);
        if (keyword == "messageidtypedef") return identifier(value, type_);
        if (keyword == "messageidtypedefmacro") return identifier(value, macro_);
        if (keyword == "language") return message_text(value);
        if (keyword == "outputbase") {
            if (value == "10" || value == "16") return {};
            return wrong(fmt::format("OutputBase is 10 or 16, not '{}'", shown(value)));
        }
        return wrong(fmt::format("'{}' is no keyword of a message file", shown(name)));
    }

    // "(Name=number:SYMBOL ...)".
    Result<void> names(NameSet& set, std::uint32_t most) {
        if (at_ >= text_.size() || text_[at_] != '(') return wrong("a list of names begins with '('");
        for (++at_, skip_blanks(); at_ < text_.size() && text_[at_] != ')'; skip_blanks()) {
            if (text_[at_] == ';') {
                header_ += std::string(rest_of_line().substr(1)) + "\n";
                continue;
            }
            PORTICO_TRY_VOID(named_number(set, most));
        }
        if (at_ >= text_.size()) return wrong("a list of names has no ')'");
        ++at_;
        return {};
    }

    Result<void> named_number(NameSet& set, std::uint32_t most) {
        const std::string name(word("=:)"));
        skip_blanks_in_line();
        if (name.empty() || at_ >= text_.size() || text_[at_] != '=')
            return wrong(fmt::format("'{}' has no number; write Name=number:SYMBOL", shown(name)));
        ++at_;
        skip_blanks_in_line();
        const std::string_view digits = word(":)");
        const auto number = number_of(digits);
        if (!number || *number > most)
            return wrong(fmt::format("'{}' is no number from 0 to {:#x}", shown(digits), most));
        set[lower(name)] = *number;
        skip_blanks_in_line();
        if (at_ >= text_.size() || text_[at_] != ':') return {};
        ++at_;
        skip_blanks_in_line();
        const std::string symbol(word(")"));
        // A language has the name of a file there.
        if (&set == &languages_) return {};
        if (!is_identifier(symbol)) return wrong(fmt::format("'{}' is no name for C", shown(symbol)));
        header_ += fmt::format("#define {} {:#x}\n", symbol, *number);
        return {};
    }

    // ---- a message ----

    // What the one before it has, plus one or plus a number, or a number. Each facility counts for itself,
    // and which it is may be said behind the number.
    Result<void> message_id(std::string_view value) {
        end_message();
        id_ = {};
        id_step_ = 1;
        if (!value.empty()) {
            const bool relative = value[0] == '+';
            const auto number = number_of(value.substr(relative ? 1 : 0));
            if (!number || *number > id_max)
                return wrong(fmt::format("'{}' is no number from 0 to {:#x}", shown(value), id_max));
            if (relative) {
                id_step_ = *number;
            } else {
                id_ = *number;
            }
        }
        in_message_ = true;
        return {};
    }

    Result<void> choose(const NameSet& set, const std::string& name, std::uint32_t& into, const char* what) {
        const auto found = set.find(lower(name));
        if (found == set.end())
            return wrong(fmt::format("no {} is named '{}'; {}Names lists them", what, shown(name), what));
        into = found->second;
        return {};
    }

    Result<void> identifier(const std::string& value, std::string& into) {
        if (!value.empty() && !is_identifier(value))
            return wrong(fmt::format("'{}' is no name for C", shown(value)));
        into = value;
        return {};
    }

    // To the line that is a full stop.
    Result<void> message_text(const std::string& language) {
        if (!languages_.contains(lower(language)))
            return wrong(fmt::format("no Language is named '{}'; LanguageNames lists them", shown(language)));
        if (!in_message_ && !had_message_) return wrong("a text without a MessageId before it");
        const Error endless = wrong("a text without an end, a line that is a full stop");
        end_message();
        rest_of_line();
        while (at_ < text_.size()) {
            if (trim(rest_of_line()) == ".") return {};
        }
        return endless;
    }

    // The message's name becomes known; further languages of it change nothing.
    void end_message() {
        if (!in_message_) return;
        in_message_ = false;
        had_message_ = true;
        std::uint32_t& last = last_ids_[facility_];
        last = (id_ ? *id_ : last + id_step_) & id_max;
        if (symbol_.empty()) return;
        const std::string number = fmt::format("{:#010x}L", severity_ << 30 | facility_ << 16 | last);
        header_ += fmt::format("#define {} {}\n", symbol_,
                               !macro_.empty()  ? fmt::format("{}({})", macro_, number)
                               : !type_.empty() ? fmt::format("(({}){})", type_, number)
                                                : number);
        symbol_.clear();
    }

    const std::string& path_;
    std::string_view text_;
    std::size_t at_ = 0;
    std::string header_;
    NameSet severities_{{"success", 0}, {"informational", 1}, {"warning", 2}, {"error", 3}};
    NameSet facilities_{{"system", 0x0FF}, {"application", 0xFFF}};
    NameSet languages_{{"english", 1}};
    std::string type_, macro_;
    std::uint32_t severity_ = 0;
    std::uint32_t facility_ = 0xFFF;
    std::map<std::uint32_t, std::uint32_t> last_ids_;  // by facility
    std::optional<std::uint32_t> id_;                  // none: `id_step_` behind the last
    std::uint32_t id_step_ = 1;
    std::string symbol_;
    bool in_message_ = false;
    bool had_message_ = false;
};

}  // namespace

bool is_message_file(const std::string& path) {
    return suffix_of(path) == ".mc";
}

Result<std::string> compile_messages(const std::string& path, std::string_view text) {
    return Compiler(path, text).run();
}

}  // namespace portico::build
