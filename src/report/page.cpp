#include "report/page.h"

#include <fmt/format.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "report/requirements.h"
#include "sim/scheduler.h"
#include "verifier/rule.h"
#include "verifier/verifier.h"

namespace portico::report {
namespace {

constexpr std::size_t label_width = 13;

struct Ink {
    const char* head;
    const char* strong;
    const char* dim;
    const char* good;
    const char* off;
};

Ink ink(bool colour) {
    if (!colour) return {"", "", "", "", ""};
    return {"\x1b[1;97;44m", "\x1b[1m", "\x1b[2m", "\x1b[32m", "\x1b[0m"};
}

std::string label(std::string_view text) {
    return fmt::format("  {:<{}}", text, label_width);
}

std::string base_name(const std::string& path) {
    const auto slash = path.rfind('/');
    return slash == std::string::npos ? path : path.substr(slash + 1);
}

std::string place_text(const Line& line) {
    return line.line == 0 ? std::string() : fmt::format("{}:{}", base_name(line.file), line.line);
}

std::string module_text(const Line& line) {
    return line.module.empty() ? "?" : fmt::format("{}+{:#x}", line.module, line.offset);
}

// What comes from a driver or its source moves no cursor and sets no colour.
std::string printable(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
    }
    return out;
}

// As a person in the working folder would name it.
std::string from_here(const std::string& path) {
    std::error_code failed;
    const std::string here = std::filesystem::current_path(failed).string() + "/";
    return !failed && path.starts_with(here) ? path.substr(here.size()) : path;
}

// The lines of source around the place, when the file is still where the compiler found it.
void put_source(std::string& out, const Line& place, const Ink& colours) {
    constexpr std::uintmax_t size_max = 16u << 20;
    std::error_code failed;
    // The path is the image's to say: a pipe or a device would never end.
    if (!std::filesystem::is_regular_file(place.file, failed) ||
        std::filesystem::file_size(place.file, failed) > size_max)
        return;
    std::ifstream file(place.file);
    std::string text;
    for (unsigned number = 1; number <= place.line + 2 && std::getline(file, text); ++number) {
        if (number + 2 < place.line) continue;
        const bool here = number == place.line;
        text = printable(text);
        while (!text.empty() && text.back() == ' ') text.pop_back();
        out += fmt::format("    {}{:>5} {} {}{}\n", here ? colours.strong : colours.dim, number,
                           here ? '>' : '|', text.substr(0, 96), colours.off);
    }
}

void put_head(std::string& out, const nt::Finding& finding, const Ink& colours) {
    const bool stops = finding.severity == nt::Severity::bug_check;
    const char* const kind = stops                                       ? "BUG CHECK"
                             : finding.severity == nt::Severity::finding ? "FINDING"
                                                                         : "ADVICE";
    std::string head = fmt::format(" {}", kind);
    if (finding.code != 0) head += fmt::format(" 0x{:08X}  {}", finding.code, bug_check_name(finding.code));
    out += fmt::format("{}{:<98}{}\n\n  {}{}{}\n", colours.head, head, colours.off, colours.strong,
                       printable(finding.text), colours.off);
    if (const verifier::Rule* const rule = verifier::find_rule(finding.rule)) {
        out += fmt::format("  {}Rule {}: {}{}\n", colours.dim, finding.rule, rule->sentence, colours.off);
    } else if (const Requirement* const requirement = find_requirement(finding.rule)) {
        out += fmt::format("  {}Requirement {} (docs/spec/{}): {}{}\n", colours.dim, finding.rule,
                           requirement->page, requirement->sentence, colours.off);
    } else {
        out += fmt::format("  {}Requirement {}{}\n", colours.dim, finding.rule, colours.off);
    }
}

void put_place(std::string& out, const nt::Finding& finding, const Ink& colours) {
    const Line place = place_of(finding);
    if (place.line == 0) return;
    out += fmt::format("\n  {}{}:{}{}  {}\n", colours.strong, printable(from_here(place.file)), place.line,
                       colours.off, printable(place.function));
    put_source(out, place, colours);
}

// Not a kind that only speaks of one.
bool is_irql(std::string_view name) {
    return name == "IRQL" || name == "current IRQL" || name == "requested IRQL" ||
           name.ends_with("IRQL allowed");
}

void put_parameters(std::string& out, const nt::Finding& finding) {
    const char* title = "parameters";
    for (unsigned i = 0; i < 4; ++i) {
        const char* const name =
            finding.parameter_names[i] == nullptr ? "reserved" : finding.parameter_names[i];
        if (finding.severity != nt::Severity::bug_check && finding.parameter_names[i] == nullptr) continue;
        out += label(title) + fmt::format("0x{:016X}  {}", finding.parameters[i], name);
        if (is_irql(name))
            out += fmt::format(" ({})", verifier::irql_name(static_cast<unsigned>(finding.parameters[i])));
        out += '\n';
        title = "";
    }
}

void put_when(std::string& out, const nt::Finding& finding, const PageOptions& options) {
    out += label("when") + fmt::format("{}  processor {}  {}  thread {} \"{}\"\n", time_text(finding.at_ns),
                                       finding.processor, verifier::irql_name(finding.irql), finding.thread,
                                       finding.thread_name);
    if (!options.driver.empty()) out += label("driver") + options.driver + '\n';
}

// How many of Portico's own frames in a row are shown: who called the driver matters, the way there does not.
constexpr std::size_t host_frames_shown = 3;

void put_stack(std::string& out, std::string_view title, const std::vector<Line>& lines, const Ink& colours) {
    std::size_t width = 0;
    for (const Line& line : lines) width = std::max(width, std::min<std::size_t>(line.function.size(), 52));
    std::size_t host_run = 0;
    std::size_t hidden = 0;
    const auto put_hidden = [&] {
        if (hidden != 0)
            out += label("") + fmt::format("{}... {} frame{} of Portico{}\n", colours.dim, hidden,
                                           hidden == 1 ? "" : "s", colours.off);
        hidden = 0;
    };
    for (const Line& line : lines) {
        host_run = line.driver ? 0 : host_run + 1;
        if (host_run > host_frames_shown) {
            ++hidden;
            continue;
        }
        put_hidden();
        const std::string function = line.function.empty() ? module_text(line) : printable(line.function);
        out +=
            label(title) + fmt::format("{}{:<{}}  {:<26} {}{}\n", line.driver ? colours.strong : colours.dim,
                                       function.substr(0, 52), width, place_text(line),
                                       line.function.empty() ? "" : module_text(line), colours.off);
        title = "";
    }
    put_hidden();
}

std::string tag_text(std::uint32_t tag) {
    std::string text;
    for (unsigned i = 0; i < 4; ++i) {
        const char c = static_cast<char>(tag >> (8 * i));
        text += c >= 32 && c < 127 ? c : '.';
    }
    return text;
}

void put_subject(std::string& out, const nt::Finding& finding, const Ink& colours) {
    const nt::Subject& subject = finding.subject;
    if (subject.kind == nullptr) return;
    out += label("concerns") + fmt::format("{} at 0x{:X}", subject.kind, subject.address);
    if (subject.size != 0) out += fmt::format(", {} bytes", subject.size);
    if (subject.tag != 0) out += fmt::format(", tag '{}'", tag_text(subject.tag));
    out += '\n';
    put_stack(out, "  made", lines_of(subject.made), colours);
    put_stack(out, "  changed", lines_of(subject.last), colours);
}

void put_events(std::string& out, const nt::Finding& finding, const PageOptions& options,
                const Ink& colours) {
    const std::uint64_t end = finding.trace_end;
    const std::uint64_t oldest = sim::trace.first();
    const std::uint64_t wanted = end > options.event_count ? end - options.event_count : 0;
    const char* title = "last events";
    for (std::uint64_t i = std::max(oldest, wanted); i < end; ++i) {
        const sim::TraceRecord& record = sim::trace.at(i);
        out += label(title) + fmt::format("{}{:>14.3f} us  P{} {:<14} {}{}\n", colours.dim,
                                          static_cast<double>(record.at_ns) / 1000.0, record.processor,
                                          verifier::irql_name(record.irql), event_text(record), colours.off);
        title = "";
    }
}

bool faulted(const nt::Finding& finding) {
    return std::string_view(finding.rule) == "fault";
}

// The stack of who broke the rule, without the rule's own frames.
std::vector<Line> below_the_rule(const nt::Finding& finding) {
    std::vector<Line> lines = lines_of(finding.stack, faulted(finding));
    const auto first = std::find_if(lines.begin(), lines.end(), [](const Line& line) {
        return line.driver || !line.function.starts_with("portico::verifier::");
    });
    lines.erase(lines.begin(), first);
    return lines;
}

// What is left at unload has no stack but that of its making, which is shown with what it concerns.
bool is_stack_of_making(const nt::Finding& finding) {
    const auto& made = finding.subject.made.frames;
    unsigned count = 0;
    while (count < made.size() && made[count] != 0) ++count;
    return count != 0 && count == finding.stack.count &&
           std::equal(made.begin(), made.begin() + count, finding.stack.frames.begin());
}

nlohmann::json json_of(const std::vector<Line>& lines) {
    auto array = nlohmann::json::array();
    for (const Line& line : lines) {
        array.push_back({{"function", line.function},
                         {"file", line.file},
                         {"line", line.line},
                         {"module", line.module},
                         {"offset", line.offset},
                         {"driver", line.driver}});
    }
    return array;
}

const char* severity_name(nt::Severity severity) {
    switch (severity) {
        case nt::Severity::advice:
            return "advice";
        case nt::Severity::finding:
            return "finding";
        case nt::Severity::bug_check:
            return "bug check";
    }
    return "";
}

}  // namespace

