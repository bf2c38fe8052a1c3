#include "portcls/sequencer.h"

#include <cstring>

#include "nt/io/irp.h"
#include "portcls/com.h"

namespace portico::portcls {
namespace {

// A device that takes nothing for so long is broken, not busy: the message is dropped (MS-044, MS-045).
constexpr LONGLONG busy_limit_100ns = 10'000'000;

LONGLONG to_100ns(const KSTIME& time) {
    return static_cast<LONGLONG>(static_cast<__int128>(time.Time) * time.Numerator / time.Denominator);
}

void write_contract(PMINIPORTMIDISTREAM stream, ULONG asked, ULONG written) {
    if (written > asked) {
        PORTICO_PROBE(contract, "MS-050", stream, "IMiniportMidiStream::Write reported more bytes than it was given.");
    } else if (written != asked && written % 4 != 0) {
        PORTICO_PROBE(contract, "MS-041", stream,
                      "IMiniportMidiStream::Write took a part of the message that is no multiple of four bytes.");
    }
}

}  // namespace

SequencerResolution sequencer_resolution = SequencerResolution::tick;

Sequencer::Sequencer() : exact_timer_(exact_due, this) {
    InitializeListHead(&queue_);
    nt::ke::initialize_timer(&timer_, NotificationTimer);
    nt::ke::initialize_dpc(&dpc_, timer_dpc, this);
}

Sequencer::~Sequencer() { disarm(); }

// ---- the queue ----

void Sequencer::submit(ks::StreamRequest* request) {
    const PIRP irp = request->irp;
    request->owner = this;
    irp->Tail.Overlay.DriverContext[0] = request;
    InsertTailList(&queue_, &request->link);
    IoSetCancelRoutine(irp, cancel_routine);
    if (irp->Cancel != FALSE && IoSetCancelRoutine(irp, nullptr) != nullptr) {
        RemoveEntryList(&request->link);
        ks::StreamRequest::release(request);
        irp->IoStatus = {};
        irp->IoStatus.Status = STATUS_CANCELLED;
        nt::io::complete(irp, IO_NO_INCREMENT);
        return;
    }
    if (clock_.running()) pump();
}

// The cancel spin lock is held on entry. The head may be in the middle of a Write: then whoever writes completes it.
VOID NTAPI Sequencer::cancel_routine(PDEVICE_OBJECT, PIRP irp) {
    auto* const request = static_cast<ks::StreamRequest*>(irp->Tail.Overlay.DriverContext[0]);
    auto* const self = static_cast<Sequencer*>(request->owner);
    IoReleaseCancelSpinLock(irp->CancelIrql);
    const bool head = self->queue_.Flink == &request->link;
    if (head && self->pumping_) {
        request->cancelled = true;
        return;
    }
    if (head) self->forget_position();
    RemoveEntryList(&request->link);
    ks::StreamRequest::release(request);
    irp->IoStatus.Status = STATUS_CANCELLED;
    irp->IoStatus.Information = 0;
    nt::io::complete(irp, IO_NO_INCREMENT);
}

void Sequencer::forget_position() {
    packet_ = offset_ = 0;
    first_record_ = true;
    record_open_ = false;
    held_left_ = 0;
    busy_since_100ns_ = -1;
}

void Sequencer::finish_head(NTSTATUS status) {
    ks::StreamRequest* const request = ks::StreamRequest::of(RemoveHeadList(&queue_));
    const PIRP irp = request->irp;
    forget_position();
    IoSetCancelRoutine(irp, nullptr);
    irp->IoStatus.Status = request->cancelled ? STATUS_CANCELLED : status;
    irp->IoStatus.Information = NT_SUCCESS(irp->IoStatus.Status) ? request->data_total : 0;
    ks::StreamRequest::release(request);
    nt::io::complete(irp, IO_SOUND_INCREMENT);
}

void Sequencer::cancel_all(NTSTATUS status) {
    while (!IsListEmpty(&queue_)) {
        if (pumping_) {  // the head is in a Write: it ends there
            ks::StreamRequest::of(queue_.Flink)->cancelled = true;
            return;
        }
        finish_head(status);
    }
}

// ---- state ----

void Sequencer::run() {
    clock_.run();
    pump();
}

void Sequencer::pause() {
    clock_.pause();
    disarm();
    wait_for_write();
}

// A Write that runs on another processor ends before the miniport is told to leave RUN (ST-005).
void Sequencer::wait_for_write() {
    while (pumping_ && pumping_on_ != sim::this_processor) nt::ke::stall(microsecond_ns);
}

void Sequencer::stop() {
    clock_.reset();
    disarm();
    cancel_all(STATUS_CANCELLED);
    parser_.reset();
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
    while (clock_.running()) {
        if (!IsListEmpty(&queue_) && ks::StreamRequest::of(queue_.Flink)->cancelled) {
            finish_head(STATUS_CANCELLED);
        } else if (held_left_ != 0) {
            if (!offer()) return;
        } else if (!next_event()) {
            return;
        }
    }
}

// Puts the next message that is due into held_. False: nothing is due; a timer tells when to come back.
bool Sequencer::next_event() {
    while (!IsListEmpty(&queue_)) {
        midi::StreamEvent event;
        if (record_open_ && parser_.next(at_, end_, event)) {
            if (event.size == 0) continue;
            held_ = event.bytes;
            held_left_ = static_cast<ULONG>(event.size);
            if (event.kind == midi::StreamEventKind::message) {
                std::memcpy(short_message_, event.bytes, event.size);
                held_ = short_message_;
            }
            return true;
        }
        record_open_ = false;
        if (!open_record()) return false;
    }
    return false;
}

// Opens the next record when it is due. False when it is not, or when the queue is empty.
bool Sequencer::open_record() {
    const ks::StreamRequest& request = *ks::StreamRequest::of(queue_.Flink);
    while (packet_ < request.packet_count) {
        const ks::StreamPacket& packet = request.packets[packet_];
        KSMUSICFORMAT record;
        if (!take_record(packet, record)) {
            ++packet_;
            offset_ = 0;
            first_record_ = true;
            continue;
        }
        const LONGLONG now = clock_.now_100ns();
        LONGLONG base = nominal_100ns_;
        if (first_record_) {
            const bool timed = (packet.header.OptionsFlags & KSSTREAM_HEADER_OPTIONSF_TIMEVALID) != 0;
            base = timed ? to_100ns(packet.header.PresentationTime) : now;  // SP-015
        }
        const LONGLONG due = base + static_cast<LONGLONG>(record.TimeDeltaMs) * 10'000;
        if (due > now) {
            // An untimed record's base is the moment when it was first looked at.
            if (first_record_) {
                nominal_100ns_ = base;
                first_record_ = false;
            }
            arm(due);
            return false;
        }
        nominal_100ns_ = due;
        first_record_ = false;
        at_ = packet.bytes + offset_ + sizeof(KSMUSICFORMAT);
        end_ = at_ + record.ByteCount;
        offset_ += static_cast<ULONG>(sizeof(KSMUSICFORMAT)) + ((record.ByteCount + 3) & ~3u);
        record_open_ = true;
        sim::record(sim::TraceKind::message, "due", at_ == end_ ? 0 : *at_, static_cast<std::uint64_t>(due));
        return true;
    }
    finish_head(STATUS_SUCCESS);
    return !IsListEmpty(&queue_);
}

// The record at the packet's offset; false at the packet's end (less than a header left is padding, SP-014).
bool Sequencer::take_record(const ks::StreamPacket& packet, KSMUSICFORMAT& record) {
    if (offset_ > packet.header.DataUsed || packet.header.DataUsed - offset_ < sizeof(KSMUSICFORMAT)) return false;
    std::memcpy(&record, packet.bytes + offset_, sizeof record);
    return true;
}

// Offers the held message. False: the device is busy, or the stream left RUN meanwhile.
bool Sequencer::offer() {
    ULONG written = 0;
    const ULONG asked = held_left_;
    NTSTATUS status;
    {
        nt::DriverCall call("IMiniportMidiStream::Write", method_of(stream_, 6));
        status = call.returned(stream_->Write(const_cast<std::uint8_t*>(held_), asked, &written));
    }
    if (held_left_ == 0) return true;  // discarded while it was being written
    if (!NT_SUCCESS(status)) {
        give_up();
        return true;
    }
    write_contract(stream_, asked, written);
    if (written > asked) written = asked;  // MS-049
    held_ += written;
    held_left_ -= written;
    counts_.bytes += written;
    if (written != 0) busy_since_100ns_ = -1;
    if (held_left_ == 0) {
        ++counts_.messages;
        return true;
    }
    if (written != 0) return true;
    ++counts_.busy;
    const LONGLONG now = nt::ke::exact_time_100ns();
    if (busy_since_100ns_ < 0) busy_since_100ns_ = now;
    if (now - busy_since_100ns_ > busy_limit_100ns) {
        PORTICO_PROBE(contract, "MS-044", stream_, "IMiniportMidiStream::Write took nothing for a second: not busy, broken.");
        give_up();
        return true;
    }
    arm(clock_.now_100ns() + 1);
    return false;
}

// MS-045, MS-047: the message is lost, the stream goes on.
void Sequencer::give_up() {
    ++counts_.dropped;
    held_left_ = 0;
    busy_since_100ns_ = -1;
}

// ---- the timer ----

void Sequencer::arm(LONGLONG due_100ns) {
    const LONGLONG wait = due_100ns - clock_.now_100ns();
    if (sequencer_resolution == SequencerResolution::exact) {
        sim::scheduler.schedule(exact_timer_, sim::this_processor->at_ns + wait * 100);
        return;
    }
    LARGE_INTEGER due;
    due.QuadPart = -wait;
    nt::ke::set_timer(&timer_, due, 0, &dpc_);
}

void Sequencer::disarm() {
    nt::ke::cancel_timer(&timer_);
    nt::ke::remove_dpc(&dpc_);
    sim::scheduler.events.cancel(exact_timer_);
}

VOID NTAPI Sequencer::timer_dpc(PKDPC, PVOID context, PVOID, PVOID) { static_cast<Sequencer*>(context)->pump(); }

void Sequencer::exact_due(void* context, Nanoseconds) { nt::ke::queue_dpc(&static_cast<Sequencer*>(context)->dpc_); }

}  // namespace portico::portcls
