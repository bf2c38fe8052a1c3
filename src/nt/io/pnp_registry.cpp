// The keys that Windows makes for a device when it enumerates it, and their handles for drivers.
#include "nt/io/pnp_registry.h"

#include <cstdio>
#include <string>

#include "nt/cm/cm.h"
#include "nt/ddi.h"
#include "nt/io/driver.h"

namespace portico::nt::io {
namespace {

constexpr std::size_t path_room = 512;
constexpr const WCHAR* control_set = u"\\Registry\\Machine\\System\\CurrentControlSet\\";

// A path put together piece by piece.
class Path {
  public:
    explicit Path(const WCHAR* begin) { copy_wide(text_, path_room, begin); }
    Path& operator+=(const WCHAR* more) {
        append_wide(text_, path_room, more);
        return *this;
    }
    UNICODE_STRING string() const { return ob::string(text_); }
    WCHAR* text() { return text_; }

  private:
    WCHAR text_[path_room];
};

Path hardware_key(const DeviceNode& node) {
    Path path(control_set);
    path += u"Enum\\";
    path += node.instance_path;
    return path;
}

Path class_key(const DeviceNode& node) {
    WCHAR guid[guid_text_length + 1];
    format_guid(node.class_guid, guid);
    Path path(control_set);
    path += u"Control\\Class\\";
    path += guid;
    return path;
}

Path software_key(const DeviceNode& node) {
    Path path(control_set);
    path += u"Control\\Class\\";
    path += node.driver_key;
    return path;
}

void set_text(const Path& path, const char16_t* name, const WCHAR* value) {
    if (value[0] == 0) return;
    cm::set_value(path.string(), ob::string(name), REG_SZ, value,
                  static_cast<ULONG>((wide_length(value) + 1) * sizeof(WCHAR)));
}

void set_list(const Path& path, const char16_t* name, const WCHAR* list) {
    std::size_t length = 0;
    while (list[length] != 0) length += wide_length(list + length) + 1;
    if (length == 0) return;
    cm::set_value(path.string(), ob::string(name), REG_MULTI_SZ, list,
                  static_cast<ULONG>((length + 1) * sizeof(WCHAR)));
}

// {class GUID}\0000 and on: the first number that nobody has.
void choose_driver_key(DeviceNode& node) {
    if (node.driver_key[0] != 0 || node.class_name[0] == 0) return;
    unsigned number = 0;
    for (unsigned i = 0; i < node_count(); ++i) {
        const DeviceNode& other = *node_at(i);
        if (&other != &node && other.state != NodeState::deleted && other.driver_key[0] != 0 &&
            IsEqualGUID(other.class_guid, node.class_guid))
            ++number;
    }
    WCHAR guid[guid_text_length + 1];
    format_guid(node.class_guid, guid);
    copy_wide(node.driver_key, 64, guid);
    char text[8];
    std::snprintf(text, sizeof text, "\\%04u", number % 10000);
    WCHAR wide[8];
    for (unsigned i = 0; i < sizeof text; ++i) wide[i] = static_cast<WCHAR>(text[i]);
    append_wide(node.driver_key, 64, wide);
}

Path interface_key(const DeviceInterface& entry) {
    WCHAR guid[guid_text_length + 1];
    format_guid(entry.class_guid, guid);
    Path path(control_set);
    path += u"Control\\DeviceClasses\\";
    path += guid;
    path += u"\\##?#";
    // The link without \??\ and reference string, then "#reference".
    WCHAR device[link_room];
    copy_wide(device, entry.base_length - 4 + 1, entry.link + 4);
    path += device;
    path += u"\\#";
    path += entry.reference;
    path += u"\\Device Parameters";
    return path;
}

}  // namespace

void set_parent_prefix(const DeviceNode& parent, const WCHAR* prefix) {
    set_text(hardware_key(parent), u"ParentIdPrefix", prefix);
}

void create_node_keys(DeviceNode& node) {
    choose_driver_key(node);
    const Path hardware = hardware_key(node);
    set_text(hardware, u"DeviceDesc", node.description);
    set_list(hardware, u"HardwareID", node.hardware_ids);
    set_list(hardware, u"CompatibleIDs", node.compatible_ids);
    set_text(hardware, u"LocationInformation", node.location);
    set_text(hardware, u"Mfg", node.manufacturer);
    set_text(hardware, u"Service", node.service);
    set_text(hardware, u"FriendlyName", node.friendly_name);
    set_text(hardware, u"Class", node.class_name);
    if (node.class_name[0] != 0) {
        WCHAR guid[guid_text_length + 1];
        format_guid(node.class_guid, guid);
        set_text(hardware, u"ClassGUID", guid);
        set_text(hardware, u"Driver", node.driver_key);
        set_text(class_key(node), u"Class", node.class_name);
        set_text(software_key(node), u"DriverDesc", node.description);
        set_text(software_key(node), u"ProviderName", node.manufacturer);
    }
    Path parameters = hardware;
    parameters += u"\\Device Parameters";
    cm::create_path(parameters.string());
}

NTSTATUS open_device_key(DeviceNode& node, DeviceKey which, ACCESS_MASK access, const void* frame,
                         PHANDLE handle) {
    *handle = nullptr;
    if (which == DeviceKey::software) {
        if (node.driver_key[0] == 0) return STATUS_OBJECT_NAME_NOT_FOUND;
        return cm::open_key(software_key(node).string(), access, true, frame, handle);
    }
    Path path = hardware_key(node);
    path += u"\\Device Parameters";
    return cm::open_key(path.string(), access, true, frame, handle);
}

NTSTATUS set_software_value(DeviceNode& node, const UNICODE_STRING& subkey, const UNICODE_STRING& name,
                            ULONG type, const void* data, ULONG size) {
    choose_driver_key(node);
    std::u16string path = software_key(node).text();
    if (subkey.Length != 0) path.append(1, u'\\').append(subkey.Buffer, subkey.Length / sizeof(WCHAR));
    if (path.size() > UNICODE_STRING_MAX_CHARS) return STATUS_OBJECT_NAME_INVALID;
    const auto bytes = static_cast<USHORT>(path.size() * sizeof(WCHAR));
    return cm::set_value(UNICODE_STRING{bytes, bytes, path.data()}, name, type, data, size);
}

namespace {

Path software_subkey(const DeviceNode& node, const WCHAR* subkey) {
    Path path = software_key(node);
    path += u"\\";
    path += subkey;
    return path;
}

}  // namespace

bool has_software_key(const DeviceNode& node, const WCHAR* subkey) {
    return node.driver_key[0] != 0 && cm::key_exists(software_subkey(node, subkey).string());
}

NTSTATUS query_software_value(const DeviceNode& node, const WCHAR* subkey, const WCHAR* name, void* data,
                              ULONG size, ULONG* needed) {
    if (node.driver_key[0] == 0) return STATUS_OBJECT_NAME_NOT_FOUND;
    ULONG type = 0;
    return cm::query_value(software_subkey(node, subkey).string(), ob::string(name), &type, data, size,
                           needed);
}

NTSTATUS query_interface_value(const DeviceInterface& entry, const WCHAR* name, void* data, ULONG size,
                               ULONG* needed) {
    ULONG type = 0;
    return cm::query_value(interface_key(entry).string(), ob::string(name), &type, data, size, needed);
}

NTSTATUS set_interface_value(const DeviceInterface& entry, const WCHAR* name, ULONG type, const void* data,
                             ULONG size) {
    return cm::set_value(interface_key(entry).string(), ob::string(name), type, data, size);
}

std::u16string software_key_path(DeviceNode& node) {
    choose_driver_key(node);
    return software_key(node).text();
}

std::u16string hardware_key_path(const DeviceNode& node) {
    return std::u16string(hardware_key(node).text()) + u"\\Device Parameters";
}

std::u16string interface_key_path(const DeviceInterface& entry) {
    return interface_key(entry).text();
}

NTSTATUS open_interface_key(const DeviceInterface& entry, ACCESS_MASK access, const void* frame,
                            PHANDLE handle) {
    *handle = nullptr;
    return cm::open_key(interface_key(entry).string(), access, true, frame, handle);
}

}  // namespace portico::nt::io

