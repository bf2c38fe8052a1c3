#include "portcls.h"
#include "portcls_test.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using TimeTest = test::PortclsTest;
using DrmTest = test::PortclsTest;

TEST_F(TimeTest, GetTimeIntervalIsTheProcessorsOwnTime) {
    run([&] {
        REQUIRES("FN-120");
        const ULONGLONG start = PcGetTimeInterval(0);
        EXPECT_NEAR(static_cast<double>(start), static_cast<double>(nt::ke::exact_system_time_100ns()),
                    100.0);
        nt::ke::stall(3 * millisecond_ns);
        REQUIRES("FN-122");
        EXPECT_GE(PcGetTimeInterval(start), GTI_MILLISECONDS(3));
        EXPECT_LT(PcGetTimeInterval(start), GTI_MILLISECONDS(3) + GTI_MICROSECONDS(100));
        EXPECT_EQ(GTI_SECONDS(2), 20'000'000u);
    });
}

TEST_F(TimeTest, ALoopThatWaitsForItEnds) {
    run([&] {
        test::at_irql(9, [&] {
            const ULONGLONG start = PcGetTimeInterval(0);
            ULONGLONG last = 0;
            unsigned turns = 0;
            REQUIRES("FN-123"), REQUIRES("FN-121");
            while (PcGetTimeInterval(start) < GTI_MILLISECONDS(1)) {
                const ULONGLONG now = PcGetTimeInterval(start);
                EXPECT_GE(now, last);
                last = now;
                ASSERT_LT(++turns, 100'000u);
            }
        });
    });
}

TEST_F(DrmTest, OnlyTheDefaultContentExists) {
    run([&] {
        REQUIRES("FN-160");
        DRMRIGHTS rights{TRUE, 1, TRUE};
        EXPECT_EQ(PcGetContentRights(0, &rights), STATUS_SUCCESS);
        EXPECT_EQ(rights.CopyProtect, FALSE);
        EXPECT_EQ(rights.DigitalOutputDisable, FALSE);
        EXPECT_FALSE(NT_SUCCESS(PcGetContentRights(7, &rights)));
        ULONG ids[] = {0, 0};
        ULONG mixed = 5;
        EXPECT_EQ(PcCreateContentMixed(ids, 2, &mixed), STATUS_SUCCESS);
        EXPECT_EQ(mixed, 0u);
        ids[1] = 9;
        EXPECT_FALSE(NT_SUCCESS(DrmCreateContentMixed(ids, 2, &mixed)));
        REQUIRES("FN-161");
        EXPECT_FALSE(NT_SUCCESS(PcDestroyContent(0)));
        EXPECT_FALSE(NT_SUCCESS(DrmDestroyContent(0)));
        DRMFORWARD forward{};
        EXPECT_EQ(PcForwardContentToDeviceObject(0, nullptr, &forward), STATUS_SUCCESS);
        EXPECT_FALSE(NT_SUCCESS(PcForwardContentToDeviceObject(1, nullptr, &forward)));
        EXPECT_FALSE(NT_SUCCESS(PcForwardContentToInterface(0, nullptr, 3)));
        PVOID handler = &forward;
        EXPECT_EQ(PcAddContentHandlers(0, &handler, 1), STATUS_SUCCESS);
        EXPECT_FALSE(NT_SUCCESS(PcForwardContentToFileObject(3, nullptr)));
    });
}

}  // namespace
}  // namespace portico::portcls
