// The clock: system, interrupt and performance time from the processors' simulated time. Ticks happen only
// when something waits for one, at the same instants as if they always did.
#include "nt/ke/timer_queue.h"

namespace portico::nt::ke {
namespace {

constexpr ULONG default_tick_100ns = 156'250;
constexpr ULONG fast_tick_100ns = 10'000;
// 2024-01-01 00:00 UTC in 100 ns since 1601: power-on of every Machine, so that no run depends on the host's
// date.
constexpr LONGLONG power_on_100ns = 133'485'408'000'000'000;

struct Clock {
    unsigned fast_users = 0;
    // Ticks count from the last change of resolution.
    LONGLONG epoch_100ns = 0;
    ULONG tick = default_tick_100ns;
    LONGLONG system_shift_100ns = 0;
    bool lost = false;  // the last tick, by the policy's choice
};

Clock clock;

LONGLONG to_tick(LONGLONG time_100ns) {
    return clock.epoch_100ns + (time_100ns - clock.epoch_100ns) / clock.tick * clock.tick;
}

void tick_due(void*, Nanoseconds due_ns);

sim::Event tick_event(tick_due, nullptr);

void tick_due(void*, Nanoseconds due_ns) {
    // Two in a row are not lost: a driver's time-outs hold still.
    clock.lost = !clock.lost && sim::scheduler.policy->explores() && !sim::scheduler.policy->choose_tick();
    if (clock.lost) {
        sim::scheduler.schedule(tick_event, due_ns + Nanoseconds{clock.tick} * 100);
        return;
    }
    sim::Processor& p = sim::scheduler.processors[0];
    p.pending_lines |= 1u << sim::clock_line;
    sim::scheduler.poke(p, due_ns);
}

void tick(sim::Processor& p) {
    sim::record(sim::TraceKind::interrupt_enter, "clock", sim::clock_line);
    if (timers_due()) p.dpcs_pending = true;
    for (unsigned i = 0; i < sim::scheduler.processor_count; ++i) {
        sim::Processor& other = sim::scheduler.processors[i];
        if (other.ready_mask == 0 || other.current == nullptr) continue;
        other.preempt = true;
        sim::scheduler.poke(other, p.at_ns);
    }
    want_tick();
    sim::record(sim::TraceKind::interrupt_leave, "clock", sim::clock_line, 1);
}

void quantum_wanted() {
    if (tick_event.scheduled()) return;
    const LONGLONG next = to_tick(exact_time_100ns()) + clock.tick;
    sim::scheduler.schedule(tick_event, next * 100);
}

}  // namespace

void reset_time() {
    clock = Clock{};
    sim::scheduler.hooks.clock = tick;
    sim::scheduler.hooks.quantum_wanted = quantum_wanted;
}

void want_tick() {
    const LONGLONG due = next_timer_100ns();
    // What nanoseconds do not count (292 years) never comes; MAXLONGLONG: no timer is set.
    if (due > never_ns / 100 - clock.tick) return;
    LONGLONG at = to_tick(due);
    if (at < due) at += clock.tick;
    if (at <= to_tick(exact_time_100ns())) at = to_tick(exact_time_100ns()) + clock.tick;
    const Nanoseconds at_ns = at * 100;
    if (tick_event.scheduled() && tick_event.due_ns <= at_ns) return;
    sim::scheduler.schedule(tick_event, at_ns);
}

LONGLONG exact_time_100ns() {
    return sim::this_processor->at_ns / 100;
}
LONGLONG exact_system_time_100ns() {
    return power_on_100ns + clock.system_shift_100ns + exact_time_100ns();
}
LONGLONG interrupt_time_100ns() {
    return to_tick(exact_time_100ns());
}
LONGLONG system_time_100ns() {
    return power_on_100ns + clock.system_shift_100ns + interrupt_time_100ns();
}

void shift_system_time(LONGLONG by_100ns) {
    DispatcherLock lock;
    clock.system_shift_100ns += by_100ns;
    move_absolute_timers(-by_100ns);
}

ULONG tick_100ns() {
    return clock.tick;
}

ULONG set_timer_resolution(bool set) {
    if (set) {
        ++clock.fast_users;
    } else if (clock.fast_users > 0) {
        --clock.fast_users;
    }
    const ULONG wanted = clock.fast_users > 0 ? fast_tick_100ns : default_tick_100ns;
    if (wanted != clock.tick) {
        clock.epoch_100ns = to_tick(exact_time_100ns());
        clock.tick = wanted;
        sim::scheduler.events.cancel(tick_event);
        want_tick();
    }
    return clock.tick;
}

void stall(Nanoseconds duration_ns) {
    sim::scheduler.stall(duration_ns);
}

}  // namespace portico::nt::ke

