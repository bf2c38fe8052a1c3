// What debuggers and reports want of an image's file: its symbol table, and its debug information at the
// loaded address.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "loader/elf_file.h"

namespace portico::loader {

// A copy of the file in which section addresses, symbols and debug information are those of the image moved
// by `shift`. The linker left the relocations of the debug sections in the file for this (--emit-relocs).
// Functions have their plain names in it only, not Microsoft's mangled ones.
std::vector<std::byte> debug_file_of(const ElfFile& file, std::uint64_t shift);

// The variables that the file's static constructors would construct, "Class::member"; never empty.
std::vector<std::string> constructor_names(const ElfFile& file);

}  // namespace portico::loader
