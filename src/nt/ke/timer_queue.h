// Between timers, DPCs and the clock.
#pragma once

#include "nt/ke/ke.h"

namespace portico::nt::ke {

// KTIMER::TimerType of a thread's own timer: it ends the thread's wait.
constexpr USHORT wait_timer = 0xffff;

void reset_threads();
void reset_waits();
void reset_dpcs();
void reset_timers();
void reset_time();
void reset_interrupts();

// Signals the timers that the clock's last tick has passed, queueing their DPCs. On processor 0, at
// DISPATCH_LEVEL.
void expire_timers(sim::Processor& p);
// The earliest due time of an armed timer, in 100 ns of interrupt time; the largest LONGLONG when none is
// armed.
LONGLONG next_timer_100ns();
// Timers that are set to a system time are due so much later.
void move_absolute_timers(LONGLONG by_100ns);
bool timers_due();

// The clock ticks no later than is needed for the armed timers.
void want_tick();

}  // namespace portico::nt::ke
