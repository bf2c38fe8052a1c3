// The registry keys of devices and their interfaces.
#pragma once

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

}  // namespace portico::nt::io
