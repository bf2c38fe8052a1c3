#include "inf/file.h"

#include <fmt/format.h>

#include <algorithm>

#include "inf/text.h"

namespace portico::inf {
namespace {

constexpr std::string_view space = " \t\r\f\v";

bool is_space(char c) {
    return space.find(c) != std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
    const std::size_t begin = text.find_first_not_of(space);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(space) - begin + 1);
}

// Before the comment, which a quoted semicolon does not begin.
std::string_view without_comment(std::string_view line) {
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '"') quoted = !quoted;
        if (line[i] == ';' && !quoted) return line.substr(0, i);
    }
    return line;
}

// One value or key of a line: what is quoted stays as it is, "" within quotes being one; blanks around it go.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : text_(text) {}

    // Up to one of `ends`, or the end. False: a quote is not closed.
    bool next(std::string_view ends, std::string& value) {
        value.clear();
        std::size_t keep = 0;  // characters that trailing blanks may not be cut off before
        skip_space();
        while (at_ < text_.size() && ends.find(text_[at_]) == std::string_view::npos) {
            if (text_[at_] != '"') {
                value += text_[at_++];
                if (!is_space(value.back())) keep = value.size();
                continue;
            }
            if (!quoted(value)) return false;
            keep = value.size();
            skip_space_before_quote();
        }
        value.resize(keep);
        return true;
    }
    bool over() const { return at_ >= text_.size(); }
    char take() { return text_[at_++]; }

  private:
    void skip_space() {
        while (at_ < text_.size() && is_space(text_[at_])) ++at_;
    }
    // "a" "b" is ab.
    void skip_space_before_quote() {
        std::size_t next = at_;
        while (next < text_.size() && is_space(text_[next])) ++next;
        if (next < text_.size() && text_[next] == '"') at_ = next;
    }
    bool quoted(std::string& value) {
        for (++at_; at_ < text_.size(); ++at_) {
            if (text_[at_] != '"') {
                value += text_[at_];
            } else if (at_ + 1 < text_.size() && text_[at_ + 1] == '"') {
                value += text_[++at_];
            } else {
                ++at_;
                return true;
            }
        }
        return false;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

// The simulated computer speaks English (United States).
constexpr const char* string_sections[] = {"strings.0409", "strings.0009", "strings"};

}  // namespace

const char* directory(std::string_view number) {
    struct Directory {
        std::string_view number;
        const char* path;
    };
    constexpr Directory directories[] = {{"10", "\\SystemRoot"},
                                         {"11", "\\SystemRoot\\System32"},
                                         {"12", "\\SystemRoot\\System32\\drivers"},
                                         {"13", "\\SystemRoot\\System32\\DriverStore"},
                                         {"17", "\\SystemRoot\\INF"},
                                         {"20", "\\SystemRoot\\Fonts"},
                                         {"24", "C:"},
                                         {"30", "C:"}};
    for (const Directory& known : directories) {
        if (known.number == number) return known.path;
    }
    return nullptr;
}

void Problems::add(unsigned line, std::string what) {
    for (char& c : what) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
    }
    for (const Problem& known : list_) {
        if (known.line == line && known.what == what) return;
    }
    if (list_.size() == limit) {
        ++left_out_;
        return;
    }
    const auto place = std::upper_bound(list_.begin(), list_.end(), line,
                                        [](unsigned l, const Problem& p) { return l < p.line; });
    list_.insert(place, {line, std::move(what)});
}

std::string Problems::text(std::string_view file) const {
    std::string out;
    for (const Problem& problem : list_) {
        if (!out.empty()) out += '\n';
        out += problem.line == 0 ? fmt::format("{}: {}", file, problem.what)
                                 : fmt::format("{}:{}: {}", file, problem.line, problem.what);
    }
    if (left_out_ != 0) out += fmt::format("\n{}: and {} more", file, left_out_);
    return out;
}

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
    }
    return out;
}

bool equal(std::string_view a, std::string_view b) {
    return a.size() == b.size() && lower(a) == lower(b);
}

const std::string& Line::at(std::size_t index) const {
    static const std::string nothing;
    return index < values.size() ? values[index] : nothing;
}

const Line* Section::find(std::string_view key) const {
    const auto found =
        std::find_if(lines.begin(), lines.end(), [&](const Line& line) { return equal(line.key, key); });
    return found == lines.end() ? nullptr : &*found;
}

const Section* File::section(std::string_view name) const {
    const auto found = sections_.find(lower(name));
    return found == sections_.end() ? nullptr : &found->second;
}

