// CopyFiles: what setup puts onto the disk beside the driver's image.
#pragma once

#include <string>
#include <vector>

#include "inf/file.h"

namespace portico::inf {

struct CopiedFile {
    std::string source;       // from the INF's folder: "data\notes.bin"
    std::string destination;  // "\SystemRoot\System32\drivers\notes.bin"
};

constexpr std::size_t copied_files_max = 64;  // of a model

// Adds what the directive "CopyFiles=Section,@file" names. Images are left out: they are loaded, not read; so
// are files for directories that the simulated computer does not have.
void read_copy_files(const File& file, const Line& directive, std::vector<CopiedFile>& to, Problems& errors,
                     Problems& warnings);

}  // namespace portico::inf
