#include "portcls/service_group.h"

#include "fake_objects.h"
#include "portcls_test.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::at_irql;
using test::Contracts;
using test::FakeSink;
using test::let_pass;

struct ServiceGroupTest : test::PortclsTest {
    static PSERVICEGROUP make_group() {
        PSERVICEGROUP group = nullptr;
        EXPECT_EQ(PcNewServiceGroup(&group, nullptr), STATUS_SUCCESS);
        return group;
    }
};

TEST_F(ServiceGroupTest, CallsEachSinkOnceAtDispatchLevel) {
    run([&] {
        PSERVICEGROUP const group = make_group();
        REQUIRES("FN-070"), REQUIRES("SG-001");
        ASSERT_NE(group, nullptr);
        FakeSink a, b;
        std::vector<int> order;
        sim::Irql irql = 0;
        a.on_call = [&] { order.push_back(1), irql = nt::ke::current_irql(); };
        b.on_call = [&] { order.push_back(2); };
        REQUIRES("SG-005");
        EXPECT_EQ(group->AddMember(&a), STATUS_SUCCESS);
        EXPECT_EQ(a.references, 2);
        EXPECT_EQ(group->AddMember(&b), STATUS_SUCCESS);
        group->RequestService();
        REQUIRES("SG-003"), REQUIRES("SV-001"), REQUIRES("SV-003"), REQUIRES("CA-003"), REQUIRES("SS-001"),
            REQUIRES("SS-004");
        EXPECT_EQ(order, (std::vector<int>{1, 2})) << "in the order in which they were added";
        EXPECT_EQ(irql, DISPATCH_LEVEL);
        REQUIRES("SG-006");
        group->RemoveMember(&a);
        EXPECT_EQ(a.references, 1);
        group->RequestService();
        EXPECT_EQ(order, (std::vector<int>{1, 2, 2}));
        REQUIRES("SG-017");
        EXPECT_EQ(group->Release(), 0u);
        EXPECT_EQ(b.references, 1) << "the group's end releases its members";
        EXPECT_EQ(live_object_count(), 0u);
    });
}

TEST_F(ServiceGroupTest, OnlyTheRequestedGroupIsServed) {
    run([&] {
        PSERVICEGROUP const one = make_group();
        PSERVICEGROUP const other = make_group();
        FakeSink a, b;
        one->AddMember(&a);
        other->AddMember(&b);
        other->RequestService();
        REQUIRES("SG-050");
        EXPECT_EQ(a.calls, 0);
        EXPECT_EQ(b.calls, 1);
        one->Release();
        other->Release();
    });
}

TEST_F(ServiceGroupTest, RequestsFromAnInterruptsLevelBecomeOneCall) {
    run([&] {
        PSERVICEGROUP const group = make_group();
        FakeSink sink;
        group->AddMember(&sink);
        at_irql(9, [&] {
            group->RequestService();
            group->RequestService();
            group->RequestService();
            REQUIRES("SG-004"), REQUIRES("CX-004"), REQUIRES("PM-011");
            EXPECT_EQ(sink.calls, 0) << "nothing runs on the caller's stack";
        });
        REQUIRES("PM-018");
        EXPECT_EQ(sink.calls, 1);
        group->Release();
    });
}

TEST_F(ServiceGroupTest, ASinkThatWaitsIsTold) {
    static int waits;
    waits = 0;
    nt::probes.wait_at_raised_irql = [](const void*, bool, sim::Irql) { ++waits; };
    run([&] {
        PSERVICEGROUP const group = make_group();
        KEVENT event;
        nt::ke::initialize_event(&event, NotificationEvent, true);
        FakeSink sink;
        sink.on_call = [&] { KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, nullptr); };
        group->AddMember(&sink);
        group->RequestService();
        REQUIRES("SS-003");
        EXPECT_EQ(waits, 1);
        group->Release();
    });
    nt::probes.wait_at_raised_irql = nullptr;
}

TEST_F(ServiceGroupTest, AsksAgainWhenServedAtThatMoment) {
    run([&] {
        PSERVICEGROUP const group = make_group();
        FakeSink sink;
        sink.on_call = [&] {
            if (sink.calls < 3) group->RequestService();
        };
        group->AddMember(&sink);
        group->RequestService();
        let_pass(millisecond_ns);
        REQUIRES("SV-002");
        EXPECT_EQ(sink.calls, 3);
        group->Release();
    });
}

TEST_F(ServiceGroupTest, ARequestOnAnotherProcessorDuringTheCallIsServedToo) {
    PSERVICEGROUP group = nullptr;
    FakeSink sink;
    bool inside = false;
    run([&] {
        group = make_group();
        sink.on_call = [&] {
            inside = true;
            nt::ke::stall(100 * microsecond_ns);
            inside = false;
        };
        group->AddMember(&sink);
        start([&] {
            while (!inside) nt::ke::stall(microsecond_ns);
            group->RequestService();
        });
        group->RequestService();
        let_pass(20 * millisecond_ns);
        REQUIRES("SV-002");
        EXPECT_EQ(sink.calls, 2);
        group->Release();
    });
}

