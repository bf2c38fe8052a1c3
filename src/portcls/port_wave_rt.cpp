// IPortWaveRT: binds an IMiniportWaveRT and registers its filter. Wave streams are not simulated.
#include "portcls/new_port.h"
#include "portcls/streamless_port.h"

namespace portico::portcls {
namespace {

class PortWaveRt final : public StreamlessPort<IPortWaveRT, IMiniportWaveRT> {
  public:
    PortWaveRt() : StreamlessPort(IID_IPortWaveRT, IID_IMiniportWaveRT) {}

  private:
    NTSTATUS call_init(IUnknown* adapter, IResourceList* resources) override {
        nt::DriverCall call("IMiniportWaveRT::Init", method_of(miniport(), 5));
        return call.returned(miniport()->Init(adapter, resources, this));
    }
    NTSTATUS refuse_pin() override { return refuse_wave_pin(*this, told_); }
    void dispose() override { unmake(this); }

    bool told_ = false;
};

}  // namespace

NTSTATUS create_port_wave_rt(PPORT* out) {
    *out = make_object<PortWaveRt>(NonPagedPool, "IPortWaveRT");
    return *out == nullptr ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

}  // namespace portico::portcls
