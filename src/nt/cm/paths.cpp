// The registry by path, for Portico itself.
#include <cstring>
#include <string>

#include "nt/cm/cm.h"
#include "nt/cm/hive.h"
#include "nt/cm/key_object.h"
#include "nt/cm/text.h"

namespace portico::nt::cm {
namespace {

void delete_below(Key& key) {
    while (key.subkey_count != 0) {
        Key& child = *key.subkeys[key.subkey_count - 1];
        delete_below(child);
        delete_key(child);
    }
}

}  // namespace

NTSTATUS create_path(const UNICODE_STRING& path, bool volatile_key) {
    Key* key = nullptr;
    return walk(path, volatile_key ? Missing::create_volatile : Missing::create, &key);
}

bool key_exists(const UNICODE_STRING& path) {
    Key* key = nullptr;
    return NT_SUCCESS(walk(path, Missing::fail, &key));
}

NTSTATUS delete_tree(const UNICODE_STRING& path) {
    Key* key = nullptr;
    const NTSTATUS status = walk(path, Missing::fail, &key);
    if (!NT_SUCCESS(status)) return status;
    delete_below(*key);
    return delete_key(*key);
}

NTSTATUS set_value(const UNICODE_STRING& path, const UNICODE_STRING& name, ULONG type, const void* data,
                   ULONG size) {
    Key* key = nullptr;
    const NTSTATUS status = walk(path, Missing::create, &key);
    return NT_SUCCESS(status) ? set_value(*key, name, type, data, size) : status;
}

NTSTATUS query_value(const UNICODE_STRING& path, const UNICODE_STRING& name, ULONG* type, void* buffer,
                     ULONG size, ULONG* needed) {
    Key* key = nullptr;
    const NTSTATUS status = walk(path, Missing::fail, &key);
    if (!NT_SUCCESS(status)) return status;
    const Value* const value = find_value(*key, name);
    if (value == nullptr) return STATUS_OBJECT_NAME_NOT_FOUND;
    *type = value->type;
    *needed = value->size;
    const ULONG copied = value->size < size ? value->size : size;
    if (copied != 0) std::memcpy(buffer, value->data, copied);
    return value->size > size ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS;
}

NTSTATUS delete_value(const UNICODE_STRING& path, const UNICODE_STRING& name) {
    Key* key = nullptr;
    const NTSTATUS status = walk(path, Missing::fail, &key);
    return NT_SUCCESS(status) ? delete_value(*key, name) : status;
}

NTSTATUS open_key(const UNICODE_STRING& path, ACCESS_MASK access, bool create, const void* frame,
                  PHANDLE handle) {
    if (create) {
        const NTSTATUS status = create_path(path);
        if (!NT_SUCCESS(status)) return status;
    }
    UNICODE_STRING name = path;
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | OBJ_KERNEL_HANDLE, nullptr,
                               nullptr);
    return open(attributes, access, 0, nullptr, frame, handle);
}

bool subkey_at(const UNICODE_STRING& path, ULONG index, UNICODE_STRING& name) {
    Key* key = nullptr;
    if (!NT_SUCCESS(walk(path, Missing::fail, &key)) || index >= key->subkey_count) return false;
    name = key->subkeys[index]->name;
    return true;
}

// ---- UTF-8 ----

NTSTATUS create_path(std::string_view path) {
    const std::u16string wide = to_utf16(path);
    return create_path(as_unicode(wide));
}

NTSTATUS set_string(std::string_view path, std::string_view name, std::string_view value) {
    const std::u16string wide_path = to_utf16(path);
    const std::u16string wide_name = to_utf16(name);
    const std::u16string wide_value = to_utf16(value);
    const auto size = static_cast<ULONG>((wide_value.size() + 1) * sizeof(WCHAR));
    return set_value(as_unicode(wide_path), as_unicode(wide_name), REG_SZ, wide_value.c_str(), size);
}

NTSTATUS set_dword(std::string_view path, std::string_view name, ULONG value) {
    const std::u16string wide_path = to_utf16(path);
    const std::u16string wide_name = to_utf16(name);
    return set_value(as_unicode(wide_path), as_unicode(wide_name), REG_DWORD, &value, sizeof value);
}

}  // namespace portico::nt::cm
