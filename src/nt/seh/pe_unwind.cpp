#include "nt/seh/pe_unwind.h"

#include <array>
#include <cstring>

#include "nt/seh/epilogue.h"

namespace portico::nt::seh {
namespace {

// A chain of descriptions, each of a part of the function before it: more are no function's.
constexpr unsigned chain_limit = 32;

enum Operation : std::uint8_t {
    push_nonvolatile = 0,
    alloc_large = 1,
    alloc_small = 2,
    set_frame = 3,
    save_nonvolatile = 4,
    save_nonvolatile_far = 5,
    epilogue = 6,
    spare = 7,
    save_xmm = 8,
    save_xmm_far = 9,
    push_machine_frame = 10,
};

struct Code {
    std::uint8_t offset;
    std::uint8_t operation : 4;
    std::uint8_t info : 4;
};
static_assert(sizeof(Code) == 2);

// UNWIND_INFO with its codes and what stands behind them, copied out of the image.
struct Info {
    std::uint8_t version = 0;
    std::uint8_t flags = 0;
    std::uint8_t prologue_size = 0;
    std::uint8_t count = 0;
    std::uint8_t frame_register = 0;
    std::uint8_t frame_offset = 0;
    std::array<std::uint8_t, 512> codes{};
    std::uint64_t behind = 0;  // the address of the handler or of the chained function

    Code code(unsigned index) const {
        Code code;
        std::memcpy(&code, &codes[index * 2], sizeof code);
        return code;
    }
    std::uint32_t operand16(unsigned index) const {
        std::uint16_t value;
        std::memcpy(&value, &codes[index * 2], sizeof value);
        return value;
    }
    std::uint32_t operand32(unsigned index) const { return operand16(index) | operand16(index + 1) << 16; }
};

template <class T>
bool read_image(const UnwindImage& image, std::uint64_t address, T& value) {
    if (!image.range.contains(address) || !image.readable(address, sizeof value)) return false;
    std::memcpy(&value, reinterpret_cast<const void*>(address), sizeof value);
    return true;
}

bool read_info(const UnwindImage& image, std::uint32_t offset, Info& info) {
    const std::uint64_t address = image.range.base + offset;
    std::array<std::uint8_t, 4> head;
    if ((offset & 3) != 0 || !read_image(image, address, head)) return false;
    info.version = head[0] & 7;
    info.flags = head[0] >> 3;
    info.prologue_size = head[1];
    info.count = head[2];
    info.frame_register = head[3] & 15;
    info.frame_offset = head[3] >> 4;
    if (info.version != 1 && info.version != 2) return false;
    const std::uint64_t size = std::uint64_t{info.count} * 2;
    if (size != 0) {
        if (!image.readable(address + 4, size)) return false;
        std::memcpy(info.codes.data(), reinterpret_cast<const void*>(address + 4), size);
    }
    info.behind = address + 4 + ((size + 3) & ~std::uint64_t{3});
    return true;
}

// Further slots that an operation's operands take.
unsigned operand_slots(Code code) {
    switch (code.operation) {
        case alloc_large:
            return code.info == 0 ? 1 : 2;
        case save_nonvolatile:
        case save_xmm:
        case epilogue:
            return 1;
        case save_nonvolatile_far:
        case save_xmm_far:
        case spare:
            return 2;
        default:
            return 0;
    }
}

class Undo {
  public:
    Undo(const StackView& stack, CONTEXT& context, KNONVOLATILE_CONTEXT_POINTERS* pointers)
        : stack_(stack), context_(context), pointers_(pointers) {}

    bool machine_frame() const { return machine_frame_; }

    // Undoes what of the codes was executed before `offset`.
    bool codes(const Info& info, std::uint32_t offset, std::uint64_t establisher) {
        for (unsigned i = 0; i < info.count;) {
            const Code code = info.code(i);
            const unsigned slots = operand_slots(code);
            if (i + slots >= info.count) return false;
            if (code.offset <= offset && !undo(info, i, code, establisher)) return false;
            i += 1 + slots;
        }
        return true;
    }

    bool pop_return() {
        if (!stack_.read(context_.Rsp, context_.Rip)) return false;
        context_.Rsp += 8;
        return true;
    }

  private:
    bool undo(const Info& info, unsigned i, Code code, std::uint64_t establisher) {
        switch (code.operation) {
            case push_nonvolatile:
                if (!load(code.info, context_.Rsp)) return false;
                context_.Rsp += 8;
                return true;
            case alloc_large:
                context_.Rsp +=
                    code.info == 0 ? std::uint64_t{info.operand16(i + 1)} * 8 : info.operand32(i + 1);
                return code.info <= 1;
            case alloc_small:
                context_.Rsp += (code.info + 1u) * 8;
                return true;
            case set_frame:
                context_.Rsp = (&context_.Rax)[info.frame_register] - info.frame_offset * 16u;
                return true;
            case save_nonvolatile:
                return load(code.info, establisher + std::uint64_t{info.operand16(i + 1)} * 8);
            case save_nonvolatile_far:
                return load(code.info, establisher + info.operand32(i + 1));
            case save_xmm:
                return load_xmm(code.info, establisher + std::uint64_t{info.operand16(i + 1)} * 16);
            case save_xmm_far:
                return load_xmm(code.info, establisher + info.operand32(i + 1));
            case push_machine_frame:
                return pop_machine_frame(code.info);
            case epilogue:  // where epilogues are; they are recognised by their instructions
            case spare:
                return true;
            default:
                return false;
        }
    }

