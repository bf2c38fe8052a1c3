// toml++ as this room uses it: errors are values, and nothing nests deep enough to exhaust the stack.
#pragma once

#define TOML_EXCEPTIONS 0
#define TOML_MAX_NESTED_VALUES 32
#include <toml++/toml.h>
