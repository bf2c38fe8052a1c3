// File objects: opening through the namespace, cleanup with the last handle, close with the last reference.
#include "nt/io/file.h"

#include <cstring>

#include "nt/ddi.h"
#include "nt/ex/pool.h"
#include "nt/io/device.h"
#include "nt/io/driver.h"
#include "nt/io/irp.h"
#include "nt/io/volume.h"
#include "nt/ps/ps.h"

namespace portico::nt::io {
namespace {

struct OpenPacket {
    const OpenRequest* request;
    PFILE_OBJECT related = nullptr;
    ACCESS_MASK granted = 0;
    ULONG_PTR information = 0;
};

void send_without_answer(PFILE_OBJECT file, UCHAR major, ULONG flags) {
    PDEVICE_OBJECT const device = related_device(file);
    PIRP const irp = allocate_irp(device->StackSize);
    if (irp == nullptr) return;  // Windows waits for memory here; a simulated pool never gets any
    irp->Flags = flags;
    irp->Tail.Overlay.OriginalFileObject = file;
    PIO_STACK_LOCATION const stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = major;
    stack->FileObject = file;
    call_and_wait(device, irp, nullptr);
}

void clean_up(PFILE_OBJECT file) {
    if ((file->Flags & FO_CLEANUP_COMPLETE) != 0) return;
    file->Flags |= FO_CLEANUP_COMPLETE;
    FileLock lock(file);
    send_without_answer(file, IRP_MJ_CLEANUP, IRP_CLOSE_OPERATION | IRP_SYNCHRONOUS_API);
}

void close_handle(void* body, ACCESS_MASK, ULONG, ULONG handles) {
    if (handles == 0) clean_up(static_cast<PFILE_OBJECT>(body));
}

void remove_file(void* body) {
    auto* const file = static_cast<PFILE_OBJECT>(body);
    PDEVICE_OBJECT const device = file->DeviceObject;
    if (device != nullptr) {
        clean_up(file);
        send_without_answer(file, IRP_MJ_CLOSE, IRP_CLOSE_OPERATION | IRP_SYNCHRONOUS_API);
    }
    if (file->FileName.Buffer != nullptr) ex::free(file->FileName.Buffer, 0);
    if (device == nullptr) return;
    file->DeviceObject = nullptr;
    drop_open(device);
    ob::dereference(device);
}

NTSTATUS query_file_name(void* body, WCHAR* buffer, ULONG size, ULONG* needed) {
    auto* const file = static_cast<PFILE_OBJECT>(body);
    if (file->DeviceObject == nullptr) return STATUS_INVALID_PARAMETER;
    ULONG device_length = 0;
    const NTSTATUS status = ob::query_name(file->DeviceObject, buffer, size, &device_length);
    *needed = device_length + file->FileName.Length;
    if (!NT_SUCCESS(status) || *needed > size) return STATUS_INFO_LENGTH_MISMATCH;
    std::memcpy(reinterpret_cast<char*>(buffer) + device_length, file->FileName.Buffer,
                file->FileName.Length);
    return STATUS_SUCCESS;
}

}  // namespace

_OBJECT_TYPE file_type{
    {.name = "File",
     .tag = 'eliF',
     .valid_access = FILE_ALL_ACCESS,
     .mapping = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS},
     .remove = remove_file,
     .close = close_handle,
     .query_name = query_file_name,
     .wait_offset = offsetof(FILE_OBJECT, Event),
     .case_insensitive = true}};

FileLock::FileLock(PFILE_OBJECT file) : file_((file->Flags & FO_SYNCHRONOUS_IO) != 0 ? file : nullptr) {
    if (file_ == nullptr) return;
    while (file_->Busy != 0) {
        file_->Waiters = file_->Waiters + 1;
        ke::wait(&file_->Lock, KernelMode, false, nullptr);
        file_->Waiters = file_->Waiters - 1;
    }
    file_->Busy = 1;
    ob::reference(file_);
}

FileLock::~FileLock() {
    if (file_ == nullptr) return;
    file_->Busy = 0;
    if (file_->Waiters != 0) ke::set_event(&file_->Lock);
    ob::dereference(file_);
}

