// What KS offers to clients in the kernel (FLD-040): opening what is below a filter or a pin, and requests to
// file objects. Their buffers may lie anywhere in system memory, stacks included.
#include <cstring>

#include "ks.h"
#include "ks/object_name.h"
#include "ksmedia.h"
#include "nt/ddi.h"
#include "nt/ex/pool.h"
#include "nt/io/file.h"
#include "nt/io/irp.h"

namespace portico::ks {
namespace {

constexpr ULONG client_tag = 0x636b534b;  // 'KSkc' in memory
constexpr std::size_t name_bytes_max = 0xFFFE;

struct Creation {
    HANDLE parent;
    const char16_t* kind;  // its GUID in braces and a backslash
    const void* request;
    std::size_t size;
    ACCESS_MASK access;
    const void* frame;  // of the exported function
};

// What is below a kernel handle is the kernel's too, whatever process the caller's thread belongs to.
bool is_kernel_handle(HANDLE handle) {
    return (reinterpret_cast<std::uint64_t>(handle) & nt::ob::kernel_handle_bits) ==
           nt::ob::kernel_handle_bits;
}

NTSTATUS create(const Creation& creation, PHANDLE handle) {
    *handle = nullptr;
    const UNICODE_STRING kind = nt::ob::string(creation.kind);
    const std::size_t length = kind.Length + creation.size;
    if (length > name_bytes_max) return STATUS_INVALID_BUFFER_SIZE;
    auto* const buffer = static_cast<char*>(nt::ex::allocate_internal(PagedPool, length, client_tag));
    if (buffer == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    std::memcpy(buffer, kind.Buffer, kind.Length);
    std::memcpy(buffer + kind.Length, creation.request, creation.size);
    UNICODE_STRING name{static_cast<USHORT>(length), static_cast<USHORT>(length),
                        reinterpret_cast<PWCH>(buffer)};
    OBJECT_ATTRIBUTES attributes;
    const ULONG kernel = is_kernel_handle(creation.parent) ? OBJ_KERNEL_HANDLE : 0;
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE | kernel, creation.parent, nullptr);
    nt::io::OpenRequest open;
    open.attributes = &attributes;
    open.access = creation.access;
    open.frame = creation.frame;
    IO_STATUS_BLOCK io_status{};
    const NTSTATUS status = nt::io::create_file(open, handle, &io_status);
    nt::ex::free(buffer, client_tag);
    return status;
}

// KSPIN_CONNECT, the data format behind it, and its attributes; 0: sizes that cannot be.
std::size_t connect_size(const KSPIN_CONNECT& connect) {
    const auto& format = *reinterpret_cast<const KSDATAFORMAT*>(&connect + 1);
    std::size_t size = format.FormatSize;
    if (size < sizeof(KSDATAFORMAT) || size > name_bytes_max) return 0;
    if ((format.Flags & KSDATAFORMAT_ATTRIBUTES) != 0) {
        size = (size + FILE_QUAD_ALIGNMENT) & ~std::size_t{FILE_QUAD_ALIGNMENT};
        const auto* const behind = reinterpret_cast<const char*>(&format) + size;
        size += reinterpret_cast<const KSMULTIPLE_ITEM*>(behind)->Size;
    }
    return sizeof connect + size;
}

// A request of the calling thread to a file object, in flight.
struct Request {
    PFILE_OBJECT file;
    PDEVICE_OBJECT device;
    PIRP irp = nullptr;
    PIO_STACK_LOCATION stack = nullptr;

    explicit Request(PFILE_OBJECT object) : file(object), device(nt::io::related_device(object)) {}

