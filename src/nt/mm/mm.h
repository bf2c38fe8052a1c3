// Memory as drivers see it beyond the pool: physical addresses, contiguous memory, device registers, user
// memory, what is a valid address. MDLs are in nt/mm/mdl.h.
//
// Physical memory is a fixed map of the arena (docs/address-map.md), so that a physical address leads back to
// its memory:
//   0x00000000  contiguous memory (sim::physical_range, without its last 16 MiB), page by page in order
//   0x10000000  non-paged pool      0x20000000  paged pool      0x30000000  user memory      0x40000000
//   kernel stacks 0x100000000 images
// Neighbouring pages of all but contiguous memory have page frames that do not follow each other, as on a
// real machine.
#pragma once

#include <cstddef>
#include <cstdint>

#include "nt/findings.h"
#include "nt/probes.h"
#include "sim/address_map.h"
#include "wdm.h"

namespace portico::nt::ps {
using Process = struct ::_EPROCESS;
}

namespace portico::nt::mm {

// As after power-on: nothing mapped, no user memory.
void reset();

// ---- physical addresses ----

// 0: the address has no memory. Any IRQL.
std::uint64_t physical_of(const void* address);
// The memory at a physical address; null for what is no memory (device registers included).
void* memory_at(std::uint64_t physical);

// ---- contiguous memory ----

struct ContiguousRequest {
    std::size_t size;
    std::uint64_t lowest = 0;
    std::uint64_t highest = UINT64_MAX;
    std::uint64_t boundary = 0;  // a power of two that the block does not cross; 0: none
};
// Page-aligned, physically contiguous; null when there is none. `frame`: of the exported function; null:
// Portico's own.
void* allocate_contiguous(const ContiguousRequest& request, const void* frame);
// False: no such block.
bool free_contiguous(void* address);

// ---- device registers ----

// The addresses that stand for device registers: touching them faults.
constexpr std::uint64_t io_size = 16 * sim::MiB;
constexpr sim::AddressRange io_range{sim::physical_range.end() - io_size, io_size};
inline bool in_io_range(const volatile void* address) {
    return io_range.contains(reinterpret_cast<std::uint64_t>(address));
}
// The memory behind a physical address, or addresses of the io_range. What a driver does there by
// READ_REGISTER_xxx and WRITE_REGISTER_xxx or by instructions of its own (nt/hal/mapped_register.h) reaches
// the bus. Null when no address is left.
void* map_io_space(std::uint64_t physical, std::size_t size, const void* frame);
bool unmap_io_space(void* address, std::size_t size);
// The physical address of a mapped register. False: not in a mapping. Any IRQL.
bool translate_io(const volatile void* address, std::uint64_t* physical);

// ---- user memory ----

// Zeroed pages of the process, at the same addresses in every run. Null when there is no room.
void* allocate_user(ps::Process& process, std::size_t size);
void free_user(void* address);
void free_all_user(ps::Process& process);
// True when the whole range is allocated user memory of whichever process.
bool user_memory_valid(const void* address, std::size_t size);
// Pages that have two addresses: the system's, and a user address while mapped for UserMode. For
// MmAllocatePagesForMdl.
void* allocate_shared_pages(std::size_t pages);
void free_shared_pages(void* system_address);
// The most pages that allocate_shared_pages() could give now.
std::size_t longest_shared_run();

// ---- checks ----

// What ProbeForRead and ProbeForWrite find: STATUS_SUCCESS, STATUS_ACCESS_VIOLATION,
// STATUS_DATATYPE_MISALIGNMENT.
NTSTATUS probe(const volatile void* address, std::size_t size, ULONG alignment, bool write);
// True when an access would not fault, Portico's own included: mapped registers are none.
bool is_address_valid(const void* address);
// An image was unmapped: what is remembered of its pages no longer holds.
void image_unmapped();
inline bool is_user_address(const volatile void* address) {
    return reinterpret_cast<std::uint64_t>(address) < sim::user_probe_address;
}

// Contiguous memory, register mappings and locked pages that the driver left at unload.
void for_each_left(sim::AddressRange image, void (*visit)(const LeftBehind& left, void* context),
                   void* context);

}  // namespace portico::nt::mm
