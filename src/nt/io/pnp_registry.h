// The registry keys of devices and their interfaces.
#pragma once

#include <string>

#include "nt/io/interfaces.h"

namespace portico::nt::io {

enum class DeviceKey : std::uint8_t {
    hardware,
    software
};  // ...\Enum\...\Device Parameters, ...\Control\Class\{..}\0000

// A handle for the driver; `frame` of the exported function.
NTSTATUS open_device_key(DeviceNode& node, DeviceKey which, ACCESS_MASK access, const void* frame,
                         PHANDLE handle);
NTSTATUS open_interface_key(const DeviceInterface& entry, ACCESS_MASK access, const void* frame,
                            PHANDLE handle);
NTSTATUS query_capabilities(DeviceNode& node);

// For the machine, before the device is added: a value under its software key, or, with a `subkey` path,
// below it. STATUS_OBJECT_NAME_INVALID for a name that the registry does not hold.
NTSTATUS set_software_value(DeviceNode& node, const UNICODE_STRING& subkey, const UNICODE_STRING& name,
                            ULONG type, const void* data, ULONG size);

bool has_software_key(const DeviceNode& node, const WCHAR* subkey);
// At most `size` bytes of a value of a subkey of the device's software key; *needed is its whole length.
// STATUS_OBJECT_NAME_NOT_FOUND.
NTSTATUS query_software_value(const DeviceNode& node, const WCHAR* subkey, const WCHAR* name, void* data,
                              ULONG size, ULONG* needed);

// A value of the interface's own key (IoOpenDeviceInterfaceRegistryKey). As query_software_value.
NTSTATUS query_interface_value(const DeviceInterface& entry, const WCHAR* name, void* data, ULONG size,
                               ULONG* needed);
NTSTATUS set_interface_value(const DeviceInterface& entry, const WCHAR* name, ULONG type, const void* data,
                             ULONG size);

// Where a device's and an interface's keys are, for what the machine puts there before the device is added.
std::u16string software_key_path(DeviceNode& node);
std::u16string hardware_key_path(const DeviceNode& node);  // "...\Device Parameters"
std::u16string interface_key_path(const DeviceInterface& entry);

}  // namespace portico::nt::io
