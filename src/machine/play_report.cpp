// The report at the end of play and record.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "machine/hex.h"
#include "machine/play.h"

namespace portico::machine {
namespace {

std::string in_seconds(Nanoseconds ns) {
    return fmt::format("{:.3f} s", static_cast<double>(ns) / second_ns);
}
std::string in_milliseconds(Nanoseconds ns) {
    return fmt::format("{:.3f} ms", static_cast<double>(ns) / millisecond_ns);
}

std::string counted(std::uint64_t count, const char* what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string balance(const midi::NoteBalance& notes) {
    if (notes.balanced()) return "balanced";
    return fmt::format("{} still down, {} without a note", counted(notes.held(), "key"),
                       counted(notes.unmatched_offs(), "note-off"));
}

std::string count_line(const char* label, const MidiCount& count) {
    return fmt::format("  {:<12} {:>8} {:>8} {:>9} {:>10} {:>12}  {}\n", label, count.messages, count.bytes,
                       count.notes.note_ons(), count.notes.note_offs(), count.sysex_bytes,
                       balance(count.notes));
}

nlohmann::json json_of(const MidiCount& count) {
    return {{"messages", count.messages},         {"bytes", count.bytes},
            {"note_ons", count.notes.note_ons()}, {"note_offs", count.notes.note_offs()},
            {"balanced", count.notes.balanced()}, {"sysex_bytes", count.sysex_bytes}};
}

std::string shortened(std::string text) {
    constexpr std::size_t most = 64;
    return text.size() <= most ? text : text.substr(0, most) + "...";
}

// What a scenario did, and what its steps came to.
std::string steps_text(const PlayReport& report) {
    std::size_t width = 0;
    for (const StepResult& step : report.steps) width = std::max(width, step.text.size());
    std::string out;
    for (const StepResult& step : report.steps) {
        out += fmt::format("  scenario     {:>11}  {:<{}}  {}\n", in_seconds(step.at_ns), step.text, width,
                           step.name);
        if (!step.message.empty()) out += fmt::format("               {:>11}  {}\n", "", step.message);
        if (!step.bytes.empty())
            out += fmt::format("               {:>11}  {}\n", "", shortened(hex_of(step.bytes)));
    }
    return out;
}

std::string outputs_text(const PlayReport& report) {
    std::string out;
    for (const std::string& path : report.outputs) out += fmt::format("  output       {}\n", path);
    for (const std::string& path : report.unwritten)
        out += fmt::format("  not written  {}: the machine stopped before the song was over\n", path);
    return out;
}

std::string findings_text(const PlayReport& report) {
    std::string out;
    for (const Finding& finding : report.advice) out += fmt::format("  advice       {}\n", finding.text);
    if (report.findings.empty()) out += "  findings     none\n";
    for (const Finding& finding : report.findings) {
        const std::string place = finding.line == 0 ? "" : fmt::format("  {}:{}", finding.file, finding.line);
        out += fmt::format("  finding      {}{}\n", finding.text, place);
    }
    if (!report.replay_line.empty()) out += fmt::format("  replay       {}\n", report.replay_line);
    return out;
}

}  // namespace

std::string report_text(const PlayReport& report) {
    std::string out;
    for (const std::string& warning : report.warnings) out += fmt::format("  warning      {}\n", warning);
    out += fmt::format("  {:<12} {:>8} {:>8} {:>9} {:>10} {:>12}  {}\n", "", "messages", "bytes", "note-ons",
                       "note-offs", "SysEx bytes", "notes");
    out += count_line("asked", report.asked);
    if (report.unheard) {
        out +=
            "  heard        nothing: the device has no MIDI wire, and no pin captures; outputs are silent\n";
    } else {
        out += count_line(report.has_wire ? "wire" : "captured", report.out);
    }
    if (report.bug_checked && report.out.messages == 0)
        return out + steps_text(report) + outputs_text(report) + findings_text(report);
    if (report.unheard) {
        out += "  compared     nothing\n";
    } else if (report.complete()) {
        out += "  compared     every message came out, in order, to the byte\n";
    } else {
        out += fmt::format("  compared     {} of {} messages came out as asked, {} others\n", report.matched,
                           report.asked.messages, report.strangers);
    }
    if (report.disturbed && !report.complete() && !report.unheard)
        out += "               the scenario took them: no finding\n";
    if (report.stopped) out += "  stopped      before the end of the song\n";
    if (!report.unheard)
        out += fmt::format(
            "  lateness     p50 {}   p99 {}   max {}\n", in_milliseconds(report.lateness.percentile_ns(50)),
            in_milliseconds(report.lateness.percentile_ns(99)), in_milliseconds(report.lateness.max_ns()));
    const double ratio = report.wall_ns == 0
                             ? 0
                             : static_cast<double>(report.simulated_ns) / static_cast<double>(report.wall_ns);
    out += fmt::format("  time         {} simulated in {} ({:.0f} times real time)\n",
                       in_seconds(report.simulated_ns), in_seconds(report.wall_ns), ratio);
    out += fmt::format("  machine      {} interrupts, {} DPCs\n", report.interrupts, report.dpcs);
    return out + steps_text(report) + outputs_text(report) + findings_text(report);
}

std::string report_json(const PlayReport& report) {
    nlohmann::json json;
    json["asked"] = json_of(report.asked);
    json[report.has_wire ? "wire" : "captured"] = json_of(report.out);
    json["matched"] = report.matched;
    json["complete"] = report.complete();
    json["unheard"] = report.unheard;
    json["stopped"] = report.stopped;
    json["lateness_ns"] = {{"p50", report.lateness.percentile_ns(50)},
                           {"p99", report.lateness.percentile_ns(99)},
                           {"max", report.lateness.max_ns()}};
    json["simulated_ns"] = report.simulated_ns;
    json["wall_ns"] = report.wall_ns;
    json["interrupts"] = report.interrupts;
    json["dpcs"] = report.dpcs;
    json["warnings"] = report.warnings;
    json["outputs"] = report.outputs;
    json["unwritten"] = report.unwritten;
    if (!report.steps.empty()) json["disturbed"] = report.disturbed;
    for (const StepResult& step : report.steps) {
        json["scenario"].push_back({{"at_ns", step.at_ns},
                                    {"step", step.text},
                                    {"status", static_cast<std::uint32_t>(step.code)},
                                    {"name", step.name},
                                    {"message", step.message}});
        if (!step.bytes.empty()) json["scenario"].back()["out"] = hex_of(step.bytes);
    }
    json["findings"] = nlohmann::json::array();
    for (const Finding& finding : report.findings) {
        json["findings"].push_back({{"rule", finding.rule},
                                    {"code", finding.code},
                                    {"text", finding.text},
                                    {"file", finding.file},
                                    {"line", finding.line},
                                    {"bug_check", finding.severity == Finding::Severity::bug_check}});
    }
    if (!report.replay_line.empty()) json["replay"] = report.replay_line;
    return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace portico::machine
