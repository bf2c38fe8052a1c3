// gdb's JIT interface (gdb manual, "JIT Compilation Interface"): gdb reads each image from our memory, so
// that breakpoints, source lines and variables of drivers work without a command.
#pragma once

#include <cstdint>

#include "loader/layout.h"

namespace portico::loader {

struct JitEntry {
    JitEntry* next;
    JitEntry* previous;
    const std::byte* file;
    std::uint64_t file_size;
};

// `entry` and `file` must stay where they are until forget_image().
void register_image(JitEntry& entry, Bytes file);
void forget_image(JitEntry& entry);

}  // namespace portico::loader
