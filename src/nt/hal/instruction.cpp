#include "nt/hal/instruction.h"

namespace portico::nt::hal {
namespace {

using Kind = Instruction::Kind;

class Decoder {
  public:
    explicit Decoder(std::uint64_t rip) : begin_(reinterpret_cast<const std::uint8_t*>(rip)), at_(begin_) {}

    Instruction decode() {
        const std::uint8_t opcode = opcode_after_prefixes();
        if (opcode == 0x0f) {
            two_bytes(next());
        } else {
            one_byte(opcode);
        }
        if (found_.kind != Kind::ordinary) found_.length = static_cast<std::uint8_t>(at_ - begin_);
        return found_;
    }

  private:
    std::uint8_t opcode_after_prefixes() {
        constexpr unsigned prefixes_max = 14;
        for (unsigned i = 0; i < prefixes_max; ++i) {
            const std::uint8_t byte = *at_++;
            const bool prefix = byte == 0x66 || byte == 0x67 || byte == 0xf0 || byte == 0xf2 ||
                                byte == 0xf3 || (byte & 0xe7) == 0x26 || byte == 0x64 || byte == 0x65;
            const bool rex = (byte & 0xf0) == 0x40;
            if (!prefix && !rex) return byte;
            // Only a REX prefix right before the opcode counts.
            rex_ = rex ? byte : 0;
            if (byte == 0x66) narrow_ = true;
            if (byte == 0x65) found_.gs = true;
            if (byte == 0xf2 || byte == 0xf3) found_.repeated = true;
        }
        return 0x90;
    }
    std::uint8_t next() { return *at_++; }

    void one_byte(std::uint8_t opcode) {
        const bool byte_wide = (opcode & 1) == 0;
        found_.width = byte_wide ? 1 : narrow_ ? 2 : 4;
        switch (opcode & 0xfe) {
            case 0xe4:
            case 0xe6:
                found_.port_in_dx = false;
                found_.port = next();
                found_.kind = opcode < 0xe6 ? Kind::in : Kind::out;
                return;
            case 0xec:
                found_.kind = Kind::in;
                return;
            case 0xee:
                found_.kind = Kind::out;
                return;
            case 0x6c:
                found_.kind = Kind::in_string;
                return;
            case 0x6e:
                found_.kind = Kind::out_string;
                return;
            default:
                break;
        }
        if (opcode == 0xfa) found_.kind = Kind::disable_interrupts;
        if (opcode == 0xfb) found_.kind = Kind::enable_interrupts;
        if (opcode == 0xf4 || opcode == 0xcf) found_.kind = Kind::privileged;  // hlt, iret
        if (opcode == 0xcd) interrupt(next());
    }

    void interrupt(std::uint8_t vector) {
        found_.kind = vector == 0x29 ? Kind::fast_fail : vector == 0x2c ? Kind::assertion : Kind::privileged;
    }

    void two_bytes(std::uint8_t opcode) {
        if (opcode == 0x20 || opcode == 0x22) return control_register(opcode == 0x22, next());
        if (opcode == 0x32) found_.kind = Kind::read_msr;
        switch (opcode) {
            case 0x00:  // lldt, ltr
            case 0x01:  // lgdt, lidt, invlpg, swapgs
            case 0x06:  // clts
            case 0x07:  // sysret
            case 0x08:  // invd
            case 0x09:  // wbinvd
            case 0x21:  // mov from a debug register
            case 0x23:
            case 0x30:  // wrmsr
            case 0x33:  // rdpmc
                found_.kind = Kind::privileged;
                break;
            default:
                break;
        }
    }

    void control_register(bool write, std::uint8_t modrm) {
        const unsigned control = (modrm >> 3 & 7u) | ((rex_ & 4u) != 0 ? 8u : 0u);
        found_.general_register = static_cast<std::uint8_t>((modrm & 7u) | ((rex_ & 1u) != 0 ? 8u : 0u));
        found_.kind = control != 8 ? Kind::privileged : write ? Kind::write_cr8 : Kind::read_cr8;
    }

    const std::uint8_t* begin_;
    const std::uint8_t* at_;
    std::uint8_t rex_ = 0;
    bool narrow_ = false;
    Instruction found_;
};

}  // namespace

Instruction instruction_at(std::uint64_t rip) {
    return Decoder(rip).decode();
}

}  // namespace portico::nt::hal
