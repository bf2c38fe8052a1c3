// How what a driver does by an instruction becomes a call: the interrupted code enters portico_trap_entry as
// if the instruction had called it. All of it is inside nt/hal.
#pragma once

#include <sys/ucontext.h>

#include <cstdint>

extern "C" {

// What the entry saves: general registers by their numbers, then flags. All but rsp go back into the
// processor.
struct PorticoTrapFrame {
    std::uint64_t registers[16];
    std::uint64_t flags;
    std::uint64_t caller_rbp;  // for who walks the stack
    std::uint64_t return_address;
};

__attribute__((visibility("hidden"))) void portico_trap_entry();
}

namespace portico::nt::hal {

enum Register : unsigned { rax = 0, rcx = 1, rdx = 2, rsi = 6, rdi = 7 };
constexpr std::uint64_t carry_flag = 0x1;
constexpr std::uint64_t direction_flag = 0x400;

// What the next entry calls, on the driver's stack. Between its setting and the entry nothing of the machine
// runs, so it belongs to no fiber.
extern void (*on_trap_entry)(PorticoTrapFrame& frame);

// When the signal handler returns, the entry is called on the interrupted stack.
inline void enter_from(gregset_t& registers, std::uint64_t return_address,
                       void (*routine)(PorticoTrapFrame& frame)) {
    const auto rsp = static_cast<std::uint64_t>(registers[REG_RSP]) - sizeof return_address;
    *reinterpret_cast<std::uint64_t*>(rsp) = return_address;
    registers[REG_RSP] = static_cast<greg_t>(rsp);
    registers[REG_RIP] = static_cast<greg_t>(reinterpret_cast<std::uint64_t>(&portico_trap_entry));
    on_trap_entry = routine;
}

// The part of a register that an operand of `width` bytes is.
inline std::uint64_t masked(std::uint64_t value, unsigned width) {
    return width == 8 ? value : value & ((1ull << width * 8) - 1);
}

// Writing 4 bytes of a register clears the rest of it, writing 1 or 2 does not.
inline void store(std::uint64_t& target, std::uint64_t value, unsigned width) {
    const std::uint64_t kept = width >= 4 ? 0 : target & ~((1ull << width * 8) - 1);
    target = kept | masked(value, width);
}

}  // namespace portico::nt::hal