    bool allocate(UCHAR major, KPROCESSOR_MODE mode, const void* frame) {
        irp = nt::io::allocate_irp(device->StackSize, frame);
        if (irp == nullptr) return false;
        irp->RequestorMode = mode;
        stack = IoGetNextIrpStackLocation(irp);
        stack->MajorFunction = major;
        stack->FileObject = file;
        return true;
    }
    NTSTATUS send() {
        nt::io::queue_to_current_thread(irp);
        return nt::io::call_driver(device, irp);
    }
};

NTSTATUS control_and_wait(PFILE_OBJECT file, const nt::io::ControlRequest& control, PULONG returned,
                          const void* frame) {
    Request request(file);
    if (!request.allocate(IRP_MJ_DEVICE_CONTROL, control.mode, frame)) return STATUS_INSUFFICIENT_RESOURCES;
    NTSTATUS status = nt::io::set_up_control(request.irp, request.stack, control);
    if (!NT_SUCCESS(status)) {
        nt::io::discard_irp(request.irp);
        return status;
    }
    KEVENT event;
    IO_STATUS_BLOCK io_status{};
    nt::ke::initialize_event(&event, NotificationEvent, false);
    request.irp->UserEvent = &event;
    request.irp->UserIosb = &io_status;
    status = request.send();
    if (status == STATUS_PENDING) {
        nt::ke::wait(&event, KernelMode, false, nullptr);
        status = io_status.Status;
    }
    if (returned != nullptr) *returned = static_cast<ULONG>(io_status.Information);
    return status;
}

// How the end of a request is told that its caller need not wait for.
struct Ending {
    PKEVENT event;  // null: the file object's
    PVOID context;
    PIO_STATUS_BLOCK io_status;
    PIO_COMPLETION_ROUTINE routine = nullptr;
    PVOID routine_context = nullptr;
    ULONG invocation = 0;  // KSCOMPLETION_INVOCATION
    bool synchronous = false;
};

NTSTATUS send(Request& request, const Ending& ending) {
    PIRP const irp = request.irp;
    PFILE_OBJECT const file = request.file;
    irp->UserIosb = ending.io_status;
    irp->UserEvent = ending.event;
    // The event is the caller's memory and no object that the end of the request could give back.
    irp->Flags |= IRP_SYNCHRONOUS_API;
    irp->Overlay.AsynchronousParameters.UserApcContext = ending.context;
    irp->Tail.Overlay.OriginalFileObject = file;
    nt::ob::reference(file);
    if (ending.routine != nullptr) {
        IoSetCompletionRoutine(
            irp, ending.routine, ending.routine_context, (ending.invocation & KsInvokeOnSuccess) != 0,
            (ending.invocation & KsInvokeOnError) != 0, (ending.invocation & KsInvokeOnCancel) != 0);
    }
    PKEVENT const event = ending.event != nullptr ? ending.event : &file->Event;
    nt::ke::reset_event(event);
    const NTSTATUS status = request.send();
    if (status != STATUS_PENDING || !ending.synchronous) return status;
    nt::ke::wait(event, KernelMode, false, nullptr);
    return ending.io_status->Status;
}

NTSTATUS transfer(UCHAR major, PFILE_OBJECT file, const Ending& ending, PVOID buffer, ULONG length, ULONG key,
                  KPROCESSOR_MODE mode, const void* frame) {
    Request request(file);
    if (!request.allocate(major, mode, frame)) return STATUS_INSUFFICIENT_RESOURCES;
    const NTSTATUS status =
        nt::io::set_up_transfer(request.irp, request.stack, request.device, buffer, length, mode);
    if (!NT_SUCCESS(status)) {
        nt::io::discard_irp(request.irp);
        return status;
    }
    request.stack->Parameters.Read.Key = key;
    request.stack->Parameters.Read.ByteOffset = file->CurrentByteOffset;
    return send(request, ending);
}

}  // namespace
}  // namespace portico::ks

using namespace portico;
using namespace portico::ks;

