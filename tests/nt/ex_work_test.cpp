// Work items, callback objects, high-resolution timers and the small functions of the executive.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "kernel.h"
#include "misuse.h"
#include "nt/ex/ex.h"
#include "nt/ex/pool.h"
#include "nt/ex/work.h"
#include "nt/ob/ob.h"

namespace ex_work_test {
namespace {

using namespace portico;
using namespace portico::nt;
using test::Kernel;
using test::LeftLog;
using test::MisuseLog;
using test::relative_ms;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> events;
sim::Irql work_irql = HIGH_LEVEL;
KPRIORITY work_priority = 0;

void sleep_ms(LONGLONG ms) {
    LARGE_INTEGER interval = relative_ms(ms);
    KeDelayExecutionThread(KernelMode, FALSE, &interval);
}

VOID NTAPI note(PVOID text) {
    events.push_back(static_cast<const char*>(text));
    work_irql = KeGetCurrentIrql();
    work_priority = KeQueryPriorityThread(KeGetCurrentThread());
}
VOID NTAPI slow(PVOID text) {
    events.push_back(std::string(static_cast<const char*>(text)) + " begins");
    sleep_ms(50);
    events.push_back(std::string(static_cast<const char*>(text)) + " ends");
}

void init(WORK_QUEUE_ITEM& item, PWORKER_THREAD_ROUTINE routine, const char* text) {
    ExInitializeWorkItem(&item, routine, const_cast<char*>(text));
}

TEST(ExWork, RunsOnASystemThreadAtPassiveLevel) {
    Kernel kernel;
    events.clear();
    WORK_QUEUE_ITEM item;
    init(item, note, "a");
    EXPECT_TRUE(kernel.run([&] {
        const auto old = ke::raise(DISPATCH_LEVEL);
        ExQueueWorkItem(&item, DelayedWorkQueue);
        EXPECT_TRUE(ex::work_item_queued(&item));
        ke::lower(old);
    }));
    kernel.settle(millisecond_ns);
    EXPECT_THAT(events, ElementsAre("a"));
    EXPECT_EQ(work_irql, PASSIVE_LEVEL);
    EXPECT_EQ(work_priority, 12);
    EXPECT_FALSE(ex::work_item_queued(&item));
    EXPECT_TRUE(kernel.run([&] { ExQueueWorkItem(&item, CriticalWorkQueue); }));
    kernel.settle(millisecond_ns);
    EXPECT_EQ(work_priority, 13);
    EXPECT_TRUE(kernel.run(
        [&] { ExQueueWorkItem(&item, static_cast<WORK_QUEUE_TYPE>(CustomPriorityWorkQueue + 20)); }));
    kernel.settle(millisecond_ns);
    EXPECT_EQ(work_priority, 20);
}

TEST(ExWork, FirstInFirstOut) {
    Kernel kernel;
    events.clear();
    WORK_QUEUE_ITEM items[3];
    const char* const names[] = {"1", "2", "3"};
    EXPECT_TRUE(kernel.run([&] {
        for (int i = 0; i < 3; ++i) {
            init(items[i], note, names[i]);
            ExQueueWorkItem(&items[i], DelayedWorkQueue);
        }
    }));
    kernel.settle(millisecond_ns);
    EXPECT_THAT(events, ElementsAre("1", "2", "3"));
}

TEST(ExWork, AWaitingItemDoesNotHoldUpTheNext) {
    Kernel kernel;
    events.clear();
    WORK_QUEUE_ITEM first;
    WORK_QUEUE_ITEM second;
    init(first, slow, "first");
    init(second, note, "second");
    EXPECT_TRUE(kernel.run([&] {
        ExQueueWorkItem(&first, DelayedWorkQueue);
        sleep_ms(10);
        ExQueueWorkItem(&second, DelayedWorkQueue);
        sleep_ms(200);
    }));
    EXPECT_THAT(events, ElementsAre("first begins", "second", "first ends"));
}

TEST(ExWork, MayBeQueuedAgainFromItsOwnRoutine) {
    Kernel kernel;
    static WORK_QUEUE_ITEM item;
    static int runs;
    runs = 0;
    struct Routine {
        static VOID NTAPI again(PVOID) {
            if (++runs < 3) ExQueueWorkItem(&item, DelayedWorkQueue);
        }
    };
    init(item, Routine::again, "");
    EXPECT_TRUE(kernel.run([&] { ExQueueWorkItem(&item, DelayedWorkQueue); }));
    kernel.settle(millisecond_ns);
    EXPECT_EQ(runs, 3);
}

TEST(ExWork, MisuseAndLeftItemsAreTold) {
    Kernel kernel;
    MisuseLog misuse;
    events.clear();
    auto* const item =
        static_cast<PWORK_QUEUE_ITEM>(ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(WORK_QUEUE_ITEM), 'tseT'));
    ExInitializeWorkItem(item, note, const_cast<char*>("x"));
    ExQueueWorkItem(item, DelayedWorkQueue);
    ExQueueWorkItem(item, DelayedWorkQueue);
    EXPECT_THAT(misuse.codes(), ElementsAre(INVALID_WORK_QUEUE_ITEM));
    LeftLog left;
    ex::for_each_left({}, LeftLog::visit, &left);
    EXPECT_TRUE(left.has(LeftKind::work_item));
    ExFreePool(item);
    EXPECT_THAT(misuse.codes(), ElementsAre(INVALID_WORK_QUEUE_ITEM, WORKER_INVALID));
    kernel.settle(millisecond_ns);
    EXPECT_THAT(events, IsEmpty());
    WORK_QUEUE_ITEM garbage;
    std::memset(&garbage, 0xCD, sizeof garbage);
    garbage.WorkerRoutine = note;
    garbage.Parameter = const_cast<char*>("y");
    ExQueueWorkItem(&garbage, DelayedWorkQueue);
    EXPECT_EQ(misuse.size(), 3u);
    kernel.settle(millisecond_ns);
    EXPECT_THAT(events, ElementsAre("y"));
}

TEST(ExFreedObjects, TimersAndDpcsInFreedMemory) {
    Kernel kernel;
    MisuseLog misuse;
    struct Objects {
        KTIMER timer;
        KDPC dpc;
    };
    static int fired;
    fired = 0;
    struct Routine {
        static VOID NTAPI dpc(PKDPC, PVOID, PVOID, PVOID) { ++fired; }
    };
    EXPECT_TRUE(kernel.run([&] {
        auto* const objects =
            static_cast<Objects*>(ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(Objects), 'tseT'));
        KeInitializeTimer(&objects->timer);
        KeInitializeDpc(&objects->dpc, Routine::dpc, nullptr);
        KeSetTimer(&objects->timer, relative_ms(10), &objects->dpc);
        ExFreePool(objects);
        EXPECT_THAT(misuse.codes(), ElementsAre(0xC4u));
        sleep_ms(100);
    }));
    EXPECT_EQ(fired, 0);
}

