// Drivers that overwrite, reuse or never initialize what the kernel has in its lists: told, and borne.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <memory>

#include "kernel.h"
#include "nt/ke/list_links.h"
#include "misuse.h"

namespace ke_overwritten_test {
namespace {

using namespace portico;
using namespace portico::nt;
using test::Kernel;
using test::MisuseLog;
using test::relative_ms;
using ::testing::Each;
using ::testing::IsEmpty;
using ::testing::Not;

void sleep_ms(LONGLONG ms) {
    LARGE_INTEGER interval = relative_ms(ms);
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

int calls;
VOID NTAPI count(PKDPC, PVOID, PVOID, PVOID) {
    ++calls;
}

// Of the misuse that a test provokes, every report is of a corrupt list, about the object that was
// overwritten.
void expect_told(MisuseLog& misuse, const void* object) {
    EXPECT_THAT(misuse.codes(), Not(IsEmpty()));
    EXPECT_THAT(misuse.codes(), Each(KERNEL_SECURITY_CHECK_FAILURE));
    for (const auto& entry : MisuseLog::entries())
        EXPECT_EQ(entry.address, reinterpret_cast<std::uint64_t>(object));
}

class Overwritten : public ::testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Byte, Overwritten, ::testing::Values(0, 0xDD, 0x41, 0xFF));

TEST_P(Overwritten, TimerThatIsSet) {
    Kernel kernel;
    MisuseLog misuse;
    KTIMER before;
    KTIMER timer;
    EXPECT_TRUE(kernel.run([&] {
        KDPC dpc;
        KeInitializeDpc(&dpc, count, nullptr);
        KeInitializeTimer(&before);
        KeInitializeTimer(&timer);
        KeSetTimer(&timer, relative_ms(50), &dpc);
        KeSetTimer(&before, relative_ms(20), nullptr);
        std::memset(&timer, GetParam(), sizeof timer);
        sleep_ms(100);
        KeInitializeTimer(&timer);
        EXPECT_FALSE(KeSetTimer(&timer, relative_ms(20), nullptr));
        sleep_ms(100);
        EXPECT_TRUE(KeReadStateTimer(&timer));
    }));
    expect_told(misuse, &timer);
}

// Two counters look like an address that could be one.
TEST(OverwrittenToo, TimerThatIsSetWithCounters) {
    Kernel kernel;
    MisuseLog misuse;
    KTIMER timer;
    EXPECT_TRUE(kernel.run([&] {
        KeInitializeTimer(&timer);
        KeSetTimer(&timer, relative_ms(20), nullptr);
        const ULONG counters[4] = {8, 1, 8, 1};
        std::memcpy(&timer.TimerListEntry, counters, sizeof counters);
        sleep_ms(100);
        KeInitializeTimer(&timer);
        KeSetTimer(&timer, relative_ms(20), nullptr);
        sleep_ms(100);
        EXPECT_TRUE(KeReadStateTimer(&timer));
    }));
    expect_told(misuse, &timer);
}

TEST(OverwrittenToo, AddressesOutsideOfTheMachine) {
    EXPECT_TRUE(ke::is_kernel_memory(reinterpret_cast<ULONG_PTR>(&calls)));
    int local = 0;
    EXPECT_TRUE(ke::is_kernel_memory(reinterpret_cast<ULONG_PTR>(&local)));
    const auto heap = std::make_unique<int>(0);
    EXPECT_TRUE(ke::is_kernel_memory(reinterpret_cast<ULONG_PTR>(heap.get())));
    EXPECT_TRUE(ke::is_kernel_memory(sim::nonpaged_range.base));
    EXPECT_FALSE(ke::is_kernel_memory(sim::nonpaged_range.end()));
    EXPECT_FALSE(ke::is_kernel_memory(sim::image_range.base - 8));
    EXPECT_FALSE(ke::is_kernel_memory(0x1'0000'0008));
    EXPECT_FALSE(ke::is_kernel_memory(0));
    EXPECT_FALSE(ke::is_kernel_memory(~0ull - 7));
}

TEST_P(Overwritten, DpcThatIsQueued) {
    Kernel kernel;
    MisuseLog misuse;
    KDPC dpc;
    calls = 0;
    EXPECT_TRUE(kernel.run([&] {
        KeInitializeDpc(&dpc, count, nullptr);
        const KIRQL old = KeRaiseIrqlToDpcLevel();
        KeInsertQueueDpc(&dpc, nullptr, nullptr);
        std::memset(&dpc, GetParam(), sizeof dpc);
        KeLowerIrql(old);
        EXPECT_EQ(calls, 0);
        KeInitializeDpc(&dpc, count, nullptr);
        EXPECT_TRUE(KeInsertQueueDpc(&dpc, nullptr, nullptr));
        EXPECT_EQ(calls, 1);
    }));
    expect_told(misuse, &dpc);
}

TEST_P(Overwritten, EventThatSomebodyWaitsFor) {
    Kernel kernel;
    MisuseLog misuse;
    KEVENT event;
    NTSTATUS status = STATUS_PENDING;
    ke::initialize_event(&event, NotificationEvent, false);
    kernel.start([&] {
        LARGE_INTEGER timeout = relative_ms(50);
        status = KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &timeout);
    });
    kernel.settle(millisecond_ns);
    std::memset(&event, GetParam(), sizeof event);
    event.Header.SignalState = 0;
    EXPECT_TRUE(kernel.run([&] { KeSetEvent(&event, 0, FALSE); }));
    EXPECT_TRUE(kernel.finish());
    EXPECT_EQ(status, STATUS_TIMEOUT);
    expect_told(misuse, &event);
}

TEST_P(Overwritten, EventThatWasNeverInitialized) {
    Kernel kernel;
    MisuseLog misuse;
    KEVENT event;
    std::memset(&event, GetParam(), sizeof event);
    event.Header.SignalState = 0;
    EXPECT_TRUE(kernel.run([&] {
        LARGE_INTEGER timeout = relative_ms(20);
        EXPECT_EQ(KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &timeout), STATUS_TIMEOUT);
    }));
    expect_told(misuse, &event);
}