PDEVICE_OBJECT related_device(PFILE_OBJECT file) {
    return top_of_stack(file->DeviceObject);
}

bool may_touch(const void* buffer, std::size_t length, KPROCESSOR_MODE mode) {
    if (mode == KernelMode || length == 0) return true;
    const auto begin = reinterpret_cast<std::uint64_t>(buffer);
    return sim::user_range.contains(begin) && length <= sim::user_range.end() - begin;
}

namespace {

// Creation options that exclude each other or ask for rights that were not asked for (NtCreateFile).
bool options_valid(const OpenRequest& request) {
    const ULONG options = request.options;
    const ULONG synchronous = options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT);
    if (synchronous == (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT)) return false;
    if (synchronous != 0 && (request.access & (SYNCHRONIZE | GENERIC_ALL | GENERIC_READ | GENERIC_WRITE |
                                               GENERIC_EXECUTE | MAXIMUM_ALLOWED)) == 0) {
        return false;
    }
    if ((options & FILE_DELETE_ON_CLOSE) != 0 &&
        (request.access & (DELETE | GENERIC_ALL | MAXIMUM_ALLOWED)) == 0) {
        return false;
    }
    const ULONG kinds = FILE_DIRECTORY_FILE | FILE_NON_DIRECTORY_FILE;
    return (options & kinds) != kinds && (options & ~FILE_VALID_OPTION_FLAGS) == 0;
}

bool request_valid(const OpenRequest& request) {
    return request.attributes != nullptr && request.disposition <= FILE_MAXIMUM_DISPOSITION &&
           (request.share & ~FILE_SHARE_VALID_FLAGS) == 0 && options_valid(request) &&
           (request.ea_length == 0 || request.ea != nullptr);
}

// The device's own descriptor guards it; names below it are the driver's affair unless it said
// FILE_DEVICE_SECURE_OPEN.
NTSTATUS check_access(PDEVICE_OBJECT device, const UNICODE_STRING& name, const OpenPacket& packet,
                      ACCESS_MASK* granted) {
    const OpenRequest& request = *packet.request;
    const NTSTATUS status = ob::map_access(&file_type, request.access, request.mode, granted);
    if (!NT_SUCCESS(status) || request.mode == KernelMode) return status;
    const bool guarded = name.Length == 0 || (device->Characteristics & FILE_DEVICE_SECURE_OPEN) != 0;
    if (!guarded) return STATUS_SUCCESS;
    const ps::Process& process = *ps::current_process();
    const Client client{process.administrator || process.system, process.system};
    return check_sddl(extras(device).sddl, client, request.access, granted);
}

NTSTATUS check_device(PDEVICE_OBJECT device, const OpenPacket& packet) {
    constexpr ULONG closed =
        unload_pending | delete_pending | remove_pending | remove_processed | start_pending;
    if ((device->Flags & DO_DEVICE_INITIALIZING) != 0 || (extras(device).state & closed) != 0) {
        return STATUS_NO_SUCH_DEVICE;
    }
    const bool taken = (device->Flags & DO_EXCLUSIVE) != 0 && device->ReferenceCount != 0;
    return taken && packet.related == nullptr ? STATUS_ACCESS_DENIED : STATUS_SUCCESS;
}

ULONG flags_of(const OpenRequest& request) {
    ULONG flags = 0;
    if ((request.options & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT)) != 0)
        flags |= FO_SYNCHRONOUS_IO;
    if ((request.options & FILE_SYNCHRONOUS_IO_ALERT) != 0) flags |= FO_ALERTABLE_IO;
    if ((request.options & FILE_NO_INTERMEDIATE_BUFFERING) != 0) flags |= FO_NO_INTERMEDIATE_BUFFERING;
    if ((request.options & FILE_WRITE_THROUGH) != 0) flags |= FO_WRITE_THROUGH;
    if ((request.options & FILE_SEQUENTIAL_ONLY) != 0) flags |= FO_SEQUENTIAL_ONLY;
    if ((request.options & FILE_RANDOM_ACCESS) != 0) flags |= FO_RANDOM_ACCESS;
    if ((request.attributes->Attributes & OBJ_CASE_INSENSITIVE) == 0) flags |= FO_OPENED_CASE_SENSITIVE;
    return flags;
}

