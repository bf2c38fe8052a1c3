// Kernel threads on the scheduler's fibers, their priorities and affinity, critical and guarded regions,
// APCs.
#include <algorithm>
#include <array>

#include "base/check.h"
#include "nt/ke/apc.h"
#include "nt/ke/list_links.h"
#include "nt/ke/timer_queue.h"
#include "nt/seh/unwindable.h"

namespace portico::nt::ke {
namespace {

constexpr unsigned pooled_thread_limit = 64;

struct Threads {
    std::array<KTHREAD, pooled_thread_limit> pool;
    std::array<bool, pooled_thread_limit> used{};
    std::array<KTHREAD, sim::max_processors> idle;
    std::uint32_t next_id = 4;
};

constinit Threads threads{};

void thread_entry(void* argument) {
    KTHREAD& thread = *static_cast<KTHREAD*>(argument);
    if (sim::scheduler.deliverable(*sim::this_processor)) sim::scheduler.deliver();
    {
        DriverCall call(thread.thread.name, reinterpret_cast<const void*>(thread.start));
        thread.start(thread.context);
    }
    exit_current_thread(STATUS_SUCCESS);
}

// A region that was never left: 0x20. Each mutex held is a critical region of its own.
void check_regions_left(const KTHREAD& thread) {
    int held = 0;
    for (PLIST_ENTRY e = thread.mutants.Flink; e != &thread.mutants; e = e->Flink) {
        if (!intact(*e)) return;  // told when they are abandoned
        held += CONTAINING_RECORD(e, KMUTANT, MutantListEntry)->ApcDisable != 0 ? 1 : 0;
    }
    if (thread.critical_region_depth == held && thread.guarded_region_depth == 0) return;
    PORTICO_PROBE(object_misuse, KERNEL_APC_PENDING_DURING_EXIT, thread.pooled ? nullptr : &thread,
                  "A thread ended in a critical or guarded region: it had not left as many as it entered.");
}

void abandon_mutexes(KTHREAD& thread) {
    while (!IsListEmpty(&thread.mutants)) {
        auto* const mutex = CONTAINING_RECORD(thread.mutants.Flink, KMUTANT, MutantListEntry);
        if (!intact(mutex->MutantListEntry)) {
            tell_corrupt(mutex, "A mutex was overwritten while a thread owns it.");
            InitializeListHead(&thread.mutants);
            return;
        }
        RemoveEntryList(&mutex->MutantListEntry);
        if (mutex->ApcDisable != 0) {
            PORTICO_PROBE(object_misuse, THREAD_TERMINATE_HELD_MUTEX, mutex,
                          "A thread ended while it owned this mutex.");
        }
        mutex->Header.SignalState = 1;
        mutex->Abandoned = TRUE;
        mutex->OwnerThread = nullptr;
        signal_waiters(&mutex->Header);
    }
}

}  // namespace

void (*thread_ending)(KTHREAD& thread) = nullptr;
void (*thread_ended)(KTHREAD& thread) = nullptr;

void reset_threads() {
    threads.used.fill(false);
    threads.next_id = 4;
    for (unsigned i = 0; i < sim::max_processors; ++i) {
        initialize_thread(threads.idle[i], "idle", nullptr, nullptr);
        threads.idle[i].thread.id = 0;
    }
    threads.next_id = 4;
}

KTHREAD* current_thread() {
    const sim::Processor& p = *sim::this_processor;
    return p.current != nullptr ? thread_of(p.current) : &threads.idle[p.index];
}

KPROCESSOR_MODE previous_mode() {
    return current_thread()->previous_mode;
}

void initialize_thread(KTHREAD& thread, const char* name, void(NTAPI* start)(void*), void* context) {
    thread.thread = sim::Thread{};
    thread.thread.id = threads.next_id;
    threads.next_id += 4;
    thread.thread.name = name;
    thread.Header = DISPATCHER_HEADER{};
    thread.Header.Type = 6;  // ThreadObject
    InitializeListHead(&thread.Header.WaitListHead);
    InitializeListHead(&thread.mutants);
    InitializeListHead(&thread.kernel_apcs);
    InitializeListHead(&thread.user_apcs);
    thread.wait_count = 0;
    thread.waiting = thread.wait_alertable = thread.wait_next = false;
    thread.wait_mode = KernelMode;
    thread.wait_status = STATUS_SUCCESS;
    initialize_timer(&thread.timer, NotificationTimer);
    thread.timer.TimerType = wait_timer;
    thread.critical_region_depth = thread.guarded_region_depth = 0;
    thread.kernel_apc_in_progress = thread.ending = false;
    thread.alerted[0] = thread.alerted[1] = false;
    thread.system_affinity = 0;
    thread.process = nullptr;
    thread.start = start;
    thread.context = context;
    thread.exit_status = STATUS_PENDING;
    thread.previous_mode = KernelMode;
    thread.pooled = false;
}

void start_thread(KTHREAD& thread) {
    sim::scheduler.start(thread.thread, thread_entry, &thread);
}

KTHREAD* create_thread(const char* name, void(NTAPI* start)(void*), void* context) {
    for (unsigned i = 0; i < pooled_thread_limit; ++i) {
        if (threads.used[i]) continue;
        threads.used[i] = true;
        KTHREAD& thread = threads.pool[i];
        initialize_thread(thread, name, start, context);
        thread.pooled = true;
        start_thread(thread);
        return &thread;
    }
    return nullptr;
}

void exit_current_thread(NTSTATUS status) {
    KTHREAD& thread = *current_thread();
    leave_interrupts_on(nullptr, true);
    check_regions_left(thread);
    if (thread_ending != nullptr) thread_ending(thread);
    thread.ending = true;
    run_down_apcs(thread);
    raise(sim::dispatch_level);
    thread.exit_status = status;
    abandon_mutexes(thread);
    thread.Header.SignalState = 1;
    signal_waiters(&thread.Header);
    if (thread.pooled) {
        threads.used[static_cast<std::size_t>(&thread - threads.pool.data())] = false;
    } else if (thread_ended != nullptr) {
        thread_ended(thread);
    }
    sim::this_processor->irql = sim::passive_level;
    sim::scheduler.exit_thread();
}

void set_current_priority(KTHREAD& thread, KPRIORITY priority) {
    sim::scheduler.set_priority(thread.thread,
                                static_cast<std::uint8_t>(std::clamp<KPRIORITY>(priority, 1, HIGH_PRIORITY)));
    if (sim::scheduler.deliverable(*sim::this_processor)) sim::scheduler.deliver();
}

void set_priority(KTHREAD& thread, KPRIORITY priority) {
    thread.thread.base_priority =
        static_cast<std::uint8_t>(std::clamp<KPRIORITY>(priority, 1, HIGH_PRIORITY));
    set_current_priority(thread, priority);
}

}  // namespace portico::nt::ke

