#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include "base/print.h"
#include "cli/verbs.h"
#include "ends/smf/smf_source.h"
#include "machine/play.h"
#include "machine/replay_run.h"

namespace portico::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;  // the signal
constexpr int around_bar = 9;                // characters: "  [", "] 100%"

void on_interrupt(int signal) {
    interrupted = signal;
}

void listen_for_interrupt() {
    struct sigaction action {};
    action.sa_handler = on_interrupt;
    action.sa_flags = SA_RESETHAND;  // a second Ctrl-C ends the program at once
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
}

// How wide the bar may be: 0 where there is none, elsewhere than on a terminal, on one that cannot go back to
// the line's begin, or has no room.
int bar_width() {
    constexpr int width_max = 40, width_min = 8;
    const char* const terminal = std::getenv("TERM");
    const bool dumb = terminal != nullptr && std::string_view(terminal) == "dumb";
    if (dumb || ::isatty(STDERR_FILENO) == 0) return 0;
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return width_max;
    const int room = size.ws_col - around_bar - 1;
    return room < width_min ? 0 : std::min(room, width_max);
}

// A bar on a terminal, nothing elsewhere. Until the song begins there is nothing to keep: an interrupt ends
// the program at once.
machine::Progress progress_bar() {
    return [shown = -1](double share) mutable {
        if (shown == -1) listen_for_interrupt();
        const int percent = static_cast<int>(share * 100);
        const int width = percent != shown ? bar_width() : 0;
        shown = percent;
        if (width != 0) {
            const int filled = percent * width / 100;
            print(stderr, fmt::format("\r  [{:=<{}}{:<{}}] {:3}%", "", filled, "", width - filled, percent));
            std::fflush(stderr);
        }
        return interrupted == 0;
    };
}

void clear_bar() {
    if (const int width = bar_width(); width != 0)
        print(stderr, fmt::format("\r{:{}}\r", "", width + around_bar));
}

Result<void> check_page_name(const std::string& path) {
    if (path.empty() || path.ends_with(".html") || path.ends_with(".json")) return {};
    return Error{fmt::format("{}: --report writes .html or .json", path)};
}

// An option that could do nothing is a mistake.
Result<void> check_synth(const RunOptions& options, const std::vector<std::string>& outputs) {
    const auto is_sound = [](const std::string& path) {
        std::string end = path.substr(std::min(path.rfind('.'), path.size()));
        std::transform(end.begin(), end.end(), end.begin(), [](unsigned char c) { return std::tolower(c); });
        return end == ".wav" || end == ".flac";
    };
    if (options.synth.empty() || std::any_of(outputs.begin(), outputs.end(), is_sound)) return {};
    return Error{fmt::format("--synth {}: no output is .wav or .flac; name one with -o", options.synth)};
}

Result<machine::PlayRequest> request_of(const RunOptions& options, bool recording) {
    PORTICO_TRY_VOID(check_page_name(options.report));
    Setup setup = PORTICO_TRY(setup_of(options));
    machine::PlayRequest request;
    request.song = options.song.empty() && recording ? setup.ends.input : options.song;
    if (request.song.empty() && !recording) return Error{"play needs a MIDI file: its name is empty"};
    if (request.song.empty())
        return Error{"record needs a MIDI file: name one, or 'in' under [ends] of the machine file"};
    PORTICO_TRY_VOID(check_files(options, setup, {{request.song, "the MIDI file that is read"}}, {}));
    PORTICO_TRY_VOID(check_synth(options, setup.ends.outputs));
    request.song_bytes = PORTICO_TRY(ends::SmfSource::load(request.song));
    if (!options.scenario.empty()) {
        request.scenario_text = PORTICO_TRY(machine::read_scenario(options.scenario));
        request.scenario = PORTICO_TRY(machine::parse_scenario(request.scenario_text, options.scenario));
    }
    request.machine = std::move(setup.machine);
    request.filter = options.filter;
    request.outputs = std::move(setup.ends.outputs);
    request.output_options.synth.font = setup.ends.synth;
    request.timeline = options.timeline;
    request.findings_page = options.report;
    request.progress = progress_bar();
    return request;
}

// What a shell sees of a program that a signal ended; findings matter more.
int exit_code(const machine::PlayReport& report) {
    if (!report.findings.empty() || report.other_end) return static_cast<int>(ExitCode::findings);
    return report.stopped ? 128 + interrupted : 0;
}

int run(const RunOptions& options, bool recording) {
    const auto request = request_of(options, recording);
    if (!request.ok()) return fail(request.error());
    const auto result = machine::run_recorded(request.value(), recording);
    clear_bar();
    if (!result.ok()) return fail(result.error());
    const machine::PlayReport& report = result.value();
    if (options.json) return print_out(machine::report_json(report) + "\n", exit_code(report));
    return print_out(options.quiet ? "" : machine::report_text(report), exit_code(report));
}

}  // namespace

int play(const RunOptions& options) {
    return run(options, false);
}
int record(const RunOptions& options) {
    return run(options, true);
}

int replay(const std::string& path) {
    const auto report = machine::run_again(path);
    if (!report.ok()) return fail(report.error());
    return print_out(machine::report_text(report.value()), exit_code(report.value()));
}

}  // namespace portico::cli
