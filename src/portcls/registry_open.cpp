#include "portcls/registry_open.h"

#include "nt/cm/cm.h"
#include "nt/io/pnp_registry.h"
#include "nt/probes.h"
#include "portcls/adapter.h"

namespace portico::portcls {
namespace {

NTSTATUS open_general_key(const KeyRequest& request, PHANDLE key) {
    if (request.attributes == nullptr || request.attributes->ObjectName == nullptr) {
        PORTICO_PROBE(contract, "IP-044", request.attributes,
                      "A general registry key needs object attributes with a name.");
        return STATUS_INVALID_PARAMETER;
    }
    if ((request.attributes->Attributes & OBJ_KERNEL_HANDLE) == 0) {
        PORTICO_PROBE(
            contract, "IP-045", request.attributes,
            "A registry key was opened without OBJ_KERNEL_HANDLE: user mode could reach its handle.");
    }
    // The object outlives the process in whose context it is made.
    OBJECT_ATTRIBUTES attributes = *request.attributes;
    attributes.Attributes |= OBJ_KERNEL_HANDLE;
    return ZwCreateKey(key, request.access, &attributes, 0, nullptr, request.options, request.disposition);
}

// FN-102: what PnP keeps of the device in the current hardware profile.
NTSTATUS open_profile_key(const nt::io::DeviceNode& node, ACCESS_MASK access, PHANDLE key) {
    constexpr std::size_t room = 512;
    WCHAR path[room] = {};
    nt::io::append_wide(path, room,
                        u"\\Registry\\Machine\\System\\CurrentControlSet\\Hardware Profiles\\Current\\");
    nt::io::append_wide(path, room, u"System\\CurrentControlSet\\Enum\\");
    nt::io::append_wide(path, room, node.instance_path);
    const auto bytes = static_cast<USHORT>(nt::io::wide_length(path) * sizeof(WCHAR));
    return nt::cm::open_key({bytes, static_cast<USHORT>(bytes + sizeof(WCHAR)), path}, access, false, nullptr,
                            key);
}

}  // namespace

NTSTATUS open_key(const KeyRequest& request, PHANDLE key) {
    if (request.type == GeneralRegistryKey) return open_general_key(request, key);
    nt::io::DeviceNode* const node = nt::io::node_of(request.adapter->pdo);
    if (node == nullptr) return STATUS_INVALID_DEVICE_REQUEST;
    switch (request.type) {
        case DeviceRegistryKey:
            return nt::io::open_device_key(*node, nt::io::DeviceKey::hardware, request.access, nullptr, key);
        case DriverRegistryKey:
            return nt::io::open_device_key(*node, nt::io::DeviceKey::software, request.access, nullptr, key);
        case HwProfileRegistryKey:
            return open_profile_key(*node, request.access, key);
        case DeviceInterfaceRegistryKey:
            if (request.subdevice == nullptr || request.subdevice->interfaces == nullptr) {
                return STATUS_INVALID_DEVICE_STATE;
            }
            return nt::io::open_interface_key(*request.subdevice->interfaces->entry, request.access, nullptr,
                                              key);
        default:
            return STATUS_INVALID_PARAMETER;
    }
}

}  // namespace portico::portcls
