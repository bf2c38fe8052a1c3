// I/O work items: a driver's routine on a system worker thread, the device held until it has returned.
#include "nt/ddi.h"
#include "nt/ex/pool.h"
#include "nt/ex/work.h"
#include "nt/io/work_item.h"
#include "nt/ob/ob.h"
#include "nt/probes.h"

struct _IO_WORKITEM {
    WORK_QUEUE_ITEM work;
    LIST_ENTRY queued_link;
    void* routine;
    void* object;  // device or driver object
    void* context;
    bool extended;  // IoQueueWorkItemEx's routine
    bool queued;
    bool allocated;
    portico::nt::Origin made;
};

namespace portico::nt::io {
namespace {

LIST_ENTRY queued_items{&queued_items, &queued_items};

void run(_IO_WORKITEM& item) {
    void* const object = item.object;
    void* const context = item.context;
    DriverCall call("IoWorkItem", item.routine);
    if (item.extended) {
        reinterpret_cast<PIO_WORKITEM_ROUTINE_EX>(item.routine)(object, context, &item);
    } else {
        reinterpret_cast<PIO_WORKITEM_ROUTINE>(item.routine)(static_cast<PDEVICE_OBJECT>(object), context);
    }
}

// The routine may free or queue the item again: from here on it is the driver's.
void NTAPI start(void* parameter) {
    auto& item = *static_cast<_IO_WORKITEM*>(parameter);
    void* const object = item.object;
    item.queued = false;
    RemoveEntryList(&item.queued_link);
    run(item);
    ob::dereference(object);
}

void initialize(_IO_WORKITEM& item, void* object) {
    item = _IO_WORKITEM{};
    item.object = object;
}

void misuse(PIO_WORKITEM item, const char* text) {
    PORTICO_PROBE(object_misuse, WORKER_INVALID, item, text);
}

// False: it is in the queue already.
bool queue(_IO_WORKITEM& item, void* routine, WORK_QUEUE_TYPE type, void* context, bool extended) {
    if (item.queued) return false;
    item.routine = routine;
    item.context = context;
    item.extended = extended;
    item.queued = true;
    InsertTailList(&queued_items, &item.queued_link);
    ob::reference(item.object);
    ExInitializeWorkItem(&item.work, start, &item);
    ex::queue_work_item(&item.work, type);
    return true;
}

constexpr const char* queued_twice = "a work item was queued that is in a queue already";

}  // namespace

void reset_work_items() {
    InitializeListHead(&queued_items);
}

void for_each_queued_work_item(void (*visit)(const QueuedWorkItem& item, void* context), void* context) {
    for (PLIST_ENTRY e = queued_items.Flink; e != &queued_items; e = e->Flink) {
        const auto& item = *CONTAINING_RECORD(e, _IO_WORKITEM, queued_link);
        visit({&item, item.routine, item.made}, context);
    }
}

}  // namespace portico::nt::io

using namespace portico::nt;

extern "C" {

PIO_WORKITEM NTAPI IoAllocateWorkItem(PDEVICE_OBJECT DeviceObject) {
    DDI(IoAllocateWorkItem, DISPATCH_LEVEL);
    const void* const frame = __builtin_frame_address(0);
    // The driver's own block: it is a leak when it is not freed.
    auto* const item =
        static_cast<PIO_WORKITEM>(ex::allocate(NonPagedPool, sizeof(_IO_WORKITEM), 'IWoI', frame));
    if (item == nullptr) return nullptr;
    io::initialize(*item, DeviceObject);
    item->allocated = true;
    capture_origin(item->made, frame);
    return item;
}

VOID NTAPI IoFreeWorkItem(PIO_WORKITEM IoWorkItem) {
    DDI(IoFreeWorkItem, DISPATCH_LEVEL);
    if (IoWorkItem->queued) return io::misuse(IoWorkItem, "a work item was freed while it waits in a queue");
    ex::free(IoWorkItem, 0, __builtin_frame_address(0));
}

ULONG NTAPI IoSizeofWorkItem() {
    DDI(IoSizeofWorkItem, HIGH_LEVEL);
    return sizeof(_IO_WORKITEM);
}

VOID NTAPI IoInitializeWorkItem(PVOID IoObject, PIO_WORKITEM IoWorkItem) {
    DDI(IoInitializeWorkItem, HIGH_LEVEL);
    io::initialize(*IoWorkItem, IoObject);
    capture_origin(IoWorkItem->made, __builtin_frame_address(0));
}

VOID NTAPI IoUninitializeWorkItem(PIO_WORKITEM IoWorkItem) {
    DDI(IoUninitializeWorkItem, HIGH_LEVEL);
    if (IoWorkItem->queued) io::misuse(IoWorkItem, "a work item was uninitialised while it waits in a queue");
}

VOID NTAPI IoQueueWorkItem(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE WorkerRoutine,
                           WORK_QUEUE_TYPE QueueType, PVOID Context) {
    DDI(IoQueueWorkItem, DISPATCH_LEVEL);
    if (!io::queue(*IoWorkItem, reinterpret_cast<void*>(WorkerRoutine), QueueType, Context, false)) {
        io::misuse(IoWorkItem, io::queued_twice);
    }
}

VOID NTAPI IoQueueWorkItemEx(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine,
                             WORK_QUEUE_TYPE QueueType, PVOID Context) {
    DDI(IoQueueWorkItemEx, DISPATCH_LEVEL);
    if (!io::queue(*IoWorkItem, reinterpret_cast<void*>(WorkerRoutine), QueueType, Context, true)) {
        io::misuse(IoWorkItem, io::queued_twice);
    }
}

BOOLEAN NTAPI IoTryQueueWorkItem(PIO_WORKITEM IoWorkItem, PIO_WORKITEM_ROUTINE_EX WorkerRoutine,
                                 WORK_QUEUE_TYPE QueueType, PVOID Context) {
    DDI(IoTryQueueWorkItem, DISPATCH_LEVEL);
    return io::queue(*IoWorkItem, reinterpret_cast<void*>(WorkerRoutine), QueueType, Context, true);
}

}  // extern "C"
