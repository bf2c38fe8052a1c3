// Events, directories, links and what works on any handle: ZwXxx.
#include <cstring>

#include "nt/ex/pool.h"
#include "nt/ke/ke.h"
#include "nt/ob/header.h"
#include "nt/ps/ps.h"

namespace portico::nt::ob {
namespace {

constexpr GENERIC_MAPPING event_mapping{STANDARD_RIGHTS_READ | EVENT_QUERY_STATE,
                                        STANDARD_RIGHTS_WRITE | EVENT_MODIFY_STATE,
                                        STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, EVENT_ALL_ACCESS};
constexpr GENERIC_MAPPING semaphore_mapping{STANDARD_RIGHTS_READ | SEMAPHORE_QUERY_STATE,
                                            STANDARD_RIGHTS_WRITE | SEMAPHORE_MODIFY_STATE,
                                            STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, SEMAPHORE_ALL_ACCESS};
constexpr GENERIC_MAPPING mutant_mapping{STANDARD_RIGHTS_READ | MUTANT_QUERY_STATE, STANDARD_RIGHTS_WRITE,
                                         STANDARD_RIGHTS_EXECUTE | SYNCHRONIZE, MUTANT_ALL_ACCESS};

void cancel_timer(void* body) {
    ke::cancel_timer(static_cast<PKTIMER>(body));
}

// An object behind a driver's handle, referenced while a function works on it.
template <class T>
class FromHandle {
  public:
    FromHandle(HANDLE handle, ACCESS_MASK desired, POBJECT_TYPE type)
        : status_(reference_handle(handle, desired, type, KernelMode, &body_)) {}
    ~FromHandle() {
        if (body_ != nullptr) dereference(body_);
    }
    FromHandle(const FromHandle&) = delete;
    FromHandle& operator=(const FromHandle&) = delete;

    bool ok() const { return NT_SUCCESS(status_); }
    NTSTATUS status() const { return status_; }
    T* get() const { return static_cast<T*>(body_); }
    void* body() const { return body_; }

