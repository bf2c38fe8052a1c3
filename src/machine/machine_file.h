// Machine files: a MachineConfig in TOML (docs/machine-files.md). Errors name file, line and key.
#pragma once

#include <string>

#include "base/result.h"
#include "portico/portico.h"

namespace portico::machine {

// What a machine file says, on top of `config`. Relative paths in it count from the file's folder.
Result<void> read_machine_file(const std::string& path, MachineConfig& config);
Result<void> parse_machine(const std::string& text, const std::string& path, MachineConfig& config);

// The same machine as TOML: what a replay file carries.
std::string machine_toml(const MachineConfig& config);

}  // namespace portico::machine
