// Any bytes on the wire: the same messages whatever the pieces, and no byte lost unseen.
#include <cstdint>
#include <vector>

#include "base/check.h"
#include "midi/message.h"
#include "midi/note_balance.h"
#include "midi/stream_parser.h"

using portico::midi::StreamEvent;
using portico::midi::StreamEventKind;
using portico::midi::StreamParser;
using portico::midi::SysExEnd;

namespace {

struct Parsed {
    std::vector<std::uint8_t> messages;
    std::vector<std::uint8_t> sysex;
    std::uint64_t dropped = 0;

    bool operator==(const Parsed& other) const {
        return messages == other.messages && sysex == other.sysex && dropped == other.dropped;
    }
};

void check(const StreamEvent& event) {
    using namespace portico::midi;
    if (event.kind == StreamEventKind::message) {
        PORTICO_CHECK(event.size == message_size(event.bytes[0]));
        for (std::size_t i = 1; i < event.size; ++i) PORTICO_CHECK(!is_status(event.bytes[i]));
        return;
    }
    PORTICO_CHECK(event.size > 0 || event.end == SysExEnd::cut);
    PORTICO_CHECK(!event.begins || event.bytes[0] == sysex_begin);
    PORTICO_CHECK((event.size > 0 && event.bytes[event.size - 1] == sysex_end) ==
                  (event.end == SysExEnd::complete));
}

Parsed parse(const std::uint8_t* data, std::size_t size, std::size_t piece) {
    StreamParser parser;
    portico::midi::NoteBalance balance;
    Parsed parsed;
    for (std::size_t at = 0; at < size; at += piece) {
        parser.feed({data + at, std::min(piece, size - at)}, [&](const StreamEvent& event) {
            check(event);
            auto& out = event.kind == StreamEventKind::message ? parsed.messages : parsed.sysex;
            out.insert(out.end(), event.bytes, event.bytes + event.size);
            balance.add(event.span());
            portico::midi::describe(event.span());
        });
    }
    parsed.dropped = parser.dropped_bytes();
    return parsed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto whole = parse(data, size, size);
    PORTICO_CHECK(parse(data, size, 1) == whole);
    PORTICO_CHECK(parse(data, size, 1 + data[0] % 16) == whole);
    return 0;
}
