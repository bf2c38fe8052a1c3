#include "nt/ke/list_links.h"

#include <array>

#include "nt/mm/mm.h"
#include "nt/probes.h"

// Of the program, or the shared library: the linker's.
extern "C" {
[[gnu::visibility("hidden")]] extern const char __ehdr_start[];
[[gnu::visibility("hidden")]] extern const char _end[];
}

namespace portico::nt::ke {
namespace {

// Pages of the host's heap and stacks that were mapped: asking takes long.
std::array<ULONG_PTR, 64> known_pages{};

}  // namespace

bool is_own_memory(ULONG_PTR address) {
    if (address - reinterpret_cast<ULONG_PTR>(__ehdr_start) < static_cast<ULONG_PTR>(_end - __ehdr_start))
        return true;
    if (address < 0x10000) return false;
#ifdef PORTICO_ASAN
    // AddressSanitizer's own, which is mapped.
    constexpr ULONG_PTR shadow = 0x7fff'8000, shadow_end = 0x1000'7fff'8000;
    if (address >= shadow && address < shadow_end) return false;
#endif
    const ULONG_PTR page = address / sim::page_size;
    ULONG_PTR& known = known_pages[page % known_pages.size()];
    if (known != page && mm::is_address_valid(reinterpret_cast<const void*>(address))) known = page;
    return known == page;
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
