// IPortTopology: binds an IMiniportTopology, whose pins are wires: none can be opened (TP-001..TP-003).
#include "portcls/new_port.h"
#include "portcls/streamless_port.h"

namespace portico::portcls {
namespace {

class PortTopology final : public StreamlessPort<IPortTopology, IMiniportTopology> {
  public:
    PortTopology() : StreamlessPort(IID_IPortTopology, IID_IMiniportTopology) {}

  private:
    NTSTATUS call_init(IUnknown* adapter, IResourceList* resources) override {
        nt::DriverCall call("IMiniportTopology::Init", method_of(miniport(), 5));
        return call.returned(miniport()->Init(adapter, resources, this));
    }
    NTSTATUS refuse_pin() override { return STATUS_INVALID_DEVICE_REQUEST; }
    void dispose() override { unmake(this); }
};

}  // namespace

NTSTATUS create_port_topology(PPORT* out) {
    *out = make_object<PortTopology>(NonPagedPool, "IPortTopology");
    return *out == nullptr ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

}  // namespace portico::portcls
