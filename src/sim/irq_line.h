// Interrupt lines. A device model raises and lowers its source; what passes to the kernel is the line's level
// or edge.
#pragma once

#include <cstdint>

#include "sim/processor.h"

namespace portico::sim {

constexpr unsigned irq_line_count = 24;
constexpr unsigned clock_line = 31;  // the bit in Processor::pending_lines of the clock

class IrqLine {
  public:
    // Called on the chosen processor, already raised to the line's DIRQL. True: some routine claimed the
    // interrupt.
    using Service = bool (*)(void* context, IrqLine& line);

    unsigned irq() const { return irq_; }
    Irql irql() const { return irql_; }
    bool latched() const { return latched_; }
    bool asserted() const { return level_ > 0; }
    bool connected() const { return service_ != nullptr; }

    // Level triggered: pending while any source asserts. Latched: each edge is pending once.
    void set_latched(bool latched) { latched_ = latched; }

    // One service routine per line: the kernel's chain. A line that is asserted already becomes pending at
    // once.
    void connect(Service service, void* context, std::uint32_t affinity);
    void disconnect();

    // Stops delivery without disconnecting: what an operating system does with a line that storms.
    void mask();
    void unmask();
    bool masked() const { return masked_; }

    // Runs the service routine on `p`, which is at this line's DIRQL.
    void deliver(Processor& p);

  private:
    friend class IrqSource;
    friend struct Scheduler;
    void raise(const char* device, Nanoseconds now_ns);
    void lower(const char* device, Nanoseconds now_ns);
    void make_pending(Nanoseconds now_ns);

    unsigned irq_ = 0;
    std::uint32_t generation_ = 0;  // power-ons: what a source asserted before is forgotten
    Irql irql_ = 0;
    bool latched_ = false;
    bool masked_ = false;
    bool in_service_ = false;
    bool edge_ = false;
    unsigned level_ = 0;
    std::uint32_t affinity_ = ~0u;
    Service service_ = nullptr;
    void* context_ = nullptr;
    Processor* target_ = nullptr;  // where it is pending
};

// A device's connection to a line. Several sources on one line are wired-OR (FLD-020).
class IrqSource {
  public:
    IrqSource() = default;
    IrqSource(IrqLine& line, const char* device) : line_(&line), device_(device) {}

    bool asserted() const { return asserted_ && generation_ == line_->generation_; }
    void raise(Nanoseconds now_ns) {
        if (line_ == nullptr || asserted()) return;
        asserted_ = true;
        generation_ = line_->generation_;
        line_->raise(device_, now_ns);
    }
    void lower(Nanoseconds now_ns) {
        if (!asserted()) return;
        asserted_ = false;
        line_->lower(device_, now_ns);
    }

  private:
    IrqLine* line_ = nullptr;
    const char* device_ = "";
    bool asserted_ = false;
    std::uint32_t generation_ = 0;
};

}  // namespace portico::sim
