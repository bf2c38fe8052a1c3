#include "portcls/allocator_mxf.h"

#include <algorithm>
#include <cstring>

#include "nt/mm/mm.h"
#include "nt/probes.h"

namespace portico::portcls {
namespace {

// Every allocator that lives: an event may come back through another stream's.
AllocatorMxf* first = nullptr;

// Where `address` lies in an array of `count` things of `size` bytes; false outside.
bool index_in(const void* array, std::size_t size, unsigned count, const void* address, unsigned& index) {
    const auto offset = reinterpret_cast<std::uintptr_t>(address) - reinterpret_cast<std::uintptr_t>(array);
    if (offset >= size * count) return false;
    index = static_cast<unsigned>(offset / size);
    return true;
}

void tell_lost(const AllocatorMxf* allocator, unsigned events, unsigned buffers) {
    if (events != 0) {
        PORTICO_PROBE(
            contract, "MX-021", allocator,
            "A DirectMusic stream is closed and has not given all its events back to the allocator.");
    } else if (buffers != 0) {
        PORTICO_PROBE(contract, "AL-002", allocator,
                      "A DirectMusic stream is closed and has not given all its buffers back to the "
                      "allocator.");
    }
}

}  // namespace

AllocatorMxf::AllocatorMxf() : next_(first) {
    first = this;
}

AllocatorMxf* AllocatorMxf::create() {
    return make_object<AllocatorMxf>(NonPagedPool, "IAllocatorMXF");
}

void* AllocatorMxf::find_interface(const GUID& id) {
    const bool known = is_unknown_iid(id) || IsEqualGUID(id, IID_IMXF) || IsEqualGUID(id, IID_IAllocatorMXF);
    return known ? static_cast<IAllocatorMXF*>(this) : nullptr;
}

void AllocatorMxf::destroy() {
    AllocatorMxf** place = &first;
    while (*place != this) place = &(*place)->next_;
    *place = next_;
    unmake(this);
}

void reset_allocators() {
    first = nullptr;
}

void AllocatorMxf::close() {
    closed_ = true;
    tell_lost(this, events_.out_count(), buffers_.out_count());
}

// ---- whose is it ----

AllocatorMxf* AllocatorMxf::owner_of_event(const DMUS_KERNEL_EVENT* event, unsigned& number) {
    AllocatorMxf* a = first;
    while (a != nullptr && !index_in(a->event_memory_.data(), sizeof *event, event_limit, event, number)) {
        a = a->next_;
    }
    return a != nullptr && event == &a->event_memory_[number] ? a : nullptr;
}

AllocatorMxf* AllocatorMxf::owner_of_buffer(const BYTE* buffer, unsigned& number) {
    AllocatorMxf* a = first;
    while (a != nullptr && !index_in(a->buffer_memory_.data(), buffer_size, buffer_limit, buffer, number)) {
        a = a->next_;
    }
    return a;
}

bool AllocatorMxf::is_handed_out(const DMUS_KERNEL_EVENT* event) {
    unsigned number = 0;
    const AllocatorMxf* const owner = owner_of_event(event, number);
    return owner != nullptr && owner->events_.is_out(number);
}

ULONG AllocatorMxf::readable(const BYTE* data, ULONG count) {
    unsigned number = 0;
    if (const AllocatorMxf* const owner = owner_of_buffer(data, number)) {
        const auto end = owner->buffer_memory_[number].data() + buffer_size;
        return std::min(count, static_cast<ULONG>(end - data));
    }
    constexpr std::uintptr_t page = 4096;
    for (ULONG good = 0; good < count;) {
        if (!nt::mm::is_address_valid(data + good)) return good;
        good += static_cast<ULONG>(page - reinterpret_cast<std::uintptr_t>(data + good) % page);
    }
    return count;
}

// ---- out ----

PDMUS_KERNEL_EVENT AllocatorMxf::take_event() {
    const unsigned number = closed_ ? event_limit : events_.take();
    if (number == event_limit) return nullptr;
    DMUS_KERNEL_EVENT& event = event_memory_[number];
    event = DMUS_KERNEL_EVENT{};
    event.cbStruct = sizeof event;
    return &event;
}

PBYTE AllocatorMxf::take_buffer() {
    const unsigned number = closed_ ? buffer_limit : buffers_.take();
    return number == buffer_limit ? nullptr : buffer_memory_[number].data();
}

// ---- and back ----

void AllocatorMxf::give_back_buffer(PBYTE buffer) {
    unsigned number = 0;
    if (owner_of_buffer(buffer, number) == this) buffers_.give(number);
}

// A foreign buffer stays the driver's (AL-005).
void AllocatorMxf::take_back_buffer(const DMUS_KERNEL_EVENT& event) {
    if (PACKAGE_EVT(&event) || SHORT_EVT(&event)) return;
    unsigned number = 0;
    AllocatorMxf* const owner = owner_of_buffer(event.uData.pbData, number);
    if (owner == nullptr) return;
    if (owner->buffers_.is_out(number)) return owner->buffers_.give(number);
    PORTICO_PROBE(contract, "AL-002", owner,
                  "A DirectMusic event came back with a buffer that had been given back before.");
}

// False: it is none that is out.
bool AllocatorMxf::take_back(PDMUS_KERNEL_EVENT event) {
    unsigned number = 0;
    AllocatorMxf* const owner = owner_of_event(event, number);
    if (owner == nullptr) {
        PORTICO_PROBE(contract, "MX-021", event,
                      "A DMUS_KERNEL_EVENT was given back that no allocator handed out.");
        return false;
    }
    if (!owner->events_.is_out(number)) {
        PORTICO_PROBE(contract, "MX-021", owner, "A DMUS_KERNEL_EVENT was given back twice.");
        return false;
    }
    if (event->bReserved != 0 || event->cbStruct != sizeof *event) {
        PORTICO_PROBE(contract, "MX-038", owner,
                      "A DMUS_KERNEL_EVENT came back with another bReserved or cbStruct.");
    }
    take_back_buffer(*event);
    owner->events_.give(number);
    return true;
}

// An event is back before what hangs on it is followed, so that no ring of them is endless. Those with a
// package wait in a list of their own, linked through the events themselves.
void AllocatorMxf::recycle(PDMUS_KERNEL_EVENT chain) {
    PDMUS_KERNEL_EVENT packages = nullptr;
    for (;;) {
        while (chain != nullptr && take_back(chain)) {
            const PDMUS_KERNEL_EVENT next = chain->pNextEvt;
            if (PACKAGE_EVT(chain)) {
                chain->pNextEvt = packages;
                packages = chain;
            }
            chain = next;
        }
        if (packages == nullptr) return;
        chain = packages->uData.pPackageEvt;
        packages = packages->pNextEvt;
    }
}

// ---- IMXF and IAllocatorMXF ----

NTSTATUS AllocatorMxf::SetState(KSSTATE) {
    DDI_METHOD("IAllocatorMXF::SetState", PASSIVE_LEVEL);
    return STATUS_SUCCESS;
}

NTSTATUS AllocatorMxf::PutMessage(PDMUS_KERNEL_EVENT event) {
    DDI_METHOD("IAllocatorMXF::PutMessage", DISPATCH_LEVEL);
    if (event == nullptr) return STATUS_INVALID_PARAMETER;
    recycle(event);
    return STATUS_SUCCESS;
}

// What an allocator gets ends there.
NTSTATUS AllocatorMxf::ConnectOutput(PMXF) {
    DDI_METHOD("IAllocatorMXF::ConnectOutput", PASSIVE_LEVEL);
    return STATUS_INVALID_DEVICE_REQUEST;
}

NTSTATUS AllocatorMxf::DisconnectOutput(PMXF) {
    DDI_METHOD("IAllocatorMXF::DisconnectOutput", PASSIVE_LEVEL);
    return STATUS_INVALID_DEVICE_REQUEST;
}

NTSTATUS AllocatorMxf::GetMessage(PDMUS_KERNEL_EVENT* out) {
    DDI_METHOD("IAllocatorMXF::GetMessage", DISPATCH_LEVEL);
    if (out == nullptr) return STATUS_INVALID_PARAMETER;
    *out = take_event();
    return *out == nullptr ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

USHORT AllocatorMxf::GetBufferSize() {
    DDI_METHOD("IAllocatorMXF::GetBufferSize", HIGH_LEVEL);
    return buffer_size;
}

NTSTATUS AllocatorMxf::GetBuffer(PBYTE* out) {
    DDI_METHOD("IAllocatorMXF::GetBuffer", DISPATCH_LEVEL);
    if (out == nullptr) return STATUS_INVALID_PARAMETER;
    *out = take_buffer();
    return *out == nullptr ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

NTSTATUS AllocatorMxf::PutBuffer(PBYTE buffer) {
    DDI_METHOD("IAllocatorMXF::PutBuffer", DISPATCH_LEVEL);
    unsigned number = 0;
    AllocatorMxf* const owner = owner_of_buffer(buffer, number);
    if (owner != nullptr && owner->buffers_.is_out(number)) {
        owner->buffers_.give(number);
        return STATUS_SUCCESS;
    }
    PORTICO_PROBE(contract, "AL-002", this,
                  "IAllocatorMXF::PutBuffer was given what is no buffer of an allocator, or no longer.");
    return STATUS_INVALID_PARAMETER;
}

}  // namespace portico::portcls
