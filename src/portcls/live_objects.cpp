#include "portcls/live_objects.h"

#include <algorithm>

#include "nt/probes.h"

namespace portico::portcls {
namespace {

struct Table {
    std::array<LiveObject, live_object_limit> slots;
    std::array<LiveObject*, live_object_limit> buckets{};  // by address
    LiveObject* first = nullptr;
    LiveObject* last = nullptr;
    LiveObject* free = nullptr;  // linked by next
    unsigned used = 0;           // slots that were ever taken since the reset
    unsigned count = 0;
    std::uint64_t serial = 0;
};

Table table;

constexpr std::uint64_t index_mask = live_object_limit - 1;

// Objects are aligned to 16 bytes and often of equal size: the high half of a product mixes all of the
// address.
LiveObject*& bucket_of(const void* address) {
    const auto mixed = reinterpret_cast<std::uint64_t>(address) * 0x9e37'79b9'7f4a'7c15;
    return table.buckets[mixed >> 52];
}
static_assert(live_object_limit == 1u << 12);

void enter_bucket(LiveObject& object) {
    LiveObject*& bucket = bucket_of(object.address);
    object.same_bucket = bucket;
    bucket = &object;
}

void leave_bucket(LiveObject& object) {
    LiveObject** place = &bucket_of(object.address);
    while (*place != &object) place = &(*place)->same_bucket;
    *place = object.same_bucket;
}

LiveObject* take_slot() {
    if (table.free != nullptr) {
        LiveObject* const slot = table.free;
        table.free = slot->next;
        return slot;
    }
    return table.used < live_object_limit ? &table.slots[table.used++] : nullptr;
}

// Portico's own frames say nothing to a driver's author: what is kept begins with the innermost frame in an
// image.
void capture_driver_origin(nt::Origin& origin) {
    nt::Stack stack;
    nt::capture_stack(stack);
    unsigned from = 0;
    while (from < stack.count && !sim::image_range.contains(stack.frames[from])) ++from;
    if (from == stack.count) from = 0;
    origin = {};
    for (unsigned i = 0; i < nt::Origin::depth && from + i < stack.count; ++i)
        origin.frames[i] = stack.frames[from + i];
}

bool within(const nt::Origin& origin, sim::AddressRange image) {
    for (const auto frame : origin.frames) {
        if (frame != 0 && image.contains(frame)) return true;
    }
    return false;
}

bool concerns(const LiveObject& object, sim::AddressRange image) {
    if (within(object.made, image)) return true;
    const unsigned kept = std::min(object.site_count, LiveObject::site_limit);
    for (unsigned i = 0; i < kept; ++i) {
        if (within(object.sites[i].origin, image)) return true;
    }
    return false;
}

}  // namespace

LiveObject* add_live_object(const char* kind, const void* address, std::size_t size, ObjectCore* core) {
    LiveObject* const slot = take_slot();
    if (slot == nullptr) return nullptr;
    const auto index = static_cast<std::uint64_t>(slot - table.slots.data());
    slot->kind = kind;
    slot->address = address;
    slot->core = core;
    slot->size = static_cast<std::uint32_t>(size);
    slot->references = 0;
    slot->key = ++table.serial * live_object_limit + index;
    slot->site_count = 0;
    capture_driver_origin(slot->made);
    slot->previous = table.last;
    slot->next = nullptr;
    (table.last == nullptr ? table.first : table.last->next) = slot;
    table.last = slot;
    enter_bucket(*slot);
    ++table.count;
    return slot;
}

void remove_live_object(LiveObject& object) {
    leave_bucket(object);
    (object.previous == nullptr ? table.first : object.previous->next) = object.next;
    (object.next == nullptr ? table.last : object.next->previous) = object.previous;
    object.kind = nullptr;
    object.key = 0;
    object.next = table.free;
    table.free = &object;
    --table.count;
}

void log_reference(LiveObject& object, bool added) {
    ReferenceSite& site = object.sites[object.site_count++ % LiveObject::site_limit];
    capture_driver_origin(site.origin);
    site.count = object.references;
    site.added = added;
}

const LiveObject* find_live_object(std::uint64_t key) {
    const LiveObject& slot = table.slots[key & index_mask];
    return key != 0 && slot.key == key ? &slot : nullptr;
}

const LiveObject* live_object_at(const void* address) {
    const LiveObject* object = bucket_of(address);
    while (object != nullptr && object->address != address) object = object->same_bucket;
    return object;
}

unsigned live_object_count() {
    return table.count;
}

void for_each_live_object(void (*visit)(const LiveObject& object, void* context), void* context) {
    for (const LiveObject* object = table.first; object != nullptr; object = object->next)
        visit(*object, context);
}

void report_left_objects(sim::AddressRange image) {
    for (const LiveObject* object = table.first; object != nullptr; object = object->next) {
        if (!concerns(*object, image)) continue;
        PORTICO_PROBE(left_behind, {nt::LeftKind::reference, reinterpret_cast<std::uint64_t>(object->address),
                                    object->size, 0, static_cast<std::uint32_t>(object->references),
                                    object->kind, object->made});
    }
}

void reset_live_objects() {
    // Keys start anew: nothing of the last run is left that could hold one.
    for (LiveObject* object = table.first; object != nullptr; object = object->next) leave_bucket(*object);
    for (unsigned i = 0; i < table.used; ++i) {
        table.slots[i].kind = nullptr;
        table.slots[i].key = 0;
    }
    table.first = table.last = table.free = nullptr;
    table.used = table.count = 0;
    table.serial = 0;
}

}  // namespace portico::portcls
