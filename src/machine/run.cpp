#include "machine/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <span>

#include "ends/output_file.h"
#include "ends/smf/smf_source.h"
#include "report/one_note.h"

namespace portico::machine {
namespace {

std::string loss_text(const PlayReport& report, const WireTap::Difference& first) {
    const std::uint64_t lost = report.asked.messages - report.matched;
    std::vector<std::string> parts;
    if (lost != 0) {
        parts.push_back(
            fmt::format("{} of {} messages did not come out as asked", lost, report.asked.messages));
    }
    if (report.strangers != 0) parts.push_back(fmt::format("{} came out unasked", report.strangers));
    constexpr std::size_t bytes_most = 16;
    const bool whole = first.bytes.size() <= bytes_most;
    const std::span bytes(first.bytes.data(), std::min(first.bytes.size(), bytes_most));
    return fmt::format("{}: first {}{}, {} {:.3f} s.", fmt::join(parts, ", "),
                       fmt::format("{:02X}", fmt::join(bytes, " ")), whole ? "" : " ...",
                       first.lost ? "due at" : "at", static_cast<double>(first.at_ns) / second_ns);
}

Result<std::string> timeline_of(Machine::State& state, const std::string& path) {
    const auto& records = state.trace_taps.kept();
    std::string svg = report::one_note_svg(records.data(), records.size());
    if (!svg.empty()) return svg;
    return Error{fmt::format(
        "{}: not written, nor is any other output: no note near the start of the song had the wire to itself",
        path)};
}

// Whether it could be written, before the song is played.
Result<void> check_page(const std::string& path) {
    if (!path.empty()) PORTICO_TRY(ends::OutputFile::create(path));
    return {};
}

}  // namespace

Error driver_error(const Machine& machine, const Status& status) {
    if (machine.bug_checked())
        return {"the driver stopped the machine with a bug check (page above)", ExitCode::findings};
    return {status.message, ExitCode::findings};
}

Device wire_device(Machine& machine) {
    for (const MachineDevice& device : machine.state().devices) {
        if (device.model && device.model->wire() != nullptr) return machine.device(device.config.name);
    }
    return machine.device("");
}

Result<PlayReport> Run::run() {
    const auto wall_start = std::chrono::steady_clock::now();
    PORTICO_TRY_VOID(read_song());
    PORTICO_TRY_VOID(outputs_.open(request_, output_end_ns()));
    PORTICO_TRY_VOID(check_page(request_.findings_page));
    Machine machine = PORTICO_TRY(Machine::create(request_.machine));
    machine.state().findings_page = request_.findings_page;
    if (const Status status = machine.start(); !status.ok()) return driver_error(machine, status);
    scenario_ = ScenarioRun(request_.scenario,
                            {[&] { return close_client(machine); }, [&] { return open_client(machine); }});
    const auto performed = perform(machine);
    if (!performed.ok() && !machine.bug_checked()) return performed.error();
    if (!machine.bug_checked()) PORTICO_TRY_VOID(outputs_.finish(output_end_ns()));
    count(machine);
    if (!machine.bug_checked()) {
        const Status ignored = machine.unload();  // what it leaves behind is a finding
        (void)ignored;
    }
    PORTICO_TRY_VOID(write_reports(machine));
    // After a bug check, be it at unload, the files stay as they were.
    if (!machine.bug_checked()) PORTICO_TRY_VOID(outputs_.commit());
    fill(machine);
    report_.wall_ns =
        std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now() - wall_start)
            .count();
    return report_;
}

Result<void> Run::read_song() {
    auto source = PORTICO_TRY(ends::SmfSource::from(request_.song_bytes, request_.song));
    ends::SourceEvent event;
    while (source->next(event)) song_.add(event.at_ns, event.bytes);
    report_.warnings = source->warnings();
    duration_ns_ = source->duration_ns();
    return {};
}

