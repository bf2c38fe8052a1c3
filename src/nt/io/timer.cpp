// IoInitializeTimer, IoStartTimer: one DPC a second calls every device's routine that is started.
#include "nt/io/timer.h"

#include "nt/ddi.h"
#include "nt/ex/pool.h"
#include "nt/ke/ke.h"
#include "sim/address_map.h"

struct _IO_TIMER {
    LIST_ENTRY link;
    PIO_TIMER_ROUTINE routine;
    void* context;
    PDEVICE_OBJECT device;
    bool started;
};

namespace portico::nt::io {
namespace {

constexpr LONGLONG second_100ns = 10'000'000;

// In the pool: the kernel's timer queue holds its address.
struct Clock {
    KTIMER timer;
    KDPC dpc;
    LIST_ENTRY timers;
    unsigned started = 0;
};
Clock* one_second;

void call(const _IO_TIMER& timer) {
    DriverCall call("IoTimer", reinterpret_cast<const void*>(timer.routine));
    timer.routine(timer.device, timer.context);
}

void NTAPI tick(PKDPC, PVOID, PVOID, PVOID) {
    for (PLIST_ENTRY e = one_second->timers.Flink; e != &one_second->timers;) {
        const _IO_TIMER* const timer = CONTAINING_RECORD(e, _IO_TIMER, link);
        e = e->Flink;
        if (timer->started) call(*timer);
    }
}

Clock* clock_of_devices() {
    if (one_second != nullptr) return one_second;
    one_second = ex::make<Clock>(NonPagedPool, 'miTI');
    if (one_second == nullptr) return nullptr;
    InitializeListHead(&one_second->timers);
    ke::initialize_timer(&one_second->timer, NotificationTimer);
    ke::initialize_dpc(&one_second->dpc, tick, nullptr);
    return one_second;
}

NTSTATUS initialize(PDEVICE_OBJECT device, PIO_TIMER_ROUTINE routine, void* context) {
    Clock* const clock = clock_of_devices();
    if (clock == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    if (device->Timer == nullptr) {
        device->Timer = ex::make<_IO_TIMER>(NonPagedPool, 'miTI');
        if (device->Timer == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
        InsertTailList(&clock->timers, &device->Timer->link);
    }
    device->Timer->routine = routine;
    device->Timer->context = context;
    device->Timer->device = device;
    return STATUS_SUCCESS;
}

void start(PDEVICE_OBJECT device) {
    if (device->Timer == nullptr || device->Timer->started) return;
    device->Timer->started = true;
    if (one_second->started++ != 0) return;
    LARGE_INTEGER due;
    due.QuadPart = -second_100ns;
    ke::set_timer(&one_second->timer, due, 1000, &one_second->dpc);
}

void stop(PDEVICE_OBJECT device) {
    if (device->Timer == nullptr || !device->Timer->started) return;
    device->Timer->started = false;
    if (--one_second->started == 0) ke::cancel_timer(&one_second->timer);
}

}  // namespace

void reset_timers() {
    one_second = nullptr;
}

void forget_timer(PDEVICE_OBJECT device) {
    if (device->Timer == nullptr) return;
    stop(device);
    RemoveEntryList(&device->Timer->link);
    ex::destroy(device->Timer);
    device->Timer = nullptr;
}

}  // namespace portico::nt::io

using namespace portico::nt;

extern "C" {

NTSTATUS NTAPI IoInitializeTimer(PDEVICE_OBJECT DeviceObject, PIO_TIMER_ROUTINE TimerRoutine, PVOID Context) {
    DDI(IoInitializeTimer, PASSIVE_LEVEL);
    return io::initialize(DeviceObject, TimerRoutine, Context);
}

VOID NTAPI IoStartTimer(PDEVICE_OBJECT DeviceObject) {
    DDI(IoStartTimer, DISPATCH_LEVEL);
    io::start(DeviceObject);
}

VOID NTAPI IoStopTimer(PDEVICE_OBJECT DeviceObject) {
    DDI(IoStopTimer, DISPATCH_LEVEL);
    io::stop(DeviceObject);
}

}  // extern "C"
