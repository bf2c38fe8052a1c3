// What is compiled and linked, as a file for ninja and as one for clangd.
#pragma once

#include <string>
#include <vector>

#include "build/toolchain.h"

namespace portico::build {

struct PlannedSource {
    std::string path;
    std::string object;
    std::string overlay;  // folder of its shadow
    CompileOptions options;
    std::string
        facts;  // a file that changes when the shadow of a file changes although the file itself does not
};

struct NinjaPlan {
    Installation installation;
    std::string output;
    std::string objects;  // folder
    std::string name;
    std::string entry;
    bool needs_entry;
    std::string imports;
    CompileOptions common;  // of the driver library
    std::vector<PlannedSource> sources;
};

std::string ninja_text(const NinjaPlan& plan);

// compile_commands.json beside the output, with what other drivers have there kept; in the folder of the
// objects if one that is not Portico's stands there.
Result<void> write_compile_commands(const NinjaPlan& plan, const Installation& installation);

}  // namespace portico::build
