// A KS client's memory, and its streams against a port whose miniport is the test's.
#include <gmock/gmock.h>

#include "portcls/midi_test.h"
#include "support/requires.h"

namespace portico::client {
namespace {

using test::Bytes;
using test::ScriptedStream;
using test::Sent;
using ::testing::ElementsAre;
using ::testing::SizeIs;

struct ClientTest : test::MidiTest {
    HANDLE pin = nullptr;
    ScriptedStream& running(ULONG pin_id) {
        start_device_and_filter();
        pin = running_pin(pin_id);
        return miniport.stream();
    }
};

TEST_F(ClientTest, CellsAreApartAlignedAndUsedAgain) {
    client([&] {
        UserHeap& heap = ks.heap();
        void* cells[64];
        for (std::size_t i = 0; i < 64; ++i) {
            cells[i] = heap.allocate(100 + i * 40);
            EXPECT_NE(cells[i], nullptr);
            EXPECT_EQ(reinterpret_cast<std::uintptr_t>(cells[i]) % 64, 0u);
            std::memset(cells[i], static_cast<int>(i), 100 + i * 40);
        }
        for (std::size_t i = 0; i < 64; ++i) {
            const auto* const bytes = static_cast<const std::uint8_t*>(cells[i]);
            EXPECT_EQ(std::count(bytes, bytes + 100 + i * 40, static_cast<std::uint8_t>(i)),
                      static_cast<std::ptrdiff_t>(100 + i * 40));
        }
        heap.free(cells[7], 100 + 7 * 40);
        EXPECT_EQ(heap.allocate(300), cells[7]);
        EXPECT_EQ(heap.allocate(std::size_t{1} << 40), nullptr);
        return STATUS_SUCCESS;
    });
}

TEST_F(ClientTest, OneWriteIsOnePaddedRecord) {
    ScriptedStream& stream = running(render_pin);
    client([&] {
        RenderStream out(ks, pin);
        const std::uint8_t note[] = {0x90, 60, 100};
        const std::uint8_t sysex[] = {0xF0, 1, 2, 3, 0xF7};
        EXPECT_TRUE(NT_SUCCESS(out.write(-1, note)));
        EXPECT_TRUE(NT_SUCCESS(out.write(-1, sysex)));
        EXPECT_EQ(out.wait_until(0, nullptr), STATUS_SUCCESS);
        return out.first_failure();
    });
    REQUIRES("CL-004");
    EXPECT_THAT(stream.taken(), ElementsAre(Bytes{0x90, 60, 100}, Bytes{0xF0, 1, 2, 3, 0xF7}));
}

TEST_F(ClientTest, APacketsRecordsKeepTheirTimes) {
    portcls::sequencer_resolution = portcls::SequencerResolution::exact;
    ScriptedStream& stream = running(render_pin);
    const LONGLONG started = nt::ke::exact_time_100ns();
    client([&] {
        RenderStream out(ks, pin);
        EXPECT_EQ(out.begin_packet(60), STATUS_SUCCESS);
        const std::uint8_t clock[] = {0xF8};
        unsigned taken = 0;
        for (const LONGLONG ms : {10, 12, 12, 40, 50, 60}) taken += out.add(ms, clock) ? 1 : 0;
        EXPECT_EQ(taken, 5u) << "a record takes 12 bytes, and no more fit";
        EXPECT_TRUE(NT_SUCCESS(out.send()));
        return out.wait_until(0, nullptr);
    });
    REQUIRES("SP-011");
    EXPECT_THAT(stream.times_ms(started), ElementsAre(10, 12, 12, 40, 50));
}

TEST_F(ClientTest, MoreWritesThanMayBeUnderWayWaitForOthers) {
    ScriptedStream& stream = running(render_pin);
    stream.usual_answer = {STATUS_SUCCESS, 0};
    stream.on_write = [&] {
        if (stream.writes.size() > 40) stream.usual_answer.most = ~0u;
    };
    client([&] {
        RenderStream out(ks, pin);
        const std::uint8_t note[] = {0x90, 60, 100};
        for (unsigned i = 0; i < 3 * RenderStream::outstanding_limit; ++i) {
            EXPECT_TRUE(NT_SUCCESS(out.write(-1, note)));
            EXPECT_LE(out.outstanding(), RenderStream::outstanding_limit);
        }
        EXPECT_EQ(out.wait_until(0, nullptr), STATUS_SUCCESS);
        return out.first_failure();
    });
    EXPECT_THAT(stream.taken(), SizeIs(3 * RenderStream::outstanding_limit));
}

TEST_F(ClientTest, AFailureIsKeptAndAWaitHasItsLimit) {
    running(render_pin);
    client([&] {
        RenderStream out(ks, pin);
        const std::uint8_t note[] = {0x90, 60, 100};
        EXPECT_EQ(out.write(600'000'000, note), STATUS_PENDING);
        LARGE_INTEGER timeout;
        timeout.QuadPart = -20'000;
        EXPECT_EQ(out.wait_until(0, &timeout), STATUS_TIMEOUT);
        EXPECT_EQ(ks.cancel(pin), STATUS_SUCCESS);
        EXPECT_EQ(out.wait_until(0, nullptr), STATUS_SUCCESS);
        EXPECT_EQ(out.first_failure(), STATUS_CANCELLED);
        return STATUS_SUCCESS;
    });
}

TEST_F(ClientTest, CaptureKeepsReadsPostedAndHandsOverInOrder) {
    ScriptedStream& stream = running(capture_pin);
    std::vector<Bytes> got;
    CaptureStream in(ks, pin);
    EXPECT_EQ(client([&] { return in.post(); }), STATUS_SUCCESS);
    for (std::uint8_t i = 0; i < 50; ++i) {
        receive(stream, {0x90, i, 100});
        EXPECT_EQ(client([&] {
                      const NTSTATUS status = in.harvest([&](ULONGLONG, std::span<const std::uint8_t> m) {
                          got.emplace_back(m.begin(), m.end());
                      });
                      return NT_SUCCESS(status) ? in.post() : status;
                  }),
                  STATUS_SUCCESS);
    }
    REQUIRES("CL-005");
    ASSERT_THAT(got, SizeIs(50));
    for (std::uint8_t i = 0; i < 50; ++i) EXPECT_EQ(got[i], (Bytes{0x90, i, 100}));
    EXPECT_EQ(set_state(pin, KSSTATE_STOP), STATUS_SUCCESS);
    EXPECT_EQ(client([&] { return in.harvest([](ULONGLONG, std::span<const std::uint8_t>) {}); }),
              STATUS_SUCCESS)
        << "cancelled reads are no failure";
}

}  // namespace
}  // namespace portico::client
