// A process' handles: values 4, 8, 12 ..., the longest free one used again first, so that a stale handle is
// noticed.
#pragma once

#include <array>

#include "nt/ob/ob.h"

namespace portico::nt::ob {

struct HandleEntry {
    void* body;  // null: free
    ACCESS_MASK granted;
    ULONG attributes;  // OBJ_INHERIT, protect-from-close
    ULONG next_free;
    Origin made;
};

struct HandleTable {
    static constexpr ULONG entries_per_chunk = 56;  // a page of the pool
    static constexpr ULONG chunk_limit = 256;       // docs/limits.md: 14336 handles a process

    std::array<HandleEntry*, chunk_limit> chunks;
    ULONG used;       // entries handed out so far
    ULONG open;       // handles
    ULONG free_head;  // entry number plus 1; 0: none
    ULONG free_tail;

    HandleEntry& at(ULONG index) { return chunks[index / entries_per_chunk][index % entries_per_chunk]; }
};

}  // namespace portico::nt::ob
