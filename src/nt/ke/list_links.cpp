#include "nt/ke/list_links.h"

#include <unistd.h>

#include "nt/probes.h"

// Of the program: the linker's.
extern "C" {
[[gnu::visibility("hidden")]] extern const char __ehdr_start[];
[[gnu::visibility("hidden")]] extern const char _end[];
}

namespace portico::nt::ke {

bool is_own_memory(ULONG_PTR address) {
    if (address - reinterpret_cast<ULONG_PTR>(__ehdr_start) < static_cast<ULONG_PTR>(_end - __ehdr_start))
        return true;
    // The host gives stacks and mappings from the top down, AddressSanitizer its heap from 0x6000'0000'0000,
    // and malloc what lies behind the program.
    if (address >= 0x7000'0000'0000) return address < 0x8000'0000'0000;
#ifdef PORTICO_ASAN
    if (address >= 0x6000'0000'0000) return address < sim::user_range.base;
#endif
    return address >= reinterpret_cast<ULONG_PTR>(_end) && address < reinterpret_cast<ULONG_PTR>(::sbrk(0));
}

void tell_corrupt(const void* object, const char* text) {
    PORTICO_PROBE(object_misuse, KERNEL_SECURITY_CHECK_FAILURE, object, text);
}

bool check_head(LIST_ENTRY& head, const void* object, const char* text) {
    if (intact(head)) return true;
    tell_corrupt(object, text);
    InitializeListHead(&head);
    return false;
}

void unlink(LIST_ENTRY& entry, const void* object, const char* text) {
    if (!intact(entry)) return tell_corrupt(object, text);
    entry.Blink->Flink = entry.Flink;
    entry.Flink->Blink = entry.Blink;
}

}  // namespace portico::nt::ke
