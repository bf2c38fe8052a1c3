#include "nt/mm/mdl.h"

#include <array>
#include <cstring>

#include "nt/ex/pool.h"
#include "nt/ke/ke.h"
#include "nt/mm/mm_private.h"
#include "nt/ps/ps.h"

namespace portico::nt::mm {
namespace {

constexpr ULONG mdl_tag = ' ldM';

// The pages that drivers have locked with MmProbeAndLockPages. Beyond the limit they are not remembered
// (docs/limits.md).
struct Locked {
    PMDL mdl;
    Origin made;
};
struct LockedTable {
    std::array<Locked, 1024> all;
    unsigned count = 0;
};
constinit LockedTable locked{};

void* buffer_of(const MDL* mdl) {
    return static_cast<char*>(mdl->StartVa) + mdl->ByteOffset;
}
PPFN_NUMBER frames_of(PMDL mdl) {
    return reinterpret_cast<PPFN_NUMBER>(mdl + 1);
}

std::size_t pages_spanned(const void* base, std::size_t length) {
    const std::size_t offset = reinterpret_cast<std::uint64_t>(base) % page_size;
    return (offset + length + page_size - 1) / page_size;
}

void tell(PMDL mdl, const char* text) {
    PORTICO_PROBE(object_misuse, driver_verifier_detected_violation, mdl, text);
}

void fill_frames(PMDL mdl) {
    const std::size_t pages = pages_spanned(buffer_of(mdl), mdl->ByteCount);
    for (std::size_t i = 0; i < pages; ++i) {
        frames_of(mdl)[i] = physical_of(static_cast<char*>(mdl->StartVa) + i * page_size) / page_size;
    }
}

bool pages_present(const MDL* mdl, KPROCESSOR_MODE mode) {
    const void* const buffer = buffer_of(mdl);
    const auto begin = reinterpret_cast<std::uint64_t>(buffer);
    if (begin + mdl->ByteCount < begin) return false;
    if (mode != KernelMode) return user_memory_valid(buffer, mdl->ByteCount);
    const std::size_t pages = pages_spanned(buffer, mdl->ByteCount);
    for (std::size_t i = 0; i < pages; ++i) {
        const char* const at =
            i == 0 ? static_cast<const char*>(buffer) : static_cast<char*>(mdl->StartVa) + i * page_size;
        if (!is_address_valid(at)) return false;
    }
    return true;
}

void forget_locked(PMDL mdl) {
    for (unsigned i = 0; i < locked.count; ++i) {
        if (locked.all[i].mdl != mdl) continue;
        locked.all[i] = locked.all[--locked.count];
        return;
    }
}

}  // namespace

void reset_mdls() {
    locked.count = 0;
}

void remember_locked(PMDL mdl, const void* frame) {
    if (locked.count == locked.all.size()) return;
    Locked& entry = locked.all[locked.count++];
    entry.mdl = mdl;
    capture_origin(entry.made, frame);
}

std::size_t mdl_size(const void* base, std::size_t length) {
    return sizeof(MDL) + pages_spanned(base, length) * sizeof(PFN_NUMBER);
}

void initialize_mdl(PMDL mdl, void* base, std::size_t length) {
    const auto address = reinterpret_cast<std::uint64_t>(base);
    mdl->Next = nullptr;
    mdl->Size = static_cast<CSHORT>(mdl_size(base, length));
    mdl->MdlFlags = 0;
    mdl->AllocationProcessorNumber = 0;
    mdl->Reserved = 0;
    mdl->Process = nullptr;
    mdl->MappedSystemVa = nullptr;
    mdl->StartVa = reinterpret_cast<void*>(address & ~(page_size - 1));
    mdl->ByteCount = static_cast<ULONG>(length);
    mdl->ByteOffset = static_cast<ULONG>(address % page_size);
}

PMDL allocate_mdl(void* base, ULONG length) {
    auto* const mdl = static_cast<PMDL>(ex::allocate_internal(NonPagedPool, mdl_size(base, length), mdl_tag));
    if (mdl != nullptr) initialize_mdl(mdl, base, length);
    return mdl;
}

PMDL allocate_mdl(void* base, ULONG length, const void* frame) {
    // IoAllocateMdl's documented maximum since Windows 7.
    constexpr std::uint64_t length_limit = (std::uint64_t{4} << 30) - page_size;
    if (length > length_limit) return nullptr;
    auto* const mdl = static_cast<PMDL>(ex::allocate(NonPagedPool, mdl_size(base, length), mdl_tag, frame));
    if (mdl != nullptr) initialize_mdl(mdl, base, length);
    return mdl;
}

void free_mdl(PMDL mdl) {
    if ((mdl->MdlFlags & MDL_PARTIAL_HAS_BEEN_MAPPED) != 0) unmap(mdl->MappedSystemVa, mdl);
    if ((mdl->MdlFlags & MDL_PAGES_LOCKED) != 0) {
        tell(mdl, "The driver freed an MDL whose pages are still locked.");
        unlock_pages(mdl);
    }
    ex::free(mdl, mdl_tag);
}

bool chain_ends(PMDL mdl) {
    PMDL link = mdl;
    for (unsigned i = 0; i < chain_limit && link != nullptr; ++i) link = link->Next;
    if (link == nullptr) return true;
    tell(mdl, "A chain of MDLs does not end: its Next pointers lead back into it.");
    return false;
}

NTSTATUS probe_and_lock(PMDL mdl, KPROCESSOR_MODE mode, LOCK_OPERATION operation) {
    if ((mdl->MdlFlags & (MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL)) != 0) {
        tell(mdl, "The driver locked the pages of an MDL that describes locked pages already.");
        return STATUS_SUCCESS;
    }
    if (!pages_present(mdl, mode)) return STATUS_ACCESS_VIOLATION;
    fill_frames(mdl);
    mdl->MdlFlags |= MDL_PAGES_LOCKED;
    if (operation != IoReadAccess) mdl->MdlFlags |= MDL_WRITE_OPERATION;
    mdl->Process = is_user_address(buffer_of(mdl)) ? ps::current_process() : nullptr;
    if (mdl->Process != nullptr) ++mdl->Process->locked_mdls;
    return STATUS_SUCCESS;
}

void unlock_pages(PMDL mdl) {
    forget_locked(mdl);
    if ((mdl->MdlFlags & MDL_PAGES_LOCKED) == 0) {
        tell(mdl, "The driver unlocked the pages of an MDL that has none locked.");
        return;
    }
    if ((mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) != 0) unmap(mdl->MappedSystemVa, mdl);
    if (mdl->Process != nullptr) --mdl->Process->locked_mdls;
    mdl->Process = nullptr;
    mdl->MdlFlags &= static_cast<CSHORT>(~(MDL_PAGES_LOCKED | MDL_WRITE_OPERATION | MDL_IO_SPACE));
}

void build_for_nonpaged_pool(PMDL mdl) {
    fill_frames(mdl);
    mdl->Process = nullptr;
    mdl->MdlFlags |= MDL_SOURCE_IS_NONPAGED_POOL;
    mdl->MappedSystemVa = buffer_of(mdl);
}

void build_partial(PMDL source, PMDL target, void* address, ULONG length) {
    const auto begin = reinterpret_cast<std::uint64_t>(buffer_of(source));
    const std::uint64_t offset = reinterpret_cast<std::uint64_t>(address) - begin;
    if (length == 0) length = source->ByteCount - static_cast<ULONG>(offset);
    const std::size_t pages = pages_spanned(address, length);
    if (offset > source->ByteCount || length > source->ByteCount - offset ||
        sizeof(MDL) + pages * sizeof(PFN_NUMBER) > static_cast<std::size_t>(target->Size)) {
        tell(target, "The driver built a partial MDL that its target or its source does not hold.");
        return;
    }
    constexpr CSHORT inherited = MDL_SOURCE_IS_NONPAGED_POOL | MDL_MAPPED_TO_SYSTEM_VA | MDL_IO_SPACE;
    const CSHORT kept = target->MdlFlags & (MDL_ALLOCATED_FIXED_SIZE | MDL_ALLOCATED_MUST_SUCCEED);
    target->MdlFlags = static_cast<CSHORT>(kept | MDL_PARTIAL | (source->MdlFlags & inherited));
    target->Process = source->Process;
    target->StartVa = reinterpret_cast<void*>(reinterpret_cast<std::uint64_t>(address) & ~(page_size - 1));
    target->ByteOffset = static_cast<ULONG>(reinterpret_cast<std::uint64_t>(address) % page_size);
    target->ByteCount = length;
    target->MappedSystemVa =
        (source->MdlFlags & inherited) != 0 ? static_cast<char*>(source->MappedSystemVa) + offset : nullptr;
    const std::size_t first = (reinterpret_cast<std::uint64_t>(target->StartVa) -
                               reinterpret_cast<std::uint64_t>(source->StartVa)) /
                              page_size;
    std::memcpy(frames_of(target), frames_of(source) + first, pages * sizeof(PFN_NUMBER));
}

void* map(PMDL mdl, KPROCESSOR_MODE mode) {
    constexpr CSHORT describes_pages = MDL_PAGES_LOCKED | MDL_SOURCE_IS_NONPAGED_POOL | MDL_PARTIAL;
    if ((mdl->MdlFlags & describes_pages) == 0) {
        tell(mdl, "The driver mapped an MDL whose pages are not locked.");
    }
    // An MDL's own addresses may be the user's, the system's, or (MmAllocatePagesForMdl) none: the frames
    // tell. Portico's own memory has no frame and keeps its address.
    const PFN_NUMBER frame = frames_of(mdl)[0];
    void* const memory =
        frame == 0 ? buffer_of(mdl) : memory_at(std::uint64_t{frame} * page_size + mdl->ByteOffset);
    if (memory == nullptr) return nullptr;
    const bool user_page = sim::user_range.contains(memory);
    if (mode != KernelMode) return user_page ? memory : nullptr;
    mdl->MappedSystemVa = user_page ? to_system_view(memory) : memory;
    mdl->MdlFlags |= MDL_MAPPED_TO_SYSTEM_VA;
    if ((mdl->MdlFlags & MDL_PARTIAL) != 0) mdl->MdlFlags |= MDL_PARTIAL_HAS_BEEN_MAPPED;
    return mdl->MappedSystemVa;
}

void unmap(void* address, PMDL mdl) {
    if (is_user_address(address)) return;  // a UserMode mapping leaves no trace in the MDL
    if ((mdl->MdlFlags & MDL_MAPPED_TO_SYSTEM_VA) == 0 || address != mdl->MappedSystemVa) {
        tell(mdl, "The driver unmapped an address at which the MDL is not mapped.");
        return;
    }
    mdl->MdlFlags &= static_cast<CSHORT>(~(MDL_MAPPED_TO_SYSTEM_VA | MDL_PARTIAL_HAS_BEEN_MAPPED));
    mdl->MappedSystemVa = nullptr;
}

void for_each_left_locked(sim::AddressRange image, void (*visit)(const LeftBehind& left, void* context),
                          void* context) {
    for (unsigned i = 0; i < locked.count; ++i) {
        const Locked& entry = locked.all[i];
        if (!ex::made_by(entry.made, image)) continue;
        LeftBehind left{};
        left.kind = LeftKind::object;
        left.address = reinterpret_cast<std::uint64_t>(entry.mdl);
        left.what = "locked pages";
        left.made = entry.made;
        visit(left, context);
    }
}

void reset() {
    reset_physical();
    reset_user();
    reset_sections();
    reset_mdls();
}

void for_each_left(sim::AddressRange image, void (*visit)(const LeftBehind& left, void* context),
                   void* context) {
    for_each_left_physical(image, visit, context);
    for_each_left_locked(image, visit, context);
}

}  // namespace portico::nt::mm
