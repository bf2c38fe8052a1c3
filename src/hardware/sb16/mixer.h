// The CT1745 mixer's registers behind ports base+4 and base+5. The older chips' 4-bit volumes are other names
// for the upper halves of its own.
#pragma once

#include <array>
#include <cstdint>

namespace portico::hardware::sb16 {

// Where the interrupts and DMA channels are chosen, and which interrupts are pending.
constexpr std::uint8_t interrupt_setup = 0x80;
constexpr std::uint8_t dma_setup = 0x81;
constexpr std::uint8_t interrupt_status = 0x82;

class Mixer {
  public:
    // As after power-on; the set-up registers are what the card's configuration says.
    void power_on(std::uint8_t interrupts, std::uint8_t dma);

    void choose(std::uint8_t index) { index_ = index; }
    std::uint8_t chosen() const { return index_; }
    // `pending`: what register 82h reads as.
    std::uint8_t read(std::uint8_t pending) const;
    void write(std::uint8_t value);
    std::uint8_t at(std::uint8_t index) const { return registers_[index]; }

  private:
    // The set-up survives: only power takes it.
    void reset_levels();

    std::array<std::uint8_t, 256> registers_{};
    std::uint8_t index_ = 0;
};

}  // namespace portico::hardware::sb16
