// The render side of a MIDI pin: holds each message until it is due and gives it to the miniport
// (SP-010..SP-018, MS-040..MS-054).
#pragma once

#include "ks/stream_queue.h"
#include "midi/stream_parser.h"
#include "nt/ke/ke.h"
#include "portcls/miniport_stream.h"
#include "portcls/packet_format.h"
#include "portcls/stream_clock.h"

namespace portico::portcls {

// How exactly a message that waits is delivered: at the clock's tick, as Windows does, or at its very time.
enum class SequencerResolution : std::uint8_t { tick, exact };
extern SequencerResolution sequencer_resolution;

struct SequencerCounts {
    std::uint64_t messages = 0;  // given to the miniport whole
    std::uint64_t bytes = 0;
    std::uint64_t busy = 0;     // writes that took nothing
    std::uint64_t dropped = 0;  // messages given up: the device failed or stayed busy
};

class FilterPort;

class Sequencer {
  public:
    Sequencer();
    ~Sequencer();
    Sequencer(const Sequencer&) = delete;
    Sequencer& operator=(const Sequencer&) = delete;

    void attach(MiniportStream* stream, PacketFormat format) {
        stream_ = stream;
        format_ = format;
        prefetch_100ns_ = stream->prefetch_100ns();
    }

    // KSEVENT_CONNECTION_ENDOFSTREAM is told by that port's events (SP-020).
    void tell_ends_to(FilterPort& port) { port_ = &port; }

    // Takes over the request, whose IRP the caller has marked pending. Delivers at once what is due. IRQL: <=
    // DISPATCH.
    void submit(ks::StreamRequest* request);

    void run();    // the miniport is in RUN: deliver
    void pause();  // before the miniport leaves RUN: nothing is delivered any more; what is queued stays
    void stop();   // discards what is queued (STATUS_CANCELLED) and resets the time
    // The device made progress: what it was too busy for is offered again (PM-051). IRQL: DISPATCH_LEVEL.
    void progress();
    // Ends every queued request with the status and forgets the message in progress (ST-007, removal). A
    // Write on another processor is waited for. IRQL: PASSIVE_LEVEL.
    void cancel_all(NTSTATUS status);

    const SequencerCounts& counts() const { return counts_; }
    LONGLONG time_100ns() const { return clock_.now_100ns(); }

  private:
    void pump();
    void deliver_due();
    bool next_event();
    bool open_record();
    LONGLONG due_100ns(const ks::StreamPacket& packet, const PacketRecord& record);
    void open(const ks::StreamPacket& packet, const PacketRecord& record, LONGLONG due_100ns);
    bool hold(const midi::StreamEvent& event);
    bool offer();
    bool offered(ULONG asked, ULONG written);
    bool stay_busy();
    void give_up();
    void finish_first(NTSTATUS status);
    void tell_end(const ks::StreamRequest& request) const;
    void forget_position();
    void drop_rest();
    void wait_for_pump();
    void arm(LONGLONG wait_100ns);
    void disarm();
    static VOID NTAPI timer_dpc(PKDPC dpc, PVOID context, PVOID, PVOID);
    static void exact_due(void* context, Nanoseconds due_ns);
    static void first_cancelled(void* self);

    MiniportStream* stream_ = nullptr;
    PacketFormat format_ = PacketFormat::midi;
    LONGLONG prefetch_100ns_ = 0;  // how long before it is due a message is delivered
    FilterPort* port_ = nullptr;
    ks::StreamQueue queue_;
    StreamClock clock_;
    midi::StreamParser parser_;
    KTIMER timer_;
    KDPC dpc_;
    sim::Event exact_timer_;
    bool pumping_ = false;
    bool again_ = false;
    const sim::Processor* pumping_on_ = nullptr;

    // Where the first request is being read.
    ULONG packet_ = 0;            // index of its packet
    ULONG offset_ = 0;            // of the next record in it
    bool first_record_ = true;    // of the packet
    LONGLONG nominal_100ns_ = 0;  // what the next record's time counts from
    LONGLONG due_100ns_ = 0;      // when the current record is due
    USHORT channel_group_ = default_channel_group;
    bool record_open_ = false;
    const std::uint8_t* at_ = nullptr;  // the rest of the current record
    const std::uint8_t* end_ = nullptr;

    // The message that the miniport has not taken whole yet.
    const std::uint8_t* held_ = nullptr;
    ULONG held_left_ = 0;
    bool held_whole_ = false;  // exactly one message, nothing of it taken yet
    bool held_open_ = false;   // a piece of a SysEx that goes on
    bool skip_sysex_ = false;  // a piece of it was given up: the rest goes with it (MS-047)
    LONGLONG busy_since_100ns_ = -1;
    alignas(8) std::uint8_t short_message_[8] = {};

    SequencerCounts counts_;
};

}  // namespace portico::portcls
