#pragma once

#include <span>

#include "base/result.h"

namespace portico::ends {

// Where sound goes. After an error, and without finish(), nothing of it remains.
class AudioSink {
  public:
    virtual ~AudioSink() = default;

    virtual unsigned rate_hz() const = 0;
    // Stereo frames, left before right, full scale at -1 and 1; what is beyond is clipped.
    virtual Result<void> write(std::span<const float> samples) = 0;
    virtual Result<void> finish() = 0;
};

}  // namespace portico::ends
