// Machine files: a machine in TOML (docs/machine-files.md).
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "portico/portico.h"

namespace portico::machine {

// [ends]: where a run of the command line gets its MIDI and where it goes, unless its options say otherwise.
struct Ends {
    std::vector<std::string> outputs;  // files by extension
    std::string input;                 // MIDI file that the outside world plays into MIDI IN
    std::string synth;                 // SoundFont
};

// Errors: one line with file, line and key.
Result<void> read_machine_file(const std::string& path, MachineConfig& config, Ends& ends);
Result<void> parse_machine(const std::string& text, const std::string& path, MachineConfig& config,
                           Ends& ends);

// The machine without its driver, seed and registration files, which a replay file keeps itself;
// parse_machine reads it.
std::string machine_toml(const MachineConfig& config);

}  // namespace portico::machine
