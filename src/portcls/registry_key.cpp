#include "portcls/registry_key.h"

#include "nt/ob/ob.h"
#include "nt/probes.h"
#include "portcls/adapter.h"
#include "portcls/new_object.h"
#include "portcls/registry_open.h"

namespace portico::portcls {

RegistryKey::~RegistryKey() {
    if (key_ != nullptr) nt::ob::close(key_, KernelMode);
}

NTSTATUS RegistryKey::create(HANDLE key, PREGISTRYKEY* out) {
    auto* const object = make_object<RegistryKey>(PagedPool, "IRegistryKey", key);
    *out = object;
    if (object != nullptr) return STATUS_SUCCESS;
    nt::ob::close(key, KernelMode);
    return STATUS_INSUFFICIENT_RESOURCES;
}

void* RegistryKey::find_interface(const GUID& id) {
    return is_unknown_iid(id) || IsEqualGUID(id, IID_IRegistryKey) ? static_cast<IRegistryKey*>(this)
                                                                   : nullptr;
}

NTSTATUS RegistryKey::QueryKey(KEY_INFORMATION_CLASS information_class, PVOID information, ULONG length,
                               PULONG result_length) {
    DDI_METHOD("IRegistryKey::QueryKey", PASSIVE_LEVEL);
    if (result_length == nullptr) return STATUS_INVALID_PARAMETER;
    return key_ == nullptr ? STATUS_INVALID_HANDLE
                           : ZwQueryKey(key_, information_class, information, length, result_length);
}

NTSTATUS RegistryKey::EnumerateKey(ULONG index, KEY_INFORMATION_CLASS information_class, PVOID information,
                                   ULONG length, PULONG result_length) {
    DDI_METHOD("IRegistryKey::EnumerateKey", PASSIVE_LEVEL);
    if (result_length == nullptr) return STATUS_INVALID_PARAMETER;
    if (key_ == nullptr) return STATUS_INVALID_HANDLE;
    return ZwEnumerateKey(key_, index, information_class, information, length, result_length);
}

NTSTATUS RegistryKey::QueryValueKey(PUNICODE_STRING name, KEY_VALUE_INFORMATION_CLASS information_class,
                                    PVOID information, ULONG length, PULONG result_length) {
    DDI_METHOD("IRegistryKey::QueryValueKey", PASSIVE_LEVEL);
    if (name == nullptr || result_length == nullptr) return STATUS_INVALID_PARAMETER;
    if (key_ == nullptr) return STATUS_INVALID_HANDLE;
    return ZwQueryValueKey(key_, name, information_class, information, length, result_length);
}

NTSTATUS RegistryKey::EnumerateValueKey(ULONG index, KEY_VALUE_INFORMATION_CLASS information_class,
                                        PVOID information, ULONG length, PULONG result_length) {
    DDI_METHOD("IRegistryKey::EnumerateValueKey", PASSIVE_LEVEL);
    if (result_length == nullptr) return STATUS_INVALID_PARAMETER;
    if (key_ == nullptr) return STATUS_INVALID_HANDLE;
    return ZwEnumerateValueKey(key_, index, information_class, information, length, result_length);
}

NTSTATUS RegistryKey::SetValueKey(PUNICODE_STRING name, ULONG type, PVOID data, ULONG size) {
    DDI_METHOD("IRegistryKey::SetValueKey", PASSIVE_LEVEL);
    if (data == nullptr && size != 0) return STATUS_INVALID_PARAMETER;
    if (key_ == nullptr) return STATUS_INVALID_HANDLE;
    UNICODE_STRING unnamed{};
    return ZwSetValueKey(key_, name == nullptr ? &unnamed : name, 0, type, data, size);
}

NTSTATUS RegistryKey::QueryRegistryValues(PRTL_QUERY_REGISTRY_TABLE table, PVOID context) {
    DDI_METHOD("IRegistryKey::QueryRegistryValues", PASSIVE_LEVEL);
    if (table == nullptr) return STATUS_INVALID_PARAMETER;
    if (key_ == nullptr) return STATUS_INVALID_HANDLE;
    return RtlQueryRegistryValues(RTL_REGISTRY_HANDLE, static_cast<PCWSTR>(key_), table, context, nullptr);
}

NTSTATUS RegistryKey::NewSubKey(IRegistryKey** out, PUNKNOWN outer, ACCESS_MASK access, PUNICODE_STRING name,
                                ULONG options, PULONG disposition) {
    DDI_METHOD("IRegistryKey::NewSubKey", PASSIVE_LEVEL);
    if (out == nullptr || name == nullptr) {
        PORTICO_PROBE(contract, "RK-011", this, "IRegistryKey::NewSubKey was given no output or no name.");
        return STATUS_INVALID_PARAMETER;
    }
    *out = nullptr;
    if (outer != nullptr) return STATUS_INVALID_PARAMETER;
    if (key_ == nullptr) return STATUS_INVALID_HANDLE;
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, key_, nullptr);
    HANDLE subkey = nullptr;
    const NTSTATUS status = ZwCreateKey(&subkey, access, &attributes, 0, nullptr, options, disposition);
    return NT_SUCCESS(status) ? create(subkey, out) : status;
}

NTSTATUS RegistryKey::DeleteKey() {
    DDI_METHOD("IRegistryKey::DeleteKey", PASSIVE_LEVEL);
    if (key_ == nullptr) return STATUS_INVALID_HANDLE;
    const NTSTATUS status = ZwDeleteKey(key_);
    // RK-012: the object lets go of its handle; every method fails from now on (RK-013).
    if (NT_SUCCESS(status)) nt::ob::close(std::exchange(key_, nullptr), KernelMode);
    return status;
}

NTSTATUS new_key(const KeyRequest& request, PREGISTRYKEY* out) {
    HANDLE key = nullptr;
    const NTSTATUS status = open_key(request, &key);
    return NT_SUCCESS(status) ? RegistryKey::create(key, out) : status;
}

}  // namespace portico::portcls

NTSTATUS NTAPI PcNewRegistryKey(PREGISTRYKEY* OutRegistryKey, PUNKNOWN OuterUnknown, ULONG RegistryKeyType,
                                ACCESS_MASK DesiredAccess, PVOID DeviceObject, PVOID SubDevice,
                                POBJECT_ATTRIBUTES ObjectAttributes, ULONG CreateOptions,
                                PULONG Disposition) {
    using namespace portico::portcls;
    DDI(PcNewRegistryKey, PASSIVE_LEVEL);
    if (!new_object_arguments(OutRegistryKey, OuterUnknown)) return STATUS_INVALID_PARAMETER;
    if (SubDevice != nullptr || RegistryKeyType >= DeviceInterfaceRegistryKey) {
        PORTICO_PROBE(
            contract, "FN-101", DeviceObject,
            "PcNewRegistryKey was given a subdevice, or a key type that only IPort::NewRegistryKey has.");
        return STATUS_INVALID_PARAMETER;
    }
    AdapterDevice* adapter = nullptr;
    if (RegistryKeyType != GeneralRegistryKey) {
        adapter =
            adapter_argument(DeviceObject, "FN-101",
                             "PcNewRegistryKey needs the adapter's device object for a key of the device.");
        if (adapter == nullptr) return STATUS_INVALID_PARAMETER;
    }
    const KeyRequest request{adapter,          nullptr,       RegistryKeyType, DesiredAccess,
                             ObjectAttributes, CreateOptions, Disposition};
    return new_key(request, OutRegistryKey);
}