void Run::advance(Machine& machine, Nanoseconds duration_ns) {
    const Nanoseconds until_ns = song_ns(machine) + duration_ns;
    while (scenario_.next_ns() < until_ns && !machine.bug_checked()) {
        const Nanoseconds wait_ns = scenario_.next_ns() - song_ns(machine);
        if (wait_ns > 0) machine.run_for(std::chrono::nanoseconds(wait_ns));
        if (machine.bug_checked()) return;
        const ScenarioStep* const done = scenario_.step(machine, song_ns(machine));
        if (done != nullptr && done->action == ScenarioStep::Action::surprise_remove) device_left(machine);
    }
    const Nanoseconds rest_ns = until_ns - song_ns(machine);
    if (rest_ns > 0) machine.run_for(std::chrono::nanoseconds(rest_ns));
}

void Run::tell_silence(const Machine& machine) {
    // A captured message is stamped earlier than it comes, but never so much.
    constexpr Nanoseconds late_ns = second_ns;
    outputs_.silent_until(song_ns(machine) - late_ns);
}

bool Run::keep_going(const Machine& machine, double share) {
    if (machine.bug_checked() || outputs_.failed()) return false;
    if (!request_.progress) return true;
    report_.stopped = !request_.progress(share);
    return !report_.stopped;
}

Result<Pin> Run::open_pin(Machine& machine, Pin::Direction direction) const {
    const std::vector<std::string> names = machine.filters();
    if (!request_.filter.empty()) {
        if (machine.filter(request_.filter).exists()) return machine.filter(request_.filter).open(direction);
        return Error{fmt::format("no subdevice \"{}\"; the driver registered: {}", request_.filter,
                                 fmt::join(names, ", "))};
    }
    std::vector<std::string> refusals;
    for (const std::string& name : names) {
        auto pin = machine.filter(name).open(direction);
        if (pin.ok() || machine.bug_checked()) return pin;
        refusals.push_back(pin.error().message);
    }
    if (refusals.empty()) return Error{"the driver registered no subdevice", ExitCode::findings};
    return Error{fmt::format("{}", fmt::join(refusals, "; ")), ExitCode::findings};
}

// After the driver is unloaded: what it left behind is a finding too.
Result<void> Run::write_reports(Machine& machine) {
    if (!request_.timeline.empty() && !machine.bug_checked())
        PORTICO_TRY_VOID(
            outputs_.write_timeline(PORTICO_TRY(timeline_of(machine.state(), request_.timeline))));
    PORTICO_TRY_VOID(machine.state().page_written);
    return machine.state().trace_taps.finish();
}

void Run::count(Machine& machine) {
    report_.simulated_ns = machine.now().count();
    const auto counts = machine.counts();
    report_.interrupts = counts.interrupts;
    report_.dpcs = counts.dpcs;
}

void Run::fill(Machine& machine) {
    report_.asked = song_.count();
    tap_.end();
    report_.out = tap_.count();
    report_.matched = tap_.matched();
    report_.strangers = tap_.strangers();
    report_.lateness = tap_.lateness();
    report_.findings = machine.findings();
    report_.advice = machine.advice();
    report_.bug_checked = machine.bug_checked();
    report_.steps = scenario_.results();
    report_.disturbed = scenario_.disturbed();
    report_.replay_line = machine.replay_line();
    report_.other_end = machine.state().replaying && !machine.state().end_seen;
    (machine.bug_checked() ? report_.unwritten : report_.outputs) = request_.outputs;
    report_.driver = machine.driver_path();
    tell_losses();
}

// What a scenario takes away is nobody's fault. Without one the driver may have done all that it can, with a
// device that takes nothing; the song is incomplete all the same.
void Run::tell_losses() {
    if (report_.unheard || report_.complete() || report_.stopped || report_.bug_checked || report_.disturbed)
        return;
    Finding finding;
    finding.rule = "message-loss";
    finding.text = loss_text(report_, tap_.first_difference());
    report_.findings.push_back(std::move(finding));
}

}  // namespace portico::machine
