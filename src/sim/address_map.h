// Where everything of the simulated computer lies (docs/address-map.md). The addresses are the same in every
// run, so that a trace never depends on the host's address space.
#pragma once

#include <cstdint>
#include <iterator>

namespace portico::sim {

struct AddressRange {
    std::uint64_t base;
    std::uint64_t size;
    constexpr std::uint64_t end() const { return base + size; }
    constexpr bool contains(std::uint64_t address) const { return address - base < size; }
    bool contains(const void* address) const { return contains(reinterpret_cast<std::uint64_t>(address)); }
};

constexpr std::uint64_t GiB = 1ull << 30;
constexpr std::uint64_t MiB = 1ull << 20;

// User memory of simulated client processes: what lies below MmUserProbeAddress.
constexpr AddressRange user_range{0x690000000000, 256 * MiB};
constexpr std::uint64_t user_probe_address = 0x69ffffff0000;
// The same memory once more, at addresses of the system: where user pages are mapped that a driver has
// locked.
constexpr AddressRange user_system_range{0x6f0000000000, user_range.size};
constexpr AddressRange image_range{0x6a0000000000, 64 * GiB};
constexpr AddressRange nonpaged_range{0x6b0000000000, 256 * MiB};
constexpr AddressRange paged_range{0x6c0000000000, 256 * MiB};
constexpr AddressRange stack_range{0x6d0000000000, 64 * MiB};
// Simulated physical memory that is mapped on request: device registers and contiguous memory.
constexpr AddressRange physical_range{0x6e0000000000, 64 * MiB};

constexpr std::uint64_t page_size = 4096;

// Whether an address lies in any of these ranges, whatever is mapped there: a few instructions, for pointers
// that a driver may have overwritten.
constexpr bool in_machine(std::uint64_t address) {
    constexpr AddressRange ranges[] = {user_range,  image_range,    nonpaged_range,   paged_range,
                                       stack_range, physical_range, user_system_range};
    constexpr unsigned shift = 40;
    constexpr std::uint64_t first = user_range.base >> shift;
    const std::uint64_t index = (address >> shift) - first;
    return index < std::size(ranges) && ranges[index].contains(address);
}
static_assert(in_machine(user_range.base) && in_machine(image_range.end() - 1) &&
              in_machine(nonpaged_range.base) && in_machine(paged_range.base) &&
              in_machine(stack_range.base) && in_machine(physical_range.base) &&
              in_machine(user_system_range.base) && !in_machine(user_range.end()));

}  // namespace portico::sim
