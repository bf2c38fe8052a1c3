// The unified property model: values by DEVPROPKEY on devices and on interfaces.
#pragma once

#include "nt/io/interfaces.h"

namespace portico::nt::io {

constexpr unsigned property_limit = 512;  // values of all devices and interfaces together

// Whose value it is.
struct PropertyOwner {
    bool is_interface = false;
    unsigned index = 0;  // of the node or interface
};

void reset_properties();
// `data` null and size 0, or DEVPROP_TYPE_EMPTY: the value goes. STATUS_INSUFFICIENT_RESOURCES.
NTSTATUS set_property(PropertyOwner owner, const DEVPROPKEY& key, LCID lcid, DEVPROPTYPE type,
                      const void* data, ULONG size);
// STATUS_OBJECT_NAME_NOT_FOUND; STATUS_BUFFER_TOO_SMALL with *needed.
NTSTATUS get_property(PropertyOwner owner, const DEVPROPKEY& key, LCID lcid, void* data, ULONG size,
                      ULONG* needed, DEVPROPTYPE* type);
void forget_properties(PropertyOwner owner);

// IoGetDeviceProperty's values. As documented there.
NTSTATUS get_device_property(const DeviceNode& node, DEVICE_REGISTRY_PROPERTY property, ULONG size,
                             void* buffer, ULONG* needed);

}  // namespace portico::nt::io