TEST_F(ServiceGroupTest, ASinkAddedTwiceIsCalledOnce) {
    run([&] {
        PSERVICEGROUP const group = make_group();
        FakeSink sink;
        group->AddMember(&sink);
        group->AddMember(&sink);
        group->RequestService();
        REQUIRES("SV-004");
        EXPECT_EQ(sink.calls, 1);
        group->RemoveMember(&sink);
        group->RequestService();
        EXPECT_EQ(sink.calls, 2) << "one AddMember is left";
        EXPECT_EQ(sink.references, 2);
        group->RemoveMember(&sink);
        EXPECT_EQ(sink.references, 1);
        EXPECT_TRUE(Contracts::take().empty());
        group->RemoveMember(&sink);
        REQUIRES("SG-007");
        EXPECT_EQ(Contracts::take(), std::vector<std::string>{"SG-007"});
        group->AddMember(&sink);
        group->AddMember(&sink);
        group->Release();
        EXPECT_EQ(sink.references, 1);
    });
}

TEST_F(ServiceGroupTest, AGroupIsServedInsideAnother) {
    run([&] {
        PSERVICEGROUP const outer = make_group();
        PSERVICEGROUP const inner = make_group();
        FakeSink sink;
        inner->AddMember(&sink);
        outer->AddMember(inner);
        EXPECT_EQ(outer->AddRef(), 2u);
        inner->AddMember(outer);  // a circle
        outer->Release();
        outer->RequestService();
        REQUIRES("SG-002");
        EXPECT_EQ(sink.calls, 1);
        inner->RemoveMember(outer);
        outer->RemoveMember(inner);
        EXPECT_EQ(inner->Release(), 0u);
        EXPECT_EQ(outer->Release(), 0u);
    });
}

TEST_F(ServiceGroupTest, MembersMayChangeDuringTheirCalls) {
    run([&] {
        PSERVICEGROUP const group = make_group();
        FakeSink first, second, third;
        first.on_call = [&] {
            if (first.calls > 1) return;
            group->RemoveMember(&first);
            group->RemoveMember(&second);
            group->AddMember(&third);
        };
        group->AddMember(&first);
        group->AddMember(&second);
        group->RequestService();
        REQUIRES("SG-009");
        EXPECT_EQ(first.calls, 1);
        EXPECT_EQ(second.calls, 0);
        EXPECT_EQ(third.calls, 1);
        EXPECT_EQ(first.references, 1);
        EXPECT_EQ(second.references, 1);
        group->RequestService();
        EXPECT_EQ(first.calls, 1);
        EXPECT_EQ(third.calls, 2);
        group->Release();
    });
}

TEST_F(ServiceGroupTest, RemoveMemberWaitsForACallOnAnotherProcessor) {
    PSERVICEGROUP group = nullptr;
    FakeSink sink;
    bool inside = false;
    bool removed_while_inside = false;
    run([&] {
        group = make_group();
        group->AddMember(&sink);
        sink.on_call = [&] {
            inside = true;
            nt::ke::stall(200 * microsecond_ns);
            inside = false;
        };
        start([&] {
            while (!inside) nt::ke::stall(microsecond_ns);
            group->RemoveMember(&sink);
            removed_while_inside = inside;
        });
        group->RequestService();
        let_pass(20 * millisecond_ns);
    });
    REQUIRES("SG-008");
    EXPECT_EQ(sink.calls, 1);
    EXPECT_FALSE(removed_while_inside);
    EXPECT_EQ(sink.references, 1);
    run([&] { group->Release(); });
}

TEST_F(ServiceGroupTest, TheLastReleaseInsideACallEndsTheGroupAfterIt) {
    run([&] {
        PSERVICEGROUP const group = make_group();
        FakeSink sink, later;
        sink.on_call = [&] { group->Release(); };
        group->AddMember(&sink);
        group->AddMember(&later);
        group->RequestService();
        EXPECT_EQ(later.calls, 0);
        EXPECT_EQ(sink.references, 1);
        EXPECT_EQ(later.references, 1);
        EXPECT_EQ(live_object_count(), 0u);
    });
}

TEST_F(ServiceGroupTest, TheLastReleaseTakesAWaitingRequestBack) {
    run([&] {
        FakeSink sink;
        at_irql(DISPATCH_LEVEL, [&] {
            PSERVICEGROUP const group = make_group();
            group->AddMember(&sink);
            group->RequestService();
            group->Release();
            bool queued = false;
            nt::ke::for_each_dpc([](PRKDPC, void* found) { *static_cast<bool*>(found) = true; }, &queued);
            REQUIRES("SG-017");
            EXPECT_FALSE(queued);
        });
        let_pass(millisecond_ns);
        EXPECT_EQ(sink.calls, 0);
        EXPECT_EQ(sink.references, 1);
    });
}

