#include "loader/debug_frames.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace portico::loader {
namespace {

// Of DWARF for x86-64: Microsoft numbers the registers as instructions do.
constexpr std::array<std::uint8_t, 16> dwarf_registers{0, 2, 1, 3, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15};
constexpr unsigned rsp_number = 4;
constexpr std::uint8_t return_address = 16;

enum CallFrame : std::uint8_t {
    advance_loc4 = 0x04,
    def_cfa = 0x0c,
    def_cfa_offset = 0x0e,
    saved_at_offset = 0x80,  // ored with the register
};

// UNWIND_CODE's operations ("x64 exception handling", Microsoft Learn).
enum Operation : unsigned {
    push_register = 0,
    allocate_large = 1,
    allocate_small = 2,
    set_frame_register = 3,
    save_register = 4,
    save_register_far = 5,
};

struct Code {
    std::uint8_t offset;  // of the end of the instruction, into the function
    unsigned operation;
    unsigned argument;
    std::uint32_t operand;
};

class Writer {
  public:
    template <class T>
    void value(T value) {
        const auto* const begin = reinterpret_cast<const std::byte*>(&value);
        bytes_.insert(bytes_.end(), begin, begin + sizeof value);
    }
    void number(std::uint64_t value) {
        do {
            const auto low = static_cast<std::uint8_t>(value & 0x7f);
            value >>= 7;
            this->value(static_cast<std::uint8_t>(low | (value != 0 ? 0x80 : 0)));
        } while (value != 0);
    }
    // An entry begins with its length and ends at a multiple of eight bytes.
    void begin_entry() {
        entry_ = bytes_.size();
        value(std::uint32_t{0});
    }
    void end_entry() {
        while ((bytes_.size() - entry_ - 4) % 8 != 0) value(std::uint8_t{0});
        const auto length = static_cast<std::uint32_t>(bytes_.size() - entry_ - 4);
        std::memcpy(bytes_.data() + entry_, &length, sizeof length);
    }
    std::size_t size() const { return bytes_.size(); }
    std::vector<std::byte> take() { return std::move(bytes_); }

  private:
    std::vector<std::byte> bytes_;
    std::size_t entry_ = 0;
};

class Frames {
  public:
    explicit Frames(const PeFile& file) : file_(file) {}

    std::vector<std::byte> write() {
        common_entry();
        const auto& layout = file_.layout;
        for (std::uint64_t i = 0; i < layout.function_count && out_.size() < bytes_max; ++i)
            function(read<RuntimeFunction>(layout.functions + i * sizeof(RuntimeFunction)));
        return out_.take();
    }

  private:
    // Many functions may share one long prologue; those behind have no frames.
    static constexpr std::size_t bytes_max = 64u << 20;

    // What the parser has shown to lie in one segment of the file.
    template <class T>
    T read(std::uint64_t address) const {
        T value{};
        for (const auto& segment : file_.layout.segments) {
            const auto offset = address - segment.address;
            if (offset < segment.file.size() && sizeof value <= segment.file.size() - offset)
                std::memcpy(&value, segment.file.data() + offset, sizeof value);
        }
        return value;
    }

    void common_entry() {
        out_.begin_entry();
        out_.value(std::uint32_t{0xffffffff});
        out_.value(std::uint8_t{1});     // version
        out_.value(std::uint8_t{0});     // no augmentation
        out_.number(1);                  // code alignment
        out_.value(std::uint8_t{0x78});  // data alignment: -8
        out_.value(return_address);
        out_.value(std::uint8_t{def_cfa});
        out_.number(dwarf_registers[rsp_number]);
        out_.number(8);
        out_.value(static_cast<std::uint8_t>(saved_at_offset | return_address));
        out_.number(1);
        out_.end_entry();
    }

