#include "nt/ex/freed_objects.h"

#include "nt/ex/tracked.h"
#include "nt/ex/work.h"
#include "nt/ke/ke.h"

namespace portico::nt::ex {
namespace {

struct Freed {
    std::uint64_t address;
    std::uint64_t size;
    bool holds(const void* object) const { return reinterpret_cast<std::uint64_t>(object) - address < size; }
};

void tell(const void* object, const char* text) {
    PORTICO_PROBE(object_misuse, driver_verifier_detected_violation, object, text);
}

void check_timer(PKTIMER timer, void* context) {
    if (!static_cast<const Freed*>(context)->holds(timer)) return;
    tell(timer, "The driver freed memory that holds an armed timer.");
    ke::cancel_timer(timer);
}

void check_dpc(PRKDPC dpc, void* context) {
    if (!static_cast<const Freed*>(context)->holds(dpc)) return;
    tell(dpc, "The driver freed memory that holds a queued DPC.");
    ke::remove_dpc(dpc);
}

void check_wait(KTHREAD& thread, DISPATCHER_HEADER* object, void* context) {
    if (!static_cast<const Freed*>(context)->holds(object)) return;
    tell(object, "The driver freed memory that holds an object for which a thread waits.");
    ke::alert_wait(thread, STATUS_UNSUCCESSFUL);
}

}  // namespace

void forget_objects_in(std::uint64_t address, std::uint64_t size) {
    Freed freed{address, size};
    ke::for_each_timer(check_timer, &freed);
    ke::for_each_dpc(check_dpc, &freed);
    ke::for_each_wait(check_wait, &freed);
    forget_work_items_in(address, size);
    forget_tracked_in(address, size);
}

}  // namespace portico::nt::ex
