// Sequenced singly linked lists, and lists under a spin lock, for Portico itself. Any IRQL.
#pragma once

#include "wdm.h"

namespace portico::nt::ex {

inline PSLIST_ENTRY first_of(const SLIST_HEADER* head) {
    return reinterpret_cast<PSLIST_ENTRY>(static_cast<ULONG_PTR>(head->HeaderX64.NextEntry) << 4);
}
// The entry that was first before; null when the list was empty.
PSLIST_ENTRY push(PSLIST_HEADER head, PSLIST_ENTRY entry);
PSLIST_ENTRY pop(PSLIST_HEADER head);
PSLIST_ENTRY flush(PSLIST_HEADER head);

}  // namespace portico::nt::ex
