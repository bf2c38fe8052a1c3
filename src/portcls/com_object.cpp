#include "portcls/com_object.h"

#include "nt/probes.h"

namespace portico::portcls {

bool ObjectCore::begin_life(const char* kind, const void* address, std::size_t size) {
    live_ = add_live_object(kind, address, size, this);
    if (live_ == nullptr) return false;
    live_->references = references_ = 1;
    return true;
}

void ObjectCore::end_life() {
    remove_live_object(*live_);
    live_ = nullptr;
    destroy();
}

// A driver that released once too often may come here while the object is being destroyed: nothing is counted
// any more.
bool ObjectCore::ending() const {
    if (live_ != nullptr) return false;
    PORTICO_PROBE(object_misuse, 0x18, this,
                  "AddRef or Release of a COM object whose last reference is gone.");
    return true;
}

void ObjectCore::reference() {
    if (ending()) return;
    live_->references = ++references_;
    log_reference(*live_, true);
}

void ObjectCore::dereference() {
    if (ending()) return;
    live_->references = --references_;
    log_reference(*live_, false);
    if (references_ == 0) end_life();
}

NTSTATUS ObjectCore::query(const GUID& id, void** out) {
    *out = find_interface(id);
    if (*out == nullptr) return STATUS_INVALID_PARAMETER;  // IU-011: what published objects answer
    reference();
    return STATUS_SUCCESS;
}

NTSTATUS ObjectCore::query_from_driver(const GUID& id, void** out) {
    DDI_METHOD("IUnknown::QueryInterface", DISPATCH_LEVEL);
    return out == nullptr ? STATUS_INVALID_PARAMETER : query(id, out);
}

ULONG ObjectCore::add_reference_from_driver() {
    DDI_METHOD("IUnknown::AddRef", HIGH_LEVEL);
    reference();
    return static_cast<ULONG>(references_);
}

ULONG ObjectCore::release_from_driver() {
    DDI_METHOD("IUnknown::Release", DISPATCH_LEVEL);
    const ULONG left = references_ > 0 ? static_cast<ULONG>(references_ - 1) : 0;
    dereference();
    return left;
}

}  // namespace portico::portcls
