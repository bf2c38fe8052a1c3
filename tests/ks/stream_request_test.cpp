// Stream requests taken apart: what is refused, what is copied.
#include "ks_test.h"
#include "ksmedia.h"
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

TEST_F(StreamRequestTest, NumbersAreThoseThatClientsWereBuiltWith) {
    REQUIRES("SP-001");
    EXPECT_EQ(IOCTL_KS_PROPERTY, 0x002F0003);
    EXPECT_EQ(IOCTL_KS_ENABLE_EVENT, 0x002F0007);
    EXPECT_EQ(IOCTL_KS_DISABLE_EVENT, 0x002F000B);
    EXPECT_EQ(IOCTL_KS_METHOD, 0x002F000F);
    EXPECT_EQ(IOCTL_KS_WRITE_STREAM, 0x002F8013);
    EXPECT_EQ(IOCTL_KS_READ_STREAM, 0x002F4017);
    EXPECT_EQ(IOCTL_KS_RESET_STATE, 0x002F001B);
    REQUIRES("SP-002"), REQUIRES("SP-010");
    EXPECT_EQ(sizeof(KSSTREAM_HEADER), 56u);
    EXPECT_EQ(offsetof(KSSTREAM_HEADER, Data), 40u);
    EXPECT_EQ(sizeof(KSMUSICFORMAT), 8u);
    REQUIRES("SP-003");
    EXPECT_EQ(KSSTREAM_HEADER_OPTIONSF_SPLICEPOINT, 0x1);
    EXPECT_EQ(KSSTREAM_HEADER_OPTIONSF_PREROLL, 0x2);
    EXPECT_EQ(KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY, 0x4);
    EXPECT_EQ(KSSTREAM_HEADER_OPTIONSF_TYPECHANGED, 0x8);
    EXPECT_EQ(KSSTREAM_HEADER_OPTIONSF_TIMEVALID, 0x10);
    EXPECT_EQ(KSSTREAM_HEADER_OPTIONSF_TIMEDISCONTINUITY, 0x40);
    EXPECT_EQ(KSSTREAM_HEADER_OPTIONSF_FLUSHONPAUSE, 0x80);
    EXPECT_EQ(KSSTREAM_HEADER_OPTIONSF_DURATIONVALID, 0x100);
    EXPECT_EQ(KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM, 0x200);
    EXPECT_EQ(KSSTREAM_HEADER_OPTIONSF_LOOPEDDATA, 0x80000000u);
}

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

// FLD-040: a client in the kernel names memory that is not there.
TEST_F(StreamRequestTest, AKernelClientsBufferMustBeThere) {
    Packets packets({64});
    packets.headers[0].Data = reinterpret_cast<PVOID>(0xFFFFF80012340000);
    kernel.run([&] { begin_read(packets); });
    REQUIRES("FLD-040");
    ASSERT_NE(nt::bug_check(), nullptr);
    EXPECT_EQ(nt::bug_check()->code, 0x50u);
    EXPECT_EQ(nt::bug_check()->parameters[0], 0xFFFFF80012340000u);
    EXPECT_STREQ(nt::bug_check()->subject.kind, "IRP");
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
        const auto after = nt::ex::pool_use(false);
        EXPECT_EQ(after.allocations - before.allocations, 1'000u) << "the large ones'";
        EXPECT_EQ(after.blocks, before.blocks);
        EXPECT_EQ(after.bytes, before.bytes);
    });
}

}  // namespace
}  // namespace portico::ks
