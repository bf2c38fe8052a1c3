// Recording: what the outside world plays into MIDI IN, as a capture pin delivers it.
#include <algorithm>
#include <chrono>
#include <memory>

#include "machine/play.h"
#include "machine/run.h"

namespace portico::machine {
namespace {

class Recording final : public Run {
  public:
    using Run::Run;

  private:
    Nanoseconds output_end_ns() const override {
        return std::max(end_ns_, report_.stopped ? 0 : duration_ns_);
    }

    Result<void> perform(Machine& machine) override {
        if (!wire_device(machine).exists())
            return Error{"the machine has no device with a MIDI IN: record needs one"};
        report_.has_wire = false;  // what comes out is what is captured
        PORTICO_TRY_VOID(begin(machine));
        start_ns_ = begun_ns_;
        tap_.expect(&song_, start_ns_);
        listen(machine);
        unsigned quiet = 0;
        do {
            const std::uint64_t before = tap_.count().bytes;
            const std::uint64_t sent_before = sent_;
            advance(machine, step_ms(machine) * millisecond_ns);
            collect();
            tell_silence(machine);
            // A device that is gone takes no more of the song, which goes on all the same.
            const bool sent = sent_ == song_.count().bytes || song_ns(machine) > duration_ns_;
            const bool still = tap_.count().bytes == before && sent_ == sent_before;
            quiet = sent && still && scenario_.over() ? quiet + 1 : 0;
        } while (quiet < 4 && keep_going(machine, share()));
        capture_.reset();
        return {};
    }

    // Up to what comes next; long_step_ms when that is near, or nothing comes.
    LONGLONG step_ms(const Machine& machine) const {
        Nanoseconds next_ns = scenario_.next_ns();
        if (message_ < song_.messages().size()) next_ns = std::min(next_ns, song_.messages()[message_].at_ns);
        if (next_ns == never_ns) return long_step_ms;
        const LONGLONG silence_ms = (next_ns - song_ns(machine)) / millisecond_ns;
        return std::clamp(silence_ms, long_step_ms, silent_step_ms);
    }

    Result<void> begin(Machine& machine) {
        capture_ = std::make_unique<Pin>(PORTICO_TRY(open_pin(machine, Pin::Capture)));
        if (const Status status = capture_->run(); !status.ok()) return driver_error(machine, status);
        begun_ns_ = machine.now().count();
        return {};
    }

    Status close_client(Machine&) override {
        if (!capture_) return status_of(STATUS_INVALID_HANDLE, "close: no pin is open");
        collect();
        capture_.reset();
        return {};
    }

    Status open_client(Machine& machine) override {
        if (capture_) return status_of(STATUS_INVALID_DEVICE_STATE, "open: the pin is open");
        const auto opened = begin(machine);
        if (opened.ok()) return {};
        capture_.reset();
        return {STATUS_UNSUCCESSFUL, "open: " + opened.error().message};
    }

    void listen(Machine& machine) {
        wire_device(machine).receive_from([this](WireByte& next) { return next_byte(next); });
    }

    // The message on the wire is cut off, and what the outside world plays meanwhile is lost.
    void device_left(Machine& machine) override {
        gone_ = true;
        if (at_ != 0) skip_message();
        listen(machine);
    }

    void skip_message() {
        sent_ += song_.messages()[message_].size - at_;
        ++message_;
        at_ = 0;
    }

    bool next_byte(WireByte& next) {
        const auto& messages = song_.messages();
        if (message_ < messages.size() && at_ == messages[message_].size) skip_message();
        const Nanoseconds now_ns = sim::scheduler.now_ns() - start_ns_;
        while (gone_ && message_ < messages.size() && messages[message_].at_ns < now_ns) skip_message();
        gone_ = false;
        if (message_ == messages.size()) return false;
        const Song::Message& source = messages[message_];
        next = {std::chrono::nanoseconds(start_ns_ + source.at_ns), song_.bytes_of(source)[at_++]};
        ++sent_;
        return true;
    }

    double share() const {
        return static_cast<double>(sent_) /
               static_cast<double>(std::max<std::uint64_t>(song_.count().bytes, 1));
    }

    void collect() {
        if (!capture_) return;
        for (const CapturedMessage& message : capture_->take_captured()) {
            const Nanoseconds at_ns = begun_ns_ - start_ns_ + std::chrono::nanoseconds(message.at).count();
            for (const auto byte : message.bytes) tap_.byte(start_ns_ + at_ns, byte);
            outputs_.write(at_ns, message.bytes);
            end_ns_ = std::max(end_ns_, at_ns);
        }
    }

    std::unique_ptr<Pin> capture_;
    Nanoseconds begun_ns_ = 0;  // machine time at which the stream began to run
    std::size_t message_ = 0;   // the song's that is being sent
    std::size_t at_ = 0;        // its next byte
    std::uint64_t sent_ = 0;    // bytes of the song
    bool gone_ = false;         // no device listens
};

}  // namespace

Result<PlayReport> record(const PlayRequest& request) {
    return Recording(request).run();
}

}  // namespace portico::machine
