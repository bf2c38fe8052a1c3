// APCs: special before normal, held back by regions and levels, taken back, run down when their thread ends.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "kernel.h"
#include "misuse.h"

namespace ke_apc_test {
namespace {

using namespace portico;
using namespace portico::nt;
using test::Kernel;
using test::MisuseLog;
using test::relative_ms;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string>& log() {
    static std::vector<std::string> all;
    return all;
}

VOID NTAPI kernel_routine(PKAPC, PKNORMAL_ROUTINE*, PVOID*, PVOID* argument1, PVOID*) {
    EXPECT_EQ(KeGetCurrentIrql(), APC_LEVEL);
    log().push_back("kernel " + std::string(static_cast<const char*>(*argument1)));
}
VOID NTAPI normal_routine(PVOID, PVOID argument1, PVOID) {
    EXPECT_EQ(KeGetCurrentIrql(), PASSIVE_LEVEL);
    log().push_back("normal " + std::string(static_cast<const char*>(argument1)));
}
VOID NTAPI rundown_routine(PKAPC apc) {
    log().push_back("rundown " + std::string(static_cast<const char*>(apc->SystemArgument1)));
}

struct Apc {
    KAPC apc;
    Apc(PKTHREAD thread, PKNORMAL_ROUTINE normal, KPROCESSOR_MODE mode = KernelMode) {
        KeInitializeApc(&apc, thread, OriginalApcEnvironment, kernel_routine, rundown_routine, normal, mode,
                        nullptr);
    }
    bool queue(const char* name) {
        return KeInsertQueueApc(&apc, const_cast<char*>(name), nullptr, 0) != FALSE;
    }
};

class KeApcOrder : public ::testing::Test {
  protected:
    void SetUp() override { log().clear(); }
};

TEST_F(KeApcOrder, SpecialOnesGoBeforeNormalOnes) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        PKTHREAD const self = KeGetCurrentThread();
        Apc first(self, normal_routine);
        Apc second(self, nullptr);
        Apc third(self, nullptr);
        const KIRQL old = KfRaiseIrql(APC_LEVEL);
        EXPECT_TRUE(first.queue("1"));
        EXPECT_TRUE(second.queue("2"));
        EXPECT_TRUE(third.queue("3"));
        EXPECT_FALSE(third.queue("again"));
        EXPECT_THAT(log(), IsEmpty());
        KeLowerIrql(old);
        EXPECT_THAT(log(), ElementsAre("kernel 2", "kernel 3", "kernel 1", "normal 1"));
    }));
}

TEST_F(KeApcOrder, CriticalRegionsHoldNormalOnesGuardedRegionsAll) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        PKTHREAD const self = KeGetCurrentThread();
        Apc normal(self, normal_routine);
        Apc special(self, nullptr);
        KeEnterCriticalRegion();
        normal.queue("n");
        special.queue("s");
        EXPECT_THAT(log(), ElementsAre("kernel s"));
        KeEnterGuardedRegion();
        special.queue("t");
        KeLeaveCriticalRegion();
        EXPECT_EQ(log().size(), 1u);
        KeLeaveGuardedRegion();
        EXPECT_THAT(log(), ElementsAre("kernel s", "kernel t", "kernel n", "normal n"));
    }));
}

TEST_F(KeApcOrder, AMutexHoldsNormalOnes) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        KMUTEX mutex;
        KeInitializeMutex(&mutex, 0);
        Apc normal(KeGetCurrentThread(), normal_routine);
        KeWaitForSingleObject(&mutex, Executive, KernelMode, FALSE, nullptr);
        normal.queue("n");
        EXPECT_THAT(log(), IsEmpty());
        KeReleaseMutex(&mutex, FALSE);
        EXPECT_THAT(log(), ElementsAre("kernel n", "normal n"));
    }));
}