PFILE_OBJECT make_file(PDEVICE_OBJECT device, const UNICODE_STRING& name, const OpenPacket& packet) {
    auto* const file = static_cast<PFILE_OBJECT>(ob::allocate(&file_type, sizeof(FILE_OBJECT)));
    if (file == nullptr) return nullptr;
    file->Type = IO_TYPE_FILE;
    file->Size = sizeof(FILE_OBJECT);
    file->RelatedFileObject = packet.related;
    file->Flags = flags_of(*packet.request);
    ke::initialize_event(&file->Lock, SynchronizationEvent, false);
    ke::initialize_event(&file->Event, NotificationEvent, false);
    if (name.Length != 0) {
        auto* const buffer =
            static_cast<WCHAR*>(ex::allocate_internal(PagedPool, name.Length + sizeof(WCHAR), 'mNoI'));
        if (buffer == nullptr) {
            ob::dereference(file);
            return nullptr;
        }
        std::memcpy(buffer, name.Buffer, name.Length);
        buffer[name.Length / sizeof(WCHAR)] = 0;
        file->FileName = {name.Length, static_cast<USHORT>(name.Length + sizeof(WCHAR)), buffer};
    }
    file->DeviceObject = device;
    ob::reference(device);
    add_open(device);
    return file;
}

// The file was never open: neither cleanup nor close is due.
void abandon_file(PFILE_OBJECT file) {
    PDEVICE_OBJECT const device = file->DeviceObject;
    file->DeviceObject = nullptr;
    ob::dereference(file);
    drop_open(device);
    ob::dereference(device);
}

struct CreateContext {
    ACCESS_STATE access{};
    SECURITY_QUALITY_OF_SERVICE quality{};
    IO_SECURITY_CONTEXT security{};
};

void fill_context(CreateContext& context, const OpenPacket& packet) {
    const OpenRequest& request = *packet.request;
    context.quality = {sizeof context.quality, SecurityImpersonation, FALSE, TRUE};
    context.access.OriginalDesiredAccess = request.access;
    context.access.PreviouslyGrantedAccess = packet.granted;
    context.security.SecurityQos = &context.quality;
    context.security.AccessState = &context.access;
    context.security.DesiredAccess = packet.granted;
    context.security.FullCreateOptions = request.options;
}

