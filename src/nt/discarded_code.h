// Code of drivers that is no longer there: INIT code, when DriverEntry has returned. What lies there then
// only stops the processor.
#pragma once

#include <cstdint>

namespace portico::nt {

// What lies there: hlt, a general protection fault at the instruction itself.
constexpr std::uint8_t halt = 0xF4;

// The address lies in such code. Whoever loads images answers; null: there is none. May be asked by a signal
// handler.
inline bool (*discarded_code_at)(std::uint64_t address) = nullptr;

}  // namespace portico::nt
