// One virtual processor: its own time, its IRQL, what is pending on it, what runs on it (design, section 3).
#pragma once

#include <array>
#include <cstdint>

#include "base/nanoseconds.h"
#include "sim/fiber.h"
#include "sim/trace.h"

namespace portico::sim {

using Irql = std::uint8_t;
constexpr Irql passive_level = 0;
constexpr Irql apc_level = 1;
constexpr Irql dispatch_level = 2;
constexpr Irql clock_level = 13;
constexpr Irql high_level = 15;

constexpr unsigned max_processors = 8;
constexpr unsigned priority_levels = 32;
constexpr std::uint8_t low_realtime_priority = 16;

struct Processor;

// The part of a thread that scheduling needs; nt::ke's KTHREAD holds one.
struct Thread {
    enum class State : std::uint8_t { none, ready, running, waiting, terminated };

    Fiber fiber;
    std::uint32_t id = 0;
    const char* name = "";           // a literal
    std::uint8_t priority = 8;       // 0..31, 16 and more are real-time
    std::uint8_t base_priority = 8;  // to which a boosted priority decays, one level a quantum
    State state = State::none;
    bool apcs_pending = false;       // delivered below APC_LEVEL while it runs
    std::uint32_t affinity = ~0u;    // bit per processor
    Processor* processor = nullptr;  // where it runs or ran last
    Thread* next_ready = nullptr;
    Nanoseconds quantum_end_ns = 0;
    // While it does not run: the IRQL at which it goes on, and before which time it cannot.
    Irql irql = passive_level;
    Nanoseconds ready_ns = 0;
};

struct ReadyQueue {
    Thread* head = nullptr;
    Thread* tail = nullptr;
};

struct alignas(64) Processor {
    Nanoseconds at_ns = 0;
    Nanoseconds deadline_ns = 0;  // point() takes the slow path from here on
    Irql irql = passive_level;
    std::uint8_t index = 0;
    bool idle = true;  // nothing to run and nothing pending
    bool interrupts_disabled = false;
    bool dpcs_pending = false;
    bool in_dpc = false;
    Irql irql_floor = passive_level;  // of the DPC or interrupt routine that runs: it does not go below
    bool preempt = false;             // a better thread waits in `ready`
    std::uint32_t thread_id = 0;      // of `current`; 0: its idle loop
    std::uint32_t pending_lines = 0;  // bit per IrqLine
    std::uint32_t ready_mask = 0;
    const volatile void* spinning_on = nullptr;
    Nanoseconds busy_until_ns = 0;  // stalls until then, unless something is delivered
    Thread* current = nullptr;      // null: its idle loop
    Fiber* fiber = nullptr;         // what is loaded on it
    std::array<ReadyQueue, priority_levels> ready{};
    Fiber idle_fiber;

    std::uint64_t interrupts = 0;
    std::uint64_t dpcs = 0;
};

// The processor on which the code that asks is running. Outside the simulation: a stand-in whose time is the
// machine's.
extern Processor* this_processor;

void slow_point();

// Every DDI call, port access, interlocked operation and YieldProcessor passes here: time goes on, and
// whatever is due is delivered. `cost_ns` is at least 50 ns, so that no loop of calls is free.
inline void point(Nanoseconds cost_ns) {
    Processor& p = *this_processor;
    p.at_ns += cost_ns;
    if (__builtin_expect(p.at_ns >= p.deadline_ns, 0)) slow_point();
}

constexpr Nanoseconds call_cost_ns = 50;

inline void record(TraceKind kind, const char* name, std::uint64_t a = 0, std::uint64_t b = 0) {
    const Processor& p = *this_processor;
    trace.add({p.at_ns, name, a, b, p.thread_id, kind, p.index, p.irql});
}

}  // namespace portico::sim
