// A simulated computer for one test: reset on construction, with threads that run a closure.
#pragma once

#include <deque>
#include <functional>
#include <string>
#include <vector>

#include "sim/bus.h"
#include "sim/scheduler.h"

namespace portico::test {

using sim::scheduler;
using sim::this_processor;

// Affinities.
constexpr std::uint32_t on_0 = 1;
constexpr std::uint32_t on_1 = 2;

class Simulation {
  public:
    explicit Simulation(unsigned processors = 2, std::uint64_t seed = 1) {
        sim::trace.set_drain(nullptr, nullptr);
        sim::trace.reset();
        scheduler.hooks = {};
        scheduler.reset(processors, seed);
        sim::bus.reset();
        sim::bus.unclaimed = nullptr;
    }
    ~Simulation() {
        scheduler.hooks = {};
        scheduler.reset(1, 0);
        sim::bus.reset();
        for (Body& body : bodies_) {
            if (body.thread.state != sim::Thread::State::terminated) body.thread.fiber.release();
        }
    }
    Simulation(const Simulation&) = delete;
    Simulation& operator=(const Simulation&) = delete;

    struct Options {
        std::uint8_t priority = 8;
        std::uint32_t affinity = ~0u;
    };

    sim::Thread& start(const char* name, Options options, std::function<void()> run) {
        Body& body = bodies_.emplace_back();
        body.run = std::move(run);
        body.thread.name = name;
        body.thread.id = static_cast<std::uint32_t>(bodies_.size());
        body.thread.priority = body.thread.base_priority = options.priority;
        body.thread.affinity = options.affinity;
        scheduler.start(body.thread, &Simulation::entry, &body);
        return body.thread;
    }
    sim::Thread& start(const char* name, std::function<void()> run) {
        return start(name, Options{}, std::move(run));
    }

    // True when the run ended before the limit: stopped or frozen.
    bool run(Nanoseconds limit_ns) { return scheduler.run(limit_ns, nullptr, nullptr); }

  private:
    struct Body {
        std::function<void()> run;
        sim::Thread thread;
    };
    static void entry(void* argument) {
        static_cast<Body*>(argument)->run();
        scheduler.exit_thread();
    }

    std::deque<Body> bodies_;
};

// An event that runs a closure.
class Alarm {
  public:
    explicit Alarm(std::function<void(Nanoseconds due_ns)> fire) : fire_(std::move(fire)) {}
    void at(Nanoseconds due_ns) { scheduler.schedule(event_, due_ns); }
    sim::Event& event() { return event_; }

  private:
    static void fired(void* owner, Nanoseconds due_ns) { static_cast<Alarm*>(owner)->fire_(due_ns); }
    std::function<void(Nanoseconds)> fire_;
    sim::Event event_{fired, this};
};

inline Nanoseconds now_ns() {
    return this_processor->at_ns;
}

inline std::string line_of(const sim::TraceRecord& r) {
    return std::to_string(r.at_ns) + " P" + std::to_string(r.processor) + " irql" + std::to_string(r.irql) +
           " T" + std::to_string(r.thread) + " " + name_of(r.kind) + " " +
           (r.name == nullptr ? "-" : r.name) + " " + std::to_string(r.a) + " " + std::to_string(r.b);
}

// Gathers every trace record from its construction on, as text.
class TraceText {
  public:
    TraceText() { sim::trace.set_drain(take, this); }
    ~TraceText() { sim::trace.set_drain(nullptr, nullptr); }
    TraceText(const TraceText&) = delete;
    TraceText& operator=(const TraceText&) = delete;

    std::vector<std::string> lines() {
        sim::trace.flush();
        return lines_;
    }

  private:
    static void take(void* context, const sim::TraceRecord* records, std::uint64_t count) {
        auto& lines = static_cast<TraceText*>(context)->lines_;
        for (std::uint64_t i = 0; i < count; ++i) lines.push_back(line_of(records[i]));
    }
    std::vector<std::string> lines_;
};

}  // namespace portico::test