extern "C" {

NTSTATUS NTAPI KsCreatePin(HANDLE FilterHandle, PKSPIN_CONNECT Connect, ACCESS_MASK DesiredAccess,
                           PHANDLE ConnectionHandle) {
    DDI(KsCreatePin, PASSIVE_LEVEL);
    const std::size_t size = connect_size(*Connect);
    if (size == 0) return STATUS_INVALID_PARAMETER;
    return create({FilterHandle, pin_kind, Connect, size, DesiredAccess, __builtin_frame_address(0)},
                  ConnectionHandle);
}

NTSTATUS NTAPI KsCreateAllocator(HANDLE ConnectionHandle, PKSALLOCATOR_FRAMING AllocatorFraming,
                                 PHANDLE AllocatorHandle) {
    DDI(KsCreateAllocator, PASSIVE_LEVEL);
    return create({ConnectionHandle, allocator_kind, AllocatorFraming, sizeof *AllocatorFraming, GENERIC_READ,
                   __builtin_frame_address(0)},
                  AllocatorHandle);
}

NTSTATUS NTAPI KsCreateClock(HANDLE ConnectionHandle, PKSCLOCK_CREATE ClockCreate, PHANDLE ClockHandle) {
    DDI(KsCreateClock, PASSIVE_LEVEL);
    return create({ConnectionHandle, clock_kind, ClockCreate, sizeof *ClockCreate, GENERIC_READ,
                   __builtin_frame_address(0)},
                  ClockHandle);
}

NTSTATUS NTAPI KsCreateTopologyNode(HANDLE ParentHandle, PKSNODE_CREATE NodeCreate, ACCESS_MASK DesiredAccess,
                                    PHANDLE NodeHandle) {
    DDI(KsCreateTopologyNode, PASSIVE_LEVEL);
    return create(
        {ParentHandle, node_kind, NodeCreate, sizeof *NodeCreate, DesiredAccess, __builtin_frame_address(0)},
        NodeHandle);
}

NTSTATUS NTAPI KsSynchronousIoControlDevice(PFILE_OBJECT FileObject, KPROCESSOR_MODE RequestorMode,
                                            ULONG IoControl, PVOID InBuffer, ULONG InSize, PVOID OutBuffer,
                                            ULONG OutSize, PULONG BytesReturned) {
    DDI(KsSynchronousIoControlDevice, PASSIVE_LEVEL);
    return control_and_wait(FileObject, {IoControl, InBuffer, InSize, OutBuffer, OutSize, RequestorMode},
                            BytesReturned, __builtin_frame_address(0));
}

NTSTATUS NTAPI KsStreamIo(PFILE_OBJECT FileObject, PKEVENT Event, PVOID PortContext,
                          PIO_COMPLETION_ROUTINE CompletionRoutine, PVOID CompletionContext,
                          KSCOMPLETION_INVOCATION CompletionInvocationFlags, PIO_STATUS_BLOCK IoStatusBlock,
                          PVOID StreamHeaders, ULONG Length, ULONG Flags, KPROCESSOR_MODE RequestorMode) {
    DDI(KsStreamIo, PASSIVE_LEVEL);
    const ULONG direction = Flags & (KSSTREAM_READ | KSSTREAM_WRITE);
    if (direction != KSSTREAM_READ && direction != KSSTREAM_WRITE) return STATUS_INVALID_PARAMETER;
    Request request(FileObject);
    if (!request.allocate(IRP_MJ_DEVICE_CONTROL, RequestorMode, __builtin_frame_address(0)))
        return STATUS_INSUFFICIENT_RESOURCES;
    const ULONG code = direction == KSSTREAM_WRITE ? IOCTL_KS_WRITE_STREAM : IOCTL_KS_READ_STREAM;
    // METHOD_NEITHER: nothing is attached, and nothing can fail.
    nt::io::set_up_control(request.irp, request.stack,
                           {code, nullptr, 0, StreamHeaders, Length, RequestorMode});
    return send(request,
                {Event, PortContext, IoStatusBlock, CompletionRoutine, CompletionContext,
                 static_cast<ULONG>(CompletionInvocationFlags), (Flags & KSSTREAM_SYNCHRONOUS) != 0});
}

NTSTATUS NTAPI KsReadFile(PFILE_OBJECT FileObject, PKEVENT Event, PVOID PortContext,
                          PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length, ULONG Key,
                          KPROCESSOR_MODE RequestorMode) {
    DDI(KsReadFile, PASSIVE_LEVEL);
    return transfer(IRP_MJ_READ, FileObject, {Event, PortContext, IoStatusBlock}, Buffer, Length, Key,
                    RequestorMode, __builtin_frame_address(0));
}

NTSTATUS NTAPI KsWriteFile(PFILE_OBJECT FileObject, PKEVENT Event, PVOID PortContext,
                           PIO_STATUS_BLOCK IoStatusBlock, PVOID Buffer, ULONG Length, ULONG Key,
                           KPROCESSOR_MODE RequestorMode) {
    DDI(KsWriteFile, PASSIVE_LEVEL);
    return transfer(IRP_MJ_WRITE, FileObject, {Event, PortContext, IoStatusBlock}, Buffer, Length, Key,
                    RequestorMode, __builtin_frame_address(0));
}

}  // extern "C"
