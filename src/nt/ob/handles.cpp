// Handle tables, and what opening and closing a handle means to its object.
#include "nt/ex/pool.h"
#include "nt/ob/handle_table.h"
#include "nt/ob/header.h"
#include "nt/ob/references.h"
#include "nt/ps/ps.h"

namespace portico::nt::ob {
namespace {

constexpr ULONG chunk_tag = 'btbO';
constexpr ACCESS_MASK generic_rights = GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL;

bool is_kernel_handle(std::uint64_t value) {
    return (value & kernel_handle_bits) == kernel_handle_bits && value != ~0ull && value != ~1ull;
}

bool add_chunk(HandleTable& table) {
    const ULONG chunk = table.used / HandleTable::entries_per_chunk;
    if (chunk == HandleTable::chunk_limit) return false;
    void* const memory =
        ex::allocate_internal(static_cast<POOL_TYPE>(PagedPool | POOL_ZERO_ALLOCATION),
                              HandleTable::entries_per_chunk * sizeof(HandleEntry), chunk_tag);
    table.chunks[chunk] = static_cast<HandleEntry*>(memory);
    return memory != nullptr;
}

// Freed entries wait behind fresh ones for as long as a chunk has any.
ULONG take_entry(HandleTable& table) {
    const bool chunk_full = table.used % HandleTable::entries_per_chunk == 0;
    if (!chunk_full || (table.free_head == 0 && add_chunk(table))) return ++table.used;
    if (table.free_head == 0) return 0;
    const ULONG number = table.free_head;
    table.free_head = table.at(number - 1).next_free;
    if (table.free_head == 0) table.free_tail = 0;
    return number;
}

void give_entry(HandleTable& table, ULONG number) {
    HandleEntry& entry = table.at(number - 1);
    entry = {};
    (table.free_tail == 0 ? table.free_head : table.at(table.free_tail - 1).next_free) = number;
    table.free_tail = number;
}

// The table that a handle belongs to, and its number there.
struct Place {
    HandleTable& table;
    ULONG number;
};

Place place_of(HANDLE handle, KPROCESSOR_MODE mode) {
    const auto value = reinterpret_cast<std::uint64_t>(handle);
    const bool kernel = mode == KernelMode && is_kernel_handle(value);
    HandleTable& table = kernel ? ps::system_process()->handles : ps::current_process()->handles;
    const std::uint64_t number = (kernel ? value & ~kernel_handle_bits : value) / 4;
    return {table, number <= table.used ? static_cast<ULONG>(number) : 0};
}

HandleEntry* entry_of(const Place& place) {
    if (place.number == 0) return nullptr;
    HandleEntry& entry = place.table.at(place.number - 1);
    return entry.body == nullptr ? nullptr : &entry;
}

ULONG handles_to(HandleTable& table, const void* body) {
    ULONG count = 0;
    for (ULONG i = 0; i < table.used; ++i) count += table.at(i).body == body ? 1 : 0;
    return count;
}

void close_entry(HandleTable& table, ULONG number) {
    HandleEntry& entry = table.at(number - 1);
    void* const body = entry.body;
    const ACCESS_MASK granted = entry.granted;
    Header& header = header_of(body);
    give_entry(table, number);
    --table.open;
    --header.handle_count;
    --header.type->handles;
    if (header.type->description.close != nullptr) {
        header.type->description.close(body, granted, handles_to(table, body),
                                       static_cast<ULONG>(header.handle_count));
    }
    if (header.handle_count == 0 && !header.permanent && header.directory != nullptr) remove_name(header);
    dereference(body);
}

NTSTATUS insert_entry(void* body, ACCESS_MASK granted, ULONG attributes, KPROCESSOR_MODE mode,
                      const Origin& made, PHANDLE handle) {
    const bool kernel = mode == KernelMode && (attributes & OBJ_KERNEL_HANDLE) != 0;
    HandleTable& table = kernel ? ps::system_process()->handles : ps::current_process()->handles;
    Header& header = header_of(body);
    if (header.exclusive && header.handle_count != 0) return STATUS_ACCESS_DENIED;
    const ULONG number = take_entry(table);
    if (number == 0) return STATUS_INSUFFICIENT_RESOURCES;
    table.at(number - 1) = {body, granted, attributes & OBJ_INHERIT, 0, made};
    ++table.open;
    ++header.handle_count;
    ++header.type->handles;
    ++header.pointer_count;
    const std::uint64_t value = std::uint64_t{number} * 4;
    *handle = reinterpret_cast<HANDLE>(kernel ? value | kernel_handle_bits : value);
    return STATUS_SUCCESS;
}

NTSTATUS reference_pseudo_handle(HANDLE handle, POBJECT_TYPE type, void** body) {
    const bool process = handle == current_process_handle();
    void* const object = process ? static_cast<void*>(ps::current_process()) : ke::current_thread();
    if (!process && !is_object(object)) return STATUS_INVALID_HANDLE;  // an idle processor
    if (type != nullptr && type_of(object) != type) return STATUS_OBJECT_TYPE_MISMATCH;
    reference(object);
    *body = object;
    return STATUS_SUCCESS;
}

}  // namespace

void reset_handles() {}

NTSTATUS map_access(POBJECT_TYPE type, ACCESS_MASK desired, KPROCESSOR_MODE mode, ACCESS_MASK* granted) {
    const GENERIC_MAPPING& mapping = type->description.mapping;
    ACCESS_MASK mapped = desired & ~(generic_rights | MAXIMUM_ALLOWED);
    if ((desired & GENERIC_READ) != 0) mapped |= mapping.GenericRead;
    if ((desired & GENERIC_WRITE) != 0) mapped |= mapping.GenericWrite;
    if ((desired & GENERIC_EXECUTE) != 0) mapped |= mapping.GenericExecute;
    if ((desired & GENERIC_ALL) != 0) mapped |= mapping.GenericAll;
    if ((desired & MAXIMUM_ALLOWED) != 0) mapped |= mapping.GenericAll;
    *granted = mapped & (type->description.valid_access | ACCESS_SYSTEM_SECURITY);
    const bool privileged = (mapped & ACCESS_SYSTEM_SECURITY) != 0 && mode != KernelMode;
    return *granted != mapped || privileged ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
}

NTSTATUS insert_handle(void* body, ACCESS_MASK granted, ULONG attributes, KPROCESSOR_MODE mode,
                       PHANDLE handle) {
    return insert_entry(body, granted, attributes, mode, Origin{}, handle);
}

NTSTATUS insert_handle(void* body, ACCESS_MASK granted, bool kernel, PHANDLE handle) {
    return insert_entry(body, granted, kernel ? OBJ_KERNEL_HANDLE : 0, KernelMode, Origin{}, handle);
}

NTSTATUS insert_handle(void* body, ACCESS_MASK granted, ULONG attributes, KPROCESSOR_MODE mode,
                       const void* frame, PHANDLE handle) {
    Origin made{};
    if (frame != nullptr) capture_origin(made, frame);
    return insert_entry(body, granted, attributes, mode, made, handle);
}

NTSTATUS reference_handle(HANDLE handle, ACCESS_MASK desired, POBJECT_TYPE type, KPROCESSOR_MODE mode,
                          void** body, OBJECT_HANDLE_INFORMATION* information) {
    *body = nullptr;
    if (handle == current_process_handle() || handle == current_thread_handle()) {
        const NTSTATUS status = reference_pseudo_handle(handle, type, body);
        if (NT_SUCCESS(status) && information != nullptr)
            *information = {0, type_of(*body)->description.valid_access};
        return status;
    }
    HandleEntry* const entry = entry_of(place_of(handle, mode));
    if (entry == nullptr) return STATUS_INVALID_HANDLE;
    if (type != nullptr && type_of(entry->body) != type) return STATUS_OBJECT_TYPE_MISMATCH;
    if (mode != KernelMode && (desired & ~entry->granted) != 0) return STATUS_ACCESS_DENIED;
    reference(entry->body);
    *body = entry->body;
    if (information != nullptr) *information = {entry->attributes, entry->granted};
    return STATUS_SUCCESS;
}

bool is_pseudo_handle(HANDLE handle) {
    return handle == current_process_handle() || handle == current_thread_handle();
}

// In KernelMode Windows stops for a handle that is not open, but for these.
bool never_open(HANDLE handle) {
    const auto value = reinterpret_cast<ULONG_PTR>(handle);
    return value == 0 || value == kernel_handle_bits;
}

NTSTATUS close(HANDLE handle, KPROCESSOR_MODE mode) {
    if (is_pseudo_handle(handle)) return STATUS_SUCCESS;  // since Windows 10
    if (never_open(handle)) return STATUS_INVALID_HANDLE;
    const Place place = place_of(handle, mode);
    if (entry_of(place) == nullptr) {
        if (mode == KernelMode) {
            PORTICO_PROBE(object_misuse, INVALID_KERNEL_HANDLE, handle,
                          "The driver closed a handle that is not open.");
        }
        return STATUS_INVALID_HANDLE;
    }
    close_entry(place.table, place.number);
    return STATUS_SUCCESS;
}

void close_all(HandleTable& table) {
    for (ULONG number = 1; number <= table.used; ++number) {
        if (table.at(number - 1).body != nullptr) close_entry(table, number);
    }
    for (HandleEntry*& chunk : table.chunks) {
        if (chunk != nullptr) ex::free(chunk, chunk_tag);
        chunk = nullptr;
    }
    table.used = table.free_head = table.free_tail = 0;
}

NTSTATUS open(const OBJECT_ATTRIBUTES& attributes, Lookup& lookup, const void* frame, PHANDLE handle) {
    void* body = nullptr;
    NTSTATUS status = find(attributes, lookup, &body);
    if (!NT_SUCCESS(status)) return status;
    ACCESS_MASK granted = 0;
    const NTSTATUS access = map_access(type_of(body), lookup.desired, lookup.mode, &granted);
    if (!NT_SUCCESS(access)) {
        status = access;
    } else {
        const NTSTATUS inserted =
            insert_handle(body, granted, attributes.Attributes, lookup.mode, frame, handle);
        if (!NT_SUCCESS(inserted)) status = inserted;
    }
    dereference(body);
    return status;
}

NTSTATUS insert(void* body, const OBJECT_ATTRIBUTES* attributes, ACCESS_MASK desired, KPROCESSOR_MODE mode,
                const void* frame, PHANDLE handle) {
    Naming naming;
    naming.mode = mode;
    if (attributes != nullptr) {
        naming.name = attributes->ObjectName;
        naming.root = attributes->RootDirectory;
        naming.attributes = attributes->Attributes;
    }
    ACCESS_MASK granted = 0;
    NTSTATUS status = map_access(type_of(body), desired, mode, &granted);
    void* existing = nullptr;
    if (NT_SUCCESS(status)) status = insert_name(body, naming, &existing);
    if (NT_SUCCESS(status)) {
        header_of(body).exclusive = (naming.attributes & OBJ_EXCLUSIVE) != 0;
        void* const target = existing != nullptr ? existing : body;
        const NTSTATUS inserted = insert_handle(target, granted, naming.attributes, mode, frame, handle);
        if (!NT_SUCCESS(inserted)) {
            status = inserted;
            if (existing == nullptr) make_temporary(body);
        }
    }
    if (existing != nullptr) dereference(existing);
    dereference(body);
    return status;
}

void for_each_left_handle(sim::AddressRange image, void (*visit)(const LeftBehind& left, void* context),
                          void* context) {
    HandleTable& table = ps::system_process()->handles;
    for (ULONG i = 0; i < table.used; ++i) {
        const HandleEntry& entry = table.at(i);
        if (entry.body == nullptr || entry.made.frames[0] == 0 || !ex::made_by(entry.made, image)) continue;
        const Header& header = header_of(entry.body);
        LeftBehind left{};
        left.kind = LeftKind::handle;
        left.address = std::uint64_t{i + 1} * 4 | kernel_handle_bits;
        left.references = static_cast<std::uint32_t>(header.handle_count);
        left.what = header.type->description.name;
        left.made = entry.made;
        visit(left, context);
    }
}

}  // namespace portico::nt::ob
