// Kernel threads on the scheduler's fibers, their priorities and affinity, critical and guarded regions,
// APCs.
#include <algorithm>
#include <array>

#include "base/check.h"
#include "nt/ke/list_links.h"
#include "nt/ke/timer_queue.h"

namespace portico::nt::ke {
namespace {

constexpr unsigned pooled_thread_limit = 64;

struct Threads {
    std::array<KTHREAD, pooled_thread_limit> pool;
    std::array<bool, pooled_thread_limit> used{};
    std::array<KTHREAD, sim::max_processors> idle;
    std::uint32_t next_id = 4;
};

Threads threads;

void thread_entry(void* argument) {
    KTHREAD& thread = *static_cast<KTHREAD*>(argument);
    if (sim::scheduler.deliverable(*sim::this_processor)) sim::scheduler.deliver();
    {
        DriverCall call(thread.thread.name, reinterpret_cast<const void*>(thread.start));
        thread.start(thread.context);
    }
    exit_current_thread(STATUS_SUCCESS);
}

bool apcs_allowed(const KTHREAD& thread) {
    return thread.guarded_region_depth == 0;
}
bool normal_apcs_allowed(const KTHREAD& thread) {
    return apcs_allowed(thread) && thread.critical_region_depth == 0 && !thread.kernel_apc_in_progress;
}

// A KAPC keeps its kernel, rundown and normal routines in its reserved words, as on Windows.
PKNORMAL_ROUTINE normal_of(PRKAPC apc) {
    return reinterpret_cast<PKNORMAL_ROUTINE>(apc->Reserved[2]);
}

// A walk may go on through `link`. A queue that leads through overwritten memory is told and forgotten.
bool sound(LIST_ENTRY& queue, PLIST_ENTRY link) {
    if (link == &queue || intact(*link)) return true;
    tell_corrupt(CONTAINING_RECORD(link, KAPC, ApcListEntry), "An APC that is queued was overwritten.");
    InitializeListHead(&queue);
    return false;
}

// The first kernel APC that may run now.
PRKAPC next_apc(KTHREAD& thread) {
    if (!apcs_allowed(thread)) return nullptr;
    for (PLIST_ENTRY e = thread.kernel_apcs.Flink; sound(thread.kernel_apcs, e) && e != &thread.kernel_apcs;
         e = e->Flink) {
        auto* const apc = CONTAINING_RECORD(e, KAPC, ApcListEntry);
        if (normal_of(apc) == nullptr || normal_apcs_allowed(thread)) return apc;
    }
    return nullptr;
}

void run_apc(KTHREAD& thread, PRKAPC apc) {
    unlink(apc->ApcListEntry, apc, "An APC that is queued was overwritten.");
    apc->Inserted = FALSE;
    PKNORMAL_ROUTINE normal = normal_of(apc);
    const auto kernel = reinterpret_cast<PKKERNEL_ROUTINE>(apc->Reserved[0]);
    PVOID context = apc->NormalContext;
    PVOID argument1 = apc->SystemArgument1;
    PVOID argument2 = apc->SystemArgument2;
    const sim::Irql old = raise(sim::apc_level);
    {
        DriverCall call("KernelRoutine", reinterpret_cast<const void*>(kernel));
        kernel(apc, &normal, &context, &argument1, &argument2);
    }
    if (normal != nullptr) {
        thread.kernel_apc_in_progress = true;
        lower(sim::passive_level);
        DriverCall call("NormalRoutine", reinterpret_cast<const void*>(normal));
        normal(context, argument1, argument2);
        thread.kernel_apc_in_progress = false;
    }
    lower(old);
}

void deliver_kernel_apcs() {
    KTHREAD& thread = *current_thread();
    thread.thread.apcs_pending = false;
    while (PRKAPC const apc = next_apc(thread)) run_apc(thread, apc);
}

void apcs_may_run(KTHREAD& thread) {
    if (next_apc(thread) == nullptr) return;
    thread.thread.apcs_pending = true;
    if (&thread == current_thread() && sim::scheduler.deliverable(*sim::this_processor))
        sim::scheduler.deliver();
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
    sim::scheduler.hooks.deliver_apcs = deliver_kernel_apcs;
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
    thread.kernel_apc_in_progress = false;
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
    if (thread_ending != nullptr) thread_ending(thread);
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

void enter_critical_region() {
    ++current_thread()->critical_region_depth;
}

void leave_critical_region() {
    KTHREAD& thread = *current_thread();
    --thread.critical_region_depth;
    apcs_may_run(thread);
}

void enter_guarded_region() {
    ++current_thread()->guarded_region_depth;
}

void leave_guarded_region() {
    KTHREAD& thread = *current_thread();
    --thread.guarded_region_depth;
    apcs_may_run(thread);
}

bool insert_apc(PRKAPC apc, void* argument1, void* argument2, KPRIORITY increment) {
    DispatcherLock lock;
    KTHREAD& thread = *static_cast<KTHREAD*>(apc->Thread);
    if (apc->Inserted != FALSE || thread.thread.state == sim::Thread::State::terminated) return false;
    apc->SystemArgument1 = argument1;
    apc->SystemArgument2 = argument2;
    apc->Inserted = TRUE;
    const bool user = apc->ApcMode != KernelMode;
    LIST_ENTRY& queue = user ? thread.user_apcs : thread.kernel_apcs;
    sound(queue, queue.Blink);
    InsertTailList(&queue, &apc->ApcListEntry);
    if (user) {
        if (thread.waiting && thread.wait_alertable && thread.wait_mode != KernelMode) {
            alert_wait(thread, STATUS_USER_APC, increment);
        }
    } else if (next_apc(thread) != nullptr) {
        thread.thread.apcs_pending = true;
        if (thread.waiting) {
            alert_wait(thread, STATUS_KERNEL_APC, increment);
        } else if (thread.thread.state == sim::Thread::State::running) {
            sim::scheduler.poke(*thread.thread.processor, sim::this_processor->at_ns);
        }
    }
    return true;
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

VOID NTAPI KeEnterCriticalRegion() {
    DDI(KeEnterCriticalRegion, APC_LEVEL);
    ke::enter_critical_region();
}

VOID NTAPI KeLeaveCriticalRegion() {
    DDI(KeLeaveCriticalRegion, APC_LEVEL);
    ke::leave_critical_region();
}

VOID NTAPI KeEnterGuardedRegion() {
    DDI(KeEnterGuardedRegion, APC_LEVEL);
    ke::enter_guarded_region();
}

VOID NTAPI KeLeaveGuardedRegion() {
    DDI(KeLeaveGuardedRegion, APC_LEVEL);
    ke::leave_guarded_region();
}

BOOLEAN NTAPI KeAreApcsDisabled() {
    DDI(KeAreApcsDisabled, DISPATCH_LEVEL);
    const KTHREAD& thread = *ke::current_thread();
    return thread.critical_region_depth != 0 || thread.guarded_region_depth != 0;
}

BOOLEAN NTAPI KeAreAllApcsDisabled() {
    DDI(KeAreAllApcsDisabled, DISPATCH_LEVEL);
    return ke::current_thread()->guarded_region_depth != 0 || ke::current_irql() >= portico::sim::apc_level;
}

VOID NTAPI KeInitializeApc(PRKAPC Apc, PKTHREAD Thread, KAPC_ENVIRONMENT, PKKERNEL_ROUTINE KernelRoutine,
                           PKRUNDOWN_ROUTINE RundownRoutine, PKNORMAL_ROUTINE NormalRoutine,
                           KPROCESSOR_MODE Mode, PVOID Context) {
    DDI(KeInitializeApc, DISPATCH_LEVEL);
    *Apc = KAPC{};
    Apc->Thread = Thread;
    Apc->Reserved[0] = reinterpret_cast<PVOID>(KernelRoutine);
    Apc->Reserved[1] = reinterpret_cast<PVOID>(RundownRoutine);
    Apc->Reserved[2] = reinterpret_cast<PVOID>(NormalRoutine);
    Apc->ApcMode = NormalRoutine == nullptr ? static_cast<KPROCESSOR_MODE>(KernelMode) : Mode;
    Apc->NormalContext = NormalRoutine == nullptr ? nullptr : Context;
}

BOOLEAN NTAPI KeInsertQueueApc(PRKAPC Apc, PVOID Argument1, PVOID Argument2, KPRIORITY Increment) {
    DDI(KeInsertQueueApc, DISPATCH_LEVEL);
    return ke::insert_apc(Apc, Argument1, Argument2, Increment);
}

BOOLEAN NTAPI KeRemoveQueueApc(PRKAPC Apc) {
    DDI(KeRemoveQueueApc, DISPATCH_LEVEL);
    if (Apc->Inserted == FALSE) return FALSE;
    ke::unlink(Apc->ApcListEntry, Apc, "An APC that is queued was overwritten.");
    Apc->Inserted = FALSE;
    return TRUE;
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

// Kernel stacks are large enough for every callout: it runs where it is.
NTSTATUS NTAPI KeExpandKernelStackAndCallout(PEXPAND_STACK_CALLOUT Callout, PVOID Parameter, SIZE_T Size) {
    DDI(KeExpandKernelStackAndCallout, DISPATCH_LEVEL);
    if (Size > MAXIMUM_EXPANSION_SIZE) return STATUS_INVALID_PARAMETER_3;
    DriverCall call("Callout", reinterpret_cast<const void*>(Callout));
    Callout(Parameter);
    return STATUS_SUCCESS;
}

}  // extern "C"
