// IRP_MJ_CREATE requests that wait until a pending stop is cancelled or the device is started again (LC-051).
#pragma once

#include "wdm.h"

namespace portico::portcls {

struct AdapterDevice;

class HeldCreates {
  public:
    void initialize() { InitializeListHead(&list_); }
    // Marks the IRP pending and keeps it; returns STATUS_PENDING, or STATUS_CANCELLED when it was cancelled
    // already.
    NTSTATUS hold(PIRP irp);
    void resume(AdapterDevice& adapter);
    void fail(NTSTATUS status);

  private:
    static void NTAPI cancelled(PDEVICE_OBJECT device, PIRP irp);
    PIRP take();

    LIST_ENTRY list_;
};

}  // namespace portico::portcls
