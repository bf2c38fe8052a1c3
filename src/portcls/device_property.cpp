#include "portcls/device_property.h"

#include "nt/io/properties.h"
#include "portcls/adapter.h"

namespace portico::portcls {

NTSTATUS device_property(const AdapterDevice& adapter, DEVICE_REGISTRY_PROPERTY property, ULONG length,
                         PVOID buffer, PULONG result_length) {
    if (result_length == nullptr || (buffer == nullptr && length != 0)) return STATUS_INVALID_PARAMETER;
    const nt::io::DeviceNode* const node = nt::io::node_of(adapter.pdo);
    if (node == nullptr) return STATUS_INVALID_DEVICE_REQUEST;
    return nt::io::get_device_property(*node, property, length, buffer, result_length);
}

}  // namespace portico::portcls

using namespace portico::portcls;

NTSTATUS NTAPI PcGetDeviceProperty(PVOID DeviceObject, DEVICE_REGISTRY_PROPERTY DeviceProperty,
                                   ULONG BufferLength, PVOID PropertyBuffer, PULONG ResultLength) {
    DDI(PcGetDeviceProperty, PASSIVE_LEVEL);
    const AdapterDevice* const adapter = adapter_argument(
        DeviceObject, "FN-150", "PcGetDeviceProperty was given another device object than the adapter's.");
    if (adapter == nullptr) return STATUS_INVALID_PARAMETER;
    return device_property(*adapter, DeviceProperty, BufferLength, PropertyBuffer, ResultLength);
}
