#include "machine/scenario_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>

#include "machine/state.h"

namespace portico::machine {
namespace {

using Action = ScenarioStep::Action;

bool disturbs(const ScenarioStep& step) {
    switch (step.action) {
        case Action::stop:
        case Action::rebalance:
        case Action::remove:
        case Action::disable:
        case Action::surprise_remove:
        case Action::sleep:
        case Action::close:
            return true;
        case Action::power:
            return step.number != 0;
        default:
            return false;
    }
}

// How long a step waits for its request, in simulated time: the song goes on meanwhile without its client.
constexpr std::chrono::nanoseconds ioctl_limit = std::chrono::seconds(1);

}  // namespace

Nanoseconds ScenarioRun::next_ns() const {
    return over() ? std::numeric_limits<Nanoseconds>::max() : (*scenario_)[next_].at_ns;
}

// With the handle that an "open DEVICE" left open, or one of its own.
Status ScenarioRun::send_ioctl(Machine& machine, const ScenarioStep& step) {
    if (const Status asleep = machine.state().refused_asleep("ioctl"); !asleep.ok()) return asleep;
    std::optional<File> own;
    const auto kept = files_.find(step.target);
    if (kept == files_.end()) {
        Status status;
        auto opened = machine.open(step.target, {.as = step.as}, &status);
        if (!opened.ok()) return status;
        own = std::move(opened).value();
    }
    File& file = own ? *own : kept->second;
    std::vector<std::uint8_t> out = step.data;
    out.resize(std::max<std::size_t>(out.size(), step.out_size));
    std::size_t returned = 0;
    const Status status = file.ioctl(step.code, step.in, out, &returned, ioctl_limit);
    out.resize(std::min(returned, out.size()));
    answer_ = std::move(out);
    return status;
}

Status ScenarioRun::open_device(Machine& machine, const ScenarioStep& step) {
    if (files_.contains(step.target))
        return {STATUS_SHARING_VIOLATION, "open: this scenario has " + step.target + " open already"};
    Status status;
    auto opened = machine.open(step.target, {.as = step.as}, &status);
    if (opened.ok()) files_.emplace(step.target, std::move(opened).value());
    return status;
}

Status ScenarioRun::close_device(const ScenarioStep& step) {
    if (files_.erase(step.target) != 0) return {};
    return {STATUS_INVALID_HANDLE, "close: this scenario has not opened " + step.target};
}

Status ScenarioRun::perform(Machine& machine, const ScenarioStep& step) {
    switch (step.action) {
        case Action::query_stop:
            return machine.query_stop();
        case Action::cancel_stop:
            return machine.cancel_stop();
        case Action::stop:
            return machine.stop();
        case Action::start:
            return machine.restart();
        case Action::rebalance:
            return machine.rebalance(step.parameters, step.device);
        case Action::query_remove:
            return machine.query_remove();
        case Action::cancel_remove:
            return machine.cancel_remove();
        case Action::remove:
            return machine.remove();
        case Action::disable:
            return machine.disable();
        case Action::enable:
            return machine.enable();
        case Action::surprise_remove:
            return machine.surprise_remove();
        case Action::replug:
            return machine.replug();
        case Action::power:
            return machine.set_power(step.number);
        case Action::sleep:
            return machine.sleep(static_cast<SleepState>(step.number));
        case Action::resume:
            return machine.resume();
        case Action::exit_latency:
            return machine.set_exit_latency(static_cast<ExitLatency>(step.number));
        case Action::close:
            return client_.close();
        case Action::open:
            return client_.open();
        case Action::open_device:
            return open_device(machine, step);
        case Action::close_device:
            return close_device(step);
        case Action::ioctl:
            return send_ioctl(machine, step);
    }
    return {};
}

const ScenarioStep* ScenarioRun::step(Machine& machine, Nanoseconds now_ns) {
    const ScenarioStep& step = (*scenario_)[next_++];
    answer_.clear();
    const Status status = perform(machine, step);
    std::string name = status_name(status.code);
    name.resize(std::min(name.find(' '), name.size()));
    constexpr std::size_t shown = 100;  // the bytes of an ioctl may be many
    const std::string text = step.text.size() <= shown ? step.text : step.text.substr(0, shown) + "...";
    results_.push_back({now_ns, text, status.code, std::move(name), status.message, answer_});
    if (!status.ok()) return nullptr;
    disturbed_ = disturbed_ || disturbs(step);
    return &step;
}

}  // namespace portico::machine
