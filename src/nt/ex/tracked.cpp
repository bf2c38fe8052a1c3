#include "nt/ex/tracked.h"

#include <array>

#include "nt/ex/pool.h"

namespace portico::nt::ex {
namespace {

struct Tracked {
    std::uint64_t address;  // 0: free
    std::uint32_t size;
    std::uint32_t tag;
    TrackedKind kind;
    Origin made;
};

struct Table {
    std::array<Tracked, tracked_limit> all;
    unsigned used = 0;        // entries from here on were never used
    bool overflowed = false;  // something was not tracked: what is not found may be that
};
constinit Table table{};

struct Naming {
    LeftKind left;
    const char* what;
    const char* freed;  // what to say when its memory is freed
};

Naming naming_of(TrackedKind kind) {
    switch (kind) {
        case TrackedKind::lookaside_list:
            return {LeftKind::lookaside_list, "lookaside list",
                    "The driver freed memory that holds a lookaside list (0xCC)."};
        case TrackedKind::resource:
            return {LeftKind::object, "ERESOURCE", "The driver freed memory that holds an ERESOURCE (0xD2)."};
        case TrackedKind::callback_registration:
            return {LeftKind::object, "callback registration", "The driver freed a callback registration."};
        case TrackedKind::timer:
            break;
    }
    return {LeftKind::timer, "EX_TIMER", "The driver freed an EX_TIMER without ExDeleteTimer."};
}

Tracked* find(TrackedKind kind, const void* address) {
    for (unsigned i = 0; i < table.used; ++i) {
        Tracked& t = table.all[i];
        if (t.address == reinterpret_cast<std::uint64_t>(address) && t.kind == kind) return &t;
    }
    return nullptr;
}

// What Portico itself allocated is known by its block, also when there was no room for it here.
bool is_block(TrackedKind kind, const void* address) {
    if (kind != TrackedKind::timer && kind != TrackedKind::callback_registration) return true;
    PoolBlock block;
    return find_block(address, block) && block.live && block.internal &&
           block.address == reinterpret_cast<std::uint64_t>(address) &&
           block.tag == (kind == TrackedKind::timer ? timer_tag : callback_tag);
}

bool may_be_untracked(TrackedKind kind, const void* address) {
    return table.overflowed && is_block(kind, address);
}

Tracked* take() {
    for (unsigned i = 0; i < table.used; ++i) {
        if (table.all[i].address == 0) return &table.all[i];
    }
    return table.used < tracked_limit ? &table.all[table.used++] : nullptr;
}

void forget(Tracked& tracked) {
    tracked.address = 0;
    while (table.used > 0 && table.all[table.used - 1].address == 0) --table.used;
}

}  // namespace

void track(TrackedKind kind, const void* address, std::uint32_t size, std::uint32_t tag, const void* frame) {
    Tracked* entry = find(kind, address);
    if (entry == nullptr) entry = take();
    if (entry == nullptr) {
        table.overflowed = true;
        return;
    }
    entry->address = reinterpret_cast<std::uint64_t>(address);
    entry->size = size;
    entry->tag = tag;
    entry->kind = kind;
    capture_origin(entry->made, frame);
}

bool untrack(TrackedKind kind, const void* address) {
    Tracked* const entry = find(kind, address);
    if (entry == nullptr) return may_be_untracked(kind, address);
    forget(*entry);
    return true;
}

bool is_tracked(TrackedKind kind, const void* address) {
    return find(kind, address) != nullptr || may_be_untracked(kind, address);
}

void forget_tracked_in(std::uint64_t address, std::uint64_t size) {
    for (unsigned i = 0; i < table.used; ++i) {
        Tracked& t = table.all[i];
        if (t.address == 0 || t.address - address >= size) continue;
        PORTICO_PROBE(object_misuse, driver_verifier_detected_violation,
                      reinterpret_cast<const void*>(t.address), naming_of(t.kind).freed);
        forget(t);
    }
}

void for_each_left_tracked(sim::AddressRange image, void (*visit)(const LeftBehind& left, void* context),
                           void* context) {
    for (unsigned i = 0; i < table.used; ++i) {
        const Tracked& t = table.all[i];
        if (t.address == 0 || !made_by(t.made, image)) continue;
        LeftBehind left{};
        left.kind = naming_of(t.kind).left;
        left.address = t.address;
        left.size = t.size;
        left.tag = t.tag;
        left.what = naming_of(t.kind).what;
        left.made = t.made;
        visit(left, context);
    }
}

void reset_tracked() {
    table.used = 0;
    table.overflowed = false;
}

}  // namespace portico::nt::ex
