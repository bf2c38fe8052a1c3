// Asynchronous procedure calls, and the regions that hold them back.
#include "nt/ke/apc.h"

#include "nt/ke/ke.h"
#include "nt/ke/list_links.h"

namespace portico::nt::ke {
namespace {

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

// Special kernel APCs, which have no normal routine, go before normal ones.
void enqueue_apc(LIST_ENTRY& queue, PRKAPC apc) {
    PLIST_ENTRY before = &queue;
    if (apc->ApcMode == KernelMode && normal_of(apc) == nullptr) {
        before = queue.Flink;
        while (sound(queue, before) && before != &queue &&
               normal_of(CONTAINING_RECORD(before, KAPC, ApcListEntry)) == nullptr) {
            before = before->Flink;
        }
        if (IsListEmpty(&queue)) before = &queue;
    } else {
        sound(queue, queue.Blink);
    }
    InsertTailList(before, &apc->ApcListEntry);
}

void run_down(LIST_ENTRY& queue) {
    while (sound(queue, queue.Flink) && !IsListEmpty(&queue)) {
        auto* const apc = CONTAINING_RECORD(queue.Flink, KAPC, ApcListEntry);
        RemoveEntryList(&apc->ApcListEntry);
        apc->Inserted = FALSE;
        const auto rundown = reinterpret_cast<PKRUNDOWN_ROUTINE>(apc->Reserved[1]);
        if (rundown == nullptr) continue;
        DriverCall call("RundownRoutine", reinterpret_cast<const void*>(rundown));
        rundown(apc);
    }
}

}  // namespace

void reset_apcs() {
    sim::scheduler.hooks.deliver_apcs = deliver_kernel_apcs;
}

void run_down_apcs(KTHREAD& thread) {
    run_down(thread.kernel_apcs);
    run_down(thread.user_apcs);
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
    if (apc->Inserted != FALSE || thread.ending) return false;
    apc->SystemArgument1 = argument1;
    apc->SystemArgument2 = argument2;
    apc->Inserted = TRUE;
    const bool user = apc->ApcMode != KernelMode;
    enqueue_apc(user ? thread.user_apcs : thread.kernel_apcs, apc);
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

}  // extern "C"
