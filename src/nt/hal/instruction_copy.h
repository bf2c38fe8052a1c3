// Copies of instructions that work on other memory than theirs: so nothing has to know what an instruction
// does with its operand.
#pragma once

#include <cstddef>
#include <cstdint>

namespace portico::nt::hal {

struct InstructionCopy {
    enum class Form : std::uint8_t {
        other,    // more than one access of memory, or none, or it depends on more than the operand
        operand,  // reads or writes, or both, one operand in memory
        bit,      // bt, bts, btr, btc with the bit's number in a register, which may lead out of the operand
        move_string,   // movs, with rep or without
        store_string,  // stos
        load_string,   // lods
    };
    enum class BitChange : std::uint8_t { none, set, reset, complement };

    Form form = Form::other;
    bool reads = false;
    bool writes = false;
    bool repeated = false;
    BitChange change = BitChange::none;
    std::uint8_t bit_register = 0;
    std::uint8_t length = 0;  // of the instruction
    std::uint8_t width = 0;   // of its operand, or of one element of a string, in bytes

    // Where the copy begins; 0: there is none. It goes on behind the instruction; one of form `operand` that
    // writes enters portico_trap_entry first, as if the instruction had called it.
    std::uint64_t code = 0;
    std::byte* memory = nullptr;  // what it works on, copy_memory_size bytes
};

// As long as the widest operand.
constexpr std::size_t copy_memory_size = 64;

// Opens the library that takes instructions apart (Zydis); without it, or where it is another version, there
// are no copies.
void prepare_instruction_copies();

// The instruction at rip, which the processor has read; null: it cannot be decoded. What is returned holds
// until the next call: there is room for a bounded number of copies, and the newer one takes the place. A
// copy is made anew when other bytes are at rip.
const InstructionCopy* copy_of(std::uint64_t rip);

// The instruction whose copy holds the address; 0: none does.
std::uint64_t copied_from(std::uint64_t address);

}  // namespace portico::nt::hal
