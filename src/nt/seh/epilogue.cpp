#include "nt/seh/epilogue.h"

#include <array>
#include <cstring>

#include "nt/seh/pe_unwind.h"

namespace portico::nt::seh {
namespace {

// Longest: rex add rsp, imm32 (7), eight pops with prefix (16), rex jmp [rip + disp32] (7).
constexpr unsigned longest = 32;

class Epilogue {
  public:
    Epilogue(const UnwindImage& image, const RUNTIME_FUNCTION& function, std::uint64_t control,
             unsigned frame_register)
        : image_(image), function_(function), control_(control), frame_register_(frame_register) {
        const std::uint64_t end = image.range.base + function.EndAddress;
        const std::uint64_t left = end > control ? end - control : 0;
        while (size_ < longest && size_ < left && image.readable(control + size_, 1)) {
            code_[size_] = *reinterpret_cast<const std::uint8_t*>(control + size_);
            ++size_;
        }
    }

    // What the instructions say, executed on a copy.
    bool run(const StackView& stack, CONTEXT& context, KNONVOLATILE_CONTEXT_POINTERS* pointers) {
        if (!adjust(context)) return false;
        while (pop(stack, context, pointers)) {
        }
        if (!leaves()) return false;
        if (!stack.read(context.Rsp, context.Rip)) return false;
        context.Rsp += 8;
        return true;
    }

  private:
    std::uint8_t byte(unsigned ahead) const { return at_ + ahead < size_ ? code_[at_ + ahead] : 0xCC; }
    bool has(unsigned count) const { return at_ + count <= size_; }
    std::int64_t value(unsigned ahead, unsigned bytes) const {
        if (bytes == 1) return static_cast<std::int8_t>(byte(ahead));
        std::int32_t wide = 0;
        if (has(ahead + 4)) std::memcpy(&wide, &code_[at_ + ahead], sizeof wide);
        return wide;
    }

    // add rsp, imm8 | add rsp, imm32 | lea rsp, disp8[frame] | lea rsp, disp32[frame] | nothing
    bool adjust(CONTEXT& context) {
        if (byte(0) == 0x48 && (byte(1) == 0x83 || byte(1) == 0x81) && byte(2) == 0xC4) {
            const unsigned bytes = byte(1) == 0x83 ? 1 : 4;
            if (!has(3 + bytes)) return false;
            context.Rsp += static_cast<std::uint64_t>(value(3, bytes));
            at_ += 3 + bytes;
            return true;
        }
        if ((byte(0) & 0xFE) != 0x48 || byte(1) != 0x8D) return true;
        const unsigned mode = byte(2) >> 6;
        const unsigned base = (byte(2) & 7) | (byte(0) & 1) << 3;
        const bool to_rsp = (byte(2) >> 3 & 7) == 4;
        if (!to_rsp || frame_register_ == 0 || base != frame_register_ || (base & 7) == 4) return false;
        if (mode != 1 && mode != 2) return false;
        const unsigned bytes = mode == 1 ? 1 : 4;
        if (!has(3 + bytes)) return false;
        context.Rsp = (&context.Rax)[base] + static_cast<std::uint64_t>(value(3, bytes));
        at_ += 3 + bytes;
        return true;
    }

    bool pop(const StackView& stack, CONTEXT& context, KNONVOLATILE_CONTEXT_POINTERS* pointers) {
        const bool prefixed = (byte(0) & 0xF0) == 0x40;
        const std::uint8_t code = byte(prefixed ? 1 : 0);
        if ((code & 0xF8) != 0x58) return false;
        const unsigned number = (code & 7) | (prefixed ? (byte(0) & 1) << 3 : 0);
        if (!stack.read(context.Rsp, (&context.Rax)[number])) return false;
        if (pointers != nullptr) pointers->IntegerContext[number] = reinterpret_cast<PULONG64>(context.Rsp);
        context.Rsp += 8;
        at_ += prefixed ? 2 : 1;
        return true;
    }

    // ret | ret imm16 | rep ret | jmp out of the function | jmp through memory or a register, with rex.w
    bool leaves() const {
        const std::uint8_t code = byte(0);
        if (code == 0xC3 || code == 0xC2 || (code == 0xF3 && byte(1) == 0xC3)) return true;
        if (code == 0xEB || code == 0xE9) {
            const unsigned bytes = code == 0xEB ? 1 : 4;
            if (!has(1 + bytes)) return false;
            const std::uint64_t target =
                control_ + at_ + 1 + bytes + static_cast<std::uint64_t>(value(1, bytes));
            return out_of_function(target);
        }
        const bool rex_w = (code & 0xF8) == 0x48;
        if (code == 0xFF && byte(1) == 0x25) return true;
        return rex_w && byte(1) == 0xFF && (byte(2) >> 3 & 7) == 4;
    }

    // Another part of the same function, which chains to this one, is not out of it.
    bool out_of_function(std::uint64_t target) const {
        const std::uint64_t offset = target - image_.range.base;
        if (offset - function_.BeginAddress < function_.EndAddress - function_.BeginAddress) return false;
        const RUNTIME_FUNCTION* const other = find_function(image_, target);
        if (other == nullptr) return true;
        if (offset != other->BeginAddress) return false;
        const std::uint64_t info = image_.range.base + other->UnwindData;
        return image_.readable(info, 1) &&
               (*reinterpret_cast<const std::uint8_t*>(info) >> 3 & UNW_FLAG_CHAININFO) == 0;
    }

    const UnwindImage& image_;
    const RUNTIME_FUNCTION& function_;
    std::uint64_t control_;
    unsigned frame_register_;
    std::array<std::uint8_t, longest> code_{};
    unsigned size_ = 0;
    unsigned at_ = 0;
};

}  // namespace

bool finish_epilogue(const UnwindImage& image, const StackView& stack, const RUNTIME_FUNCTION& function,
                     std::uint64_t control, unsigned frame_register, CONTEXT& context,
                     KNONVOLATILE_CONTEXT_POINTERS* pointers) {
    CONTEXT copy = context;
    KNONVOLATILE_CONTEXT_POINTERS places{};
    if (!Epilogue(image, function, control, frame_register).run(stack, copy, &places)) return false;
    context = copy;
    if (pointers == nullptr) return true;
    for (unsigned i = 0; i < 16; ++i) {
        if (places.IntegerContext[i] != nullptr) pointers->IntegerContext[i] = places.IntegerContext[i];
    }
    return true;
}

}  // namespace portico::nt::seh
