// Code for imports that nobody implements: each gets a stub of its own, which can name itself.
#pragma once

#include <cstddef>
#include <cstdint>

#include "loader/image.h"

namespace portico::loader {

constexpr std::size_t stub_size = 48;

// Writes the stub of `import`, which will run where it is written.
void write_stub(std::byte* at, const MissingImport* import);

}  // namespace portico::loader
