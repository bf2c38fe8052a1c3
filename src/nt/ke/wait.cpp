// Waiting on dispatcher objects.
#include "nt/ke/dispatcher_types.h"
#include "nt/ke/ke.h"
#include "nt/ke/list_links.h"

namespace portico::nt::ke {
namespace {

LIST_ENTRY waiting{&waiting, &waiting};

DISPATCHER_HEADER* header_of(void* object) {
    return static_cast<DISPATCHER_HEADER*>(object);
}

bool satisfies(const DISPATCHER_HEADER* object, const KTHREAD* thread) {
    if (object->Type == mutant) {
        const auto* const m = reinterpret_cast<const KMUTANT*>(object);
        return object->SignalState > 0 || m->OwnerThread == thread;
    }
    return object->SignalState > 0;
}

// What ending a wait does to the object. Returns true for an abandoned mutex.
bool consume(DISPATCHER_HEADER* object, KTHREAD* thread) {
    switch (object->Type) {
        case event_synchronization:
        case timer_synchronization:
            object->SignalState = 0;
            return false;
        case semaphore:
            --object->SignalState;
            return false;
        case mutant:
            break;
        default:
            return false;
    }
    auto* const m = reinterpret_cast<KMUTANT*>(object);
    if (--object->SignalState != 0) return false;
    m->OwnerThread = thread;
    if (m->ApcDisable != 0) ++thread->critical_region_depth;
    InsertTailList(&thread->mutants, &m->MutantListEntry);
    const bool abandoned = m->Abandoned != 0;
    m->Abandoned = FALSE;
    return abandoned;
}

bool all_satisfied(const KTHREAD& thread) {
    for (unsigned i = 0; i < thread.wait_count; ++i) {
        if (!satisfies(thread.blocks[i].object, &thread)) return false;
    }
    return true;
}

NTSTATUS consume_all(KTHREAD& thread) {
    bool abandoned = false;
    for (unsigned i = 0; i < thread.wait_count; ++i) abandoned |= consume(thread.blocks[i].object, &thread);
    return abandoned ? STATUS_ABANDONED_WAIT_0 : STATUS_WAIT_0;
}

void end_wait(KTHREAD& thread, NTSTATUS status, KPRIORITY increment) {
    for (unsigned i = 0; i < thread.wait_count; ++i) {
        unlink(thread.blocks[i].link, thread.blocks[i].object,
               "An object was overwritten while a thread waits for it.");
    }
    thread.wait_count = 0;
    thread.waiting = false;
    RemoveEntryList(&thread.waiting_link);
    cancel_timer(&thread.timer);  // it may come before the thread runs again
    thread.wait_status = status;
    if (increment > 0) sim::scheduler.boost(thread.thread, static_cast<std::uint8_t>(increment));
    sim::scheduler.make_ready(thread.thread);
}

// A mutex that its owner acquires once more than a LONG counts.
bool over_limit(const DISPATCHER_HEADER* object, const KTHREAD* thread) {
    return object->Type == mutant && object->SignalState == static_cast<LONG>(MINLONG) &&
           reinterpret_cast<const KMUTANT*>(object)->OwnerThread == thread;
}

struct Wait {
    ULONG count;
    void* const* objects;
    bool all;
    KPROCESSOR_MODE mode;
    bool alertable;
};

// The result when no waiting is needed, or STATUS_PENDING.
NTSTATUS try_at_once(const Wait& wait, KTHREAD& thread) {
    if (!wait.all) {
        for (ULONG i = 0; i < wait.count; ++i) {
            DISPATCHER_HEADER* const object = header_of(wait.objects[i]);
            if (!satisfies(object, &thread)) continue;
            if (over_limit(object, &thread)) return STATUS_MUTANT_LIMIT_EXCEEDED;
            const bool abandoned = consume(object, &thread);
            return static_cast<NTSTATUS>((abandoned ? STATUS_ABANDONED_WAIT_0 : STATUS_WAIT_0) +
                                         static_cast<NTSTATUS>(i));
        }
        return STATUS_PENDING;
    }
    for (ULONG i = 0; i < wait.count; ++i) {
        DISPATCHER_HEADER* const object = header_of(wait.objects[i]);
        if (!satisfies(object, &thread)) return STATUS_PENDING;
        if (over_limit(object, &thread)) return STATUS_MUTANT_LIMIT_EXCEEDED;
    }
    bool abandoned = false;
    for (ULONG i = 0; i < wait.count; ++i) abandoned |= consume(header_of(wait.objects[i]), &thread);
    return abandoned ? STATUS_ABANDONED_WAIT_0 : STATUS_WAIT_0;
}

// An alert or user APC that ends an alertable wait before it begins, or STATUS_PENDING.
NTSTATUS try_alert(const Wait& wait, KTHREAD& thread) {
    if (wait.alertable && thread.alerted[wait.mode != KernelMode]) {
        thread.alerted[wait.mode != KernelMode] = false;
        return STATUS_ALERTED;
    }
    if (wait.alertable && wait.mode != KernelMode && !IsListEmpty(&thread.user_apcs)) return STATUS_USER_APC;
    return STATUS_PENDING;
}

void enqueue(const Wait& wait, KTHREAD& thread) {
    thread.wait_count = wait.count;
    for (ULONG i = 0; i < wait.count; ++i) {
        WaitBlock& block = thread.blocks[i];
        block.thread = &thread;
        block.object = header_of(wait.objects[i]);
        block.key = static_cast<NTSTATUS>(i);
        block.any = !wait.all;
        check_head(block.object->WaitListHead, block.object,
                   "A thread waits for an object that is not initialized.");
        InsertTailList(&block.object->WaitListHead, &block.link);
    }
    thread.waiting = true;
    InsertTailList(&waiting, &thread.waiting_link);
    thread.wait_alertable = wait.alertable;
    thread.wait_mode = wait.mode;
}

// Parks the thread until something ends its wait or `due_100ns` (interrupt time; 0: none) passes.
NTSTATUS park(KTHREAD& thread, const LARGE_INTEGER* due) {
    leave_interrupts_on(thread.blocks[0].object, false);
    if (due != nullptr) set_timer(&thread.timer, *due, 0, nullptr);
    sim::scheduler.block();
    return thread.wait_status;
}

// `end_100ns`: when a relative time-out ends, in interrupt time.
bool has_passed(const LARGE_INTEGER& timeout, LONGLONG end_100ns) {
    if (timeout.QuadPart == 0) return true;
    if (timeout.QuadPart > 0) return timeout.QuadPart <= exact_system_time_100ns();
    return exact_time_100ns() >= end_100ns;
}

NTSTATUS wait_below_dispatch(const Wait& wait, KTHREAD& thread, const LARGE_INTEGER* timeout) {
    // A relative time-out counts from the first attempt: kernel APCs in between do not extend it.
    LARGE_INTEGER due{};
    const bool relative = timeout != nullptr && timeout->QuadPart < 0;
    if (timeout != nullptr) due.QuadPart = timeout->QuadPart;
    const LONGLONG end_100ns = relative ? difference_100ns(exact_time_100ns(), timeout->QuadPart) : 0;
    for (;;) {
        const sim::Irql old = thread.wait_next ? thread.wait_irql : current_irql();
        thread.wait_next = false;
        raise(sim::dispatch_level);
        NTSTATUS status = try_at_once(wait, thread);
        if (status == STATUS_PENDING) status = try_alert(wait, thread);
        if (status == STATUS_PENDING && timeout != nullptr && has_passed(*timeout, end_100ns))
            status = STATUS_TIMEOUT;
        if (status != STATUS_PENDING) {
            lower(old);
            return status;
        }
        enqueue(wait, thread);
        if (relative) due.QuadPart = exact_time_100ns() - end_100ns;
        sim::this_processor->irql = old;  // parked: the processor goes on with another thread at once
        status = park(thread, timeout == nullptr ? nullptr : &due);
        if (sim::scheduler.deliverable(*sim::this_processor)) sim::scheduler.deliver();
        if (status != STATUS_KERNEL_APC) return status;
    }
}

}  // namespace

void reset_waits() {
    InitializeListHead(&waiting);
}

void for_each_wait(void (*visit)(KTHREAD& thread, DISPATCHER_HEADER* object, void* context), void* context) {
    for (PLIST_ENTRY e = waiting.Flink; e != &waiting;) {
        KTHREAD& thread = *CONTAINING_RECORD(e, KTHREAD, waiting_link);
        e = e->Flink;
        for (unsigned i = 0; i < thread.wait_count; ++i) visit(thread, thread.blocks[i].object, context);
    }
}

void alert_wait(KTHREAD& thread, NTSTATUS status, KPRIORITY increment) {
    end_wait(thread, status, increment);
}

void signal_waiters(DISPATCHER_HEADER* object, KPRIORITY increment) {
    if (!check_head(object->WaitListHead, object,
                    "An object is signalled that is not initialized, or was overwritten."))
        return;
    PLIST_ENTRY entry = object->WaitListHead.Flink;
    while (entry != &object->WaitListHead && (object->SignalState > 0 || object->Type == mutant)) {
        auto* const block = CONTAINING_RECORD(entry, WaitBlock, link);
        KTHREAD& thread = *block->thread;
        entry = entry->Flink;
        if (!satisfies(object, &thread)) break;
        if (block->any) {
            const NTSTATUS key = block->key;
            const bool abandoned = consume(object, &thread);
            end_wait(thread, (abandoned ? STATUS_ABANDONED_WAIT_0 : STATUS_WAIT_0) + key, increment);
        } else if (all_satisfied(thread)) {
            end_wait(thread, consume_all(thread), increment);
        } else {
            continue;
        }
        entry = object->WaitListHead.Flink;
    }
}

NTSTATUS wait_multiple(ULONG count, void* const objects[], WAIT_TYPE type, KPROCESSOR_MODE mode,
                       bool alertable, const LARGE_INTEGER* timeout) {
    KTHREAD& thread = *current_thread();
    const Wait wait{count, objects, type == WaitAll, mode, alertable};
    const sim::Irql irql = thread.wait_next ? thread.wait_irql : current_irql();
    if (irql < sim::dispatch_level) return wait_below_dispatch(wait, thread, timeout);
    // At DISPATCH_LEVEL only a look is allowed: a zero time-out.
    const bool look = timeout != nullptr && timeout->QuadPart == 0;
    if (!look || irql > sim::dispatch_level)
        PORTICO_PROBE(wait_at_raised_irql, count == 0 ? nullptr : objects[0], look, irql);
    const NTSTATUS status = try_at_once(wait, thread);
    return status == STATUS_PENDING ? STATUS_TIMEOUT : status;
}

NTSTATUS wait(void* object, KPROCESSOR_MODE mode, bool alertable, const LARGE_INTEGER* timeout) {
    return wait_multiple(1, &object, WaitAny, mode, alertable, timeout);
}

NTSTATUS delay(KPROCESSOR_MODE mode, bool alertable, LONGLONG interval_100ns) {
    LARGE_INTEGER timeout;
    timeout.QuadPart = interval_100ns;
    if (interval_100ns == 0) {
        sim::scheduler.yield();
        return STATUS_SUCCESS;
    }
    // A wait on nothing that can be signalled: only the time-out, an alert or an APC ends it.
    KEVENT nothing;
    initialize_event(&nothing, NotificationEvent, false);
    const NTSTATUS status = wait(&nothing, mode, alertable, &timeout);
    return status == STATUS_TIMEOUT ? STATUS_SUCCESS : status;
}

}  // namespace portico::nt::ke

