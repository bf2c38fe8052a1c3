// Playing: a song through a render pin to the wire, or through a cable to its capture pin.
#include "machine/play.h"

#include <algorithm>
#include <chrono>

#include "machine/feeder.h"
#include "machine/run.h"

namespace portico::machine {
namespace {

using std::chrono::milliseconds;

// How far ahead of the stream's time the client queues.
constexpr LONGLONG ahead_ms = 500;
// What is looped back waits in the port driver, which keeps so much and no more: it is fetched more often.
constexpr LONGLONG loop_step_ms = 10;
// How long after the last message a device may still be busy with what came before.
constexpr Nanoseconds settle_limit_ns = 3600 * second_ns;
// Records enough for the first notes of any song: what the client queues ahead, and some hundred messages.
constexpr std::size_t timeline_records = 1 << 16;

class Player final : public Run {
  public:
    using Run::Run;

  private:
    Nanoseconds output_end_ns() const override { return end_ns_; }

    Result<void> perform(Machine& machine) override {
        Pin render = PORTICO_TRY(open_pin(machine, Pin::Render));
        Device device = wire_device(machine);
        report_.has_wire = device.exists();
        std::unique_ptr<Pin> loop;
        if (report_.has_wire) {
            device.on_wire([this](const WireByte& byte) { wire(byte.at.count(), byte.byte, true); });
        } else {
            auto capture = open_pin(machine, Pin::Capture);
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

    double share(std::size_t fed) const {
        return static_cast<double>(fed) /
               static_cast<double>(std::max<std::size_t>(song_.messages().size(), 1));
    }

    void step_through(Machine& machine, Feeder& feeder, Pin* loop) {
        const LONGLONG step_ms = loop == nullptr ? long_step_ms : loop_step_ms;
        for (LONGLONG now_ms = 0; keep_going(machine, share(feeder.fed())); now_ms += step_ms) {
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
            if (!report_.stopped && !keep_going(machine, 1)) silence(machine, render, loop);
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
};

}  // namespace

Result<PlayReport> play(const PlayRequest& request) {
    return Player(request).run();
}

}  // namespace portico::machine
