// The capture side of a MIDI pin: raw bytes or events from the miniport to whole, stamped messages in read
// IRPs (CA-001..CA-009).
#pragma once

#include <array>

#include "ks/stream_queue.h"
#include "midi/stream_parser.h"
#include "portcls/miniport_stream.h"
#include "portcls/packet_format.h"
#include "portcls/stream_clock.h"

namespace portico::portcls {

struct CaptureCounts {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::uint64_t dropped = 0;  // messages that found the store full
};

class Capture {
  public:
    Capture();
    Capture(const Capture&) = delete;
    Capture& operator=(const Capture&) = delete;

    void attach(MiniportStream* stream, PacketFormat format) {
        stream_ = stream;
        format_ = format;
    }

    // Takes over the request, whose IRP the caller has marked pending. IRQL: <= DISPATCH_LEVEL.
    void submit(ks::StreamRequest* request);
    // Has the miniport give what it received until it has nothing more (MS-032). IRQL: DISPATCH_LEVEL.
    void service();

    // For the stream, all at DISPATCH_LEVEL: bytes that came now; those of an event, with its time by the
    // master clock, true when they are exactly one message; and then: completes the reads that there is
    // something for.
    void take(const std::uint8_t* bytes, ULONG count);
    bool take_event(const std::uint8_t* bytes, ULONG count, LONGLONG master_100ns, USHORT channel_group);
    void deliver();

    void accept(bool keep);  // PAUSE and RUN keep what comes, STOP and ACQUIRE throw it away (CA-009)
    void run();
    void pause();
    void stop();
    void cancel_all(NTSTATUS status);

    const CaptureCounts& counts() const { return counts_; }
    LONGLONG time_100ns() const { return clock_.now_100ns(); }

  private:
    static constexpr std::size_t store_size = 24 * 1024;
    static constexpr std::size_t sysex_piece_limit = 2048;  // what fills a client's usual frame (CL-005)
    struct Entry {
        LONGLONG stamp_100ns;
        USHORT length;
        USHORT channel_group;
        bool discontinuity;
        bool structured;  // exactly one message that is no SysEx
    };

    void event(const midi::StreamEvent& event);
    void sysex(const midi::StreamEvent& event);
    void flush_sysex();
    void cut_sysex();
    bool store(const std::uint8_t* bytes, std::size_t count, bool structured);
    std::size_t put_record(const Entry& entry, std::uint8_t* out, std::size_t count) const;
    bool fill(ks::StreamPacket& packet, PIRP irp);
    void answer(ks::StreamRequest* request);
    void put(const void* from, std::size_t count);
    void peek(std::size_t at, void* to, std::size_t count) const;

    MiniportStream* stream_ = nullptr;
    PacketFormat format_ = PacketFormat::midi;
    ks::StreamQueue queue_;
    StreamClock clock_;
    midi::StreamParser parser_;
    bool keep_ = false;
    bool in_service_ = false;
    bool service_again_ = false;
    bool lost_ = false;  // something was dropped since the last entry

    // Of what is being taken.
    LONGLONG stamp_100ns_ = 0;
    USHORT channel_group_ = default_channel_group;

    // Messages that no read has taken yet: entries, each followed by its bytes, in a circle.
    std::array<std::uint8_t, store_size> store_;
    std::size_t head_ = 0;
    std::size_t used_ = 0;
    std::size_t taken_ = 0;  // bytes of the first entry that a read has taken already (CA-008)

    std::array<std::uint8_t, sysex_piece_limit> sysex_;
    std::size_t sysex_used_ = 0;
    bool skip_sysex_ = false;  // a piece of it was dropped: the rest goes with it
    CaptureCounts counts_;
};

}  // namespace portico::portcls
