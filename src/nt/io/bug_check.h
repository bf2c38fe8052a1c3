// Bug checks that the I/O system itself finds.
#pragma once

#include <array>
#include <cstdint>

#include "wdm.h"

namespace portico::nt::io {

constexpr std::uint32_t io_manager_violation = 0xC9;  // DRIVER_VERIFIER_IOMANAGER_VIOLATION

// Reports a bug check about `irp` (may be null); does not return inside the simulation. `names` and `text`
// are literals.
void stop_machine(std::uint32_t code, std::array<std::uint64_t, 4> parameters,
                  std::array<const char*, 4> names, const char* text, PIRP irp);

}  // namespace portico::nt::io
