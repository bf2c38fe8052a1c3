// A run's replay file: written when something is found, asked for by PORTICO_REPLAY, compared with what comes
// of it.
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>
#include <span>

#include "base/print.h"
#include "loader/hash.h"
#include "machine/machine_file.h"
#include "machine/replay_run.h"
#include "machine/state.h"
#include "portico/gtest_names.h"
#include "report/page.h"

namespace portico {
namespace {

std::string current_test;
std::string current_program;
std::string current_command = "portico";
void (*replay_refused)(const std::string& line) = nullptr;
const machine::RecordedRun* run_now = nullptr;

std::string report_folder(const MachineConfig& config) {
    if (!config.report_directory.empty()) return config.report_directory;
    const char* const folder = std::getenv("PORTICO_REPORT_DIR");
    return folder == nullptr ? "." : folder;
}

machine::ReplayEnd end_of(const nt::Finding& finding) {
    const report::Line place = report::place_of(finding);
    return {finding.code, finding.rule, finding.text, place.file, place.line, finding.at_ns};
}

// Of all that makes the run what it is, so that two runs of a driver do not take each other's file.
std::uint32_t run_hash(machine::Replay replay) {
    replay.build.clear();
    replay.choices.clear();
    replay.end = {};
    const std::string text = machine::to_json(replay);
    return static_cast<std::uint32_t>(loader::Xxh64::of(std::as_bytes(std::span(text))));
}

// "Suite/Case.Name/0" as a file's name.
std::string replay_file_name(const machine::Replay& replay) {
    std::string base =
        replay.test.empty() ? std::filesystem::path(replay.driver_path).stem().string() : replay.test;
    for (char& c : base) {
        if (c == '/') c = '-';
    }
    return fmt::format("{}-{:08x}-{}.replay", base, run_hash(replay), replay.seed);
}

// A word of the shell's.
std::string shell_word(const std::string& word) {
    constexpr const char* plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./,:@%";
    if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
    std::string out = "'";
    for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

}  // namespace

namespace detail {

void set_current_test(const std::string& name, const std::string& program) {
    current_test = name;
    current_program = program;
}

void set_replay_refused(void (*refused)(const std::string& line)) {
    replay_refused = refused;
}

}  // namespace detail

void machine::set_recorded_run(const RecordedRun* run) {
    run_now = run;
}

const machine::RecordedRun* machine::recorded_run() {
    return run_now;
}

Result<void> Machine::State::take_replay() {
    if (run_now != nullptr && run_now->again != nullptr) {
        replay_wanted = *run_now->again;
        replay_path = run_now->again_path;
        replaying = true;
        return {};
    }
    const char* const path = std::getenv("PORTICO_REPLAY");
    if (path == nullptr || *path == 0 || current_test.empty()) return {};
    auto read = machine::read_replay(path);
    if (read.ok() && read.value().test != current_test) return {};  // another test of the program
    Result<void> fits =
        read.ok() ? machine::check_fits(read.value(), path, drivers_hash()) : Result<void>(read.error());
    if (fits.ok()) fits = machine::parse_schedule(read.value().schedule, config);
    if (!fits.ok()) {
        if (replay_refused != nullptr) replay_refused(fits.error().message);
        return fits;
    }
    replay_wanted = std::move(read).value();
    replay_path = path;
    config.seed = replay_wanted.seed;
    replaying = true;
    return {};
}

// The file that plays this run again; empty when nothing records it.
std::string Machine::State::write_replay_file(const nt::Finding& finding) {
    machine::Replay replay;
    replay.build = machine::build_id();
    replay.driver_path = std::filesystem::absolute(config.driver).lexically_normal().string();
    replay.driver_hash = drivers_hash();
    replay.seed = config.seed;
    replay.schedule = machine::schedule_text(config);
    replay.test = current_test;
    replay.choices = choices.runs();
    replay.end = end_of(finding);
    if (run_now != nullptr) {
        replay.command = {run_now->verb, run_now->filter};
        replay.machine = machine::machine_toml(config);
        replay.registry_files = registry_files;
        // The machine's text has whole paths, too.
        for (const auto& [path, bytes] : infs.files())
            replay.inf_files.push_back({std::filesystem::absolute(path).lexically_normal().string(), bytes});
        replay.input = *run_now->input;
        replay.scenario = run_now->scenario;
    }
    const auto path = std::filesystem::path(report_folder(config)) / replay_file_name(replay);
    const auto written = machine::write_replay(replay, path.string());
    if (written.ok()) return path.string();
    if (config.print_findings) print(stderr, fmt::format("portico: {}\n", written.error().message));
    return {};
}

// The first finding is what the file leads to, unless a bug check comes after it.
void Machine::State::record_end(const nt::Finding& finding) {
    const bool recorded = !current_test.empty() || run_now != nullptr;
    if (replaying || !recorded) return;
    if (replay_path.empty() || finding.severity == nt::Severity::bug_check)
        replay_path = write_replay_file(finding);
}

void Machine::State::compare_end(const nt::Finding& finding) {
    if (!replaying || end_seen) return;
    end_seen = end_of(finding) == replay_wanted.end;
    if (end_seen) tell_end("the same end as recorded");
    if (!end_seen && finding.severity == nt::Severity::bug_check) tell_end("ANOTHER end than recorded");
}

void Machine::State::tell_end(const char* what) {
    end_told = true;
    if (!config.print_findings) return;
    const std::string misfit = choices.misfit();
    print(stderr, fmt::format("replay: {}{}{}\n", what, misfit.empty() ? "" : "; ", misfit));
}

void Machine::State::finish_replay() {
    if (replaying && !end_told) tell_end("ANOTHER end than recorded: what was found then does not show");
}

void machine::set_command(const std::string& command) {
    current_command = command;
}

std::string Machine::State::replay_line() const {
    if (replay_path.empty()) return {};
    if (current_test.empty())
        return fmt::format("{} replay {}", shell_word(current_command), shell_word(replay_path));
    return fmt::format("PORTICO_REPLAY={} {} --gtest_filter={}", shell_word(replay_path),
                       shell_word(current_program), shell_word(current_test));
}

std::string Machine::replay_line() const {
    return state_->replay_line();
}

}  // namespace portico
