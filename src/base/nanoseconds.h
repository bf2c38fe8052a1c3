#pragma once

#include <cstdint>

namespace portico {

// Simulated time and durations. Names that hold one end in _ns.
using Nanoseconds = std::int64_t;

constexpr Nanoseconds never_ns = INT64_MAX;
constexpr Nanoseconds microsecond_ns = 1'000;
constexpr Nanoseconds millisecond_ns = 1'000'000;
constexpr Nanoseconds second_ns = 1'000'000'000;

}  // namespace portico
