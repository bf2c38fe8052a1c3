// I/O request packets: where they come from and what is known of each, so that an IRP completed twice,
// forgotten or left behind is recognised.
#pragma once

#include <cstdint>

#include "nt/ke/ke.h"
#include "nt/probes.h"
#include "wdm.h"

namespace portico::nt::io {

// One call of a dispatch routine that has not returned yet. Lies on the caller's stack.
struct CallFrame {
    CallFrame* outer;
    CCHAR location;          // the stack location that the routine was given
    bool completed = false;  // completion has passed that location
    bool marked = false;     // ... with SL_PENDING_RETURNED set
    bool forwarded = false;  // handed on with IoCallDriver
    bool gone = false;       // the IRP was freed
};

enum class IrpState : std::uint8_t { free, live, done };

// Lies in front of each IRP that IoAllocateIrp gave out. A driver's own memory, IoInitializeIrp'd, has none.
struct alignas(16) IrpRecord {
    IrpRecord* newer;
    IrpRecord* older;
    CallFrame* frames;         // innermost first
    KTHREAD* issuer;           // whose request it is: cancelled when that thread ends; null: nobody's
    void* system_buffer;       // a system buffer of ours, to be given back at the end
    std::uint64_t pended[2];   // a bit per stack location whose dispatch routine returned STATUS_PENDING
    std::uint32_t generation;  // tells an IRP from its successor in the same memory
    IrpState state;
    bool passed_top;   // completion has passed the topmost location
    bool woke_system;  // PoSetSystemWake
    bool kept;         // its sender waits for it and frees it (call_and_wait)
    bool system_made;  // Portico's own: no driver frees it
    bool abandoned;    // its thread has ended without it: there is nobody to tell
    std::uint8_t cell_kind;
    ULONG output_limit;  // most bytes that completion may copy back
    KEVENT event;        // for who waits in the kernel (call_and_wait), and its results
    IO_STATUS_BLOCK status;
    Origin made;
    Origin completed;

    PIRP irp() { return reinterpret_cast<PIRP>(this + 1); }
};

// Null when the IRP lies in the driver's own memory: IoAllocateIrp alone sets the flag.
inline IrpRecord* record_of(PIRP irp) {
    return (irp->AllocationFlags & IRP_ALLOCATED_FIXED_SIZE) != 0 ? reinterpret_cast<IrpRecord*>(irp) - 1
                                                                  : nullptr;
}

// Also when the driver overwrote the IRP's flags; slow.
IrpRecord* find_record(PIRP irp);

void reset_irps();

// Null when `stack_size` is not positive or memory is exhausted. `frame`: of the exported function that was
// called, whose caller then is the IRP's maker. IRQL <= DISPATCH_LEVEL.
PIRP allocate_irp(CCHAR stack_size, const void* frame = nullptr);
void free_irp(PIRP irp);
// IoFreeIrp: of an IRP that is not the driver's, it is told and the IRP is completed instead.
void free_irp_of_driver(PIRP irp);
// Everything zero but the allocation: as new. `size` in bytes, IoSizeOfIrp(stack_size).
void initialize_irp(PIRP irp, USHORT size, CCHAR stack_size);
void reuse_irp(PIRP irp, NTSTATUS status);

// A buffer of the system address space that completion frees (IRP_DEALLOCATE_BUFFER); false: memory is
// exhausted. `output_limit`: how many bytes of it the caller's own buffer takes.
bool allocate_system_buffer(PIRP irp, ULONG size, ULONG output_limit);
void free_system_buffer(PIRP irp);
// For one that was taken out of its IRP's record.
void release_system_buffer(void* buffer);

// Makes the IRP the current thread's: it is cancelled when the thread ends.
void queue_to_current_thread(PIRP irp);
// Cancels every request of the thread, and does not wait. IRQL <= DISPATCH_LEVEL.
void cancel_irps_of(KTHREAD* thread);
// Cancels every request of the thread, as the end of the thread does, and waits until they have ended
// (bounded by `timeout_ns` of simulated time). IRQL PASSIVE_LEVEL, called by that thread.
void cancel_thread_irps(KTHREAD* thread);

// Every IRP between IoAllocateIrp and IoFreeIrp, oldest first.
void for_each_irp(void (*visit)(IrpRecord& record, void* context), void* context);
// The oldest one that matches; null: none.
IrpRecord* find_irp(bool (*matches)(const IrpRecord& record, const void* context), const void* context);

// What IoBuildXxx do; status tells why `*irp` is null. `mode` is the requestor's.
struct ControlRequest {
    ULONG code = 0;
    void* input = nullptr;
    ULONG input_length = 0;
    void* output = nullptr;
    ULONG output_length = 0;
    KPROCESSOR_MODE mode = KernelMode;
};
NTSTATUS set_up_control(PIRP irp, PIO_STACK_LOCATION stack, const ControlRequest& request);
// For IRP_MJ_READ and IRP_MJ_WRITE: buffer by the device's DO_BUFFERED_IO, DO_DIRECT_IO or neither.
NTSTATUS set_up_transfer(PIRP irp, PIO_STACK_LOCATION stack, PDEVICE_OBJECT device, void* buffer,
                         ULONG length, KPROCESSOR_MODE mode);
// Takes back what set_up_* attached and frees the IRP.
void discard_irp(PIRP irp);

// IoCallDriver. IRQL <= DISPATCH_LEVEL.
NTSTATUS call_driver(PDEVICE_OBJECT device, PIRP irp);
// IoCompleteRequest. IRQL <= DISPATCH_LEVEL.
void complete(PIRP irp, CCHAR boost = IO_NO_INCREMENT);
inline NTSTATUS complete(PIRP irp, NTSTATUS status, ULONG_PTR information) {
    irp->IoStatus.Status = status;
    irp->IoStatus.Information = information;
    complete(irp, CCHAR{IO_NO_INCREMENT});
    return status;
}
// The end of a request in its thread: results copied, caller told, IRP freed. IRQL APC_LEVEL.
void finish(PIRP irp, PFILE_OBJECT file);

// Sends an IRP of the system and waits for its end. The IRP is freed. `completed` (may be null): where it was
// completed. IRQL PASSIVE_LEVEL.
NTSTATUS call_and_wait(PDEVICE_OBJECT device, PIRP irp, ULONG_PTR* information, Origin* completed = nullptr);

// IoCancelIrp: true when a cancel routine was called. IRQL <= DISPATCH_LEVEL.
bool cancel(PIRP irp);
sim::Irql acquire_cancel_lock();
void release_cancel_lock(sim::Irql irql);

const char* major_function_name(unsigned major);

}  // namespace portico::nt::io