NTSTATUS send_create(PFILE_OBJECT file, OpenPacket& packet) {
    const OpenRequest& request = *packet.request;
    PDEVICE_OBJECT const device = related_device(file);
    PIRP const irp = allocate_irp(device->StackSize);
    if (irp == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    if (request.ea_length != 0) {
        if (!allocate_system_buffer(irp, request.ea_length, 0)) {
            free_irp(irp);
            return STATUS_INSUFFICIENT_RESOURCES;
        }
        std::memcpy(irp->AssociatedIrp.SystemBuffer, request.ea, request.ea_length);
    }
    CreateContext context;
    fill_context(context, packet);
    irp->Flags = IRP_CREATE_OPERATION | IRP_SYNCHRONOUS_API;
    irp->RequestorMode = request.mode;
    irp->Tail.Overlay.OriginalFileObject = file;
    if (request.allocation != nullptr) irp->Overlay.AllocationSize = *request.allocation;
    PIO_STACK_LOCATION const stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = IRP_MJ_CREATE;
    if ((file->Flags & FO_OPENED_CASE_SENSITIVE) != 0) stack->Flags |= SL_CASE_SENSITIVE;
    stack->FileObject = file;
    stack->Parameters.Create.SecurityContext = &context.security;
    stack->Parameters.Create.Options =
        (request.disposition << 24) | (request.options & FILE_VALID_OPTION_FLAGS);
    stack->Parameters.Create.FileAttributes = static_cast<USHORT>(request.file_attributes);
    stack->Parameters.Create.ShareAccess = static_cast<USHORT>(request.share);
    stack->Parameters.Create.EaLength = request.ea_length;
    return call_and_wait(device, irp, &packet.information);
}

NTSTATUS open_on_device(PDEVICE_OBJECT device, const UNICODE_STRING& name, OpenPacket& packet,
                        PFILE_OBJECT* opened) {
    NTSTATUS status = check_device(device, packet);
    if (!NT_SUCCESS(status)) return status;
    status = check_access(device, name, packet, &packet.granted);
    if (!NT_SUCCESS(status)) return status;
    PFILE_OBJECT const file = make_file(device, name, packet);
    if (file == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    status = send_create(file, packet);
    // The related file was the caller's to keep open until now.
    file->RelatedFileObject = nullptr;
    if (!NT_SUCCESS(status)) {
        abandon_file(file);
        return status;
    }
    file->ReadAccess = (packet.granted & FILE_READ_DATA) != 0;
    file->WriteAccess = (packet.granted & (FILE_WRITE_DATA | FILE_APPEND_DATA)) != 0;
    *opened = file;
    return status;
}

// RootDirectory is a file: the name is relative to it and is the driver's to read (KsCreatePin puts a
// structure there).
NTSTATUS open_relative(PFILE_OBJECT related, OpenPacket& packet, PFILE_OBJECT* opened) {
    const UNICODE_STRING empty{};
    const UNICODE_STRING* const name = packet.request->attributes->ObjectName;
    packet.related = related;
    if (related->DeviceObject == nullptr) return STATUS_INVALID_PARAMETER;
    return open_on_device(related->DeviceObject, name == nullptr ? empty : *name, packet, opened);
}

NTSTATUS open_by_path(OpenPacket& packet, PFILE_OBJECT* opened) {
    ob::Lookup lookup;
    lookup.type = &file_type;
    lookup.mode = packet.request->mode;
    lookup.desired = packet.request->access;
    lookup.context = &packet;
    lookup.context_kind = open_context;
    void* body = nullptr;
    const NTSTATUS status = ob::find(*packet.request->attributes, lookup, &body);
    *opened = static_cast<PFILE_OBJECT>(body);
    return status;
}

NTSTATUS open(OpenPacket& packet, PFILE_OBJECT* opened) {
    const OBJECT_ATTRIBUTES& attributes = *packet.request->attributes;
    *opened = nullptr;
    if (attributes.RootDirectory == nullptr) return open_by_path(packet, opened);
    void* root = nullptr;
    NTSTATUS status = ob::reference_handle(attributes.RootDirectory, 0, nullptr, packet.request->mode, &root);
    if (!NT_SUCCESS(status)) return status;
    status = ob::type_of(root) == &file_type ? open_relative(static_cast<PFILE_OBJECT>(root), packet, opened)
                                             : open_by_path(packet, opened);
    ob::dereference(root);
    return status;
}

}  // namespace

NTSTATUS parse_device(void* body, const UNICODE_STRING& rest, ob::Lookup& lookup, void** found) {
    auto* const device = static_cast<PDEVICE_OBJECT>(body);
    if (lookup.context_kind != open_context || lookup.context == nullptr) {
        if (rest.Length != 0) return STATUS_OBJECT_TYPE_MISMATCH;
        ob::reference(device);
        *found = device;
        return STATUS_SUCCESS;
    }
    PFILE_OBJECT file = nullptr;
    const NTSTATUS status = open_on_device(device, rest, *static_cast<OpenPacket*>(lookup.context), &file);
    *found = file;
    return status;
}

NTSTATUS create_file(const OpenRequest& request, PHANDLE handle, PIO_STATUS_BLOCK io_status) {
    *handle = nullptr;
    if (!request_valid(request)) return STATUS_INVALID_PARAMETER;
    OpenPacket packet{&request};
    PFILE_OBJECT file = nullptr;
    NTSTATUS status = open(packet, &file);
    if (!NT_SUCCESS(status) && request.mode == KernelMode && request.attributes->RootDirectory == nullptr &&
        request.attributes->ObjectName != nullptr && make_volume_for(*request.attributes->ObjectName)) {
        packet = OpenPacket{&request};
        status = open(packet, &file);
    }
    io_status->Information = packet.information;
    io_status->Status = status;
    if (!NT_SUCCESS(status)) return status;
    const ULONG attributes = request.attributes->Attributes;
    const NTSTATUS inserted =
        request.frame == nullptr
            ? ob::insert_handle(file, packet.granted, (attributes & OBJ_KERNEL_HANDLE) != 0, handle)
            : ob::insert_handle(file, packet.granted, attributes, request.mode, request.frame, handle);
    if (NT_SUCCESS(inserted)) {
        file->Flags |= FO_HANDLE_CREATED;
    } else {
        io_status->Status = status = inserted;
    }
    ob::dereference(file);
    return status;
}

NTSTATUS open_file(const UNICODE_STRING& path, ACCESS_MASK access, bool synchronous, KPROCESSOR_MODE mode,
                   PHANDLE handle) {
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, const_cast<UNICODE_STRING*>(&path), OBJ_CASE_INSENSITIVE, nullptr,
                               nullptr);
    OpenRequest request;
    request.attributes = &attributes;
    request.access = access | (synchronous ? SYNCHRONIZE : 0);
    request.options = synchronous ? FILE_SYNCHRONOUS_IO_NONALERT : 0;
    request.mode = mode;
    IO_STATUS_BLOCK status{};
    return create_file(request, handle, &status);
}

