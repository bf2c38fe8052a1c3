// gdb's JIT interface (gdb manual, "JIT Compilation Interface"): gdb reads each image from our memory, so
// that breakpoints, source lines and variables of drivers work without a command. A process that is not
// debugged when it loads an image does not make what gdb reads; a debugger that comes later calls
// portico_show_images() (docs/debugging.md).
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

// A debugger watched this process when it was asked first.
bool is_debugged();

// `entry` and `file` must stay where they are until forget_image().
void register_image(JitEntry& entry, Bytes file);
void forget_image(JitEntry& entry);

}  // namespace portico::loader
