#include "portcls/io_timeouts.h"

#include "nt/probes.h"
#include "portcls/adapter.h"
#include "portcls/memory.h"

namespace portico::portcls {
namespace {
constexpr LONG period_ms = 1'000;
constexpr LONGLONG period_100ns = 10'000'000;
}  // namespace

void IoTimeouts::initialize(AdapterDevice& adapter) {
    adapter_ = &adapter;
    nt::ke::initialize_timer(&timer_, NotificationTimer);
    nt::ke::initialize_dpc(&dpc_, expired, this);
}

void IoTimeouts::start() {
    if (std::exchange(running_, true)) return;
    LARGE_INTEGER due;
    due.QuadPart = -period_100ns;
    nt::ke::set_timer(&timer_, due, period_ms, &dpc_);
}

void IoTimeouts::stop() {
    if (!std::exchange(running_, false)) return;
    nt::ke::cancel_timer(&timer_);
    // A DPC that has left its queue already must have returned before the adapter can go.
    if (!nt::ke::remove_dpc(&dpc_)) nt::ke::flush_queued_dpcs();
}

void NTAPI IoTimeouts::expired(PKDPC, PVOID context, PVOID, PVOID) {
    static_cast<IoTimeouts*>(context)->run();
}

void IoTimeouts::run() {
    if (!running_) return;
    entries_.walk(
        [this](Entry& entry) {
            nt::DriverCall call("IoTimer", reinterpret_cast<const void*>(entry.routine));
            entry.routine(adapter_->fdo, entry.context);
        },
        [](Entry& entry) { release(&entry); });
}

NTSTATUS IoTimeouts::add(PIO_TIMER_ROUTINE routine, PVOID context) {
    const auto same = [&](const Entry& e) { return e.routine == routine && e.context == context; };
    if (entries_.find(same) != nullptr) return STATUS_UNSUCCESSFUL;  // FN-131
    auto* const entry = static_cast<Entry*>(allocate(NonPagedPool, sizeof(Entry)));
    if (entry == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    entry->routine = routine;
    entry->context = context;
    entries_.append(*entry);
    return STATUS_SUCCESS;
}

NTSTATUS IoTimeouts::remove(PIO_TIMER_ROUTINE routine, PVOID context) {
    Entry* const entry =
        entries_.find([&](const Entry& e) { return e.routine == routine && e.context == context; });
    if (entry == nullptr) return STATUS_NOT_FOUND;
    if (entries_.remove(*entry)) release(entry);
    return STATUS_SUCCESS;
}

bool IoTimeouts::clear() {
    bool any = false;
    entries_.clear([&](Entry& entry) {
        any = true;
        release(&entry);
    });
    return any;
}

}  // namespace portico::portcls

using namespace portico::portcls;

NTSTATUS NTAPI PcRegisterIoTimeout(PDEVICE_OBJECT pDeviceObject, PIO_TIMER_ROUTINE pTimerRoutine,
                                   PVOID pContext) {
    DDI(PcRegisterIoTimeout, PASSIVE_LEVEL);
    if (pTimerRoutine == nullptr) return STATUS_INVALID_PARAMETER;
    AdapterDevice* const adapter = adapter_argument(
        pDeviceObject, "FN-130", "PcRegisterIoTimeout was given another device object than the adapter's.");
    return adapter == nullptr ? STATUS_INVALID_PARAMETER : adapter->timeouts.add(pTimerRoutine, pContext);
}

NTSTATUS NTAPI PcUnregisterIoTimeout(PDEVICE_OBJECT pDeviceObject, PIO_TIMER_ROUTINE pTimerRoutine,
                                     PVOID pContext) {
    DDI(PcUnregisterIoTimeout, PASSIVE_LEVEL);
    AdapterDevice* const adapter = adapter_argument(
        pDeviceObject, "FN-133", "PcUnregisterIoTimeout was given another device object than the adapter's.");
    return adapter == nullptr ? STATUS_INVALID_PARAMETER : adapter->timeouts.remove(pTimerRoutine, pContext);
}