std::string page(const nt::Finding& finding, const PageOptions& options) {
    const Ink colours = ink(options.colour);
    std::string out;
    put_head(out, finding, colours);
    put_place(out, finding, colours);
    out += '\n';
    put_parameters(out, finding);
    put_when(out, finding, options);
    out += '\n';
    if (!is_stack_of_making(finding)) put_stack(out, "stack", below_the_rule(finding), colours);
    for (unsigned i = 0; i < sim::scheduler.processor_count; ++i) {
        if (finding.others[i].count == 0) continue;
        put_stack(out, fmt::format("processor {}", i), lines_of(finding.others[i], false), colours);
    }
    if (finding.subject.kind != nullptr && !is_stack_of_making(finding)) out += '\n';
    put_subject(out, finding, colours);
    out += '\n';
    put_events(out, finding, options, colours);
    if (!options.replay_line.empty()) {
        out += fmt::format("\n  {}replay:{} {}{}{}\n", colours.strong, colours.off, colours.good,
                           options.replay_line, colours.off);
    }
    return out;
}

std::string page_json(const nt::Finding& finding, const PageOptions& options) {
    nlohmann::json json;
    json["portico-page"] = 1;
    json["severity"] = severity_name(finding.severity);
    json["rule"] = finding.rule;
    if (const verifier::Rule* const rule = verifier::find_rule(finding.rule))
        json["demands"] = rule->sentence;
    else if (const Requirement* const requirement = find_requirement(finding.rule))
        json["demands"] = requirement->sentence;
    json["code"] = finding.code;
    json["name"] = bug_check_name(finding.code);
    json["text"] = finding.text;
    const Line place = place_of(finding);
    json["place"] = {{"file", place.file}, {"line", place.line}, {"function", place.function}};
    json["at_ns"] = finding.at_ns;
    json["processor"] = finding.processor;
    json["irql"] = {{"level", finding.irql}, {"name", verifier::irql_name(finding.irql)}};
    json["thread"] = {{"id", finding.thread}, {"name", finding.thread_name}};
    for (unsigned i = 0; i < 4; ++i) {
        const char* const name = finding.parameter_names[i];
        json["parameters"].push_back(
            {{"name", name == nullptr ? "reserved" : name}, {"value", finding.parameters[i]}});
    }
    json["stack"] = json_of(lines_of(finding.stack, faulted(finding)));
    json["other_processors"] = nlohmann::json::array();
    for (unsigned i = 0; i < sim::scheduler.processor_count; ++i) {
        if (finding.others[i].count == 0) continue;
        json["other_processors"].push_back(
            {{"processor", i}, {"stack", json_of(lines_of(finding.others[i], false))}});
    }
    if (finding.subject.kind != nullptr) {
        json["subject"] = {{"kind", finding.subject.kind},
                           {"address", finding.subject.address},
                           {"size", finding.subject.size},
                           {"tag", finding.subject.tag == 0 ? "" : tag_text(finding.subject.tag)},
                           {"made", json_of(lines_of(finding.subject.made))},
                           {"last", json_of(lines_of(finding.subject.last))}};
    }
    json["events"] = nlohmann::json::array();
    const std::uint64_t end = finding.trace_end;
    const std::uint64_t wanted = end > options.event_count ? end - options.event_count : 0;
    for (std::uint64_t i = std::max(sim::trace.first(), wanted); i < end; ++i) {
        const sim::TraceRecord& record = sim::trace.at(i);
        json["events"].push_back({{"at_ns", record.at_ns},
                                  {"processor", record.processor},
                                  {"irql", record.irql},
                                  {"kind", sim::name_of(record.kind)},
                                  {"text", event_text(record)}});
    }
    if (!options.driver.empty()) json["driver"] = options.driver;
    if (!options.replay_line.empty()) json["replay"] = options.replay_line;
    return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace portico::report