TEST(ExFreedObjects, AnEventThatAThreadWaitsFor) {
    Kernel kernel;
    MisuseLog misuse;
    auto* const event = static_cast<PKEVENT>(ExAllocatePoolWithTag(NonPagedPoolNx, sizeof(KEVENT), 'tseT'));
    KeInitializeEvent(event, NotificationEvent, FALSE);
    NTSTATUS waited = STATUS_PENDING;
    kernel.start([&] { waited = KeWaitForSingleObject(event, Executive, KernelMode, FALSE, nullptr); });
    kernel.settle(millisecond_ns);
    EXPECT_TRUE(kernel.run([&] {
        ExFreePool(event);
        EXPECT_THAT(misuse.codes(), ElementsAre(0xC4u));
    }));
    EXPECT_EQ(misuse.last().address, reinterpret_cast<std::uint64_t>(event));
    EXPECT_TRUE(kernel.finish());
    EXPECT_FALSE(NT_SUCCESS(waited));
    EXPECT_EQ(misuse.size(), 1u);
}

// ---- callback objects ----

std::vector<int> calls;
VOID NTAPI on_callback(PVOID context, PVOID argument1, PVOID) {
    calls.push_back(
        static_cast<int>(reinterpret_cast<ULONG_PTR>(context) * 10 + reinterpret_cast<ULONG_PTR>(argument1)));
}
PVOID value(ULONG_PTR number) {
    return reinterpret_cast<PVOID>(number);
}

TEST(ExCallback, NotifiesInTheOrderOfRegistration) {
    Kernel kernel;
    calls.clear();
    UNICODE_STRING name = ob::string(u"\\Callback\\Portico");
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, nullptr, nullptr);
    PCALLBACK_OBJECT object = nullptr;
    EXPECT_EQ(ExCreateCallback(&object, &attributes, FALSE, TRUE), STATUS_OBJECT_NAME_NOT_FOUND);
    ASSERT_EQ(ExCreateCallback(&object, &attributes, TRUE, TRUE), STATUS_SUCCESS);
    PCALLBACK_OBJECT same = nullptr;
    ASSERT_EQ(ExCreateCallback(&same, &attributes, FALSE, TRUE), STATUS_SUCCESS);
    EXPECT_EQ(same, object);
    ExNotifyCallback(object, value(1), nullptr);
    PVOID const first = ExRegisterCallback(object, on_callback, value(1));
    PVOID const second = ExRegisterCallback(same, on_callback, value(2));
    ExNotifyCallback(object, value(3), nullptr);
    ExUnregisterCallback(first);
    ExNotifyCallback(object, value(4), nullptr);
    EXPECT_THAT(calls, ElementsAre(13, 23, 24));
    LeftLog left;
    ex::for_each_left({}, LeftLog::visit, &left);
    EXPECT_EQ(left.all.size(), 1u);
    ExUnregisterCallback(second);
    MisuseLog misuse;
    ExUnregisterCallback(second);
    EXPECT_EQ(misuse.size(), 1u);
    ObDereferenceObject(object);
    ObDereferenceObject(same);
    EXPECT_EQ(ExCreateCallback(&object, &attributes, FALSE, TRUE), STATUS_OBJECT_NAME_NOT_FOUND);
}

