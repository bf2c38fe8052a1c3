// ZwXxxKey: the registry as drivers call it. RK-001 to RK-016 rest on these rules.
#include <algorithm>
#include <cstring>

#include "nt/cm/information.h"
#include "nt/cm/key_object.h"
#include "nt/cm/notify.h"
#include "nt/ke/ke.h"

namespace portico::nt::cm {
namespace {

// The key of a handle while a function works on it.
class OpenKey {
  public:
    OpenKey(HANDLE handle, ACCESS_MASK needed) : status_(reference(handle, needed, &body_)) {}
    ~OpenKey() {
        if (NT_SUCCESS(status_)) ob::dereference(body_);
    }
    OpenKey(const OpenKey&) = delete;
    OpenKey& operator=(const OpenKey&) = delete;

    NTSTATUS status() const { return status_; }
    bool ok() const { return NT_SUCCESS(status_); }
    Key& operator*() const { return *body_->key; }
    Key* operator->() const { return body_->key; }
    KeyBody& body() const { return *body_; }

  private:
    KeyBody* body_ = nullptr;
    NTSTATUS status_;
};

NTSTATUS create_key(PHANDLE handle, ACCESS_MASK desired, POBJECT_ATTRIBUTES attributes,
                    PUNICODE_STRING class_name, ULONG options, PULONG disposition, const void* frame) {
    constexpr ULONG known =
        REG_OPTION_VOLATILE | REG_OPTION_CREATE_LINK | REG_OPTION_BACKUP_RESTORE | REG_OPTION_OPEN_LINK;
    if ((options & ~known) != 0 || attributes == nullptr) return STATUS_INVALID_PARAMETER;
    CreateRequest request;
    request.class_name = class_name;
    request.options = options;
    const ULONG open_link =
        (options & (REG_OPTION_OPEN_LINK | REG_OPTION_CREATE_LINK)) != 0 ? OBJ_OPENLINK : 0;
    const NTSTATUS status = open(*attributes, desired, open_link, &request, frame, handle);
    if (NT_SUCCESS(status) && disposition != nullptr) *disposition = request.disposition;
    return status;
}

NTSTATUS open_existing(PHANDLE handle, ACCESS_MASK desired, POBJECT_ATTRIBUTES attributes, ULONG options,
                       const void* frame) {
    if ((options & ~ULONG{REG_OPTION_OPEN_LINK | REG_OPTION_BACKUP_RESTORE}) != 0 || attributes == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    return open(*attributes, desired, (options & REG_OPTION_OPEN_LINK) != 0 ? OBJ_OPENLINK : 0, nullptr,
                frame, handle);
}

const UNICODE_STRING& name_or_default(PUNICODE_STRING name) {
    static const UNICODE_STRING unnamed{};
    return name == nullptr ? unnamed : *name;
}

NTSTATUS enumerate(const Key& key, ULONG index, KEY_INFORMATION_CLASS information_class, void* buffer,
                   ULONG length, PULONG result_length) {
    if (!enumerates(information_class)) return STATUS_INVALID_PARAMETER;
    if (index >= key.subkey_count) return STATUS_NO_MORE_ENTRIES;
    return query_key(*key.subkeys[index], information_class, buffer, length, result_length);
}

NTSTATUS enumerate_values(const Key& key, ULONG index, KEY_VALUE_INFORMATION_CLASS information_class,
                          void* buffer, ULONG length, PULONG result_length) {
    if (index >= key.value_count) return STATUS_NO_MORE_ENTRIES;
    return query_value(key.values[index], information_class, buffer, length, result_length);
}

// Each entry's data goes behind the one before it, aligned to a ULONG.
NTSTATUS query_multiple(const Key& key, PKEY_VALUE_ENTRY entries, ULONG count, void* buffer, PULONG length,
                        PULONG required) {
    ULONG offset = 0;
    bool all_fit = true;
    for (ULONG i = 0; i < count; ++i) {
        const Value* const value = find_value(key, name_or_default(entries[i].ValueName));
        if (value == nullptr) return STATUS_OBJECT_NAME_NOT_FOUND;
        offset = (offset + 3) & ~ULONG{3};
        if (offset + value->size <= *length) {
            if (value->size != 0) std::memcpy(static_cast<char*>(buffer) + offset, value->data, value->size);
            entries[i].DataOffset = offset;
        } else {
            all_fit = false;
        }
        entries[i].Type = value->type;
        entries[i].DataLength = value->size;
        offset += value->size;
    }
    if (required != nullptr) *required = offset;
    if (all_fit) *length = offset;
    return all_fit ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
}

NTSTATUS set_information(Key& key, KEY_SET_INFORMATION_CLASS information_class, const void* buffer,
                         ULONG length) {
    switch (information_class) {
        case KeyWriteTimeInformation:
            if (length != sizeof(KEY_WRITE_TIME_INFORMATION)) return STATUS_INFO_LENGTH_MISMATCH;
            std::memcpy(&key.last_write, buffer, length);
            return STATUS_SUCCESS;
        case KeyWow64FlagsInformation:
        case KeyControlFlagsInformation:
        case KeySetVirtualizationInformation:
        case KeySetHandleTagsInformation:
            return length != sizeof(ULONG) ? STATUS_INFO_LENGTH_MISMATCH : STATUS_SUCCESS;
        default:
            return STATUS_INVALID_PARAMETER;
    }
}

NTSTATUS rename(Key& key, const UNICODE_STRING& name) {
    const bool too_long = name.Length == 0 || name.Length > key_name_limit * sizeof(WCHAR);
    WCHAR* const end = name.Buffer + name.Length / sizeof(WCHAR);
    if (too_long || std::find(name.Buffer, end, u'\\') != end) return STATUS_INVALID_PARAMETER;
    return rename_key(key, name);
}

NTSTATUS wait_for_change(KeyBody& body, WatchRequest request) {
    KEVENT changed;
    IO_STATUS_BLOCK ended{};
    ke::initialize_event(&changed, NotificationEvent, false);
    PIO_STATUS_BLOCK const callers = request.status;
    request.event = &changed;
    request.status = &ended;
    const NTSTATUS status = watch(body, request);
    if (!NT_SUCCESS(status)) return status;
    ke::wait(&changed, KernelMode, false, nullptr);
    if (callers != nullptr) *callers = ended;
    return ended.Status;
}

NTSTATUS notify_change(KeyBody& body, HANDLE event, PIO_APC_ROUTINE routine, void* context,
                       PIO_STATUS_BLOCK status_block, ULONG filter, bool tree, bool asynchronous) {
    constexpr ULONG known = REG_NOTIFY_CHANGE_NAME | REG_NOTIFY_CHANGE_ATTRIBUTES |
                            REG_NOTIFY_CHANGE_LAST_SET | REG_NOTIFY_CHANGE_SECURITY;
    if (filter == 0 || (filter & ~known) != 0) return STATUS_INVALID_PARAMETER;
    WatchRequest request{};
    request.status = status_block;
    request.filter = filter;
    request.tree = tree;
    if (!asynchronous) return wait_for_change(body, request);
    if (event != nullptr) {
        void* object = nullptr;
        const NTSTATUS status =
            ob::reference_handle(event, EVENT_MODIFY_STATE, &ob::event_type, KernelMode, &object);
        if (!NT_SUCCESS(status)) return status;
        request.event = static_cast<PKEVENT>(object);
        request.event_is_object = true;
        ke::reset_event(request.event);
    }
    // A kernel-mode caller passes a work item in place of an APC routine, its queue in place of the context.
    request.item = reinterpret_cast<PWORK_QUEUE_ITEM>(routine);
    request.queue = static_cast<ULONG>(reinterpret_cast<ULONG_PTR>(context));
    const NTSTATUS status = watch(body, request);
    if (!NT_SUCCESS(status) && request.event != nullptr) ob::dereference(request.event);
    return status;
}

}  // namespace
}  // namespace portico::nt::cm

using namespace portico::nt;

#define FRAME __builtin_frame_address(0)

extern "C" {

NTSTATUS NTAPI ZwCreateKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                           ULONG, PUNICODE_STRING Class, ULONG CreateOptions, PULONG Disposition) {
    DDI(ZwCreateKey, PASSIVE_LEVEL);
    return cm::create_key(KeyHandle, DesiredAccess, ObjectAttributes, Class, CreateOptions, Disposition,
                          FRAME);
}

NTSTATUS NTAPI ZwOpenKey(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes) {
    DDI(ZwOpenKey, PASSIVE_LEVEL);
    return cm::open_existing(KeyHandle, DesiredAccess, ObjectAttributes, 0, FRAME);
}

NTSTATUS NTAPI ZwOpenKeyEx(PHANDLE KeyHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                           ULONG OpenOptions) {
    DDI(ZwOpenKeyEx, PASSIVE_LEVEL);
    return cm::open_existing(KeyHandle, DesiredAccess, ObjectAttributes, OpenOptions, FRAME);
}

NTSTATUS NTAPI ZwDeleteKey(HANDLE KeyHandle) {
    DDI(ZwDeleteKey, PASSIVE_LEVEL);
    const cm::OpenKey key(KeyHandle, DELETE);
    return key.ok() ? cm::delete_key(*key) : key.status();
}

NTSTATUS NTAPI ZwDeleteValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName) {
    DDI(ZwDeleteValueKey, PASSIVE_LEVEL);
    const cm::OpenKey key(KeyHandle, KEY_SET_VALUE);
    return key.ok() ? cm::delete_value(*key, cm::name_or_default(ValueName)) : key.status();
}

