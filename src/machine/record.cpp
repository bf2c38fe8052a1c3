// Recording: what the outside world plays into MIDI IN, as a capture pin delivers it.
#include <algorithm>
#include <chrono>

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
        Device device = wire_device(machine);
        if (!device.exists()) return Error{"the machine has no device with a MIDI IN: record needs one"};
        Pin capture = PORTICO_TRY(open_pin(machine, Pin::Capture));
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
        do {
            machine.run_for(std::chrono::milliseconds(long_step_ms));
            const std::uint64_t before = tap_.count().bytes;
            collect(capture);
            const bool all_sent = sent_ == song_.count().bytes;
            quiet = all_sent && tap_.count().bytes == before ? quiet + 1 : 0;
        } while (quiet < 4 && keep_going(machine, share()));
        capture.close();
        return {};
    }

    double share() const {
        return static_cast<double>(sent_) /
               static_cast<double>(std::max<std::uint64_t>(song_.count().bytes, 1));
    }

    void collect(Pin& capture) {
        for (const CapturedMessage& message : capture.take_captured()) {
            const Nanoseconds at_ns = std::chrono::nanoseconds(message.at).count();
            for (const auto byte : message.bytes) tap_.byte(start_ns_ + at_ns, byte);
            outputs_.write(at_ns, message.bytes);
            end_ns_ = std::max(end_ns_, at_ns);
        }
    }

    std::uint64_t sent_ = 0;  // bytes of the song
};

}  // namespace

Result<PlayReport> record(const PlayRequest& request) {
    return Recording(request).run();
}

}  // namespace portico::machine