using namespace portico::nt;

extern "C" {

VOID NTAPI KeQuerySystemTime(PLARGE_INTEGER CurrentTime) {
    DDI(KeQuerySystemTime, HIGH_LEVEL);
    CurrentTime->QuadPart = ke::system_time_100ns();
}

VOID NTAPI KeQuerySystemTimePrecise(PLARGE_INTEGER CurrentTime) {
    DDI(KeQuerySystemTimePrecise, HIGH_LEVEL);
    CurrentTime->QuadPart = ke::exact_system_time_100ns();
}

ULONGLONG NTAPI KeQueryInterruptTime() {
    DDI(KeQueryInterruptTime, HIGH_LEVEL);
    return static_cast<ULONGLONG>(ke::interrupt_time_100ns());
}

ULONGLONG NTAPI KeQueryInterruptTimePrecise(PULONG64 QpcTimeStamp) {
    DDI(KeQueryInterruptTimePrecise, HIGH_LEVEL);
    if (QpcTimeStamp != nullptr) *QpcTimeStamp = static_cast<ULONG64>(ke::exact_time_100ns());
    return static_cast<ULONGLONG>(ke::exact_time_100ns());
}

ULONGLONG NTAPI KeQueryUnbiasedInterruptTime() {
    DDI(KeQueryUnbiasedInterruptTime, HIGH_LEVEL);
    return static_cast<ULONGLONG>(ke::interrupt_time_100ns());
}

VOID NTAPI KeQueryTickCount(PLARGE_INTEGER TickCount) {
    DDI(KeQueryTickCount, HIGH_LEVEL);
    TickCount->QuadPart = ke::exact_time_100ns() / 156'250;
}

ULONG NTAPI KeQueryTimeIncrement() {
    DDI(KeQueryTimeIncrement, HIGH_LEVEL);
    return 156'250;
}

LARGE_INTEGER NTAPI KeQueryPerformanceCounter(PLARGE_INTEGER PerformanceFrequency) {
    DDI(KeQueryPerformanceCounter, HIGH_LEVEL);
    if (PerformanceFrequency != nullptr) PerformanceFrequency->QuadPart = 10'000'000;
    LARGE_INTEGER now;
    now.QuadPart = ke::exact_time_100ns();
    return now;
}

VOID NTAPI KeStallExecutionProcessor(ULONG MicroSeconds) {
    DDI(KeStallExecutionProcessor, HIGH_LEVEL);
    ke::stall(static_cast<portico::Nanoseconds>(MicroSeconds) * portico::microsecond_ns);
}

ULONG NTAPI ExSetTimerResolution(ULONG, BOOLEAN SetResolution) {
    DDI(ExSetTimerResolution, APC_LEVEL);
    return ke::set_timer_resolution(SetResolution != FALSE);
}

VOID NTAPI ExQueryTimerResolution(PULONG MaximumTime, PULONG MinimumTime, PULONG CurrentTime) {
    DDI(ExQueryTimerResolution, APC_LEVEL);
    *MaximumTime = 156'250;
    *MinimumTime = 10'000;
    *CurrentTime = ke::tick_100ns();
}

}  // extern "C"