NTSTATUS open_device_by_name(const UNICODE_STRING& name, ACCESS_MASK access, PFILE_OBJECT* file,
                             PDEVICE_OBJECT* device) {
    OBJECT_ATTRIBUTES attributes;
    InitializeObjectAttributes(&attributes, const_cast<UNICODE_STRING*>(&name),
                               OBJ_KERNEL_HANDLE | OBJ_CASE_INSENSITIVE, nullptr, nullptr);
    OpenRequest request;
    request.attributes = &attributes;
    request.access = access;
    request.share = FILE_SHARE_READ | FILE_SHARE_WRITE;
    request.options = FILE_NON_DIRECTORY_FILE;
    IO_STATUS_BLOCK io_status{};
    HANDLE handle = nullptr;
    NTSTATUS status = create_file(request, &handle, &io_status);
    if (!NT_SUCCESS(status)) return status;
    void* body = nullptr;
    status = ob::reference_handle(handle, 0, &file_type, KernelMode, &body);
    ob::close(handle, KernelMode);
    if (!NT_SUCCESS(status)) return status;
    *file = static_cast<PFILE_OBJECT>(body);
    *device = related_device(*file);
    return status;
}

}  // namespace portico::nt::io

using namespace portico::nt;

namespace {

struct CreateArguments {
    PHANDLE handle;
    POBJECT_ATTRIBUTES attributes;
    PIO_STATUS_BLOCK status;
};

NTSTATUS create_checked(const CreateArguments& arguments, io::OpenRequest& request) {
    const KPROCESSOR_MODE mode = request.mode;
    if (!io::may_touch(arguments.handle, sizeof(HANDLE), mode) ||
        !io::may_touch(arguments.status, sizeof(IO_STATUS_BLOCK), mode) ||
        !io::may_touch(arguments.attributes, sizeof(OBJECT_ATTRIBUTES), mode) ||
        !io::may_touch(request.ea, request.ea_length, mode)) {
        return STATUS_ACCESS_VIOLATION;
    }
    request.attributes = arguments.attributes;
    return io::create_file(request, arguments.handle, arguments.status);
}

KPROCESSOR_MODE previous_mode() {
    return ke::current_thread()->previous_mode;
}

io::OpenRequest open_request(ACCESS_MASK access, ULONG share, ULONG options, KPROCESSOR_MODE mode,
                             const void* frame) {
    io::OpenRequest request;
    request.access = access;
    request.share = share;
    request.options = options;
    request.mode = mode;
    request.frame = frame;
    return request;
}

}  // namespace

