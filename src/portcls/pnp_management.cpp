// Rebalancing and streaming resources: what adapters register for their wave ports. Of no effect on a MIDI
// port (FN-146, FN-147), but registrations are kept and their arguments checked.
#include "nt/probes.h"
#include "portcls/adapter.h"

using namespace portico;
using namespace portico::portcls;

NTSTATUS NTAPI PcRegisterAdapterPnpManagement(PUNKNOWN Unknown, PDEVICE_OBJECT DeviceObject) {
    DDI(PcRegisterAdapterPnpManagement, PASSIVE_LEVEL);
    if (Unknown == nullptr) return STATUS_INVALID_PARAMETER;
    AdapterDevice* const adapter = adapter_argument(
        DeviceObject, "FN-146",
        "PcRegisterAdapterPnpManagement was given another device object than the adapter's.");
    if (adapter == nullptr) return STATUS_INVALID_PARAMETER;
    ControlLock lock(*adapter);
    if (adapter->state == AdapterState::removed) return status_gone;
    return adapter->pnp_management.query(Unknown, IID_IAdapterPnpManagement);
}

NTSTATUS NTAPI PcUnregisterAdapterPnpManagement(PDEVICE_OBJECT DeviceObject) {
    DDI(PcUnregisterAdapterPnpManagement, PASSIVE_LEVEL);
    AdapterDevice* const adapter = adapter_argument(
        DeviceObject, "FN-146",
        "PcUnregisterAdapterPnpManagement was given another device object than the adapter's.");
    if (adapter == nullptr) return STATUS_INVALID_PARAMETER;
    ControlLock lock(*adapter);
    if (!adapter->pnp_management) return STATUS_INVALID_PARAMETER;
    adapter->pnp_management.reset();
    return STATUS_SUCCESS;
}

namespace {
// Nothing is kept of a resource: one handle stands for all.
PCSTREAMRESOURCE resource_handle() {
    return reinterpret_cast<PCSTREAMRESOURCE>(ULONG_PTR{1});
}
}  // namespace

NTSTATUS NTAPI PcAddStreamResource(PDEVICE_OBJECT PhysicalDeviceObject, PVOID,
                                   PPCSTREAMRESOURCE_DESCRIPTOR ResourceDescriptor,
                                   PCSTREAMRESOURCE* ResourceHandle) {
    DDI(PcAddStreamResource, PASSIVE_LEVEL);
    if (ResourceHandle != nullptr) *ResourceHandle = nullptr;
    if (PhysicalDeviceObject == nullptr || ResourceDescriptor == nullptr || ResourceHandle == nullptr) {
        return STATUS_INVALID_PARAMETER;
    }
    if (ResourceDescriptor->Size < sizeof(*ResourceDescriptor) ||
        ResourceDescriptor->Type > ePcStreamResourceSet) {
        return STATUS_INVALID_PARAMETER;
    }
    *ResourceHandle = resource_handle();
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI PcRemoveStreamResource(PCSTREAMRESOURCE ResourceHandle) {
    DDI(PcRemoveStreamResource, PASSIVE_LEVEL);
    return ResourceHandle == resource_handle() ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}
