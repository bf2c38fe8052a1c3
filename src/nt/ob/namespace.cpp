// Directories, symbolic links and the walk along a path.
#include <array>
#include <cstring>

#include "base/check.h"
#include "nt/ex/ex.h"
#include "nt/ex/pool.h"
#include "nt/ke/ke.h"
#include "nt/ob/header.h"

namespace portico::nt::ob {
namespace {

Directory* root_directory = nullptr;

constexpr ULONG string_tag = 'mNbO';
constexpr USHORT separator = u'\\';
constexpr unsigned reparse_limit = 32;  // a circle of links ends here

unsigned bucket_of(const UNICODE_STRING& name) {
    std::uint32_t hash = 0;
    for (unsigned i = 0; i < name.Length / sizeof(WCHAR); ++i) hash = hash * 37 + upcase(name.Buffer[i]);
    return hash % Directory::bucket_count;
}

void remove_link(void* body) {
    free_string(static_cast<SymbolicLink*>(body)->target);
}

// A link's target takes the place of what led to it.
NTSTATUS follow_link(void* body, const UNICODE_STRING& rest, Lookup& lookup, void** found) {
    if (rest.Length == 0 && (lookup.attributes & OBJ_OPENLINK) != 0) {
        reference(body);
        *found = body;
        return STATUS_SUCCESS;
    }
    if (rest.Length == 0 && lookup.type == &symbolic_link_type) {
        reference(body);
        *found = body;
        return STATUS_SUCCESS;
    }
    const UNICODE_STRING& target = static_cast<SymbolicLink*>(body)->target;
    std::array<WCHAR, 1024> buffer;
    if (target.Length + rest.Length > sizeof buffer) return STATUS_NAME_TOO_LONG;
    std::memcpy(buffer.data(), target.Buffer, target.Length);
    std::memcpy(reinterpret_cast<char*>(buffer.data()) + target.Length, rest.Buffer, rest.Length);
    const auto length = static_cast<USHORT>(target.Length + rest.Length);
    const UNICODE_STRING path{length, length, buffer.data()};
    return lookup.reparse(path) ? STATUS_REPARSE : STATUS_INSUFFICIENT_RESOURCES;
}

constexpr GENERIC_MAPPING directory_mapping{
    STANDARD_RIGHTS_READ | DIRECTORY_QUERY | DIRECTORY_TRAVERSE,
    STANDARD_RIGHTS_WRITE | DIRECTORY_CREATE_SUBDIRECTORY | DIRECTORY_CREATE_OBJECT,
    STANDARD_RIGHTS_EXECUTE | DIRECTORY_QUERY | DIRECTORY_TRAVERSE, DIRECTORY_ALL_ACCESS};
constexpr GENERIC_MAPPING link_mapping{STANDARD_RIGHTS_READ | SYMBOLIC_LINK_QUERY, STANDARD_RIGHTS_WRITE,
                                       STANDARD_RIGHTS_EXECUTE | SYMBOLIC_LINK_QUERY,
                                       SYMBOLIC_LINK_ALL_ACCESS};

// Cuts the first component off `rest`, which starts with a backslash. False: it is empty.
bool next_component(UNICODE_STRING& rest, UNICODE_STRING& component) {
    const WCHAR* const begin = rest.Buffer + 1;
    const unsigned count = rest.Length / sizeof(WCHAR) - 1;
    unsigned length = 0;
    while (length < count && begin[length] != separator) ++length;
    const auto bytes = static_cast<USHORT>(length * sizeof(WCHAR));
    component = {bytes, bytes, const_cast<WCHAR*>(begin)};
    rest.Buffer += length + 1;
    rest.Length = static_cast<USHORT>(rest.Length - bytes - sizeof(WCHAR));
    rest.MaximumLength = rest.Length;
    return length != 0;
}

bool names_match_any_case(const Lookup& lookup) {
    return (lookup.attributes & OBJ_CASE_INSENSITIVE) != 0 || lookup.type == nullptr ||
           lookup.type->description.case_insensitive;
}

NTSTATUS accept(Header& header, Walk& result) {
    reference(body_of(header));
    result.found = body_of(header);
    return STATUS_SUCCESS;
}

// Walks `rest` from a directory, as far as directories go.
NTSTATUS walk_directories(Directory* directory, UNICODE_STRING rest, Lookup& lookup, bool inserting,
                          Walk& result) {
    const bool any_case = names_match_any_case(lookup);
    for (;;) {
        UNICODE_STRING component;
        if (!next_component(rest, component)) return STATUS_OBJECT_NAME_INVALID;
        // Directories and links on the way match in any case; the last component as its type says.
        Header* const header = find_in(*directory, component, any_case || rest.Length != 0);
        if (header == nullptr) {
            if (rest.Length != 0) return STATUS_OBJECT_PATH_NOT_FOUND;
            result.directory = directory;
            result.last = component;
            return STATUS_OBJECT_NAME_NOT_FOUND;
        }
        const TypeDescription& type = header->type->description;
        // A new object meets what is there under its name: a link is not followed then.
        if (rest.Length == 0 && inserting && header->type == &symbolic_link_type)
            return accept(*header, result);
        if (type.parse != nullptr) return type.parse(body_of(*header), rest, lookup, &result.found);
        if (rest.Length == 0) return accept(*header, result);
        if (header->type != &directory_type) return STATUS_OBJECT_TYPE_MISMATCH;
        directory = static_cast<Directory*>(body_of(*header));
    }
}

NTSTATUS walk_from_root(Lookup& lookup, bool inserting, Walk& result) {
    const UNICODE_STRING& path = lookup.path;
    if (path.Length == 0 || path.Buffer[0] != separator) return STATUS_OBJECT_PATH_SYNTAX_BAD;
    if (path.Length == sizeof(WCHAR)) return accept(header_of(root_directory), result);
    return walk_directories(root_directory, path, lookup, inserting, result);
}

// A path relative to an object has no leading backslash; walking wants one.
NTSTATUS walk_from(void* root, Lookup& lookup, bool inserting, Walk& result) {
    if (lookup.path.Length != 0 && lookup.path.Buffer[0] == separator) return STATUS_OBJECT_PATH_SYNTAX_BAD;
    const POBJECT_TYPE type = type_of(root);
    if (type->description.parse != nullptr) {
        return type->description.parse(root, lookup.path, lookup, &result.found);
    }
    if (type != &directory_type) return STATUS_OBJECT_TYPE_MISMATCH;
    if (lookup.path.Length == 0) return accept(header_of(root), result);
    std::array<WCHAR, 1024> buffer;
    if (lookup.path.Length + sizeof(WCHAR) > sizeof buffer) return STATUS_NAME_TOO_LONG;
    buffer[0] = separator;
    std::memcpy(buffer.data() + 1, lookup.path.Buffer, lookup.path.Length);
    const auto length = static_cast<USHORT>(lookup.path.Length + sizeof(WCHAR));
    const UNICODE_STRING path{length, length, buffer.data()};
    if (!lookup.reparse(path)) return STATUS_INSUFFICIENT_RESOURCES;
    return walk_directories(static_cast<Directory*>(root), lookup.path, lookup, inserting, result);
}

Directory* make_directory(const char16_t* name) {
    UNICODE_STRING path = string(name);
    void* const body = create(&directory_type, sizeof(Directory), path.Length == 0 ? nullptr : &path, nullptr,
                              OBJ_PERMANENT | OBJ_CASE_INSENSITIVE);
    PORTICO_CHECK(body != nullptr);
    if (path.Length == 0) return static_cast<Directory*>(body);
    make_permanent(body);
    dereference(body);  // the namespace holds it
    return static_cast<Directory*>(body);
}

void make_link(const char16_t* name, const char16_t* target) {
    PORTICO_CHECK(NT_SUCCESS(create_symbolic_link(string(name), string(target), nullptr)));
}

}  // namespace

_OBJECT_TYPE directory_type{{.name = "Directory",
                             .tag = 'eriD',
                             .pool = PagedPool,
                             .valid_access = DIRECTORY_ALL_ACCESS,
                             .mapping = directory_mapping,
                             .case_insensitive = true}};
_OBJECT_TYPE symbolic_link_type{{.name = "SymbolicLink",
                                 .tag = 'bmyS',
                                 .pool = PagedPool,
                                 .valid_access = SYMBOLIC_LINK_ALL_ACCESS,
                                 .mapping = link_mapping,
                                 .remove = remove_link,
                                 .parse = follow_link,
                                 .case_insensitive = true}};

void reset_namespace() {
    for (POBJECT_TYPE type : {&directory_type, &symbolic_link_type, &event_type, &semaphore_type,
                              &mutant_type, &timer_type, &callback_type}) {
        type->objects = type->handles = 0;
    }
    root_directory = make_directory(u"");
    for (const char16_t* name : {u"\\Device", u"\\Driver", u"\\FileSystem", u"\\GLOBAL??", u"\\Callback",
                                 u"\\KernelObjects", u"\\BaseNamedObjects"}) {
        make_directory(name);
    }
    make_link(u"\\??", u"\\GLOBAL??");
    make_link(u"\\DosDevices", u"\\??");
    make_link(u"\\GLOBAL??\\Global", u"\\GLOBAL??");
    ex::create_callbacks();
}

// ---- names ----

UNICODE_STRING string(const char16_t* literal) {
    std::size_t length = 0;
    while (literal[length] != 0) ++length;
    const auto bytes = static_cast<USHORT>(length * sizeof(WCHAR));
    return {bytes, static_cast<USHORT>(bytes + sizeof(WCHAR)), const_cast<WCHAR*>(literal)};
}

bool equal_names(const UNICODE_STRING& a, const UNICODE_STRING& b, bool case_insensitive) {
    if (a.Length != b.Length) return false;
    for (unsigned i = 0; i < a.Length / sizeof(WCHAR); ++i) {
        const WCHAR x = a.Buffer[i];
        const WCHAR y = b.Buffer[i];
        if (x != y && (!case_insensitive || upcase(x) != upcase(y))) return false;
    }
    return true;
}

bool copy_string(UNICODE_STRING& to, const UNICODE_STRING& from) {
    to = {};
    auto* const buffer =
        static_cast<WCHAR*>(ex::allocate_internal(PagedPool, from.Length + sizeof(WCHAR), string_tag));
    if (buffer == nullptr) return false;
    if (from.Length != 0) std::memcpy(buffer, from.Buffer, from.Length);
    buffer[from.Length / sizeof(WCHAR)] = 0;
    to = {from.Length, static_cast<USHORT>(from.Length + sizeof(WCHAR)), buffer};
    return true;
}

void free_string(UNICODE_STRING& string) {
    if (string.Buffer != nullptr) ex::free(string.Buffer, string_tag);
    string = {};
}

Header* find_in(const Directory& directory, const UNICODE_STRING& name, bool case_insensitive) {
    for (Header* h = directory.buckets[bucket_of(name)]; h != nullptr; h = h->next_in_bucket) {
        if (equal_names(h->name, name, case_insensitive)) return h;
    }
    return nullptr;
}

void for_each_in_directory(const UNICODE_STRING& path,
                           void (*visit)(const UNICODE_STRING& name, void* body, void* context),
                           void* context) {
    Lookup lookup;
    lookup.type = &directory_type;
    lookup.attributes = OBJ_CASE_INSENSITIVE;
    void* body = nullptr;
    if (!NT_SUCCESS(find(nullptr, path, lookup, &body))) return;
    for (Header* const bucket : static_cast<Directory*>(body)->buckets) {
        for (Header* h = bucket; h != nullptr; h = h->next_in_bucket) visit(h->name, body_of(*h), context);
    }
    dereference(body);
}

const UNICODE_STRING& link_target(const void* body) {
    return static_cast<const SymbolicLink*>(body)->target;
}

NTSTATUS enter_name(Directory& directory, Header& header, const UNICODE_STRING& name) {
    if (!copy_string(header.name, name)) return STATUS_INSUFFICIENT_RESOURCES;
    Header** link = &directory.buckets[bucket_of(name)];
    while (*link != nullptr) link = &(*link)->next_in_bucket;
    header.next_in_bucket = nullptr;
    *link = &header;
    header.directory = &directory;
    ++header.pointer_count;
    return STATUS_SUCCESS;
}

void remove_name(Header& header) {
    Header** link = &header.directory->buckets[bucket_of(header.name)];
    while (*link != &header) link = &(*link)->next_in_bucket;
    *link = header.next_in_bucket;
    header.directory = nullptr;
    free_string(header.name);
    dereference(body_of(header));
}

NTSTATUS insert_name(void* body, const Naming& naming, void** existing) {
    if (naming.name == nullptr || naming.name->Length == 0) return STATUS_SUCCESS;
    Header& header = header_of(body);
    void* root = nullptr;
    if (naming.root != nullptr) {
        const NTSTATUS status = reference_handle(naming.root, 0, nullptr, naming.mode, &root);
        if (!NT_SUCCESS(status)) return status;
    }
    Lookup lookup;
    lookup.type = header.type;
    lookup.mode = naming.mode;
    lookup.attributes = naming.attributes;
    lookup.path = {};
    NTSTATUS status = lookup.reparse(*naming.name) ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    Walk result;
    if (NT_SUCCESS(status)) status = walk(root, lookup, true, result);
    if (status == STATUS_OBJECT_NAME_NOT_FOUND && result.directory != nullptr) {
        header.permanent = (naming.attributes & OBJ_PERMANENT) != 0;
        status = enter_name(*result.directory, header, result.last);
    } else if (NT_SUCCESS(status)) {
        const bool wanted = (naming.attributes & OBJ_OPENIF) != 0 && existing != nullptr;
        const bool same_type = type_of(result.found) == header.type;
        status = !wanted     ? STATUS_OBJECT_NAME_COLLISION
                 : same_type ? STATUS_OBJECT_NAME_EXISTS
                             : STATUS_OBJECT_TYPE_MISMATCH;
        if (status == STATUS_OBJECT_NAME_EXISTS) {
            *existing = result.found;
        } else {
            dereference(result.found);
        }
    }
    free_string(lookup.path);
    if (root != nullptr) dereference(root);
    return status;
}

bool Lookup::reparse(const UNICODE_STRING& new_path) {
    UNICODE_STRING copy;
    if (!copy_string(copy, new_path)) return false;
    free_string(path);
    path = copy;
    return true;
}

NTSTATUS walk(void* root, Lookup& lookup, bool inserting, Walk& result) {
    NTSTATUS status = root != nullptr ? walk_from(root, lookup, inserting, result)
                                      : walk_from_root(lookup, inserting, result);
    for (unsigned i = 0; i < reparse_limit && status == STATUS_REPARSE; ++i) {
        status = walk_from_root(lookup, inserting, result);
    }
    return status == STATUS_REPARSE ? STATUS_OBJECT_NAME_NOT_FOUND : status;
}

NTSTATUS find(void* root, const UNICODE_STRING& path, Lookup& lookup, void** body) {
    *body = nullptr;
    lookup.path = {};
    if (path.Length % sizeof(WCHAR) != 0) return STATUS_OBJECT_NAME_INVALID;
    if (!lookup.reparse(path)) return STATUS_INSUFFICIENT_RESOURCES;
    Walk result;
    NTSTATUS status = walk(root, lookup, false, result);
    free_string(lookup.path);
    if (!NT_SUCCESS(status)) return status;
    if (lookup.type != nullptr && type_of(result.found) != lookup.type) {
        dereference(result.found);
        return STATUS_OBJECT_TYPE_MISMATCH;
    }
    *body = result.found;
    return status;
}

NTSTATUS find(const OBJECT_ATTRIBUTES& attributes, Lookup& lookup, void** body) {
    *body = nullptr;
    if (attributes.Length != sizeof(OBJECT_ATTRIBUTES)) return STATUS_INVALID_PARAMETER;
    lookup.attributes |= attributes.Attributes;
    const UNICODE_STRING empty{};
    const UNICODE_STRING& name = attributes.ObjectName == nullptr ? empty : *attributes.ObjectName;
    if (attributes.RootDirectory == nullptr) return find(nullptr, name, lookup, body);
    void* root = nullptr;
    const NTSTATUS status = reference_handle(attributes.RootDirectory, 0, nullptr, lookup.mode, &root);
    if (!NT_SUCCESS(status)) return status;
    const NTSTATUS result = find(root, name, lookup, body);
    dereference(root);
    return result;
}

NTSTATUS query_name(void* body, WCHAR* buffer, ULONG size, ULONG* needed) {
    Header& header = header_of(body);
    if (header.type->description.query_name != nullptr) {
        return header.type->description.query_name(body, buffer, size, needed);
    }
    // From the object up to the root: the length first, then the names from the end.
    ULONG length = 0;
    for (const Header* h = &header; h->directory != nullptr; h = &header_of(h->directory)) {
        length += h->name.Length + static_cast<ULONG>(sizeof(WCHAR));
    }
    if (body == root_directory) length = sizeof(WCHAR);
    *needed = length;
    if (length > size) return STATUS_INFO_LENGTH_MISMATCH;
    if (body == root_directory) buffer[0] = separator;
    char* end = reinterpret_cast<char*>(buffer) + length;
    for (const Header* h = &header; h->directory != nullptr; h = &header_of(h->directory)) {
        end -= h->name.Length;
        std::memcpy(end, h->name.Buffer, h->name.Length);
        end -= sizeof(WCHAR);
        std::memcpy(end, &separator, sizeof(WCHAR));
    }
    return STATUS_SUCCESS;
}

// ---- symbolic links ----

NTSTATUS create_symbolic_link(const UNICODE_STRING& name, const UNICODE_STRING& target, const void* frame) {
    void* const body = frame == nullptr ? allocate(&symbolic_link_type, sizeof(SymbolicLink))
                                        : allocate(&symbolic_link_type, sizeof(SymbolicLink), frame);
    if (body == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    auto& link = *static_cast<SymbolicLink*>(body);
    link.created.QuadPart = ke::system_time_100ns();
    NTSTATUS status = copy_string(link.target, target) ? STATUS_SUCCESS : STATUS_INSUFFICIENT_RESOURCES;
    Naming naming;
    naming.name = &name;
    naming.attributes = OBJ_PERMANENT | OBJ_CASE_INSENSITIVE;
    if (NT_SUCCESS(status)) status = insert_name(body, naming, nullptr);
    dereference(body);  // the namespace holds it, or nobody
    return status;
}

NTSTATUS delete_symbolic_link(const UNICODE_STRING& name) {
    Lookup lookup;
    lookup.type = &symbolic_link_type;
    lookup.attributes = OBJ_CASE_INSENSITIVE | OBJ_OPENLINK;
    void* body = nullptr;
    const NTSTATUS status = find(nullptr, name, lookup, &body);
    if (!NT_SUCCESS(status)) return status;
    make_temporary(body);
    dereference(body);
    return STATUS_SUCCESS;
}

}  // namespace portico::nt::ob
