#include <fmt/format.h>
#include <unistd.h>

#include <csignal>

#include "cli/verbs.h"
#include "machine/machine_file.h"
#include "machine/play.h"
#include "machine/replay_run.h"

namespace portico::cli {
namespace {

volatile std::sig_atomic_t interrupted = 0;

void on_interrupt(int) {
    interrupted = 1;
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
            fmt::print(stderr, "\r  [{:=<{}}{:<{}}] {:3}%", "", filled, "", width - filled, percent);
            std::fflush(stderr);
        }
        return interrupted == 0;
    };
}

Result<void> check_page_name(const std::string& path) {
    if (path.empty() || path.ends_with(".html") || path.ends_with(".json")) return {};
    return Error{fmt::format("{}: --report writes .html or .json", path)};
}

void clear_bar() {
    if (::isatty(STDERR_FILENO) != 0) fmt::print(stderr, "\r{:60}\r", "");
}

}  // namespace

int play(const RunOptions& options, bool recording) {
    machine::PlayRequest request;
    request.song = options.song;
    request.filter = options.filter;
    request.outputs = options.outputs;
    request.output_options.synth.font = options.synth;
    request.timeline = options.timeline;
    request.findings_page = options.report;
    if (const auto page = check_page_name(options.report); !page.ok()) return fail(page.error());
    auto config = machine_of(options);
    if (!config.ok()) return fail(config.error());
    request.machine = config.value();
    listen_for_interrupt();
    request.progress = progress_bar();
    const auto report = machine::run_recorded(request, recording);
    clear_bar();
    if (!report.ok()) return fail(report.error());
    if (options.json) {
        fmt::print("{}\n", machine::report_json(report.value()));
    } else if (!options.quiet) {
        fmt::print("{}", machine::report_text(report.value()));
    }
    return report.value().findings.empty() ? 0 : 1;
}

int replay(const std::string& path) {
    const auto report = machine::run_again(path);
    if (!report.ok()) return fail(report.error());
    fmt::print("{}", machine::report_text(report.value()));
    return report.value().findings.empty() && !report.value().other_end ? 0 : 1;
}

}  // namespace portico::cli
