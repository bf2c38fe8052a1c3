// Objects that several processors use at once, under schedules that a seed chooses.
#include <gmock/gmock.h>

#include "fake_objects.h"
#include "portcls/service_group.h"
#include "portcls_test.h"
#include "sim/exploring.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::FakeSink;
using test::let_pass;

struct SchedulesTest : test::PortclsTest, ::testing::WithParamInterface<std::uint64_t> {
    SchedulesTest() : policy(GetParam()) { sim::scheduler.policy = &policy; }
    ~SchedulesTest() override { sim::scheduler.policy = nullptr; }
    sim::RandomPolicy policy;
};

TEST_P(SchedulesTest, AServiceGroupChangesWhileItIsServed) {
    FakeSink sinks[3];
    bool inside[3] = {};
    bool member[3] = {};
    int wrong = 0;
    run([&] {
        PSERVICEGROUP group = nullptr;
        ASSERT_EQ(PcNewServiceGroup(&group, nullptr), STATUS_SUCCESS);
        for (int i = 0; i < 3; ++i) {
            sinks[i].on_call = [&, i] {
                wrong +=
                    inside[i] || !member[i] ? 1 : 0;  // twice at once, or after RemoveMember has returned
                inside[i] = true;
                nt::ke::stall(500);
                inside[i] = false;
            };
        }
        int done = 0;
        for (int i = 0; i < 3; ++i) {
            start([&, i] {
                for (int turn = 0; turn < 6; ++turn) {
                    member[i] = true;
                    group->AddMember(&sinks[i]);
                    nt::ke::stall(700);
                    group->RemoveMember(&sinks[i]);
                    wrong += inside[i] ? 1 : 0;
                    member[i] = false;
                }
                ++done;
            });
        }
        start([&] {
            for (int turn = 0; turn < 20; ++turn) {
                test::at_irql(9, [&] { group->RequestService(); });
                nt::ke::stall(300);
            }
            ++done;
        });
        while (done < 4) let_pass(millisecond_ns);
        EXPECT_EQ(group->Release(), 0u);
    });
    REQUIRES("SG-008"), REQUIRES("SG-009"), REQUIRES("SV-002");
    EXPECT_EQ(wrong, 0);
    for (const FakeSink& sink : sinks) EXPECT_EQ(sink.references, 1);
    EXPECT_EQ(live_object_count(), 0u);
}

TEST_P(SchedulesTest, AGroupEndsWhileItIsServed) {
    FakeSink sink;
    run([&] {
        PSERVICEGROUP group = nullptr;
        ASSERT_EQ(PcNewServiceGroup(&group, nullptr), STATUS_SUCCESS);
        bool gone = false;
        int late = 0;
        sink.on_call = [&] {
            late += gone ? 1 : 0;
            nt::ke::stall(300);
        };
        group->AddMember(&sink);
        group->SupportDelayedService();
        group->RequestDelayedService(static_cast<ULONGLONG>(-10LL));
        group->AddRef();
        const auto release = [&] {
            if (group->Release() == 0) gone = true;
        };
        start([&] {
            for (int turn = 0; turn < 5; ++turn) group->RequestService();
            release();
        });
        start([&] {
            nt::ke::stall(400);
            release();
        });
        let_pass(20 * millisecond_ns);
        EXPECT_TRUE(gone);
        EXPECT_EQ(late, 0);
    });
    REQUIRES("SG-017");
    EXPECT_EQ(sink.references, 1);
    EXPECT_EQ(live_object_count(), 0u);
}

// The timer's DPC may have left its queue when the last reference goes: it must not touch the group any more.
TEST_P(SchedulesTest, AGroupEndsWhileItsTimerExpires) {
    static int damaged;
    damaged = 0;
    nt::probes.pool_misuse = [](std::uint32_t, const nt::Subject&, std::uint64_t, const char*) { ++damaged; };
    FakeSink sink;
    run([&] {
        // Not where the timer expires, which is one of the two.
        nt::ke::current_thread()->thread.affinity = 1u << (GetParam() % 2);
        let_pass(millisecond_ns);
        for (int turn = 0; turn < 8; ++turn) {
            PSERVICEGROUP group = nullptr;
            ASSERT_EQ(PcNewServiceGroup(&group, nullptr), STATUS_SUCCESS);
            group->AddMember(&sink);
            group->SupportDelayedService();
            group->RequestDelayedService(static_cast<ULONGLONG>(-10LL));
            const Nanoseconds tick_ns = Nanoseconds{nt::ke::tick_100ns()} * 100;
            const Nanoseconds now_ns = sim::this_processor->at_ns;
            const auto shift_ns =
                static_cast<Nanoseconds>((GetParam() * 8 + static_cast<unsigned>(turn)) * 10);
            nt::ke::stall((now_ns / tick_ns + 1) * tick_ns - now_ns - 2000 + shift_ns);
            EXPECT_EQ(group->Release(), 0u);
        }
        let_pass(50 * millisecond_ns);
        nt::ex::check_freed_blocks();
    });
    nt::probes.pool_misuse = nullptr;
    REQUIRES("SG-017");
    EXPECT_EQ(sink.references, 1) << "a walk that was under way has ended its group";
    EXPECT_EQ(damaged, 0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SchedulesTest, ::testing::Range<std::uint64_t>(1, 65));

}  // namespace
}  // namespace portico::portcls
