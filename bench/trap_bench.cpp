// What it costs that a driver is a .sys. Targets: 1 MiB loads in at most 10 ms; a DDI call costs at most 2 ns
// more than from a .so; a trapped port access at most 250 ns more than the bare trap. Registers in memory are
// measured beside a bare fault of their page.
#include <benchmark/benchmark.h>

#include <csignal>
#include <cstdlib>
#include <iostream>
#include <sys/ucontext.h>

#include "loader/loader.h"
#include "nt/mm/mm.h"
#include "sim/bus.h"
#include "sim/scheduler.h"
#include "verifier/verifier.h"

namespace portico::loader {
namespace {

constexpr const char* folder = PORTICO_BENCH_DRIVERS;
constexpr std::uint32_t calls_a_round = 1000;

Image* load(const std::string& name) {
    const auto loaded = load_file(std::string(folder) + "/" + name);
    if (!loaded.ok()) {
        std::cerr << loaded.error().message << '\n';
        std::exit(3);
    }
    return *loaded;
}

using Loop = __attribute__((ms_abi)) void (*)(std::uint32_t);
struct Calls {
    Loop call = nullptr, read_port = nullptr, read_shared = nullptr, read_mapped = nullptr,
         write_mapped = nullptr;
};

Calls start(const std::string& name) {
    sim::scheduler.reset(1, 1);
    sim::bus.reset();
    nt::mm::reset();
    verifier::install();
    Calls calls;
    using Entry = __attribute__((ms_abi)) std::int32_t (*)(Calls*, void*);
    reinterpret_cast<Entry>(load(name)->exported("DriverEntry"))(&calls, nullptr);
    return calls;
}

void run(benchmark::State& state, Loop loop) {
    for (auto _ : state) loop(calls_a_round);
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * calls_a_round);
}

void LoadSysOf1MiB(benchmark::State& state) {
    for (auto _ : state) unload(load("bench_large.sys"));
}
BENCHMARK(LoadSysOf1MiB)->Unit(benchmark::kMillisecond);

void CallFromSo(benchmark::State& state) {
    run(state, start("bench_calls.so").call);
}
BENCHMARK(CallFromSo);

void CallFromSys(benchmark::State& state) {
    run(state, start("bench_calls.sys").call);
}
BENCHMARK(CallFromSys);

template <unsigned length>
void skip_instruction(int, siginfo_t*, void* context) {
    static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_RIP] += length;
}

// A signal for each instruction, and a handler that only goes behind it.
template <unsigned length, class Instruction>
void skip(benchmark::State& state, Instruction&& instruction) {
    start("bench_calls.so");
    struct sigaction action {
    }, before{};
    action.sa_sigaction = skip_instruction<length>;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    ::sigaction(SIGSEGV, &action, &before);
    for (auto _ : state) {
        for (std::uint32_t i = 0; i < calls_a_round; ++i) instruction();
    }
    ::sigaction(SIGSEGV, &before, nullptr);
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * calls_a_round);
}

void BareTrap(benchmark::State& state) {
    skip<1>(state, [] { asm volatile("hlt" ::: "memory"); });
}
BENCHMARK(BareTrap);

// Of a page that is mapped and must not be touched, as mapped registers are.
void BareFault(benchmark::State& state) {
    skip<2>(state, [] {
        asm volatile("movl (%%rcx), %%eax" : : "c"(nt::mm::io_range.base) : "rax", "memory");
    });
}
BENCHMARK(BareFault);

void PortReadFromSo(benchmark::State& state) {
    run(state, start("bench_calls.so").read_port);
}
BENCHMARK(PortReadFromSo);

void PortReadFromSys(benchmark::State& state) {
    run(state, start("bench_calls.sys").read_port);
}
BENCHMARK(PortReadFromSys);

void SharedPageReadFromSys(benchmark::State& state) {
    run(state, start("bench_calls.sys").read_shared);
}
BENCHMARK(SharedPageReadFromSys);

void RegisterReadFromSys(benchmark::State& state) {
    run(state, start("bench_calls.sys").read_mapped);
}
BENCHMARK(RegisterReadFromSys);

void RegisterWriteFromSys(benchmark::State& state) {
    run(state, start("bench_calls.sys").write_mapped);
}
BENCHMARK(RegisterWriteFromSys);

void RegisterReadFromSo(benchmark::State& state) {
    run(state, start("bench_calls.so").read_mapped);
}
BENCHMARK(RegisterReadFromSo);

}  // namespace
}  // namespace portico::loader
