// What came of a run: statuses and findings in the public face's words, the bug-check page, the replay file.
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <ostream>

#include "base/print.h"
#include "ends/output_file.h"
#include "machine/state.h"
#include "report/html.h"
#include "report/page.h"
#include "report/status_name.h"

namespace portico {
namespace {

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

namespace machine {

Result<void> write_whole(const std::string& path, std::string_view text) {
    auto file = PORTICO_TRY(ends::OutputFile::create(path));
    PORTICO_TRY_VOID(file.write({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}));
    return file.commit();
}

std::string status_name(NTSTATUS status) {
    const char* const name = report::status_name(status);
    return *name == 0 ? fmt::format("0x{:08X}", static_cast<std::uint32_t>(status))
                      : fmt::format("{} (0x{:08X})", name, static_cast<std::uint32_t>(status));
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
    return fmt::format("{} {:016x}, seed {}", config.driver, drivers_hash(), config.seed);
}

// ---- what is said about it ----

report::PageOptions Machine::State::page_options() const {
    report::PageOptions options;
    options.driver = driver_text();
    options.replay_line = replay_line();
    return options;
}

// https://no-color.org, and terminals that say that they have none.
static bool wants_colour() {
    const char* const refused = std::getenv("NO_COLOR");
    const char* const terminal = std::getenv("TERM");
    return (refused == nullptr || *refused == 0) && terminal != nullptr &&
           std::string_view(terminal) != "dumb" && ::isatty(STDERR_FILENO) != 0;
}

void Machine::State::write_page(const nt::Finding& finding) {
    if (findings_page.empty()) return;
    report::PageOptions options = page_options();
    const bool json = std::filesystem::path(findings_page).extension() == ".json";
    if (json) options.event_count = 256;
    page_written = machine::write_whole(findings_page, json ? report::page_json(finding, options) + "\n"
                                                            : report::page_html(finding, options));
}

void Machine::State::tell(const nt::Finding& finding) {
    record_end(finding);
    const bool stops = finding.severity == nt::Severity::bug_check;
    if (stops || !page_begun) write_page(finding);
    page_begun = true;
    if (config.print_findings) {
        report::PageOptions options = page_options();
        options.colour = wants_colour();
        print(stderr, fmt::format("\n{}\n", report::page(finding, options)));
    }
    compare_end(finding);
}

void Machine::State::after_run() {
    if (!bug_checked()) {
        for (; findings_told < nt::finding_count(); ++findings_told) {
            const nt::Finding& finding = nt::finding_at(findings_told);
            if (finding.severity == nt::Severity::finding) tell(finding);
        }
    } else if (!reported) {
        reported = true;
        tell(*nt::bug_check());
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
    return bug_checked() ? report::page(*nt::bug_check(), state_->page_options()) : std::string();
}

}  // namespace portico
