#include "machine/scenario.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <initializer_list>
#include <optional>

#include "machine/hex.h"
#include "machine/input_file.h"

namespace portico::machine {
namespace {

using Action = ScenarioStep::Action;

struct Word {
    std::string_view text;
    std::size_t column;  // from 1
};

struct Verb {
    const char* name;
    Action action;
    const char* usage;  // what follows it; empty: nothing
};

constexpr Verb verbs[] = {
    {"query-stop", Action::query_stop, ""},
    {"cancel-stop", Action::cancel_stop, ""},
    {"stop", Action::stop, ""},
    {"start", Action::start, ""},
    {"rebalance", Action::rebalance, "[device=NAME] [PARAMETER=VALUE ...]"},
    {"query-remove", Action::query_remove, ""},
    {"cancel-remove", Action::cancel_remove, ""},
    {"remove", Action::remove, ""},
    {"disable", Action::disable, ""},
    {"enable", Action::enable, ""},
    {"surprise-remove", Action::surprise_remove, ""},
    {"replug", Action::replug, ""},
    {"power", Action::power, "D0, D1, D2 or D3"},
    {"sleep", Action::sleep, "S1, S2, S3 or S4"},
    {"resume", Action::resume, ""},
    {"exit-latency", Action::exit_latency, "instant, fast or responsive"},
    {"close", Action::close, ""},
    {"open", Action::open, ""},
    {"ioctl", Action::ioctl, "DEVICE CODE [--in FILE|HEX] [--data FILE|HEX] [--out BYTES] [--as admin|user]"},
};

constexpr const char* latencies[] = {"instant", "fast", "responsive"};

bool is_space(char c) {
    return c == ' ' || c == '\t';
}

// A word may be in quotes, for names with spaces.
std::vector<Word> words_of(std::string_view line) {
    std::vector<Word> words;
    for (std::size_t at = 0; at < line.size();) {
        while (at < line.size() && is_space(line[at])) ++at;
        if (at == line.size()) break;
        const std::size_t begin = at;
        const std::size_t quote = line[at] == '"' ? line.find('"', at + 1) : std::string_view::npos;
        if (quote != std::string_view::npos) {
            at = quote + 1;
            words.push_back({line.substr(begin + 1, quote - begin - 1), begin + 1});
            continue;
        }
        while (at < line.size() && !is_space(line[at])) ++at;
        words.push_back({line.substr(begin, at - begin), begin + 1});
    }
    return words;
}

// What a person wrote, for a message of one line.
std::string shown(std::string_view word) {
    constexpr std::size_t most = 40;
    return word.size() <= most ? fmt::format("'{}'", word) : fmt::format("'{}...'", word.substr(0, most));
}

template <class Number>
std::optional<Number> number_of(std::string_view text) {
    const bool hexadecimal = text.starts_with("0x") || text.starts_with("0X");
    if (hexadecimal) text.remove_prefix(2);
    Number value = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, hexadecimal ? 16 : 10);
    const bool whole = error == std::errc() && end == text.data() + text.size();
    return whole ? std::optional(value) : std::nullopt;
}

struct Unit {
    std::string_view name;
    Nanoseconds ns;
};
constexpr Unit units[] = {
    {"ns", 1}, {"us", microsecond_ns}, {"ms", millisecond_ns}, {"s", second_ns}, {"min", 60 * second_ns}};

constexpr Nanoseconds day_ns = 24 * 3600 * second_ns;

// "2.5s". Digits beyond a nanosecond are cut off.
std::optional<Nanoseconds> time_of(std::string_view text) {
    const std::size_t unit_at = text.find_first_not_of("0123456789.");
    if (unit_at == std::string_view::npos || unit_at == 0) return std::nullopt;
    const std::string_view number = text.substr(0, unit_at);
    const auto* const unit = std::find_if(std::begin(units), std::end(units),
                                          [&](const Unit& u) { return u.name == text.substr(unit_at); });
    if (unit == std::end(units)) return std::nullopt;
    const std::size_t point = number.find('.');
    const std::string_view fraction =
        point == std::string_view::npos ? std::string_view() : number.substr(point + 1);
    const auto whole = number_of<std::int64_t>(number.substr(0, point));
    if (!whole || *whole > day_ns / unit->ns) return std::nullopt;
    if (point != std::string_view::npos && fraction.empty()) return std::nullopt;
    Nanoseconds time_ns = *whole * unit->ns;
    Nanoseconds place_ns = unit->ns;
    for (const char digit : fraction) {
        if (digit == '.') return std::nullopt;
        place_ns /= 10;
        time_ns += (digit - '0') * place_ns;
    }
    return time_ns <= day_ns ? std::optional(time_ns) : std::nullopt;
}

class LineParser {
  public:
    LineParser(std::string_view line, std::size_t number, const std::string& path)
        : line_(line), number_(number), path_(path), words_(words_of(line)) {}

