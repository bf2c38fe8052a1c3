#include "portcls/interrupt_sync.h"

#include <algorithm>

#include "nt/probes.h"
#include "portcls/new_object.h"
#include "portcls/resource_list.h"

namespace portico::portcls {
namespace {

// The translated level is the DIRQL. One outside of it (a list that a driver made up) becomes the line's own.
sim::Irql level_of(const CM_PARTIAL_RESOURCE_DESCRIPTOR& descriptor, int irq) {
    const ULONG level = descriptor.u.Interrupt.Level;
    if (level > sim::dispatch_level && level < sim::clock_level) return static_cast<sim::Irql>(level);
    return irq < 0 ? sim::clock_level - 1 : nt::ke::line_irql(static_cast<unsigned>(irq));
}

}  // namespace

InterruptSync::InterruptSync(const CM_PARTIAL_RESOURCE_DESCRIPTOR& translated, INTERRUPTSYNCMODE mode)
    : mode_(mode),
      irq_(nt::ke::irq_of_vector(translated.u.Interrupt.Vector)),
      irql_(level_of(translated, irq_)),
      latched_((translated.Flags & CM_RESOURCE_INTERRUPT_LATCHED) != 0),
      affinity_(translated.u.Interrupt.Affinity) {}

InterruptSync::~InterruptSync() {
    disconnect();  // FLD-008
    while (routines_ != nullptr) release(std::exchange(routines_, routines_->next));
}

void* InterruptSync::find_interface(const GUID& id) {
    return is_unknown_iid(id) || IsEqualGUID(id, IID_IInterruptSync) ? static_cast<IInterruptSync*>(this)
                                                                     : nullptr;
}

bool InterruptSync::owned_here() const {
    return lock_ == sim::this_processor->index + 1u;
}

sim::Irql InterruptSync::lock() {
    const sim::Irql old = nt::ke::current_irql();
    if (old < irql_) nt::ke::raise(irql_);
    nt::ke::acquire_spin_lock(&lock_);
    return old;
}

void InterruptSync::unlock(sim::Irql old) {
    nt::ke::release_spin_lock(&lock_);
    nt::ke::lower(old);
}

NTSTATUS InterruptSync::call(PINTERRUPTSYNCROUTINE function, PVOID context) {
    nt::DriverCall call("InterruptSyncRoutine", reinterpret_cast<const void*>(function));
    return call.returned(function(this, context));
}

bool InterruptSync::pass(bool stop_at_success) {
    bool claimed = false;
    for (const Routine* routine = routines_; routine != nullptr; routine = routine->next) {
        if (is_freed(routine->context)) [[unlikely]] {
            PORTICO_PROBE(
                contract, "IS-022", routine->context,
                "The context of an interrupt routine is freed, and its IInterruptSync still connected: "
                "the routine is not called.");
            continue;
        }
        claimed |= call(routine->function, routine->context) == STATUS_SUCCESS;
        if (claimed && stop_at_success) break;
    }
    return claimed;
}

// IS-004..IS-006; true when some routine claimed the interrupt (IS-008).
bool InterruptSync::call_routines() {
    if (mode_ != InterruptSyncModeRepeat) return pass(mode_ == InterruptSyncModeNormal);
    if (!pass(false)) return false;
    for (unsigned passes = 1; pass(false); ++passes) {
        if (passes < repeat_pass_limit) continue;
        PORTICO_PROBE(contract, "IS-007", this,
                      "An interrupt routine of a Repeat-mode IInterruptSync claims the interrupt in every "
                      "pass: it would hang.");
        break;
    }
    return true;
}

// Under lock_ at the interrupt's level: ke took it, it is the interrupt object's lock (FLD-020).
BOOLEAN NTAPI InterruptSync::service(PKINTERRUPT, PVOID context) {
    return static_cast<InterruptSync*>(context)->call_routines();
}

NTSTATUS InterruptSync::CallSynchronizedRoutine(PINTERRUPTSYNCROUTINE routine, PVOID context) {
    DDI_METHOD("IInterruptSync::CallSynchronizedRoutine", HIGH_LEVEL);
    if (routine == nullptr) {
        PORTICO_PROBE(contract, "IS-010", this,
                      "IInterruptSync::CallSynchronizedRoutine was called without a routine.");
        return STATUS_INVALID_PARAMETER;
    }
    if (nt::ke::current_irql() > irql_) {
        PORTICO_PROBE(contract, "IS-011", this,
                      "IInterruptSync::CallSynchronizedRoutine was called above the interrupt's IRQL.");
    }
    if (owned_here()) {
        PORTICO_PROBE(contract, "IS-015", this,
                      "IInterruptSync::CallSynchronizedRoutine was called inside a routine of the same "
                      "object: it would deadlock.");
        return call(routine, context);
    }
    const sim::Irql old = lock();
    const NTSTATUS status = call(routine, context);
    unlock(old);
    return status;
}

PKINTERRUPT InterruptSync::GetKInterrupt() {
    DDI_METHOD("IInterruptSync::GetKInterrupt", HIGH_LEVEL);
    return interrupt_;
}

NTSTATUS InterruptSync::Connect() {
    DDI_METHOD("IInterruptSync::Connect", PASSIVE_LEVEL);
    if (interrupt_ != nullptr) {
        PORTICO_PROBE(contract, "IS-019", this,
                      "IInterruptSync::Connect was called on an object that is connected.");
        return STATUS_SUCCESS;
    }
    if (irq_ < 0) return STATUS_INVALID_PARAMETER;
    const nt::ke::InterruptRequest request{
        .routine = service,
        .context = this,
        .lock = &lock_,
        .irq = static_cast<unsigned>(irq_),
        .synchronize_irql = irql_,
        .latched = latched_,
        .share = true,  // FLD-004: two sync objects of a device may name the same interrupt, exclusive or not
        .affinity = affinity_,
        .system = true,
    };
    return nt::ke::connect_interrupt(request, &interrupt_);
}

void InterruptSync::disconnect() {
    // Waits for a routine that is running elsewhere: it has the lock (IS-020).
    if (interrupt_ != nullptr) nt::ke::disconnect_interrupt(std::exchange(interrupt_, nullptr));
}

void InterruptSync::Disconnect() {
    DDI_METHOD("IInterruptSync::Disconnect", PASSIVE_LEVEL);
    if (interrupt_ == nullptr) {
        PORTICO_PROBE(contract, "IS-019", this,
                      "IInterruptSync::Disconnect was called on an object that is not connected.");
    }
    disconnect();
}

NTSTATUS InterruptSync::RegisterServiceRoutine(PINTERRUPTSYNCROUTINE function, PVOID context, BOOLEAN first) {
    DDI_METHOD("IInterruptSync::RegisterServiceRoutine", PASSIVE_LEVEL);
    if (function == nullptr) {
        PORTICO_PROBE(contract, "IS-022", this,
                      "IInterruptSync::RegisterServiceRoutine was called without a routine.");
        return STATUS_INVALID_PARAMETER;
    }
    auto* const routine = static_cast<Routine*>(allocate(NonPagedPool, sizeof(Routine)));
    if (routine == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    routine->function = function;
    routine->context = context;
    const sim::Irql old = lock();  // IS-023
    Routine** place = &routines_;
    while (!first && *place != nullptr) place = &(*place)->next;
    routine->next = *place;
    *place = routine;
    unlock(old);
    return STATUS_SUCCESS;
}

}  // namespace portico::portcls

NTSTATUS NTAPI PcNewInterruptSync(PINTERRUPTSYNC* OutInterruptSync, PUNKNOWN OuterUnknown,
                                  PRESOURCELIST ResourceList, ULONG ResourceIndex, INTERRUPTSYNCMODE Mode) {
    using namespace portico::portcls;
    DDI(PcNewInterruptSync, PASSIVE_LEVEL);
    if (!new_object_arguments(OutInterruptSync, OuterUnknown)) return STATUS_INVALID_PARAMETER;
    if (ResourceList == nullptr) return STATUS_INVALID_PARAMETER;
    if (Mode < InterruptSyncModeNormal || Mode > InterruptSyncModeRepeat) {
        PORTICO_PROBE(contract, "FN-082", ResourceList,
                      "PcNewInterruptSync was given a mode that is not 1, 2 or 3.");
        return STATUS_INVALID_PARAMETER;
    }
    const auto* const descriptor = find_translated(ResourceList, CmResourceTypeInterrupt, ResourceIndex);
    if (descriptor == nullptr) return STATUS_INVALID_PARAMETER;  // FN-081: what a driver may rely on
    auto* const sync = make_object<InterruptSync>(NonPagedPool, "IInterruptSync", *descriptor, Mode);
    *OutInterruptSync = sync;
    return sync == nullptr ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}
