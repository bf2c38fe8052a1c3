// The way of a message through the whole system, as clients and devices send them, against the targets of
// docs/benchmarks.md. The bare cost beside each: what any port driver must do for a message, or what the
// device model alone costs. `message` is host time per 3-byte message, `ratio` that time by the bare one.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <memory>
#include <vector>

#include "machine/state.h"
#include "midi/stream_parser.h"
#include "portico/portico.h"
#include "sim/bus.h"

namespace portico {
namespace {

using namespace std::chrono_literals;
using benchmark::Counter;

constexpr std::array<std::uint8_t, 3> note{0x90, 60, 100};

double best_ns_of(int batches, int repeats, const auto& body) {
    double best = 1e18;
    for (int batch = 0; batch < batches; ++batch) {
        const auto start = std::chrono::steady_clock::now();
        for (int i = 0; i < repeats; ++i) body();
        const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - start;
        best = std::min(best, taken.count() / repeats);
    }
    return best;
}

void show(benchmark::State& state, double messages_per_iteration, double bare_ns) {
    const double messages = messages_per_iteration * static_cast<double>(state.iterations());
    state.counters["message"] = Counter(messages, Counter::kIsRate | Counter::kInvert);
    state.counters["bare"] = bare_ns * 1e-9;
    state.counters["ratio"] = Counter(messages * bare_ns * 1e-9, Counter::kIsRate | Counter::kInvert);
    state.SetItemsProcessed(static_cast<std::int64_t>(messages));
}

// ---- what cannot be cheaper ----

NTSTATUS NTAPI swallow(void*, PVOID bytes, ULONG count, PULONG written) {
    benchmark::DoNotOptimize(*static_cast<std::uint8_t*>(bytes));
    *written = count;
    return STATUS_SUCCESS;
}

// A message read out of its bytes and given to a function of Microsoft's calling convention.
double bare_render_ns() {
    static const double ns = best_ns_of(10, 100'000, [] {
        static midi::StreamParser parser;
        static NTSTATUS(NTAPI* volatile write)(void*, PVOID, ULONG, PULONG) = swallow;
        const std::uint8_t* at = note.data();
        midi::StreamEvent event;
        while (parser.next(at, note.data() + note.size(), event)) {
            ULONG written = 0;
            if (event.size != 0)
                write(nullptr, const_cast<std::uint8_t*>(event.bytes), static_cast<ULONG>(event.size),
                      &written);
        }
    });
    return ns;
}

// The device model alone: three bytes on the wire, an interrupt line that nobody serves, three reads.
double bare_capture_ns() {
    static const double ns = [] {
        MachineConfig config;
        config.force_irql_checking = false;  // costs milliseconds of host time
        config.driver = PORTICO_BENCH_SINK;
        config.devices = {mpu401()};
        Machine machine = Machine::create(std::move(config)).value();
        hardware::Device& model = *machine.state().devices.front().model;
        sim::bus.write_port(0x331, 1, 0x3f);  // UART mode
        return best_ns_of(5, 2'000, [&] {
            for (const auto byte : note) model.wire()->in.receive(byte, sim::scheduler.now_ns());
            sim::scheduler.run(sim::scheduler.now_ns() + 960'000, nullptr, nullptr);
            for (std::size_t i = 0; i < note.size(); ++i)
                benchmark::DoNotOptimize(sim::bus.read_port(0x330, 1));
        });
    }();
    return ns;
}

// ---- machines ----

struct Started {
    Machine machine;

