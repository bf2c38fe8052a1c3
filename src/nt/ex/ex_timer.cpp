// High-resolution timers (ExAllocateTimer): a KTIMER whose DPC calls the driver and sets it again. While one
// with EX_TIMER_HIGH_RESOLUTION is set, the clock ticks every millisecond.
#include <algorithm>

#include "nt/ex/pool.h"
#include "nt/ex/tracked.h"
#include "nt/ke/ke.h"

struct _EX_TIMER {
    KTIMER timer;
    KDPC dpc;
    PEXT_CALLBACK callback;
    void* context;
    bool high_resolution;
    bool set;
    bool in_callback;
    bool deleting;  // ExDeleteTimer left it to its last expiry, or to the end of its callback
    PEXT_DELETE_CALLBACK deleted;
    void* deleted_context;
    LONGLONG due_100ns;     // interrupt time of the next expiry
    LONGLONG period_100ns;  // 0: once
};

namespace portico::nt::ex {
namespace {

void mark_set(PEX_TIMER t, bool set) {
    if (t->set == set) return;
    t->set = set;
    if (t->high_resolution) ke::set_timer_resolution(set);
}

void arm(PEX_TIMER t) {
    LARGE_INTEGER relative;
    relative.QuadPart = -std::max<LONGLONG>(t->due_100ns - ke::exact_time_100ns(), 1);
    ke::set_timer(&t->timer, relative, 0, &t->dpc);
    mark_set(t, true);
}

void finish_deletion(PEX_TIMER t) {
    PEXT_DELETE_CALLBACK const deleted = t->deleted;
    void* const context = t->deleted_context;
    destroy(t);
    if (deleted == nullptr) return;
    DriverCall call("ExTimerDeleteCallback", reinterpret_cast<const void*>(deleted));
    deleted(context);
}

void NTAPI expired(PKDPC, PVOID context, PVOID, PVOID) {
    PEX_TIMER const t = static_cast<PEX_TIMER>(context);
    if (!t->set) return;
    t->in_callback = true;
    if (t->period_100ns != 0) {
        t->due_100ns = ke::sum_100ns(t->due_100ns, t->period_100ns);
        arm(t);
    } else {
        mark_set(t, false);
    }
    if (t->callback != nullptr) {
        DriverCall call("ExTimerCallback", reinterpret_cast<const void*>(t->callback));
        t->callback(t, t->context);
    }
    t->in_callback = false;
    if (t->deleting && !t->set) finish_deletion(t);
}

bool cancel(PEX_TIMER t) {
    const bool was_set = t->set;
    ke::cancel_timer(&t->timer);
    ke::remove_dpc(&t->dpc);
    mark_set(t, false);
    return was_set;
}

PEX_TIMER allocate_timer(PEXT_CALLBACK callback, void* context, ULONG attributes, const void* frame) {
    constexpr ULONG known = EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE | EX_TIMER_NOTIFICATION;
    constexpr ULONG both = EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE;
    if ((attributes & ~known) != 0 || (attributes & both) == both) return nullptr;
    if (refuse_allocation != nullptr && refuse_allocation(sizeof(_EX_TIMER), timer_tag)) return nullptr;
    PEX_TIMER const t = make<_EX_TIMER>(NonPagedPool, timer_tag);
    if (t == nullptr) return nullptr;
    ke::initialize_timer(
        &t->timer, (attributes & EX_TIMER_NOTIFICATION) != 0 ? NotificationTimer : SynchronizationTimer);
    ke::initialize_dpc(&t->dpc, expired, t);
    t->callback = callback;
    t->context = context;
    t->high_resolution = (attributes & EX_TIMER_HIGH_RESOLUTION) != 0;
    track(TrackedKind::timer, t, sizeof *t, timer_tag, frame);
    return t;
}

bool known(PEX_TIMER t) {
    if (is_tracked(TrackedKind::timer, t)) return true;
    PORTICO_PROBE(object_misuse, 0xC4, t,
                  "The driver used an EX_TIMER that it has not allocated, or has deleted.");
    return false;
}

}  // namespace
}  // namespace portico::nt::ex

using namespace portico::nt;

extern "C" {

PEX_TIMER NTAPI ExAllocateTimer(PEXT_CALLBACK Callback, PVOID CallbackContext, ULONG Attributes) {
    DDI(ExAllocateTimer, DISPATCH_LEVEL);
    return ex::allocate_timer(Callback, CallbackContext, Attributes, __builtin_frame_address(0));
}

BOOLEAN NTAPI ExSetTimer(PEX_TIMER Timer, LONGLONG DueTime, LONGLONG Period, PEXT_SET_PARAMETERS) {
    DDI(ExSetTimer, DISPATCH_LEVEL);
    if (!ex::known(Timer)) return FALSE;
    const bool was_set = ex::cancel(Timer);
    const LONGLONG relative = DueTime < 0 ? ke::difference_100ns(0, DueTime)
                                          : ke::difference_100ns(DueTime, ke::exact_system_time_100ns());
    Timer->due_100ns = ke::sum_100ns(ke::exact_time_100ns(), std::max<LONGLONG>(relative, 0));
    Timer->period_100ns = std::max<LONGLONG>(Period, 0);
    ex::arm(Timer);
    return was_set;
}

BOOLEAN NTAPI ExCancelTimer(PEX_TIMER Timer, PVOID) {
    DDI(ExCancelTimer, DISPATCH_LEVEL);
    return ex::known(Timer) && ex::cancel(Timer);
}

BOOLEAN NTAPI ExDeleteTimer(PEX_TIMER Timer, BOOLEAN Cancel, BOOLEAN Wait,
                            PEXT_DELETE_PARAMETERS Parameters) {
    DDI(ExDeleteTimer, DISPATCH_LEVEL);
    if (!ex::known(Timer)) return FALSE;
    if (Parameters != nullptr) {
        Timer->deleted = Parameters->DeleteCallback;
        Timer->deleted_context = Parameters->DeleteContext;
    }
    ex::untrack(ex::TrackedKind::timer, Timer);
    const bool runs_out = Cancel == FALSE && Timer->set && Timer->period_100ns == 0;
    if (runs_out) {
        Timer->deleting = true;
        return FALSE;
    }
    const bool was_set = ex::cancel(Timer);
    if (Wait != FALSE) ke::flush_queued_dpcs();  // a callback that runs on another processor ends first
    if (Timer->in_callback) {
        Timer->deleting = true;
    } else {
        ex::finish_deletion(Timer);
    }
    return was_set;
}

}  // extern "C"
