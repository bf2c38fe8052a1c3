#include "machine/feeder.h"

#include <algorithm>

namespace portico::machine {
namespace {

constexpr std::size_t packet_bytes = 4096;

// A client's deltas are whole milliseconds: never early.
LONGLONG to_ms(Nanoseconds at_ns) {
    return (at_ns + millisecond_ns - 1) / millisecond_ns;
}

}  // namespace

Feeder::Feeder(Machine& machine, Pin::State_& pin, const Song& song, bool exact, Nanoseconds origin_ns)
    : machine_(machine), pin_(pin), song_(song), exact_(exact), origin_ns_(origin_ns) {
    while (!done() && stream_ns(song_.messages()[next_]) < 0) ++next_;
}

LONGLONG Feeder::queued_until_ms() const {
    constexpr LONGLONG never = -1'000'000;
    return next_ == 0 ? never : to_ms(stream_ns(song_.messages()[next_ - 1]));
}

LONGLONG Feeder::next_ms() const {
    return done() ? MAXLONGLONG : to_ms(stream_ns(song_.messages()[next_]));
}

NTSTATUS Feeder::feed(LONGLONG until_ms) {
    return machine_.state().call([&] { return exact_ ? feed_single(until_ms) : feed_packets(until_ms); });
}

NTSTATUS Feeder::feed_single(LONGLONG until_ms) {
    for (; !done() && to_ms(stream_ns(song_.messages()[next_])) <= until_ms; ++next_) {
        const Song::Message& message = song_.messages()[next_];
        const NTSTATUS status = pin_.render->write((stream_ns(message) + 99) / 100, song_.bytes_of(message));
        if (!NT_SUCCESS(status)) return status;
    }
    return STATUS_SUCCESS;
}

NTSTATUS Feeder::feed_packets(LONGLONG until_ms) {
    client::RenderStream& stream = *pin_.render;
    while (!done() && to_ms(stream_ns(song_.messages()[next_])) <= until_ms) {
        const Song::Message& message = song_.messages()[next_];
        const auto bytes = song_.bytes_of(message);
        if (!stream.packet_open()) {
            const NTSTATUS status = stream.begin_packet(std::max(packet_bytes, bytes.size() + 16));
            if (!NT_SUCCESS(status)) return status;
        }
        if (stream.add(to_ms(stream_ns(message)), bytes)) {
            ++next_;
            continue;
        }
        const NTSTATUS status = stream.send();
        if (!NT_SUCCESS(status)) return status;
    }
    return stream.packet_open() ? stream.send() : STATUS_SUCCESS;
}

}  // namespace portico::machine
