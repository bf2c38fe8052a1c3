// Stream requests taken apart: what is refused, what is copied.
#include "ks_test.h"
#include "nt/ex/pool.h"
#include "support/requires.h"

namespace portico::ks {
namespace {

using test::Packets;
using test::TestIrp;

struct StreamRequestTest : test::KsTest {
    NTSTATUS begin_write(Packets& packets, StreamRequest** out = nullptr, KPROCESSOR_MODE mode = KernelMode) {
        TestIrp irp(packets.request(IOCTL_KS_WRITE_STREAM, mode));
        StreamRequest* request = nullptr;
        const NTSTATUS status = StreamRequest::begin_write(irp, &request);
        EXPECT_EQ(request != nullptr, NT_SUCCESS(status));
        if (out != nullptr) {
            *out = request;
        } else if (request != nullptr) {
            StreamRequest::release(request);
        }
        return status;
    }
    NTSTATUS begin_read(Packets& packets) {
        TestIrp irp(packets.request(IOCTL_KS_READ_STREAM));
        StreamRequest* request = nullptr;
        const NTSTATUS status = StreamRequest::begin_read(irp, 12, &request);
        if (request != nullptr) StreamRequest::release(request);
        return status;
    }
};

TEST_F(StreamRequestTest, HeadersAndDataAreCopiedOnce) {
    run([&] {
        Packets packets({12, 0, 500, 8});
        const auto before = packets.data;
        StreamRequest* request = nullptr;
        ASSERT_EQ(begin_write(packets, &request), STATUS_SUCCESS);
        packets.data.assign(packets.data.size(), 0xEE);
        packets.headers[2].DataUsed = ~0u;
        REQUIRES("SP-004"), REQUIRES("SP-005");
        ASSERT_EQ(request->packet_count, 4u);
        EXPECT_EQ(request->data_total, 520u);
        EXPECT_EQ(request->packets[2].header.DataUsed, 500u);
        EXPECT_EQ(std::memcmp(request->packets[0].bytes, before.data(), 12), 0);
        EXPECT_EQ(std::memcmp(request->packets[2].bytes, before.data() + 12, 500), 0);
        EXPECT_EQ(std::memcmp(request->packets[3].bytes, before.data() + 512, 8), 0);
        StreamRequest::release(request);
    });
}

TEST_F(StreamRequestTest, NoHeadersAreTooFew) {
    run([&] {
        Packets none({});
        EXPECT_EQ(begin_write(none), STATUS_BUFFER_TOO_SMALL);
        EXPECT_EQ(begin_read(none), STATUS_BUFFER_TOO_SMALL);
    });
}

TEST_F(StreamRequestTest, UsersAddressesAreChecked) {
    run([&] {
        Packets packets({12});  // the test's own memory is no user's
        EXPECT_EQ(begin_write(packets, nullptr, UserMode), STATUS_ACCESS_VIOLATION);
    });
}

TEST_F(StreamRequestTest, FramesThatCannotHoldAMessageAreTooSmall) {
    run([&] {
        Packets packets({64, 11});
        EXPECT_EQ(begin_read(packets), STATUS_BUFFER_TOO_SMALL);
        packets.headers[1].FrameExtent = 12;
        packets.headers[0].DataUsed = 64;
        EXPECT_EQ(begin_read(packets), STATUS_SUCCESS);
        REQUIRES("ST-008"), REQUIRES("SP-005");
        EXPECT_EQ(packets.headers[0].DataUsed, 0u);
        EXPECT_EQ(packets.headers[1].DataUsed, 0u);
    });
}

TEST_F(StreamRequestTest, SmallRequestsTakeNoPoolAndLargeOnesGiveItBack) {
    run([&] {
        Packets small({12}), frame({2'056}), large({3'000, 9'000});
        for (int i = 0; i < 40; ++i) {
            EXPECT_EQ(begin_write(small), STATUS_SUCCESS);
            EXPECT_EQ(begin_write(frame), STATUS_SUCCESS);
        }
        const auto before = nt::ex::pool_use(false);
        for (int i = 0; i < 1'000; ++i) {
            EXPECT_EQ(begin_write(small), STATUS_SUCCESS);
            EXPECT_EQ(begin_write(frame), STATUS_SUCCESS);
            EXPECT_EQ(begin_write(large), STATUS_SUCCESS);
        }
        EXPECT_EQ(nt::ex::pool_use(false).blocks, before.blocks);
        EXPECT_EQ(nt::ex::pool_use(false).bytes, before.bytes);
    });
}

}  // namespace
}  // namespace portico::ks
