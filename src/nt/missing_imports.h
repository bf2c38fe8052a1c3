// Imports of drivers that nobody implements. All that a driver has of one is the address of a page that
// cannot be touched: nobody knows beforehand whether it is a function or a variable. A call there goes on in
// code that tells of it, any other access is a fault that names it.
#pragma once

#include <array>
#include <cstdint>

namespace portico::nt {

struct MissingImportPlace {
    std::array<char, 160> label{};  // "ntoskrnl.exe!KeFooBar"
    std::uint64_t page = 0;         // the address that the driver has
    std::uint64_t code = 0;         // where a call goes on
};

// What the page at the address stands for; false: it is no such page. Whoever loads images answers; null:
// there are none. May be asked by a signal handler.
inline bool (*missing_import_at)(std::uint64_t address, MissingImportPlace& place) = nullptr;

}  // namespace portico::nt
