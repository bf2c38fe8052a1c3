#include "nt/cm/hive.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "nt/cm/notify.h"
#include "nt/ex/pool.h"
#include "nt/ke/ke.h"

namespace portico::nt::cm {
namespace {

constexpr ULONG tag = '  MC';
constexpr WCHAR separator = u'\\';
constexpr unsigned link_limit = 32;  // a circle of links ends here

Key* registry = nullptr;

// The newest path that was walked: Plug and Play sets one value after the other in the same keys.
struct Walked {
    WCHAR text[256];
    USHORT length = 0;  // bytes; 0: none
    Key* key = nullptr;
};
constinit Walked walked{};

const UNICODE_STRING link_value_name = ob::string(u"SymbolicLinkValue");

void* allocate(std::size_t size) {
    return ex::allocate_internal(PagedPool, size, tag);
}
void free_memory(void* memory) {
    if (memory != nullptr) ex::free(memory, tag);
}

bool copy_text(UNICODE_STRING& to, const UNICODE_STRING& from) {
    to = {};
    if (from.Length == 0) return true;
    to.Buffer = static_cast<WCHAR*>(allocate(from.Length));
    if (to.Buffer == nullptr) return false;
    std::memcpy(to.Buffer, from.Buffer, from.Length);
    to.Length = to.MaximumLength = from.Length;
    return true;
}

int compare(const UNICODE_STRING& a, const UNICODE_STRING& b) {
    const unsigned length = std::min(a.Length, b.Length) / sizeof(WCHAR);
    for (unsigned i = 0; i < length; ++i) {
        if (a.Buffer[i] == b.Buffer[i]) continue;
        const int difference = ob::upcase(a.Buffer[i]) - ob::upcase(b.Buffer[i]);
        if (difference != 0) return difference;
    }
    return a.Length - b.Length;
}

Key** place_of(const Key& key, const UNICODE_STRING& name) {
    return std::partition_point(key.subkeys, key.subkeys + key.subkey_count,
                                [&](const Key* k) { return compare(k->name, name) < 0; });
}

// Room for one more element in an array of the pool.
template <class T>
bool make_room(T*& elements, ULONG count, ULONG& capacity) {
    if (count < capacity) return true;
    const ULONG wanted = capacity == 0 ? 4 : capacity * 2;
    auto* const bigger = static_cast<T*>(allocate(wanted * sizeof(T)));
    if (bigger == nullptr) return false;
    std::copy(elements, elements + count, bigger);
    free_memory(elements);
    elements = bigger;
    capacity = wanted;
    return true;
}

void written(Key& key) {
    key.last_write.QuadPart = ke::system_time_100ns();
}

void free_value(Value& value) {
    free_memory(value.name.Buffer);
    free_memory(value.data);
}

void free_key(Key& key) {
    for (ULONG i = 0; i < key.value_count; ++i) free_value(key.values[i]);
    free_memory(key.values);
    free_memory(key.subkeys);
    free_memory(key.name.Buffer);
    free_memory(key.class_name.Buffer);
    free_memory(&key);
}

Key* make_key(const UNICODE_STRING& name, const UNICODE_STRING* class_name) {
    auto* const key = static_cast<Key*>(allocate(sizeof(Key)));
    if (key == nullptr) return nullptr;
    *key = Key{};
    if (copy_text(key->name, name) && (class_name == nullptr || copy_text(key->class_name, *class_name))) {
        written(*key);
        return key;
    }
    free_key(*key);
    return nullptr;
}

void make_default(const char16_t* path, Missing missing) {
    Key* key = nullptr;
    PORTICO_CHECK(NT_SUCCESS(walk(ob::string(path), missing, &key)));
}

}  // namespace

Key* root() {
    return registry;
}

void reset_hive() {
    walked.length = 0;
    registry = make_key(ob::string(u"Registry"), nullptr);
    PORTICO_CHECK(registry != nullptr);
    registry->is_volatile = true;
    // The roots of hives hang in memory: what lies directly below \Registry and \Registry\Machine is volatile
    // there.
    for (const char16_t* path :
         {u"\\Registry\\Machine", u"\\Registry\\User", u"\\Registry\\Machine\\Hardware"}) {
        make_default(path, Missing::create_volatile);
    }
    for (const char16_t* path : {u"\\Registry\\Machine\\System\\ControlSet001\\Control\\Class",
                                 u"\\Registry\\Machine\\System\\ControlSet001\\Control\\DeviceClasses",
                                 u"\\Registry\\Machine\\System\\ControlSet001\\Enum",
                                 u"\\Registry\\Machine\\System\\ControlSet001\\Services",
                                 u"\\Registry\\Machine\\Software\\Microsoft\\Windows NT\\CurrentVersion",
                                 u"\\Registry\\User\\.Default"}) {
        make_default(path, Missing::create);
    }
    Key* link = nullptr;
    make_default(u"\\Registry\\Machine\\System\\CurrentControlSet", Missing::create_volatile);
    PORTICO_CHECK(NT_SUCCESS(
        walk(ob::string(u"\\Registry\\Machine\\System\\CurrentControlSet"), Missing::fail, &link)));
    const UNICODE_STRING target = ob::string(u"\\Registry\\Machine\\System\\ControlSet001");
    PORTICO_CHECK(NT_SUCCESS(set_value(*link, link_value_name, REG_LINK, target.Buffer, target.Length)));
    link->is_link = true;
}

// ---- keys ----

Key* find_subkey(const Key& key, const UNICODE_STRING& name) {
    Key** const place = place_of(key, name);
    return place != key.subkeys + key.subkey_count && compare((*place)->name, name) == 0 ? *place : nullptr;
}

Key* add_subkey(Key& parent, const UNICODE_STRING& name, const UNICODE_STRING* class_name, bool is_volatile) {
    constexpr ULONG subkey_limit = 65536;  // a new one moves those behind it
    if (parent.subkey_count == subkey_limit ||
        !make_room(parent.subkeys, parent.subkey_count, parent.subkey_capacity))
        return nullptr;
    Key* const key = make_key(name, class_name);
    if (key == nullptr) return nullptr;
    key->parent = &parent;
    key->is_volatile = is_volatile;
    Key** const place = place_of(parent, name);
    std::copy_backward(place, parent.subkeys + parent.subkey_count, parent.subkeys + parent.subkey_count + 1);
    *place = key;
    ++parent.subkey_count;
    written(parent);
    tell_watchers(parent, REG_NOTIFY_CHANGE_NAME);
    return key;
}

static void unlink(Key& key) {
    walked.length = 0;
    Key& parent = *key.parent;
    Key** const place = place_of(parent, key.name);
    std::copy(place + 1, parent.subkeys + parent.subkey_count, place);
    --parent.subkey_count;
    written(parent);
}

NTSTATUS delete_key(Key& key) {
    if (key.subkey_count != 0 || key.parent == nullptr) return STATUS_CANNOT_DELETE;
    Key& parent = *key.parent;
    unlink(key);
    key.deleted = true;
    key.parent = nullptr;
    tell_watchers(parent, REG_NOTIFY_CHANGE_NAME);
    release_if_unused(key);
    return STATUS_SUCCESS;
}

void release_if_unused(Key& key) {
    if (key.deleted && key.bodies == 0) free_key(key);
}

NTSTATUS rename_key(Key& key, const UNICODE_STRING& name) {
    if (key.parent == nullptr) return STATUS_ACCESS_DENIED;
    Key& parent = *key.parent;
    Key* const other = find_subkey(parent, name);
    if (other != nullptr && other != &key) return STATUS_CANNOT_DELETE;
    UNICODE_STRING copy;
    if (!copy_text(copy, name)) return STATUS_INSUFFICIENT_RESOURCES;
    unlink(key);
    free_memory(key.name.Buffer);
    key.name = copy;
    Key** const place = place_of(parent, name);
    std::copy_backward(place, parent.subkeys + parent.subkey_count, parent.subkeys + parent.subkey_count + 1);
    *place = &key;
    ++parent.subkey_count;
    tell_watchers(parent, REG_NOTIFY_CHANGE_NAME);
    return STATUS_SUCCESS;
}

// ---- values ----

// They are looked through one after the other.
constexpr ULONG value_limit = 16384;

Value* find_value(const Key& key, const UNICODE_STRING& name) {
    for (ULONG i = 0; i < key.value_count; ++i) {
        if (ob::equal_names(key.values[i].name, name, true)) return &key.values[i];
    }
    return nullptr;
}

NTSTATUS set_value(Key& key, const UNICODE_STRING& name, ULONG type, const void* data, ULONG size) {
    if (key.is_link) walked.length = 0;
    void* copy = nullptr;
    if (size != 0) {
        copy = allocate(size);
        if (copy == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
        std::memcpy(copy, data, size);
    }
    Value* value = find_value(key, name);
    if (value == nullptr) {
        UNICODE_STRING own_name;
        if (key.value_count == value_limit || !make_room(key.values, key.value_count, key.value_capacity) ||
            !copy_text(own_name, name)) {
            free_memory(copy);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        value = &key.values[key.value_count++];
        *value = {own_name, type, 0, nullptr};
    }
    free_memory(value->data);
    value->type = type;
    value->size = size;
    value->data = copy;
    written(key);
    tell_watchers(key, REG_NOTIFY_CHANGE_LAST_SET);
    return STATUS_SUCCESS;
}

NTSTATUS delete_value(Key& key, const UNICODE_STRING& name) {
    Value* const value = find_value(key, name);
    if (value == nullptr) return STATUS_OBJECT_NAME_NOT_FOUND;
    if (key.is_link) walked.length = 0;
    free_value(*value);
    std::copy(value + 1, key.values + key.value_count, value);
    --key.value_count;
    written(key);
    tell_watchers(key, REG_NOTIFY_CHANGE_LAST_SET);
    return STATUS_SUCCESS;
}

// ---- paths ----

UNICODE_STRING next_name(UNICODE_STRING& rest) {
    const WCHAR* at = rest.Buffer;
    const WCHAR* const end = at + rest.Length / sizeof(WCHAR);
    while (at != end && *at == separator) ++at;
    const WCHAR* const begin = at;
    while (at != end && *at != separator) ++at;
    const auto length = static_cast<USHORT>((at - begin) * static_cast<long>(sizeof(WCHAR)));
    rest.Buffer = const_cast<WCHAR*>(at);
    rest.Length = rest.MaximumLength = static_cast<USHORT>((end - at) * static_cast<long>(sizeof(WCHAR)));
    return {length, length, const_cast<WCHAR*>(begin)};
}

bool link_target(const Key& key, UNICODE_STRING& target) {
    const Value* const value = key.is_link ? find_value(key, link_value_name) : nullptr;
    if (value == nullptr || value->type != REG_LINK || value->size < sizeof(WCHAR)) return false;
    const auto length = static_cast<USHORT>(value->size);
    target = {length, length, static_cast<WCHAR*>(value->data)};
    return true;
}

static NTSTATUS walk_from(const UNICODE_STRING& path, Missing missing, unsigned links, Key** found) {
    UNICODE_STRING rest = path;
    if (path.Length == 0 || path.Buffer[0] != separator) return STATUS_OBJECT_PATH_SYNTAX_BAD;
    if (!ob::equal_names(next_name(rest), registry->name, true)) return STATUS_OBJECT_PATH_SYNTAX_BAD;
    Key* key = registry;
    for (UNICODE_STRING name = next_name(rest); name.Length != 0; name = next_name(rest)) {
        if (name.Length > key_name_limit * sizeof(WCHAR)) return STATUS_INVALID_PARAMETER;
        Key* next = find_subkey(*key, name);
        if (next == nullptr) {
            if (missing == Missing::fail) return STATUS_OBJECT_NAME_NOT_FOUND;
            next = add_subkey(*key, name, nullptr, missing == Missing::create_volatile);
            if (next == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
        }
        UNICODE_STRING target;
        if (link_target(*next, target) && rest.Length != 0) {
            if (links == link_limit) return STATUS_OBJECT_NAME_NOT_FOUND;
            const NTSTATUS status = walk_from(target, missing, links + 1, &next);
            if (!NT_SUCCESS(status)) return status;
        }
        key = next;
    }
    *found = key;
    return STATUS_SUCCESS;
}

NTSTATUS walk(const UNICODE_STRING& path, Missing missing, Key** key) {
    if (walked.length != 0 && walked.length == path.Length &&
        std::memcmp(walked.text, path.Buffer, path.Length) == 0) {
        *key = walked.key;
        return STATUS_SUCCESS;
    }
    const NTSTATUS status = walk_from(path, missing, 0, key);
    if (NT_SUCCESS(status) && path.Length <= sizeof walked.text) {
        std::memcpy(walked.text, path.Buffer, path.Length);
        walked.length = path.Length;
        walked.key = *key;
    }
    return status;
}

ULONG path_of(const Key& key, WCHAR* buffer, ULONG size) {
    ULONG length = 0;
    for (const Key* k = &key; k != nullptr; k = k->parent)
        length += k->name.Length + static_cast<ULONG>(sizeof(WCHAR));
    if (length > size) return length;
    char* end = reinterpret_cast<char*>(buffer) + length;
    for (const Key* k = &key; k != nullptr; k = k->parent) {
        end -= k->name.Length;
        std::memcpy(end, k->name.Buffer, k->name.Length);
        end -= sizeof(WCHAR);
        std::memcpy(end, &separator, sizeof(WCHAR));
    }
    return length;
}

}  // namespace portico::nt::cm
