#include "sim/exploring.h"

#include <bit>
#include <utility>

#include "base/check.h"

namespace portico::sim {

unsigned RandomPolicy::choose_processor(std::uint32_t candidates, unsigned) {
    auto skip = random_.below(static_cast<unsigned>(std::popcount(candidates)));
    while (skip-- > 0) candidates &= candidates - 1;
    return static_cast<unsigned>(std::countr_zero(candidates));
}

// ---- PCT ----

PctPolicy::PctPolicy(std::uint64_t seed, unsigned depth) : random_(seed), change_count_(depth - 1) {
    PORTICO_CHECK(depth >= 1 && depth <= depth_limit);
}

void PctPolicy::begin_window() {
    window_ = 64u << (2 * random_.below(4));
    step_ = 0;
    lowest_ = 0;
    for (unsigned i = 0; i < max_processors; ++i) priorities_[i] = static_cast<int>(i) + 1;
    for (unsigned i = max_processors - 1; i > 0; --i) {
        std::swap(priorities_[i], priorities_[random_.below(i + 1)]);
    }
    for (unsigned i = 0; i < change_count_; ++i) changes_[i] = static_cast<unsigned>(random_.below(window_));
}

unsigned PctPolicy::choose_processor(std::uint32_t candidates, unsigned) {
    if (step_ == window_) begin_window();
    const auto best = [&] {
        unsigned found = static_cast<unsigned>(std::countr_zero(candidates));
        for (unsigned i = found + 1; i < max_processors; ++i) {
            if ((candidates >> i & 1u) != 0 && priorities_[i] > priorities_[found]) found = i;
        }
        return found;
    };
    for (unsigned i = 0; i < change_count_; ++i) {
        if (changes_[i] == step_) priorities_[best()] = --lowest_;
    }
    ++step_;
    return best();
}

// ---- the record ----

std::vector<unsigned> ChoiceLog::runs() const {
    std::vector<unsigned> runs;
    for (const std::uint8_t choice : choices_) {
        if (!runs.empty() && runs[runs.size() - 2] == choice) {
            ++runs.back();
        } else {
            runs.push_back(choice);
            runs.push_back(1);
        }
    }
    return runs;
}

bool ChoiceLog::from_runs(const std::vector<unsigned>& runs, std::vector<std::uint8_t>& choices) {
    if (runs.size() % 2 != 0) return false;
    for (std::size_t i = 0; i < runs.size(); i += 2) {
        const unsigned choice = runs[i];
        const bool known = choice < max_processors || choice == tick_comes || choice == tick_is_lost;
        if (!known || runs[i + 1] == 0 || runs[i + 1] > capacity - choices.size()) return false;
        choices.insert(choices.end(), runs[i + 1], static_cast<std::uint8_t>(choice));
    }
    return true;
}

unsigned Recorder::choose_processor(std::uint32_t candidates, unsigned by_time) {
    const unsigned chosen = asked_.choose_processor(candidates, by_time);
    log_.add(static_cast<std::uint8_t>(chosen));
    return chosen;
}

bool Recorder::choose_tick() {
    const bool comes = asked_.choose_tick();
    log_.add(comes ? ChoiceLog::tick_comes : ChoiceLog::tick_is_lost);
    return comes;
}

// ---- playing it back ----

void Playback::misfit() {
    if (misfits_++ == 0) first_misfit_ = next_ - 1;
}

unsigned Playback::choose_processor(std::uint32_t candidates, unsigned by_time) {
    const unsigned original = original_.choose_processor(candidates, by_time);
    if (next_ == choices_.size()) return original;
    const std::uint8_t wanted = choices_[next_++];
    if (wanted < max_processors && (candidates >> wanted & 1u) != 0) return wanted;
    misfit();
    return original;
}

bool Playback::choose_tick() {
    const bool original = original_.choose_tick();
    if (next_ == choices_.size()) return original;
    const std::uint8_t wanted = choices_[next_++];
    if (wanted == ChoiceLog::tick_comes || wanted == ChoiceLog::tick_is_lost)
        return wanted == ChoiceLog::tick_comes;
    misfit();
    return original;
}

}  // namespace portico::sim
