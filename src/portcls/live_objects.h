// Every COM object that Portico made and that still lives: where it was made and who changed its count last.
// A driver that keeps a reference too many is told which object it was and from where the count was changed
// (IU-013).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "nt/findings.h"
#include "sim/address_map.h"

namespace portico::portcls {

// One AddRef or Release.
struct ReferenceSite {
    nt::Origin origin;   // the driver's frames first, when a driver called
    std::int32_t count;  // after it
    bool added;
};

class ObjectCore;

struct LiveObject {
    static constexpr unsigned site_limit = 8;

    const char* kind = nullptr;     // the interface's name, a literal; null: the slot is free
    const void* address = nullptr;  // of the object, which is also its first interface pointer
    ObjectCore* core = nullptr;
    std::uint32_t size = 0;
    std::int32_t references = 0;
    std::uint64_t key = 0;  // never used twice between resets
    nt::Origin made{};
    std::array<ReferenceSite, site_limit> sites{};
    std::uint32_t site_count =
        0;  // all there were; the newest site_limit are kept, site n at index n % site_limit
    LiveObject* previous = nullptr;
    LiveObject* next = nullptr;
    LiveObject* same_bucket = nullptr;
};

constexpr unsigned live_object_limit = 4096;

// Null when the table is full: the object must not be made (STATUS_INSUFFICIENT_RESOURCES).
LiveObject* add_live_object(const char* kind, const void* address, std::size_t size, ObjectCore* core);
void remove_live_object(LiveObject& object);
void log_reference(LiveObject& object, bool added);

// Null when the object with this key is gone.
const LiveObject* find_live_object(std::uint64_t key);
// The object at this address, if Portico made it; null otherwise. Any IRQL; cheap.
const LiveObject* live_object_at(const void* address);
unsigned live_object_count();
// In the order in which they were made.
void for_each_live_object(void (*visit)(const LiveObject& object, void* context), void* context);

// Tells the verifier of each object that a driver made or counted, by PORTICO_PROBE(left_behind). For its
// unloading.
void report_left_objects(sim::AddressRange driver_image);

void reset_live_objects();

}  // namespace portico::portcls
