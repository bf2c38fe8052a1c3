// IPortWaveCyclic: binds an IMiniportWaveCyclic, registers its filter, makes DMA channels, and passes
// notifications on to service groups. Wave streams are not simulated.
#include "portcls/adapter.h"
#include "portcls/dma_channel.h"
#include "portcls/new_object.h"
#include "portcls/new_port.h"
#include "portcls/resource_list.h"
#include "portcls/service_group.h"
#include "portcls/streamless_port.h"

namespace portico::portcls {
namespace {

class PortWaveCyclic final : public StreamlessPort<IPortWaveCyclic, IMiniportWaveCyclic> {
  public:
    PortWaveCyclic() : StreamlessPort(IID_IPortWaveCyclic, IID_IMiniportWaveCyclic) {}

    PORTICO_IPortWaveCyclic(PORTICO_OVERRIDE)

        private : NTSTATUS call_init(IUnknown* adapter, IResourceList* resources) override {
        nt::DriverCall call("IMiniportWaveCyclic::Init", method_of(miniport(), 5));
        return call.returned(miniport()->Init(adapter, resources, this));
    }
    NTSTATUS refuse_pin() override { return refuse_wave_pin(*this, told_); }
    void dispose() override { unmake(this); }

    bool told_ = false;
};

void PortWaveCyclic::Notify(PSERVICEGROUP group) {
    DDI_METHOD("IPortWaveCyclic::Notify", HIGH_LEVEL);
    if (group != nullptr)
        notify_group(group, "IPortWaveCyclic::Notify was given a service group that is gone.");
}

NTSTATUS PortWaveCyclic::NewSlaveDmaChannel(PDMACHANNELSLAVE* out, PUNKNOWN outer, PRESOURCELIST resources,
                                            ULONG index, ULONG maximum_length, BOOLEAN demand_mode,
                                            DMA_SPEED speed) {
    DDI_METHOD("IPortWaveCyclic::NewSlaveDmaChannel", PASSIVE_LEVEL);
    if (!new_object_arguments(out, outer) || resources == nullptr) return STATUS_INVALID_PARAMETER;
    if (adapter() == nullptr) return STATUS_INVALID_DEVICE_STATE;
    const CM_PARTIAL_RESOURCE_DESCRIPTOR* const dma = find_translated(resources, CmResourceTypeDma, index);
    if (dma == nullptr) return STATUS_INVALID_PARAMETER;
    DEVICE_DESCRIPTION description{};
    description.Version = DEVICE_DESCRIPTION_VERSION;
    description.AutoInitialize = TRUE;  // the buffer is cyclic
    description.DemandMode = demand_mode;
    description.InterfaceType = Isa;
    description.DmaChannel = dma->u.Dma.Channel;
    description.DmaWidth = dma->u.Dma.Channel < 4 ? Width8Bits : Width16Bits;
    description.DmaSpeed = speed;
    description.MaximumLength = maximum_length;
    return new_slave_dma_channel(NonPagedPool, adapter()->pdo, description, out);
}

NTSTATUS PortWaveCyclic::NewMasterDmaChannel(PDMACHANNEL* out, PUNKNOWN outer, PRESOURCELIST,
                                             ULONG maximum_length, BOOLEAN addresses_32, BOOLEAN addresses_64,
                                             DMA_WIDTH width, DMA_SPEED speed) {
    DDI_METHOD("IPortWaveCyclic::NewMasterDmaChannel", PASSIVE_LEVEL);
    if (!new_object_arguments(out, outer)) return STATUS_INVALID_PARAMETER;
    if (adapter() == nullptr) return STATUS_INVALID_DEVICE_STATE;
    DEVICE_DESCRIPTION description = master_description(maximum_length, addresses_32, addresses_64);
    description.DmaWidth = width;
    description.DmaSpeed = speed;
    return new_dma_channel(NonPagedPool, adapter()->pdo, description, out);
}

}  // namespace

NTSTATUS create_port_wave_cyclic(PPORT* out) {
    *out = make_object<PortWaveCyclic>(NonPagedPool, "IPortWaveCyclic");
    return *out == nullptr ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

}  // namespace portico::portcls
