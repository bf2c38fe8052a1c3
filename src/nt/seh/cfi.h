// One step over a frame that .eh_frame describes: Portico's own, the C library's, a .so driver's.
#pragma once

#include "nt/seh/stack_view.h"
#include "wdm.h"

namespace portico::nt::seh {

// Where tables and code of a module lie; every byte is readable, none is believed.
struct CfiModule {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    std::uint64_t header = 0;  // of .eh_frame_hdr

    bool contains(std::uint64_t address) const { return address - begin < end - begin; }
};

// The host's module that holds the address; empty when none does.
CfiModule host_module_at(std::uint64_t address);

// Portico itself: the module of this code.
bool is_portico(const CfiModule& module);

// Replaces the context by the caller's: rip, rsp and whatever the frame saved, xmm6 to xmm15 among it.
// `returned` says that rip is a return address, not an instruction that was interrupted. False when nothing
// describes the address or the description does not make sense; then the context is unchanged.
bool step_cfi(const CfiModule& module, const StackView& stack, bool returned, CONTEXT& context);

}  // namespace portico::nt::seh
