#pragma once

#include <memory>
#include <span>

#include "base/result.h"
#include "ends/event_source.h"
#include "midi/smf.h"

namespace portico::ends {

// A MIDI file of any type. Meta events are not passed on.
class SmfSource : public EventSource {
  public:
    // Errors: bad_input, one line with the place in the file.
    static Result<std::unique_ptr<SmfSource>> open(const std::string& path);
    // The same of a file that load() has read; `path` is what errors call it.
    static Result<std::unique_ptr<SmfSource>> from(std::span<const std::uint8_t> bytes,
                                                   const std::string& path);
    // A file's bytes, or as many as show that it is too large for a MIDI file.
    static Result<std::vector<std::uint8_t>> load(const std::string& path);

    bool next(SourceEvent& event) override;
    Nanoseconds duration_ns() const override { return timeline_.duration_ns; }
    const std::vector<std::string>& warnings() const override { return warnings_; }

  private:
    midi::smf::Timeline timeline_;
    std::vector<std::string> warnings_;
    std::size_t at_ = 0;
};

}  // namespace portico::ends
