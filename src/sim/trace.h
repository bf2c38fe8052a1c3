// What happened, in order, with its simulated time: the last events for a bug-check page, all of them for
// --trace.
#pragma once

#include <array>
#include <cstdint>

#include "base/nanoseconds.h"

namespace portico::sim {

enum class TraceKind : std::uint8_t {
    call,            // name: DDI function or COM method entered; a: driver's return address or 0
    callback_enter,  // name: driver routine called; a: its address
    callback_leave,  // name; a: its NTSTATUS or other result
    port_read,       // a: port, b: value
    port_write,      // a: port, b: value
    register_read,   // memory-mapped: a: address, b: value
    register_write,
    line_assert,  // name: device; a: IRQ
    line_deassert,
    interrupt_enter,  // a: IRQ
    interrupt_leave,  // a: IRQ, b: 1 when claimed
    dpc_enter,        // a: routine
    dpc_leave,
    thread_switch,  // a: thread id that runs now (0: idle)
    thread_ready,   // a: thread id
    irql,           // a: from, b: to
    wire_out,       // name: device; a: byte, b: time of its first bit
    wire_in,
    chip_write,    // name: device; a: register behind an index, b: value
    client,        // name: what a client asked for; a, b: as the client says
    irp_complete,  // name: major function; a: IRP, b: status
    message,       // name: stage of a MIDI message; a: first bytes, b: its identity (docs/path-of-a-note.md)
    debug_print,   // a: index into the debug output
    finding,       // name: rule
};

struct TraceRecord {
    Nanoseconds at_ns;
    const char* name;  // a literal, or null
    std::uint64_t a;
    std::uint64_t b;
    std::uint32_t thread;
    TraceKind kind;
    std::uint8_t processor;
    std::uint8_t irql;
};

// The newest `capacity` records; older ones are overwritten. A drain, when set, is given every record once,
// in order.
class Trace {
  public:
    static constexpr std::uint64_t capacity = 8192;
    using Drain = void (*)(void* context, const TraceRecord* records, std::uint64_t count);

    void add(const TraceRecord& record) {
        records_[next_ & (capacity - 1)] = record;
        ++next_;
        if (next_ == flush_at_) [[unlikely]]
            flush();
    }

    std::uint64_t count() const { return next_; }
    std::uint64_t first() const { return next_ > capacity ? next_ - capacity : 0; }
    const TraceRecord& at(std::uint64_t index) const { return records_[index & (capacity - 1)]; }

    void set_drain(Drain drain, void* context) {
        flush();
        drain_ = drain;
        drain_context_ = context;
        drained_ = next_;
        plan_flush();
    }
    void flush();
    void reset() {
        flush();
        next_ = drained_ = 0;
        plan_flush();
    }

  private:
    // A drain gets what is there each time that half of the ring is new.
    void plan_flush() { flush_at_ = drain_ == nullptr ? ~std::uint64_t{0} : drained_ + capacity / 2; }

    std::array<TraceRecord, capacity> records_{};
    std::uint64_t next_ = 0;
    std::uint64_t drained_ = 0;
    std::uint64_t flush_at_ = ~std::uint64_t{0};
    Drain drain_ = nullptr;
    void* drain_context_ = nullptr;
};

extern Trace trace;

const char* name_of(TraceKind kind);

}  // namespace portico::sim
