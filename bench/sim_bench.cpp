// What the simulated computer itself costs the host. The bare costs beside it: a call through a pointer, a
// heap of ints.
#include <benchmark/benchmark.h>

#include <memory>
#include <queue>
#include <vector>

#include "sim/arena.h"
#include "sim/bus.h"
#include "sim/scheduler.h"

namespace portico {
namespace {

using sim::scheduler;

// Runs a benchmark's loop on a thread of the simulated computer.
class OnThread {
  public:
    using Body = void (*)(benchmark::State& state);

    OnThread(benchmark::State& state, Body body, unsigned processors = 2) : state_(state), body_(body) {
        scheduler.hooks = {};
        scheduler.reset(processors, 1);
        thread_.name = "benchmark";
        scheduler.start(thread_, &OnThread::entry, this);
        scheduler.run(
            never_ns, [](void* self) { return static_cast<OnThread*>(self)->done_; }, this);
        thread_.fiber.release();
    }

  private:
    static void entry(void* argument) {
        auto& self = *static_cast<OnThread*>(argument);
        self.body_(self.state_);
        self.done_ = true;
        for (;;) scheduler.block();
    }
    benchmark::State& state_;
    Body body_;
    sim::Thread thread_;
    bool done_ = false;
};

void point(benchmark::State& state) {
    OnThread(state, [](benchmark::State& s) {
        for (auto _ : s) sim::point(sim::call_cost_ns);
    });
}
BENCHMARK(point);

void traced_point(benchmark::State& state) {
    OnThread(state, [](benchmark::State& s) {
        for (auto _ : s) {
            sim::record(sim::TraceKind::call, "KeSetEvent");
            sim::point(sim::call_cost_ns);
        }
    });
}
BENCHMARK(traced_point);

struct Register final : sim::BusDevice {
    std::uint32_t read(std::uint32_t, unsigned, Nanoseconds) override { return value++; }
    void write(std::uint32_t, unsigned, std::uint32_t written, Nanoseconds) override { value = written; }
    bool read_has_no_effect(std::uint32_t offset) const override { return offset == 1; }
    std::uint32_t value = 0;
};

void port_read(benchmark::State& state) {
    sim::bus.reset();
    Register device;
    (void)sim::bus.claim_ports(0x330, 2, device);
    OnThread(state, [](benchmark::State& s) {
        for (auto _ : s) benchmark::DoNotOptimize(sim::bus.read_port(0x331, 1));
    });
    sim::bus.reset();
}
BENCHMARK(port_read);

void port_write(benchmark::State& state) {
    sim::bus.reset();
    Register device;
    (void)sim::bus.claim_ports(0x330, 2, device);
    OnThread(state, [](benchmark::State& s) {
        for (auto _ : s) sim::bus.write_port(0x330, 1, 0x90);
    });
    sim::bus.reset();
}
BENCHMARK(port_write);

void bare_virtual_call(benchmark::State& state) {
    Register device;
    sim::BusDevice* pointer = &device;
    for (auto _ : state) {
        benchmark::DoNotOptimize(pointer);
        benchmark::DoNotOptimize(pointer->read(1, 1, 0));
    }
}
BENCHMARK(bare_virtual_call);

void fiber_switch(benchmark::State& state) {
    sim::reserve_arena();
    static sim::Fiber host;
    static sim::Fiber other;
    other.prepare(
        [](void*) {
            for (;;) sim::Fiber::switch_to(other, host);
        },
        nullptr);
    for (auto _ : state) sim::Fiber::switch_to(host, other);
    state.SetItemsProcessed(2 * state.iterations());
    other.release();
}
BENCHMARK(fiber_switch);

void ignore(void*, Nanoseconds) {}

// Schedule one and take it out again, among range(0) others.
void event_schedule_and_fire(benchmark::State& state) {
    auto queue = std::make_unique<sim::EventQueue>();
    std::vector<std::unique_ptr<sim::Event>> others;
    for (int i = 0; i < state.range(0); ++i) {
        others.push_back(std::make_unique<sim::Event>(ignore, nullptr));
        queue->schedule(*others.back(), 1'000'000 + i);
    }
    sim::Event event(ignore, nullptr);
    Nanoseconds now_ns = 0;
    for (auto _ : state) {
        queue->schedule(event, ++now_ns % 1'000);
        benchmark::DoNotOptimize(&queue->pop());
    }
    queue->clear();
}
BENCHMARK(event_schedule_and_fire)->Arg(0)->Arg(16)->Arg(256);

void bare_priority_queue(benchmark::State& state) {
    std::priority_queue<int, std::vector<int>, std::greater<>> queue;
    for (int i = 0; i < state.range(0); ++i) queue.push(1'000'000 + i);
    int now = 0;
    for (auto _ : state) {
        queue.push(++now % 1'000);
        queue.pop();
    }
}
BENCHMARK(bare_priority_queue)->Arg(0)->Arg(16)->Arg(256);

// A device timer that re-arms itself on an idle machine.
void idle_event_loop(benchmark::State& state) {
    scheduler.hooks = {};
    scheduler.reset(2, 1);
    static std::int64_t left;
    static sim::Event tick(
        [](void*, Nanoseconds due_ns) {
            if (--left > 0) scheduler.schedule(tick, due_ns + 320'000);
        },
        nullptr);
    for (auto _ : state) {
        left = 1'000;
        scheduler.schedule(tick, scheduler.now_ns() + 320'000);
        scheduler.run(scheduler.now_ns() + 1'001 * 320'000, nullptr, nullptr);
    }
    state.SetItemsProcessed(1'000 * state.iterations());
}
BENCHMARK(idle_event_loop);

void interrupt(benchmark::State& state) {
    scheduler.hooks = {};
    scheduler.reset(2, 1);
    static sim::IrqSource source;
    source = sim::IrqSource(scheduler.lines[9], "device");
    scheduler.lines[9].connect(
        [](void*, sim::IrqLine&) {
            source.lower(sim::this_processor->at_ns);
            return true;
        },
        nullptr, ~0u);
    static std::int64_t left;
    static sim::Event tick(
        [](void*, Nanoseconds due_ns) {
            source.raise(due_ns);
            if (--left > 0) scheduler.schedule(tick, due_ns + 320'000);
        },
        nullptr);
    for (auto _ : state) {
        left = 1'000;
        scheduler.schedule(tick, scheduler.now_ns() + 320'000);
        scheduler.run(scheduler.now_ns() + 1'001 * 320'000, nullptr, nullptr);
    }
    state.SetItemsProcessed(1'000 * state.iterations());
}
BENCHMARK(interrupt);

// Two threads that wake each other: make_ready, block, switch.
void thread_switch(benchmark::State& state) {
    scheduler.hooks = {};
    scheduler.reset(1, 1);
    static sim::Thread threads[2];
    static bool stop;
    stop = false;
    for (auto& thread : threads) {
        thread = sim::Thread{};
        scheduler.start(
            thread,
            [](void* self) {
                sim::Thread& other = self == &threads[0] ? threads[1] : threads[0];
                while (!stop) {
                    if (other.state == sim::Thread::State::waiting) scheduler.make_ready(other);
                    scheduler.block();
                    sim::point(sim::call_cost_ns);
                }
                for (;;) scheduler.block();
            },
            &thread);
    }
    for (auto _ : state) scheduler.run(scheduler.now_ns() + 1'000 * 1'050, nullptr, nullptr);
    state.SetItemsProcessed(1'000 * state.iterations());
    scheduler.reset(1, 1);
    for (auto& thread : threads) thread.fiber.release();
}
BENCHMARK(thread_switch);

void reset(benchmark::State& state) {
    for (auto _ : state) scheduler.reset(2, 1);
}
BENCHMARK(reset);

}  // namespace
}  // namespace portico
