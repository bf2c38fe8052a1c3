// Deferred procedure calls: a queue per processor, drained at DISPATCH_LEVEL before any thread goes on.
#include <array>

#include "nt/ke/ke.h"
#include "nt/ke/list_links.h"
#include "nt/ke/timer_queue.h"
#include "nt/seh/unwindable.h"

namespace portico::nt::ke {
namespace {

// KDPC::Number holds the target processor plus this, 0 for "wherever it is queued".
constexpr USHORT target_base = 0x100;
// KDPC::Type of DPCs whose routine is the system's own; a driver's have Windows' DpcObject.
constexpr UCHAR system_dpc = 0x80;
constexpr UCHAR driver_dpc = 19;

struct DpcQueue {
    LIST_ENTRY list;
    bool running;
};

struct Dpcs {
    std::array<DpcQueue, sim::max_processors> queues;
};

Dpcs dpcs;

// While queued a KDPC is linked through DpcListEntry and ProcessorHistory together; DpcData tells that it is
// queued.
static_assert(offsetof(KDPC, ProcessorHistory) == offsetof(KDPC, DpcListEntry) + sizeof(void*));
PLIST_ENTRY link_of(PRKDPC dpc) {
    return reinterpret_cast<PLIST_ENTRY>(&dpc->DpcListEntry);
}

constexpr const char* overwritten = "A DPC that is queued was overwritten.";

// A walk may go on through `link`. A queue that leads through overwritten memory is told and forgotten.
bool sound(DpcQueue& queue, PLIST_ENTRY link) {
    if (link == &queue.list || intact(*link)) return true;
    tell_corrupt(CONTAINING_RECORD(link, KDPC, DpcListEntry), overwritten);
    InitializeListHead(&queue.list);
    return false;
}

PORTICO_UNWINDABLE

// Also of memory that was never initialized, or is none: then the fault is the driver's.
[[clang::no_sanitize("address", "null", "alignment")]] bool is_queued(PRKDPC dpc) {
    for (DpcQueue& queue : dpcs.queues) {
        if (dpc->DpcData != &queue) continue;
        for (PLIST_ENTRY e = queue.list.Flink; sound(queue, e) && e != &queue.list; e = e->Flink) {
            if (e == link_of(dpc)) return true;
        }
    }
    return false;
}

PORTICO_UNWINDABLE_END

void run(PRKDPC dpc) {
    unlink(*link_of(dpc), dpc, overwritten);
    const UCHAR type = dpc->Type;
    const PKDEFERRED_ROUTINE routine = dpc->DeferredRoutine;
    PVOID const context = dpc->DeferredContext;
    PVOID const argument1 = dpc->SystemArgument1;
    PVOID const argument2 = dpc->SystemArgument2;
    dpc->DpcData = nullptr;  // from here on it may be queued again
    ++sim::this_processor->dpcs;
    sim::record(sim::TraceKind::dpc_enter, nullptr, reinterpret_cast<std::uint64_t>(routine));
    if (type == system_dpc) {
        routine(dpc, context, argument1, argument2);
    } else {
        DriverCall call("DeferredRoutine", reinterpret_cast<const void*>(routine));
        routine(dpc, context, argument1, argument2);
    }
    sim::record(sim::TraceKind::dpc_leave, nullptr, reinterpret_cast<std::uint64_t>(routine));
}

void retire(sim::Processor& p) {
    DpcQueue& queue = dpcs.queues[p.index];
    if (queue.running) {
        p.dpcs_pending = false;  // whoever empties it looks again
        return;
    }
    queue.running = true;
    p.in_dpc = true;
    for (;;) {
        p.dpcs_pending = false;
        expire_timers(p);
        if (!sound(queue, queue.list.Flink) || IsListEmpty(&queue.list)) break;
        run(CONTAINING_RECORD(queue.list.Flink, KDPC, DpcListEntry));
        p.irql = sim::dispatch_level;
        p.interrupts_disabled = false;
        if (sim::scheduler.deliverable(p)) sim::scheduler.deliver();
    }
    p.in_dpc = false;
    queue.running = false;
}

void NTAPI flushed(PKDPC, PVOID context, PVOID, PVOID) {
    set_event(static_cast<PRKEVENT>(context));
}

bool queue_dpc(PRKDPC dpc, void* argument1, void* argument2) {
    if (dpc->DpcData != nullptr) return false;
    sim::Processor* target = sim::this_processor;
    if (dpc->Number >= target_base &&
        dpc->Number - target_base < static_cast<int>(sim::scheduler.processor_count)) {
        target = &sim::scheduler.processors[dpc->Number - target_base];
    }
    DpcQueue& queue = dpcs.queues[target->index];
    dpc->DpcData = &queue;
    dpc->SystemArgument1 = argument1;
    dpc->SystemArgument2 = argument2;
    sound(queue, dpc->Importance == HighImportance ? queue.list.Flink : queue.list.Blink);
    if (dpc->Importance == HighImportance) {
        InsertHeadList(&queue.list, link_of(dpc));
    } else {
        InsertTailList(&queue.list, link_of(dpc));
    }
    target->dpcs_pending = true;
    sim::scheduler.poke(*target, sim::this_processor->at_ns);
    return true;
}

}  // namespace

void reset_dpcs() {
    for (DpcQueue& queue : dpcs.queues) {
        InitializeListHead(&queue.list);
        queue.running = false;
    }
    sim::scheduler.hooks.retire_dpcs = retire;
}

PORTICO_UNWINDABLE

[[clang::no_sanitize("address", "null", "alignment")]] void initialize_dpc(PRKDPC dpc,
                                                                           PKDEFERRED_ROUTINE routine,
                                                                           void* context) {
    // Whoever initializes a DPC that is queued does not take it off the queue.
    KDPC left{};
    left.SystemArgument1 = dpc->SystemArgument1;  // they come with KeInsertQueueDpc
    left.SystemArgument2 = dpc->SystemArgument2;
    if (is_queued(dpc)) {
        left.DpcListEntry = dpc->DpcListEntry;
        left.ProcessorHistory = dpc->ProcessorHistory;
        left.DpcData = dpc->DpcData;
    }
    *dpc = left;
    dpc->Type = system_dpc;
    dpc->Importance = MediumImportance;
    dpc->DeferredRoutine = routine;
    dpc->DeferredContext = context;
}

PORTICO_UNWINDABLE_END

bool queue_dpc(PRKDPC dpc) {
    return queue_dpc(dpc, nullptr, nullptr);
}

bool insert_dpc(PRKDPC dpc, void* argument1, void* argument2) {
    if (!queue_dpc(dpc, argument1, argument2)) return false;
    if (sim::scheduler.deliverable(*sim::this_processor)) sim::scheduler.deliver();
    return true;
}

bool remove_dpc(PRKDPC dpc) {
    if (dpc->DpcData == nullptr) return false;
    unlink(*link_of(dpc), dpc, overwritten);
    dpc->DpcData = nullptr;
    return true;
}

void flush_queued_dpcs() {
    for (unsigned i = 0; i < sim::scheduler.processor_count; ++i) {
        if (IsListEmpty(&dpcs.queues[i].list) && !dpcs.queues[i].running) continue;
        KEVENT event;
        KDPC dpc;
        initialize_event(&event, NotificationEvent, false);
        initialize_dpc(&dpc, flushed, &event);
        dpc.Number = static_cast<USHORT>(target_base + i);
        insert_dpc(&dpc, nullptr, nullptr);
        wait(&event, KernelMode, false, nullptr);
    }
}

void for_each_dpc(void (*visit)(PRKDPC, void*), void* context) {
    for (unsigned i = 0; i < sim::scheduler.processor_count; ++i) {
        DpcQueue& queue = dpcs.queues[i];
        for (PLIST_ENTRY e = queue.list.Flink; sound(queue, e) && e != &queue.list;) {
            auto* const dpc = CONTAINING_RECORD(e, KDPC, DpcListEntry);
            e = e->Flink;
            visit(dpc, context);
        }
    }
}

}  // namespace portico::nt::ke

