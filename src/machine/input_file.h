// Files that a machine is made of.
#pragma once

#include <string>

#include "base/result.h"

namespace portico::machine {

// The file's content, of which one byte more than `bytes_max` is read: who gets that much refuses it. Errors:
// "PATH: cannot be read: why".
Result<std::string> read_input(const std::string& path, std::size_t bytes_max);

}  // namespace portico::machine
