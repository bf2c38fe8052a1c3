#include "machine/wire_tap.h"

#include <algorithm>

namespace portico::machine {

void Song::add(Nanoseconds at_ns, std::span<const std::uint8_t> bytes) {
    parser_.feed(bytes, [&](const midi::StreamEvent& event) {
        const bool sysex = event.kind == midi::StreamEventKind::sysex;
        if (!sysex || event.begins) {
            messages_.push_back({at_ns, bytes_.size(), 0});
            ++count_.messages;
        }
        // A real-time message inside a SysEx comes between its pieces: the SysEx then is two entries' worth
        // of bytes, and the wire shows the same.
        if (sysex && !event.begins && messages_.back().begin + messages_.back().size != bytes_.size()) {
            messages_.push_back({at_ns, bytes_.size(), 0});
        }
        bytes_.insert(bytes_.end(), event.bytes, event.bytes + event.size);
        messages_.back().size += event.size;
        count_.bytes += event.size;
        if (sysex) count_.sysex_bytes += event.size;
        if (!sysex) count_.notes.add(event.span());
    });
}

void WireTap::byte(Nanoseconds first_bit_ns, std::uint8_t byte) {
    const bool real_time = byte >= 0xF8;
    if (!in_message_ && !real_time) {
        begun_ns_ = first_bit_ns;
        in_message_ = true;
    }
    ++count_.bytes;
    parser_.feed({&byte, 1}, [&](const midi::StreamEvent& event) {
        if (event.kind == midi::StreamEventKind::message) {
            ++count_.messages;
            count_.notes.add(event.span());
            message(event.span(), event.size == 1 && event.bytes[0] >= 0xF8 ? first_bit_ns : begun_ns_);
            if (!(event.size == 1 && event.bytes[0] >= 0xF8)) in_message_ = false;
            return;
        }
        if (event.begins) sysex_begun_ns_ = first_bit_ns;
        count_.sysex_bytes += event.size;
        sysex_.insert(sysex_.end(), event.bytes, event.bytes + event.size);
        if (event.end == midi::SysExEnd::open) return;
        ++count_.messages;
        message(sysex_, sysex_begun_ns_);
        sysex_.clear();
        in_message_ = false;
    });
}

void WireTap::message(std::span<const std::uint8_t> bytes, Nanoseconds first_bit_ns) {
    if (song_ == nullptr) return;
    if (next_ == song_->messages().size()) {
        ++strangers_;
        return;
    }
    const Song::Message& wanted = song_->messages()[next_++];
    const auto expected = song_->bytes_of(wanted);
    if (!std::equal(bytes.begin(), bytes.end(), expected.begin(), expected.end())) {
        ++strangers_;
        return;
    }
    ++matched_;
    lateness_.add(first_bit_ns - (start_ns_ + wanted.at_ns));
}

}  // namespace portico::machine
