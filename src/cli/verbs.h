// The verbs of the command line. Each returns the exit code.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "portico/portico.h"

namespace portico::cli {

struct RunOptions {
    std::string song;
    std::string driver = "mpu401";
    std::vector<std::string> outputs;
    std::string synth;
    std::string machine_file;
    std::string trace;
    std::string timeline;
    std::string report;
    std::string filter;
    std::uint64_t seed = 1;
    bool seed_given = false;
    std::string schedule;
    bool exact = false;
    bool json = false;
    bool quiet = false;
};

int play(const RunOptions& options, bool recording);
int replay(const std::string& path);
int devices(bool json);
int doctor();

// The machine that the options describe. A driver's short name ("mpu401", "cable") is one of those that come
// along.
Result<MachineConfig> machine_of(const RunOptions& options);

// The error's line on standard error; its exit code.
int fail(const Error& error);

}  // namespace portico::cli
