// The switch of a mutation (tools/mutate, tests/mutations): PORTICO_MUTATION=NAME in the environment turns it
// on for the whole process. Only the copies of sources that tools/mutate writes include this.
#pragma once

#include <cstdint>
#include <cstdlib>

namespace portico::mutant {

// 0: none is on. Numbers are the FNV-1a hashes of the names, so that a new mutation changes no other's code.
inline std::uint32_t number_of(const char* name) {
    if (name == nullptr) return 0;
    std::uint32_t value = 0x811C9DC5u;
    for (; *name != 0; ++name) value = (value ^ static_cast<std::uint8_t>(*name)) * 0x01000193u;
    return value;
}

inline const std::uint32_t switched_on = number_of(std::getenv("PORTICO_MUTATION"));

}  // namespace portico::mutant

#define PORTICO_MUTANT(number) (::portico::mutant::switched_on == (number))
