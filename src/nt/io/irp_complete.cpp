// IoCompleteRequest: back up the stack through the completion routines, then, in the requesting thread, the
// results to where the caller wants them.
#include <cstring>

#include "nt/ddi.h"
#include "nt/ex/pool.h"
#include "nt/io/bug_check.h"
#include "nt/io/file.h"
#include "nt/io/irp.h"
#include "nt/mm/mdl.h"
#include "nt/mm/mm.h"
#include "nt/ob/ob.h"
#include "sim/address_map.h"

namespace portico::nt::io {
namespace {

// The last location is passed, or the IRP was freed: whoever completes it now does not own it.
bool owned_by_nobody(PIRP irp) {
    if (irp->Type != IO_TYPE_IRP || irp->CurrentLocation > irp->StackCount + 1) return true;
    const IrpRecord* const record = record_of(irp);
    if (record == nullptr) return false;
    return record->state != IrpState::live ||
           (record->passed_top && irp->CurrentLocation == irp->StackCount + 1);
}

// 0xC9/0x06, 0x07: what a driver must have put right before it completes.
void check_contents(PIRP irp) {
    if (irp->IoStatus.Status == STATUS_PENDING || irp->IoStatus.Status == -1) {
        PORTICO_PROBE(irp, IrpFault::completed_pending, irp);
        irp->IoStatus.Status = STATUS_UNSUCCESSFUL;
    }
    if (irp->CancelRoutine != nullptr) {
        PORTICO_PROBE(irp, IrpFault::cancel_routine_left, irp);
        irp->CancelRoutine = nullptr;
    }
}

void note_passed(IrpRecord& record, CCHAR location, bool marked) {
    for (CallFrame* frame = record.frames; frame != nullptr; frame = frame->outer) {
        if (frame->location != location) continue;
        frame->completed = true;
        frame->marked = marked;
    }
    std::uint64_t& pended = record.pended[location >> 6];
    const std::uint64_t bit = 1ull << (location & 63);
    if ((pended & bit) != 0 && !marked) PORTICO_PROBE(irp, IrpFault::status_mismatch, record.irp());
    pended &= ~bit;
    if (location == record.irp()->StackCount) record.passed_top = true;
}

bool wants_call(PIRP irp, UCHAR control) {
    if (irp->Cancel != FALSE && (control & SL_INVOKE_ON_CANCEL) != 0) return true;
    return (control & (NT_SUCCESS(irp->IoStatus.Status) ? SL_INVOKE_ON_SUCCESS : SL_INVOKE_ON_ERROR)) != 0;
}

// What a driver finds there when its location is reused; the device object stays.
void clear_location(PIO_STACK_LOCATION stack) {
    stack->MinorFunction = 0;
    stack->Flags = 0;
    stack->Control = 0;
    std::memset(&stack->Parameters, 0, sizeof stack->Parameters);
    stack->FileObject = nullptr;
}

NTSTATUS call_completion(PIO_COMPLETION_ROUTINE routine, PDEVICE_OBJECT device, PIRP irp, void* context) {
    const void* const address = reinterpret_cast<const void*>(routine);
    if (address == nullptr) tell_null_routine("IoCompletion");
    if (!sim::image_range.contains(address)) return routine(device, irp, context);
    DriverCall call("IoCompletion", address);
    return call.returned(routine(device, irp, context));
}

// True: a completion routine has taken the IRP back.
bool pass_locations(PIRP irp, IrpRecord* record) {
    while (irp->CurrentLocation <= irp->StackCount) {
        PIO_STACK_LOCATION const stack = irp->Tail.Overlay.CurrentStackLocation;
        const bool marked = (stack->Control & SL_PENDING_RETURNED) != 0;
        irp->PendingReturned = marked;
        if (record != nullptr) note_passed(*record, irp->CurrentLocation, marked);
        ++irp->CurrentLocation;
        ++irp->Tail.Overlay.CurrentStackLocation;
        const bool above = irp->CurrentLocation <= irp->StackCount;
        if (!wants_call(irp, stack->Control)) {
            if (marked && above) IoMarkIrpPending(irp);
            clear_location(stack);
            continue;
        }
        PDEVICE_OBJECT const device = above ? irp->Tail.Overlay.CurrentStackLocation->DeviceObject : nullptr;
        PIO_COMPLETION_ROUTINE const routine = stack->CompletionRoutine;
        void* const context = stack->Context;
        clear_location(stack);
        if (call_completion(routine, device, irp, context) == STATUS_MORE_PROCESSING_REQUIRED) return true;
        if (record != nullptr && record->state == IrpState::free) {
            // The routine freed the IRP and let completion go on with it.
            PORTICO_PROBE(irp, IrpFault::completed_twice, irp);
            return true;
        }
    }
    return false;
}

void free_mdls(PIRP irp) {
    if (!mm::chain_ends(irp->MdlAddress)) irp->MdlAddress = nullptr;
    while (PMDL const mdl = irp->MdlAddress) {
        irp->MdlAddress = mdl->Next;
        mm::free_mdl(mdl);
    }
}

void unlock_mdls(PIRP irp) {
    if (!mm::chain_ends(irp->MdlAddress)) irp->MdlAddress = nullptr;
    for (PMDL mdl = irp->MdlAddress; mdl != nullptr; mdl = mdl->Next) {
        if ((mdl->MdlFlags & MDL_PAGES_LOCKED) != 0) mm::unlock_pages(mdl);
    }
}

void complete_associated(PIRP irp, CCHAR boost) {
    PIRP const master = irp->AssociatedIrp.MasterIrp;
    free_mdls(irp);
    free_irp(irp);
    master->AssociatedIrp.IrpCount = master->AssociatedIrp.IrpCount - 1;
    if (master->AssociatedIrp.IrpCount == 0) complete(master, boost);
}

void prepare_apc(PIRP irp, KTHREAD* thread, PKKERNEL_ROUTINE kernel, PKRUNDOWN_ROUTINE rundown,
                 PKNORMAL_ROUTINE normal, KPROCESSOR_MODE mode, void* context) {
    KAPC& apc = irp->Tail.Apc;
    apc = KAPC{};
    apc.Thread = thread;
    apc.KernelRoutine = kernel;
    apc.RundownRoutine = rundown;
    apc.NormalRoutine = normal;
    apc.ApcMode = mode;
    apc.NormalContext = context;
}

void NTAPI finish_apc(PRKAPC apc, PKNORMAL_ROUTINE*, PVOID*, PVOID* file, PVOID*) {
    finish(CONTAINING_RECORD(apc, IRP, Tail.Apc), static_cast<PFILE_OBJECT>(*file));
}

// The thread has ended with the APC still queued.
void NTAPI abort_apc(PRKAPC apc) {
    PIRP const irp = CONTAINING_RECORD(apc, IRP, Tail.Apc);
    finish(irp, static_cast<PFILE_OBJECT>(apc->SystemArgument1));
}

void NTAPI free_apc(PRKAPC apc, PKNORMAL_ROUTINE*, PVOID*, PVOID*, PVOID*) {
    free_irp(CONTAINING_RECORD(apc, IRP, Tail.Apc));
}

void NTAPI drop_apc(PRKAPC apc) {
    free_irp(CONTAINING_RECORD(apc, IRP, Tail.Apc));
}

void free_buffer(PIRP irp) {
    const IrpRecord* const record = record_of(irp);
    if ((irp->Flags & IRP_DEALLOCATE_BUFFER) == 0) return;
    if (record != nullptr && record->system_buffer != nullptr) {
        free_system_buffer(irp);
    } else if (irp->AssociatedIrp.SystemBuffer != nullptr) {
        ex::free(irp->AssociatedIrp.SystemBuffer, 0);
    }
}

void drop_abandoned(PIRP irp, PFILE_OBJECT file) {
    if (irp->UserEvent != nullptr && (irp->Flags & IRP_SYNCHRONOUS_API) == 0) ob::dereference(irp->UserEvent);
    if ((irp->Flags & IRP_BUFFERED_IO) != 0) free_buffer(irp);
    free_mdls(irp);
    free_irp(irp);
    if (file != nullptr) ob::dereference(file);
}

void finish_in_thread(PIRP irp, CCHAR boost) {
    auto* const thread = reinterpret_cast<KTHREAD*>(irp->Tail.Overlay.Thread);
    PFILE_OBJECT const file = irp->Tail.Overlay.OriginalFileObject;
    const IrpRecord* const record = record_of(irp);
    if (record != nullptr && record->abandoned) return drop_abandoned(irp, file);
    if (thread == nullptr) {
        PORTICO_PROBE(
            object_misuse, io_manager_violation, irp,
            "an IRP from IoAllocateIrp came back to the I/O manager: its completion routine must return "
            "STATUS_MORE_PROCESSING_REQUIRED and free it");
        free_mdls(irp);
        free_irp(irp);
        return;
    }
    prepare_apc(irp, thread, finish_apc, abort_apc, nullptr, KernelMode, nullptr);
    if (!ke::insert_apc(&irp->Tail.Apc, file, nullptr, boost)) finish(irp, file);
}

// ---- in the requesting thread ----

// Windows would copy as much as the driver says, over whatever lies behind the caller's buffer.
std::size_t copied_length(PIRP irp, const IrpRecord* record) {
    const std::size_t wanted = irp->IoStatus.Information;
    if (record == nullptr || record->system_buffer == nullptr || wanted <= record->output_limit)
        return wanted;
    PORTICO_PROBE(object_misuse, io_manager_violation, irp,
                  "IoStatus.Information of a completed IRP is greater than the caller's output buffer");
    return record->output_limit;
}

// A user's memory may have been given back since the request came.
void copy_results(PIRP irp, const IrpRecord* record) {
    const std::size_t length = copied_length(irp, record);
    if (irp->RequestorMode != KernelMode && !mm::user_memory_valid(irp->UserBuffer, length)) {
        irp->IoStatus.Status = STATUS_ACCESS_VIOLATION;
        irp->IoStatus.Information = 0;
        return;
    }
    std::memcpy(irp->UserBuffer, irp->AssociatedIrp.SystemBuffer, length);
}

void copy_back(PIRP irp) {
    if ((irp->Flags & IRP_BUFFERED_IO) == 0) return;
    const IrpRecord* const record = record_of(irp);
    const bool wanted = (irp->Flags & IRP_INPUT_OPERATION) != 0 && irp->IoStatus.Information != 0;
    if (wanted && !NT_ERROR(irp->IoStatus.Status) && irp->AssociatedIrp.SystemBuffer != nullptr)
        copy_results(irp, record);
    free_buffer(irp);
}

// The status block may have gone the same way: then nobody is told there.
void write_status(PIRP irp) {
    if (irp->UserIosb == nullptr) return;
    if (irp->RequestorMode != KernelMode && !mm::user_memory_valid(irp->UserIosb, sizeof *irp->UserIosb))
        return;
    *irp->UserIosb = irp->IoStatus;
}

bool is_synchronous(PIRP irp, PFILE_OBJECT file) {
    return (irp->Flags & IRP_SYNCHRONOUS_API) != 0 ||
           (file != nullptr && (file->Flags & FO_SYNCHRONOUS_IO) != 0);
}

void signal_file(PFILE_OBJECT file, NTSTATUS status) {
    file->FinalStatus = status;
    ke::set_event(&file->Event);
}

// Caller's event or the file's own; a reference taken by handle is given back.
void signal_caller(PIRP irp, PFILE_OBJECT file) {
    if (irp->UserEvent != nullptr) {
        ke::set_event(irp->UserEvent);
        if (file == nullptr) return;
        if ((irp->Flags & IRP_SYNCHRONOUS_API) == 0) ob::dereference(irp->UserEvent);
        if ((file->Flags & FO_SYNCHRONOUS_IO) != 0) signal_file(file, irp->IoStatus.Status);
    } else if (file != nullptr) {
        signal_file(file, irp->IoStatus.Status);
    }
}

// A request that failed before it was pended tells its caller by the returned status alone.
void finish_failed(PIRP irp, PFILE_OBJECT file) {
    if (file == nullptr) return;
    if (irp->PendingReturned != FALSE) {
        if ((irp->Flags & IRP_SYNCHRONOUS_API) != 0) *irp->UserIosb = irp->IoStatus;
        if ((irp->Flags & IRP_SYNCHRONOUS_API) != 0 && irp->UserEvent != nullptr) {
            ke::set_event(irp->UserEvent);
        } else {
            signal_file(file, irp->IoStatus.Status);
        }
    }
    if (irp->UserEvent != nullptr && (irp->Flags & IRP_SYNCHRONOUS_API) == 0) ob::dereference(irp->UserEvent);
}

// True: the IRP now lies in the thread's APC queue, to be freed there.
bool queue_user_apc(PIRP irp, KTHREAD* thread) {
    PIO_APC_ROUTINE const routine = irp->Overlay.AsynchronousParameters.UserApcRoutine;
    if (routine == nullptr) return false;
    void* const context = irp->Overlay.AsynchronousParameters.UserApcContext;
    PIO_STATUS_BLOCK const iosb = irp->UserIosb;
    prepare_apc(irp, thread, free_apc, drop_apc, reinterpret_cast<PKNORMAL_ROUTINE>(routine),
                irp->RequestorMode, context);
    return ke::insert_apc(&irp->Tail.Apc, iosb, nullptr);
}

}  // namespace

void finish(PIRP irp, PFILE_OBJECT file) {
    IrpRecord* const record = record_of(irp);
    copy_back(irp);
    free_mdls(irp);
    const bool failed = NT_ERROR(irp->IoStatus.Status);
    bool queued = false;
    if (!failed || (irp->PendingReturned != FALSE && !is_synchronous(irp, file))) {
        write_status(irp);
        signal_caller(irp, file);
        queued = queue_user_apc(irp, ke::current_thread());
    } else {
        finish_failed(irp, file);
    }
    if (record != nullptr) {
        record->issuer = nullptr;
        record->state = IrpState::done;
    }
    if (!queued) free_irp(irp);
    if (file != nullptr) ob::dereference(file);
}

void complete(PIRP irp, CCHAR boost) {
    if (owned_by_nobody(irp)) {
        PORTICO_PROBE(irp, IrpFault::completed_twice, irp);
        return;
    }
    check_contents(irp);
    IrpRecord* const record = record_of(irp);
    if (record != nullptr) capture_origin(record->completed);
    const unsigned major =
        irp->CurrentLocation <= irp->StackCount ? IoGetCurrentIrpStackLocation(irp)->MajorFunction : ~0u;
    sim::record(sim::TraceKind::irp_complete, major_function_name(major),
                reinterpret_cast<std::uint64_t>(irp), static_cast<std::uint32_t>(irp->IoStatus.Status));
    if (pass_locations(irp, record)) return;

    if ((irp->Flags & IRP_ASSOCIATED_IRP) != 0) return complete_associated(irp, boost);
    irp->CurrentLocation = static_cast<CHAR>(irp->StackCount + 2);
    if (record != nullptr) record->state = IrpState::done;
    if (record != nullptr && record->kept) {
        *irp->UserIosb = irp->IoStatus;
        ke::set_event(irp->UserEvent, boost);
        return;
    }
    unlock_mdls(irp);
    // Whoever sent it finishes it himself, unless some driver said that it is pending.
    if ((irp->Flags & IRP_DEFER_IO_COMPLETION) != 0 && irp->PendingReturned == FALSE) return;
    finish_in_thread(irp, boost);
}

NTSTATUS call_and_wait(PDEVICE_OBJECT device, PIRP irp, ULONG_PTR* information, Origin* completed) {
    // In the IRP's own record: a driver that forgets the IRP and completes it later writes to nobody else's
    // memory.
    IrpRecord& record = *record_of(irp);
    ke::initialize_event(&record.event, NotificationEvent, false);
    record.kept = true;
    irp->UserIosb = &record.status;
    irp->UserEvent = &record.event;
    queue_to_current_thread(irp);
    const NTSTATUS returned = call_driver(device, irp);
    if (returned == STATUS_PENDING) {
        ke::wait(&record.event, KernelMode, false, nullptr);
    } else if (record.state != IrpState::done) {
        record.issuer = nullptr;
        return returned;  // forgotten; reported when the dispatch routine returned
    }
    if (information != nullptr) *information = record.status.Information;
    if (completed != nullptr) *completed = record.completed;
    const NTSTATUS status = record.status.Status;
    free_mdls(irp);
    free_irp(irp);
    return status;
}

}  // namespace portico::nt::io