TEST_F(ServiceGroupTest, DelayedServiceComesWhenItIsDue) {
    run([&] {
        PSERVICEGROUP const group = make_group();
        FakeSink sink;
        group->AddMember(&sink);
        group->RequestDelayedService(static_cast<ULONGLONG>(-10'000LL));
        REQUIRES("SG-011");
        EXPECT_EQ(Contracts::take(), std::vector<std::string>{"SG-011"});
        REQUIRES("SG-010");
        group->SupportDelayedService();
        REQUIRES("SG-012"), REQUIRES("CX-005");
        group->RequestDelayedService(static_cast<ULONGLONG>(-500'000LL));
        let_pass(40 * millisecond_ns);
        EXPECT_EQ(sink.calls, 0);
        REQUIRES("SG-014");
        group->RequestDelayedService(static_cast<ULONGLONG>(-500'000LL));
        let_pass(40 * millisecond_ns);
        EXPECT_EQ(sink.calls, 0) << "armed anew";
        let_pass(40 * millisecond_ns);
        EXPECT_EQ(sink.calls, 1);
        group->RequestDelayedService(static_cast<ULONGLONG>(nt::ke::system_time_100ns() + 300'000));
        let_pass(100 * millisecond_ns);
        EXPECT_EQ(sink.calls, 2) << "absolute";
        REQUIRES("SG-015");
        group->CancelDelayedService();
        group->RequestDelayedService(static_cast<ULONGLONG>(-100'000LL));
        group->CancelDelayedService();
        let_pass(100 * millisecond_ns);
        EXPECT_EQ(sink.calls, 2);
        group->RequestDelayedService(static_cast<ULONGLONG>(-100'000LL));
        group->Release();
        let_pass(100 * millisecond_ns);
        EXPECT_EQ(sink.calls, 2) << "the last release cancels the timer";
        EXPECT_TRUE(Contracts::take().empty());
    });
}

TEST_F(ServiceGroupTest, AbsoluteDeadlinesFollowTheSystemTime) {
    run([&] {
        PSERVICEGROUP const group = make_group();
        FakeSink sink;
        group->SupportDelayedService();
        group->AddMember(&sink);
        group->RequestDelayedService(static_cast<ULONGLONG>(nt::ke::system_time_100ns() + 10'000'000));
        nt::ke::shift_system_time(9'500'000);
        let_pass(40 * millisecond_ns);
        EXPECT_EQ(sink.calls, 0);
        let_pass(40 * millisecond_ns);
        REQUIRES("SG-013");
        EXPECT_EQ(sink.calls, 1) << "950 of 1000 ms were skipped";
        group->RequestDelayedService(static_cast<ULONGLONG>(nt::ke::system_time_100ns() + 500'000));
        nt::ke::shift_system_time(-10'000'000);
        let_pass(100 * millisecond_ns);
        EXPECT_EQ(sink.calls, 1) << "set back by a second";
        let_pass(1000 * millisecond_ns);
        EXPECT_EQ(sink.calls, 2);
        group->RequestDelayedService(static_cast<ULONGLONG>(-500'000LL));
        nt::ke::shift_system_time(10'000'000);
        let_pass(40 * millisecond_ns);
        EXPECT_EQ(sink.calls, 2) << "relative";
        let_pass(40 * millisecond_ns);
        EXPECT_EQ(sink.calls, 3);
        group->Release();
    });
}

TEST_F(ServiceGroupTest, ADpcRearmsDelayedService) {
    run([&] {
        PSERVICEGROUP const group = make_group();
        FakeSink sink;
        group->SupportDelayedService();
        sink.on_call = [&] {
            if (sink.calls < 3) group->RequestDelayedService(static_cast<ULONGLONG>(-10'000LL));
        };
        group->AddMember(&sink);
        group->RequestService();
        let_pass(200 * millisecond_ns);
        REQUIRES("SG-016");
        EXPECT_EQ(sink.calls, 3);
        group->Release();
    });
}

TEST_F(ServiceGroupTest, ARequestAllocatesNothing) {
    run([&] {
        PSERVICEGROUP const group = make_group();
        FakeSink sink;
        group->AddMember(&sink);
        const auto before = nt::ex::pool_use(false).bytes;
        std::uint64_t during = 0;
        sink.on_call = [&] { during = nt::ex::pool_use(false).bytes; };
        group->RequestService();
        EXPECT_EQ(during, before);
        group->Release();
    });
}

}  // namespace
}  // namespace portico::portcls
