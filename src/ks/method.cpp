#include "ks/method.h"

#include "ks/user_memory.h"

namespace portico::ks {

NTSTATUS refuse_method(PIRP irp) {
    const auto& ioctl = IoGetCurrentIrpStackLocation(irp)->Parameters.DeviceIoControl;
    KSMETHOD method;
    if (ioctl.InputBufferLength < sizeof method) return STATUS_INVALID_BUFFER_SIZE;
    const NTSTATUS status = copy_in(irp->RequestorMode, &method, ioctl.Type3InputBuffer, sizeof method);
    return NT_SUCCESS(status) ? STATUS_PROPSET_NOT_FOUND : status;
}

}  // namespace portico::ks
