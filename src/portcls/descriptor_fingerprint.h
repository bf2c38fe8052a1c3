// Whether a filter descriptor is still what IPort::Init saw (IM-011).
#pragma once

#include <cstdint>

#include "portcls.h"

namespace portico::portcls {

// The descriptor, or something that it points to, is not in memory any more.
constexpr std::uint64_t no_fingerprint = 0;

// Of the descriptor, its arrays, its automation tables and the heads of its data ranges: all that PortCls
// walks. What a driver keeps behind its pins, nodes, items and ranges is its own. Safe whatever the driver
// has done to it. PASSIVE_LEVEL.
std::uint64_t fingerprint_of(const PCFILTER_DESCRIPTOR& filter);

}  // namespace portico::portcls
