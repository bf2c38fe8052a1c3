// What the executive's memory, objects and registry cost the host, beside malloc and a bare DDI call.
#include <benchmark/benchmark.h>

#include <cstdlib>

#include "nt/cm/cm.h"
#include "nt/ex/pool.h"
#include "nt/ex/slist.h"
#include "nt/ob/ob.h"
#include "nt/reset.h"
#include "sim/scheduler.h"

namespace portico {
namespace {

using namespace nt;

constexpr ULONG tag = 'hcnB';

void power_on() {
    sim::scheduler.reset(2, 1);
    nt::reset();
}

void malloc_pair(benchmark::State& state) {
    const auto size = static_cast<std::size_t>(state.range(0));
    for (auto _ : state) {
        void* block = std::malloc(size);
        benchmark::DoNotOptimize(block);
        std::free(block);
    }
}
BENCHMARK(malloc_pair)->Arg(64)->Arg(512);

void pool_pair(benchmark::State& state) {
    power_on();
    const auto size = static_cast<std::size_t>(state.range(0));
    for (auto _ : state) {
        void* block = ExAllocatePoolWithTag(NonPagedPoolNx, size, tag);
        benchmark::DoNotOptimize(block);
        ExFreePoolWithTag(block, tag);
    }
}
BENCHMARK(pool_pair)->Arg(16)->Arg(64)->Arg(512)->Arg(2048)->Arg(65536);

void pool_pair_internal(benchmark::State& state) {
    power_on();
    for (auto _ : state) {
        void* block = ex::allocate_internal(NonPagedPoolNx, 64, tag);
        benchmark::DoNotOptimize(block);
        ex::free(block, tag);
    }
}
BENCHMARK(pool_pair_internal);

void bare_ddi_call(benchmark::State& state) {
    power_on();
    for (auto _ : state) benchmark::DoNotOptimize(KeGetCurrentIrql());
}
BENCHMARK(bare_ddi_call);

void interlocked_increment(benchmark::State& state) {
    power_on();
    LONG value = 0;
    for (auto _ : state) benchmark::DoNotOptimize(InterlockedIncrement(&value));
}
BENCHMARK(interlocked_increment);

void handle_pair(benchmark::State& state) {
    power_on();
    for (auto _ : state) {
        HANDLE handle = nullptr;
        ZwCreateEvent(&handle, EVENT_ALL_ACCESS, nullptr, NotificationEvent, FALSE);
        ZwClose(handle);
    }
}
BENCHMARK(handle_pair);

void open_key(benchmark::State& state) {
    power_on();
    cm::create_path("\\Registry\\Machine\\System\\CurrentControlSet\\Services\\mpu401\\Parameters");
    UNICODE_STRING path =
        ob::string(u"\\Registry\\Machine\\System\\CurrentControlSet\\Services\\mpu401\\Parameters");
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &path, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, nullptr,
                               nullptr);
    for (auto _ : state) {
        HANDLE handle = nullptr;
        ZwOpenKey(&handle, KEY_READ, &attributes);
        ZwClose(handle);
    }
}
BENCHMARK(open_key);

void reset_executive(benchmark::State& state) {
    power_on();
    for (auto _ : state) power_on();
}
BENCHMARK(reset_executive);

}  // namespace
}  // namespace portico
