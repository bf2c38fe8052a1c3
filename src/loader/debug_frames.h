// How gdb finds the frames of a PE image: its unwind information as DWARF's.
#pragma once

#include <vector>

#include "loader/pe_file.h"

namespace portico::loader {

// The content of a .debug_frame section (DWARF 4, 6.4.1), with addresses as linked; empty when the image has
// no exception table.
std::vector<std::byte> debug_frames_of(const PeFile& file);

}  // namespace portico::loader
