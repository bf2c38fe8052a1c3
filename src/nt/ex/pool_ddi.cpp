// ExAllocatePool* and ExFreePool*: the rules of who may ask for what, over nt/ex/pool.h.
#include "nt/ex/pool.h"
#include "nt/ex/raise.h"
#include "nt/ke/ke.h"

namespace portico::nt::ex {
namespace {

constexpr ULONG untagged = 'enoN';  // what ExAllocatePool's blocks are tagged with
constexpr ULONG paged_bit = 1;

void tell(ULONG code, std::uint64_t detail, std::size_t size, ULONG tag, const char* text,
          std::uint64_t address = 0) {
    Subject subject;
    subject.kind = "pool block";
    subject.address = address;
    subject.size = size;
    subject.tag = tag;
    PORTICO_PROBE(pool_misuse, code, subject, detail, text);
}

void check_request(ULONG type, std::size_t size, ULONG tag) {
    const std::uint64_t irql = ke::current_irql();
    if (size == 0) {
        tell(driver_verifier_detected_violation, 0x00, size, tag,
             "The driver asked for a pool block of zero bytes.");
    }
    if ((tag & ~PROTECTED_POOL) == 0) {
        tell(BAD_POOL_CALLER, 0x9B, size, tag, "The driver asked for a pool block with a tag of zero.");
    }
    if (irql > APC_LEVEL && (type & paged_bit) != 0) {
        tell(BAD_POOL_CALLER, 0x08 | irql << 32, size, tag,
             "The driver asked for paged pool at DISPATCH_LEVEL or above.");
    }
}

// What all allocating functions share. Null when exhausted and not told to raise.
void* allocate_checked(ULONG type, std::size_t size, ULONG tag, bool raises, const void* frame,
                       const void* caller) {
    check_request(type, size, tag);
    void* const block = allocate(static_cast<POOL_TYPE>(type), size, tag, frame);
    if (block == nullptr && raises) raise_status(STATUS_INSUFFICIENT_RESOURCES, caller);
    return block;
}

void* allocate_by_type(ULONG type, std::size_t size, ULONG tag, const void* frame, const void* caller) {
    return allocate_checked(type, size, tag, (type & POOL_RAISE_IF_ALLOCATION_FAILURE) != 0, frame, caller);
}

void* allocate_with_quota(ULONG type, std::size_t size, ULONG tag, const void* frame, const void* caller) {
    return allocate_checked(type, size, tag, (type & POOL_QUOTA_FAIL_INSTEAD_OF_RAISE) == 0, frame, caller);
}

// The low 32 bits of POOL_FLAGS are requirements: one that is unknown fails; the high 32 are wishes.
bool pool_type_of(POOL_FLAGS flags, ULONG& type) {
    constexpr POOL_FLAGS kinds = POOL_FLAG_NON_PAGED | POOL_FLAG_NON_PAGED_EXECUTE | POOL_FLAG_PAGED;
    constexpr POOL_FLAGS known = kinds | POOL_FLAG_USE_QUOTA | POOL_FLAG_UNINITIALIZED | POOL_FLAG_SESSION |
                                 POOL_FLAG_CACHE_ALIGNED | POOL_FLAG_RAISE_ON_FAILURE;
    if ((flags & 0xFFFFFFFF & ~known) != 0) return false;
    switch (flags & kinds) {
        case POOL_FLAG_NON_PAGED:
            type = NonPagedPoolNx;
            break;
        case POOL_FLAG_NON_PAGED_EXECUTE:
            type = NonPagedPoolExecute;
            break;
        case POOL_FLAG_PAGED:
            type = PagedPool;
            break;
        default:
            return false;
    }
    if ((flags & POOL_FLAG_SESSION) != 0) type |= NonPagedPoolSession;
    if ((flags & POOL_FLAG_CACHE_ALIGNED) != 0) type |= NonPagedPoolCacheAligned;
    if ((flags & POOL_FLAG_UNINITIALIZED) == 0) type |= POOL_ZERO_ALLOCATION;
    return true;
}

bool known_parameters(PCPOOL_EXTENDED_PARAMETER parameters, ULONG count) {
    for (ULONG i = 0; i < count; ++i) {
        const auto type = static_cast<POOL_EXTENDED_PARAMETER_TYPE>(parameters[i].Type);
        const bool known = type == PoolExtendedParameterPriority || type == PoolExtendedParameterNumaNode;
        if (!known && parameters[i].Optional == 0) return false;
    }
    return true;
}

void* allocate_by_flags(POOL_FLAGS flags, std::size_t size, ULONG tag, PCPOOL_EXTENDED_PARAMETER parameters,
                        ULONG count, const void* frame, const void* caller) {
    const bool raises = (flags & POOL_FLAG_RAISE_ON_FAILURE) != 0;
    ULONG type = 0;
    if (!pool_type_of(flags, type) || tag == 0 || !known_parameters(parameters, count)) {
        if (raises) raise_status(STATUS_INVALID_PARAMETER, caller);
        return nullptr;
    }
    return allocate_checked(type, size, tag, raises, frame, caller);
}

void free_checked(void* address, ULONG tag, const void* frame) {
    const std::uint64_t irql = ke::current_irql();
    if (irql > APC_LEVEL && sim::paged_range.contains(address)) {
        tell(BAD_POOL_CALLER, 0x09 | irql << 32, 0, tag,
             "The driver freed paged pool at DISPATCH_LEVEL or above.");
    }
    PoolBlock block;
    if (find_block(address, block) && block.live && block.internal) {
        tell(BAD_POOL_CALLER, 0x99, block.size, block.tag,
             "The driver freed memory of the system, which no pool allocation gave it.", block.address);
        return;
    }
    free(address, tag, frame);
}

}  // namespace
}  // namespace portico::nt::ex

