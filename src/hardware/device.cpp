#include "hardware/device.h"

#include <fmt/format.h>

#include <set>
#include <string>
#include <utility>

#include "base/check.h"
#include "sim/scheduler.h"

namespace portico::hardware {
namespace {

constexpr std::size_t most_names = 4096;

std::uint32_t all_ones(unsigned width) {
    return width >= 4 ? ~0u : (1u << (8 * width)) - 1;
}

}  // namespace

const char* lasting_name(std::string_view name) {
    static auto* const names = new std::set<std::string, std::less<>>;
    const auto found = names->find(name);
    if (found != names->end()) return found->c_str();
    return names->size() < most_names ? names->emplace(name).first->c_str() : nullptr;
}

std::uint32_t Device::Gone::read(std::uint32_t, unsigned width, Nanoseconds) {
    return all_ones(width);
}

std::uint32_t Device::SleepingRegisters::read(std::uint32_t offset, unsigned width, Nanoseconds) {
    if (device_.asleep_callback_ != nullptr) device_.asleep_callback_(device_, offset, false);
    return all_ones(width);
}

void Device::SleepingRegisters::write(std::uint32_t offset, unsigned, std::uint32_t, Nanoseconds) {
    if (device_.asleep_callback_ != nullptr) device_.asleep_callback_(device_, offset, true);
}

Device::Device(const Model& model, const char* name, void* options)
    : model_(model), name_(name), options_(options) {}

Device::~Device() {
    if (bus_ == nullptr) return;
    line_.lower(sim::this_processor->at_ns);
    release();
}

Result<void> Device::set(std::string_view key, const Value& value) {
    if (powered()) return Error{fmt::format("{}: {} cannot change while the device has power", name_, key)};
    return set_parameter(model_.parameters, options_, name_, key, value);
}

std::string Device::text(std::string_view key) const {
    const Parameter* const parameter = find_parameter(model_.parameters, key);
    return parameter == nullptr ? std::string() : text_of(*parameter, options_);
}

bool Device::takes_tree(std::string_view) const {
    return false;
}

std::optional<TreeError> Device::set_tree(std::string_view key, const Tree& tree) {
    return TreeError{tree.line, std::string(key), "is no list and no table of this device"};
}

bool Device::claim(sim::BusDevice* instead) {
    const auto pick = [&](const Range& range) -> sim::BusDevice& {
        return instead != nullptr ? *instead : *range.registers;
    };
    for (const Range& range : claimed_.ports) {
        if (!bus_->claim_ports(static_cast<std::uint32_t>(range.base),
                               static_cast<std::uint32_t>(range.length), pick(range))) {
            return false;
        }
    }
    for (const Range& range : claimed_.memory) {
        if (!bus_->claim_memory(range.base, range.length, pick(range))) return false;
    }
    return true;
}

void Device::release() {
    for (const auto* ranges : {&claimed_.ports, &claimed_.memory}) {
        for (const Range& range : *ranges) bus_->release(*range.registers);
    }
    bus_->release(gone_);
    bus_->release(sleeping_);
}

Result<void> Device::power_on(sim::Bus& bus, sim::IrqLine* line, Nanoseconds now_ns) {
    power_off();
    PORTICO_TRY_VOID(check());
    claimed_ = resources();
    if (claimed_.irq && line == nullptr) {
        return Error{
            fmt::format("{}: the machine has no interrupt {}; give another irq", name_, *claimed_.irq)};
    }
    bus_ = &bus;
    if (!claim(nullptr)) {
        release();
        bus_ = nullptr;
        std::string ranges;
        for (const Range& range : claimed_.ports) {
            ranges += fmt::format(" ports {:#x}-{:#x}", range.base, range.base + range.length - 1);
        }
        for (const Range& range : claimed_.memory) {
            ranges += fmt::format(" memory {:#x}-{:#x}", range.base, range.base + range.length - 1);
        }
        return Error{fmt::format("{}: another device is at{}, or the bus is full; give other addresses",
                                 name_, ranges)};
    }
    line_ = claimed_.irq ? sim::IrqSource(*line, name_) : sim::IrqSource();
    removed_ = asserting_ = false;
    power_state_ = 0;
    powered_on_ns_ = now_ns;
    start(now_ns, Start::power_on);
    return {};
}

void Device::power_off() {
    if (!powered()) return;
    const Nanoseconds now_ns = sim::this_processor->at_ns;
    stop(now_ns);
    line_.lower(now_ns);
    release();
    bus_ = nullptr;
    removed_ = asserting_ = false;
    power_state_ = 0;
}

void Device::reset(Nanoseconds now_ns) {
    if (!powered() || removed_) return;
    stop(now_ns);
    asserting_ = false;
    line_.lower(now_ns);
    start(now_ns, Start::reset);
}

// The outside world goes on meanwhile: what it sends to a device that has just been reset is lost.
void Device::set_power(unsigned d_state, Nanoseconds now_ns) {
    if (!powered() || removed_ || d_state == power_state_) return;
    const unsigned before = std::exchange(power_state_, d_state);
    if (d_state == 3) reset(now_ns);
    if (before == 0) {
        line_.lower(now_ns);
        release();
        PORTICO_CHECK(claim(&sleeping_));
    } else if (d_state == 0) {
        release();
        PORTICO_CHECK(claim(nullptr));
        set_line(asserting_, now_ns);
    }
}

void Device::remove(Nanoseconds now_ns) {
    if (front_ != nullptr) return front_->remove(now_ns);
    if (!powered() || removed_) return;
    removed_ = true;
    stop(now_ns);
    line_.lower(now_ns);
    release();
    PORTICO_CHECK(claim(&gone_));
    if (removed_callback_ != nullptr) removed_callback_(removed_context_, *this, now_ns);
}

}  // namespace portico::hardware
