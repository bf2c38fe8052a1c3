// Other resources for a device that stops and starts again (LC-051, LC-052). Devices that are in its way go
// elsewhere, where their INFs have alternatives: they stop and start with it.
#include <fmt/format.h>

#include <charconv>

#include "base/check.h"
#include "machine/device_parameters.h"
#include "machine/device_resources.h"
#include "machine/state.h"

namespace portico {
namespace {

using machine::OfLogConfigs;
using machine::Placed;
using nt::io::PnpAction;
using Parameters = std::map<std::string, std::string>;

constexpr const char* log_config_key = "log_config";

// The model with other parameters, to see whether they are possible. Its description stays: only what has one
// value can change.
Result<std::unique_ptr<hardware::Device>> model_with(const MachineDevice& device,
                                                     const Parameters& parameters) {
    DeviceConfig config = device.config;
    for (const auto& [key, value] : parameters) {
        if (device.model->takes_tree(key)) return Error{fmt::format("{} cannot change", key)};
        config.parameters[key] = value;
    }
    return machine::make_model(config);
}

Parameters place_of(const hardware::Device& model) {
    Parameters place;
    for (const char* const key : {"port", "irq", "dma", "memory"}) {
        if (const std::string text = model.text(key); !text.empty()) place[key] = text;
    }
    return place;
}

void append(std::vector<Resource>& to, const std::vector<Resource>& more) {
    to.insert(to.end(), more.begin(), more.end());
}

Status refusal(NTSTATUS status, const std::string& why) {
    return {status, "rebalance: " + why};
}

}  // namespace

// Where an INF's LogConfig puts the device.
Status Machine::State::plan_log_config(const std::string& text, Move& move) const {
    MachineDevice& device = *move.device;
    const std::size_t count = device.installed == nullptr ? 0 : device.installed->log_configs.size();
    OfLogConfigs which{true, 0};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), which.number);
    if (error != std::errc() || end != text.data() + text.size() || which.number == 0 || which.number > count)
        return refusal(
            STATUS_INVALID_PARAMETER,
            fmt::format("the INF of {} has {} LogConfigs, and not \"{}\"", device.config.name, count, text));
    if (!device.installed->log_configs[which.number - 1].soft())
        return refusal(STATUS_INVALID_PARAMETER,
                       fmt::format("LogConfig {} of {} is not for a computer that runs (its ConfigPriority)",
                                   text, device.config.name));
    const Placed placed = plan_by_inf(move, taken_for(device), which);
    if (placed == Placed::placed) return {};
    return placed == Placed::taken
               ? refusal(STATUS_CONFLICTING_ADDRESSES,
                         fmt::format("other devices have what LogConfig {} of {} needs", text,
                                     device.config.name))
               : refusal(STATUS_INVALID_PARAMETER,
                         fmt::format("LogConfig {} of {} is not one that its model can have", text,
                                     device.config.name));
}

Placed Machine::State::plan_by_inf(Move& move, const std::vector<Resource>& taken, OfLogConfigs which) const {
    const MachineDevice& device = *move.device;
    if (!device.model) {
        auto resources = machine::resources_of(*device.installed, taken, which);
        if (!resources) return Placed::taken;
        move.resources = std::move(*resources);
        return Placed::placed;
    }
    const auto model = machine::make_model(device.config);
    if (!model.ok()) return Placed::unsuited;
    const Placed placed = machine::place(**model, *device.installed, taken, which);
    if (placed == Placed::placed) move.parameters = place_of(**model);
    return placed;
}

// Whoever is where the device goes, and has somewhere else to be.
void Machine::State::plan_others(const std::vector<Resource>& wanted, std::vector<Move>& moves) {
    for (MachineDevice& other : devices) {
        if (&other == moves.front().device || !other.by_inf ||
            other.node->state != nt::io::NodeState::started ||
            machine::is_free(resources_for(other), wanted, true))
            continue;
        // Where the first one was is free only once it has gone.
        std::vector<Resource> taken = taken_for(other);
        append(taken, wanted);
        Move move{&other, {}, {}};
        if (plan_by_inf(move, taken, {true, 0}) == Placed::placed) moves.push_back(std::move(move));
    }
}

