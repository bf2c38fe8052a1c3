// User memory of client processes, and pages shared between a driver and a client. The lower three quarters
// of sim::user_range are processes', the rest is shared pages'.
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "nt/ex/pool.h"
#include "nt/mm/mm_private.h"
#include "nt/mm/regions.h"
#include "sim/arena.h"
#include "sim/fiber.h"

namespace portico::nt::mm {
namespace {

constexpr std::uint32_t user_page_count = sim::user_range.size / sim::page_size;
constexpr std::uint32_t shared_start = user_page_count / 4 * 3;
constexpr std::uint32_t user_first_page = 16;  // the lowest 64 KiB stay free, as on Windows

constinit Regions<2048> process_regions{};  // docs/limits.md
constinit Regions<1024> shared_regions{};
std::uint32_t process_top = 0;
std::uint32_t shared_top = 0;

void* user_address(std::uint32_t page) {
    return reinterpret_cast<void*>(sim::user_range.base + std::uint64_t{page} * sim::page_size);
}

std::uint32_t page_of(sim::AddressRange range, const void* address) {
    return static_cast<std::uint32_t>((reinterpret_cast<std::uint64_t>(address) - range.base) /
                                      sim::page_size);
}

std::uint32_t pages_for(std::size_t size) {
    return static_cast<std::uint32_t>((size + sim::page_size - 1) / sim::page_size);
}

// Every page from `start` for `size` bytes lies in a region of the table.
template <std::size_t N>
bool covered(const Regions<N>& regions, std::uint32_t start, std::uint32_t end) {
    while (start < end) {
        const Region* const r = regions.overlapping(start, 1);
        if (r == nullptr) return false;
        start = r->start + r->count;
    }
    return true;
}

// Pages were used in [0, top) and [shared_start, shared_top): zero again.
void clean(std::uint32_t begin, std::uint32_t end) {
    constexpr std::uint32_t pages_worth_discarding = 256;
    if (end <= begin) return;
    const std::uint64_t size = std::uint64_t{end - begin} * sim::page_size;
    if (end - begin > pages_worth_discarding) {
        sim::discard({reinterpret_cast<std::uint64_t>(user_address(begin)), size});
    } else {
        std::memset(user_address(begin), 0, size);
    }
}

}  // namespace

void reset_user() {
    clean(user_first_page, process_top);
    clean(shared_start, shared_top);
    process_regions.clear();
    shared_regions.clear();
    process_top = shared_top = 0;
}

void* allocate_user(ps::Process& process, std::size_t size) {
    if (size == 0 || size > sim::user_range.size) return nullptr;
    const std::uint32_t pages = pages_for(size);
    const std::uint32_t start = process_regions.find_free(user_first_page, shared_start, pages);
    if (start == shared_start || !process_regions.add(start, pages, size, &process, nullptr)) return nullptr;
    // Pages that nobody had since the reset are zero.
    if (start < process_top)
        std::memset(user_address(start), 0,
                    std::size_t{std::min(pages, process_top - start)} * sim::page_size);
    process_top = std::max(process_top, start + pages);
    return user_address(start);
}

void free_user(void* address) {
    if (sim::user_range.contains(address)) process_regions.remove(page_of(sim::user_range, address));
}

void free_all_user(ps::Process& process) {
    unmap_all(process);
    for (;;) {
        const Region* own = nullptr;
        process_regions.for_each([&](const Region& r) {
            if (own == nullptr && r.owner == &process) own = &r;
        });
        if (own == nullptr) return;
        process_regions.remove(own->start);
    }
}

bool user_memory_valid(const void* address, std::size_t size) {
    const auto begin = reinterpret_cast<std::uint64_t>(address);
    if (!sim::user_range.contains(begin) || size > sim::user_range.end() - begin) return false;
    if (size == 0) return true;
    const std::uint32_t first = page_of(sim::user_range, address);
    const std::uint32_t end =
        first +
        static_cast<std::uint32_t>((begin % sim::page_size + size + sim::page_size - 1) / sim::page_size);
    return first < shared_start ? covered(process_regions, first, end) : covered(shared_regions, first, end);
}

void* allocate_shared_pages(std::size_t pages) {
    if (pages == 0 || pages > user_page_count - shared_start) return nullptr;
    const auto count = static_cast<std::uint32_t>(pages);
    const std::uint32_t start = shared_regions.find_free(shared_start, user_page_count, count);
    if (start == user_page_count ||
        !shared_regions.add(start, count, pages * sim::page_size, nullptr, nullptr))
        return nullptr;
    shared_top = std::max(shared_top, start + count);
    return to_system_view(user_address(start));
}

std::size_t longest_shared_run() {
    return shared_regions.longest_free(shared_start, user_page_count);
}

void free_shared_pages(void* system_address) {
    if (!sim::user_system_range.contains(system_address)) return;
    shared_regions.remove(page_of(sim::user_system_range, system_address));
}

NTSTATUS probe(const volatile void* address, std::size_t size, ULONG alignment, bool write) {
    if (size == 0) return STATUS_SUCCESS;
    const auto begin = reinterpret_cast<std::uint64_t>(address);
    if (alignment != 0 && (begin & (alignment - 1)) != 0) return STATUS_DATATYPE_MISALIGNMENT;
    const std::uint64_t end = begin + size - 1;
    if (end < begin || end >= sim::user_probe_address) return STATUS_ACCESS_VIOLATION;
    // ProbeForRead looks at the addresses alone; ProbeForWrite touches each page.
    if (write && !user_memory_valid(const_cast<const void*>(address), size)) return STATUS_ACCESS_VIOLATION;
    return STATUS_SUCCESS;
}

namespace {

// Pages of images that the host had mapped: a page stays as long as its image, and asking takes long.
std::array<std::uint64_t, 64> known_image_pages;

bool host_page_mapped(std::uint64_t page) {
    unsigned char resident = 0;
    return ::mincore(reinterpret_cast<void*>(page * sim::page_size), sim::page_size, &resident) == 0;
}

bool image_page_mapped(std::uint64_t page) {
    std::uint64_t& known = known_image_pages[page % known_image_pages.size()];
    if (known != page && host_page_mapped(page)) known = page;
    return known == page;
}

}  // namespace

bool is_address_valid(const void* address) {
    const auto wanted = reinterpret_cast<std::uint64_t>(address);
    if (wanted < 0x10000 || wanted >> 47 != 0) return false;
    if (sim::user_range.contains(wanted)) return user_memory_valid(address, 1);
    if (sim::user_system_range.contains(wanted)) return user_memory_valid(to_user_view(address), 1);
    if (ex::in_pools(wanted)) {
        ex::PoolBlock block;  // the page stays when a block of it is freed
        return ex::find_block(address, block);
    }
    if (sim::physical_range.contains(wanted)) return contiguous_valid(wanted);
    if (sim::stack_range.contains(wanted)) return wanted >= sim::stack_at(wanted).base;
    if (sim::image_range.contains(wanted)) return image_page_mapped(wanted / sim::page_size);
    return host_page_mapped(wanted / sim::page_size);  // Portico's own data
}

void image_unmapped() {
    known_image_pages = {};
}

}  // namespace portico::nt::mm
