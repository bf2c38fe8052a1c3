#include "portcls/property_request.h"

#include "ks/property_capture.h"
#include "nt/probes.h"
#include "portcls/memory.h"

namespace portico::portcls {
namespace {

// The driver sees `seen`; what counts at completion is kept beside it.
struct Tracked {
    enum class State : std::uint8_t { in_handler, completed_in_handler, pending };

    PCPROPERTY_REQUEST seen;
    PIRP irp;
    void* own_buffer;
    ULONG verb;
    ULONG room;  // bytes that may be returned
    State state;
    NTSTATUS status;  // of completed_in_handler
    Tracked* next;
};

struct Requests {
    Tracked* first = nullptr;
    unsigned pending = 0;
};

Requests requests;

Tracked* find(const PCPROPERTY_REQUEST* request) {
    Tracked* t = requests.first;
    while (t != nullptr && &t->seen != request) t = t->next;
    return t;
}

void forget(Tracked* tracked) {
    Tracked** place = &requests.first;
    while (*place != tracked) place = &(*place)->next;
    *place = tracked->next;
    if (tracked->state == Tracked::State::pending) --requests.pending;
    release(tracked);  // the pool overwrites it: a driver that touches it later sees that (FN-153)
}

// FD-056..FD-058: what goes back to the client, of the ValueSize that the handler left.
ULONG information_of(const Tracked& tracked, NTSTATUS status) {
    const ULONG size = tracked.seen.ValueSize;
    const bool support = (tracked.verb & KSPROPERTY_TYPE_BASICSUPPORT) != 0;
    if (support && NT_SUCCESS(status) && tracked.room != sizeof(ULONG) &&
        tracked.room < sizeof(KSPROPERTY_DESCRIPTION)) {
        PORTICO_PROBE(
            contract, "FD-058", &tracked.seen,
            "A property handler answered a basic support query whose buffer holds neither a ULONG nor a "
            "KSPROPERTY_DESCRIPTION.");
    }
    if (size <= tracked.room) return size;
    if (NT_ERROR(status)) return 0;
    if (status == STATUS_BUFFER_OVERFLOW && tracked.room == 0) return size;
    PORTICO_PROBE(contract, "FD-056", &tracked.seen,
                  "A property handler says that it returned more bytes than the client's buffer holds.");
    return tracked.room;
}

NTSTATUS call_handler(PCPROPERTY_REQUEST& request) {
    const PCPFNPROPERTY_HANDLER handler = request.PropertyItem->Handler;
    nt::DriverCall call("PropertyHandler", reinterpret_cast<const void*>(handler));
    return call.returned(handler(&request));
}

// The request is over; its IRP is the caller's to complete.
PropertyAnswer finish(Tracked* tracked, NTSTATUS status, PropertyAnswer::End end) {
    const PropertyAnswer answer{status, information_of(*tracked, status), end};
    forget(tracked);
    return answer;
}

// The handler may be completed by another processor before it has returned STATUS_PENDING.
PropertyAnswer handler_returned(Tracked* tracked, NTSTATUS status) {
    const bool completed = tracked->state == Tracked::State::completed_in_handler;
    if (status != STATUS_PENDING) {
        if (completed) {
            PORTICO_PROBE(
                contract, "FN-154", &tracked->seen,
                "A property request was completed although its handler did not return STATUS_PENDING.");
        }
        return finish(tracked, status, PropertyAnswer::End::now);
    }
    IoMarkIrpPending(tracked->irp);
    if (completed) return finish(tracked, tracked->status, PropertyAnswer::End::marked);
    tracked->state = Tracked::State::pending;
    ++requests.pending;
    return {STATUS_PENDING, 0, PropertyAnswer::End::later};
}

}  // namespace

PropertyAnswer call_property_handler(const PCPROPERTY_REQUEST& request, void* own_buffer) {
    auto* const tracked = static_cast<Tracked*>(allocate(NonPagedPool, sizeof(Tracked)));
    if (tracked == nullptr) return {STATUS_INSUFFICIENT_RESOURCES};
    tracked->seen = request;
    tracked->irp = request.Irp;
    tracked->own_buffer = own_buffer;
    tracked->verb = request.Verb;
    tracked->room = request.ValueSize;
    tracked->state = Tracked::State::in_handler;
    tracked->next = requests.first;
    requests.first = tracked;
    return handler_returned(tracked, call_handler(tracked->seen));
}

unsigned pending_property_requests() {
    return requests.pending;
}

void reset_property_requests() {
    requests = {};
}

}  // namespace portico::portcls

using namespace portico;
using namespace portico::portcls;

NTSTATUS NTAPI PcCompletePendingPropertyRequest(PPCPROPERTY_REQUEST PropertyRequest, NTSTATUS NtStatus) {
    DDI(PcCompletePendingPropertyRequest, DISPATCH_LEVEL);
    Tracked* const tracked = find(PropertyRequest);
    if (tracked == nullptr || tracked->state == Tracked::State::completed_in_handler) {
        PORTICO_PROBE(contract, "FN-153", PropertyRequest,
                      "PcCompletePendingPropertyRequest was called for a request that is not pending: "
                      "completed twice?");
        return STATUS_INVALID_PARAMETER;
    }
    if (NtStatus == STATUS_PENDING) {
        PORTICO_PROBE(contract, "FN-153", PropertyRequest,
                      "PcCompletePendingPropertyRequest was called with STATUS_PENDING.");
        return STATUS_INVALID_PARAMETER;
    }
    if (tracked->state == Tracked::State::in_handler) {
        tracked->state = Tracked::State::completed_in_handler;
        tracked->status = NtStatus;
    } else {
        PIRP const irp = tracked->irp;
        void* const own_buffer = tracked->own_buffer;
        const PropertyAnswer answer = finish(tracked, NtStatus, PropertyAnswer::End::now);
        ks::complete_property(irp, own_buffer, answer.status, answer.information);
    }
    return STATUS_SUCCESS;
}
