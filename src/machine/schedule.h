// How a machine chooses among interleavings: MachineConfig::schedule in words, and the policies behind it.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "portico/portico.h"
#include "sim/exploring.h"

namespace portico::machine {

// "ordered", "random", "pct", "pct:5".
Result<void> parse_schedule(std::string_view text, MachineConfig& config);
std::string schedule_text(const MachineConfig& config);

// The choices of one Machine: made, recorded, or played back.
class Choices {
  public:
    Choices() = default;
    ~Choices();
    Choices(const Choices&) = delete;
    Choices& operator=(const Choices&) = delete;

    // Gives the scheduler, just reset, the policy that `config` asks for. `recorded`: runs of choices to play
    // back, may be empty.
    Result<void> begin(const MachineConfig& config, const std::vector<unsigned>& recorded);
    // What was chosen so far (ChoiceLog::runs); empty for an ordered schedule.
    std::vector<unsigned> runs() const;
    // One line when recorded choices were not to be had; empty when all fitted.
    std::string misfit() const;

  private:
    std::unique_ptr<sim::Policy> policy_;
    std::unique_ptr<sim::Playback> playback_;
    std::unique_ptr<sim::ChoiceLog> log_;
    std::unique_ptr<sim::Recorder> recorder_;
};

}  // namespace portico::machine
