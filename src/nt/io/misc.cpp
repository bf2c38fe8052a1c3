// Functions of the I/O manager that belong to no family.
#include <array>

#include "nt/ddi.h"
#include "nt/ex/pool.h"
#include "nt/io/device.h"
#include "nt/io/driver.h"
#include "nt/io/file.h"
#include "nt/io/irp.h"
#include "nt/io/misc.h"
#include "nt/io/pnp.h"
#include "nt/ps/ps.h"

namespace portico::nt::io {
namespace {

constexpr unsigned shutdown_limit = 64;
constexpr unsigned top_level_limit = 32;

struct TopLevel {
    KTHREAD* thread;
    PIRP irp;
};

struct Misc {
    std::array<PDEVICE_OBJECT, shutdown_limit> shutdown;  // referenced, in the order of registration
    unsigned shutdown_count = 0;
    std::array<TopLevel, top_level_limit> top_level{};
    ULONG next_wmi_instance = 0;
};
constinit Misc misc{};

struct Forward {
    KEVENT event;
};

NTSTATUS NTAPI caught(PDEVICE_OBJECT, PIRP irp, PVOID context) {
    if (irp->PendingReturned != FALSE) ke::set_event(&static_cast<Forward*>(context)->event);
    return STATUS_MORE_PROCESSING_REQUIRED;
}

bool forward_and_wait(PDEVICE_OBJECT device, PIRP irp) {
    if (irp->CurrentLocation <= 1) return false;
    Forward forward;
    ke::initialize_event(&forward.event, NotificationEvent, false);
    IoCopyCurrentIrpStackLocationToNext(irp);
    IoSetCompletionRoutine(irp, caught, &forward, TRUE, TRUE, TRUE);
    if (call_driver(device, irp) == STATUS_PENDING) ke::wait(&forward.event, KernelMode, false, nullptr);
    return true;
}

NTSTATUS register_shutdown(PDEVICE_OBJECT device) {
    if (misc.shutdown_count == shutdown_limit) return STATUS_INSUFFICIENT_RESOURCES;
    misc.shutdown[misc.shutdown_count++] = device;
    ob::reference(device);
    device->Flags |= DO_SHUTDOWN_REGISTERED;
    return STATUS_SUCCESS;
}

void unregister_shutdown(PDEVICE_OBJECT device) {
    unsigned kept = 0;
    for (unsigned i = 0; i < misc.shutdown_count; ++i) {
        if (misc.shutdown[i] == device) {
            ob::dereference(device);
        } else {
            misc.shutdown[kept++] = misc.shutdown[i];
        }
    }
    misc.shutdown_count = kept;
    device->Flags &= ~DO_SHUTDOWN_REGISTERED;
}

KTHREAD* requestor(PIRP irp) {
    return reinterpret_cast<KTHREAD*>(irp->Tail.Overlay.Thread);
}

PEPROCESS requestor_process(PIRP irp) {
    KTHREAD* const thread = requestor(irp);
    return thread == nullptr ? nullptr : static_cast<PEPROCESS>(thread->process);
}

TopLevel* top_level_of(KTHREAD* thread) {
    for (TopLevel& entry : misc.top_level) {
        if (entry.thread == thread) return &entry;
    }
    return nullptr;
}

void set_top_level(PIRP irp) {
    KTHREAD* const thread = ke::current_thread();
    TopLevel* entry = top_level_of(thread);
    if (entry == nullptr) entry = top_level_of(nullptr);
    if (entry == nullptr) return;
    *entry = irp == nullptr ? TopLevel{nullptr, nullptr} : TopLevel{thread, irp};
}

NTSTATUS check_control_access(PIRP irp, ULONG required) {
    if ((required & ~static_cast<ULONG>(FILE_READ_ACCESS | FILE_WRITE_ACCESS)) != 0)
        return STATUS_INVALID_PARAMETER;
    const UCHAR flags = IoGetCurrentIrpStackLocation(irp)->Flags;
    if ((required & FILE_READ_ACCESS) != 0 && (flags & SL_READ_ACCESS_GRANTED) == 0)
        return STATUS_ACCESS_DENIED;
    if ((required & FILE_WRITE_ACCESS) != 0 && (flags & SL_WRITE_ACCESS_GRANTED) == 0)
        return STATUS_ACCESS_DENIED;
    return STATUS_SUCCESS;
}

NTSTATUS list_devices(PDRIVER_OBJECT driver, PDEVICE_OBJECT* list, ULONG size, PULONG actual,
                      const void* frame) {
    ULONG count = 0;
    for (PDEVICE_OBJECT d = driver->DeviceObject; d != nullptr; d = d->NextDevice) ++count;
    *actual = count;
    if (size / sizeof(PDEVICE_OBJECT) < count) return STATUS_BUFFER_TOO_SMALL;
    count = 0;
    for (PDEVICE_OBJECT d = driver->DeviceObject; d != nullptr; d = d->NextDevice) {
        ob::reference_for_driver(d, frame);
        list[count++] = d;
    }
    return STATUS_SUCCESS;
}

// A named event, made signalled when there is none of that name.
PKEVENT open_event(PUNICODE_STRING name, EVENT_TYPE type, PHANDLE handle, const void* frame) {
    auto* const event = static_cast<PKEVENT>(ob::allocate(&ob::event_type, sizeof(KEVENT), frame));
    if (event == nullptr) return nullptr;
    ke::initialize_event(event, type, true);
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, name, OBJ_OPENIF | OBJ_KERNEL_HANDLE, nullptr, nullptr);
    if (!NT_SUCCESS(ob::insert(event, &attributes, EVENT_ALL_ACCESS, KernelMode, frame, handle)))
        return nullptr;
    void* body = nullptr;
    if (!NT_SUCCESS(ob::reference_handle(*handle, 0, &ob::event_type, KernelMode, &body))) return nullptr;
    ob::dereference(body);  // the handle holds it
    return static_cast<PKEVENT>(body);
}

// \Registry\Machine\System\CurrentControlSet\Services\NAME
bool service_of(const UNICODE_STRING& path, WCHAR (&service)[service_name_limit]) {
    std::size_t begin = path.Length / sizeof(WCHAR);
    const std::size_t end = begin;
    while (begin > 0 && path.Buffer[begin - 1] != u'\\') --begin;
    if (begin == end || begin == 0 || end - begin >= service_name_limit) return false;
    for (std::size_t i = begin; i < end; ++i) service[i - begin] = path.Buffer[i];
    service[end - begin] = 0;
    return true;
}

NTSTATUS load_service(const UNICODE_STRING& path) {
    WCHAR service[service_name_limit];
    if (!service_of(path, service)) return STATUS_INVALID_PARAMETER;
    if (find_driver(service) != nullptr) return STATUS_IMAGE_ALREADY_LOADED;
    PDRIVER_OBJECT driver = nullptr;
    return find_or_load(service, &driver);
}

NTSTATUS unload_service(const UNICODE_STRING& path) {
    WCHAR service[service_name_limit];
    if (!service_of(path, service)) return STATUS_INVALID_PARAMETER;
    PDRIVER_OBJECT const driver = find_driver(service);
    if (driver == nullptr) return STATUS_OBJECT_NAME_NOT_FOUND;
    if (driver->DriverExtension->AddDevice != nullptr) return STATUS_INVALID_DEVICE_REQUEST;
    const NTSTATUS status = unload_driver(driver, false);
    // Marked: it goes when its last file is closed.
    return status == STATUS_DEVICE_BUSY ? STATUS_SUCCESS : status;
}

}  // namespace

