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
    Nanoseconds output_end_ns() const override {
        const bool begun = render_state_ != nullptr || song_.messages().empty();
        return begun ? end_ns_ : song_.messages().back().at_ns;
    }

    Result<void> perform(Machine& machine) override {
        PORTICO_TRY_VOID(open_pins(machine));
        if (!request_.timeline.empty()) machine.state().trace_taps.keep(timeline_records);
        PORTICO_TRY_VOID(begin(machine, 0));
        start_ns_ = begun_ns_;
        tap_.expect(&song_, start_ns_);
        step_through(machine);
        settle(machine);
        close_pins();
        return {};
    }

    // The render pin, and where the wire's bytes are listened for: there, or at a cable's other end.
    Result<void> open_pins(Machine& machine) {
        render_ = std::make_unique<Pin>(PORTICO_TRY(open_pin(machine, Pin::Render)));
        render_state_ = machine.state().pins.back();
        Device device = wire_device(machine);
        report_.has_wire = device.exists();
        if (report_.has_wire) {
            device.on_wire([this](const WireByte& byte) { wire(byte.at.count(), byte.byte, true); });
            return {};
        }
        auto capture = open_pin(machine, Pin::Capture);
        report_.unheard = !capture.ok();
        if (report_.unheard) return {};
        loop_ = std::make_unique<Pin>(std::move(capture).value());
        if (const Status status = loop_->run(); !status.ok()) return driver_error(machine, status);
        return {};
    }

    // The stream runs from the song's time `origin_ns` on.
    Result<void> begin(Machine& machine, Nanoseconds origin_ns) {
        if (const Status status = render_->pause(); !status.ok()) return driver_error(machine, status);
        feeder_ = std::make_unique<Feeder>(machine, *render_state_, song_, request_.machine.exact_sequencer,
                                           origin_ns);
        feeder_->feed(ahead_ms);
        begun_ns_ = machine.now().count();
        asleep_ns_ = 0;
        if (const Status status = render_->run(); !status.ok()) return driver_error(machine, status);
        playing_ = true;
        return {};
    }

    void close_pins() {
        playing_ = false;
        feeder_.reset();
        loop_.reset();
        render_.reset();
    }

    // What was queued is lost.
    Status close_client(Machine& machine) override {
        if (!render_) return machine::status_of(STATUS_INVALID_HANDLE, "close: no pin is open");
        collect();
        close_pins();
        return {};
    }

    Status open_client(Machine& machine) override {
        if (render_) return machine::status_of(STATUS_INVALID_DEVICE_STATE, "open: the pin is open");
        auto opened = open_pins(machine);
        if (opened.ok()) opened = begin(machine, song_ns(machine));
        if (opened.ok()) return {};
        close_pins();
        return {STATUS_UNSUCCESSFUL, "open: " + opened.error().message};
    }

    // A byte that came out, `at_ns` of machine time.
    void wire(Nanoseconds at_ns, std::uint8_t byte, bool on_wire) {
        tap_.byte(at_ns, byte);
        const Nanoseconds complete_ns = at_ns - start_ns_ + (on_wire ? hardware::midi_byte_ns : 0);
        end_ns_ = std::max(end_ns_, complete_ns);
        outputs_.write(complete_ns, {&byte, 1});
    }

    void collect() {
        if (!loop_) return;
        for (const CapturedMessage& message : loop_->take_captured()) {
            const Nanoseconds at_ns = begun_ns_ + std::chrono::nanoseconds(message.at).count();
            for (const auto byte : message.bytes) wire(at_ns, byte, false);
        }
    }

    LONGLONG step_ms() const { return loop_ ? loop_step_ms : long_step_ms; }

    // Up to what comes next, when all that was queued has come out; else step_ms().
    LONGLONG step_ms(const Machine& machine) const {
        LONGLONG silence_ms =
            std::min(silent_step_ms, (scenario_.next_ns() - song_ns(machine)) / millisecond_ns);
        if (playing_) {
            if (feeder_->queued_until_ms() + ahead_ms > stream_ms(machine)) return step_ms();
            silence_ms = std::min(silence_ms, feeder_->next_ms() - ahead_ms - stream_ms(machine));
        }
        return std::max(step_ms(), silence_ms);
    }

    LONGLONG stream_ms(const Machine& machine) const {
        return (machine.now().count() - begun_ns_ - asleep_ns_) / millisecond_ns;
    }

    double share() const {
        const std::size_t fed = feeder_ ? feeder_->fed() : 0;
        return static_cast<double>(fed) /
               static_cast<double>(std::max<std::size_t>(song_.messages().size(), 1));
    }

    // Until everything is queued, and every step of the scenario done. A device without power takes nothing,
    // and its stream's time stands still (LC-042).
    void step_through(Machine& machine) {
        while (keep_going(machine, share())) {
            const bool awake = machine.state().awake();
            if (playing_ && awake) playing_ = NT_SUCCESS(feeder_->feed(stream_ms(machine) + ahead_ms));
            if (scenario_.over() && (!playing_ || !awake || feeder_->done())) break;
            const Nanoseconds before_ns = machine.now().count();
            advance(machine, step_ms(machine) * millisecond_ns);
            if (!awake) asleep_ns_ += machine.now().count() - std::max(before_ns, begun_ns_);
            collect();
            tell_silence(machine);
        }
    }

    // Lets what is queued come out; after a stop, silences what sounds.
    void settle(Machine& machine) {
        if (machine.bug_checked()) return;
        const bool can_play = playing_ && machine.state().awake();
        if (report_.stopped && can_play) silence(machine);
        while (can_play && !machine.bug_checked() && !outputs_.failed()) {
            const Status status = render_->drain(milliseconds(step_ms()));
            collect();
            if (status.code != static_cast<std::int32_t>(STATUS_IO_TIMEOUT)) break;
            if (song_ns(machine) > duration_ns_ + settle_limit_ns) break;
            if (!report_.stopped && !keep_going(machine, 1)) silence(machine);
        }
        run_dry(machine);
    }

    // The device's own queue, and what the cable has looped back.
    void run_dry(Machine& machine) {
        for (std::uint64_t before = ~0ull; before != tap_.count().bytes && !machine.bug_checked();) {
            before = tap_.count().bytes;
            machine.run_for(milliseconds(20));
            collect();
        }
    }

    // Ctrl-C: what is queued is given up, every key that is down is released.
    void silence(Machine& machine) {
        const Status cancelled = render_->cancel();
        (void)cancelled;
        run_dry(machine);
        std::vector<std::uint8_t> offs;
        tap_.count().notes.for_each_held([&](unsigned channel, unsigned key, unsigned count) {
            for (unsigned i = 0; i < count; ++i) {
                offs.insert(offs.end(), {static_cast<std::uint8_t>(0x80 | channel),
                                         static_cast<std::uint8_t>(key), 0x40});
            }
        });
        tap_.expect(nullptr, 0);
        if (offs.empty()) return;
        const Status written = render_->write(offs);
        (void)written;
    }

    std::unique_ptr<Pin> render_;
    Pin::State_* render_state_ = nullptr;
    std::unique_ptr<Pin> loop_;  // a cable's other end
    std::unique_ptr<Feeder> feeder_;
    Nanoseconds begun_ns_ = 0;   // machine time at which the streams began to run
    Nanoseconds asleep_ns_ = 0;  // since then, without power
    bool playing_ = false;
};

}  // namespace

Result<PlayReport> play(const PlayRequest& request) {
    return Player(request).run();
}

}  // namespace portico::machine
