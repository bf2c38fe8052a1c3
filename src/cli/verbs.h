// The verbs of the command line. Each returns the exit code.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "machine/machine_file.h"
#include "portico/portico.h"

namespace portico::cli {

struct RunOptions {
    std::string song;
    std::string driver;
    std::string inf;
    std::vector<std::string> outputs;
    std::string synth;
    std::string machine_file;
    std::string trace;
    std::string timeline;
    std::string report;
    std::string filter;
    std::string scenario;
    std::optional<std::uint64_t> seed;
    std::string schedule;
    bool exact = false;
    bool json = false;
    bool quiet = false;
};

int play(const RunOptions& options);
int record(const RunOptions& options);
int replay(const std::string& path);

// What `portico inspect` gives instead of text.
struct InspectOptions {
    bool dot = false;
    std::string svg;  // file; empty: none
};
int inspect(const RunOptions& options, const InspectOptions& form);
int topology_test(const RunOptions& options);

// Starts gdb on this program with the arguments and the driver; returns only when it cannot.
int gdb(const std::string& driver, const std::vector<std::string>& arguments);

// `portico ioctl`: one request to a device.
struct IoctlOptions {
    std::string device;
    std::string code;
    std::string in;    // bytes in hexadecimal, or a file
    std::string data;  // the same: what the output buffer holds at first
    std::uint32_t out_size = 0;
    std::string as = "user";
    std::string output;  // file for what comes back; empty: none
};
int ioctl(const RunOptions& options, const IoctlOptions& request);

// The models and drivers that there are; with a machine file or a driver, what can be opened in that machine.
int devices(const RunOptions& options);

struct BuildOptions {
    std::vector<std::string> paths;
    std::string output;
    std::string config = "checked";
    std::string entry;
    std::vector<std::string> includes;
    std::vector<std::string> defines;
    std::vector<std::string> undefines;
    unsigned jobs = 0;
    bool asan = false;
    bool coverage = false;
    bool no_asm = false;
};
int build_driver(const BuildOptions& options);

int doctor();

// The machine file's machine and ends, and what the options say otherwise. A driver's short name is one of
// those that come along (bundled_drivers()).
struct Setup {
    MachineConfig machine;
    machine::Ends ends;
};
Result<Setup> setup_of(const RunOptions& options);

// A driver that comes along.
struct BundledDriver {
    const char* name;
    const char* purpose;
    std::string path;  // of its image; empty: not there
};
std::vector<BundledDriver> bundled_drivers();

// A file of a run, and what it is to it: "the MIDI file that is read".
struct Named {
    std::string path;
    std::string what;
};
// A file that is written must not be one that is read, nor be written twice. `read` and `written` are the
// verb's own, beside those of the options and the setup.
Result<void> check_files(const RunOptions& options, const Setup& setup, std::vector<Named> read,
                         const std::vector<Named>& written);

// The whole of a verb's standard output. The code becomes bad_input when it cannot be written, unless nobody
// reads it.
int print_out(std::string_view text, int code);

// The error's line on standard error; its exit code.
int fail(const Error& error);

}  // namespace portico::cli