TEST(ExCallback, OneRegistrationWhereManyAreNotAllowed) {
    Kernel kernel;
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, nullptr, 0, nullptr, nullptr);
    PCALLBACK_OBJECT object = nullptr;
    EXPECT_EQ(ExCreateCallback(&object, &attributes, FALSE, FALSE), STATUS_UNSUCCESSFUL);
    ASSERT_EQ(ExCreateCallback(&object, &attributes, TRUE, FALSE), STATUS_SUCCESS);
    PVOID const registration = ExRegisterCallback(object, on_callback, nullptr);
    EXPECT_NE(registration, nullptr);
    EXPECT_EQ(ExRegisterCallback(object, on_callback, nullptr), nullptr);
    ExUnregisterCallback(registration);
    EXPECT_EQ(ob::references_of(object), 1);
    ObDereferenceObject(object);
    EXPECT_FALSE(ob::is_object(object));
}

TEST(ExCallback, WindowsOwnObjectsAreThere) {
    Kernel kernel;
    UNICODE_STRING name = ob::string(u"\\Callback\\PowerState");
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, nullptr, nullptr);
    PCALLBACK_OBJECT object = nullptr;
    EXPECT_EQ(ExCreateCallback(&object, &attributes, FALSE, TRUE), STATUS_SUCCESS);
}

// ---- EX_TIMER ----

std::vector<Nanoseconds> fired_ns;
VOID NTAPI on_timer(PEX_TIMER, PVOID) {
    EXPECT_EQ(KeGetCurrentIrql(), DISPATCH_LEVEL);
    fired_ns.push_back(sim::this_processor->at_ns);
}

