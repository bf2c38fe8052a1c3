// The embedded image of the system-supplied miniports (README.md).
#pragma once

#include <cstddef>
#include <span>

namespace portico::miniports {

// The bytes of an ELF shared object for the loader; valid as long as the program runs.
std::span<const std::byte> image() noexcept;

}  // namespace portico::miniports
