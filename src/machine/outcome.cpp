// What came of a run: statuses and findings in the public face's words, the bug-check page, the replay file.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <ostream>

#include "ends/output_file.h"
#include "machine/machine_file.h"
#include "machine/state.h"
#include "portico/gtest_names.h"
#include "report/html.h"
#include "report/page.h"
#include "report/status_name.h"

namespace portico {
namespace {

std::string current_test;
const machine::RecordedRun* recorded_run = nullptr;
std::string current_program;

std::string report_folder(const MachineConfig& config) {
    if (!config.report_directory.empty()) return config.report_directory;
    const char* const folder = std::getenv("PORTICO_REPORT_DIR");
    return folder == nullptr ? "." : folder;
}

machine::ReplayEnd end_of(const nt::Finding& finding) {
    const report::Line place = report::place_of(finding);
    return {finding.code, finding.rule, finding.text, place.file, place.line, finding.at_ns};
}

Finding::Severity severity_of(nt::Severity severity) {
    switch (severity) {
        case nt::Severity::advice:
            return Finding::Severity::advice;
        case nt::Severity::finding:
            return Finding::Severity::finding;
        case nt::Severity::bug_check:
            return Finding::Severity::bug_check;
    }
    return Finding::Severity::finding;
}

std::vector<Finding> findings_of(bool advice) {
    std::vector<Finding> out;
    for (unsigned i = 0; i < nt::finding_count(); ++i) {
        const nt::Finding& finding = nt::finding_at(i);
        if ((finding.severity == nt::Severity::advice) == advice) out.push_back(machine::finding_of(finding));
    }
    return out;
}

}  // namespace

namespace detail {

void set_current_test(const std::string& name, const std::string& program) {
    current_test = name;
    current_program = program;
}

}  // namespace detail

namespace machine {

void set_recorded_run(const RecordedRun* run) {
    recorded_run = run;
}

Result<void> write_whole(const std::string& path, std::string_view text) {
    auto file = PORTICO_TRY(ends::OutputFile::create(path));
    PORTICO_TRY_VOID(file.write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
    return file.commit();
}

std::string status_name(NTSTATUS status) {
    const char* const name = report::status_name(status);
    return *name == 0 ? fmt::format("{:#010x}", static_cast<std::uint32_t>(status))
                      : fmt::format("{} ({:#010x})", name, static_cast<std::uint32_t>(status));
}

Status status_of(NTSTATUS status, std::string_view what) {
    if (NT_SUCCESS(status)) return {status, ""};
    const bool stopped = current() != nullptr && current()->bug_checked();
    return {status, stopped ? fmt::format("{}: the machine has stopped with a bug check", what)
                            : fmt::format("{} failed: {}", what, status_name(status))};
}

std::u16string widen(std::string_view text) {
    std::u16string out;
    for (const char c : text) out += static_cast<unsigned char>(c) < 128 ? static_cast<char16_t>(c) : u'?';
    return out;
}

std::string narrow(std::u16string_view text) {
    std::string out;
    for (const char16_t c : text) out += c < 128 ? static_cast<char>(c) : '?';
    return out;
}

Finding finding_of(const nt::Finding& finding) {
    Finding out;
    out.severity = severity_of(finding.severity);
    out.rule = finding.rule;
    out.code = finding.code;
    out.parameters = finding.parameters;
    out.text = finding.text;
    out.at = std::chrono::nanoseconds(finding.at_ns);
    for (const report::Line& line : report::lines_of(finding.stack, out.rule == "fault")) {
        out.stack.push_back({0, line.module, line.function, line.file, line.line, line.driver});
    }
    const report::Line place = report::place_of(finding);
    out.file = place.file;
    out.line = place.line;
    return out;
}

}  // namespace machine

std::ostream& operator<<(std::ostream& out, const Finding& finding) {
    if (finding.code != 0) out << fmt::format("0x{:08X} ", finding.code);
    out << finding.text;
    if (finding.line != 0) out << fmt::format(" [{}:{}]", finding.file, finding.line);
    return out << " (" << finding.rule << ")";
}

bool Machine::State::bug_checked() const {
    return nt::bug_check() != nullptr;
}

std::string Machine::State::driver_text() const {
    return fmt::format("{} {:016x}, seed {}", config.driver, image->hash(), config.seed);
}

// ---- replay ----

Result<void> Machine::State::take_replay() {
    const char* const path = std::getenv("PORTICO_REPLAY");
    if (path == nullptr || *path == 0) return {};
    replay_wanted = PORTICO_TRY(machine::read_replay(path));
    if (replay_wanted.test != current_test) return {};  // another test of the program
    PORTICO_TRY_VOID(machine::check_fits(replay_wanted, path, image->hash()));
    replay_wanted_path = path;
    config.seed = replay_wanted.seed;
    return {};
}

namespace {

std::string replay_file_name(const std::string& test, const std::string& driver, std::uint64_t hash,
                             std::uint64_t seed) {
    std::string base = test.empty() ? std::filesystem::path(driver).stem().string() : test;
    for (char& c : base) {
        if (c == '/') c = '-';
    }
    return fmt::format("{}-{:08x}-{}.replay", base, static_cast<std::uint32_t>(hash), seed);
}

std::string command_for(const std::string& path) {
    if (current_test.empty()) return fmt::format("portico replay {}", path);
    return fmt::format("PORTICO_REPLAY={} {} --gtest_filter={}", path, current_program, current_test);
}

}  // namespace

// The file that plays this run again; empty when nothing records it.
std::string Machine::State::write_replay_file(const nt::Finding& finding) {
    machine::Replay replay;
    replay.build = machine::build_id();
    replay.driver_path = std::filesystem::absolute(config.driver).lexically_normal().string();
    replay.driver_hash = image->hash();
    replay.seed = config.seed;
    replay.test = current_test;
    replay.end = end_of(finding);
    if (recorded_run != nullptr) {
        replay.command = {recorded_run->verb, recorded_run->filter};
        replay.machine = machine::machine_toml(config);
        replay.input = recorded_run->input;
    }
    const auto path = std::filesystem::path(report_folder(config)) /
                      replay_file_name(current_test, config.driver, image->hash(), config.seed);
    const auto written = machine::write_replay(replay, path.string());
    if (written.ok()) return path.string();
    if (config.print_findings) fmt::print(stderr, "portico: {}\n", written.error().message);
    return {};
}

void Machine::State::write_page(const nt::Finding& finding) {
    if (findings_page.empty()) return;
    report::PageOptions options;
    options.driver = driver_text();
    if (!replay_path.empty()) options.replay_line = command_for(replay_path);
    const bool json = std::filesystem::path(findings_page).extension() == ".json";
    if (json) options.event_count = 256;
    page_written = machine::write_whole(findings_page, json ? report::page_json(finding, options) + "\n"
                                                            : report::page_html(finding, options));
}

void Machine::State::report_bug_check() {
    const nt::Finding& finding = *nt::bug_check();
    const bool again = recorded_run != nullptr && recorded_run->again != nullptr;
    if (again) {
        replay_path = recorded_run->again_path;
    } else if (!replay_wanted_path.empty()) {
        replay_path = replay_wanted_path;
    } else if (!current_test.empty() || recorded_run != nullptr) {
        replay_path = write_replay_file(finding);
    }
    write_page(finding);
    if (!config.print_findings) return;
    report::PageOptions options;
    options.driver = driver_text();
    if (!replay_path.empty()) options.replay_line = command_for(replay_path);
    options.colour = ::isatty(STDERR_FILENO) != 0;
    fmt::print(stderr, "\n{}\n", report::page(finding, options));
    if (!again && replay_wanted_path.empty()) return;
    const bool same = end_of(finding) == (again ? recorded_run->again->end : replay_wanted.end);
    fmt::print(stderr, "replay: {}\n", same ? "the same end as recorded" : "ANOTHER end than recorded");
}

void Machine::State::after_run() {
    if (bug_checked()) {
        if (!reported) {
            reported = true;
            report_bug_check();
        }
        return;
    }
    for (; findings_printed < nt::finding_count(); ++findings_printed) {
        const nt::Finding& finding = nt::finding_at(findings_printed);
        if (finding.severity == nt::Severity::finding && !page_begun) {
            page_begun = true;
            write_page(finding);
        }
        if (!config.print_findings || finding.severity != nt::Severity::finding) continue;
        report::PageOptions options;
        options.driver = driver_text();
        options.colour = ::isatty(STDERR_FILENO) != 0;
        fmt::print(stderr, "\n{}\n", report::page(finding, options));
    }
}

std::vector<Finding> Machine::findings() const {
    return findings_of(false);
}
std::vector<Finding> Machine::advice() const {
    return findings_of(true);
}
bool Machine::bug_checked() const {
    return state_->bug_checked();
}

std::string Machine::bug_check_page() const {
    if (!bug_checked()) return {};
    report::PageOptions options;
    options.driver = state_->driver_text();
    options.replay_line = replay_line();
    return report::page(*nt::bug_check(), options);
}

std::string Machine::replay_line() const {
    return state_->replay_path.empty() ? std::string() : command_for(state_->replay_path);
}

}  // namespace portico
