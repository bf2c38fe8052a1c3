// What a file object of a KS device stands for: a filter, a pin. Whoever makes it puts it into
// FILE_OBJECT::FsContext; every request but the opening of a filter goes through it (FN-003).
#pragma once

#include "wdm.h"

namespace portico::ks {

class Object {
  public:
    // Any major function, also IRP_MJ_CREATE of something below this object. Owns the IRP: completes it, or
    // marks it pending and returns STATUS_PENDING. IRQL: PASSIVE_LEVEL.
    virtual NTSTATUS Dispatch(PDEVICE_OBJECT device, PIRP irp) = 0;

  protected:
    ~Object() = default;
};

}  // namespace portico::ks
