// What a client's questions cost: a property from its request to its answer, and opening and closing a pin,
// beside the bare cost of an IOCTL to a driver that completes it at once.
#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>

#include "machine/state.h"
#include "nt/io/io.h"
#include "portico/portico.h"

namespace portico {
namespace {

using benchmark::Counter;

struct Started {
    Machine machine = make();

    Started() {
        if (const Status status = machine.start(); !status.ok()) std::abort();
    }
    static Machine make() {
        MachineConfig config;
        config.driver = PORTICO_BENCH_SINK;
        return Machine::create(std::move(config)).value();
    }
    Machine::State& m() { return machine.state(); }
    // Runs `body` as the client.
    template <class Body>
    void as_client(Body&& body) {
        m().call([&] {
            body();
            return STATUS_SUCCESS;
        });
    }
    ~Started() {
        as_client([&] {
            for (HANDLE const file : {pin, filter}) {
                if (file != nullptr) m().ks.close(file);
            }
        });
    }
    void open_filter() {
        as_client([&] {
            if (!NT_SUCCESS(m().ks.open_filter(m().filter_path("Sink0"), &filter))) std::abort();
        });
    }
    void open_pin() {
        open_filter();
        as_client([&] {
            if (!NT_SUCCESS(m().ks.create_pin(filter, 0, &pin))) std::abort();
        });
    }
    HANDLE filter = nullptr;
    HANDLE pin = nullptr;
};

// The client's buffers: status block, request, answer.
struct Request {
    IO_STATUS_BLOCK status;
    alignas(8) KSP_PIN property;
    alignas(8) ULONG answer;
};

Request& make_request(Started& system, const GUID& set, ULONG id) {
    auto* const request = static_cast<Request*>(system.m().ks.heap().allocate(sizeof(Request)));
    *request = {};
    request->property.Property.Set = set;
    request->property.Property.Id = id;
    request->property.Property.Flags = KSPROPERTY_TYPE_GET;
    return *request;
}

void send(HANDLE file, Request& request, ULONG code, ULONG size) {
    nt::io::device_io_control(file, {}, code, &request.property, size, &request.answer, sizeof request.answer,
                              &request.status, UserMode);
    if (request.status.Status != STATUS_SUCCESS) std::abort();
}

NTSTATUS NTAPI complete_at_once(PDEVICE_OBJECT, PIRP irp) {
    irp->IoStatus.Status = STATUS_SUCCESS;
    irp->IoStatus.Information = 0;
    IoCompleteRequest(irp, IO_NO_INCREMENT);
    return STATUS_SUCCESS;
}

HANDLE open_bare_device() {
    PDRIVER_OBJECT const driver = nt::io::make_host_driver(u"bench");
    for (auto& routine : driver->MajorFunction) routine = complete_at_once;
    UNICODE_STRING name = nt::ob::string(u"\\Device\\Bench");
    PDEVICE_OBJECT device = nullptr;
    IoCreateDevice(driver, 0, &name, FILE_DEVICE_UNKNOWN, 0, FALSE, &device);
    device->Flags &= ~DO_DEVICE_INITIALIZING;
    HANDLE file = nullptr;
    nt::io::open_file(name, FILE_READ_DATA | FILE_WRITE_DATA, false, KernelMode, &file);
    return file;
}

double bare_ns() {
    static const double ns = [] {
        Started system;
        double best = 1e18;
        system.as_client([&] {
            HANDLE const file = open_bare_device();
            Request& request = make_request(system, GUID{}, 0);
            for (int batch = 0; batch < 20; ++batch) {
                const auto start = std::chrono::steady_clock::now();
                for (int i = 0; i < 10'000; ++i) send(file, request, IOCTL_KS_PROPERTY, sizeof(KSP_PIN));
                const std::chrono::duration<double, std::nano> taken =
                    std::chrono::steady_clock::now() - start;
                best = std::min(best, taken.count() / 10'000);
            }
        });
        return best;
    }();
    return ns;
}

void show(benchmark::State& state) {
    const auto iterations = static_cast<double>(state.iterations());
    state.counters["bare"] = bare_ns() * 1e-9;
    state.counters["ratio"] = Counter(iterations * bare_ns() * 1e-9, Counter::kIsRate | Counter::kInvert);
}

void get_pin_data_flow(benchmark::State& state) {
    bare_ns();
    Started system;
    system.open_filter();
    system.as_client([&] {
        Request& request = make_request(system, KSPROPSETID_Pin, KSPROPERTY_PIN_DATAFLOW);
        for (auto _ : state) send(system.filter, request, IOCTL_KS_PROPERTY, sizeof(KSP_PIN));
    });
    show(state);
}
BENCHMARK(get_pin_data_flow);

void get_connection_state(benchmark::State& state) {
    bare_ns();
    Started system;
    system.open_pin();
    system.as_client([&] {
        Request& request = make_request(system, KSPROPSETID_Connection, KSPROPERTY_CONNECTION_STATE);
        for (auto _ : state) send(system.pin, request, IOCTL_KS_PROPERTY, sizeof(KSPROPERTY));
    });
    show(state);
}
BENCHMARK(get_connection_state);

void open_and_close_pin(benchmark::State& state) {
    bare_ns();
    Started system;
    system.open_filter();
    system.as_client([&] {
        for (auto _ : state) {
            HANDLE pin = nullptr;
            if (!NT_SUCCESS(system.m().ks.create_pin(system.filter, 0, &pin))) std::abort();
            system.m().ks.close(pin);
        }
    });
    show(state);
}
BENCHMARK(open_and_close_pin);

}  // namespace
}  // namespace portico
