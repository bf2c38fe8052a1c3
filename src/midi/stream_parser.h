// Raw MIDI bytes, in pieces of any size, to whole messages (SP-017, MS-048, CA-007, CA-008).
//
// - Running status is expanded: a message always has its status byte.
// - Real-time bytes (F8 to FF) come out as messages of their own, at once, and leave the message or SysEx
//   around them and the running status as they were. The undefined F9 and FD are passed on the same way.
// - A SysEx comes out in pieces that point into the input: nothing is copied, so any length needs no memory.
// - F4 and F5, undefined, come out as messages of one byte and end running status, as every system common
//   status does.
// - Dropped and counted: data bytes without a status, F7 outside a SysEx, a short message cut by another
//   status.
//
// Any IRQL and any thread, but one caller at a time: no clock, no memory, no global state.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "midi/message.h"

namespace portico::midi {

enum class StreamEventKind : std::uint8_t { message, sysex };

// How a SysEx piece ends.
enum class SysExEnd : std::uint8_t {
    open,      // more pieces follow
    complete,  // its last byte is F7
    cut,       // another status came instead of F7; the piece may be empty
};

struct StreamEvent {
    const std::uint8_t* bytes =
        nullptr;           // in the input, or in the parser: valid until the next call of next()
    std::size_t size = 0;  // message: 1 to 3; sysex: any, 0 only if cut
    StreamEventKind kind = StreamEventKind::message;
    bool begins = true;                 // a SysEx's first piece, which starts with F0; true for messages
    SysExEnd end = SysExEnd::complete;  // complete for messages

    std::span<const std::uint8_t> span() const { return {bytes, size}; }
    bool whole() const { return begins && end == SysExEnd::complete; }
};

class StreamParser {
  public:
    // Takes bytes from [at, end) until one event is out: true, with `at` behind its last byte. False when the
    // input is used up. An event that straddles two inputs comes out with the second.
    bool next(const std::uint8_t*& at, const std::uint8_t* end, StreamEvent& event) {
        while (at != end) {
            if (__builtin_expect(in_sysex_, false)) {
                sysex_piece(at, end, event);
                return true;
            }
            if (whole_channel_message(at, end, event)) return true;
            if (take(at, event)) return true;
        }
        return false;
    }

    // Calls visit(const StreamEvent&) for each event that `bytes` completes.
    template <class Visit>
    void feed(std::span<const std::uint8_t> bytes, Visit&& visit) {
        const std::uint8_t* at = bytes.data();
        StreamEvent event;
        while (next(at, bytes.data() + bytes.size(), event)) visit(static_cast<const StreamEvent&>(event));
    }

    // Forgets a message or SysEx in progress, the running status and the count of dropped bytes.
    void reset() { *this = StreamParser(); }

    bool in_sysex() const { return in_sysex_; }
    // Bytes of a short message that wait for the rest, 0 to 2.
    unsigned pending_bytes() const { return have_ - (running_ ? 1u : 0u); }
    std::uint64_t dropped_bytes() const { return dropped_; }

  private:
    // The common case, with no state but the running status touched.
    bool whole_channel_message(const std::uint8_t*& at, const std::uint8_t* end, StreamEvent& event) {
        const std::uint8_t status = *at;
        if (!is_channel_status(status)) return false;
        const unsigned size = channel_message_size(status);
        if (static_cast<std::size_t>(end - at) < size || ((at[1] | at[size - 1]) & 0x80) != 0) return false;
        if (__builtin_expect(pending_bytes() != 0, false)) drop_pending();
        event = {at, size};
        at += size;
        message_[0] = status;
        have_ = 1;
        running_ = true;
        return true;
    }

    bool take(const std::uint8_t*& at, StreamEvent& event) {
        const std::uint8_t byte = *at;
        if (!is_status(byte)) {
            ++at;
            return data(byte, event);
        }
        if (is_real_time(byte)) {
            ++at;
            real_time_ = byte;
            event = {&real_time_, 1};
            return true;
        }
        drop_pending();
        have_ = 0;
        running_ = false;
        if (byte == sysex_begin) {
            in_sysex_ = fresh_ = true;
            return false;  // F0 itself is left for sysex_piece()
        }
        ++at;
        return status(byte, event);
    }

    bool status(std::uint8_t byte, StreamEvent& event) {
        if (byte == sysex_end) {
            ++dropped_;
            return false;
        }
        message_[0] = byte;
        have_ = 1;
        return complete(event);
    }

    bool data(std::uint8_t byte, StreamEvent& event) {
        if (have_ == 0) {
            ++dropped_;
            return false;
        }
        message_[have_++] = byte;
        return complete(event);
    }

    bool complete(StreamEvent& event) {
        if (have_ < message_size(message_[0])) return false;
        event = {message_, have_};
        running_ = is_channel_status(message_[0]);
        have_ = running_ ? 1 : 0;
        return true;
    }

    void drop_pending() { dropped_ += pending_bytes(); }

    void sysex_piece(const std::uint8_t*& at, const std::uint8_t* end, StreamEvent& event) {
        const std::uint8_t* const begin = at;
        const std::uint8_t* const stop = first_status(at + (fresh_ ? 1 : 0), end);
        if (stop != end && is_real_time(*stop) && stop == begin) {
            at = stop + 1;
            real_time_ = *stop;
            event = {&real_time_, 1};
            return;
        }
        event = {begin, static_cast<std::size_t>(stop - begin), StreamEventKind::sysex, fresh_,
                 SysExEnd::open};
        fresh_ = false;
        at = stop;
        if (stop == end || is_real_time(*stop)) return;
        in_sysex_ = false;
        event.end = SysExEnd::cut;
        if (*stop != sysex_end) return;
        event.end = SysExEnd::complete;
        ++event.size;
        ++at;
    }

    // Eight bytes a step: SysEx dumps are long.
    static const std::uint8_t* first_status(const std::uint8_t* at, const std::uint8_t* end) {
        for (; end - at >= 8; at += 8) {
            std::uint64_t word;
            std::memcpy(&word, at, sizeof word);
            if ((word & 0x8080808080808080u) != 0) break;
        }
        while (at != end && !is_status(*at)) ++at;
        return at;
    }

    std::uint8_t message_[3] = {};  // the short message being put together; [0] is the running status
    std::uint8_t have_ = 0;         // bytes in message_
    bool running_ = false;          // message_[0] has served a message and stands for the next one too
    bool in_sysex_ = false;
    bool fresh_ = false;  // no piece of the SysEx has come out yet
    std::uint8_t real_time_ = 0;
    std::uint64_t dropped_ = 0;
};

}  // namespace portico::midi
