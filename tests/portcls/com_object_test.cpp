#include "portcls/com_object.h"

#include <gmock/gmock.h>

#include "nt/io/driver.h"
#include "portcls/service_group.h"
#include "portcls_test.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::Contracts;

struct ComObjectTest : test::PortclsTest {
    static PSERVICEGROUP make_group() {
        PSERVICEGROUP group = nullptr;
        EXPECT_EQ(PcNewServiceGroup(&group, nullptr), STATUS_SUCCESS);
        return group;
    }
};

TEST_F(ComObjectTest, AnswersBothUnknownIids) {
    run([&] {
        PSERVICEGROUP const group = make_group();
        static constexpr GUID user_mode{0, 0, 0, {0xC0, 0, 0, 0, 0, 0, 0, 0x46}};
        static constexpr GUID kernel{0, 0, 0, {0, 0, 0xC0, 0, 0, 0, 0, 0x46}};
        PVOID kernels = nullptr, users = nullptr;
        REQUIRES("IU-001");
        EXPECT_EQ(group->QueryInterface(kernel, &kernels), STATUS_SUCCESS);
        EXPECT_EQ(group->QueryInterface(user_mode, &users), STATUS_SUCCESS);
        EXPECT_EQ(kernels, group);
        EXPECT_EQ(users, group);
        REQUIRES("IU-002"), REQUIRES("IU-006");
        EXPECT_EQ(group->AddRef(), 4u) << "each QueryInterface counted one";
        EXPECT_EQ(group->Release(), 3u);
        group->Release(), group->Release();
        EXPECT_EQ(group->Release(), 0u);
    });
}

TEST_F(ComObjectTest, RefusesAnUnknownInterface) {
    run([&] {
        PSERVICEGROUP const group = make_group();
        PVOID out = group;
        REQUIRES("IU-011");
        EXPECT_FALSE(NT_SUCCESS(group->QueryInterface(IID_IPortMidi, &out)));
        EXPECT_EQ(out, nullptr);
        EXPECT_EQ(group->Release(), 0u) << "nothing was counted";
    });
}

TEST_F(ComObjectTest, IsReachedThroughItsSlots) {
    run([&] {
        PSERVICEGROUP const group = make_group();
        // As a driver's image calls it: by slot, in Microsoft's convention.
        auto* const slots = *reinterpret_cast<void***>(group);
        REQUIRES("IU-003");
        EXPECT_EQ(reinterpret_cast<ULONG(NTAPI*)(void*)>(slots[1])(group), 2u);
        EXPECT_EQ(reinterpret_cast<ULONG(NTAPI*)(void*)>(slots[2])(group), 1u);
        group->Release();
    });
}

TEST_F(ComObjectTest, IsKnownWhileItLives) {
    run([&] {
        PSERVICEGROUP const group = make_group();
        const LiveObject* const live = live_object_at(group);
        REQUIRES("IU-013");
        ASSERT_NE(live, nullptr);
        EXPECT_STREQ(live->kind, "IServiceGroup");
        EXPECT_EQ(live->references, 1);
        EXPECT_NE(live->made.frames[0], 0u);
        for (int i = 0; i < 12; ++i) group->AddRef();
        EXPECT_EQ(live->references, 13);
        EXPECT_EQ(live->site_count, 12u);
        const ReferenceSite& newest = live->sites[11 % LiveObject::site_limit];
        EXPECT_TRUE(newest.added);
        EXPECT_EQ(newest.count, 13);
        for (int i = 0; i < 12; ++i) group->Release();
        const std::uint64_t key = live->key;
        EXPECT_EQ(find_live_object(key), live);
        group->Release();
        EXPECT_EQ(find_live_object(key), nullptr);
        EXPECT_EQ(live_object_at(group), nullptr);
    });
}

TEST_F(ComObjectTest, ThereAreNoMoreThanTheTableHolds) {
    run([&] {
        std::vector<PSERVICEGROUP> groups;
        for (unsigned i = 0; i < live_object_limit; ++i) groups.push_back(make_group());
        PSERVICEGROUP beyond = nullptr;
        EXPECT_EQ(PcNewServiceGroup(&beyond, nullptr), STATUS_INSUFFICIENT_RESOURCES);
        EXPECT_EQ(beyond, nullptr);
        for (PSERVICEGROUP group : groups) group->Release();
        EXPECT_EQ(live_object_count(), 0u);
    });
}

TEST_F(ComObjectTest, WhatADriverLeavesIsTold) {
    static std::vector<nt::LeftBehind> left;
    left.clear();
    nt::probes.left_behind = [](const nt::LeftBehind& what) { left.push_back(what); };
    run([&] {
        PSERVICEGROUP const group = make_group();
        group->AddRef();
        // The frames of this program stand for the driver's image.
        const std::uint64_t here = live_object_at(group)->made.frames[0];
        nt::io::report_left_above({here - 0x10, 0x20});  // as the unloading of a driver asks
        REQUIRES("IU-013"), REQUIRES("LC-058");
        ASSERT_EQ(left.size(), 1u);
        EXPECT_EQ(left[0].kind, nt::LeftKind::reference);
        EXPECT_STREQ(left[0].what, "IServiceGroup");
        EXPECT_EQ(left[0].references, 2u);
        EXPECT_EQ(left[0].address, reinterpret_cast<std::uint64_t>(group));
        EXPECT_EQ(left[0].made.frames[0], here);
        report_left_objects({0x1000, 0x20});
        EXPECT_EQ(left.size(), 1u) << "another driver's";
        group->Release(), group->Release();
    });
    nt::probes.left_behind = nullptr;
}

TEST_F(ComObjectTest, RefusesToBeAggregated) {
    run([&] {
        PSERVICEGROUP const outer = make_group();
        PSERVICEGROUP group = outer;
        REQUIRES("FN-071");
        EXPECT_EQ(PcNewServiceGroup(&group, outer), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(group, nullptr);
        EXPECT_EQ(PcNewServiceGroup(nullptr, nullptr), STATUS_INVALID_PARAMETER);
        EXPECT_EQ(Contracts::take(), (std::vector<std::string>{"FN-071", "FN-071"}));
        outer->Release();
    });
}

TEST_F(ComObjectTest, AnObjectOrTableThatIsNotThereIsNotCalled) {
    run([&] {
        static int told;
        told = 0;
        nt::probes.object_misuse = [](std::uint32_t, const void*, const char*) { ++told; };
        EXPECT_FALSE(is_callable(reinterpret_cast<IUnknown*>(0x123456789ab0), 1));
        test::FakeSink sink;
        EXPECT_TRUE(is_callable(&sink, 3));
        std::uint64_t lost[1] = {0x123456789ab0};
        EXPECT_FALSE(is_callable(reinterpret_cast<IUnknown*>(lost), 1));
        auto* const block = static_cast<std::uint64_t*>(nt::ex::allocate(NonPagedPool, 32, 'tseT'));
        block[0] = *reinterpret_cast<std::uint64_t*>(&sink);
        EXPECT_TRUE(is_callable(reinterpret_cast<IUnknown*>(block), 1));
        nt::ex::free(block, 0);
        REQUIRES("IU-005");
        EXPECT_FALSE(is_callable(reinterpret_cast<IUnknown*>(block), 1));
#ifndef PORTICO_ASAN  // which sees the read itself
        EXPECT_EQ(method_of(reinterpret_cast<IUnknown*>(block), 1), nullptr) << "freed";
        EXPECT_EQ(told, 1);
#endif
        nt::probes.object_misuse = nullptr;
    });
}

}  // namespace
}  // namespace portico::portcls
