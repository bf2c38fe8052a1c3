// A scenario while its run goes on: which steps are due, doing them, what came of them.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "machine/scenario.h"
#include "portico/portico.h"

namespace portico::machine {

// What became of one step.
struct StepResult {
    Nanoseconds at_ns = 0;            // from the song's start
    std::string text;                 // the step as it was written
    std::int32_t code = 0;            // NTSTATUS
    std::string name;                 // "STATUS_DEVICE_BUSY"
    std::string message;              // why it failed; empty on success
    std::vector<std::uint8_t> bytes;  // that an ioctl gave back
};

// What the run's own client does.
struct ScenarioClient {
    std::function<Status()> close;
    std::function<Status()> open;
};

class ScenarioRun {
  public:
    ScenarioRun(const Scenario& scenario, ScenarioClient client)
        : scenario_(&scenario), client_(std::move(client)) {}

    bool over() const { return next_ == scenario_->size(); }
    // When the next step is due, from the song's start; none: the end of time.
    Nanoseconds next_ns() const;
    // Does the next step; null when that failed. `now_ns` from the song's start.
    const ScenarioStep* step(Machine& machine, Nanoseconds now_ns);

    const std::vector<StepResult>& results() const { return results_; }
    // A step took the device, its power or the client's pin away: not all messages can come out.
    bool disturbed() const { return disturbed_; }

  private:
    Status perform(Machine& machine, const ScenarioStep& step);
    Status send_ioctl(Machine& machine, const ScenarioStep& step);
    Status open_device(Machine& machine, const ScenarioStep& step);
    Status close_device(const ScenarioStep& step);

    const Scenario* scenario_;
    ScenarioClient client_;
    std::size_t next_ = 0;
    std::vector<StepResult> results_;
    std::map<std::string, File> files_;  // that "open DEVICE" opened
    std::vector<std::uint8_t> answer_;   // of the step that runs
    bool disturbed_ = false;
};

}  // namespace portico::machine