    bool empty() const { return words_.empty(); }

    Result<ScenarioStep> step() {
        const auto time = time_of(words_[0].text);
        if (!time) {
            return wrong(words_[0].column,
                         "{} is no time; give one from the song's start, as 2.5s, 300ms or 1min",
                         shown(words_[0].text));
        }
        step_.at_ns = *time;
        if (words_.size() == 1)
            return wrong(line_.size() + 1, "what happens is missing; a line is a time and a step");
        const auto* const verb = std::find_if(std::begin(verbs), std::end(verbs),
                                              [&](const Verb& v) { return v.name == words_[1].text; });
        if (verb == std::end(verbs)) {
            return wrong(words_[1].column, "{} is no step; there are {}", shown(words_[1].text), all_verbs());
        }
        step_.action = verb->action;
        step_.text = std::string(line_.substr(words_[1].column - 1));
        PORTICO_TRY_VOID(arguments(*verb));
        return std::move(step_);
    }

  private:
    template <class... Arguments>
    Error wrong(std::size_t column, fmt::format_string<Arguments...> format, Arguments&&... arguments) const {
        return Error{fmt::format("{}:{}:{}: {}", path_, number_, column,
                                 fmt::format(format, std::forward<Arguments>(arguments)...))};
    }

    static std::string all_verbs() {
        std::string all;
        for (const Verb& verb : verbs) all += (all.empty() ? "" : ", ") + std::string(verb.name);
        return all;
    }

    Result<void> arguments(const Verb& verb) {
        switch (verb.action) {
            case Action::rebalance:
                return rebalance();
            case Action::power:
                return state(verb, 'D', 0, 3);
            case Action::sleep:
                return state(verb, 'S', 1, 4);
            case Action::exit_latency:
                return latency(verb);
            case Action::ioctl:
                return ioctl(verb);
            case Action::open:
            case Action::close:
                return words_.size() > 2 ? device(verb) : Result<void>{};
            default:
                if (words_.size() > 2)
                    return wrong(words_[2].column,
                                 "{} takes nothing more; put {} on a line of its own or away", verb.name,
                                 shown(words_[2].text));
                return {};
        }
    }

    Result<void> only(const Verb& verb) const {
        if (words_.size() == 3) return {};
        const std::size_t column = words_.size() < 3 ? line_.size() + 1 : words_[3].column;
        return wrong(column, "{} takes one of {}", verb.name, verb.usage);
    }

    Result<void> state(const Verb& verb, char letter, unsigned least, unsigned most) {
        PORTICO_TRY_VOID(only(verb));
        const std::string_view word = words_[2].text;
        const auto number =
            word.size() == 2 && word[0] == letter ? number_of<unsigned>(word.substr(1)) : std::nullopt;
        if (!number || *number < least || *number > most)
            return wrong(words_[2].column, "{} is none of {}", shown(word), verb.usage);
        step_.number = *number;
        return {};
    }