using namespace portico::nt;

extern "C" {

PKTHREAD NTAPI KeGetCurrentThread() {
    DDI(KeGetCurrentThread, HIGH_LEVEL);
    return ke::current_thread();
}

KPRIORITY NTAPI KeSetPriorityThread(PKTHREAD Thread, KPRIORITY Priority) {
    DDI(KeSetPriorityThread, DISPATCH_LEVEL);
    const KPRIORITY before = Thread->thread.priority;
    ke::set_current_priority(*Thread, Priority);
    return before;
}

KPRIORITY NTAPI KeQueryPriorityThread(PKTHREAD Thread) {
    DDI(KeQueryPriorityThread, DISPATCH_LEVEL);
    return Thread->thread.priority;
}

LONG NTAPI KeSetBasePriorityThread(PKTHREAD Thread, LONG Increment) {
    DDI(KeSetBasePriorityThread, DISPATCH_LEVEL);
    constexpr LONG process_base_priority = 8;
    const LONG before = Thread->thread.base_priority - process_base_priority;
    ke::set_priority(*Thread, process_base_priority + Increment);
    return before;
}

BOOLEAN NTAPI KeAlertThread(PKTHREAD Thread, KPROCESSOR_MODE AlertMode) {
    DDI(KeAlertThread, DISPATCH_LEVEL);
    ke::DispatcherLock lock;
    bool& alerted = Thread->alerted[AlertMode != KernelMode];
    const bool before = alerted;
    if (Thread->waiting && Thread->wait_alertable && Thread->wait_mode >= AlertMode) {
        ke::alert_wait(*Thread, STATUS_ALERTED);
    } else {
        alerted = true;
    }
    return before;
}

BOOLEAN NTAPI KeTestAlertThread(KPROCESSOR_MODE AlertMode) {
    DDI(KeTestAlertThread, APC_LEVEL);
    bool& alerted = ke::current_thread()->alerted[AlertMode != KernelMode];
    const bool before = alerted;
    alerted = false;
    return before;
}

PORTICO_UNWINDABLE

// Kernel stacks are large enough for every callout: it runs where it is, and its exceptions are its caller's.
NTSTATUS NTAPI KeExpandKernelStackAndCallout(PEXPAND_STACK_CALLOUT Callout, PVOID Parameter, SIZE_T Size) {
    DDI(KeExpandKernelStackAndCallout, DISPATCH_LEVEL);
    if (Size > MAXIMUM_EXPANSION_SIZE) return STATUS_INVALID_PARAMETER_3;
    DriverCall call("Callout", reinterpret_cast<const void*>(Callout));
    Callout(Parameter);
    return STATUS_SUCCESS;
}

}  // extern "C"