NTSTATUS NTAPI ZwEnumerateKey(HANDLE KeyHandle, ULONG Index, KEY_INFORMATION_CLASS KeyInformationClass,
                              PVOID KeyInformation, ULONG Length, PULONG ResultLength) {
    DDI(ZwEnumerateKey, PASSIVE_LEVEL);
    const cm::OpenKey key(KeyHandle, KEY_ENUMERATE_SUB_KEYS);
    return key.ok() ? cm::enumerate(*key, Index, KeyInformationClass, KeyInformation, Length, ResultLength)
                    : key.status();
}

NTSTATUS NTAPI ZwEnumerateValueKey(HANDLE KeyHandle, ULONG Index,
                                   KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                                   PVOID KeyValueInformation, ULONG Length, PULONG ResultLength) {
    DDI(ZwEnumerateValueKey, PASSIVE_LEVEL);
    const cm::OpenKey key(KeyHandle, KEY_QUERY_VALUE);
    return key.ok() ? cm::enumerate_values(*key, Index, KeyValueInformationClass, KeyValueInformation, Length,
                                           ResultLength)
                    : key.status();
}

NTSTATUS NTAPI ZwFlushKey(HANDLE KeyHandle) {
    DDI(ZwFlushKey, PASSIVE_LEVEL);
    return cm::OpenKey(KeyHandle, 0).status();
}

