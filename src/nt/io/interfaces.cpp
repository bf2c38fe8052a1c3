#include "nt/io/interfaces.h"

#include <cstring>

#include "nt/ddi.h"
#include "nt/ex/pool.h"
#include "nt/io/device.h"
#include "nt/io/notification.h"
#include "nt/io/pnp_registry.h"
#include "nt/io/properties.h"

namespace portico::nt::io {
namespace {

struct Interfaces {
    std::array<DeviceInterface, interface_limit> entries;
    unsigned count = 0;
    std::uint64_t generation = 0;
};
constinit Interfaces interfaces{};

DeviceInterface* take_entry() {
    for (unsigned i = 0; i < interfaces.count; ++i) {
        if (!interfaces.entries[i].used) return &interfaces.entries[i];
    }
    if (interfaces.count == interface_limit) return nullptr;
    interfaces.entries[interfaces.count].index = interfaces.count;
    return &interfaces.entries[interfaces.count++];
}

// \??\ROOT#MEDIA#0000#{6994ad04-...}\reference: the instance path with '#' for its backslashes.
void make_link(DeviceInterface& entry) {
    WCHAR guid[guid_text_length + 1];
    format_guid(entry.class_guid, guid);
    copy_wide(entry.link, link_room, u"\\??\\");
    append_wide(entry.link, link_room, entry.node->instance_path);
    for (WCHAR* c = entry.link + 4; *c != 0; ++c) {
        if (*c == u'\\') *c = u'#';
    }
    append_wide(entry.link, link_room, u"#");
    append_wide(entry.link, link_room, guid);
    entry.base_length = static_cast<unsigned>(wide_length(entry.link));
    if (entry.reference[0] == 0) return;
    append_wide(entry.link, link_room, u"\\");
    append_wide(entry.link, link_room, entry.reference);
}

bool equal_text(const WCHAR* text, const WCHAR* counted, std::size_t length) {
    for (std::size_t i = 0; i < length; ++i) {
        if (text[i] == 0 || ob::upcase(text[i]) != ob::upcase(counted[i])) return false;
    }
    return text[length] == 0;
}

// Reference strings name no path of their own.
bool reference_valid(const UNICODE_STRING& reference) {
    const std::size_t length = reference.Length / sizeof(WCHAR);
    if (length >= reference_room) return false;
    for (std::size_t i = 0; i < length; ++i) {
        if (reference.Buffer[i] == u'\\' || reference.Buffer[i] == u'/') return false;
    }
    return true;
}

DeviceInterface* find_registered(const DeviceNode& node, const GUID& class_guid, const WCHAR* reference) {
    for (unsigned i = 0; i < interfaces.count; ++i) {
        DeviceInterface& entry = interfaces.entries[i];
        if (entry.used && entry.node == &node && IsEqualGUID(entry.class_guid, class_guid) &&
            equal_wide(entry.reference, reference)) {
            return &entry;
        }
    }
    return nullptr;
}

UNICODE_STRING base_link(DeviceInterface& entry) {
    const auto bytes = static_cast<USHORT>(entry.base_length * sizeof(WCHAR));
    return {bytes, bytes, entry.link};
}

// Interfaces of one device and class share a symbolic link, whatever their reference strings.
bool link_in_use(const DeviceInterface& but) {
    for (unsigned i = 0; i < interfaces.count; ++i) {
        const DeviceInterface& other = interfaces.entries[i];
        if (&other != &but && other.used && other.enabled && other.node == but.node &&
            IsEqualGUID(other.class_guid, but.class_guid)) {
            return true;
        }
    }
    return false;
}

NTSTATUS create_link(DeviceInterface& entry) {
    if (link_in_use(entry)) return STATUS_SUCCESS;
    WCHAR name[64];
    ULONG bytes = 0;
    const NTSTATUS status = ob::query_name(entry.node->pdo, name, sizeof name, &bytes);
    if (!NT_SUCCESS(status)) return status;
    const UNICODE_STRING target{static_cast<USHORT>(bytes), static_cast<USHORT>(bytes), name};
    return ob::create_symbolic_link(base_link(entry), target, nullptr);
}

void announce(DeviceInterface& entry) {
    entry.announced = true;
    notify_interface(entry, true);
}

void withdraw(DeviceInterface& entry) {
    entry.enabled = false;
    if (!link_in_use(entry)) ob::delete_symbolic_link(base_link(entry));
    if (!entry.announced) return;
    entry.announced = false;
    notify_interface(entry, false);
}

// The order of a device's life in which its interfaces are seen.
bool shows_interfaces(const DeviceNode& node) {
    return node.state == NodeState::started || node.state == NodeState::stop_pending ||
           node.state == NodeState::stopped || node.state == NodeState::remove_pending;
}

}  // namespace

void reset_interfaces() {
    for (unsigned i = 0; i < interfaces.count; ++i) interfaces.entries[i].used = false;
    interfaces.count = 0;
    interfaces.generation = 0;
}

NTSTATUS register_interface(DeviceNode& node, const GUID& class_guid, const UNICODE_STRING* reference,
                            DeviceInterface** result) {
    WCHAR text[reference_room] = {};
    if (reference != nullptr && reference->Length != 0) {
        if (!reference_valid(*reference)) return STATUS_INVALID_DEVICE_REQUEST;
        std::memcpy(text, reference->Buffer, reference->Length);
    }
    *result = find_registered(node, class_guid, text);
    if (*result != nullptr) return STATUS_SUCCESS;
    DeviceInterface* const entry = take_entry();
    if (entry == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    entry->used = true;
    entry->enabled = entry->announced = entry->installed = false;
    entry->node = &node;
    entry->class_guid = class_guid;
    entry->generation = ++interfaces.generation;
    copy_wide(entry->reference, reference_room, text);
    make_link(*entry);
    *result = entry;
    return STATUS_SUCCESS;
}

NTSTATUS install_interface(DeviceNode& node, const GUID& class_guid, const UNICODE_STRING* reference,
                           DeviceInterface** result) {
    const NTSTATUS status = register_interface(node, class_guid, reference, result);
    if (NT_SUCCESS(status)) (*result)->installed = true;
    return status;
}

DeviceInterface* find_interface(const UNICODE_STRING& link) {
    constexpr std::size_t prefix = 4;
    const std::size_t length = link.Length / sizeof(WCHAR);
    if (length <= prefix) return nullptr;
    const WCHAR* const b = link.Buffer;
    const bool kernel_form = b[0] == u'\\' && b[1] == u'?' && b[2] == u'?' && b[3] == u'\\';
    const bool user_form = b[0] == u'\\' && b[1] == u'\\' && b[2] == u'?' && b[3] == u'\\';
    if (!kernel_form && !user_form) return nullptr;
    for (unsigned i = 0; i < interfaces.count; ++i) {
        DeviceInterface& entry = interfaces.entries[i];
        if (entry.used && equal_text(entry.link + prefix, b + prefix, length - prefix)) return &entry;
    }
    return nullptr;
}

NTSTATUS enable_interface(DeviceInterface& entry, bool enable) {
    if (enable == entry.enabled) return enable ? STATUS_OBJECT_NAME_EXISTS : STATUS_OBJECT_NAME_NOT_FOUND;
    if (!enable) {
        withdraw(entry);
        return STATUS_SUCCESS;
    }
    if (entry.node->pdo == nullptr) return STATUS_INVALID_DEVICE_REQUEST;
    const NTSTATUS status = create_link(entry);
    if (!NT_SUCCESS(status)) return status;
    entry.enabled = true;
    if (shows_interfaces(*entry.node)) announce(entry);
    return STATUS_SUCCESS;
}

DeviceInterface* visible_interface(unsigned index, const GUID* class_guid) {
    for (unsigned i = 0; i < interfaces.count; ++i) {
        DeviceInterface& entry = interfaces.entries[i];
        if (!entry.used || !entry.announced) continue;
        if (class_guid != nullptr && !IsEqualGUID(entry.class_guid, *class_guid)) continue;
        if (index-- == 0) return &entry;
    }
    return nullptr;
}

DeviceInterface* interface_at(unsigned index) {
    return index < interfaces.count ? &interfaces.entries[index] : nullptr;
}

void announce_interfaces(DeviceNode& node) {
    for (unsigned i = 0; i < interfaces.count; ++i) {
        DeviceInterface& entry = interfaces.entries[i];
        if (entry.used && entry.node == &node && entry.enabled && !entry.announced) announce(entry);
    }
}

void disable_interfaces(DeviceNode& node) {
    for (unsigned i = 0; i < interfaces.count; ++i) {
        DeviceInterface& entry = interfaces.entries[i];
        if (entry.used && entry.node == &node && entry.enabled) withdraw(entry);
    }
}

void forget_interfaces(DeviceNode& node) {
    for (unsigned i = 0; i < interfaces.count; ++i) {
        DeviceInterface& entry = interfaces.entries[i];
        if (!entry.used || entry.node != &node || entry.installed) continue;
        forget_properties({true, entry.index});
        entry.used = false;
    }
}

namespace {

// A string of the driver's own, which it frees with RtlFreeUnicodeString.
NTSTATUS give_string(const WCHAR* text, PUNICODE_STRING out, const void* frame) {
    const std::size_t bytes = (wide_length(text) + 1) * sizeof(WCHAR);
    auto* const buffer = static_cast<WCHAR*>(ex::allocate(PagedPool, bytes, 'nIpP', frame));
    if (buffer == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    std::memcpy(buffer, text, bytes);
    *out = {static_cast<USHORT>(bytes - sizeof(WCHAR)), static_cast<USHORT>(bytes), buffer};
    return STATUS_SUCCESS;
}

bool is_listed(const DeviceInterface& entry, const GUID& class_guid, const DeviceNode* node, ULONG flags) {
    if (!entry.used || !IsEqualGUID(entry.class_guid, class_guid)) return false;
    if (node != nullptr && entry.node != node) return false;
    return entry.announced || (flags & DEVICE_INTERFACE_INCLUDE_NONACTIVE) != 0;
}

// A list of the driver's own, which it frees with ExFreePool; a single null when there is none.
NTSTATUS give_list(const GUID& class_guid, const DeviceNode* node, ULONG flags, PZZWSTR* list,
                   const void* frame) {
    std::size_t characters = 1;
    for (unsigned i = 0; i < interfaces.count; ++i) {
        const DeviceInterface& entry = interfaces.entries[i];
        if (is_listed(entry, class_guid, node, flags)) characters += wide_length(entry.link) + 1;
    }
    auto* const out = static_cast<WCHAR*>(ex::allocate(PagedPool, characters * sizeof(WCHAR), 'nIpP', frame));
    if (out == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    std::size_t used = 0;
    for (unsigned i = 0; i < interfaces.count; ++i) {
        const DeviceInterface& entry = interfaces.entries[i];
        if (!is_listed(entry, class_guid, node, flags)) continue;
        const std::size_t length = wide_length(entry.link) + 1;
        std::memcpy(out + used, entry.link, length * sizeof(WCHAR));
        used += length;
    }
    out[used] = 0;
    *list = out;
    return STATUS_SUCCESS;
}

}  // namespace
}  // namespace portico::nt::io

using namespace portico::nt;

extern "C" {

NTSTATUS NTAPI IoRegisterDeviceInterface(PDEVICE_OBJECT PhysicalDeviceObject, const GUID* InterfaceClassGuid,
                                         PUNICODE_STRING ReferenceString, PUNICODE_STRING SymbolicLinkName) {
    DDI(IoRegisterDeviceInterface, PASSIVE_LEVEL);
    io::DeviceNode* const node = io::node_of(PhysicalDeviceObject);
    if (node == nullptr) return STATUS_INVALID_DEVICE_REQUEST;
    io::DeviceInterface* entry = nullptr;
    const NTSTATUS status = io::register_interface(*node, *InterfaceClassGuid, ReferenceString, &entry);
    if (!NT_SUCCESS(status)) return status;
    return io::give_string(entry->link, SymbolicLinkName, __builtin_frame_address(0));
}

NTSTATUS NTAPI IoSetDeviceInterfaceState(PUNICODE_STRING SymbolicLinkName, BOOLEAN Enable) {
    DDI(IoSetDeviceInterfaceState, PASSIVE_LEVEL);
    if (SymbolicLinkName == nullptr || SymbolicLinkName->Buffer == nullptr) return STATUS_INVALID_PARAMETER;
    io::DeviceInterface* const entry = io::find_interface(*SymbolicLinkName);
    return entry == nullptr ? STATUS_OBJECT_NAME_NOT_FOUND : io::enable_interface(*entry, Enable != FALSE);
}

NTSTATUS NTAPI IoGetDeviceInterfaces(const GUID* InterfaceClassGuid, PDEVICE_OBJECT PhysicalDeviceObject,
                                     ULONG Flags, PZZWSTR* SymbolicLinkList) {
    DDI(IoGetDeviceInterfaces, PASSIVE_LEVEL);
    const io::DeviceNode* const node = io::node_of(PhysicalDeviceObject);
    if (PhysicalDeviceObject != nullptr && node == nullptr) return STATUS_INVALID_DEVICE_REQUEST;
    return io::give_list(*InterfaceClassGuid, node, Flags, SymbolicLinkList, __builtin_frame_address(0));
}

NTSTATUS NTAPI IoGetDeviceInterfaceAlias(PUNICODE_STRING SymbolicLinkName,
                                         const GUID* AliasInterfaceClassGuid,
                                         PUNICODE_STRING AliasSymbolicLinkName) {
    DDI(IoGetDeviceInterfaceAlias, PASSIVE_LEVEL);
    const io::DeviceInterface* const entry = io::find_interface(*SymbolicLinkName);
    if (entry == nullptr) return STATUS_OBJECT_NAME_NOT_FOUND;
    const io::DeviceInterface* const alias =
        io::find_registered(*entry->node, *AliasInterfaceClassGuid, entry->reference);
    if (alias == nullptr) return STATUS_OBJECT_NAME_NOT_FOUND;
    return io::give_string(alias->link, AliasSymbolicLinkName, __builtin_frame_address(0));
}

NTSTATUS NTAPI IoOpenDeviceInterfaceRegistryKey(PUNICODE_STRING SymbolicLinkName, ACCESS_MASK DesiredAccess,
                                                PHANDLE DeviceInterfaceRegKey) {
    DDI(IoOpenDeviceInterfaceRegistryKey, PASSIVE_LEVEL);
    const io::DeviceInterface* const entry = io::find_interface(*SymbolicLinkName);
    if (entry == nullptr) return STATUS_OBJECT_NAME_NOT_FOUND;
    return io::open_interface_key(*entry, DesiredAccess, __builtin_frame_address(0), DeviceInterfaceRegKey);
}

// The base of instance names: what the device is called, or the reference string of one of its interfaces.
NTSTATUS NTAPI IoWMISuggestInstanceName(PDEVICE_OBJECT PhysicalDeviceObject, PUNICODE_STRING SymbolicLinkName,
                                        BOOLEAN CombineNames, PUNICODE_STRING SuggestedInstanceName) {
    DDI(IoWMISuggestInstanceName, PASSIVE_LEVEL);
    const io::DeviceNode* const node = io::node_of(PhysicalDeviceObject);
    const io::DeviceInterface* const entry =
        SymbolicLinkName == nullptr ? nullptr : io::find_interface(*SymbolicLinkName);
    if (node == nullptr && entry == nullptr) return STATUS_INVALID_PARAMETER;
    WCHAR name[io::name_room + io::reference_room + 1] = {};
    if (node != nullptr) io::copy_wide(name, io::name_room, node->description);
    if (entry != nullptr && (node == nullptr || CombineNames != FALSE)) {
        if (name[0] != 0) io::append_wide(name, io::name_room + io::reference_room, u"_");
        io::append_wide(name, io::name_room + io::reference_room, entry->reference);
    }
    return io::give_string(name, SuggestedInstanceName, __builtin_frame_address(0));
}

}  // extern "C"
