// The kernel's inside: what the other rooms call instead of the exported functions, so that the trace of DDI
// calls shows the driver's calls alone. IRQLs are those of the exported function of the same name unless said
// otherwise.
#pragma once

#include "nt/ke/thread.h"
#include "nt/probes.h"
#include "sim/scheduler.h"
#include "wdm.h"

namespace portico::nt::ke {

// As after power-on: no thread, timer, DPC or interrupt. `boot_time_100ns` is the system time at time 0.
void reset();

// ---- IRQL ----
inline sim::Irql current_irql() {
    return sim::this_processor->irql;
}
inline sim::Irql raise(sim::Irql irql) {
    const sim::Irql old = sim::this_processor->irql;
    sim::scheduler.raise_irql(irql);
    return old;
}
inline void lower(sim::Irql irql) {
    sim::scheduler.lower_irql(irql);
}

// Before a thread gives its processor up: that one's interrupts are on again, and it is told when they were
// off. `object`: what it waits for, null for nothing but time.
inline void leave_interrupts_on(const void* object, bool ends) {
    sim::Processor& p = *sim::this_processor;
    if (!p.interrupts_disabled) return;
    PORTICO_PROBE(interrupts_left_off, object, ends);
    p.interrupts_disabled = false;
}

// The dispatcher's own lock: code under it runs at DISPATCH_LEVEL or where it was, and delivers what came up
// at the end.
class DispatcherLock {
  public:
    DispatcherLock() : old_(current_irql()) {
        if (old_ < sim::dispatch_level) sim::scheduler.raise_irql(sim::dispatch_level);
    }
    ~DispatcherLock() {
        if (old_ < sim::dispatch_level) lower(old_);
    }
    DispatcherLock(const DispatcherLock&) = delete;
    DispatcherLock& operator=(const DispatcherLock&) = delete;

