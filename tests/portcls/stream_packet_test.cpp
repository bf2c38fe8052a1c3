// Stream packets that are wrong: refused whole, and the stream goes on.
#include <gmock/gmock.h>

#include "midi_test.h"
#include "support/requires.h"

namespace portico::portcls {
namespace {

using test::Bytes;
using test::header;
using test::record;
using test::operator+;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct WrongPacket : test::MidiTest {
    HANDLE pin = nullptr;
    const Bytes data = record(0, {0x90, 60, 100});

    void SetUp() override {
        start_device_and_filter();
        pin = running_pin(render_pin);
    }
    NTSTATUS written(Bytes headers, Bytes bytes) {
        return client([&] { return ks.stream_packet(pin, IOCTL_KS_WRITE_STREAM, headers, bytes, nullptr); });
    }
    NTSTATUS written_with(std::size_t field, ULONG value) {
        Bytes h = header(data.size());
        std::memcpy(h.data() + field, &value, sizeof value);
        return written(h, data);
    }
    // The stream still works, and nothing of what was refused came through.
    void TearDown() override {
        EXPECT_THAT(miniport.stream().writes, IsEmpty());
        EXPECT_EQ(written(header(data.size()), data), STATUS_SUCCESS);
        EXPECT_THAT(miniport.stream().taken(), ElementsAre(Bytes{0x90, 60, 100}));
    }
};

TEST_F(WrongPacket, Sizes) {
    REQUIRES("SP-004"), REQUIRES("SP-002");
    for (const ULONG size : {0u, 8u, 55u, 57u, 60u, 64u, 0x80000000u, ~0u}) {
        EXPECT_EQ(written_with(offsetof(KSSTREAM_HEADER, Size), size), STATUS_INVALID_BUFFER_SIZE) << size;
    }
    EXPECT_EQ(written({}, data), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(written(Bytes(8), data), STATUS_BUFFER_TOO_SMALL);
    EXPECT_EQ(written(header(data.size()) + Bytes(8), data), STATUS_INVALID_BUFFER_SIZE)
        << "a rest that is no header";
    EXPECT_EQ(written(header(data.size()) + header(data.size(), {.size = 128}), data), STATUS_SUCCESS)
        << "a larger one is one";
    miniport.stream().writes.clear();
}

TEST_F(WrongPacket, DataBeyondTheFrameTheLimitOrTheClientsMemory) {
    EXPECT_EQ(written_with(offsetof(KSSTREAM_HEADER, DataUsed), 13), STATUS_INVALID_BUFFER_SIZE);
    EXPECT_EQ(written_with(offsetof(KSSTREAM_HEADER, DataUsed), ~0u), STATUS_INVALID_BUFFER_SIZE);
    const Bytes large((16u << 20) + 4);
    EXPECT_EQ(written(header(large.size()), large), STATUS_INVALID_BUFFER_SIZE);
    EXPECT_EQ(written(header(0x7FFFFFFF), data), STATUS_ACCESS_VIOLATION);
    EXPECT_EQ(written(header(data.size(), {.data_offset = 0x7FFF'0000'0000}), data), STATUS_ACCESS_VIOLATION);
}

TEST_F(WrongPacket, ZeroInAFraction) {
    REQUIRES("SP-006");
    EXPECT_EQ(written_with(offsetof(KSSTREAM_HEADER, PresentationTime.Numerator), 0),
              STATUS_INVALID_PARAMETER);
    EXPECT_EQ(written_with(offsetof(KSSTREAM_HEADER, PresentationTime.Denominator), 0),
              STATUS_INVALID_PARAMETER);
}

TEST_F(WrongPacket, ByteCountBeyondTheBuffer) {
    REQUIRES("SP-014");
    for (const ULONG count : {5u, 400u, 0x7FFFFFFFu, 0xFFFFFFFCu, 0xFFFFFFFDu, ~0u}) {
        const Bytes lying = record(0, {0x90, 60, 100}, count);
        EXPECT_EQ(written(header(lying.size()), lying), STATUS_INVALID_PARAMETER) << count;
        const Bytes second = data + lying;
        EXPECT_EQ(written(header(second.size()), second), STATUS_INVALID_PARAMETER) << "in a later record";
        EXPECT_EQ(written(header(data.size()) + header(lying.size(), {.data_offset = data.size()}), second),
                  STATUS_INVALID_PARAMETER)
            << "in a later packet";
    }
}

TEST_F(WrongPacket, TooManyHeaders) {
    Bytes many;
    for (int i = 0; i < 1025; ++i) many = many + header(0);
    EXPECT_EQ(written(many, data), STATUS_INVALID_BUFFER_SIZE);
    many.resize(1024 * sizeof(KSSTREAM_HEADER));
    EXPECT_EQ(written(many, data), STATUS_SUCCESS);
}

TEST_F(WrongPacket, HeadersWhereTheClientHasNoMemoryOrMisplaced) {
    const auto sent = [&](std::uint64_t address) {
        return client([&] {
            auto* const status = static_cast<PIO_STATUS_BLOCK>(ks.heap().allocate(sizeof(IO_STATUS_BLOCK)));
            return nt::io::device_io_control(pin, {}, IOCTL_KS_WRITE_STREAM, nullptr, 0,
                                             reinterpret_cast<void*>(address), sizeof(KSSTREAM_HEADER),
                                             status, UserMode);
        });
    };
    EXPECT_EQ(sent(0), STATUS_ACCESS_VIOLATION);
    EXPECT_EQ(sent(0xFFFF'8000'0000'0000), STATUS_ACCESS_VIOLATION);
    EXPECT_EQ(sent(sim::user_range.end() - 16), STATUS_ACCESS_VIOLATION);
    EXPECT_EQ(sent(sim::nonpaged_range.base), STATUS_ACCESS_VIOLATION);
    EXPECT_EQ(sent(reinterpret_cast<std::uint64_t>(client_cell()) + 4), STATUS_DATATYPE_MISALIGNMENT);
}

}  // namespace
}  // namespace portico::portcls
