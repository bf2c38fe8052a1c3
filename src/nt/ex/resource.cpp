#include "nt/ex/resource.h"

#include <cstring>

#include "nt/ex/pool.h"
#include "nt/ex/tracked.h"
#include "nt/ke/ke.h"
#include "nt/seh/unwindable.h"

namespace portico::nt::ex {
namespace {

constexpr ULONG tag = 'tReR';
constexpr LONGLONG retry_100ns = -10'000;

ERESOURCE_THREAD self() {
    return reinterpret_cast<ERESOURCE_THREAD>(ke::current_thread());
}

bool owned_exclusive(const ERESOURCE* r) {
    return (r->Flag & ResourceOwnedExclusive) != 0;
}

bool owned_exclusive_by(const ERESOURCE* r, ERESOURCE_THREAD owner) {
    return owned_exclusive(r) && r->OwnerEntry.OwnerThread == owner;
}

// OwnerTable[0] holds the table's size; entries follow it.
ULONG table_size(const ERESOURCE* r) {
    return r->OwnerTable == nullptr ? 0 : r->OwnerTable[0].TableSize;
}

OWNER_ENTRY* find_owner(PERESOURCE r, ERESOURCE_THREAD owner) {
    if (r->OwnerEntry.OwnerThread == owner) return &r->OwnerEntry;
    for (ULONG i = 1; i < table_size(r); ++i) {
        if (r->OwnerTable[i].OwnerThread == owner) return &r->OwnerTable[i];
    }
    return nullptr;
}

bool grow_table(PERESOURCE r) {
    const ULONG size = table_size(r);
    const ULONG wanted = size == 0 ? 4 : size * 2;
    auto* const bigger = static_cast<POWNER_ENTRY>(allocate_internal(
        static_cast<POOL_TYPE>(NonPagedPool | POOL_ZERO_ALLOCATION), wanted * sizeof(OWNER_ENTRY), tag));
    if (bigger == nullptr) return false;
    if (size != 0) std::memcpy(bigger, r->OwnerTable, size * sizeof(OWNER_ENTRY));
    bigger[0].TableSize = wanted;
    if (r->OwnerTable != nullptr) free(r->OwnerTable, tag);
    r->OwnerTable = bigger;
    return true;
}

// A free entry for one more shared owner; waits for memory as Windows does.
OWNER_ENTRY* free_entry(PERESOURCE r) {
    for (;;) {
        if (OWNER_ENTRY* const entry = find_owner(r, 0)) return entry;
        if (!grow_table(r)) ke::delay(KernelMode, false, retry_100ns);
    }
}

void add_owner(PERESOURCE r) {
    OWNER_ENTRY* entry = find_owner(r, self());
    if (entry == nullptr) {
        entry = free_entry(r);
        entry->OwnerThread = self();
        entry->OwnerCount = 0;
    } else {
        --r->ActiveCount;  // counted already as an owner
    }
    ++entry->OwnerCount;
}

void own_exclusive(PERESOURCE r) {
    r->ActiveCount = 1;
    r->Flag |= ResourceOwnedExclusive;
    r->OwnerEntry.OwnerThread = self();
    r->OwnerEntry.OwnerCount = 1;
}

// What waiters wait on is made with the first of them.
template <class T, class Initialize>
T* waiters_of(PVOID& slot, Initialize&& initialize) {
    while (slot == nullptr) {
        slot = allocate_internal(NonPagedPool, sizeof(T), tag);
        if (slot == nullptr) {
            ke::delay(KernelMode, false, retry_100ns);
        } else {
            initialize(static_cast<T*>(slot));
        }
    }
    return static_cast<T*>(slot);
}

KSEMAPHORE* shared_waiters(PERESOURCE r) {
    return waiters_of<KSEMAPHORE>(r->SharedWaiters,
                                  [](KSEMAPHORE* s) { ke::initialize_semaphore(s, 0, MAXLONG); });
}

KEVENT* exclusive_waiters(PERESOURCE r) {
    return waiters_of<KEVENT>(r->ExclusiveWaiters,
                              [](KEVENT* e) { ke::initialize_event(e, SynchronizationEvent, false); });
}

void tell(PERESOURCE r, const char* text) {
    PORTICO_PROBE(object_misuse, driver_verifier_detected_violation, r, text);
}

void check_apcs_off(PERESOURCE r, const char* text) {
    const KTHREAD& thread = *ke::current_thread();
    if (ke::current_irql() >= APC_LEVEL || thread.critical_region_depth != 0 ||
        thread.guarded_region_depth != 0)
        return;
    tell(r, text);
}

void wait_shared(PERESOURCE r) {
    ++r->ContentionCount;
    KSEMAPHORE* const semaphore = shared_waiters(r);
    ++r->NumberOfSharedWaiters;
    ke::wait(semaphore, KernelMode, false, nullptr);
    add_owner(r);  // ActiveCount was raised by who let this thread in
}

// Lets every shared waiter in.
void grant_shared(PERESOURCE r) {
    const auto count = static_cast<LONG>(r->NumberOfSharedWaiters);
    r->ActiveCount = static_cast<SHORT>(r->ActiveCount + count);
    r->NumberOfSharedWaiters = 0;
    ke::release_semaphore(static_cast<KSEMAPHORE*>(r->SharedWaiters), count);
}

// Lets one exclusive waiter in: it finds the resource exclusive, without an owner's name.
void grant_exclusive(PERESOURCE r) {
    --r->NumberOfExclusiveWaiters;
    r->ActiveCount = 1;
    r->Flag |= ResourceOwnedExclusive;
    r->OwnerEntry.OwnerThread = 0;
    ke::set_event(static_cast<KEVENT*>(r->ExclusiveWaiters));
}

void release_exclusive(PERESOURCE r) {
    if (--r->OwnerEntry.OwnerCount != 0) return;
    r->OwnerEntry.OwnerThread = 0;
    r->Flag &= static_cast<USHORT>(~ResourceOwnedExclusive);
    r->ActiveCount = 0;
    if (r->NumberOfSharedWaiters != 0) {
        grant_shared(r);
    } else if (r->NumberOfExclusiveWaiters != 0) {
        grant_exclusive(r);
    }
}

void release_shared(PERESOURCE r, OWNER_ENTRY* entry) {
    if (--entry->OwnerCount != 0) return;
    entry->OwnerThread = 0;
    if (--r->ActiveCount == 0 && r->NumberOfExclusiveWaiters != 0) grant_exclusive(r);
}

}  // namespace

PORTICO_UNWINDABLE

// A null resource is an access violation that the driver's handler may take.
[[clang::no_sanitize("address", "null", "alignment")]] void initialize_resource(PERESOURCE r) {
    *r = ERESOURCE{};
    r->SystemResourcesList.Flink = r->SystemResourcesList.Blink = &r->SystemResourcesList;
}

PORTICO_UNWINDABLE_END

void delete_resource(PERESOURCE r) {
    if (r->ActiveCount != 0) tell(r, "The driver deleted an ERESOURCE that is owned.");
    if (r->OwnerTable != nullptr) free(r->OwnerTable, tag);
    if (r->SharedWaiters != nullptr) free(r->SharedWaiters, tag);
    if (r->ExclusiveWaiters != nullptr) free(r->ExclusiveWaiters, tag);
    r->OwnerTable = nullptr;
    r->SharedWaiters = r->ExclusiveWaiters = nullptr;
}

bool acquire_exclusive(PERESOURCE r, bool wait) {
    check_apcs_off(r, "The driver acquired an ERESOURCE while APCs were enabled.");
    if (r->ActiveCount == 0) {
        own_exclusive(r);
        return true;
    }
    if (owned_exclusive_by(r, self())) {
        ++r->OwnerEntry.OwnerCount;
        return true;
    }
    if (!wait) return false;
    if (find_owner(r, self()) != nullptr) {
        tell(r, "A thread that owns an ERESOURCE shared waits to own it exclusively: it waits for itself.");
    }
    ++r->ContentionCount;
    KEVENT* const event = exclusive_waiters(r);
    ++r->NumberOfExclusiveWaiters;
    ke::wait(event, KernelMode, false, nullptr);
    own_exclusive(r);
    return true;
}

bool acquire_shared(PERESOURCE r, bool wait, SharedKind kind) {
    check_apcs_off(r, "The driver acquired an ERESOURCE while APCs were enabled.");
    if (owned_exclusive_by(r, self())) {
        ++r->OwnerEntry.OwnerCount;
        return true;
    }
    bool free_to_enter = !owned_exclusive(r);
    if (free_to_enter && r->NumberOfExclusiveWaiters != 0) {
        const bool owner = find_owner(r, self()) != nullptr;
        free_to_enter = kind == SharedKind::starve_exclusive || (kind == SharedKind::normal && owner);
    }
    if (free_to_enter) {
        ++r->ActiveCount;
        add_owner(r);
        return true;
    }
    if (!wait) return false;
    wait_shared(r);
    return true;
}

void release_resource(PERESOURCE r, ERESOURCE_THREAD owner) {
    check_apcs_off(r, "The driver released an ERESOURCE while APCs were enabled.");
    OWNER_ENTRY* const entry = r->ActiveCount == 0 ? nullptr : find_owner(r, owner);
    if (entry == nullptr) {
        PORTICO_PROBE(object_misuse, RESOURCE_NOT_OWNED, r,
                      "The driver released an ERESOURCE that the thread does not own.");
        return;
    }
    if (owned_exclusive(r)) {
        release_exclusive(r);
    } else {
        release_shared(r, entry);
    }
}

}  // namespace portico::nt::ex

