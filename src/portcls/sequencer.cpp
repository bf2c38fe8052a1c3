#include "portcls/sequencer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "portcls/com.h"
#include "portcls/event_request.h"

namespace portico::portcls {
namespace {

// When a busy device is asked again: at the clock's next tick, or after a byte's time on a MIDI wire
// (MS-043).
constexpr LONGLONG retry_tick_100ns = 1;
constexpr LONGLONG retry_exact_100ns = 3'200;
// A century of stream time either way, so that times can be added and counted in nanoseconds.
constexpr LONGLONG time_limit_100ns = 3'155'760'000LL * 10'000'000;

LONGLONG bounded_100ns(__int128 time_100ns) {
    return static_cast<LONGLONG>(std::clamp<__int128>(time_100ns, -time_limit_100ns, time_limit_100ns));
}

LONGLONG to_100ns(const KSTIME& time) {
    return bounded_100ns(static_cast<__int128>(time.Time) * time.Numerator / time.Denominator);
}

}  // namespace

SequencerResolution sequencer_resolution = SequencerResolution::tick;

Sequencer::Sequencer() : queue_(first_cancelled, this), exact_timer_(exact_due, this) {
    nt::ke::initialize_timer(&timer_, NotificationTimer);
    nt::ke::initialize_dpc(&dpc_, timer_dpc, this);
}

// The timer's DPC may have left its queue, and whoever ended the last request may still be in pump().
Sequencer::~Sequencer() {
    disarm();
    nt::ke::flush_queued_dpcs();
    wait_for_pump();
}

// ---- the queue ----

// What is behind another request is that one's affair: it is being delivered, or a timer waits for it.
void Sequencer::submit(ks::StreamRequest* request) {
    const bool is_first = queue_.empty();
    queue_.add(request);
    if (is_first && clock_.running()) pump();
}

// What is behind a cancelled request need not wait for that one's time.
void Sequencer::first_cancelled(void* self) {
    auto* const sequencer = static_cast<Sequencer*>(self);
    sequencer->drop_rest();
    if (sequencer->clock_.running()) sequencer->pump();
}

void Sequencer::forget_position() {
    packet_ = offset_ = 0;
    first_record_ = true;
    record_open_ = false;
    held_left_ = 0;
    busy_since_100ns_ = -1;
}

// SP-018. What the request began, a SysEx or a message, the next one does not go on with: bytes without a
// status are dropped.
void Sequencer::drop_rest() {
    forget_position();
    parser_.reset();
    skip_sysex_ = false;
}

void Sequencer::finish_first(NTSTATUS status) {
    NT_SUCCESS(status) ? forget_position() : drop_rest();
    ks::StreamRequest* const request = queue_.take_first();
    if (request == nullptr) return;
    const ULONG consumed = NT_SUCCESS(status) ? request->data_total : 0;
    if (NT_SUCCESS(status)) tell_end(*request);
    ks::StreamQueue::end(request, status, consumed, IO_SOUND_INCREMENT);
}

// Before the request ends, after which the pin may be gone.
void Sequencer::tell_end(const ks::StreamRequest& request) const {
    for (ULONG i = 0; i < request.packet_count; ++i) {
        if ((request.packets[i].header.OptionsFlags & KSSTREAM_HEADER_OPTIONSF_ENDOFSTREAM) == 0) continue;
        tell_end_of_stream(*port_, IoGetCurrentIrpStackLocation(request.irp)->FileObject);
        return;
    }
}

void Sequencer::cancel_all(NTSTATUS status) {
    queue_.mark_all(status);
    pump();
    wait_for_pump();
    if (pumping_) return;  // asked for from inside a Write: its pump ends them
    drop_rest();
}

// ---- state ----

void Sequencer::run() {
    clock_.run();
    pump();
}

// A Write that runs on another processor ends before the miniport is told to leave RUN (ST-005).
void Sequencer::pause() {
    clock_.pause();
    disarm();
    wait_for_pump();
    busy_since_100ns_ = -1;  // outside RUN nobody asks the device (MS-044)
}

void Sequencer::wait_for_pump() {
    while (pumping_ && pumping_on_ != sim::this_processor) nt::ke::stall(microsecond_ns);
}

void Sequencer::stop() {
    clock_.reset();
    disarm();
    cancel_all(STATUS_CANCELLED);
}

void Sequencer::progress() {
    if (held_left_ != 0) pump();
}

// ---- delivery ----

void Sequencer::pump() {
    if (pumping_) {
        again_ = true;
        return;
    }
    nt::ke::DispatcherLock dispatch_level;
    pumping_ = true;
    pumping_on_ = sim::this_processor;
    do {
        again_ = false;
        deliver_due();
    } while (again_);
    pumping_ = false;
}

void Sequencer::deliver_due() {
    while (!queue_.empty()) {
        const NTSTATUS end_status = queue_.first().end_status;
        if (end_status != STATUS_SUCCESS) {
            finish_first(end_status);
        } else if (!clock_.running()) {
            return;
        } else if (held_left_ != 0) {
            if (!offer()) return;
        } else if (!next_event()) {
            return;
        }
    }
}

// Looks for the next message that is due. False: nothing is due; a timer tells when to come back.
bool Sequencer::next_event() {
    midi::StreamEvent event;
    while (record_open_ && parser_.next(at_, end_, event)) {
        if (hold(event)) return true;
    }
    record_open_ = false;
    return open_record();
}

// Puts the event into held_. False when it is not to be delivered.
bool Sequencer::hold(const midi::StreamEvent& event) {
    const bool is_sysex = event.kind == midi::StreamEventKind::sysex;
    bool skip = false;
    if (is_sysex) {
        skip = skip_sysex_ && !event.begins;
        skip_sysex_ = skip && event.end == midi::SysExEnd::open;
    }
    if (skip || event.size == 0) return false;
    held_ = event.bytes;
    held_left_ = static_cast<ULONG>(event.size);
    held_open_ = is_sysex && event.end == midi::SysExEnd::open;
    held_whole_ = event.whole();
    if (!is_sysex) {
        std::memcpy(short_message_, event.bytes, event.size);
        held_ = short_message_;
    }
    return true;
}

// Opens the next record of the first request when it is due, or ends the request when it has no more. False:
// not due yet.
bool Sequencer::open_record() {
    ks::StreamRequest& request = queue_.first();
    if (std::exchange(request.after_gap, false)) drop_rest();
    for (; packet_ < request.packet_count; ++packet_, offset_ = 0, first_record_ = true) {
        const ks::StreamPacket& packet = request.packets[packet_];
        PacketRecord record;
        if (!take_record(format_, packet, offset_, record)) continue;
        const LONGLONG due = due_100ns(packet, record);
        const LONGLONG wait = due - prefetch_100ns_ - clock_.now_100ns();
        if (wait > 0) {
            arm(wait);
            return false;
        }
        open(packet, record, due);
        return true;
    }
    finish_first(STATUS_SUCCESS);
    return true;
}

void Sequencer::open(const ks::StreamPacket& packet, const PacketRecord& record, LONGLONG due) {
    due_100ns_ = due;
    if (format_ == PacketFormat::midi) nominal_100ns_ = due;
    // What one channel group began, bytes of another do not go on with.
    if (record.channel_group != channel_group_) parser_.reset();
    channel_group_ = record.channel_group;
    at_ = packet.bytes + record.at;
    end_ = at_ + record.size;
    offset_ = record.next;
    record_open_ = true;
    sim::record(sim::TraceKind::message, "due", at_ == end_ ? 0 : *at_, static_cast<std::uint64_t>(due));
}

// SP-011, SP-015: a packet's first record counts from its time, or from when it is first looked at; each
// later one from the one before, or of DirectMusic from the same time (SP-019).
LONGLONG Sequencer::due_100ns(const ks::StreamPacket& packet, const PacketRecord& record) {
    if (first_record_) {
        const bool timed = (packet.header.OptionsFlags & KSSTREAM_HEADER_OPTIONSF_TIMEVALID) != 0;
        nominal_100ns_ = timed ? to_100ns(packet.header.PresentationTime) : clock_.now_100ns();
        first_record_ = false;
    }
    return bounded_100ns(static_cast<__int128>(nominal_100ns_) + record.delta_100ns);
}

// Offers the held message. False: the device is busy.
bool Sequencer::offer() {
    ULONG written = 0;
    const ULONG asked = held_left_;
    const LONGLONG due = clock_.to_master_100ns(due_100ns_);
    queue_.use_first(true);
    const NTSTATUS status = stream_->write({held_, asked, held_whole_, channel_group_, due}, written);
    queue_.use_first(false);
    if (!NT_SUCCESS(status)) {
        give_up();
        return true;
    }
    return offered(asked, written);
}

bool Sequencer::offered(ULONG asked, ULONG written) {
    held_ += written;
    held_left_ -= written;
    counts_.bytes += written;
    if (written == 0) return stay_busy();
    busy_since_100ns_ = -1;
    held_whole_ = false;
    if (written == asked) ++counts_.messages;
    return true;
}

// True: the device has been busy for too long, and the message is dropped.
bool Sequencer::stay_busy() {
    ++counts_.busy;
    const LONGLONG now = nt::ke::exact_time_100ns();
    if (busy_since_100ns_ < 0) busy_since_100ns_ = now;
    if (stream_->is_stuck(now - busy_since_100ns_)) {
        give_up();
        return true;
    }
    arm(sequencer_resolution == SequencerResolution::exact ? retry_exact_100ns : retry_tick_100ns);
    return false;
}

// MS-045, MS-047: the message is lost, the stream goes on.
void Sequencer::give_up() {
    ++counts_.dropped;
    skip_sysex_ = held_open_;
    held_left_ = 0;
    busy_since_100ns_ = -1;
}

// ---- the timer ----

void Sequencer::arm(LONGLONG wait_100ns) {
    if (sequencer_resolution == SequencerResolution::exact) {
        sim::scheduler.schedule(exact_timer_, sim::this_processor->at_ns + wait_100ns * 100);
        return;
    }
    LARGE_INTEGER due;
    due.QuadPart = -wait_100ns;
    nt::ke::set_timer(&timer_, due, 0, &dpc_);
}

void Sequencer::disarm() {
    nt::ke::cancel_timer(&timer_);
    nt::ke::remove_dpc(&dpc_);
    sim::scheduler.events.cancel(exact_timer_);
}

VOID NTAPI Sequencer::timer_dpc(PKDPC, PVOID context, PVOID, PVOID) {
    static_cast<Sequencer*>(context)->pump();
}

void Sequencer::exact_due(void* context, Nanoseconds) {
    nt::ke::queue_dpc(&static_cast<Sequencer*>(context)->dpc_);
}

}  // namespace portico::portcls
