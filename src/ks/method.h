// IOCTL_KS_METHOD. PortCls has tables for methods and never uses them: no filter has a method (FD-060).
#pragma once

#include "wdm.h"
#include "ks.h"

namespace portico::ks {

// Errors: STATUS_INVALID_BUFFER_SIZE for less than a KSMETHOD, STATUS_ACCESS_VIOLATION, else
// STATUS_PROPSET_NOT_FOUND. Does not complete the IRP.
NTSTATUS refuse_method(PIRP irp);

}  // namespace portico::ks
