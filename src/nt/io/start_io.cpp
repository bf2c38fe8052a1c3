// StartIo: the I/O manager's queue of one device, one packet at a time.
#include "nt/ddi.h"
#include "nt/io/device.h"
#include "nt/io/device_queue.h"
#include "nt/io/irp.h"
#include "sim/address_map.h"

namespace portico::nt::io {
namespace {

PKDEVICE_QUEUE_ENTRY entry_of(PIRP irp) {
    return &irp->Tail.Overlay.DeviceQueueEntry;
}

void call_start_io(PDEVICE_OBJECT device, PIRP irp) {
    PDRIVER_STARTIO const routine = device->DriverObject->DriverStartIo;
    DriverCall call("StartIo", reinterpret_cast<const void*>(routine));
    routine(device, irp);
}

// Runs StartIo for the packet and, when the driver asked for no recursion, for those that it started from
// inside.
void start(PDEVICE_OBJECT device, PIRP irp);

struct Next {
    bool cancelable;
    bool by_key;
    ULONG key;
};

PIRP take_next(PDEVICE_OBJECT device, const Next& next) {
    sim::Irql irql = ke::current_irql();
    if (next.cancelable) irql = acquire_cancel_lock();
    device->CurrentIrp = nullptr;
    PKDEVICE_QUEUE_ENTRY const entry = next.by_key ? remove_entry_by_key(&device->DeviceQueue, next.key)
                                                   : remove_entry(&device->DeviceQueue);
    PIRP irp = nullptr;
    if (entry != nullptr) {
        irp = CONTAINING_RECORD(entry, IRP, Tail.Overlay.DeviceQueueEntry);
        device->CurrentIrp = irp;
        if (next.cancelable && extras(device).startio_not_cancelable) irp->CancelRoutine = nullptr;
    }
    if (next.cancelable) release_cancel_lock(irql);
    return irp;
}

void start_next(PDEVICE_OBJECT device, const Next& next) {
    DeviceExtras& own = extras(device);
    if (own.startio_deferred && own.in_startio) {
        own.startio_cancelable = next.cancelable;
        own.startio_by_key = next.by_key;
        own.startio_key = next.key;
        ++own.startio_again;
        return;
    }
    if (PIRP const irp = take_next(device, next)) start(device, irp);
}

void start(PDEVICE_OBJECT device, PIRP irp) {
    DeviceExtras& own = extras(device);
    if (!own.startio_deferred) return call_start_io(device, irp);
    own.in_startio = true;
    for (;;) {
        call_start_io(device, irp);
        irp = nullptr;
        while (own.startio_again > 0 && irp == nullptr) {
            --own.startio_again;
            irp = take_next(device, {own.startio_cancelable, own.startio_by_key, own.startio_key});
        }
        if (irp == nullptr) break;
    }
    own.in_startio = false;
}

// True: the IRP waits in the queue.
bool enqueue(PDEVICE_OBJECT device, PIRP irp, const ULONG* key) {
    return key == nullptr ? insert_entry(&device->DeviceQueue, entry_of(irp))
                          : insert_entry_by_key(&device->DeviceQueue, entry_of(irp), *key);
}

// The cancel routine is set and the packet queued under one hold of the cancel lock: whoever cancels finds
// both or none.
void start_cancelable(PDEVICE_OBJECT device, PIRP irp, const ULONG* key, PDRIVER_CANCEL cancel_function) {
    const sim::Irql irql = acquire_cancel_lock();
    irp->CancelRoutine = cancel_function;
    if (enqueue(device, irp, key)) {
        const bool cancelled = irp->Cancel != FALSE;
        release_cancel_lock(irql);
        if (cancelled) cancel(irp);
        return;
    }
    device->CurrentIrp = irp;
    if (extras(device).startio_not_cancelable) irp->CancelRoutine = nullptr;
    release_cancel_lock(irql);
    start(device, irp);
}

void start_packet(PDEVICE_OBJECT device, PIRP irp, const ULONG* key, PDRIVER_CANCEL cancel_function) {
    const sim::Irql old = ke::raise(sim::dispatch_level);
    if (cancel_function != nullptr) {
        start_cancelable(device, irp, key, cancel_function);
    } else if (!enqueue(device, irp, key)) {
        device->CurrentIrp = irp;
        start(device, irp);
    }
    ke::lower(old);
}

}  // namespace
}  // namespace portico::nt::io

using namespace portico::nt;

extern "C" {

VOID NTAPI IoStartPacket(PDEVICE_OBJECT DeviceObject, PIRP Irp, PULONG Key, PDRIVER_CANCEL CancelFunction) {
    DDI(IoStartPacket, DISPATCH_LEVEL);
    io::start_packet(DeviceObject, Irp, Key, CancelFunction);
}

VOID NTAPI IoStartNextPacket(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable) {
    DDI_RANGE(IoStartNextPacket, DISPATCH_LEVEL, DISPATCH_LEVEL);
    io::start_next(DeviceObject, {Cancelable != FALSE, false, 0});
}

VOID NTAPI IoStartNextPacketByKey(PDEVICE_OBJECT DeviceObject, BOOLEAN Cancelable, ULONG Key) {
    DDI_RANGE(IoStartNextPacketByKey, DISPATCH_LEVEL, DISPATCH_LEVEL);
    io::start_next(DeviceObject, {Cancelable != FALSE, true, Key});
}

VOID NTAPI IoSetStartIoAttributes(PDEVICE_OBJECT DeviceObject, BOOLEAN DeferredStartIo,
                                  BOOLEAN NonCancelable) {
    DDI(IoSetStartIoAttributes, HIGH_LEVEL);
    io::extras(DeviceObject).startio_deferred = DeferredStartIo != FALSE;
    io::extras(DeviceObject).startio_not_cancelable = NonCancelable != FALSE;
}

}  // extern "C"
