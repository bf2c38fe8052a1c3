// Policies that look for interleavings which NT's order never shows, the record of what they chose, and its
// playing back.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "sim/policy.h"
#include "sim/processor.h"
#include "sim/random.h"

namespace portico::sim {

// Every processor that may go on is equally likely, at every point. One tick in 16 is lost.
class RandomPolicy final : public Policy {
  public:
    explicit RandomPolicy(std::uint64_t seed) : random_(seed) {}
    bool explores() const override { return true; }
    unsigned choose_processor(std::uint32_t candidates, unsigned by_time) override;
    bool choose_tick() override { return random_.below(16) != 0; }

  private:
    Random random_;
};

// Probabilistic concurrency testing: the processor with the highest priority goes on, and at depth - 1 random
// choices the running one falls behind all others. A run of any length is a row of windows, each with new
// priorities and a random length w of 64, 256, 1024 or 4096 choices: a bug that needs d <= depth orderings
// among n processors within w choices shows in a window of that length with a probability of at least 1 / (n
// * w^(d-1)).
class PctPolicy final : public Policy {
  public:
    static constexpr unsigned depth_limit = 16;

    // depth: 1..depth_limit.
    PctPolicy(std::uint64_t seed, unsigned depth);
    bool explores() const override { return true; }
    unsigned choose_processor(std::uint32_t candidates, unsigned by_time) override;
    bool choose_tick() override { return random_.below(16) != 0; }

  private:
    void begin_window();

    Random random_;
    unsigned change_count_;
    unsigned window_ = 0;  // its length
    unsigned step_ = 0;
    int lowest_ = 0;
    std::array<int, max_processors> priorities_{};
    std::array<unsigned, depth_limit> changes_{};  // steps in the window
};

// Choices in their order, each a small number: a processor's index, or one of the two for a tick. The first
// `capacity` are kept, the others counted.
class ChoiceLog {
  public:
    static constexpr std::uint64_t capacity = 1u << 20;
    static constexpr std::uint8_t tick_comes = 16;
    static constexpr std::uint8_t tick_is_lost = 17;

    ChoiceLog() { choices_.reserve(capacity); }

    void add(std::uint8_t choice) {
        ++count_;
        if (choices_.size() < capacity) choices_.push_back(choice);
    }
    std::uint64_t count() const { return count_; }
    const std::vector<std::uint8_t>& kept() const { return choices_; }

    // Choice and how many times in a row, by turns: what a replay file holds.
    std::vector<unsigned> runs() const;
    // False: not made by runs(), or more than `capacity`.
    static bool from_runs(const std::vector<unsigned>& runs, std::vector<std::uint8_t>& choices);

  private:
    std::vector<std::uint8_t> choices_;
    std::uint64_t count_ = 0;
};

// Asks another policy and writes down what it says.
class Recorder final : public Policy {
  public:
    Recorder(Policy& asked, ChoiceLog& log) : asked_(asked), log_(log) {}
    bool explores() const override { return asked_.explores(); }
    unsigned choose_processor(std::uint32_t candidates, unsigned by_time) override;
    bool choose_tick() override;

  private:
    Policy& asked_;
    ChoiceLog& log_;
};

// Chooses what was recorded. Beyond the record, and where a recorded choice is none of those that there are,
// the policy that made it decides: it is asked all the time, so that it is where it was.
class Playback final : public Policy {
  public:
    Playback(std::vector<std::uint8_t> choices, Policy& original)
        : choices_(std::move(choices)), original_(original) {}
    bool explores() const override { return true; }
    unsigned choose_processor(std::uint32_t candidates, unsigned by_time) override;
    bool choose_tick() override;

    // Recorded choices that were not to be had: the record is of another run.
    std::uint64_t misfits() const { return misfits_; }
    // Index of the first.
    std::uint64_t first_misfit() const { return first_misfit_; }
    std::uint64_t played() const { return next_; }
    std::uint64_t recorded() const { return choices_.size(); }

  private:
    void misfit();

    std::vector<std::uint8_t> choices_;
    Policy& original_;
    std::uint64_t next_ = 0;
    std::uint64_t misfits_ = 0;
    std::uint64_t first_misfit_ = 0;
};

}  // namespace portico::sim
