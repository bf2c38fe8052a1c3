#include "portcls/idle_power.h"

#include "nt/io/pnp.h"
#include "nt/io/pnp_registry.h"
#include "nt/po/po.h"
#include "portcls/adapter.h"

namespace portico::portcls {
namespace {

constexpr const WCHAR* settings_key = u"PowerSettings";

// REG_BINARY of four bytes, the least significant first; a REG_DWORD is the same.
ULONG setting(const nt::io::DeviceNode& node, const WCHAR* name, ULONG otherwise) {
    ULONG value = 0;
    ULONG size = 0;
    const NTSTATUS status =
        nt::io::query_software_value(node, settings_key, name, &value, sizeof value, &size);
    return NT_SUCCESS(status) && size == sizeof value ? value : otherwise;
}

}  // namespace

void IdlePower::start(AdapterDevice& adapter) {
    adapter_ = &adapter;
    settings_ = {};
    const nt::io::DeviceNode* const node = nt::io::node_of(adapter.pdo);
    if (node == nullptr || !nt::io::has_software_key(*node, settings_key)) return;  // most devices: no timer
    settings_.conservation_s = setting(*node, u"ConservationIdleTime", 0);
    settings_.performance_s = setting(*node, u"PerformanceIdleTime", 0);
    constexpr ULONG deepest = 3;
    const ULONG wanted = setting(*node, u"IdlePowerState", deepest);
    const bool known = wanted >= 1 && wanted <= deepest;
    settings_.state = static_cast<DEVICE_POWER_STATE>(PowerDeviceD0 + (known ? wanted : deepest));
    watch();
}

void IdlePower::stop() {
    if (counter_ != nullptr) nt::po::register_idle(adapter_->fdo, 0, 0, PowerDeviceD3);
    counter_ = nullptr;
    allowed_ = true;
}

void IdlePower::allow(bool allowed) {
    allowed_ = allowed;
    if (adapter_ == nullptr) return;  // not started yet: start() looks at it
    if (allowed) {
        watch();
    } else if (counter_ != nullptr) {
        nt::po::register_idle(adapter_->fdo, 0, 0, PowerDeviceD3);
        counter_ = nullptr;
    }
}

void IdlePower::watch() {
    if (!allowed_ || counter_ != nullptr) return;
    counter_ = nt::po::register_idle(adapter_->fdo, settings_.conservation_s, settings_.performance_s,
                                     settings_.state);
    for (ULONG i = 0; counter_ != nullptr && i < running_; ++i) nt::po::start_busy(counter_);
}

void IdlePower::stream_runs(bool runs) {
    runs ? ++running_ : --running_;
    if (counter_ == nullptr) return;
    runs ? nt::po::start_busy(counter_) : nt::po::end_busy(counter_);
}

}  // namespace portico::portcls
