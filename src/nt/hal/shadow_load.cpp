#include "nt/hal/shadow_load.h"

#include <array>
#include <cstring>

#include "nt/hal/instruction_copy.h"
#include "nt/hal/shared_page.h"

namespace portico::nt::hal {

bool redirect_load(gregset_t& registers, std::uint64_t address) {
    std::array<std::byte, copy_memory_size> data;
    if (!read_shared_page(address, data.data(), data.size())) return false;
    const auto* const copy = copy_of(static_cast<std::uint64_t>(registers[REG_RIP]));
    if (copy == nullptr || copy->code == 0 || copy->writes) return false;
    std::memcpy(copy->memory, data.data(), data.size());
    registers[REG_RIP] = static_cast<greg_t>(copy->code);
    return true;
}

}  // namespace portico::nt::hal
