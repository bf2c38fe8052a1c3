// Reading, writing and controlling through a file's handle, and cancelling that.
#include "nt/ddi.h"
#include "nt/io/device.h"
#include "nt/io/file.h"
#include "nt/io/irp.h"

namespace portico::nt::io {
namespace {

// What a request refers to by handle: referenced until the request has it, or it failed.
struct Target {
    PFILE_OBJECT file = nullptr;
    PKEVENT event = nullptr;
    PDEVICE_OBJECT device = nullptr;
    ACCESS_MASK granted = 0;

    ~Target() {
        if (event != nullptr) ob::dereference(event);
        if (file != nullptr) ob::dereference(file);
    }
    bool synchronous() const { return (file->Flags & FO_SYNCHRONOUS_IO) != 0; }
    // The IRP holds the references from now on.
    void give_to(PIRP irp) {
        irp->UserEvent = event;
        irp->Tail.Overlay.OriginalFileObject = file;
        event = nullptr;
        file = nullptr;
    }
};

NTSTATUS reference_target(HANDLE handle, ACCESS_MASK access, const Notice& notice, KPROCESSOR_MODE mode,
                          Target& target) {
    void* body = nullptr;
    OBJECT_HANDLE_INFORMATION information{};
    NTSTATUS status = ob::reference_handle(handle, access, &file_type, mode, &body, &information);
    if (!NT_SUCCESS(status)) return status;
    target.file = static_cast<PFILE_OBJECT>(body);
    target.granted = information.GrantedAccess;
    target.device = related_device(target.file);
    if (notice.event == nullptr) return STATUS_SUCCESS;
    status = ob::reference_handle(notice.event, EVENT_MODIFY_STATE, &ob::event_type, mode, &body);
    if (!NT_SUCCESS(status)) return status;
    target.event = static_cast<PKEVENT>(body);
    ke::reset_event(target.event);
    return STATUS_SUCCESS;
}

struct Request {
    PIRP irp = nullptr;
    PIO_STACK_LOCATION stack = nullptr;
};

NTSTATUS make_request(Target& target, UCHAR major, const Notice& notice, PIO_STATUS_BLOCK iosb,
                      KPROCESSOR_MODE mode, Request& request) {
    PIRP const irp = allocate_irp(target.device->StackSize);
    if (irp == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    irp->RequestorMode = mode;
    irp->UserIosb = iosb;
    irp->Overlay.AsynchronousParameters.UserApcRoutine = notice.apc;
    irp->Overlay.AsynchronousParameters.UserApcContext = notice.apc_context;
    irp->Flags = IRP_DEFER_IO_COMPLETION;
    request.irp = irp;
    request.stack = IoGetNextIrpStackLocation(irp);
    request.stack->MajorFunction = major;
    request.stack->FileObject = target.file;
    return STATUS_SUCCESS;
}

// A synchronous request that did not end at once: its thread waits, and takes the request back when it is
// alerted.
NTSTATUS wait_for_end(PFILE_OBJECT file, PIRP irp) {
    const bool alertable = (file->Flags & FO_ALERTABLE_IO) != 0;
    const NTSTATUS waited = ke::wait(&file->Event, KernelMode, alertable, nullptr);
    if (waited == STATUS_ALERTED || waited == STATUS_USER_APC) {
        const IrpRecord* const record = record_of(irp);
        if (record->state == IrpState::live && file->Event.Header.SignalState == 0) cancel(irp);
        ke::wait(&file->Event, KernelMode, false, nullptr);
    }
    return file->FinalStatus;
}

// Sends it. The IRP, and what it refers to, is not to be touched afterwards.
NTSTATUS submit(Target& target, PIRP irp) {
    PFILE_OBJECT const file = target.file;
    PDEVICE_OBJECT const device = target.device;
    const bool synchronous = target.synchronous();
    IrpRecord* const record = record_of(irp);
    ke::reset_event(&file->Event);
    queue_to_current_thread(irp);
    if (synchronous) ob::reference(file);
    target.give_to(irp);
    const std::uint32_t generation = record->generation;
    NTSTATUS status = call_driver(device, irp);
    const bool ended = record->generation == generation && record->state == IrpState::done;
    if (status != STATUS_PENDING && ended && irp->PendingReturned == FALSE) {
        const sim::Irql old = ke::raise(sim::apc_level);
        finish(irp, file);
        ke::lower(old);
    } else if (status == STATUS_PENDING && synchronous) {
        status = wait_for_end(file, irp);
    }
    if (synchronous) ob::dereference(file);
    return status;
}

NTSTATUS check_buffers(PIO_STATUS_BLOCK iosb, const void* buffer, ULONG length, KPROCESSOR_MODE mode) {
    return may_touch(iosb, sizeof(IO_STATUS_BLOCK), mode) && may_touch(buffer, length, mode)
               ? STATUS_SUCCESS
               : STATUS_ACCESS_VIOLATION;
}

constexpr LONGLONG use_file_position = -2;  // FILE_USE_FILE_POINTER_POSITION in HighPart -1
constexpr LONGLONG write_to_end = -1;

// Where a transfer begins. Only synchronous files have a position of their own.
NTSTATUS transfer_offset(const Target& target, const LARGE_INTEGER* given, bool writes,
                         LARGE_INTEGER* offset) {
    const bool positioned = target.synchronous();
    if (given == nullptr || given->QuadPart == use_file_position) {
        if (!positioned) return STATUS_INVALID_PARAMETER;
        *offset = target.file->CurrentByteOffset;
        return STATUS_SUCCESS;
    }
    *offset = *given;
    const bool special = writes && given->QuadPart == write_to_end;
    return given->QuadPart < 0 && !special ? STATUS_INVALID_PARAMETER : STATUS_SUCCESS;
}

struct Transfer {
    UCHAR major;
    void* buffer;
    ULONG length;
    const LARGE_INTEGER* offset;
    const ULONG* key;
};

NTSTATUS transfer(Target& target, const Notice& notice, PIO_STATUS_BLOCK iosb, const Transfer& wanted,
                  KPROCESSOR_MODE mode) {
    const bool writes = wanted.major == IRP_MJ_WRITE;
    LARGE_INTEGER offset{};
    NTSTATUS status = transfer_offset(target, wanted.offset, writes, &offset);
    if (!NT_SUCCESS(status)) return status;
    FileLock lock(target.file);
    Request request;
    status = make_request(target, wanted.major, notice, iosb, mode, request);
    if (!NT_SUCCESS(status)) return status;
    request.irp->Flags |= writes ? IRP_WRITE_OPERATION : IRP_READ_OPERATION;
    status = set_up_transfer(request.irp, request.stack, target.device, wanted.buffer, wanted.length, mode);
    if (!NT_SUCCESS(status)) {
        discard_irp(request.irp);
        return status;
    }
    request.stack->Parameters.Read.ByteOffset = offset;
    if (wanted.key != nullptr) request.stack->Parameters.Read.Key = *wanted.key;
    return submit(target, request.irp);
}

NTSTATUS transfer_file(HANDLE handle, const Notice& notice, PIO_STATUS_BLOCK iosb, const Transfer& wanted,
                       ACCESS_MASK access, KPROCESSOR_MODE mode) {
    Target target;
    NTSTATUS status = reference_target(handle, access, notice, mode, target);
    if (NT_SUCCESS(status)) status = check_buffers(iosb, wanted.buffer, wanted.length, mode);
    return NT_SUCCESS(status) ? transfer(target, notice, iosb, wanted, mode) : status;
}

// The rights that a control code carries in itself.
bool code_allowed(ULONG code, ACCESS_MASK granted) {
    const ULONG access = (code >> 14) & 3;
    return ((access & FILE_READ_ACCESS) == 0 || (granted & FILE_READ_DATA) != 0) &&
           ((access & FILE_WRITE_ACCESS) == 0 || (granted & FILE_WRITE_DATA) != 0);
}

// Windows probes what it touches itself; METHOD_NEITHER's buffers are the driver's to probe.
NTSTATUS check_control(const ControlRequest& request, PIO_STATUS_BLOCK iosb) {
    if (!may_touch(iosb, sizeof(IO_STATUS_BLOCK), request.mode)) return STATUS_ACCESS_VIOLATION;
    const ULONG method = METHOD_FROM_CTL_CODE(request.code);
    if (method == METHOD_NEITHER) return STATUS_SUCCESS;
    if (request.input == nullptr && request.input_length != 0) return STATUS_ACCESS_VIOLATION;
    const bool output_probed = method == METHOD_BUFFERED;
    if (!may_touch(request.input, request.input_length, request.mode)) return STATUS_ACCESS_VIOLATION;
    if (!output_probed) return STATUS_SUCCESS;
    if (request.output == nullptr && request.output_length != 0) return STATUS_ACCESS_VIOLATION;
    return may_touch(request.output, request.output_length, request.mode) ? STATUS_SUCCESS
                                                                          : STATUS_ACCESS_VIOLATION;
}

// True: the driver answered without an IRP.
bool fast_control(const Target& target, const ControlRequest& request, PIO_STATUS_BLOCK iosb,
                  NTSTATUS* status) {
    PFAST_IO_DISPATCH const fast = target.device->DriverObject->FastIoDispatch;
    constexpr ULONG needed = offsetof(FAST_IO_DISPATCH, FastIoDeviceControl) + sizeof(void*);
    if (fast == nullptr || fast->SizeOfFastIoDispatch < needed || fast->FastIoDeviceControl == nullptr)
        return false;
    IO_STATUS_BLOCK result{};
    DriverCall call("FastIoDeviceControl", reinterpret_cast<const void*>(fast->FastIoDeviceControl));
    const BOOLEAN done = call.returned(
        fast->FastIoDeviceControl(target.file, TRUE, request.input, request.input_length, request.output,
                                  request.output_length, request.code, &result, target.device));
    if (done == FALSE) return false;
    *iosb = result;
    *status = result.Status;
    if (target.event != nullptr) ke::set_event(target.event);
    ke::set_event(&target.file->Event);
    return true;
}

NTSTATUS control(Target& target, UCHAR major, const Notice& notice, const ControlRequest& wanted,
                 PIO_STATUS_BLOCK iosb) {
    FileLock lock(target.file);
    NTSTATUS status = STATUS_SUCCESS;
    if (major == IRP_MJ_DEVICE_CONTROL && fast_control(target, wanted, iosb, &status)) return status;
    Request request;
    status = make_request(target, major, notice, iosb, wanted.mode, request);
    if (!NT_SUCCESS(status)) return status;
    // MinorFunction 0 is IRP_MN_USER_FS_REQUEST for IRP_MJ_FILE_SYSTEM_CONTROL.
    if ((target.granted & FILE_READ_DATA) != 0) request.stack->Flags |= SL_READ_ACCESS_GRANTED;
    if ((target.granted & FILE_WRITE_DATA) != 0) request.stack->Flags |= SL_WRITE_ACCESS_GRANTED;
    status = set_up_control(request.irp, request.stack, wanted);
    if (!NT_SUCCESS(status)) {
        discard_irp(request.irp);
        return status;
    }
    return submit(target, request.irp);
}

NTSTATUS control_file(HANDLE handle, UCHAR major, const Notice& notice, const ControlRequest& wanted,
                      PIO_STATUS_BLOCK iosb) {
    Target target;
    NTSTATUS status = reference_target(handle, 0, notice, wanted.mode, target);
    if (!NT_SUCCESS(status)) return status;
    if (wanted.mode != KernelMode && !code_allowed(wanted.code, target.granted)) return STATUS_ACCESS_DENIED;
    status = check_control(wanted, iosb);
    return NT_SUCCESS(status) ? control(target, major, notice, wanted, iosb) : status;
}

}  // namespace

NTSTATUS read_file(HANDLE file, const Notice& notice, PIO_STATUS_BLOCK status, void* buffer, ULONG length,
                   const LARGE_INTEGER* offset, KPROCESSOR_MODE mode, const ULONG* key) {
    return transfer_file(file, notice, status, {IRP_MJ_READ, buffer, length, offset, key}, FILE_READ_DATA,
                         mode);
}

NTSTATUS write_file(HANDLE file, const Notice& notice, PIO_STATUS_BLOCK status, const void* buffer,
                    ULONG length, const LARGE_INTEGER* offset, KPROCESSOR_MODE mode, const ULONG* key) {
    return transfer_file(file, notice, status, {IRP_MJ_WRITE, const_cast<void*>(buffer), length, offset, key},
                         FILE_WRITE_DATA, mode);
}

NTSTATUS device_io_control(HANDLE file, const Notice& notice, ULONG code, void* input, ULONG input_length,
                           void* output, ULONG output_length, PIO_STATUS_BLOCK status, KPROCESSOR_MODE mode) {
    return control_file(file, IRP_MJ_DEVICE_CONTROL, notice,
                        {code, input, input_length, output, output_length, mode}, status);
}

NTSTATUS fs_control(HANDLE file, const Notice& notice, ULONG code, void* input, ULONG input_length,
                    void* output, ULONG output_length, PIO_STATUS_BLOCK status, KPROCESSOR_MODE mode) {
    return control_file(file, IRP_MJ_FILE_SYSTEM_CONTROL, notice,
                        {code, input, input_length, output, output_length, mode}, status);
}

NTSTATUS flush_file(HANDLE handle, PIO_STATUS_BLOCK iosb, KPROCESSOR_MODE mode) {
    Target target;
    NTSTATUS status = reference_target(handle, 0, {}, mode, target);
    if (NT_SUCCESS(status)) status = check_buffers(iosb, nullptr, 0, mode);
    if (!NT_SUCCESS(status)) return status;
    if (mode != KernelMode && (target.granted & (FILE_WRITE_DATA | FILE_APPEND_DATA)) == 0)
        return STATUS_ACCESS_DENIED;
    FileLock lock(target.file);
    PIRP const irp = allocate_irp(target.device->StackSize);
    if (irp == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    irp->Flags = IRP_SYNCHRONOUS_API;
    irp->RequestorMode = mode;
    irp->Tail.Overlay.OriginalFileObject = target.file;
    PIO_STACK_LOCATION const stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = IRP_MJ_FLUSH_BUFFERS;
    stack->FileObject = target.file;
    ULONG_PTR information = 0;
    status = call_and_wait(target.device, irp, &information);
    iosb->Status = status;
    iosb->Information = information;
    return status;
}

namespace {

struct CancelSearch {
    PFILE_OBJECT file;
    KTHREAD* thread;        // null: any
    PIO_STATUS_BLOCK only;  // null: any
    bool cancelled_too;
};

bool is_wanted(const IrpRecord& record, const void* context) {
    const auto& search = *static_cast<const CancelSearch*>(context);
    const IRP& irp = *const_cast<IrpRecord&>(record).irp();
    if (record.state != IrpState::live || record.issuer == nullptr) return false;
    return irp.Tail.Overlay.OriginalFileObject == search.file &&
           (search.thread == nullptr || record.issuer == search.thread) &&
           (search.only == nullptr || irp.UserIosb == search.only) &&
           (search.cancelled_too || irp.Cancel == FALSE);
}

}  // namespace

NTSTATUS cancel_file_io(HANDLE handle, bool all_threads, PIO_STATUS_BLOCK only, KPROCESSOR_MODE mode) {
    Target target;
    const NTSTATUS status = reference_target(handle, 0, {}, mode, target);
    if (!NT_SUCCESS(status)) return status;
    CancelSearch search{target.file, all_threads ? nullptr : ke::current_thread(), only, false};
    unsigned found = 0;
    // One at a time: a cancel routine may end any number of others.
    while (IrpRecord* const record = find_irp(is_wanted, &search)) {
        ++found;
        cancel(record->irp());
    }
    if (all_threads) return found == 0 ? STATUS_NOT_FOUND : STATUS_SUCCESS;
    // NtCancelIoFile comes back when the requests have ended.
    search.cancelled_too = true;
    constexpr int waits = 3000;
    for (int i = 0; i < waits && find_irp(is_wanted, &search) != nullptr; ++i)
        ke::delay(KernelMode, false, -100'000);
    return STATUS_SUCCESS;
}

}  // namespace portico::nt::io

using namespace portico::nt;

extern "C" {

NTSTATUS NTAPI ZwReadFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                          PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length,
                          PLARGE_INTEGER ByteOffset, PULONG Key) {
    DDI(ZwReadFile, PASSIVE_LEVEL);
    return io::read_file(FileHandle, {Event, ApcRoutine, ApcContext}, IoStatusBlock, Buffer, Length,
                         ByteOffset, KernelMode, Key);
}

NTSTATUS NTAPI NtReadFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                          PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length,
                          PLARGE_INTEGER ByteOffset, PULONG Key) {
    DDI(NtReadFile, PASSIVE_LEVEL);
    return io::read_file(FileHandle, {Event, ApcRoutine, ApcContext}, IoStatusBlock, Buffer, Length,
                         ByteOffset, ke::previous_mode(), Key);
}

NTSTATUS NTAPI ZwWriteFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                           PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length,
                           PLARGE_INTEGER ByteOffset, PULONG Key) {
    DDI(ZwWriteFile, PASSIVE_LEVEL);
    return io::write_file(FileHandle, {Event, ApcRoutine, ApcContext}, IoStatusBlock, Buffer, Length,
                          ByteOffset, KernelMode, Key);
}

NTSTATUS NTAPI NtWriteFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                           PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length,
                           PLARGE_INTEGER ByteOffset, PULONG Key) {
    DDI(NtWriteFile, PASSIVE_LEVEL);
    return io::write_file(FileHandle, {Event, ApcRoutine, ApcContext}, IoStatusBlock, Buffer, Length,
                          ByteOffset, ke::previous_mode(), Key);
}

