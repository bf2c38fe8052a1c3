// A machine with an executive and nothing else: kernel code of a test runs on a system thread inside it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "nt/ke/ke.h"
#include "nt/probes.h"
#include "nt/reset.h"
#include "sim/scheduler.h"

namespace portico::test {

class Kernel {
  public:
    explicit Kernel(unsigned processors = 1, std::uint64_t seed = 1) {
        sim::scheduler.reset(processors, seed);
        nt::reset();
        nt::probes = nt::Probes{};
    }
    ~Kernel() { nt::probes = nt::Probes{}; }

    // The same for every body that was started.
    bool finish(Nanoseconds limit_ns = 3600 * second_ns) {
        const auto until_ns = sim::scheduler.now_ns() + limit_ns;
        return sim::scheduler.run(
            until_ns, [](void* self) { return static_cast<Kernel*>(self)->running_ == 0; }, this);
    }

    // Runs `body` at PASSIVE_LEVEL on a system thread until it returns; false when `limit_ns` passed first.
    bool run(const std::function<void()>& body, Nanoseconds limit_ns = 3600 * second_ns) {
        start(body);
        Body* const own = bodies_.back().get();
        const auto until_ns = sim::scheduler.now_ns() + limit_ns;
        return sim::scheduler.run(
            until_ns, [](void* context) { return static_cast<Body*>(context)->done; }, own);
    }

    // Starts a thread and returns; run() or settle() makes it go.
    void start(const std::function<void()>& body, KPRIORITY priority = 8) {
        bodies_.push_back(std::make_unique<Body>(Body{this, body, priority, false}));
        ++running_;
        nt::ke::create_thread("test", &Kernel::main, bodies_.back().get());
    }
    // Lets the machine run for so long.
    void settle(Nanoseconds duration_ns) {
        sim::scheduler.run(sim::scheduler.now_ns() + duration_ns, nullptr, nullptr);
    }

  private:
    struct Body {
        Kernel* kernel;
        std::function<void()> body;
        KPRIORITY priority;
        bool done;
    };
    static void NTAPI main(void* context) {
        auto& body = *static_cast<Body*>(context);
        if (body.priority != 8) nt::ke::set_priority(*nt::ke::current_thread(), body.priority);
        body.body();
        body.done = true;
        --body.kernel->running_;
    }
    std::vector<std::unique_ptr<Body>> bodies_;
    int running_ = 0;
};

inline LARGE_INTEGER relative_ms(LONGLONG ms) {
    LARGE_INTEGER due;
    due.QuadPart = -ms * 10'000;
    return due;
}

}  // namespace portico::test
