#include "portcls/capture.h"

#include <algorithm>
#include <cstring>

#include "ks/user_memory.h"
namespace portico::portcls {

// A read that is cancelled leaves nothing behind that another one waits for.
Capture::Capture() : queue_([](void*) {}, nullptr) {}

// ---- from the miniport ----

void Capture::service() {
    if (in_service_) {
        service_again_ = true;
        return;
    }
    in_service_ = true;
    do {
        service_again_ = false;
    } while (stream_->collect(*this) && service_again_);
    in_service_ = false;
    deliver();
}

void Capture::take(const std::uint8_t* bytes, ULONG count) {
    if (!keep_) return;
    counts_.bytes += count;
    stamp_100ns_ = clock_.now_100ns();
    parser_.feed({bytes, count}, [this](const midi::StreamEvent& e) { event(e); });
}

bool Capture::take_event(const std::uint8_t* bytes, ULONG count, LONGLONG master_100ns,
                         USHORT channel_group) {
    if (!keep_) return true;
    counts_.bytes += count;
    stamp_100ns_ = clock_.from_master_100ns(master_100ns);
    if (channel_group != channel_group_) cut_sysex();
    channel_group_ = channel_group;
    bool is_whole = false;
    parser_.feed({bytes, count}, [&](const midi::StreamEvent& e) {
        is_whole = e.whole() && e.size == count;
        event(e);
    });
    return is_whole;
}

// What one channel group began, bytes of another do not go on with.
void Capture::cut_sysex() {
    flush_sysex();
    parser_.reset();
    skip_sysex_ = false;
}

void Capture::event(const midi::StreamEvent& event) {
    if (event.kind == midi::StreamEventKind::message) {
        store(event.bytes, event.size, true);
    } else {
        sysex(event);
    }
}

void Capture::sysex(const midi::StreamEvent& event) {
    if (event.begins) skip_sysex_ = false;
    const std::uint8_t* at = event.bytes;
    for (std::size_t left = event.size; left > 0 && !skip_sysex_;) {
        const std::size_t part = std::min(left, sysex_.size() - sysex_used_);
        std::memcpy(sysex_.data() + sysex_used_, at, part);
        sysex_used_ += part;
        at += part;
        left -= part;
        if (sysex_used_ == sysex_.size()) flush_sysex();
    }
    if (event.end != midi::SysExEnd::open) flush_sysex();
}

void Capture::flush_sysex() {
    if (sysex_used_ != 0) skip_sysex_ = !store(sysex_.data(), sysex_used_, false);
    sysex_used_ = 0;
}

// The newest is dropped when the store is full; the next entry says so (CA-005). False: dropped.
bool Capture::store(const std::uint8_t* bytes, std::size_t count, bool structured) {
    if (store_size - used_ < sizeof(Entry) + count) {
        ++counts_.dropped;
        lost_ = true;
        return false;
    }
    const Entry entry{stamp_100ns_, static_cast<USHORT>(count), channel_group_, lost_, structured};
    lost_ = false;
    put(&entry, sizeof entry);
    put(bytes, count);
    ++counts_.messages;
    return true;
}

void Capture::put(const void* from, std::size_t count) {
    const std::size_t at = (head_ + used_) % store_size;
    const std::size_t first = std::min(count, store_size - at);
    std::memcpy(store_.data() + at, from, first);
    std::memcpy(store_.data(), static_cast<const std::uint8_t*>(from) + first, count - first);
    used_ += count;
}

void Capture::peek(std::size_t offset, void* to, std::size_t count) const {
    const std::size_t at = (head_ + offset) % store_size;
    const std::size_t first = std::min(count, store_size - at);
    std::memcpy(to, store_.data() + at, first);
    std::memcpy(static_cast<std::uint8_t*>(to) + first, store_.data(), count - first);
}

// ---- to the client ----

// The record's header and its bytes, padded; the size of all that. A KSMUSICFORMAT has milliseconds of stream
// time, rounded up (CA-002).
std::size_t Capture::put_record(const Entry& entry, std::uint8_t* out, std::size_t count) const {
    const bool midi = format_ == PacketFormat::midi;
    const std::size_t header = header_size(format_);
    const std::size_t padded = midi ? (header + count + 3) & ~std::size_t{3} : DMUS_EVENT_SIZE(count);
    std::memset(out + header + count, 0, padded - header - count);
    if (midi) {
        const KSMUSICFORMAT record{static_cast<ULONG>((entry.stamp_100ns + 9'999) / 10'000),
                                   static_cast<ULONG>(count)};
        std::memcpy(out, &record, sizeof record);
    } else {
        const bool whole = entry.structured && count == entry.length;
        const DMUS_EVENTHEADER record{static_cast<DWORD>(count), entry.channel_group, 0,
                                      whole ? DWORD{DMUS_EVENT_STRUCTURED} : 0};
        std::memcpy(out, &record, sizeof record);
    }
    peek(sizeof entry + taken_, out + header, count);
    return padded;
}

// One record into one frame; what does not fit comes with the next (CA-008). False when the frame cannot be
// written.
bool Capture::fill(ks::StreamPacket& packet, PIRP irp) {
    Entry entry;
    peek(0, &entry, sizeof entry);
    const bool midi = format_ == PacketFormat::midi;
    const std::size_t frame = packet.header.FrameExtent & ~std::size_t{midi ? 3u : 7u};
    const std::size_t count = std::min<std::size_t>(entry.length - taken_, frame - header_size(format_));
    if (!ks::accessible(irp->RequestorMode, packet.header.Data, frame, irp) ||
        !ks::accessible(irp->RequestorMode, packet.user, sizeof(KSSTREAM_HEADER), irp)) {
        return false;
    }
    auto* const out = static_cast<std::uint8_t*>(packet.header.Data);
    packet.user->DataUsed = static_cast<ULONG>(put_record(entry, out, count));
    packet.user->PresentationTime = {midi ? 0 : entry.stamp_100ns, 1, 1};
    packet.user->OptionsFlags = KSSTREAM_HEADER_OPTIONSF_TIMEVALID;
    if (entry.discontinuity && taken_ == 0)
        packet.user->OptionsFlags |= KSSTREAM_HEADER_OPTIONSF_DATADISCONTINUITY;
    taken_ += count;
    if (taken_ < entry.length) return true;
    head_ = (head_ + sizeof entry + entry.length) % store_size;
    used_ -= sizeof entry + entry.length;
    taken_ = 0;
    return true;
}

// Completes reads while there is a message for each: as soon as one is whole (CA-006).
void Capture::deliver() {
    while (clock_.running() && used_ != 0 && !queue_.empty()) {
        if (ks::StreamRequest* const request = queue_.take_first()) answer(request);
    }
}

// Fills the request's headers as far as there are messages, and ends it (SP-005).
void Capture::answer(ks::StreamRequest* request) {
    ULONG filled = 0;
    ULONG headers_size = 0;
    while (filled < request->packet_count && used_ != 0 && fill(request->packets[filled], request->irp)) {
        headers_size += request->packets[filled++].header.Size;
    }
    const NTSTATUS status = filled == 0 ? STATUS_ACCESS_VIOLATION : STATUS_SUCCESS;
    ks::StreamQueue::end(request, status, headers_size, IO_SOUND_INCREMENT);
}

void Capture::submit(ks::StreamRequest* request) {
    queue_.add(request);
    deliver();
}

void Capture::cancel_all(NTSTATUS status) {
    while (!queue_.empty()) {
        if (ks::StreamRequest* const request = queue_.take_first()) {
            ks::StreamQueue::end(request, status, 0, IO_NO_INCREMENT);
        }
    }
}

// ---- state ----

void Capture::run() {
    clock_.run();
    nt::ke::DispatcherLock dispatch_level;
    deliver();
}

void Capture::pause() {
    clock_.pause();
}

// What was thrown away is not to be continued.
void Capture::accept(bool keep) {
    keep_ = keep;
    if (keep) return;
    parser_.reset();
    sysex_used_ = 0;
    skip_sysex_ = false;
}

void Capture::stop() {
    accept(false);
    clock_.reset();
    head_ = used_ = taken_ = 0;
    lost_ = false;
    cancel_all(STATUS_CANCELLED);
}

}  // namespace portico::portcls
