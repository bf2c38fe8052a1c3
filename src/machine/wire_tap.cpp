#include "machine/wire_tap.h"

#include <algorithm>

#include "midi/message.h"

namespace portico::machine {
namespace {

bool is_real_time(std::span<const std::uint8_t> message) {
    return message.size() == 1 && message[0] >= 0xF8;
}

}  // namespace

void Song::add(Nanoseconds at_ns, std::span<const std::uint8_t> bytes) {
    parser_.feed(bytes, [&](const midi::StreamEvent& event) {
        const bool sysex = event.kind == midi::StreamEventKind::sysex;
        if (!sysex || event.begins) {
            messages_.push_back({at_ns, bytes_.size(), 0});
            ++count_.messages;
        }
        // A real-time message inside a SysEx comes between its pieces, which then are an entry each.
        if (sysex && !event.begins && messages_.size() != sysex_piece_ + 1) {
            messages_.push_back({at_ns, bytes_.size(), 0, true});
        }
        if (sysex) sysex_piece_ = messages_.size() - 1;
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
        sysex_ended();
    });
}

void WireTap::sysex_ended() {
    ++count_.messages;
    message(sysex_, sysex_begun_ns_);
    sysex_.clear();
    in_message_ = false;
}

void WireTap::end() {
    if (!sysex_.empty()) sysex_ended();
    if (song_ == nullptr) return;
    tell_lost(next_, song_->messages().size(), false);
    tell_lost(next_real_time_, song_->messages().size(), true);
}

void WireTap::tell_difference(bool lost, Nanoseconds at_ns, std::span<const std::uint8_t> bytes) {
    if (first_difference_.bytes.empty()) first_difference_ = {lost, at_ns, {bytes.begin(), bytes.end()}};
}

// The first message of its kind there was not heard.
void WireTap::tell_lost(std::size_t first, std::size_t end, bool real_time) {
    for (std::size_t i = first; i < end; ++i) {
        const Song::Message& message = song_->messages()[i];
        if (message.continues || is_real_time(song_->bytes_of(message)) != real_time) continue;
        return tell_difference(true, message.at_ns, song_->bytes_of(message));
    }
}

// Whether the song has this message there, put together from its pieces.
bool WireTap::is_at(std::size_t index, std::span<const std::uint8_t> bytes) const {
    for (std::size_t i = index; i < song_->messages().size(); ++i) {
        const auto piece = song_->bytes_of(song_->messages()[i]);
        if (i != index && !song_->messages()[i].continues) {
            if (is_real_time(piece)) continue;
            break;
        }
        if (piece.size() > bytes.size() || !std::equal(piece.begin(), piece.end(), bytes.begin()))
            return false;
        bytes = bytes.subspan(piece.size());
        if (i == index && piece[0] != midi::sysex_begin) break;
    }
    return bytes.empty();
}

void WireTap::message(std::span<const std::uint8_t> bytes, Nanoseconds first_bit_ns) {
    if (song_ == nullptr) return;
    const auto& messages = song_->messages();
    const auto same_kind = [&](const Song::Message& other) {
        return !other.continues && is_real_time(song_->bytes_of(other)) == is_real_time(bytes);
    };
    std::size_t& next = is_real_time(bytes) ? next_real_time_ : next_;
    while (next < messages.size() && !same_kind(messages[next])) ++next;
    // Some may be lost: the song goes on behind them.
    constexpr std::size_t look_ahead = 256;
    for (std::size_t i = next; i < std::min(next + look_ahead, messages.size()); ++i) {
        const Song::Message& wanted = messages[i];
        if (!same_kind(wanted) || !is_at(i, bytes)) continue;
        tell_lost(next, i, is_real_time(bytes));
        next = i + 1;
        ++matched_;
        lateness_.add(first_bit_ns - (start_ns_ + wanted.at_ns));
        return;
    }
    ++strangers_;
    tell_difference(false, first_bit_ns - start_ns_, bytes);
}

}  // namespace portico::machine
