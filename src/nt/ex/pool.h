// The pool: paged and non-paged memory for drivers and for Portico's own kernel objects, at addresses that
// are the same in every run. What is known of a block lies beside the pool, not in it, so that no driver can
// overwrite it.
//
// Misuse is told through probes.pool_misuse(code, block, detail, text): `detail` is the first damaged address
// of 0xC1; else the bug check's first parameter in its low 32 bits, and in its high 32 bits the tag used to
// free (0xC2/0x0A) or the IRQL (0xC2/0x08 and 0x09), else 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

#include "nt/findings.h"
#include "nt/probes.h"
#include "sim/address_map.h"
#include "wdm.h"

namespace portico::nt::ex {

// What memory holds that nobody has written yet: the patterns that debuggers know.
constexpr unsigned char uninitialised_fill = 0xCD;
constexpr unsigned char freed_fill = 0xDD;
constexpr unsigned char guard_fill = 0xFD;

struct PoolBlock {
    std::uint64_t address = 0;
    std::uint64_t size = 0;  // as asked for
    ULONG tag = 0;
    POOL_TYPE type = NonPagedPool;
    bool live = false;      // false: freed; its memory has not been given to anyone else since
    bool internal = false;  // Portico's own: no driver frees it
    Origin made{};
    Origin freed{};
};

// As after power-on; takes time in proportion to what was used.
void reset_pool();

// Memory of the given type (POOL_TYPE with its flag bits), aligned to 16 bytes, to 64 for the CacheAligned
// types and to a page from PAGE_SIZE on; a block of less does not cross a page. Filled with
// `uninitialised_fill`, or with zeroes for POOL_ZERO_ALLOCATION. Null when the pool is exhausted. IRQL <=
// DISPATCH_LEVEL; nothing is checked here.
void* allocate(POOL_TYPE type, std::size_t size, ULONG tag);
// The same for an exported function: `frame` is its __builtin_frame_address(0), the block's origin its
// caller.
void* allocate(POOL_TYPE type, std::size_t size, ULONG tag, const void* frame);
// Portico's own memory: never a driver's leak. No origin is kept.
void* allocate_internal(POOL_TYPE type, std::size_t size, ULONG tag);
// What Portico makes and a driver may free: answers to its IRPs. No origin is kept, no policy refuses it.
void* allocate_for_driver(POOL_TYPE type, std::size_t size, ULONG tag);

// Frees what any of the above gave; tag 0: whatever the tag. Misuse is reported and then ignored (a wrong
// tag: freed). Kernel objects that the kernel still has on its lists in there are reported and taken off
// them.
void free(void* address, ULONG tag);
void free(void* address, ULONG tag, const void* frame);

// True when `address` lies where pool blocks do.
constexpr bool in_pools(std::uint64_t address) {
    return sim::nonpaged_range.contains(address) || sim::paged_range.contains(address);
}
// True when `address` lies in a live block.
bool owns(const void* address);
// The block that contains `address`, live or freed. False: there was never one, or its memory was given away
// again.
bool find_block(const void* address, PoolBlock& block);

// Every live block that is not Portico's own and whose origin lies in `image` (its innermost driver frame; a
// range of size 0 means every one), in the order of their addresses.
void for_each_live_block(sim::AddressRange image, void (*visit)(const PoolBlock& block, void* context),
                         void* context);

// The first byte behind the live block that contains `address` that somebody wrote to, once; 0: none was.
std::uint64_t take_overrun(const void* address);

// Reports every freed small block that was written to since (0xCC / 0xD5). Reuse and unload check it anyway.
void check_freed_blocks();

struct PoolUse {
    std::uint64_t blocks = 0;
    std::uint64_t bytes = 0;
    std::uint64_t allocations = 0;  // since the reset
};
PoolUse pool_use(bool paged);

// A policy: true refuses an allocation of a driver as if the pool were exhausted (low-resources tests).
extern bool (*refuse_allocation)(std::size_t size, ULONG tag);

// Whether an origin's innermost driver frame lies in `image`; a range of size 0 takes every origin.
bool made_by(const Origin& origin, sim::AddressRange image);

// A host object in the pool, zero-filled first; null when the pool is exhausted. destroy() undoes it.
template <class T, class... Arguments>
T* make(POOL_TYPE type, ULONG tag, Arguments&&... arguments) {
    void* const memory =
        allocate_internal(static_cast<POOL_TYPE>(type | POOL_ZERO_ALLOCATION), sizeof(T), tag);
    return memory == nullptr ? nullptr : ::new (memory) T(std::forward<Arguments>(arguments)...);
}

template <class T>
void destroy(T* object) {
    if (object == nullptr) return;
    object->~T();
    free(object, 0);
}

}  // namespace portico::nt::ex