using namespace portico::nt;

#define FRAME __builtin_frame_address(0)
#define CALLER __builtin_return_address(0)

extern "C" {

PVOID NTAPI ExAllocatePool(POOL_TYPE PoolType, SIZE_T NumberOfBytes) {
    DDI(ExAllocatePool, DISPATCH_LEVEL);
    return ex::allocate_by_type(PoolType, NumberOfBytes, ex::untagged, FRAME, CALLER);
}

PVOID NTAPI ExAllocatePoolWithTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag) {
    DDI(ExAllocatePoolWithTag, DISPATCH_LEVEL);
    return ex::allocate_by_type(PoolType, NumberOfBytes, Tag, FRAME, CALLER);
}

PVOID NTAPI ExAllocatePoolWithTagPriority(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag,
                                          EX_POOL_PRIORITY) {
    DDI(ExAllocatePoolWithTagPriority, DISPATCH_LEVEL);
    return ex::allocate_by_type(PoolType, NumberOfBytes, Tag, FRAME, CALLER);
}

PVOID NTAPI ExAllocatePoolWithQuota(POOL_TYPE PoolType, SIZE_T NumberOfBytes) {
    DDI(ExAllocatePoolWithQuota, DISPATCH_LEVEL);
    return ex::allocate_with_quota(PoolType, NumberOfBytes, ex::untagged, FRAME, CALLER);
}

PVOID NTAPI ExAllocatePoolWithQuotaTag(POOL_TYPE PoolType, SIZE_T NumberOfBytes, ULONG Tag) {
    DDI(ExAllocatePoolWithQuotaTag, DISPATCH_LEVEL);
    return ex::allocate_with_quota(PoolType, NumberOfBytes, Tag, FRAME, CALLER);
}

PVOID NTAPI ExAllocatePool2(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag) {
    DDI(ExAllocatePool2, DISPATCH_LEVEL);
    return ex::allocate_by_flags(Flags, NumberOfBytes, Tag, nullptr, 0, FRAME, CALLER);
}

PVOID NTAPI ExAllocatePool3(POOL_FLAGS Flags, SIZE_T NumberOfBytes, ULONG Tag,
                            PCPOOL_EXTENDED_PARAMETER ExtendedParameters, ULONG ExtendedParametersCount) {
    DDI(ExAllocatePool3, DISPATCH_LEVEL);
    return ex::allocate_by_flags(Flags, NumberOfBytes, Tag, ExtendedParameters, ExtendedParametersCount,
                                 FRAME, CALLER);
}

VOID NTAPI ExFreePool(PVOID P) {
    DDI(ExFreePool, DISPATCH_LEVEL);
    ex::free_checked(P, 0, FRAME);
}

VOID NTAPI ExFreePoolWithTag(PVOID P, ULONG Tag) {
    DDI(ExFreePoolWithTag, DISPATCH_LEVEL);
    ex::free_checked(P, Tag, FRAME);
}

VOID NTAPI ExFreePool2(PVOID P, ULONG Tag, PCPOOL_EXTENDED_PARAMETER, ULONG) {
    DDI(ExFreePool2, DISPATCH_LEVEL);
    ex::free_checked(P, Tag, FRAME);
}

// Only tells which pool type NonPagedPool is: non-paged pool is never executable here.
VOID NTAPI ExInitializeDriverRuntime(ULONG) {
    DDI(ExInitializeDriverRuntime, PASSIVE_LEVEL);
}

}  // extern "C"
