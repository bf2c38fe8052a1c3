// The MPU-401 as most cards have it: UART mode, without the intelligent mode's sequencer (MP-001 to MP-014).
#pragma once

#include "base/ring.h"
#include "hardware/device.h"
#include "hardware/midi_wire.h"
#include "sim/random.h"

namespace portico::hardware {

class Mpu401 final : public sim::BusDevice, public Device {
  public:
    // What an empty data port reads as (MP-008).
    enum class EmptyRead : std::uint8_t { last, ones };

    // Faults (MP-012) are planned here and happen the same way in every run; their times count from power-on.
    struct Options {
        std::uint32_t port = 0x330;
        std::uint32_t irq = 9;
        std::uint32_t rx_depth = 64;                      // MP-009
        std::uint32_t tx_depth = 1;                       // bytes beside the one that is being shifted out
        Nanoseconds ack_delay_ns = 200 * microsecond_ns;  // MP-010
        bool ack_uart_reset =
            false;  // a reset in UART mode is acknowledged too: many clones (MP-003, MP-013)
        bool output_waits_for_input = false;   // MP-014
        std::uint32_t status_low_bits = 0x3f;  // MP-002
        EmptyRead empty_read = EmptyRead::last;

        std::uint32_t fault_lost_acks = 0;               // that many commands are obeyed without an answer
        Nanoseconds fault_ack_late_ns = 0;               // on top of ack_delay
        std::uint32_t fault_drr_stuck_after = no_limit;  // data bytes taken, then the device hangs
        Nanoseconds fault_drr_stuck_for_ns = never_ns;
        Nanoseconds fault_spurious_every_ns = never_ns;  // interrupts without a byte waiting
        Nanoseconds fault_line_stuck_at_ns =
            never_ns;                              // from then on the line is asserted whatever one reads
        Nanoseconds fault_storm_at_ns = never_ns;  // random bytes arrive, faster than the wire if so wished
        std::uint32_t fault_storm_bytes = 256;
        Nanoseconds fault_storm_interval_ns = midi_byte_ns;
        std::uint32_t fault_storm_seed = 1;
        std::uint32_t fault_remove_after = no_limit;  // data bytes taken, then the device is gone
        Nanoseconds fault_remove_at_ns = never_ns;
    };

    static const Model model;

    explicit Mpu401(const char* name, const Options& options);
    explicit Mpu401(const char* name) : Mpu401(name, Options()) {}

    Resources resources() override;
    MidiWire* wire() override { return &wire_; }
    std::vector<Counter> counters() const override;
    bool uart_mode() const { return uart_mode_; }

    // ---- for a chip that shares the MIDI connector with it ----

    // False: the transmit FIFO is full.
    bool send(std::uint8_t byte, Nanoseconds now_ns);
    bool takes_byte() const { return tx_.size() < options_.tx_depth || !wire_.out.busy(); }
    // What arrives goes there instead; null: no more.
    void divert(WireIn::Arrived arrived, void* chip) {
        diverted_ = arrived;
        diverted_to_ = chip;
    }

    std::uint32_t read(std::uint32_t offset, unsigned width, Nanoseconds now_ns) override;
    void write(std::uint32_t offset, unsigned width, std::uint32_t value, Nanoseconds now_ns) override;
    bool read_has_no_effect(std::uint32_t offset) const override { return offset == 1; }

  private:
    enum class Ack : std::uint8_t { none, coming, waiting };
    static constexpr std::uint32_t fifo_limit = 256;

    // An event that calls one of the device's own functions.
    template <void (Mpu401::*Happen)(Nanoseconds)>
    static void fire(void* self, Nanoseconds due_ns) {
        (static_cast<Mpu401*>(self)->*Happen)(due_ns);
    }

    void start(Nanoseconds now_ns, Start why) override;
    void stop(Nanoseconds now_ns) override;
    void plan_faults(Nanoseconds now_ns);
    void plan(sim::Event& event, Nanoseconds after_power_on_ns, Nanoseconds now_ns);

    bool input_waits() const { return ack_ == Ack::waiting || (ack_ == Ack::none && !rx_.empty()); }
    bool takes_data() const {
        return !stuck_ && tx_.size() < options_.tx_depth &&
               !(options_.output_waits_for_input && input_waits());
    }
    std::uint8_t status(Nanoseconds now_ns);
    std::uint8_t read_data(Nanoseconds now_ns);
    void write_data(std::uint8_t byte, Nanoseconds now_ns);
    void put_out(std::uint8_t byte, Nanoseconds now_ns);
    void fault_after_byte(Nanoseconds now_ns);
    void hang(Nanoseconds now_ns);
    void command(std::uint8_t code, Nanoseconds now_ns);
    void obey(bool acknowledge, Nanoseconds now_ns);
    void update_line(Nanoseconds now_ns) { set_line(input_waits() || spurious_ || line_stuck_, now_ns); }

    static void byte_sent(void* self, Nanoseconds now_ns);
    static void byte_arrived(void* self, std::uint8_t byte, Nanoseconds now_ns);
    void acknowledged(Nanoseconds now_ns);
    void drr_freed(Nanoseconds now_ns);
    void spurious_begins(Nanoseconds now_ns);
    void spurious_ends(Nanoseconds now_ns);
    void line_sticks(Nanoseconds now_ns);
    void storm_byte(Nanoseconds now_ns);
    void vanish(Nanoseconds now_ns) { remove(now_ns); }

    Options options_;
    MidiWire wire_{byte_sent, byte_arrived, this};
    WireIn::Arrived diverted_ = nullptr;
    void* diverted_to_ = nullptr;
    bool uart_mode_ = false;
    Ack ack_ = Ack::none;
    bool stuck_ = false;
    bool spurious_ = false;
    bool line_stuck_ = false;
    std::uint8_t last_read_ = 0xff;
    Ring<std::uint8_t, fifo_limit> rx_;
    Ring<std::uint8_t, fifo_limit> tx_;

    std::uint64_t taken_ = 0;             // data bytes
    std::uint64_t next_fault_after_ = 0;  // that many
    std::uint32_t acks_to_lose_ = 0;
    std::uint32_t storm_left_ = 0;
    sim::Random storm_bytes_;

    std::uint64_t lost_in_fifo_ = 0;
    std::uint64_t rx_overflow_ = 0;
    std::uint64_t tx_overflow_ = 0;
    std::uint64_t written_outside_uart_ = 0;
    std::uint64_t received_outside_uart_ = 0;
    std::uint64_t commands_ignored_ = 0;

    sim::Event ack_event_{fire<&Mpu401::acknowledged>, this};
    sim::Event drr_event_{fire<&Mpu401::drr_freed>, this};
    sim::Event spurious_event_{fire<&Mpu401::spurious_begins>, this};
    sim::Event spurious_end_event_{fire<&Mpu401::spurious_ends>, this};
    sim::Event line_event_{fire<&Mpu401::line_sticks>, this};
    sim::Event storm_event_{fire<&Mpu401::storm_byte>, this};
    sim::Event remove_event_{fire<&Mpu401::vanish>, this};
};

}  // namespace portico::hardware