    void function(const RuntimeFunction& row) {
        out_.begin_entry();
        out_.value(std::uint32_t{0});
        out_.value(file_.layout.base + row.begin);
        out_.value(std::uint64_t{row.end} - row.begin);
        depth_ = 8;
        cfa_register_ = rsp_number;
        at_ = 0;
        prologue(file_.layout.base + (row.unwind_info & ~3u), false);
        out_.end_entry();
    }

    // A chained function's own part runs when that of the one it is chained to has been done.
    void prologue(std::uint64_t info, bool done, unsigned chained = 0) {
        constexpr unsigned chain_max = 32;
        const auto head = read<std::array<std::uint8_t, 4>>(info);
        const unsigned slots = head[2];
        if ((head[0] >> 3 & 4) != 0 && chained < chain_max) {
            const auto parent = read<RuntimeFunction>(info + 4 + 2 * (slots + slots % 2));
            prologue(file_.layout.base + (parent.unwind_info & ~3u), true, chained + 1);
        }
        auto codes = codes_at(info + 4, slots);
        std::reverse(codes.begin(), codes.end());
        std::uint64_t whole = depth_;
        for (const Code& code : codes) whole += pushed(code);
        for (const Code& code : codes) step(code, head[3], whole, done);
    }

    std::vector<Code> codes_at(std::uint64_t address, unsigned slots) const {
        std::vector<Code> codes;
        for (unsigned i = 0; i < slots;) {
            const auto bytes = read<std::array<std::uint8_t, 2>>(address + 2 * std::uint64_t{i});
            Code code{bytes[0], bytes[1] & 15u, bytes[1] >> 4u, 0};
            const std::uint64_t operand = address + 2 * std::uint64_t{i} + 2;
            const bool wide = code.operation == 5 || code.operation == 9 || code.operation == 7 ||
                              (code.operation == allocate_large && code.argument != 0);
            const bool narrow = code.operation == save_register || code.operation == 8 ||
                                (code.operation == allocate_large && code.argument == 0);
            if (wide) code.operand = read<std::uint32_t>(operand);
            if (narrow) code.operand = read<std::uint16_t>(operand) * 8u;
            i += wide ? 3 : narrow ? 2 : 1;
            codes.push_back(code);
        }
        return codes;
    }

    static std::uint64_t pushed(const Code& code) {
        if (code.operation == push_register) return 8;
        if (code.operation == allocate_small) return 8u * code.argument + 8;
        return code.operation == allocate_large ? code.operand : 0;
    }

    void step(const Code& code, std::uint8_t frame, std::uint64_t whole, bool done) {
        if (!done && code.offset > at_) {
            out_.value(std::uint8_t{advance_loc4});
            out_.value(std::uint32_t{code.offset} - at_);
            at_ = code.offset;
        }
        depth_ += pushed(code);
        if (pushed(code) != 0 && cfa_register_ == rsp_number) {
            out_.value(std::uint8_t{def_cfa_offset});
            out_.number(depth_);
        }
        if (code.operation == push_register) saved(code.argument, depth_);
        if (code.operation == set_frame_register) {
            cfa_register_ = frame & 15u;
            out_.value(std::uint8_t{def_cfa});
            out_.number(dwarf_registers[cfa_register_]);
            out_.number(depth_ - std::min<std::uint64_t>(depth_, 16u * (frame >> 4)));
        }
        if (code.operation == save_register || code.operation == save_register_far)
            saved(code.argument, whole - std::min<std::uint64_t>(whole, code.operand));
    }

    // `below`: bytes below the frame's top.
    void saved(unsigned number, std::uint64_t below) {
        out_.value(static_cast<std::uint8_t>(saved_at_offset | dwarf_registers[number]));
        out_.number(below / 8);
    }

    const PeFile& file_;
    Writer out_;
    std::uint64_t depth_ = 8;
    unsigned cfa_register_ = rsp_number;
    std::uint32_t at_ = 0;
};

}  // namespace

std::vector<std::byte> debug_frames_of(const PeFile& file) {
    return file.layout.function_count == 0 ? std::vector<std::byte>() : Frames(file).write();
}

}  // namespace portico::loader
