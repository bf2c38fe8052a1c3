// Events, semaphores and mutexes: what makes them signalled and what does not.
#include "nt/ke/dispatcher_types.h"
#include "nt/ke/ke.h"
#include "nt/ke/list_links.h"

namespace portico::nt::ke {

void initialize_event(PRKEVENT event, EVENT_TYPE type, bool signalled) {
    event->Header.Type = type == NotificationEvent ? event_notification : event_synchronization;
    event->Header.Size = sizeof(KEVENT) / sizeof(LONG);
    event->Header.SignalState = signalled ? 1 : 0;
    InitializeListHead(&event->Header.WaitListHead);
}

LONG set_event(PRKEVENT event, KPRIORITY increment) {
    DispatcherLock lock;
    const LONG before = event->Header.SignalState;
    event->Header.SignalState = 1;
    if (before == 0) signal_waiters(&event->Header, increment);
    return before;
}

LONG pulse_event(PRKEVENT event, KPRIORITY increment) {
    DispatcherLock lock;
    const LONG before = event->Header.SignalState;
    event->Header.SignalState = 1;
    if (before == 0) signal_waiters(&event->Header, increment);
    event->Header.SignalState = 0;
    return before;
}

LONG reset_event(PRKEVENT event) {
    const LONG before = event->Header.SignalState;
    event->Header.SignalState = 0;
    return before;
}

void initialize_semaphore(PRKSEMAPHORE object, LONG count, LONG limit) {
    object->Header.Type = semaphore;
    object->Header.Size = sizeof(KSEMAPHORE) / sizeof(LONG);
    object->Header.SignalState = count;
    object->Limit = limit;
    InitializeListHead(&object->Header.WaitListHead);
}

LONG release_semaphore(PRKSEMAPHORE object, LONG adjustment, KPRIORITY increment) {
    DispatcherLock lock;
    const LONG before = object->Header.SignalState;
    object->Header.SignalState = before + adjustment;
    signal_waiters(&object->Header, increment);
    return before;
}

void initialize_mutex(PRKMUTEX mutex) {
    mutex->Header.Type = mutant;
    mutex->Header.Size = sizeof(KMUTANT) / sizeof(LONG);
    mutex->Header.SignalState = 1;
    InitializeListHead(&mutex->Header.WaitListHead);
    mutex->OwnerThread = nullptr;
    mutex->Abandoned = FALSE;
    mutex->ApcDisable = 1;
}

NTSTATUS release_mutex(PRKMUTEX mutex, LONG* previous) {
    DispatcherLock lock;
    KTHREAD* const thread = current_thread();
    *previous = mutex->Header.SignalState;
    if (mutex->OwnerThread != thread)
        return mutex->Abandoned != 0 ? STATUS_ABANDONED : STATUS_MUTANT_NOT_OWNED;
    if (++mutex->Header.SignalState != 1) return STATUS_SUCCESS;
    unlink(mutex->MutantListEntry, mutex, "A mutex was overwritten while a thread owns it.");
    mutex->OwnerThread = nullptr;
    if (mutex->ApcDisable != 0) leave_critical_region();
    constexpr KPRIORITY mutant_increment = 1;
    signal_waiters(&mutex->Header, mutant_increment);
    return STATUS_SUCCESS;
}

}  // namespace portico::nt::ke

using namespace portico::nt;

namespace {

// Wait = TRUE: the caller waits next, and stays at DISPATCH_LEVEL until it does.
void wait_follows(const char* routine, const void* object) {
    if (ke::current_irql() >= portico::sim::dispatch_level) {
        PORTICO_PROBE(wait_announced_at_raised_irql, routine, object);
        return;
    }
    KTHREAD& thread = *ke::current_thread();
    thread.wait_irql = ke::raise(portico::sim::dispatch_level);
    thread.wait_next = true;
}

}  // namespace

extern "C" {

VOID NTAPI KeInitializeEvent(PRKEVENT Event, EVENT_TYPE Type, BOOLEAN State) {
    DDI(KeInitializeEvent, HIGH_LEVEL);
    ke::initialize_event(Event, Type, State != FALSE);
}

LONG NTAPI KeSetEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait) {
    DDI(KeSetEvent, DISPATCH_LEVEL);
    if (Wait != FALSE) wait_follows("KeSetEvent", Event);
    return ke::set_event(Event, Increment);
}

LONG NTAPI KeResetEvent(PRKEVENT Event) {
    DDI(KeResetEvent, DISPATCH_LEVEL);
    return ke::reset_event(Event);
}

VOID NTAPI KeClearEvent(PRKEVENT Event) {
    DDI(KeClearEvent, DISPATCH_LEVEL);
    Event->Header.SignalState = 0;
}

LONG NTAPI KePulseEvent(PRKEVENT Event, KPRIORITY Increment, BOOLEAN Wait) {
    DDI(KePulseEvent, DISPATCH_LEVEL);
    if (Wait != FALSE) wait_follows("KePulseEvent", Event);
    return ke::pulse_event(Event, Increment);
}

LONG NTAPI KeReadStateEvent(PRKEVENT Event) {
    DDI(KeReadStateEvent, HIGH_LEVEL);
    return Event->Header.SignalState;
}

VOID NTAPI KeInitializeSemaphore(PRKSEMAPHORE Semaphore, LONG Count, LONG Limit) {
    DDI(KeInitializeSemaphore, HIGH_LEVEL);
    ke::initialize_semaphore(Semaphore, Count, Limit);
}

LONG NTAPI KeReleaseSemaphore(PRKSEMAPHORE Semaphore, KPRIORITY Increment, LONG Adjustment, BOOLEAN Wait) {
    DDI(KeReleaseSemaphore, DISPATCH_LEVEL);
    const LONG before = Semaphore->Header.SignalState;
    if (Adjustment < 0 || Adjustment > Semaphore->Limit - before) {
        ExRaiseStatus(STATUS_SEMAPHORE_LIMIT_EXCEEDED);
        return before;
    }
    if (Wait != FALSE) wait_follows("KeReleaseSemaphore", Semaphore);
    return ke::release_semaphore(Semaphore, Adjustment, Increment);
}

LONG NTAPI KeReadStateSemaphore(PRKSEMAPHORE Semaphore) {
    DDI(KeReadStateSemaphore, HIGH_LEVEL);
    return Semaphore->Header.SignalState;
}

VOID NTAPI KeInitializeMutex(PRKMUTEX Mutex, ULONG) {
    DDI(KeInitializeMutex, HIGH_LEVEL);
    ke::initialize_mutex(Mutex);
}

LONG NTAPI KeReleaseMutex(PRKMUTEX Mutex, BOOLEAN Wait) {
    DDI(KeReleaseMutex, DISPATCH_LEVEL);
    if (Wait != FALSE) wait_follows("KeReleaseMutex", Mutex);
    LONG previous = 0;
    const NTSTATUS status = ke::release_mutex(Mutex, &previous);
    if (!NT_SUCCESS(status)) ExRaiseStatus(status);
    return previous == 1 ? 0 : previous;
}

LONG NTAPI KeReadStateMutex(PRKMUTEX Mutex) {
    DDI(KeReadStateMutex, DISPATCH_LEVEL);
    return Mutex->Header.SignalState;
}

}  // extern "C"
