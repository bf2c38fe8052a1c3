// What an instruction is that no program of user mode may run, or that raises an exception by design: as much
// of x86's encoding as that takes.
#pragma once

#include <cstdint>

namespace portico::nt::hal {

struct Instruction {
    enum class Kind : std::uint8_t {
        ordinary,  // none of these
        in,
        out,
        in_string,
        out_string,
        disable_interrupts,
        enable_interrupts,
        read_cr8,
        write_cr8,
        read_msr,
        fast_fail,   // int 29h, __fastfail
        assertion,   // int 2Ch, NT_ASSERT
        privileged,  // any other that only a kernel may run
    };

    Kind kind = Kind::ordinary;
    std::uint8_t width = 0;  // of a port access, in bytes
    bool repeated = false;
    bool gs = false;         // reads or writes relative to the processor's control region
    bool port_in_dx = true;  // else `port`
    std::uint8_t port = 0;
    std::uint8_t general_register = 0;  // of a cr8 access: 0 rax, 1 rcx ... 15 r15
    std::uint8_t length = 0;            // 0 for ordinary ones
};

// `rip` is where the processor stopped: it has read the instruction, so its bytes are there.
Instruction instruction_at(std::uint64_t rip);

}  // namespace portico::nt::hal