NTSTATUS NTAPI ZwDeviceIoControlFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                                     PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock, ULONG IoControlCode,
                                     PVOID InputBuffer, ULONG InputBufferLength, PVOID OutputBuffer,
                                     ULONG OutputBufferLength) {
    DDI(ZwDeviceIoControlFile, PASSIVE_LEVEL);
    return io::device_io_control(FileHandle, {Event, ApcRoutine, ApcContext}, IoControlCode, InputBuffer,
                                 InputBufferLength, OutputBuffer, OutputBufferLength, IoStatusBlock,
                                 KernelMode);
}

NTSTATUS NTAPI NtDeviceIoControlFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine,
                                     PVOID ApcContext, PIO_STATUS_BLOCK IoStatusBlock, ULONG IoControlCode,
                                     PVOID InputBuffer, ULONG InputBufferLength, PVOID OutputBuffer,
                                     ULONG OutputBufferLength) {
    DDI(NtDeviceIoControlFile, PASSIVE_LEVEL);
    return io::device_io_control(FileHandle, {Event, ApcRoutine, ApcContext}, IoControlCode, InputBuffer,
                                 InputBufferLength, OutputBuffer, OutputBufferLength, IoStatusBlock,
                                 ke::previous_mode());
}

NTSTATUS NTAPI ZwFsControlFile(HANDLE FileHandle, HANDLE Event, PIO_APC_ROUTINE ApcRoutine, PVOID ApcContext,
                               PIO_STATUS_BLOCK IoStatusBlock, ULONG FsControlCode, PVOID InputBuffer,
                               ULONG InputBufferLength, PVOID OutputBuffer, ULONG OutputBufferLength) {
    DDI(ZwFsControlFile, PASSIVE_LEVEL);
    return io::fs_control(FileHandle, {Event, ApcRoutine, ApcContext}, FsControlCode, InputBuffer,
                          InputBufferLength, OutputBuffer, OutputBufferLength, IoStatusBlock, KernelMode);
}

NTSTATUS NTAPI ZwFlushBuffersFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock) {
    DDI(ZwFlushBuffersFile, PASSIVE_LEVEL);
    return io::flush_file(FileHandle, IoStatusBlock, KernelMode);
}

NTSTATUS NTAPI ZwCancelIoFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock) {
    DDI(ZwCancelIoFile, PASSIVE_LEVEL);
    const NTSTATUS status = io::cancel_file_io(FileHandle, false, nullptr, KernelMode);
    *IoStatusBlock = {{status}, 0};
    return status;
}

NTSTATUS NTAPI ZwCancelIoFileEx(HANDLE FileHandle, PIO_STATUS_BLOCK IoRequestToCancel,
                                PIO_STATUS_BLOCK IoStatusBlock) {
    DDI(ZwCancelIoFileEx, PASSIVE_LEVEL);
    const NTSTATUS status = io::cancel_file_io(FileHandle, true, IoRequestToCancel, KernelMode);
    *IoStatusBlock = {{status}, 0};
    return status;
}

}  // extern "C"
