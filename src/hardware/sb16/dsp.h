// The DSP of a Sound Blaster 16, or of an ESS AudioDrive: reset, commands with their arguments, replies, MIDI
// and wave transfers (FLD-061).
#pragma once

#include "base/ring.h"
#include "hardware/mpu401/mpu401.h"
#include "hardware/sb16/transfer.h"

namespace portico::hardware::sb16 {

enum class Chip : std::uint8_t { sb16, ess };

// Which of the card's interrupts are pending: register 82h of the mixer.
constexpr std::uint8_t irq_8bit = 0x01;  // 8-bit transfers and the DSP's MIDI
constexpr std::uint8_t irq_16bit = 0x02;
constexpr std::uint8_t irq_mpu = 0x04;

constexpr std::uint8_t ready_byte = 0xaa;  // the answer to a reset

class Dsp {
  public:
    struct Setup {
        Chip chip = Chip::sb16;
        std::uint32_t version = 0x0405;
        Nanoseconds reset_ns = 20 * microsecond_ns;
        Nanoseconds command_ns = 2 * microsecond_ns;
        unsigned dma8 = 1;
        unsigned dma16 = 5;
    };
    // The card: interrupts become pending.
    using Interrupt = void (*)(void* card, std::uint8_t which, Nanoseconds now_ns);

    Dsp(const Setup& setup, Mpu401& mpu, Interrupt interrupt, void* card)
        : setup_(setup), mpu_(mpu), interrupt_(interrupt), card_(card) {}

    void power_on();  // begins to count anew
    void restart();
    void stop();

    // ---- the ports ----
    void write_reset(std::uint8_t value, Nanoseconds now_ns);
    std::uint8_t read_data();
    void write(std::uint8_t value, Nanoseconds now_ns);
    std::uint8_t write_status(Nanoseconds now_ns) const;  // bit 7: busy
    std::uint8_t read_status() const;                     // bit 7: a byte waits

    void connect_wave(Transfer::Played played, void* context) {
        wave8_.connect(played, context);
        wave16_.connect(played, context);
    }
    bool uart_mode() const { return midi_ == Midi::uart || midi_ == Midi::uart_interrupts; }
    bool speaker() const { return speaker_; }

    std::uint64_t commands() const { return commands_; }
    std::uint64_t unknown_commands() const { return unknown_; }
    std::uint64_t written_while_busy() const { return lost_; }
    std::uint64_t short_resets() const { return short_resets_; }
    std::uint64_t wave_bytes() const { return wave8_.bytes_moved() + wave16_.bytes_moved(); }

  private:
    enum class Midi : std::uint8_t { off, poll, interrupt, uart, uart_interrupts };

    void reset_state();
    void command(Nanoseconds now_ns);
    bool general_command(Nanoseconds now_ns);
    bool midi_command(Nanoseconds now_ns);
    bool rate_command();
    bool old_wave_command(Nanoseconds now_ns);
    bool new_wave_command(Nanoseconds now_ns);
    bool control_command(Nanoseconds now_ns);
    bool ess_command();
    unsigned argument_count(std::uint8_t code) const;
    void begin_old(bool records, bool reloads, std::uint32_t samples, Nanoseconds now_ns);
    std::uint32_t word(unsigned at) const { return arguments_[at] | arguments_[at + 1] << 8; }
    void reply(std::uint8_t value) { (void)replies_.push(value); }
    void interrupt(std::uint8_t which, Nanoseconds now_ns) { interrupt_(card_, which, now_ns); }
    void set_midi(Midi midi);
    bool refuses_commands() const;

    static void midi_arrived(void* self, std::uint8_t byte, Nanoseconds now_ns);
    static void block_done(void* self, Transfer& transfer, Nanoseconds now_ns);
    static void reset_done(void* self, Nanoseconds) { static_cast<Dsp*>(self)->reply(ready_byte); }

    const Setup& setup_;
    Mpu401& mpu_;
    Interrupt interrupt_;
    void* card_;

    Ring<std::uint8_t, 64> replies_;
    std::uint8_t last_reply_ = 0xff;
    bool reset_high_ = false;
    Nanoseconds reset_high_ns_ = 0;
    Nanoseconds busy_until_ns_ = 0;
    std::uint8_t code_ = 0;  // of the command whose arguments come
    std::array<std::uint8_t, 3> arguments_{};
    unsigned arguments_wanted_ = 0;
    unsigned arguments_given_ = 0;
    Midi midi_ = Midi::off;
    bool speaker_ = false;
    bool stereo_input_ = false;
    bool high_speed_ = false;
    std::uint8_t test_register_ = 0;
    std::uint32_t bytes_per_second_ = 22'050;  // of the old commands: the time constant
    std::uint32_t output_rate_hz_ = 22'050;
    std::uint32_t input_rate_hz_ = 22'050;
    std::uint32_t block_samples_ = 0x800;
    bool extended_ = false;  // ESS
    std::array<std::uint8_t, 32> extended_registers_{};

    std::uint64_t commands_ = 0;
    std::uint64_t unknown_ = 0;
    std::uint64_t lost_ = 0;
    std::uint64_t short_resets_ = 0;

    Transfer wave8_{block_done, this};
    Transfer wave16_{block_done, this};
    sim::Event reset_event_{reset_done, this};
};

}  // namespace portico::hardware::sb16
