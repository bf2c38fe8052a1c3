#include <fmt/format.h>
#include <unistd.h>

#include <csignal>

#include "base/print.h"
#include "cli/verbs.h"
#include "ends/smf/smf_source.h"
#include "machine/play.h"
#include "machine/replay_run.h"

namespace portico::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;  // the signal

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

// A bar on a terminal, nothing elsewhere.
machine::Progress progress_bar() {
    const bool terminal = ::isatty(STDERR_FILENO) != 0;
    return [terminal, shown = -1](double share) mutable {
        const int percent = static_cast<int>(share * 100);
        if (terminal && percent != shown) {
            shown = percent;
            constexpr int width = 40;
            const int filled = percent * width / 100;
            print(stderr, fmt::format("\r  [{:=<{}}{:<{}}] {:3}%", "", filled, "", width - filled, percent));
            std::fflush(stderr);
        }
        return interrupted == 0;
    };
}

void clear_bar() {
    if (::isatty(STDERR_FILENO) != 0) print(stderr, fmt::format("\r{:60}\r", ""));
}

Result<void> check_page_name(const std::string& path) {
    if (path.empty() || path.ends_with(".html") || path.ends_with(".json")) return {};
    return Error{fmt::format("{}: --report writes .html or .json", path)};
}

Result<machine::PlayRequest> request_of(const RunOptions& options, bool recording) {
    PORTICO_TRY_VOID(check_page_name(options.report));
    Setup setup = PORTICO_TRY(setup_of(options));
    machine::PlayRequest request;
    request.song = options.song.empty() && recording ? setup.ends.input : options.song;
    if (request.song.empty())
        return Error{"record needs a MIDI file: name one, or 'in' under [ends] of the machine file"};
    PORTICO_TRY_VOID(check_files(options, setup, request.song));
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
    listen_for_interrupt();
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
