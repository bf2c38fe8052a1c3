// The static and import libraries that drivers name.
#pragma once

#include <string>

namespace portico::build {

// Whether Portico has what the library of this name holds: "..\lib\stdunk.lib", "ks".
bool is_known_library(const std::string& name);

}  // namespace portico::build