NTSTATUS NTAPI ZwQueryKey(HANDLE KeyHandle, KEY_INFORMATION_CLASS KeyInformationClass, PVOID KeyInformation,
                          ULONG Length, PULONG ResultLength) {
    DDI(ZwQueryKey, PASSIVE_LEVEL);
    // A key's name may be asked with any handle to it.
    const cm::OpenKey key(KeyHandle, KeyInformationClass == KeyNameInformation ? 0 : KEY_QUERY_VALUE);
    return key.ok() ? cm::query_key(*key, KeyInformationClass, KeyInformation, Length, ResultLength)
                    : key.status();
}

NTSTATUS NTAPI ZwQueryValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName,
                               KEY_VALUE_INFORMATION_CLASS KeyValueInformationClass,
                               PVOID KeyValueInformation, ULONG Length, PULONG ResultLength) {
    DDI(ZwQueryValueKey, PASSIVE_LEVEL);
    const cm::OpenKey key(KeyHandle, KEY_QUERY_VALUE);
    if (!key.ok()) return key.status();
    const cm::Value* const value = cm::find_value(*key, cm::name_or_default(ValueName));
    if (value == nullptr) return STATUS_OBJECT_NAME_NOT_FOUND;
    return cm::query_value(*value, KeyValueInformationClass, KeyValueInformation, Length, ResultLength);
}

NTSTATUS NTAPI ZwQueryMultipleValueKey(HANDLE KeyHandle, PKEY_VALUE_ENTRY ValueEntries, ULONG EntryCount,
                                       PVOID ValueBuffer, PULONG BufferLength, PULONG RequiredBufferLength) {
    DDI(ZwQueryMultipleValueKey, PASSIVE_LEVEL);
    const cm::OpenKey key(KeyHandle, KEY_QUERY_VALUE);
    return key.ok() ? cm::query_multiple(*key, ValueEntries, EntryCount, ValueBuffer, BufferLength,
                                         RequiredBufferLength)
                    : key.status();
}

NTSTATUS NTAPI ZwSetValueKey(HANDLE KeyHandle, PUNICODE_STRING ValueName, ULONG, ULONG Type, PVOID Data,
                             ULONG DataSize) {
    DDI(ZwSetValueKey, PASSIVE_LEVEL);
    const cm::OpenKey key(KeyHandle, KEY_SET_VALUE);
    if (!key.ok()) return key.status();
    const UNICODE_STRING& name = cm::name_or_default(ValueName);
    if (name.Length > cm::value_name_limit * sizeof(WCHAR)) return STATUS_INVALID_PARAMETER;
    if (Data == nullptr && DataSize != 0) return STATUS_ACCESS_VIOLATION;
    return cm::set_value(*key, name, Type, Data, DataSize);
}

NTSTATUS NTAPI ZwRenameKey(HANDLE KeyHandle, PUNICODE_STRING NewName) {
    DDI(ZwRenameKey, PASSIVE_LEVEL);
    const cm::OpenKey key(KeyHandle, KEY_WRITE);
    return key.ok() ? cm::rename(*key, *NewName) : key.status();
}

NTSTATUS NTAPI ZwSetInformationKey(HANDLE KeyHandle, KEY_SET_INFORMATION_CLASS KeySetInformationClass,
                                   PVOID KeySetInformation, ULONG KeySetInformationLength) {
    DDI(ZwSetInformationKey, PASSIVE_LEVEL);
    const cm::OpenKey key(KeyHandle, KEY_SET_VALUE);
    return key.ok()
               ? cm::set_information(*key, KeySetInformationClass, KeySetInformation, KeySetInformationLength)
               : key.status();
}

NTSTATUS NTAPI ZwNotifyChangeKey(HANDLE KeyHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                                 PIO_STATUS_BLOCK IoStatusBlock, ULONG CompletionFilter, BOOLEAN WatchTree,
                                 PVOID, ULONG, BOOLEAN Asynchronous) {
    DDI(ZwNotifyChangeKey, PASSIVE_LEVEL);
    const cm::OpenKey key(KeyHandle, KEY_NOTIFY);
    return key.ok() ? cm::notify_change(key.body(), Event, ApcRoutine, ApcContext, IoStatusBlock,
                                        CompletionFilter, WatchTree != FALSE, Asynchronous != FALSE)
                    : key.status();
}

}  // extern "C"
