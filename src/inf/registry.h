// AddReg: what an INF puts into the registry.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "inf/file.h"

namespace portico::inf {

struct RegistryEntry {
    enum class Root : std::uint8_t { relative, machine, classes, other };
    enum class What : std::uint8_t { set, append, remove, key_only };
    Root root = Root::relative;  // HKR, HKLM, HKCR; HKU and HKCU, which no driver sees
    What what = What::set;
    bool only_new = false;            // FLG_ADDREG_NOCLOBBER
    bool only_existing = false;       // FLG_ADDREG_OVERWRITEONLY
    std::string key;                  // below the root; empty: the root itself
    std::string name;                 // empty: the unnamed value
    std::uint32_t type = 1;           // REG_SZ ...
    std::string text;                 // of REG_SZ and REG_EXPAND_SZ, UTF-8
    std::vector<std::string> texts;   // of REG_MULTI_SZ
    std::vector<std::uint8_t> bytes;  // of all other types
};

// The lines of one AddReg section.
std::vector<RegistryEntry> read_add_reg(const Section& section, Problems& problems);

}  // namespace portico::inf
