#include "ks/user_memory.h"

#include <algorithm>

#include "nt/ex/pool.h"
#include "nt/io/bug_check.h"

namespace portico::ks {
namespace {

constexpr std::uint32_t page_fault_in_nonpaged_area = 0x50;

bool in_live_block(std::uint64_t first, std::size_t size) {
    nt::ex::PoolBlock block;
    return nt::ex::find_block(reinterpret_cast<const void*>(first), block) && block.live &&
           first - block.address <= block.size && size <= block.size - (first - block.address);
}

}  // namespace

bool is_memory(const void* address, std::size_t size) {
    if (size == 0) return true;
    const auto first = reinterpret_cast<std::uint64_t>(address);
    if (nt::ex::in_pools(first)) return in_live_block(first, size);
    if (size - 1 > UINT64_MAX - first) return false;
    for (std::uint64_t at = first; at <= first + (size - 1); at = (at | (sim::page_size - 1)) + 1) {
        if (!nt::mm::is_address_valid(reinterpret_cast<const void*>(at))) return false;
    }
    return true;
}

bool kernel_accessible(const void* address, std::size_t size, PIRP sender) {
    constexpr std::uint64_t null_region = 64 * 1024;
    const auto first = reinterpret_cast<std::uint64_t>(address);
    if (first < null_region) return false;
    if (is_memory(address, size)) return true;
    nt::io::stop_machine(page_fault_in_nonpaged_area, {first, size, 0, 0}, {"address", "size"},
                         "A kernel client of Kernel Streaming named memory that is not there, or is freed",
                         sender);
    return false;
}

}  // namespace portico::ks
