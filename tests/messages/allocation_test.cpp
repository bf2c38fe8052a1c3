// No allocation for a message, in either direction: neither the process' heap nor the simulated machine's
// pool nor the client's memory.
#include <cstdlib>

#include "machine/state.h"
#include "nt/ex/pool.h"
#include "portico/gtest.h"
#include "support/requires.h"

#ifdef PORTICO_ASAN
#include <sanitizer/allocator_interface.h>
#endif

namespace {

std::uint64_t heap_allocations = 0;

}  // namespace

#ifndef PORTICO_ASAN
// Visible, so that libraries' allocations (operator new's) come here, too.
#pragma GCC visibility push(default)
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* memory, std::size_t size);

void* malloc(std::size_t size) {
    ++heap_allocations;
    return __libc_malloc(size);
}
void* calloc(std::size_t count, std::size_t size) {
    ++heap_allocations;
    return __libc_calloc(count, size);
}
void* realloc(void* memory, std::size_t size) {
    ++heap_allocations;
    return __libc_realloc(memory, size);
}
}
#pragma GCC visibility pop
#endif

namespace portico {
namespace {

void count_heap() {
#ifdef PORTICO_ASAN
    __sanitizer_install_malloc_and_free_hooks([](const volatile void*, std::size_t) { ++heap_allocations; },
                                              [](const volatile void*) {});
#endif
}

struct Allocations {
    std::uint64_t heap = heap_allocations;
    std::uint64_t pool = nt::ex::pool_use(false).allocations + nt::ex::pool_use(true).allocations;
};

// A message a write, a record a read, through the cable.
struct Traffic {
    client::KsClient& ks;
    client::RenderStream out;
    client::CaptureStream in;
    std::uint64_t received = 0;
    std::uint64_t wrong = 0;

    NTSTATUS pass(unsigned messages) {
        for (unsigned i = 0; i < messages; ++i) {
            const std::uint8_t message[3] = {0x90, static_cast<std::uint8_t>(i % 128), 100};
            const NTSTATUS status = out.write(-1, message);
            if (status != STATUS_PENDING && !NT_SUCCESS(status)) return status;
            if (const NTSTATUS taken = take(); !NT_SUCCESS(taken)) return taken;
        }
        return STATUS_SUCCESS;
    }
    NTSTATUS take() {
        const NTSTATUS status = in.harvest([&](ULONGLONG, std::span<const std::uint8_t> bytes) {
            wrong += bytes.size() != 3 || bytes[0] != 0x90 || bytes[1] != received % 128 ? 1 : 0;
            ++received;
        });
        return NT_SUCCESS(status) ? in.post() : status;
    }
};

TEST(Allocation, ThereIsNoneForAMessage) {
    count_heap();
    MachineConfig config;
    config.driver = CABLE_IMAGE;
    Machine machine = Machine::create(std::move(config)).value();
    ASSERT_OK(machine.start());
    Machine::State& m = machine.state();
    const std::u16string path = m.filter_path("Cable");
    HANDLE filter = nullptr, output = nullptr, input = nullptr;
    ASSERT_EQ(m.call([&] {
        NTSTATUS status = m.ks.open_filter(path, &filter);
        if (NT_SUCCESS(status)) status = m.ks.create_pin(filter, 0, &output);
        if (NT_SUCCESS(status)) status = m.ks.create_pin(filter, 2, &input);
        if (NT_SUCCESS(status)) status = m.ks.set_state(output, KSSTATE_RUN);
        return NT_SUCCESS(status) ? m.ks.set_state(input, KSSTATE_RUN) : status;
    }),
              STATUS_SUCCESS);
    Traffic traffic{m.ks, {m.ks, output}, {m.ks, input}};
    constexpr unsigned warm_up = 1'128,
                       measured = 10'112;  // multiples of 128 with the warm-up: the keys go on
    ASSERT_EQ(m.call([&] { return traffic.pass(warm_up - warm_up % 128); }), STATUS_SUCCESS);
    Allocations before{}, after{};
    ASSERT_EQ(m.call([&] {
        before = Allocations{};
        const NTSTATUS status = traffic.pass(measured);
        after = Allocations{};
        return status;
    }),
              STATUS_SUCCESS);
    EXPECT_EQ(traffic.received, warm_up - warm_up % 128 + measured);
    EXPECT_EQ(traffic.wrong, 0u);
    EXPECT_GE(measured, 10'000u);
    EXPECT_EQ(after.heap - before.heap, 0u);
    EXPECT_EQ(after.pool - before.pool, 0u);
    EXPECT_GT(heap_allocations, 0u) << "the counter counts";
    EXPECT_GT(before.pool, 0u);
    m.call([&] {
        m.ks.close(input);
        m.ks.close(output);
        return m.ks.close(filter);
    });
    ASSERT_OK(machine.unload());
    EXPECT_THAT(machine.findings(), ::testing::IsEmpty());
}

}  // namespace
}  // namespace portico
