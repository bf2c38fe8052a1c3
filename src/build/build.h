// `portico build`: from projects, folders and sources to one image. Compiles only what changed, several at a
// time.
#pragma once

#include <string>
#include <vector>

#include "build/toolchain.h"

namespace portico::build {

struct BuildRequest {
    std::vector<std::string> paths;  // folders, .vcxproj, DDK files, sources: together one driver
    std::string output;              // NAME.so or NAME.sys
    std::string name;                // empty: the output's
    std::string entry;               // empty: the project's, else DriverEntry
    bool needs_entry = true;
    CompileOptions compile;  // for all sources, before their own
    std::string imports;     // LinkOptions::imports
    unsigned jobs = 0;       // compilers at a time; 0: as many as there are processors
};

struct BuildReport {
    std::string output;
    std::size_t sources = 0;
    std::vector<std::string> notes;  // what was left out and what to know, a line each
};

// What the compiler says goes to standard error. The output of an earlier build stays when this one fails.
Result<BuildReport> build(const BuildRequest& request);

// "build/mpu401.so" makes the driver mpu401.
std::string image_name(const std::string& output);

}  // namespace portico::build