using namespace portico::nt;

extern "C" {

NTSTATUS NTAPI KeWaitForSingleObject(PVOID Object, KWAIT_REASON, KPROCESSOR_MODE WaitMode, BOOLEAN Alertable,
                                     PLARGE_INTEGER Timeout) {
    DDI(KeWaitForSingleObject, HIGH_LEVEL);  // the wait's own rule tells more than an IRQL row could
    const NTSTATUS status = ke::wait(Object, WaitMode, Alertable != FALSE, Timeout);
    if (status == STATUS_MUTANT_LIMIT_EXCEEDED) ExRaiseStatus(status);
    return status;
}

NTSTATUS NTAPI KeWaitForMultipleObjects(ULONG Count, PVOID Object[], WAIT_TYPE WaitType, KWAIT_REASON,
                                        KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Timeout,
                                        PKWAIT_BLOCK WaitBlockArray) {
    DDI(KeWaitForMultipleObjects, HIGH_LEVEL);
    if (Count > (WaitBlockArray == nullptr ? THREAD_WAIT_OBJECTS : ke::wait_object_limit)) {
        KeBugCheckEx(MAXIMUM_WAIT_OBJECTS_EXCEEDED, Count, 0, 0, 0);
    }
    const NTSTATUS status = ke::wait_multiple(Count, Object, WaitType, WaitMode, Alertable != FALSE, Timeout);
    if (status == STATUS_MUTANT_LIMIT_EXCEEDED) ExRaiseStatus(status);
    return status;
}

NTSTATUS NTAPI KeDelayExecutionThread(KPROCESSOR_MODE WaitMode, BOOLEAN Alertable, PLARGE_INTEGER Interval) {
    DDI(KeDelayExecutionThread, HIGH_LEVEL);  // a wait: the rule about waits tells a wrong IRQL
    if (ke::current_irql() >= portico::sim::dispatch_level) {
        PORTICO_PROBE(wait_at_raised_irql, nullptr, false, ke::current_irql());
        return STATUS_UNSUCCESSFUL;
    }
    return ke::delay(WaitMode, Alertable != FALSE, Interval->QuadPart);
}

}  // extern "C"
