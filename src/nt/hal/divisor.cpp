#include "nt/hal/divisor.h"

#include <cstdint>
#include <cstring>

#include "nt/hal/instruction_copy.h"
#include "nt/mm/mm.h"

namespace portico::nt::hal {
namespace {

constexpr int places[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                            REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};

// f6 /6, f6 /7, f7 /6, f7 /7, behind prefixes.
class Divisor {
  public:
    explicit Divisor(const gregset_t& registers)
        : registers_(registers), rip_(value_of(REG_RIP)), at_(reinterpret_cast<const std::uint8_t*>(rip_)) {}

    // False: it is no division, or its divisor cannot be told.
    bool read(std::uint64_t& value) {
        if (!opcode()) return false;
        const unsigned modrm = *at_++;
        if ((modrm >> 3 & 7) < 6) return false;
        const unsigned low = modrm & 7;
        if (modrm >> 6 == 3) {
            value = of_register(low);
            return true;
        }
        return in_memory(memory_address(modrm >> 6, low), value);
    }

  private:
    std::uint64_t value_of(int place) const { return static_cast<std::uint64_t>(registers_[place]); }
    std::uint64_t general(unsigned number) const { return value_of(places[number]); }
    std::uint64_t cut(std::uint64_t value) const {
        return width_ == 8 ? value : value & ((1ull << width_ * 8) - 1);
    }

    bool opcode() {
        constexpr unsigned prefixes_max = 14;
        for (unsigned i = 0; i < prefixes_max; ++i) {
            const unsigned byte = *at_++;
            if ((byte & 0xfe) == 0xf6) {
                width_ = byte == 0xf6 ? 1 : (rex_ & 8) != 0 ? 8 : narrow_ ? 2 : 4;
                return true;
            }
            const bool rex = (byte & 0xf0) == 0x40;
            const bool segment = byte == 0x64 || byte == 0x65;
            if (!rex && (segment || !is_prefix(byte))) return false;
            rex_ = rex ? byte : 0;
            narrow_ |= byte == 0x66;
            short_address_ |= byte == 0x67;
        }
        return false;
    }
    static bool is_prefix(unsigned byte) {
        return byte == 0x66 || byte == 0x67 || byte == 0xf2 || byte == 0xf3 || (byte & 0xe7) == 0x26;
    }

    std::uint64_t of_register(unsigned low) const {
        // ah, ch, dh and bh
        if (width_ == 1 && rex_ == 0 && low >= 4) return general(low - 4) >> 8 & 0xff;
        return cut(general(low | (rex_ & 1) << 3));
    }

    template <class T>
    std::uint64_t displacement() {
        T value;
        std::memcpy(&value, at_, sizeof value);
        at_ += sizeof value;
        return static_cast<std::uint64_t>(static_cast<std::int64_t>(value));
    }

    std::uint64_t memory_address(unsigned mode, unsigned low) {
        std::uint64_t address = 0;
        if (low == 4) {
            address = of_scaled_index(mode);
        } else if (low == 5 && mode == 0) {
            const auto offset = displacement<std::int32_t>();
            address = reinterpret_cast<std::uint64_t>(at_) + offset;
        } else {
            address = general(low | (rex_ & 1) << 3);
        }
        if (mode == 1) address += displacement<std::int8_t>();
        if (mode == 2) address += displacement<std::int32_t>();
        return short_address_ ? address & 0xffffffff : address;
    }

    std::uint64_t of_scaled_index(unsigned mode) {
        const unsigned sib = *at_++;
        const unsigned index = (sib >> 3 & 7) | (rex_ & 2) << 2;
        const std::uint64_t scaled = index == 4 ? 0 : general(index) << (sib >> 6);
        if ((sib & 7) == 5 && mode == 0) return scaled + displacement<std::int32_t>();
        return scaled + general((sib & 7) | (rex_ & 1) << 3);
    }

    // What is not mapped, a copy of the instruction has read from its own memory.
    bool in_memory(std::uint64_t address, std::uint64_t& value) const {
        constexpr std::uint64_t canonical_end = 1ull << 47;
        const void* place = reinterpret_cast<const void*>(address);
        if (mm::io_range.contains(address) || address >= canonical_end) {
            const auto* const copy = copy_of(rip_);
            if (copy == nullptr) return false;
            place = copy->memory;
        }
        value = 0;
        std::memcpy(&value, place, width_);
        return true;
    }

    const gregset_t& registers_;
    std::uint64_t rip_;
    const std::uint8_t* at_;
    unsigned rex_ = 0;
    unsigned width_ = 0;
    bool narrow_ = false;
    bool short_address_ = false;
};

}  // namespace

bool quotient_overflows(const gregset_t& registers) {
    std::uint64_t value = 0;
    return Divisor(registers).read(value) && value != 0;
}

}  // namespace portico::nt::hal
