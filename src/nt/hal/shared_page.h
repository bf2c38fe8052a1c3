// Two pages of the kernel's that drivers read without a call: KUSER_SHARED_DATA, and each processor's control
// region (KPCR). No memory of a host's program can lie there: what they hold is made up at each read.
#pragma once

#include <cstddef>
#include <cstdint>

namespace portico::nt::hal {

constexpr std::uint64_t shared_data_address = 0xFFFFF78000000000;
constexpr std::uint64_t control_region_size = 0x1000;

// Of the calling processor: what gs is relative to, and what KeGetPcr() gives.
std::uint64_t control_region_address();

// Copies `size` bytes, as they are now; what lies behind a page is zero. False: neither of the pages is
// there.
bool read_shared_page(std::uint64_t address, std::byte* to, std::size_t size);

}  // namespace portico::nt::hal