void reset_misc() {
    misc = Misc{};
}

void send_shutdown() {
    while (misc.shutdown_count > 0) {
        PDEVICE_OBJECT const device = misc.shutdown[--misc.shutdown_count];
        PDEVICE_OBJECT const top = top_of_stack(device);
        if (PIRP const irp = allocate_irp(top->StackSize)) {
            irp->IoStatus.Status = STATUS_NOT_SUPPORTED;
            IoGetNextIrpStackLocation(irp)->MajorFunction = IRP_MJ_SHUTDOWN;
            call_and_wait(top, irp, nullptr);
        }
        device->Flags &= ~DO_SHUTDOWN_REGISTERED;
        ob::dereference(device);
    }
}

// ---- sharing ----

namespace {

struct Sharing {
    bool read, write, remove;
    bool share_read, share_write, share_remove;
};

Sharing sharing_of(ACCESS_MASK access, ULONG share) {
    return {(access & (FILE_READ_DATA | FILE_EXECUTE)) != 0,
            (access & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0,
            (access & DELETE) != 0,
            (share & FILE_SHARE_READ) != 0,
            (share & FILE_SHARE_WRITE) != 0,
            (share & FILE_SHARE_DELETE) != 0};
}

bool conflicts(const Sharing& wanted, const SHARE_ACCESS& held) {
    const ULONG count = held.OpenCount;
    return (wanted.read && held.SharedRead < count) || (wanted.write && held.SharedWrite < count) ||
           (wanted.remove && held.SharedDelete < count) || (held.Readers != 0 && !wanted.share_read) ||
           (held.Writers != 0 && !wanted.share_write) || (held.Deleters != 0 && !wanted.share_remove);
}

void count_sharing(const FILE_OBJECT& file, SHARE_ACCESS& held, ULONG step) {
    if (file.ReadAccess == FALSE && file.WriteAccess == FALSE && file.DeleteAccess == FALSE) return;
    held.OpenCount += step;
    held.Readers += file.ReadAccess * step;
    held.Writers += file.WriteAccess * step;
    held.Deleters += file.DeleteAccess * step;
    held.SharedRead += file.SharedRead * step;
    held.SharedWrite += file.SharedWrite * step;
    held.SharedDelete += file.SharedDelete * step;
}

void note_sharing(FILE_OBJECT& file, const Sharing& wanted) {
    file.ReadAccess = wanted.read;
    file.WriteAccess = wanted.write;
    file.DeleteAccess = wanted.remove;
    const bool any = wanted.read || wanted.write || wanted.remove;
    file.SharedRead = any && wanted.share_read;
    file.SharedWrite = any && wanted.share_write;
    file.SharedDelete = any && wanted.share_remove;
}

}  // namespace
}  // namespace portico::nt::io