  private:
    sim::Irql old_;
};

// ---- dispatcher objects and waits ----
void initialize_event(PRKEVENT event, EVENT_TYPE type, bool signalled);
// `increment`: what a thread whose wait ends gets above its base priority (KPRIORITY increments,
// IO_xxx_INCREMENT).
LONG set_event(PRKEVENT event, KPRIORITY increment = 0);
LONG pulse_event(PRKEVENT event, KPRIORITY increment);
LONG reset_event(PRKEVENT event);
void initialize_semaphore(PRKSEMAPHORE semaphore, LONG count, LONG limit);
// The count before; the limit is the caller's to check.
LONG release_semaphore(PRKSEMAPHORE semaphore, LONG adjustment, KPRIORITY increment = 0);
void initialize_mutex(PRKMUTEX mutex);
NTSTATUS release_mutex(PRKMUTEX mutex, LONG* previous);  // STATUS_MUTANT_NOT_OWNED

// `timeout` null: for ever; negative: relative; 100 ns units.
NTSTATUS wait(void* object, KPROCESSOR_MODE mode, bool alertable, const LARGE_INTEGER* timeout);
NTSTATUS wait_multiple(ULONG count, void* const objects[], WAIT_TYPE type, KPROCESSOR_MODE mode,
                       bool alertable, const LARGE_INTEGER* timeout);
NTSTATUS delay(KPROCESSOR_MODE mode, bool alertable, LONGLONG interval_100ns);

// An object became signalled in another way (a thread ended, a timer expired): end the waits it satisfies.
void signal_waiters(DISPATCHER_HEADER* object, KPRIORITY increment = 0);

// Every thread that waits, with each object that it waits for. `visit` may end that wait.
void for_each_wait(void (*visit)(KTHREAD& thread, DISPATCHER_HEADER* object, void* context), void* context);

// Ends a thread's wait with a status of its own: an alert or an APC.
void alert_wait(KTHREAD& thread, NTSTATUS status, KPRIORITY increment = 0);

// ---- threads ----
inline KTHREAD* thread_of(sim::Thread* thread) {
    return thread == nullptr ? nullptr : CONTAINING_RECORD(thread, KTHREAD, thread);
}
// The thread that runs here; in a DPC or ISR the interrupted one. On an idle processor, the processor's idle
// thread.
KTHREAD* current_thread();
KPROCESSOR_MODE previous_mode();  // of its request, as ExGetPreviousMode says
// Prepares caller's storage; `name` is a literal. start_thread makes it ready.
void initialize_thread(KTHREAD& thread, const char* name, void(NTAPI* start)(void*), void* context);
void start_thread(KTHREAD& thread);
// A system thread out of ke's own table (docs/limits.md), started; null when the table is full.
KTHREAD* create_thread(const char* name, void(NTAPI* start)(void*), void* context);
[[noreturn]] void exit_current_thread(NTSTATUS status);
// Called on a thread that is about to end, at its IRQL: io takes back its requests there.
extern void (*thread_ending)(KTHREAD& thread);
// Called when a thread of ps has ended, at DISPATCH_LEVEL on its last steps; ps drops its reference there.
extern void (*thread_ended)(KTHREAD& thread);
// Base and current priority.
void set_priority(KTHREAD& thread, KPRIORITY priority);

void enter_critical_region();
void leave_critical_region();
void enter_guarded_region();
void leave_guarded_region();
// False when the thread is ending.
bool insert_apc(PRKAPC apc, void* argument1, void* argument2, KPRIORITY increment = 0);

// ---- DPCs and timers ----
// `routine` is the system's own: running it is no call into a driver (KeInitializeDpc's is).
void initialize_dpc(PRKDPC dpc, PKDEFERRED_ROUTINE routine, void* context);
bool insert_dpc(PRKDPC dpc, void* argument1, void* argument2);
// The same from outside any processor's instructions, a sim::Event: it runs when its processor comes to it.
bool queue_dpc(PRKDPC dpc);
bool remove_dpc(PRKDPC dpc);
void flush_queued_dpcs();
void initialize_timer(PKTIMER timer, TIMER_TYPE type);
// True when it was set already. `due` negative: relative; else absolute system time.
bool set_timer(PKTIMER timer, LARGE_INTEGER due, LONG period_ms, PKDPC dpc);
bool cancel_timer(PKTIMER timer);
// Every armed timer and queued DPC, for the rules at unload.
// The return address of who armed it last; 0 when that is not known any more.
std::uint64_t armed_from(const KTIMER* timer);
void for_each_timer(void (*visit)(PKTIMER timer, void* context), void* context);
void for_each_dpc(void (*visit)(PRKDPC dpc, void* context), void* context);

// ---- time ----
// Times in 100 ns, where a driver may ask for "for ever": what would pass the ends of the range stays there.
inline LONGLONG sum_100ns(LONGLONG a, LONGLONG b) {
    LONGLONG sum = 0;
    return !__builtin_add_overflow(a, b, &sum) ? sum : b < 0 ? MINLONGLONG : MAXLONGLONG;
}
inline LONGLONG difference_100ns(LONGLONG a, LONGLONG b) {
    LONGLONG difference = 0;
    return !__builtin_sub_overflow(a, b, &difference) ? difference : b < 0 ? MAXLONGLONG : MINLONGLONG;
}
LONGLONG system_time_100ns();     // 100 ns since 1601, to the clock's tick
LONGLONG interrupt_time_100ns();  // 100 ns since power-on, to the clock's tick
LONGLONG exact_time_100ns();      // interrupt time to 100 ns: the calling processor's own
LONGLONG exact_system_time_100ns();
// Somebody sets the clock: absolute deadlines follow, relative ones do not. <= DISPATCH_LEVEL.
void shift_system_time(LONGLONG by_100ns);
ULONG tick_100ns();
// One more user of the 1 ms clock, or one less; returns the resolution in 100 ns.
ULONG set_timer_resolution(bool set);
void stall(Nanoseconds duration_ns);

// ---- spin locks ----
void acquire_spin_lock(PKSPIN_LOCK lock);  // at the current IRQL
bool try_acquire_spin_lock(PKSPIN_LOCK lock);
void release_spin_lock(PKSPIN_LOCK lock);

// ---- interrupts ----
struct InterruptRequest {
    PKSERVICE_ROUTINE routine;
    void* context;
    PKSPIN_LOCK lock;            // null: the interrupt's own
    unsigned irq;                // the line: bus IRQ number
    sim::Irql synchronize_irql;  // 0: the line's
    bool latched;
    bool share;
    KAFFINITY affinity;
    bool system = false;  // the routine is the system's own: running it is no call into a driver
};
// STATUS_INVALID_PARAMETER for a line that does not exist or cannot be shared that way,
// STATUS_INSUFFICIENT_RESOURCES.
NTSTATUS connect_interrupt(const InterruptRequest& request, PKINTERRUPT* interrupt);
void disconnect_interrupt(PKINTERRUPT interrupt);
// Runs `routine` with the interrupt's lock held at its synchronize IRQL.
BOOLEAN synchronize_execution(PKINTERRUPT interrupt, PKSYNCHRONIZE_ROUTINE routine, void* context);
// For locks that work before an interrupt is connected, too.
sim::Irql acquire_interrupt_lock(PKINTERRUPT interrupt);
void release_interrupt_lock(PKINTERRUPT interrupt, sim::Irql old);
sim::Irql line_irql(unsigned irq);
unsigned vector_of(unsigned irq);    // the system vector that resource lists carry
int irq_of_vector(unsigned vector);  // -1: none
void for_each_interrupt(void (*visit)(PKINTERRUPT interrupt, PKSERVICE_ROUTINE routine, void* context),
                        void* context);

}  // namespace portico::nt::ke