using namespace portico::nt;

extern "C" {

NTSTATUS NTAPI IoOpenDeviceRegistryKey(PDEVICE_OBJECT DeviceObject, ULONG DevInstKeyType,
                                       ACCESS_MASK DesiredAccess, PHANDLE DeviceRegKey) {
    DDI(IoOpenDeviceRegistryKey, PASSIVE_LEVEL);
    io::DeviceNode* const node = io::node_of(DeviceObject);
    if (node == nullptr) return STATUS_INVALID_DEVICE_REQUEST;
    // PLUGPLAY_REGKEY_CURRENT_HWPROFILE asks for the same keys of the one hardware profile there is.
    const ULONG kind = DevInstKeyType & ~static_cast<ULONG>(PLUGPLAY_REGKEY_CURRENT_HWPROFILE);
    if (kind != PLUGPLAY_REGKEY_DEVICE && kind != PLUGPLAY_REGKEY_DRIVER) return STATUS_INVALID_PARAMETER;
    const auto which = kind == PLUGPLAY_REGKEY_DEVICE ? io::DeviceKey::hardware : io::DeviceKey::software;
    return io::open_device_key(*node, which, DesiredAccess, __builtin_frame_address(0), DeviceRegKey);
}

NTSTATUS NTAPI IoOpenDriverRegistryKey(PDRIVER_OBJECT DriverObject, DRIVER_REGKEY_TYPE RegKeyType,
                                       ACCESS_MASK DesiredAccess, ULONG Flags, PHANDLE DriverRegKey) {
    DDI(IoOpenDriverRegistryKey, PASSIVE_LEVEL);
    if (Flags != 0 || (RegKeyType != DriverRegKeyParameters && RegKeyType != DriverRegKeyPersistentState)) {
        return STATUS_INVALID_PARAMETER;
    }
    io::Path path(io::control_set);
    path += u"Services\\";
    path += io::body_of(DriverObject).service;
    path += RegKeyType == DriverRegKeyParameters ? u"\\Parameters" : u"\\State";
    return cm::open_key(path.string(), DesiredAccess, true, __builtin_frame_address(0), DriverRegKey);
}

}  // extern "C"
