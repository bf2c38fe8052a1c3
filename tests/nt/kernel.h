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

    // Runs `body` at PASSIVE_LEVEL on a system thread. True when it returned: neither a bug check nor
    // `limit_ns` came first.
    [[nodiscard]] bool run(const std::function<void()>& body, Nanoseconds limit_ns = 3600 * second_ns) {
        start(body);
        return run_until([](void* context) { return static_cast<Body*>(context)->done; },
                         bodies_.back().get(), limit_ns);
    }

    // The same for every body that was started.
    [[nodiscard]] bool finish(Nanoseconds limit_ns = 3600 * second_ns) {
        return run_until([](void* self) { return static_cast<Kernel*>(self)->running_ == 0; }, this,
                         limit_ns);
    }

    // True when the machine stopped before `body` returned.
    [[nodiscard]] bool run_to_bug_check(const std::function<void()>& body) {
        return !run(body) && sim::scheduler.frozen();
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
    static bool run_until(sim::Scheduler::Condition condition, void* context, Nanoseconds limit_ns) {
        sim::scheduler.run(sim::scheduler.now_ns() + limit_ns, condition, context);
        return condition(context);
    }
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