using namespace portico::nt;

extern "C" {

BOOLEAN NTAPI IoForwardIrpSynchronously(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
    DDI(IoForwardIrpSynchronously, APC_LEVEL);
    return io::forward_and_wait(DeviceObject, Irp);
}

PEPROCESS NTAPI IoGetRequestorProcess(PIRP Irp) {
    DDI(IoGetRequestorProcess, DISPATCH_LEVEL);
    return io::requestor_process(Irp);
}

ULONG NTAPI IoGetRequestorProcessId(PIRP Irp) {
    DDI(IoGetRequestorProcessId, DISPATCH_LEVEL);
    const PEPROCESS process = io::requestor_process(Irp);
    return process == nullptr ? 0 : HandleToUlong(process->id);
}

BOOLEAN NTAPI IoIs32bitProcess(PIRP) {
    DDI(IoIs32bitProcess, DISPATCH_LEVEL);
    return FALSE;
}

NTSTATUS NTAPI IoValidateDeviceIoControlAccess(PIRP Irp, ULONG RequiredAccess) {
    DDI(IoValidateDeviceIoControlAccess, DISPATCH_LEVEL);
    return io::check_control_access(Irp, RequiredAccess);
}

PIRP NTAPI IoGetTopLevelIrp() {
    DDI(IoGetTopLevelIrp, APC_LEVEL);
    const auto* const entry = io::top_level_of(ke::current_thread());
    return entry == nullptr ? nullptr : entry->irp;
}

VOID NTAPI IoSetTopLevelIrp(PIRP Irp) {
    DDI(IoSetTopLevelIrp, APC_LEVEL);
    io::set_top_level(Irp);
}

IO_PRIORITY_HINT NTAPI IoGetIoPriorityHint(PIRP) {
    DDI(IoGetIoPriorityHint, DISPATCH_LEVEL);
    return IoPriorityNormal;
}

// A hint that this machine's buses do not take.
NTSTATUS NTAPI IoSetIoPriorityHint(PIRP, IO_PRIORITY_HINT PriorityHint) {
    DDI(IoSetIoPriorityHint, DISPATCH_LEVEL);
    return PriorityHint < MaxIoPriorityTypes ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

NTSTATUS NTAPI IoEnumerateDeviceObjectList(PDRIVER_OBJECT DriverObject, PDEVICE_OBJECT* DeviceObjectList,
                                           ULONG DeviceObjectListSize, PULONG ActualNumberDeviceObjects) {
    DDI(IoEnumerateDeviceObjectList, PASSIVE_LEVEL);
    return io::list_devices(DriverObject, DeviceObjectList, DeviceObjectListSize, ActualNumberDeviceObjects,
                            __builtin_frame_address(0));
}

BOOLEAN NTAPI IoIsWdmVersionAvailable(UCHAR MajorVersion, UCHAR MinorVersion) {
    DDI(IoIsWdmVersionAvailable, PASSIVE_LEVEL);
    return MajorVersion < 6 || (MajorVersion == 6 && MinorVersion == 0);
}

NTSTATUS NTAPI IoRegisterShutdownNotification(PDEVICE_OBJECT DeviceObject) {
    DDI(IoRegisterShutdownNotification, PASSIVE_LEVEL);
    return io::register_shutdown(DeviceObject);
}

NTSTATUS NTAPI IoRegisterLastChanceShutdownNotification(PDEVICE_OBJECT DeviceObject) {
    DDI(IoRegisterLastChanceShutdownNotification, PASSIVE_LEVEL);
    return io::register_shutdown(DeviceObject);
}

VOID NTAPI IoUnregisterShutdownNotification(PDEVICE_OBJECT DeviceObject) {
    DDI(IoUnregisterShutdownNotification, PASSIVE_LEVEL);
    io::unregister_shutdown(DeviceObject);
}

NTSTATUS NTAPI IoCheckShareAccess(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess,
                                  PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess, BOOLEAN Update) {
    DDI(IoCheckShareAccess, PASSIVE_LEVEL);
    const io::Sharing wanted = io::sharing_of(DesiredAccess, DesiredShareAccess);
    io::note_sharing(*FileObject, wanted);
    if (!wanted.read && !wanted.write && !wanted.remove) return STATUS_SUCCESS;
    if (io::conflicts(wanted, *ShareAccess)) return STATUS_SHARING_VIOLATION;
    if (Update != FALSE) io::count_sharing(*FileObject, *ShareAccess, 1);
    return STATUS_SUCCESS;
}

VOID NTAPI IoSetShareAccess(ACCESS_MASK DesiredAccess, ULONG DesiredShareAccess, PFILE_OBJECT FileObject,
                            PSHARE_ACCESS ShareAccess) {
    DDI(IoSetShareAccess, PASSIVE_LEVEL);
    *ShareAccess = SHARE_ACCESS{};
    io::note_sharing(*FileObject, io::sharing_of(DesiredAccess, DesiredShareAccess));
    io::count_sharing(*FileObject, *ShareAccess, 1);
}

VOID NTAPI IoUpdateShareAccess(PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess) {
    DDI(IoUpdateShareAccess, PASSIVE_LEVEL);
    io::count_sharing(*FileObject, *ShareAccess, 1);
}

VOID NTAPI IoRemoveShareAccess(PFILE_OBJECT FileObject, PSHARE_ACCESS ShareAccess) {
    DDI(IoRemoveShareAccess, PASSIVE_LEVEL);
    io::count_sharing(*FileObject, *ShareAccess, static_cast<ULONG>(-1));
}

PKEVENT NTAPI IoCreateNotificationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle) {
    DDI(IoCreateNotificationEvent, PASSIVE_LEVEL);
    return io::open_event(EventName, NotificationEvent, EventHandle, __builtin_frame_address(0));
}

PKEVENT NTAPI IoCreateSynchronizationEvent(PUNICODE_STRING EventName, PHANDLE EventHandle) {
    DDI(IoCreateSynchronizationEvent, PASSIVE_LEVEL);
    return io::open_event(EventName, SynchronizationEvent, EventHandle, __builtin_frame_address(0));
}

PVOID NTAPI IoGetInitialStack() {
    DDI(IoGetInitialStack, APC_LEVEL);
    return reinterpret_cast<void*>(portico::sim::this_processor->fiber->stack_high());
}

VOID NTAPI IoGetStackLimits(PULONG_PTR LowLimit, PULONG_PTR HighLimit) {
    DDI(IoGetStackLimits, DISPATCH_LEVEL);
    *LowLimit = portico::sim::this_processor->fiber->stack_low();
    *HighLimit = portico::sim::this_processor->fiber->stack_high();
}

PGENERIC_MAPPING NTAPI IoGetFileObjectGenericMapping() {
    DDI(IoGetFileObjectGenericMapping, DISPATCH_LEVEL);
    return &io::file_type.description.mapping;
}

NTSTATUS NTAPI ZwLoadDriver(PUNICODE_STRING DriverServiceName) {
    DDI(ZwLoadDriver, PASSIVE_LEVEL);
    return io::load_service(*DriverServiceName);
}

NTSTATUS NTAPI ZwUnloadDriver(PUNICODE_STRING DriverServiceName) {
    DDI(ZwUnloadDriver, PASSIVE_LEVEL);
    return io::unload_service(*DriverServiceName);
}

VOID NTAPI IoInvalidateDeviceRelations(PDEVICE_OBJECT DeviceObject, DEVICE_RELATION_TYPE Type) {
    DDI(IoInvalidateDeviceRelations, DISPATCH_LEVEL);
    io::DeviceNode* const node = io::node_of(DeviceObject);
    if (node != nullptr && (Type == BusRelations || Type == SingleBusRelations))
        io::post(io::PnpAction::enumerate, *node);
}

VOID NTAPI IoInvalidateDeviceState(PDEVICE_OBJECT PhysicalDeviceObject) {
    DDI(IoInvalidateDeviceState, DISPATCH_LEVEL);
    if (io::DeviceNode* const node = io::node_of(PhysicalDeviceObject))
        io::post(io::PnpAction::query_state, *node);
}

VOID NTAPI IoRequestDeviceEject(PDEVICE_OBJECT PhysicalDeviceObject) {
    DDI(IoRequestDeviceEject, DISPATCH_LEVEL);
    if (io::DeviceNode* const node = io::node_of(PhysicalDeviceObject))
        io::post(io::PnpAction::disable, *node);
}

// Nobody in the simulated machine asks WMI for data: providers register and are never called.
NTSTATUS NTAPI IoWMIRegistrationControl(PDEVICE_OBJECT DeviceObject, ULONG Action) {
    DDI(IoWMIRegistrationControl, PASSIVE_LEVEL);
    const ULONG action = Action & 0xFFFF;
    return DeviceObject != nullptr && action >= WMIREG_ACTION_REGISTER && action <= WMIREG_ACTION_BLOCK_IRPS
               ? STATUS_SUCCESS
               : STATUS_INVALID_PARAMETER;
}

// With nobody listening the event ends here; its memory is WMI's to free once it was taken.
NTSTATUS NTAPI IoWMIWriteEvent(PVOID WnodeEventItem) {
    DDI(IoWMIWriteEvent, DISPATCH_LEVEL);
    if (WnodeEventItem == nullptr) return STATUS_INVALID_PARAMETER;
    ex::free(WnodeEventItem, 0);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI IoWMIAllocateInstanceIds(GUID*, ULONG InstanceCount, ULONG* FirstInstanceId) {
    DDI(IoWMIAllocateInstanceIds, PASSIVE_LEVEL);
    *FirstInstanceId = io::misc.next_wmi_instance;
    io::misc.next_wmi_instance += InstanceCount;
    return STATUS_SUCCESS;
}

// Each exported name is a cell that holds the address of the kernel's variable (ddi/ob.h).
static POBJECT_TYPE file_variable = &io::file_type;
static POBJECT_TYPE device_variable = &io::device_type;
static POBJECT_TYPE driver_variable = &io::driver_type;
POBJECT_TYPE* IoFileObjectType = &file_variable;
POBJECT_TYPE* IoDeviceObjectType = &device_variable;
POBJECT_TYPE* IoDriverObjectType = &driver_variable;

}  // extern "C"

EXPORT(IoFileObjectType, IoFileObjectType);
EXPORT(IoDeviceObjectType, IoDeviceObjectType);
EXPORT(IoDriverObjectType, IoDriverObjectType);
