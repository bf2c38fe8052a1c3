#include "nt/ob/references.h"

#include <array>

#include "nt/ex/pool.h"

namespace portico::nt::ob {
namespace {

struct Reference {
    Origin made;
    ULONG next;  // of the same object, older; or the next free one
};

// Number 0 means none.
struct References {
    std::array<Reference, reference_limit + 1> all;
    ULONG used = 0;
    ULONG free = 0;
};
constinit References references{};

}  // namespace

void reset_references() {
    references.used = references.free = 0;
}

void note_reference(Header& header, const void* frame) {
    ULONG index = references.free;
    if (index != 0) {
        references.free = references.all[index].next;
    } else if (references.used < reference_limit) {
        index = ++references.used;
    } else {
        return;
    }
    capture_origin(references.all[index].made, frame);
    references.all[index].next = header.first_reference;
    header.first_reference = index;
}

void note_dereference(Header& header) {
    const ULONG index = header.first_reference;
    if (index == 0) return;
    header.first_reference = references.all[index].next;
    references.all[index].next = references.free;
    references.free = index;
}

void forget_references(Header& header) {
    while (header.first_reference != 0) note_dereference(header);
}

void for_each_left_reference(const Header& header, sim::AddressRange image,
                             void (*visit)(const LeftBehind& left, void* context), void* context) {
    std::uint32_t count = 0;
    for (ULONG i = header.first_reference; i != 0; i = references.all[i].next) ++count;
    for (ULONG i = header.first_reference; i != 0; i = references.all[i].next) {
        if (!ex::made_by(references.all[i].made, image)) continue;
        LeftBehind left{};
        left.kind = LeftKind::reference;
        left.address = reinterpret_cast<std::uint64_t>(body_of(header));
        left.references = count;
        left.what = header.type->description.name;
        left.made = references.all[i].made;
        visit(left, context);
    }
}

}  // namespace portico::nt::ob
