// What a PE image imports, and what the system puts behind the pointers of guarded calls.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "loader/layout.h"

namespace portico::loader {

class PeReader;

// Fills in imports and the fixups of the import address table. Refuses drivers of frameworks that Portico
// does not have, and programs of user mode.
Result<void> read_imports(const PeReader& file, Layout& layout);

struct GuardFunctions {
    std::uint64_t check;     // the target is in rcx; every register is kept
    std::uint64_t dispatch;  // goes on at the target, which is in rax
};
GuardFunctions guard_functions();

}  // namespace portico::loader
