// Timers: armed ones in a list ordered by due time, expired on clock ticks (design, section 3).
#include <algorithm>
#include <array>

#include "nt/ke/list_links.h"
#include "nt/ke/timer_queue.h"

namespace portico::nt::ke {
namespace {

constexpr UCHAR timer_notification = 8;
// TimerControlFlags: due at a system time.
constexpr UCHAR absolute_timer = 1;

LIST_ENTRY armed;

// A walk may go on through `link`. A list that leads through overwritten memory is told and forgotten.
bool sound(PLIST_ENTRY link) {
    if (link == &armed || intact(*link)) return true;
    tell_corrupt(CONTAINING_RECORD(link, KTIMER, TimerListEntry), "A timer that is set was overwritten.");
    InitializeListHead(&armed);
    return false;
}

// The next to expire; null: none is set.
PKTIMER first_armed() {
    return IsListEmpty(&armed) || !sound(armed.Flink)
               ? nullptr
               : CONTAINING_RECORD(armed.Flink, KTIMER, TimerListEntry);
}

// Who armed a timer last, for what is said of one that is left: as many as there is room for.
struct ArmedBy {
    const KTIMER* timer;
    std::uint64_t caller;
};
std::array<ArmedBy, 1024> armed_by;

ArmedBy& armed_by_slot(const KTIMER* timer) {
    return armed_by[reinterpret_cast<std::uint64_t>(timer) / sizeof(KTIMER) % armed_by.size()];
}

void remember_caller(const KTIMER* timer, const void* caller) {
    armed_by_slot(timer) = {timer, reinterpret_cast<std::uint64_t>(caller)};
}

// The header's last byte says that the timer is in the list, as on Windows.
bool is_armed(const KTIMER* timer) {
    return timer->Header.Reserved1 != 0;
}

bool is_linked(const KTIMER* timer) {
    for (PLIST_ENTRY e = armed.Flink; sound(e) && e != &armed; e = e->Flink) {
        if (e == &timer->TimerListEntry) return true;
    }
    return false;
}

void insert(PKTIMER timer) {
    PLIST_ENTRY before = armed.Blink;
    while (sound(before) && before != &armed &&
           CONTAINING_RECORD(before, KTIMER, TimerListEntry)->DueTime.QuadPart > timer->DueTime.QuadPart) {
        before = before->Blink;
    }
    if (IsListEmpty(&armed)) before = &armed;
    InsertHeadList(before, &timer->TimerListEntry);
    timer->Header.Reserved1 = 1;
    want_tick();
}

void remove(PKTIMER timer) {
    unlink(timer->TimerListEntry, timer, "A timer that is set was overwritten.");
    timer->Header.Reserved1 = 0;
}

void expire(PKTIMER timer) {
    if (timer->TimerType == wait_timer) {
        alert_wait(*CONTAINING_RECORD(timer, KTHREAD, timer), STATUS_TIMEOUT);
        return;
    }
    PKDPC const dpc = timer->Dpc;
    timer->Header.SignalState = 1;
    signal_waiters(&timer->Header);
    if (timer->Period != 0) {
        timer->DueTime.QuadPart += static_cast<ULONGLONG>(timer->Period) * 10'000;
        insert(timer);
    }
    if (dpc != nullptr) insert_dpc(dpc, nullptr, nullptr);
}

}  // namespace

void reset_timers() {
    InitializeListHead(&armed);
    armed_by = {};
}

std::uint64_t armed_from(const KTIMER* timer) {
    const ArmedBy& last = armed_by_slot(timer);
    return last.timer == timer ? last.caller : 0;
}

LONGLONG next_timer_100ns() {
    const KTIMER* const timer = first_armed();
    return timer == nullptr ? MAXLONGLONG : static_cast<LONGLONG>(timer->DueTime.QuadPart);
}

void move_absolute_timers(LONGLONG by_100ns) {
    LIST_ENTRY moved;
    InitializeListHead(&moved);
    for (PLIST_ENTRY e = armed.Flink; sound(e) && e != &armed;) {
        auto* const timer = CONTAINING_RECORD(e, KTIMER, TimerListEntry);
        e = e->Flink;
        if ((timer->Header.TimerControlFlags & absolute_timer) == 0) continue;
        RemoveEntryList(&timer->TimerListEntry);
        InsertTailList(&moved, &timer->TimerListEntry);
    }
    while (!IsListEmpty(&moved)) {
        auto* const timer = CONTAINING_RECORD(RemoveHeadList(&moved), KTIMER, TimerListEntry);
        const LONGLONG due = sum_100ns(static_cast<LONGLONG>(timer->DueTime.QuadPart), by_100ns);
        timer->DueTime.QuadPart = static_cast<ULONGLONG>(std::max(due, exact_time_100ns()));
        insert(timer);
    }
}

bool timers_due() {
    return next_timer_100ns() <= interrupt_time_100ns();
}

void expire_timers(sim::Processor& p) {
    // The tick's time is never past the exact one, and costs a division.
    if (p.index != 0 || next_timer_100ns() > exact_time_100ns()) return;
    const LONGLONG now = interrupt_time_100ns();
    while (next_timer_100ns() <= now) {
        PKTIMER const timer = first_armed();
        remove(timer);
        expire(timer);
    }
}

void initialize_timer(PKTIMER timer, TIMER_TYPE type) {
    // Whoever initializes a timer that is set does not stop it: it expires once more, with the DPC it was set
    // with.
    KTIMER left{};
    if (is_armed(timer) && is_linked(timer)) {
        left.Header.Reserved1 = timer->Header.Reserved1;
        left.TimerListEntry = timer->TimerListEntry;
        left.DueTime = timer->DueTime;
        left.Dpc = timer->Dpc;
    }
    *timer = left;
    timer->Header.Type = static_cast<UCHAR>(timer_notification + (type == NotificationTimer ? 0 : 1));
    timer->Header.Size = sizeof(KTIMER) / sizeof(LONG);
    InitializeListHead(&timer->Header.WaitListHead);
}

bool set_timer(PKTIMER timer, LARGE_INTEGER due, LONG period_ms, PKDPC dpc) {
    DispatcherLock lock;
    const bool was_armed = is_armed(timer);
    if (was_armed) remove(timer);
    timer->Header.SignalState = 0;
    timer->Period = static_cast<ULONG>(period_ms);
    timer->Dpc = dpc;
    timer->Header.TimerControlFlags = due.QuadPart < 0 ? 0 : absolute_timer;
    const LONGLONG now = exact_time_100ns();
    const LONGLONG since = due.QuadPart < 0 ? now : exact_system_time_100ns() - now;
    const LONGLONG at =
        due.QuadPart < 0 ? difference_100ns(since, due.QuadPart) : difference_100ns(due.QuadPart, since);
    timer->DueTime.QuadPart = static_cast<ULONGLONG>(at);
    if (at <= now) {
        timer->DueTime.QuadPart = static_cast<ULONGLONG>(now);
        expire(timer);
    } else {
        insert(timer);
    }
    return was_armed;
}

bool cancel_timer(PKTIMER timer) {
    const bool was_armed = is_armed(timer);
    if (was_armed) remove(timer);
    return was_armed;
}

void for_each_timer(void (*visit)(PKTIMER, void*), void* context) {
    for (PLIST_ENTRY e = armed.Flink; sound(e) && e != &armed;) {
        auto* const timer = CONTAINING_RECORD(e, KTIMER, TimerListEntry);
        e = e->Flink;
        visit(timer, context);
    }
}

}  // namespace portico::nt::ke

