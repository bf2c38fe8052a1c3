// What debuggers and reports want of an image's file: its symbol table, and its debug information at the
// loaded address.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "loader/elf_file.h"
#include "loader/pe_file.h"

namespace portico::loader {

// A copy of the file in which section addresses, symbols and debug information are those of the image moved
// by `shift`. The linker left the relocations of the debug sections in the file for this (--emit-relocs).
// Functions have their plain names in it only, not Microsoft's mangled ones.
std::vector<std::byte> debug_file_of(const ElfFile& file, std::uint64_t shift);

// The same for a PE image: an ELF file with its sections, symbols and DWARF, at the addresses as linked;
// empty when it has neither DWARF nor symbols. Debug sections of PE images have no relocations, so they
// cannot move.
std::vector<std::byte> debug_file_of(const PeFile& file);

constexpr std::string_view initialiser_prefix = "??__E";
// The variable that an initialiser of that name is for: "?member@Class@@2HA@@YAXXZ", where `separator` stands
// for '@'.
std::string variable_name(std::string_view mangled, char separator);

// The variables that the file's static constructors would construct, "Class::member"; never empty.
std::vector<std::string> constructor_names(const ElfFile& file);

}  // namespace portico::loader
