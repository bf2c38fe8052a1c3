// The files that a run of the command line writes.
#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "ends/back_ends.h"
#include "machine/play.h"

namespace portico::machine {

// Several outputs as one; times count from the song's start.
class Outputs {
  public:
    Result<void> open(const PlayRequest& request) {
        ends::OutputOptions options = request.output_options;
        options.batch = &batch_;
        for (const std::string& path : request.outputs) {
            sinks_.push_back(PORTICO_TRY(ends::open_output(path, options)));
        }
        return {};
    }
    // Remembers the first error; finish() tells it.
    void write(Nanoseconds at_ns, std::span<const std::uint8_t> bytes) {
        for (auto& sink : sinks_) {
            if (failure_.message.empty()) keep(sink->write(std::max<Nanoseconds>(at_ns, 0), bytes));
        }
    }
    bool failed() const { return !failure_.message.empty(); }
    Result<void> finish(Nanoseconds end_ns) {
        for (auto& sink : sinks_) {
            if (!failed()) keep(sink->finish(std::max<Nanoseconds>(end_ns, 0)));
        }
        if (!failed()) keep(batch_.commit());
        if (failed()) return failure_;
        return {};
    }

  private:
    void keep(const Result<void>& result) {
        if (!result.ok() && failure_.message.empty()) failure_ = result.error();
    }
    ends::OutputBatch batch_;  // one that fails takes the others with it
    std::vector<std::unique_ptr<ends::EventSink>> sinks_;
    Error failure_;
};

}  // namespace portico::machine
