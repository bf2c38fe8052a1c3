// A machine on which something happens while its client is in the middle of something else.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "machine/state.h"
#include "nt/ke/ke.h"
#include "portico/gtest.h"
#include "sim/scheduler.h"

namespace portico::test {

// What another thread of the system does, `after_ns` from now, whatever the client does then.
class Meanwhile {
  public:
    Meanwhile(Nanoseconds after_ns, std::function<void()> body) : state_(std::make_shared<State>()) {
        state_->after_ns = after_ns;
        state_->body = std::move(body);
        kept_ = state_;
        EXPECT_NE(nt::ke::create_thread("meanwhile", main, state_.get()), nullptr);
    }
    Meanwhile(const Meanwhile&) = delete;
    Meanwhile& operator=(const Meanwhile&) = delete;

    bool done() const { return state_->done; }

  private:
    struct State {
        Nanoseconds after_ns = 0;
        std::function<void()> body;
        bool done = false;
    };
    static void NTAPI main(void* context) {
        auto* const state = static_cast<State*>(context);
        nt::ke::stall(state->after_ns);
        state->body();
        state->done = true;
        nt::ke::exit_current_thread(STATUS_SUCCESS);
    }

    std::shared_ptr<State> state_;
    // One that never ends is the machine's, not the test's: its thread may look at it until the next machine.
    inline static std::shared_ptr<State> kept_;
};

}  // namespace portico::test