    Result<void> latency(const Verb& verb) {
        PORTICO_TRY_VOID(only(verb));
        const auto* const found = std::find(std::begin(latencies), std::end(latencies), words_[2].text);
        if (found == std::end(latencies))
            return wrong(words_[2].column, "{} is none of {}", shown(words_[2].text), verb.usage);
        step_.number = static_cast<unsigned>(found - std::begin(latencies));
        return {};
    }

    Result<void> rebalance() {
        for (std::size_t i = 2; i < words_.size(); ++i) {
            const Word& word = words_[i];
            const std::size_t equals = word.text.find('=');
            if (equals == std::string_view::npos || equals == 0 || equals + 1 == word.text.size())
                return wrong(word.column, "{} is no NAME=VALUE; write it as port=0x320", shown(word.text));
            const std::string key(word.text.substr(0, equals));
            const std::string value(word.text.substr(equals + 1));
            const bool first = key == "device" ? step_.device.empty() : !step_.parameters.contains(key);
            if (!first) return wrong(word.column, "{} is there twice; keep one", shown(key));
            if (key == "device") {
                step_.device = value;
            } else {
                step_.parameters[key] = value;
            }
        }
        return {};
    }

    // "open DEVICE --as admin" and "close DEVICE" are of a device; alone they are of the run's own client.
    Result<void> device(const Verb& verb) {
        const bool opens = verb.action == Action::open;
        step_.action = opens ? Action::open_device : Action::close_device;
        step_.target = std::string(words_[2].text);
        if (opens) return options(3, {"--as"});
        return words_.size() == 3 ? Result<void>{}
                                  : wrong(words_[3].column, "close takes a device and nothing more");
    }

    Result<void> ioctl(const Verb& verb) {
        if (words_.size() < 4) return wrong(line_.size() + 1, "ioctl takes {}", verb.usage);
        step_.target = std::string(words_[2].text);
        const auto code = number_of<std::uint32_t>(words_[3].text);
        if (!code)
            return wrong(words_[3].column, "{} is no control code; give it as 0x2F0003",
                         shown(words_[3].text));
        step_.code = *code;
        return options(4, {"--in", "--data", "--out", "--as"});
    }

    // Pairs of an option and its value, from that word on.
    Result<void> options(std::size_t first, std::initializer_list<std::string_view> known) {
        for (std::size_t i = first; i < words_.size(); i += 2) {
            const std::string_view name = words_[i].text;
            if (std::find(known.begin(), known.end(), name) == known.end())
                return wrong(words_[i].column, "{} is none of {}", shown(name), fmt::join(known, ", "));
            if (i + 1 == words_.size())
                return wrong(line_.size() + 1, "{} takes {}", name,
                             name == "--out"  ? "a size"
                             : name == "--as" ? "admin or user"
                                              : "bytes in hexadecimal or a file");
            PORTICO_TRY_VOID(option(name, words_[i + 1]));
        }
        return {};
    }

    Result<void> option(std::string_view name, const Word& value) {
        if (name == "--out") return size(value);
        if (name == "--as") return as(value);
        return bytes(value, name == "--in" ? step_.in : step_.data);
    }

    Result<void> as(const Word& word) {
        if (word.text != "admin" && word.text != "user")
            return wrong(word.column, "{} is neither admin nor user", shown(word.text));
        step_.as = word.text == "admin" ? As::admin : As::user;
        return {};
    }

    Result<void> bytes(const Word& word, std::vector<std::uint8_t>& to) {
        auto read = bytes_of_hex(word.text);
        if (!read || read->size() > ioctl_bytes_max) {
            return wrong(word.column, "{} is not bytes in hexadecimal; two digits each, as 0003FF",
                         shown(word.text));
        }
        to = std::move(*read);
        return {};
    }