TEST(ExTimer, FiresToTheMillisecondAndPeriodically) {
    Kernel kernel;
    fired_ns.clear();
    EXPECT_TRUE(kernel.run([] {
        EXPECT_EQ(ExAllocateTimer(on_timer, nullptr, EX_TIMER_HIGH_RESOLUTION | EX_TIMER_NO_WAKE), nullptr);
        PEX_TIMER const timer = ExAllocateTimer(on_timer, nullptr, EX_TIMER_HIGH_RESOLUTION);
        ASSERT_NE(timer, nullptr);
        const Nanoseconds start_ns = sim::this_processor->at_ns;
        EXPECT_FALSE(ExSetTimer(timer, -50'000, 20'000, nullptr));  // 5 ms, then every 2 ms
        sleep_ms(10);
        EXPECT_TRUE(ExCancelTimer(timer, nullptr));
        EXPECT_FALSE(ExCancelTimer(timer, nullptr));
        ASSERT_GE(fired_ns.size(), 2u);
        EXPECT_GE(fired_ns[0] - start_ns, 5 * millisecond_ns);
        EXPECT_LE(fired_ns[0] - start_ns, 7 * millisecond_ns);
        EXPECT_NEAR(static_cast<double>(fired_ns[1] - fired_ns[0]), 2e6, 1e6);
        EXPECT_FALSE(ExDeleteTimer(timer, TRUE, TRUE, nullptr));
    }));
    EXPECT_EQ(ke::tick_100ns(), 156'250u);  // back to the slow clock
    LeftLog left;
    ex::for_each_left({}, LeftLog::visit, &left);
    EXPECT_TRUE(left.all.empty());
}

TEST(ExTimer, DeletedAfterItsLastExpiry) {
    Kernel kernel;
    static bool deleted;
    deleted = false;
    fired_ns.clear();
    struct Routine {
        static VOID NTAPI gone(PVOID) { deleted = true; }
    };
    EXPECT_TRUE(kernel.run([] {
        PEX_TIMER const timer = ExAllocateTimer(on_timer, nullptr, 0);
        ExSetTimer(timer, -10'000, 0, nullptr);
        EXT_DELETE_PARAMETERS parameters;
        ExInitializeDeleteTimerParameters(&parameters);
        parameters.DeleteCallback = Routine::gone;
        ExDeleteTimer(timer, FALSE, FALSE, &parameters);
        EXPECT_FALSE(deleted);
        sleep_ms(50);
    }));
    EXPECT_EQ(fired_ns.size(), 1u);
    EXPECT_TRUE(deleted);
    MisuseLog misuse;
    EXPECT_TRUE(kernel.run(
        [] { ExSetTimer(reinterpret_cast<PEX_TIMER>(sim::nonpaged_range.base + 64), -1, 0, nullptr); }));
    EXPECT_EQ(misuse.size(), 1u);
}

TEST(ExTimer, DeletedByItsOwnCallback) {
    static int calls;
    static int deleted;
    struct Routine {
        static VOID NTAPI gone(PVOID) { ++deleted; }
        static VOID NTAPI end(PEX_TIMER timer, PVOID periodic) {
            ++calls;
            EXT_DELETE_PARAMETERS parameters;
            ExInitializeDeleteTimerParameters(&parameters);
            parameters.DeleteCallback = gone;
            EXPECT_EQ(ExDeleteTimer(timer, TRUE, FALSE, &parameters) != FALSE, periodic != nullptr);
            EXPECT_EQ(deleted, 0) << "the callback is not over";
        }
    };
    for (LONGLONG period_100ns : {0, 10'000}) {
        Kernel kernel;
        MisuseLog misuse;
        calls = deleted = 0;
        EXPECT_TRUE(kernel.run([&] {
            PEX_TIMER const timer = ExAllocateTimer(Routine::end, reinterpret_cast<void*>(period_100ns), 0);
            ExSetTimer(timer, -10'000, period_100ns, nullptr);
            sleep_ms(100);
        }));
        EXPECT_EQ(calls, 1);
        EXPECT_EQ(deleted, 1);
        EXPECT_EQ(misuse.size(), 0u);
    }
}

TEST(ExTimer, ForEverIsForEver) {
    Kernel kernel;
    static int expired;
    expired = 0;
    constexpr LONGLONG longest = std::numeric_limits<LONGLONG>::max();
    EXPECT_TRUE(kernel.run([] {
        PEX_TIMER const timer =
            ExAllocateTimer([](PEX_TIMER, PVOID) NTAPI { ++expired; }, nullptr, EX_TIMER_HIGH_RESOLUTION);
        for (const LONGLONG due : {std::numeric_limits<LONGLONG>::min(), longest}) {
            ExSetTimer(timer, due, 0, nullptr);
            sleep_ms(100);
            EXPECT_EQ(expired, 0);
        }
        ExSetTimer(timer, -10'000, longest, nullptr);
        sleep_ms(100);
        EXPECT_EQ(expired, 1);
        EXPECT_TRUE(ExDeleteTimer(timer, TRUE, FALSE, nullptr));
    }));
}

TEST(ExTimer, LeftTimersAreTold) {
    Kernel kernel;
    ExAllocateTimer(on_timer, nullptr, 0);
    LeftLog left;
    ex::for_each_left({}, LeftLog::visit, &left);
    EXPECT_TRUE(left.has(LeftKind::timer));
}

// ---- the rest ----

TEST(ExMisc, ExceptionsThatNobodyTakesAreABugCheck) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run_to_bug_check([] { ExRaiseAccessViolation(); }));
    ASSERT_NE(bug_check(), nullptr);
    EXPECT_EQ(bug_check()->code, KMODE_EXCEPTION_NOT_HANDLED);
    EXPECT_EQ(bug_check()->parameters[0], static_cast<std::uint32_t>(STATUS_ACCESS_VIOLATION));
}

TEST(ExMisc, UuidsAreRandomAndRepeatable) {
    const auto make = [] {
        Kernel kernel(1, 99);
        UUID uuid{};
        EXPECT_EQ(ExUuidCreate(&uuid), STATUS_SUCCESS);
        return uuid;
    };
    const UUID first = make();
    const UUID again = make();
    EXPECT_EQ(std::memcmp(&first, &again, sizeof first), 0);
    EXPECT_EQ(first.Data3 >> 12, 4);
    EXPECT_EQ(first.Data4[0] >> 6, 2);
}

TEST(ExMisc, TimeFeaturesAndMode) {
    Kernel kernel;
    LARGE_INTEGER time;
    LARGE_INTEGER local;
    time.QuadPart = 123456789;
    ExSystemTimeToLocalTime(&time, &local);
    ExLocalTimeToSystemTime(&local, &time);
    EXPECT_EQ(time.QuadPart, 123456789);
    EXPECT_TRUE(ExIsProcessorFeaturePresent(10));  // PF_XMMI64_INSTRUCTIONS_AVAILABLE
    EXPECT_FALSE(ExIsProcessorFeaturePresent(1));
    EXPECT_FALSE(ExIsProcessorFeaturePresent(1000));
    EXPECT_EQ(ExGetPreviousMode(), KernelMode);
}

}  // namespace
}  // namespace ex_work_test
