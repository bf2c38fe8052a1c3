// A Sound Blaster 16: DSP, mixer, MPU-401 and FM synthesizer with one interrupt line (FLD-061).
#pragma once

#include <memory>

#include "hardware/mpu401/mpu401.h"
#include "hardware/opl3/opl3.h"
#include "hardware/sb16/dsp.h"
#include "hardware/sb16/mixer.h"

namespace portico::hardware {

class Sb16 final : public sim::BusDevice, public Device {
  public:
    struct Options {
        std::uint32_t port = 0x220;
        std::uint32_t midi_port = 0x330;
        std::uint32_t fm_port = 0x388;
        std::uint32_t irq = 5;
        std::uint32_t dma8 = 1;
        std::uint32_t dma16 = 5;
        sb16::Chip chip = sb16::Chip::sb16;
        std::uint32_t version = 0x0405;
        Nanoseconds reset_delay_ns = 20 * microsecond_ns;  // to the ready byte
        Nanoseconds command_time_ns = 2 * microsecond_ns;  // busy after each byte written
    };

    static const Model model;

    Sb16(const char* name, const Options& options);
    explicit Sb16(const char* name) : Sb16(name, Options()) {}

    Result<void> check() override;
    Resources resources() override;
    MidiWire* wire() override { return mpu_.wire(); }
    std::vector<Counter> counters() const override;

    Opl3& fm() { return fm_; }
    const Mpu401& mpu() const { return mpu_; }
    const sb16::Mixer& mixer() const { return mixer_; }
    // Who hears the wave: bytes as the DSP takes them from memory.
    void connect_wave(sb16::Transfer::Played played, void* context) { dsp_.connect_wave(played, context); }

    std::uint32_t read(std::uint32_t offset, unsigned width, Nanoseconds now_ns) override;
    void write(std::uint32_t offset, unsigned width, std::uint32_t value, Nanoseconds now_ns) override;
    bool read_has_no_effect(std::uint32_t offset) const override;

  private:
    void start(Nanoseconds now_ns, Start why) override;
    void stop(Nanoseconds now_ns) override;
    void line_behind(Device& inner, bool asserted, Nanoseconds now_ns) override;

    void acknowledge(std::uint8_t which, Nanoseconds now_ns);
    void update_line(Nanoseconds now_ns);
    bool routed() const;
    static void interrupt(void* self, std::uint8_t which, Nanoseconds now_ns);

    Options options_;
    Mpu401 mpu_;
    Opl3 fm_;
    sb16::Mixer mixer_;
    sb16::Dsp::Setup setup_;
    sb16::Dsp dsp_;
    std::uint8_t pending_ = 0;  // as register 82h shows it
};

}  // namespace portico::hardware
