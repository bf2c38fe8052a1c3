#include "nt/cm/key_object.h"

#include <array>
#include <cstring>

#include "base/check.h"
#include "nt/cm/notify.h"
#include "nt/ob/ob.h"

namespace portico::nt::cm {
namespace {

KeyBody* make_body(Key& key) {
    auto* const body = static_cast<KeyBody*>(ob::allocate(&key_type, sizeof(KeyBody)));
    if (body == nullptr) return nullptr;
    body->key = &key;
    ++key.bodies;
    return body;
}

void remove_body(void* object) {
    auto& body = *static_cast<KeyBody*>(object);
    Key* const key = body.key;
    if (key == nullptr) return;
    --key->bodies;
    release_if_unused(*key);
}

void close_body(void* object, ACCESS_MASK, ULONG, ULONG handles) {
    if (handles == 0) end_watches(*static_cast<KeyBody*>(object));
}

NTSTATUS name_of(void* object, WCHAR* buffer, ULONG size, ULONG* needed) {
    const Key& key = *static_cast<KeyBody*>(object)->key;
    if (key.deleted) return STATUS_KEY_DELETED;
    *needed = path_of(key, buffer, size);
    return *needed > size ? STATUS_INFO_LENGTH_MISMATCH : STATUS_SUCCESS;
}

bool more_names(UNICODE_STRING rest) {
    return next_name(rest).Length != 0;
}

NTSTATUS go_on_from_link(const Key& link, const UNICODE_STRING& rest, ob::Lookup& lookup) {
    UNICODE_STRING target;
    if (!link_target(link, target)) return STATUS_OBJECT_NAME_NOT_FOUND;
    std::array<WCHAR, 1024> buffer;
    if (target.Length + rest.Length > sizeof buffer) return STATUS_NAME_TOO_LONG;
    std::memcpy(buffer.data(), target.Buffer, target.Length);
    std::memcpy(reinterpret_cast<char*>(buffer.data()) + target.Length, rest.Buffer, rest.Length);
    const auto length = static_cast<USHORT>(target.Length + rest.Length);
    const UNICODE_STRING path{length, length, buffer.data()};
    return lookup.reparse(path) ? STATUS_REPARSE : STATUS_INSUFFICIENT_RESOURCES;
}

NTSTATUS create(Key& parent, const UNICODE_STRING& name, CreateRequest& request, Key** created) {
    const bool wants_volatile = (request.options & REG_OPTION_VOLATILE) != 0;
    if (name.Length > key_name_limit * sizeof(WCHAR)) return STATUS_INVALID_PARAMETER;
    if (parent.is_volatile && !wants_volatile) return STATUS_CHILD_MUST_BE_VOLATILE;
    Key* const key = add_subkey(parent, name, request.class_name, wants_volatile);
    if (key == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    key->is_link = (request.options & REG_OPTION_CREATE_LINK) != 0;
    request.disposition = REG_CREATED_NEW_KEY;
    *created = key;
    return STATUS_SUCCESS;
}

// One step to the key `name` below `key`, making the last one when asked to.
NTSTATUS step(Key*& key, const UNICODE_STRING& name, bool last, CreateRequest* request, bool& created) {
    if (Key* const next = find_subkey(*key, name)) {
        key = next;
        return STATUS_SUCCESS;
    }
    if (!last || request == nullptr) return STATUS_OBJECT_NAME_NOT_FOUND;
    created = true;
    return create(*key, name, *request, &key);
}

NTSTATUS parse_key(void* object, const UNICODE_STRING& path, ob::Lookup& lookup, void** found) {
    if (lookup.type != nullptr && lookup.type != &key_type) return STATUS_OBJECT_TYPE_MISMATCH;
    auto* const request =
        lookup.context_kind == CreateRequest::kind ? static_cast<CreateRequest*>(lookup.context) : nullptr;
    const bool open_link = (lookup.attributes & OBJ_OPENLINK) != 0;
    Key* key = static_cast<KeyBody*>(object)->key;
    if (key->deleted) return STATUS_KEY_DELETED;
    UNICODE_STRING rest = path;
    bool created = false;
    for (UNICODE_STRING name = next_name(rest); name.Length != 0; name = next_name(rest)) {
        const bool last = !more_names(rest);
        const NTSTATUS status = step(key, name, last, request, created);
        if (!NT_SUCCESS(status)) return status;
        if (key->is_link && !created && !(last && open_link)) return go_on_from_link(*key, rest, lookup);
    }
    if (request != nullptr && !created) {
        if ((request->options & REG_OPTION_CREATE_LINK) != 0) return STATUS_OBJECT_NAME_COLLISION;
        request->disposition = REG_OPENED_EXISTING_KEY;
    }
    *found = make_body(*key);
    return *found == nullptr ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

constexpr GENERIC_MAPPING key_mapping{KEY_READ, KEY_WRITE, KEY_EXECUTE, KEY_ALL_ACCESS};

}  // namespace

_OBJECT_TYPE key_type{{.name = "Key",
                       .tag = ' yeK',
                       .pool = PagedPool,
                       .valid_access = KEY_ALL_ACCESS | SYNCHRONIZE,
                       .mapping = key_mapping,
                       .remove = remove_body,
                       .close = close_body,
                       .parse = parse_key,
                       .query_name = name_of,
                       .case_insensitive = true}};

void reset() {
    key_type.objects = key_type.handles = 0;
    reset_watches();
    reset_hive();
    KeyBody* const body = make_body(*root());
    PORTICO_CHECK(body != nullptr);
    const UNICODE_STRING name = ob::string(u"\\Registry");
    ob::Naming naming;
    naming.name = &name;
    naming.attributes = OBJ_PERMANENT | OBJ_CASE_INSENSITIVE;
    PORTICO_CHECK(NT_SUCCESS(ob::insert_name(body, naming, nullptr)));
    ob::dereference(body);
}

NTSTATUS open(const OBJECT_ATTRIBUTES& attributes, ACCESS_MASK desired, ULONG attribute_bits,
              CreateRequest* request, const void* frame, PHANDLE handle) {
    ob::Lookup lookup;
    lookup.type = &key_type;
    lookup.attributes = attribute_bits;
    // Which view of the registry is asked for makes no difference: there are no 32-bit clients.
    lookup.desired = desired & ~static_cast<ACCESS_MASK>(KEY_WOW64_RES);
    lookup.context = request;
    lookup.context_kind = request == nullptr ? 0 : CreateRequest::kind;
    return ob::open(attributes, lookup, frame, handle);
}

NTSTATUS reference(HANDLE handle, ACCESS_MASK needed, KeyBody** body) {
    void* object = nullptr;
    const NTSTATUS status = ob::reference_handle(handle, needed, &key_type, KernelMode, &object, nullptr);
    if (!NT_SUCCESS(status)) return status;
    *body = static_cast<KeyBody*>(object);
    if (!(*body)->key->deleted) return STATUS_SUCCESS;
    ob::dereference(object);
    return STATUS_KEY_DELETED;
}

}  // namespace portico::nt::cm

namespace {
// The exported name is a cell that holds the address of the kernel's variable (ddi/ob.h).
POBJECT_TYPE key_variable = &portico::nt::cm::key_type;
}  // namespace

extern "C" POBJECT_TYPE* CmKeyObjectType = &key_variable;

EXPORT(CmKeyObjectType, CmKeyObjectType);
