// Objects: their headers, references and end.
#include "nt/ob/ob.h"

#include "nt/ex/pool.h"
#include "nt/ex/work.h"
#include "nt/ke/ke.h"
#include "nt/ob/header.h"
#include "nt/ob/references.h"

namespace portico::nt::ob {
namespace {

struct Objects {
    LIST_ENTRY all;
    Header* deferred = nullptr;  // to be deleted by the worker, first in, first out
    Header* deferred_last = nullptr;
    bool worker_queued = false;
    WORK_QUEUE_ITEM worker;
};
constinit Objects objects{};

void delete_now(Header& header) {
    if (header.directory != nullptr) remove_name(header);
    void* const body = body_of(header);
    if (header.type->description.remove != nullptr) header.type->description.remove(body);
    forget_references(header);
    RemoveEntryList(&header.all);
    --header.type->objects;
    header.magic = 0;
    ex::free(&header, 0);
}

void NTAPI delete_deferred(void*) {
    objects.worker_queued = false;
    while (objects.deferred != nullptr) {
        Header& header = *objects.deferred;
        objects.deferred = header.next_deferred;
        if (objects.deferred == nullptr) objects.deferred_last = nullptr;
        delete_now(header);
    }
}

void defer_deletion(Header& header) {
    header.deferred = true;
    header.next_deferred = nullptr;
    (objects.deferred_last == nullptr ? objects.deferred : objects.deferred_last->next_deferred) = &header;
    objects.deferred_last = &header;
    if (objects.worker_queued) return;
    objects.worker_queued = true;
    ExInitializeWorkItem(&objects.worker, delete_deferred, nullptr);
    ex::queue_work_item(&objects.worker, CriticalWorkQueue);
}

// Windows deletes an object where its last reference goes, unless APCs are disabled there altogether.
bool may_delete_here() {
    return ke::current_irql() == PASSIVE_LEVEL && ke::current_thread()->guarded_region_depth == 0;
}

void tell_misuse(const void* body, const char* text) {
    PORTICO_PROBE(object_misuse, REFERENCE_BY_POINTER, body, text);
}

void* allocate_object(POBJECT_TYPE type, std::size_t body_size) {
    const auto pool = static_cast<POOL_TYPE>(type->description.pool | POOL_ZERO_ALLOCATION);
    auto* const header =
        static_cast<Header*>(ex::allocate_internal(pool, sizeof(Header) + body_size, type->description.tag));
    if (header == nullptr) return nullptr;
    header->magic = Header::alive;
    header->pointer_count = 1;
    header->type = type;
    header->internal = true;
    InsertTailList(&objects.all, &header->all);
    ++type->objects;
    return body_of(*header);
}

}  // namespace

void reset() {
    InitializeListHead(&objects.all);
    objects.deferred = objects.deferred_last = nullptr;
    objects.worker_queued = false;
    reset_references();
    reset_handles();
    reset_namespace();
}

void* allocate(POBJECT_TYPE type, std::size_t body_size) {
    return allocate_object(type, body_size);
}

void* allocate(POBJECT_TYPE type, std::size_t body_size, const void* frame) {
    if (ex::refuse_allocation != nullptr && ex::refuse_allocation(body_size, type->description.tag))
        return nullptr;
    void* const body = allocate_object(type, body_size);
    if (body == nullptr) return nullptr;
    header_of(body).internal = false;
    capture_origin(header_of(body).made, frame);
    return body;
}

void* create(POBJECT_TYPE type, std::size_t body_size, const UNICODE_STRING* name, NTSTATUS* status,
             ULONG attributes) {
    NTSTATUS ignored = STATUS_SUCCESS;
    NTSTATUS& result = status == nullptr ? ignored : *status;
    void* const body = allocate_object(type, body_size);
    if (body == nullptr) {
        result = STATUS_INSUFFICIENT_RESOURCES;
        return nullptr;
    }
    Naming naming;
    naming.name = name;
    naming.attributes = attributes & ~OBJ_OPENIF;
    result = insert_name(body, naming, nullptr);
    if (NT_SUCCESS(result)) return body;
    // Nobody has seen it: its type's delete procedure has nothing to undo.
    Header& header = header_of(body);
    RemoveEntryList(&header.all);
    --type->objects;
    header.magic = 0;
    ex::free(&header, 0);
    return nullptr;
}

bool is_object(const void* body) {
    ex::PoolBlock block;
    const auto address = reinterpret_cast<std::uint64_t>(body);
    if (!ex::find_block(body, block) || !block.live || address - block.address != sizeof(Header))
        return false;
    return header_of(body).magic == Header::alive;
}

void reference(void* body) {
    Header& header = header_of(body);
    if (header.magic != Header::alive) {
        tell_misuse(body, "An object that is gone was referenced, or its header was overwritten.");
        return;
    }
    ++header.pointer_count;
}

void dereference(void* body) {
    Header& header = header_of(body);
    if (header.magic != Header::alive || header.pointer_count <= 0) {
        tell_misuse(body, "An object that is gone was dereferenced, or its header was overwritten.");
        return;
    }
    --header.pointer_count;
    // Nobody but the namespace knows a temporary object any more: it goes, as with the last handle.
    if (header.pointer_count == 1 && header.directory != nullptr && !header.permanent &&
        header.handle_count == 0) {
        remove_name(header);
        return;
    }
    if (header.pointer_count > 0) return;
    if (may_delete_here()) {
        delete_now(header);
    } else {
        defer_deletion(header);
    }
}

void make_temporary(void* body) {
    Header& header = header_of(body);
    header.permanent = false;
    if (header.handle_count == 0 && header.directory != nullptr) remove_name(header);
}

void make_permanent(void* body) {
    header_of(body).permanent = true;
}

POBJECT_TYPE type_of(const void* body) {
    return header_of(body).type;
}
LONG_PTR references_of(const void* body) {
    return header_of(body).pointer_count;
}
ULONG handles_of(const void* body) {
    return static_cast<ULONG>(header_of(body).handle_count);
}
std::string_view type_name(const void* body) {
    return header_of(body).type->description.name;
}

const Origin& origin_of(const void* body) {
    return header_of(body).made;
}
void* beside(const void* body) {
    return header_of(body).beside;
}
void set_beside(void* body, void* memory) {
    header_of(body).beside = memory;
}

// ---- the driver's references ----

void reference_for_driver(void* body, const void* frame) {
    if (!is_object(body)) {
        tell_misuse(body, "The driver referenced an address that is no object's.");
        return;
    }
    Header& header = header_of(body);
    if (header.pointer_count <= 0) {
        tell_misuse(body, "The driver referenced an object that is being deleted.");
        return;
    }
    ++header.pointer_count;
    note_reference(header, frame);
}

void hand_to_driver(void* body, const void* frame) {
    note_reference(header_of(body), frame);
}

void dereference_for_driver(void* body) {
    if (!is_object(body)) {
        tell_misuse(body,
                    "The driver dereferenced an address that is no object's, or an object that is gone.");
        return;
    }
    Header& header = header_of(body);
    // Each open handle holds a reference, and the namespace one: none of these is the driver's to give back.
    const LONG_PTR held = header.handle_count + (header.directory != nullptr ? 1 : 0);
    if (header.pointer_count <= held) {
        tell_misuse(body, "The driver dereferenced an object more often than it had referenced it.");
        return;
    }
    note_dereference(header);
    dereference(body);
}

void* find_object(POBJECT_TYPE type, bool (*wanted)(void* body, void* context), void* context) {
    for (PLIST_ENTRY e = objects.all.Flink; e != &objects.all; e = e->Flink) {
        Header& header = *CONTAINING_RECORD(e, Header, all);
        if (header.type == type && header.pointer_count > 0 && wanted(body_of(header), context))
            return body_of(header);
    }
    return nullptr;
}

// ---- what a driver left ----

void for_each_left(sim::AddressRange image, void (*visit)(const LeftBehind& left, void* context),
                   void* context) {
    for_each_left_handle(image, visit, context);
    for (PLIST_ENTRY e = objects.all.Flink; e != &objects.all; e = e->Flink) {
        const Header& header = *CONTAINING_RECORD(e, Header, all);
        // An object with an open handle is told about by its handle.
        if (!header.internal && header.handle_count == 0 && !header.deferred &&
            ex::made_by(header.made, image)) {
            LeftBehind left{};
            left.kind = header.type->description.left;
            left.address = reinterpret_cast<std::uint64_t>(body_of(header));
            left.tag = header.type->description.tag;
            left.references = static_cast<std::uint32_t>(header.pointer_count);
            left.what = header.type->description.name;
            left.made = header.made;
            visit(left, context);
        }
        for_each_left_reference(header, image, visit, context);
    }
}

}  // namespace portico::nt::ob
