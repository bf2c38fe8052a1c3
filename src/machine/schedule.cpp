#include "machine/schedule.h"

#include <fmt/format.h>

#include <charconv>

#include "sim/scheduler.h"

namespace portico::machine {
namespace {

// The policy's random numbers are others than the executive's, which come of the same seed.
constexpr std::uint64_t policy_stream = 0x5eed0f5c4ed01e5ull;

}  // namespace

Result<void> parse_schedule(std::string_view text, MachineConfig& config) {
    const Error refused{fmt::format(
        "no such schedule: '{}'; ordered, random, pct or pct:DEPTH with a depth from 1 to {} is wanted", text,
        sim::PctPolicy::depth_limit)};
    if (text == "ordered") {
        config.schedule = Schedule::ordered;
    } else if (text == "random") {
        config.schedule = Schedule::random;
    } else if (text == "pct") {
        config.schedule = Schedule::pct;
    } else if (text.starts_with("pct:")) {
        unsigned depth = 0;
        const auto [end, error] = std::from_chars(text.data() + 4, text.data() + text.size(), depth);
        const bool number = error == std::errc{} && end == text.data() + text.size();
        if (!number || depth < 1 || depth > sim::PctPolicy::depth_limit) return refused;
        config.schedule = Schedule::pct;
        config.pct_depth = depth;
    } else {
        return refused;
    }
    return {};
}

std::string schedule_text(const MachineConfig& config) {
    switch (config.schedule) {
        case Schedule::ordered:
            return "ordered";
        case Schedule::random:
            return "random";
        case Schedule::pct:
            return fmt::format("pct:{}", config.pct_depth);
    }
    return "ordered";
}

Choices::~Choices() {
    if (recorder_ != nullptr && sim::scheduler.policy == recorder_.get()) sim::scheduler.policy = nullptr;
}

Result<void> Choices::begin(const MachineConfig& config, const std::vector<unsigned>& recorded) {
    if (config.schedule == Schedule::ordered) return {};
    if (config.schedule == Schedule::random) {
        policy_ = std::make_unique<sim::RandomPolicy>(config.seed ^ policy_stream);
    } else {
        if (config.pct_depth < 1 || config.pct_depth > sim::PctPolicy::depth_limit) {
            return Error{fmt::format("pct_depth is {}; it may be 1 to {}", config.pct_depth,
                                     sim::PctPolicy::depth_limit)};
        }
        policy_ = std::make_unique<sim::PctPolicy>(config.seed ^ policy_stream, config.pct_depth);
    }
    sim::Policy* asked = policy_.get();
    if (!recorded.empty()) {
        std::vector<std::uint8_t> choices;
        if (!sim::ChoiceLog::from_runs(recorded, choices)) return Error{"the recorded choices are damaged"};
        playback_ = std::make_unique<sim::Playback>(std::move(choices), *policy_);
        asked = playback_.get();
    }
    log_ = std::make_unique<sim::ChoiceLog>();
    recorder_ = std::make_unique<sim::Recorder>(*asked, *log_);
    sim::scheduler.policy = recorder_.get();
    return {};
}

std::vector<unsigned> Choices::runs() const {
    return log_ == nullptr ? std::vector<unsigned>{} : log_->runs();
}

std::string Choices::misfit() const {
    if (playback_ == nullptr || playback_->misfits() == 0) return {};
    return fmt::format("choice {} of {} was not to be had: the recorded choices do not fit this run",
                       playback_->first_misfit() + 1, playback_->recorded());
}

}  // namespace portico::machine
