#include "nt/io/notification.h"

#include <cstring>

#include "base/ring.h"
#include "nt/ddi.h"
#include "nt/ex/pool.h"
#include "nt/ex/work.h"
#include "nt/io/device.h"
#include "nt/io/file.h"
#include "nt/io/irp.h"

namespace portico::nt::io {
namespace {

constexpr unsigned event_limit = 128;

constexpr GUID device_interface_arrival{
    0xcb3a4004, 0x46f0, 0x11d0, {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f}};
constexpr GUID device_interface_removal{
    0xcb3a4005, 0x46f0, 0x11d0, {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f}};
constexpr GUID target_query_remove{
    0xcb3a4006, 0x46f0, 0x11d0, {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f}};
constexpr GUID target_remove_cancelled{
    0xcb3a4007, 0x46f0, 0x11d0, {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f}};
constexpr GUID target_remove_complete{
    0xcb3a4008, 0x46f0, 0x11d0, {0xb0, 0x8f, 0x00, 0x60, 0x97, 0x13, 0x05, 0x3f}};

// In the pool: its address is what the driver gets.
struct Registration {
    unsigned slot = 0;
    bool removed = false;  // unregistered while its callback runs
    unsigned running = 0;  // calls of its callback under way
    IO_NOTIFICATION_EVENT_CATEGORY category = EventCategoryReserved;
    GUID class_guid{};
    PFILE_OBJECT file = nullptr;  // not referenced, as documented
    DeviceNode* target = nullptr;
    PDRIVER_OBJECT driver = nullptr;  // referenced
    PDRIVER_NOTIFICATION_CALLBACK_ROUTINE callback = nullptr;
    void* context = nullptr;
    std::uint64_t since = 0;  // events older than it were told at registration
    Origin made;
};

struct Event {
    GUID class_guid;
    bool arrival;
    unsigned interface_index;
    std::uint64_t generation;
    std::uint64_t sequence;
    WCHAR link[link_room];
};

struct Notifications {
    std::array<Registration*, notification_limit> registrations{};  // null: free
    unsigned count = 0;
    Ring<Event, event_limit> events;
    std::uint64_t sequence = 0;
    std::uint64_t dropped = 0;
    InterfaceObserver observer = nullptr;
    void* observer_context = nullptr;
};
Notifications notifications;

void forget(Registration& registration) {
    notifications.registrations[registration.slot] = nullptr;
    ob::dereference(registration.driver);
    ex::destroy(&registration);
}

NTSTATUS call(Registration& registration, void* structure) {
    ++registration.running;
    NTSTATUS status;
    {
        DriverCall call("PnpNotification", reinterpret_cast<const void*>(registration.callback));
        status = call.returned(registration.callback(structure, registration.context));
    }
    if (--registration.running == 0 && registration.removed) forget(registration);
    return status;
}

void call_for_interface(Registration& registration, const GUID& class_guid, const WCHAR* link, bool arrival) {
    // The structure and the name are the callback's for the time of the call.
    WCHAR copy[link_room];
    copy_wide(copy, link_room, link);
    UNICODE_STRING name = ob::string(copy);
    DEVICE_INTERFACE_CHANGE_NOTIFICATION structure{
        1, sizeof(DEVICE_INTERFACE_CHANGE_NOTIFICATION),
        arrival ? device_interface_arrival : device_interface_removal, class_guid, &name};
    call(registration, &structure);
}

bool wants(const Registration& registration, const Event& event) {
    return !registration.removed && registration.category == EventCategoryDeviceInterfaceChange &&
           IsEqualGUID(registration.class_guid, event.class_guid) && registration.since < event.sequence;
}

void deliver(const Event& event) {
    if (notifications.observer != nullptr) {
        DeviceInterface* const entry = interface_at(event.interface_index);
        if (entry != nullptr && entry->generation == event.generation) {
            notifications.observer(notifications.observer_context, *entry, event.arrival);
        }
    }
    for (unsigned i = 0; i < notifications.count; ++i) {
        Registration* const registration = notifications.registrations[i];
        if (registration == nullptr || !wants(*registration, event)) continue;
        call_for_interface(*registration, event.class_guid, event.link, event.arrival);
    }
}

const GUID& guid_of(TargetEvent event) {
    switch (event) {
        case TargetEvent::query_remove:
            return target_query_remove;
        case TargetEvent::remove_cancelled:
            return target_remove_cancelled;
        default:
            return target_remove_complete;
    }
}

bool watches(const Registration& registration, const DeviceNode& node) {
    return !registration.removed && registration.category == EventCategoryTargetDeviceChange &&
           registration.target == &node;
}

}  // namespace

void reset_notifications() {
    for (unsigned i = 0; i < notifications.count; ++i) notifications.registrations[i] = nullptr;
    notifications.count = 0;
    notifications.events.clear();
    notifications.sequence = notifications.dropped = 0;
    notifications.observer = nullptr;
}

void set_interface_observer(InterfaceObserver observer, void* context) {
    notifications.observer = observer;
    notifications.observer_context = context;
}

void notify_interface(const DeviceInterface& entry, bool arrival) {
    Event event;
    event.class_guid = entry.class_guid;
    event.arrival = arrival;
    event.interface_index = entry.index;
    event.generation = entry.generation;
    event.sequence = ++notifications.sequence;
    copy_wide(event.link, link_room, entry.link);
    if (!notifications.events.push(event)) {
        ++notifications.dropped;
        return;
    }
    wake_pnp_thread();
}

void deliver_interface_events() {
    while (!notifications.events.empty()) {
        const Event event = notifications.events.front();
        notifications.events.pop();
        deliver(event);
    }
}

NTSTATUS notify_target(DeviceNode& node, TargetEvent event) {
    for (unsigned i = 0; i < notifications.count; ++i) {
        Registration* const registration = notifications.registrations[i];
        if (registration == nullptr || !watches(*registration, node)) continue;
        TARGET_DEVICE_REMOVAL_NOTIFICATION structure{1, sizeof(TARGET_DEVICE_REMOVAL_NOTIFICATION),
                                                     guid_of(event), registration->file};
        const NTSTATUS status = call(*registration, &structure);
        if (event == TargetEvent::query_remove && !NT_SUCCESS(status)) return status;
    }
    return STATUS_SUCCESS;
}

void for_each_registration(PDRIVER_OBJECT driver,
                           void (*visit)(const void* entry, const Origin& made, void* context),
                           void* context) {
    for (unsigned i = 0; i < notifications.count; ++i) {
        const Registration* const registration = notifications.registrations[i];
        if (registration != nullptr && registration->driver == driver)
            visit(registration, registration->made, context);
    }
}

namespace {

Registration* make_registration() {
    unsigned slot = 0;
    while (slot < notifications.count && notifications.registrations[slot] != nullptr) ++slot;
    if (slot == notification_limit) return nullptr;
    auto* const registration = ex::make<Registration>(PagedPool, 'nIpP');
    if (registration == nullptr) return nullptr;
    if (slot == notifications.count) ++notifications.count;
    notifications.registrations[slot] = registration;
    registration->slot = slot;
    return registration;
}

// The PDO below the file's device, as its stack says.
NTSTATUS find_target(PFILE_OBJECT file, DeviceNode** node) {
    *node = nullptr;
    if (file == nullptr || file->DeviceObject == nullptr) return STATUS_INVALID_PARAMETER;
    PDEVICE_OBJECT const device = related_device(file);
    PIRP const irp = allocate_irp(device->StackSize);
    if (irp == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
    PIO_STACK_LOCATION const stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = IRP_MJ_PNP;
    stack->MinorFunction = IRP_MN_QUERY_DEVICE_RELATIONS;
    stack->FileObject = file;
    stack->Parameters.QueryDeviceRelations.Type = TargetDeviceRelation;
    ULONG_PTR information = 0;
    const NTSTATUS status = call_and_wait(device, irp, &information);
    if (!NT_SUCCESS(status)) return status;
    auto* const relations = reinterpret_cast<PDEVICE_RELATIONS>(information);
    if (relations == nullptr) return STATUS_INVALID_DEVICE_REQUEST;
    if (relations->Count == 1) *node = node_of(relations->Objects[0]);
    for (ULONG i = 0; i < relations->Count; ++i) ob::dereference(relations->Objects[i]);
    ex::free(relations, 0);
    return *node == nullptr ? STATUS_INVALID_DEVICE_REQUEST : STATUS_SUCCESS;
}

void tell_existing(Registration& registration) {
    ++registration.running;  // lives until the last of them has been told
    for (unsigned i = 0; !registration.removed; ++i) {
        const DeviceInterface* const entry = visible_interface(i, &registration.class_guid);
        if (entry == nullptr) break;
        call_for_interface(registration, entry->class_guid, entry->link, true);
    }
    if (--registration.running == 0 && registration.removed) forget(registration);
}

struct NewRegistration {
    IO_NOTIFICATION_EVENT_CATEGORY category;
    ULONG flags;
    void* data;
    PDRIVER_OBJECT driver;
    PDRIVER_NOTIFICATION_CALLBACK_ROUTINE callback;
    void* context;
    const void* frame;
};

NTSTATUS add(const NewRegistration& wanted, void** entry) {
    DeviceNode* target = nullptr;
    *entry = nullptr;
    if (wanted.category == EventCategoryTargetDeviceChange) {
        const NTSTATUS status = find_target(static_cast<PFILE_OBJECT>(wanted.data), &target);
        if (!NT_SUCCESS(status)) return status;
    } else if (wanted.category == EventCategoryDeviceInterfaceChange) {
        if (wanted.data == nullptr) return STATUS_INVALID_PARAMETER;
    } else if (wanted.category != EventCategoryHardwareProfileChange) {
        return STATUS_INVALID_PARAMETER;
    }
    Registration* const registration = make_registration();
    if (registration == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    registration->category = wanted.category;
    registration->target = target;
    registration->driver = wanted.driver;
    registration->callback = wanted.callback;
    registration->context = wanted.context;
    registration->since = notifications.sequence;
    capture_origin(registration->made, wanted.frame);
    ob::reference(wanted.driver);
    if (target != nullptr) registration->file = static_cast<PFILE_OBJECT>(wanted.data);
    *entry = registration;
    if (wanted.category != EventCategoryDeviceInterfaceChange) return STATUS_SUCCESS;
    registration->class_guid = *static_cast<const GUID*>(wanted.data);
    if ((wanted.flags & PNPNOTIFY_DEVICE_INTERFACE_INCLUDE_EXISTING_INTERFACES) != 0) {
        tell_existing(*registration);
    }
    return STATUS_SUCCESS;
}

Registration* find_registration(const void* entry) {
    for (unsigned i = 0; i < notifications.count; ++i) {
        if (entry != nullptr && notifications.registrations[i] == entry)
            return notifications.registrations[i];
    }
    return nullptr;
}

// `wait`: until no call of the callback is under way any more; it must not be asked for from inside the
// callback.
NTSTATUS remove(void* entry, bool wait) {
    Registration* const registration = find_registration(entry);
    if (registration == nullptr || registration->removed) return STATUS_INVALID_PARAMETER;
    registration->removed = true;
    if (registration->running == 0) {
        forget(*registration);
        return STATUS_SUCCESS;
    }
    while (wait && find_registration(entry) != nullptr) ke::delay(KernelMode, false, -100'000);
    return STATUS_SUCCESS;
}

// Only the system itself announces its own events.
bool reserved_event(const GUID& event) {
    return IsEqualGUID(event, target_query_remove) || IsEqualGUID(event, target_remove_cancelled) ||
           IsEqualGUID(event, target_remove_complete);
}

NTSTATUS report_change(PDEVICE_OBJECT pdo, const TARGET_DEVICE_CUSTOM_NOTIFICATION& given) {
    DeviceNode* const node = node_of(pdo);
    if (node == nullptr || reserved_event(given.Event)) return STATUS_INVALID_DEVICE_REQUEST;
    if (given.Size < offsetof(TARGET_DEVICE_CUSTOM_NOTIFICATION, CustomDataBuffer))
        return STATUS_INVALID_PARAMETER;
    auto* const copy =
        static_cast<PTARGET_DEVICE_CUSTOM_NOTIFICATION>(ex::allocate_internal(PagedPool, given.Size, 'nIpP'));
    if (copy == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    for (unsigned i = 0; i < notifications.count; ++i) {
        Registration* const registration = notifications.registrations[i];
        if (registration == nullptr || !watches(*registration, *node)) continue;
        std::memcpy(copy, &given, given.Size);
        copy->FileObject = registration->file;
        call(*registration, copy);
    }
    ex::free(copy, 0);
    return STATUS_SUCCESS;
}

// A report that is delivered later, on a worker thread.
struct DeferredReport {
    WORK_QUEUE_ITEM work;
    PDEVICE_OBJECT pdo;
    PDEVICE_CHANGE_COMPLETE_CALLBACK callback;
    void* context;

    TARGET_DEVICE_CUSTOM_NOTIFICATION& structure() {
        return *reinterpret_cast<PTARGET_DEVICE_CUSTOM_NOTIFICATION>(this + 1);
    }
};

void NTAPI deliver_report(void* parameter) {
    auto* const report = static_cast<DeferredReport*>(parameter);
    report_change(report->pdo, report->structure());
    if (report->callback != nullptr) {
        DriverCall call("DeviceChangeComplete", reinterpret_cast<const void*>(report->callback));
        report->callback(report->context);
    }
    ob::dereference(report->pdo);
    ex::free(report, 0);
}

NTSTATUS report_later(PDEVICE_OBJECT pdo, const TARGET_DEVICE_CUSTOM_NOTIFICATION& given,
                      PDEVICE_CHANGE_COMPLETE_CALLBACK callback, void* context) {
    if (node_of(pdo) == nullptr || reserved_event(given.Event)) return STATUS_INVALID_DEVICE_REQUEST;
    auto* const report = static_cast<DeferredReport*>(
        ex::allocate_internal(NonPagedPool, sizeof(DeferredReport) + given.Size, 'nIpP'));
    if (report == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    report->pdo = pdo;
    report->callback = callback;
    report->context = context;
    std::memcpy(report + 1, &given, given.Size);
    ob::reference(pdo);
    ExInitializeWorkItem(&report->work, deliver_report, report);
    ex::queue_work_item(&report->work, DelayedWorkQueue);
    return STATUS_PENDING;
}

}  // namespace
}  // namespace portico::nt::io

using namespace portico::nt;

extern "C" {

NTSTATUS NTAPI IoRegisterPlugPlayNotification(IO_NOTIFICATION_EVENT_CATEGORY EventCategory,
                                              ULONG EventCategoryFlags, PVOID EventCategoryData,
                                              PDRIVER_OBJECT DriverObject,
                                              PDRIVER_NOTIFICATION_CALLBACK_ROUTINE CallbackRoutine,
                                              PVOID Context, PVOID* NotificationEntry) {
    DDI(IoRegisterPlugPlayNotification, PASSIVE_LEVEL);
    return io::add({EventCategory, EventCategoryFlags, EventCategoryData, DriverObject, CallbackRoutine,
                    Context, __builtin_frame_address(0)},
                   NotificationEntry);
}

NTSTATUS NTAPI IoUnregisterPlugPlayNotification(PVOID NotificationEntry) {
    DDI(IoUnregisterPlugPlayNotification, PASSIVE_LEVEL);
    return io::remove(NotificationEntry, true);
}

NTSTATUS NTAPI IoUnregisterPlugPlayNotificationEx(PVOID NotificationEntry) {
    DDI(IoUnregisterPlugPlayNotificationEx, PASSIVE_LEVEL);
    return io::remove(NotificationEntry, false);
}

NTSTATUS NTAPI IoReportTargetDeviceChange(PDEVICE_OBJECT PhysicalDeviceObject, PVOID NotificationStructure) {
    DDI(IoReportTargetDeviceChange, PASSIVE_LEVEL);
    return io::report_change(PhysicalDeviceObject,
                             *static_cast<PTARGET_DEVICE_CUSTOM_NOTIFICATION>(NotificationStructure));
}

NTSTATUS NTAPI IoReportTargetDeviceChangeAsynchronous(PDEVICE_OBJECT PhysicalDeviceObject,
                                                      PVOID NotificationStructure,
                                                      PDEVICE_CHANGE_COMPLETE_CALLBACK Callback,
                                                      PVOID Context) {
    DDI(IoReportTargetDeviceChangeAsynchronous, DISPATCH_LEVEL);
    return io::report_later(PhysicalDeviceObject,
                            *static_cast<PTARGET_DEVICE_CUSTOM_NOTIFICATION>(NotificationStructure), Callback,
                            Context);
}

}  // extern "C"
