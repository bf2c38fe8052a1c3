// Lookaside lists. Taking from and giving to one is in the driver itself (wdm.h, as on x64 Windows); here
// they begin, end and are known.
#include "nt/ex/pool.h"
#include "nt/ex/slist.h"
#include "nt/ex/tracked.h"
#include "nt/ke/ke.h"

namespace portico::nt::ex {
namespace {

// How many freed blocks a list keeps. Windows starts here and adapts with the seconds.
constexpr USHORT depth_initial = 4;
constexpr USHORT depth_maximum = 256;

PVOID NTAPI allocate_ex(POOL_TYPE type, SIZE_T size, ULONG tag, PLOOKASIDE_LIST_EX) {
    return ExAllocatePoolWithTag(type, size, tag);
}
VOID NTAPI free_ex(PVOID buffer, PLOOKASIDE_LIST_EX) {
    ExFreePool(buffer);
}

template <class Lookaside>
void initialize(Lookaside& l, ULONG type, SIZE_T size, ULONG tag) {
    l = Lookaside{};
    l.Depth = depth_initial;
    l.MaximumDepth = depth_maximum;
    l.Type = static_cast<POOL_TYPE>(type);
    l.Tag = tag;
    l.Size = static_cast<ULONG>(size < sizeof(PVOID) ? sizeof(PVOID) : size);
    l.ListEntry.Flink = l.ListEntry.Blink = &l.ListEntry;
}

void initialize_general(PGENERAL_LOOKASIDE l, PALLOCATE_FUNCTION allocate, PFREE_FUNCTION free, ULONG type,
                        SIZE_T size, ULONG tag, const void* frame) {
    initialize(*l, type, size, tag);
    l->Allocate = allocate != nullptr ? allocate : ExAllocatePoolWithTag;
    l->Free = free != nullptr ? free : ExFreePool;
    track(TrackedKind::lookaside_list, l, sizeof *l, tag, frame);
}

bool forget(void* list) {
    if (untrack(TrackedKind::lookaside_list, list)) return true;
    PORTICO_PROBE(object_misuse, 0xC4, list, "The driver deleted a lookaside list that is not initialised.");
    return false;
}

void empty(PGENERAL_LOOKASIDE l) {
    while (PSLIST_ENTRY const entry = pop(&l->ListHead)) l->Free(entry);
}

void empty(PLOOKASIDE_LIST_EX list) {
    while (PSLIST_ENTRY const entry = pop(&list->L.ListHead)) list->L.FreeEx(entry, list);
}

}  // namespace
}  // namespace portico::nt::ex

using namespace portico::nt;

#define FRAME __builtin_frame_address(0)

extern "C" {

VOID NTAPI ExInitializeNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate,
                                           PFREE_FUNCTION Free, ULONG Flags, SIZE_T Size, ULONG Tag, USHORT) {
    DDI(ExInitializeNPagedLookasideList, DISPATCH_LEVEL);
    const ULONG type = NonPagedPool | (Flags & (POOL_RAISE_IF_ALLOCATION_FAILURE | POOL_NX_ALLOCATION));
    ex::initialize_general(&Lookaside->L, Allocate, Free, type, Size, Tag, FRAME);
}

VOID NTAPI ExInitializePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside, PALLOCATE_FUNCTION Allocate,
                                          PFREE_FUNCTION Free, ULONG Flags, SIZE_T Size, ULONG Tag, USHORT) {
    DDI(ExInitializePagedLookasideList, APC_LEVEL);
    const ULONG type = PagedPool | (Flags & (POOL_RAISE_IF_ALLOCATION_FAILURE | POOL_NX_ALLOCATION));
    ex::initialize_general(&Lookaside->L, Allocate, Free, type, Size, Tag, FRAME);
}

VOID NTAPI ExDeleteNPagedLookasideList(PNPAGED_LOOKASIDE_LIST Lookaside) {
    DDI(ExDeleteNPagedLookasideList, DISPATCH_LEVEL);
    if (ex::forget(Lookaside)) ex::empty(&Lookaside->L);
}

VOID NTAPI ExDeletePagedLookasideList(PPAGED_LOOKASIDE_LIST Lookaside) {
    DDI(ExDeletePagedLookasideList, APC_LEVEL);
    if (ex::forget(Lookaside)) ex::empty(&Lookaside->L);
}

NTSTATUS NTAPI ExInitializeLookasideListEx(PLOOKASIDE_LIST_EX Lookaside, PALLOCATE_FUNCTION_EX Allocate,
                                           PFREE_FUNCTION_EX Free, POOL_TYPE PoolType, ULONG Flags,
                                           SIZE_T Size, ULONG Tag, USHORT Depth) {
    DDI(ExInitializeLookasideListEx, DISPATCH_LEVEL);
    constexpr ULONG both =
        EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL | EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE;
    if ((Flags & ~both) != 0) return STATUS_INVALID_PARAMETER_5;
    if ((Flags & both) == both) return STATUS_INVALID_PARAMETER_5;
    if (Depth != 0) return STATUS_INVALID_PARAMETER_8;
    ULONG type = PoolType;
    if ((Flags & EX_LOOKASIDE_LIST_EX_FLAGS_RAISE_ON_FAIL) != 0) type |= POOL_RAISE_IF_ALLOCATION_FAILURE;
    if ((Flags & EX_LOOKASIDE_LIST_EX_FLAGS_FAIL_NO_RAISE) != 0) type |= POOL_QUOTA_FAIL_INSTEAD_OF_RAISE;
    ex::initialize(Lookaside->L, type, Size, Tag);
    Lookaside->L.AllocateEx = Allocate != nullptr ? Allocate : ex::allocate_ex;
    Lookaside->L.FreeEx = Free != nullptr ? Free : ex::free_ex;
    ex::track(ex::TrackedKind::lookaside_list, Lookaside, sizeof *Lookaside, Tag, FRAME);
    return STATUS_SUCCESS;
}

VOID NTAPI ExDeleteLookasideListEx(PLOOKASIDE_LIST_EX Lookaside) {
    DDI(ExDeleteLookasideListEx, DISPATCH_LEVEL);
    if (ex::forget(Lookaside)) ex::empty(Lookaside);
}

VOID NTAPI ExFlushLookasideListEx(PLOOKASIDE_LIST_EX Lookaside) {
    DDI(ExFlushLookasideListEx, DISPATCH_LEVEL);
    ex::empty(Lookaside);
}

}  // extern "C"
