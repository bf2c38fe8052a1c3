#include "machine/play.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "ends/smf/smf_source.h"
#include "machine/state.h"
#include "report/one_note.h"

namespace portico::machine {
namespace {

using std::chrono::milliseconds;

// How far ahead of the stream's time the client queues, and how long it lets the machine run at a time.
constexpr LONGLONG ahead_ms = 500;
constexpr LONGLONG long_step_ms = 250;
constexpr LONGLONG loop_step_ms = 10;
constexpr std::size_t packet_bytes = 4096;
// How long after the last message a device may still be busy with what came before.
constexpr Nanoseconds settle_limit_ns = 3600 * second_ns;

Result<Song> read_song(const PlayRequest& request, std::vector<std::string>& warnings,
                       Nanoseconds& duration_ns) {
    auto source = PORTICO_TRY(ends::SmfSource::from(request.song_bytes, request.song));
    Song song;
    ends::SourceEvent event;
    while (source->next(event)) song.add(event.at_ns, event.bytes);
    warnings = source->warnings();
    duration_ns = source->duration_ns();
    return song;
}

// Several outputs as one; times count from the song's start.
class Outputs {
  public:
    Result<void> open(const PlayRequest& request) {
        ends::OutputOptions options = request.output_options;
        options.batch = &batch_;
        for (const std::string& path : request.outputs) {
            sinks_.push_back(PORTICO_TRY(ends::open_output(path, options)));
        }
        return {};
    }
    // Remembers the first error; finish() tells it.
    void write(Nanoseconds at_ns, std::span<const std::uint8_t> bytes) {
        for (auto& sink : sinks_) {
            if (failure_.message.empty()) keep(sink->write(std::max<Nanoseconds>(at_ns, 0), bytes));
        }
    }
    bool failed() const { return !failure_.message.empty(); }
    Result<void> finish(Nanoseconds end_ns) {
        for (auto& sink : sinks_) {
            if (!failed()) keep(sink->finish(std::max<Nanoseconds>(end_ns, 0)));
        }
        if (!failed()) keep(batch_.commit());
        if (failed()) return failure_;
        return {};
    }