extern "C" {

NTSTATUS NTAPI ZwCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                            PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
                            ULONG CreateDisposition, ULONG CreateOptions, PVOID EaBuffer, ULONG EaLength) {
    DDI(ZwCreateFile, PASSIVE_LEVEL);
    io::OpenRequest request =
        open_request(DesiredAccess, ShareAccess, CreateOptions, KernelMode, __builtin_frame_address(0));
    request.file_attributes = FileAttributes;
    request.disposition = CreateDisposition;
    request.ea = EaBuffer;
    request.ea_length = EaLength;
    request.allocation = AllocationSize;
    return create_checked({FileHandle, ObjectAttributes, IoStatusBlock}, request);
}

NTSTATUS NTAPI NtCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                            PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
                            ULONG CreateDisposition, ULONG CreateOptions, PVOID EaBuffer, ULONG EaLength) {
    DDI(NtCreateFile, PASSIVE_LEVEL);
    io::OpenRequest request =
        open_request(DesiredAccess, ShareAccess, CreateOptions, previous_mode(), __builtin_frame_address(0));
    request.file_attributes = FileAttributes;
    request.disposition = CreateDisposition;
    request.ea = EaBuffer;
    request.ea_length = EaLength;
    request.allocation = AllocationSize;
    return create_checked({FileHandle, ObjectAttributes, IoStatusBlock}, request);
}

NTSTATUS NTAPI IoCreateFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess,
                            POBJECT_ATTRIBUTES ObjectAttributes, PIO_STATUS_BLOCK IoStatusBlock,
                            PLARGE_INTEGER AllocationSize, ULONG FileAttributes, ULONG ShareAccess,
                            ULONG Disposition, ULONG CreateOptions, PVOID EaBuffer, ULONG EaLength,
                            CREATE_FILE_TYPE, PVOID, ULONG Options) {
    DDI(IoCreateFile, PASSIVE_LEVEL);
    const KPROCESSOR_MODE mode = (Options & IO_NO_PARAMETER_CHECKING) != 0 ? KernelMode : previous_mode();
    io::OpenRequest request =
        open_request(DesiredAccess, ShareAccess, CreateOptions, mode, __builtin_frame_address(0));
    request.file_attributes = FileAttributes;
    request.disposition = Disposition;
    request.ea = EaBuffer;
    request.ea_length = EaLength;
    request.allocation = AllocationSize;
    return create_checked({FileHandle, ObjectAttributes, IoStatusBlock}, request);
}

NTSTATUS NTAPI ZwOpenFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                          PIO_STATUS_BLOCK IoStatusBlock, ULONG ShareAccess, ULONG OpenOptions) {
    DDI(ZwOpenFile, PASSIVE_LEVEL);
    io::OpenRequest request =
        open_request(DesiredAccess, ShareAccess, OpenOptions, KernelMode, __builtin_frame_address(0));
    return create_checked({FileHandle, ObjectAttributes, IoStatusBlock}, request);
}

NTSTATUS NTAPI NtOpenFile(PHANDLE FileHandle, ACCESS_MASK DesiredAccess, POBJECT_ATTRIBUTES ObjectAttributes,
                          PIO_STATUS_BLOCK IoStatusBlock, ULONG ShareAccess, ULONG OpenOptions) {
    DDI(NtOpenFile, PASSIVE_LEVEL);
    io::OpenRequest request =
        open_request(DesiredAccess, ShareAccess, OpenOptions, previous_mode(), __builtin_frame_address(0));
    return create_checked({FileHandle, ObjectAttributes, IoStatusBlock}, request);
}

NTSTATUS NTAPI IoGetDeviceObjectPointer(PUNICODE_STRING ObjectName, ACCESS_MASK DesiredAccess,
                                        PFILE_OBJECT* FileObject, PDEVICE_OBJECT* DeviceObject) {
    DDI(IoGetDeviceObjectPointer, PASSIVE_LEVEL);
    const NTSTATUS status = io::open_device_by_name(*ObjectName, DesiredAccess, FileObject, DeviceObject);
    if (NT_SUCCESS(status)) ob::hand_to_driver(*FileObject, __builtin_frame_address(0));
    return status;
}

PDEVICE_OBJECT NTAPI IoGetRelatedDeviceObject(PFILE_OBJECT FileObject) {
    DDI(IoGetRelatedDeviceObject, DISPATCH_LEVEL);
    return io::related_device(FileObject);
}

}  // extern "C"
