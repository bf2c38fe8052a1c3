// A device's way from D0 to D3 and back with everything running, against the target of docs/benchmarks.md.
// The bare cost beside it: two power IRPs through the same stack that change nothing.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <vector>

#include "machine/state.h"
#include "nt/po/po.h"
#include "portico/portico.h"

namespace portico {
namespace {

constexpr unsigned ports = 16;

struct Done {
    KEVENT event;
};

void NTAPI done(PDEVICE_OBJECT, UCHAR, POWER_STATE, PVOID context, PIO_STATUS_BLOCK) {
    nt::ke::set_event(&static_cast<Done*>(context)->event);
}

void send(nt::io::DeviceNode& node, UCHAR minor, DEVICE_POWER_STATE wanted) {
    Done waiting;
    nt::ke::initialize_event(&waiting.event, NotificationEvent, false);
    POWER_STATE state{};
    state.DeviceState = wanted;
    if (nt::po::request(node.pdo, minor, state, done, &waiting, nullptr) != STATUS_PENDING) std::abort();
    nt::ke::wait(&waiting.event, KernelMode, false, nullptr);
}

struct System {
    Machine machine = make();
    std::vector<Pin> pins;

    System() {
        if (!machine.start().ok()) std::abort();
        for (unsigned i = 0; i < ports; ++i) {
            pins.push_back(machine.filter("Sink" + std::to_string(i)).open(Pin::Render).value());
            if (!pins.back().run().ok()) std::abort();
        }
    }
    static Machine make() {
        MachineConfig config;
        config.force_irql_checking = false;  // costs milliseconds of host time
        config.driver = PORTICO_BENCH_SINK16;
        return Machine::create(std::move(config)).value();
    }
    nt::io::DeviceNode& node() { return *machine.state().devices.front().node; }
    template <class Body>
    void inside(Body&& body) {
        machine.state().call([&] {
            body();
            return STATUS_SUCCESS;
        });
    }
};

void down_and_up(benchmark::State& state) {
    System system;
    system.inside([&] {
        for (auto _ : state) {
            send(system.node(), IRP_MN_SET_POWER, PowerDeviceD3);
            send(system.node(), IRP_MN_SET_POWER, PowerDeviceD0);
        }
    });
}
BENCHMARK(down_and_up);

void bare_power_irps(benchmark::State& state) {
    System system;
    system.inside([&] {
        for (auto _ : state) {
            send(system.node(), IRP_MN_QUERY_POWER, PowerDeviceD0);
            send(system.node(), IRP_MN_QUERY_POWER, PowerDeviceD0);
        }
    });
}
BENCHMARK(bare_power_irps);

}  // namespace
}  // namespace portico
