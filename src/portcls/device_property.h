// What IoGetDeviceProperty tells of an adapter's PDO (FN-150, FN-151, IP-030..IP-033).
#pragma once

#include "wdm.h"

namespace portico::portcls {

struct AdapterDevice;

// STATUS_BUFFER_TOO_SMALL with the size needed in *result_length. PASSIVE_LEVEL.
NTSTATUS device_property(const AdapterDevice& adapter, DEVICE_REGISTRY_PROPERTY property, ULONG length,
                         PVOID buffer, PULONG result_length);

}  // namespace portico::portcls
