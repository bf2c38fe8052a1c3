// A stream's own time: 0 at its first RUN, going on in RUN alone, back to 0 in STOP (SP-016, MX-039).
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
