#include "machine/scenario_run.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

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

// As a client of its own, which opens the filter, asks and closes it.
Status send_ioctl(Machine& machine, const ScenarioStep& step) {
    Machine::State& m = machine.state();
    const std::u16string path = m.filter_path(step.filter);
    if (path.empty())
        return {STATUS_OBJECT_NAME_NOT_FOUND,
                fmt::format("ioctl: no subdevice \"{}\" is registered", step.filter)};
    std::vector<std::uint8_t> out(step.out_size);
    const NTSTATUS status = m.call([&] {
        HANDLE filter = nullptr;
        NTSTATUS result = m.ks.open_filter(path, &filter);
        if (!NT_SUCCESS(result)) return result;
        std::size_t returned = 0;
        result = m.ks.control(filter, step.code, step.in, out, &returned);
        m.ks.close(filter);
        return result;
    });
    return status_of(status, fmt::format("IOCTL {:#x}", step.code));
}

}  // namespace

Nanoseconds ScenarioRun::next_ns() const {
    return over() ? std::numeric_limits<Nanoseconds>::max() : (*scenario_)[next_].at_ns;
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
        case Action::ioctl:
            return send_ioctl(machine, step);
    }
    return {};
}

const ScenarioStep* ScenarioRun::step(Machine& machine, Nanoseconds now_ns) {
    const ScenarioStep& step = (*scenario_)[next_++];
    const Status status = perform(machine, step);
    std::string name = status_name(status.code);
    name.resize(std::min(name.find(' '), name.size()));
    results_.push_back({now_ns, step.text, status.code, std::move(name), status.message});
    if (!status.ok()) return nullptr;
    disturbed_ = disturbed_ || disturbs(step);
    return &step;
}

}  // namespace portico::machine