    Result<void> size(const Word& word) {
        const auto size = number_of<std::uint32_t>(word.text);
        if (!size || *size > ioctl_bytes_max)
            return wrong(word.column, "{} is no size; give 0 to {}", shown(word.text), ioctl_bytes_max);
        step_.out_size = *size;
        return {};
    }

    std::string_view line_;
    std::size_t number_;
    const std::string& path_;
    std::vector<Word> words_;
    ScenarioStep step_;
};

// The line without its comment and end.
std::string_view content_of(std::string_view line) {
    line = line.substr(0, line.find('#'));
    while (!line.empty() && (is_space(line.back()) || line.back() == '\r')) line.remove_suffix(1);
    return line;
}

std::size_t strange_character(std::string_view line) {
    const auto strange = [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\t') || byte >= 0x7F;
    };
    const auto at = std::find_if(line.begin(), line.end(), strange);
    return at == line.end() ? std::string_view::npos : static_cast<std::size_t>(at - line.begin());
}

}  // namespace

Result<Scenario> parse_scenario(std::string_view text, const std::string& path) {
    if (text.size() > scenario_bytes_max)
        return Error{fmt::format("{}: a scenario has at most {} MiB", path, scenario_bytes_max >> 20)};
    Scenario scenario;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        const std::string_view line = content_of(text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
        if (const std::size_t at = strange_character(line); at != std::string_view::npos) {
            return Error{fmt::format("{}:{}:{}: not plain text; a scenario is ASCII, a step a line", path,
                                     number, at + 1)};
        }
        LineParser parser(line, number, path);
        if (parser.empty()) continue;
        if (scenario.size() == scenario_steps_max)
            return Error{
                fmt::format("{}:{}:1: a scenario has at most {} steps", path, number, scenario_steps_max)};
        scenario.push_back(PORTICO_TRY(parser.step()));
    }
    std::stable_sort(scenario.begin(), scenario.end(),
                     [](const auto& a, const auto& b) { return a.at_ns < b.at_ns; });
    return scenario;
}

namespace {

// A line with the bytes of the files that it names. What is wrong with it otherwise, parse_scenario() tells.
Result<std::string> with_bytes_of_line(std::string_view line, std::size_t number, const std::string& path) {
    const std::string_view content = content_of(line);
    const std::vector<Word> words = words_of(content);
    std::string out(line);
    if (words.size() < 2 || words[1].text != "ioctl") return out;
    for (std::size_t i = words.size() - 1; i > 4; --i) {
        const bool takes = words[i - 1].text == "--in" || words[i - 1].text == "--data";
        if (!takes || bytes_of_hex(words[i].text)) continue;
        const auto file = std::filesystem::path(path).parent_path() / words[i].text;
        const auto bytes = read_bytes(file.string());
        if (!bytes.ok()) {
            return Error{fmt::format("{}:{}:{}: neither bytes in hexadecimal nor a file: {}", path, number,
                                     words[i].column, bytes.error().message)};
        }
        const auto begin = static_cast<std::size_t>(words[i].text.data() - content.data());
        const bool quoted = begin != 0 && content[begin - 1] == '"';
        out.replace(begin - quoted, words[i].text.size() + 2 * quoted, hex_of(bytes.value()));
    }
    return out;
}

Result<std::string> with_bytes(std::string_view text, const std::string& path) {
    std::string out;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        out += PORTICO_TRY(with_bytes_of_line(text.substr(0, end), number, path));
        if (end == std::string_view::npos) break;
        out += '\n';
        text = text.substr(end + 1);
    }
    return out;
}

}  // namespace

Result<std::string> read_scenario(const std::string& path) {
    const std::string text = PORTICO_TRY(read_input(path, scenario_bytes_max));
    if (text.size() > scenario_bytes_max)
        return Error{fmt::format("{}: a scenario has at most {} MiB", path, scenario_bytes_max >> 20)};
    return with_bytes(text, path);
}

}  // namespace portico::machine
