// Interrupt objects: chains of service routines on a line, each run under its lock at its synchronize IRQL.
#include <array>

#include "nt/ke/timer_queue.h"

using KINTERRUPT = struct _KINTERRUPT;

struct _KINTERRUPT {
    PKSERVICE_ROUTINE routine;
    void* context;
    PKSPIN_LOCK lock;
    KSPIN_LOCK own_lock;
    unsigned irq;
    portico::sim::Irql irql;
    portico::sim::Irql synchronize_irql;
    bool latched;
    bool share;
    bool connected;
    bool system;
    _KINTERRUPT* next;
};

namespace portico::nt::ke {
namespace {

constexpr unsigned interrupt_limit = 64;
constexpr unsigned vector_base = 0x30;
// So many services in a row that leave the line asserted are no device at work, and the line is masked.
constexpr unsigned storm_limit = 10'000;
constexpr unsigned unclaimed_limit = 1'000;
// Passes over a latched chain in which some routine claims each time (FLD-020).
constexpr unsigned latched_pass_limit = 1'000;

struct Line {
    PKINTERRUPT chain;
    unsigned unclaimed;
    unsigned busy;
};

struct Interrupts {
    std::array<KINTERRUPT, interrupt_limit> objects;
    std::array<bool, interrupt_limit> used;
    std::array<Line, sim::irq_line_count> lines;
};

Interrupts interrupts;

bool call_routine(PKINTERRUPT interrupt) {
    sim::Processor& p = *sim::this_processor;
    const sim::Irql before = p.irql;
    p.irql = interrupt->synchronize_irql;
    acquire_spin_lock(interrupt->lock);
    bool claimed = false;
    if (!interrupt->connected) {
        // While this waited for the lock, another processor disconnected it.
    } else if (interrupt->system) {
        claimed = interrupt->routine(interrupt, interrupt->context) != FALSE;
    } else {
        DriverCall call("ServiceRoutine", reinterpret_cast<const void*>(interrupt->routine));
        claimed = call.returned(interrupt->routine(interrupt, interrupt->context)) != FALSE;
    }
    p.irql = interrupt->synchronize_irql;
    release_spin_lock(interrupt->lock);
    p.irql = before;
    return claimed;
}

// What follows `interrupt`. One that another processor disconnected while it was called leads nowhere any
// more: then the walk begins again.
PKINTERRUPT after(const Line& line, PKINTERRUPT interrupt) {
    for (PKINTERRUPT i = line.chain; i != nullptr; i = i->next) {
        if (i == interrupt) return i->next;
    }
    return line.chain;
}

bool pass(Line& line, bool stop_at_claim) {
    bool claimed = false;
    for (PKINTERRUPT i = line.chain; i != nullptr; i = after(line, i)) {
        claimed |= call_routine(i);
        if (claimed && stop_at_claim) break;
    }
    return claimed;
}

// Level: the first that claims ends the walk; the line dispatches again while asserted. Latched: passes until
// none claims.
bool walk_chain(Line& line, bool latched) {
    if (!latched) return pass(line, true);
    if (!pass(line, false)) return false;
    for (unsigned passes = 0; line.chain != nullptr && line.chain->next != nullptr && pass(line, false);
         ++passes) {
        if (passes < latched_pass_limit) continue;
        PORTICO_PROBE(interrupt_storm, line.chain->irq, true);
        break;
    }
    return true;
}

void watch_storm(Line& line, sim::IrqLine& wire, bool claimed) {
    line.unclaimed = claimed ? 0 : line.unclaimed + 1;
    line.busy = wire.asserted() && !wire.latched() ? line.busy + 1 : 0;
    if (line.unclaimed < unclaimed_limit && line.busy < storm_limit) return;
    line.unclaimed = line.busy = 0;
    wire.mask();
    PORTICO_PROBE(interrupt_storm, wire.irq(), claimed);
}

bool service(void* context, sim::IrqLine& wire) {
    Line& line = *static_cast<Line*>(context);
    const bool claimed = walk_chain(line, wire.latched());
    watch_storm(line, wire, claimed);
    return claimed;
}

PKINTERRUPT take_object() {
    for (unsigned i = 0; i < interrupt_limit; ++i) {
        if (interrupts.used[i]) continue;
        interrupts.used[i] = true;
        interrupts.objects[i] = KINTERRUPT{};
        return &interrupts.objects[i];
    }
    return nullptr;
}

bool can_share(const Line& line, const InterruptRequest& request) {
    if (line.chain == nullptr) return true;
    return line.chain->share && request.share && line.chain->latched == request.latched;
}

}  // namespace

void reset_interrupts() {
    interrupts.used.fill(false);
    interrupts.lines.fill(Line{});
}

sim::Irql line_irql(unsigned irq) {
    return sim::scheduler.lines[irq].irql();
}
unsigned vector_of(unsigned irq) {
    return vector_base + irq;
}
int irq_of_vector(unsigned vector) {
    const unsigned irq = vector - vector_base;
    return irq < sim::irq_line_count ? static_cast<int>(irq) : -1;
}

NTSTATUS connect_interrupt(const InterruptRequest& request, PKINTERRUPT* interrupt) {
    *interrupt = nullptr;
    if (request.irq >= sim::irq_line_count || request.routine == nullptr) return STATUS_INVALID_PARAMETER;
    Line& line = interrupts.lines[request.irq];
    sim::IrqLine& wire = sim::scheduler.lines[request.irq];
    if (!can_share(line, request)) return STATUS_INVALID_PARAMETER;
    PKINTERRUPT const object = take_object();
    if (object == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    object->routine = request.routine;
    object->context = request.context;
    object->lock = request.lock != nullptr ? request.lock : &object->own_lock;
    object->irq = request.irq;
    object->irql = wire.irql();
    object->synchronize_irql =
        request.synchronize_irql > wire.irql() ? request.synchronize_irql : wire.irql();
    object->latched = request.latched;
    object->share = request.share;
    object->connected = true;
    object->system = request.system;
    PKINTERRUPT* tail = &line.chain;
    while (*tail != nullptr) tail = &(*tail)->next;
    *tail = object;
    *interrupt = object;
    if (line.chain == object) {
        wire.set_latched(request.latched);
        wire.connect(service, &line,
                     request.affinity == 0 ? ~0u : static_cast<std::uint32_t>(request.affinity));
        sim::Processor& p = *sim::this_processor;
        if (sim::scheduler.deliverable(p)) sim::scheduler.deliver();
    }
    return STATUS_SUCCESS;
}

void disconnect_interrupt(PKINTERRUPT interrupt) {
    if (!interrupt->connected) return;
    Line& line = interrupts.lines[interrupt->irq];
    const sim::Irql old = acquire_interrupt_lock(interrupt);  // no routine of it runs on another processor
    for (PKINTERRUPT* i = &line.chain; *i != nullptr; i = &(*i)->next) {
        if (*i != interrupt) continue;
        *i = interrupt->next;
        break;
    }
    interrupt->connected = false;
    if (line.chain == nullptr) sim::scheduler.lines[interrupt->irq].disconnect();
    release_interrupt_lock(interrupt, old);
    interrupts.used[static_cast<std::size_t>(interrupt - interrupts.objects.data())] = false;
}

sim::Irql acquire_interrupt_lock(PKINTERRUPT interrupt) {
    const sim::Irql old = current_irql();
    if (old > interrupt->synchronize_irql) {
        PORTICO_PROBE(spin_lock, SpinLockFault::wrong_irql, interrupt->lock, old);
    } else {
        raise(interrupt->synchronize_irql);
    }
    acquire_spin_lock(interrupt->lock);
    return old;
}

void release_interrupt_lock(PKINTERRUPT interrupt, sim::Irql old) {
    release_spin_lock(interrupt->lock);
    lower(old);
}

BOOLEAN synchronize_execution(PKINTERRUPT interrupt, PKSYNCHRONIZE_ROUTINE routine, void* context) {
    const sim::Irql old = acquire_interrupt_lock(interrupt);
    BOOLEAN result;
    {
        DriverCall call("SynchronizeRoutine", reinterpret_cast<const void*>(routine));
        result = call.returned(routine(context));
    }
    release_interrupt_lock(interrupt, old);
    return result;
}

void for_each_interrupt(void (*visit)(PKINTERRUPT, PKSERVICE_ROUTINE, void*), void* context) {
    for (Line& line : interrupts.lines) {
        for (PKINTERRUPT i = line.chain; i != nullptr;) {
            const PKINTERRUPT next = i->next;
            visit(i, i->routine, context);
            i = next;
        }
    }
}

}  // namespace portico::nt::ke

using namespace portico::nt;

extern "C" {

BOOLEAN NTAPI KeSynchronizeExecution(PKINTERRUPT Interrupt, PKSYNCHRONIZE_ROUTINE SynchronizeRoutine,
                                     PVOID SynchronizeContext) {
    DDI(KeSynchronizeExecution, HIGH_LEVEL);
    return ke::synchronize_execution(Interrupt, SynchronizeRoutine, SynchronizeContext);
}

KIRQL NTAPI KeAcquireInterruptSpinLock(PKINTERRUPT Interrupt) {
    DDI(KeAcquireInterruptSpinLock, HIGH_LEVEL);
    return ke::acquire_interrupt_lock(Interrupt);
}

VOID NTAPI KeReleaseInterruptSpinLock(PKINTERRUPT Interrupt, KIRQL OldIrql) {
    DDI(KeReleaseInterruptSpinLock, HIGH_LEVEL);
    ke::release_interrupt_lock(Interrupt, OldIrql);
}

}  // extern "C"
