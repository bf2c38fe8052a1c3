// Executive resources: locks with one exclusive owner or many shared ones.
#pragma once

#include "wdm.h"

namespace portico::nt::ex {

enum class SharedKind {
    normal,              // behind exclusive waiters, but for an owner
    starve_exclusive,    // past exclusive waiters
    wait_for_exclusive,  // behind exclusive waiters even for an owner
};

void initialize_resource(PERESOURCE resource);
void delete_resource(PERESOURCE resource);
// IRQL <= APC_LEVEL with normal kernel APCs off. False: it would have to wait, and `wait` is false.
bool acquire_exclusive(PERESOURCE resource, bool wait);
bool acquire_shared(PERESOURCE resource, bool wait, SharedKind kind);
// `owner`: a thread, or what ExSetResourceOwnerPointer put in its place. Not an owner: RESOURCE_NOT_OWNED.
void release_resource(PERESOURCE resource, ERESOURCE_THREAD owner);

}  // namespace portico::nt::ex
