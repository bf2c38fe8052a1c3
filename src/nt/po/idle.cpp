// Idle detection: devices that nobody has used for a while are sent to sleep.
#include "nt/ddi.h"
#include "nt/ex/pool.h"
#include "nt/io/device.h"
#include "nt/po/po.h"
#include "nt/po/power_irp.h"

namespace portico::nt::po {
namespace {

constexpr LONGLONG second_100ns = 10'000'000;

// In the pool: the kernel's timer queue holds its address, and drivers the counters'.
struct Watched {
    LIST_ENTRY link;
    PDEVICE_OBJECT device;
    ULONG idle_s;  // the driver sets it to 0 when the device is used
    ULONG busy;    // PoStartDeviceBusy without PoEndDeviceBusy yet
    ULONG limit_s;
    DEVICE_POWER_STATE state;
    bool asked;  // for that state, since the device was used last
};

struct Scan {
    KTIMER timer;
    KDPC dpc;
    LIST_ENTRY devices;
    unsigned count = 0;
};
Scan* scan;

void look_at(Watched& watched) {
    if (watched.busy != 0 || watched.idle_s == 0) watched.asked = false;
    if (watched.busy != 0) {
        watched.idle_s = 0;
        return;
    }
    ++watched.idle_s;
    if (watched.idle_s < watched.limit_s || watched.asked) return;
    if (io::extras(watched.device).power_state >= watched.state) return;
    watched.asked = true;
    POWER_STATE state;
    state.DeviceState = watched.state;
    request(watched.device, IRP_MN_SET_POWER, state, nullptr, nullptr, nullptr);
}

void NTAPI scan_devices(PKDPC, PVOID, PVOID, PVOID) {
    for (PLIST_ENTRY e = scan->devices.Flink; e != &scan->devices;) {
        auto& watched = *CONTAINING_RECORD(e, Watched, link);
        e = e->Flink;
        look_at(watched);
    }
}

bool make_scan() {
    if (scan != nullptr) return true;
    scan = ex::make<Scan>(NonPagedPool, 'nScP');
    if (scan == nullptr) return false;
    InitializeListHead(&scan->devices);
    ke::initialize_timer(&scan->timer, NotificationTimer);
    ke::initialize_dpc(&scan->dpc, scan_devices, nullptr);
    return true;
}

Watched* find(PDEVICE_OBJECT device) {
    if (scan == nullptr) return nullptr;
    for (PLIST_ENTRY e = scan->devices.Flink; e != &scan->devices; e = e->Flink) {
        auto* const watched = CONTAINING_RECORD(e, Watched, link);
        if (watched->device == device) return watched;
    }
    return nullptr;
}

Watched* watch(PDEVICE_OBJECT device) {
    if (!make_scan()) return nullptr;
    auto* const watched = ex::make<Watched>(NonPagedPool, 'nScP');
    if (watched == nullptr) return nullptr;
    watched->device = device;
    InsertTailList(&scan->devices, &watched->link);
    if (scan->count++ == 0) {
        LARGE_INTEGER due;
        due.QuadPart = -second_100ns;
        ke::set_timer(&scan->timer, due, 1000, &scan->dpc);
    }
    return watched;
}

ULONG* watch_for(PDEVICE_OBJECT device, ULONG limit_s, DEVICE_POWER_STATE state) {
    Watched* watched = find(device);
    if (limit_s == 0) {
        if (watched != nullptr) forget_device(device);
        return nullptr;
    }
    if (watched == nullptr) watched = watch(device);
    if (watched == nullptr) return nullptr;
    watched->limit_s = limit_s;
    watched->state = state;
    watched->idle_s = 0;
    watched->asked = false;
    return &watched->idle_s;
}

Watched* of_counter(PULONG counter) {
    return CONTAINING_RECORD(counter, Watched, idle_s);
}

}  // namespace

void reset_idle() {
    scan = nullptr;
}

// The machine runs on mains: the time for performance counts, not that for saving power.
ULONG* register_idle(PDEVICE_OBJECT device, ULONG conservation_s, ULONG performance_s,
                     DEVICE_POWER_STATE state) {
    if (conservation_s == 0 && performance_s == 0) return watch_for(device, 0, state);
    // A time of 0 beside another that is not: this policy never finds the device idle.
    return watch_for(device, performance_s == 0 ? 0xFFFFFFFF : performance_s, state);
}

void start_busy(ULONG* counter) {
    *counter = 0;
    ++of_counter(counter)->busy;
}

void end_busy(ULONG* counter) {
    *counter = 0;
    if (of_counter(counter)->busy > 0) --of_counter(counter)->busy;
}

void forget_device(PDEVICE_OBJECT device) {
    Watched* const watched = find(device);
    if (watched == nullptr) return;
    RemoveEntryList(&watched->link);
    ex::destroy(watched);
    if (--scan->count == 0) ke::cancel_timer(&scan->timer);
}

}  // namespace portico::nt::po

using namespace portico::nt;

extern "C" {

PULONG NTAPI PoRegisterDeviceForIdleDetection(PDEVICE_OBJECT DeviceObject, ULONG ConservationIdleTime,
                                              ULONG PerformanceIdleTime, DEVICE_POWER_STATE State) {
    DDI(PoRegisterDeviceForIdleDetection, APC_LEVEL);
    return po::register_idle(DeviceObject, ConservationIdleTime, PerformanceIdleTime, State);
}

VOID NTAPI PoSetDeviceBusyEx(PULONG IdlePointer) {
    DDI(PoSetDeviceBusyEx, DISPATCH_LEVEL);
    *IdlePointer = 0;
}

VOID NTAPI PoStartDeviceBusy(PULONG IdlePointer) {
    DDI(PoStartDeviceBusy, DISPATCH_LEVEL);
    po::start_busy(IdlePointer);
}

VOID NTAPI PoEndDeviceBusy(PULONG IdlePointer) {
    DDI(PoEndDeviceBusy, DISPATCH_LEVEL);
    po::end_busy(IdlePointer);
}

}  // extern "C"
