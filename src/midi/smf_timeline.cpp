#include <algorithm>

#include <fmt/format.h>

#include "base/check.h"
#include "midi/smf.h"

namespace portico::midi::smf {
namespace {

using Wide = unsigned __int128;

// The time of a tick as a fraction: `scaled_` / `denominator_` nanoseconds. Rounded only when asked for, so
// that neither tempo changes nor length make it drift. One denominator serves a whole file.
class TickClock {
  public:
    explicit TickClock(std::uint16_t division) {
        if ((division & 0x8000) == 0) {
            denominator_ = division;
            set_tempo(500'000);
            return;
        }
        smpte_ = true;
        const unsigned frames = 256u - (division >> 8);
        const unsigned ticks = division & 0xFFu;
        // 29 stands for 30 frames drop-frame: 30000/1001 frames a second.
        ns_a_tick_ = frames == 29 ? second_ns * 1001 : second_ns;
        denominator_ = frames == 29 ? 30'000u * ticks : frames * ticks;
    }

    void set_tempo(std::uint32_t quarter_us) {
        if (!smpte_) ns_a_tick_ = std::uint64_t{quarter_us} * microsecond_ns;
    }

    // `tick` counts from the last start_over() and never goes back.
    void advance(std::uint64_t tick) {
        scaled_ += Wide{tick - tick_} * ns_a_tick_;
        tick_ = tick;
    }

    // The next sequence begins where this one ends.
    void start_over() {
        tick_ = 0;
        set_tempo(500'000);
    }

    bool too_late() const { return scaled_ / denominator_ >= Wide{time_ns_max}; }
    Nanoseconds at_ns() const {
        return static_cast<Nanoseconds>((scaled_ + denominator_ / 2) / denominator_);
    }

  private:
    Wide scaled_ = 0;
    std::uint64_t tick_ = 0;
    std::uint64_t ns_a_tick_ = 0;
    std::uint64_t denominator_ = 1;
    bool smpte_ = false;
};

struct Ticked {
    const Event* event;
    std::uint16_t track;
};

class Builder {
  public:
    Builder(const File& file, std::string_view name) : file_(file), name_(name), clock_(file.division) {}

    Result<Timeline> build() {
        if (file_.format == 2) {
            for (std::size_t i = 0; i < file_.tracks.size(); ++i) {
                PORTICO_TRY_VOID(sequence(i, i + 1));
                clock_.start_over();
            }
        } else {
            PORTICO_TRY_VOID(sequence(0, file_.tracks.size()));
        }
        return std::move(timeline_);
    }

  private:
    Result<void> sequence(std::size_t first, std::size_t last) {
        std::uint64_t end_tick = 0;
        for (std::size_t i = first; i < last; ++i) end_tick = std::max(end_tick, file_.tracks[i].end_tick);
        for (const auto& [event, track] : merged(first, last)) {
            clock_.advance(event->tick);
            PORTICO_TRY_VOID(in_time(track));
            if (event->kind == EventKind::meta && event->meta_type == meta_tempo) tempo(*event);
            timeline_.events.push_back(
                {clock_.at_ns(), event->at, event->size, event->kind, event->meta_type, track});
        }
        clock_.advance(end_tick);
        PORTICO_TRY_VOID(in_time(first));
        timeline_.duration_ns = clock_.at_ns();
        return {};
    }

    std::vector<Ticked> merged(std::size_t first, std::size_t last) const {
        std::vector<Ticked> events;
        for (std::size_t i = first; i < last; ++i) {
            for (const auto& event : file_.tracks[i].events) {
                events.push_back({&event, static_cast<std::uint16_t>(i)});
            }
        }
        std::stable_sort(events.begin(), events.end(),
                         [](const Ticked& a, const Ticked& b) { return a.event->tick < b.event->tick; });
        return events;
    }

    // The reader has replaced unusable tempos by none.
    void tempo(const Event& event) {
        const auto data = file_.bytes_of(event);
        if (data.size() != 3) return;
        const std::uint32_t quarter_us = data[0] << 16 | data[1] << 8 | data[2];
        if (quarter_us != 0) clock_.set_tempo(quarter_us);
    }

    Result<void> in_time(std::size_t track) const {
        if (!clock_.too_late()) return {};
        return Error{fmt::format("{}: track {}: an event lies more than {} years after the start", name_,
                                 track + 1, time_ns_max / second_ns / 31'557'600)};
    }

    const File& file_;
    std::string_view name_;
    TickClock clock_;
    Timeline timeline_;
};

}  // namespace

Result<Timeline> timeline(File file, std::string_view name) {
    auto timeline = PORTICO_TRY(Builder(file, name).build());
    timeline.bytes = std::move(file.bytes);
    return timeline;
}

}  // namespace portico::midi::smf
