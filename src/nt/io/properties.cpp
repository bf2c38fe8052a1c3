#include "nt/io/properties.h"

#include <cstring>

#include "nt/ddi.h"
#include "nt/ex/pool.h"
#include "nt/io/pnp_registry.h"
#include "nt/io/property_types.h"
#include "nt/ob/ob.h"

namespace portico::nt::io {
namespace {

struct Property {
    bool used = false;
    PropertyOwner owner;
    DEVPROPKEY key{};
    LCID lcid = 0;
    DEVPROPTYPE type = DEVPROP_TYPE_EMPTY;
    ULONG size = 0;
    void* data = nullptr;  // internal paged pool
};

struct Properties {
    std::array<Property, property_limit> values;
    unsigned count = 0;
};
Properties properties;

bool same_key(const DEVPROPKEY& a, const DEVPROPKEY& b) {
    return a.pid == b.pid && IsEqualGUID(a.fmtid, b.fmtid);
}

bool belongs(const Property& property, PropertyOwner owner) {
    return property.used && property.owner.is_interface == owner.is_interface &&
           property.owner.index == owner.index;
}

Property* find(PropertyOwner owner, const DEVPROPKEY& key, LCID lcid) {
    for (unsigned i = 0; i < properties.count; ++i) {
        Property& property = properties.values[i];
        if (belongs(property, owner) && property.lcid == lcid && same_key(property.key, key))
            return &property;
    }
    return nullptr;
}

void drop(Property& property) {
    property.used = false;
    if (property.data != nullptr) ex::free(property.data, 0);
    property.data = nullptr;
}

Property* take_slot() {
    for (unsigned i = 0; i < properties.count; ++i) {
        if (!properties.values[i].used) return &properties.values[i];
    }
    return properties.count < property_limit ? &properties.values[properties.count++] : nullptr;
}

}  // namespace

void reset_properties() {
    for (unsigned i = 0; i < properties.count; ++i) properties.values[i] = Property{};
    properties.count = 0;
}

NTSTATUS set_property(PropertyOwner owner, const DEVPROPKEY& key, LCID lcid, DEVPROPTYPE type,
                      const void* data, ULONG size) {
    Property* const old = find(owner, key, lcid);
    const bool deletes = data == nullptr || (type == DEVPROP_TYPE_EMPTY && size == 0);
    if (deletes) {
        if (old == nullptr) return STATUS_OBJECT_NAME_NOT_FOUND;
        drop(*old);
        return STATUS_SUCCESS;
    }
    if (!fits_property_type(type, lcid, data, size)) return STATUS_INVALID_PARAMETER;
    void* const copy = ex::allocate_internal(PagedPool, size == 0 ? 1 : size, 'porP');
    if (copy == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    std::memcpy(copy, data, size);
    if (old != nullptr) drop(*old);
    Property* const slot = take_slot();
    if (slot == nullptr) {
        ex::free(copy, 0);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    *slot = {true, owner, key, lcid, type, size, copy};
    return STATUS_SUCCESS;
}

NTSTATUS get_property(PropertyOwner owner, const DEVPROPKEY& key, LCID lcid, void* data, ULONG size,
                      ULONG* needed, DEVPROPTYPE* type) {
    const Property* const property = find(owner, key, lcid);
    if (property == nullptr) {
        *needed = 0;
        *type = DEVPROP_TYPE_EMPTY;
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    *needed = property->size;
    *type = property->type;
    if (size < property->size) return STATUS_BUFFER_TOO_SMALL;
    if (property->size != 0) std::memcpy(data, property->data, property->size);
    return STATUS_SUCCESS;
}

void forget_properties(PropertyOwner owner) {
    for (unsigned i = 0; i < properties.count; ++i) {
        if (belongs(properties.values[i], owner)) drop(properties.values[i]);
    }
}

// ---- IoGetDeviceProperty ----

namespace {

// Where an answer goes: the caller's buffer, or nowhere but the needed length.
struct Answer {
    void* buffer;
    ULONG size;
    ULONG* needed;

    NTSTATUS bytes(const void* data, std::size_t length) const {
        *needed = static_cast<ULONG>(length);
        if (length > size || buffer == nullptr) return STATUS_BUFFER_TOO_SMALL;
        std::memcpy(buffer, data, length);
        return STATUS_SUCCESS;
    }
    NTSTATUS number(ULONG value) const { return bytes(&value, sizeof value); }
    NTSTATUS text(const WCHAR* value) const {
        return value[0] == 0 ? missing() : bytes(value, (wide_length(value) + 1) * sizeof(WCHAR));
    }
    NTSTATUS list(const WCHAR* value) const {
        std::size_t length = 0;
        while (value[length] != 0) length += wide_length(value + length) + 1;
        return length == 0 ? missing() : bytes(value, (length + 1) * sizeof(WCHAR));
    }
    NTSTATUS missing() const {
        *needed = 0;
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
};

NTSTATUS answer_resources(const DeviceNode& node, bool translated, const Answer& answer) {
    PCM_RESOURCE_LIST const list = make_resource_list(node, translated);
    if (list == nullptr) return answer.missing();
    const NTSTATUS status = answer.bytes(list, resource_list_size(*list));
    ex::free(list, 0);
    return status;
}

NTSTATUS answer_requirements(const DeviceNode& node, const Answer& answer) {
    PIO_RESOURCE_REQUIREMENTS_LIST const list = make_requirements(node);
    if (list == nullptr) return answer.missing();
    const NTSTATUS status = answer.bytes(list, list->ListSize);
    ex::free(list, 0);
    return status;
}

NTSTATUS answer_pdo_name(const DeviceNode& node, const Answer& answer) {
    WCHAR name[name_room];
    ULONG bytes = 0;
    const NTSTATUS status = ob::query_name(node.pdo, name, sizeof name - sizeof(WCHAR), &bytes);
    if (!NT_SUCCESS(status)) return status;
    name[bytes / sizeof(WCHAR)] = 0;
    return answer.text(name);
}

NTSTATUS answer_enumerator(const DeviceNode& node, const Answer& answer) {
    WCHAR name[instance_room];
    copy_wide(name, instance_room, node.instance_path);
    for (WCHAR* c = name; *c != 0; ++c) {
        if (*c == u'\\') *c = 0;
    }
    return answer.text(name);
}

NTSTATUS answer_class_guid(const DeviceNode& node, const Answer& answer) {
    if (node.class_name[0] == 0) return answer.missing();
    WCHAR text[guid_text_length + 1];
    format_guid(node.class_guid, text);
    return answer.text(text);
}

ULONG removal_policy(const DeviceNode& node) {
    if (node.capabilities.SurpriseRemovalOK != 0) return RemovalPolicyExpectSurpriseRemoval;
    return node.capabilities.Removable != 0 ? RemovalPolicyExpectOrderlyRemoval
                                            : RemovalPolicyExpectNoRemoval;
}

}  // namespace

NTSTATUS get_device_property(const DeviceNode& node, DEVICE_REGISTRY_PROPERTY property, ULONG size,
                             void* buffer, ULONG* needed) {
    const Answer answer{buffer, size, needed};
    switch (property) {
        case DevicePropertyDeviceDescription:
            return answer.text(node.description);
        case DevicePropertyHardwareID:
            return answer.list(node.hardware_ids);
        case DevicePropertyCompatibleIDs:
            return answer.list(node.compatible_ids);
        case DevicePropertyBootConfiguration:
            return answer_resources(node, false, answer);
        case DevicePropertyBootConfigurationTranslated:
            return answer_resources(node, true, answer);
        case DevicePropertyClassName:
            return answer.text(node.class_name);
        case DevicePropertyClassGuid:
            return answer_class_guid(node, answer);
        case DevicePropertyDriverKeyName:
            return answer.text(node.driver_key);
        case DevicePropertyManufacturer:
            return answer.text(node.manufacturer);
        case DevicePropertyFriendlyName:
            return answer.text(node.friendly_name);
        case DevicePropertyLocationInformation:
            return answer.text(node.location);
        case DevicePropertyPhysicalDeviceObjectName:
            return answer_pdo_name(node, answer);
        case DevicePropertyBusTypeGuid:
            return node.bus_known ? answer.bytes(&node.bus_type_guid, sizeof(GUID)) : answer.missing();
        case DevicePropertyLegacyBusType:
            return node.bus_known ? answer.number(static_cast<ULONG>(node.bus_type)) : answer.missing();
        case DevicePropertyBusNumber:
            return node.bus_known ? answer.number(node.bus_number) : answer.missing();
        case DevicePropertyEnumeratorName:
            return answer_enumerator(node, answer);
        case DevicePropertyAddress:
            return answer.number(node.address);
        case DevicePropertyUINumber:
            return answer.number(node.ui_number);
        case DevicePropertyInstallState:
            return answer.number(node.problem == problem_failed_install ? InstallStateFailedInstall
                                                                        : InstallStateInstalled);
        case DevicePropertyRemovalPolicy:
            return answer.number(removal_policy(node));
        case DevicePropertyResourceRequirements:
            return answer_requirements(node, answer);
        case DevicePropertyAllocatedResources:
            return answer_resources(node, false, answer);
        case DevicePropertyContainerID:
            return answer.missing();
        default:
            return STATUS_INVALID_PARAMETER_2;
    }
}

namespace {

// DEVPKEY_Device_xxx of the first set are the old properties under other numbers.
constexpr GUID device_set{0xa45c254e, 0xdf1c, 0x4efd, {0x80, 0x20, 0x67, 0xd1, 0x46, 0xa8, 0x50, 0xe0}};

struct OldProperty {
    DEVPROPID pid;
    DEVICE_REGISTRY_PROPERTY property;
    DEVPROPTYPE type;
};
constexpr OldProperty old_properties[] = {{2, DevicePropertyDeviceDescription, DEVPROP_TYPE_STRING},
                                          {3, DevicePropertyHardwareID, DEVPROP_TYPE_STRING_LIST},
                                          {4, DevicePropertyCompatibleIDs, DEVPROP_TYPE_STRING_LIST},
                                          {9, DevicePropertyClassName, DEVPROP_TYPE_STRING},
                                          {11, DevicePropertyDriverKeyName, DEVPROP_TYPE_STRING},
                                          {13, DevicePropertyManufacturer, DEVPROP_TYPE_STRING},
                                          {14, DevicePropertyFriendlyName, DEVPROP_TYPE_STRING},
                                          {15, DevicePropertyLocationInformation, DEVPROP_TYPE_STRING},
                                          {16, DevicePropertyPhysicalDeviceObjectName, DEVPROP_TYPE_STRING},
                                          {18, DevicePropertyUINumber, DEVPROP_TYPE_UINT32},
                                          {21, DevicePropertyBusTypeGuid, DEVPROP_TYPE_GUID},
                                          {22, DevicePropertyLegacyBusType, DEVPROP_TYPE_UINT32},
                                          {23, DevicePropertyBusNumber, DEVPROP_TYPE_UINT32},
                                          {24, DevicePropertyEnumeratorName, DEVPROP_TYPE_STRING},
                                          {30, DevicePropertyAddress, DEVPROP_TYPE_UINT32}};

const OldProperty* old_property(const DEVPROPKEY& key) {
    if (!IsEqualGUID(key.fmtid, device_set)) return nullptr;
    for (const OldProperty& old : old_properties) {
        if (old.pid == key.pid) return &old;
    }
    return nullptr;
}

NTSTATUS get_of_device(const DeviceNode& node, const DEVPROPKEY& key, LCID lcid, void* data, ULONG size,
                       ULONG* needed, DEVPROPTYPE* type) {
    const NTSTATUS status = get_property({false, node.index}, key, lcid, data, size, needed, type);
    if (status != STATUS_OBJECT_NAME_NOT_FOUND) return status;
    const OldProperty* const old = old_property(key);
    if (old == nullptr) return status;
    *type = old->type;
    return get_device_property(node, old->property, size, data, needed);
}

}  // namespace
namespace {

// DEVPKEY_DeviceInterface_FriendlyName, which is the value FriendlyName of the interface's key, too: an INF's
// AddInterface puts it there.
constexpr DEVPROPKEY interface_friendly_name = {
    {0x026e516e, 0xb814, 0x414b, {0x83, 0xcd, 0x85, 0x6d, 0x6f, 0xef, 0x48, 0x22}}, 2};

NTSTATUS get_friendly_name(const DeviceInterface& entry, void* data, ULONG size, ULONG* needed,
                           DEVPROPTYPE* type) {
    const NTSTATUS status = query_interface_value(entry, u"FriendlyName", data, size, needed);
    *type = status == STATUS_OBJECT_NAME_NOT_FOUND ? DEVPROP_TYPE_EMPTY : DEVPROP_TYPE_STRING;
    if (*type == DEVPROP_TYPE_EMPTY) *needed = 0;
    return *type != DEVPROP_TYPE_EMPTY && size < *needed ? STATUS_BUFFER_TOO_SMALL : status;
}

}  // namespace
}  // namespace portico::nt::io

using namespace portico::nt;

extern "C" {

NTSTATUS NTAPI IoGetDeviceProperty(PDEVICE_OBJECT DeviceObject, DEVICE_REGISTRY_PROPERTY DeviceProperty,
                                   ULONG BufferLength, PVOID PropertyBuffer, PULONG ResultLength) {
    DDI(IoGetDeviceProperty, PASSIVE_LEVEL);
    const io::DeviceNode* const node = io::node_of(DeviceObject);
    if (node == nullptr) return STATUS_INVALID_DEVICE_REQUEST;
    return io::get_device_property(*node, DeviceProperty, BufferLength, PropertyBuffer, ResultLength);
}

NTSTATUS NTAPI IoSetDevicePropertyData(PDEVICE_OBJECT Pdo, const DEVPROPKEY* PropertyKey, LCID Lcid, ULONG,
                                       DEVPROPTYPE Type, ULONG Size, PVOID Data) {
    DDI(IoSetDevicePropertyData, PASSIVE_LEVEL);
    const io::DeviceNode* const node = io::node_of(Pdo);
    if (node == nullptr) return STATUS_INVALID_DEVICE_REQUEST;
    return io::set_property({false, node->index}, *PropertyKey, Lcid, Type, Data, Size);
}

NTSTATUS NTAPI IoGetDevicePropertyData(PDEVICE_OBJECT Pdo, const DEVPROPKEY* PropertyKey, LCID Lcid, ULONG,
                                       ULONG Size, PVOID Data, PULONG RequiredSize, PDEVPROPTYPE Type) {
    DDI(IoGetDevicePropertyData, PASSIVE_LEVEL);
    const io::DeviceNode* const node = io::node_of(Pdo);
    if (node == nullptr) return STATUS_INVALID_DEVICE_REQUEST;
    return io::get_of_device(*node, *PropertyKey, Lcid, Data, Size, RequiredSize, Type);
}

NTSTATUS NTAPI IoSetDeviceInterfacePropertyData(PUNICODE_STRING SymbolicLinkName,
                                                const DEVPROPKEY* PropertyKey, LCID Lcid, ULONG,
                                                DEVPROPTYPE Type, ULONG Size, PVOID Data) {
    DDI(IoSetDeviceInterfacePropertyData, PASSIVE_LEVEL);
    const io::DeviceInterface* const entry = io::find_interface(*SymbolicLinkName);
    if (entry == nullptr) return STATUS_OBJECT_NAME_NOT_FOUND;
    const NTSTATUS status = io::set_property({true, entry->index}, *PropertyKey, Lcid, Type, Data, Size);
    if (NT_SUCCESS(status) && Data != nullptr && io::same_key(*PropertyKey, io::interface_friendly_name))
        io::set_interface_value(*entry, u"FriendlyName", REG_SZ, Data, Size);
    return status;
}

NTSTATUS NTAPI IoGetDeviceInterfacePropertyData(PUNICODE_STRING SymbolicLinkName,
                                                const DEVPROPKEY* PropertyKey, LCID Lcid, ULONG, ULONG Size,
                                                PVOID Data, PULONG RequiredSize, PDEVPROPTYPE Type) {
    DDI(IoGetDeviceInterfacePropertyData, PASSIVE_LEVEL);
    const io::DeviceInterface* const entry = io::find_interface(*SymbolicLinkName);
    if (entry == nullptr) return STATUS_OBJECT_NAME_NOT_FOUND;
    const NTSTATUS status =
        io::get_property({true, entry->index}, *PropertyKey, Lcid, Data, Size, RequiredSize, Type);
    const bool of_registry =
        status == STATUS_OBJECT_NAME_NOT_FOUND && io::same_key(*PropertyKey, io::interface_friendly_name);
    return of_registry ? io::get_friendly_name(*entry, Data, Size, RequiredSize, Type) : status;
}

}  // extern "C"
