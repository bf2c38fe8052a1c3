// What a client's questions cost: a property from its request to its answer, opening and closing a pin, and
// requests that mean nothing, beside the bare cost of an IOCTL to a driver that completes it at once.
#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>

#include "machine/state.h"
#include "nt/io/io.h"
#include "portico/portico.h"
#include "sim/random.h"

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
        config.force_irql_checking = false;  // costs milliseconds of host time
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

// Random control codes of KS' device type, half of them KS' own with identifiers that may mean something, and
// buffers of random sizes, as fuzz/filter_fuzz.cpp sends them.
class RandomControl {
  public:
    explicit RandomControl(Started& system)
        : file_(system.filter),
          status_(static_cast<PIO_STATUS_BLOCK>(system.m().ks.heap().allocate(sizeof(IO_STATUS_BLOCK)))),
          input_(static_cast<std::uint8_t*>(system.m().ks.heap().allocate(size_limit))),
          output_(static_cast<std::uint8_t*>(system.m().ks.heap().allocate(size_limit))) {}

    NTSTATUS send() {
        const bool known = random_.below(2) == 0;
        const ULONG code = known ? codes[random_.below(std::size(codes))]
                                 : 0x002F0000u | static_cast<ULONG>(random_.below(0x10000));
        KSIDENTIFIER id{};
        id.Set = sets[random_.below(std::size(sets))];
        id.Id = static_cast<ULONG>(random_.below(20));
        id.Flags = 1u << random_.below(17);
        std::memcpy(input_, &id, sizeof id);
        std::memset(input_ + sizeof id, static_cast<int>(random_.below(4)), 8);
        return nt::io::device_io_control(file_, {}, code, input_,
                                         static_cast<ULONG>(random_.below(size_limit)), output_,
                                         static_cast<ULONG>(random_.below(size_limit)), status_, UserMode);
    }

  private:
    static constexpr std::size_t size_limit = 4'096;
    static constexpr ULONG codes[] = {IOCTL_KS_PROPERTY,   IOCTL_KS_ENABLE_EVENT, IOCTL_KS_DISABLE_EVENT,
                                      IOCTL_KS_METHOD,     IOCTL_KS_WRITE_STREAM, IOCTL_KS_READ_STREAM,
                                      IOCTL_KS_RESET_STATE};
    const GUID sets[5] = {KSPROPSETID_Pin, KSPROPSETID_Topology, KSPROPSETID_Connection, KSPROPSETID_Stream,
                          KSPROPSETID_General};
    sim::Random random_{1};
    HANDLE file_;
    PIO_STATUS_BLOCK status_;
    std::uint8_t* input_;
    std::uint8_t* output_;
};

void fuzzed_control(benchmark::State& state) {
    bare_ns();
    Started system;
    system.open_filter();
    system.as_client([&] {
        RandomControl control(system);
        for (auto _ : state) {
            if (control.send() == STATUS_PENDING) std::abort();
        }
    });
    state.SetItemsProcessed(state.iterations());
    show(state);
}
BENCHMARK(fuzzed_control);

}  // namespace
}  // namespace portico
