#include "nt/ke/list_links.h"

#include "nt/probes.h"

namespace portico::nt::ke {

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