    Started(const char* driver, std::vector<DeviceConfig> devices)
        : machine(make(driver, std::move(devices))) {
        if (const Status status = machine.start(); !status.ok()) std::abort();
    }
    static Machine make(const char* driver, std::vector<DeviceConfig> devices) {
        MachineConfig config;
        config.force_irql_checking = false;  // costs milliseconds of host time
        config.driver = driver;
        config.devices = std::move(devices);
        return Machine::create(std::move(config)).value();
    }
    Pin open(const std::string& filter, Pin::Direction direction) {
        Pin pin = machine.filter(filter).open(direction).value();
        if (const Status status = pin.run(); !status.ok()) std::abort();
        return pin;
    }
    client::RenderStream& stream(std::size_t index = 0) { return *machine.state().pins[index]->render; }
    // Runs `body` as the client.
    template <class Body>
    void as_client(Body&& body) {
        machine.state().call([&] {
            body();
            return STATUS_SUCCESS;
        });
    }
};

// ---- client to miniport Write ----

constexpr int packet_messages = 256;

void send_packet(client::RenderStream& stream) {
    if (!NT_SUCCESS(stream.begin_packet(packet_messages * 12))) std::abort();
    for (int i = 0; i < packet_messages; ++i) stream.add(0, note);
    if (!NT_SUCCESS(stream.send())) std::abort();
    stream.reap();
}

void render_packed(benchmark::State& state) {
    const double bare_ns = bare_render_ns();
    Started system(PORTICO_BENCH_SINK, {});
    const Pin pin = system.open("Sink0", Pin::Render);
    system.as_client([&] {
        for (auto _ : state) send_packet(system.stream());
    });
    show(state, packet_messages, bare_ns);
}
BENCHMARK(render_packed);

void render_single(benchmark::State& state) {
    const double bare_ns = bare_render_ns();
    Started system(PORTICO_BENCH_SINK, {});
    const Pin pin = system.open("Sink0", Pin::Render);
    system.as_client([&] {
        for (auto _ : state) {
            if (!NT_SUCCESS(system.stream().write(-1, note))) std::abort();
            system.stream().reap();
        }
    });
    show(state, 1, bare_ns);
}
BENCHMARK(render_single);

// One message to each of range(0) pins in turn, each on a port of its own.
void render_many_pins(benchmark::State& state) {
    const auto pins = static_cast<std::size_t>(state.range(0));
    const double bare_ns = bare_render_ns();
    Started system(PORTICO_BENCH_SINK, {});
    std::vector<Pin> open;
    for (std::size_t i = 0; i < pins; ++i)
        open.push_back(system.open("Sink" + std::to_string(i), Pin::Render));
    system.as_client([&] {
        for (auto _ : state) {
            for (int round = 0; round < 64; ++round) {
                client::RenderStream& stream = system.stream(static_cast<std::size_t>(round) % pins);
                if (!NT_SUCCESS(stream.write(-1, note))) std::abort();
                stream.reap();
            }
        }
    });
    show(state, 64, bare_ns);
}
BENCHMARK(render_many_pins)->Arg(1)->Arg(64);

// ---- wire to completed read ----

// The reads are posted ahead. The client takes what has come at each message, or every range(0) ms.
void capture(benchmark::State& state) {
    const double bare_ns = bare_capture_ns();
    Started system(PORTICO_BENCH_MPU401, {mpu401()});
    const Pin pin = system.open("Uart", Pin::Capture);
    constexpr int messages = 256;
    Device device = system.machine.device("mpu401");
    std::vector<std::uint8_t> bytes;
    for (int i = 0; i < messages; ++i) bytes.insert(bytes.end(), note.begin(), note.end());
    Pin::State_& own = *system.machine.state().pins[0];
    LARGE_INTEGER pause;
    pause.QuadPart = -state.range(0) * 10'000;
    for (auto _ : state) {
        device.receive(bytes);
        system.as_client([&] {
            int got = 0;
            while (got < messages) {
                own.capture->harvest([&](ULONGLONG, std::span<const std::uint8_t>) { ++got; });
                own.capture->post();
                if (pause.QuadPart != 0) {
                    KeDelayExecutionThread(KernelMode, FALSE, &pause);
                } else if (got < messages) {
                    system.machine.state().ks.wait_file(own.pin, nullptr);
                }
            }
        });
    }
    show(state, messages, bare_ns);
}
BENCHMARK(capture)->Arg(0)->Arg(10);

// ---- the wire's speed ----

// A wire that is never idle: simulated seconds per second of the host.
void wire_speed(benchmark::State& state) {
    Started system(PORTICO_BENCH_MPU401, {mpu401({.transmit_fifo_bytes = 1})});
    Pin pin = system.open("Uart", Pin::Render);
    double simulated_s = 0;
    for (auto _ : state) {
        const auto before = system.machine.now();
        system.as_client([&] { send_packet(system.stream()); });
        if (!pin.drain(1s).ok()) std::abort();
        simulated_s += std::chrono::duration<double>(system.machine.now() - before).count();
    }
    state.counters["times_real_time"] = Counter(simulated_s, Counter::kIsRate);
}
BENCHMARK(wire_speed);

// ---- machines a second ----

void machine_life(benchmark::State& state) {
    for (auto _ : state) {
        Started system(PORTICO_BENCH_MPU401, {mpu401()});
        {
            Pin pin = system.open("Uart", Pin::Render);
            if (!pin.write(note).ok()) std::abort();
            Device device = system.machine.device("mpu401");
            if (!system.machine.run_until([&] { return device.wire().size() == 3; }, 10ms)) std::abort();
            if (!pin.stop().ok()) std::abort();
        }
        if (!system.machine.remove().ok() || !system.machine.unload().ok()) std::abort();
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(machine_life);

}  // namespace
}  // namespace portico
