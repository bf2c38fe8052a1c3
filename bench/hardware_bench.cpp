// What the device models cost the host. The bare cost beside it: a loop of the same work without a simulated
// computer.
#include <benchmark/benchmark.h>

#include "hardware/models.h"
#include "hardware/mpu401/mpu401.h"
#include "sim/scheduler.h"

namespace portico {
namespace {

using hardware::Mpu401;
using sim::scheduler;

// A machine with one MPU-401 in UART mode and a thread that runs `body`.
class Machine {
  public:
    using Body = void (*)(Machine&);

    Machine(const Mpu401::Options& options, Body body) : mpu("mpu401", options), body_(body) {
        scheduler.hooks = {};
        scheduler.reset(2, 1);
        sim::bus.reset();
        (void)mpu.power_on(sim::bus, &scheduler.lines[9], 0);
        thread_.name = "client";
        scheduler.start(
            thread_,
            [](void* self) {
                static_cast<Machine*>(self)->body_(*static_cast<Machine*>(self));
                static_cast<Machine*>(self)->done_ = true;
                for (;;) scheduler.block();
            },
            this);
    }
    ~Machine() { thread_.fiber.release(); }
    void run() {
        scheduler.run(
            never_ns, [](void* self) { return static_cast<Machine*>(self)->done_; }, this);
    }

    void enter_uart_mode() {
        sim::bus.write_port(0x331, 1, 0x3f);
        while ((sim::bus.read_port(0x331, 1) & 0x80) != 0) {
        }
        sim::bus.read_port(0x330, 1);
    }
    void send(std::uint8_t byte) {
        while ((sim::bus.read_port(0x331, 1) & 0x40) != 0) {
        }
        sim::bus.write_port(0x330, 1, byte);
    }

    Mpu401 mpu;
    benchmark::State* state = nullptr;

  private:
    Body body_;
    sim::Thread thread_;
    bool done_ = false;
};

void mpu401_status_read(benchmark::State& state) {
    Machine machine({}, [](Machine& m) {
        m.enter_uart_mode();
        for (auto _ : *m.state) {
            benchmark::DoNotOptimize(sim::bus.read_port(0x331, 1));
            benchmark::DoNotOptimize(sim::bus.read_port(0x330, 1));
        }
    });
    machine.state = &state;
    machine.run();
    state.SetItemsProcessed(2 * state.iterations());
}
BENCHMARK(mpu401_status_read);

// Bytes through a transmit FIFO of range(0), each after a poll that finds room. The counter is how much
// faster than 31250 baud.
void mpu401_stream(benchmark::State& state) {
    Machine machine({.tx_depth = static_cast<std::uint32_t>(state.range(0))}, [](Machine& m) {
        m.enter_uart_mode();
        for (auto _ : *m.state) m.send(0x42);
    });
    machine.state = &state;
    machine.run();
    state.SetItemsProcessed(state.iterations());
    state.counters["real_time_x"] =
        benchmark::Counter(320e-6 * static_cast<double>(state.iterations()), benchmark::Counter::kIsRate);
}
BENCHMARK(mpu401_stream)->Arg(1)->Arg(64);

// Bytes from the wire, each read by a service routine.
struct Endless : hardware::WireInput {
    bool next(Nanoseconds* at_ns, std::uint8_t* byte) override {
        *at_ns = 0;
        *byte = 0xf8;
        return true;
    }
};

void mpu401_receive(benchmark::State& state) {
    Machine machine({}, [](Machine& m) {
        m.enter_uart_mode();
        scheduler.lines[9].connect(
            [](void*, sim::IrqLine&) {
                while ((sim::bus.read_port(0x331, 1) & 0x80) == 0) sim::bus.read_port(0x330, 1);
                return true;
            },
            nullptr, ~0u);
    });
    machine.run();
    Endless input;
    machine.mpu.wire()->in.connect(&input);
    for (auto _ : state) scheduler.run(scheduler.now_ns() + 1'000 * hardware::midi_byte_ns, nullptr, nullptr);
    machine.mpu.wire()->in.connect(nullptr);
    state.SetItemsProcessed(1'000 * state.iterations());
}
BENCHMARK(mpu401_receive);

// One access of each model's status; of a PCI function's BAR in memory, too.
void access(benchmark::State& state, const char* model, bool in_memory, std::uint32_t offset) {
    scheduler.hooks = {};
    scheduler.reset(2, 1);
    sim::bus.reset();
    const auto device = hardware::create_device(model, "bench").value();
    if (in_memory) (void)device->set("bars", std::string("memory"));
    const auto needs = device->resources();
    (void)device->power_on(sim::bus, needs.irq ? &scheduler.lines[*needs.irq] : nullptr, 0);
    const std::uint64_t at = (in_memory ? needs.memory : needs.ports)[0].base + offset;
    for (auto _ : state) {
        benchmark::DoNotOptimize(in_memory ? sim::bus.read_memory(at, 1)
                                           : sim::bus.read_port(static_cast<std::uint32_t>(at), 1));
        benchmark::DoNotOptimize(in_memory ? sim::bus.read_memory(at + 1, 1)
                                           : sim::bus.read_port(static_cast<std::uint32_t>(at + 1), 1));
    }
    state.SetItemsProcessed(2 * state.iterations());
    device->power_off();
}
BENCHMARK_CAPTURE(access, opl3, "opl3", false, 0);
BENCHMARK_CAPTURE(access, sb16_mixer, "sb16", false, 4);
BENCHMARK_CAPTURE(access, pci_ports, "pci:mpu401", false, 0);
BENCHMARK_CAPTURE(access, pci_memory, "pci:mpu401", true, 0);
BENCHMARK_CAPTURE(access, recorder, "recorder", false, 0);

void create_and_power(benchmark::State& state) {
    scheduler.reset(2, 1);
    for (auto _ : state) {
        Mpu401 mpu("mpu401");
        (void)mpu.power_on(sim::bus, &scheduler.lines[9], 0);
    }
}
BENCHMARK(create_and_power);

}  // namespace
}  // namespace portico
