// What linking needs to know of ELF files that the tool chain itself has written.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace portico::build {

struct ElfSymbol {
    std::string name;
    bool defined;
    bool global;  // or weak
};

struct ElfSection {
    std::string name;
    bool writable;
};

struct ElfObject {
    std::vector<ElfSymbol>
        symbols;  // of the table of dynamic symbols for a shared object, of all symbols otherwise
    std::vector<ElfSection> sections;
};

Result<ElfObject> read_elf(const std::string& path);

// '@' ends a name and begins a version for ELF linkers, and Microsoft's mangling is full of them: '$' takes
// its place in every name of the file.
Result<void> replace_at_signs(const std::string& path);

}  // namespace portico::build