using namespace portico::nt;

namespace {

// What IoSetCompletionRoutineEx keeps until the routine has run: the driver stays loaded as long.
struct SafeCompletion {
    PDEVICE_OBJECT device;
    PIO_COMPLETION_ROUTINE routine;
    void* context;
};

NTSTATUS NTAPI run_safe_completion(PDEVICE_OBJECT device, PIRP irp, PVOID context) {
    auto* const safe = static_cast<SafeCompletion*>(context);
    const SafeCompletion copy = *safe;
    ex::free(safe, 0);
    NTSTATUS status;
    {
        DriverCall call("IoCompletion", reinterpret_cast<const void*>(copy.routine));
        status = call.returned(copy.routine(device, irp, copy.context));
    }
    ob::dereference(copy.device);
    return status;
}

}  // namespace

extern "C" {

VOID FASTCALL IofCompleteRequest(PIRP Irp, CCHAR PriorityBoost) {
    DDI(IofCompleteRequest, DISPATCH_LEVEL);
    io::complete(Irp, PriorityBoost);
}

NTSTATUS NTAPI IoSetCompletionRoutineEx(PDEVICE_OBJECT DeviceObject, PIRP Irp,
                                        PIO_COMPLETION_ROUTINE CompletionRoutine, PVOID Context,
                                        BOOLEAN InvokeOnSuccess, BOOLEAN InvokeOnError,
                                        BOOLEAN InvokeOnCancel) {
    DDI(IoSetCompletionRoutineEx, DISPATCH_LEVEL);
    auto* const safe =
        static_cast<SafeCompletion*>(ex::allocate_internal(NonPagedPool, sizeof(SafeCompletion), 'sUoI'));
    if (safe == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    *safe = {DeviceObject, CompletionRoutine, Context};
    ob::reference(DeviceObject);
    IoSetCompletionRoutine(Irp, run_safe_completion, safe, InvokeOnSuccess, InvokeOnError, InvokeOnCancel);
    return STATUS_SUCCESS;
}

}  // extern "C"
