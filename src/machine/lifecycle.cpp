// The driver's and its devices' life: start, stop, rebalance, removal, power (docs/spec/lifecycle.md).
#include <fmt/format.h>

#include "machine/device_resources.h"
#include "machine/state.h"
#include "nt/po/po.h"
#include "portcls/adapter_power.h"
#include "sim/trace.h"

namespace portico {
namespace {

using nt::io::NodeState;
using nt::io::PnpAction;

// A device that is gone, or going by itself when its last handle is closed, is not asked again.
bool applies(PnpAction action, NodeState state) {
    const bool gone = state == NodeState::deleted || state == NodeState::surprise_removed;
    switch (action) {
        case PnpAction::query_remove:
            return !gone && state != NodeState::described && state != NodeState::enumerated;
        case PnpAction::remove:
        case PnpAction::cancel_remove:
            return state == NodeState::remove_pending;
        case PnpAction::cancel_stop:
            return state == NodeState::stop_pending;
        case PnpAction::replug:
            return true;
        default:
            return !gone;
    }
}

}  // namespace

Status Machine::State::perform_one(PnpAction action, MachineDevice& device, const char* what) {
    const std::uint64_t begin = sim::trace.count();
    const NTSTATUS status = nt::io::perform(action, *device.node);
    after_run();
    return NT_SUCCESS(status)
               ? Status{status, ""}
               : machine::status_since(begin, status, fmt::format("{} of {}", what, device.config.name));
}

Status Machine::State::perform_all(PnpAction action, const char* what) {
    Status first;
    for (MachineDevice& device : devices) {
        if (!applies(action, device.node->state)) continue;
        const Status status = perform_one(action, device, what);
        if (!status.ok() && first.ok()) first = status;
        if (bug_checked()) break;
    }
    return first;
}

Status Machine::State::perform_some(PnpAction action, const char* what) {
    if (const Status refused = refused_asleep(what); !refused.ok()) return refused;
    for (MachineDevice& device : devices) {
        if (applies(action, device.node->state)) return perform_all(action, what);
    }
    return {STATUS_NO_SUCH_DEVICE, fmt::format("{}: no device is there for it: {}", what,
                                               machine::status_name(STATUS_NO_SUCH_DEVICE))};
}

Status Machine::State::refused_busy(const char* what) const {
    if (!busy()) return {};
    return {STATUS_INVALID_DEVICE_STATE,
            fmt::format("{}: asked by a function that the machine has called; wait until it returns", what)};
}

Status Machine::State::refused_asleep(const char* what) const {
    if (const Status refused = refused_busy(what); !refused.ok()) return refused;
    if (nt::po::system_power() == PowerSystemWorking) return {};
    return {STATUS_INVALID_DEVICE_STATE, fmt::format("{}: the computer sleeps; resume it first", what)};
}

// ---- start, stop, removal ----

Status Machine::start() {
    State& m = *state_;
    if (const Status refused = m.refused_asleep("start"); !refused.ok()) return refused;
    const Status loaded = m.load_drivers();
    return loaded.ok() ? m.perform_all(PnpAction::start, "start") : loaded;
}

Status Machine::State::load_drivers() {
    for (const auto& driver : drivers) {
        if (driver->object != nullptr) continue;
        nt::io::PnpRequest request;
        request.action = PnpAction::load_driver;
        request.source = &driver->source;
        const NTSTATUS status = nt::io::perform(request);
        after_run();
        if (!NT_SUCCESS(status)) {
            const std::string whose = drivers.size() == 1 ? "" : " of " + driver->path;
            return machine::status_of(status, "DriverEntry" + whose);
        }
        driver->object = request.driver;
        driver->image->discard_init_code();
    }
    return {};
}

Status Machine::query_stop() {
    Status status = state_->perform_some(PnpAction::query_stop, "query-stop");
    if (!status.ok() && !bug_checked() && !state_->busy())
        state_->perform_all(PnpAction::cancel_stop, "cancel-stop");
    return status;
}

Status Machine::cancel_stop() {
    return state_->perform_some(PnpAction::cancel_stop, "cancel-stop");
}

Status Machine::stop() {
    Status status = query_stop();
    return status.ok() ? state_->perform_all(PnpAction::stop, "stop") : status;
}

Status Machine::restart() {
    return state_->perform_some(PnpAction::start, "start");
}

Status Machine::query_remove() {
    Status status = state_->perform_some(PnpAction::query_remove, "query-remove");
    if (!status.ok() && !bug_checked() && !state_->busy())
        state_->perform_all(PnpAction::cancel_remove, "cancel-remove");
    return status;
}

Status Machine::cancel_remove() {
    return state_->perform_some(PnpAction::cancel_remove, "cancel-remove");
}

Status Machine::remove() {
    State& m = *state_;
    if (const Status refused = m.refused_asleep("remove"); !refused.ok()) return refused;
    Status status = m.perform_all(PnpAction::query_remove, "query-remove");
    if (status.ok()) return m.perform_all(PnpAction::remove, "remove");
    if (!bug_checked()) m.perform_all(PnpAction::cancel_remove, "cancel-remove");
    return status;
}

Status Machine::disable() {
    return state_->perform_some(PnpAction::disable, "disable");
}

Status Machine::enable() {
    return state_->perform_some(PnpAction::enable, "enable");
}

Status Machine::State::unload() {
    if (bug_checked()) return machine::status_of(STATUS_UNSUCCESSFUL, "unload after a bug check");
    if (nt::po::system_power() != PowerSystemWorking) set_system_power(PowerSystemWorking, "resume");
    Status status = perform_all(PnpAction::query_remove, "query-remove");
    if (status.ok()) status = perform_all(PnpAction::remove, "remove");
    // The last that came is the first to go.
    for (auto driver = drivers.rbegin(); driver != drivers.rend() && !bug_checked(); ++driver) {
        const Status unloaded = unload_driver(**driver);
        if (status.ok()) status = unloaded;
    }
    return status;
}

Status Machine::State::unload_driver(MachineDriver& driver) {
    if (driver.object == nullptr) return {};
    nt::io::PnpRequest request;
    request.action = PnpAction::unload_driver;
    request.driver = driver.object;
    request.forced = true;
    const NTSTATUS status = nt::io::perform(request);
    after_run();
    driver.object = nullptr;
    return machine::status_of(status, "DriverUnload");
}

Status Machine::unload() {
    if (const Status refused = state_->refused_busy("unload"); !refused.ok()) return refused;
    state_->close_pins();
    state_->close_files();
    return state_->unload();
}

Status Machine::surprise_remove() {
    if (const Status refused = state_->refused_busy("surprise removal"); !refused.ok()) return refused;
    for (MachineDevice& device : state_->devices) {
        if (device.model && !device.model->removed()) device.model->remove(sim::scheduler.now_ns());
    }
    return state_->perform_all(PnpAction::surprise_remove, "surprise removal");
}

Status Machine::replug() {
    State& m = *state_;
    if (const Status refused = m.refused_asleep("replug"); !refused.ok()) return refused;
    for (MachineDevice& device : m.devices) {
        // A removal that is due, since the last handle was closed, comes before the hardware is back.
        if (device.node->removal_queued) (void)m.perform_one(PnpAction::query_state, device, "removal");
        if (device.node->state == NodeState::described && device.model && device.model->removed()) {
            const auto on = machine::power_on(*device.model, sim::scheduler.now_ns());
            if (!on.ok()) return {STATUS_CONFLICTING_ADDRESSES, on.error().message};
        }
    }
    return m.perform_some(PnpAction::replug, "replug");
}

// ---- power ----

bool Machine::State::awake() const {
    for (const MachineDevice& device : devices) {
        if (device.node->state != NodeState::started || device.node->device_power != PowerDeviceD0)
            return false;
    }
    return true;
}

Status Machine::set_power(unsigned d_state) {
    if (d_state > 3) return machine::status_of(STATUS_INVALID_PARAMETER, "power state");
    if (const Status refused = state_->refused_asleep("power"); !refused.ok()) return refused;
    Status first;
    for (MachineDevice& device : state_->devices) {
        nt::io::PnpRequest request;
        request.action = PnpAction::set_device_power;
        request.node = device.node;
        request.device_power = static_cast<DEVICE_POWER_STATE>(PowerDeviceD0 + d_state);
        const NTSTATUS status = nt::io::perform(request);
        state_->after_run();
        if (!NT_SUCCESS(status) && first.ok())
            first = machine::status_of(status, fmt::format("D{} of {}", d_state, device.config.name));
    }
    return first;
}

Status Machine::State::set_system_power(SYSTEM_POWER_STATE state, std::string_view what) {
    nt::io::PnpRequest request;
    request.action = PnpAction::set_system_power;
    request.system_power = state;
    const std::uint64_t begin = sim::trace.count();
    const NTSTATUS status = nt::io::perform(request);
    after_run();
    return NT_SUCCESS(status) ? Status{status, ""} : machine::status_since(begin, status, what);
}

Status Machine::sleep(SleepState state) {
    const auto number = static_cast<unsigned>(state);
    if (number < 1 || number > 4) return machine::status_of(STATUS_INVALID_PARAMETER, "sleep state");
    if (const Status refused = state_->refused_asleep("sleep"); !refused.ok()) return refused;
    return state_->set_system_power(static_cast<SYSTEM_POWER_STATE>(PowerSystemWorking + number),
                                    fmt::format("sleep S{}", number));
}

Status Machine::resume() {
    if (const Status refused = state_->refused_busy("resume"); !refused.ok()) return refused;
    return state_->set_system_power(PowerSystemWorking, "resume");
}

bool Machine::sleeping() const {
    return nt::po::system_power() != PowerSystemWorking;
}

Status Machine::set_exit_latency(ExitLatency latency) {
    const auto wanted = static_cast<PC_EXIT_LATENCY>(latency);
    if (wanted > PcExitLatencyResponsive) return machine::status_of(STATUS_INVALID_PARAMETER, "exit latency");
    const NTSTATUS status = state_->call([&] {
        portcls::demand_exit_latency(wanted);
        return STATUS_SUCCESS;
    });
    return machine::status_of(status, "exit latency");
}

}  // namespace portico
