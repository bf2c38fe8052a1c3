// The YMF262, or a YM3812 as `chip`, without its sound: registers, timers, status (OP-001 to OP-016). What a
// sound back end needs comes as RegisterWrite, in order of time.
#pragma once

#include <memory>

#include "hardware/device.h"
#include "hardware/opl3/registers.h"
#include "sim/events.h"

namespace portico::hardware {

class Opl3 final : public sim::BusDevice, public Device {
  public:
    enum class Chip : std::uint8_t { opl3, opl2 };

    struct Options {
        std::uint32_t port = 0x388;
        std::uint32_t irq = no_limit;  // most cards leave the pin unconnected
        Chip chip = Chip::opl3;
        Nanoseconds address_wait_ns = 280;  // OP-014: from an address to its data, and on to the next address
        Nanoseconds data_wait_ns = 280;
    };

    struct RegisterWrite {
        Nanoseconds at_ns;
        std::uint16_t index;  // 0 to 0x1ff
        std::uint8_t value;
    };
    using Sink = void (*)(void* context, const RegisterWrite& write);
    // The newest are kept, older ones overwritten; a sink gets all of them.
    static constexpr std::uint64_t log_capacity = 4096;

    static const Model model;

    Opl3(const char* name, const Options& options);
    explicit Opl3(const char* name) : Opl3(name, Options()) {}

    Resources resources() override;
    std::vector<Counter> counters() const override;

    // Who makes the sound: called for every write that reaches the chip.
    void connect(Sink sink, void* context) {
        sink_ = sink;
        sink_context_ = context;
    }
    const opl3::Registers& registers() const { return registers_; }
    // Writes since power-on; those from first() on are in the log.
    std::uint64_t count() const { return count_; }
    std::uint64_t first() const { return count_ > log_capacity ? count_ - log_capacity : 0; }
    const RegisterWrite& at(std::uint64_t index) const { return log_[index & (log_capacity - 1)]; }

    std::uint32_t read(std::uint32_t offset, unsigned width, Nanoseconds now_ns) override;
    void write(std::uint32_t offset, unsigned width, std::uint32_t value, Nanoseconds now_ns) override;
    bool read_has_no_effect(std::uint32_t) const override { return true; }

  private:
    struct Timer {
        Nanoseconds step_ns;
        std::uint8_t flag;  // in the status
        std::uint8_t mask;  // in register 4
        std::uint8_t start;
        sim::Event event;
    };

    void start(Nanoseconds now_ns, Start why) override;
    void stop(Nanoseconds now_ns) override;

    bool new_mode() const { return opl3::is_new_mode(registers_); }
    void write_address(unsigned array, std::uint8_t value, Nanoseconds now_ns);
    void write_data(std::uint8_t value, Nanoseconds now_ns);
    void write_register(unsigned index, std::uint8_t value, Nanoseconds now_ns);
    void write_control(std::uint8_t value, Nanoseconds now_ns);
    void count_keys(unsigned index, std::uint8_t before, std::uint8_t after);
    void note(unsigned index, std::uint8_t value, Nanoseconds now_ns);
    void run(Timer& timer, std::uint8_t preset, Nanoseconds from_ns);
    void expired(Timer& timer, Nanoseconds now_ns);
    void update_line(Nanoseconds now_ns) { set_line((flags_ & 0x60) != 0, now_ns); }

    Options options_;
    opl3::Registers registers_{};
    std::uint16_t address_ = 0;  // with the array as bit 8
    std::uint8_t flags_ = 0;     // status bits 6 and 5
    std::uint8_t control_ = 0;   // register 4's masks and starts
    Nanoseconds ready_ns_ = 0;   // when the next write may come (OP-014)
    Timer timer1_;
    Timer timer2_;

    std::uint64_t count_ = 0;
    std::uint64_t key_ons_ = 0;
    std::uint64_t key_offs_ = 0;
    std::uint64_t too_soon_ = 0;
    std::uint64_t without_effect_ = 0;
    Sink sink_ = nullptr;
    void* sink_context_ = nullptr;
    std::unique_ptr<RegisterWrite[]> log_ = std::make_unique_for_overwrite<RegisterWrite[]>(log_capacity);
};

}  // namespace portico::hardware
