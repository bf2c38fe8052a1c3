// Memory descriptor lists.
#pragma once

#include "nt/mm/mm.h"
#include "wdm.h"

namespace portico::nt::mm {

// Bytes of an MDL for that buffer, page frame numbers included.
std::size_t mdl_size(const void* base, std::size_t length);

// An MDL for the buffer, its pages not locked yet. Null when the pool is exhausted or the buffer too long for
// an MDL. With a frame (of the exported function) it is the driver's, a leak when it stays.
PMDL allocate_mdl(void* base, ULONG length);
PMDL allocate_mdl(void* base, ULONG length, const void* frame);
void free_mdl(PMDL mdl);
void initialize_mdl(PMDL mdl, void* base, std::size_t length);

// Whether a chain of MDLs ends within `chain_limit` links. One that does not leads back into itself: it is
// told, and not to be followed. Null: an empty chain.
constexpr unsigned chain_limit = 4096;
bool chain_ends(PMDL mdl);

// IRQL <= DISPATCH_LEVEL. STATUS_ACCESS_VIOLATION when a page is not there or, for UserMode, not the user's.
NTSTATUS probe_and_lock(PMDL mdl, KPROCESSOR_MODE mode, LOCK_OPERATION operation);
void unlock_pages(PMDL mdl);
void build_for_nonpaged_pool(PMDL mdl);
// A part of `source`'s buffer; `length` 0: from `address` to its end.
void build_partial(PMDL source, PMDL target, void* address, ULONG length);

// System address (KernelMode) or user address (UserMode) of the locked pages; null when there is none.
void* map(PMDL mdl, KPROCESSOR_MODE mode);
void unmap(void* address, PMDL mdl);
// The system address of the buffer, mapped when need be: what MmGetSystemAddressForMdlSafe gives.
inline void* system_address(PMDL mdl) {
    constexpr CSHORT mapped = MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL;
    return (mdl->MdlFlags & mapped) != 0 ? mdl->MappedSystemVa : map(mdl, KernelMode);
}

void for_each_left_locked(sim::AddressRange image, void (*visit)(const LeftBehind& left, void* context),
                          void* context);
void reset_mdls();

}  // namespace portico::nt::mm
