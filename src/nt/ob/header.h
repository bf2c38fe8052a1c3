// What lies before an object's body. For nt/ob alone.
#pragma once

#include "nt/ob/ob.h"

namespace portico::nt::ob {

struct Directory;

struct alignas(16) Header {
    static constexpr std::uint64_t alive = 0x746a624f6f747250;  // tells a body from any other address

    std::uint64_t magic;
    LONG_PTR pointer_count;
    LONG handle_count;
    ULONG first_reference;  // of the driver's, in the table of references; 0: none
    POBJECT_TYPE type;
    Directory* directory;  // that holds its name; null: nameless
    UNICODE_STRING name;   // last component
    Header* next_in_bucket;
    Header* next_deferred;
    LIST_ENTRY all;
    void* beside;  // what the type keeps of the object where no driver writes
    Origin made;
    bool permanent;
    bool exclusive;
    bool internal;  // Portico's own
    bool deferred;  // its deletion waits for a worker
};
static_assert(sizeof(Header) % 16 == 0);

inline Header& header_of(const void* body) {
    return *(static_cast<Header*>(const_cast<void*>(body)) - 1);
}
inline void* body_of(Header& header) {
    return &header + 1;
}
inline void* body_of(const Header& header) {
    return const_cast<Header*>(&header + 1);
}

// The body of a directory object. Buckets keep names in the order of their creation.
struct Directory {
    static constexpr unsigned bucket_count = 37;
    Header* buckets[bucket_count];
};

struct SymbolicLink {
    UNICODE_STRING target;
    LARGE_INTEGER created;
};

// The namespace holds the name from now on, and with it a reference.
NTSTATUS enter_name(Directory& directory, Header& header, const UNICODE_STRING& name);
void remove_name(Header& header);
Header* find_in(const Directory& directory, const UNICODE_STRING& name, bool case_insensitive);

// A walk along `path`: the object found, or the directory and last component where a new object would go.
struct Walk {
    void* found = nullptr;           // referenced
    Directory* directory = nullptr;  // of a missing last component
    UNICODE_STRING last{};
};
NTSTATUS walk(void* root, Lookup& lookup, bool inserting, Walk& result);

// Copies `from` into internal paged pool, terminated by a null; false: exhausted.
bool copy_string(UNICODE_STRING& to, const UNICODE_STRING& from);
void free_string(UNICODE_STRING& string);

void reset_namespace();
void reset_handles();

}  // namespace portico::nt::ob
