#include "portcls/property_request.h"

#include "nt/io/irp.h"
#include "nt/probes.h"
#include "portcls/memory.h"

namespace portico::portcls {
namespace {

// The driver sees `seen`; what counts at completion is kept beside it.
struct Tracked {
    enum class State : std::uint8_t { in_handler, completed_in_handler, pending };

    PCPROPERTY_REQUEST seen;
    PIRP irp;
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

NTSTATUS complete(Tracked* tracked, NTSTATUS status) {
    PIRP const irp = tracked->irp;
    const ULONG information = tracked->seen.ValueSize;
    forget(tracked);
    return nt::io::complete(irp, status, information);
}

NTSTATUS call_handler(PCPROPERTY_REQUEST& request) {
    const PCPFNPROPERTY_HANDLER handler = request.PropertyItem->Handler;
    nt::DriverCall call("PropertyHandler", reinterpret_cast<const void*>(handler));
    return call.returned(handler(&request));
}

// The handler may be completed by another processor before it has returned STATUS_PENDING.
NTSTATUS handler_returned(Tracked* tracked, NTSTATUS status) {
    const bool completed = tracked->state == Tracked::State::completed_in_handler;
    if (status != STATUS_PENDING) {
        if (completed) {
            PORTICO_PROBE(
                contract, "FN-154", &tracked->seen,
                "A property request was completed although its handler did not return STATUS_PENDING.");
        }
        return complete(tracked, status);
    }
    IoMarkIrpPending(tracked->irp);
    if (completed) {
        complete(tracked, tracked->status);
    } else {
        tracked->state = Tracked::State::pending;
        ++requests.pending;
    }
    return STATUS_PENDING;
}

}  // namespace

NTSTATUS call_property_handler(const PCPROPERTY_REQUEST& request) {
    auto* const tracked = static_cast<Tracked*>(allocate(NonPagedPool, sizeof(Tracked)));
    if (tracked == nullptr) return nt::io::complete(request.Irp, STATUS_INSUFFICIENT_RESOURCES, 0);
    tracked->seen = request;
    tracked->irp = request.Irp;
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
        complete(tracked, NtStatus);
    }
    return STATUS_SUCCESS;
}