File::File(std::string_view bytes, Problems& problems) {
    if (bytes.size() > bytes_max) {
        problems.add(0, "an INF has at most 1 MiB");
        return;
    }
    read(to_utf8(bytes), problems);
    choose_strings(problems);
    substitute(problems);
}

void File::read(std::string_view text, Problems& problems) {
    std::string whole;  // a line with its continuations
    unsigned first = 0;
    unsigned number = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = trimmed(without_comment(text.substr(0, end)));
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        if (first == 0) first = number;
        const bool goes_on = line.ends_with('\\') && !text.empty();
        const std::string_view part = goes_on ? line.substr(0, line.size() - 1) : line;
        if (whole.size() + part.size() > line_max) {
            problems.add(first, fmt::format("a line has at most {} characters", line_max));
            whole.clear();
        } else {
            whole += part;
        }
        if (goes_on) continue;
        take_line(whole, first, problems);
        whole.clear();
        first = 0;
        if (lines_ > lines_max) {
            problems.add(number, fmt::format("an INF has at most {} lines", lines_max));
            return;
        }
    }
}

void File::take_line(std::string_view text, unsigned number, Problems& problems) {
    if (text.empty()) return;
    if (text.find('\0') != std::string_view::npos)
        return problems.add(number, "a zero byte: this is no text file");
    if (text.front() == '[') {
        const std::size_t end = text.find(']');
        const std::string_view name = end == std::string_view::npos ? "" : trimmed(text.substr(1, end - 1));
        if (name.empty() || name.size() > 255)
            return problems.add(number, "a section's name stands in brackets: [name]");
        current_ = &sections_[lower(name)];
        if (current_->number == 0) *current_ = {number, std::string(name), {}};
        return;
    }
    if (current_ == nullptr) return problems.add(number, "a line before the first section");
    ++lines_;
    Line line;
    line.number = number;
    Scanner scanner(text);
    std::string value;
    bool closed = scanner.next("=,", value);
    if (closed && !scanner.over() && scanner.take() == '=') {
        line.key = value;
        closed = scanner.next(",", value);
        if (!scanner.over()) scanner.take();
    }
    line.values.push_back(value);
    while (closed && !scanner.over() && line.values.size() < values_max) {
        closed = scanner.next(",", value);
        line.values.push_back(value);
        if (!scanner.over()) scanner.take();
    }
    if (!closed) return problems.add(number, "a quotation mark is not closed");
    if (!scanner.over()) return problems.add(number, fmt::format("a line has at most {} values", values_max));
    current_->lines.push_back(std::move(line));
}

// A string of the language wins over one for everybody.
void File::choose_strings(Problems& problems) {
    for (const char* const name : string_sections) {
        const Section* const strings = section(name);
        if (strings == nullptr) continue;
        for (const Line& line : strings->lines) {
            if (line.key.empty()) {
                problems.add(line.number, "a string is written as: name = \"text\"");
            } else {
                // Strings are not lists: a comma belongs to the text.
                strings_.emplace(lower(line.key), fmt::format("{}", fmt::join(line.values, ",")));
            }
        }
    }
}

void File::substitute(Problems& problems) {
    for (auto& [name, section] : sections_) {
        if (name == "strings" || name.starts_with("strings.")) continue;
        for (Line& line : section.lines) {
            line.key = substituted(line.key, line.number, problems);
            for (std::string& value : line.values) value = substituted(value, line.number, problems);
        }
    }
}

// "%%" is one percent sign. A name that no string has stays as it is, as setup leaves it, and is told.
std::string File::substituted(const std::string& text, unsigned line, Problems& problems) {
    std::string out;
    if (text_ > text_max) return out;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = text[at] == '%' ? text.find('%', at + 1) : std::string::npos;
        if (end == std::string::npos) {
            out += text[at++];
            continue;
        }
        const std::string name = text.substr(at + 1, end - at - 1);
        const auto string = strings_.find(lower(name));
        if (name.empty()) {
            out += '%';
        } else if (string != strings_.end()) {
            out += string->second;
        } else if (const char* const path = directory(name)) {
            out += path;
        } else {
            problems.add(line, fmt::format("%{}% is in no [Strings] section", name.substr(0, 64)));
            out += text.substr(at, end - at + 1);
        }
        at = end + 1;
        if (out.size() > 16 * line_max) break;
    }
    text_ += out.size();
    if (text_ > text_max)
        problems.add(
            line, fmt::format("an INF has at most {} MiB of text, its strings put in place", text_max >> 20));
    return out;
}

}  // namespace portico::inf