  private:
    void* body_ = nullptr;
    NTSTATUS status_;
};

NTSTATUS create_event(PHANDLE handle, ACCESS_MASK desired, POBJECT_ATTRIBUTES attributes, EVENT_TYPE type,
                      bool signalled, const void* frame) {
    if (type != NotificationEvent && type != SynchronizationEvent) return STATUS_INVALID_PARAMETER;
    auto* const event = static_cast<PKEVENT>(allocate(&event_type, sizeof(KEVENT), frame));
    if (event == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    ke::initialize_event(event, type, signalled);
    return insert(event, attributes, desired, KernelMode, frame, handle);
}

NTSTATUS create_directory(PHANDLE handle, ACCESS_MASK desired, POBJECT_ATTRIBUTES attributes,
                          const void* frame) {
    void* const directory = allocate(&directory_type, sizeof(Directory), frame);
    if (directory == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    return insert(directory, attributes, desired, KernelMode, frame, handle);
}

NTSTATUS open_typed(PHANDLE handle, ACCESS_MASK desired, POBJECT_ATTRIBUTES attributes, POBJECT_TYPE type,
                    ULONG attribute_bits, const void* frame) {
    if (attributes == nullptr) return STATUS_INVALID_PARAMETER;
    Lookup lookup;
    lookup.type = type;
    lookup.desired = desired;
    lookup.attributes = attribute_bits;
    return open(*attributes, lookup, frame, handle);
}

// With a length wanted, the target's terminating null must fit, too; without, the text alone.
NTSTATUS query_link(const SymbolicLink& link, UNICODE_STRING& target, PULONG returned) {
    const USHORT needed = returned != nullptr ? link.target.MaximumLength : link.target.Length;
    if (returned != nullptr) *returned = link.target.MaximumLength;
    if (needed > target.MaximumLength) return STATUS_BUFFER_TOO_SMALL;
    std::memcpy(target.Buffer, link.target.Buffer, needed);
    target.Length = link.target.Length;
    return STATUS_SUCCESS;
}

NTSTATUS wait_for(void* body, bool alertable, const LARGE_INTEGER* timeout) {
    const int offset = type_of(body)->description.wait_offset;
    if (offset < 0) return STATUS_OBJECT_TYPE_MISMATCH;
    return ke::wait(static_cast<char*>(body) + offset, KernelMode, alertable, timeout);
}

struct Duplication {
    ps::Process& source;
    HANDLE handle;
    ps::Process* target;  // null: only closes
    PHANDLE result;
    ACCESS_MASK desired;
    ULONG attributes;
    ULONG options;
};

NTSTATUS duplicate_to(const Duplication& d, void* body, const OBJECT_HANDLE_INFORMATION& source,
                      const void* frame) {
    ACCESS_MASK granted = source.GrantedAccess;
    if ((d.options & DUPLICATE_SAME_ACCESS) == 0) {
        const NTSTATUS status = map_access(type_of(body), d.desired, KernelMode, &granted);
        if (!NT_SUCCESS(status)) return status;
    }
    const ULONG attributes =
        (d.options & DUPLICATE_SAME_ATTRIBUTES) != 0 ? source.HandleAttributes : d.attributes;
    const ps::Attach attach(*d.target, ke::previous_mode());
    return insert_handle(body, granted, attributes, KernelMode, frame, d.result);
}

NTSTATUS duplicate(const Duplication& d, const void* frame) {
    void* body = nullptr;
    OBJECT_HANDLE_INFORMATION information{};
    NTSTATUS status;
    {
        const ps::Attach attach(d.source, ke::previous_mode());
        status = reference_handle(d.handle, 0, nullptr, KernelMode, &body, &information);
        if (NT_SUCCESS(status) && (d.options & DUPLICATE_CLOSE_SOURCE) != 0) close(d.handle, KernelMode);
    }
    if (!NT_SUCCESS(status)) return status;
    if (d.target != nullptr) status = duplicate_to(d, body, information, frame);
    dereference(body);
    return status;
}

}  // namespace

_OBJECT_TYPE event_type{{.name = "Event",
                         .tag = 'nevE',
                         .valid_access = EVENT_ALL_ACCESS,
                         .mapping = event_mapping,
                         .wait_offset = 0}};
_OBJECT_TYPE semaphore_type{{.name = "Semaphore",
                             .tag = 'ameS',
                             .valid_access = SEMAPHORE_ALL_ACCESS,
                             .mapping = semaphore_mapping,
                             .wait_offset = 0}};
_OBJECT_TYPE mutant_type{{.name = "Mutant",
                          .tag = 'atuM',
                          .valid_access = MUTANT_ALL_ACCESS,
                          .mapping = mutant_mapping,
                          .wait_offset = 0}};
_OBJECT_TYPE timer_type{{.name = "Timer", .tag = 'emiT', .remove = cancel_timer, .wait_offset = 0}};

}  // namespace portico::nt::ob

using namespace portico::nt;

#define FRAME __builtin_frame_address(0)

extern "C" {

NTSTATUS NTAPI ZwClose(HANDLE Handle) {
    DDI(ZwClose, PASSIVE_LEVEL);
    return ob::close(Handle, KernelMode);
}

// For drivers that import it: the previous mode stays the thread's.
NTSTATUS NTAPI NtClose(HANDLE Handle) {
    DDI(NtClose, PASSIVE_LEVEL);
    return ob::close(Handle, ke::previous_mode());
}

NTSTATUS NTAPI ZwCreateEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
                             POBJECT_ATTRIBUTES ObjectAttributes, EVENT_TYPE EventType,
                             BOOLEAN InitialState) {
    DDI(ZwCreateEvent, PASSIVE_LEVEL);
    return ob::create_event(EventHandle, DesiredAccess, ObjectAttributes, EventType, InitialState != FALSE,
                            FRAME);
}

NTSTATUS NTAPI ZwOpenEvent(PHANDLE EventHandle, ACCESS_MASK DesiredAccess,
                           POBJECT_ATTRIBUTES ObjectAttributes) {
    DDI(ZwOpenEvent, PASSIVE_LEVEL);
    return ob::open_typed(EventHandle, DesiredAccess, ObjectAttributes, &ob::event_type, 0, FRAME);
}

NTSTATUS NTAPI ZwSetEvent(HANDLE EventHandle, PLONG PreviousState) {
    DDI(ZwSetEvent, PASSIVE_LEVEL);
    const ob::FromHandle<KEVENT> event(EventHandle, EVENT_MODIFY_STATE, &ob::event_type);
    if (!event.ok()) return event.status();
    const LONG before = ke::set_event(event.get());
    if (PreviousState != nullptr) *PreviousState = before;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwClearEvent(HANDLE EventHandle) {
    DDI(ZwClearEvent, PASSIVE_LEVEL);
    const ob::FromHandle<KEVENT> event(EventHandle, EVENT_MODIFY_STATE, &ob::event_type);
    if (event.ok()) ke::reset_event(event.get());
    return event.status();
}

NTSTATUS NTAPI ZwResetEvent(HANDLE EventHandle, PLONG PreviousState) {
    DDI(ZwResetEvent, PASSIVE_LEVEL);
    const ob::FromHandle<KEVENT> event(EventHandle, EVENT_MODIFY_STATE, &ob::event_type);
    if (!event.ok()) return event.status();
    const LONG before = ke::reset_event(event.get());
    if (PreviousState != nullptr) *PreviousState = before;
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwWaitForSingleObject(HANDLE Handle, BOOLEAN Alertable, PLARGE_INTEGER Timeout) {
    DDI(ZwWaitForSingleObject, PASSIVE_LEVEL);
    const ob::FromHandle<void> object(Handle, SYNCHRONIZE, nullptr);
    return object.ok() ? ob::wait_for(object.body(), Alertable != FALSE, Timeout) : object.status();
}

NTSTATUS NTAPI ZwCreateDirectoryObject(PHANDLE DirectoryHandle, ACCESS_MASK DesiredAccess,
                                       POBJECT_ATTRIBUTES ObjectAttributes) {
    DDI(ZwCreateDirectoryObject, PASSIVE_LEVEL);
    return ob::create_directory(DirectoryHandle, DesiredAccess, ObjectAttributes, FRAME);
}

NTSTATUS NTAPI ZwOpenSymbolicLinkObject(PHANDLE LinkHandle, ACCESS_MASK DesiredAccess,
                                        POBJECT_ATTRIBUTES ObjectAttributes) {
    DDI(ZwOpenSymbolicLinkObject, PASSIVE_LEVEL);
    return ob::open_typed(LinkHandle, DesiredAccess, ObjectAttributes, &ob::symbolic_link_type, OBJ_OPENLINK,
                          FRAME);
}

NTSTATUS NTAPI ZwQuerySymbolicLinkObject(HANDLE LinkHandle, PUNICODE_STRING LinkTarget,
                                         PULONG ReturnedLength) {
    DDI(ZwQuerySymbolicLinkObject, PASSIVE_LEVEL);
    const ob::FromHandle<ob::SymbolicLink> link(LinkHandle, SYMBOLIC_LINK_QUERY, &ob::symbolic_link_type);
    return link.ok() ? ob::query_link(*link.get(), *LinkTarget, ReturnedLength) : link.status();
}

NTSTATUS NTAPI ZwMakeTemporaryObject(HANDLE Handle) {
    DDI(ZwMakeTemporaryObject, PASSIVE_LEVEL);
    const ob::FromHandle<void> object(Handle, DELETE, nullptr);
    if (object.ok()) ob::make_temporary(object.body());
    return object.status();
}

NTSTATUS NTAPI ZwDuplicateObject(HANDLE SourceProcessHandle, HANDLE SourceHandle, HANDLE TargetProcessHandle,
                                 PHANDLE TargetHandle, ACCESS_MASK DesiredAccess, ULONG HandleAttributes,
                                 ULONG Options) {
    DDI(ZwDuplicateObject, PASSIVE_LEVEL);
    const ob::FromHandle<ps::Process> source(SourceProcessHandle, 0, &ps::process_type);
    if (!source.ok()) return source.status();
    if (TargetProcessHandle == nullptr) {
        if ((Options & DUPLICATE_CLOSE_SOURCE) == 0) return STATUS_INVALID_PARAMETER;
        return ob::duplicate({*source.get(), SourceHandle, nullptr, nullptr, 0, 0, Options}, FRAME);
    }
    const ob::FromHandle<ps::Process> target(TargetProcessHandle, 0, &ps::process_type);
    if (!target.ok()) return target.status();
    if (TargetHandle == nullptr) return STATUS_INVALID_PARAMETER;
    return ob::duplicate(
        {*source.get(), SourceHandle, target.get(), TargetHandle, DesiredAccess, HandleAttributes, Options},
        FRAME);
}

// The classes that drivers set for their threads: 2 is ThreadPriority, 3 is ThreadBasePriority.
NTSTATUS NTAPI ZwSetInformationThread(HANDLE ThreadHandle, ULONG ThreadInformationClass,
                                      PVOID ThreadInformation, ULONG ThreadInformationLength) {
    DDI(ZwSetInformationThread, PASSIVE_LEVEL);
    constexpr ULONG thread_priority = 2;
    constexpr ULONG thread_base_priority = 3;
    if (ThreadInformationClass != thread_priority && ThreadInformationClass != thread_base_priority) {
        return STATUS_INVALID_INFO_CLASS;
    }
    if (ThreadInformationLength != sizeof(LONG)) return STATUS_INFO_LENGTH_MISMATCH;
    const ob::FromHandle<KTHREAD> thread(ThreadHandle, THREAD_SET_INFORMATION, &ps::thread_type);
    if (!thread.ok()) return thread.status();
    const LONG value = *static_cast<const LONG*>(ThreadInformation);
    if (ThreadInformationClass == thread_priority && (value < 1 || value > HIGH_PRIORITY))
        return STATUS_INVALID_PARAMETER;
    ke::set_priority(*thread.get(), ThreadInformationClass == thread_priority ? value : 8 + value);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ZwYieldExecution() {
    DDI(ZwYieldExecution, PASSIVE_LEVEL);
    const auto* const processor = portico::sim::this_processor;
    const std::uint32_t others = processor->ready_mask;
    portico::sim::scheduler.yield();
    return others != 0 ? STATUS_SUCCESS : STATUS_NO_YIELD_PERFORMED;
}

// Each exported name is a cell that holds the address of the kernel's variable (ddi/ob.h).
static POBJECT_TYPE event_variable = &ob::event_type;
static POBJECT_TYPE semaphore_variable = &ob::semaphore_type;
POBJECT_TYPE* ExEventObjectType = &event_variable;
POBJECT_TYPE* ExSemaphoreObjectType = &semaphore_variable;

}  // extern "C"

EXPORT(ExEventObjectType, ExEventObjectType);
EXPORT(ExSemaphoreObjectType, ExSemaphoreObjectType);
