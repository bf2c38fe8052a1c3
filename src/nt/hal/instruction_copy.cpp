#include "nt/hal/instruction_copy.h"

#include <Zydis/Zydis.h>
#include <dlfcn.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"
#include "nt/hal/trap_frame.h"
#include "sim/address_map.h"

namespace portico::nt::hal {
namespace {

using Form = InstructionCopy::Form;
using BitChange = InstructionCopy::BitChange;

struct Library {
    decltype(&::ZydisDecoderInit) init = nullptr;
    decltype(&::ZydisDecoderDecodeFull) decode = nullptr;
    decltype(&::ZydisEncoderDecodedInstructionToEncoderRequest) to_request = nullptr;
    decltype(&::ZydisEncoderEncodeInstructionAbsolute) encode = nullptr;
    bool usable = false;
};
Library library;

constexpr std::size_t code_size = 64;
constexpr std::size_t copy_count = 256;
constexpr std::size_t code_bytes = code_size * copy_count;

using InstructionBytes = std::array<std::uint8_t, ZYDIS_MAX_INSTRUCTION_LENGTH>;

// Two that share a place replace each other.
struct Copy {
    std::uint64_t rip = 0;
    InstructionBytes original{};
    InstructionCopy what;
};
std::array<Copy, copy_count> copies;

// Code, executable, and behind it the memory, writable.
std::byte* area = nullptr;

std::byte* code_of(std::size_t index) {
    return area + index * code_size;
}
std::byte* memory_of(std::size_t index) {
    return area + code_bytes + index * copy_memory_size;
}

// What can be read at rip: an instruction may end where its page does.
InstructionBytes bytes_at(std::uint64_t rip, std::size_t& length) {
    InstructionBytes bytes{};
    length = std::min<std::size_t>(bytes.size(), sim::page_size - rip % sim::page_size);
    std::memcpy(bytes.data(), reinterpret_cast<const void*>(rip), length);
    return bytes;
}

struct Decoded {
    ZydisDecodedInstruction instruction;
    std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;
};

bool decode(std::uint64_t rip, InstructionBytes& bytes, Decoded& decoded) {
    ZydisDecoder decoder;
    library.init(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    std::size_t length = 0;
    bytes = bytes_at(rip, length);
    const auto status =
        library.decode(&decoder, bytes.data(), length, &decoded.instruction, decoded.operands.data());
    if (status != ZYDIS_STATUS_NO_MORE_DATA || length == bytes.size()) return ZYAN_SUCCESS(status);
    std::memcpy(bytes.data(), reinterpret_cast<const void*>(rip), bytes.size());
    return ZYAN_SUCCESS(
        library.decode(&decoder, bytes.data(), bytes.size(), &decoded.instruction, decoded.operands.data()));
}

// ---- what it is ----

bool is_stack_pointer(ZydisRegister number) {
    return number == ZYDIS_REGISTER_RSP || number == ZYDIS_REGISTER_ESP || number == ZYDIS_REGISTER_SP ||
           number == ZYDIS_REGISTER_SPL;
}

// Its operand in memory, when that is named, and all the memory that it touches; else null.
const ZydisDecodedOperand* only_memory_operand(const Decoded& decoded) {
    const ZydisDecodedOperand* only = nullptr;
    for (unsigned i = 0; i < decoded.instruction.operand_count; ++i) {
        const auto& operand = decoded.operands[i];
        if (operand.type == ZYDIS_OPERAND_TYPE_REGISTER && is_stack_pointer(operand.reg.value))
            return nullptr;
        if (operand.type != ZYDIS_OPERAND_TYPE_MEMORY) continue;
        const bool named = operand.visibility == ZYDIS_OPERAND_VISIBILITY_EXPLICIT;
        if (only != nullptr || !named || operand.mem.type != ZYDIS_MEMOP_TYPE_MEM) return nullptr;
        only = &operand;
    }
    return only;
}

// The cache is no device's register; the processor writes back what it compared, whatever the outcome.
bool accesses_as_told(const ZydisDecodedInstruction& instruction, ZydisOperandActions actions) {
    switch (instruction.mnemonic) {
        case ZYDIS_MNEMONIC_CLFLUSH:
        case ZYDIS_MNEMONIC_CLFLUSHOPT:
        case ZYDIS_MNEMONIC_CLWB:
        case ZYDIS_MNEMONIC_CLDEMOTE:
            return false;
        case ZYDIS_MNEMONIC_CMPXCHG:
        case ZYDIS_MNEMONIC_CMPXCHG8B:
        case ZYDIS_MNEMONIC_CMPXCHG16B:
            return true;
        default:
            return (actions & (ZYDIS_OPERAND_ACTION_CONDREAD | ZYDIS_OPERAND_ACTION_CONDWRITE)) == 0;
    }
}

bool changes_bit(ZydisMnemonic mnemonic, BitChange& change) {
    switch (mnemonic) {
        case ZYDIS_MNEMONIC_BT:
            change = BitChange::none;
            return true;
        case ZYDIS_MNEMONIC_BTS:
            change = BitChange::set;
            return true;
        case ZYDIS_MNEMONIC_BTR:
            change = BitChange::reset;
            return true;
        case ZYDIS_MNEMONIC_BTC:
            change = BitChange::complement;
            return true;
        default:
            return false;
    }
}

void describe_operand(const Decoded& decoded, InstructionCopy& what) {
    const auto& instruction = decoded.instruction;
    const auto* const memory = only_memory_operand(decoded);
    if (memory == nullptr || instruction.meta.branch_type != ZYDIS_BRANCH_TYPE_NONE ||
        instruction.encoding == ZYDIS_INSTRUCTION_ENCODING_EVEX ||
        instruction.encoding == ZYDIS_INSTRUCTION_ENCODING_MVEX ||
        !accesses_as_told(instruction, memory->actions) || memory->size == 0 || memory->size % 8 != 0 ||
        memory->size / 8 > copy_memory_size)
        return;
    what.form = Form::operand;
    what.reads = (memory->actions & ZYDIS_OPERAND_ACTION_MASK_READ) != 0;
    what.writes = (memory->actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) != 0;
    what.width = static_cast<std::uint8_t>(memory->size / 8);
    if (!changes_bit(instruction.mnemonic, what.change) ||
        decoded.operands[1].type != ZYDIS_OPERAND_TYPE_REGISTER)
        return;
    what.form = Form::bit;
    what.bit_register =
        static_cast<std::uint8_t>(instruction.raw.modrm.reg | (instruction.raw.rex.R != 0 ? 8 : 0));
}

void describe_string(const ZydisDecodedInstruction& instruction, InstructionCopy& what) {
    const unsigned opcode = instruction.opcode;
    if (instruction.opcode_map != ZYDIS_OPCODE_MAP_DEFAULT || instruction.address_width != 64 ||
        (instruction.attributes & ZYDIS_ATTRIB_HAS_SEGMENT) != 0)
        return;
    switch (opcode & ~1u) {
        case 0xa4:
            what.form = Form::move_string;
            break;
        case 0xaa:
            what.form = Form::store_string;
            break;
        case 0xac:
            what.form = Form::load_string;
            break;
        default:
            return;
    }
    what.width = (opcode & 1u) == 0 ? 1 : static_cast<std::uint8_t>(instruction.operand_width / 8);
    for (unsigned i = 0; i < instruction.raw.prefix_count; ++i) {
        const unsigned prefix = instruction.raw.prefixes[i].value;
        if (prefix == 0xf2 || prefix == 0xf3) what.repeated = true;
    }
}

InstructionCopy describe(const Decoded& decoded) {
    InstructionCopy what;
    what.length = decoded.instruction.length;
    if (decoded.instruction.meta.category == ZYDIS_CATEGORY_STRINGOP) {
        describe_string(decoded.instruction, what);
    } else {
        describe_operand(decoded, what);
    }
    return what;
}

// ---- its copy ----

// Leads the request's memory operand to `memory`; false: it has none, or one that is implied.
bool redirect(ZydisEncoderRequest& request, std::uint64_t memory) {
    request.prefixes &= ~static_cast<ZydisInstructionAttributes>(ZYDIS_ATTRIB_HAS_SEGMENT);
    for (unsigned i = 0; i < request.operand_count; ++i) {
        auto& operand = request.operands[i];
        if (operand.type != ZYDIS_OPERAND_TYPE_MEMORY) continue;
        operand.mem.base = ZYDIS_REGISTER_RIP;
        operand.mem.index = ZYDIS_REGISTER_NONE;
        operand.mem.scale = 0;
        operand.mem.displacement = static_cast<ZyanI64>(memory);
        return true;
    }
    return false;
}

class Code {
  public:
    std::uint8_t* begin() { return bytes_.data(); }
    void skip(std::size_t length) { at_ += length; }
    template <std::size_t N>
    void put(const std::array<std::uint8_t, N>& code) {
        std::memcpy(bytes_.data() + at_, code.data(), N);
        at_ += N;
    }
    void put(std::uint64_t value) {
        std::memcpy(bytes_.data() + at_, &value, sizeof value);
        at_ += sizeof value;
    }
    void write_to(std::byte* place) const {
        PORTICO_CHECK(at_ <= code_size);
        PORTICO_CHECK(::mprotect(area, code_bytes, PROT_READ | PROT_WRITE) == 0);
        std::memcpy(place, bytes_.data(), bytes_.size());
        PORTICO_CHECK(::mprotect(area, code_bytes, PROT_READ | PROT_EXEC) == 0);
    }

  private:
    std::array<std::uint8_t, code_size> bytes_{};
    std::size_t at_ = 0;
};

// No register and no flag changes but by the instruction itself.
void end(Code& code, std::uint64_t next, bool by_entry) {
    if (by_entry) {
        // push [rip + 6]; jmp [rip + 8]; both addresses
        code.put(std::array<std::uint8_t, 12>{0xff, 0x35, 6, 0, 0, 0, 0xff, 0x25, 8, 0, 0, 0});
        code.put(next);
        code.put(reinterpret_cast<std::uint64_t>(&portico_trap_entry));
    } else {
        code.put(std::array<std::uint8_t, 6>{0xff, 0x25, 0, 0, 0, 0});  // jmp [rip]
        code.put(next);
    }
}

bool write_code(std::size_t index, std::uint64_t rip, const Decoded& decoded, const InstructionCopy& what) {
    ZydisEncoderRequest request;
    if (!ZYAN_SUCCESS(library.to_request(&decoded.instruction, decoded.operands.data(),
                                         decoded.instruction.operand_count_visible, &request)))
        return false;
    if (!redirect(request, reinterpret_cast<std::uint64_t>(memory_of(index)))) return false;
    Code code;
    ZyanUSize length = ZYDIS_MAX_INSTRUCTION_LENGTH;
    if (!ZYAN_SUCCESS(
            library.encode(&request, code.begin(), &length, reinterpret_cast<std::uint64_t>(code_of(index)))))
        return false;
    code.skip(length);
    end(code, rip + what.length, what.form == Form::operand && what.writes);
    code.write_to(code_of(index));
    return true;
}

bool is_copied(const Copy& copy, std::uint64_t rip) {
    std::size_t length = 0;
    const auto now = bytes_at(rip, length);
    return copy.rip == rip && std::memcmp(now.data(), copy.original.data(), length) == 0;
}

}  // namespace

void prepare_instruction_copies() {
    if (area != nullptr) return;
    void* const handle = ::dlopen("libZydis.so.4.0", RTLD_NOW | RTLD_LOCAL);
    if (handle == nullptr) return;
    const auto find = [&](auto& function, const char* name) {
        function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(handle, name));
        return function != nullptr;
    };
    library.usable = find(library.init, "ZydisDecoderInit") &&
                     find(library.decode, "ZydisDecoderDecodeFull") &&
                     find(library.to_request, "ZydisEncoderDecodedInstructionToEncoderRequest") &&
                     find(library.encode, "ZydisEncoderEncodeInstructionAbsolute");
    void* const mapped = ::mmap(nullptr, code_bytes + copy_memory_size * copy_count, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    PORTICO_CHECK(mapped != MAP_FAILED);
    area = static_cast<std::byte*>(mapped);
    PORTICO_CHECK(::mprotect(area, code_bytes, PROT_READ | PROT_EXEC) == 0);
}

const InstructionCopy* copy_of(std::uint64_t rip) {
    if (!library.usable) return nullptr;
    const std::size_t index = (rip ^ rip >> 8) % copy_count;
    Copy& copy = copies[index];
    if (is_copied(copy, rip)) return &copy.what;
    Decoded decoded;
    Copy made{.rip = rip};
    if (!decode(rip, made.original, decoded)) return nullptr;
    made.what = describe(decoded);
    made.what.memory = memory_of(index);
    if (write_code(index, rip, decoded, made.what))
        made.what.code = reinterpret_cast<std::uint64_t>(code_of(index));
    copy = made;
    return &copy.what;
}

std::uint64_t copied_from(std::uint64_t address) {
    const std::uint64_t offset = address - reinterpret_cast<std::uint64_t>(area);
    if (area == nullptr || offset >= code_bytes) return 0;
    return copies[offset / code_size].rip;
}

}  // namespace portico::nt::hal