    bool load(unsigned number, std::uint64_t place) {
        if (!stack_.read(place, (&context_.Rax)[number])) return false;
        if (pointers_ != nullptr) pointers_->IntegerContext[number] = reinterpret_cast<PULONG64>(place);
        return true;
    }
    bool load_xmm(unsigned number, std::uint64_t place) {
        if (!stack_.read(place, context_.FltSave.XmmRegisters[number])) return false;
        if (pointers_ != nullptr) pointers_->FloatingContext[number] = reinterpret_cast<PM128A>(place);
        return true;
    }
    // rip, cs, flags, rsp, ss; an error code below them when `info` is 1.
    bool pop_machine_frame(unsigned info) {
        const std::uint64_t frame = context_.Rsp + (info == 0 ? 0 : 8);
        machine_frame_ = true;
        return info <= 1 && stack_.read(frame, context_.Rip) && stack_.read(frame + 24, context_.Rsp);
    }

    const StackView& stack_;
    CONTEXT& context_;
    KNONVOLATILE_CONTEXT_POINTERS* pointers_;
    bool machine_frame_ = false;
};

// The frame pointer was set at `offset`.
bool frame_is_set(const Info& info, std::uint32_t offset) {
    if (offset >= info.prologue_size || (info.flags & UNW_FLAG_CHAININFO) != 0) return true;
    for (unsigned i = 0; i < info.count; i += 1 + operand_slots(info.code(i))) {
        if (info.code(i).operation == set_frame) return offset >= info.code(i).offset;
    }
    return false;
}

std::uint64_t establisher_of(const Info& info, std::uint32_t offset, const CONTEXT& context) {
    if (info.frame_register == 0 || !frame_is_set(info, offset)) return context.Rsp;
    return (&context.Rax)[info.frame_register] - info.frame_offset * 16u;
}

bool take_handler(const UnwindImage& image, const Info& info, VirtualUnwind& result) {
    std::uint32_t offset;
    if (!read_image(image, info.behind, offset)) return false;
    const std::uint64_t handler = image.range.base + offset;
    if (!image.range.contains(handler)) return false;
    result.handler = reinterpret_cast<PEXCEPTION_ROUTINE>(handler);
    result.handler_data = reinterpret_cast<const void*>(info.behind + sizeof offset);
    return true;
}

}  // namespace

const RUNTIME_FUNCTION* find_function(const UnwindImage& image, std::uint64_t address) {
    const auto offset = static_cast<std::uint32_t>(address - image.range.base);
    std::uint32_t low = 0;
    std::uint32_t high = image.function_count;
    while (low < high) {
        const std::uint32_t middle = low + (high - low) / 2;
        const RUNTIME_FUNCTION& row = image.functions[middle];
        if (offset < row.BeginAddress)
            high = middle;
        else if (offset >= row.EndAddress)
            low = middle + 1;
        else
            return &row;
    }
    return nullptr;
}

bool leave_leaf(const StackView& stack, CONTEXT& context) {
    return Undo(stack, context, nullptr).pop_return();
}

bool virtual_unwind(const UnwindImage& image, const StackView& stack, ULONG wanted, std::uint64_t control,
                    const RUNTIME_FUNCTION& function, CONTEXT& context, VirtualUnwind& result,
                    KNONVOLATILE_CONTEXT_POINTERS* pointers) {
    RUNTIME_FUNCTION part = function;
    Undo undo(stack, context, pointers);
    result = {};
    for (unsigned depth = 0; depth < chain_limit; ++depth) {
        Info info;
        if ((part.UnwindData & RUNTIME_FUNCTION_INDIRECT) != 0) {
            if (!read_image(image, image.range.base + part.UnwindData - RUNTIME_FUNCTION_INDIRECT, part))
                return false;
            continue;
        }
        if (!read_info(image, part.UnwindData, info)) return false;
        // A part that is chained to is over when the one before it begins.
        const auto offset = static_cast<std::uint32_t>(control - image.range.base) - part.BeginAddress;
        const bool over = depth != 0 || offset >= info.prologue_size;
        if (depth == 0) {
            result.establisher = establisher_of(info, offset, context);
            if (over && finish_epilogue(image, stack, part, control, info.frame_register, context, pointers))
                return true;
            if (over && (info.flags & wanted & (UNW_FLAG_EHANDLER | UNW_FLAG_UHANDLER)) != 0 &&
                (info.flags & UNW_FLAG_CHAININFO) == 0 && !take_handler(image, info, result))
                return false;
        }
        const std::uint64_t base = depth == 0 ? result.establisher : establisher_of(info, ~0u, context);
        if (!undo.codes(info, over ? ~0u : offset, base)) return false;
        if ((info.flags & UNW_FLAG_CHAININFO) == 0) return undo.machine_frame() || undo.pop_return();
        if (!read_image(image, info.behind, part)) return false;
    }
    return false;
}

}  // namespace portico::nt::seh