TEST_P(Overwritten, MutexThatIsOwned) {
    Kernel kernel;
    MisuseLog misuse;
    KMUTEX mutex;
    EXPECT_TRUE(kernel.run([&] {
        KeInitializeMutex(&mutex, 0);
        KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, nullptr);
        std::memset(&mutex, GetParam(), sizeof mutex);
    }));
    kernel.settle(millisecond_ns);
    expect_told(misuse, &mutex);
}

TEST_P(Overwritten, ApcThatIsQueued) {
    Kernel kernel;
    MisuseLog misuse;
    KAPC apc;
    EXPECT_TRUE(kernel.run([&] {
        const auto kernel_routine =
            [](PKAPC, PKNORMAL_ROUTINE*, PVOID*, PVOID*, PVOID*) __attribute__((ms_abi)){};
        KeInitializeApc(&apc, KeGetCurrentThread(), OriginalApcEnvironment, kernel_routine, nullptr, nullptr,
                        KernelMode, nullptr);
        const KIRQL old = KfRaiseIrql(APC_LEVEL);
        EXPECT_TRUE(KeInsertQueueApc(&apc, nullptr, nullptr, 0));
        std::memset(&apc, GetParam(), sizeof apc);
        KeLowerIrql(old);
    }));
    expect_told(misuse, &apc);
}

// Before the kernel jumps there; without a rule that stops the machine it would.
TEST(NullRoutine, IsToldByItsName) {
    Kernel kernel;
    static std::vector<std::string> told;
    told.clear();
    probes.object_misuse = [](std::uint32_t code, const void* object, const char* text) {
        EXPECT_EQ(code, KMODE_EXCEPTION_NOT_HANDLED);
        EXPECT_EQ(object, nullptr);
        told.push_back(text);
        ke::exit_current_thread(STATUS_UNSUCCESSFUL);
    };
    ke::create_thread("nobody", nullptr, nullptr);
    kernel.settle(millisecond_ns);
    ASSERT_EQ(told.size(), 1u);
    EXPECT_THAT(told[0], ::testing::HasSubstr("nobody"));
}

// A driver that queues the same event's memory as a second object, initialized again while somebody waits.
TEST(OverwrittenToo, EventInitializedWhileSomebodyWaitsForIt) {
    Kernel kernel;
    MisuseLog misuse;
    KEVENT event;
    NTSTATUS status = STATUS_PENDING;
    ke::initialize_event(&event, NotificationEvent, false);
    kernel.start([&] {
        LARGE_INTEGER timeout = relative_ms(50);
        status = KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, &timeout);
    });
    kernel.settle(millisecond_ns);
    EXPECT_TRUE(kernel.run([&] {
        KeInitializeEvent(&event, NotificationEvent, FALSE);
        KeSetEvent(&event, 0, FALSE);
    }));
    EXPECT_TRUE(kernel.finish());
    EXPECT_EQ(status, STATUS_TIMEOUT);
    expect_told(misuse, &event);
}

}  // namespace
}  // namespace ke_overwritten_test
