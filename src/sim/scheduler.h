// The whole simulated computer's progress on one host thread: processors, threads, events, and the way in and
// out for the host. There is one; a Machine resets it.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/nanoseconds.h"
#include "sim/events.h"
#include "sim/irq_line.h"
#include "sim/policy.h"
#include "sim/processor.h"
#include "sim/random.h"

namespace portico::sim {

// What the executive above does at the moments that only sim sees.
struct Hooks {
    void (*retire_dpcs)(Processor&) = nullptr;   // at DISPATCH_LEVEL, until the processor's queue is empty
    void (*deliver_apcs)() = nullptr;            // below APC_LEVEL, for the current thread
    void (*clock)(Processor&) = nullptr;         // at CLOCK_LEVEL
    void (*quantum_wanted)() = nullptr;          // a thread waits behind an equal: clock ticks are needed
    void (*below_floor)(Irql wanted) = nullptr;  // a DPC or interrupt routine lowers the IRQL below its own
};

struct Scheduler {
    std::array<Processor, max_processors> processors;
    unsigned processor_count = 2;
    std::array<IrqLine, irq_line_count> lines;
    EventQueue events;
    Policy* policy = nullptr;
    Hooks hooks;
    Random random;

    // All as after power-on: `count` idle processors at time 0, no event, no thread, no line asserted.
    void reset(unsigned count, std::uint64_t seed);

    // ---- for the host (outside the simulation) ----

    using Condition = bool (*)(void* context);
    // Runs until `condition` (may be null) holds, stop() was called, the machine froze, or simulated time
    // would pass `limit_ns`. The condition is asked after every device event and every change of processor.
    // Returns false at the limit.
    bool run(Nanoseconds limit_ns, Condition condition, void* context);
    bool frozen() const { return frozen_; }
    // In the midst of run().
    bool running() const { return running_; }
    // The machine's time as the host sees it.
    Nanoseconds now_ns() const;

    // ---- for code inside the simulation ----

    // The host's run() returns at the next decision.
    void stop() {
        stop_ = true;
        this_processor->deadline_ns = 0;
    }
    // Nothing runs any more (a bug check). Back to the host for good; returns at once when called from the
    // host.
    void freeze();

    // Starts a thread: it is ready.
    void start(Thread& thread, Fiber::Entry entry, void* argument);
    void make_ready(Thread& thread);
    // The current thread waits; the caller (nt::ke) has put it where make_ready() will come from. Below
    // DISPATCH_LEVEL.
    void block();
    // The current thread is done; its stack is free for the next. Never returns.
    [[noreturn]] void exit_thread();
    // The thread goes behind its equals when it is preempted next.
    void yield();
    // The thread's priority now; its base priority stays.
    void set_priority(Thread& thread, std::uint8_t priority);
    // A thread that waits gets its base priority and so much more, if that is more than it has, below the
    // real-time ones.
    void boost(Thread& thread, std::uint8_t increment);
    // A running thread that may no longer be where it is moves before it goes on (below DISPATCH_LEVEL).
    void set_affinity(Thread& thread, std::uint32_t affinity);

    // An event that is due now or earlier happens 1 ns from now.
    void schedule(Event& event, Nanoseconds due_ns);

    // This processor is busy until then; others, and interrupts above its IRQL, go on.
    void stall(Nanoseconds duration_ns);
    // Code that passes no point was interrupted from outside the simulation: its processor was busy for so
    // long, and whatever is due goes on (FLD-023).
    void charge(Nanoseconds quantum_ns);
    // Polling found nothing new: this processor goes on at the next event of any device or processor, at most
    // `most_ns` later.
    void skip_ahead(Nanoseconds most_ns);
    // Waits on this processor, at its IRQL, until `lock` is 0. Interrupts above the IRQL still come.
    void spin(const volatile std::uint64_t* lock);
    // `lock` has become 0: whoever spins on it may go on.
    void release_spinners(const volatile std::uint64_t* lock);

    void lower_irql(Irql irql) {
        Processor& p = *this_processor;
        p.irql = irql;
        if (irql < p.irql_floor) [[unlikely]]
            keep_floor(irql);
        if (deliverable(p)) [[unlikely]]
            deliver();
    }
    void raise_irql(Irql irql) { this_processor->irql = irql; }

    // Something can be delivered on `p` now: run it before its next instruction.
    void poke(Processor& p, Nanoseconds now_ns);

    Irql highest_pending(const Processor& p) const;
    bool deliverable(const Processor& p) const {
        if (p.interrupts_disabled) return false;  // DPCs and preemption come by an interrupt, too
        if (p.pending_lines != 0 && highest_pending(p) > p.irql) return true;
        if (p.irql >= dispatch_level) return false;
        return p.dpcs_pending || p.preempt ||
               (p.irql < apc_level && p.current != nullptr && p.current->apcs_pending);
    }

    void slow();
    // Interrupts, DPCs, APCs and preemption that the IRQL allows, on the current processor.
    void deliver();

  private:
    // Exploring lets a processor fall behind by this much, no more: what waits for it to do something, with a
    // time-out as drivers have, need not take it for dead.
    static constexpr Nanoseconds lag_ns_max = millisecond_ns;

    bool can_run(const Processor& p) const { return !p.idle && (p.spinning_on == nullptr || deliverable(p)); }
    // When a processor does something next: one that stalls not before the end of it, unless it is
    // interrupted.
    Nanoseconds goes_on_ns(const Processor& p) const {
        return p.busy_until_ns > p.at_ns && !deliverable(p) ? p.busy_until_ns : p.at_ns;
    }
    Processor* pick();
    Nanoseconds horizon_ns(const Processor& p) const;
    void set_deadline(Processor& p) {
        const Nanoseconds past_limit_ns = limit_ns_ == never_ns ? never_ns : limit_ns_ + 1;
        p.deadline_ns = explores_ ? 0 : std::min(horizon_ns(p), past_limit_ns);
    }
    void dispatch();
    void to_host();
    bool stop_due();
    void fire_next();
    void keep_floor(Irql wanted);
    void deliver_line(Processor& p);
    void deliver_dpcs(Processor& p);
    void idle_loop();
    void switch_to_thread(Fiber& from, Thread& thread);
    Thread* take_ready(Processor& p);
    void switch_to_idle(Fiber& from);
    Thread* pop_ready(Processor& p, std::uint32_t processor_bit, unsigned least_priority);
    Processor& place(Thread& thread);
    void queue_ready(Thread& thread, bool at_head);
    bool unqueue_ready(Thread& thread);
    void preempt_current();
    bool contended(const Processor& p) const;
    void end_quantum(Thread& thread, Nanoseconds now_ns);
    Nanoseconds event_time_ns() const { return firing_ns_ != never_ns ? firing_ns_ : now_ns(); }
    static void idle_entry(void* argument);

    Fiber host_fiber_;
    Processor* last_running_ = nullptr;
    Processor* chosen_ = nullptr;  // the policy's choice when the limit came before it
    Nanoseconds limit_ns_ = never_ns;
    Nanoseconds reached_ns_ = 0;
    Nanoseconds firing_ns_ = never_ns;  // the due time of the event that is being fired
    Condition condition_ = nullptr;
    void* condition_context_ = nullptr;
    bool stop_ = false;
    bool running_ = false;
    bool frozen_ = false;
    bool explores_ = false;
    bool condition_met_ = false;
};

extern Scheduler scheduler;

}  // namespace portico::sim
