// IPortWavePci: binds an IMiniportWavePci, registers its filter, makes DMA channels, and serves the miniport
// through its service group. Wave streams are not simulated.
#include "portcls/adapter.h"
#include "portcls/dma_channel.h"
#include "portcls/new_object.h"
#include "portcls/new_port.h"
#include "portcls/service_group.h"
#include "portcls/streamless_port.h"

namespace portico::portcls {
namespace {

class PortWavePci final : public StreamlessPort<IPortWavePci, IMiniportWavePci> {
  public:
    PortWavePci() : StreamlessPort(IID_IPortWavePci, IID_IMiniportWavePci), sink_(*this) {}

    void STDMETHODCALLTYPE Notify(PSERVICEGROUP group) override;
    NTSTATUS STDMETHODCALLTYPE NewMasterDmaChannel(PDMACHANNEL* out, PUNKNOWN outer, POOL_TYPE pool,
                                                   PRESOURCELIST resources, BOOLEAN scatter_gather,
                                                   BOOLEAN addresses_32, BOOLEAN addresses_64,
                                                   BOOLEAN ignore_count, DMA_WIDTH width, DMA_SPEED speed,
                                                   ULONG maximum_length, ULONG port) override;

  private:
    // What the miniport's group calls.
    class Sink final : public IServiceSink {
      public:
        explicit Sink(PortWavePci& port) : port_(port) {}
        NTSTATUS STDMETHODCALLTYPE QueryInterface(REFIID id, PVOID* out) override {
            const bool known = is_unknown_iid(id) || IsEqualGUID(id, IID_IServiceSink);
            *out = known ? this : nullptr;
            return known ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
        }
        ULONG STDMETHODCALLTYPE AddRef() override { return 2; }  // lives as long as its port
        ULONG STDMETHODCALLTYPE Release() override { return 1; }
        void STDMETHODCALLTYPE RequestService() override { port_.service(); }

      private:
        PortWavePci& port_;
    };

    NTSTATUS call_init(IUnknown* adapter, IResourceList* resources) override;
    void leave_miniport() override;
    void service();
    NTSTATUS refuse_pin() override { return refuse_wave_pin(*this, told_); }
    void dispose() override { unmake(this); }

    Sink sink_;
    Held<IServiceGroup> group_;
    bool told_ = false;
};

NTSTATUS PortWavePci::call_init(IUnknown* adapter, IResourceList* resources) {
    PSERVICEGROUP group = nullptr;
    NTSTATUS status;
    {
        nt::DriverCall call("IMiniportWavePci::Init", method_of(miniport(), 5));
        status = call.returned(miniport()->Init(adapter, resources, this, &group));
    }
    if (!NT_SUCCESS(status) || group == nullptr) return status;  // IU-008
    if (passed_dead(group)) return STATUS_INVALID_PARAMETER;
    status = ServiceGroup::join(group, &sink_);
    if (!NT_SUCCESS(status)) {
        drop_reference(group);
        return status;
    }
    group_.adopt(group);
    return STATUS_SUCCESS;
}

void PortWavePci::leave_miniport() {
    if (!group_) return;
    if (ServiceGroup* const own = ServiceGroup::own(group_.get())) {
        own->remove(&sink_);
    } else {
        group_->RemoveMember(&sink_);
    }
    group_.reset();
}

void PortWavePci::service() {
    if (miniport() == nullptr) return;
    nt::DriverCall call("IMiniportWavePci::Service", method_of(miniport(), 7));
    miniport()->Service();
}

void PortWavePci::Notify(PSERVICEGROUP group) {
    DDI_METHOD("IPortWavePci::Notify", HIGH_LEVEL);
    if (group != nullptr) notify_group(group, "IPortWavePci::Notify was given a service group that is gone.");
}

NTSTATUS PortWavePci::NewMasterDmaChannel(PDMACHANNEL* out, PUNKNOWN outer, POOL_TYPE pool, PRESOURCELIST,
                                          BOOLEAN scatter_gather, BOOLEAN addresses_32, BOOLEAN addresses_64,
                                          BOOLEAN ignore_count, DMA_WIDTH, DMA_SPEED, ULONG maximum_length,
                                          ULONG) {
    DDI_METHOD("IPortWavePci::NewMasterDmaChannel", PASSIVE_LEVEL);
    if (!new_object_arguments(out, outer)) return STATUS_INVALID_PARAMETER;
    if (adapter() == nullptr) return STATUS_INVALID_DEVICE_STATE;
    DEVICE_DESCRIPTION description = master_description(maximum_length, addresses_32, addresses_64);
    description.ScatterGather = scatter_gather;
    description.IgnoreCount = ignore_count;
    return new_dma_channel(pool, adapter()->pdo, description, out);
}

}  // namespace

NTSTATUS create_port_wave_pci(PPORT* out) {
    *out = make_object<PortWavePci>(NonPagedPool, "IPortWavePci");
    return *out == nullptr ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

}  // namespace portico::portcls
