// A serial MIDI card with Motorola's MC6850 ACIA (data sheet DS9493): two registers, no FIFO, interrupts for
// both directions. CTS and DCD are wired low, as on every MIDI card.
#pragma once

#include "hardware/device.h"
#include "hardware/midi_wire.h"

namespace portico::hardware {

class Mc6850 final : public sim::BusDevice, public Device {
  public:
    struct Options {
        std::uint32_t port = 0x310;
        std::uint32_t irq = 5;
        std::uint32_t clock_hz = 500'000;  // divided by 16 it is MIDI's 31250 baud
    };

    static const Model model;

    Mc6850(const char* name, const Options& options);
    explicit Mc6850(const char* name) : Mc6850(name, Options()) {}

    Resources resources() override { return {{{options_.port, 2, this}}, {}, options_.irq, {}}; }
    MidiWire* wire() override { return &wire_; }
    std::vector<Counter> counters() const override;

    std::uint32_t read(std::uint32_t offset, unsigned width, Nanoseconds now_ns) override;
    void write(std::uint32_t offset, unsigned width, std::uint32_t value, Nanoseconds now_ns) override;
    bool read_has_no_effect(std::uint32_t offset) const override { return offset == 0; }

  private:
    void start(Nanoseconds now_ns, Start why) override;
    void stop(Nanoseconds now_ns) override;

    void write_control(std::uint8_t control, Nanoseconds now_ns);
    void write_data(std::uint8_t byte, Nanoseconds now_ns);
    std::uint8_t read_data(Nanoseconds now_ns);
    std::uint8_t status() const;
    bool interrupting() const;
    void update_line(Nanoseconds now_ns) { set_line(interrupting(), now_ns); }

    static void byte_sent(void* self, Nanoseconds now_ns);
    static void byte_arrived(void* self, std::uint8_t byte, Nanoseconds now_ns);

    Options options_;
    MidiWire wire_{byte_sent, byte_arrived, this};
    std::uint8_t control_ = 0;
    bool in_reset_ = true;  // from power-on until a divisor is chosen
    Nanoseconds frame_ns_ = 0;
    bool transmit_full_ = false;  // the transmit data register, behind which is the shift register
    std::uint8_t transmit_ = 0;
    bool receive_full_ = false;
    std::uint8_t receive_ = 0;
    bool framing_error_ = false;
    bool overrun_ = false;
    bool overrun_coming_ = false;  // a byte was lost; the status tells when the one before it has been read
    std::uint64_t lost_in_ = 0;
    std::uint64_t lost_out_ = 0;
};

}  // namespace portico::hardware
