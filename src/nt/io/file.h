// File objects and what can be done through their handles.
//
// The functions are the inside of NtXxx and ZwXxx: `mode` is the requestor's, by which buffers are probed and
// rights checked. IRQL PASSIVE_LEVEL.
#pragma once

#include "nt/ob/ob.h"
#include "wdm.h"

namespace portico::nt::io {

extern _OBJECT_TYPE file_type;

struct OpenRequest {
    const OBJECT_ATTRIBUTES* attributes = nullptr;
    ACCESS_MASK access = 0;
    ULONG file_attributes = 0;
    ULONG share = 0;
    ULONG disposition = FILE_OPEN;
    ULONG options = 0;
    const void* ea = nullptr;
    ULONG ea_length = 0;
    const LARGE_INTEGER* allocation = nullptr;
    KPROCESSOR_MODE mode = KernelMode;
    const void* frame = nullptr;  // of the exported function
};

// NtCreateFile. By a path through the object manager to a device, what is left of it being the file's name;
// or relative to a file (RootDirectory): the new file's RelatedFileObject. The handle is the current process'
// or, with OBJ_KERNEL_HANDLE, the system's.
NTSTATUS create_file(const OpenRequest& request, PHANDLE handle, PIO_STATUS_BLOCK status);
// The short form for clients: opens an existing file or device by its path, for synchronous I/O when
// `synchronous`.
NTSTATUS open_file(const UNICODE_STRING& path, ACCESS_MASK access, bool synchronous, KPROCESSOR_MODE mode,
                   PHANDLE handle);
// IoGetDeviceObjectPointer without the driver's reference: the file is referenced, *device is the top of its
// stack.
NTSTATUS open_device_by_name(const UNICODE_STRING& name, ACCESS_MASK access, PFILE_OBJECT* file,
                             PDEVICE_OBJECT* device);

// The device object that requests for this file go to.
PDEVICE_OBJECT related_device(PFILE_OBJECT file);

// How the end of a request is told: an event, an APC, or (synchronous files) by the return.
struct Notice {
    HANDLE event = nullptr;
    PIO_APC_ROUTINE apc = nullptr;
    void* apc_context = nullptr;
};

NTSTATUS read_file(HANDLE file, const Notice& notice, PIO_STATUS_BLOCK status, void* buffer, ULONG length,
                   const LARGE_INTEGER* offset, KPROCESSOR_MODE mode, const ULONG* key = nullptr);
NTSTATUS write_file(HANDLE file, const Notice& notice, PIO_STATUS_BLOCK status, const void* buffer,
                    ULONG length, const LARGE_INTEGER* offset, KPROCESSOR_MODE mode,
                    const ULONG* key = nullptr);
NTSTATUS device_io_control(HANDLE file, const Notice& notice, ULONG code, void* input, ULONG input_length,
                           void* output, ULONG output_length, PIO_STATUS_BLOCK status, KPROCESSOR_MODE mode);
NTSTATUS fs_control(HANDLE file, const Notice& notice, ULONG code, void* input, ULONG input_length,
                    void* output, ULONG output_length, PIO_STATUS_BLOCK status, KPROCESSOR_MODE mode);
NTSTATUS flush_file(HANDLE file, PIO_STATUS_BLOCK status, KPROCESSOR_MODE mode);
NTSTATUS query_file(HANDLE file, PIO_STATUS_BLOCK status, void* information, ULONG length,
                    FILE_INFORMATION_CLASS what, KPROCESSOR_MODE mode);
NTSTATUS set_file(HANDLE file, PIO_STATUS_BLOCK status, void* information, ULONG length,
                  FILE_INFORMATION_CLASS what, KPROCESSOR_MODE mode);
// Security descriptors of files and devices. STATUS_BUFFER_TOO_SMALL with *needed.
NTSTATUS query_file_security(PFILE_OBJECT file, SECURITY_INFORMATION what, void* descriptor, ULONG length,
                             ULONG* needed, KPROCESSOR_MODE mode);
NTSTATUS set_file_security(PFILE_OBJECT file, SECURITY_INFORMATION what, void* descriptor,
                           KPROCESSOR_MODE mode);

// Cancels the file's requests: those of the calling thread (NtCancelIoFile), or of every thread, and of one
// IO_STATUS_BLOCK when `only` is given (NtCancelIoFileEx; STATUS_NOT_FOUND when there is none).
NTSTATUS cancel_file_io(HANDLE file, bool all_threads, PIO_STATUS_BLOCK only, KPROCESSOR_MODE mode);

// ---- for nt/io ----

// What a path's look-up carries to the device's parse procedure.
constexpr ULONG open_context = 'nepO';
NTSTATUS parse_device(void* body, const UNICODE_STRING& rest, ob::Lookup& lookup, void** found);

// Locks a file for synchronous I/O for the life of the object; STATUS_ALERTED when the wait was.
class FileLock {
  public:
    explicit FileLock(PFILE_OBJECT file);
    ~FileLock();
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;

  private:
    PFILE_OBJECT file_;
};

bool is_valid_sddl(const UNICODE_STRING& sddl);
struct Client {
    bool administrator;
    bool system;
};
// What `desired` gives a client on a device with this descriptor; STATUS_ACCESS_DENIED when not all of it is
// granted.
NTSTATUS check_sddl(const WCHAR* sddl, const Client& client, ACCESS_MASK desired, ACCESS_MASK* granted);

// Whether a buffer of a requestor of that mode may be touched. Length 0 always may.
bool may_touch(const void* buffer, std::size_t length, KPROCESSOR_MODE mode);

}  // namespace portico::nt::io