TEST_F(KeApcOrder, TakenBackItDoesNotRun) {
    Kernel kernel;
    EXPECT_TRUE(kernel.run([] {
        Apc apc(KeGetCurrentThread(), nullptr);
        EXPECT_FALSE(KeRemoveQueueApc(&apc.apc));
        const KIRQL old = KfRaiseIrql(APC_LEVEL);
        apc.queue("x");
        EXPECT_TRUE(KeRemoveQueueApc(&apc.apc));
        EXPECT_FALSE(KeRemoveQueueApc(&apc.apc));
        KeLowerIrql(old);
        EXPECT_THAT(log(), IsEmpty());
    }));
}

// A special APC interrupts the normal routine of another; a second normal one waits for its end.
TEST_F(KeApcOrder, ANormalRoutineIsInterruptedBySpecialOnesAlone) {
    Kernel kernel;
    static Apc* inner;
    static Apc* later;
    EXPECT_TRUE(kernel.run([] {
        PKTHREAD const self = KeGetCurrentThread();
        Apc special(self, nullptr);
        Apc second(self, normal_routine);
        inner = &special;
        later = &second;
        Apc first(
            self, [](PVOID, PVOID, PVOID) __attribute__((ms_abi)) {
                log().push_back("begin");
                later->queue("later");
                inner->queue("inner");
                log().push_back("end");
            });
        first.queue("first");
    }));
    EXPECT_THAT(log(),
                ElementsAre("kernel first", "begin", "kernel inner", "end", "kernel later", "normal later"));
}

TEST_F(KeApcOrder, WhatIsLeftIsRunDownWhenTheThreadEnds) {
    Kernel kernel;
    PKTHREAD thread = nullptr;
    KEVENT go;
    ke::initialize_event(&go, NotificationEvent, false);
    kernel.start([&] {
        thread = KeGetCurrentThread();
        KeWaitForSingleObject(&go, Executive, KernelMode, FALSE, nullptr);
    });
    kernel.settle(millisecond_ns);
    std::unique_ptr<Apc> user;
    EXPECT_TRUE(kernel.run([&] {
        user = std::make_unique<Apc>(thread, normal_routine, UserMode);
        EXPECT_TRUE(user->queue("user"));
        KeSetEvent(&go, 0, FALSE);
    }));
    EXPECT_TRUE(kernel.finish());
    kernel.settle(millisecond_ns);
    EXPECT_THAT(log(), ElementsAre("rundown user"));
    EXPECT_FALSE(ke::insert_apc(&user->apc, nullptr, nullptr));
}

TEST_F(KeApcOrder, AThreadThatEndsInARegionIsTold) {
    for (const bool guarded : {false, true}) {
        Kernel kernel;
        MisuseLog misuse;
        EXPECT_TRUE(kernel.run([&] {
            if (guarded) {
                KeEnterGuardedRegion();
            } else {
                KeEnterCriticalRegion();
            }
        }));
        kernel.settle(millisecond_ns);
        EXPECT_THAT(misuse.codes(), ElementsAre(KERNEL_APC_PENDING_DURING_EXIT));
    }
}

TEST_F(KeApcOrder, UserApcsEndAlertableUserWaitsAlone) {
    Kernel kernel;
    KEVENT event;
    ke::initialize_event(&event, NotificationEvent, false);
    PKTHREAD thread = nullptr;
    std::vector<NTSTATUS> ends;
    kernel.start([&] {
        thread = KeGetCurrentThread();
        LARGE_INTEGER timeout = relative_ms(20);
        ends.push_back(KeWaitForSingleObject(&event, Executive, KernelMode, TRUE, &timeout));
        ends.push_back(KeWaitForSingleObject(&event, Executive, UserMode, FALSE, &timeout));
        ends.push_back(KeWaitForSingleObject(&event, Executive, UserMode, TRUE, &timeout));
    });
    kernel.settle(millisecond_ns);
    std::unique_ptr<Apc> user;
    EXPECT_TRUE(kernel.run([&] {
        user = std::make_unique<Apc>(thread, normal_routine, UserMode);
        user->queue("user");
    }));
    EXPECT_TRUE(kernel.finish());
    kernel.settle(millisecond_ns);
    EXPECT_THAT(ends, ElementsAre(STATUS_TIMEOUT, STATUS_TIMEOUT, STATUS_USER_APC));
}

}  // namespace
}  // namespace ke_apc_test