using namespace portico::nt;

extern "C" {

PORTICO_UNWINDABLE

VOID NTAPI KeInitializeDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext) {
    DDI(KeInitializeDpc, HIGH_LEVEL);
    ke::initialize_dpc(Dpc, DeferredRoutine, DeferredContext);
    Dpc->Type = ke::driver_dpc;
}

// A threaded DPC may be run as an ordinary one (documented: when threaded DPCs are disabled), so it is.
VOID NTAPI KeInitializeThreadedDpc(PRKDPC Dpc, PKDEFERRED_ROUTINE DeferredRoutine, PVOID DeferredContext) {
    DDI(KeInitializeThreadedDpc, HIGH_LEVEL);
    ke::initialize_dpc(Dpc, DeferredRoutine, DeferredContext);
    Dpc->Type = ke::driver_dpc;
}

PORTICO_UNWINDABLE_END

BOOLEAN NTAPI KeInsertQueueDpc(PRKDPC Dpc, PVOID SystemArgument1, PVOID SystemArgument2) {
    DDI(KeInsertQueueDpc, HIGH_LEVEL);
    return ke::insert_dpc(Dpc, SystemArgument1, SystemArgument2);
}

BOOLEAN NTAPI KeRemoveQueueDpc(PRKDPC Dpc) {
    DDI(KeRemoveQueueDpc, HIGH_LEVEL);
    return ke::remove_dpc(Dpc);
}

VOID NTAPI KeSetImportanceDpc(PRKDPC Dpc, KDPC_IMPORTANCE Importance) {
    DDI(KeSetImportanceDpc, HIGH_LEVEL);
    Dpc->Importance = static_cast<UCHAR>(Importance);
}

VOID NTAPI KeSetTargetProcessorDpc(PRKDPC Dpc, CCHAR Number) {
    DDI(KeSetTargetProcessorDpc, HIGH_LEVEL);
    Dpc->Number = static_cast<USHORT>(0x100 + Number);
}

NTSTATUS NTAPI KeSetTargetProcessorDpcEx(PKDPC Dpc, PPROCESSOR_NUMBER ProcNumber) {
    DDI(KeSetTargetProcessorDpcEx, HIGH_LEVEL);
    if (ProcNumber->Group != 0 || ProcNumber->Number >= portico::sim::scheduler.processor_count) {
        return STATUS_INVALID_PARAMETER;
    }
    Dpc->Number = static_cast<USHORT>(0x100 + ProcNumber->Number);
    return STATUS_SUCCESS;
}

VOID NTAPI KeFlushQueuedDpcs() {
    DDI(KeFlushQueuedDpcs, PASSIVE_LEVEL);
    ke::flush_queued_dpcs();
}

}  // extern "C"
