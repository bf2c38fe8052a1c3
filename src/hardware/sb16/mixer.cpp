#include "hardware/sb16/mixer.h"

#include <algorithm>

namespace portico::hardware::sb16 {
namespace {

// A register of the CT1345 and the CT1745's left one that it stands for; the right one follows.
struct OldVolume {
    std::uint8_t old;
    std::uint8_t left;
};
constexpr OldVolume old_volumes[] = {{0x04, 0x32}, {0x22, 0x30}, {0x26, 0x34}, {0x28, 0x36}, {0x2e, 0x38}};
constexpr std::uint8_t lowest_bit = 0x08;  // of the five that a volume has, in bits 7 to 3

const OldVolume* find_old(std::uint8_t index) {
    const auto* const found = std::find_if(std::begin(old_volumes), std::end(old_volumes),
                                           [&](const OldVolume& v) { return v.old == index; });
    return found == std::end(old_volumes) ? nullptr : found;
}

struct Level {
    std::uint8_t index;
    std::uint8_t value;
};
constexpr Level power_on_levels[] = {
    {0x30, 0xc0}, {0x31, 0xc0}, {0x32, 0xc0}, {0x33, 0xc0}, {0x34, 0xc0}, {0x35, 0xc0}, {0x3c, 0x1f},
    {0x3d, 0x15}, {0x3e, 0x0b}, {0x44, 0x80}, {0x45, 0x80}, {0x46, 0x80}, {0x47, 0x80},
};

}  // namespace

void Mixer::power_on(std::uint8_t interrupts, std::uint8_t dma) {
    registers_.fill(0);
    registers_[interrupt_setup] = interrupts;
    registers_[dma_setup] = dma;
    index_ = 0;
    reset_levels();
}

void Mixer::reset_levels() {
    std::fill(registers_.begin(), registers_.begin() + interrupt_setup, std::uint8_t{0});
    for (const Level& level : power_on_levels) registers_[level.index] = level.value;
}

std::uint8_t Mixer::read(std::uint8_t pending) const {
    if (index_ == interrupt_status) return pending;
    if (const OldVolume* const old = find_old(index_))
        return static_cast<std::uint8_t>((registers_[old->left] & 0xf0) | registers_[old->left + 1] >> 4);
    return registers_[index_];
}

void Mixer::write(std::uint8_t value) {
    if (index_ == 0) return reset_levels();
    if (index_ == interrupt_status) return;
    if (const OldVolume* const old = find_old(index_)) {
        registers_[old->left] = static_cast<std::uint8_t>((value & 0xf0) | lowest_bit);
        registers_[old->left + 1] = static_cast<std::uint8_t>(value << 4 | lowest_bit);
        return;
    }
    registers_[index_] = value;
}

}  // namespace portico::hardware::sb16
