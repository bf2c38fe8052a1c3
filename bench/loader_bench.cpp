// What images cost: loading one, starting its statics anew, asking what stands at an address. The bare cost
// beside the second: copying as many bytes.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <cstring>
#include <iostream>
#include <vector>

#include "loader/loader.h"
#include "loader/symbols.h"

namespace portico::loader {
namespace {

constexpr auto path = PORTICO_BENCH_IMAGE;

// The sample driver does without its imports: none of its code runs here.
const void* find_nothing(const char*) {
    return nullptr;
}

Image* load() {
    const auto loaded = load_file(path, {find_nothing});
    if (!loaded.ok()) {
        std::cerr << loaded.error().message << '\n';
        std::exit(3);
    }
    return *loaded;
}

void LoadAndUnload(benchmark::State& state) {
    for (auto _ : state) unload(load());
}
BENCHMARK(LoadAndUnload)->Unit(benchmark::kMicrosecond);

void LoadAgain(benchmark::State& state) {
    load();
    for (auto _ : state) benchmark::DoNotOptimize(load());
}
BENCHMARK(LoadAgain)->Unit(benchmark::kMicrosecond);

void ResetStatics(benchmark::State& state) {
    auto* const image = load();
    for (auto _ : state) image->reset_statics();
}
BENCHMARK(ResetStatics);

void BareCopyOf64KiB(benchmark::State& state) {
    std::vector<char> from(64 << 10, 1), to(64 << 10);
    for (auto _ : state) {
        benchmark::DoNotOptimize(from.data());
        std::memcpy(to.data(), from.data(), from.size());
        benchmark::DoNotOptimize(to.data());
        benchmark::ClobberMemory();
    }
}
BENCHMARK(BareCopyOf64KiB);

void ImageAt(benchmark::State& state) {
    const auto address = load()->range().base + 0x100;
    for (auto _ : state) benchmark::DoNotOptimize(image_at(address));
}
BENCHMARK(ImageAt);

void FindPlace(benchmark::State& state) {
    const auto address = reinterpret_cast<std::uint64_t>(load()->exported("DriverEntry"));
    find_place(address, CodeAddress::instruction);
    for (auto _ : state) benchmark::DoNotOptimize(find_place(address, CodeAddress::instruction));
}
BENCHMARK(FindPlace)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace portico::loader