Status Machine::State::stop_for(const std::vector<Move>& moves) {
    for (std::size_t i = 0; i < moves.size(); ++i) {
        Status status = perform_one(PnpAction::query_stop, *moves[i].device, "query-stop");
        if (status.ok()) continue;
        for (std::size_t j = 0; j < i && !bug_checked(); ++j)
            (void)perform_one(PnpAction::cancel_stop, *moves[j].device, "cancel-stop");
        return status;
    }
    for (const Move& move : moves) {
        if (const Status status = perform_one(PnpAction::stop, *move.device, "stop"); !status.ok())
            return status;
    }
    return {};
}

// The device is stopped. On an error it is where it was.
Status Machine::State::carry_out(const Move& wanted) {
    MachineDevice& device = *wanted.device;
    if (!device.model) device.resources = wanted.resources;
    if (device.model && !wanted.parameters.empty()) {
        hardware::Device& model = *device.model;
        Parameters before;
        const auto place = [&](const Parameters& at) -> Result<void> {
            model.power_off();
            for (const auto& [key, value] : at) {
                before.emplace(key, model.text(key));
                PORTICO_TRY_VOID(model.set(key, value));
            }
            return machine::power_on(model, sim::scheduler.now_ns());
        };
        const Result<void> moved = place(wanted.parameters);
        if (!moved.ok()) {
            const Result<void> back = place(Parameters(before));
            PORTICO_CHECK(back.ok());
            return {STATUS_CONFLICTING_ADDRESSES, moved.error().message};
        }
        for (const auto& [key, value] : wanted.parameters) device.config.parameters[key] = value;
    }
    std::vector<nt::io::Resource> given;
    for (const Resource& resource : resources_for(device)) given.push_back(machine::to_nt(resource));
    nt::io::set_resources(*device.node, given.data(), static_cast<unsigned>(given.size()));
    return {};
}

Status Machine::State::plan(const Parameters& parameters, std::vector<Move>& moves) {
    Move& first = moves.front();
    const MachineDevice& device = *first.device;
    if (const auto number = parameters.find(log_config_key); number != parameters.end()) {
        if (parameters.size() == 1) return plan_log_config(number->second, first);
        return refusal(STATUS_INVALID_PARAMETER, "log_config stands alone");
    }
    first.parameters = parameters;
    first.resources = device.resources;
    if (parameters.empty()) return {};
    if (!device.model)
        return refusal(STATUS_INVALID_PARAMETER,
                       fmt::format("{} has no hardware whose resources could change", device.config.name));
    const auto model = model_with(device, parameters);
    if (!model.ok()) return refusal(STATUS_INVALID_PARAMETER, model.error().message);
    plan_others(machine::resources_of(**model), moves);
    return {};
}

Status Machine::rebalance(const Parameters& parameters, std::string_view name) {
    State& m = *state_;
    if (const Status refused = m.refused_asleep("rebalance"); !refused.ok()) return refused;
    MachineDevice* const device = name.empty() ? &m.devices.front() : m.find_device(name);
    if (device == nullptr)
        return {STATUS_NO_SUCH_DEVICE, fmt::format("rebalance: the machine has no device \"{}\"", name)};
    std::vector<State::Move> moves{{device, {}, {}}};
    if (const Status planned = m.plan(parameters, moves); !planned.ok()) return planned;
    if (const Status stopped = m.stop_for(moves); !stopped.ok()) return stopped;
    // Those in the way go first.
    Status result;
    for (auto move = moves.rbegin(); move != moves.rend(); ++move) {
        const Status moved = m.carry_out(*move);
        if (result.ok()) result = moved;
    }
    for (const State::Move& move : moves) {
        const Status started = m.perform_one(PnpAction::start, *move.device, "start");
        if (result.ok()) result = started;
    }
    return result;
}

}  // namespace portico
