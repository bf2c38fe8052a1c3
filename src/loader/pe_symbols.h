// The COFF symbol table, which some linkers leave in an image, and the string table behind it.
#pragma once

#include <string>
#include <vector>

#include "loader/pe_file.h"
#include "loader/pe_format.h"

namespace portico::loader {

// A name of more than eight characters is "/N", N bytes into the string table.
std::string section_name(Bytes file, const pe::FileHeader& header, const pe::SectionHeader& section);

// Damaged tables give fewer symbols: nothing but reports reads them.
void read_symbols(Bytes file, const pe::FileHeader& header, const std::vector<pe::SectionHeader>& sections,
                  std::uint64_t base, std::vector<PeSymbol>& symbols);

// Of "??__E..." initialisers; never empty.
std::vector<std::string> constructed_variables(const std::vector<PeSymbol>& symbols);

}  // namespace portico::loader
