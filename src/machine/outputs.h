// The files that a run of the command line writes.
#pragma once

#include <algorithm>
#include <memory>
#include <string_view>
#include <vector>

#include "ends/back_ends.h"
#include "machine/play.h"

namespace portico::machine {

// Several outputs as one; times count from the song's start.
class Outputs {
  public:
    // `length_ns`: how long they will be at least.
    Result<void> open(const PlayRequest& request, Nanoseconds length_ns) {
        ends::OutputOptions options = request.output_options;
        options.batch = &batch_;
        options.length_ns = length_ns_ = length_ns;
        if (!request.timeline.empty()) {
            timeline_ = std::make_unique<ends::OutputFile>(PORTICO_TRY(
                ends::OutputFile::create(request.timeline, ends::TemporaryKind::nameless, &batch_)));
        }
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
    // Not beyond the end that is known: what does not come makes no output longer.
    void silent_until(Nanoseconds at_ns) {
        at_ns = std::min(at_ns, length_ns_);
        for (auto& sink : sinks_) {
            if (failure_.message.empty()) keep(sink->silent_until(std::max<Nanoseconds>(at_ns, 0)));
        }
    }
    bool failed() const { return !failure_.message.empty(); }
    // What they hold is whole; they take their places with commit().
    Result<void> finish(Nanoseconds end_ns) {
        for (auto& sink : sinks_) {
            if (!failed()) keep(sink->finish(std::max<Nanoseconds>(end_ns, 0)));
        }
        if (failed()) return failure_;
        return {};
    }
    Result<void> write_timeline(std::string_view svg) {
        PORTICO_TRY_VOID(timeline_->write({reinterpret_cast<const std::uint8_t*>(svg.data()), svg.size()}));
        return timeline_->commit();
    }
    Result<void> commit() { return batch_.commit(); }

  private:
    void keep(const Result<void>& result) {
        if (!result.ok() && failure_.message.empty()) failure_ = result.error();
    }
    ends::OutputBatch batch_;  // one that fails takes the others with it
    std::vector<std::unique_ptr<ends::EventSink>> sinks_;
    std::unique_ptr<ends::OutputFile> timeline_;  // null: none is wanted
    Nanoseconds length_ns_ = 0;
    Error failure_;
};

}  // namespace portico::machine
