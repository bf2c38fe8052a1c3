// The physical address map, contiguous memory and device registers.
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "base/check.h"
#include "nt/ex/pool.h"
#include "nt/mm/mm_private.h"
#include "nt/mm/regions.h"
#include "sim/arena.h"
#include "sim/dma.h"

namespace portico::nt::mm {
namespace {

struct Piece {
    sim::AddressRange memory;
    std::uint64_t physical;
    bool in_order;
};

constexpr sim::AddressRange contiguous_range{sim::physical_range.base, sim::physical_range.size - io_size};

constexpr std::array<Piece, 7> pieces{{
    {contiguous_range, 0, true},
    {sim::nonpaged_range, 0x10000000, false},
    {sim::paged_range, 0x20000000, false},
    {sim::user_range, 0x30000000, false},
    {sim::user_system_range, 0x30000000, false},
    {sim::stack_range, 0x40000000, false},
    {sim::image_range, 0x100000000, false},
}};

// Swaps pages within groups of eight so that no page's successor has the next frame. Its own inverse.
constexpr std::uint64_t scramble(std::uint64_t offset) {
    return offset ^ 5 * sim::page_size;
}

std::uint64_t offset_in(const Piece& piece, std::uint64_t offset) {
    return piece.in_order ? offset : scramble(offset);
}

// ---- contiguous memory ----

constexpr std::uint32_t contiguous_page_count = contiguous_range.size / sim::page_size;
// The first megabyte is where a PC has its BIOS; the next fifteen are kept for those who ask for low memory
// (ISA DMA).
constexpr std::uint32_t contiguous_first_page = sim::MiB / sim::page_size;
constexpr std::uint32_t first_plenty = 16 * sim::MiB / sim::page_size;

constinit Regions<1024> contiguous{};

// What was used of an area since the reset, to be zero again.
struct Used {
    std::uint32_t begin;
    std::uint32_t end;
};
Used used_low{contiguous_first_page, contiguous_first_page};
Used used_plenty{first_plenty, first_plenty};

bool fits(std::uint32_t start, std::uint32_t pages, const ContiguousRequest& request) {
    const std::uint64_t low = std::uint64_t{start} * sim::page_size;
    const std::uint64_t last = low + request.size - 1;
    if (low < request.lowest || last > request.highest) return false;
    return request.boundary == 0 || (low & ~(request.boundary - 1)) == (last & ~(request.boundary - 1));
}

// The first free run at or after `from` that fits; 0: none.
std::uint32_t find_run(std::uint32_t from, std::uint32_t pages, const ContiguousRequest& request) {
    std::uint32_t start = from;
    while (start + pages <= contiguous_page_count) {
        const Region* const taken = contiguous.overlapping(start, pages);
        if (taken != nullptr) {
            start = taken->start + taken->count;
        } else if (fits(start, pages, request)) {
            return start;
        } else {
            ++start;
        }
    }
    return 0;
}

std::uint64_t contiguous_address(std::uint32_t page) {
    return contiguous_range.base + std::uint64_t{page} * sim::page_size;
}

// ---- device registers ----

// A region's owner is the physical address of its first page.
constexpr std::uint32_t io_page_count = io_range.size / sim::page_size;
constexpr std::uint32_t io_mapping_limit = 256;
constinit Regions<io_mapping_limit> io_mappings{};

std::uint64_t io_address(std::uint32_t page) {
    return io_range.base + std::uint64_t{page} * sim::page_size;
}

void clean(Used& used) {
    constexpr std::uint32_t pages_worth_discarding = 256;
    const std::size_t size = std::size_t{used.end - used.begin} * sim::page_size;
    if (used.end - used.begin > pages_worth_discarding) {
        sim::discard({contiguous_address(used.begin), size});
    } else if (size != 0) {
        std::memset(reinterpret_cast<void*>(contiguous_address(used.begin)), 0, size);
    }
    used.end = used.begin;
}

void close_io_range() {
    static const bool closed = [] {
        PORTICO_CHECK(::mprotect(reinterpret_cast<void*>(io_range.base), io_range.size, PROT_NONE) == 0);
        return true;
    }();
    (void)closed;
}

}  // namespace

namespace {

// What devices reach: memory that somebody has, up to the end of its page. Images they do not: nobody gives a
// device its code.
void* memory_for_devices(std::uint64_t physical, std::uint64_t* run) {
    void* const memory = memory_at(physical);
    *run = sim::page_size - physical % sim::page_size;
    if (memory == nullptr || sim::image_range.contains(memory) || !is_address_valid(memory)) return nullptr;
    return memory;
}

}  // namespace

void reset_physical() {
    sim::physical_memory = memory_for_devices;
    sim::dma.reset();
    clean(used_low);
    clean(used_plenty);
    contiguous.clear();
    io_mappings.clear();
    close_io_range();
}

std::uint64_t physical_of(const void* address) {
    const auto wanted = reinterpret_cast<std::uint64_t>(address);
    for (const Piece& piece : pieces) {
        if (piece.memory.contains(wanted))
            return piece.physical + offset_in(piece, wanted - piece.memory.base);
    }
    std::uint64_t physical = 0;
    return translate_io(address, &physical) ? physical : 0;
}

void* memory_at(std::uint64_t physical) {
    for (const Piece& piece : pieces) {
        const std::uint64_t offset = physical - piece.physical;
        if (offset < piece.memory.size)
            return reinterpret_cast<void*>(piece.memory.base + offset_in(piece, offset));
    }
    return nullptr;
}

void* allocate_contiguous(const ContiguousRequest& request, const void* frame) {
    if (request.size == 0 || request.size > contiguous_range.size) return nullptr;
    if (frame != nullptr && ex::refuse_allocation != nullptr && ex::refuse_allocation(request.size, 'tCmM'))
        return nullptr;
    const auto pages = static_cast<std::uint32_t>((request.size + sim::page_size - 1) / sim::page_size);
    std::uint32_t start = find_run(first_plenty, pages, request);
    if (start == 0) start = find_run(contiguous_first_page, pages, request);
    if (start == 0) return nullptr;
    if (!contiguous.add(start, pages, request.size, nullptr, frame)) return nullptr;
    Used& used = start < first_plenty ? used_low : used_plenty;
    used.end = std::max(used.end, start + pages);
    void* const memory = reinterpret_cast<void*>(contiguous_address(start));
    std::memset(memory, ex::uninitialised_fill, request.size);
    return memory;
}

bool free_contiguous(void* address) {
    const auto wanted = reinterpret_cast<std::uint64_t>(address);
    if (!contiguous_range.contains(wanted) || wanted % sim::page_size != 0) return false;
    const auto page = static_cast<std::uint32_t>((wanted - contiguous_range.base) / sim::page_size);
    const Region* const region = contiguous.starting(page);
    if (region == nullptr) return false;
    std::memset(address, ex::freed_fill, region->size);
    return contiguous.remove(page);
}

bool contiguous_valid(std::uint64_t address) {
    if (!contiguous_range.contains(address)) return false;
    return contiguous.overlapping(
               static_cast<std::uint32_t>((address - contiguous_range.base) / sim::page_size), 1) != nullptr;
}

void* map_io_space(std::uint64_t physical, std::size_t size, const void* frame) {
    if (size == 0) return nullptr;
    if (frame != nullptr && ex::refuse_allocation != nullptr && ex::refuse_allocation(size, 'oImM'))
        return nullptr;
    void* const memory = memory_at(physical);
    const std::uint64_t offset = physical % sim::page_size;
    if (memory != nullptr && contiguous_valid(reinterpret_cast<std::uint64_t>(memory))) return memory;
    if (size > io_range.size - offset) return nullptr;
    const auto pages = static_cast<std::uint32_t>((offset + size + sim::page_size - 1) / sim::page_size);
    std::uint32_t start = 1;
    while (start + pages <= io_page_count) {
        const Region* const taken = io_mappings.overlapping(start, pages);
        if (taken == nullptr) break;
        start = taken->start + taken->count + 1;  // a page between mappings belongs to nobody
    }
    if (start + pages > io_page_count) return nullptr;
    const auto key = reinterpret_cast<void*>(physical - offset);
    if (!io_mappings.add(start, pages, offset + size, key, frame)) return nullptr;
    return reinterpret_cast<void*>(io_address(start) + offset);
}

bool unmap_io_space(void* address, std::size_t size) {
    const auto wanted = reinterpret_cast<std::uint64_t>(address);
    if (contiguous_valid(wanted)) return true;
    if (!io_range.contains(wanted)) return false;
    const auto page = static_cast<std::uint32_t>((wanted - io_range.base) / sim::page_size);
    const Region* const region = io_mappings.starting(page);
    if (region == nullptr || region->size != wanted % sim::page_size + size) return false;
    return io_mappings.remove(page);
}

bool translate_io(const volatile void* address, std::uint64_t* physical) {
    const auto wanted = reinterpret_cast<std::uint64_t>(address);
    if (!io_range.contains(wanted)) return false;
    const auto page = static_cast<std::uint32_t>((wanted - io_range.base) / sim::page_size);
    const Region* const region = io_mappings.overlapping(page, 1);
    if (region == nullptr) return false;
    *physical = reinterpret_cast<std::uint64_t>(region->owner) + (wanted - io_address(region->start));
    return true;
}

void for_each_left_physical(sim::AddressRange image, void (*visit)(const LeftBehind& left, void* context),
                            void* context) {
    const auto tell = [&](const Region& region, std::uint64_t address, const char* what) {
        if (region.made.frames[0] == 0 || !ex::made_by(region.made, image)) return;
        LeftBehind left{};
        left.kind = LeftKind::pool_block;
        left.address = address;
        left.size = region.size;
        left.what = what;
        left.made = region.made;
        visit(left, context);
    };
    contiguous.for_each([&](const Region& r) { tell(r, contiguous_address(r.start), "contiguous memory"); });
    io_mappings.for_each([&](const Region& r) { tell(r, io_address(r.start), "mapped registers"); });
}

}  // namespace portico::nt::mm