using namespace portico::nt;

extern "C" {

VOID NTAPI KeInitializeTimer(PKTIMER Timer) {
    DDI(KeInitializeTimer, HIGH_LEVEL);
    ke::initialize_timer(Timer, NotificationTimer);
}

VOID NTAPI KeInitializeTimerEx(PKTIMER Timer, TIMER_TYPE Type) {
    DDI(KeInitializeTimerEx, HIGH_LEVEL);
    ke::initialize_timer(Timer, Type);
}

BOOLEAN NTAPI KeSetTimer(PKTIMER Timer, LARGE_INTEGER DueTime, PKDPC Dpc) {
    DDI(KeSetTimer, DISPATCH_LEVEL);
    ke::remember_caller(Timer, __builtin_return_address(0));
    return ke::set_timer(Timer, DueTime, 0, Dpc);
}

BOOLEAN NTAPI KeSetTimerEx(PKTIMER Timer, LARGE_INTEGER DueTime, LONG Period, PKDPC Dpc) {
    DDI(KeSetTimerEx, DISPATCH_LEVEL);
    ke::remember_caller(Timer, __builtin_return_address(0));
    return ke::set_timer(Timer, DueTime, Period, Dpc);
}

BOOLEAN NTAPI KeSetCoalescableTimer(PKTIMER Timer, LARGE_INTEGER DueTime, ULONG Period, ULONG, PKDPC Dpc) {
    DDI(KeSetCoalescableTimer, DISPATCH_LEVEL);
    ke::remember_caller(Timer, __builtin_return_address(0));
    return ke::set_timer(Timer, DueTime, static_cast<LONG>(Period), Dpc);
}

BOOLEAN NTAPI KeCancelTimer(PKTIMER Timer) {
    DDI(KeCancelTimer, DISPATCH_LEVEL);
    return ke::cancel_timer(Timer);
}

BOOLEAN NTAPI KeReadStateTimer(PKTIMER Timer) {
    DDI(KeReadStateTimer, DISPATCH_LEVEL);
    return Timer->Header.SignalState != 0;
}

}  // extern "C"
