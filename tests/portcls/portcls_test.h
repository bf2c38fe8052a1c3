// A simulated computer with a kernel, on whose system threads a test runs its body.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <list>

#include "contracts.h"
#include "nt/ex/pool.h"
#include "nt/ke/ke.h"
#include "nt/reset.h"
#include "portcls/live_objects.h"
#include "portcls/reset.h"
#include "sim/arena.h"
#include "sim/bus.h"

namespace portico::test {

class PortclsTest : public ::testing::Test {
  protected:
    PortclsTest() {
        sim::reserve_arena();
        sim::scheduler.reset(2, 7);
        sim::bus.reset();
        nt::reset_findings();
        nt::reset();
        portcls::reset();
    }

    // Runs the body on a system thread, to its end, within 10 s of simulated time.
    void run(std::function<void()> body) {
        start(std::move(body));
        sim::scheduler.run(
            sim::scheduler.now_ns() + 10 * second_ns,
            [](void* self) { return static_cast<PortclsTest*>(self)->running_ == 0; }, this);
        EXPECT_EQ(running_, 0) << (sim::scheduler.frozen() ? "a bug check stopped the machine"
                                                           : "a thread of the test still runs or waits");
    }

    // A further thread, for a body that is running.
    void start(std::function<void()> body) {
        bodies_.push_back({this, std::move(body)});
        ++running_;
        ASSERT_NE(nt::ke::create_thread("test", entry, &bodies_.back()), nullptr);
    }

    Contracts contracts_;

  private:
    struct Body {
        PortclsTest* test;
        std::function<void()> run;
    };
    static void NTAPI entry(void* context) {
        auto* const body = static_cast<Body*>(context);
        body->run();
        --body->test->running_;
        nt::ke::exit_current_thread(STATUS_SUCCESS);
    }

    std::list<Body> bodies_;
    int running_ = 0;
};

// The body at a raised IRQL, on the running thread.
template <class Body>
auto at_irql(sim::Irql irql, Body&& body) {
    const sim::Irql old = nt::ke::raise(irql);
    struct Lower {
        sim::Irql to;
        ~Lower() { nt::ke::lower(to); }
    } lower{old};
    return body();
}

// Lets the other processors and what waits at DISPATCH_LEVEL go on.
inline void let_pass(Nanoseconds time_ns) {
    nt::ke::delay(KernelMode, false, -time_ns / 100);
}

}  // namespace portico::test
