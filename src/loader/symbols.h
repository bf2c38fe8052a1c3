// What stands at a code address, driver's or host's: function, file and line, by libdw. libdw is opened at
// the first question, so that a run without one does not pay for it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace portico::loader {

struct SourceLine {
    std::string function;  // "CMiniport::Write"; empty when unknown
    std::string file;      // as the compiler was given it
    unsigned line = 0;     // 0 when unknown
};

struct Place {
    std::string module;        // the image's name, or the file name of a host object; empty: nothing is there
    std::uint64_t offset = 0;  // from the module's base
    bool driver = false;
    // Calls that were inlined at the address innermost first, the function that they were inlined into last.
    // One element without a line when only the symbol table knows; none when nothing is known.
    std::vector<SourceLine> lines;
};

enum class CodeAddress {
    instruction,     // of the next instruction to run, or one that faulted
    return_address,  // the call stands before it
};

Place find_place(std::uint64_t address, CodeAddress kind);

// "CMiniport::Write adapter.cpp:120 (mpu401+0x1a20)", innermost line only; folders are left out.
std::string describe(const Place& place);

}  // namespace portico::loader
