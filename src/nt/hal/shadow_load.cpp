#include "nt/hal/shadow_load.h"

#include <Zydis/Zydis.h>
#include <dlfcn.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"
#include "nt/hal/shared_page.h"
#include "sim/address_map.h"

namespace portico::nt::hal {
namespace {

struct Library {
    decltype(&::ZydisDecoderInit) init = nullptr;
    decltype(&::ZydisDecoderDecodeFull) decode = nullptr;
    decltype(&::ZydisEncoderDecodedInstructionToEncoderRequest) to_request = nullptr;
    decltype(&::ZydisEncoderEncodeInstructionAbsolute) encode = nullptr;
    bool usable = false;
};
Library library;

// As long as the widest register.
constexpr std::size_t data_size = 64;
constexpr std::size_t code_size = 64;
constexpr std::size_t copy_count = 256;
constexpr std::size_t code_bytes = code_size * copy_count;

using InstructionBytes = std::array<std::uint8_t, ZYDIS_MAX_INSTRUCTION_LENGTH>;

// One instruction of a driver, with its memory operand leading to its data. Two that share a place replace
// each other.
struct Copy {
    std::uint64_t rip = 0;
    InstructionBytes original{};
};
std::array<Copy, copy_count> copies;

// Code, executable, and behind it the data, writable.
std::byte* area = nullptr;

std::byte* code_of(std::size_t index) {
    return area + index * code_size;
}
std::byte* data_of(std::size_t index) {
    return area + code_bytes + index * data_size;
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

// Leads the request's memory operand to `data`; false: it has none, or one that is implied.
bool redirect(ZydisEncoderRequest& request, std::uint64_t data) {
    request.prefixes &= ~static_cast<ZydisInstructionAttributes>(ZYDIS_ATTRIB_HAS_SEGMENT);
    for (unsigned i = 0; i < request.operand_count; ++i) {
        auto& operand = request.operands[i];
        if (operand.type != ZYDIS_OPERAND_TYPE_MEMORY) continue;
        operand.mem.base = ZYDIS_REGISTER_RIP;
        operand.mem.index = ZYDIS_REGISTER_NONE;
        operand.mem.scale = 0;
        operand.mem.displacement = static_cast<ZyanI64>(data);
        return true;
    }
    return false;
}

bool make_copy(std::size_t index, std::uint64_t rip) {
    Decoded decoded;
    InstructionBytes bytes;
    ZydisEncoderRequest request;
    if (!decode(rip, bytes, decoded)) return false;
    const auto& instruction = decoded.instruction;
    if (!ZYAN_SUCCESS(library.to_request(&instruction, decoded.operands.data(),
                                         instruction.operand_count_visible, &request)))
        return false;
    const auto at = reinterpret_cast<std::uint64_t>(code_of(index));
    std::array<std::uint8_t, code_size> code{};
    ZyanUSize length = ZYDIS_MAX_INSTRUCTION_LENGTH;
    if (!redirect(request, reinterpret_cast<std::uint64_t>(data_of(index)))) return false;
    if (!ZYAN_SUCCESS(library.encode(&request, code.data(), &length, at))) return false;
    constexpr std::array<std::uint8_t, 6> jump{0xff, 0x25, 0, 0, 0, 0};  // jmp [rip]
    const std::uint64_t next = rip + instruction.length;
    std::memcpy(code.data() + length, jump.data(), jump.size());
    std::memcpy(code.data() + length + jump.size(), &next, sizeof next);
    PORTICO_CHECK(::mprotect(area, code_bytes, PROT_READ | PROT_WRITE) == 0);
    std::memcpy(code_of(index), code.data(), code.size());
    PORTICO_CHECK(::mprotect(area, code_bytes, PROT_READ | PROT_EXEC) == 0);
    copies[index] = {rip, bytes};
    return true;
}

bool is_copied(const Copy& copy, std::uint64_t rip) {
    std::size_t length = 0;
    const auto now = bytes_at(rip, length);
    return copy.rip == rip && std::memcmp(now.data(), copy.original.data(), length) == 0;
}

}  // namespace

void prepare_shadow_loads() {
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
    void* const mapped = ::mmap(nullptr, code_bytes + data_size * copy_count, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    PORTICO_CHECK(mapped != MAP_FAILED);
    area = static_cast<std::byte*>(mapped);
    PORTICO_CHECK(::mprotect(area, code_bytes, PROT_READ | PROT_EXEC) == 0);
}

bool redirect_load(gregset_t& registers, std::uint64_t address) {
    if (!library.usable) return false;
    std::array<std::byte, data_size> data;
    if (!read_shared_page(address, data.data(), data.size())) return false;
    const auto rip = static_cast<std::uint64_t>(registers[REG_RIP]);
    const std::size_t index = (rip ^ rip >> 8) % copy_count;
    if (!is_copied(copies[index], rip) && !make_copy(index, rip)) return false;
    std::memcpy(data_of(index), data.data(), data.size());
    registers[REG_RIP] = static_cast<greg_t>(reinterpret_cast<std::uint64_t>(code_of(index)));
    return true;
}

}  // namespace portico::nt::hal
