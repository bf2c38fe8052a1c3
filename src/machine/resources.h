// The resources of a machine's devices: what a simulated computer can have.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "portico/portico.h"

namespace portico::machine {

// By Resource::Kind.
constexpr std::array<std::string_view, 4> resource_keys{"port", "irq", "memory", "dma"};

// One line that says what is wrong; empty: nothing.
std::string wrong_with(const Resource& resource);

}  // namespace portico::machine
