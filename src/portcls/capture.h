// The capture side of a MIDI pin: raw bytes from the miniport to whole, stamped messages in read IRPs
// (CA-001..CA-009).
#pragma once

#include <array>

#include "ks/stream_queue.h"
#include "midi/stream_parser.h"
#include "portcls.h"
#include "portcls/stream_clock.h"

namespace portico::portcls {

struct CaptureCounts {
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::uint64_t dropped = 0;  // messages that found the store full
};

class Capture {
  public:
    // The least data buffer of a read: a record with one short message.
    static constexpr ULONG frame_min = sizeof(KSMUSICFORMAT) + 4;

    Capture();
    Capture(const Capture&) = delete;
    Capture& operator=(const Capture&) = delete;

    void attach(PMINIPORTMIDISTREAM stream) { stream_ = stream; }

    // Takes over the request, whose IRP the caller has marked pending. IRQL: <= DISPATCH_LEVEL.
    void submit(ks::StreamRequest* request);
    // Reads the miniport until it has nothing more (MS-032). IRQL: DISPATCH_LEVEL.
    void service();

    void accept(bool keep);  // PAUSE and RUN keep what comes, STOP and ACQUIRE throw it away (CA-009)
    void run();
    void pause();
    void stop();
    void cancel_all(NTSTATUS status);

    const CaptureCounts& counts() const { return counts_; }

  private:
    static constexpr std::size_t store_size = 16 * 1024;
    static constexpr std::size_t sysex_piece_limit = 2048;  // what fills a client's usual frame (CL-005)
    struct Entry {
        ULONG stamp_ms;
        USHORT length;
        bool discontinuity;
    };

    void take(const std::uint8_t* bytes, ULONG count);
    void event(const midi::StreamEvent& event);
    void sysex(const midi::StreamEvent& event);
    void flush_sysex();
    bool store(const std::uint8_t* bytes, std::size_t count);
    bool fill(ks::StreamPacket& packet, KPROCESSOR_MODE mode);
    void answer(ks::StreamRequest* request);
    void deliver();
    void put(const void* from, std::size_t count);
    void peek(std::size_t at, void* to, std::size_t count) const;
    ULONG stamp_ms() const;

    PMINIPORTMIDISTREAM stream_ = nullptr;
    ks::StreamQueue queue_;
    StreamClock clock_;
    midi::StreamParser parser_;
    bool keep_ = false;
    bool in_service_ = false;
    bool service_again_ = false;
    bool lost_ = false;  // something was dropped since the last entry

    // Messages that no read has taken yet: entries, each followed by its bytes, in a circle.
    std::array<std::uint8_t, store_size> store_;
    std::size_t head_ = 0;
    std::size_t used_ = 0;
    std::size_t taken_ = 0;  // bytes of the first entry that a read has taken already (CA-008)

    std::array<std::uint8_t, sysex_piece_limit> sysex_;
    std::size_t sysex_used_ = 0;
    bool skip_sysex_ = false;  // a piece of it was dropped: the rest goes with it
    alignas(8) std::array<std::uint8_t, 256> read_buffer_;
    CaptureCounts counts_;
};

}  // namespace portico::portcls
