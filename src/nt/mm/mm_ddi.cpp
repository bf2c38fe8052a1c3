// MmXxx and ProbeForXxx: memory management as drivers call it.
#include <algorithm>
#include <array>

#include "nt/ex/pool.h"
#include "nt/ex/raise.h"
#include "nt/ke/ke.h"
#include "nt/mm/mdl.h"
#include "nt/mm/mm_private.h"

namespace portico::nt::mm {
namespace {

void tell(const void* address, const char* text) {
    PORTICO_PROBE(object_misuse, driver_verifier_detected_violation, address, text);
}

void probe_and_lock_or_raise(PMDL mdl, KPROCESSOR_MODE mode, LOCK_OPERATION operation, const void* frame,
                             const void* caller) {
    const bool was_locked = (mdl->MdlFlags & MDL_PAGES_LOCKED) != 0;
    const NTSTATUS status = probe_and_lock(mdl, mode, operation);
    if (!NT_SUCCESS(status)) ex::raise_status(status, caller);
    if (!was_locked) remember_locked(mdl, frame);
}

void* map_or_raise(PMDL mdl, KPROCESSOR_MODE mode, const void* caller) {
    if (mode == KernelMode && ex::refuse_allocation != nullptr &&
        ex::refuse_allocation(mdl->ByteCount, 'aMmM'))
        return nullptr;
    void* const address = map(mdl, mode);
    // A user mapping that cannot be made raises; a system mapping gives NULL (MmMapLockedPagesSpecifyCache).
    if (address == nullptr && mode != KernelMode) ex::raise_status(STATUS_INSUFFICIENT_RESOURCES, caller);
    return address;
}

void* allocate_contiguous_between(SIZE_T size, PHYSICAL_ADDRESS lowest, PHYSICAL_ADDRESS highest,
                                  PHYSICAL_ADDRESS boundary, const void* frame) {
    ContiguousRequest request{size};
    request.lowest = static_cast<std::uint64_t>(lowest.QuadPart);
    request.highest = static_cast<std::uint64_t>(highest.QuadPart);
    request.boundary = static_cast<std::uint64_t>(boundary.QuadPart);
    return allocate_contiguous(request, frame);
}

void free_contiguous_checked(void* address) {
    if (!free_contiguous(address))
        tell(address, "The driver freed contiguous memory that it had not allocated.");
}

bool all_between(void* memory, std::size_t pages, std::uint64_t low, std::uint64_t high) {
    for (std::size_t i = 0; i < pages; ++i) {
        const std::uint64_t physical = physical_of(static_cast<char*>(memory) + i * page_size);
        if (physical < low || physical + page_size - 1 > high) return false;
    }
    return true;
}

// Pages without an address of their own until they are mapped; when memory is short, as many as there are in
// one piece.
PMDL allocate_pages(PHYSICAL_ADDRESS low, PHYSICAL_ADDRESS high, SIZE_T bytes, ULONG flags,
                    const void* frame) {
    const std::size_t wanted = bytes / page_size + (bytes % page_size != 0 ? 1 : 0);
    const std::size_t pages = std::min(wanted, longest_shared_run());
    if (pages == 0 || (pages < wanted && (flags & MM_ALLOCATE_FULLY_REQUIRED) != 0)) return nullptr;
    void* const memory = allocate_shared_pages(pages);
    if (memory == nullptr) return nullptr;
    const bool inside = all_between(memory, pages, static_cast<std::uint64_t>(low.QuadPart),
                                    static_cast<std::uint64_t>(high.QuadPart));
    PMDL const mdl = inside ? allocate_mdl(nullptr, static_cast<ULONG>(pages * page_size), frame) : nullptr;
    if (mdl == nullptr) {
        free_shared_pages(memory);
        return nullptr;
    }
    if ((flags & MM_DONT_ZERO_ALLOCATION) == 0) __builtin_memset(memory, 0, pages * page_size);
    for (std::size_t i = 0; i < pages; ++i) {
        MmGetMdlPfnArray(mdl)[i] = physical_of(static_cast<char*>(memory) + i * page_size) / page_size;
    }
    mdl->MdlFlags |= MDL_PAGES_LOCKED;
    return mdl;
}

void free_pages(PMDL mdl) {
    if ((mdl->MdlFlags & MDL_PAGES_LOCKED) == 0 || mdl->StartVa != nullptr) {
        tell(mdl, "The driver freed pages of an MDL that MmAllocatePagesForMdl did not make.");
        return;
    }
    if ((mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0) unmap(mdl->MappedSystemVa, mdl);
    void* const user = memory_at(std::uint64_t{MmGetMdlPfnArray(mdl)[0]} * page_size);
    free_shared_pages(to_system_view(user));
    mdl->MdlFlags &= static_cast<CSHORT>(~MDL_PAGES_LOCKED);
}

NTSTATUS advance(PMDL mdl, ULONG bytes) {
    if (bytes > mdl->ByteCount) return STATUS_INVALID_PARAMETER_2;
    const std::size_t offset = std::size_t{mdl->ByteOffset} + bytes;
    const std::size_t pages = offset / page_size;
    if (pages != 0) {
        if ((mdl->MdlFlags & MDL_PARTIAL) != 0 && (mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0)
            return STATUS_NOT_SUPPORTED;
        const std::size_t left =
            (std::size_t{mdl->ByteOffset} + mdl->ByteCount + page_size - 1) / page_size - pages;
        PPFN_NUMBER const frames = MmGetMdlPfnArray(mdl);
        __builtin_memmove(frames, frames + pages, left * sizeof(PFN_NUMBER));
    }
    mdl->StartVa = static_cast<char*>(mdl->StartVa) + pages * page_size;
    mdl->ByteOffset = static_cast<ULONG>(offset % page_size);
    mdl->ByteCount -= bytes;
    constexpr CSHORT mapped = MDL_MAPPED_TO_SYSTEM_VA | MDL_SOURCE_IS_NONPAGED_POOL;
    if ((mdl->MdlFlags & mapped) != 0) mdl->MappedSystemVa = static_cast<char*>(mdl->MappedSystemVa) + bytes;
    return STATUS_SUCCESS;
}

void* system_routine(const UNICODE_STRING& name) {
    std::array<char, 128> narrow;
    const std::size_t length = name.Length / sizeof(WCHAR);
    if (length >= narrow.size()) return nullptr;
    for (std::size_t i = 0; i < length; ++i) {
        if (name.Buffer[i] > 0x7E) return nullptr;
        narrow[i] = static_cast<char>(name.Buffer[i]);
    }
    narrow[length] = 0;
    return const_cast<void*>(find_export(narrow.data()));
}

// Paging of driver images: nothing is ever paged out here, so that locking succeeds and is only named.
void* lock_section(void* address) {
    return address;
}

// By a driver's own instructions, which may touch mapped registers, too.
bool can_touch(const void* address) {
    std::uint64_t physical = 0;
    return is_address_valid(address) || translate_io(address, &physical);
}

void raise_unless(NTSTATUS status, const void* caller) {
    if (!NT_SUCCESS(status)) ex::raise_status(status, caller);
}

}  // namespace
}  // namespace portico::nt::mm

using namespace portico::nt;

#define FRAME __builtin_frame_address(0)
#define CALLER __builtin_return_address(0)

extern "C" {

// ---- MDLs ----

SIZE_T NTAPI MmSizeOfMdl(PVOID Base, SIZE_T Length) {
    DDI(MmSizeOfMdl, HIGH_LEVEL);
    return mm::mdl_size(Base, Length);
}

PMDL NTAPI MmCreateMdl(PMDL MemoryDescriptorList, PVOID Base, SIZE_T Length) {
    DDI(MmCreateMdl, DISPATCH_LEVEL);
    if (MemoryDescriptorList == nullptr) return mm::allocate_mdl(Base, static_cast<ULONG>(Length), FRAME);
    mm::initialize_mdl(MemoryDescriptorList, Base, Length);
    return MemoryDescriptorList;
}

VOID NTAPI MmBuildMdlForNonPagedPool(PMDLX MemoryDescriptorList) {
    DDI(MmBuildMdlForNonPagedPool, DISPATCH_LEVEL);
    const void* const buffer = MmGetMdlVirtualAddress(MemoryDescriptorList);
    if (portico::sim::paged_range.contains(buffer) || mm::is_user_address(buffer)) {
        mm::tell(MemoryDescriptorList,
                 "The driver called MmBuildMdlForNonPagedPool for memory that is pageable.");
    }
    mm::build_for_nonpaged_pool(MemoryDescriptorList);
}

VOID NTAPI MmProbeAndLockPages(PMDLX MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
                               LOCK_OPERATION Operation) {
    DDI(MmProbeAndLockPages, DISPATCH_LEVEL);
    mm::probe_and_lock_or_raise(MemoryDescriptorList, AccessMode, Operation, FRAME, CALLER);
}

VOID NTAPI MmUnlockPages(PMDLX MemoryDescriptorList) {
    DDI(MmUnlockPages, DISPATCH_LEVEL);
    mm::unlock_pages(MemoryDescriptorList);
}

PVOID NTAPI MmMapLockedPages(PMDL MemoryDescriptorList, KPROCESSOR_MODE AccessMode) {
    DDI(MmMapLockedPages, DISPATCH_LEVEL);
    return mm::map_or_raise(MemoryDescriptorList, AccessMode, CALLER);
}

PVOID NTAPI MmMapLockedPagesSpecifyCache(PMDLX MemoryDescriptorList, KPROCESSOR_MODE AccessMode,
                                         MEMORY_CACHING_TYPE, PVOID, ULONG, ULONG) {
    DDI(MmMapLockedPagesSpecifyCache, DISPATCH_LEVEL);
    return mm::map_or_raise(MemoryDescriptorList, AccessMode, CALLER);
}

VOID NTAPI MmUnmapLockedPages(PVOID BaseAddress, PMDLX MemoryDescriptorList) {
    DDI(MmUnmapLockedPages, DISPATCH_LEVEL);
    mm::unmap(BaseAddress, MemoryDescriptorList);
}

NTSTATUS NTAPI MmProtectMdlSystemAddress(PMDLX MemoryDescriptorList, ULONG NewProtect) {
    DDI(MmProtectMdlSystemAddress, DISPATCH_LEVEL);
    constexpr ULONG known = PAGE_NOACCESS | PAGE_READONLY | PAGE_READWRITE | PAGE_EXECUTE |
                            PAGE_EXECUTE_READ | PAGE_EXECUTE_READWRITE;
    if (NewProtect == 0 || (NewProtect & ~known) != 0) return STATUS_INVALID_PAGE_PROTECTION;
    return (MemoryDescriptorList->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) == 0 ? STATUS_NOT_MAPPED_VIEW
                                                                           : STATUS_SUCCESS;
}

NTSTATUS NTAPI MmAdvanceMdl(PMDL Mdl, ULONG NumberOfBytes) {
    DDI(MmAdvanceMdl, DISPATCH_LEVEL);
    return mm::advance(Mdl, NumberOfBytes);
}

PMDL NTAPI MmAllocatePagesForMdl(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress, PHYSICAL_ADDRESS,
                                 SIZE_T TotalBytes) {
    DDI(MmAllocatePagesForMdl, APC_LEVEL);
    return mm::allocate_pages(LowAddress, HighAddress, TotalBytes, 0, FRAME);
}

PMDL NTAPI MmAllocatePagesForMdlEx(PHYSICAL_ADDRESS LowAddress, PHYSICAL_ADDRESS HighAddress,
                                   PHYSICAL_ADDRESS, SIZE_T TotalBytes, MEMORY_CACHING_TYPE, ULONG Flags) {
    DDI(MmAllocatePagesForMdlEx, DISPATCH_LEVEL);
    return mm::allocate_pages(LowAddress, HighAddress, TotalBytes, Flags, FRAME);
}

VOID NTAPI MmFreePagesFromMdl(PMDLX MemoryDescriptorList) {
    DDI(MmFreePagesFromMdl, DISPATCH_LEVEL);
    mm::free_pages(MemoryDescriptorList);
}

// Only device memory needs more than a page of addresses ahead of time: the mapping is found again by the MDL
// itself.
PVOID NTAPI MmAllocateMappingAddress(SIZE_T NumberOfBytes, ULONG PoolTag) {
    DDI(MmAllocateMappingAddress, APC_LEVEL);
    if (PoolTag == 0) return nullptr;
    const SIZE_T pages = (NumberOfBytes + mm::page_size - 1) / mm::page_size;
    return ex::allocate(NonPagedPool, pages == 0 ? mm::page_size : pages * mm::page_size, PoolTag, FRAME);
}

VOID NTAPI MmFreeMappingAddress(PVOID BaseAddress, ULONG PoolTag) {
    DDI(MmFreeMappingAddress, APC_LEVEL);
    ex::free(BaseAddress, PoolTag, FRAME);
}

PVOID NTAPI MmMapLockedPagesWithReservedMapping(PVOID MappingAddress, ULONG PoolTag,
                                                PMDLX MemoryDescriptorList, MEMORY_CACHING_TYPE) {
    DDI(MmMapLockedPagesWithReservedMapping, DISPATCH_LEVEL);
    ex::PoolBlock block;
    const bool reserved = ex::find_block(MappingAddress, block) && block.live && block.tag == PoolTag;
    if (!reserved)
        mm::tell(MappingAddress, "The driver mapped pages at an address that it had not reserved.");
    const std::uint64_t needed =
        MemoryDescriptorList->ByteOffset + std::uint64_t{MemoryDescriptorList->ByteCount};
    if (!reserved || needed > block.size) return nullptr;
    return mm::map(MemoryDescriptorList, KernelMode);
}

VOID NTAPI MmUnmapReservedMapping(PVOID, ULONG, PMDLX MemoryDescriptorList) {
    DDI(MmUnmapReservedMapping, DISPATCH_LEVEL);
    mm::unmap(MemoryDescriptorList->MappedSystemVa, MemoryDescriptorList);
}

// ---- physical memory ----

PHYSICAL_ADDRESS NTAPI MmGetPhysicalAddress(PVOID BaseAddress) {
    DDI(MmGetPhysicalAddress, HIGH_LEVEL);
    PHYSICAL_ADDRESS result;
    result.QuadPart = static_cast<LONGLONG>(mm::physical_of(BaseAddress));
    return result;
}

PVOID NTAPI MmAllocateContiguousMemory(SIZE_T NumberOfBytes, PHYSICAL_ADDRESS HighestAcceptableAddress) {
    DDI(MmAllocateContiguousMemory, DISPATCH_LEVEL);
    return mm::allocate_contiguous_between(NumberOfBytes, {}, HighestAcceptableAddress, {}, FRAME);
}

PVOID NTAPI MmAllocateContiguousMemorySpecifyCache(SIZE_T NumberOfBytes,
                                                   PHYSICAL_ADDRESS LowestAcceptableAddress,
                                                   PHYSICAL_ADDRESS HighestAcceptableAddress,
                                                   PHYSICAL_ADDRESS BoundaryAddressMultiple,
                                                   MEMORY_CACHING_TYPE) {
    DDI(MmAllocateContiguousMemorySpecifyCache, DISPATCH_LEVEL);
    return mm::allocate_contiguous_between(NumberOfBytes, LowestAcceptableAddress, HighestAcceptableAddress,
                                           BoundaryAddressMultiple, FRAME);
}

PVOID NTAPI MmAllocateContiguousMemorySpecifyCacheNode(SIZE_T NumberOfBytes,
                                                       PHYSICAL_ADDRESS LowestAcceptableAddress,
                                                       PHYSICAL_ADDRESS HighestAcceptableAddress,
                                                       PHYSICAL_ADDRESS BoundaryAddressMultiple,
                                                       MEMORY_CACHING_TYPE, ULONG) {
    DDI(MmAllocateContiguousMemorySpecifyCacheNode, DISPATCH_LEVEL);
    return mm::allocate_contiguous_between(NumberOfBytes, LowestAcceptableAddress, HighestAcceptableAddress,
                                           BoundaryAddressMultiple, FRAME);
}

PVOID NTAPI MmAllocateContiguousNodeMemory(SIZE_T NumberOfBytes, PHYSICAL_ADDRESS LowestAcceptableAddress,
                                           PHYSICAL_ADDRESS HighestAcceptableAddress,
                                           PHYSICAL_ADDRESS BoundaryAddressMultiple, ULONG, ULONG) {
    DDI(MmAllocateContiguousNodeMemory, DISPATCH_LEVEL);
    return mm::allocate_contiguous_between(NumberOfBytes, LowestAcceptableAddress, HighestAcceptableAddress,
                                           BoundaryAddressMultiple, FRAME);
}

VOID NTAPI MmFreeContiguousMemory(PVOID BaseAddress) {
    DDI(MmFreeContiguousMemory, DISPATCH_LEVEL);
    mm::free_contiguous_checked(BaseAddress);
}

VOID NTAPI MmFreeContiguousMemorySpecifyCache(PVOID BaseAddress, SIZE_T, MEMORY_CACHING_TYPE) {
    DDI(MmFreeContiguousMemorySpecifyCache, DISPATCH_LEVEL);
    mm::free_contiguous_checked(BaseAddress);
}

PVOID NTAPI MmAllocateNonCachedMemory(SIZE_T NumberOfBytes) {
    DDI(MmAllocateNonCachedMemory, APC_LEVEL);
    PHYSICAL_ADDRESS highest;
    highest.QuadPart = MAXLONGLONG;
    return mm::allocate_contiguous_between(NumberOfBytes, {}, highest, {}, FRAME);
}

VOID NTAPI MmFreeNonCachedMemory(PVOID BaseAddress, SIZE_T) {
    DDI(MmFreeNonCachedMemory, APC_LEVEL);
    mm::free_contiguous_checked(BaseAddress);
}

PVOID NTAPI MmMapIoSpace(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, MEMORY_CACHING_TYPE) {
    DDI(MmMapIoSpace, DISPATCH_LEVEL);
    return mm::map_io_space(static_cast<std::uint64_t>(PhysicalAddress.QuadPart), NumberOfBytes, FRAME);
}

PVOID NTAPI MmMapIoSpaceEx(PHYSICAL_ADDRESS PhysicalAddress, SIZE_T NumberOfBytes, ULONG) {
    DDI(MmMapIoSpaceEx, DISPATCH_LEVEL);
    return mm::map_io_space(static_cast<std::uint64_t>(PhysicalAddress.QuadPart), NumberOfBytes, FRAME);
}

VOID NTAPI MmUnmapIoSpace(PVOID BaseAddress, SIZE_T NumberOfBytes) {
    DDI(MmUnmapIoSpace, DISPATCH_LEVEL);
    if (!mm::unmap_io_space(BaseAddress, NumberOfBytes)) {
        mm::tell(BaseAddress,
                 "The driver unmapped registers that it had not mapped at that address and length.");
    }
}

// ---- the system and the driver's image ----

PVOID NTAPI MmLockPagableDataSection(PVOID AddressWithinSection) {
    DDI(MmLockPagableDataSection, APC_LEVEL);
    return mm::lock_section(AddressWithinSection);
}

VOID NTAPI MmUnlockPagableImageSection(PVOID) {
    DDI(MmUnlockPagableImageSection, APC_LEVEL);
}

PVOID NTAPI MmPageEntireDriver(PVOID AddressWithinSection) {
    DDI(MmPageEntireDriver, APC_LEVEL);
    return mm::lock_section(AddressWithinSection);
}

VOID NTAPI MmResetDriverPaging(PVOID) {
    DDI(MmResetDriverPaging, APC_LEVEL);
}

PVOID NTAPI MmGetSystemRoutineAddress(PUNICODE_STRING SystemRoutineName) {
    DDI(MmGetSystemRoutineAddress, PASSIVE_LEVEL);
    return mm::system_routine(*SystemRoutineName);
}

MM_SYSTEMSIZE NTAPI MmQuerySystemSize() {
    DDI(MmQuerySystemSize, HIGH_LEVEL);
    return MmLargeSystem;
}

BOOLEAN NTAPI MmIsThisAnNtAsSystem() {
    DDI(MmIsThisAnNtAsSystem, HIGH_LEVEL);
    return FALSE;
}

BOOLEAN NTAPI MmIsAddressValid(PVOID VirtualAddress) {
    DDI(MmIsAddressValid, DISPATCH_LEVEL);
    return mm::can_touch(VirtualAddress);
}

BOOLEAN NTAPI MmIsNonPagedSystemAddressValid(PVOID VirtualAddress) {
    DDI(MmIsNonPagedSystemAddressValid, DISPATCH_LEVEL);
    const bool pageable =
        portico::sim::paged_range.contains(VirtualAddress) || mm::is_user_address(VirtualAddress);
    return !pageable && mm::can_touch(VirtualAddress);
}

VOID NTAPI ProbeForRead(const volatile VOID* Address, SIZE_T Length, ULONG Alignment) {
    DDI(ProbeForRead, APC_LEVEL);
    mm::raise_unless(mm::probe(Address, Length, Alignment, false), CALLER);
}

VOID NTAPI ProbeForWrite(volatile VOID* Address, SIZE_T Length, ULONG Alignment) {
    DDI(ProbeForWrite, APC_LEVEL);
    mm::raise_unless(mm::probe(Address, Length, Alignment, true), CALLER);
}

// What MM_USER_PROBE_ADDRESS, MM_HIGHEST_USER_ADDRESS and MM_SYSTEM_RANGE_START read.
ULONG_PTR MmUserProbeAddress = portico::sim::user_probe_address;
PVOID MmHighestUserAddress = reinterpret_cast<PVOID>(portico::sim::user_probe_address - 1);
PVOID MmSystemRangeStart = reinterpret_cast<PVOID>(portico::sim::image_range.base);

}  // extern "C"

EXPORT(MmUserProbeAddress, MmUserProbeAddress);
EXPORT(MmHighestUserAddress, MmHighestUserAddress);
EXPORT(MmSystemRangeStart, MmSystemRangeStart);
