#include "ends/message_sink.h"

#include <algorithm>
#include <utility>

namespace portico::ends {

Result<void> MessageSink::write(Nanoseconds at_ns, std::span<const std::uint8_t> bytes) {
    const std::uint8_t* at = bytes.data();
    const std::uint8_t* const end = at + bytes.size();
    midi::StreamEvent found;
    if (parser_.pending_bytes() == 0 && !parser_.in_sysex()) begin_ns_ = at_ns;
    auto dropped = parser_.dropped_bytes();
    while (parser_.next(at, end, found)) {
        // What was begun in an earlier write came to nothing.
        if (parser_.dropped_bytes() != dropped) begin_ns_ = at_ns;
        dropped = parser_.dropped_bytes();
        PORTICO_TRY_VOID(event(at_ns, found));
    }
    if (parser_.dropped_bytes() != dropped) begin_ns_ = at_ns;
    return {};
}

Result<void> MessageSink::event(Nanoseconds at_ns, const midi::StreamEvent& event) {
    if (event.kind == midi::StreamEventKind::sysex) return sysex(at_ns, event);
    if (midi::is_real_time(event.bytes[0])) return message({at_ns, at_ns, event.span()});
    return message({std::exchange(begin_ns_, at_ns), at_ns, event.span()});
}

Result<void> MessageSink::sysex(Nanoseconds at_ns, const midi::StreamEvent& event) {
    if (event.begins) sysex_begins_ = true;
    auto rest = event.span();
    while (!rest.empty()) {
        if (sysex_.size() == sysex_part_bytes) PORTICO_TRY_VOID(sysex_part(at_ns, midi::SysExEnd::open));
        const auto some = rest.first(std::min(rest.size(), sysex_part_bytes - sysex_.size()));
        sysex_.insert(sysex_.end(), some.begin(), some.end());
        rest = rest.subspan(some.size());
    }
    if (event.end == midi::SysExEnd::open) return {};
    return sysex_part(at_ns, event.end);
}

Result<void> MessageSink::sysex_part(Nanoseconds at_ns, midi::SysExEnd end) {
    const WireMessage part = {std::exchange(begin_ns_, at_ns), at_ns, sysex_,
                              std::exchange(sysex_begins_, false), end};
    PORTICO_TRY_VOID(message(part));
    sysex_.clear();
    return {};
}

Result<void> MessageSink::finish(Nanoseconds end_ns) {
    if (!sysex_.empty()) PORTICO_TRY_VOID(sysex_part(end_ns, midi::SysExEnd::cut));
    return end(end_ns);
}

}  // namespace portico::ends
