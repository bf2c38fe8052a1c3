// What ran of a driver that was compiled with --coverage: the counters that clang put into its image, written
// as a raw profile (.profraw) that `llvm-profdata merge` reads. The image has no run-time library for that.
#pragma once

#include <string>

#include "base/result.h"
#include "sim/address_map.h"

namespace portico::loader {

class Image;

// Where they lie in an image's memory: all mapped, the counters writable.
struct CoverageSections {
    sim::AddressRange version;   // 8 bytes: which version of the format the compiler had in mind
    sim::AddressRange counters;  // 8 bytes each
    sim::AddressRange data;      // a record for each function
    sim::AddressRange names;     // of the functions, as the compiler packed them
};

// The file that an image's profile goes to: what PORTICO_COVERAGE says, with %p for the process and %n for
// the driver's name; in that folder, when it names one; without it NAME.profraw in the current folder.
std::string coverage_path(const std::string& driver_name);

// Adds the image's counters to the profile at its path and starts them anew. A profile of another build is
// replaced. Several processes may write the same file. Nothing happens for an image that counts nothing.
// Errors: one line that begins with the path; an incomplete new file is removed.
Result<void> write_coverage(const Image& image);

}  // namespace portico::loader
