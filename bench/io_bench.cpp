// What requests and ports cost the host: an IRP's allocation, an IOCTL to a driver that completes it, a port
// access.
#include <benchmark/benchmark.h>

#include "nt/io/io.h"
#include "nt/reset.h"
#include "sim/bus.h"
#include "sim/scheduler.h"

namespace portico {
namespace {

using namespace nt;

// Runs a benchmark's loop on a simulated thread.
struct OnThread {
    using Loop = void (*)(benchmark::State& state);
    benchmark::State* state;
    Loop loop;
    bool done = false;

    OnThread(benchmark::State& benchmark_state, Loop body) : state(&benchmark_state), loop(body) {
        sim::scheduler.reset(2, 1);
        nt::reset();
        ke::create_thread("bench", main, this);
        sim::scheduler.run(
            never_ns, [](void* self) { return static_cast<OnThread*>(self)->done; }, this);
    }
    static void NTAPI main(void* context) {
        auto& own = *static_cast<OnThread*>(context);
        own.loop(*own.state);
        own.done = true;
    }
};

NTSTATUS NTAPI complete_at_once(PDEVICE_OBJECT, PIRP irp) {
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

HANDLE open_device() {
    PDRIVER_OBJECT const driver = io::make_host_driver(u"bench");
    for (auto& routine : driver->MajorFunction) routine = complete_at_once;
    UNICODE_STRING name = ob::string(u"\\Device\\Bench");
    PDEVICE_OBJECT device = nullptr;
    IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    HANDLE file = nullptr;
    io::open_file(name, FILE_READ_DATA | FILE_WRITE_DATA, false, KernelMode, &file);
    return file;
}

template <ULONG Method>
void control(benchmark::State& state) {
    OnThread(state, [](benchmark::State& s) {
        const HANDLE file = open_device();
        char buffer[64] = {};
        IO_STATUS_BLOCK iosb{};
        for (auto _ : s) {
            io::device_io_control(file, {}, CTL_CODE(FILE_DEVICE_UNKNOWN, 0x800, Method, FILE_ANY_ACCESS),
                                  buffer, 24, buffer, sizeof buffer, &iosb, KernelMode);
        }
    });
}
BENCHMARK_TEMPLATE(control, METHOD_NEITHER);
BENCHMARK_TEMPLATE(control, METHOD_BUFFERED);
BENCHMARK_TEMPLATE(control, METHOD_OUT_DIRECT);

void irp_pair(benchmark::State& state) {
    OnThread(state, [](benchmark::State& s) {
        for (auto _ : s) {
            PIRP const irp = IoAllocateIrp(2, FALSE);
            benchmark::DoNotOptimize(irp);
            IoFreeIrp(irp);
        }
    });
}
BENCHMARK(irp_pair);

struct Register final : sim::BusDevice {
    std::uint32_t read(std::uint32_t, unsigned, Nanoseconds) override { return value; }
    void write(std::uint32_t, unsigned, std::uint32_t written, Nanoseconds) override { value = written; }
    std::uint32_t value = 0;
};

void port_write(benchmark::State& state) {
    OnThread(state, [](benchmark::State& s) {
        static Register device;
        sim::bus.reset();
        if (!sim::bus.claim_ports(0x330, 2, device)) s.SkipWithError("the port is taken");
        UCHAR value = 0;
        for (auto _ : s) WRITE_PORT_UCHAR(reinterpret_cast<PUCHAR>(0x330), value++);
    });
}
BENCHMARK(port_write);

void port_read(benchmark::State& state) {
    OnThread(state, [](benchmark::State& s) {
        static Register device;
        sim::bus.reset();
        if (!sim::bus.claim_ports(0x330, 2, device)) s.SkipWithError("the port is taken");
        for (auto _ : s) benchmark::DoNotOptimize(READ_PORT_UCHAR(reinterpret_cast<PUCHAR>(0x331)));
    });
}
BENCHMARK(port_read);

}  // namespace
}  // namespace portico
