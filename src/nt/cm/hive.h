// Keys and values as they lie in memory (paged pool), below the object manager. For nt/cm.
#pragma once

#include "nt/cm/cm.h"

namespace portico::nt::cm {

constexpr unsigned key_name_limit = 255;  // characters, as documented for the registry
constexpr unsigned value_name_limit = 16383;

struct Value {
    UNICODE_STRING name;  // empty: the unnamed value
    ULONG type;
    ULONG size;
    void* data;
};

struct Key {
    UNICODE_STRING name;
    UNICODE_STRING class_name;
    Key* parent;    // null: \Registry, or deleted
    Key** subkeys;  // by name, in the order that Windows enumerates them
    ULONG subkey_count;
    ULONG subkey_capacity;
    Value* values;  // in the order of their making
    ULONG value_count;
    ULONG value_capacity;
    LARGE_INTEGER last_write;
    ULONG bodies;  // key objects that refer to it
    bool is_volatile;
    bool is_link;  // its value SymbolicLinkValue is a path to go on from
    bool deleted;
};

Key* root();
void reset_hive();

Key* find_subkey(const Key& key, const UNICODE_STRING& name);
// Null when the pool is exhausted. The caller has checked that there is none of that name.
Key* add_subkey(Key& parent, const UNICODE_STRING& name, const UNICODE_STRING* class_name, bool is_volatile);
// STATUS_CANNOT_DELETE with subkeys or for the root. The memory goes with the last key object.
NTSTATUS delete_key(Key& key);
void release_if_unused(Key& key);
NTSTATUS rename_key(Key& key, const UNICODE_STRING& name);

Value* find_value(const Key& key, const UNICODE_STRING& name);
NTSTATUS set_value(Key& key, const UNICODE_STRING& name, ULONG type, const void* data, ULONG size);
NTSTATUS delete_value(Key& key, const UNICODE_STRING& name);

// Cuts the next component off `rest`, skipping backslashes before it; empty: there is none.
UNICODE_STRING next_name(UNICODE_STRING& rest);
// From \Registry on; the links on the way are followed. Null: not there. With `create`, what is missing is
// made.
enum class Missing { fail, create, create_volatile };
NTSTATUS walk(const UNICODE_STRING& path, Missing missing, Key** key);
// The path that a link key leads to; false: it has none.
bool link_target(const Key& key, UNICODE_STRING& target);
// The whole path in bytes, and its text when `buffer` holds it.
ULONG path_of(const Key& key, WCHAR* buffer, ULONG size);

}  // namespace portico::nt::cm
