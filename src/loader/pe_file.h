// A driver as Windows loads it (.sys, PE32+) taken apart and checked like an ELF image (elf_file.h): nothing
// of it is used before it was proved to lie inside the file and the image. Pure: no memory is mapped here.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "loader/layout.h"

namespace portico::loader {

struct PeSymbol {
    std::string name;
    std::uint64_t address;  // as linked
};

struct PeDebugSection {
    std::string name;  // ".debug_info"
    Bytes content;
};

struct PeFile {
    Layout layout;
    std::vector<PeSymbol> symbols;               // of the COFF symbol table, when the linker wrote one
    std::vector<PeDebugSection> debug_sections;  // DWARF, with addresses as linked
};

// True when the file begins like a program of DOS or Windows.
bool is_pe(Bytes bytes);

// Refuses what Windows would not load as a driver of x86-64, and what cannot run here; the error line begins
// with `label`, which names the driver too ("mpu401" of "x/mpu401.sys"), and says why.
Result<PeFile> parse_pe(Bytes bytes, const std::string& label);

}  // namespace portico::loader
