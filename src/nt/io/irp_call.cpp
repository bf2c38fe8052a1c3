// IoCallDriver: one step down the device stack, and what can be told of a dispatch routine when it has
// returned.
#include "nt/ddi.h"
#include "nt/io/bug_check.h"
#include "nt/io/irp.h"
#include "nt/seh/unwindable.h"
#include "sim/address_map.h"

namespace portico::nt::io {
namespace {

constexpr const char* major_names[IRP_MJ_MAXIMUM_FUNCTION + 1] = {"IRP_MJ_CREATE",
                                                                  "IRP_MJ_CREATE_NAMED_PIPE",
                                                                  "IRP_MJ_CLOSE",
                                                                  "IRP_MJ_READ",
                                                                  "IRP_MJ_WRITE",
                                                                  "IRP_MJ_QUERY_INFORMATION",
                                                                  "IRP_MJ_SET_INFORMATION",
                                                                  "IRP_MJ_QUERY_EA",
                                                                  "IRP_MJ_SET_EA",
                                                                  "IRP_MJ_FLUSH_BUFFERS",
                                                                  "IRP_MJ_QUERY_VOLUME_INFORMATION",
                                                                  "IRP_MJ_SET_VOLUME_INFORMATION",
                                                                  "IRP_MJ_DIRECTORY_CONTROL",
                                                                  "IRP_MJ_FILE_SYSTEM_CONTROL",
                                                                  "IRP_MJ_DEVICE_CONTROL",
                                                                  "IRP_MJ_INTERNAL_DEVICE_CONTROL",
                                                                  "IRP_MJ_SHUTDOWN",
                                                                  "IRP_MJ_LOCK_CONTROL",
                                                                  "IRP_MJ_CLEANUP",
                                                                  "IRP_MJ_CREATE_MAILSLOT",
                                                                  "IRP_MJ_QUERY_SECURITY",
                                                                  "IRP_MJ_SET_SECURITY",
                                                                  "IRP_MJ_POWER",
                                                                  "IRP_MJ_SYSTEM_CONTROL",
                                                                  "IRP_MJ_DEVICE_CHANGE",
                                                                  "IRP_MJ_QUERY_QUOTA",
                                                                  "IRP_MJ_SET_QUOTA",
                                                                  "IRP_MJ_PNP"};

// An exception may pass from a driver to the one that called it.
PORTICO_UNWINDABLE

NTSTATUS dispatch(PDRIVER_DISPATCH routine, const char* name, PDEVICE_OBJECT device, PIRP irp) {
    const void* const address = reinterpret_cast<const void*>(routine);
    if (address == nullptr) tell_null_routine(name);
    if (!sim::image_range.contains(address)) return routine(device, irp);
    DriverCall call(name, address);
    return call.returned(routine(device, irp));
}

void push(IrpRecord& record, CallFrame& frame) {
    for (CallFrame* outer = record.frames; outer != nullptr; outer = outer->outer) {
        if (outer->location >= frame.location && !outer->completed) outer->forwarded = true;
    }
    frame.outer = record.frames;
    record.frames = &frame;
    record.passed_top = false;
}

void pop(IrpRecord& record, CallFrame& frame) {
    for (CallFrame** at = &record.frames; *at != nullptr; at = &(*at)->outer) {
        if (*at == &frame) {
            *at = frame.outer;
            return;
        }
    }
}

// The routine was left by an exception: what it returned is not judged.
struct CallScope : seh::HostScope {
    CallScope(IrpRecord& record, CallFrame& frame) : HostScope(&left), record(record), frame(frame) {}
    static void left(HostScope& self) {
        auto& scope = static_cast<CallScope&>(self);
        if (!scope.frame.gone) pop(scope.record, scope.frame);
    }
    IrpRecord& record;
    CallFrame& frame;
};

// The IRP is alive and completion has not reached the frame's location.
void judge_unfinished(IrpRecord& record, const CallFrame& frame, PIO_STACK_LOCATION stack, NTSTATUS status) {
    PIRP const irp = record.irp();
    const bool marked = (stack->Control & SL_PENDING_RETURNED) != 0;
    const bool below = irp->CurrentLocation < frame.location || frame.forwarded;
    if (status == STATUS_PENDING) {
        record.pended[frame.location >> 6] |= 1ull << (frame.location & 63);
        // With a copied location the mark comes at completion; only without forwarding must it be there now.
        if (!marked && !below) PORTICO_PROBE(irp, IrpFault::status_mismatch, irp);
    } else if (marked || irp->CurrentLocation < frame.location) {
        PORTICO_PROBE(irp, IrpFault::status_mismatch, irp);
    } else {
        PORTICO_PROBE(irp, IrpFault::forgotten, irp);
    }
}

// DV 0xC9/0x224 and 0x226: the status returned must fit what happened to the IRP.
void judge(IrpRecord* record, CallFrame& frame, PIO_STACK_LOCATION stack, NTSTATUS status) {
    if (frame.gone) {
        // Its memory may be another IRP's by now; the frame kept what completion saw.
        if (frame.completed && frame.marked != (status == STATUS_PENDING)) {
            PORTICO_PROBE(irp, IrpFault::status_mismatch, record->irp());
        }
        return;
    }
    pop(*record, frame);
    if (!frame.completed) {
        judge_unfinished(*record, frame, stack, status);
    } else if (frame.marked != (status == STATUS_PENDING)) {
        PORTICO_PROBE(irp, IrpFault::status_mismatch, record->irp());
    }
}

}  // namespace

const char* major_function_name(unsigned major) {
    return major <= IRP_MJ_MAXIMUM_FUNCTION ? major_names[major] : "IRP_MJ_unknown";
}

NTSTATUS call_driver(PDEVICE_OBJECT device, PIRP irp) {
    if (irp->CurrentLocation <= 1) {
        stop_machine(NO_MORE_IRP_STACK_LOCATIONS, {reinterpret_cast<std::uint64_t>(irp)}, {"IRP"},
                     "IoCallDriver was called with an IRP that has no stack location left for another driver",
                     irp);
        return STATUS_UNSUCCESSFUL;
    }
    --irp->CurrentLocation;
    PIO_STACK_LOCATION const stack = --irp->Tail.Overlay.CurrentStackLocation;
    stack->DeviceObject = device;
    const unsigned major = stack->MajorFunction;
    if (major > IRP_MJ_MAXIMUM_FUNCTION) return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    PDRIVER_DISPATCH const routine = device->DriverObject->MajorFunction[major];
    IrpRecord* const record = record_of(irp);
    if (record == nullptr) return dispatch(routine, major_names[major], device, irp);

    CallFrame frame{nullptr, irp->CurrentLocation};
    push(*record, frame);
    NTSTATUS status;
    {
        CallScope scope(*record, frame);
        status = dispatch(routine, major_names[major], device, irp);
    }
    judge(record, frame, stack, status);
    return status;
}

}  // namespace portico::nt::io

using namespace portico::nt;

extern "C" {

NTSTATUS FASTCALL IofCallDriver(PDEVICE_OBJECT DeviceObject, PIRP Irp) {
    DDI(IofCallDriver, DISPATCH_LEVEL);
    return io::call_driver(DeviceObject, Irp);
}

}  // extern "C"
