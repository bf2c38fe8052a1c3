// A stream's own time, its presentation time: 0 at its first RUN, going on in RUN alone, back to 0 in STOP
// (SP-016, MX-039). The master clock, from which it is an offset, never stands still (CK-002, CX-026).
#pragma once

#include <algorithm>

#include "nt/ke/ke.h"

namespace portico::portcls {

class StreamClock {
  public:
    // 100 ns units. Never less than at its start: another processor's time may be a little behind.
    LONGLONG now_100ns() const {
        return running_ ? base_ + std::max<LONGLONG>(nt::ke::exact_time_100ns() - started_, 0) : base_;
    }
    bool running() const { return running_; }

    // When the master clock shows the stream time, should the stream go on running.
    LONGLONG to_master_100ns(LONGLONG stream_100ns) const { return stream_100ns - base_ + started_; }
    // The stream time of an instant of the master clock that has passed: what was before the present RUN, or
    // is told while the time stands still, has the time at which it stands.
    LONGLONG from_master_100ns(LONGLONG master_100ns) const {
        if (!running_ || master_100ns <= started_) return base_;
        const LONGLONG now = now_100ns();
        return master_100ns >= to_master_100ns(now) ? now : base_ + (master_100ns - started_);
    }

    void run() {
        started_ = nt::ke::exact_time_100ns();
        running_ = true;
    }
    void pause() {
        base_ = now_100ns();
        running_ = false;
    }
    void reset() {
        base_ = 0;
        running_ = false;
    }

  private:
    LONGLONG base_ = 0;
    LONGLONG started_ = 0;
    bool running_ = false;
};

}  // namespace portico::portcls
