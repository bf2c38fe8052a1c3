// A MIDI cable pair at a device: bytes leave and arrive one after the other at the wire's speed, 10 bits at
// 31250 baud, so 320 us a byte (MP-006). Times are exact; nothing allocates.
#pragma once

#include <cstdint>
#include <memory>

#include "base/nanoseconds.h"
#include "sim/events.h"
#include "sim/scheduler.h"

namespace portico::hardware {

constexpr Nanoseconds midi_byte_ns = 320'000;

struct WireByte {
    Nanoseconds first_bit_ns;
    std::uint8_t byte;
};

// The shift register behind MIDI OUT. A byte counts as sent when its last bit is out; one that is cut never
// was.
class WireOut {
  public:
    // Who listens at the far end: called for each byte when its last bit is out.
    using Sink = void (*)(void* context, const WireByte& sent);
    // The device: the shift register is free for the next byte.
    using Free = void (*)(void* device, Nanoseconds now_ns);

    // The newest bytes are kept, older ones overwritten; a sink gets all of them.
    static constexpr std::uint64_t log_capacity = 4096;

    WireOut(Free free, void* device) : free_(free), device_(device) {}

    void connect(Sink sink, void* context) {
        sink_ = sink;
        sink_context_ = context;
    }

    // Bytes sent since power-on; those from first() on are in the log.
    std::uint64_t count() const { return count_; }
    std::uint64_t first() const { return count_ > log_capacity ? count_ - log_capacity : 0; }
    const WireByte& at(std::uint64_t index) const { return log_[index & (log_capacity - 1)]; }
    // Bytes that were cut by a reset, by loss of power or by removal.
    std::uint64_t cut_count() const { return cut_; }

    // ---- for the device ----

    bool busy() const { return event_.scheduled(); }
    // Puts a byte on the wire; not while busy. `frame_ns` is the time of all its bits.
    void send(std::uint8_t byte, Nanoseconds now_ns, Nanoseconds frame_ns) {
        sending_ = {now_ns > free_ns_ ? now_ns : free_ns_, byte};
        free_ns_ = sending_.first_bit_ns + frame_ns;
        sim::scheduler.schedule(event_, free_ns_);
    }
    // The byte on the wire is lost.
    void cut() {
        if (!busy()) return;
        sim::scheduler.events.cancel(event_);
        free_ns_ = 0;
        ++cut_;
    }
    void power_on(const char* name) {
        name_ = name;
        count_ = cut_ = 0;
        free_ns_ = 0;
    }

  private:
    static void sent(void* self, Nanoseconds now_ns);

    Free free_;
    void* device_;
    Sink sink_ = nullptr;
    void* sink_context_ = nullptr;
    const char* name_ = "";
    WireByte sending_{};
    Nanoseconds free_ns_ = 0;
    std::uint64_t count_ = 0;
    std::uint64_t cut_ = 0;
    sim::Event event_{sent, this};
    std::unique_ptr<WireByte[]> log_ = std::make_unique_for_overwrite<WireByte[]>(log_capacity);
};

// Where bytes for MIDI IN come from, in order of time: a file, a live input, a test.
class WireInput {
  public:
    virtual ~WireInput() = default;
    // The next byte and the earliest time of its first bit. False: none now; WireIn::wake() asks again.
    virtual bool next(Nanoseconds* at_ns, std::uint8_t* byte) = 0;
};

// MIDI IN: what the outside sends reaches the device byte by byte, each when its last bit is in.
class WireIn {
  public:
    using Arrived = void (*)(void* device, std::uint8_t byte, Nanoseconds now_ns);

    static constexpr std::uint64_t queue_capacity = 4096;

    WireIn(Arrived arrived, void* device) : arrived_(arrived), device_(device) {}

    // A byte whose first bit is on the wire at `at_ns`, or as soon afterwards as the wire is free. One whose
    // last bit would have been in already arrives at once: a cable from a WireOut passes on what it was
    // given. Bytes arrive in the order of the calls. False: 4096 wait already, this one was not taken.
    bool receive(std::uint8_t byte, Nanoseconds at_ns);
    // Bytes are pulled from `input` as the wire has room; null: no more. It must outlive the connection.
    void connect(WireInput* input);
    // The input that had nothing has something now.
    void wake();

    std::uint64_t count() const { return count_; }
    std::uint64_t waiting() const { return tail_ - head_; }

    // ---- for the device ----

    void power_on(const char* name, Nanoseconds now_ns);
    // Nothing arrives any more; what waits keeps waiting.
    void stop();

  private:
    static void last_bit(void* self, Nanoseconds now_ns);
    bool on_wire(Nanoseconds now_ns) const { return event_.scheduled() && first_bit_ns_ <= now_ns; }
    void arm(Nanoseconds now_ns);
    WireByte& queued(std::uint64_t index) { return queue_[index & (queue_capacity - 1)]; }

    Arrived arrived_;
    void* device_;
    const char* name_ = "";
    WireInput* input_ = nullptr;
    bool powered_ = false;
    bool have_ahead_ = false;  // `ahead_` was pulled from the input and waits for its time
    bool from_queue_ = false;  // the byte armed for
    WireByte ahead_{};
    Nanoseconds first_bit_ns_ = 0;
    Nanoseconds free_ns_ = 0;
    std::uint64_t count_ = 0;
    std::uint64_t head_ = 0;
    std::uint64_t tail_ = 0;
    std::unique_ptr<WireByte[]> queue_ = std::make_unique_for_overwrite<WireByte[]>(queue_capacity);
    sim::Event event_{last_bit, this};
};

class MidiWire {
  public:
    MidiWire(WireOut::Free free, WireIn::Arrived arrived, void* device)
        : out(free, device), in(arrived, device) {}
    WireOut out;
    WireIn in;
};

}  // namespace portico::hardware