using namespace portico::nt;

extern "C" {

PORTICO_UNWINDABLE

NTSTATUS NTAPI ExInitializeResourceLite(PERESOURCE Resource) {
    DDI(ExInitializeResourceLite, DISPATCH_LEVEL);
    ex::initialize_resource(Resource);
    ex::track(ex::TrackedKind::resource, Resource, sizeof(ERESOURCE), 0, __builtin_frame_address(0));
    return STATUS_SUCCESS;
}

PORTICO_UNWINDABLE_END

NTSTATUS NTAPI ExReinitializeResourceLite(PERESOURCE Resource) {
    DDI(ExReinitializeResourceLite, DISPATCH_LEVEL);
    ex::delete_resource(Resource);
    ex::initialize_resource(Resource);
    return STATUS_SUCCESS;
}

NTSTATUS NTAPI ExDeleteResourceLite(PERESOURCE Resource) {
    DDI(ExDeleteResourceLite, DISPATCH_LEVEL);
    if (!ex::untrack(ex::TrackedKind::resource, Resource)) {
        PORTICO_PROBE(object_misuse, 0xC4, Resource,
                      "The driver deleted an ERESOURCE that is not initialised.");
        return STATUS_SUCCESS;
    }
    ex::delete_resource(Resource);
    return STATUS_SUCCESS;
}

BOOLEAN NTAPI ExAcquireResourceExclusiveLite(PERESOURCE Resource, BOOLEAN Wait) {
    DDI(ExAcquireResourceExclusiveLite, APC_LEVEL);
    return ex::acquire_exclusive(Resource, Wait != FALSE);
}

BOOLEAN NTAPI ExTryToAcquireResourceExclusiveLite(PERESOURCE Resource) {
    DDI(ExTryToAcquireResourceExclusiveLite, APC_LEVEL);
    return ex::acquire_exclusive(Resource, false);
}

BOOLEAN NTAPI ExAcquireResourceSharedLite(PERESOURCE Resource, BOOLEAN Wait) {
    DDI(ExAcquireResourceSharedLite, APC_LEVEL);
    return ex::acquire_shared(Resource, Wait != FALSE, ex::SharedKind::normal);
}

BOOLEAN NTAPI ExAcquireSharedStarveExclusive(PERESOURCE Resource, BOOLEAN Wait) {
    DDI(ExAcquireSharedStarveExclusive, APC_LEVEL);
    return ex::acquire_shared(Resource, Wait != FALSE, ex::SharedKind::starve_exclusive);
}

BOOLEAN NTAPI ExAcquireSharedWaitForExclusive(PERESOURCE Resource, BOOLEAN Wait) {
    DDI(ExAcquireSharedWaitForExclusive, APC_LEVEL);
    return ex::acquire_shared(Resource, Wait != FALSE, ex::SharedKind::wait_for_exclusive);
}

PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceExclusive(PERESOURCE Resource) {
    DDI(ExEnterCriticalRegionAndAcquireResourceExclusive, APC_LEVEL);
    ke::enter_critical_region();
    ex::acquire_exclusive(Resource, true);
    return nullptr;
}

PVOID NTAPI ExEnterCriticalRegionAndAcquireResourceShared(PERESOURCE Resource) {
    DDI(ExEnterCriticalRegionAndAcquireResourceShared, APC_LEVEL);
    ke::enter_critical_region();
    ex::acquire_shared(Resource, true, ex::SharedKind::normal);
    return nullptr;
}

VOID NTAPI ExReleaseResourceAndLeaveCriticalRegion(PERESOURCE Resource) {
    DDI(ExReleaseResourceAndLeaveCriticalRegion, DISPATCH_LEVEL);
    ex::release_resource(Resource, ex::self());
    ke::leave_critical_region();
}

VOID NTAPI ExReleaseResourceLite(PERESOURCE Resource) {
    DDI(ExReleaseResourceLite, DISPATCH_LEVEL);
    ex::release_resource(Resource, ex::self());
}

VOID NTAPI ExReleaseResourceForThreadLite(PERESOURCE Resource, ERESOURCE_THREAD ResourceThreadId) {
    DDI(ExReleaseResourceForThreadLite, DISPATCH_LEVEL);
    ex::release_resource(Resource, ResourceThreadId);
}

VOID NTAPI ExSetResourceOwnerPointer(PERESOURCE Resource, PVOID OwnerPointer) {
    DDI(ExSetResourceOwnerPointer, DISPATCH_LEVEL);
    OWNER_ENTRY* const entry = ex::find_owner(Resource, ex::self());
    if (entry == nullptr || Resource->ActiveCount == 0) {
        PORTICO_PROBE(object_misuse, RESOURCE_NOT_OWNED, Resource,
                      "The driver set the owner pointer of an ERESOURCE that the thread does not own.");
        return;
    }
    entry->OwnerThread = reinterpret_cast<ERESOURCE_THREAD>(OwnerPointer);
}

VOID NTAPI ExConvertExclusiveToSharedLite(PERESOURCE Resource) {
    DDI(ExConvertExclusiveToSharedLite, DISPATCH_LEVEL);
    if (!ex::owned_exclusive_by(Resource, ex::self())) {
        PORTICO_PROBE(object_misuse, RESOURCE_NOT_OWNED, Resource,
                      "The driver converted an ERESOURCE that the thread does not own exclusively.");
        return;
    }
    Resource->Flag &= static_cast<USHORT>(~ResourceOwnedExclusive);
    if (Resource->NumberOfSharedWaiters != 0) ex::grant_shared(Resource);
}

BOOLEAN NTAPI ExIsResourceAcquiredExclusiveLite(PERESOURCE Resource) {
    DDI(ExIsResourceAcquiredExclusiveLite, DISPATCH_LEVEL);
    return ex::owned_exclusive_by(Resource, ex::self());
}

ULONG NTAPI ExIsResourceAcquiredSharedLite(PERESOURCE Resource) {
    DDI(ExIsResourceAcquiredSharedLite, DISPATCH_LEVEL);
    const OWNER_ENTRY* const entry =
        Resource->ActiveCount == 0 ? nullptr : ex::find_owner(Resource, ex::self());
    return entry == nullptr ? 0 : entry->OwnerCount;
}

ULONG NTAPI ExGetExclusiveWaiterCount(PERESOURCE Resource) {
    DDI(ExGetExclusiveWaiterCount, DISPATCH_LEVEL);
    return Resource->NumberOfExclusiveWaiters;
}

ULONG NTAPI ExGetSharedWaiterCount(PERESOURCE Resource) {
    DDI(ExGetSharedWaiterCount, DISPATCH_LEVEL);
    return Resource->NumberOfSharedWaiters;
}

}  // extern "C"
