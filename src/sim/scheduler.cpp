#include "sim/scheduler.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/check.h"
#include "sim/arena.h"

namespace portico::sim {
namespace {

constexpr Nanoseconds interrupt_cost_ns = 500;
constexpr Nanoseconds switch_cost_ns = 1'000;
// Two clock ticks of 15.625 ms, as on a Windows client, less what a thread that began just after a tick may
// lack at the second: its equals need not wait for a third.
constexpr Nanoseconds quantum_ns = 31'250'000 - 1'000'000;

Policy nt_order;
Processor host_processor;

// Lower IRQs have the higher DIRQLs, as with the priorities of an ISA interrupt controller; 3..11 are
// devices' on x64.
Irql dirql_of(unsigned irq) {
    return static_cast<Irql>(11 - (irq * 9) / irq_line_count);
}

}  // namespace

constinit Processor* this_processor = &host_processor;
Scheduler scheduler;

void slow_point() {
    scheduler.slow();
}

void Scheduler::reset(unsigned count, std::uint64_t seed) {
    PORTICO_CHECK(count >= 1 && count <= max_processors && !running_);
    reserve_arena();
    events.clear();
    for (unsigned i = 0; i < irq_line_count; ++i) {
        const std::uint32_t generation = lines[i].generation_;
        lines[i] = IrqLine{};
        lines[i].generation_ = generation + 1;
        lines[i].irq_ = i;
        lines[i].irql_ = dirql_of(i);
    }
    processor_count = count;
    reset_fibers();
    for (unsigned i = 0; i < count; ++i) {
        processors[i] = Processor{};
        Processor& p = processors[i];
        p.index = static_cast<std::uint8_t>(i);
        p.idle_fiber.prepare(&Scheduler::idle_entry, &p);
        p.fiber = &p.idle_fiber;
    }
    policy = &nt_order;
    random = Random(seed);
    last_running_ = &processors[0];
    chosen_ = nullptr;
    reached_ns_ = 0;
    firing_ns_ = never_ns;
    frozen_ = stop_ = false;
    host_processor.at_ns = 0;
    host_processor.deadline_ns = never_ns;
    host_processor.irql = passive_level;
    this_processor = &host_processor;
}

// ---- host side ----

bool Scheduler::run(Nanoseconds limit_ns, Condition condition, void* context) {
    PORTICO_CHECK(!running_ && this_processor == &host_processor);
    if (frozen_) return true;
    limit_ns_ = limit_ns;
    condition_ = condition;
    condition_context_ = context;
    condition_met_ = stop_ = false;
    explores_ = policy->explores();
    running_ = true;
    this_processor = last_running_;
    set_deadline(*last_running_);
    Fiber::switch_to(host_fiber_, *last_running_->fiber);
    running_ = false;
    this_processor = &host_processor;
    const bool early = condition_met_ || stop_ || frozen_;
    if (!early && limit_ns != never_ns) reached_ns_ = std::max(reached_ns_, limit_ns);
    host_processor.at_ns = reached_ns_;
    return early;
}

Nanoseconds Scheduler::now_ns() const {
    return running_ ? this_processor->at_ns : reached_ns_;
}

void Scheduler::to_host() {
    last_running_ = this_processor;
    Fiber* const self = this_processor->fiber;
    Fiber::switch_to(*self, host_fiber_);
}

void Scheduler::freeze() {
    frozen_ = true;
    if (!running_) return;
    reached_ns_ = std::max(reached_ns_, this_processor->at_ns);
    to_host();
    PORTICO_CHECK(!"a frozen machine went on");
}

bool Scheduler::stop_due() {
    if (stop_) return true;
    if (condition_ == nullptr || !condition_(condition_context_)) return false;
    condition_met_ = true;
    return true;
}

// ---- who goes on ----

Processor* Scheduler::pick() {
    Processor* first = nullptr;
    for (unsigned i = 0; i < processor_count; ++i) {
        Processor& p = processors[i];
        if (can_run(p) && (first == nullptr || goes_on_ns(p) < goes_on_ns(*first))) first = &p;
    }
    if (first == nullptr || !explores_) return first;
    Processor* const kept = chosen_;
    chosen_ = nullptr;
    if (kept != nullptr && can_run(*kept)) return kept;
    std::uint32_t candidates = 0;
    for (unsigned i = 0; i < processor_count; ++i) {
        const Processor& p = processors[i];
        if (can_run(p) && goes_on_ns(p) - goes_on_ns(*first) <= lag_ns_max) candidates |= 1u << i;
    }
    if (std::has_single_bit(candidates)) return first;
    return &processors[policy->choose_processor(candidates, first->index)];
}

Nanoseconds Scheduler::horizon_ns(const Processor& p) const {
    Nanoseconds horizon = events.next_due_ns();
    for (unsigned i = 0; i < processor_count; ++i) {
        const Processor& other = processors[i];
        if (&other == &p || !can_run(other)) continue;
        const Nanoseconds lead_ns = explores_ ? lag_ns_max + 1 : other.index > p.index ? 1 : 0;
        horizon = std::min(horizon, goes_on_ns(other) + lead_ns);
    }
    return horizon;
}

void Scheduler::fire_next() {
    Event& event = events.pop();
    Processor& self = *this_processor;
    self.at_ns = std::max(self.at_ns, self.idle ? event.due_ns : std::min(event.due_ns, self.busy_until_ns));
    reached_ns_ = std::max(reached_ns_, event.due_ns);
    firing_ns_ = event.due_ns;
    event.fire(event.owner, event.due_ns);
    firing_ns_ = never_ns;
}

// Returns when the calling context's processor is the one to go on.
void Scheduler::dispatch() {
    for (;;) {
        Processor& self = *this_processor;
        if (stop_due()) {
            reached_ns_ = std::max(reached_ns_, self.at_ns);
            to_host();
            continue;
        }
        Processor* const next = pick();
        const Nanoseconds due_ns = events.next_due_ns();
        if (next == nullptr || due_ns <= goes_on_ns(*next)) {
            if (due_ns == never_ns || due_ns > limit_ns_) {
                chosen_ = next;  // how the host slices time is no choice
                to_host();
            } else {
                fire_next();
            }
            continue;
        }
        if (goes_on_ns(*next) > limit_ns_) {
            chosen_ = next;
            to_host();
            continue;
        }
        if (next == &self) {
            reached_ns_ = std::max(reached_ns_, self.at_ns);
            set_deadline(self);
            return;
        }
        Fiber* const from = self.fiber;
        this_processor = next;
        set_deadline(*next);
        Fiber::switch_to(*from, *next->fiber);
    }
}

void Scheduler::slow() {
    if (!running_) {
        host_processor.deadline_ns = never_ns;  // the host's own calls move no time
        return;
    }
    dispatch();
    this_processor->busy_until_ns = 0;
    if (deliverable(*this_processor)) deliver();
}

void Scheduler::poke(Processor& p, Nanoseconds now_ns) {
    // A processor that waits, idle or for a lock, has not lived the time since.
    // One that stalls has, but nobody moved it on.
    if (p.idle || p.spinning_on != nullptr) p.at_ns = std::max(p.at_ns, now_ns);
    p.at_ns = std::max(p.at_ns, std::min(now_ns, p.busy_until_ns));
    p.idle = false;
    Processor& self = *this_processor;
    if (&self != &p) {
        p.deadline_ns = 0;
        self.deadline_ns = std::min(self.deadline_ns, p.at_ns);
    } else if (deliverable(p)) {
        p.deadline_ns = 0;  // else whoever lowers the IRQL delivers
    }
}

void Scheduler::schedule(Event& event, Nanoseconds due_ns) {
    const Nanoseconds now = event_time_ns();
    events.schedule(event, std::max(due_ns, running_ ? now + 1 : now));
    this_processor->deadline_ns = std::min(this_processor->deadline_ns, event.due_ns);
}

// ---- what is delivered ----

Irql Scheduler::highest_pending(const Processor& p) const {
    if (p.pending_lines >> clock_line) return clock_level;
    Irql highest = 0;
    for (std::uint32_t left = p.pending_lines; left != 0; left &= left - 1) {
        highest = std::max(highest, lines[static_cast<unsigned>(std::countr_zero(left))].irql_);
    }
    return highest;
}

void Scheduler::deliver_line(Processor& p) {
    const Irql level = highest_pending(p);
    const Irql before = p.irql;
    const Irql floor_before = std::exchange(p.irql_floor, level);
    p.irql = level;
    // A point: a line that storms must not keep events and other processors from going on.
    point(interrupt_cost_ns);
    ++p.interrupts;
    if (p.pending_lines >> clock_line) {
        p.pending_lines &= ~(1u << clock_line);
        hooks.clock(p);
    } else {
        for (std::uint32_t left = p.pending_lines; left != 0; left &= left - 1) {
            IrqLine& line = lines[static_cast<unsigned>(std::countr_zero(left))];
            if (line.irql_ != level) continue;
            line.deliver(p);
            break;
        }
    }
    p.irql = before;
    p.irql_floor = floor_before;
    p.interrupts_disabled = false;  // as they were: the return from an interrupt restores the flags
}

void Scheduler::deliver_dpcs(Processor& p) {
    const Irql before = p.irql;
    const Irql floor_before = std::exchange(p.irql_floor, dispatch_level);
    p.irql = dispatch_level;
    hooks.retire_dpcs(p);
    p.irql = before;
    p.irql_floor = floor_before;
    p.interrupts_disabled = false;
}

// What a nested routine interrupted would go on above it, and a thread switch would take its stack away.
void Scheduler::keep_floor(Irql wanted) {
    Processor& p = *this_processor;
    p.irql = p.irql_floor;
    if (hooks.below_floor != nullptr) hooks.below_floor(wanted);
}

void Scheduler::deliver() {
    for (;;) {
        Processor& p = *this_processor;
        if (p.interrupts_disabled) return;
        if (p.pending_lines != 0 && highest_pending(p) > p.irql) {
            deliver_line(p);
        } else if (p.irql < dispatch_level && p.dpcs_pending) {
            deliver_dpcs(p);
        } else if (p.irql < dispatch_level && p.preempt) {
            preempt_current();
        } else if (p.irql < apc_level && p.current != nullptr && p.current->apcs_pending) {
            hooks.deliver_apcs();
        } else {
            return;
        }
    }
}

// ---- time on one processor ----

void Scheduler::stall(Nanoseconds duration_ns) {
    const Nanoseconds end_ns = this_processor->at_ns + duration_ns;
    while (this_processor->at_ns < end_ns) {
        Processor& p = *this_processor;
        const Nanoseconds horizon = horizon_ns(p);
        p.at_ns = std::min(end_ns, std::max(horizon, p.at_ns + 1));
        if (p.at_ns < p.deadline_ns) continue;
        p.busy_until_ns = end_ns;
        slow();
    }
}

void Scheduler::charge(Nanoseconds quantum_ns) {
    this_processor->at_ns += quantum_ns;
    slow();
}

void Scheduler::skip_ahead(Nanoseconds most_ns) {
    Processor& p = *this_processor;
    const Nanoseconds horizon = horizon_ns(p);
    p.at_ns = std::clamp(horizon, p.at_ns, p.at_ns + most_ns);
    if (p.at_ns >= p.deadline_ns) slow();
}

void Scheduler::spin(const volatile std::uint64_t* lock) {
    while (*lock != 0) {
        this_processor->spinning_on = lock;
        dispatch();
        this_processor->spinning_on = nullptr;
        if (deliverable(*this_processor)) deliver();
    }
}

void Scheduler::release_spinners(const volatile std::uint64_t* lock) {
    Processor& self = *this_processor;
    for (unsigned i = 0; i < processor_count; ++i) {
        Processor& p = processors[i];
        if (p.spinning_on != lock) continue;
        p.spinning_on = nullptr;
        p.at_ns = std::max(p.at_ns, self.at_ns);
        self.deadline_ns = std::min(self.deadline_ns, p.at_ns + (p.index > self.index ? 1 : 0));
    }
}

// ---- threads ----

void Scheduler::idle_entry(void* argument) {
    scheduler.idle_loop();
    (void)argument;
}

void Scheduler::idle_loop() {
    for (;;) {
        deliver();
        Processor& p = *this_processor;
        if (Thread* const thread = take_ready(p)) {
            switch_to_thread(p.idle_fiber, *thread);
            continue;
        }
        if (deliverable(p)) continue;
        p.idle = true;
        dispatch();
    }
}

void Scheduler::switch_to_thread(Fiber& from, Thread& thread) {
    Processor& p = *this_processor;
    p.current = &thread;
    p.thread_id = thread.id;
    p.fiber = &thread.fiber;
    p.idle = false;
    p.irql = thread.irql;
    p.at_ns = std::max(p.at_ns, thread.ready_ns) + switch_cost_ns;
    thread.state = Thread::State::running;
    thread.processor = &p;
    thread.quantum_end_ns = p.at_ns + quantum_ns;
    record(TraceKind::thread_switch, thread.name, thread.id);
    if (contended(p) && hooks.quantum_wanted != nullptr) hooks.quantum_wanted();
    Fiber::switch_to(from, thread.fiber);
}

void Scheduler::switch_to_idle(Fiber& from) {
    Processor& p = *this_processor;
    p.current = nullptr;
    p.thread_id = 0;
    p.fiber = &p.idle_fiber;
    p.irql = passive_level;
    record(TraceKind::thread_switch, "idle");
    Fiber::switch_to(from, p.idle_fiber);
}

Thread* Scheduler::pop_ready(Processor& p, std::uint32_t processor_bit, unsigned least_priority) {
    for (std::uint32_t left = p.ready_mask & ~((1u << least_priority) - 1); left != 0;) {
        const unsigned level = 31u - static_cast<unsigned>(std::countl_zero(left));
        left &= ~(1u << level);
        ReadyQueue& queue = p.ready[level];
        Thread* before = nullptr;
        for (Thread* t = queue.head; t != nullptr; before = t, t = t->next_ready) {
            if ((t->affinity & processor_bit) == 0) continue;
            (before == nullptr ? queue.head : before->next_ready) = t->next_ready;
            if (queue.tail == t) queue.tail = before;
            if (queue.head == nullptr) p.ready_mask &= ~(1u << level);
            return t;
        }
    }
    return nullptr;
}

Thread* Scheduler::take_ready(Processor& p) {
    p.preempt = false;
    if (p.ready_mask != 0) {
        if (Thread* const own = pop_ready(p, 1u << p.index, 0)) return own;
    }
    for (unsigned i = 0; i < processor_count; ++i) {
        if (i == p.index || processors[i].ready_mask == 0) continue;
        if (Thread* const other = pop_ready(processors[i], 1u << p.index, 0)) return other;
    }
    return nullptr;
}

// Where a thread that became ready waits: its last processor when that is idle, any idle one, else its last.
Processor& Scheduler::place(Thread& thread) {
    Processor* const last = thread.processor;
    const auto allowed = [&](const Processor& p) { return (thread.affinity >> p.index & 1u) != 0; };
    if (last != nullptr && last->idle && allowed(*last)) return *last;
    for (unsigned i = 0; i < processor_count; ++i) {
        if (processors[i].idle && allowed(processors[i])) return processors[i];
    }
    if (last != nullptr && allowed(*last)) return *last;
    for (unsigned i = 0; i < processor_count; ++i) {
        if (allowed(processors[i])) return processors[i];
    }
    return processors[0];
}

static void enqueue(Processor& p, Thread& thread, bool at_head) {
    ReadyQueue& queue = p.ready[thread.priority];
    thread.next_ready = at_head ? queue.head : nullptr;
    if (at_head) {
        queue.head = &thread;
        if (queue.tail == nullptr) queue.tail = &thread;
    } else {
        (queue.tail == nullptr ? queue.head : queue.tail->next_ready) = &thread;
        queue.tail = &thread;
    }
    p.ready_mask |= 1u << thread.priority;
}

// Puts a ready thread in a queue and sees to it that a processor takes it.
void Scheduler::queue_ready(Thread& thread, bool at_head) {
    Processor& p = place(thread);
    const Nanoseconds now = event_time_ns();
    thread.state = Thread::State::ready;
    thread.ready_ns = now;
    enqueue(p, thread, at_head);
    if (p.idle) {
        poke(p, now);
    } else if (p.current == nullptr || p.current == &thread) {
        return;  // its idle loop looks for threads; a thread that is preempted is about to be switched away
    } else if (thread.priority > p.current->priority) {
        p.preempt = true;
        poke(p, now);
    } else if (contended(p) && hooks.quantum_wanted != nullptr) {
        hooks.quantum_wanted();
    }
}

bool Scheduler::unqueue_ready(Thread& thread) {
    for (unsigned i = 0; i < processor_count; ++i) {
        ReadyQueue& queue = processors[i].ready[thread.priority];
        Thread* before = nullptr;
        for (Thread* t = queue.head; t != nullptr; before = t, t = t->next_ready) {
            if (t != &thread) continue;
            (before == nullptr ? queue.head : before->next_ready) = t->next_ready;
            if (queue.tail == t) queue.tail = before;
            if (queue.head == nullptr) processors[i].ready_mask &= ~(1u << thread.priority);
            return true;
        }
    }
    return false;
}

void Scheduler::make_ready(Thread& thread) {
    PORTICO_CHECK(thread.state != Thread::State::ready && thread.state != Thread::State::terminated);
    record(TraceKind::thread_ready, thread.name, thread.id);
    queue_ready(thread, false);
}

void Scheduler::start(Thread& thread, Fiber::Entry entry, void* argument) {
    thread.fiber.prepare(entry, argument);
    thread.irql = passive_level;
    make_ready(thread);
}

void Scheduler::block() {
    Processor& p = *this_processor;
    PORTICO_CHECK(p.irql < dispatch_level && p.current != nullptr);
    Thread& self = *p.current;
    self.state = Thread::State::waiting;
    self.irql = p.irql;
    if (Thread* const next = take_ready(p)) {
        switch_to_thread(self.fiber, *next);
    } else {
        switch_to_idle(self.fiber);
    }
}

void Scheduler::exit_thread() {
    Thread& self = *this_processor->current;
    self.state = Thread::State::terminated;
    Fiber abandoned = self.fiber;
    self.fiber.release();
    switch_to_idle(abandoned);
    PORTICO_CHECK(!"a terminated thread went on");
    __builtin_unreachable();
}

// A thread waits that may go on when the quanta of the current one are over.
bool Scheduler::contended(const Processor& p) const {
    const Thread& self = *p.current;
    return p.ready_mask >> std::min(self.base_priority, self.priority) != 0;
}

// A boost decays by one level for each quantum that passed; a real-time priority does not.
void Scheduler::end_quantum(Thread& thread, Nanoseconds now_ns) {
    if (thread.priority >= low_realtime_priority || thread.priority <= thread.base_priority) return;
    const Nanoseconds quanta = 1 + (now_ns - thread.quantum_end_ns) / quantum_ns;
    const Nanoseconds boost = thread.priority - thread.base_priority;
    thread.priority = static_cast<std::uint8_t>(thread.priority - std::min(boost, quanta));
}

void Scheduler::preempt_current() {
    Processor& p = *this_processor;
    p.preempt = false;
    if (p.current == nullptr) return;  // the idle loop looks for threads itself
    Thread& self = *p.current;
    const bool may_stay = (self.affinity >> p.index & 1u) != 0;
    const bool quantum_over = p.at_ns >= self.quantum_end_ns;
    if (quantum_over) end_quantum(self, p.at_ns);
    const unsigned least = !may_stay ? 0 : self.priority + (quantum_over ? 0u : 1u);
    Thread* const next = least < priority_levels ? pop_ready(p, 1u << p.index, least) : nullptr;
    if (next == nullptr && may_stay) {
        if (quantum_over) self.quantum_end_ns = p.at_ns + quantum_ns;
        if (contended(p) && hooks.quantum_wanted != nullptr) hooks.quantum_wanted();
        return;
    }
    self.irql = p.irql;
    queue_ready(self, !quantum_over);
    if (next != nullptr) {
        switch_to_thread(self.fiber, *next);
    } else {
        switch_to_idle(self.fiber);
    }
}

void Scheduler::yield() {
    Processor& p = *this_processor;
    if (p.current == nullptr || p.irql >= dispatch_level || p.interrupts_disabled) return;
    Thread& self = *p.current;
    const Nanoseconds quantum_end_ns = std::exchange(self.quantum_end_ns, p.at_ns);
    if ((p.ready_mask >> self.priority) != 0) {
        preempt_current();
    } else {
        self.quantum_end_ns = quantum_end_ns;
    }
}

void Scheduler::set_affinity(Thread& thread, std::uint32_t affinity) {
    thread.affinity = affinity;
    if (thread.state == Thread::State::ready && unqueue_ready(thread)) {
        queue_ready(thread, false);
    } else if (thread.state == Thread::State::running && (affinity >> thread.processor->index & 1u) == 0) {
        thread.processor->preempt = true;
        poke(*thread.processor, event_time_ns());
        if (deliverable(*this_processor)) deliver();
    }
}

void Scheduler::boost(Thread& thread, std::uint8_t increment) {
    PORTICO_CHECK(thread.state != Thread::State::ready);
    if (thread.priority >= low_realtime_priority) return;
    const unsigned wanted = std::min<unsigned>(thread.base_priority + increment, low_realtime_priority - 1);
    thread.priority = std::max(thread.priority, static_cast<std::uint8_t>(wanted));
}

void Scheduler::set_priority(Thread& thread, std::uint8_t priority) {
    if (thread.state == Thread::State::ready && unqueue_ready(thread)) {
        thread.priority = priority;
        queue_ready(thread, false);
        return;
    }
    const bool lowered = priority < thread.priority;
    thread.priority = priority;
    if (lowered && thread.state == Thread::State::running && thread.processor->ready_mask != 0) {
        thread.processor->preempt = true;
        poke(*thread.processor, event_time_ns());
    }
}

}  // namespace portico::sim
