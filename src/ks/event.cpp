#include "ks/event.h"

#include <algorithm>

#include "ks/user_memory.h"
#include "nt/ex/work.h"
#include "nt/ke/ke.h"
#include "nt/ob/ob.h"

namespace portico::ks {
namespace {

constexpr ULONG no_node = ~ULONG{0};
// A thread that waits for an event of a stream goes on as after sound.
constexpr KPRIORITY handle_increment = IO_SOUND_INCREMENT;

NTSTATUS reference(KPROCESSOR_MODE mode, HANDLE handle, ACCESS_MASK access, POBJECT_TYPE type,
                   EventNotification& out) {
    const NTSTATUS status = nt::ob::reference_handle(handle, access, type, mode, &out.object);
    out.referenced = NT_SUCCESS(status);
    return status;
}

NTSTATUS take_handle(KPROCESSOR_MODE mode, const KSEVENTDATA& data, EventNotification& out) {
    out.increment = handle_increment;
    if (data.NotificationType == KSEVENTF_EVENT_HANDLE)
        return reference(mode, data.EventHandle.Event, EVENT_MODIFY_STATE, *ExEventObjectType, out);
    out.adjustment = data.SemaphoreHandle.Adjustment;
    if (out.adjustment <= 0) return STATUS_INVALID_PARAMETER;
    return reference(mode, data.SemaphoreHandle.Semaphore, SEMAPHORE_MODIFY_STATE, *ExSemaphoreObjectType,
                     out);
}

// Of what a kernel client names by address; 0: it names none.
std::size_t size_of_object(ULONG type) {
    switch (type) {
        case KSEVENTF_EVENT_OBJECT:
            return sizeof(KEVENT);
        case KSEVENTF_SEMAPHORE_OBJECT:
            return sizeof(KSEMAPHORE);
        case KSEVENTF_DPC:
            return sizeof(KDPC);
        case KSEVENTF_WORKITEM:
            return sizeof(WORK_QUEUE_ITEM);
        default:
            return 0;
    }
}

// What only a kernel client can name: its own objects, which it keeps until it disables the event.
NTSTATUS take_object(const KSEVENTDATA& data, EventNotification& out) {
    switch (data.NotificationType) {
        case KSEVENTF_EVENT_OBJECT:
            out.object = data.EventObject.Event;
            out.increment = data.EventObject.Increment;
            break;
        case KSEVENTF_SEMAPHORE_OBJECT:
            out.object = data.SemaphoreObject.Semaphore;
            out.increment = data.SemaphoreObject.Increment;
            out.adjustment = data.SemaphoreObject.Adjustment;
            if (out.adjustment <= 0) return STATUS_INVALID_PARAMETER;
            break;
        case KSEVENTF_DPC:
            out.object = data.Dpc.Dpc;
            break;
        case KSEVENTF_WORKITEM:
            out.object = data.WorkItem.WorkQueueItem;
            out.queue = data.WorkItem.WorkQueueType;
            if (out.queue >= MaximumWorkQueue) return STATUS_INVALID_PARAMETER;
            break;
        default:
            return STATUS_INVALID_PARAMETER;
    }
    if (out.object == nullptr) return STATUS_INVALID_PARAMETER;
    const std::size_t size = size_of_object(data.NotificationType);
    return accessible(KernelMode, out.object, size) ? STATUS_SUCCESS : STATUS_ACCESS_VIOLATION;
}

void release_up_to_limit(PRKSEMAPHORE semaphore, LONG adjustment, KPRIORITY increment) {
    nt::ke::DispatcherLock lock;
    const LONG count = semaphore->Header.SignalState;
    if (adjustment > semaphore->Limit - count) return;
    nt::ke::release_semaphore(semaphore, adjustment, increment);
}

}  // namespace

NTSTATUS capture_event(PIRP irp, EventRequest& request) {
    const auto& ioctl = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl;
    request = {};
    request.node = no_node;
    if (ioctl.InputBufferLength == 0) {
        request.verb = request.event.Flags = KSEVENT_TYPE_SETSUPPORT;
        return STATUS_SUCCESS;
    }
    if (ioctl.InputBufferLength < sizeof(KSEVENT)) return STATUS_INVALID_BUFFER_SIZE;
    KSE_NODE copy{};
    const std::size_t size = std::min<std::size_t>(ioctl.InputBufferLength, sizeof copy);
    const NTSTATUS status = copy_in(irp->RequestorMode, &copy, ioctl.Type3InputBuffer, size);
    if (!NT_SUCCESS(status)) return status;
    request.event = copy.Event;
    request.verb = copy.Event.Flags & ~ULONG{KSEVENT_TYPE_TOPOLOGY};
    if (request.verb == copy.Event.Flags) return STATUS_SUCCESS;
    if (size < sizeof copy) return STATUS_INVALID_BUFFER_SIZE;
    request.node = copy.NodeId;
    return STATUS_SUCCESS;
}

NTSTATUS capture_notification(PIRP irp, EventNotification& notification) {
    const auto& ioctl = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl;
    KSEVENTDATA data;
    if (ioctl.OutputBufferLength < sizeof data) return STATUS_BUFFER_TOO_SMALL;
    NTSTATUS status = copy_in(irp->RequestorMode, &data, irp->UserBuffer, sizeof data);
    if (!NT_SUCCESS(status)) return status;
    notification = {};
    notification.data = static_cast<PKSEVENTDATA>(irp->UserBuffer);
    notification.type = data.NotificationType;
    if (data.NotificationType == KSEVENTF_EVENT_HANDLE || data.NotificationType == KSEVENTF_SEMAPHORE_HANDLE)
        status = take_handle(irp->RequestorMode, data, notification);
    else
        status =
            irp->RequestorMode == KernelMode ? take_object(data, notification) : STATUS_INVALID_PARAMETER;
    if (!NT_SUCCESS(status)) notification = {};
    return status;
}

void release_notification(EventNotification& notification) {
    if (notification.referenced) nt::ob::dereference(notification.object);
    notification = {};
}

void notify(const EventNotification& notification) {
    // The client may have given its object back meanwhile.
    if (!accessible(KernelMode, notification.object, size_of_object(notification.type))) return;
    switch (notification.type) {
        case KSEVENTF_EVENT_HANDLE:
        case KSEVENTF_EVENT_OBJECT:
            nt::ke::set_event(static_cast<PRKEVENT>(notification.object), notification.increment);
            break;
        case KSEVENTF_SEMAPHORE_HANDLE:
        case KSEVENTF_SEMAPHORE_OBJECT:
            release_up_to_limit(static_cast<PRKSEMAPHORE>(notification.object), notification.adjustment,
                                notification.increment);
            break;
        case KSEVENTF_DPC:
            nt::ke::insert_dpc(static_cast<PRKDPC>(notification.object), notification.data, nullptr);
            break;
        case KSEVENTF_WORKITEM: {
            auto* const item = static_cast<PWORK_QUEUE_ITEM>(notification.object);
            if (!nt::ex::work_item_queued(item)) nt::ex::queue_work_item(item, notification.queue);
            break;
        }
        default:
            break;
    }
}

}  // namespace portico::ks
