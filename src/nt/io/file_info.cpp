// Information and security of files: what the I/O manager knows itself, and what it asks the driver for.
#include <cstring>

#include "nt/ddi.h"
#include "nt/io/device.h"
#include "nt/io/file.h"
#include "nt/io/irp.h"

namespace portico::nt::io {
namespace {

struct Opened {
    PFILE_OBJECT file = nullptr;
    ACCESS_MASK granted = 0;
    ~Opened() {
        if (file != nullptr) ob::dereference(file);
    }
};

NTSTATUS reference(HANDLE handle, ACCESS_MASK access, KPROCESSOR_MODE mode, Opened& opened) {
    void* body = nullptr;
    OBJECT_HANDLE_INFORMATION information{};
    const NTSTATUS status = ob::reference_handle(handle, access, &file_type, mode, &body, &information);
    if (!NT_SUCCESS(status)) return status;
    opened.file = static_cast<PFILE_OBJECT>(body);
    opened.granted = information.GrantedAccess;
    return STATUS_SUCCESS;
}

// How long the buffer of each class must be at least, and which right the handle must have.
struct ClassRule {
    FILE_INFORMATION_CLASS what;
    ULONG length;
    ACCESS_MASK access;
};

constexpr ClassRule query_rules[] = {
    {FileBasicInformation, sizeof(FILE_BASIC_INFORMATION), FILE_READ_ATTRIBUTES},
    {FileStandardInformation, sizeof(FILE_STANDARD_INFORMATION), 0},
    {FileInternalInformation, sizeof(LARGE_INTEGER), 0},
    {FileEaInformation, sizeof(ULONG), 0},
    {FileAccessInformation, sizeof(FILE_ACCESS_INFORMATION), 0},
    {FileNameInformation, sizeof(FILE_NAME_INFORMATION), 0},
    {FilePositionInformation, sizeof(FILE_POSITION_INFORMATION), 0},
    {FileModeInformation, sizeof(FILE_MODE_INFORMATION), 0},
    {FileAlignmentInformation, sizeof(FILE_ALIGNMENT_INFORMATION), 0},
    {FileNetworkOpenInformation, sizeof(FILE_NETWORK_OPEN_INFORMATION), FILE_READ_ATTRIBUTES}};

constexpr ClassRule set_rules[] = {
    {FileBasicInformation, sizeof(FILE_BASIC_INFORMATION), FILE_WRITE_ATTRIBUTES},
    {FileDispositionInformation, sizeof(FILE_DISPOSITION_INFORMATION), DELETE},
    {FilePositionInformation, sizeof(FILE_POSITION_INFORMATION), 0},
    {FileModeInformation, sizeof(FILE_MODE_INFORMATION), 0},
    {FileEndOfFileInformation, sizeof(FILE_END_OF_FILE_INFORMATION), FILE_WRITE_DATA}};

template <std::size_t N>
const ClassRule* rule_for(const ClassRule (&rules)[N], FILE_INFORMATION_CLASS what) {
    for (const ClassRule& rule : rules) {
        if (rule.what == what) return &rule;
    }
    return nullptr;
}

ULONG mode_of(PFILE_OBJECT file) {
    ULONG mode = 0;
    if ((file->Flags & FO_WRITE_THROUGH) != 0) mode |= FILE_WRITE_THROUGH;
    if ((file->Flags & FO_SEQUENTIAL_ONLY) != 0) mode |= FILE_SEQUENTIAL_ONLY;
    if ((file->Flags & FO_NO_INTERMEDIATE_BUFFERING) != 0) mode |= FILE_NO_INTERMEDIATE_BUFFERING;
    if ((file->Flags & FO_SYNCHRONOUS_IO) != 0) {
        mode |=
            (file->Flags & FO_ALERTABLE_IO) != 0 ? FILE_SYNCHRONOUS_IO_ALERT : FILE_SYNCHRONOUS_IO_NONALERT;
    }
    if ((file->Flags & FO_DELETE_ON_CLOSE) != 0) mode |= FILE_DELETE_ON_CLOSE;
    return mode;
}

// What needs no driver. False: it does.
bool answer(const Opened& opened, FILE_INFORMATION_CLASS what, void* information, ULONG_PTR* length) {
    switch (what) {
        case FileAccessInformation:
            static_cast<PFILE_ACCESS_INFORMATION>(information)->AccessFlags = opened.granted;
            *length = sizeof(FILE_ACCESS_INFORMATION);
            return true;
        case FileModeInformation:
            static_cast<PFILE_MODE_INFORMATION>(information)->Mode = mode_of(opened.file);
            *length = sizeof(FILE_MODE_INFORMATION);
            return true;
        case FileAlignmentInformation:
            static_cast<PFILE_ALIGNMENT_INFORMATION>(information)->AlignmentRequirement =
                related_device(opened.file)->AlignmentRequirement;
            *length = sizeof(FILE_ALIGNMENT_INFORMATION);
            return true;
        case FilePositionInformation:
            if ((opened.file->Flags & FO_SYNCHRONOUS_IO) == 0) return false;
            static_cast<PFILE_POSITION_INFORMATION>(information)->CurrentByteOffset =
                opened.file->CurrentByteOffset;
            *length = sizeof(FILE_POSITION_INFORMATION);
            return true;
        default:
            return false;
    }
}

struct Question {
    UCHAR major;
    FILE_INFORMATION_CLASS what;
    void* information;
    ULONG length;
    KPROCESSOR_MODE mode;
};

// The driver fills, or reads, a copy in system memory.
NTSTATUS ask_driver(PFILE_OBJECT file, const Question& question, ULONG_PTR* length) {
    PDEVICE_OBJECT const device = related_device(file);
    PIRP const irp = allocate_irp(device->StackSize);
    if (irp == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    if (!allocate_system_buffer(irp, question.length, question.length)) {
        free_irp(irp);
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    void* const buffer = irp->AssociatedIrp.SystemBuffer;
    std::memcpy(buffer, question.information, question.length);
    irp->Flags = IRP_BUFFERED_IO | IRP_SYNCHRONOUS_API;
    irp->RequestorMode = question.mode;
    irp->Tail.Overlay.OriginalFileObject = file;
    PIO_STACK_LOCATION const stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = question.major;
    stack->FileObject = file;
    stack->Parameters.QueryFile.Length = question.length;
    stack->Parameters.QueryFile.FileInformationClass = question.what;
    IrpRecord& record = *record_of(irp);
    void* const kept = record.system_buffer;
    record.system_buffer = nullptr;  // outlives the IRP: the answer is read from it
    const NTSTATUS status = call_and_wait(device, irp, length);
    const ULONG_PTR answered = *length < question.length ? *length : question.length;
    if (!NT_ERROR(status) && question.major == IRP_MJ_QUERY_INFORMATION)
        std::memcpy(question.information, buffer, answered);
    release_system_buffer(kept);
    return status;
}

NTSTATUS set_position(PFILE_OBJECT file, const void* information) {
    if ((file->Flags & FO_SYNCHRONOUS_IO) == 0) return STATUS_INVALID_PARAMETER;
    const LARGE_INTEGER position =
        static_cast<const FILE_POSITION_INFORMATION*>(information)->CurrentByteOffset;
    if (position.QuadPart < 0) return STATUS_INVALID_PARAMETER;
    file->CurrentByteOffset = position;
    return STATUS_SUCCESS;
}

NTSTATUS set_mode(PFILE_OBJECT file, const void* information) {
    const ULONG mode = static_cast<const FILE_MODE_INFORMATION*>(information)->Mode;
    const ULONG alert = FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT;
    if ((mode & ~(FILE_WRITE_THROUGH | FILE_SEQUENTIAL_ONLY | alert)) != 0 || (mode & alert) == alert) {
        return STATUS_INVALID_PARAMETER;
    }
    const bool synchronous = (file->Flags & FO_SYNCHRONOUS_IO) != 0;
    if (synchronous != ((mode & alert) != 0)) return STATUS_INVALID_PARAMETER;
    file->Flags &= ~(FO_WRITE_THROUGH | FO_SEQUENTIAL_ONLY | FO_ALERTABLE_IO);
    if ((mode & FILE_WRITE_THROUGH) != 0) file->Flags |= FO_WRITE_THROUGH;
    if ((mode & FILE_SEQUENTIAL_ONLY) != 0) file->Flags |= FO_SEQUENTIAL_ONLY;
    if ((mode & FILE_SYNCHRONOUS_IO_ALERT) != 0) file->Flags |= FO_ALERTABLE_IO;
    return STATUS_SUCCESS;
}

NTSTATUS device_information(PFILE_OBJECT file, void* information, ULONG length, ULONG_PTR* filled) {
    if (length < sizeof(FILE_FS_DEVICE_INFORMATION)) return STATUS_INFO_LENGTH_MISMATCH;
    PDEVICE_OBJECT const device = file->DeviceObject;
    auto& out = *static_cast<PFILE_FS_DEVICE_INFORMATION>(information);
    out.DeviceType = device->DeviceType;
    out.Characteristics = device->Characteristics;
    *filled = sizeof out;
    return STATUS_SUCCESS;
}

}  // namespace

NTSTATUS query_file(HANDLE handle, PIO_STATUS_BLOCK iosb, void* information, ULONG length,
                    FILE_INFORMATION_CLASS what, KPROCESSOR_MODE mode) {
    const ClassRule* const rule = rule_for(query_rules, what);
    if (rule == nullptr) return STATUS_INVALID_INFO_CLASS;
    if (length < rule->length) return STATUS_INFO_LENGTH_MISMATCH;
    if (!may_touch(information, length, mode) || !may_touch(iosb, sizeof *iosb, mode))
        return STATUS_ACCESS_VIOLATION;
    Opened opened;
    NTSTATUS status = reference(handle, rule->access, mode, opened);
    if (!NT_SUCCESS(status)) return status;
    FileLock lock(opened.file);
    ULONG_PTR filled = 0;
    if (!answer(opened, what, information, &filled)) {
        status =
            ask_driver(opened.file, {IRP_MJ_QUERY_INFORMATION, what, information, length, mode}, &filled);
    }
    *iosb = {{status}, filled};
    return status;
}

NTSTATUS set_file(HANDLE handle, PIO_STATUS_BLOCK iosb, void* information, ULONG length,
                  FILE_INFORMATION_CLASS what, KPROCESSOR_MODE mode) {
    const ClassRule* const rule = rule_for(set_rules, what);
    if (rule == nullptr) return STATUS_INVALID_INFO_CLASS;
    if (length < rule->length) return STATUS_INFO_LENGTH_MISMATCH;
    if (!may_touch(information, length, mode) || !may_touch(iosb, sizeof *iosb, mode))
        return STATUS_ACCESS_VIOLATION;
    Opened opened;
    NTSTATUS status = reference(handle, rule->access, mode, opened);
    if (!NT_SUCCESS(status)) return status;
    FileLock lock(opened.file);
    ULONG_PTR filled = 0;
    if (what == FilePositionInformation) {
        status = set_position(opened.file, information);
    } else if (what == FileModeInformation) {
        status = set_mode(opened.file, information);
    } else {
        status = ask_driver(opened.file, {IRP_MJ_SET_INFORMATION, what, information, length, mode}, &filled);
    }
    *iosb = {{status}, filled};
    return status;
}

namespace {

// A self-relative descriptor that lets everybody do everything: owner, group and lists are empty.
NTSTATUS default_descriptor(void* descriptor, ULONG length, ULONG* needed) {
    struct Relative {
        UCHAR Revision;
        UCHAR Sbz1;
        USHORT Control;
        ULONG Owner;
        ULONG Group;
        ULONG Sacl;
        ULONG Dacl;
    };
    constexpr USHORT dacl_present_self_relative = 0x8004;
    *needed = sizeof(Relative);
    if (length < sizeof(Relative)) return STATUS_BUFFER_TOO_SMALL;
    const Relative empty{1, 0, dacl_present_self_relative, 0, 0, 0, 0};
    std::memcpy(descriptor, &empty, sizeof empty);
    return STATUS_SUCCESS;
}

PIRP security_irp(PFILE_OBJECT file, UCHAR major, KPROCESSOR_MODE mode) {
    PIRP const irp = allocate_irp(related_device(file)->StackSize);
    if (irp == nullptr) return nullptr;
    irp->Flags = IRP_SYNCHRONOUS_API;
    irp->RequestorMode = mode;
    irp->Tail.Overlay.OriginalFileObject = file;
    PIO_STACK_LOCATION const stack = IoGetNextIrpStackLocation(irp);
    stack->MajorFunction = major;
    stack->FileObject = file;
    return irp;
}

}  // namespace

NTSTATUS query_file_security(PFILE_OBJECT file, SECURITY_INFORMATION what, void* descriptor, ULONG length,
                             ULONG* needed, KPROCESSOR_MODE mode) {
    PIRP const irp = security_irp(file, IRP_MJ_QUERY_SECURITY, mode);
    if (irp == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    PIO_STACK_LOCATION const stack = IoGetNextIrpStackLocation(irp);
    stack->Parameters.QuerySecurity.SecurityInformation = what;
    stack->Parameters.QuerySecurity.Length = length;
    irp->UserBuffer = descriptor;
    ULONG_PTR information = 0;
    const NTSTATUS status = call_and_wait(related_device(file), irp, &information);
    *needed = static_cast<ULONG>(information);
    // A driver that has no security of its own leaves it to the device's.
    if (status == STATUS_INVALID_DEVICE_REQUEST) return default_descriptor(descriptor, length, needed);
    return status == STATUS_BUFFER_OVERFLOW ? STATUS_BUFFER_TOO_SMALL : status;
}

NTSTATUS set_file_security(PFILE_OBJECT file, SECURITY_INFORMATION what, void* descriptor,
                           KPROCESSOR_MODE mode) {
    PIRP const irp = security_irp(file, IRP_MJ_SET_SECURITY, mode);
    if (irp == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    PIO_STACK_LOCATION const stack = IoGetNextIrpStackLocation(irp);
    stack->Parameters.SetSecurity.SecurityInformation = what;
    stack->Parameters.SetSecurity.SecurityDescriptor = descriptor;
    const NTSTATUS status = call_and_wait(related_device(file), irp, nullptr);
    return status == STATUS_INVALID_DEVICE_REQUEST ? STATUS_SUCCESS : status;
}

}  // namespace portico::nt::io

using namespace portico::nt;

extern "C" {

NTSTATUS NTAPI ZwQueryInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                                      PVOID FileInformation, ULONG Length,
                                      FILE_INFORMATION_CLASS FileInformationClass) {
    DDI(ZwQueryInformationFile, PASSIVE_LEVEL);
    return io::query_file(FileHandle, IoStatusBlock, FileInformation, Length, FileInformationClass,
                          KernelMode);
}

NTSTATUS NTAPI NtQueryInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                                      PVOID FileInformation, ULONG Length,
                                      FILE_INFORMATION_CLASS FileInformationClass) {
    DDI(NtQueryInformationFile, PASSIVE_LEVEL);
    return io::query_file(FileHandle, IoStatusBlock, FileInformation, Length, FileInformationClass,
                          ke::previous_mode());
}

NTSTATUS NTAPI ZwSetInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PVOID FileInformation,
                                    ULONG Length, FILE_INFORMATION_CLASS FileInformationClass) {
    DDI(ZwSetInformationFile, PASSIVE_LEVEL);
    return io::set_file(FileHandle, IoStatusBlock, FileInformation, Length, FileInformationClass, KernelMode);
}

NTSTATUS NTAPI NtSetInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock, PVOID FileInformation,
                                    ULONG Length, FILE_INFORMATION_CLASS FileInformationClass) {
    DDI(NtSetInformationFile, PASSIVE_LEVEL);
    return io::set_file(FileHandle, IoStatusBlock, FileInformation, Length, FileInformationClass,
                        ke::previous_mode());
}

NTSTATUS NTAPI ZwQueryVolumeInformationFile(HANDLE FileHandle, PIO_STATUS_BLOCK IoStatusBlock,
                                            PVOID FsInformation, ULONG Length,
                                            FS_INFORMATION_CLASS FsInformationClass) {
    DDI(ZwQueryVolumeInformationFile, PASSIVE_LEVEL);
    if (FsInformationClass != FileFsDeviceInformation) return STATUS_INVALID_INFO_CLASS;
    io::Opened opened;
    NTSTATUS status = io::reference(FileHandle, 0, KernelMode, opened);
    if (!NT_SUCCESS(status)) return status;
    ULONG_PTR filled = 0;
    status = io::device_information(opened.file, FsInformation, Length, &filled);
    *IoStatusBlock = {{status}, filled};
    return status;
}

NTSTATUS NTAPI ZwQueryFullAttributesFile(POBJECT_ATTRIBUTES ObjectAttributes,
                                         PFILE_NETWORK_OPEN_INFORMATION FileInformation) {
    DDI(ZwQueryFullAttributesFile, PASSIVE_LEVEL);
    io::OpenRequest request;
    request.attributes = ObjectAttributes;
    request.access = FILE_READ_ATTRIBUTES | SYNCHRONIZE;
    request.share = FILE_SHARE_VALID_FLAGS;
    request.options = FILE_SYNCHRONOUS_IO_NONALERT;
    HANDLE file = nullptr;
    IO_STATUS_BLOCK iosb{};
    NTSTATUS status = io::create_file(request, &file, &iosb);
    if (!NT_SUCCESS(status)) return status;
    status = io::query_file(file, &iosb, FileInformation, sizeof *FileInformation, FileNetworkOpenInformation,
                            KernelMode);
    ob::close(file, KernelMode);
    return status;
}

NTSTATUS NTAPI ZwDeleteFile(POBJECT_ATTRIBUTES ObjectAttributes) {
    DDI(ZwDeleteFile, PASSIVE_LEVEL);
    io::OpenRequest request;
    request.attributes = ObjectAttributes;
    request.access = DELETE;
    request.share = FILE_SHARE_VALID_FLAGS;
    request.options = FILE_DELETE_ON_CLOSE;
    HANDLE file = nullptr;
    IO_STATUS_BLOCK iosb{};
    const NTSTATUS status = io::create_file(request, &file, &iosb);
    if (NT_SUCCESS(status)) ob::close(file, KernelMode);
    return status;
}

}  // extern "C"