  private:
    void keep(const Result<void>& result) {
        if (!result.ok() && failure_.message.empty()) failure_ = result.error();
    }
    ends::OutputBatch batch_;  // one that fails takes the others with it
    std::vector<std::unique_ptr<ends::EventSink>> sinks_;
    Error failure_;
};

Error driver_error(Machine& machine, const Status& status) {
    if (machine.bug_checked())
        return {"the driver stopped the machine with a bug check (page above)", ExitCode::findings};
    return {status.message, ExitCode::findings};
}

Result<Pin> open_pin(Machine& machine, const PlayRequest& request, Pin::Direction direction) {
    const std::vector<std::string> names = machine.filters();
    if (!request.filter.empty()) {
        if (machine.filter(request.filter).exists()) return machine.filter(request.filter).open(direction);
        return Error{fmt::format("no subdevice \"{}\"; the driver registered: {}", request.filter,
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

// Records enough for the first notes of any song: what the client queues ahead, and some hundred messages.
constexpr std::size_t timeline_records = 1 << 16;

Result<void> write_timeline(Machine::State& state, const std::string& path) {
    const auto& records = state.trace_taps.kept();
    const std::string svg = report::one_note_svg(records.data(), records.size());
    if (svg.empty())
        return Error{
            fmt::format("{}: not written: no note near the start of the song had the wire to itself", path)};
    return write_whole(path, svg);
}

// After the driver is unloaded: what it left behind is a finding too.
Result<void> write_reports(Machine& machine, const PlayRequest& request) {
    if (!request.timeline.empty() && !machine.bug_checked())
        PORTICO_TRY_VOID(write_timeline(machine.state(), request.timeline));
    PORTICO_TRY_VOID(machine.state().page_written);
    return machine.state().trace_taps.finish();
}

Device wire_device(Machine& machine) {
    for (const MachineDevice& device : machine.state().devices) {
        if (device.model && device.model->wire() != nullptr) return machine.device(device.config.name);
    }
    return machine.device("");
}

// Feeds a render pin from a song.
class Feeder {
  public:
    Feeder(Machine& machine, Pin::State_& pin, const Song& song, bool exact)
        : machine_(machine), pin_(pin), song_(song), exact_(exact) {}

    bool done() const { return next_ == song_.messages().size(); }
    std::size_t fed() const { return next_; }

    // Queues what is due until then; on the client's thread.
    NTSTATUS feed(LONGLONG until_ms) {
        return machine_.state().call([&] { return exact_ ? feed_single(until_ms) : feed_packets(until_ms); });
    }

  private:
    static LONGLONG to_ms(Nanoseconds at_ns) { return (at_ns + millisecond_ns - 1) / millisecond_ns; }

    NTSTATUS feed_single(LONGLONG until_ms) {
        for (; !done() && to_ms(song_.messages()[next_].at_ns) <= until_ms; ++next_) {
            const Song::Message& message = song_.messages()[next_];
            const NTSTATUS status = pin_.render->write((message.at_ns + 99) / 100, song_.bytes_of(message));
            if (!NT_SUCCESS(status)) return status;
        }
        return STATUS_SUCCESS;
    }

    NTSTATUS feed_packets(LONGLONG until_ms) {
        client::RenderStream& stream = *pin_.render;
        while (!done() && to_ms(song_.messages()[next_].at_ns) <= until_ms) {
            const Song::Message& message = song_.messages()[next_];
            const auto bytes = song_.bytes_of(message);
            if (!stream.packet_open()) {
                const NTSTATUS status = stream.begin_packet(std::max(packet_bytes, bytes.size() + 16));
                if (!NT_SUCCESS(status)) return status;
            }
            if (stream.add(to_ms(message.at_ns), bytes)) {
                ++next_;
                continue;
            }
            const NTSTATUS status = stream.send();
            if (!NT_SUCCESS(status)) return status;
        }
        return stream.packet_open() ? stream.send() : STATUS_SUCCESS;
    }

    Machine& machine_;
    Pin::State_& pin_;
    const Song& song_;
    bool exact_;
    std::size_t next_ = 0;
};

// The driver may have done all that it can, with a device that takes nothing; the song is incomplete all the
// same.
void tell_losses(PlayReport& report) {
    if (report.complete() || report.stopped || report.bug_checked) return;
    Finding finding;
    finding.rule = "message-loss";
    finding.text =
        fmt::format("{} of {} messages did not come out as asked; {} came that were not asked for.",
                    report.asked.messages - report.matched, report.asked.messages, report.strangers);
    report.findings.push_back(std::move(finding));
}

class Player {
  public:
    explicit Player(const PlayRequest& request) : request_(request) {}

    Result<PlayReport> run() {
        const auto wall_start = std::chrono::steady_clock::now();
        song_ = PORTICO_TRY(read_song(request_, report_.warnings, duration_ns_));
        PORTICO_TRY_VOID(outputs_.open(request_));
        Machine machine = PORTICO_TRY(Machine::create(request_.machine));
        machine.state().findings_page = request_.findings_page;
        if (const Status status = machine.start(); !status.ok()) return driver_error(machine, status);
        const auto played = play(machine);
        if (!played.ok() && !machine.bug_checked()) return played.error();
        // After a bug check the song has not come out: its files stay as they were.
        if (!machine.bug_checked()) PORTICO_TRY_VOID(outputs_.finish(end_ns_));
        report_.simulated_ns = machine.now().count();
        const auto counts = machine.counts();
        report_.interrupts = counts.interrupts;
        report_.dpcs = counts.dpcs;
        if (!machine.bug_checked()) {
            const Status ignored = machine.unload();  // what it leaves behind is a finding
            (void)ignored;
        }
        PORTICO_TRY_VOID(write_reports(machine, request_));
        fill(machine);
        report_.wall_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                              std::chrono::steady_clock::now() - wall_start)
                              .count();
        return report_;
    }

  private:
    void fill(Machine& machine) {
        report_.asked = song_.count();
        tap_.end();
        report_.out = tap_.count();
        report_.matched = tap_.matched();
        report_.strangers = tap_.strangers();
        report_.lateness = tap_.lateness();
        report_.findings = machine.findings();
        report_.advice = machine.advice();
        report_.bug_checked = machine.bug_checked();
        report_.replay_line = machine.replay_line();
        report_.other_end = machine.state().replaying && !machine.state().end_seen;
        if (!machine.bug_checked()) report_.outputs = request_.outputs;
        report_.driver = machine.driver_path();
        tell_losses(report_);
    }

    Result<void> play(Machine& machine) {
        Pin render = PORTICO_TRY(open_pin(machine, request_, Pin::Render));
        Device device = wire_device(machine);
        report_.has_wire = device.exists();
        std::unique_ptr<Pin> loop;
        if (report_.has_wire) {
            device.on_wire([this](const WireByte& byte) { wire(byte.at.count(), byte.byte, true); });
        } else {
            auto capture = open_pin(machine, request_, Pin::Capture);
            if (capture.ok()) loop = std::make_unique<Pin>(std::move(capture).value());
            if (loop) {
                if (const Status status = loop->run(); !status.ok()) return driver_error(machine, status);
            }
        }
        if (const Status status = render.pause(); !status.ok()) return driver_error(machine, status);
        Pin::State_& state = *machine.state().pins.front();
        Feeder feeder(machine, state, song_, request_.machine.exact_sequencer);
        if (!request_.timeline.empty()) machine.state().trace_taps.keep(timeline_records);
        feeder.feed(ahead_ms);
        const Nanoseconds before_ns = machine.now().count();
        if (const Status status = render.run(); !status.ok()) return driver_error(machine, status);
        start_ns_ = before_ns;
        tap_.expect(&song_, start_ns_);
        step_through(machine, feeder, loop.get());
        settle(machine, render, loop.get());
        if (loop) loop->close();
        render.close();
        return {};
    }

    // A byte that came out, `at_ns` of machine time.
    void wire(Nanoseconds at_ns, std::uint8_t byte, bool on_wire) {
        tap_.byte(at_ns, byte);
        const Nanoseconds complete_ns = at_ns - start_ns_ + (on_wire ? hardware::midi_byte_ns : 0);
        end_ns_ = std::max(end_ns_, complete_ns);
        outputs_.write(complete_ns, {&byte, 1});
    }

    void collect(Pin* loop) {
        if (loop == nullptr) return;
        for (const CapturedMessage& message : loop->take_captured()) {
            const Nanoseconds at_ns = start_ns_ + std::chrono::nanoseconds(message.at).count();
            for (const auto byte : message.bytes) wire(at_ns, byte, false);
        }
    }

    bool keep_going(Machine& machine, std::size_t fed) {
        if (machine.bug_checked() || outputs_.failed()) return false;
        if (!request_.progress) return true;
        const double all = static_cast<double>(std::max<std::size_t>(song_.messages().size(), 1));
        report_.stopped = !request_.progress(static_cast<double>(fed) / all);
        return !report_.stopped;
    }

    void step_through(Machine& machine, Feeder& feeder, Pin* loop) {
        // What is looped back waits in the port driver, which keeps so much and no more.
        const LONGLONG step_ms = loop == nullptr ? long_step_ms : loop_step_ms;
        for (LONGLONG now_ms = 0; keep_going(machine, feeder.fed()); now_ms += step_ms) {
            if (!NT_SUCCESS(feeder.feed(now_ms + ahead_ms)) || feeder.done()) break;
            machine.run_for(milliseconds(step_ms));
            collect(loop);
        }
    }

    // Lets what is queued come out; after a stop, silences what sounds.
    void settle(Machine& machine, Pin& render, Pin* loop) {
        if (machine.bug_checked()) return;
        if (report_.stopped) silence(machine, render, loop);
        while (!machine.bug_checked() && !outputs_.failed()) {
            const Status status = render.drain(milliseconds(loop == nullptr ? long_step_ms : loop_step_ms));
            collect(loop);
            if (status.code != static_cast<std::int32_t>(STATUS_IO_TIMEOUT)) break;
            if (machine.now().count() - start_ns_ > duration_ns_ + settle_limit_ns) break;
            if (!report_.stopped && !keep_going(machine, song_.messages().size()))
                silence(machine, render, loop);
        }
        run_dry(machine, loop);
    }

    // The device's own queue, and what the cable has looped back.
    void run_dry(Machine& machine, Pin* loop) {
        for (std::uint64_t before = ~0ull; before != tap_.count().bytes && !machine.bug_checked();) {
            before = tap_.count().bytes;
            machine.run_for(milliseconds(20));
            collect(loop);
        }
    }

    // Ctrl-C: what is queued is given up, every key that is down is released.
    void silence(Machine& machine, Pin& render, Pin* loop) {
        const Status cancelled = render.cancel();
        (void)cancelled;
        run_dry(machine, loop);
        std::vector<std::uint8_t> offs;
        tap_.count().notes.for_each_held([&](unsigned channel, unsigned key, unsigned count) {
            for (unsigned i = 0; i < count; ++i) {
                offs.insert(offs.end(), {static_cast<std::uint8_t>(0x80 | channel),
                                         static_cast<std::uint8_t>(key), 0x40});
            }
        });
        tap_.expect(nullptr, 0);
        if (offs.empty()) return;
        const Status written = render.write(offs);
        (void)written;
    }

    const PlayRequest& request_;
    PlayReport report_;
    Song song_;
    Nanoseconds duration_ns_ = 0;
    Outputs outputs_;
    WireTap tap_;
    Nanoseconds start_ns_ = 0;
    Nanoseconds end_ns_ = 0;
};

class Recording {
  public:
    explicit Recording(const PlayRequest& request) : request_(request) {}

    Result<PlayReport> run() {
        const auto wall_start = std::chrono::steady_clock::now();
        song_ = PORTICO_TRY(read_song(request_, report_.warnings, duration_ns_));
        PORTICO_TRY_VOID(outputs_.open(request_));
        Machine machine = PORTICO_TRY(Machine::create(request_.machine));
        machine.state().findings_page = request_.findings_page;
        if (const Status status = machine.start(); !status.ok()) return driver_error(machine, status);
        const auto recorded = record(machine);
        if (!recorded.ok() && !machine.bug_checked()) return recorded.error();
        if (!machine.bug_checked()) {
            PORTICO_TRY_VOID(outputs_.finish(std::max(end_ns_, report_.stopped ? 0 : duration_ns_)));
        }
        report_.simulated_ns = machine.now().count();
        const auto counts = machine.counts();
        report_.interrupts = counts.interrupts;
        report_.dpcs = counts.dpcs;
        if (!machine.bug_checked()) {
            const Status ignored = machine.unload();
            (void)ignored;
        }
        PORTICO_TRY_VOID(write_reports(machine, request_));
        report_.asked = song_.count();
        tap_.end();
        report_.out = tap_.count();
        report_.matched = tap_.matched();
        report_.strangers = tap_.strangers();
        report_.lateness = tap_.lateness();
        report_.findings = machine.findings();
        report_.advice = machine.advice();
        report_.bug_checked = machine.bug_checked();
        report_.replay_line = machine.replay_line();
        report_.other_end = machine.state().replaying && !machine.state().end_seen;
        if (!machine.bug_checked()) report_.outputs = request_.outputs;
        report_.driver = machine.driver_path();
        tell_losses(report_);
        report_.wall_ns = std::chrono::duration_cast<std::chrono::nanoseconds>(
                              std::chrono::steady_clock::now() - wall_start)
                              .count();
        return report_;
    }

  private:
    Result<void> record(Machine& machine) {
        Device device = wire_device(machine);
        if (!device.exists()) return Error{"the machine has no device with a MIDI IN: record needs one"};
        Pin capture = PORTICO_TRY(open_pin(machine, request_, Pin::Capture));
        if (const Status status = capture.run(); !status.ok()) return driver_error(machine, status);
        start_ns_ = machine.now().count();
        tap_.expect(&song_, start_ns_);
        device.receive_from([this, message = std::size_t{0}, at = std::size_t{0}](WireByte& next) mutable {
            while (message < song_.messages().size() && at == song_.messages()[message].size) {
                ++message;
                at = 0;
            }
            if (message == song_.messages().size()) return false;
            const Song::Message& source = song_.messages()[message];
            next = {std::chrono::nanoseconds(start_ns_ + source.at_ns), song_.bytes_of(source)[at++]};
            ++sent_;
            return true;
        });
        std::uint64_t quiet = 0;
        while (!machine.bug_checked() && !outputs_.failed() && quiet < 4) {
            machine.run_for(milliseconds(long_step_ms));
            const std::uint64_t before = tap_.count().bytes;
            collect(capture);
            const bool all_sent = sent_ == song_.count().bytes;
            quiet = all_sent && tap_.count().bytes == before ? quiet + 1 : 0;
            const double share = static_cast<double>(sent_) /
                                 static_cast<double>(std::max<std::uint64_t>(song_.count().bytes, 1));
            if (request_.progress && !request_.progress(share)) {
                report_.stopped = true;
                break;
            }
        }
        capture.close();
        return {};
    }

    void collect(Pin& capture) {
        for (const CapturedMessage& message : capture.take_captured()) {
            const Nanoseconds at_ns = std::chrono::nanoseconds(message.at).count();
            for (const auto byte : message.bytes) tap_.byte(start_ns_ + at_ns, byte);
            outputs_.write(at_ns, message.bytes);
            end_ns_ = std::max(end_ns_, at_ns);
        }
    }

    const PlayRequest& request_;
    PlayReport report_;
    Song song_;
    Nanoseconds duration_ns_ = 0;
    Outputs outputs_;
    WireTap tap_;
    Nanoseconds start_ns_ = 0;
    Nanoseconds end_ns_ = 0;
    std::uint64_t sent_ = 0;
};

}  // namespace

Result<PlayReport> play(const PlayRequest& request) {
    return Player(request).run();
}
Result<PlayReport> record(const PlayRequest& request) {
    return Recording(request).run();
}

}  // namespace portico::machine
