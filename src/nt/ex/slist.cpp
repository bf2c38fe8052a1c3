#include "nt/ex/slist.h"

#include "nt/ex/raise.h"
#include "nt/ke/ke.h"
#include "nt/ke/list_links.h"

namespace portico::nt::ex {
namespace {

void check_aligned(const void* pointer, const void* caller) {
    if ((reinterpret_cast<ULONG_PTR>(pointer) & 15) != 0) raise_status(STATUS_DATATYPE_MISALIGNMENT, caller);
}

// A driver that wrote over a listed entry leaves a link that leads nowhere: Windows would fault on it.
bool plausible(PSLIST_HEADER head, const SLIST_ENTRY* entry) {
    if (ke::is_kernel_memory(reinterpret_cast<ULONG_PTR>(entry))) return true;
    PORTICO_PROBE(object_misuse, PAGE_FAULT_IN_NONPAGED_AREA, head,
                  "An entry of an S-list was overwritten while it was on the list.");
    head->HeaderX64.NextEntry = 0;
    head->HeaderX64.Depth = 0;
    return false;
}

// Holds a driver's lock around one list operation, at HIGH_LEVEL so that any IRQL may use the list.
class HighLock {
  public:
    explicit HighLock(PKSPIN_LOCK lock) : lock_(lock), old_(ke::raise(HIGH_LEVEL)) {
        ke::acquire_spin_lock(lock_);
    }
    ~HighLock() {
        ke::release_spin_lock(lock_);
        ke::lower(old_);
    }
    HighLock(const HighLock&) = delete;
    HighLock& operator=(const HighLock&) = delete;

  private:
    PKSPIN_LOCK lock_;
    sim::Irql old_;
};

}  // namespace

PSLIST_ENTRY push(PSLIST_HEADER head, PSLIST_ENTRY entry) {
    PSLIST_ENTRY const before = first_of(head);
    entry->Next = before;
    head->HeaderX64.NextEntry = reinterpret_cast<ULONG_PTR>(entry) >> 4;
    head->HeaderX64.Depth = head->HeaderX64.Depth + 1;
    head->HeaderX64.Sequence = head->HeaderX64.Sequence + 1;
    return before;
}

PSLIST_ENTRY pop(PSLIST_HEADER head) {
    PSLIST_ENTRY const entry = first_of(head);
    if (entry == nullptr || !plausible(head, entry)) return nullptr;
    head->HeaderX64.NextEntry = reinterpret_cast<ULONG_PTR>(entry->Next) >> 4;
    head->HeaderX64.Depth = head->HeaderX64.Depth - 1;
    return entry;
}

PSLIST_ENTRY flush(PSLIST_HEADER head) {
    PSLIST_ENTRY const entry = first_of(head);
    head->HeaderX64.NextEntry = 0;
    head->HeaderX64.Depth = 0;
    return entry;
}

}  // namespace portico::nt::ex

using namespace portico::nt;

#define CALLER __builtin_return_address(0)

extern "C" {

VOID NTAPI InitializeSListHead(PSLIST_HEADER SListHead) {
    DDI(InitializeSListHead, HIGH_LEVEL);
    ex::check_aligned(SListHead, CALLER);
    SListHead->Alignment = 0;
    SListHead->Region = 0;
}

PSLIST_ENTRY NTAPI ExpInterlockedPushEntrySList(PSLIST_HEADER ListHead, PSLIST_ENTRY ListEntry) {
    DDI(ExpInterlockedPushEntrySList, HIGH_LEVEL);
    ex::check_aligned(ListHead, CALLER);
    ex::check_aligned(ListEntry, CALLER);
    return ex::push(ListHead, ListEntry);
}

PSLIST_ENTRY NTAPI ExpInterlockedPopEntrySList(PSLIST_HEADER ListHead) {
    DDI(ExpInterlockedPopEntrySList, HIGH_LEVEL);
    return ex::pop(ListHead);
}

PSLIST_ENTRY NTAPI ExpInterlockedFlushSList(PSLIST_HEADER ListHead) {
    DDI(ExpInterlockedFlushSList, HIGH_LEVEL);
    return ex::flush(ListHead);
}

USHORT NTAPI ExQueryDepthSList(PSLIST_HEADER ListHead) {
    DDI(ExQueryDepthSList, HIGH_LEVEL);
    return static_cast<USHORT>(ListHead->HeaderX64.Depth);
}

PLIST_ENTRY NTAPI ExInterlockedInsertHeadList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry, PKSPIN_LOCK Lock) {
    DDI(ExInterlockedInsertHeadList, HIGH_LEVEL);
    const ex::HighLock lock(Lock);
    PLIST_ENTRY const first = ListHead->Flink;
    InsertHeadList(ListHead, ListEntry);
    return first == ListHead ? nullptr : first;
}

PLIST_ENTRY NTAPI ExInterlockedInsertTailList(PLIST_ENTRY ListHead, PLIST_ENTRY ListEntry, PKSPIN_LOCK Lock) {
    DDI(ExInterlockedInsertTailList, HIGH_LEVEL);
    const ex::HighLock lock(Lock);
    PLIST_ENTRY const last = ListHead->Blink;
    InsertTailList(ListHead, ListEntry);
    return last == ListHead ? nullptr : last;
}

PLIST_ENTRY NTAPI ExInterlockedRemoveHeadList(PLIST_ENTRY ListHead, PKSPIN_LOCK Lock) {
    DDI(ExInterlockedRemoveHeadList, HIGH_LEVEL);
    const ex::HighLock lock(Lock);
    return IsListEmpty(ListHead) ? nullptr : RemoveHeadList(ListHead);
}

PSINGLE_LIST_ENTRY NTAPI ExInterlockedPushEntryList(PSINGLE_LIST_ENTRY ListHead, PSINGLE_LIST_ENTRY ListEntry,
                                                    PKSPIN_LOCK Lock) {
    DDI(ExInterlockedPushEntryList, HIGH_LEVEL);
    const ex::HighLock lock(Lock);
    PSINGLE_LIST_ENTRY const first = ListHead->Next;
    PushEntryList(ListHead, ListEntry);
    return first;
}

PSINGLE_LIST_ENTRY NTAPI ExInterlockedPopEntryList(PSINGLE_LIST_ENTRY ListHead, PKSPIN_LOCK Lock) {
    DDI(ExInterlockedPopEntryList, HIGH_LEVEL);
    const ex::HighLock lock(Lock);
    return PopEntryList(ListHead);
}

ULONG NTAPI ExInterlockedAddUlong(PULONG Addend, ULONG Increment, PKSPIN_LOCK Lock) {
    DDI(ExInterlockedAddUlong, HIGH_LEVEL);
    const ex::HighLock lock(Lock);
    const ULONG before = *Addend;
    *Addend = before + Increment;
    return before;
}

LARGE_INTEGER NTAPI ExInterlockedAddLargeInteger(PLARGE_INTEGER Addend, LARGE_INTEGER Increment,
                                                 PKSPIN_LOCK Lock) {
    DDI(ExInterlockedAddLargeInteger, HIGH_LEVEL);
    const ex::HighLock lock(Lock);
    const LARGE_INTEGER before = *Addend;
    Addend->QuadPart = static_cast<LONGLONG>(static_cast<ULONGLONG>(before.QuadPart) +
                                             static_cast<ULONGLONG>(Increment.QuadPart));
    return before;
}

}  // extern "C"
