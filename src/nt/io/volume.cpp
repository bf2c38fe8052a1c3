#include "nt/io/volume.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "nt/ex/pool.h"
#include "nt/io/device.h"
#include "nt/io/driver.h"
#include "nt/io/irp.h"
#include "nt/io/pnp.h"
#include "nt/ke/ke.h"
#include "nt/ob/ob.h"

namespace portico::nt::io {
namespace {

constexpr std::size_t path_room = 200;
constexpr ULONG volume_tag = 'loVP';

struct VolumeFile {
    bool used = false;
    bool delete_pending = false;
    unsigned opens = 0;
    WCHAR path[path_room];
    char* content = nullptr;  // internal paged pool
    std::size_t size = 0;
    std::size_t capacity = 0;
    LARGE_INTEGER written{};
};

struct Volume {
    std::array<VolumeFile, volume_file_limit> files;
    unsigned count = 0;
    PDEVICE_OBJECT device = nullptr;
};
constinit Volume volume{};

bool equal_path(const WCHAR* path, const UNICODE_STRING& name) {
    return ob::equal_names(ob::string(path), name, true);
}

VolumeFile* find_file(const UNICODE_STRING& name) {
    for (unsigned i = 0; i < volume.count; ++i) {
        if (volume.files[i].used && equal_path(volume.files[i].path, name)) return &volume.files[i];
    }
    return nullptr;
}

// Any file below it makes a directory; Windows' own are always there.
bool is_directory(const UNICODE_STRING& name) {
    for (const WCHAR* const own :
         {u"\\", u"\\Windows", u"\\Windows\\System32", u"\\Windows\\System32\\drivers"}) {
        if (equal_path(own, name)) return true;
    }
    for (unsigned i = 0; i < volume.count; ++i) {
        const VolumeFile& file = volume.files[i];
        const std::size_t length = name.Length / sizeof(WCHAR);
        if (!file.used || wide_length(file.path) <= length || file.path[length] != u'\\') continue;
        const UNICODE_STRING begin{name.Length, name.Length, const_cast<WCHAR*>(file.path)};
        if (ob::equal_names(begin, name, true)) return true;
    }
    return false;
}

VolumeFile* make_file(const UNICODE_STRING& name) {
    const std::size_t length = name.Length / sizeof(WCHAR);
    if (length < 2 || length >= path_room || name.Buffer[0] != u'\\') return nullptr;
    unsigned slot = 0;
    while (slot < volume.count && volume.files[slot].used) ++slot;
    if (slot == volume_file_limit) return nullptr;
    if (slot == volume.count) ++volume.count;
    VolumeFile& file = volume.files[slot];
    file = VolumeFile{};
    file.used = true;
    std::memcpy(file.path, name.Buffer, name.Length);
    file.path[length] = 0;
    file.written.QuadPart = ke::system_time_100ns();
    return &file;
}

void drop_content(VolumeFile& file) {
    if (file.content != nullptr) ex::free(file.content, 0);
    file.content = nullptr;
    file.size = file.capacity = 0;
}

bool resize(VolumeFile& file, std::size_t size) {
    if (size > volume_file_size_limit) return false;
    if (size > file.capacity) {
        const std::size_t capacity = std::max<std::size_t>(size, file.capacity * 2);
        auto* const content = static_cast<char*>(ex::allocate_internal(PagedPool, capacity, volume_tag));
        if (content == nullptr) return false;
        if (file.size != 0) std::memcpy(content, file.content, file.size);
        if (file.content != nullptr) ex::free(file.content, 0);
        file.content = content;
        file.capacity = capacity;
    }
    if (size > file.size) std::memset(file.content + file.size, 0, size - file.size);
    file.size = size;
    file.written.QuadPart = ke::system_time_100ns();
    return true;
}

VolumeFile& opened(PIRP irp) {
    return *static_cast<VolumeFile*>(IoGetCurrentIrpStackLocation(irp)->FileObject->FsContext);
}

// ---- opening ----

struct Opening {
    NTSTATUS status;
    ULONG_PTR information;
};

Opening open_existing(VolumeFile& file, ULONG disposition) {
    if (file.delete_pending) return {STATUS_DELETE_PENDING, 0};
    switch (disposition) {
        case FILE_CREATE:
            return {STATUS_OBJECT_NAME_COLLISION, FILE_EXISTS};
        case FILE_SUPERSEDE:
            file.size = 0;
            return {STATUS_SUCCESS, FILE_SUPERSEDED};
        case FILE_OVERWRITE:
        case FILE_OVERWRITE_IF:
            file.size = 0;
            return {STATUS_SUCCESS, FILE_OVERWRITTEN};
        default:
            return {STATUS_SUCCESS, FILE_OPENED};
    }
}

Opening open_named(const UNICODE_STRING& name, ULONG disposition, VolumeFile** file) {
    *file = find_file(name);
    if (*file != nullptr) return open_existing(**file, disposition);
    if (is_directory(name)) return {STATUS_FILE_IS_A_DIRECTORY, 0};
    if (disposition == FILE_OPEN || disposition == FILE_OVERWRITE)
        return {STATUS_OBJECT_NAME_NOT_FOUND, FILE_DOES_NOT_EXIST};
    *file = make_file(name);
    if (*file == nullptr) return {STATUS_DISK_FULL, 0};
    return {STATUS_SUCCESS, FILE_CREATED};
}

NTSTATUS NTAPI create(PDEVICE_OBJECT, PIRP irp) {
    const IO_STACK_LOCATION& stack = *IoGetCurrentIrpStackLocation(irp);
    PFILE_OBJECT const file_object = stack.FileObject;
    if (file_object->FileName.Length == 0)
        return complete(irp, STATUS_SUCCESS, FILE_OPENED);  // the volume itself
    VolumeFile* file = nullptr;
    const Opening opening = open_named(file_object->FileName, stack.Parameters.Create.Options >> 24, &file);
    if (NT_SUCCESS(opening.status)) {
        file_object->FsContext = file;
        ++file->opens;
        if ((stack.Parameters.Create.Options & FILE_DELETE_ON_CLOSE) != 0) file->delete_pending = true;
    }
    return complete(irp, opening.status, opening.information);
}

NTSTATUS NTAPI close(PDEVICE_OBJECT, PIRP irp) {
    auto* const file = static_cast<VolumeFile*>(IoGetCurrentIrpStackLocation(irp)->FileObject->FsContext);
    if (file != nullptr && --file->opens == 0 && file->delete_pending) {
        drop_content(*file);
        file->used = false;
    }
    return complete(irp, STATUS_SUCCESS, 0);
}

NTSTATUS NTAPI succeed(PDEVICE_OBJECT, PIRP irp) {
    return complete(irp, STATUS_SUCCESS, 0);
}

// ---- data ----

NTSTATUS transfer_done(PIRP irp, std::size_t offset, std::size_t count) {
    PFILE_OBJECT const file = IoGetCurrentIrpStackLocation(irp)->FileObject;
    if ((file->Flags & FO_SYNCHRONOUS_IO) != 0)
        file->CurrentByteOffset.QuadPart = static_cast<LONGLONG>(offset + count);
    return complete(irp, STATUS_SUCCESS, count);
}

NTSTATUS NTAPI read(PDEVICE_OBJECT, PIRP irp) {
    const IO_STACK_LOCATION& stack = *IoGetCurrentIrpStackLocation(irp);
    if (stack.FileObject->FsContext == nullptr) return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    const VolumeFile& file = opened(irp);
    const auto offset = static_cast<std::size_t>(stack.Parameters.Read.ByteOffset.QuadPart);
    if (stack.Parameters.Read.Length == 0) return complete(irp, STATUS_SUCCESS, 0);
    if (offset >= file.size) return complete(irp, STATUS_END_OF_FILE, 0);
    const std::size_t count = std::min<std::size_t>(stack.Parameters.Read.Length, file.size - offset);
    std::memcpy(irp->UserBuffer, file.content + offset, count);
    return transfer_done(irp, offset, count);
}

NTSTATUS NTAPI write(PDEVICE_OBJECT, PIRP irp) {
    const IO_STACK_LOCATION& stack = *IoGetCurrentIrpStackLocation(irp);
    if (stack.FileObject->FsContext == nullptr) return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    VolumeFile& file = opened(irp);
    const LONGLONG given = stack.Parameters.Write.ByteOffset.QuadPart;
    const std::size_t offset = given < 0 ? file.size : static_cast<std::size_t>(given);
    const std::size_t count = stack.Parameters.Write.Length;
    if (offset > volume_file_size_limit || !resize(file, std::max(file.size, offset + count))) {
        return complete(irp, STATUS_DISK_FULL, 0);
    }
    std::memcpy(file.content + offset, irp->UserBuffer, count);
    return transfer_done(irp, offset, count);
}

// ---- information ----

constexpr std::size_t cluster = 4096;

LARGE_INTEGER number(std::size_t value) {
    LARGE_INTEGER out;
    out.QuadPart = static_cast<LONGLONG>(value);
    return out;
}

FILE_STANDARD_INFORMATION standard_of(const VolumeFile& file) {
    return {number((file.size + cluster - 1) & ~(cluster - 1)), number(file.size), 1, file.delete_pending,
            FALSE};
}

FILE_NETWORK_OPEN_INFORMATION network_of(const VolumeFile& file) {
    const FILE_STANDARD_INFORMATION standard = standard_of(file);
    return {file.written,       file.written,          file.written, file.written, standard.AllocationSize,
            standard.EndOfFile, FILE_ATTRIBUTE_ARCHIVE};
}

template <class T>
NTSTATUS answer(PIRP irp, const T& information) {
    std::memcpy(irp->AssociatedIrp.SystemBuffer, &information, sizeof information);
    return complete(irp, STATUS_SUCCESS, sizeof information);
}

NTSTATUS answer_name(PIRP irp, const VolumeFile& file, ULONG length) {
    auto& out = *static_cast<PFILE_NAME_INFORMATION>(irp->AssociatedIrp.SystemBuffer);
    const std::size_t bytes = wide_length(file.path) * sizeof(WCHAR);
    const std::size_t room = length - offsetof(FILE_NAME_INFORMATION, FileName);
    out.FileNameLength = static_cast<ULONG>(bytes);
    std::memcpy(out.FileName, file.path, std::min(bytes, room));
    const std::size_t written = offsetof(FILE_NAME_INFORMATION, FileName) + std::min(bytes, room);
    return complete(irp, bytes > room ? STATUS_BUFFER_OVERFLOW : STATUS_SUCCESS, written);
}

NTSTATUS NTAPI query(PDEVICE_OBJECT, PIRP irp) {
    const IO_STACK_LOCATION& stack = *IoGetCurrentIrpStackLocation(irp);
    if (stack.FileObject->FsContext == nullptr) return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    const VolumeFile& file = opened(irp);
    switch (stack.Parameters.QueryFile.FileInformationClass) {
        case FileStandardInformation:
            return answer(irp, standard_of(file));
        case FileNetworkOpenInformation:
            return answer(irp, network_of(file));
        case FileBasicInformation:
            return answer(irp, FILE_BASIC_INFORMATION{file.written, file.written, file.written, file.written,
                                                      FILE_ATTRIBUTE_ARCHIVE});
        case FilePositionInformation:
            return answer(irp, FILE_POSITION_INFORMATION{stack.FileObject->CurrentByteOffset});
        case FileNameInformation:
            return answer_name(irp, file, stack.Parameters.QueryFile.Length);
        default:
            return complete(irp, STATUS_INVALID_PARAMETER, 0);
    }
}

NTSTATUS NTAPI set(PDEVICE_OBJECT, PIRP irp) {
    const IO_STACK_LOCATION& stack = *IoGetCurrentIrpStackLocation(irp);
    if (stack.FileObject->FsContext == nullptr) return complete(irp, STATUS_INVALID_DEVICE_REQUEST, 0);
    VolumeFile& file = opened(irp);
    const void* const given = irp->AssociatedIrp.SystemBuffer;
    switch (stack.Parameters.SetFile.FileInformationClass) {
        case FileBasicInformation:
            return complete(irp, STATUS_SUCCESS, 0);
        case FileDispositionInformation:
            file.delete_pending =
                static_cast<const FILE_DISPOSITION_INFORMATION*>(given)->DeleteFile != FALSE;
            return complete(irp, STATUS_SUCCESS, 0);
        case FileEndOfFileInformation: {
            const LONGLONG size = static_cast<const FILE_END_OF_FILE_INFORMATION*>(given)->EndOfFile.QuadPart;
            const bool done = size >= 0 && resize(file, static_cast<std::size_t>(size));
            return complete(irp, done ? STATUS_SUCCESS : STATUS_DISK_FULL, 0);
        }
        default:
            return complete(irp, STATUS_INVALID_PARAMETER, 0);
    }
}

void fill_dispatch(PDRIVER_OBJECT driver) {
    driver->MajorFunction[IRP_MJ_CREATE] = create;
    driver->MajorFunction[IRP_MJ_CLEANUP] = succeed;
    driver->MajorFunction[IRP_MJ_CLOSE] = close;
    driver->MajorFunction[IRP_MJ_READ] = read;
    driver->MajorFunction[IRP_MJ_WRITE] = write;
    driver->MajorFunction[IRP_MJ_FLUSH_BUFFERS] = succeed;
    driver->MajorFunction[IRP_MJ_QUERY_INFORMATION] = query;
    driver->MajorFunction[IRP_MJ_SET_INFORMATION] = set;
}

NTSTATUS make_volume() {
    if (volume.device != nullptr) return STATUS_SUCCESS;
    PDRIVER_OBJECT const driver = make_host_driver(u"PorticoVolume");
    if (driver == nullptr) return STATUS_INSUFFICIENT_RESOURCES;
    fill_dispatch(driver);
    const UNICODE_STRING name = ob::string(u"\\Device\\HarddiskVolume1");
    DeviceCreation creation;
    creation.driver = driver;
    creation.name = &name;
    creation.type = FILE_DEVICE_DISK_FILE_SYSTEM;
    const NTSTATUS status = create_device(creation, &volume.device);
    if (!NT_SUCCESS(status)) return status;
    volume.device->Flags &= ~DO_DEVICE_INITIALIZING;
    ob::create_symbolic_link(ob::string(u"\\??\\C:"), name, nullptr);
    return ob::create_symbolic_link(ob::string(u"\\SystemRoot"),
                                    ob::string(u"\\Device\\HarddiskVolume1\\Windows"), nullptr);
}

}  // namespace

void reset_volume() {
    for (unsigned i = 0; i < volume.count; ++i) volume.files[i].used = false;
    volume.count = 0;
    volume.device = nullptr;
}

void mount_volume_for(const UNICODE_STRING& path) {
    for (const WCHAR* const begin :
         {u"\\SystemRoot", u"\\??\\C:", u"\\DosDevices\\C:", u"\\Device\\HarddiskVolume1"}) {
        const UNICODE_STRING wanted = ob::string(begin);
        if (path.Length < wanted.Length) continue;
        const UNICODE_STRING same{wanted.Length, wanted.Length, path.Buffer};
        if (ob::equal_names(same, wanted, true)) (void)make_volume();  // else the path is not found
    }
}

NTSTATUS add_volume_file(const WCHAR* path, const void* content, std::size_t size) {
    const NTSTATUS status = make_volume();
    if (!NT_SUCCESS(status)) return status;
    const UNICODE_STRING name = ob::string(path);
    if (find_file(name) != nullptr) return STATUS_OBJECT_NAME_COLLISION;
    VolumeFile* const file = make_file(name);
    if (file == nullptr) return STATUS_OBJECT_NAME_INVALID;
    if (!resize(*file, size)) {
        file->used = false;
        return STATUS_INSUFFICIENT_RESOURCES;
    }
    std::memcpy(file->content, content, size);
    return STATUS_SUCCESS;
}

}  // namespace portico::nt::io
