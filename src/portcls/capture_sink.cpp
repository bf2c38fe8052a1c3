#include "portcls/capture_sink.h"

#include "nt/ke/ke.h"
#include "nt/mm/mm.h"
#include "nt/probes.h"
#include "portcls/capture.h"

namespace portico::portcls {
namespace {

// Packages in packages that are followed.
constexpr unsigned package_depth_limit = 16;

}  // namespace

CaptureSink* CaptureSink::create(Capture& capture, AllocatorMxf& allocator) {
    return make_object<CaptureSink>(NonPagedPool, "IMXF", capture, allocator);
}

void* CaptureSink::find_interface(const GUID& id) {
    return is_unknown_iid(id) || IsEqualGUID(id, IID_IMXF) ? static_cast<IMXF*>(this) : nullptr;
}

void CaptureSink::destroy() {
    unmake(this);
}

// The event's bytes, as far as there are any, whatever it says.
void CaptureSink::take(const DMUS_KERNEL_EVENT& event) {
    const ULONG said = event.cbEvent;
    const BYTE* const bytes = SHORT_EVT(&event) ? event.uData.abData : event.uData.pbData;
    const ULONG count = SHORT_EVT(&event) ? said : AllocatorMxf::readable(bytes, said);
    if (count < said) {
        PORTICO_PROBE(contract, "MX-037", &event,
                      "A DMUS_KERNEL_EVENT says more bytes than there are at its pbData.");
    }
    const bool is_whole = capture_->take_event(bytes, count, event.ullPresTime100ns, event.usChannelGroup);
    if (COMPLETE_EVT(&event) && !is_whole) {
        PORTICO_PROBE(contract, "MX-038", &event,
                      "A DMUS_KERNEL_EVENT is flagged as complete and is not exactly one MIDI message.");
    }
}

// Follows events of allocators alone, and no more of them than there are: a chain may be a ring.
void CaptureSink::take_chain(const DMUS_KERNEL_EVENT* event, unsigned depth, unsigned& left) {
    for (; event != nullptr && left != 0 && AllocatorMxf::is_handed_out(event); event = event->pNextEvt) {
        --left;
        if (!PACKAGE_EVT(event)) {
            take(*event);
        } else if (depth < package_depth_limit) {
            take_chain(event->uData.pPackageEvt, depth + 1, left);
        }
    }
}

NTSTATUS CaptureSink::refuse(PDMUS_KERNEL_EVENT event, const char* why) {
    PORTICO_PROBE(contract, "MX-024", this, why);
    if (nt::ke::current_irql() <= DISPATCH_LEVEL) allocator_->recycle(event);
    return STATUS_INVALID_DEVICE_STATE;
}

// What is in the event's memory is read at DISPATCH_LEVEL, where nobody else changes it.
NTSTATUS CaptureSink::PutMessage(PDMUS_KERNEL_EVENT event) {
    DDI_METHOD("IMXF::PutMessage", DISPATCH_LEVEL);
    if (event == nullptr) return STATUS_SUCCESS;
    if (nt::ke::current_irql() > DISPATCH_LEVEL)
        return refuse(event, "An event was put into the capture sink above DISPATCH_LEVEL.");
    nt::ke::DispatcherLock dispatch_level;
    if (capture_ == nullptr)
        return refuse(event, "An event was put into the capture sink after DisconnectOutput.");
    ++inside_;
    unsigned left = AllocatorMxf::event_limit;
    take_chain(event, 0, left);
    allocator_->recycle(event);
    capture_->deliver();
    --inside_;
    return STATUS_SUCCESS;
}

void CaptureSink::detach() {
    while (inside_ != 0) nt::ke::stall(microsecond_ns);
    capture_ = nullptr;
}

NTSTATUS CaptureSink::SetState(KSSTATE) {
    DDI_METHOD("IMXF::SetState", PASSIVE_LEVEL);
    return STATUS_SUCCESS;
}

// Its output is the pin.
NTSTATUS CaptureSink::ConnectOutput(PMXF) {
    DDI_METHOD("IMXF::ConnectOutput", PASSIVE_LEVEL);
    return STATUS_INVALID_DEVICE_REQUEST;
}

NTSTATUS CaptureSink::DisconnectOutput(PMXF) {
    DDI_METHOD("IMXF::DisconnectOutput", PASSIVE_LEVEL);
    return STATUS_INVALID_DEVICE_REQUEST;
}

}  // namespace portico::portcls
