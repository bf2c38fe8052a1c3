// Device queues (KDEVICE_QUEUE): requests that wait while a device is busy. Nothing else runs between two
// points of the simulation, so the queue's spin lock, which only these functions take, never has to be taken.
#include "nt/io/device_queue.h"

#include "nt/ddi.h"

namespace portico::nt::io {
namespace {

constexpr CSHORT device_queue_object = 20;  // KOBJECTS: DeviceQueueObject

PKDEVICE_QUEUE_ENTRY entry_of(PLIST_ENTRY link) {
    return CONTAINING_RECORD(link, KDEVICE_QUEUE_ENTRY, DeviceListEntry);
}

bool make_busy(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry) {
    const bool was_busy = queue->Busy != FALSE;
    queue->Busy = TRUE;
    entry->Inserted = was_busy ? TRUE : FALSE;
    return was_busy;
}

PKDEVICE_QUEUE_ENTRY take(PLIST_ENTRY link) {
    RemoveEntryList(link);
    entry_of(link)->Inserted = FALSE;
    return entry_of(link);
}

}  // namespace

void initialize_queue(PKDEVICE_QUEUE queue) {
    *queue = KDEVICE_QUEUE{};
    queue->Type = device_queue_object;
    queue->Size = sizeof(KDEVICE_QUEUE);
    InitializeListHead(&queue->DeviceListHead);
}

bool insert_entry(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry) {
    if (!make_busy(queue, entry)) return false;
    InsertTailList(&queue->DeviceListHead, &entry->DeviceListEntry);
    return true;
}

// Behind every entry whose key is not greater.
bool insert_entry_by_key(PKDEVICE_QUEUE queue, PKDEVICE_QUEUE_ENTRY entry, ULONG key) {
    entry->SortKey = key;
    if (!make_busy(queue, entry)) return false;
    PLIST_ENTRY before = queue->DeviceListHead.Blink;
    while (before != &queue->DeviceListHead && entry_of(before)->SortKey > key) before = before->Blink;
    InsertHeadList(before, &entry->DeviceListEntry);
    return true;
}

PKDEVICE_QUEUE_ENTRY remove_entry(PKDEVICE_QUEUE queue) {
    if (IsListEmpty(&queue->DeviceListHead)) {
        queue->Busy = FALSE;
        return nullptr;
    }
    return take(queue->DeviceListHead.Flink);
}

// The first entry with that key or a greater one; past the end the scan starts over at the smallest.
PKDEVICE_QUEUE_ENTRY remove_entry_by_key(PKDEVICE_QUEUE queue, ULONG key) {
    PLIST_ENTRY link = queue->DeviceListHead.Flink;
    while (link != &queue->DeviceListHead && entry_of(link)->SortKey < key) link = link->Flink;
    return link == &queue->DeviceListHead ? remove_entry(queue) : take(link);
}

bool remove_this(PKDEVICE_QUEUE_ENTRY entry) {
    if (entry->Inserted == FALSE) return false;
    take(&entry->DeviceListEntry);
    return true;
}

}  // namespace portico::nt::io

using namespace portico::nt;

extern "C" {

VOID NTAPI KeInitializeDeviceQueue(PKDEVICE_QUEUE DeviceQueue) {
    DDI(KeInitializeDeviceQueue, DISPATCH_LEVEL);
    io::initialize_queue(DeviceQueue);
}

BOOLEAN NTAPI KeInsertDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry) {
    DDI_RANGE(KeInsertDeviceQueue, DISPATCH_LEVEL, DISPATCH_LEVEL);
    return io::insert_entry(DeviceQueue, DeviceQueueEntry);
}

BOOLEAN NTAPI KeInsertByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry,
                                       ULONG SortKey) {
    DDI_RANGE(KeInsertByKeyDeviceQueue, DISPATCH_LEVEL, DISPATCH_LEVEL);
    return io::insert_entry_by_key(DeviceQueue, DeviceQueueEntry, SortKey);
}

PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveDeviceQueue(PKDEVICE_QUEUE DeviceQueue) {
    DDI_RANGE(KeRemoveDeviceQueue, DISPATCH_LEVEL, DISPATCH_LEVEL);
    return io::remove_entry(DeviceQueue);
}

PKDEVICE_QUEUE_ENTRY NTAPI KeRemoveByKeyDeviceQueue(PKDEVICE_QUEUE DeviceQueue, ULONG SortKey) {
    DDI_RANGE(KeRemoveByKeyDeviceQueue, DISPATCH_LEVEL, DISPATCH_LEVEL);
    return io::remove_entry_by_key(DeviceQueue, SortKey);
}

BOOLEAN NTAPI KeRemoveEntryDeviceQueue(PKDEVICE_QUEUE DeviceQueue, PKDEVICE_QUEUE_ENTRY DeviceQueueEntry) {
    DDI(KeRemoveEntryDeviceQueue, DISPATCH_LEVEL);
    return io::remove_this(DeviceQueueEntry);
}

}  // extern "C"
